from odoo import api, models
from odoo.tools import SQL


class ArItemPause(models.AbstractModel):
    _inherit = "ar.item.pause"

    @api.model
    def _pause_parts(self, root, date):
        return [
            *super()._pause_parts(root, date),
            self._placement_parts(root, SQL("placement.state = 'placed'")),
        ]

    @api.model
    def _doubt_parts(self, root, date):
        placed = SQL(
            """placement.date_placed <= %(date)s
               AND (placement.state = 'placed' OR placement.date_end > %(date)s)""",
            date=date,
        )
        return [*super()._doubt_parts(root, date), self._placement_parts(root, placed)]

    @api.model
    def _placement_parts(self, root, condition):
        """Items that an agency or a lawyer collects: all of them, until it is closed or recalled.

        :param root: main companies
        :param condition: SQL on the alias ``placement``
        """
        return SQL(
            """
            SELECT line.move_id, partner.commercial_partner_id AS partner_id, line.date_maturity,
                   NULL::numeric AS amount_currency, 'placed'::varchar AS reason, NULL::date AS until
              FROM ar_placement placement
              JOIN ar_placement_line line ON line.placement_id = placement.id
              JOIN res_partner partner ON partner.id = line.partner_id
             WHERE placement.company_id = ANY(%s) AND %s AND line.move_id IS NOT NULL
            """,
            root.ids,
            condition,
        )
