from odoo import api, models
from odoo.tools import SQL


class ArDunningSelection(models.AbstractModel):
    _inherit = "ar.dunning.selection"

    @api.model
    def _channel_sql(self):
        return SQL(
            "CASE WHEN stage.send_by = 'sms' AND %s THEN 'sms' ELSE %s END",
            self.env["ar.document.recipient"]._sms_number_sql(SQL("recipient.id")),
            super()._channel_sql(),
        )

    @api.model
    def _get_channel(self, stage, recipient, has_email, has_address):
        recipient.flush_recordset(["phone_sanitized"])
        self.env["phone.blacklist"].flush_model(["number", "active"])
        return super()._get_channel(stage, recipient, has_email, has_address)
