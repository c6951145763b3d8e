from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL


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
    policy_id = fields.Many2one("ar.provision.policy", required=True, index=True, ondelete="restrict")
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
    rate_ids = fields.One2many("ar.provision.rate", "matrix_id", copy=True)

    _figures_in_range = models.Constraint(
        "CHECK (factor > 0 AND floor >= 0 AND floor <= cap AND cap <= 100)",
        "The factor is above zero; rates are between 0 and 100 %, the least not above the highest.",
    )

    @api.depends("policy_id.name", "date_from")
    def _compute_name(self):
        for matrix in self:
            matrix.name = self.env._(
                "%(policy)s from %(date)s",
                policy=matrix.policy_id.name or "",
                date=fields.Date.to_string(matrix.date_from) or "",
            )

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
            if missing:
                raise UserError(
                    self.env._(
                        "“%(matrix)s” has no rate for %(buckets)s. Give each bucket one for everyone else.",
                        matrix=matrix.name,
                        buckets=", ".join(missing.mapped("name")),
                    )
                )

    def _approve(self):
        self._write_decision("approved")

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
