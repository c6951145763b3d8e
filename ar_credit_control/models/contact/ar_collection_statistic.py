from odoo import fields, models
from odoo.tools import SQL

# Receipts so many days after a contact, and before the next one, are counted as collected by it.
COLLECTED_DAYS = 14


class ArCollectionStatistic(models.Model):
    """What collectors do and what comes of it: one row for each contact and attempt.

    A receipt counts for the last contact before it, once, by the dates of its matching. Amounts in company
    currency. What is not known yet is empty, so that averages are about what is known.
    """

    _name = "ar.collection.statistic"
    _description = "Collection Statistics"
    _auto = False
    _order = "day DESC, id DESC"
    _rec_name = "activity_id"
    _depends = {
        "account.move": ["origin_payment_id", "statement_line_id"],
        "account.move.line": ["move_id", "parent_state", "partner_id"],
        "account.partial.reconcile": ["amount", "credit_move_id", "max_date"],
        "ar.collection.activity": [
            "company_id",
            "corrects_id",
            "day",
            "kind",
            "minutes",
            "outcome_id",
            "partner_id",
            "promise_id",
            "reached",
            "reason_id",
            "user_id",
        ],
        "ar.payment.promise": ["amount", "currency_id", "date_given", "state"],
        "res.company": ["currency_id", "parent_path"],
        "res.partner": ["commercial_partner_id"],
    }

    activity_id = fields.Many2one("ar.collection.activity", string="Contact", readonly=True)
    user_id = fields.Many2one("res.users", string="Collector", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    day = fields.Date(readonly=True)
    kind = fields.Selection(
        selection=lambda self: (
            self.env["ar.collection.activity"]._fields["kind"]._description_selection(self.env)
        ),
        readonly=True,
    )
    outcome_id = fields.Many2one("ar.collection.outcome", readonly=True)
    reason_id = fields.Many2one("ar.collection.reason", string="Why Not Paid", readonly=True)
    count = fields.Integer(string="Contacts", readonly=True, help="Attempts included.")
    reached = fields.Integer(readonly=True, help="Contacts in which somebody was spoken with.")
    reached_rate = fields.Float(string="Reached (%)", readonly=True, aggregator="avg")
    promises = fields.Integer(readonly=True)
    promised = fields.Monetary(
        readonly=True, help="In company currency, at the rate of the day on which the promise was given."
    )
    kept = fields.Integer(string="Promises Kept", readonly=True)
    kept_rate = fields.Float(
        string="Kept (%)", readonly=True, aggregator="avg", help="Of the promises whose day has come."
    )
    collected = fields.Monetary(
        string="Collected After",
        readonly=True,
        help="Receipts matched within 14 days after the contact and before the next one.",
    )
    minutes = fields.Integer(readonly=True)

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            WITH contact AS MATERIALIZED (%(contacts)s),
                 receipt AS MATERIALIZED (%(receipts)s),
                 collected AS (
                      SELECT contact.id, SUM(receipt.amount) AS amount
                        FROM contact
                        JOIN receipt
                          ON receipt.partner_id = contact.debtor_id
                         AND receipt.company_id = contact.company_id
                         AND receipt.day >= contact.day
                         AND receipt.day < contact.until
                       WHERE contact.reached
                    GROUP BY contact.id
                 )
            SELECT contact.id,
                   contact.id AS activity_id,
                   contact.user_id,
                   contact.partner_id,
                   contact.company_id,
                   company.currency_id,
                   contact.day,
                   contact.kind,
                   contact.outcome_id,
                   contact.reason_id,
                   1 AS count,
                   CASE WHEN contact.reached THEN 1 ELSE 0 END AS reached,
                   CASE WHEN contact.reached THEN 100.0 ELSE 0.0 END AS reached_rate,
                   CASE WHEN promise.id IS NOT NULL THEN 1 ELSE 0 END AS promises,
                   ROUND(promise.amount * %(rate)s, currency.decimal_places) AS promised,
                   CASE WHEN promise.state = 'kept' THEN 1 ELSE 0 END AS kept,
                   CASE promise.state WHEN 'kept' THEN 100.0 WHEN 'partly' THEN 0.0 WHEN 'broken' THEN 0.0 END
                       AS kept_rate,
                   COALESCE(collected.amount, 0) AS collected,
                   contact.minutes
              FROM contact
              JOIN res_company company ON company.id = contact.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
         LEFT JOIN ar_payment_promise promise
                ON promise.id = contact.promise_id AND promise.state <> 'cancelled'
         LEFT JOIN collected ON collected.id = contact.id
            """,
            contacts=self._contacts_sql(),
            receipts=self._receipts_sql(),
            rate=self._rate_sql(),
        )

    def _contacts_sql(self) -> SQL:
        """Contacts that count, each with the day before which receipts count for it."""
        return SQL(
            """
            SELECT activity.*, customer.commercial_partner_id AS debtor_id,
                   LEAST(activity.day + %(days)s + 1,
                         LEAD(activity.day) OVER (
                             PARTITION BY customer.commercial_partner_id, activity.company_id,
                                          activity.reached
                                 ORDER BY activity.day, activity.date, activity.id
                         )) AS until
              FROM ar_collection_activity activity
              JOIN res_partner customer ON customer.id = activity.partner_id
             WHERE activity.kind <> 'note'
               AND NOT EXISTS (SELECT FROM ar_collection_activity correction
                                WHERE correction.corrects_id = activity.id)
            """,
            days=COLLECTED_DAYS,
        )

    def _receipts_sql(self) -> SQL:
        """Matched receipts of the customers that were contacted, by day; credit notes collect nothing."""
        return SQL(
            """
            SELECT debtor.commercial_partner_id AS partner_id,
                   split_part(company.parent_path, '/', 1)::int AS company_id,
                   part.max_date AS day,
                   SUM(part.amount) AS amount
              FROM (
                    SELECT debtor_id, MIN(day) AS day FROM contact WHERE reached GROUP BY debtor_id
                   ) contacted
              JOIN res_partner debtor ON debtor.commercial_partner_id = contacted.debtor_id
              JOIN account_move_line line ON line.partner_id = debtor.id
              JOIN account_account account
                ON account.id = line.account_id AND account.account_type = 'asset_receivable'
              JOIN account_move move ON move.id = line.move_id
              JOIN account_partial_reconcile part
                ON part.credit_move_id = line.id AND part.max_date >= contacted.day
              JOIN res_company company ON company.id = line.company_id
             WHERE line.parent_state = 'posted'
               AND line.balance < 0
               AND (move.origin_payment_id IS NOT NULL OR move.statement_line_id IS NOT NULL)
          GROUP BY debtor.commercial_partner_id, split_part(company.parent_path, '/', 1)::int, part.max_date
            """
        )

    def _rate_sql(self) -> SQL:
        """Return the rate of the promise's currency to that of the company, of the day it was given."""
        return SQL(
            """CASE WHEN promise.currency_id = company.currency_id THEN 1
                    ELSE COALESCE(%(own)s, 1) / COALESCE(%(foreign)s, 1)
               END""",
            own=self._rate_of_sql(SQL.identifier("company", "currency_id")),
            foreign=self._rate_of_sql(SQL.identifier("promise", "currency_id")),
        )

    def _rate_of_sql(self, currency) -> SQL:
        """Return Odoo's rate of a currency on the day the promise was given: the last one, else the first."""
        return SQL(
            """(SELECT rate.rate
                  FROM res_currency_rate rate
                 WHERE rate.currency_id = %s
                   AND (rate.company_id = company.id OR rate.company_id IS NULL)
              ORDER BY rate.company_id,
                       rate.name > promise.date_given,
                       ABS(promise.date_given - rate.name)
                 LIMIT 1)""",
            currency,
        )
