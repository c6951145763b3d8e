from odoo.tests import HttpCase, tagged

from .common_credit import CreditCase


@tagged("post_install", "-at_install")
class TestCreditTour(CreditCase, HttpCase):
    """The Credit page of a customer in the browser, as manager and as plain salesperson."""

    def test_a_manager_decides_and_a_salesperson_looks(self):
        self.make_order((6, 100.0), user_id=self.salesperson.id)
        self.make_invoice(200.0, days_overdue=5)
        url = f"/odoo/res.partner/{self.customer.id}"
        self.start_tour(url, "ar_credit_partner_salesperson", login="credit_sales")
        self.start_tour(url, "ar_credit_partner_manager", login="credit_mgr")
        self.env.invalidate_all()
        self.assertFigures(limit=500, exposure=800, available=-300, status="hold")
