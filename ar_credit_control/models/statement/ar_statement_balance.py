from odoo import fields, models


class ArStatementBalance(models.Model):
    """The figures of a statement in one currency, as they were."""

    _name = "ar.statement.balance"
    _description = "Balance of a Statement of Account"
    _order = "statement_id, currency_id"
    _log_access = False

    statement_id = fields.Many2one(
        "ar.statement", required=True, index=True, readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    opening = fields.Monetary(
        string="Opening Balance", readonly=True, help="What was open the day before the period."
    )
    charged = fields.Monetary(readonly=True, help="Invoices and other charges of the period.")
    settled = fields.Monetary(readonly=True, help="Payments and credit notes of the period, negative.")
    other_currency = fields.Monetary(
        string="Settled in Another Currency",
        readonly=True,
        help="Items of this currency that were matched with items of another one.",
    )
    closing = fields.Monetary(string="Closing Balance", readonly=True, help="Open at the cut-off date.")
    amount_due = fields.Monetary(string="Open Items", readonly=True)
    amount_overdue = fields.Monetary(
        string="Overdue", readonly=True, help="Open items past due, before receipts not allocated."
    )
    amount_credit = fields.Monetary(
        string="Not Allocated", readonly=True, help="Receipts and credit notes without an invoice, positive."
    )
    amount_payable = fields.Monetary(
        string="We Owe as a Customer", readonly=True, help="What we owe this company for what we bought."
    )
    ageing = fields.Json(readonly=True, help="Open items by bucket of the company: {bucket id: amount}.")

    def _get_ageing(self, buckets):
        """Return pairs of bucket name and amount, in the order of ``buckets``; of lost buckets last."""
        self.ensure_one()
        amounts = {int(bucket): amount for bucket, amount in (self.ageing or {}).items()}
        ageing = [(bucket.name, amounts.pop(bucket.id)) for bucket in buckets if bucket.id in amounts]
        if amounts:
            ageing.append((self.env._("Other"), sum(amounts.values())))
        return ageing

    def _get_owed(self):
        """Return what they owe us and what we owe them, as the form of a statement asks for them."""
        self.ensure_one()
        owed = max(self.closing, 0.0)
        return owed, max(-self.closing, 0.0) + self.amount_payable
