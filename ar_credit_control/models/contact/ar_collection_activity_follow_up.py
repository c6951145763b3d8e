from datetime import timedelta

from markupsafe import Markup

from odoo import api, models
from odoo.fields import Command
from odoo.tools import format_amount, format_date

from .ar_collection_activity import SAYS_PAID_AGAIN_DAYS


class ArCollectionActivity(models.Model):
    """What follows from a contact: next steps, tasks of others, pauses."""

    _inherit = "ar.collection.activity"

    # ------------------------------------------------------------------
    # The next step
    # ------------------------------------------------------------------

    def _plan_next_step(self):
        """Give who does the next step an Odoo activity: on the case, else on the customer."""
        for activity in self.filtered(lambda activity: activity.next_step and activity.next_date):
            activity._give_task(
                "ar_credit_control.mail_activity_contact_next",
                activity.next_user_id or activity.user_id,
                activity.next_date,
                activity.next_step,
                activity._prepare_task_note(),
            )

    def _give_task(self, activity_type, user, deadline, summary, note=None):
        """Create an activity for a person, where that person can open it."""
        self.ensure_one()
        target = self.sudo().case_id  # sudo: nobody has the right to write cases
        # The companies chosen here may not be those of the colleague.
        theirs = target.with_user(user).with_context(allowed_company_ids=[])
        if not theirs._filtered_access("read"):
            target = self.sudo().partner_id  # sudo: as above
        return target.activity_schedule(
            activity_type, date_deadline=deadline, summary=summary, note=note, user_id=user.id
        )

    def _prepare_task_note(self):
        """Return what the person who does the next step should know, as HTML."""
        self.ensure_one()
        lines = [
            self.env._(
                "%(name)s on %(day)s: %(text)s",
                name=self.contact_name or self.partner_name,
                day=format_date(self.env, self.day),
                text=self.summary,
            )
        ]
        if self.approver:
            lines.append(self.env._("Approver: %s", self.approver))
        return Markup("<br/>").join(lines)

    @api.model
    def _find_person(self, role, partner, root):
        """Return who does a next step by role; whoever logs the contact where the role names nobody."""
        debtor = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        profile = (
            self.env["ar.credit.profile"]
            .sudo()  # sudo: who is in charge
            .search([("partner_id", "=", debtor.id), ("company_id", "=", root.id)], limit=1)
        )
        user = self.env["res.users"]
        if role == "sales":
            user = debtor.user_id or profile.salesperson_id
        elif role == "cash":
            user = root.sudo().collection_cash_user_id  # sudo: a setting of the root company
        elif role == "manager":
            user = self.env["ar.dispute"]._get_manager(root)
        elif role == "collector" and not self._is_collector():
            user = profile.collector_id
        if self.env["ar.dispute"]._may_own(user, root):
            return user.sudo(False)
        return self.env.user

    # ------------------------------------------------------------------
    # The customer says that it has paid
    # ------------------------------------------------------------------

    def _record_says_paid(self, items, slip=False):
        """Note which items the customer says are paid, let letters wait, and ask the cash desk to look.

        :param items: ``ar.aging.report`` records of the customer
        :param slip: the customer sent a proof of payment
        """
        self.ensure_one()
        root = self.company_id.sudo()  # sudo: settings of the root company
        items = items.sudo()  # sudo: figures of the items the caller checked
        again = self._get_said_before(items)
        lines = self.env["ar.collection.activity.item"]
        pausing = items.filtered(lambda item: (item.move_id.id, item.date_maturity) not in again)
        # Who sells does not stop letters: the collector or the cash desk does.
        days = root.collection_paid_days if self._is_collector_user() else 0
        self.sudo().write(  # sudo: nobody writes contacts; part of logging it
            {
                "item_ids": [
                    Command.create(
                        {
                            **lines._prepare_item_values(item),
                            "amount": item.amount_currency,
                            "pauses": item in pausing and days > 0,
                        }
                    )
                    for item in items
                ],
                "paused_until": pausing and days and root._credit_today() + timedelta(days=days),
            }
        )
        if items:
            self._ask_cash_desk(items, slip)

    def _get_said_before(self, items):
        """Return the items that were said to be paid lately: a set of entry and due date."""
        since = self.day - timedelta(days=SAYS_PAID_AGAIN_DAYS)
        said = (
            self.env["ar.collection.activity.item"]
            .sudo()  # sudo: by whomever it was logged
            .search(
                [
                    ("move_id", "in", items.move_id.ids),
                    ("pauses", "=", True),
                    ("activity_id.day", ">=", since),
                    ("activity_id.correction_ids", "=", False),
                    ("activity_id", "not in", (self | self.corrects_id).ids),
                ]
            )
        )
        return {(item.move_id.id, item.date_maturity) for item in said}

    def _ask_cash_desk(self, items, slip):
        totals = [
            format_amount(self.env, sum(batch.mapped("amount_currency")), currency)
            for currency, batch in items.grouped("currency_id").items()
        ]
        lines = [
            f"{item.move_name}: {format_amount(self.env, item.amount_currency, item.currency_id)}"
            for item in items
        ]
        lines.append(
            self.env._("The slip is attached to the contact.")
            if slip
            else self.env._("No slip yet: it was asked for.")
        )
        self._give_task(
            "ar_credit_control.mail_activity_contact_cash",
            self._find_person("cash", self.partner_id, self.company_id),
            self.company_id._credit_today(),
            self.env._(
                "%(customer)s says that %(amount)s is paid",
                customer=self.partner_name,
                amount=" + ".join(totals),
            ),
            Markup("<br/>").join([self._prepare_task_note(), *lines]),
        )

    # ------------------------------------------------------------------
    # The customer does not pay unless supplied, refuses, is insolvent
    # ------------------------------------------------------------------

    def _ask_to_stop(self):
        """Ask who decides on the customer's limit to stop supply. Internal: collectors ask."""
        self.ensure_one()
        profile = self.env["ar.credit.profile"]._get_or_create(self.partner_id, self.company_id)
        review = self.env["ar.credit.review"]._ask_to_stop(profile, self.summary)
        self.sudo().review_id = review  # sudo: nobody writes contacts; part of logging it
        return review

    def _tell_insurers(self):
        """Ask who looks after insurance and guarantees to report the insolvency or to claim."""
        self.ensure_one()
        securities = self.env["ar.credit.security"]._warn_insolvency(
            self.partner_id, self.company_id, self._prepare_task_note()
        )
        self.sudo().security_ids = [Command.set(securities.ids)]  # sudo: part of logging it
        return securities

    def _draft_hand_over(self, everything=False):
        """Draft the placement of what is overdue with a lawyer; of all that is open for an insolvency.

        What another placement holds already is left out. Internal: collectors draft, others approve.

        :return: the draft, empty when nothing is left to hand over
        """
        self.ensure_one()
        placements = self.env["ar.placement"]
        items = self._get_free_items(self.partner_id, self.company_id, everything)
        if not items:
            return placements
        last = placements.search(
            [("kind", "=", "lawyer"), ("agent_id", "!=", False), ("company_id", "=", self.company_id.id)],
            order="id desc",
            limit=1,
        )
        placement = placements._propose(items, "lawyer", last.agent_id, facts=self.summary)
        self.sudo().placement_id = placement  # sudo: nobody writes contacts; part of logging it
        return placement

    @api.model
    def _get_free_items(self, partner, root, everything=False):
        """Return what can be handed over: overdue, or all that is open, and in no other placement."""
        items = self.env["ar.item.settlement"]._get_claims(partner, root)
        if not everything:
            items = items.filtered(lambda item: item.amount_overdue > 0)
        taken = self.env["ar.placement.line"]._find_active(items)
        keys = {line._get_item_key() for line in taken}
        return items.filtered(lambda item: (item.move_id, item.partner_id, item.date_maturity) not in keys)

    # ------------------------------------------------------------------
    # Steps that were planned and are done, attempts
    # ------------------------------------------------------------------

    def _finish_steps(self, steps):
        """Mark planned steps of the customer as done by this contact.

        :param steps: ``mail.activity`` records; those of other records are left alone
        """
        self.ensure_one()
        places = {
            ("ar.collection.case", self.case_id.id),
            ("res.partner", self.partner_id.id),
        }
        own = self.env.user if not self._is_collector() else None
        steps = steps.sudo().filtered(  # sudo: steps on the case of this customer only
            lambda step: (step.res_model, step.res_id) in places and (own is None or step.user_id == own)
        )
        if steps:
            steps.action_feedback(feedback=self.summary or False)

    def _rest_case(self):
        """Take the case off the worklist until the next attempt, when nobody was reached."""
        self.ensure_one()
        days = self.outcome_id.rest_days
        case = self.case_id
        if self.reached or not days or not case or not self._is_collector():
            return
        today = self.company_id._credit_today()
        until = self.env["ar.dispute"]._plan_days(self.company_id, today, days)
        if case.sudo().snooze_until and case.sudo().snooze_until > until:  # sudo: as it is
            return
        case._snooze(max(until, today + timedelta(days=1)), self.outcome_id.name)

    # ------------------------------------------------------------------
    # Contact persons
    # ------------------------------------------------------------------

    @api.model
    def _note_person(self, partner, name, phone=False, email=False, role=False):
        """Note a new contact person of a customer and return it; nothing that is known is overwritten.

        Internal: who may is checked by the callers.
        """
        person = (
            self.env["res.partner"]
            .sudo()  # sudo: collectors note who to call, nothing else of a customer
            .with_context(mail_create_nosubscribe=True)
            .create(
                {
                    "parent_id": partner.sudo().commercial_partner_id.id,  # sudo: see above
                    "type": "contact",
                    "name": name,
                    "phone": phone,
                    "email": email,
                    "collection_role": role,
                }
            )
        )
        return person.sudo(self.env.su)

    @api.model
    def _note_role(self, contact, role):
        """Note the role of a contact person, where it is another one than known."""
        contact = contact.sudo()  # sudo: collectors note roles, nothing else of a customer
        if role and contact.collection_role != role:
            contact.collection_role = role

    @api.model
    def _get_first_contact(self, partner):
        """Return whom to speak to: the first contact, payables, else who gets invoices, else nobody."""
        debtor = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        order = {"first": 0, "payables": 1, "approver": 3, "legal": 4}
        people = debtor.child_ids.filtered(lambda child: child.type in ("contact", "invoice"))
        people = people.sorted(
            lambda child: (order.get(child.collection_role, 2 if child.type == "invoice" else 5), child.id)
        )
        return people[:1].sudo(self.env.su)

    # ------------------------------------------------------------------
    # Words
    # ------------------------------------------------------------------

    @api.model
    def _plan_day(self, root, days):
        """Return the day so many working days from today."""
        return self.env["ar.dispute"]._plan_days(root, root._credit_today(), days)
