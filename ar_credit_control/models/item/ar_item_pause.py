from odoo import api, models
from odoo.tools import SQL


class ArItemPause(models.AbstractModel):
    """What is not asked for at the moment, and why: the one definition for letters, holds and the ageing.

    A dispute, a promise, a plan each add their rows. They take nothing off what the customer owes.
    """

    _name = "ar.item.pause"
    _description = "Paused Items"

    @api.model
    def _pause_sql(self, root, date):
        """Return the statement of all that pauses instalments of a company and its branches on a day.

        Rows: ``move_id``, ``partner_id`` (commercial entity), ``date_maturity``, ``amount_currency`` (paused
        part in the currency of the entry; NULL: all of it), ``reason`` (a key of the reasons why an item is
        left out), ``until`` (last day of the pause; NULL: until something ends it). An instalment may have
        several rows.

        :param root: ``res.company`` without parent, one or several of them
        :param date: the day that is judged
        """
        return SQL(" UNION ALL ").join(self._pause_parts(root, date))

    @api.model
    def _pause_parts(self, root, date):
        """Return a list of statements, each with the columns of :meth:`_pause_sql`; rooms add theirs."""
        return [
            SQL(
                """SELECT NULL::int AS move_id, NULL::int AS partner_id, NULL::date AS date_maturity,
                          NULL::numeric AS amount_currency, NULL::varchar AS reason, NULL::date AS until
                    WHERE FALSE"""
            )
        ]
