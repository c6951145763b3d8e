import socket
from contextlib import closing
from unittest.mock import patch

from aiosmtpd.controller import Controller

from odoo.tests import HttpCase, tagged

from .common_dunning import DunningCase
from .test_dunning_process import Catcher


@tagged("post_install", "-at_install")
class TestDunningTour(DunningCase, HttpCase):
    """Dunning in the browser: a collector looks and proposes, a controller sends, the mail arrives."""

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
        [mail] = self.deliver(letter)
        self.assertEqual(mail["To"].addresses[0].addr_spec, debtor.email)
        self.assertIn(invoice.name, mail.get_body(("html",)).get_content())
        [page] = mail.iter_attachments()
        self.assertEqual(page.get_content()[:4], b"%PDF")
        self.assertEqual(letter.state, "sent")

    def deliver(self, letter):
        """Let the mail queue send the mail of a letter to a server of the test; return what arrived."""
        catcher = Catcher()
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        server = Controller(catcher, hostname="127.0.0.1", port=port)
        server.start()
        self.addCleanup(server.stop)
        servers = self.env["ir.mail_server"].sudo()
        servers.search([]).active = False
        servers.create({"name": "Catcher", "smtp_host": "127.0.0.1", "smtp_port": port})
        with patch.object(type(servers), "_disable_send", lambda _self: False):
            letter.sudo().mail_id.send()
        return catcher.mails
