from odoo.tests import HttpCase, tagged

from .common_cash import CashCase


@tagged("post_install", "-at_install")
class TestCashTour(CashCase, HttpCase):
    """Receipts in the browser: the queue, what they pay, approval by another person."""

    def test_from_the_queue_to_the_matching(self):
        self.company.cash_approval_amount = 200
        small, large = self.due(100, 30), self.due(480, 40)
        self.paid(100)
        self.paid(500, f"Payment of {large.name}")
        for user in (self.controller, self.accountant):
            user.write({"password": user.login, "lang": "en_US"})
        queue = "/odoo/action-ar_credit_control.action_cash_receipt"
        self.start_tour(queue, "ar_cash_queue", login=self.controller.login)
        self.env.invalidate_all()
        self.assertEqual((self.residual(small), self.residual(large)), (0, 480))
        request = self.env["ar.cash.application"].search(
            [("partner_id", "=", self.customer.id), ("state", "=", "proposed")]
        )
        self.assertEqual((request.requested_by_id, request.amount), (self.controller, 500))

        approvals = "/odoo/action-ar_credit_control.action_cash_application_approve"
        self.start_tour(approvals, "ar_cash_approve", login=self.accountant.login)
        self.env.invalidate_all()
        self.assertEqual((request.state, request.decided_by_id), ("applied", self.accountant))
        self.assertEqual(self.residual(large), 0)
        left = self.receipts.search([("partner_id", "=", self.customer.id)])
        self.assertEqual((left.amount_currency, left.can_apply), (20, True))
