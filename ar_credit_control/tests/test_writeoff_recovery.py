from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoffRecovery(WriteoffCase):
    """What is paid after all goes back to where the write-off took it from, and never beyond it."""

    def setUp(self):
        super().setUp()
        self.invoice = self.make_invoice(1_000, 100)
        self.make_run()
        self.writeoff = self.write_off(self.invoice)
        self.line = self.writeoff.line_ids

    def test_receipt_is_matched_with_the_charge(self):
        receipt = self.make_receipt(400)
        loss = self.balance_of(self.loss)
        recovery = self.recover(self.line, 400, receipt)
        self.assertEqual(recovery.state, "paid")
        self.assertEqual((recovery.amount_provided, recovery.amount_income), (42.4, 357.6))
        self.assertEqual(receipt.amount_residual, 0)
        self.assertEqual(self.receivable_of(), 0)
        self.assertEqual(self.allowance_at(), 42.4)
        self.assertEqual(self.balance_of(self.loss), loss - 357.6)
        self.assertEqual(self.writeoff.amount_recovered, 400)
        self.assertEqual(
            self.writeoff.movement_ids.sorted("id").mapped(lambda row: (row.kind, row.amount)),
            [("used", -106), ("recovered", 42.4)],
        )

    def test_never_beyond_what_was_written_off(self):
        self.recover(self.line, 999.99)
        with self.assertRaisesRegex(UserError, "only"):
            self.recover(self.line, 0.02)
        self.recover(self.line, 0.01)
        self.assertEqual(sum(self.writeoff.recovery_ids.mapped("amount_provided")), 106)
        self.assertEqual(sum(self.writeoff.recovery_ids.mapped("amount_income")), 894)
        with self.assertRaises(UserError):
            self.recover(self.line, -5, self.make_receipt(5))

    def test_undone_matching_is_followed(self):
        receipt = self.make_receipt(400)
        recovery = self.recover(self.line, 400, receipt)
        receipt.remove_move_reconcile()
        self.env.invalidate_all()
        self.assertEqual(recovery.state, "waiting")
        self.assertEqual(self.items_of(recovery.move_id).amount, 400, "the charge is open")
        (receipt + recovery.sudo().claim_line_id).reconcile()
        self.env.invalidate_all()
        self.assertEqual(recovery.state, "paid")

    def test_cancelling_in_order(self):
        receipt = self.make_receipt(400)
        recovery = self.recover(self.line, 400, receipt)
        with self.assertRaisesRegex(UserError, "recovered"):
            self.writeoff.with_user(self.controller).action_cancel("No")
        recovery.with_user(self.controller).action_cancel()
        self.assertEqual(receipt.amount_residual, -400)
        self.assertEqual((self.allowance_at(), self.writeoff.amount_recovered), (0, 0))
        with self.assertRaises(UserError):
            recovery.with_user(self.controller).action_cancel()
        self.writeoff.with_user(self.controller).action_cancel("Paid after all")
        self.assertEqual(self.allowance_at(), 106)
        self.assertEqual(self.invoice.amount_residual, 1_000)

    def test_tax_falls_due_again(self):
        self.company.writeoff_tax = "reverse"
        tax = self.company_data["default_tax_sale"]
        invoice = self.make_taxed_invoice(1_000, 100, tax)
        payable = invoice.line_ids.filtered("tax_line_id").account_id
        owed = self.balance_of(payable)
        writeoff = self.write_off(invoice)
        recovery = self.recover(writeoff.line_ids, invoice.amount_total / 4)
        self.assertEqual(recovery.amount_tax, invoice.amount_tax / 4)
        self.assertEqual(self.balance_of(payable), owed + invoice.amount_tax * 3 / 4)

    def test_parts_after_a_cancelled_one_add_up(self):
        self.company.writeoff_tax = "reverse"
        invoice = self.make_taxed_invoice(1_000, 100, self.company_data["default_tax_sale"])
        payable = invoice.line_ids.filtered("tax_line_id").account_id
        owed = self.balance_of(payable)
        taxed = self.write_off(invoice).line_ids
        for line in (self.line, taxed):
            third = line.currency_id.round(line.amount / 3)
            first = self.recover(line, third)
            self.recover(line, third)
            first.with_user(self.controller).action_cancel()
            self.recover(line, third)
            self.recover(line, line.amount_left)
            live = line.recovery_ids.filtered(lambda recovery: not recovery.is_cancelled)
            for name, part in (
                ("amount_company", "amount_company"),
                ("amount_provided", "amount_provided"),
                ("amount_tax", "amount_tax"),
                ("amount_income", "amount_expense"),
            ):
                self.assertEqual(
                    line.currency_id.round(sum(live.mapped(name))), line.currency_id.round(line[part]), name
                )
        self.assertEqual(self.balance_of(payable), owed)
        self.assertEqual(self.allowance_at(), 106)

    def test_recovery_account(self):
        self.policy.recovery_account_id = self.charge
        before = self.balance_of(self.charge)
        self.recover(self.line, 100)
        self.assertAlmostEqual(self.balance_of(self.charge), before - 89.4, 2)

    def test_from_the_queue(self):
        receipt = self.make_receipt(300)
        self.env.flush_all()
        row = self.env["ar.cash.receipt"].search([("move_line_id", "=", receipt.id)])
        row = row.with_user(self.controller)
        self.assertTrue(row.has_writeoff)
        action = row.action_recover_writeoff()
        wizard = (
            self.env["ar.writeoff.recover"]
            .with_user(self.controller)
            .with_context(**action["context"])
            .create({})
        )
        self.assertEqual((wizard.amount, wizard.line_id), (300, self.line))
        wizard.action_recover()
        self.assertEqual(receipt.amount_residual, 0)
        self.assertEqual(self.writeoff.amount_recovered, 300)

    def test_receipt_of_another_customer(self):
        stranger = self.make_receipt(300, self.make_partner("Stranger"))
        with self.assertRaises(UserError):
            self.recover(self.line, 100, stranger)

    def test_who_may(self):
        for user in (self.collector, self.salesperson, self.auditor):
            with self.assertRaises(AccessError):
                self.recoveries.with_user(user)._recover(self.line.with_user(user), 10)

    def test_foreign_currency(self):
        currency = self.setup_other_currency("USD", rates=[("2000-01-01", 3.0)])
        invoice = self.make_invoice(100, 100, currency_id=currency.id)
        writeoff = self.write_off(invoice)
        receipt = self.make_receipt(100, currency_id=currency.id)
        recovery = self.recover(writeoff.line_ids, 100, receipt)
        self.assertEqual(recovery.amount_company, writeoff.amount)
        self.assertEqual(recovery.state, "paid")
        self.assertEqual(self.receivable_of(), 0)

    def test_recovered_is_shown_beside_and_found(self):
        self.recover(self.line, 400)
        partner = self.customer.with_user(self.collector)
        self.assertEqual(
            (partner.writeoff_count, partner.writeoff_amount, partner.writeoff_recovered), (1, 600, 400)
        )
        self.assertEqual(self.contact.writeoff_recovered, 400, "of the company that the contact belongs to")
        profile = self.make_profile(self.customer)
        self.assertEqual((profile.writeoff_amount, profile.writeoff_recovered), (600, 400))
        other = self.make_partner("Never written off")
        partners = self.env["res.partner"].with_user(self.collector)
        mine = [("id", "in", (self.customer + other).ids)]
        for field, operator, value, found in (
            ("writeoff_amount", ">", 0, self.customer),
            ("writeoff_amount", "=", 600, self.customer),
            ("writeoff_amount", "!=", 600, other),
            ("writeoff_amount", "<", 600, other),
            ("writeoff_amount", ">=", 0, self.customer + other),
            ("writeoff_recovered", "=", 400, self.customer),
            ("writeoff_recovered", "=", 0, other),
            ("writeoff_recovered", "in", [0, 400], self.customer + other),
            ("writeoff_recovered", "not in", [0], self.customer),
            ("writeoff_recovered", "<=", 399.99, other),
        ):
            with self.subTest(field=field, operator=operator, value=value):
                self.assertEqual(
                    partners.search([*mine, (field, operator, value)]).sorted("id"), found.sorted("id")
                )

    def test_each_company_shows_its_own(self):
        self.recover(self.line, 400)
        other = self.setup_other_company()["company"]
        for user in (self.collector, self.manager, self.controller):
            user.company_ids += other
        partner = self.customer.with_user(self.collector)
        self.assertEqual(partner.with_company(other).writeoff_amount, 0)
        self.assertEqual(partner.with_company(other).writeoff_recovered, 0)
        self.assertEqual(partner.with_company(self.company).writeoff_amount, 600)
        searched = self.env["res.partner"].with_user(self.collector).with_company(other)
        mine = [("id", "=", self.customer.id)]
        self.assertFalse(searched.search([*mine, ("writeoff_amount", ">", 0)]))
        self.assertTrue(searched.search([*mine, ("writeoff_recovered", "=", 0)]))
