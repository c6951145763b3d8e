from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDunningPosting(DunningCase):
    """Letters that go by post: what is entered when they are marked, and what it proves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        china = cls.env.ref("base.cn")
        cls.company.country_id = china
        cls.company.partner_id.country_id = china
        cls.alpha = cls.make_customer("Alpha", email=False, country_id=china.id)
        cls.beta = cls.make_customer("Beta", email=False, country_id=china.id)
        cls.invoices = {partner: cls.make_invoice(20, partner=partner) for partner in (cls.alpha, cls.beta)}

    def printed(self):
        letters = self.propose().letter_ids.sorted("partner_name")
        letters.with_user(self.other_controller).action_approve()
        letters.sudo()._queue()
        self.assertEqual(
            set(letters.mapped(lambda letter: (letter.state, letter.channel))), {("queued", "post")}
        )
        return letters

    def dialog(self, letters, user=None):
        action = letters.with_user(user or self.collector).action_mark_posted()
        return self.env[action["res_model"]].with_user(user or self.collector).browse(action["res_id"])

    def limitation(self, partner):
        self.env.flush_all()
        self.env.invalidate_all()
        reports = self.env["ar.limitation.report"]
        return reports.search([("move_id", "=", self.invoices[partner].id)])

    def receipt(self):
        files = self.env["ir.attachment"].with_user(self.collector)
        return files.create({"name": "receipt.pdf", "raw": b"stamped"})

    def test_a_batch_with_its_waybills(self):
        letters = self.printed()
        form = Form(self.dialog(letters))
        form.carrier = "EMS"
        form.date = self.today - timedelta(days=1)
        with form.line_ids.edit(0) as line:
            line.waybill = " 1234 CN "
        form.save().action_post()
        first, second = letters
        self.assertEqual(set(letters.mapped("state")), {"sent"})
        self.assertFalse(letters.activity_ids)
        self.assertEqual(
            (first.posted_on, first.carrier, first.waybill),
            (self.today - timedelta(days=1), "EMS", "1234 CN"),
        )
        self.assertEqual((second.carrier, second.waybill), ("EMS", False))
        proven, unproven = self.limitation(self.alpha), self.limitation(self.beta)
        self.assertEqual((proven.restarted_on, proven.unproven_on), (first.posted_on, False))
        self.assertEqual((unproven.restarted_on, unproven.unproven_on), (False, self.today))
        event = self.env["ar.limitation.event"].search([("letter_id", "in", letters.ids)])
        self.assertEqual((event.letter_id, event.proof_kind), (first, "post"))
        self.assertEqual(event.proof_reference, "EMS 1234 CN")
        self.assertEqual(event.document_ids.mapped("checksum"), first.document_id.mapped("checksum"))
        event.with_user(self.controller).action_withdraw()
        row = self.limitation(self.alpha)
        self.assertEqual((row.restarted_on, row.unproven_on), (False, self.today), "without its proof again")

    def test_a_receipt_is_kept_with_each_letter_and_proves_it(self):
        letters = self.printed()
        form = Form(self.dialog(letters))
        form.document_ids.add(self.receipt())
        form.save().action_post()
        for letter, partner in zip(letters, (self.alpha, self.beta), strict=True):
            self.assertEqual(letter.posting_proof_ids.mapped("name"), ["receipt.pdf"])
            self.assertEqual(letter.posting_proof_ids.mapped("res_id"), letter.ids)
            self.assertEqual(self.limitation(partner).restarted_on, self.today)

    def test_nothing_is_asked_that_must_be_answered(self):
        letters = self.printed()
        self.dialog(letters).action_post()
        self.assertEqual(set(letters.mapped("state")), {"sent"})
        self.assertFalse(self.env["ar.limitation.event"].search([("letter_id", "in", letters.ids)]))
        self.assertFalse(self.limitation(self.alpha).restarted_on)

    def test_the_number_comes_the_day_after(self):
        letter = self.printed()[0]
        self.dialog(letter).action_post()
        letter.sudo().sent_date -= timedelta(days=1)
        sent_date = letter.sent_date
        posting = self.dialog(letter)
        posting.line_ids.waybill = "1234 CN"
        posting.action_post()
        self.assertEqual((letter.state, letter.sent_date, letter.waybill), ("sent", sent_date, "1234 CN"))
        self.assertEqual(self.limitation(self.alpha).restarted_on, self.today)
        with self.assertRaises(UserError):
            letter.with_user(self.collector).action_mark_posted()

    def test_the_number_after_the_receipt_is_one_demand(self):
        letter = self.printed()[0]
        form = Form(self.dialog(letter))
        form.document_ids.add(self.receipt())
        form.save().action_post()
        posting = self.dialog(letter)
        posting.line_ids.waybill = "1234 CN"
        posting.action_post()
        events = self.env["ar.limitation.event"].search([("letter_id", "=", letter.id)], order="id")
        self.assertEqual(events.mapped("state"), ["withdrawn", "valid"])
        self.assertEqual(events[1].proof_reference, "1234 CN")
        self.assertIn("receipt.pdf", events[1].document_ids.mapped("name"))

    def test_a_letter_that_came_back_is_posted(self):
        letter = self.printed()[0]
        letter.sudo()._mark_failed("The printer jammed.")
        self.assertIn("mend the address", letter.activity_ids[-1:].summary)
        self.dialog(letter).action_post()
        self.assertEqual((letter.state, letter.failure_reason), ("sent", False))
        self.assertFalse(letter.activity_ids, "nothing is left to mend")

    def test_mails_are_not_posted(self):
        invoice = self.make_invoice(20)
        letter = self.propose().letter_ids.filtered(lambda letter: letter.partner_id == invoice.partner_id)
        self.send(letter)
        self.assertEqual((letter.state, letter.channel), ("sent", "email"))
        with self.assertRaises(UserError):
            letter.with_user(self.collector).action_mark_posted()

    def test_who_reads_a_letter_does_not_mark_it(self):
        self.alpha.user_id = self.seller
        letter = self.printed()[0].with_user(self.seller)
        self.assertTrue(letter.name)
        with self.assertRaises(AccessError):
            letter._mark_posted(self.today)

    def test_what_was_not_posted_is_taken_off(self):
        letters = self.printed()
        posting = self.dialog(letters)
        posting.line_ids[1].unlink()
        posting.action_post()
        self.assertEqual(letters.mapped("state"), ["sent", "queued"])

    def test_who_marks(self):
        self.alpha.user_id = self.seller
        self.first.owner = "sales"
        letters = self.printed()
        self.assertEqual(letters[0].task_user_id, self.seller)
        for user, refused in ((self.seller, letters), (self.auditor, letters[0])):
            with self.assertRaises(AccessError):
                refused.with_user(user).action_mark_posted()
        posting = self.dialog(letters[0], self.seller)
        stranger = self.env["ir.attachment"].create({"name": "secret.pdf", "raw": b"x"})
        with self.assertRaises(AccessError):
            letters[0].with_user(self.seller)._mark_posted(
                self.today, documents=stranger.with_user(self.seller)
            )
        posting.line_ids.waybill = "1234 CN"
        posting.action_post()
        self.assertEqual((letters[0].state, letters[0].waybill), ("sent", "1234 CN"))
        self.assertEqual(self.limitation(self.alpha).restarted_on, self.today)
        with self.assertRaises(UserError):
            letters[1].with_user(self.collector)._mark_posted(self.today + timedelta(days=1))
