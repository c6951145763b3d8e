from odoo import fields, models
from odoo.tools import SQL

# Ids of rows of a run: its id times this, plus that of a line, of the earlier run's lines from half of it on.
ROWS_OF_RUN = 2**32
# Columns of a line that the comparison reads.
LINE = (
    "id",
    "account_id",
    "amount",
    "bucket_id",
    "company_id",
    "cover_rate",
    "date_maturity",
    "move_id",
    "name",
    "partner_id",
    "rate",
    "segment_id",
    "treatment",
    "valuation",
)
PARTS = ("new", "gone", "gross_change", "cover_change", "moved", "rate_change", "exchange")


class ArProvisionComparison(models.Model):
    """What changed the expected loss of each instalment since the run before: parts that sum exactly.

    One row for each instalment (entry, customer, due date) in a run or in the posted one before it. What is
    in both is led over in steps: to the closing rate of today, to what is open today, to what is covered
    today, to the bucket of today at the rates of then, to the rate of today. Each step is rounded; what
    rounding leaves goes to the last step that changed anything.

    Frozen lines say what is covered in company currency, not in which currency the securities were. The step
    of exchange takes them to be in the currency of the item or of the company, whichever explains more of
    what is covered now. Of cover in a third currency, what its rate made of it beyond that stands under
    ``cover_change``; the sum of both is right.

    The context key ``ar_provision_run_ids`` limits the work to some runs.
    """

    _name = "ar.provision.comparison"
    _description = "Expected Loss Compared With the Run Before"
    _auto = False
    _rec_name = "name"
    _order = "run_id desc, id"
    _depends = {
        "ar.provision.line": [
            "amount",
            "bucket_id",
            "company_id",
            "cover_rate",
            "covered",
            "date_maturity",
            "gross",
            "least",
            "move_id",
            "name",
            "offset",
            "partner_id",
            "rate",
            "rating_id",
            "run_id",
            "segment_id",
            "tax_share",
            "treatment",
            "valuation",
        ],
        "ar.provision.matrix": ["factor"],
        "ar.provision.rate": ["bucket_id", "matrix_id", "rate", "segment_id"],
        "ar.provision.run": ["company_id", "matrix_id", "previous_id"],
        "res.currency": ["rounding"],
    }

    run_id = fields.Many2one("ar.provision.run", string="Provision Run", readonly=True)
    previous_id = fields.Many2one("ar.provision.run", string="Run Before", readonly=True)
    root_company_id = fields.Many2one("res.company", string="Main Company", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    name = fields.Char(string="Number", readonly=True)
    account_id = fields.Many2one("account.account", string="Receivable Account", readonly=True)
    segment_id = fields.Many2one("ar.provision.segment", readonly=True)
    bucket_id = fields.Many2one("ar.provision.bucket", readonly=True)
    previous_bucket_id = fields.Many2one("ar.provision.bucket", string="Bucket Before", readonly=True)
    status = fields.Selection(
        [("new", "New item"), ("gone", "Paid or settled"), ("both", "In both runs")], readonly=True
    )
    previous_amount = fields.Monetary(string="Expected Loss Before", readonly=True)
    amount = fields.Monetary(string="Expected Loss", readonly=True)
    difference = fields.Monetary(readonly=True, help="The sum of the columns that follow.")
    new = fields.Monetary(string="New Items", readonly=True)
    gone = fields.Monetary(string="Paid", readonly=True, help="Items that are not open any more.")
    gross_change = fields.Monetary(
        string="Open Amount",
        readonly=True,
        help="Part payments, credits that are set off: at the rate of then.",
    )
    cover_change = fields.Monetary(string="Change in Cover", readonly=True)
    moved = fields.Monetary(
        string="Moved Bucket", readonly=True, help="What age made of it, at the rates of then."
    )
    rate_change = fields.Monetary(
        string="Other Rates", readonly=True, help="Loss rates, ratings, assessments, default, dispute."
    )
    exchange = fields.Monetary(readonly=True, help="Rates of exchange, where items are at the closing rate.")

    @property
    def _table_query(self) -> SQL:
        self.env["ar.aging.report"]._switch_off_jit()
        run_ids = self.env.context.get("ar_provision_run_ids")
        return self._comparison_sql(
            run_ids is not None and SQL("run.id = ANY (%s::int[])", [int(run) for run in run_ids])
        )

    def _comparison_sql(self, run_filter=None, previous=None) -> SQL:
        """Return the rows of the runs (``run``) that a condition selects, by default of all.

        :param previous: a run to compare with in the place of their own run before
        """
        return SQL(
            """
            WITH rates AS MATERIALIZED (%(rates)s),
                 stepped AS %(once)s (
                 SELECT pair.*,
                        pair.amount - pair.previous_amount AS difference,
                        %(exchange)s AS exchange_step,
                        %(gross)s AS gross_step,
                        %(cover)s AS cover_step,
                        %(moved)s AS moved_step,
                        (pair.value * pair.base - pair.covered) * (pair.rate - pair.previous_rate)
                            - %(moved)s AS rate_step
                   FROM (%(pairs)s) pair
                 ),
                 rounded AS %(once)s (
                 SELECT stepped.*,
                        CASE WHEN status = 'both' THEN %(exchange_rounded)s ELSE 0 END AS exchange_part,
                        CASE WHEN status = 'both' THEN %(gross_rounded)s ELSE 0 END AS gross_part,
                        CASE WHEN status = 'both' THEN %(cover_rounded)s ELSE 0 END AS cover_part,
                        CASE WHEN status = 'both' THEN %(moved_rounded)s ELSE 0 END AS moved_part,
                        CASE WHEN status != 'both' THEN NULL
                             WHEN rate_step != 0 THEN 'rate'
                             WHEN moved_step != 0 THEN 'moved'
                             WHEN cover_step != 0 THEN 'cover'
                             WHEN gross_step != 0 THEN 'gross'
                             WHEN exchange_step != 0 THEN 'exchange'
                             ELSE 'rate' END AS last_step
                   FROM stepped
                 ),
                 closed AS (
                 SELECT rounded.*,
                        difference - exchange_part - gross_part - cover_part - moved_part AS rest
                   FROM rounded
                 )
            SELECT run_id * %(rows)s + COALESCE(line_id, %(rows)s / 2 + previous_line_id) AS id,
                   run_id, previous_id, root_company_id, company_id, currency_id, move_id, partner_id,
                   date_maturity, name, account_id, segment_id, bucket_id, previous_bucket_id, status,
                   previous_amount, amount, difference,
                   CASE WHEN status = 'new' THEN difference ELSE 0 END AS new,
                   CASE WHEN status = 'gone' THEN difference ELSE 0 END AS gone,
                   gross_part + CASE WHEN last_step = 'gross' THEN rest ELSE 0 END AS gross_change,
                   cover_part + CASE WHEN last_step = 'cover' THEN rest ELSE 0 END AS cover_change,
                   moved_part + CASE WHEN last_step = 'moved' THEN rest ELSE 0 END AS moved,
                   CASE WHEN last_step = 'rate' THEN rest ELSE 0 END AS rate_change,
                   exchange_part + CASE WHEN last_step = 'exchange' THEN rest ELSE 0 END AS exchange
              FROM closed
            """,
            # Each figure is worked out once; of all runs, PostgreSQL first limits them by what is asked for.
            once=SQL("MATERIALIZED") if run_filter else SQL(),
            pairs=self._pairs_sql(self._runs_sql(run_filter or SQL("TRUE"), previous)),
            rates=self._rates_sql(),
            rows=ROWS_OF_RUN,
            exchange=SQL(
                """((pair.value - pair.previous_value) * pair.previous_base * pair.previous_rate
                    + (pair.exchanged_cover - pair.previous_covered)
                      * (pair.previous_cover_rate - pair.previous_rate))"""
            ),
            gross=SQL("pair.value * (pair.base - pair.previous_base) * pair.previous_rate"),
            cover=SQL(
                """(pair.covered * pair.cover_rate
                    - pair.exchanged_cover * pair.previous_cover_rate
                    - (pair.covered - pair.exchanged_cover) * pair.previous_rate)"""
            ),
            moved=self._moved_sql(),
            **{
                f"{step}_rounded": SQL("ROUND(%s / rounding) * rounding", SQL.identifier(f"{step}_step"))
                for step in ("exchange", "gross", "cover", "moved")
            },
        )

    def _moved_sql(self) -> SQL:
        """Return what the bucket of today makes of an item at the rates of then.

        With rates, segment, rating and kind of rate unchanged, age made all of the difference.
        """
        return SQL(
            """((pair.value * pair.base - pair.covered)
                * CASE WHEN pair.bucket_id IS NOT DISTINCT FROM pair.previous_bucket_id
                         OR pair.treatment != 'matrix' OR pair.previous_treatment != 'matrix' THEN 0
                       WHEN pair.alike THEN pair.rate - pair.previous_rate
                       ELSE COALESCE((pair.rate_there - pair.rate_here) * pair.previous_factor / 100, 0)
                       END)"""
        )

    def _runs_sql(self, run_filter, previous) -> SQL:
        """Return ``id``, ``previous_id``, ``company_id``, ``matrix_id`` of runs that have one before."""
        before = SQL("%s::int", previous.id) if previous else SQL("run.previous_id")
        return SQL(
            """SELECT run.id, %(before)s AS previous_id, run.company_id, run.matrix_id
                 FROM ar_provision_run run
                WHERE %(before)s IS NOT NULL AND %(run_filter)s""",
            before=before,
            run_filter=run_filter,
        )

    def _pairs_sql(self, runs: SQL) -> SQL:
        """Return each instalment with what it was in the run before and what it is in the run.

        ``base`` is what is open less own credits, times ``value`` at the closing rate, at which ``covered``
        is, too; rates are fractions. ``exchanged_cover`` is the cover of then at the rates of exchange of
        now: it is in the currency of the item or in that of the company, whichever explains more of what is
        covered now. ``rate_here`` and ``rate_there`` are what the rates of then say of both buckets.
        """
        return SQL(
            """
            SELECT both_runs.*,
                   run.previous_id,
                   run.company_id AS root_company_id,
                   company.currency_id,
                   currency.rounding,
                   earlier.factor AS previous_factor,
                   here.rate AS rate_here,
                   there.rate AS rate_there,
                   GREATEST(
                       LEAST(both_runs.covered, GREATEST(both_runs.previous_covered, %(exchanged)s)),
                       LEAST(both_runs.previous_covered, %(exchanged)s)
                   ) AS exchanged_cover,
                   both_runs.same_kind AND run.matrix_id = before.matrix_id AS alike
              FROM (%(instalments)s) both_runs
              JOIN (%(runs)s) run ON run.id = both_runs.run_id
              JOIN res_company company ON company.id = run.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
         LEFT JOIN ar_provision_run before ON before.id = run.previous_id
         LEFT JOIN ar_provision_matrix earlier ON earlier.id = before.matrix_id
         LEFT JOIN rates here
                ON here.matrix_id = before.matrix_id AND here.bucket_id = both_runs.previous_bucket_id
               AND here.segment_id = COALESCE(both_runs.previous_segment_id, 0)
         LEFT JOIN rates there
                ON there.matrix_id = before.matrix_id AND there.bucket_id = both_runs.bucket_id
               AND there.segment_id = COALESCE(both_runs.previous_segment_id, 0)
            """,
            instalments=self._instalments_sql(runs),
            runs=runs,
            exchanged=SQL(
                """both_runs.previous_covered
                   * COALESCE(both_runs.value / NULLIF(both_runs.previous_value, 0), 1)"""
            ),
        )

    def _rates_sql(self) -> SQL:
        """Return the rates of all matrices for each segment of their policy, 0 being everyone else."""
        return SQL(
            """
            SELECT common.matrix_id, common.bucket_id, segment.id AS segment_id,
                   COALESCE(own.rate, common.rate) AS rate
              FROM ar_provision_rate common
              JOIN ar_provision_matrix matrix ON matrix.id = common.matrix_id
              JOIN (SELECT id, policy_id FROM ar_provision_segment
                 UNION ALL
                    SELECT 0, id FROM ar_provision_policy) segment ON segment.policy_id = matrix.policy_id
         LEFT JOIN ar_provision_rate own
                ON own.matrix_id = common.matrix_id AND own.bucket_id = common.bucket_id
               AND own.segment_id = segment.id
             WHERE common.segment_id IS NULL
            """
        )

    def _instalments_sql(self, runs: SQL) -> SQL:
        """Return the lines of a run and of the run before by instalment, in one pass; what is open and
        covered without the tax that a policy leaves out."""
        line = SQL(
            """%(columns)s,
               %(base)s AS base,
               %(covered)s AS covered,
               (line.gross - line."offset") * line.valuation - line.covered AS risk,
               CONCAT_WS('/', COALESCE(line.segment_id, 0), COALESCE(line.rating_id, 0),
                         COALESCE(line.least, ''), line.treatment) AS kind""",
            columns=SQL(", ").join(SQL.identifier("line", name) for name in LINE),
            base=self._net_sql(SQL('(line.gross - line."offset")')),
            covered=self._net_sql(SQL("line.covered")),
        )
        return SQL(
            """
            SELECT run_id, move_id, partner_id, date_maturity,
                   MIN(id) FILTER (WHERE NOT before) AS line_id,
                   MIN(id) FILTER (WHERE before) AS previous_line_id,
                   COALESCE(MIN(company_id) FILTER (WHERE NOT before), MIN(company_id)) AS company_id,
                   COALESCE(MIN(name) FILTER (WHERE NOT before), MIN(name)) AS name,
                   COALESCE(MIN(account_id) FILTER (WHERE NOT before), MIN(account_id)) AS account_id,
                   COALESCE(MIN(bucket_id) FILTER (WHERE NOT before), MIN(bucket_id)) AS bucket_id,
                   MIN(bucket_id) FILTER (WHERE before) AS previous_bucket_id,
                   CASE WHEN BOOL_AND(before) THEN MIN(segment_id)
                        ELSE MIN(segment_id) FILTER (WHERE NOT before) END AS segment_id,
                   MIN(segment_id) FILTER (WHERE before) AS previous_segment_id,
                   MAX(treatment) FILTER (WHERE NOT before) AS treatment,
                   MAX(treatment) FILTER (WHERE before) AS previous_treatment,
                   CASE WHEN BOOL_AND(before) THEN 'gone'
                        WHEN BOOL_OR(before) THEN 'both'
                        ELSE 'new' END AS status,
                   MIN(kind COLLATE "C") = MAX(kind COLLATE "C") AS same_kind,
                   COALESCE(SUM(base) FILTER (WHERE NOT before), 0) AS base,
                   COALESCE(SUM(base) FILTER (WHERE before), 0) AS previous_base,
                   COALESCE(SUM(covered) FILTER (WHERE NOT before), 0) AS covered,
                   COALESCE(SUM(covered) FILTER (WHERE before), 0) AS previous_covered,
                   COALESCE(SUM(amount) FILTER (WHERE NOT before), 0) AS amount,
                   COALESCE(SUM(amount) FILTER (WHERE before), 0) AS previous_amount,
                   %(rate_now)s AS rate,
                   %(rate_before)s AS previous_rate,
                   %(cover_rate_now)s AS cover_rate,
                   %(cover_rate_before)s AS previous_cover_rate,
                   %(value_now)s AS value,
                   %(value_before)s AS previous_value
              FROM (
                    SELECT run.id AS run_id, FALSE AS before, %(line)s
                      FROM (%(runs)s) run
                      JOIN ar_provision_line line ON line.run_id = run.id
                 UNION ALL
                    SELECT run.id AS run_id, TRUE AS before, %(line)s
                      FROM (%(runs)s) run
                      JOIN ar_provision_line line ON line.run_id = run.previous_id
                   ) line
          GROUP BY run_id, move_id, partner_id, date_maturity
            """,
            runs=runs,
            line=line,
            **self._prepare_means("rate", SQL("risk"), SQL("100")),
            **self._prepare_means("cover_rate", SQL("covered"), SQL("100")),
            **self._prepare_means("value", SQL("base"), SQL("1"), column="valuation"),
        )

    def _net_sql(self, amount: SQL) -> SQL:
        return SQL(
            """CASE WHEN COALESCE(line.tax_share, 0) = 0 THEN %(amount)s
                    ELSE %(amount)s * (1 - line.tax_share / 100) END""",
            amount=amount,
        )

    def _prepare_means(self, name, weight, divisor, column=None):
        """Return the mean of a column now and before, by weight where there is any."""
        column = SQL.identifier(column or name)
        return {
            f"{name}_{when}": SQL(
                """COALESCE(SUM(%(column)s * %(weight)s) FILTER (WHERE %(rows)s)
                            / NULLIF(SUM(%(weight)s) FILTER (WHERE %(rows)s), 0),
                            AVG(%(column)s) FILTER (WHERE %(rows)s), 0) / %(divisor)s""",
                column=column,
                weight=weight,
                rows=rows,
                divisor=divisor,
            )
            for when, rows in (("now", SQL("NOT before")), ("before", SQL("before")))
        }

    def _sum_parts(self, runs):
        """Return the sums of each run: {run id: {"previous_amount": amount, part: amount}}."""
        self.env.flush_all()
        names = ("previous_amount", "amount", *PARTS)
        rows = self.env.execute_query_dict(
            SQL(
                "SELECT run_id, %(sums)s FROM (%(rows)s) comparison GROUP BY run_id",
                sums=SQL(", ").join(
                    SQL("SUM(%s)::float8 AS %s", SQL.identifier(name), SQL.identifier(name)) for name in names
                ),
                rows=self._comparison_sql(SQL("run.id = ANY (%s)", runs.ids)),
            )
        )
        return {row.pop("run_id"): row for row in rows}

    def action_open_entry(self):
        """Open the invoice of this row."""
        self.ensure_one()
        row = self.with_context(ar_provision_run_ids=[self.id // ROWS_OF_RUN])
        return row.run_id._open_entry(row.move_id, row.name)
