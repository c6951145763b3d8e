from odoo import api, models
from odoo.tools import SQL

from .ar_dunning_left_out import PAUSE_STRENGTH


class ArItemPause(models.AbstractModel):
    """Adds the items that a person excluded, and sums up what pauses an instalment."""

    _inherit = "ar.item.pause"

    @api.model
    def _pause_parts(self, root, date):
        return [
            *super()._pause_parts(root, date),
            self.env["ar.dunning.exclusion"]._pause_part_sql(root, date),
        ]

    @api.model
    def _pause_totals_sql(self, roots, date):
        """Return one row per paused instalment of root companies, from :meth:`_pause_sql`.

        Columns: ``move_id``, ``partner_id``, ``date_maturity``, ``amount_currency`` (NULL: all of it),
        ``reason`` (the strongest), ``until`` (the last of the days; NULL when one of them has no end),
        ``amount_disputed`` (NULL: all, when ``is_disputed``) and ``is_disputed``.
        """
        return SQL(
            """
            SELECT move_id,
                   partner_id,
                   date_maturity,
                   CASE WHEN bool_or(amount_currency IS NULL) THEN NULL
                        ELSE SUM(amount_currency) END AS amount_currency,
                   (ARRAY_AGG(reason ORDER BY array_position(%(strength)s::varchar[], reason)))[1] AS reason,
                   CASE WHEN bool_or(until IS NULL) THEN NULL ELSE MAX(until) END AS until,
                   CASE WHEN bool_or(reason = 'disputed' AND amount_currency IS NULL) THEN NULL
                        ELSE SUM(amount_currency) FILTER (WHERE reason = 'disputed') END AS amount_disputed,
                   bool_or(reason = 'disputed') AS is_disputed
              FROM (%(pauses)s) pause
             WHERE move_id IS NOT NULL AND (amount_currency IS NULL OR amount_currency > 0)
          GROUP BY move_id, partner_id, date_maturity
            """,
            strength=list(PAUSE_STRENGTH),
            pauses=SQL(" UNION ALL ").join(
                # Without companies: the part that has no rows.
                [self._pause_sql(root, date) for root in roots] or super()._pause_parts(roots, date)
            ),
        )
