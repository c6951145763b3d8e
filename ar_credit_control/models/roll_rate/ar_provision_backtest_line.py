from odoo import api, fields, models
from odoo.tools import SQL


class ArProvisionBacktestLine(models.Model):
    """What became of the items of one bucket of a run.

    ``gross`` = collected + credited + written off + still open, always: what the ledger does not show as
    credited, written off or open has been collected.
    """

    _name = "ar.provision.backtest.line"
    _description = "Provision Back-test by Bucket"
    _order = "backtest_id, segment_id, bucket_age, id"

    backtest_id = fields.Many2one(
        "ar.provision.backtest", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="backtest_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="backtest_id.currency_id")
    bucket_id = fields.Many2one("ar.provision.bucket", readonly=True, ondelete="restrict")
    bucket_age = fields.Integer(string="From Age", readonly=True, aggregator=None)
    segment_id = fields.Many2one("ar.provision.segment", readonly=True, ondelete="restrict")
    item_count = fields.Integer(string="Items", readonly=True)
    gross = fields.Monetary(
        string="Owed", readonly=True, help="Open at the date of the run, without credits."
    )
    expected = fields.Monetary(string="Expected Loss", readonly=True)
    collected = fields.Monetary(readonly=True)
    credited = fields.Monetary(
        readonly=True, help="By credit notes, exchange differences, or because the entry was taken back."
    )
    written_off = fields.Monetary(readonly=True)
    still_open = fields.Monetary(readonly=True)
    overdue_long = fields.Monetary(
        string="In Default",
        readonly=True,
        help="Of what is still open: past due for longer than the test says.",
    )
    lost = fields.Monetary(readonly=True, help="Written off, and in default.")
    expected_rate = fields.Float(
        string="Expected (%)", readonly=True, digits=(12, 4), aggregator=None, help="Expected loss / owed."
    )
    actual_rate = fields.Float(
        string="Actual (%)", readonly=True, digits=(12, 4), aggregator=None, help="Lost / owed."
    )

    @api.model
    def _write_lines(self, test):
        """Write the lines of a test in one statement, in the place of earlier ones."""
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM ar_provision_backtest_line WHERE backtest_id = %s", test.id))
        self.env["ar.aging.report"]._switch_off_jit()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ar_provision_backtest_line
                       (backtest_id, company_id, bucket_id, bucket_age, segment_id, item_count, gross,
                        expected, collected, credited, written_off, still_open, overdue_long, lost,
                        expected_rate, actual_rate, create_uid, create_date, write_uid, write_date)
                SELECT %(test)s, %(company)s, outcome.bucket_id, bucket.age_from, segment_id, item_count,
                       gross, expected, gross - credited - written_off - still_open, credited, written_off,
                       still_open, overdue_long, written_off + overdue_long,
                       100 * expected / gross, 100 * (written_off + overdue_long) / gross,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM (
                        SELECT bucket_id, segment_id, SUM(item_count) AS item_count, SUM(gross) AS gross,
                               SUM(expected) AS expected,
                               ROUND(SUM(credited), %(decimals)s) AS credited,
                               ROUND(SUM(written_off), %(decimals)s) AS written_off,
                               SUM(still_open) AS still_open,
                               COALESCE(SUM(still_open) FILTER (WHERE in_default), 0) AS overdue_long
                          FROM (%(outcomes)s) item
                      GROUP BY bucket_id, segment_id
                       ) outcome
                  JOIN ar_provision_bucket bucket ON bucket.id = outcome.bucket_id
                """,
                test=test.id,
                company=test.company_id.id,
                uid=self.env.uid,
                decimals=test.currency_id.decimal_places,
                outcomes=self._outcomes_sql(test),
            )
        )
        self.invalidate_model()

    @api.model
    def _outcomes_sql(self, test) -> SQL:
        """Return what became of each claim of a run: ``bucket_id``, ``segment_id``, ``item_count``,
        ``gross``, ``expected``, ``credited``, ``written_off``, ``still_open``, ``in_default``.

        A journal item is not the identity of a claim: where it is gone, that of the same entry, customer and
        due date is; without one the entry took the claim back. An entry that is less now than what was owed
        took back the rest; what it is more was never owed at the run. A matching counts since the run when
        it takes effect after it, or was made after it was computed: a receipt of before can be matched later.
        """
        history = self.env["ar.provision.history"]
        return SQL(
            """
            WITH claim AS MATERIALIZED (
                    SELECT MIN(line.id) AS id, item.id AS item_id, line.move_id,
                           partner.commercial_partner_id AS partner_id, line.date_maturity, line.bucket_id,
                           line.segment_id, COUNT(*) AS item_count, SUM(line.gross) AS gross,
                           SUM(line.amount) AS expected
                      FROM ar_provision_line line
                 LEFT JOIN account_move_line item
                        ON item.id = line.move_line_id AND item.parent_state = 'posted'
                 LEFT JOIN res_partner partner ON partner.id = line.partner_id
                     WHERE line.run_id = %(run)s AND line.treatment IN ('matrix', 'individual')
                  GROUP BY item.id, line.move_id, partner.commercial_partner_id, line.date_maturity,
                           line.bucket_id, line.segment_id
                 ),
                 item AS MATERIALIZED (
                    SELECT claim.id AS claim_id, item.id, item.move_id, item.balance
                      FROM claim
                      JOIN account_move_line item ON item.id = claim.item_id
                 UNION ALL
                    SELECT claim.id, item.id, item.move_id, item.balance
                      FROM claim
                      JOIN account_move_line item ON item.move_id = claim.move_id
                      JOIN account_account account
                        ON account.id = item.account_id AND account.account_type = 'asset_receivable'
                 LEFT JOIN res_partner partner ON partner.id = item.partner_id
                     WHERE claim.item_id IS NULL
                       AND item.parent_state = 'posted'
                       AND item.balance > 0
                       AND COALESCE(item.date_maturity, item.date) = claim.date_maturity
                       AND partner.commercial_partner_id IS NOT DISTINCT FROM claim.partner_id
                       AND NOT EXISTS (SELECT 1 FROM claim own WHERE own.item_id = item.id)
                 ),
                 loss AS MATERIALIZED (%(losses)s),
                 settled AS (
                    SELECT item.claim_id,
                           SUM(part.amount) AS settled,
                           SUM(part.amount * COALESCE(loss.share, 0)) FILTER (WHERE %(since)s)
                               AS written_off,
                           SUM(part.amount * (1 - COALESCE(loss.share, 0)))
                               FILTER (WHERE %(since)s AND %(credited)s) AS credited
                      FROM item
                      JOIN account_partial_reconcile part ON part.debit_move_id = item.id
                      JOIN account_move_line counterpart ON counterpart.id = part.credit_move_id
                      JOIN account_move move ON move.id = counterpart.move_id
                 LEFT JOIN loss ON loss.move_id = move.id
                     WHERE counterpart.parent_state = 'posted' AND part.max_date <= %(date_to)s
                  GROUP BY item.claim_id
                 ),
                 owed AS (
                    SELECT claim_id, SUM(balance) AS balance
                      FROM item
                  GROUP BY claim_id
                 )
            SELECT claim.bucket_id, claim.segment_id, claim.item_count, claim.gross, claim.expected,
                   GREATEST(claim.gross - COALESCE(owed.balance, 0), 0) + COALESCE(settled.credited, 0)
                       AS credited,
                   COALESCE(settled.written_off, 0) AS written_off,
                   LEAST(COALESCE(owed.balance, 0) - COALESCE(settled.settled, 0), claim.gross)
                       AS still_open,
                   %(date_to)s::date - claim.date_maturity > %(default_days)s AS in_default
              FROM claim
         LEFT JOIN owed ON owed.claim_id = claim.id
         LEFT JOIN settled ON settled.claim_id = claim.id
            """,
            run=test.run_id.id,
            losses=history._losses_sql(test.run_id.policy_id),
            since=SQL(
                "(part.max_date > %s OR part.create_date > %s)", test.run_id.date, test.run_id.computed_on
            ),
            credited=history._credited_sql(SQL("item")),
            date_to=test.date_to,
            default_days=test.default_days,
        )
