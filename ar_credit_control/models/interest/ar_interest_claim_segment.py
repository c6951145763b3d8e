from odoo import fields, models


class ArInterestClaimSegment(models.Model):
    """Days of a claim with one principal and one rate, kept as they were claimed.

    A negative principal takes back what a payment dated back makes too much.
    """

    _name = "ar.interest.claim.segment"
    _description = "Segment of a Late Interest Claim"
    _order = "claim_id, date_from, id"
    _log_access = False
    _rec_name = "date_from"

    claim_id = fields.Many2one(
        "ar.interest.claim", required=True, index=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="claim_id.currency_id")
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(string="To", required=True, readonly=True)
    days = fields.Integer(readonly=True, aggregator=False)
    principal = fields.Monetary(readonly=True, aggregator=False)
    rate = fields.Float(
        string="Rate (%)", digits=(9, 4), readonly=True, aggregator=False, help="Percent a year."
    )
    amount = fields.Float(string="Interest", digits=(16, 4), readonly=True)
