from odoo import api, models
from odoo.tools import SQL


class ArItemPause(models.AbstractModel):
    """What is promised is not asked for until the promised date and its tolerance days are over."""

    _inherit = "ar.item.pause"

    @api.model
    def _pause_parts(self, root, date):
        return [*super()._pause_parts(root, date), self._promised_sql(root, date)]

    @api.model
    def _promised_sql(self, root, date) -> SQL:
        return SQL(
            """
            SELECT line.move_id, line.partner_id, line.date_maturity,
                   GREATEST(line.amount - COALESCE(line.amount_paid, 0), 0) AS amount_currency,
                   'promised' AS reason,
                   promise.deadline AS until
              FROM ar_payment_promise promise
              JOIN ar_payment_promise_line line ON line.promise_id = promise.id
             WHERE promise.state = 'open'
               AND promise.company_id = ANY(%(roots)s)
               AND promise.deadline >= %(date)s
               AND line.amount > COALESCE(line.amount_paid, 0)
            """,
            roots=root.ids,
            date=date,
        )
