from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from .common_aging import AgingCase


@tagged("post_install", "-at_install")
class TestAgingTour(AgingCase, HttpCase):
    def test_aging_screen(self):
        """A collector changes the date in the screen and sees the strip, pivot, list and graph follow."""
        new_test_user(
            self.env,
            "aging_collector",
            password="aging_collector",
            groups="ar_credit_control.group_collector",
            lang="en_US",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        invoice = self.invoice(1000, "2025-01-01", due="2025-01-31")
        self.match(invoice, self.payment(400, "2025-03-10"))
        self.entry(40, "2025-04-01", due="2025-05-01")
        self.start_tour("/odoo/receivables-ageing", "ar_credit_control_aging", login="aging_collector")
