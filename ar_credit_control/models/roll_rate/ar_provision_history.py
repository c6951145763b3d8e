from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

# Accounts of a policy that losses are booked on: income from releases and recoveries is no loss.
LOSS_KINDS = ("allowance", "expense", "loss")


class ArProvisionHistory(models.AbstractModel):
    """How receivables rolled from one bucket into the next: the one definition of a roll rate.

    Every instalment enters a bucket on a day of its own and leaves it on another, unless it is paid before.
    Of the items that leave a bucket in a month::

        roll rate = (open when they leave + written off until then)
                    / (open when they entered + written off before − credited in the bucket)

    What was written off counts as rolled, in its bucket and in all later ones: it is lost whatever becomes
    of the rest. What was credited is a dilution, not a loss, and out of both. It is counted straight from
    journal items and their matchings, over the life of the items, so that it does not depend on when
    somebody looked. An item counts in the buckets that it entered while it was in the ledger: balances that
    were taken over as overdue are those that nobody had paid, and say nothing about how many rolled before.
    """

    _name = "ar.provision.history"
    _description = "History of Receivables by Bucket"

    @api.model
    def _cohort_sql(self, policy, date_from, date_to) -> SQL:
        """Return what became of receivables in each bucket of a policy, by the day that decides the month.

        Rows: ``bucket_id``, ``segment_id`` (0: everyone else), ``counted_on`` (when the items leave the
        bucket, or would have; when they enter the last one), and in company currency ``entered``,
        ``lost_before`` (written off before they entered), ``paid``, ``credited``, ``written_off``. The first
        bucket is entered when an item is booked; of the last, what happened until ``date_to`` counts.

        :param date_from: first day of ``counted_on``
        :param date_to: last day of ``counted_on``; nothing later is looked at
        """
        buckets = policy.bucket_ids.sorted("age_from")
        return SQL(
            """
            WITH item AS MATERIALIZED (%(items)s),
                 loss AS MATERIALIZED (%(losses)s),
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
                    SELECT basis_date, booked_on, segment_id, SUM(amount) AS amount
                      FROM item
                  GROUP BY basis_date, booked_on, segment_id
                 ),
                 settled AS (
                    SELECT item.basis_date, item.booked_on, item.segment_id, part.max_date,
                           SUM(part.amount) AS settled,
                           SUM(part.amount * COALESCE(loss.share, 0)) AS written_off,
                           SUM(part.amount * (1 - COALESCE(loss.share, 0))) FILTER (WHERE %(credited)s)
                               AS credited
                      FROM item
                      JOIN account_partial_reconcile part ON part.debit_move_id = item.id
                      JOIN account_move_line counterpart ON counterpart.id = part.credit_move_id
                      JOIN account_move move ON move.id = counterpart.move_id
                 LEFT JOIN loss ON loss.move_id = move.id
                     WHERE counterpart.parent_state = 'posted' AND part.max_date <= %(date_to)s
                  GROUP BY item.basis_date, item.booked_on, item.segment_id, part.max_date
                 ),
                 in_bucket AS (
                    SELECT settled.basis_date, settled.booked_on, settled.segment_id, crossing.number,
                           SUM(settled) AS settled,
                           SUM(written_off) AS written_off,
                           COALESCE(SUM(credited), 0) AS credited
                      FROM settled
                      JOIN crossing
                        ON crossing.basis_date = settled.basis_date
                       AND (crossing.number = 1 OR settled.max_date >= crossing.enters_on)
                       AND (crossing.leaves_on IS NULL OR settled.max_date < crossing.leaves_on)
                  GROUP BY settled.basis_date, settled.booked_on, settled.segment_id, crossing.number
                 ),
                 life AS (
                    SELECT crossing.bucket_id,
                           original.segment_id,
                           COALESCE(crossing.leaves_on, crossing.enters_on) AS counted_on,
                           CASE WHEN crossing.number = 1
                                THEN crossing.leaves_on IS NULL OR original.booked_on < crossing.leaves_on
                                ELSE original.booked_on <= crossing.enters_on END AS was_there,
                           original.amount - COALESCE(SUM(in_bucket.settled) OVER earlier, 0) AS entered,
                           COALESCE(SUM(in_bucket.written_off) OVER earlier, 0) AS lost_before,
                           COALESCE(in_bucket.settled - in_bucket.credited - in_bucket.written_off, 0)
                               AS paid,
                           COALESCE(in_bucket.credited, 0) AS credited,
                           COALESCE(in_bucket.written_off, 0) AS written_off
                      FROM original
                      JOIN crossing ON crossing.basis_date = original.basis_date
                 LEFT JOIN in_bucket
                        ON in_bucket.basis_date = original.basis_date
                       AND in_bucket.booked_on = original.booked_on
                       AND in_bucket.segment_id = original.segment_id
                       AND in_bucket.number = crossing.number
                    WINDOW earlier AS (PARTITION BY original.basis_date, original.booked_on,
                                                    original.segment_id
                                           ORDER BY crossing.number
                                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                 )
            SELECT bucket_id, segment_id, counted_on, entered, lost_before, paid, credited, written_off
              FROM life
             WHERE was_there AND counted_on BETWEEN %(date_from)s AND %(date_to)s
            """,
            items=self._items_sql(policy, *self._get_basis_range(policy, date_from, date_to)),
            losses=self._losses_sql(policy),
            credited=self._credited_sql(SQL("item")),
            bucket_ids=buckets.ids,
            ages=buckets.mapped("age_from"),
            enters_on=self._enters_on_sql(policy),
            date_from=date_from,
            date_to=date_to,
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
    def _get_basis_range(self, policy, date_from, date_to):
        """Return the basis dates of the items that cross into any bucket between two days, or a bit more."""
        ages = policy.bucket_ids.sorted("age_from").mapped("age_from")[1:] or [0]
        unit = "days" if policy.age_unit == "day" else "years"
        return (
            date_from - relativedelta(**{unit: max(ages)}) - relativedelta(days=2),
            date_to - relativedelta(**{unit: min(ages)}) + relativedelta(days=2),
        )

    @api.model
    def _items_sql(self, policy, basis_from, basis_to) -> SQL:
        """Return receivables by their basis date: ``id``, ``move_id``, ``basis_date``, ``booked_on``,
        ``segment_id``, ``amount`` (company currency).

        Invoices and opening balances by instalment. Receipts and credit notes settle them and are none;
        neither are exchange differences, nor entries that take a loss back for money that came after all.
        An item is in the segment of its customer's rating when it was booked; of tags and countries nobody
        keeps a record: they are today's.
        """
        valuation = self.env["ar.provision.valuation"]
        report = self.env["ar.aging.report"].with_context(ar_aging_by=policy.basis)
        return SQL(
            """
            SELECT item.id, item.move_id, %(basis)s AS basis_date,
                   %(booked_on)s AS booked_on,
                   COALESCE(%(segment)s, 0) AS segment_id,
                   item.amount
              FROM (
                    SELECT line.id, line.move_id, line.date, line.balance AS amount,
                           COALESCE(line.date_maturity, line.date) AS date_maturity,
                           partner.commercial_partner_id AS partner_id
                      FROM account_move_line line
                 LEFT JOIN res_partner partner ON partner.id = line.partner_id
                     WHERE line.parent_state = 'posted'
                       AND line.balance > 0
                       AND line.account_id = ANY (%(receivable)s)
                       AND line.company_id = ANY (%(companies)s)
                   ) item
              JOIN account_move move ON move.id = item.move_id
         LEFT JOIN res_partner partner ON partner.id = item.partner_id
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = item.partner_id AND profile.company_id = %(root)s
         LEFT JOIN (%(grades)s) grade
                ON grade.profile_id = profile.id
               AND %(booked_on)s >= grade.date_from AND %(booked_on)s < grade.date_to
             WHERE (move.move_type IN ('out_invoice', 'out_receipt')
                    OR move.move_type = 'entry'
                       AND move.origin_payment_id IS NULL
                       AND move.statement_line_id IS NULL
                       AND move.journal_id <> ALL (%(exchange_journals)s)
                       AND move.id <> ALL (ARRAY(%(recoveries)s)))
               AND %(basis)s >= %(basis_from)s
               AND %(basis_to)s::date - %(basis)s >= 0
               AND (item.partner_id IS NULL OR item.partner_id <> ALL (%(group)s::int[]))
            """,
            basis=report._basis_date_sql(),
            booked_on=SQL("GREATEST(item.date, %s)", report._basis_date_sql()),
            segment=policy.segment_ids._segment_sql(SQL.identifier("partner"), SQL.identifier("grade")),
            grades=self._grades_sql(policy),
            # As arrays, and with the last day as a difference, PostgreSQL does not guess that items are few.
            receivable=SQL("ARRAY(SELECT id FROM account_account WHERE account_type = 'asset_receivable')"),
            companies=SQL(
                """ARRAY(SELECT id FROM res_company
                          WHERE split_part(parent_path, '/', 1)::int = %s)""",
                policy.company_id.id,
            ),
            root=policy.company_id.id,
            exchange_journals=self.env["ar.credit.behaviour"]._exchange_journals_sql(),
            recoveries=self._recoveries_sql(policy),
            basis_from=basis_from,
            basis_to=basis_to,
            group=valuation._get_group_partners(policy).ids,
        )

    @api.model
    def _grades_sql(self, policy) -> SQL:
        """Return the ratings of customers by day: ``profile_id``, ``rating_id``, ``date_from``, ``date_to``
        (excluded); today's where no decision is on record, none where no segment asks for ratings."""
        if not policy.segment_ids.rating_ids:
            return SQL(
                """SELECT NULL::int AS profile_id, NULL::int AS rating_id,
                          NULL::date AS date_from, NULL::date AS date_to WHERE FALSE"""
            )
        return SQL(
            """
            WITH decided (profile_id, rating_id, date_from, date_to) AS (%s)
            SELECT profile_id, rating_id, date_from, date_to
              FROM decided
         UNION ALL
            SELECT id, rating_id, '-infinity', 'infinity'
              FROM ar_credit_profile
             WHERE company_id = %s AND id NOT IN (SELECT profile_id FROM decided)
            """,
            self.env["ar.credit.review"]._ratings_sql(policy.company_id),
            policy.company_id.id,
        )

    # ------------------------------------------------------------------
    # How an item ended
    # ------------------------------------------------------------------

    @api.model
    def _losses_sql(self, policy) -> SQL:
        """Return which entries write receivables off: ``move_id``, ``share`` of what they settle.

        An entry with a line on an account for losses or allowances writes off all that it settles, tax
        that is taken back included. Of a receipt or credit note with such a line, its amount only.
        """
        return SQL(
            """
            SELECT move_id,
                   CASE WHEN is_receipt THEN LEAST(lost / NULLIF(settled, 0), 1) ELSE 1 END AS share
              FROM (
                    SELECT line.move_id,
                           move.move_type != 'entry' OR move.origin_payment_id IS NOT NULL
                               OR move.statement_line_id IS NOT NULL AS is_receipt,
                           SUM(line.balance) FILTER (WHERE line.account_id = ANY (%(accounts)s::int[]))
                               AS lost,
                           -SUM(line.balance) FILTER (WHERE account.account_type = 'asset_receivable')
                               AS settled
                      FROM account_move_line line
                      JOIN account_move move ON move.id = line.move_id
                      JOIN account_account account ON account.id = line.account_id
                     WHERE line.parent_state = 'posted'
                       AND line.move_id IN (SELECT move_id FROM account_move_line
                                             WHERE account_id = ANY (%(accounts)s::int[]))
                  GROUP BY line.move_id, is_receipt
                   ) entry
             WHERE lost > 0 AND settled > 0
            """,
            accounts=self._get_accounts(policy, LOSS_KINDS),
        )

    @api.model
    def _recoveries_sql(self, policy) -> SQL:
        """Return ``move_id`` of the entries that charge a customer again for what was written off: mostly
        against accounts for losses, allowances or recoveries. They are no new receivables."""
        return SQL(
            """
            SELECT line.move_id
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
             WHERE line.parent_state = 'posted'
               AND line.move_id IN (SELECT move_id FROM account_move_line
                                     WHERE account_id = ANY (%(accounts)s::int[]))
          GROUP BY line.move_id
            HAVING -2 * SUM(line.balance) FILTER (WHERE line.account_id = ANY (%(accounts)s::int[]))
                   > SUM(line.balance) FILTER (WHERE account.account_type = 'asset_receivable')
               AND SUM(line.balance) FILTER (WHERE account.account_type = 'asset_receivable') > 0
            """,
            accounts=self._get_accounts(policy, (*LOSS_KINDS, "recovery")),
        )

    @api.model
    def _credited_sql(self, item: SQL) -> SQL:
        """Return whether the entry ``move`` reduces an item without being paid or lost: a credit note, the
        reversal of its own entry, an exchange difference."""
        return SQL(
            """(move.move_type = 'out_refund' OR move.reversed_entry_id = %s.move_id
                OR move.journal_id = ANY (%s))""",
            item,
            self.env["ar.credit.behaviour"]._exchange_journals_sql(),
        )

    @api.model
    def _get_accounts(self, policy, kinds):
        """Return the ids of the accounts of these kinds that the company has, or had under another policy."""
        accounts = self.env["ar.item.loss"]._accounts_sql(policy.company_id, kinds)
        self.env.flush_all()
        return [account_id for (account_id,) in self.env.execute_query(accounts) if account_id]
