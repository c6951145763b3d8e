from odoo import api, fields, models
from odoo.tools import SQL


class ArProvisionDerivationRow(models.Model):
    """One month of one bucket: what was in it, and what rolled out of it into the next one."""

    _name = "ar.provision.derivation.row"
    _description = "Roll Rate of a Month"
    _order = "derivation_id, segment_id, bucket_age, month, id"

    derivation_id = fields.Many2one(
        "ar.provision.derivation", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="derivation_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="derivation_id.currency_id")
    month = fields.Date(
        readonly=True, help="The month in which the items left the bucket; in which they entered the last."
    )
    bucket_id = fields.Many2one("ar.provision.bucket", readonly=True, ondelete="restrict")
    bucket_age = fields.Integer(string="From Age", readonly=True, aggregator=None)
    segment_id = fields.Many2one(
        "ar.provision.segment",
        readonly=True,
        ondelete="restrict",
        help="By the rating that the customer had when the item was booked, as far as it is on record; "
        "by the tags and the country of today.",
    )
    entered = fields.Monetary(readonly=True, help="Open when the items entered the bucket.")
    lost_before = fields.Monetary(
        string="Written Off Before",
        readonly=True,
        help="Of the same items, in younger buckets: counts as entered and as rolled.",
    )
    credited = fields.Monetary(readonly=True, help="Taken off by credit notes while in the bucket.")
    paid = fields.Monetary(readonly=True)
    written_off = fields.Monetary(readonly=True, help="Counts as rolled.")
    rolled = fields.Monetary(
        readonly=True,
        help="Still open when the items entered the next bucket; in the last, at the end of the history.",
    )
    at_risk = fields.Monetary(readonly=True, help="Entered and written off before, less credited.")
    lost = fields.Monetary(
        string="Rolled in All", readonly=True, help="Rolled, written off, and written off before."
    )
    rate = fields.Float(
        string="Roll Rate (%)",
        readonly=True,
        digits=(12, 2),
        aggregator="avg",
        help="Rolled in all / at risk; of several months, weighted by what was at risk.",
    )

    def _read_group_select(self, aggregate_spec, query):
        """Weight rates of several months by what was at risk: a mean of rates would be another rate."""
        if aggregate_spec == "rate:avg":
            return SQL(
                "100 * %s / NULLIF(%s, 0)",
                super()._read_group_select("lost:sum", query),
                super()._read_group_select("at_risk:sum", query),
            )
        return super()._read_group_select(aggregate_spec, query)

    @api.model
    def _write_rows(self, derivation):
        """Write the months of a derivation in one statement, in the place of earlier ones."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL("DELETE FROM ar_provision_derivation_row WHERE derivation_id = %s", derivation.id)
        )
        self.env["ar.aging.report"]._switch_off_jit()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ar_provision_derivation_row
                       (derivation_id, company_id, month, bucket_id, bucket_age, segment_id, entered,
                        lost_before, credited, paid, written_off, rolled, at_risk, lost, rate,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(derivation)s, %(company)s, month, cohort.bucket_id, bucket.age_from,
                       NULLIF(cohort.segment_id, 0), entered, lost_before, credited, paid, written_off,
                       rolled, at_risk, lost, CASE WHEN at_risk > 0 THEN 100 * lost / at_risk END,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM (
                        SELECT cohort.*,
                               entered - paid - credited - written_off AS rolled,
                               entered + lost_before - credited AS at_risk,
                               entered + lost_before - credited - paid AS lost
                          FROM (
                                SELECT date_trunc('month', counted_on)::date AS month,
                                       bucket_id, segment_id,
                                       SUM(entered) AS entered, SUM(lost_before) AS lost_before,
                                       SUM(credited) AS credited, SUM(paid) AS paid,
                                       SUM(written_off) AS written_off
                                  FROM (%(cohort)s) cohort
                              GROUP BY date_trunc('month', counted_on), bucket_id, segment_id
                               ) cohort
                       ) cohort
                  JOIN ar_provision_bucket bucket ON bucket.id = cohort.bucket_id
                 WHERE entered != 0 OR lost_before != 0
                """,
                derivation=derivation.id,
                company=derivation.company_id.id,
                uid=self.env.uid,
                cohort=self.env["ar.provision.history"]._cohort_sql(
                    derivation.policy_id, derivation.date_from, derivation.date_to
                ),
            )
        )
        self.invalidate_model()
