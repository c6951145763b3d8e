from odoo import fields
from odoo.tests import tagged

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDocumentRecipient(DunningCase):
    """To which contact of a customer letters and statements are addressed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payables = cls.make_contact("Petra Payables", "payables")
        cls.first_contact = cls.make_contact("Finn First", "first")
        cls.approver = cls.make_contact("Anna Approver", "approver")
        cls.legal = cls.make_contact("Lena Legal", "legal")
        cls.invoicing = cls.make_contact("Invoices", False, type="invoice")

    @classmethod
    def make_contact(cls, name, role, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "parent_id": cls.customer.id,
                "collection_role": role,
                "email": f"{name.split()[0].lower()}@kornmann.example.com",
                **values,
            }
        )

    def recipient(self, stage, customer=None):
        return self.env["ar.dunning.selection"]._get_recipient(stage, customer or self.customer)

    def letter(self):
        self.make_invoice(days=20)
        return self.propose().letter_ids

    def statement(self):
        self.env["ar.statement"]._make(self.company, self.customer)
        return self.env["ar.statement"].search([("partner_id", "=", self.customer.id)], limit=1)

    # Who fits the stage

    def test_reminders_go_to_payables(self):
        self.assertEqual(self.letter().recipient_id, self.payables)
        for stage in (self.before, self.first, self.second):
            self.assertEqual(self.recipient(stage), self.payables)

    def test_reminders_of_sales_go_to_the_first_contact(self):
        self.first.owner = "sales"
        self.assertEqual(self.letter().recipient_id, self.first_contact)
        self.first.attach_statement = True
        self.assertEqual(self.recipient(self.first), self.payables, "with a statement it is for finance")

    def test_the_last_letter_of_clearing_goes_to_the_legal_representative(self):
        self.assertEqual(self.third.phase, "clearing")
        self.assertEqual(self.recipient(self.third), self.legal)
        last = self.third.copy({"day_offset": 45, "name": "Last"})
        self.assertEqual(self.recipient(self.third), self.approver, "it is not the last any more")
        self.assertEqual(self.recipient(last), self.legal)
        hand_over = last.copy({"day_offset": 60, "name": "Lawyer", "legal": True})
        self.assertEqual(self.recipient(last), self.legal, "handing over is no letter")
        hand_over.legal = False
        self.assertEqual(self.recipient(last), self.approver)

    # Who stands in

    def test_who_stands_in_for_payables(self):
        self.payables.active = False
        self.assertEqual(self.recipient(self.first), self.invoicing)
        self.invoicing.email = False
        self.assertEqual(self.recipient(self.first), self.customer)

    def test_who_stands_in_for_the_approver(self):
        self.third.copy({"day_offset": 45, "name": "Last"})
        self.approver.active = False
        self.assertEqual(self.recipient(self.third), self.payables)

    def test_who_stands_in_for_the_legal_representative(self):
        self.legal.active = False
        self.assertEqual(self.recipient(self.third), self.customer)
        self.customer.email = False
        self.third.send_by = "email"
        self.assertEqual(self.recipient(self.third), self.invoicing, "who can be reached comes first")
        self.third.send_by = "post"
        self.assertEqual(self.recipient(self.third), self.customer)

    def test_who_cannot_be_reached_comes_after_who_can(self):
        self.payables.email = False
        self.assertEqual(self.recipient(self.first), self.invoicing)
        self.first.send_by = "post"
        self.assertEqual(self.recipient(self.first), self.payables, "at the address of the customer")
        (self.invoicing | self.customer).email = False
        self.first.send_by = "email"
        self.assertEqual(self.recipient(self.first), self.payables, "by post then, as no one has an address")
        letter = self.letter()
        self.assertEqual((letter.recipient_id, letter.channel), (self.payables, "post"))

    def test_contacts_of_others_never(self):
        other = self.make_customer("Other")
        self.make_invoice(days=20, partner=other)
        self.assertEqual(self.recipient(self.first, other), other)
        self.assertEqual(self.recipient(self.third, other), other)

    # On the letter

    def test_the_page_names_the_contact_at_the_address_of_the_customer(self):
        letter = self.letter()
        self.assertEqual(letter.with_user(self.auditor).recipient_role, "payables")
        self.assertEqual(letter._get_address_lines()[:3], ["Kornmann AG", "Petra Payables", "Main Street 1"])

    def test_a_lower_stage_is_for_somebody_else(self):
        self.second.phase = "clearing"
        self.third.active = False
        self.make_invoice(days=40)
        self.send(self.propose().letter_ids)
        letter = self.propose(fields.Date.add(self.today, days=7)).letter_ids
        self.assertEqual((letter.stage_id, letter.recipient_id), (self.second, self.legal))
        letter.with_user(self.collector)._edit(stage=self.first)
        self.assertEqual(letter.recipient_id, self.payables)

    def test_who_a_person_chose_stays(self):
        self.second.phase = "clearing"
        self.third.active = False
        self.make_invoice(days=40)
        self.send(self.propose().letter_ids)
        letter = self.propose(fields.Date.add(self.today, days=7)).letter_ids
        letter.with_user(self.collector)._edit(recipient=self.approver)
        letter.with_user(self.collector)._edit(stage=self.first)
        self.assertEqual(letter.recipient_id, self.approver)

    def test_a_new_role_counts_when_the_letter_is_sent(self):
        self.payables.collection_role = False
        letter = self.letter()
        self.assertEqual(letter.recipient_id, self.invoicing)
        self.payables.collection_role = "payables"
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        self.assertEqual(letter.recipient_id, self.payables)
        self.assertEqual(letter.sudo().mail_id.recipient_ids, self.payables)

    # Statements

    def test_statements_go_to_finance_only(self):
        self.make_invoice(days=20)
        self.assertEqual(self.statement().recipient_id, self.payables)
        self.payables.active = False
        self.assertEqual(self.statement().recipient_id, self.invoicing)
        self.invoicing.active = False
        self.assertEqual(self.statement().recipient_id, self.customer, "none of the other contacts")
        self.customer.email = False
        self.assertEqual(self.statement().recipient_id, self.customer, "to be printed, for the customer")

    def test_sales_does_not_post_a_statement(self):
        self.customer.write({"user_id": self.seller.id, "email": False})
        self.customer.child_ids.email = False
        self.first.write({"owner": "sales"})
        self.policy.user_id = self.collector
        letter = self.letter()
        self.assertEqual(letter.channel, "post")
        self.assertEqual(letter.user_id, self.seller)
        self.assertEqual(letter._get_stage_owner(self.env["res.users"]), self.seller)
        self.first.attach_statement = True
        self.assertNotEqual(letter._get_stage_owner(self.env["res.users"]), self.seller)
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        self.assertTrue(letter.statement_ids)
        self.assertNotIn(self.seller, letter.task_user_id | letter.activity_ids.user_id)
