from datetime import timedelta

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.mail.tests.common import MailCase

from .common_collection import CollectionCase

REPLY = """\
Return-Path: <kornmann@example.com>
To: catchall@example.com
From: Kornmann AG <kornmann@example.com>
Subject: Re: What you wrote
Message-Id: <answer-{number}@example.com>
In-Reply-To: {message_id}
References: {message_id}
{headers}Content-Type: text/plain; charset=utf-8

The balance differs by 300. <script>alert(1)</script>
"""


@tagged("post_install", "-at_install")
class TestCustomerReply(CollectionCase, MailCase):
    """Whatever a customer answers to lands on the case and is given to a person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(days=40)
        cls.case = cls.open()

    def answer(self, document, headers=""):
        sent = document.sudo().message_post(
            body="Dear customer", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        gateway = self.env["mail.thread"].with_user(self.env.ref("base.user_root"))
        gateway.message_process(
            "res.partner",
            REPLY.format(number=sent.id, message_id=sent.message_id, headers=headers),
        )
        self.env.flush_all()
        self.env.invalidate_all()

    def items(self):
        return self.env["ar.aging.report"].search([("move_id", "=", self.invoice.id)])

    def make_statement(self):
        statements = self.env["ar.statement"].with_user(self.collector)
        return statements._make(self.company, self.customer, asks_confirmation=True).sudo(False)

    def make_promise(self):
        return self.env["ar.payment.promise"]._record(
            self.customer, self.company, 400.0, self.today + timedelta(days=2)
        )

    def make_plan(self):
        dates = [self.today + timedelta(days=days) for days in (5, 35)]
        return self.env["ar.payment.plan"]._draft(
            self.customer, self.company, self.items(), "plan", dates, reason="Waits for money"
        )

    def assertAnswered(self, document):
        self.answer(document)
        self.assertTrue(document.reply_date)
        self.assertEqual(document.activity_ids.user_id, self.collector, "somebody is asked to read it")
        [note] = self.case.message_ids.filtered(lambda message: "differs by 300" in (message.body or ""))
        self.assertNotIn("<script", note.body)
        self.assertIn(f'data-oe-model="{document._name}"', note.body, "the case leads to what was answered")
        figures = self.figures(self.case)
        self.assertEqual((figures["last_word_kind"], figures["priority"]), ("reply", "3_reply"))
        self.assertIn("differs by 300", figures["last_word_text"])

    def test_answers_to_a_statement_land_on_the_case(self):
        self.assertAnswered(self.make_statement())

    def test_answers_to_mails_about_a_promise_land_on_the_case(self):
        self.assertAnswered(self.make_promise())

    def test_answers_to_mails_about_a_plan_land_on_the_case(self):
        self.assertAnswered(self.make_plan())

    def test_the_customer_belongs_to_another_one_by_now(self):
        statement = self.make_statement()
        heir = self.make_customer("Kornmann Holding")
        case = self.open(heir)
        self.customer.write({"parent_id": heir.id, "is_company": False})
        self.assertEqual(self.customer.commercial_partner_id, heir)
        self.answer(statement)
        self.assertIn("differs by 300", " ".join(case.message_ids.mapped("body")))

    def test_without_a_case_our_contact_reads_it(self):
        other = self.make_customer("Nobody Open")
        self.make_invoice(days=10, partner=other)
        statement = self.env["ar.statement"].with_user(self.collector)._make(self.company, other)
        self.answer(statement)
        self.assertEqual(statement.activity_ids.user_id, self.collector)

    def test_two_answers_are_one_task(self):
        statement = self.make_statement()
        self.answer(statement)
        self.answer(statement)
        self.assertEqual(len(statement.activity_ids), 1)
        notes = self.case.message_ids.filtered(lambda message: "differs by 300" in (message.body or ""))
        self.assertEqual(len(notes), 2)

    def test_what_we_write_ourselves_is_no_answer(self):
        statement = self.make_statement()
        for author, kind in ((self.customer, "comment"), (self.collector.partner_id, "email")):
            statement.sudo().message_post(
                body="The balance differs by 300", message_type=kind, author_id=author.id
            )
        self.assertFalse(statement.reply_date)
        self.assertFalse(statement.activity_ids)

    def test_who_is_out_of_office_answers_nothing(self):
        for headers in (
            "Auto-Submitted: auto-replied\n",
            "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n",
            "Precedence: auto_reply\n",
        ):
            statement = self.make_statement()
            self.answer(statement, headers)
            self.assertFalse(statement.reply_date, headers)
            self.assertFalse(statement.activity_ids)
            self.assertIn("differs by 300", statement.message_ids[0].body, "it is kept where it was sent")
        self.assertNotIn("differs by 300", " ".join(self.case.message_ids.mapped("body")))
        before = self.figures(self.case)["priority"]
        self.answer(self.case, "Auto-Submitted: auto-replied\n")
        self.assertEqual(self.figures(self.case)["priority"], before)
        self.answer(self.case, "Auto-Submitted: auto-generated\n")
        self.assertEqual(self.figures(self.case)["priority"], "3_reply", "a ticket system writes for people")

    def test_who_answers_may_have_a_login_of_the_portal(self):
        buyer = new_test_user(self.env, "reply_buyer", groups="base.group_portal")
        buyer.partner_id.parent_id = self.customer
        statement = self.make_statement()
        statement.sudo().message_post(
            body="The balance differs by 300", message_type="email", author_id=buyer.partner_id.id
        )
        self.assertTrue(statement.reply_date)
        self.assertEqual(statement.activity_ids.user_id, self.collector)

    def test_a_case_that_is_closed_or_of_another_company_hears_nothing(self):
        other = self.setup_other_company()["company"]
        self.collector.company_ids += other
        elsewhere = self.open(company=other)
        self.case.sudo()._set_state("closed", "Settled")
        statement = self.make_statement()
        self.answer(statement)
        for case in (self.case, elsewhere):
            self.assertNotIn("differs by 300", " ".join(case.message_ids.mapped("body")))
        self.assertEqual(statement.activity_ids.user_id, self.collector)

    def test_an_answer_to_a_closed_case_is_read(self):
        closed = self.case
        closed.sudo()._set_state("closed", "Settled")
        closed.sudo().closed_date = self.today - timedelta(days=200)
        for _time in range(2):
            self.answer(closed)
        self.assertEqual(closed.activity_ids.user_id, self.collector)
        self.assertEqual(len(closed.activity_ids), 1)
        following = self.open()
        self.assertNotEqual(following, closed)
        self.answer(closed)
        self.assertIn("differs by 300", " ".join(following.message_ids.mapped("body")))
        self.assertEqual(len(closed.activity_ids), 1, "who works the open case reads it there")

    def test_who_is_gone_is_not_asked(self):
        """Neither who left nor who may not read it any more: the collector of the case reads it."""
        for change in ({"active": False}, {"active": True, "group_ids": [Command.clear()]}):
            statement = self.make_statement()
            statement.sudo().user_id = self.colleague
            with self.env.cr.savepoint() as savepoint:
                self.colleague.sudo().write(change)
                self.answer(statement.with_env(self.env))
                self.assertEqual(statement.with_env(self.env).activity_ids.user_id, self.collector)
                savepoint.rollback()
