from odoo import api, models
from odoo.tools import SQL


class ArPlacement(models.Model):
    """What an agency collects of items that were written off meanwhile is recovered all the same."""

    _inherit = "ar.placement"

    @api.model
    def _claim_sql(self):
        return SQL(
            """
            %s
         UNION ALL
            SELECT recovery.claim_line_id AS id
              FROM ar_writeoff_line lost
              JOIN ar_writeoff_recovery recovery ON recovery.line_id = lost.id
             WHERE lost.move_id = line.move_id
               AND lost.date_maturity = line.date_maturity
               AND recovery.is_cancelled IS NOT TRUE
            """,
            super()._claim_sql(),
        )
