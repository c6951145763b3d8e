import base64
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_contact import ContactCase


@tagged("post_install", "-at_install")
class TestContactLog(ContactCase):
    """What a contact leaves on file and what follows from it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(days=40)
        cls.case = cls.open()

    # The record

    def test_a_contact_is_on_file_with_everything(self):
        activity = self.log("reason", reason_id=self.reason("acceptance"), note="Protocol is missing")
        self.assertEqual(
            (activity.partner_id, activity.company_id, activity.case_id, activity.user_id),
            (self.customer, self.company, self.case, self.collector),
        )
        self.assertEqual((activity.contact_id, activity.contact_role), (self.payables, "payables"))
        self.assertEqual((activity.kind, activity.reached, activity.minutes), ("call", True, 1))
        self.payables.name = "Somebody Else"
        self.assertEqual(activity.contact_name, "Ute Korn", "as it was when they spoke")

    def test_a_reason_is_asked_for(self):
        with self.assertRaises(UserError):
            self.activities.with_user(self.collector)._log_contact(
                self.customer, self.company, "call", self.outcome("reason")
            )
        with self.assertRaises(UserError):
            self.activities.with_user(self.collector)._log_contact(self.customer, self.company, "call")

    def test_no_contact_is_logged_for_a_day_to_come(self):
        with self.assertRaises(UserError):
            self.log_past(-1)

    def test_a_branch_and_a_contact_stand_for_their_heads(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        activity = self.activities._log_contact(self.payables, branch, "call", self.outcome("call_back"))
        self.assertEqual((activity.partner_id, activity.company_id), (self.customer, self.company))

    def test_a_note_is_no_contact(self):
        dialog = self.dialog(kind="note", note="They moved").save()
        activity = dialog._log()
        self.assertFalse(activity.reached)
        self.assertFalse(self.figures(self.case)["last_contact_date"])
        self.assertIn("note", [event["kind"] for event in self.case._get_events()[self.case.id]])

    def test_the_last_word_is_on_case_and_worklist(self):
        self.log_past(10, "reason", reason_id=self.reason("acceptance").id, contact_id=self.payables.id)
        figures = self.figures(self.case)
        self.assertEqual(figures["last_word_title"], "Ute Korn")
        self.assertEqual(figures["unpaid_reason"], "Waiting for acceptance")
        row = self.row(self.case)
        self.assertIn("Ute Korn", row.last_word)
        self.assertEqual(row.unpaid_reason, "Waiting for acceptance")

    def test_a_contact_lets_the_case_rest(self):
        self.assertEqual(self.rows().case_id, self.case)
        self.log("refused", reason_id=self.reason("back_to_back"))
        self.assertFalse(self.rows())

    # Append only

    def test_nobody_changes_or_deletes_contacts(self):
        activity = self.log("call_back")
        for user in (self.seller, self.collector, self.controller, self.auditor):
            own = activity.with_user(user)
            with self.assertRaises(AccessError):
                own.write({"note": "changed"})
            with self.assertRaises(AccessError):
                own.unlink()
            with self.assertRaises(AccessError):
                self.activities.with_user(user).create({"partner_id": self.customer.id})
        with self.assertRaises(UserError):
            activity.sudo().unlink()
        with self.assertRaises(UserError):
            activity.sudo().copy()

    def test_files_stay(self):
        document = (
            self.env["ir.attachment"]
            .with_user(self.collector)
            .create({"name": "slip.txt", "datas": base64.b64encode(b"paid")})
        )
        dialog = self.dialog("says_paid").save()
        dialog.document_ids = [Command.set(document.ids)]
        activity = dialog._log()
        self.assertEqual(document.sudo().res_model, activity._name)
        self.assertEqual(activity.attachment_ids, document)
        with self.assertRaises(UserError):
            document.sudo().unlink()

    def test_a_correction_takes_the_place(self):
        wrong = self.log("reason", reason_id=self.reason("money"), note="Wrong customer")
        action = wrong.with_user(self.collector).action_correct()
        dialogs = self.env["ar.collection.contact"].with_user(self.collector)
        dialog = dialogs.with_context(**action["context"]).create({})
        dialog.write({"outcome_id": self.outcome("call_back").id, "note": "Out to lunch", "reason_id": False})
        right = dialog._log()
        self.assertEqual(right.corrects_id, wrong)
        self.assertEqual(right.date, wrong.date, "it is about the same moment")
        self.assertTrue(wrong.is_corrected)
        self.assertIn("Out to lunch", self.figures(self.case)["last_word_text"])
        self.assertFalse(self.figures(self.case)["unpaid_reason"])
        with self.assertRaises(UserError):
            wrong.with_user(self.collector).action_correct()
        self.assertEqual(self.activities.search([("is_corrected", "=", True)]), wrong)

    def test_who_corrects(self):
        activity = self.log("call_back")
        with self.assertRaises(AccessError):
            activity.with_user(self.colleague).action_correct()
        with self.assertRaises(AccessError):
            activity.with_user(self.auditor).action_correct()
        self.assertTrue(activity.with_user(self.controller).action_correct())

    # Reasons propose what comes next

    def test_each_reason_proposes_its_step(self):
        for key, user in (
            ("invoice_missing", self.collector),
            ("approval", self.collector),
            ("acceptance", self.seller),
            ("money", self.collector),
            ("back_to_back", self.collector),
            ("contact_changed", self.collector),
        ):
            with self.subTest(key):
                dialog = self.dialog("reason", reason_id=self.reason(key))
                self.assertEqual(dialog.next_step, self.reason(key).next_step)
                self.assertEqual(dialog.next_user_id, user)
                self.assertGreater(dialog.next_date, self.today)
        for key in ("unwilling", "insolvent"):
            with self.subTest(key):
                dialog = self.dialog("reason", reason_id=self.reason(key))
                self.assertTrue(dialog.next_user_id.has_group("ar_credit_control.group_credit_manager"))

    def test_the_next_step_is_an_activity_on_the_case(self):
        self.log("reason", reason_id=self.reason("acceptance"), note="Protocol is missing")
        step = self.steps(self.case)
        self.assertEqual((step.user_id, step.summary), (self.seller, "Get the acceptance signed"))
        self.assertIn("Protocol is missing", step.note)
        self.assertFalse(self.rows(), "planned for later")

    def test_who_cannot_read_the_case_gets_the_step_on_the_customer(self):
        self.log("says_paid")
        self.assertFalse(self.steps(self.case).filtered(lambda step: step.user_id == self.cash_desk))
        task = self.steps(self.customer)
        self.assertEqual(task.user_id, self.cash_desk)
        self.assertIn(self.invoice.name, task.with_user(self.cash_desk).note)

    def test_a_due_step_is_done_with_the_contact(self):
        step = self.case.with_user(self.collector).activity_schedule(
            "mail.mail_activity_data_call", date_deadline=self.today, user_id=self.collector.id
        )
        later = self.case.with_user(self.collector).activity_schedule(
            "mail.mail_activity_data_call",
            date_deadline=self.today + timedelta(days=9),
            user_id=self.collector.id,
        )
        self.log("call_back", next_step="Call back")
        self.assertFalse(step.exists() and step.active)
        self.assertTrue(later.exists().active)

    def test_steps_of_other_records_are_left_alone(self):
        foreign = self.open(self.other).activity_schedule(
            "mail.mail_activity_data_call", date_deadline=self.today, user_id=self.collector.id
        )
        dialog = self.dialog("call_back").save()
        dialog.step_ids = [Command.set(foreign.ids)]
        dialog._log()
        self.assertTrue(foreign.exists().active)

    def test_approver_and_day_are_noted(self):
        activity = self.log(
            "reason",
            reason_id=self.reason("approval"),
            approver="Dr Weiß",
            next_date=self.today + timedelta(9),
        )
        self.assertEqual((activity.approver, activity.next_date), ("Dr Weiß", self.today + timedelta(9)))
        self.assertIn("Dr Weiß", self.steps(self.case).note)

    def test_invoices_are_sent_again(self):
        dialog = self.dialog("reason", reason_id=self.reason("invoice_missing")).save()
        self.assertTrue(dialog.send_invoices)
        action = dialog.action_log()
        self.assertEqual(action["res_model"], "mail.compose.message")
        context = action["context"]
        self.assertEqual(context["default_res_ids"], self.case.ids, "answers land on the case")
        self.assertEqual(context["default_partner_ids"], self.payables.ids)
        documents = self.env["ir.attachment"].browse(context["default_attachment_ids"][0][2])
        self.assertEqual(len(documents), 1)
        self.assertEqual(documents.mimetype, "application/pdf")
        composer = self.env["mail.compose.message"].with_user(self.collector).with_context(**context)
        composer.create({})._action_send_mail()
        message = self.case.message_ids[0]
        self.assertEqual(message.partner_ids, self.payables)
        self.assertTrue(message.attachment_ids)

    def test_a_new_contact_person(self):
        activity = self.log("wrong_number", person_name="Jo Neu", person_phone="+49 30 2")
        person = activity.contact_id
        self.assertEqual((person.parent_id, person.phone), (self.customer, "+49 30 2"))
        self.assertEqual(self.activities._get_first_contact(self.customer), person)
        self.assertEqual(self.row(self.case).phone or self.case._prepare_people()[0]["phone"], "+49 30 2")
        self.assertFalse(activity.reached)

    def test_roles_are_noted_and_shown(self):
        self.log("call_back", contact_role="approver")
        self.assertEqual(self.payables.collection_role, "approver")
        people = self.case._prepare_people()
        self.assertIn(
            "Approver", next(person["role"] for person in people if person["id"] == self.payables.id)
        )

    # Says paid

    def test_says_paid_pauses_letters_and_asks_the_cash_desk(self):
        second = self.make_invoice(days=20)
        dialog = self.dialog("says_paid").save()
        self.assertEqual(dialog.reason_id, self.reason("says_paid"))
        dialog.item_ids = dialog.item_ids.filtered(lambda item: item.move_id == self.invoice)
        activity = dialog._log()
        self.assertEqual(activity.paused_until, self.today + timedelta(days=5))
        self.assertEqual(set(self.paused().values()), {"says_paid"})
        self.assertEqual({key[0] for key in self.paused()}, {self.invoice.id}, "not the other invoice")
        self.assertFalse(self.paused(self.today + timedelta(days=6)))
        letters = self.propose().letter_ids
        self.assertEqual(letters.line_ids.move_id, second)

    def test_says_paid_again_does_not_pause_again(self):
        self.log("says_paid")
        before = self.paused()
        dialog = self.dialog("says_paid")
        self.assertIn(self.invoice.name, dialog.said_before)
        again = dialog.save()._log()
        self.assertFalse(again.paused_until)
        self.assertEqual(self.paused(), before)
        self.assertEqual(len(self.steps(self.customer)), 2, "the cash desk is asked each time")

    def test_says_paid_again_pauses_after_thirty_days(self):
        """The pause of a day counts to its last day; what paused nothing or was corrected does not count."""
        first = self.log("says_paid")
        self.assertTrue(self.paused(first.paused_until), "on the last day")
        for days, again in ((30, False), (31, True)):
            first.sudo().day = self.today - timedelta(days=days)
            activity = self.log("says_paid")
            self.assertEqual(bool(activity.paused_until), again, days)
            self.assertEqual(activity.item_ids.mapped("pauses"), [again])

    def test_of_two_items_the_one_that_was_said_before_goes_on(self):
        first = self.log("says_paid")
        first.sudo().write(
            {"day": self.today - timedelta(days=9), "paused_until": self.today - timedelta(days=4)}
        )
        second = self.make_invoice(days=20)
        activity = self.log("says_paid")
        self.assertEqual(activity.item_ids.move_id, self.invoice | second)
        self.assertEqual({move_id for move_id, _due in self.paused()}, {second.id})

    def test_what_a_salesperson_heard_does_not_stop_the_collector(self):
        self.log("says_paid", user=self.seller)
        self.assertTrue(self.log("says_paid").paused_until)

    def test_a_correction_says_paid_again(self):
        wrong = self.log("says_paid")
        right = self.log("call_back")
        right._take_place_of(wrong)
        self.assertFalse(self.paused())
        self.assertTrue(self.log("says_paid").paused_until)

    def test_a_salesperson_does_not_pause_letters(self):
        self.log("says_paid", user=self.seller)
        self.assertFalse(self.paused())
        self.assertEqual(self.steps(self.customer).user_id, self.cash_desk)

    def test_a_correction_ends_the_pause(self):
        activity = self.log("says_paid")
        self.assertTrue(self.paused())
        action = activity.with_user(self.collector).action_correct()
        dialogs = self.env["ar.collection.contact"].with_user(self.collector)
        dialog = dialogs.with_context(**action["context"]).create({})
        dialog.write({"outcome_id": self.outcome("call_back").id, "reason_id": False})
        dialog._log()
        self.assertFalse(self.paused())

    def test_instalments_and_currencies(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (10, 300)
                ],
            }
        )
        chf = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        halves = self.make_invoice(
            days=90,
            currency=chf,
            partner=self.other,
            invoice_payment_term_id=terms.id,
            invoice_date_due=False,
        )
        self.open(self.other)
        activity = self.log("says_paid", partner=self.other)
        self.assertEqual(activity.item_ids.mapped("currency_id"), chf)
        self.assertEqual(activity.item_ids.mapped("amount"), [500.0], "the instalment that is due")
        self.assertEqual(list(self.paused()), [(halves.id, activity.item_ids.date_maturity)])

    # Promise, dispute, plan in the same dialog

    def test_a_promise_in_the_same_dialog(self):
        activity = self.log("promised", promise_date=self.today + timedelta(days=4), note="After the 5th")
        promise = activity.promise_id
        self.assertEqual((promise.amount, promise.state, promise.contact_id), (1000.0, "open", self.payables))
        self.assertEqual(promise.note, "After the 5th")
        self.assertEqual(set(self.paused().values()), {"promised"})
        self.assertFalse(activity.next_step)

    def test_part_of_it_is_promised(self):
        dialog = self.dialog("promised", promise_date=self.today + timedelta(days=4), amount=300.0)
        self.assertEqual(dialog.save()._log().promise_id.amount, 300.0)

    def test_what_is_in_dispute_is_not_promised(self):
        self.make_invoice(days=20, amount=600.0)
        self.disputed(self.dialog("disputed", note="Scratched"), 200.0)
        dialog = self.dialog("promised", promise_date=self.today + timedelta(days=4))
        self.assertEqual(dialog.amount, 1400.0)
        self.assertIn("200", dialog.disputed_text)
        promise = dialog.save()._log().promise_id
        self.assertEqual(promise.line_ids.mapped("amount"), [800.0, 600.0], "the disputed part is left out")
        self.assertEqual(promise.line_ids.mapped("amount_open"), [1000.0, 600.0])

    def test_items_all_in_dispute_are_not_proposed_for_a_promise(self):
        second = self.make_invoice(days=20, amount=600.0)
        self.disputed(self.dialog("disputed", note="Never ordered"), True)
        dialog = self.dialog("promised", promise_date=self.today + timedelta(days=4))
        self.assertEqual(dialog.amount, 600.0)
        self.assertFalse(dialog.disputed_text)
        self.assertEqual(dialog.save()._log().promise_id.line_ids.move_id, second)

    def test_who_promises_all_promises_the_disputed_part_last(self):
        self.make_invoice(days=20, amount=600.0)
        self.disputed(self.dialog("disputed", note="Scratched"), 200.0)
        dialog = self.dialog("promised", promise_date=self.today + timedelta(days=4), amount=1500.0)
        self.assertEqual(dialog.save()._log().promise_id.line_ids.mapped("amount"), [900.0, 600.0])

    def disputed(self, dialog, *amounts):
        """Type the disputed amounts of the items into the dialog, the oldest first; True: all of it."""
        for index, amount in enumerate(amounts):
            with dialog.dispute_line_ids.edit(index) as line:
                if amount is True:
                    line.whole = True
                else:
                    line.amount = amount
        return dialog.save()._log()

    def test_a_dispute_in_the_same_dialog(self):
        dialog = self.dialog("reason", reason_id=self.reason("quality"), note="Scratched")
        dispute = self.disputed(dialog, 200.0).dispute_ids
        self.assertEqual((dispute.amount, dispute.description), (200.0, "Scratched"))
        self.assertEqual(dispute.category_id, self.env.ref("ar_credit_control.dispute_category_quality"))

    def test_a_dispute_gives_the_reason(self):
        activity = self.log("disputed", note="Dearer than agreed")
        self.assertEqual(activity.reason_id, self.reason("price"))
        self.assertEqual(activity.dispute_ids.amount, 1000.0, "of one item all is disputed")

    def test_of_several_items_the_customer_says_which(self):
        self.make_invoice(days=20)
        dialog = self.dialog("disputed", note="Too much")
        self.assertEqual([line["amount"] for line in dialog.dispute_line_ids._records], [0.0, 0.0])
        with self.assertRaises(UserError):
            dialog.save()._log()

    def test_several_items_each_with_an_amount(self):
        second = self.make_invoice(days=20, amount=600.0)
        self.make_invoice(days=10, amount=80.0)
        activity = self.disputed(self.dialog("disputed", note="Scratched"), 150.0, True)
        dispute = activity.dispute_ids
        self.assertEqual(dispute.line_ids.sorted("date_maturity").mapped("amount"), [150.0, 600.0])
        self.assertIn(second, dispute.line_ids.move_id)
        again = self.dialog("disputed", note="And the rest")
        self.assertEqual(
            [line["amount_left"] for line in again.dispute_line_ids._records], [850.0, 80.0], "what is left"
        )
        again.dispute_all = True
        self.assertEqual(sum(again.save()._log().dispute_ids.line_ids.mapped("amount")), 930.0)
        with self.assertRaises(UserError):
            self.log("disputed", note="Nothing is left")

    def test_a_dispute_in_two_currencies(self):
        foreign = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "GBP")])
        foreign.active = True
        self.make_invoice(days=20, amount=600.0, currency=foreign)
        disputes = self.disputed(self.dialog("disputed", note="Both"), True, 50.0).dispute_ids
        self.assertEqual(
            {(dispute.currency_id.name, dispute.amount) for dispute in disputes},
            {(self.company.currency_id.name, 1000.0), ("GBP", 50.0)},
        )

    def test_more_than_is_open_is_not_disputed(self):
        with self.assertRaises(UserError):
            self.disputed(self.dialog("disputed", note="More"), 1000.01)

    def test_a_deferral_and_a_plan_are_drafted(self):
        day = self.today + timedelta(days=20)
        activity = self.log("asks_time", reason_id=self.reason("money"), time_date=day)
        self.assertEqual((activity.plan_id.kind, activity.plan_id.state), ("deferral", "draft"))
        self.make_invoice(days=30, partner=self.other)
        self.open(self.other)
        plan = self.log(
            "asks_time",
            partner=self.other,
            reason_id=self.reason("money"),
            time_kind="plan",
            time_date=day,
        ).plan_id
        self.assertEqual((plan.kind, len(plan.line_ids)), ("plan", 3))

    def test_a_salesperson_hears_a_promise(self):
        activity = self.log("promised", user=self.seller, note="Friday")
        self.assertFalse(activity.promise_id, "promises pause letters: collectors record them")
        self.assertEqual(activity.next_user_id, self.collector)
        self.assertTrue(self.steps(self.case).filtered(lambda step: step.user_id == self.collector))

    # One click

    def test_attempts_with_one_click(self):
        self.case.with_user(self.collector).action_no_answer()
        activity = self.activities.search([("case_id", "=", self.case.id)])
        self.assertEqual((activity.outcome_id, activity.reached), (self.outcome("no_answer"), False))
        self.assertFalse(self.figures(self.case)["last_contact_date"], "an attempt is no contact")
        self.assertFalse(self.rows(), "off the list for today")
        self.assertGreater(self.case.snooze_until, self.today)
        self.row(self.open(self.other))

    def test_an_attempt_does_not_shorten_the_snooze(self):
        until = self.today + timedelta(days=20)
        self.case.with_user(self.collector)._snooze(until, "Year-end closing")
        self.case.with_user(self.collector).action_no_answer()
        self.assertEqual((self.case.snooze_until, self.case.snooze_reason), (until, "Year-end closing"))

    def test_who_was_reached_does_not_rest(self):
        outcome = self.outcome("call_back")
        outcome.rest_days = 3
        self.log("call_back")._rest_case()
        self.assertFalse(self.case.snooze_until)

    def test_closed_cases_are_not_called(self):
        self.case._close("Done")
        with self.assertRaisesRegex(UserError, "closed"):
            self.case.with_user(self.collector).action_no_answer()

    def test_one_click_for_a_broken_promise_too(self):
        self.promised(self.case, -3)
        self.assertEqual(self.rows().priority, "1_broken")
        self.rows().action_left_message()
        self.assertFalse(self.rows())

    def test_one_click_is_for_who_may(self):
        for user in (self.auditor, self.seller):
            foreign = self.open(self.other).with_user(user)
            with self.assertRaises(AccessError):
                foreign.action_no_answer()

    # Letters

    def test_a_logged_call_delivers_the_letter(self):
        stage = self.third
        stage.write({"send_by": "none", "task": "call", "requires_approval": False})
        debtor = self.make_customer("Called AG")
        self.make_invoice(days=stage.day_offset + 2, partner=debtor)
        self.policy.skip_when_late = True
        letter = self.propose().letter_ids.filtered(lambda letter: letter.partner_id == debtor)
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        self.assertEqual((letter.channel, letter.state), ("call", "queued"))
        self.open(debtor)
        self.log("no_answer", partner=debtor)
        self.assertEqual(letter.state, "queued", "nobody was reached")
        activity = self.log("call_back", partner=debtor)
        self.assertEqual(letter.state, "sent")
        self.assertEqual(activity.letter_ids, letter)
        self.assertFalse(letter.activity_ids)

    def test_a_call_besides_delivers_no_letter_that_goes_by_post(self):
        self.first.write({"send_by": "post", "task": "call"})
        debtor = self.make_customer("Called AG")
        self.make_invoice(days=5, partner=debtor)
        letter = self.propose().letter_ids.filtered(lambda letter: letter.partner_id == debtor)
        letter.with_user(self.other_controller).action_approve()
        letter.sudo()._queue()
        self.open(debtor)
        post = self.env.ref("ar_credit_control.mail_activity_dunning_post")
        self.assertEqual(len(letter.activity_ids), 2)
        activity = self.log("call_back", partner=debtor)
        self.assertEqual((letter.state, activity.letter_ids), ("queued", letter), "somebody posts it still")
        self.assertEqual(letter.activity_ids.activity_type_id, post)

    def test_a_call_delivers_no_letter_of_another_company_nor_one_by_mail(self):
        other = self.setup_other_company()["company"]
        debtor = self.make_customer("Called AG")
        call = {"send_by": "none", "task": "call", "requires_approval": False}
        policy = self.make_policy(other)
        (self.policy | policy).stage_ids.write(call)
        self.make_invoice(days=5, partner=debtor)
        self.make_invoice(days=5, partner=debtor, company=other)
        ours, theirs = (
            self.propose(policy=of_company)
            .letter_ids.filtered(lambda letter: letter.partner_id == debtor)
            .sudo()
            for of_company in (self.policy, policy)
        )
        for letter in (ours, theirs):
            letter.write({"state": "approved", "approved_by_id": self.other_controller.id})
            letter._queue()
        self.assertEqual((ours.state, theirs.state), ("queued", "queued"))
        self.open(debtor)
        self.log("call_back", partner=debtor)
        self.assertEqual((ours.state, theirs.state), ("sent", "queued"))

    def test_the_playbook_of_the_stage_stands_beside_it(self):
        self.contact(self.case, 3)
        dialog = self.dialog()
        self.assertIn(self.first.name, dialog.letter_text)
        self.assertIn("Assume an oversight", dialog.playbook)

    def test_a_text_to_copy(self):
        dialog = self.dialog(kind="message")
        self.assertIn(self.invoice.name, dialog.copy_text)

    # What it costs

    def test_clicks_of_a_call(self):
        """A promise takes an outcome and a day; a reason an outcome and a reason: the rest is proposed."""
        promise = self.dialog("promised", promise_date=self.today + timedelta(days=3))
        activity = promise.save()._log()
        self.assertTrue(activity.promise_id and activity.contact_id and activity.minutes)
        reason = self.dialog("reason", reason_id=self.reason("acceptance")).save()._log()
        self.assertTrue(reason.next_step and reason.next_date and reason.next_user_id)

    def test_a_forgotten_dialog_measures_no_call(self):
        dialog = self.dialog("call_back").save()
        dialog.opened_on = fields.Datetime.now() - timedelta(hours=30)
        self.assertEqual(dialog._log().minutes, 60)
        dialog = self.dialog("call_back").save()
        dialog.opened_on = fields.Datetime.now() - timedelta(seconds=150)
        self.assertEqual(dialog._log().minutes, 3)
