from datetime import timedelta

from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoffStatement(WriteoffCase):
    """What the customer is told: a write-off is our own affair, neither a payment nor a waiver."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(1_000, 100)

    def statement(self, days=None, **options):
        """A statement of open items; of the movements of so many days."""
        self.env.flush_all()
        since = days and self.today - timedelta(days=days)
        return self.env["ar.statement"]._make(self.company, self.customer, date_from=since, **options)

    def figures(self, statement):
        balance = statement.balance_ids
        self.assertAlmostEqual(balance.opening + balance.charged + balance.settled, balance.closing, 2)
        return balance.opening, balance.charged, balance.settled, balance.closing

    def lines(self, statement):
        return [(line.name, line.amount, line.amount_open) for line in statement.line_ids]

    def assertUntold(self, statement):
        page = str(statement.preview)
        for word in ("WO/", "Write-off", "Written", "Recovery", self.small.name):
            self.assertNotIn(word, page)

    def test_left_out(self):
        self.write_off(self.invoice, amounts={self.invoice: 400})
        for days, figures in ((300, (0, 600, 0, 600)), (30, (600, 0, 0, 600))):
            statement = self.statement(days)
            self.assertEqual(self.figures(statement), figures)
            self.assertUntold(statement)
        self.assertEqual(self.lines(self.statement(300)), [(self.invoice.name, 600, 600)])
        statement = self.statement()
        self.assertEqual((statement.total, statement.left_out), (600, 400))
        self.assertIn("are reserved", str(statement.preview))
        self.assertEqual(statement.balance_ids.ageing and sum(statement.balance_ids.ageing.values()), 600)

    def test_left_out_altogether(self):
        self.write_off(self.invoice)
        statement = self.statement(300)
        self.assertEqual((self.figures(statement), self.lines(statement)), ((0, 0, 0, 0), []))
        self.assertEqual(statement.left_out, 1_000)
        self.assertFalse(self.statement(pay_by=self.today).is_demand)

    def test_before_the_write_off(self):
        self.write_off(self.invoice)
        yesterday = self.statement(300, date=self.today - timedelta(days=1))
        self.assertEqual(self.figures(yesterday), (0, 1_000, 0, 1_000))
        self.assertFalse(yesterday.left_out)

    def test_still_claimed(self):
        self.company.writeoff_statement = "claimed"
        writeoff = self.write_off(self.invoice)
        for days, figures in ((300, (0, 1_000, 0, 1_000)), (30, (1_000, 0, 0, 1_000))):
            statement = self.statement(days)
            self.assertEqual(self.figures(statement), figures)
            self.assertUntold(statement)
        statement = self.statement(pay_by=self.today)
        self.assertEqual(self.lines(statement), [(self.invoice.name, 1_000, 1_000)])
        self.assertTrue(statement.is_demand)
        self.assertFalse(statement.left_out)
        self.assertNotIn("are reserved", str(statement.preview))
        recovery = self.recover(writeoff.line_ids, 400, self.make_receipt(400))
        statement = self.statement(30)
        self.assertEqual(self.figures(statement), (1_000, 0, -400, 600))
        self.assertUntold(statement)
        self.assertEqual(self.lines(self.statement()), [(self.invoice.name, 1_000, 600)])
        recovery.with_user(self.controller).action_cancel()
        self.assertEqual(self.figures(self.statement(30)), (1_000, 0, -400, 600), "paid, not applied")
        writeoff.with_user(self.controller).action_cancel("By mistake")
        self.assertEqual(self.figures(self.statement(30)), (1_000, 0, -400, 600))

    def test_recovered_it_is_charged_by_its_invoice(self):
        writeoff = self.write_off(self.invoice)
        recovery = self.recover_undone(writeoff.line_ids, 400)
        waiting = self.statement()
        self.assertEqual(self.lines(waiting), [(self.invoice.name, 400, 400)])
        self.assertEqual(waiting.left_out, 600, "the rest")
        (self.make_receipt(400) + recovery.sudo().claim_line_id).reconcile()
        statement = self.statement(30)
        self.assertEqual(self.figures(statement), (0, 400, -400, 0))
        self.assertIn((self.invoice.name, 400, 0), self.lines(statement))
        self.assertUntold(statement)
        self.assertEqual(statement.left_out, 600)
        recovery.with_user(self.controller).action_cancel()
        self.assertEqual(self.figures(self.statement(30)), (0, 0, -400, -400))
        writeoff.with_user(self.controller).action_cancel("By mistake")
        statement = self.statement(30)
        self.assertEqual(self.figures(statement), (1_000, 0, -400, 600))
        self.assertUntold(statement)
