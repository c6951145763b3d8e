from odoo import fields, models


class ArDunningPreview(models.Model):
    _inherit = "ar.dunning.preview"
    _depends = {
        "res.partner": ["phone_sanitized"],
        "phone.blacklist": ["active", "number"],
    }

    channel = fields.Selection(selection_add=[("sms", "SMS")])
