from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArProvisionRate(models.Model):
    """The loss rate of a bucket, for a segment or for everyone else."""

    _name = "ar.provision.rate"
    _description = "Loss Rate"
    _inherit = ["ar.approval.part.mixin"]
    _order = "matrix_id, segment_rank, segment_id, bucket_age, id"

    _approved_field = "matrix_id"

    matrix_id = fields.Many2one("ar.provision.matrix", required=True, index=True, ondelete="cascade")
    policy_id = fields.Many2one(related="matrix_id.policy_id")
    company_id = fields.Many2one(related="matrix_id.company_id", store=True, index=True)
    bucket_id = fields.Many2one(
        "ar.provision.bucket",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('policy_id', '=', policy_id)]",
    )
    bucket_age = fields.Integer(related="bucket_id.age_from", store=True, string="From Age")
    segment_id = fields.Many2one(
        "ar.provision.segment",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('policy_id', '=', policy_id)]",
        help="Empty: everyone else.",
    )
    segment_rank = fields.Integer(
        compute="_compute_segment_rank", store=True, help="Everyone else first, then the segments in order."
    )
    rate = fields.Float(
        string="Loss Rate (%)",
        digits=(12, 4),
        required=True,
        help="Percent: 30 is 30 %, 0.3 is three in a thousand.",
    )
    effective_rate = fields.Float(
        string="Effective (%)",
        digits=(12, 4),
        compute="_compute_effective_rate",
        help="Times the forward-looking factor, not below the least and not above the highest rate.",
    )

    _once = models.UniqueIndex(
        "(matrix_id, bucket_id, COALESCE(segment_id, 0))", "A bucket has one rate for a segment."
    )
    _in_range = models.Constraint("CHECK (rate BETWEEN 0 AND 100)", "A rate is between 0 and 100 %.")

    @api.depends("segment_id.sequence")
    def _compute_segment_rank(self):
        for rate in self:
            rate.segment_rank = rate.segment_id.sequence + 1 if rate.segment_id else 0

    @api.depends("rate", "matrix_id.factor", "matrix_id.floor", "matrix_id.cap")
    def _compute_effective_rate(self):
        for rate in self:
            rate.effective_rate = rate.matrix_id._get_effective_rate(rate.rate)

    @api.constrains("bucket_id", "segment_id", "matrix_id")
    def _check_policy(self):
        for rate in self:
            if (rate.bucket_id.policy_id | rate.segment_id.policy_id) - rate.matrix_id.policy_id:
                raise ValidationError(
                    self.env._("“%s” belongs to another policy than the rates.", rate.bucket_id.name)
                )

    @api.model
    def _get_fixed_text(self):
        return self.env._("Loss rates are fixed once they were submitted: make new ones.")
