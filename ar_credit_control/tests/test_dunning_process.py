import email
import email.policy
import logging
import socket
import time
from contextlib import closing
from io import BytesIO

from aiosmtpd.controller import Controller
from pypdf import PdfReader

from .common_database import OwnDatabaseCase

CUSTOMERS = 14

SETUP = """
from datetime import timedelta
from odoo import fields
from odoo.fields import Command
env['ar.dunning.policy'].search([]).active = False
env['ir.mail_server'].search([]).unlink()
env['mail.mail'].search([]).unlink()
company = env.company
policy = env.ref('ar_credit_control.dunning_policy_standard')
policy = policy.copy({'company_id': company.id, 'currency_id': company.currency_id.id, 'name': 'Process',
                      'sequence': 0, 'category_ids': [Command.create({'name': 'Process'})]})
policy.write({'active': True, 'automatic': True, 'user_id': env.ref('base.user_admin').id})
env['ir.mail_server'].create({'name': 'Catcher', 'smtp_host': '127.0.0.1', 'smtp_port': %(port)d})
customers = env['res.partner'].create([{
    'name': 'Process %%02d' %% i, 'email': 'process%%02d@example.com' %% i, 'is_company': True,
    'category_id': [Command.set(policy.category_ids.ids)],
} for i in range(%(customers)d)])
today = fields.Date.today()
receivable = env['account.account'].search(
    [('account_type', '=', 'asset_receivable'), ('company_ids', '=', company.id)], limit=1)
moves = env['account.move'].create([{
    'move_type': 'out_invoice', 'partner_id': customer.id, 'invoice_date': today - timedelta(days=50),
    'invoice_date_due': today - timedelta(days=20), 'currency_id': company.currency_id.id,
    'invoice_line_ids': [
        Command.create({'name': 'Work', 'price_unit': 500 + i, 'tax_ids': [Command.clear()]})],
} for i, customer in enumerate(customers)])
moves.action_post()
env.cr.commit()
"""
# Few letters a commit, so that there is a middle to be killed in.
RUN = """
from odoo.addons.ar_credit_control.models.document import ar_document_queue_mixin
ar_document_queue_mixin.QUEUE_BATCH = 4
env['ar.dunning.run']._cron_run_policies()
env.cr.commit()
"""
# A second worker is ready before there is anything to do, and begins as soon as there is.
WAIT = """
import time
while not env['ar.dunning.policy'].search_count([('name', '=', 'Process')]):
    env.cr.rollback()
    time.sleep(0.02)
env.registry.check_signaling()
env.invalidate_all()
"""
# A refused address is what the test wants: Odoo's own traceback about it is not.
SEND = """
import logging
logging.getLogger('odoo.addons.mail.models.mail_mail').setLevel(logging.CRITICAL)
env['mail.mail'].process_email_queue()
env.cr.commit()
"""


class Catcher:
    """Keeps every letter that the SMTP server accepts; refuses addresses of ``refused``."""

    def __init__(self):
        self.mails = []
        self.refused = set()

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        if mail["Message-Id"].startswith("<ar-dunning-"):  # not what Odoo tells its own users
            self.mails.append(mail)
        return "250 OK"


