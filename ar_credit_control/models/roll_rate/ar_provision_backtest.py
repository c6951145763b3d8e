from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

# Days past due after which an item counts as lost where the policy knows no default.
DEFAULT_DAYS = 365
# Months after which rates are tested, unless somebody asks for others.
MONTHS_BACK = 12


class ArProvisionBacktest(models.Model):
    """Whether loss rates were right: a posted run against what became of its items until a later day.

    What the run held is read from its frozen lines, what became of it from the ledger. Lost is what was
    written off, and what is still open so long after its due date that it is in default. A test is computed
    once and kept; of several tests of a run the one that looks furthest counts.
    """

    _name = "ar.provision.backtest"
    _description = "Provision Back-test"
    _inherit = ["ar.evidence.mixin"]
    _order = "date_to desc, id desc"
    _rec_names_search = ["run_id.name"]

    _terms = frozenset({"run_id", "date_to", "default_days", "months_back"})
    _own_fields = frozenset(
        {
            "actual_rate",
            "computed_by_id",
            "computed_on",
            "difference",
            "expected",
            "expected_rate",
            "gross",
            "lost",
            "state",
            "superseded_by_id",
        }
    )

    name = fields.Char(compute="_compute_name")
    months_back = fields.Integer(
        default=MONTHS_BACK,
        store=False,
        help="Proposes the last run that was posted for a day at least so many months before the test; the "
        "first one, where none is as old.",
    )
    run_id = fields.Many2one(
        "ar.provision.run",
        string="Provision Run",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self._get_run_back(MONTHS_BACK, fields.Date.context_today(self)),
        domain=[("state", "=", "posted"), ("kind", "=", "regular")],
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
    state = fields.Selection(
        [
            ("draft", "Not Computed"),
            ("current", "Valid"),
            ("superseded", "Replaced"),
            ("cancelled", "Run Cancelled"),
        ],
        string="Status",
        compute="_compute_state",
        store=True,
    )
    computed_on = fields.Datetime(readonly=True, copy=False)
    computed_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    superseded_by_id = fields.Many2one(
        "ar.provision.backtest",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="A test of the same run that looks further, or at the same day once more.",
    )
    line_ids = fields.One2many("ar.provision.backtest.line", "backtest_id", readonly=True)
    gross = fields.Monetary(compute="_compute_totals", string="Owed", store=True)
    expected = fields.Monetary(compute="_compute_totals", string="Expected Loss", store=True)
    lost = fields.Monetary(compute="_compute_totals", store=True)
    difference = fields.Monetary(
        compute="_compute_totals", store=True, help="Expected less lost: above zero, the run was prudent."
    )
    expected_rate = fields.Float(
        string="Expected (%)",
        compute="_compute_totals",
        store=True,
        digits=(12, 4),
        aggregator=None,
        help="Expected loss / owed.",
    )
    actual_rate = fields.Float(
        string="Actual (%)",
        compute="_compute_totals",
        store=True,
        digits=(12, 4),
        aggregator=None,
        help="Lost / owed.",
    )

    _days_in_range = models.Constraint("CHECK (default_days > 0)", "Days are above zero.")

    @api.depends("run_id.name", "date_to")
    def _compute_name(self):
        for test in self:
            if not test.run_id:
                test.name = self.env._("New")
                continue
            test.name = self.env._(
                "%(run)s against %(date)s",
                run=test.run_id.name or "",
                date=fields.Date.to_string(test.date_to) or "",
            )

    @api.depends("run_id")
    def _compute_default_days(self):
        for test in self:
            test.default_days = test.run_id.policy_id.default_days or DEFAULT_DAYS

    @api.depends("computed_on", "superseded_by_id", "run_id.state")
    def _compute_state(self):
        for test in self:
            if not test.computed_on:
                test.state = "draft"
            elif test.run_id.state == "cancelled":
                test.state = "cancelled"
            else:
                test.state = "superseded" if test.superseded_by_id else "current"

    @api.depends("computed_on")
    def _compute_totals(self):
        for test in self:
            for name in ("gross", "expected", "lost"):
                test[name] = sum(test.line_ids.mapped(name))
            test.difference = test.expected - test.lost
            test.expected_rate = 100 * test.expected / test.gross if test.gross else 0.0
            test.actual_rate = 100 * test.lost / test.gross if test.gross else 0.0

    @api.onchange("months_back")
    def _onchange_months_back(self):
        if self.months_back > 0:
            self.run_id = self._get_run_back(self.months_back, self.date_to)

    @api.constrains("run_id", "date_to")
    def _check_dates(self):
        for test in self:
            if test.run_id.state != "posted":
                raise ValidationError(self.env._("Test a run that is posted."))
            if test.date_to <= test.run_id.date:
                raise ValidationError(self.env._("Test on a day after that of the run."))
            if test.date_to > test.company_id._credit_today():
                raise ValidationError(self.env._("Nobody knows yet what becomes of the items by that day."))

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(vals.keys() - self._terms for vals in vals_list):
            raise AccessError(
                self.env._("A back-test is made with its run, day and days: it computes the rest.")
            )
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() & self._terms and self.filtered("computed_on"):
            raise UserError(self.env._("This test was computed as it is: make another one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if self.filtered("computed_on"):
            raise UserError(self.env._("A back-test that was computed is kept: make another one."))

    def _get_writable_fields(self):
        return self._terms

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_compute(self):
        """Read what became of the items, once.

        :raise UserError: for a test that was computed before
        """
        self.check_access("write")
        if self.filtered("computed_on"):
            raise UserError(self.env._("This test was computed as it is: make another one."))
        for test in self:
            test._check_dates()
            # sudo: lines are written by their test alone, over every customer of the company
            own = test.sudo()
            own.env["ar.provision.backtest.line"]._write_lines(own)
            test._write_evidence({"computed_on": fields.Datetime.now(), "computed_by_id": self.env.uid})
            own._supersede()
        return True

    def _supersede(self):
        """Of all tests of the run the one that looks furthest counts, of those the newest."""
        tests = self.search([("run_id", "=", self.run_id.id), ("computed_on", "!=", False)])
        last = tests.sorted(lambda test: (test.date_to, test.computed_on, test.id))[-1:]
        last._write_evidence({"superseded_by_id": False})
        (tests - last)._write_evidence({"superseded_by_id": last.id})

    def action_propose(self):
        """Open a new test of the run that was posted a year ago, of the first one where none is as old.

        :raise UserError: when no run is posted
        """
        self.check_access("create")
        if not self._get_run_back(MONTHS_BACK, fields.Date.context_today(self)):
            raise UserError(self.env._("No run is posted yet whose rates could be tested."))
        return self._open_new({})

    def action_repeat(self):
        """Open a new test of the same run, by what is known today."""
        self.ensure_one()
        self.check_access("create")
        return self._open_new({"default_run_id": self.run_id.id, "default_default_days": self.default_days})

    @api.model
    def _open_new(self, defaults):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Back-tests"),
            "res_model": self._name,
            "views": [(False, "form")],
            "context": defaults,
        }

    @api.model
    def _get_run_back(self, months, date):
        """Return the last posted run of the company that is at least so many months older than a date; the
        first one that was posted, where none is as old."""
        posted = Domain("company_id", "=", self.env.company._credit_root().id)
        posted &= Domain("kind", "=", "regular") & Domain("state", "=", "posted")
        first_day = (date or fields.Date.context_today(self)) - relativedelta(months=months)
        runs = self.env["ar.provision.run"]
        run = runs.search(posted & Domain("date", "<=", first_day), order="date desc, id desc", limit=1)
        return run or runs.search(posted, order="date, id", limit=1)

    def action_open_run(self):
        """Show the run that is tested."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.provision.run",
            "res_id": self.run_id.id,
            "views": [(False, "form")],
        }
