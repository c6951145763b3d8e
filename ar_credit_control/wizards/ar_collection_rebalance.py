from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class ArCollectionRebalance(models.TransientModel):
    """Spreads open cases over collectors: shows the load of each before and after, and moves few customers.

    A customer knows its collector, so only as many cases move as are needed; those contacted longest ago and
    smallest go first, and never one whose customer promised something that is not due yet.
    """

    _name = "ar.collection.rebalance"
    _description = "Rebalance Cases"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company.root_id, readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_ids = fields.Many2many(
        "res.users",
        string="Collectors",
        required=True,
        default=lambda self: self._default_users(),
        domain="[('share', '=', False)]",
        help="Whose cases are spread, and over whom. Cases without a collector are given out too.",
    )
    respect_rules = fields.Boolean(
        string="Keep to the Assignment Lines",
        default=True,
        help="A case goes only to people whom the first assignment line that fits it names.",
    )
    line_ids = fields.One2many(
        "ar.collection.rebalance.line", "wizard_id", compute="_compute_plan", store=True, readonly=True
    )
    move_ids = fields.One2many(
        "ar.collection.rebalance.move", "wizard_id", compute="_compute_plan", store=True, readonly=True
    )
    move_count = fields.Integer(compute="_compute_move_count")

    @api.model
    def _default_users(self):
        """Those who have open cases of the company, and those whom its assignment lines name."""
        company = self.env.company.root_id
        cases = self.env["ar.collection.case"].search(
            [("company_id", "=", company.id), ("state", "=", "open"), ("collector_id", "!=", False)]
        )
        lines = self.env["ar.collection.assignment"]._get_lines(company)
        return (cases.collector_id | lines.user_ids.with_env(self.env)).filtered("active")

    @api.depends("move_ids")
    def _compute_move_count(self):
        for wizard in self:
            wizard.move_count = len(wizard.move_ids)

    @api.depends("user_ids", "respect_rules", "company_id")
    def _compute_plan(self):
        for wizard in self:
            cases, facts = wizard._get_cases()
            plan = wizard._plan(cases, facts)
            wizard.line_ids = [Command.clear()] + [
                Command.create(values) for values in wizard._prepare_lines(cases, facts, plan)
            ]
            wizard.move_ids = [Command.clear()] + [
                Command.create(
                    {
                        "case_id": case.id,
                        "overdue": facts[case.id]["overdue"],
                        "from_user_id": case.collector_id.id,
                        "to_user_id": user_id,
                    }
                )
                for case, user_id in plan.items()
            ]

    # ------------------------------------------------------------------
    # The plan
    # ------------------------------------------------------------------

    def _get_cases(self):
        """Return the open cases of the chosen people and of nobody, and their figures by case id."""
        users = self.user_ids._origin
        cases = self.env["ar.collection.case"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "=", "open"),
                ("collector_id", "in", [False, *users.ids]),
            ]
        )
        return cases, cases._get_rebalance_facts()

    def _plan(self, cases, facts):
        """Return ``{case: user id}`` of the cases that move, without a query."""
        people = self.user_ids._origin.ids
        plan = {}
        if not people:
            return plan
        load = dict.fromkeys(people, 0)
        for case in cases:
            if case.collector_id.id in load:
                load[case.collector_id.id] += 1
        lines = self.env["ar.collection.assignment"]._get_lines(self.company_id) if self.respect_rules else ()
        allowed = {case: self._get_allowed(lines, facts[case.id], people) for case in cases}
        for case in cases.filtered(lambda case: not case.collector_id):
            self._move(case, allowed[case], load, plan)
        movable = sorted(
            cases.filtered("collector_id"),
            key=lambda case: (
                facts[case.id]["promised"],
                facts[case.id]["last_contact"],
                facts[case.id]["overdue"],
            ),
        )
        for case in movable:
            holder = case.collector_id.id
            best = min(allowed[case], key=lambda user_id: (load[user_id], user_id), default=holder)
            stranger = holder not in allowed[case]
            if (
                best != holder
                and (stranger or load[holder] - load[best] > 1)
                and not facts[case.id]["promised"]
            ):
                plan[case] = best
                load[holder] -= 1
                load[best] += 1
        return plan

    @api.model
    def _move(self, case, allowed, load, plan):
        """Give a case to the least loaded of some people."""
        best = min(allowed, key=lambda user_id: (load[user_id], user_id), default=None)
        if best:
            plan[case] = best
            load[best] += 1

    @api.model
    def _get_allowed(self, lines, fact, people):
        """Return who of some people may get a case: those whom the first line that fits names."""
        for line in lines:
            if line._fits(fact):
                named = [user_id for user_id in line.user_ids.ids if user_id in people]
                if named:
                    return named
        return people

    def _prepare_lines(self, cases, facts, plan):
        """Return the load of each person before and after."""
        before, after = {}, {}
        for case in cases:
            holder = case.collector_id.id
            overdue = facts[case.id]["overdue"]
            for load, user_id in ((before, holder), (after, plan.get(case, holder))):
                count, amount = load.get(user_id, (0, 0.0))
                load[user_id] = (count + 1, amount + overdue)
        nobody = [False] if False in before else []
        return [
            {
                "user_id": user_id,
                "count_before": before.get(user_id, (0, 0.0))[0],
                "overdue_before": before.get(user_id, (0, 0.0))[1],
                "count_after": after.get(user_id, (0, 0.0))[0],
                "overdue_after": after.get(user_id, (0, 0.0))[1],
            }
            for user_id in [*self.user_ids._origin.ids, *nobody]
        ]

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_apply(self):
        """Move the cases as planned now; the plan is made again, since others worked meanwhile.

        :raise AccessError: for who is no credit controller
        :raise UserError: when there is nothing to move
        """
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            raise AccessError(self.env._("Only a credit controller spreads cases over collectors."))
        cases, facts = self._get_cases()
        plan = self._plan(cases, facts)
        if not plan:
            raise UserError(self.env._("Nothing to move: the cases are spread evenly already."))
        by_user = {}
        for case, user_id in plan.items():
            by_user[user_id] = by_user.get(user_id, self.env["ar.collection.case"]) | case
        for user_id, batch in by_user.items():
            user = self.env["res.users"].browse(user_id)
            batch._check_collector(user)
            batch._set_collector(user)
        return {"type": "ir.actions.act_window_close"}
