from odoo import api, fields, models
from odoo.tools import SQL


class ArLimitationReport(models.Model):
    """What is written off is owed all the same: its last day goes on counting until it is recovered."""

    _inherit = "ar.limitation.report"
    _depends = {
        "ar.writeoff.line": ["amount", "amount_company", "entry_line_id", "move_id"],
        "ar.writeoff.recovery": ["amount", "amount_company", "is_cancelled", "line_id"],
    }

    amount_written_off = fields.Monetary(
        string="Written Off",
        readonly=True,
        currency_field="company_currency_id",
        help="Part of the amount that was written off and not recovered: the customer owes it all the same.",
    )

    @api.model
    def _figures_sql(self):
        return SQL("%s item.amount_written_off,", super()._figures_sql())

    @api.model
    def _items_sql(self):
        return SQL(
            """
            SELECT open_item.id, open_item.move_id, open_item.partner_id, open_item.root_company_id,
                   open_item.company_currency_id, open_item.currency_id, open_item.date_maturity,
                   open_item.non_trade,
                   open_item.amount + COALESCE(lost.amount, 0) AS amount,
                   open_item.amount_currency + COALESCE(lost.amount_currency, 0) AS amount_currency,
                   COALESCE(lost.amount, 0) AS amount_written_off
              FROM (%(open_items)s) open_item
         LEFT JOIN (%(lost)s) lost ON lost.id = open_item.id
         UNION ALL
            SELECT item.id, item.move_id, partner.commercial_partner_id,
                   split_part(company.parent_path, '/', 1)::int,
                   company.currency_id, item.currency_id, COALESCE(item.date_maturity, item.date),
                   account.non_trade IS TRUE, lost.amount, lost.amount_currency, lost.amount
              FROM (%(lost)s) lost
              JOIN account_move_line item ON item.id = lost.id AND item.reconciled
              JOIN account_account account ON account.id = item.account_id
              JOIN res_company company ON company.id = item.company_id
              JOIN res_partner partner ON partner.id = item.partner_id
            """,
            open_items=super()._items_sql(),
            lost=self.env["ar.writeoff.line"]._not_recovered_sql(),
        )
