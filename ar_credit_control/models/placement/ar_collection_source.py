from odoo import api, models
from odoo.tools import SQL


class ArCollectionSource(models.AbstractModel):
    """Disputes and placements in the timeline of a customer."""

    _inherit = "ar.collection.source"

    @api.model
    def _event_parts(self):
        return [*super()._event_parts(), self._dispute_event_sql(), self._placement_event_sql()]

    @api.model
    def _dispute_event_sql(self):
        """Disputes, on the day they were raised."""
        return SQL(
            """
            SELECT dispute.partner_id, dispute.company_id,
                   dispute.date::timestamp AS date,
                   'dispute'::varchar AS kind,
                   dispute.owner_id AS user_id,
                   dispute.name AS title,
                   dispute.description AS text,
                   dispute.amount,
                   dispute.currency_id,
                   'ar.dispute'::varchar AS res_model,
                   dispute.id AS res_id
              FROM ar_dispute dispute
            """
        )

    @api.model
    def _placement_event_sql(self):
        """Placements, on the day of the hand-over."""
        return SQL(
            """
            SELECT placement.partner_id, placement.company_id,
                   placement.date_placed::timestamp AS date,
                   'placement'::varchar AS kind,
                   placement.user_id,
                   placement.name AS title,
                   agent.name AS text,
                   placement.amount_placed AS amount,
                   company.currency_id,
                   'ar.placement'::varchar AS res_model,
                   placement.id AS res_id
              FROM ar_placement placement
              JOIN res_company company ON company.id = placement.company_id
         LEFT JOIN res_partner agent ON agent.id = placement.agent_id
             WHERE placement.date_placed IS NOT NULL
            """
        )
