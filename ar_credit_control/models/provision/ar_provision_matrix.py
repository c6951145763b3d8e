from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import SQL, format_list


class ArProvisionMatrix(models.Model):
    """Loss rates of a policy from a date on, with the reason for them.

    Typed, from a preset, or derived from the company's own history; approved by another person. Approved
    rates never change: new ones take over from their date.
    """

    _name = "ar.provision.matrix"
    _description = "Loss Rates"
    _inherit = ["ar.approval.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "policy_id, date_from desc, id desc"

    _terms = frozenset(
        {"date_from", "reason", "factor", "factor_reason", "floor", "cap", "rate_ids", "policy_id"}
    )
    _own_fields = frozenset({"state", "source", "prepared_by_ids", "submitted_by_id", "decided_by_id"})
    _authority_kind = "provision"
    _approval_activity = "ar_credit_control.mail_activity_provision_approve"

    name = fields.Char(compute="_compute_name")
    policy_id = fields.Many2one(
        "ar.provision.policy", string="Provision Policy", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    date_from = fields.Date(
        string="Valid From", required=True, default=fields.Date.context_today, tracking=True
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    source = fields.Selection(
        [("preset", "Preset"), ("typed", "Typed in"), ("derived", "From own history")],
        required=True,
        default="typed",
        readonly=True,
        copy=False,
    )
    reason = fields.Text(help="Where the rates come from and why they fit. Needed before it is submitted.")
    factor = fields.Float(
        string="Forward-looking Factor",
        default=1.0,
        digits=(12, 4),
        tracking=True,
        help="All rates are multiplied by it: what is expected to be worse or better than before.",
    )
    factor_reason = fields.Text(help="Which expectation, from which source. Needed when the factor is not 1.")
    floor = fields.Float(string="Least Rate (%)", digits=(12, 4), tracking=True)
    cap = fields.Float(string="Highest Rate (%)", default=100.0, digits=(12, 4), tracking=True)
    rate_ids = fields.One2many("ar.provision.rate", "matrix_id", string="Loss Rates", copy=True)

    grid = fields.Html(compute="_compute_grid", string="As It Applies")
    warning = fields.Char(compute="_compute_warning")

    _figures_in_range = models.Constraint(
        "CHECK (factor > 0 AND floor >= 0 AND floor <= cap AND cap <= 100)",
        "The factor is above zero; rates are between 0 and 100 %, the least not above the highest.",
    )

    @api.depends("policy_id.name", "date_from")
    def _compute_name(self):
        for matrix in self:
            if not matrix.policy_id:
                matrix.name = self.env._("New")
                continue
            matrix.name = self.env._(
                "%(policy)s from %(date)s",
                policy=matrix.policy_id.name or "",
                date=fields.Date.to_string(matrix.date_from) or "",
            )

    @api.depends(
        "rate_ids.rate", "rate_ids.bucket_id", "rate_ids.segment_id", "factor", "floor", "cap", "policy_id"
    )
    @api.depends_context("lang")
    def _compute_grid(self):
        """Show buckets by segment with the rates that a run takes, before the factor of a rating."""
        for matrix in self:
            matrix.grid = (
                self.env["ir.qweb"]._render("ar_credit_control.provision_matrix_grid", matrix._prepare_grid())
                if matrix.rate_ids
                else False
            )

    def _prepare_grid(self):
        """Return ``segments`` (names) and ``rows``: bucket, and per segment (rate, whether it is its own)."""
        self.ensure_one()
        rates = {
            (rate.bucket_id._origin, rate.segment_id._origin): self._get_effective_rate(rate.rate)
            for rate in self.rate_ids
        }
        everyone = self.env["ar.provision.segment"]
        segments = [everyone, *self.rate_ids.segment_id._origin.sorted("sequence")]
        buckets = self.policy_id._origin.bucket_ids.sorted("age_from")
        return {
            "segments": [
                segment.name
                or (self.env._("Everyone else") if len(segments) > 1 else self.env._("Every customer"))
                for segment in segments
            ],
            "rows": [
                (
                    bucket.name,
                    [
                        (
                            rates.get((bucket, segment), rates.get((bucket, everyone))),
                            (bucket, segment) in rates,
                        )
                        for segment in segments
                    ],
                )
                for bucket in buckets
            ],
            "by_rating": self.policy_id.use_rating_factor,
        }

    def _get_effective_rate(self, rate):
        """Return a rate as :meth:`_adjusted_sql` does for a rating with the factor one."""
        return min(max(rate * self.factor, self.floor), self.cap)

    @api.depends("rate_ids.rate", "rate_ids.bucket_id", "rate_ids.segment_id")
    def _compute_warning(self):
        for matrix in self:
            matrix.warning = matrix._get_warning()

    def _get_warning(self):
        """Return what looks like a slip: fractions typed for percent, an older bucket with a lower rate."""
        self.ensure_one()
        rates = self.rate_ids.mapped("rate")
        if rates and 0 < max(rates) <= 1:
            return self.env._("No rate is above one percent. Rates are typed as percent: 30, not 0.3.")
        for segment in {rate.segment_id.id for rate in self.rate_ids}:
            row = self.rate_ids.filtered(lambda rate, segment=segment: rate.segment_id.id == segment)
            row = row.sorted(lambda rate: rate.bucket_id.age_from)
            for younger, older in zip(row, row[1:], strict=False):
                if older.rate < younger.rate:
                    return self.env._(
                        "“%(older)s” has a lower rate than “%(younger)s”: is that meant?",
                        older=older.bucket_id.name,
                        younger=younger.bucket_id.name,
                    )
        return ""

    @api.onchange("policy_id")
    def _onchange_policy_id(self):
        """Begin with a row for each bucket, with the rates of the matrix before."""
        if self.rate_ids.bucket_id.policy_id == self.policy_id and self.rate_ids:
            return
        last = self.policy_id.matrix_ids.filtered(lambda matrix: matrix.state == "approved")[:1]
        rows = [(rate.bucket_id, rate.segment_id, rate.rate) for rate in last.rate_ids]
        rows = rows or [
            (bucket, bucket.env["ar.provision.segment"], 0.0) for bucket in self.policy_id.bucket_ids
        ]
        self.rate_ids = [Command.clear()] + [
            Command.create({"bucket_id": bucket.id, "segment_id": segment.id, "rate": rate})
            for bucket, segment, rate in rows
        ]

    @api.constrains("policy_id", "rate_ids")
    def _check_policy(self):
        for matrix in self:
            rates = matrix.rate_ids
            if (rates.bucket_id.policy_id | rates.segment_id.policy_id) - matrix.policy_id:
                raise ValidationError(
                    self.env._("The rates of “%s” are for buckets of another policy.", matrix.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(vals.get("source", "typed") != "typed" for vals in vals_list):
            raise AccessError(self.env._("Where rates come from is recorded, not typed in."))
        matrices = super().create(vals_list)
        if not self.env.su:
            matrices._add_preparer()
        return matrices

    def _get_amount_to_cover(self):
        return 0.0

    def _check_complete(self):
        for matrix in self:
            if not (matrix.reason or "").strip():
                raise UserError(self.env._("Say where the rates of “%s” come from.", matrix.name))
            if matrix.factor != 1 and not (matrix.factor_reason or "").strip():
                raise UserError(self.env._("Say why the rates of “%s” are multiplied.", matrix.name))
            missing = (
                matrix.policy_id.bucket_ids
                - matrix.rate_ids.filtered(lambda rate: not rate.segment_id).bucket_id
            )
            if not any(matrix.rate_ids.mapped("rate")):
                raise UserError(self.env._("Every rate of “%s” is zero.", matrix.name))
            if missing:
                raise UserError(
                    self.env._(
                        "“%(matrix)s” has no rate for %(buckets)s. Give each bucket one for everyone else.",
                        matrix=matrix.name,
                        buckets=format_list(self.env, missing.mapped("name")),
                    )
                )

    def _approve(self):
        self._write_decision("approved")

    def action_ask_send_back(self):
        """Ask why the rates go back to who drafted them."""
        return self.env["ar.provision.return"]._ask(self)

    def action_cancel(self):
        """Give up a draft, or rates that were submitted."""
        self.check_access("write")
        self._check_state("draft", "submitted")
        self._write_evidence({"state": "cancelled"})
        self._close_request()
        return True

    def _rates_sql(self) -> SQL:
        """Return rows ``bucket_id``, ``segment_id`` (NULL: everyone else), ``rate`` (percent, as entered)."""
        self.ensure_one()
        return SQL("SELECT bucket_id, segment_id, rate FROM ar_provision_rate WHERE matrix_id = %s", self.id)

    def _adjusted_sql(self, rate: SQL, rating_factor: SQL) -> SQL:
        """Return a rate of the matrix times the factor of a rating and the outlook, within floor and cap."""
        self.ensure_one()
        return SQL(
            "LEAST(GREATEST(%(rate)s * %(rating)s * %(factor)s, %(floor)s), %(cap)s)",
            rate=rate,
            rating=rating_factor if self.policy_id.use_rating_factor else SQL("1"),
            factor=self.factor,
            floor=self.floor,
            cap=self.cap,
        )
