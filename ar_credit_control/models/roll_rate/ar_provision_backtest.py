from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# Days past due after which an item counts as lost where the policy knows no default.
DEFAULT_DAYS = 365


class ArProvisionBacktest(models.Model):
    """Whether loss rates were right: a posted run against what became of its items until a later day.

    What the run held is read from its frozen lines, what became of it from the ledger. Lost is what was
    written off, and what is still open so long after its due date that it is in default.
    """

    _name = "ar.provision.backtest"
    _description = "Provision Back-test"
    _order = "date_to desc, id desc"
    _rec_names_search = ["run_id.name"]

    name = fields.Char(compute="_compute_name")
    run_id = fields.Many2one(
        "ar.provision.run",
        string="Provision Run",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("state", "=", "posted")],
        help="Whose expectation is tested.",
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="run_id.currency_id")
    date_from = fields.Date(related="run_id.date", string="Expected On", store=True)
    date_to = fields.Date(
        string="Tested On",
        required=True,
        default=fields.Date.context_today,
        help="The ledger at the end of this day says what became of the items.",
    )
    default_days = fields.Integer(
        string="Lost After (days past due)",
        compute="_compute_default_days",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        help="What is open longer counts as lost. The policy's default, else a year.",
    )
    computed_on = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many("ar.provision.backtest.line", "backtest_id", readonly=True)
    gross = fields.Monetary(compute="_compute_totals", string="Owed")
    expected = fields.Monetary(compute="_compute_totals", string="Expected Loss")
    lost = fields.Monetary(compute="_compute_totals")
    difference = fields.Monetary(
        compute="_compute_totals", help="Expected less lost: above zero, the run was prudent."
    )

    _days_in_range = models.Constraint("CHECK (default_days > 0)", "Days are above zero.")

    @api.depends("run_id.name", "date_to")
    def _compute_name(self):
        for test in self:
            test.name = self.env._(
                "%(run)s against %(date)s",
                run=test.run_id.name or "",
                date=fields.Date.to_string(test.date_to) or "",
            )

    @api.depends("run_id")
    def _compute_default_days(self):
        for test in self:
            test.default_days = test.run_id.policy_id.default_days or DEFAULT_DAYS

    @api.depends("line_ids.gross", "line_ids.expected", "line_ids.lost")
    def _compute_totals(self):
        for test in self:
            for name in ("gross", "expected", "lost"):
                test[name] = sum(test.line_ids.mapped(name))
            test.difference = test.expected - test.lost

    @api.constrains("run_id", "date_to")
    def _check_dates(self):
        for test in self:
            if test.run_id.state != "posted":
                raise ValidationError(self.env._("Test a run that is posted."))
            if test.date_to <= test.run_id.date:
                raise ValidationError(self.env._("Test on a day after that of the run."))
            if test.date_to > test.company_id._credit_today():
                raise ValidationError(self.env._("Nobody knows yet what becomes of the items by that day."))

    def action_compute(self):
        """Read what became of the items; in the place of an earlier result."""
        self.check_access("write")
        for test in self:
            # sudo: lines are written by their test alone, over every customer of the company
            own = test.sudo()
            own.env["ar.provision.backtest.line"]._write_lines(own)
            own.computed_on = fields.Datetime.now()
        return True

    def action_open_run(self):
        """Show the run that is tested."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.provision.run",
            "res_id": self.run_id.id,
            "views": [(False, "form")],
        }

    def write(self, vals):
        if vals.keys() & {"run_id", "date_to", "default_days"} and self.line_ids:
            raise UserError(self.env._("This test was computed as it is: make another one."))
        return super().write(vals)
