from odoo import fields, models


class ArDunningLetterLine(models.Model):
    _inherit = "ar.dunning.letter.line"

    fee = fields.Monetary(string="Fixed Sum", readonly=True, help="Fixed sum for late payment of the item.")
