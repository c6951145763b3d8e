from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    writeoff_account_id = fields.Many2one(related="company_id.root_id.writeoff_account_id", readonly=False)
    writeoff_journal_id = fields.Many2one(related="company_id.root_id.writeoff_journal_id", readonly=False)
    writeoff_tax = fields.Selection(related="company_id.root_id.writeoff_tax", readonly=False)
    writeoff_statement = fields.Selection(related="company_id.root_id.writeoff_statement", readonly=False)
