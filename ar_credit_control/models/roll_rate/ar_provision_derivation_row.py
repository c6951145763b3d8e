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
    month = fields.Date(readonly=True, help="The month in which the items left the bucket.")
    bucket_id = fields.Many2one("ar.provision.bucket", readonly=True, ondelete="restrict")
    bucket_age = fields.Integer(string="From Age", readonly=True, aggregator=None)
    segment_id = fields.Many2one("ar.provision.segment", readonly=True, ondelete="restrict")
    entered = fields.Monetary(readonly=True, help="Open when the items entered the bucket.")
    credited = fields.Monetary(readonly=True, help="Taken off by credit notes while in the bucket.")
    paid = fields.Monetary(readonly=True)
    written_off = fields.Monetary(readonly=True, help="Counts as rolled.")
    rolled = fields.Monetary(readonly=True, help="Still open when the items entered the next bucket.")
    rate = fields.Float(string="Roll Rate (%)", readonly=True, digits=(12, 4), aggregator="avg")

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
                        credited, paid, written_off, rolled, rate,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(derivation)s, %(company)s, month, cohort.bucket_id, bucket.age_from,
                       NULLIF(cohort.segment_id, 0), entered, credited, paid, written_off, rolled,
                       CASE WHEN entered - credited > 0
                            THEN 100 * (rolled + written_off) / (entered - credited) END,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM (
                        SELECT date_trunc('month', leaves_on)::date AS month, bucket_id, segment_id,
                               SUM(entered) AS entered, SUM(credited) AS credited, SUM(paid) AS paid,
                               SUM(written_off) AS written_off,
                               SUM(entered - paid - credited - written_off) AS rolled
                          FROM (%(cohort)s) cohort
                         WHERE leaves_on BETWEEN %(date_from)s AND %(date_to)s
                      GROUP BY date_trunc('month', leaves_on), bucket_id, segment_id
                        HAVING SUM(entered) != 0
                       ) cohort
                  JOIN ar_provision_bucket bucket ON bucket.id = cohort.bucket_id
                """,
                derivation=derivation.id,
                company=derivation.company_id.id,
                uid=self.env.uid,
                cohort=self.env["ar.provision.history"]._cohort_sql(derivation.policy_id),
                date_from=derivation.date_from,
                date_to=derivation.date_to,
            )
        )
        self.invalidate_model()
