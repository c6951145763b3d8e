from odoo import fields, models


class ArProvisionRate(models.Model):
    """The loss rate of a bucket, for a segment or for everyone else."""

    _name = "ar.provision.rate"
    _description = "Loss Rate"
    _order = "matrix_id, segment_id, bucket_age, id"

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
    rate = fields.Float(string="Rate (%)", digits=(12, 4), required=True)

    _once = models.UniqueIndex(
        "(matrix_id, bucket_id, COALESCE(segment_id, 0))", "A bucket has one rate for a segment."
    )
    _in_range = models.Constraint("CHECK (rate BETWEEN 0 AND 100)", "A rate is between 0 and 100 %.")
