from odoo.tests import tagged

from .common_agreement import AgreementCase
from .common_dunning import DunningCase
from .common_provision import ProvisionCase

CHINESE = "[\u4e00-\u9fff]"


def add_chinese(env, user):
    env["res.lang"]._activate_lang("zh_CN")
    env["ir.module.module"].search([("name", "=", "ar_credit_control")])._update_translations("zh_CN")
    user.lang = "zh_CN"


@tagged("post_install", "-at_install")
class TestAgreementLanguage(AgreementCase):
    """Whoever judges a promise, a schedule or a colleague: who has to act reads it in their own language."""

    def test_a_promise_that_was_not_kept(self):
        add_chinese(self.env, self.env.user)
        self.due(300)
        promise = self.promise(None, -10)
        promise.with_context(lang="en_US")._judge()
        self.assertEqual(promise.state, "broken")
        self.assertEqual(promise.activity_ids.user_id.lang, "zh_CN")
        self.assertRegex(promise.activity_ids.summary, CHINESE)


@tagged("post_install", "-at_install")
class TestLetterLanguage(DunningCase):
    """What a schedule asks of a person about letters is in that person's language."""

    def setUp(self):
        super().setUp()
        add_chinese(self.env, self.collector)
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        profile.sudo().collector_id = self.collector
        self.make_invoice(days=10, amount=1000.0)

    def queued(self):
        letter = self.propose().letter_ids
        letter.with_user(self.other_controller).action_approve()
        letter.sudo().with_context(lang="en_US")._queue()
        return letter

    def test_a_letter_that_did_not_arrive(self):
        letter = self.queued()
        letter.sudo().with_context(lang="en_US")._mark_failed("No such mailbox")
        self.assertEqual(letter.activity_ids.user_id, self.collector)
        self.assertRegex(letter.activity_ids.summary, CHINESE)

    def test_a_letter_that_bounced(self):
        letter = self.queued().sudo().with_context(lang="en_US")
        letter._mark_sent()
        letter._message_receive_bounce("kornmann@example.com", self.customer)
        self.assertEqual((letter.state, letter.channel), ("queued", "post"))
        self.assertRegex(letter.message_ids[0].body, f"kornmann@example.com.*{CHINESE}")

    def test_a_statement_that_bounced(self):
        statements = self.env["ar.statement"].with_user(self.collector)
        statement = statements._make(self.company, self.customer, user_id=self.collector.id)
        statement.action_send()
        statement = statement.sudo().with_context(lang="en_US")
        statement._message_receive_bounce("kornmann@example.com", self.customer)
        self.assertEqual(statement.state, "failed")
        self.assertRegex(statement.failure_reason, f"kornmann@example.com.*{CHINESE}")

    def test_a_letter_to_call_about(self):
        self.first.task = "call"
        task = self.queued().activity_ids
        self.assertEqual(task.user_id, self.collector)
        self.assertRegex(task.summary, CHINESE)


@tagged("post_install", "-at_install")
class TestApprovalLanguage(ProvisionCase):
    """Whoever asks for a decision: who decides reads it in their own language."""

    def test_a_run_to_approve(self):
        add_chinese(self.env, self.manager)
        self.make_invoice(1_000, 40)
        run = self.make_run(post=False)
        run.with_user(self.controller).with_context(lang="en_US").action_submit()
        self.assertEqual(run.activity_ids.user_id, self.manager)
        self.assertRegex(run.activity_ids.summary, CHINESE)
