from collections import defaultdict

from odoo import fields
from odoo.fields import Command
from odoo.tools import float_round

from .common import AccountingCase


class AgingCase(AccountingCase):
    """A company with two receivable accounts, a foreign currency whose rate moves, and instalment terms."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("ar_credit_control.group_credit_manager")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.account = cls.company_data["default_account_receivable"]
        cls.account_2 = cls.copy_account(cls.account)
        cls.revenue = cls.company_data["default_account_revenue"]
        cls.foreign = cls.setup_other_currency(
            "CHF", rates=[("2020-01-01", 2.0), ("2025-03-01", 2.5), ("2025-06-01", 1.6), ("2026-01-01", 1.9)]
        )
        cls.instalments = cls.env["account.payment.term"].create(
            {
                "name": "30 % at once, 70 % in 60 days",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 60}),
                ],
            }
        )
        cls.customer = cls.env["res.partner"].create({"name": "Brandt & Co", "is_company": True})
        cls.contact = cls.env["res.partner"].create({"name": "Ms Brandt", "parent_id": cls.customer.id})
        cls.report = cls.env["ar.aging.report"]

    @classmethod
    def invoice(cls, amount, day, due=None, partner=None, currency=None, terms=None, **values):
        """Post a customer invoice without tax, or a credit note with ``move_type="out_refund"``."""
        move = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.customer).id,
                "currency_id": (currency or cls.company.currency_id).id,
                "invoice_date": day,
                "date": day,
                "invoice_payment_term_id": terms.id if terms else False,
                "invoice_date_due": due or day,
                "invoice_line_ids": [
                    Command.create({"name": "Goods", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
                **values,
            }
        )
        move.action_post()
        return move

    @classmethod
    def payment(cls, amount, day, currency=None, outbound=False, partner=None):
        """Post a receipt from a customer, or money paid back."""
        payment = cls.env["account.payment"].create(
            {
                "amount": amount,
                "date": day,
                "payment_type": "outbound" if outbound else "inbound",
                "partner_type": "customer",
                "partner_id": (partner or cls.customer).id,
                "currency_id": (currency or cls.company.currency_id).id,
                "journal_id": cls.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        return payment.move_id

    @classmethod
    def entry(cls, amount, day, partner=None, due=False, account=None, company=None, **values):
        """Post a manual entry on a receivable account."""
        company = company or cls.company
        journal = cls.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "parent_of", company.id)], limit=1
        )
        line = {"partner_id": partner.id if partner else False, "name": "Manual"}
        move = (
            cls.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "company_id": company.id,
                    "journal_id": journal.id,
                    "date": day,
                    "line_ids": [
                        Command.create(
                            {
                                **line,
                                "account_id": (account or cls.account).id,
                                "balance": amount,
                                "date_maturity": due,
                                **values,
                            }
                        ),
                        Command.create({**line, "account_id": cls.revenue.id, "balance": -amount}),
                    ],
                }
            )
        )
        move.action_post()
        return move

    @classmethod
    def receivable(cls, move):
        return move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")

    @classmethod
    def match(cls, *moves):
        lines = cls.env["account.move.line"].union(*(cls.receivable(move) for move in moves))
        lines.filtered(lambda line: not line.reconciled).reconcile()

    def as_of(self, day, **context):
        return self.report.with_context(ar_as_of=str(day), **context)

    def rows(self, day, company=None, **context):
        """The report at a date: {journal item id: (amount, amount in currency)}, without zero rows."""
        records = self.as_of(day, **context).search([("root_company_id", "=", (company or self.company).id)])
        return {row.id: (row.amount, row.amount_currency) for row in records}

    def slow_rows(self, day, company=None):
        """The same by reading every posted item and every matching one after the other."""
        day = fields.Date.to_date(day)
        root = company or self.company
        companies = self.env["res.company"].search([("id", "child_of", root.id)])
        lines = self.env["account.move.line"].search(
            [("company_id", "in", companies.ids), ("account_id.account_type", "=", "asset_receivable")]
        )

        def counts(line):
            return line.move_id.state == "posted" and line.date <= day

        result = {}
        for line in lines.filtered(counts):
            amount, amount_currency = line.balance, line.amount_currency
            for part in line.matched_credit_ids.filtered(lambda part: counts(part.credit_move_id)):
                amount -= part.amount
                amount_currency -= part.debit_amount_currency
            for part in line.matched_debit_ids.filtered(lambda part: counts(part.debit_move_id)):
                amount += part.amount
                amount_currency += part.credit_amount_currency
            amount = float_round(amount, precision_digits=2)
            amount_currency = float_round(amount_currency, precision_digits=2)
            if amount or amount_currency:
                result[line.id] = (amount, amount_currency)
        return result

    def ledger(self, day, company=None):
        """Balance of the posted receivable items up to a date, of the main company with its branches."""
        companies = self.env["res.company"].search([("id", "child_of", (company or self.company).id)])
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "in", companies.ids),
                ("account_id.account_type", "=", "asset_receivable"),
                ("move_id.state", "=", "posted"),
                ("date", "<=", day),
            ]
        )
        return sum(lines.mapped("balance"))

    def assert_ties(self, *days, company=None):
        """At each date the rows are those of the slow computation and sum to the ledger."""
        for day in days:
            rows = self.rows(day, company)
            self.assertEqual(rows, self.slow_rows(day, company), f"rows as of {day}")
            total = sum(amount for amount, _currency in rows.values())
            self.assertAlmostEqual(total, self.ledger(day, company), 2, f"ledger as of {day}")

    def by_bucket(self, day, **context):
        """{bucket name: amount} of the company at a date."""
        groups = self.as_of(day, **context)._read_group(
            [("root_company_id", "=", self.company.id)], ["bucket_id"], ["amount:sum"]
        )
        totals = defaultdict(float)
        for bucket, amount in groups:
            totals[bucket.name] += amount
        return dict(totals)
