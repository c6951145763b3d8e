from odoo.tests import HttpCase, tagged

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDunningTour(DunningCase, HttpCase):
    """Dunning in the browser: a collector looks and proposes, a controller reads and sends."""

    def test_a_collector_proposes_and_a_controller_sends(self):
        debtor = self.make_customer("Toured Debtors")
        invoice = self.make_invoice(days=20, partner=debtor)
        self.make_invoice(days=20, amount=10, partner=self.make_customer("Small Debtors"))
        self.start_tour("/odoo", "ar_dunning_collector", login="dun_collector")
        self.env.invalidate_all()
        letter = self.env["ar.dunning.letter"].search([("partner_id", "=", debtor.id)])
        self.assertEqual((letter.state, letter.run_id.user_id), ("draft", self.collector))
        self.start_tour("/odoo", "ar_dunning_controller", login="dun_controller")
        self.env.invalidate_all()
        self.assertEqual((letter.state, letter.approved_by_id), ("queued", self.controller))
        self.assertIn(invoice.name, letter.sudo().mail_id.body_html)
