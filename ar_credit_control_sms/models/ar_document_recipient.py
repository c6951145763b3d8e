from odoo import api, models
from odoo.tools import SQL

# Digits of the shortest numbers there are, with the code of their country.
SHORTEST_NUMBER = 7


class ArDocumentRecipient(models.AbstractModel):
    """By SMS whoever has a number for it comes before those who have not; these are reached as by mail."""

    _inherit = "ar.document.recipient"

    @api.model
    def _reach_sql(self, way) -> SQL:
        return SQL(
            """CASE WHEN %(way)s = 'sms'
                    THEN CASE WHEN %(number)s THEN 0 WHEN has_email THEN 1 WHEN has_address THEN 2 ELSE 3 END
                    ELSE %(other)s END""",
            way=way,
            number=self._sms_number_sql(SQL("candidate.id")),
            other=super()._reach_sql(way),
        )

    @api.model
    def _sms_number_sql(self, contact) -> SQL:
        """Return whether a contact may get an SMS: a number that can be dialled and is not on the blacklist.

        :param contact: SQL of the id of a partner
        """
        return SQL(
            r"""EXISTS (
                   SELECT FROM res_partner reached
                    WHERE reached.id = %s
                      AND LENGTH(REGEXP_REPLACE(reached.phone_sanitized, '\D', '', 'g')) >= %s
                      AND NOT EXISTS (
                          SELECT FROM phone_blacklist refused
                           WHERE refused.number = reached.phone_sanitized AND refused.active))""",
            contact,
            SHORTEST_NUMBER,
        )
