from datetime import timedelta
from urllib.parse import urlsplit

from lxml import html

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.mail.tests.common import MailCase

from .common_dunning import DunningCase

REPLY = """\
Return-Path: <kornmann@example.com>
To: catchall@example.com
From: Kornmann AG <kornmann@example.com>
Subject: Re: Payment overdue
Message-Id: <answer-1@example.com>
In-Reply-To: {message_id}
References: {message_id}
Content-Type: text/plain; charset=utf-8

We pay on Friday. <script>alert(1)</script>
"""


class DispatchCase(DunningCase):
    def queued(self, **kwargs):
        letters = self.propose(**kwargs).letter_ids
        letters.with_user(self.other_controller).action_approve()
        letters.sudo()._queue()
        return letters


@tagged("post_install", "-at_install")
class TestDunningDispatch(DispatchCase, MailCase):
    """Channels besides mail, tasks and who does them, enclosures, bounces, answers, interest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.user_id = cls.controller

    def task(self, letter):
        return letter.activity_ids.ensure_one()

    # Tasks

    def test_a_call_is_a_letter_that_counts_once_the_customer_was_called(self):
        self.first.write({"send_by": "none", "task": "call", "owner": "sales"})
        self.customer.user_id = self.seller
        self.make_invoice(days=40)
        letter = self.queued()
        self.assertEqual((letter.state, letter.channel, letter.task_user_id), ("queued", "call", self.seller))
        self.assertFalse(letter.mail_id)
        self.assertFalse(letter.document_id)
        task = self.task(letter)
        self.assertEqual(task.user_id, self.seller)
        self.assertEqual(task.activity_type_id, self.env.ref("ar_credit_control.mail_activity_dunning_call"))
        self.assertFalse(self.propose(self.today + timedelta(days=30)).letter_ids, "it waits for the call")
        letter.with_user(self.seller).action_mark_contacted()
        self.assertEqual(letter.state, "sent")
        self.assertFalse(letter.activity_ids)
        again = self.propose(self.today + timedelta(days=7)).letter_ids
        self.assertEqual(again.stage_id, self.second)

    def test_finishing_the_task_is_saying_so(self):
        self.first.write({"send_by": "none", "task": "visit"})
        self.make_invoice(days=20)
        letter = self.queued()
        task = self.task(letter)
        self.assertEqual(task.user_id, self.controller)
        task.with_user(self.controller).action_feedback(feedback="Was there")
        self.assertEqual(letter.state, "sent")

    def test_other_activities_say_nothing(self):
        self.first.write({"send_by": "none", "task": "call"})
        self.make_invoice(days=20)
        letter = self.queued()
        other = letter.sudo().activity_schedule("mail.mail_activity_data_todo", user_id=self.controller.id)
        other.with_user(self.controller).action_feedback()
        self.assertEqual(letter.state, "queued")

    def test_a_salesperson_who_may_not_read_letters_gets_no_task(self):
        self.first.write({"send_by": "none", "task": "call", "owner": "sales"})
        plain = self.env["res.users"].create({"name": "Plain", "login": "dun_plain_sales"})
        self.customer.user_id = plain
        self.make_invoice(days=20)
        self.assertEqual(self.queued().task_user_id, self.controller)

    def test_an_owner_who_does_not_work_in_the_company_gets_no_task(self):
        self.first.write({"send_by": "none", "task": "call", "owner": "sales"})
        elsewhere = self._create_company(name="Elsewhere")
        self.customer.user_id = self.collector.copy(
            {
                "login": "dun_elsewhere",
                "company_id": elsewhere.id,
                "company_ids": [Command.set(elsewhere.ids)],
            }
        )
        self.make_invoice(days=20)
        letter = self.propose().letter_ids.with_context(allowed_company_ids=self.company.ids)
        letter.with_user(self.other_controller).action_send()
        self.assertEqual((letter.state, letter.task_user_id), ("queued", self.controller))

    def test_only_who_has_the_task_or_collectors_say_that_it_is_done(self):
        self.first.write({"send_by": "none", "task": "call"})
        self.make_invoice(days=20, partner=self.make_customer("Own", user_id=self.seller.id))
        letter = self.queued()
        for user in (self.seller, self.auditor):
            self.assertFalse(letter.with_user(user).can_mark_contacted)
            with self.assertRaises(AccessError):
                letter.with_user(user).action_mark_contacted()
        letter.with_user(self.collector).action_mark_contacted()
        self.assertEqual(letter.state, "sent")

    def test_auditors_are_told_also_where_nothing_would_be_done(self):
        self.make_invoice(days=20)
        letter = self.queued()
        letter.sudo()._mark_sent()
        for call in ("action_mark_contacted", "action_mark_posted"):
            with self.assertRaises(AccessError):
                getattr(letter.with_user(self.auditor), call)()

    def test_rows_of_the_preview_are_opened_one_by_one(self):
        for model, call in (
            ("ar.dunning.preview", "action_open_items"),
            ("ar.dunning.preview.item", "action_open_entry"),
        ):
            with self.assertRaises(UserError):
                getattr(self.env[model].with_user(self.auditor), call)()

    def test_marking_does_nothing_to_letters_that_are_not_out(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        letter.with_user(self.collector).action_mark_contacted()
        self.assertEqual(letter.state, "draft")
        letter.sudo().channel = "post"
        letter.with_user(self.collector).action_mark_contacted()
        self.assertEqual(letter.state, "draft", "nobody approved it")
        letter.sudo().channel = "email"
        mailed = self.queued_from(letter)
        mailed.sudo()._mark_contacted()
        self.assertEqual(mailed.state, "queued", "a mail is sent when the mail server says so")

    def queued_from(self, letter):
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        return letter

    def test_a_message_carries_the_text_to_copy(self):
        self.first.send_by = "message"
        invoice = self.make_invoice(days=20, amount=1234.5)
        letter = self.queued()
        self.assertEqual((letter.state, letter.channel), ("queued", "message"))
        self.assertTrue(letter.document_id, "the letter can go with the message")
        for expected in (invoice.name, "1,234.50", self.company.name, "Perhaps they were overlooked"):
            self.assertIn(expected, letter.message_text)
        self.assertIn(invoice.name, self.task(letter).note)

    def test_mail_with_a_call_besides(self):
        self.first.task = "call"
        self.make_invoice(days=20)
        letter = self.queued()
        self.assertEqual((letter.channel, letter.mail_id.state), ("email", "outgoing"))
        self.assertEqual(
            self.task(letter).activity_type_id, self.env.ref("ar_credit_control.mail_activity_dunning_call")
        )

    def test_post_although_there_is_an_address_for_mail(self):
        self.first.send_by = "post"
        self.make_invoice(days=20)
        letter = self.queued()
        self.assertEqual((letter.state, letter.channel), ("queued", "post"))
        self.assertFalse(letter.mail_id)

    # Bounces

    def test_a_bounced_mail_goes_by_post(self):
        self.make_invoice(days=20)
        letter = self.queued()
        letter.sudo()._mark_sent()
        letter.sudo()._message_receive_bounce("kornmann@example.com", self.customer)
        self.assertEqual((letter.state, letter.channel, letter.bounced), ("queued", "post", True))
        self.assertFalse(letter.sent_date)
        self.assertEqual(
            self.task(letter).activity_type_id, self.env.ref("ar_credit_control.mail_activity_dunning_post")
        )
        letter.with_user(self.collector).action_mark_contacted()
        self.assertEqual(letter.state, "sent")

    def test_an_address_that_is_none_goes_by_post(self):
        self.make_invoice(days=20)
        letter = self.queued()
        letter.mail_id._postprocess_sent_message(
            [], [], failure_reason="no valid address", failure_type="mail_email_invalid"
        )
        self.assertEqual((letter.state, letter.channel), ("queued", "post"))
        homeless = self.make_customer("Homeless", street=False)
        self.make_invoice(days=20, partner=homeless)
        letter = self.queued()
        letter.mail_id._postprocess_sent_message(
            [], [], failure_reason="no valid address", failure_type="mail_email_invalid"
        )
        self.assertEqual(letter.state, "failed")

    # Answers

    def test_an_answer_is_read_and_reaches_the_case(self):
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        case = self.env["ar.collection.case"]._get_or_open(profile, "Overdue")
        self.make_invoice(days=20)
        letter = self.queued()
        letter.sudo()._mark_sent()
        thread = self.env["mail.thread"].with_user(self.env.ref("base.user_root"))
        thread.message_process("res.partner", REPLY.format(message_id=letter._get_message_id()))
        self.assertTrue(letter.reply_date)
        self.assertIn("We pay on Friday", " ".join(letter.message_ids.mapped("body")))
        [note] = case.message_ids.filtered(lambda message: "We pay on Friday" in (message.body or ""))
        self.assertNotIn("<script", note.body)
        self.assertEqual(self.task(letter).user_id, self.controller)
        self.assertEqual(letter.state, "sent")

    def test_colleagues_who_write_are_no_customers(self):
        self.make_invoice(days=20)
        letter = self.queued()
        letter.with_user(self.collector).message_post(body="Called", message_type="comment")
        self.assertFalse(letter.reply_date)

    # Enclosures

    def test_invoices_go_with_the_letter(self):
        self.first.attach_invoices = True
        stored = self.make_invoice(days=20)
        stored_pdf = self.env["ir.attachment"].create(
            {
                "name": "legal.pdf",
                "raw": b"%PDF-1.4 legal",
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": stored.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        fresh = self.make_invoice(days=25)
        letter = self.queued()
        files = letter.mail_id.attachment_ids
        self.assertEqual(len(files), 3)
        self.assertIn(stored_pdf, files)
        self.assertIn(letter.document_id, files)
        [printed] = files - stored_pdf - letter.document_id
        self.assertEqual((printed.res_model, printed.res_id), ("account.move", fresh.id))
        self.assertEqual(printed.raw[:4], b"%PDF")
        self.assertFalse(fresh.invoice_pdf_report_id, "a reminder makes no legal document")

    def test_too_large_invoices_stay_away(self):
        self.first.attach_invoices = True
        invoice = self.make_invoice(days=20)
        self.env["ir.attachment"].create(
            {
                "name": "huge.pdf",
                "raw": b"%PDF" + b"0" * 10_000_001,
                "mimetype": "application/pdf",
                "res_model": "account.move",
                "res_id": invoice.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        letter = self.queued()
        self.assertEqual(letter.mail_id.attachment_ids, letter.document_id)
        self.assertIn(invoice.name, " ".join(letter.message_ids.mapped("body")))

    # Two companies

    def test_another_companys_collector_touches_nothing(self):
        company = self._create_company(name="Second")
        stranger = self.collector.copy(
            {
                "login": "dun_stranger",
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
            }
        )
        self.first.write({"send_by": "none", "task": "call"})
        self.make_invoice(days=20)
        letter = self.queued()
        for call in ("action_mark_contacted", "action_drop", "action_mark_posted", "action_edit"):
            with self.assertRaises(AccessError):
                getattr(letter.with_user(stranger), call)()
        self.assertEqual(letter.state, "queued")


@tagged("post_install", "-at_install")
class TestDunningAmountToPay(DispatchCase):
    """What the link of a letter asks for."""

    def transaction(self, invoice, state, amount, currency=None):
        provider = self.env["payment.provider"].create({"name": "Cards", "company_id": self.company.id})
        methods = self.env["payment.method"].with_context(active_test=False)
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": methods.search([], limit=1).id,
                "reference": f"{invoice.name} {state} {amount}",
                "amount": amount,
                "currency_id": (currency or self.company.currency_id).id,
                "partner_id": self.customer.id,
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )
        self.env.flush_all()
        # Providers of other addons bring it there.
        self.env.cr.execute(
            "UPDATE payment_transaction SET state = %s WHERE id = %s", [state, transaction.id]
        )
        self.env.invalidate_all()
        return transaction

    def test_what_providers_confirmed_comes_off(self):
        invoice = self.make_invoice(days=20, amount=1000)
        letter = self.queued()
        self.transaction(invoice, "pending", 5)
        self.transaction(invoice, "cancel", 5)
        self.assertEqual(letter._get_amount_to_pay(), 1000)
        self.transaction(invoice, "authorized", 100)
        self.assertEqual(letter._get_amount_to_pay(), 900)
        paid = self.transaction(invoice, "done", 200)
        self.assertEqual(letter._get_amount_to_pay(), 700)
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 2.0)])
        self.transaction(invoice, "done", 40, euro)
        self.assertEqual(letter._get_amount_to_pay(), 700, "Odoo books it at its rate")
        payment = self.pay(invoice, 200)
        paid.payment_id = payment
        self.assertEqual(letter._get_amount_to_pay(), 700, "it is booked by now")

    def test_never_more_than_the_letter_asked_for(self):
        invoice = self.make_invoice(days=20, amount=1000)
        self.make_entry([(self.customer, None, -300.0)])
        letter = self.queued()
        self.assertEqual((letter.amount_due, letter.amount_credit), (1000, 300))
        self.assertEqual(letter._get_amount_to_pay(), 700)
        self.pay(invoice, 800)
        self.assertEqual(letter._get_amount_to_pay(), 200)
        self.pay(invoice, 200)
        self.assertEqual(letter._get_amount_to_pay(), 0)


@tagged("post_install", "-at_install")
class TestDunningPayment(DispatchCase, HttpCase):
    """The link to pay leads to Odoo's own payment page, over what is still open."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].sudo().set_param("account_payment.enable_portal_payment", True)
        cls.first.payment_link = True

    def make_provider(self):
        return (
            self.env["payment.provider"]
            .sudo()
            .create(
                {
                    "name": "Wire",
                    "code": "none",
                    "state": "test",
                    "is_published": True,
                    "company_id": self.company.id,
                }
            )
        )

    def test_no_link_where_nobody_takes_payments(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        self.assertFalse(letter.payment_url)
        self.make_provider()
        letter.invalidate_recordset(["payment_url"])
        self.assertTrue(letter.payment_url)
        self.first.payment_link = False
        self.assertFalse(letter.payment_url)

    def test_the_link_asks_for_what_is_still_open(self):
        self.make_provider()
        invoice = self.make_invoice(days=20, amount=1000)
        letter = self.queued()
        self.assertIn(letter.payment_url, letter.mail_id.body_html)
        self.assertIn(letter.payment_url, letter.message_text)
        qr = letter._get_payment_qr(letter.payment_url)
        self.assertTrue(qr.startswith("data:image/svg+xml;base64,"))
        path = urlsplit(letter.payment_url).path
        page = self.url_open(path)
        self.assertEqual(page.status_code, 200)
        self.assertIn("1,000.00", page.text)
        self.assertEqual(letter._get_open_moves(), invoice)
        self.pay(invoice, 400)
        self.assertIn("600.00", self.url_open(path).text)
        self.pay(invoice)
        self.assertIn("Nothing is left to pay", self.url_open(path).text)

    def test_a_wrong_token_opens_nothing(self):
        self.make_provider()
        self.make_invoice(days=20)
        other = self.make_customer("Other")
        self.make_invoice(days=20, partner=other)
        first, second = self.queued()
        path = urlsplit(first.payment_url).path
        token = urlsplit(second.payment_url).path.rsplit("/", 1)[1]
        self.assertEqual(self.url_open(path[:-3] + "abc").status_code, 404)
        self.assertEqual(self.url_open(f"/dunning/pay/{first.id}/{token}").status_code, 404)
        answer = self.make_jsonrpc_request_error(first, token)
        self.assertIn("invalid", answer)
        self.assertFalse(
            self.env["payment.transaction"].search([("invoice_ids", "in", first.line_ids.move_id.ids)])
        )

    def make_jsonrpc_request_error(self, letter, token):
        return self.call_transaction(letter, token, 1, token)["error"]["data"]["message"]

    # What a customer does: Odoo's form reads the page and asks the route for a transaction

    def make_demo_provider(self, company=None):
        company = company or self.company
        journal = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", company.id)], limit=1
        )
        if not journal:
            journal = self.env["account.journal"].create(
                {"name": "Online", "code": "ONL", "type": "bank", "company_id": company.id}
            )
        # of any country and currency, as the first of all methods is not
        method = self.env.ref("payment.payment_method_card").sudo()
        provider = self.make_provider()
        provider.write(
            {
                "company_id": company.id,
                "payment_method_ids": [Command.set(method.ids)],
                "journal_id": journal.id,
            }
        )
        method.active = True
        # what a module of a provider sets up
        journal.inbound_payment_method_line_ids[:1].payment_provider_id = provider
        return provider

    def call_transaction(self, letter, token, amount, access_token, provider=None):
        """The parameters are those that Odoo's payment form sends for the route of a document."""
        provider = provider or self.env["payment.provider"].sudo().browse()
        response = self.url_open(
            f"/dunning/transaction/{letter.id}/{token}",
            json={
                "params": {
                    "provider_id": provider.id,
                    "payment_method_id": provider.payment_method_ids[:1].id or None,
                    "token_id": None,
                    "amount": amount,
                    "flow": "direct",
                    "tokenization_requested": False,
                    "landing_route": "/payment/confirmation",
                    "is_validation": False,
                    "access_token": access_token,
                    "csrf_token": "x",
                }
            },
        )
        return response.json()

    def read_form(self, letter):
        """Return what the form of the page holds: amount, access token, route."""
        page = html.fromstring(self.url_open(urlsplit(letter.payment_url).path).text)
        [form] = page.xpath("//form[@id='o_payment_form']")
        return (
            float(form.get("data-amount")),
            form.get("data-access-token"),
            form.get("data-transaction-route").rsplit("/", 1)[1],
        )

    def get_transactions(self, letter):
        return self.env["payment.transaction"].search([("dunning_letter_id", "=", letter.id)])

    def test_a_customer_pays_by_the_link(self):
        provider = self.make_demo_provider()
        invoice = self.make_invoice(days=20, amount=1000)
        letter = self.queued()
        self.assertIn(invoice.name, self.url_open(urlsplit(letter.payment_url).path).text)
        amount, access_token, token = self.read_form(letter)
        self.assertEqual(amount, 1000.0)
        answer = self.call_transaction(letter, token, amount, access_token, provider)
        self.assertNotIn("error", answer)
        payment = self.get_transactions(letter)
        self.assertEqual((payment.amount, payment.invoice_ids), (1000.0, invoice))
        self.assertEqual(payment.partner_id, letter.partner_id)
        self.assertEqual(payment.state, "draft")
        self.assertEqual(letter._get_amount_to_pay(), 1000.0)
        # the provider confirms; Odoo books it some moments later
        payment._set_done()
        page = self.url_open(urlsplit(letter.payment_url).path).text
        self.assertIn("being booked", page)
        self.assertEqual(letter._get_amount_to_pay(), 0.0)
        payment._post_process()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertFalse(invoice.amount_residual)
        self.assertIn("Paid online", str(letter.message_ids[0].body))
        self.assertIn("are paid or cleared", self.url_open(urlsplit(letter.payment_url).path).text)

    def test_the_link_says_which_interest_it_does_not_take(self):
        self.make_provider()
        self.policy.interest_scheme_id = self.env["ar.interest.scheme"].create(
            {
                "name": "Contract",
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                "rate_ids": [Command.create({"date_from": "2000-01-01", "rate": 10.0})],
            }
        )
        words = "Late interest of $\xa05.48 will be invoiced separately."
        letters = {}
        for claims in (False, True):
            self.first.claims_interest = claims
            invoice = self.make_invoice(days=20, amount=1000, partner=self.make_customer(f"Link {claims}"))
            letter = letters[claims] = self.queued()
            path = urlsplit(letter.payment_url).path
            check = self.assertIn if claims else self.assertNotIn
            check(words, letter.message_text)
            check(words, html.fromstring(letter.mail_id.body_html).text_content())
            check(words, html.fromstring(letter._render_html()).text_content())
            check(words, html.fromstring(self.url_open(path).text).text_content())
            letter.sudo()._mark_sent()
            self.pay(invoice)
            page = html.fromstring(self.url_open(path).text).text_content()
            self.assertIn("Nothing is left to pay", page)
            check(words, page)
        # until it is invoiced
        claim = self.env["ar.interest.claim"].search([("letter_id", "=", letters[True].id)])
        claim.with_user(self.controller).action_post()
        self.assertNotIn("invoiced separately", self.url_open(path).text)

    def test_the_case_notes_what_was_paid_by_the_link(self):
        self.make_demo_provider()
        self.make_invoice(days=20, amount=1000)
        letter = self.queued()
        profile = self.env["ar.credit.profile"]._get_or_create(letter.partner_id, self.company)
        case = (
            self.env["ar.collection.case"]
            .sudo()
            .create(
                {
                    "profile_id": profile.id,
                    "partner_id": letter.partner_id.id,
                    "company_id": self.company.id,
                    "opened_date": self.today,
                }
            )
        )
        letter._note_online_payments(
            self.env["payment.transaction"].new(
                {"amount": 12.5, "currency_id": letter.currency_id.id, "reference": "tx-1"}
            )
        )
        body = str(case.message_ids[0].body)
        self.assertIn("12.50", body)
        self.assertIn(letter.name, body)

    def test_the_amount_is_not_the_customers_to_choose(self):
        provider = self.make_demo_provider()
        invoice = self.make_invoice(days=20, amount=1000)
        letter = self.queued()
        amount, access_token, token = self.read_form(letter)
        for wrong in (1.0, 999.99, 5000.0):
            self.assertIn("error", self.call_transaction(letter, token, wrong, access_token, provider))
        for wrong in ("much", "nan", None, [1]):
            answer = self.call_transaction(letter, token, wrong, access_token, provider)
            self.assertIn("token is invalid", answer["error"]["data"]["message"])
        # paid in part since the page was loaded
        self.pay(invoice, 400)
        answer = self.call_transaction(letter, token, amount, access_token, provider)
        self.assertIn("Load the page again", answer["error"]["data"]["message"])
        self.assertFalse(self.get_transactions(letter))

    def test_another_companys_provider_takes_nothing(self):
        self.make_demo_provider()
        stranger = self.make_demo_provider(self._create_company(name="Second"))
        self.make_invoice(days=20, amount=1000)
        letter = self.queued()
        amount, access_token, token = self.read_form(letter)
        answer = self.call_transaction(letter, token, amount, access_token, stranger)
        self.assertIn("not offered", answer["error"]["data"]["message"])
        self.assertFalse(self.get_transactions(letter))

    def test_the_page_speaks_the_language_of_the_letter(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.make_provider()
        self.customer.lang = "fr_FR"
        self.make_invoice(days=20)
        letter = self.queued()
        self.assertEqual(letter.lang, "fr_FR")
        page = self.url_open(urlsplit(letter.payment_url).path, headers={"Accept-Language": "en-US"})
        chosen = "//a[contains(@class, 'js_change_lang') and contains(@class, 'active')]/@data-url_code"
        self.assertEqual(html.fromstring(page.text).xpath(chosen), ["fr"])

    def test_the_link_outlives_a_merge_of_customers(self):
        self.make_provider()
        self.make_invoice(days=20)
        letter = self.queued()
        path = urlsplit(letter.payment_url).path
        other = self.make_customer("Other")
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (letter.partner_id | other).ids, other
        )
        self.env.invalidate_all()
        self.assertEqual(letter.partner_id, other)
        self.assertEqual(self.url_open(path).status_code, 200)
