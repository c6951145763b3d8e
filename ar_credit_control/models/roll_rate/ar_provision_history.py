from odoo import api, models
from odoo.tools import SQL


class ArProvisionHistory(models.AbstractModel):
    """How receivables rolled from one bucket into the next: the one definition of a roll rate.

    Every instalment enters a bucket on a day of its own and leaves it on another, unless it is paid before.
    Of the items that leave a bucket in a month::

        roll rate = (open when they leave + written off in the bucket)
                    / (open when they entered − credited in the bucket)

    What was written off counts as rolled; what was credited is a dilution, not a loss, and out of both. It
    is counted straight from journal items and their matchings, over the life of the items, so that it does
    not depend on when somebody looked.
    """

    _name = "ar.provision.history"
    _description = "History of Receivables by Bucket"

    @api.model
    def _cohort_sql(self, policy) -> SQL:
        """Return what became of receivables in each bucket of a policy, by the day on which they left it.

        Rows: ``bucket_id``, ``segment_id`` (0: everyone else), ``leaves_on`` (NULL in the last bucket),
        ``entered``, ``paid``, ``credited``, ``written_off`` (company currency, of the items that leave it on
        that day or would have). The first bucket is entered when an item is invoiced.
        """
        return SQL(
            """
            WITH item AS (%(items)s),
                 crossing AS (
                    SELECT basis_date, bucket.id AS bucket_id, bucket.number,
                           %(enters_on)s AS enters_on,
                           LEAD(%(enters_on)s) OVER (PARTITION BY basis_date ORDER BY bucket.number)
                               AS leaves_on
                      FROM (SELECT DISTINCT basis_date FROM item) basis
                CROSS JOIN unnest(%(bucket_ids)s::int[], %(ages)s::int[])
                           WITH ORDINALITY AS bucket (id, age_from, number)
                 ),
                 original AS (
                    SELECT basis_date, segment_id, SUM(amount) AS amount
                      FROM item
                  GROUP BY basis_date, segment_id
                 ),
                 settled AS (
                    SELECT item.basis_date, item.segment_id, part.max_date, %(kind)s AS kind,
                           SUM(part.amount) AS amount
                      FROM item
                      JOIN account_partial_reconcile part ON part.debit_move_id = item.id
                      JOIN account_move_line counterpart ON counterpart.id = part.credit_move_id
                      JOIN account_move move ON move.id = counterpart.move_id
                     WHERE counterpart.parent_state = 'posted'
                  GROUP BY item.basis_date, item.segment_id, part.max_date, %(kind)s
                 ),
                 in_bucket AS (
                    SELECT settled.basis_date, settled.segment_id, crossing.number,
                           SUM(amount) AS settled,
                           COALESCE(SUM(amount) FILTER (WHERE kind = 'credited'), 0) AS credited,
                           COALESCE(SUM(amount) FILTER (WHERE kind = 'written_off'), 0) AS written_off
                      FROM settled
                      JOIN crossing
                        ON crossing.basis_date = settled.basis_date
                       AND (crossing.number = 1 OR settled.max_date >= crossing.enters_on)
                       AND (crossing.leaves_on IS NULL OR settled.max_date < crossing.leaves_on)
                  GROUP BY settled.basis_date, settled.segment_id, crossing.number
                 )
            SELECT crossing.bucket_id,
                   original.segment_id,
                   crossing.leaves_on,
                   original.amount - COALESCE(SUM(in_bucket.settled) OVER earlier, 0) AS entered,
                   COALESCE(in_bucket.settled - in_bucket.credited - in_bucket.written_off, 0) AS paid,
                   COALESCE(in_bucket.credited, 0) AS credited,
                   COALESCE(in_bucket.written_off, 0) AS written_off
              FROM original
              JOIN crossing ON crossing.basis_date = original.basis_date
         LEFT JOIN in_bucket
                ON in_bucket.basis_date = original.basis_date
               AND in_bucket.segment_id = original.segment_id
               AND in_bucket.number = crossing.number
            WINDOW earlier AS (PARTITION BY original.basis_date, original.segment_id ORDER BY crossing.number
                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            """,
            items=self._items_sql(policy),
            bucket_ids=policy.bucket_ids.sorted("age_from").ids,
            ages=policy.bucket_ids.sorted("age_from").mapped("age_from"),
            enters_on=self._enters_on_sql(policy),
            kind=self._kind_sql(policy),
        )

    @api.model
    def _enters_on_sql(self, policy) -> SQL:
        """Return the day on which an item enters a bucket; see ``ar.provision.policy._get_first_days``."""
        if policy.age_unit == "day":
            return SQL("basis_date + bucket.age_from")
        return SQL(
            """CASE WHEN bucket.age_from = 0 THEN basis_date
                    ELSE (basis_date + make_interval(years => bucket.age_from))::date + 1 END"""
        )

    @api.model
    def _items_sql(self, policy) -> SQL:
        """Return every receivable that was ever booked: ``id``, ``basis_date``, ``segment_id``, ``amount``.

        Invoices and opening balances by instalment; receipts and credit notes settle them and are none.
        """
        valuation = self.env["ar.provision.valuation"]
        report = self.env["ar.aging.report"].with_context(ar_aging_by=policy.basis)
        return SQL(
            """
            SELECT item.id, %(basis)s AS basis_date, COALESCE(%(segment)s, 0) AS segment_id,
                   item.amount
              FROM (
                    SELECT line.id, line.move_id, line.date, line.balance AS amount,
                           COALESCE(line.date_maturity, line.date) AS date_maturity,
                           partner.commercial_partner_id AS partner_id
                      FROM account_move_line line
                      JOIN account_account account ON account.id = line.account_id
                      JOIN res_company company ON company.id = line.company_id
                 LEFT JOIN res_partner partner ON partner.id = line.partner_id
                     WHERE line.parent_state = 'posted'
                       AND line.balance > 0
                       AND account.account_type = 'asset_receivable'
                       AND split_part(company.parent_path, '/', 1)::int = %(root)s
                   ) item
              JOIN account_move move ON move.id = item.move_id
         LEFT JOIN res_partner partner ON partner.id = item.partner_id
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = item.partner_id AND profile.company_id = %(root)s
             WHERE move.move_type IN ('out_invoice', 'out_receipt', 'entry')
               AND move.origin_payment_id IS NULL
               AND move.statement_line_id IS NULL
               AND (item.partner_id IS NULL OR item.partner_id <> ALL (%(group)s::int[]))
            """,
            basis=report._basis_date_sql(),
            segment=policy.segment_ids._segment_sql(SQL.identifier("partner"), SQL.identifier("profile")),
            root=policy.company_id.id,
            group=valuation._get_group_partners(policy).ids,
        )

    @api.model
    def _kind_sql(self, policy) -> SQL:
        """Return how the alias ``counterpart`` (of the entry ``move``) settled an item: paid, credited or
        written_off, when its entry has a line on an account for losses or allowances."""
        return SQL(
            """CASE WHEN move.id = ANY (ARRAY(SELECT move_id FROM account_move_line
                                               WHERE parent_state = 'posted'
                                                 AND account_id = ANY (%s::int[])))
                    THEN 'written_off'
                    WHEN move.move_type = 'out_refund' THEN 'credited'
                    ELSE 'paid' END""",
            policy._get_loss_accounts().ids,
        )
