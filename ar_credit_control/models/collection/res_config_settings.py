from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_active = fields.Boolean(related="company_id.root_id.collection_active", readonly=False)
    collection_contact_days = fields.Integer(
        related="company_id.root_id.collection_contact_days", readonly=False
    )
    collection_quiet_days = fields.Integer(related="company_id.root_id.collection_quiet_days", readonly=False)
    collection_reopen_days = fields.Integer(
        related="company_id.root_id.collection_reopen_days", readonly=False
    )
