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
        return self._follow_customers_sql(self._pause_parts(root, date))

    @api.model
    def _doubt_sql(self, root, date):
        """Return what was disputed or with an agency or lawyer at the end of a day, also of a past one.

        Rows as :meth:`_pause_sql` gives them, as far as the days on which it began and ended are on record.
        What is asked for today is not told from it: that is :meth:`_pause_sql`.
        """
        return self._follow_customers_sql(self._doubt_parts(root, date))

    @api.model
    def _follow_customers_sql(self, parts):
        """Return the rows of statements by the commercial entity, by which items are known.

        Who was agreed with may belong to another customer since.
        """
        return SQL(
            """
            SELECT part.move_id, debtor.commercial_partner_id AS partner_id, part.date_maturity,
                   part.amount_currency, part.reason, part.until
              FROM (%s) part
              JOIN res_partner debtor ON debtor.id = part.partner_id
            """,
            SQL(" UNION ALL ").join(parts),
        )

    @api.model
    def _get_paused(self, items, root, date, reasons=None):
        """Return how much of items is not asked for: {item id: amount in the currency of the item}.

        :param items: rows of ``ar.aging.report`` of one root company
        :param reasons: only pauses of these reasons; None: all
        """
        if not items:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT item.id, SUM(LEAST(COALESCE(pause.amount_currency, item.amount), item.amount))
                  FROM unnest(%(ids)s::int[], %(moves)s::int[], %(partners)s::int[], %(dates)s::date[],
                              %(amounts)s::numeric[]) AS item (id, move_id, partner_id, date_maturity, amount)
                  JOIN (%(pauses)s) pause
                    ON pause.move_id = item.move_id
                   AND pause.partner_id = item.partner_id
                   AND pause.date_maturity = item.date_maturity
                 WHERE %(all)s OR pause.reason = ANY(%(reasons)s)
              GROUP BY item.id
                """,
                all=reasons is None,
                reasons=list(reasons or ()),
                ids=items.ids,
                moves=[item.move_id.id for item in items],
                partners=[item.partner_id.id for item in items],
                dates=[item.date_maturity for item in items],
                amounts=[item.amount_currency for item in items],
                pauses=self._pause_sql(root, date),
            )
        )
        return {item_id: float(amount) for item_id, amount in rows}

    @api.model
    def _pause_parts(self, root, date):
        """Return a list of statements, each with the columns of :meth:`_pause_sql`; rooms add theirs."""
        return [self._nothing_sql()]

    @api.model
    def _doubt_parts(self, root, date):
        """Return a list of statements, each with the columns of :meth:`_doubt_sql`; rooms add theirs."""
        return [self._nothing_sql()]

    @api.model
    def _nothing_sql(self):
        return SQL(
            """SELECT NULL::int AS move_id, NULL::int AS partner_id, NULL::date AS date_maturity,
                      NULL::numeric AS amount_currency, NULL::varchar AS reason, NULL::date AS until
                WHERE FALSE"""
        )
