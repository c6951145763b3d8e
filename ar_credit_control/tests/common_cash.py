from odoo.fields import Command
from odoo.tools import format_list

from .common_agreement import AgreementCase


class CashCase(AgreementCase):
    """Receipts that nobody applied, in the ledger of the ageing tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receipts = cls.env["ar.cash.receipt"]
        cls.bank = cls.company_data["default_journal_bank"]
        cls.collector = cls.make_user("cash-collector", "ar_credit_control.group_collector")
        cls.controller = cls.make_user("cash-controller", "ar_credit_control.group_credit_controller")
        cls.accountant = cls.make_user("cash-accountant", "account.group_account_invoice")
        cls.auditor = cls.make_user("cash-auditor", "ar_credit_control.group_credit_auditor")
        cls.seller = cls.make_user(
            "cash-seller", "sales_team.group_sale_salesman,ar_credit_control.group_credit_user"
        )

    @classmethod
    def receipt_of(cls, move):
        return cls.receipts.search([("move_id", "=", move.id)])

    @classmethod
    def paid(cls, amount, memo=None, days=0, **values):
        """A receipt of some days ago that nobody applied: its row of the queue."""
        entry = cls.payment(amount, cls.day(-days), **values)
        if memo:
            entry.ref = memo
        return cls.receipt_of(entry)

    @classmethod
    def bank_line(cls, amount, text="Transfer", days=0, partner=None, **values):
        return cls.env["account.bank.statement.line"].create(
            {
                "journal_id": cls.bank.id,
                "date": cls.day(-days),
                "payment_ref": text,
                "partner_id": (cls.customer if partner is None else partner).id,
                "amount": amount,
                **values,
            }
        )

    @classmethod
    def line_row(cls, line):
        return cls.receipts.search([("statement_line_id", "=", line.id)])

    @classmethod
    def show_on_bank(cls, entry, days=0):
        """A bank line that is matched with the entry of a payment."""
        payment = entry.origin_payment_id
        line = cls.bank_line(payment.amount, days=days, partner=payment.partner_id)
        outstanding = entry.line_ids.filtered(lambda item: item.account_id == payment.outstanding_account_id)
        suspense = line.with_context(skip_account_move_synchronization=True)._seek_for_lines()[1]
        suspense.with_context(skip_readonly_check=True).account_id = outstanding.account_id
        (suspense | outstanding).reconcile()
        return line

    def assert_proposes(self, receipt, rule, confidence, *moves):
        receipt.invalidate_recordset()
        self.assertEqual((receipt.rule, receipt.confidence), (rule, confidence), receipt.why)
        self.assertEqual(receipt.item_names, format_list(self.env, [move.name for move in moves]))

    def residual(self, *moves):
        return sum(sum(self.receivable(move).mapped("amount_residual")) for move in moves)

    def second_company(self):
        """Another company with an invoice and a receipt of the same customer."""
        data = self.setup_other_company()
        company = data["company"]
        self.env.user.company_ids = [Command.link(company.id)]
        return data, company
