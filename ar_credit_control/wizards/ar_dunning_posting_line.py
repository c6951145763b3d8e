from odoo import fields, models


class ArDunningPostingLine(models.TransientModel):
    """A letter in the form that says how it was posted."""

    _name = "ar.dunning.posting.line"
    _description = "Letter to Mark as Posted"

    posting_id = fields.Many2one("ar.dunning.posting", required=True, ondelete="cascade")
    letter_id = fields.Many2one("ar.dunning.letter", required=True, readonly=True, ondelete="cascade")
    partner_name = fields.Char(related="letter_id.partner_name")
    waybill = fields.Char(string="Waybill Number")
