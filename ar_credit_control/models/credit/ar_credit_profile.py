from odoo import fields, models


class ArCreditProfile(models.Model):
    """Credit terms of one commercial partner with one root company; owner of the credit limit."""

    _name = "ar.credit.profile"
    _description = "Credit Profile"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, ondelete="restrict", readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    rating_id = fields.Many2one("ar.credit.rating", tracking=True, ondelete="restrict")
    limit_set = fields.Boolean(
        string="Limit Decided",
        tracking=True,
        help="Not set: nobody decided a limit yet. Set with a limit of zero: no credit.",
    )
    limit = fields.Monetary(string="Credit Limit", tracking=True)
    collector_id = fields.Many2one("res.users", tracking=True)
    hold_override = fields.Selection(
        [("block", "Always hold"), ("pass", "Never hold")],
        string="Hold",
        tracking=True,
        help="Empty: the credit rules decide. Always hold: every order waits for a person. "
        "Never hold: orders pass whatever the figures say.",
    )
    active = fields.Boolean(default=True)

    _partner_company_uniq = models.Constraint(
        "UNIQUE (partner_id, company_id)", "A customer has one credit profile in each company."
    )
