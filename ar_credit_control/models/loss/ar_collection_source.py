from odoo import api, models
from odoo.tools import SQL


class ArCollectionSource(models.AbstractModel):
    """Write-offs in the timeline of a customer, told from other entries."""

    _inherit = "ar.collection.source"

    @api.model
    def _receipt_event_sql(self):
        return SQL(
            """
            SELECT event.partner_id, event.company_id, event.date,
                   CASE WHEN event.kind = 'entry' AND %s THEN 'writeoff' ELSE event.kind END AS kind,
                   event.user_id, event.title, event.text, event.amount, event.currency_id,
                   event.res_model, event.res_id
              FROM (%s) event
            """,
            self.env["ar.item.loss"]._is_loss_sql(SQL("event.res_id")),
            super()._receipt_event_sql(),
        )
