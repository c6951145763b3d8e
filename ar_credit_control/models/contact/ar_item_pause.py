from odoo import api, models
from odoo.tools import SQL


class ArItemPause(models.AbstractModel):
    """What the customer says is paid is not asked for while the cash desk looks for it."""

    _inherit = "ar.item.pause"

    @api.model
    def _pause_parts(self, root, date):
        return [*super()._pause_parts(root, date), self._says_paid_sql(root, date)]

    @api.model
    def _says_paid_sql(self, root, date) -> SQL:
        return SQL(
            """
            SELECT item.move_id, item.partner_id, item.date_maturity,
                   NULL::numeric AS amount_currency,
                   'says_paid' AS reason,
                   activity.paused_until AS until
              FROM ar_collection_activity activity
              JOIN ar_collection_activity_item item ON item.activity_id = activity.id
             WHERE item.pauses
               AND item.move_id IS NOT NULL
               AND activity.company_id = ANY(%(roots)s)
               AND activity.paused_until >= %(date)s
               AND NOT EXISTS (SELECT FROM ar_collection_activity correction
                                WHERE correction.corrects_id = activity.id)
            """,
            roots=root.ids,
            date=date,
        )