class DunningProcessCase(OwnDatabaseCase):
    """Real Odoo processes on a committed database, a real SMTP server that keeps what it gets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.catcher = Catcher()
        # It would tell of the connection that a killed process leaves, in the middle of the tests' progress.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            cls.port = free.getsockname()[1]
        server = Controller(cls.catcher, hostname="127.0.0.1", port=cls.port)
        server.start()
        cls.addClassCleanup(server.stop)

        cls.given = SETUP % {"port": cls.port, "customers": CUSTOMERS}

    def letters(self, state):
        return self.query(
            "SELECT letter.id FROM ar_dunning_letter letter"
            " JOIN ar_dunning_policy policy ON policy.id = letter.policy_id"
            " WHERE letter.state = %s AND policy.name->>'en_US' = 'Process'",
            state,
        )

    def assertEachQueuedOnce(self):
        self.assertEqual(len(self.letters("queued")), CUSTOMERS)
        doubles = self.query(
            "SELECT partner_id, COUNT(*) FROM ar_dunning_letter WHERE state = 'queued'"
            " GROUP BY 1, currency_id, policy_id"
            " HAVING COUNT(*) > 1"
        )
        self.assertFalse(doubles, "a customer got two letters")
        mails = self.query(
            "SELECT COUNT(*), COUNT(DISTINCT message.res_id), COUNT(DISTINCT message.message_id)"
            " FROM mail_mail mail JOIN mail_message message ON message.id = mail.mail_message_id"
            " WHERE message.model = 'ar.dunning.letter'"
        )
        self.assertEqual(mails, [(CUSTOMERS, CUSTOMERS, CUSTOMERS)])
        loose = self.query(
            "SELECT COUNT(*) FROM ar_dunning_letter letter"
            " JOIN ar_dunning_policy policy ON policy.id = letter.policy_id"
            " LEFT JOIN mail_mail mail ON mail.id = letter.mail_id"
            " WHERE letter.state = 'queued' AND mail.state IS DISTINCT FROM 'outgoing'"
            " AND policy.name->>'en_US' = 'Process'"
        )
        self.assertEqual(loose, [(0,)])


class TestDunningTwice(DunningProcessCase):
    def test_two_runs_at_once_then_the_mail_server(self):
        for run in [self.start(WAIT + RUN), self.start(self.given + RUN)]:
            self.finish(run)
        self.assertEachQueuedOnce()

        self.catcher.refused.add("process03@example.com")
        # Nothing goes out a second time.
        self.run_script(RUN + SEND + RUN + SEND)
        self.assertEqual(len(self.letters("sent")), CUSTOMERS - 1)
        [(failed,)] = self.letters("failed")
        self.assertEqual(
            self.query(
                "SELECT COUNT(*) FROM mail_activity WHERE res_model = 'ar.dunning.letter' AND res_id = %s",
                failed,
            ),
            [(1,)],
        )
        self.assertEqual(len(self.catcher.mails), CUSTOMERS - 1)
        ids = {mail["Message-Id"] for mail in self.catcher.mails}
        self.assertEqual(len(ids), CUSTOMERS - 1)
        recipients = sorted(mail["To"].addresses[0].addr_spec for mail in self.catcher.mails)
        self.assertEqual(recipients, [f"process{i:02d}@example.com" for i in range(CUSTOMERS) if i != 3])
        self.assertMail(self.catcher.mails[0])

    def assertMail(self, mail):
        self.assertIn("Payment overdue", mail["Subject"])
        self.assertTrue(mail["Reply-To"])
        body = mail.get_body(("html",)).get_content()
        [attachment] = list(mail.iter_attachments())
        self.assertEqual(attachment.get_content_type(), "application/pdf")
        pages = PdfReader(BytesIO(attachment.get_content())).pages
        text = " ".join(" ".join(page.extract_text() for page in pages).split())
        name = mail["To"].addresses[0].display_name
        [(invoice,)] = self.query(
            "SELECT move.name FROM account_move move JOIN res_partner partner ON partner.id = move.partner_id"
            " WHERE partner.name = %s",
            name,
        )
        for content in (body, text):
            self.assertIn(invoice, content)
            self.assertIn(name, content)


class TestDunningKilled(DunningProcessCase):
    def test_a_killed_run_is_completed_by_the_next(self):
        worker = self.start(self.given + RUN)
        deadline = time.monotonic() + 120
        while not self.letters("queued"):
            self.assertLess(time.monotonic(), deadline, "the worker queued nothing")
            self.assertIsNone(worker.poll(), "the worker ended before it could be killed")
            time.sleep(0.02)
        worker.kill()
        worker.wait()
        queued = len(self.letters("queued"))
        self.assertLess(queued, CUSTOMERS, "killed too late to show anything")
        self.assertEqual(len(self.letters("approved")) + queued, CUSTOMERS, "the proposal is one commit")
        self.run_script(RUN)
        self.assertEachQueuedOnce()
