import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common_cash import CashCase


@tagged("post_install", "-at_install")
class TestCashApplication(CashCase):
    """Applying receipts: rights, approval by another person, evidence, undoing."""

    def apply(self, receipts, user=None):
        receipts.with_user(user or self.controller).action_apply()
        receipts.env.invalidate_all()
        return self.env["ar.cash.application"].search([("partner_id", "=", self.customer.id)])

    def test_apply_in_one_click(self):
        invoice, other = self.due(250, 30), self.due(100, 40)
        application = self.apply(self.paid(250, days=9))
        self.assertEqual(application.state, "applied")
        self.assertEqual((self.residual(invoice), self.residual(other)), (0, 100))
        self.assertEqual((application.amount, application.amount_applied), (250, 250))
        self.assertEqual(
            (application.requested_by_id, application.decided_by_id), (self.controller, self.controller)
        )
        self.assertEqual((application.days_idle, application.rule), (9, "amount"))
        self.assertEqual(application.line_ids.partial_id.debit_move_id, self.receivable(invoice))
        self.assertFalse(application.is_undone)

    def test_part_of_a_receipt_and_part_of_an_item(self):
        first, second = self.due(100, 40), self.due(250, 30)
        receipt = self.paid(180)
        application = self.apply(receipt)
        self.assertEqual((self.residual(first), self.residual(second)), (0, 170))
        self.assertEqual(application.line_ids.mapped("amount"), [100, 80])
        self.assertFalse(receipt.exists() and self.receipts.search([("id", "=", receipt.id)]))

    def test_many_at_once_that_want_the_same_items(self):
        invoices = self.due(100, 40) | self.due(100, 30) | self.due(100, 20)
        receipts = self.paid(100) | self.paid(100) | self.paid(100)
        applications = self.apply(receipts)
        self.assertEqual(len(applications), 3)
        self.assertEqual(self.residual(*invoices), 0)

    def test_accountants_apply_and_others_do_not(self):
        self.due(250, 30)
        receipt = self.paid(250)
        for user in (self.collector, self.seller, self.auditor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                receipt.with_user(user).action_apply()
        for user in (self.seller, self.auditor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                receipt.with_user(user).action_propose()
        self.assertEqual(self.apply(receipt, self.accountant).state, "applied")

    def test_collector_proposes_and_another_person_approves(self):
        invoice = self.due(250, 30)
        receipt = self.paid(250)
        receipt.with_user(self.collector).action_propose()
        request = self.env["ar.cash.application"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual((request.state, self.residual(invoice)), ("proposed", 250))
        self.assertTrue(request.activity_ids)
        with self.assertRaises(AccessError):
            request.with_user(self.collector).action_approve()
        receipt.invalidate_recordset()
        with self.assertRaises(UserError):
            receipt.with_user(self.controller).action_apply()
        request.with_user(self.controller).action_approve()
        self.assertEqual((request.state, self.residual(invoice)), ("applied", 0))
        self.assertEqual((request.requested_by_id, request.decided_by_id), (self.collector, self.controller))
        self.assertFalse(request.activity_ids)
        with self.assertRaises(UserError):
            request.with_user(self.accountant).action_approve()

    def test_large_receipt_needs_another_person(self):
        self.company.cash_approval_amount = 200
        large, small = self.due(250, 30), self.due(200, 20)
        applications = self.apply(self.paid(250) | self.paid(200))
        self.assertEqual((self.residual(large), self.residual(small)), (250, 0))
        request = applications.filtered(lambda application: application.state == "proposed")
        self.assertEqual((request.amount_company, request.approval_amount), (250, 200))
        with self.assertRaises(AccessError):
            request.with_user(self.controller).action_approve()
        request.with_user(self.accountant).action_approve()
        self.assertEqual(self.residual(large), 0)

    def test_parts_of_a_large_receipt_need_approval_too(self):
        self.company.cash_approval_amount = 200
        invoice = self.due(100, 30)
        receipt = self.paid(250)
        wizard = Form(
            self.env["ar.cash.apply"].with_user(self.controller).with_context(default_receipt_id=receipt.id)
        ).save()
        wizard.action_apply()
        self.assertEqual(self.residual(invoice), 100)

    def test_foreign_amount_is_compared_in_company_currency(self):
        self.company.cash_approval_amount = 200
        invoice = self.due(300, 30, currency=self.foreign)
        receipt = self.paid(300, currency=self.foreign)
        self.assertLess(receipt.amount, 200)
        self.assertFalse(receipt.needs_approval)
        self.apply(receipt)
        self.assertEqual(sum(self.receivable(invoice).mapped("amount_residual_currency")), 0)

    def test_request_whose_items_are_paid_meanwhile(self):
        invoice = self.due(250, 30)
        receipt = self.paid(250)
        receipt.with_user(self.collector).action_propose()
        request = self.env["ar.cash.application"].search([("partner_id", "=", self.customer.id)])
        self.match(self.payment(250, self.today), invoice)
        with self.assertRaises(UserError):
            request.with_user(self.controller).action_approve()
        request.with_user(self.controller).action_refuse()
        self.assertEqual(request.state, "refused")

    def test_requests_for_the_same_item_approved_at_once(self):
        invoice = self.due(100)
        receipts = [self.paid(100), self.paid(60)]
        requests = self.env["ar.cash.application"]
        line = self.receivable(invoice)
        for receipt in receipts:
            requests |= requests.with_user(self.collector)._request(
                receipt.with_user(self.collector), {receipt.with_user(self.collector): line.sudo()}
            )
        self.assertEqual(len(requests), 2)
        with self.assertRaisesRegex(UserError, "nothing of it is open any more"):
            requests.with_user(self.controller).action_approve()

    def test_request_whose_money_is_of_somebody_else_meanwhile(self):
        invoice = self.due(250, 30)
        receipt = self.paid(250)
        receipt.with_user(self.collector).action_propose()
        request = self.env["ar.cash.application"].search([("partner_id", "=", self.customer.id)])
        payment = receipt.payment_id
        payment.action_draft()
        payment.partner_id = self.env["res.partner"].create({"name": "Who really paid"})
        payment.action_post()
        self.assertTrue(request.move_line_id)
        with self.assertRaisesRegex(UserError, "Who really paid"):
            request.with_user(self.controller).action_approve()
        self.assertEqual(self.residual(invoice), 250)

    def test_take_back_and_refuse(self):
        self.due(250, 30)
        receipt = self.paid(250)
        receipt.with_user(self.collector).action_propose()
        request = self.env["ar.cash.application"].search([("partner_id", "=", self.customer.id)])
        with self.assertRaises(AccessError):
            request.with_user(self.controller).action_withdraw()
        request.with_user(self.collector).action_withdraw()
        self.assertEqual(request.state, "refused")
        receipt.invalidate_recordset()
        self.assertTrue(receipt.can_apply)

    @mute_logger("odoo.sql_db")
    def test_one_request_for_a_receipt(self):
        self.due(250, 30)
        receipt = self.paid(250)
        self.env["ar.cash.application"]._request(receipt)
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            self.env["ar.cash.application"]._request(receipt, checked=True)

    def test_undo(self):
        invoice = self.due(250, 30)
        receipt = self.paid(250)
        application = self.apply(receipt)
        for user in (self.collector, self.auditor):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                application.with_user(user).action_undo()
        application.with_user(self.accountant).action_undo()
        self.assertEqual((application.state, self.residual(invoice)), ("undone", 250))
        self.assertEqual(application.undone_by_id, self.accountant)
        self.assertTrue(self.receipts.search([("id", "=", receipt.id)]))

    def test_undone_in_accounting_shows(self):
        invoice = self.due(250, 30)
        application = self.apply(self.paid(250))
        self.receivable(invoice).remove_move_reconcile()
        self.env.invalidate_all()
        self.assertTrue(application.is_undone)
        self.assertEqual(application.line_ids.amount, 250)

    def test_nobody_writes_evidence(self):
        self.due(250, 30)
        application = self.apply(self.paid(250))
        for user in (self.collector, self.controller, self.accountant):
            for record in (application, application.line_ids):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    record.with_user(user).write({"create_date": False})
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    record.with_user(user).unlink()

    def test_salesperson_sees_own_customers(self):
        receipt = self.paid(250)
        self.assertFalse(self.receipts.with_user(self.seller).search([("id", "=", receipt.id)]))
        self.customer.user_id = self.seller
        self.env.flush_all()
        self.assertEqual(
            self.receipts.with_user(self.seller).search([("id", "=", receipt.id)]).amount_currency, 250
        )

    def test_bank_line_is_booked_to_the_customer(self):
        invoice = self.due(250, 30)
        line = self.bank_line(300, invoice.name)
        application = self.apply(self.line_row(line))
        self.assertEqual((application.state, self.residual(invoice)), ("applied", 0))
        self.assertTrue(line.is_reconciled)
        rest = self.receipt_of(line.move_id)
        self.assertEqual((rest.kind, rest.amount_currency), ("bank", 50))

    def test_bank_line_is_matched_with_its_payment(self):
        invoice = self.due(250, 30)
        entry = self.payment(250, self.today)
        self.match(entry, invoice)
        payment = entry.origin_payment_id
        self.assertFalse(payment.is_matched)
        line = self.bank_line(250)
        self.apply(self.line_row(line))
        self.assertTrue(line.is_reconciled)
        self.assertTrue(payment.is_matched)

    def test_choose_items_and_their_order(self):
        first, second = self.due(100, 40), self.due(250, 30)
        receipt = self.paid(120)
        with Form(
            self.env["ar.cash.apply"].with_user(self.controller).with_context(default_receipt_id=receipt.id)
        ) as form:
            self.assertEqual(form.amount_left, 0)
            with form.line_ids.edit(0) as line:
                self.assertEqual((line.move_name, line.amount), (first.name, 100))
                line.chosen = False
            wizard = form.save()
        wizard.action_apply()
        application = self.env["ar.cash.application"].search([("partner_id", "=", self.customer.id)])
        self.assertTrue(application.chosen)
        self.assertEqual((self.residual(first), self.residual(second)), (100, 130))

    def test_items_of_somebody_else_are_refused(self):
        self.due(100, 40)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        other = self.items(self.due(100, 40, partner=stranger))
        receipt = self.paid(100)
        wizard = (
            self.env["ar.cash.apply"]
            .with_user(self.controller)
            .create(
                {
                    "receipt_id": receipt.id,
                    "line_ids": [Command.create({"item_id": other.id, "chosen": True})],
                }
            )
        )
        with self.assertRaises(UserError):
            wizard.action_apply()

    def test_statements_do_not_grow_with_the_queue(self):
        """The list of the queue, its figures and proposals."""

        def read():
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            domain = [("partner_id", "=", self.customer.id)]
            self.receipts.with_user(self.controller).web_search_read(
                domain,
                {"partner_id": {}, "amount_currency": {}, "item_names": {}, "why": {}, "can_apply": {}},
            )
            return self.env.cr.sql_log_count - start

        self.due(250, 30)
        self.paid(250)
        read()
        few = read()
        for amount in range(10):
            self.due(10 + amount, 5)
            self.paid(10 + amount)
        read()
        self.assertEqual(read(), few)
