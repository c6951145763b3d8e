from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .common_review import ReviewCase


@tagged("post_install", "-at_install")
class TestReviewTour(ReviewCase, HttpCase):
    """In the browser: sales asks for credit, does not approve it, the manager does, and the order passes."""

    def test_a_request_is_approved_by_another_and_the_order_passes(self):
        self.company.credit_control_active = True
        customer = self.make_partner("Toured Traders", user_id=self.credit_user.id)
        profile = self.make_profile(customer, 1000.0)
        order = self.make_order(
            (25, 100.0), confirm=False, partner_id=customer.id, user_id=self.credit_user.id
        )
        url = f"/odoo/action-sale.action_quotations_with_onboarding/{order.id}"
        order.with_user(self.credit_user).action_confirm()
        self.assertEqual((order.state, order.credit_hold_state), ("draft", "held"))
        self.start_tour(url, "ar_credit_review_salesperson", login=self.credit_user.login)
        review = self.reviews.search([("profile_id", "=", profile.id), ("state", "=", "submitted")])
        self.assertEqual((review.requester_id, review.order_id), (self.credit_user, order))
        with self.assertRaisesRegex(AccessError, "Who asked never approves"):
            review.with_user(self.credit_user).action_approve()
        self.start_tour("/odoo", "ar_credit_review_manager", login=self.manager.login)
        self.env.invalidate_all()
        self.assertEqual((profile.limit, review.decided_by_id), (2500.0, self.manager))
        if order.state != "sale":  # unless it was released by itself in the meantime
            self.start_tour(url, "ar_credit_review_confirm", login=self.credit_user.login)
        self.env.invalidate_all()
        self.assertEqual(order.state, "sale")
