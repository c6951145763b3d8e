from odoo import api, fields, models
from odoo.tools import SQL


class ArCreditHold(models.Model):
    """What is written off is not paid: it lets no held order go by itself."""

    _inherit = "ar.credit.hold"

    is_written_off = fields.Boolean(
        string="Written Off Since",
        compute="_compute_is_written_off",
        help="Debts of the customer were written off while this waited: a person decides on it.",
    )

    @api.depends("state", "partner_id", "company_id")
    def _compute_is_written_off(self):
        waiting = self.filtered(lambda hold: hold.state == "held")
        found = waiting._find_written_off()
        for hold in self:
            hold.is_written_off = hold in found

    def _find_written_off(self):
        """Return the holds whose customer had debts written off since they began."""
        if not self.ids:
            return self
        self.env["ar.item.loss"]._flush_sources()
        self.flush_recordset(["partner_id", "company_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT hold.id
                  FROM ar_credit_hold hold
                  JOIN res_company company ON company.id = hold.company_id
                  JOIN (%s) lost
                    ON lost.partner_id = hold.partner_id
                   AND lost.root_company_id = split_part(company.parent_path, '/', 1)::int
                   AND lost.matched_on >= hold.create_date
                   AND lost.amount > 0
                 WHERE hold.id = ANY(%s)
                """,
                self.env["ar.item.loss"]._lost_sql(),
                self.ids,
            )
        )
        return self.browse(hold_id for (hold_id,) in rows)

    def _recheck(self):
        return super(ArCreditHold, self - self._find_written_off())._recheck()
