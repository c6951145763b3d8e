from odoo import fields, models


class ArProvisionDerivationResult(models.Model):
    """The roll rate of a bucket over all months, and the loss rate that follows from it."""

    _name = "ar.provision.derivation.result"
    _description = "Derived Loss Rate"
    _order = "derivation_id, segment_id, bucket_age, id"

    derivation_id = fields.Many2one(
        "ar.provision.derivation", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="derivation_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="derivation_id.currency_id")
    bucket_id = fields.Many2one("ar.provision.bucket", readonly=True, ondelete="restrict")
    bucket_age = fields.Integer(related="bucket_id.age_from", store=True, string="From Age", aggregator=None)
    segment_id = fields.Many2one(
        "ar.provision.segment",
        readonly=True,
        ondelete="restrict",
        help="By the rating that the customer had when the item was booked, as far as it is on record; "
        "by the tags and the country of today.",
    )
    months = fields.Integer(string="Months With Items", readonly=True, aggregator=None)
    at_risk = fields.Monetary(
        readonly=True,
        help="What entered the bucket in these months, without credits and with what was written off before.",
    )
    own_rate = fields.Float(
        string="Own Roll Rate (%)", readonly=True, digits=(12, 4), aggregator=None, help="Before smoothing."
    )
    credibility = fields.Float(
        string="Weight of Own History (%)",
        readonly=True,
        digits=(12, 2),
        aggregator=None,
        help="The rest of the weight is that of all segments together.",
    )
    roll_rate = fields.Float(
        string="Roll Rate (%)",
        readonly=True,
        digits=(12, 4),
        aggregator=None,
        help="Into the next bucket, after smoothing; in the last one, what is lost.",
    )
    loss_rate = fields.Float(
        string="Loss Rate (%)",
        readonly=True,
        digits=(12, 4),
        aggregator=None,
        help="The roll rates from this bucket to the last, multiplied.",
    )
    is_guess = fields.Boolean(
        string="Without History", readonly=True, help="Nobody ever was in the bucket: all is taken as lost."
    )
