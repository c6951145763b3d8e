from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class ArProvisionRun(models.Model):
    """The expected loss of a company's receivables at a date, and what of it is not booked yet.

    Computed as a draft, frozen when it is submitted: opened years later it shows the same figures, whatever
    happened since. Approved by another person, then posted: the entry takes the allowance accounts from what
    they hold at the date to what the run says, so running twice changes nothing.
    """

    _name = "ar.provision.run"
    _description = "Provision Run"
    _inherit = ["ar.approval.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"

    _terms = frozenset({"date", "company_id", "policy_id", "note"})
    _own_fields = frozenset(
        {
            "state",
            "name",
            "kind",
            "matrix_id",
            "prepared_by_ids",
            "submitted_by_id",
            "decided_by_id",
            "computed_on",
        }
    )
    _authority_kind = "provision"
    _approval_activity = "ar_credit_control.mail_activity_provision_approve"

    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    kind = fields.Selection(
        [("regular", "Run"), ("opening", "Opening")],
        required=True,
        readonly=True,
        default="regular",
        help="An opening takes over the allowance that the ledger has already, and books nothing.",
    )
    date = fields.Date(
        string="Reporting Date", required=True, default=fields.Date.context_today, tracking=True, index=True
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    policy_id = fields.Many2one(
        "ar.provision.policy",
        required=True,
        index=True,
        ondelete="restrict",
        compute="_compute_policy_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('company_id', '=', company_id)]",
        tracking=True,
    )
    matrix_id = fields.Many2one(
        "ar.provision.matrix", string="Loss Rates", readonly=True, copy=False, ondelete="restrict"
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("posted", "Posted"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    note = fields.Text(help="What the reader of the run should know.")
    computed_on = fields.Datetime(readonly=True, copy=False)
    posted_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    posted_on = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many("ar.provision.line", "run_id", readonly=True)
    cell_ids = fields.One2many("ar.provision.cell", "run_id", readonly=True)
    change_ids = fields.One2many(
        "ar.provision.run.change", "run_id", string="Changes by Account", readonly=True
    )
    movement_ids = fields.One2many("ar.provision.movement", "run_id", readonly=True)
    move_ids = fields.Many2many("account.move", string="Entries", readonly=True, copy=False)
    item_count = fields.Integer(string="Items", readonly=True, copy=False)
    gross = fields.Monetary(
        readonly=True, copy=False, help="What customers owe at the date: the ageing, and the ledger."
    )
    offset = fields.Monetary(string="Own Credits", readonly=True, copy=False)
    covered = fields.Monetary(readonly=True, copy=False)
    amount = fields.Monetary(string="Expected Loss", readonly=True, copy=False, tracking=True)
    booked = fields.Monetary(
        string="Booked So Far",
        readonly=True,
        copy=False,
        help="What the allowance accounts held at the date when the run was computed.",
    )
    booked_other = fields.Monetary(
        string="Booked by Others",
        readonly=True,
        copy=False,
        help="Part of what is booked that no run and no write-off explains. The run takes it over; record an "
        "opening first where it is the allowance from before.",
    )
    change = fields.Monetary(
        readonly=True,
        copy=False,
        tracking=True,
        help="What is posted: the expected loss less what is booked.",
    )

    _one_posted = models.UniqueIndex(
        "(company_id, date, kind) WHERE state = 'posted'", "A company has one posted run at a date."
    )

    @api.depends("company_id")
    def _compute_policy_id(self):
        for run in self:
            policies = self.env["ar.provision.policy"].search(
                [("company_id", "=", run.company_id.id)], limit=1
            )
            if run.policy_id.company_id != run.company_id:
                run.policy_id = policies

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                vals["name"] = self.env["ir.sequence"].next_by_code("ar.provision.run") or "/"
        return super().create(vals_list)

    # ------------------------------------------------------------------
    # The course
    # ------------------------------------------------------------------

    def action_compute(self):
        """Value every open item at the date; a draft only, in the place of what it had.

        :raise UserError: without approved rates for each bucket of the policy
        """
        self.check_access("write")
        self._check_state("draft")
        for run in self:
            run._compute_lines()
        return True

    def _compute_lines(self):
        self.ensure_one()
        matrix = self.policy_id._get_matrix(self.date)
        self._check_rates(matrix)
        self._write_evidence({"matrix_id": matrix.id})
        # sudo: lines are written by the run alone, over every customer of the company
        self.env["ar.provision.line"].sudo()._write_lines(self)
        self.env["ar.provision.cell"].sudo()._write_cells(self)
        self.env["ar.provision.run.change"].sudo()._write_changes(self)
        self._write_evidence({**self._get_totals(), "computed_on": fields.Datetime.now()})

    def _check_rates(self, matrix):
        rated = matrix.rate_ids.filtered(lambda rate: not rate.segment_id).bucket_id
        if missing := self.policy_id.bucket_ids - rated:
            raise UserError(
                self.env._(
                    "“%(matrix)s” has no rate for %(buckets)s. Have rates for every bucket approved.",
                    matrix=matrix.name,
                    buckets=", ".join(missing.mapped("name")),
                )
            )

    def _get_totals(self):
        """Return the totals of the lines and of what is posted, as values of the run."""
        [(count, gross, offset, covered, amount)] = self.env.execute_query(
            SQL(
                """SELECT COUNT(*), COALESCE(SUM(gross), 0), COALESCE(SUM("offset"), 0),
                          COALESCE(SUM(covered), 0), COALESCE(SUM(amount), 0)
                     FROM ar_provision_line WHERE run_id = %s""",
                self.id,
            )
        )
        [(booked, other, change)] = self.env.execute_query(
            SQL(
                """SELECT COALESCE(SUM(booked), 0), COALESCE(SUM(other), 0), COALESCE(SUM(change), 0)
                     FROM ar_provision_run_change WHERE run_id = %s""",
                self.id,
            )
        )
        return {
            "item_count": count,
            "gross": gross,
            "offset": offset,
            "covered": covered,
            "amount": amount,
            "booked": booked,
            "booked_other": other,
            "change": change,
        }

    def _check_complete(self):
        for run in self:
            if run.kind == "regular" and not run.computed_on:
                raise UserError(self.env._("Compute “%s” first.", run.name))

    def _approve(self):
        self._write_decision("approved")

    def _get_amount_to_cover(self):
        return abs(self.change)

    def action_post(self):
        """Book the change: one entry for each company or branch, dated on the run's date.

        :raise UserError: where the chart has no allowance, in a closed period, or when the ledger changed
            since the run was computed
        """
        self._check_posts()
        self._check_state("approved")
        for run in self:
            run._post()
        return True

    def _check_posts(self):
        self.check_access("read")
        if not (
            self.env.su
            or self.env.user.has_group("ar_credit_control.group_credit_controller")
            or self.env.user.has_group("account.group_account_user")
        ):
            raise AccessError(self.env._("Provisions are posted by a credit controller or an accountant."))
