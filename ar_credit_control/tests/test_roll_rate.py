from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from .common_provision import ProvisionCase


@tagged("post_install", "-at_install")
class TestRollRate(ProvisionCase):
    """Roll rates from real invoices, payments and write-offs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.last_month = date(2024, 12, 31)

    @classmethod
    def invoice_due(cls, amount, due):
        return cls.make_invoice(amount, 0, invoice_date=date(2024, 1, 1), invoice_date_due=due)

    @classmethod
    def settle(cls, invoice, amount, day, account=None):
        """Match part of an invoice with an entry on the bank's account, or on a loss account."""
        entry = cls.env["account.move"].create(
            {
                "date": day,
                "journal_id": cls.company_data["default_journal_misc"].id,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": cls.company_data["default_account_receivable"].id,
                            "partner_id": invoice.partner_id.id,
                            "credit": amount,
                        }
                    ),
                    Command.create(
                        {
                            "account_id": (account or cls.company_data["default_account_revenue"]).id,
                            "debit": amount,
                        }
                    ),
                ],
            }
        )
        entry.action_post()
        receivable = (invoice + entry).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        )
        receivable.reconcile()

    def derive(self, **values):
        derivation = self.env["ar.provision.derivation"].create(
            {"policy_id": self.policy.id, "date_to": self.last_month, "months": 12, **values}
        )
        derivation.action_compute()
        return derivation

    def test_rates_multiply_to_two_percent(self):
        invoice = self.invoice_due(1_000, date(2024, 3, 1))
        for amount, day in (
            (500, date(2024, 2, 20)),
            (270, date(2024, 3, 20)),
            (150, date(2024, 4, 20)),
            (60, date(2024, 5, 20)),
        ):
            self.settle(invoice, amount, day)
        results = self.derive().result_ids.sorted("bucket_age")
        for result, expected in zip(results[:4], (50, 46, 34.783, 25), strict=True):
            self.assertAlmostEqual(result.roll_rate, expected, 3)
        self.assertAlmostEqual(results[0].loss_rate, 2.0, 4)
        self.assertEqual(results[4].loss_rate, 100)

    def test_write_off_counts_as_rolled(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        self.settle(invoice, 30, date(2024, 3, 10))
        self.settle(invoice, 20, date(2024, 3, 20), self.loss)
        result = self.derive().result_ids.sorted("bucket_age")[1]
        self.assertAlmostEqual(result.roll_rate, 70, 4)

    def test_matrix_of_the_results(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        self.settle(invoice, 30, date(2024, 3, 10))
        derivation = self.derive()
        matrix = self.env["ar.provision.matrix"].browse(derivation.action_make_matrix()["res_id"])
        self.assertEqual(matrix.source, "derived")
        self.assertEqual(matrix.state, "draft")
        self.assertEqual(
            matrix.rate_ids.sorted("bucket_age").mapped("rate"),
            derivation.result_ids.sorted("bucket_age").mapped("loss_rate"),
        )
