from odoo.tests import tagged

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDunningWaiting(DunningCase):
    """Letters that a person is to deliver, and a customer who pays before that."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(20)
        cls.other = cls.make_invoice(15, 400.0)

    def waiting(self, send_by="none", task="call"):
        self.first.write({"send_by": send_by, "task": task})
        letter = self.propose().letter_ids
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        self.assertEqual((letter.state, letter.amount_total, len(letter.activity_ids)), ("queued", 1400, 1))
        return letter

    def commit(self):
        """What happens when the transaction is committed, without committing."""
        self.env.cr.flush()

    def test_nobody_calls_a_customer_who_paid(self):
        letter = self.waiting()
        self.pay(self.invoice)
        self.pay(self.other)
        self.commit()
        self.assertEqual((letter.state, letter.cancel_reason), ("cancelled", "settled"))
        self.assertFalse(letter.activity_ids)

    def test_the_caller_asks_for_what_is_left(self):
        letter = self.waiting()
        payment = self.pay(self.invoice, 900.0)
        self.commit()
        self.assertEqual((letter.state, letter.amount_total), ("queued", 500))
        payment.move_id.line_ids.remove_move_reconcile()
        payment.action_draft()
        letter.sudo()._bring_up_to_date()
        self.assertEqual((letter.state, letter.amount_total), ("queued", 1400), "the payment was wrong")

    def test_the_call_besides_a_mail_is_not_made_either(self):
        letter = self.waiting("email", "call")
        letter.sudo()._mark_sent()
        self.pay(self.invoice)
        self.commit()
        self.assertTrue(letter.activity_ids, "400 are open")
        self.pay(self.other)
        self.commit()
        self.assertFalse(letter.activity_ids)
        self.assertEqual((letter.state, letter.amount_total), ("sent", 1400))

    def test_the_text_to_copy_follows(self):
        letter = self.waiting("message", False)
        self.pay(self.invoice)
        self.commit()
        self.assertIn("400.00", letter.activity_ids.note)
        self.assertNotIn("1,400.00", letter.activity_ids.note)

    def test_the_night_finds_money_that_nobody_matched(self):
        letter = self.waiting()
        receipt = self.env["account.payment"].create(
            {"partner_id": self.customer.id, "payment_type": "inbound", "amount": 1400.0}
        )
        receipt.action_post()
        self.commit()
        self.assertEqual(letter.state, "queued")
        letter.sudo()._bring_up_to_date()
        self.assertEqual((letter.state, letter.cancel_reason), ("cancelled", "unapplied"))

    def test_who_stands_in_has_the_task(self):
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        profile.collector_id = self.collector
        self.first.owner = "credit"
        self.env["ar.collection.absence"].create(
            {"user_id": self.collector.id, "substitute_id": self.controller.id, "date_to": self.today}
        )
        letter = self.waiting()
        self.assertEqual((letter.user_id, letter.task_user_id), (self.collector, self.controller))
        self.assertEqual(letter.activity_ids.user_id, self.controller)

    def test_what_was_said_stays(self):
        letter = self.waiting()
        letter.with_user(self.other_controller).action_mark_contacted()
        self.pay(self.invoice)
        self.pay(self.other)
        self.commit()
        self.assertEqual((letter.state, letter.amount_total), ("sent", 1400))

    def test_what_is_printed_for_the_post_is_what_is_open(self):
        letter = self.waiting("post", False)
        before = letter.document_id
        self.pay(self.invoice)
        self.commit()
        letter.with_user(self.collector).action_print()
        self.assertEqual((letter.state, letter.amount_total), ("queued", 400))
        self.assertNotEqual(letter.document_id, before)
        self.pay(self.other)
        letter.with_user(self.collector).action_print()
        self.assertEqual(letter.state, "queued", "it may be in the post already")

    def test_the_statement_that_goes_with_it_is_of_now(self):
        self.first.attach_statement = True
        letter = self.waiting("post", False)
        old = letter.statement_ids
        self.pay(self.invoice)
        letter.with_user(self.collector).action_print()
        new = letter.statement_ids - old
        self.assertEqual((old.state, new.state, new.total), ("draft", "queued", 400))
        self.assertEqual(letter.enclosure_ids, new.document_id)
        letter.with_user(self.collector)._mark_posted(self.today)
        self.assertEqual((old.state, new.state), ("draft", "sent"))

    def test_no_statement_goes_with_a_letter_that_is_dropped(self):
        self.first.attach_statement = True
        letter = self.waiting("post", False)
        self.pay(self.invoice)
        self.pay(self.other)
        letter.with_user(self.collector).action_print()
        self.assertEqual((letter.state, letter.statement_ids.state), ("cancelled", "draft"))

    def test_what_was_paid_is_not_printed(self):
        letter = self.waiting("post", False)
        self.pay(self.invoice)
        self.pay(self.other)
        action = letter.run_id.with_user(self.collector).action_print_post()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual((letter.state, letter.cancel_reason), ("cancelled", "settled"))
        self.assertFalse(letter.activity_ids)

    def test_who_only_reads_changes_nothing(self):
        letter = self.waiting("post", False)
        self.pay(self.invoice)
        self.pay(self.other)
        letter.with_user(self.auditor).action_print()
        self.assertEqual((letter.state, letter.printed_on), ("queued", False))
