from odoo import api, models
from odoo.exceptions import AccessError, UserError


class ArCollectionCase(models.Model):
    """Who works a case: the collector of the customer, by assignment lines where there is none yet."""

    _inherit = "ar.collection.case"

    def action_take(self):
        """Take cases that nobody has.

        :raise AccessError: for who is no collector
        :raise UserError: when somebody has one of them
        """
        self._check_works()
        if taken := self.filtered("collector_id"):
            raise UserError(
                self.env._(
                    "%(name)s works on %(customer)s. Ask for a hand-over.",
                    name=taken[0].collector_id.name,
                    customer=taken[0].partner_id.display_name,
                )
            )
        self._set_collector(self.env.user)

    def action_hand_over(self):
        """Open the dialog that gives these cases to a colleague."""
        self._check_works()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand Over"),
            "res_model": "ar.collection.handover",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_case_ids": self.ids},
        }

    def _hand_over(self, user, note=""):
        """Give cases to a colleague, with a note for them.

        :raise AccessError: for cases of others, unless a credit controller does it
        :raise UserError: when the colleague cannot see a case
        """
        self._check_works()
        if not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            foreign = self.filtered(lambda case: case.user_id not in (self.env.user, self.env["res.users"]))
            if foreign:
                raise AccessError(self.env._("Only a credit controller hands over cases of somebody else."))
        self._check_collector(user)
        self._set_collector(user)
        if note:
            self._message_log_batch(bodies=dict.fromkeys(self.ids, note))

    def _check_collector(self, user):
        """Raise UserError unless the user may work these cases."""
        if not user.sudo().has_group("ar_credit_control.group_collector"):  # sudo: groups of a colleague
            raise UserError(self.env._("%s is no collector.", user.name))
        missing = self.sudo().company_id - user.sudo().company_ids  # sudo: companies of a colleague
        if missing:
            raise UserError(
                self.env._("%(name)s does not work for %(company)s.", name=user.name, company=missing[0].name)
            )

    def _set_collector(self, user):
        """Make a user the collector of the customers, and so of their open cases."""
        # sudo: the collector of a customer stands on its credit profile, which managers own.
        self.sudo().profile_id.write({"collector_id": user.id})

    def _assign(self):
        """Give a collector to the cases that nobody can work, by the assignment lines.

        Where no line fits, they are free: whoever may takes them.
        """
        unassigned = self.sudo()._filter_unworked()  # sudo: the schedule assigns
        for collector, cases in unassigned.filtered("collector_id").grouped("collector_id").items():
            note = self.env._("%s does not work on this any more.", collector.name)
            cases._message_log_batch(bodies=dict.fromkeys(cases.ids, note))
            cases._set_collector(self.env["res.users"])
        for user_id, cases in unassigned._plan_assignment().items():
            cases._set_collector(self.env["res.users"].browse(user_id))

    def _filter_unworked(self):
        """Return the cases without a collector, and those whose collector left or lost the rights."""
        return self.filtered(
            lambda case: case.state != "closed" and not case._is_worked_by(case.collector_id)
        )

    def _is_worked_by(self, user):
        """Return whether a user may work the case: who collects for the company, or sells to the customer."""
        self.ensure_one()
        return self.env["ar.dispute"]._may_own(user, self.company_id) and (
            user.sudo().has_group("ar_credit_control.group_collector")  # sudo: groups of a colleague
            or user == self.partner_id.user_id
        )

    def _plan_assignment(self):
        """Return ``{user id: cases}`` of these cases by the assignment lines, the largest first.

        A number of statements that does not depend on the number of cases.
        """
        plan = {}
        lines = self.env["ar.collection.assignment"]._get_lines(self.company_id) if self else ()
        if not lines:
            return plan
        facts = self._get_assignment_facts()
        load = self._get_loads()
        for case in sorted(self, key=lambda case: (-facts[case.id]["owed"], case.id)):
            people = lines._get_candidates(facts[case.id], load)
            if people:
                plan[people[0]] = plan.get(people[0], self.browse()) | case
                load[people[0]] = load.get(people[0], 0) + 1
        return plan

    def _get_assignment_facts(self, figures=None):
        """Return what assignment lines compare, by case id."""
        figures = figures or self._get_case_figures()
        return {
            case.id: {
                "owed": figures[case.id]["owed"],
                "overdue": figures[case.id]["overdue"],
                "company_id": case.company_id.id,
                "rating_id": case.profile_id.rating_id.id,
                "country_id": case.partner_id.country_id.id,
                "category_ids": case.partner_id.category_id.ids,
            }
            for case in self
        }

    def _get_rebalance_facts(self):
        """Return what rebalancing looks at, by case id: assignment facts, promises, days since contact."""
        figures = self._get_case_figures()
        facts = self._get_assignment_facts(figures)
        for case_id, fact in facts.items():
            last = figures[case_id]["last_contact_date"]
            fact["promised"] = bool(figures[case_id]["promise_date"])
            fact["last_contact"] = last.isoformat() if last else ""
        return facts

    @api.model
    def _get_loads(self):
        """Return the number of open cases by user id."""
        groups = self.sudo()._read_group(  # sudo: cases of every company weigh on a person
            [("state", "=", "open"), ("collector_id", "!=", False)], ["collector_id"], ["__count"]
        )
        return {user.id: count for user, count in groups}
