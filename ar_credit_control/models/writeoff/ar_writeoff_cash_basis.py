from odoo import api, models
from odoo.fields import Command


class ArWriteoff(models.Model):
    """Tax that is due when the customer pays, on any setting: what is given up never was due.

    Such tax waits on an account of its own. A write-off takes its part off that account, matched with the
    tax of the invoice, and tells the tax return nothing. A recovery puts it back with its base, so that it
    becomes due with the receipt, by core's own entry.
    """

    _inherit = "ar.writeoff"

    @api.model
    def _is_waiting_tax(self, item):
        """Whether a journal item is tax that waits for the payment."""
        return item.tax_line_id.tax_exigibility == "on_payment" and item.account_id.reconcile

    @api.model
    def _get_waiting_taxes(self, item):
        """Return the taxes of a journal item that wait for the payment."""
        return item.tax_ids.flatten_taxes_hierarchy().filtered(
            lambda tax: tax.tax_exigibility == "on_payment"
        )

    def _split_waiting_taxes(self, move, start, end):
        """Return rows of waiting tax, in the part from ``start`` to ``end`` of what is open of an invoice.

        Of what waits still, so that all of it goes with the rest of the invoice, whatever was paid before.
        """
        items = move.line_ids
        total = sum(
            items.filtered(lambda item: item.account_type == "asset_receivable").mapped("amount_residual")
        )
        if self.currency_id.compare_amounts(total, 0.0) <= 0:
            return []
        return [
            {
                "account": item.account_id.id,
                "item": item.id,
                "origin": item.tax_repartition_line_id.id,
                "currency": item.currency_id.id,
                "amount": self._get_part(-item.amount_residual, self.currency_id, start, end, total),
                "amount_currency": self._get_part(
                    -item.amount_residual_currency, item.currency_id, start, end, total
                ),
            }
            for item in items.filtered(self._is_waiting_tax)
        ]

    def _split_waiting_bases(self, move, start, end, total):
        """Return the base of waiting tax, in the part from ``start`` to ``end`` of an invoice."""
        return [
            {
                "taxes": taxes.ids,
                "currency": item.currency_id.id,
                "amount": self._get_part(-item.balance, self.currency_id, start, end, total),
                "amount_currency": self._get_part(-item.amount_currency, item.currency_id, start, end, total),
            }
            for item in move.line_ids
            if (taxes := self._get_waiting_taxes(item))
        ]

    @api.model
    def _get_part(self, whole, currency, start, end, total):
        """Return the part of an amount from ``start`` to ``end`` of a total; parts in a row add up."""
        upper = currency.round(whole * end / total)
        return currency.round(upper - currency.round(whole * start / total))

    def _match_waiting_taxes(self, move, lines):
        """Match the waiting tax that an entry of this write-off takes off with that of the invoices."""
        rows = [row for line in lines for row in line.tax_details["taxes"] if row.get("item")]
        accounts = {row["account"] for row in rows}
        taken = move.line_ids.filtered(
            lambda item: item.account_id.id in accounts and not item.tax_repartition_line_id
        ).sorted("id")
        items = self.env["account.move.line"].sudo()  # sudo: see _book
        self._match([items.browse(row["item"]) + item for row, item in zip(rows, taken, strict=True)])

    @api.model
    def _prepare_waiting_tax(self, row, amount, name):
        """Return waiting tax in the part of a recovery, in its own currency."""
        return {
            "account_id": row["account"],
            "name": name,
            "tax_repartition_line_id": row["origin"],
            **self._prepare_waiting_amount(row, -amount),
        }

    def _prepare_waiting_base(self, line, row, amount, name):
        """Return the base of waiting tax on a pair of lines that adds up to nothing."""
        account = line.loss_account_id.id
        return [
            {
                "account_id": account,
                "name": name,
                "tax_ids": [Command.set(row["taxes"])],
                **self._prepare_waiting_amount(row, -amount),
            },
            {"account_id": account, "name": name, **self._prepare_waiting_amount(row, amount)},
        ]

    @api.model
    def _prepare_waiting_amount(self, row, amount):
        currency = self.env["res.currency"].browse(row["currency"])
        return {
            "currency_id": currency.id,
            "balance": amount,
            "amount_currency": currency.round(row["amount_currency"] * amount / row["amount"]),
        }
