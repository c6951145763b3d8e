from odoo import api, models
from odoo.tools import SQL


class ArCollectionSource(models.AbstractModel):
    """Contacts that people logged, on the worklist and in the timeline of a customer."""

    _inherit = "ar.collection.source"

    @api.model
    def _contact_parts(self):
        return [*super()._contact_parts(), self._logged_contact_sql()]

    @api.model
    def _event_parts(self):
        return [*super()._event_parts(), self._attempt_event_sql()]

    @api.model
    def _logged_contact_sql(self):
        """Contacts in which somebody was reached, without those that were corrected."""
        return SQL(
            """
            SELECT activity.partner_id,
                   activity.company_id,
                   activity.date,
                   activity.kind,
                   TRUE AS personal,
                   activity.user_id,
                   activity.contact_name AS title,
                   %(text)s AS text,
                   %(reason)s AS reason,
                   'ar.collection.activity'::varchar AS res_model,
                   activity.id AS res_id
              FROM ar_collection_activity activity
         LEFT JOIN ar_collection_outcome outcome ON outcome.id = activity.outcome_id
         LEFT JOIN ar_collection_reason reason ON reason.id = activity.reason_id
             WHERE activity.reached AND %(valid)s
            """,
            text=self._activity_text_sql(),
            reason=self._translated_sql(SQL.identifier("reason", "name")),
            valid=self._valid_activity_sql(),
        )

    @api.model
    def _attempt_event_sql(self):
        """Attempts in which nobody was reached, and notes: in the timeline only, no contact."""
        return SQL(
            """
            SELECT activity.partner_id,
                   activity.company_id,
                   activity.date,
                   activity.kind,
                   activity.user_id,
                   activity.contact_name AS title,
                   %(text)s AS text,
                   NULL::numeric AS amount,
                   NULL::int AS currency_id,
                   'ar.collection.activity'::varchar AS res_model,
                   activity.id AS res_id
              FROM ar_collection_activity activity
         LEFT JOIN ar_collection_outcome outcome ON outcome.id = activity.outcome_id
             WHERE activity.reached IS NOT TRUE AND %(valid)s
            """,
            text=self._activity_text_sql(),
            valid=self._valid_activity_sql(),
        )

    @api.model
    def _valid_activity_sql(self):
        return SQL(
            """NOT EXISTS (SELECT FROM ar_collection_activity correction
                            WHERE correction.corrects_id = activity.id)"""
        )

    @api.model
    def _activity_text_sql(self):
        """Return what was said; the outcome goes before it where no reason tells more."""
        return SQL(
            """CONCAT_WS(' · ',
                         CASE WHEN activity.reason_id IS NULL OR COALESCE(activity.note, '') = '' THEN %s END,
                         NULLIF(activity.note, ''))""",
            self._translated_sql(SQL.identifier("outcome", "name")),
        )

    @api.model
    def _translated_sql(self, column):
        """Return a translated column in the language of the user."""
        lang = self.env.lang or "en_US"
        return SQL("COALESCE(%(column)s ->> %(lang)s, %(column)s ->> 'en_US')", column=column, lang=lang)
