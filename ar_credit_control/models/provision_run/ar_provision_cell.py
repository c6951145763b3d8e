from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class ArProvisionCell(models.Model):
    """Totals of a run by bucket, segment and treatment: the matrix as it was, whatever it is called now."""

    _name = "ar.provision.cell"
    _description = "Provision by Bucket and Segment"
    _order = "run_id, treatment desc, segment_id, bucket_age, id"

    run_id = fields.Many2one(
        "ar.provision.run",
        string="Provision Run",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
    )
    company_id = fields.Many2one(related="run_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="run_id.currency_id")
    bucket_id = fields.Many2one("ar.provision.bucket", readonly=True, ondelete="restrict")
    bucket_name = fields.Char(string="Age", readonly=True, translate=True)
    bucket_age = fields.Integer(string="From Age", readonly=True, aggregator=None)
    segment_id = fields.Many2one("ar.provision.segment", readonly=True, ondelete="restrict")
    segment_name = fields.Char(string="Segment Then", readonly=True, translate=True)
    segment_label = fields.Char(string="Customers", compute="_compute_segment_label")
    treatment = fields.Selection(
        selection=lambda self: (
            self.env["ar.provision.line"]._fields["treatment"]._description_selection(self.env)
        ),
        readonly=True,
    )
    base_rate = fields.Float(
        string="Matrix Rate (%)",
        readonly=True,
        digits=(12, 4),
        aggregator=None,
        help="As approved, before rating and outlook.",
    )
    item_count = fields.Integer(string="Items", readonly=True)
    gross = fields.Monetary(readonly=True)
    offset = fields.Monetary(string="Own Credits", readonly=True)
    covered = fields.Monetary(readonly=True)
    amount = fields.Monetary(string="Expected Loss", readonly=True)
    loss_rate = fields.Float(
        string="Average Rate (%)",
        compute="_compute_loss_rate",
        digits=(12, 4),
        help="Expected loss over what is at risk: gross less own credits.",
    )

    @api.depends("segment_name", "segment_id")
    def _compute_segment_label(self):
        for cell in self:
            cell.segment_label = cell.segment_name or cell.segment_id.name or self.env._("Everyone else")

    @api.depends("gross", "offset", "amount")
    def _compute_loss_rate(self):
        for cell in self:
            base = cell.gross - cell.offset
            cell.loss_rate = 100 * cell.amount / base if base > 0 else 0.0

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Totals of a provision run are kept with the run."))

    @api.model
    def _write_cells(self, run):
        """Sum the lines of a run up, in one statement, in the place of earlier totals."""
        self.env.cr.execute(SQL("DELETE FROM ar_provision_cell WHERE run_id = %s", run.id))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ar_provision_cell
                       (run_id, company_id, bucket_id, bucket_name, bucket_age, segment_id, segment_name,
                        treatment, base_rate, item_count, gross, "offset", covered, amount,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(run)s, %(company)s, line.bucket_id, bucket.name, bucket.age_from, line.segment_id,
                       segment.name, line.treatment, COALESCE(own.rate, common.rate), line.item_count,
                       line.gross, line."offset", line.covered, line.amount,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM (
                        SELECT bucket_id, segment_id, treatment, COUNT(*) AS item_count,
                               SUM(gross) AS gross, SUM("offset") AS "offset", SUM(covered) AS covered,
                               SUM(amount) AS amount
                          FROM ar_provision_line
                         WHERE run_id = %(run)s
                      GROUP BY bucket_id, segment_id, treatment
                       ) line
             LEFT JOIN ar_provision_bucket bucket ON bucket.id = line.bucket_id
             LEFT JOIN ar_provision_segment segment ON segment.id = line.segment_id
             LEFT JOIN (%(rates)s) own
                    ON own.bucket_id = line.bucket_id AND own.segment_id = line.segment_id
             LEFT JOIN (%(rates)s) common
                    ON common.bucket_id = line.bucket_id AND common.segment_id IS NULL
                """,
                run=run.id,
                company=run.company_id.id,
                uid=self.env.uid,
                rates=run.matrix_id._rates_sql(),
            )
        )
        self.invalidate_model()
