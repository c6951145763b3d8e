from odoo import api, fields, models
from odoo.tools import SQL


class ArStatement(models.Model):
    """A statement that leaves claims out reserves them: it must not be read as a waiver."""

    _inherit = "ar.statement"

    left_out = fields.Monetary(
        string="Written Off, Left Out",
        currency_field="company_currency_id",
        readonly=True,
        help="What was written off and not recovered by the cut-off date, and is not listed. The statement "
        "reserves it.",
    )

    @api.model
    def _insert(self, root, partners, date, date_from, pay_by, options):
        ids = super()._insert(root, partners, date, date_from, pay_by, options)
        figures = self.env["ar.statement.figures"]
        if not figures._claims_written_off(root):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE ar_statement statement
                       SET left_out = lost.amount
                      FROM (SELECT partner_id, SUM(amount) AS amount
                              FROM (%s) item GROUP BY partner_id) lost
                     WHERE statement.id = ANY(%s)
                       AND lost.partner_id = statement.partner_id
                       AND lost.amount > 0
                    """,
                    figures._left_out_sql(root, date, partners),
                    ids,
                )
            )
        return ids
