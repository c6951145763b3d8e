from odoo import api, models
from odoo.tools import SQL


class ArCollectionSource(models.AbstractModel):
    _inherit = "ar.collection.source"

    @api.model
    def _letter_text_sql(self):
        """Of a letter by SMS show what it said, too: the customer has no more in hand."""
        return SQL(
            "%s || CASE WHEN letter.channel = 'sms' THEN COALESCE(': ' || letter.sms_body, '') ELSE '' END",
            super()._letter_text_sql(),
        )
