from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.ar_credit_control.tests.common_dunning import DunningCase
from odoo.addons.sms.tests.common import SMSCase

NUMBER = "+4915123456789"


@tagged("post_install", "-at_install")
class TestDunningSms(DunningCase, SMSCase):
    """Stages by SMS: who gets one, what it says, that it goes once, and what becomes of the letter."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first.send_by = "sms"
        cls.customer.phone = NUMBER
        cls.invoice = cls.make_invoice(days=10, amount=1234.5)

    def setUp(self):
        super().setUp()
        self._clear_outgoing_sms()

    def queued(self):
        letters = self.propose().letter_ids
        letters.with_user(self.other_controller).action_approve()
        letters.sudo()._queue()
        return letters

    def texts(self, letters):
        trackers = self.env["sms.tracker"].sudo().search([("dunning_letter_id", "in", letters.ids)])
        return self.env["sms.sms"].sudo().search([("uuid", "in", trackers.mapped("sms_uuid"))])

    def process(self, **gateway):
        with self.mockSMSGateway(**gateway), mute_logger("odoo.addons.sms.models.sms_sms"):
            self.env["sms.sms"].sudo().search([("state", "=", "outgoing")]).send()
            return list(self._sms)

    def refuse(self, number=NUMBER):
        self.env["phone.blacklist"].sudo().create({"number": number})

    # Who gets one

    def test_channel_is_sms_with_a_number_else_what_there_is(self):
        cases = {
            "Mobile": ({"phone": "+4915199999901"}, "sms"),
            "Nonsense": ({"phone": "12"}, "email"),
            "Silent": ({}, "email"),
            "Paper": ({"email": False}, "post"),
        }
        expected = {}
        for name, (values, channel) in cases.items():
            customer = self.make_customer(name, **values)
            self.make_invoice(days=10, partner=customer)
            expected[customer] = channel
        preview = self.env["ar.dunning.preview"].with_context(dunning_policy_id=self.policy.id)
        rows = preview.search([("outcome", "=", "letter"), ("partner_id", "in", [c.id for c in expected])])
        self.assertEqual({row.partner_id: row.channel for row in rows}, expected)
        letters = self.propose().letter_ids.filtered(lambda letter: letter.partner_id in expected)
        self.assertEqual({letter.partner_id: letter.channel for letter in letters}, expected)

    def test_who_is_on_the_blacklist_gets_none(self):
        self.refuse()
        self.assertEqual(self.propose().letter_ids.channel, "email")

    def test_the_contact_of_the_role_with_a_number_gets_it(self):
        silent, payables = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "parent_id": self.customer.id,
                    "type": "contact",
                    "collection_role": "payables",
                    "email": "payables@example.com",
                    "phone": phone,
                }
                for name, phone in (("Ann", False), ("Bea", "+4915199999902"))
            ]
        )
        letter = self.propose().letter_ids
        self.assertEqual((letter.recipient_id, letter.channel), (payables, "sms"))
        self.assertNotEqual(letter.recipient_id, silent)

    def test_whoever_has_a_number_comes_before_who_has_none(self):
        self.env["res.partner"].create(
            {
                "name": "Ann",
                "parent_id": self.customer.id,
                "type": "contact",
                "collection_role": "payables",
                "email": "payables@example.com",
            }
        )
        letter = self.propose().letter_ids
        self.assertEqual((letter.recipient_id, letter.channel), (self.customer, "sms"))

    def test_a_person_chooses_it_only_with_a_number(self):
        self.first.send_by = "email"
        letter = self.propose().letter_ids
        letter.with_user(self.collector)._edit(channel="sms")
        self.assertEqual((letter.channel, letter.own_channel), ("sms", True))
        letter.with_user(self.collector)._edit(channel="email")
        self.refuse()
        with self.assertRaises(UserError):
            letter.with_user(self.collector)._edit(channel="sms")

    # What it says

    def test_the_standard_text_has_amount_items_and_day(self):
        letter = self.propose().letter_ids
        for expected in (self.company.name, "1,234.50", "items: 1"):
            self.assertIn(expected, letter.sms_text)
        self.assertNotIn("\xa0", letter.sms_text)
        self.assertNotIn("{", letter.sms_text)

    def test_the_text_of_the_stage_in_the_language_of_the_recipient(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.customer.lang = "de_DE"
        self.first.sms_text = "{items} item, {amount}"
        self.first.with_context(lang="de_DE").sms_text = "{items} Posten, {amount}"
        letter = self.propose().letter_ids
        self.assertIn("1 Posten", letter.sms_text)
        letter.with_user(self.collector)._edit(personal_text="Bitte heute.")
        self.assertTrue(letter.sms_text.endswith("Bitte heute."))

    def test_the_link_to_pay_is_in_it(self):
        self.env["ir.config_parameter"].sudo().set_param("account_payment.enable_portal_payment", "True")
        provider = self.env["payment.provider"].sudo().search([], limit=1)
        self.first.payment_link = True
        letter = self.propose().letter_ids
        if not self.company._dunning_takes_online_payments():
            provider.copy({"company_id": self.company.id, "state": "test", "is_published": True})
        letter.invalidate_recordset()
        self.assertTrue(letter.payment_url)
        self.assertIn(letter.payment_url, letter.sms_text)

    # The queue

    def test_it_waits_in_the_queue_once(self):
        with self.mockSMSGateway():
            letter = self.queued()
            self.assertFalse(self._sms, "nothing leaves before the transaction ends")
            self.assertEqual(len(self._new_sms), 1)
            letter.sudo()._queue()
            self.assertEqual(len(self._new_sms), 1)
        sms = self.texts(letter)
        self.assertEqual((letter.state, letter.mail_id.id), ("queued", False))
        self.assertEqual((sms.state, sms.number, sms.body), ("outgoing", NUMBER, letter.sms_text))
        self.assertEqual(sms.partner_id, self.customer)
        self.assertFalse(letter.run_id.task_count, "nobody has to do it by hand")

    def test_a_letter_has_one_sms(self):
        letter = self.queued()
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env["sms.tracker"].sudo().create({"sms_uuid": "0" * 32, "dunning_letter_id": letter.id})

    def test_what_was_paid_meanwhile_is_not_sent(self):
        letter = self.propose().letter_ids
        letter.with_user(self.other_controller).action_approve()
        self.pay(self.invoice)
        letter.sudo()._queue()
        self.assertEqual(letter.state, "cancelled")
        self.assertFalse(self.texts(letter))

    # Outcome

    def test_the_letter_is_sent_when_the_gateway_took_it(self):
        letter = self.queued()
        sent = self.process()
        self.assertEqual([(sms["number"], sms["body"]) for sms in sent], [(NUMBER, letter.sms_text)])
        self.assertEqual(letter.state, "sent")
        self.assertTrue(letter.sent_date)
        self.assertFalse(self.process(), "once")

    def test_the_text_as_sent_stays(self):
        letter = self.queued()
        said = letter.sms_text
        self.process()
        self.first.sms_text = "Other words"
        letter.invalidate_recordset()
        self.assertEqual(letter.sms_text, said)
        self.assertIn("1,234.50", " ".join(letter.message_ids.mapped("body")))

    def test_the_case_shows_what_was_said(self):
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        case = self.env["ar.collection.case"]._get_or_open(profile, "Overdue")
        letter = self.queued()
        self.process()
        self.env.flush_all()
        case.invalidate_recordset()
        self.assertIn(letter.sms_body, str(case.timeline))

    def test_a_wrong_number_goes_by_mail(self):
        letter = self.queued()
        self.process(sim_error="wrong_number_format")
        self.assertEqual((letter.state, letter.channel), ("queued", "email"))
        self.assertEqual(letter.mail_id.state, "outgoing")
        self.assertFalse(self.process(), "never both")

    def test_a_wrong_number_without_mail_is_a_task_to_post(self):
        self.customer.email = False
        letter = self.queued()
        self.process(sim_error="wrong_number_format")
        self.assertEqual((letter.state, letter.channel), ("queued", "post"))
        self.assertEqual(
            letter.activity_ids.activity_type_id,
            self.env.ref("ar_credit_control.mail_activity_dunning_post"),
        )

    def test_a_wrong_number_without_any_address_fails(self):
        self.customer.write({"email": False, "street": False, "city": False})
        letter = self.queued()
        self.process(sim_error="wrong_number_format")
        self.assertEqual((letter.state, letter.channel), ("failed", "sms"))
        self.assertIn("Wrong Number", letter.failure_reason)
        self.assertTrue(letter.activity_ids)

    def test_why_it_failed_is_said_to_the_collector(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        addons = self.env["ir.module.module"].search([("name", "in", ("sms", "ar_credit_control_sms"))])
        addons._update_translations("zh_CN")
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        profile.sudo().collector_id = self.collector
        self.collector.lang = "zh_CN"
        letter = self.queued()
        self.process(sim_error="credit")
        self.assertEqual(letter.state, "failed")
        self.assertRegex(letter.failure_reason, "[\u4e00-\u9fff]")

    def test_a_number_lost_before_the_queue_goes_by_mail(self):
        letter = self.propose().letter_ids
        letter.with_user(self.collector)._edit(channel="email")
        letter.with_user(self.collector)._edit(channel="sms")
        self.refuse()
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        self.assertEqual((letter.state, letter.channel), ("queued", "email"))
        self.assertTrue(letter.mail_id)
        self.assertFalse(self.texts(letter))

    def test_a_gateway_that_fails_is_tried_again_with_one_sms(self):
        letter = self.queued()
        first = self.texts(letter)
        self.process(sim_error="credit")
        self.assertEqual((letter.state, letter.channel), ("failed", "sms"))
        self.assertIn("Insufficient Credit", letter.failure_reason)
        letter.with_user(self.controller).action_retry()
        letter.sudo()._queue()
        self.assertEqual(letter.state, "queued")
        self.assertEqual(first.state, "canceled", "it can never go out again")
        first._update_sms_state_and_trackers("pending")
        self.assertEqual(letter.state, "queued", "it is no more the letter's")
        self.assertEqual(len(self.process()), 1)
        self.assertEqual(letter.state, "sent")

    def test_a_delivery_report_of_a_dead_number_goes_by_mail(self):
        letter = self.queued()
        uuid = self.texts(letter).uuid
        self.process()
        tracker = self.env["sms.tracker"].sudo().search([("sms_uuid", "=", uuid)])
        tracker._action_update_from_provider_error("invalid_destination")
        self.assertEqual((letter.state, letter.channel), ("queued", "email"))
        tracker._action_update_from_sms_state("sent")
        self.assertEqual(letter.state, "queued", "the mail decides now")

    def test_who_cancels_or_deletes_the_sms_hears_of_the_letter(self):
        letter = self.queued()
        self.texts(letter).action_set_canceled()
        self.assertEqual(letter.state, "failed")
        self.texts(letter).action_set_outgoing()
        self.assertEqual(letter.state, "queued")
        self.texts(letter).unlink()
        self.assertEqual(letter.state, "failed")

    # Rights

    def test_collectors_cannot_send_by_themselves(self):
        letter = self.propose().letter_ids.with_user(self.collector)
        with self.assertRaises(AccessError):
            letter.action_send()
        with self.assertRaises(AccessError):
            letter.sms_body = "Pay!"
        self.assertTrue(letter.sms_text)
        letters = self.propose(user=self.collector).letter_ids
        self.assertFalse(letters - letter)

    def test_customers_go_in_one_batch(self):
        others = self.env["res.partner"].create(
            [
                {"name": f"Customer {number}", "phone": f"+4915123456{number}00", "is_company": True}
                for number in range(3)
            ]
        )
        for partner in others:
            self.make_invoice(days=10, partner=partner)
        letters = self.queued()
        self.assertEqual(len(self.process()), 4)
        self.assertEqual(set(letters.mapped("state")), {"sent"})
