from odoo import fields, models


class AccountJournal(models.Model):
    _inherit = "account.journal"

    credit_bills = fields.Boolean(
        string="Bills of Exchange",
        groups="base.group_user",
        help="Payments of customers in this journal are bills of exchange: they offer to register the bill.",
    )
