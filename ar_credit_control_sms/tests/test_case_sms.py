from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.ar_credit_control.tests.common_dunning import DunningCase
from odoo.addons.sms.tests.common import SMSCase

COMPANY_NUMBER = "+4915123456789"
PERSON_NUMBER = "+4915123456790"


@tagged("post_install", "-at_install")
class TestCaseSms(DunningCase, SMSCase):
    """An SMS from a case: whom it goes to, what it says, and the contact that it leaves on the case."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.phone = COMPANY_NUMBER
        cls.person = cls.env["res.partner"].create(
            {
                "name": "Ann",
                "parent_id": cls.customer.id,
                "type": "contact",
                "collection_role": "first",
                "phone": PERSON_NUMBER,
            }
        )
        cls.invoice = cls.make_invoice(days=10, amount=1234.5)
        profile = cls.env["ar.credit.profile"]._get_or_create(cls.customer, cls.company)
        cls.case = cls.env["ar.collection.case"]._get_or_open(profile, "Overdue")

    def dialog(self, user=None):
        action = self.case.with_user(user or self.collector).action_send_sms()
        composers = self.env["sms.composer"].with_user(user or self.collector)
        return Form(composers.with_context(**action["context"]))

    def send(self, **changes):
        with self.mockSMSGateway():
            dialog = self.dialog()
            for name, value in changes.items():
                setattr(dialog, name, value)
            dialog.save().action_send_sms()
            return list(self._sms)

    def test_it_goes_to_the_person_to_speak_to(self):
        sent = self.send()
        self.assertEqual([sms["number"] for sms in sent], [PERSON_NUMBER])
        self.assertIn(self.invoice.name, sent[0]["body"])
        self.assertNotIn("\xa0", sent[0]["body"])
        self.assertEqual(self.case.message_ids[0].message_type, "sms")

    def test_it_goes_to_another_number_that_was_typed(self):
        sent = self.send(recipient_single_number_itf="+4915123456799")
        self.assertEqual([sms["number"] for sms in sent], ["+4915123456799"])
        self.assertEqual(self.person.phone, PERSON_NUMBER, "the contact keeps its own")

    def test_it_is_a_contact_of_the_case(self):
        self.send(body="Please call us")
        contact = self.case.contact_log_ids
        self.assertEqual(len(contact), 1)
        self.assertEqual(
            (contact.kind, contact.contact_id, contact.note, contact.user_id, contact.reached),
            ("message", self.person, "Please call us", self.collector, False),
        )
        self.env.flush_all()
        self.case.invalidate_recordset()
        self.assertIn("Please call us", str(self.case.timeline))
        self.assertTrue(self.case.snooze_until, "the case rests")

    def test_who_has_no_number_is_passed_over(self):
        self.person.phone = False
        self.assertEqual(self.case._get_sms_person(), self.customer)
        self.env["phone.blacklist"].sudo().create({"number": COMPANY_NUMBER})
        with self.assertRaises(UserError):
            self.case.with_user(self.collector).action_send_sms()

    def test_a_closed_case_sends_none(self):
        dialog = self.dialog().save()
        self.case.sudo()._close("Closed")
        with self.assertRaises(UserError):
            self.case.with_user(self.collector).action_send_sms()
        with self.mockSMSGateway(), self.assertRaises(UserError):
            dialog.action_send_sms()

    def test_others_send_none(self):
        with self.assertRaises(AccessError):
            self.case.with_user(self.auditor).action_send_sms()
        context = self.case.with_user(self.collector).action_send_sms()["context"]
        dialog = Form(self.env["sms.composer"].with_user(self.auditor).with_context(**context)).save()
        with self.mockSMSGateway(), self.assertRaises(AccessError):
            dialog.action_send_sms()
        self.assertFalse(self.case.contact_log_ids)

    def test_nobody_else_than_the_customer_gets_it(self):
        dialog = self.dialog().save()
        dialog.collection_contact_id = self.make_customer("Stranger", phone="+4915123456791")
        with self.mockSMSGateway(), self.assertRaises(UserError):
            dialog.action_send_sms()
        self.assertFalse(self._sms)
