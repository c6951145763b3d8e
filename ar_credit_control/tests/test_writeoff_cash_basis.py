from odoo.fields import Command
from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoffCashBasis(WriteoffCase):
    """Tax that is due when the customer pays: a write-off is no payment, a recovery is one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_exigibility = True
        cls.company.tax_cash_basis_journal_id = cls.company_data["default_journal_misc"]
        cls.waiting, cls.payable = cls.env["account.account"].create(
            [
                {
                    "name": "Output tax, not due",
                    "code": "229901",
                    "account_type": "liability_current",
                    "reconcile": True,
                },
                {"name": "Output tax", "code": "229902", "account_type": "liability_current"},
            ]
        )
        cls.base_tag, cls.tax_tag = cls.env["account.account.tag"].create(
            [
                {"name": name, "applicability": "taxes", "country_id": cls.company.country_id.id}
                for name in ("Base when paid", "Tax when paid")
            ]
        )
        repartition = [
            Command.create({"repartition_type": "base", "tag_ids": [Command.set(cls.base_tag.ids)]}),
            Command.create(
                {
                    "repartition_type": "tax",
                    "account_id": cls.payable.id,
                    "tag_ids": [Command.set(cls.tax_tag.ids)],
                }
            ),
        ]
        cls.tax = cls.env["account.tax"].create(
            {
                "name": "19 % when paid",
                "amount": 19,
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": cls.waiting.id,
                "invoice_repartition_line_ids": repartition,
                "refund_repartition_line_ids": repartition,
            }
        )

    def state(self):
        """What is due, what waits, and what the tax return says of tax and base."""
        self.env.flush_all()
        tagged_lines = self.env["account.move.line"].search(
            [("tax_tag_ids", "in", (self.base_tag + self.tax_tag).ids), ("parent_state", "=", "posted")]
        )
        reported = [
            round(
                -sum(tagged_lines.filtered(lambda line, tag=tag: tag in line.tax_tag_ids).mapped("balance")),
                2,
            )
            for tag in (self.tax_tag, self.base_tag)
        ]
        return (-self.balance_of(self.payable) + 0.0, -self.balance_of(self.waiting) + 0.0, *reported)

    def test_written_off_is_never_due(self):
        invoice = self.make_taxed_invoice(1_000, 100, self.tax)
        self.assertEqual(self.state(), (0, 190, 0, 0))
        writeoff = self.write_off(invoice)
        self.assertBooked(writeoff, tax=190, provided=0, expense=1_000)
        self.assertEqual(self.state(), (0, 0, 0, 0))
        self.assertTrue(invoice.line_ids.filtered("tax_line_id").reconciled)
        writeoff.with_user(self.controller).action_cancel("Paid after all")
        self.assertEqual(self.state(), (0, 190, 0, 0))
        self.pay(invoice)
        self.assertEqual(self.state(), (190, 0, 190, 1_000))
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(self.state(), (0, 190, 0, 0))
        self.write_off(invoice, in_transit_ack="For others")
        self.assertEqual(self.state(), (0, 0, 0, 0))

    def test_taken_back_by_the_setting_it_is_not_taken_back_twice(self):
        self.company.writeoff_tax = "reverse"
        writeoff = self.write_off(self.make_taxed_invoice(1_000, 100, self.tax))
        self.assertBooked(writeoff, tax=190, provided=0, expense=1_000)
        self.assertEqual(self.state(), (0, 0, 0, 0))

    def test_undone_matching_that_is_mended(self):
        invoice = self.make_taxed_invoice(1_000, 100, self.tax)
        writeoff = self.write_off(invoice)
        invoice.line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).remove_move_reconcile()
        self.env.invalidate_all()
        writeoff.with_user(self.controller).action_settle()
        self.assertEqual(self.state(), (0, 0, 0, 0))
        self.assertTrue(invoice.line_ids.filtered("tax_line_id").reconciled)

    def test_paid_in_part_before_and_after(self):
        invoice = self.make_taxed_invoice(100.01, 100, self.tax)
        self.assertEqual((invoice.amount_total, invoice.amount_tax), (119.01, 19.0))
        self.pay(invoice, 40)
        due, left = self.state()[:2]
        self.assertAlmostEqual(due, 6.39, 2)
        first = self.write_off(invoice, amounts={invoice: 33.33})
        self.assertEqual(self.state()[0], due)
        self.assertAlmostEqual(first.amount_tax, 33.33 * left / 79.01, 2)
        self.pay(invoice, 20)
        self.write_off(invoice)
        due, left, reported, _base = self.state()
        self.assertEqual((left, reported), (0, due))
        self.assertAlmostEqual(due, 19 * 60 / 119.01, 1)

    def test_paid_to_the_end_after_a_part_was_written_off(self):
        invoice = self.make_taxed_invoice(1_000, 100, self.tax)
        self.write_off(invoice, amounts={invoice: 595})
        self.pay(invoice)
        self.assertEqual(self.state(), (95, 0, 95, 500))

    def test_recovered_it_is_due_when_paid(self):
        invoice = self.make_taxed_invoice(1_000, 100, self.tax)
        line = self.write_off(invoice).line_ids
        recovery = self.recover_undone(line, 595)
        self.assertEqual((recovery.amount_tax, recovery.amount_income), (95, 500))
        self.assertEqual(self.state(), (0, 95, 0, 0), "not before it is paid")
        receipt = self.make_receipt(595)
        (receipt + recovery.sudo().claim_line_id).reconcile()
        self.assertEqual(self.state(), (95, 0, 95, 500))
        self.recover(line, 595, self.make_receipt(595))
        self.assertEqual(self.state(), (190, 0, 190, 1_000))
        recovery.with_user(self.controller).action_cancel()
        self.assertEqual(self.state(), (95, 0, 95, 500))

    def test_foreign_currency(self):
        currency = self.setup_other_currency("EUR", rates=[("2000-01-01", 3.0)])
        invoice = self.make_invoice(
            100,
            100,
            currency_id=currency.id,
            invoice_line_ids=[
                Command.create({"name": "Work", "price_unit": 100, "tax_ids": [Command.set(self.tax.ids)]})
            ],
        )
        self.assertEqual(self.state()[:2], (0, 6.33))
        line = self.write_off(invoice).line_ids
        self.assertEqual(self.state(), (0, 0, 0, 0))
        receipt = self.make_receipt(119, currency_id=currency.id)
        self.recover(line, 119, receipt)
        self.assertEqual(self.state(), (6.33, 0, 6.33, 33.34), "as core rounds a payment")

    def test_both_kinds_of_tax(self):
        self.company.writeoff_tax = "reverse"
        own = self.company_data["default_tax_sale"]
        invoice = self.make_taxed_invoice(1_000, 100, own + self.tax)
        writeoff = self.write_off(invoice)
        self.assertEqual(writeoff.amount_tax, invoice.amount_tax)
        self.assertEqual(self.state(), (0, 0, 0, 0))
