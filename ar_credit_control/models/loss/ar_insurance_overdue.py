from odoo import fields, models
from odoo.tools import SQL


class ArInsuranceOverdue(models.Model):
    """What is written off is what the insurer is to pay for: it stays here while the claim is open.

    That is until it is recovered, until the notice says that the claim is closed, or as long as the cover
    stands.
    """

    _inherit = "ar.insurance.overdue"
    _depends = {
        "account.partial.reconcile": ["credit_move_id", "debit_move_id"],
        "ar.insurance.notice": ["closed_on"],
        "ar.writeoff.line": ["amount", "amount_company", "entry_line_id", "move_id"],
        "ar.writeoff.recovery": ["amount", "amount_company", "is_cancelled", "line_id"],
    }

    amount_written_off = fields.Monetary(
        string="Written Off",
        readonly=True,
        currency_field="company_currency_id",
        help="Part of the open amount that was written off and not recovered: the insurer still owes it.",
    )

    def _claims_sql(self):
        return SQL(
            """
            SELECT open_item.id, open_item.move_id, open_item.partner_id, open_item.root_company_id,
                   open_item.company_currency_id, open_item.currency_id, open_item.date,
                   open_item.date_maturity, open_item.amount, open_item.amount_currency,
                   0 AS amount_written_off
              FROM (%(open_items)s) open_item
         UNION ALL
            SELECT item.id, item.move_id, partner.commercial_partner_id,
                   split_part(company.parent_path, '/', 1)::int,
                   company.currency_id, item.currency_id, item.date,
                   COALESCE(item.date_maturity, item.date), lost.amount, lost.amount_currency, lost.amount
              FROM (%(lost)s) lost
              JOIN account_move_line item ON item.id = lost.id
              JOIN res_company company ON company.id = item.company_id
              JOIN res_partner partner ON partner.id = item.partner_id
            """,
            open_items=super()._claims_sql(),
            lost=self.env["ar.writeoff.line"]._not_recovered_sql(),
        )

    def _figures_sql(self):
        return SQL("%s, SUM(item.amount_written_off) AS amount_written_off", super()._figures_sql())

    def _is_open_sql(self):
        # A claim that the insurer paid or refused is closed for what was written off.
        return SQL("%s AND (item.amount_written_off = 0 OR notice.closed_on IS NULL)", super()._is_open_sql())
