from datetime import timedelta
from io import BytesIO

from freezegun import freeze_time
from pypdf import PdfReader

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDunningLetter(DunningCase):
    """From review to the mail queue: rights, the check when queueing, mail, print, outcome."""

    def text(self, letter):
        return self.read_pdf(letter._render_pdf())

    def read_pdf(self, content):
        pages = PdfReader(BytesIO(content)).pages
        return " ".join(" ".join(page.extract_text() for page in pages).split())

    # Rights

    def test_collector_proposes_and_drops_but_does_not_send(self):
        self.make_invoice(days=20)
        letter = self.propose(user=self.collector).letter_ids.with_user(self.collector)
        for refused in (letter.action_approve, letter.action_send, letter.action_retry):
            with self.assertRaises(AccessError):
                refused()
        letter.action_drop()
        self.assertEqual((letter.state, letter.cancel_reason), ("cancelled", "dropped"))

    def test_seller_and_auditor_propose_nothing(self):
        for user in (self.seller, self.auditor):
            with self.assertRaises(AccessError):
                self.propose(user=user)

    def test_nobody_writes_states_past_the_methods(self):
        self.make_invoice(days=20)
        run = self.propose(user=self.collector)
        for user in (self.collector, self.controller, self.auditor, self.env.user):
            with self.assertRaises(AccessError):
                run.letter_ids.with_user(user).write({"state": "sent"})
            with self.assertRaises(AccessError):
                run.with_user(user).write({"user_id": False})
            with self.assertRaises(AccessError):
                run.letter_ids.with_user(user).unlink()

    def test_collectors_write_in_the_chatter_readers_do_not(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        letter.with_user(self.collector).message_post(body="Called, no answer")
        with self.assertRaises(AccessError):
            letter.with_user(self.auditor).message_post(body="Noted")

    def test_the_proposer_never_approves_what_needs_approval(self):
        self.first.requires_approval = True
        self.make_invoice(days=20)
        run = self.propose(user=self.controller)
        letter = run.letter_ids
        self.assertFalse(letter.with_user(self.controller).can_approve)
        with self.assertRaises(AccessError):
            letter.with_user(self.controller).action_approve()
        with self.assertRaises(AccessError):
            letter.with_user(self.controller).action_send()
        with self.assertRaises(UserError):
            run.with_user(self.controller).action_approve_all()
        letter.with_user(self.other_controller).action_approve()
        self.assertEqual((letter.state, letter.approved_by_id), ("approved", self.other_controller))

    def test_the_rest_of_a_run_is_sent_by_its_proposer(self):
        self.third.requires_approval = True
        self.make_invoice(days=20)
        hard = self.make_invoice(days=200, partner=self.make_customer("Hard"))
        self.send(self.propose().letter_ids)
        self.env["ar.dunning.letter"].search([]).sudo().date = self.today - timedelta(days=60)
        self.second.active = False
        self.make_invoice(days=20, partner=self.make_customer("Soft"))
        run = self.propose(user=self.controller)
        self.assertEqual(run.letter_ids.filtered("requires_approval").line_ids.move_id, hard)
        action = run.with_user(self.controller).action_approve_all()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertEqual(run.letter_ids.filtered("requires_approval").state, "draft")

    def test_salesperson_sees_own_customers_only(self):
        own = self.make_customer("Own", user_id=self.seller.id)
        for partner in (own, self.customer):
            self.make_invoice(days=20, partner=partner)
        self.propose()
        letters = self.env["ar.dunning.letter"].with_user(self.seller).search([])
        self.assertEqual(letters.partner_id, own)
        self.assertEqual(letters.line_ids.partner_id, own)

    def test_plain_users_never_meet_dunning(self):
        invoice = self.make_invoice(days=20)
        self.send(self.propose().letter_ids)
        biller = new_test_user(
            self.env,
            "dun_biller",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.assertEqual(invoice.with_user(biller).dunning_stage_id.name, self.first.name)
        plain = new_test_user(self.env, "dun_plain", groups="sales_team.group_sale_salesman")
        self.assertNotIn("dunning_stage_id", self.env["account.move"].with_user(plain).fields_get())

    # The check when queueing

    def approved(self, **kwargs):
        letter = self.propose(**kwargs).letter_ids.with_user(self.controller)
        letter.action_approve()
        return letter.sudo()

    def test_paid_meanwhile_cancels_the_letter(self):
        invoice = self.make_invoice(days=20)
        letter = self.approved()
        self.pay(invoice)
        letter._queue()
        self.assertEqual((letter.state, letter.cancel_reason), ("cancelled", "settled"))
        self.assertFalse(letter.mail_id)

    def test_part_paid_meanwhile_shrinks_the_letter(self):
        invoice = self.make_invoice(days=20, amount=1000)
        gone = self.make_invoice(days=30, amount=500)
        letter = self.approved()
        self.assertEqual(letter.amount_total, 1500)
        self.pay(invoice, 400)
        self.pay(gone)
        letter._queue()
        self.assertEqual((letter.state, letter.amount_total, letter.item_count), ("queued", 600, 1))
        self.assertEqual(letter.line_ids.move_id, invoice)
        notes = " ".join(letter.message_ids.mapped("body"))
        self.assertIn(gone.name, notes)
        self.assertIn(f"{invoice.name} is now", notes)
        self.assertIn("600.00", letter.mail_id.body_html)

    def test_blocked_or_covered_meanwhile(self):
        invoice = self.make_invoice(days=20)
        letter = self.approved()
        invoice.action_toggle_block_payment()
        letter._queue()
        self.assertEqual(letter.state, "cancelled")
        other = self.make_customer("Other")
        self.make_invoice(days=20, partner=other)
        letter = self.approved()
        self.make_invoice(days=2, partner=other, move_type="out_refund")
        letter._queue()
        self.assertEqual((letter.state, letter.cancel_reason), ("cancelled", "unapplied"))

    def test_dropped_letter_is_not_queued(self):
        self.make_invoice(days=20)
        letter = self.approved()
        letter.with_user(self.collector).action_drop()
        letter._queue()
        self.assertEqual(letter.state, "cancelled")

    def test_what_is_paused_meanwhile_says_so(self):
        invoice = self.make_invoice(days=20)
        letter = self.propose().letter_ids
        letter.with_user(self.other_controller).action_approve()
        item = self.env["ar.aging.report"].search([("move_id", "=", invoice.id)])
        self.env["ar.dunning.exclusion"]._exclude_items(item, "We owe them as much")
        letter.sudo()._queue()
        self.assertEqual((letter.state, letter.cancel_reason), ("cancelled", "excluded_item"))

    def test_what_became_due_meanwhile_waits_for_the_next_letter(self):
        self.make_invoice(days=20, amount=1000)
        letter = self.approved()
        self.make_invoice(days=20, amount=77)
        letter._queue()
        self.assertEqual(letter.amount_total, 1000)

    def test_reset_to_draft_keeps_evidence_and_history(self):
        invoice = self.make_invoice(days=40, amount=1000)
        letter = self.propose().letter_ids
        self.send(letter)
        name = invoice.name
        invoice.button_draft()
        invoice.invoice_line_ids.unlink()
        invoice.write(
            {
                "invoice_line_ids": [
                    Command.create({"name": "Anew", "price_unit": 900, "tax_ids": [Command.clear()]})
                ]
            }
        )
        line = letter.line_ids
        self.env.invalidate_all()
        self.assertFalse(line.move_line_id)
        self.assertEqual((line.name, line.amount, line.partner_id), (name, 1000, self.customer))
        invoice.action_post()
        self.assertEqual(invoice.invoice_date_due, line.date_maturity)
        again = self.propose(self.today + timedelta(days=7)).letter_ids
        self.assertEqual(again.stage_id, self.second, "the instalment is the same, its journal item is not")

    def test_unreconciling_brings_the_stage_back(self):
        invoice = self.make_invoice(days=40)
        self.send(self.propose().letter_ids)
        self.pay(invoice)
        later = self.today + timedelta(days=7)
        self.assertFalse(self.propose(later).letter_ids)
        receivable = invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        payment = receivable.matched_credit_ids.credit_move_id.move_id.origin_payment_id
        receivable.remove_move_reconcile()
        payment.action_draft()
        payment.action_cancel()
        letter = self.propose(later).letter_ids
        self.assertEqual((letter.stage_id, letter.amount_total), (self.second, 1000))

    # Mail

    def test_each_letter_is_one_mail_for_the_queue(self):
        self.policy.user_id = self.collector
        invoice = self.make_invoice(days=20)
        letter = self.approved()
        letter._queue()
        mail = letter.mail_id
        self.assertEqual(letter.state, "queued")
        self.assertEqual((mail.state, mail.auto_delete), ("outgoing", False))
        self.assertEqual(mail.message_id, letter._get_message_id())
        self.assertEqual(mail.recipient_ids, self.customer)
        self.assertIn(invoice.name, mail.body_html)
        self.assertEqual(mail.attachment_ids.mimetype, "application/pdf")
        text = self.read_pdf(mail.attachment_ids.raw)
        self.assertIn(invoice.name, text)
        self.assertIn(letter.name, text)
        self.assertIn(self.collector.partner_id, letter.message_follower_ids.partner_id)
        self.assertIn(letter.name, " ".join(self.customer.message_ids.mapped("body")))
        letter._queue()
        self.assertEqual(
            self.env["mail.mail"].search_count([("model", "=", letter._name), ("res_id", "=", letter.id)]), 1
        )

    def test_outcome_of_the_mail_is_the_outcome_of_the_letter(self):
        self.policy.user_id = self.collector
        self.make_invoice(days=20)
        letter = self.approved()
        letter._queue()
        letter.mail_id._postprocess_sent_message([], [], failure_reason="550 unknown", failure_type="unknown")
        self.assertEqual((letter.state, letter.failure_reason), ("failed", "550 unknown"))
        self.assertEqual(letter.activity_ids.user_id, self.collector)
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "waiting")})
        letter.mail_id.state = "exception"
        letter.with_user(self.controller).action_retry()
        self.assertEqual((letter.state, letter.mail_id.state), ("queued", "outgoing"))
        self.assertFalse(letter.activity_ids)
        letter.mail_id._postprocess_sent_message([self.customer], [])
        self.assertEqual(letter.state, "sent")

    def test_what_is_only_listed_raises_no_letter(self):
        """An item whose stage was sent stands in the letter with that stage; the letter is of its own."""
        old = self.make_invoice(days=60)
        for days in (14, 7, 0):
            letter = self.propose(self.today - timedelta(days=days)).letter_ids
            self.send(letter)
            letter.sudo().date = self.today - timedelta(days=days)
        self.assertEqual(old.dunning_stage_id, self.third)
        self.make_invoice(days=5, amount=300)
        letter = self.propose(self.today + timedelta(days=7)).letter_ids
        self.assertEqual((letter.stage_id, len(letter.line_ids)), (self.first, 2))
        self.send(letter)
        self.assertEqual((letter.state, letter.stage_id), ("sent", self.first))

    def test_letters_that_failed_are_tried_again_beside_others(self):
        """A waiting letter in the same currency stands in the way, one in another or a sent one does not."""
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 1.0)])
        self.make_invoice(days=20)
        letter = self.approved()
        letter._queue()
        letter.mail_id.cancel()
        self.assertEqual(letter.state, "failed")
        waiting = letter.copy({"occurrence": 7, "state": "draft", "currency_id": euro.id, "mail_id": False})
        letter.copy({"occurrence": 8, "state": "sent", "mail_id": False})
        letter.with_user(self.controller).action_retry()
        self.assertEqual(letter.state, "queued")
        letter.mail_id.cancel()
        waiting.currency_id = letter.currency_id
        with self.assertRaisesRegex(UserError, "newer letter"):
            letter.with_user(self.controller).action_retry()

    def test_a_mail_that_was_sent_is_not_sent_twice(self):
        self.make_invoice(days=20)
        letter = self.approved()
        letter._queue()
        former = letter.mail_id
        former.state = "sent"
        letter._mark_failed("It came back")
        letter.with_user(self.controller).action_retry()
        self.assertEqual((letter.state, former.state), ("approved", "sent"))
        letter._queue()
        self.assertNotEqual(letter.mail_id, former)

    def test_items_that_were_booked_anew_are_claimed_still(self):
        """Setting an invoice back to draft may delete its journal item: entry and due date know it."""
        invoice = self.make_invoice(days=20)
        letter = self.approved()
        letter.line_ids.move_line_id = False
        letter._queue()
        self.assertEqual((letter.state, letter.amount_total), ("queued", 1000))
        self.assertEqual(letter.line_ids.move_line_id.move_id, invoice)

    def test_approved_letters_of_merged_customers_wait_for_one_to_both(self):
        self.make_invoice(days=20)
        letter = self.approved()
        self.env["ar.dunning.letter"]._merge_partners(self.customer, self.make_customer("Destination"))
        self.assertEqual((letter.state, letter.cancel_reason), ("cancelled", "waiting"))

    def test_dropped_today_counts_from_today(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        letter.sudo().date = self.today - timedelta(days=5)
        for state in ("queued", "sent"):
            letter.sudo().state = state
            with self.assertRaises(UserError):
                letter.with_user(self.collector).action_drop()
        letter.sudo().state = "approved"
        letter.with_user(self.collector).action_drop()
        self.assertEqual((letter.state, letter.date), ("cancelled", self.today))

    def test_bounces_change_what_is_out_alone(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        letter.sudo()._message_receive_bounce("kornmann@example.com", self.customer)
        self.assertEqual((letter.state, letter.channel), ("draft", "email"))
        letter.with_user(self.collector).action_drop()
        letter.sudo()._switch_to_post("It came back.")
        self.assertEqual(letter.state, "cancelled")

    def test_cancelled_or_deleted_mail_fails_the_letter(self):
        for end in (lambda mail: mail.cancel(), lambda mail: mail.unlink()):
            customer = self.make_customer("Mail")
            self.make_invoice(days=20, partner=customer)
            letter = self.approved().filtered(lambda item, who=customer: item.partner_id == who)
            letter._queue()
            end(letter.mail_id)
            self.assertEqual(letter.state, "failed")

    def test_bounce_without_postal_address_fails_the_letter_and_asks_a_person(self):
        self.policy.user_id = self.collector
        self.customer.street = False
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        self.send(letter)
        letter.sudo()._message_receive_bounce("kornmann@example.com", self.customer)
        self.assertEqual(letter.state, "failed")
        self.assertEqual(letter.activity_ids.user_id, self.collector)

    def test_letters_of_sales_name_the_salesperson(self):
        elsewhere = self._create_company(name="Elsewhere")
        seller = self.seller.copy({"login": "dun_seller_2", "name": "Sam"})
        gone = seller.copy({"login": "dun_seller_gone", "active": False})
        foreign = seller.copy(
            {
                "login": "dun_seller_far",
                "company_id": elsewhere.id,
                "company_ids": [Command.set(elsewhere.ids)],
            }
        )
        named = {}
        for user in (seller, gone, foreign, self.env["res.users"]):
            customer = self.make_customer(f"Customer of {user.login}", user_id=user.id)
            self.env["ar.credit.profile"]._get_or_create(customer, self.company).collector_id = self.collector
            self.make_invoice(days=20, partner=customer)
            named[customer] = user if user == seller else self.collector
        self.first.owner = "sales"
        letters = self.propose().letter_ids
        self.assertEqual({letter.partner_id: letter.user_id for letter in letters}, named)
        [own] = letters.filtered(lambda letter: letter.user_id == seller)
        self.assertEqual(own.contact_name, "Sam")
        self.send(own)
        self.assertEqual(own.user_id, seller, "judged again when it was sent")
        self.assertEqual(own.mail_id.email_from, seller.email_formatted)
        later = self.propose(self.today + timedelta(days=14)).letter_ids
        later = later.filtered(lambda letter: letter.partner_id == own.partner_id)
        self.assertEqual((later.stage_id.owner, later.user_id), ("credit", self.collector))

    def test_a_letter_lowered_to_a_stage_of_sales_names_the_salesperson(self):
        self.customer.user_id = self.seller
        self.make_invoice(days=40)
        self.send(self.propose().letter_ids)
        letter = self.propose(self.today + timedelta(days=7)).letter_ids
        self.assertNotEqual(letter.user_id, self.seller)
        self.first.owner = "sales"
        letter.with_user(self.collector)._edit(stage=self.first)
        self.assertEqual(letter.user_id, self.seller)

    def test_post_is_printed_by_a_person(self):
        self.policy.user_id = self.collector
        self.customer.email = False
        self.make_invoice(days=20)
        letter = self.approved()
        letter._queue()
        self.assertEqual((letter.state, letter.channel), ("queued", "post"))
        self.assertFalse(letter.mail_id)
        self.assertTrue(letter.activity_ids)
        self.assertEqual(letter.document_id.mimetype, "application/pdf")
        letter.with_user(self.collector)._mark_posted(self.today)
        self.assertEqual(letter.state, "sent")
        self.assertFalse(letter.activity_ids)

    @mute_logger("odoo.addons.ar_credit_control.models.company.ar_schedule")
    def test_one_broken_letter_does_not_stop_the_others(self):
        self.first.template_id.body_html = "<p t-out=\"1 / (object.partner_name != 'Broken')\"/>"
        broken = self.make_customer("Broken")
        for partner in (self.customer, broken):
            self.make_invoice(days=20, partner=partner)
        letters = self.approved()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["ar.dunning.letter"]._cron_queue_approved()
        states = {letter.partner_id: letter.state for letter in letters}
        self.assertEqual(states, {self.customer: "queued", broken: "failed"})

    # Language and print

    def test_mail_and_print_are_in_the_recipients_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        chinese = {"lang": "zh_CN"}
        self.first.with_context(**chinese).letter_title = "货款到期提醒函"
        self.first.with_context(**chinese).letter_text = "合计 {amount}，请于 {deadline} 前付款。"
        self.first.template_id.with_context(**chinese).subject = "货款到期提醒函"
        yuan = self.env.ref("base.CNY")
        yuan.active = True
        customer = self.make_customer("苏州恒达", email="ap@hengda.example.com", lang="zh_CN")
        self.make_invoice(days=20, amount=100200.5, partner=customer, currency=yuan)
        self.make_invoice(days=20)
        letters = self.approved()
        letters._queue()
        local = letters.filtered(lambda letter: letter.partner_id == customer)
        self.assertEqual(local.lang, "zh_CN")
        self.assertEqual(local.mail_id.subject, "货款到期提醒函")
        text = self.text(local).replace(" ", "")
        self.assertIn("货款到期提醒函", text)
        self.assertIn("壹拾万零贰佰元伍", text)
        other = letters - local
        self.assertIn("Payment overdue", other.mail_id.subject)
        self.assertIn("Payment overdue", self.text(other))

    def test_print_carries_what_the_customer_needs(self):
        self.policy.user_id = self.collector
        self.env["res.partner.bank"].create(
            {"acc_number": "DE89370400440532013000", "partner_id": self.company.partner_id.id}
        )
        invoice = self.make_invoice(days=20, amount=1234.5, ref="PO <b>77</b> & more")
        letter = self.propose().letter_ids
        text = self.text(letter)
        for expected in (
            invoice.name,
            "1,234.50",
            "DE89370400440532013000",
            self.collector.name,
            self.company.name,
            "Kornmann AG",
            "PO <b>77</b> & more",
        ):
            self.assertIn(expected, text)

    def test_report_action_prints_the_same_letter(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids
        content, kind = (
            self.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf("ar_credit_control.report_dunning_letter", letter.ids)
        )
        self.assertEqual(kind, "pdf")
        self.assertIn(letter.name, PdfReader(BytesIO(content)).pages[0].extract_text())

    def test_unknown_placeholders_stay_and_do_no_harm(self):
        self.first.letter_text = "{amount} {nothing} {0.__class__} {company.__class__}"
        self.make_invoice(days=20)
        self.assertIn("{nothing} {0.__class__} {company.__class__}", self.text(self.propose().letter_ids))

    def test_amounts_in_capitals(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        yuan = self.env.ref("base.CNY")
        letters = self.env["ar.dunning.letter"]
        for amount, text in (
            (0.05, "人民币伍分"),
            (10, "人民币壹拾元整"),
            (20003.07, "人民币贰万零叁元零柒分"),
            (100000001, "人民币壹亿零壹元整"),
            (123456789.01, "人民币壹亿贰仟叁佰肆拾伍万陆仟柒佰捌拾玖元零壹分"),
        ):
            self.assertEqual(letters.with_context(lang="zh_CN")._get_amount_in_words(amount, yuan), text)
            self.assertFalse(letters.with_context(lang="en_US")._get_amount_in_words(amount, yuan))

    # On the invoice

    def test_invoice_says_where_it_stands(self):
        invoice = self.make_invoice(days=40)
        self.assertFalse(invoice.dunning_stage_id)
        self.assertEqual(invoice.dunning_next_date, self.today)
        letter = self.propose().letter_ids
        invoice.invalidate_recordset()
        self.assertEqual((invoice.dunning_letter_count, invoice.dunning_stage_id.ids), (0, []), "a draft")
        self.send(letter)
        invoice.invalidate_recordset()
        self.assertEqual(invoice.dunning_stage_id, self.first)
        self.assertEqual(invoice.dunning_last_date, self.today)
        self.assertEqual(invoice.dunning_next_date, self.today + timedelta(days=7))
        self.assertEqual(invoice.dunning_letter_count, 1)
        fresh = self.make_invoice(days=-10, partner=self.make_customer("Fresh"))
        self.assertEqual(fresh.dunning_next_date, self.today + timedelta(days=5))
        invoice.action_toggle_block_payment()
        invoice.invalidate_recordset()
        self.assertFalse(invoice.dunning_next_date)

    def test_invoices_are_found_by_stage_and_date(self):
        reminded = self.make_invoice(days=40)
        self.send(self.propose().letter_ids)
        fresh = self.make_invoice(days=-10, partner=self.make_customer("Fresh"))
        both = reminded | fresh
        search = self.env["account.move"].search

        def found(*domain):
            return search([("id", "in", both.ids), *domain])

        self.assertEqual(found(("dunning_stage_id", "=", self.first.id)), reminded)
        self.assertEqual(found(("dunning_stage_id", "!=", False)), reminded)
        self.assertEqual(found(("dunning_stage_id", "=", False)), fresh)
        self.assertEqual(found(("dunning_stage_id", "not in", self.first.ids)), fresh)
        self.assertEqual(found(("dunning_stage_id", "ilike", "first")), reminded)
        self.assertEqual(found(("dunning_stage_id.day_offset", ">", 0)), reminded)
        self.assertEqual(found(("dunning_last_date", "=", self.today)), reminded)
        self.assertEqual(found(("dunning_next_date", "<=", self.today + timedelta(days=5))), fresh)
        self.assertEqual(found(("dunning_next_date", "!=", False)), both)

    def test_ageing_knows_the_stage_sent(self):
        invoice = self.make_invoice(days=40)
        report = self.env["ar.aging.report"]
        self.assertFalse(report.search([("move_id", "=", invoice.id)]).dunning_stage_id)
        self.send(self.propose().letter_ids)
        self.assertEqual(report.search([("dunning_stage_id", "=", self.first.id)]).move_id, invoice)

    def test_reading_a_list_of_invoices_takes_one_statement_for_all(self):
        invoices = self.make_invoice(days=40) | self.make_invoice(days=41)
        self.env.invalidate_all()
        invoices.mapped("name")
        before = self.env.cr.sql_log_count
        invoices[:1].mapped("dunning_next_date")
        one = self.env.cr.sql_log_count - before
        self.assertLessEqual(one, 5, "companies, policies and their calendars, the setting, the query")
        invoices.invalidate_recordset()
        invoices.mapped("name")
        before = self.env.cr.sql_log_count
        invoices.mapped("dunning_next_date")
        self.assertLessEqual(self.env.cr.sql_log_count - before, one)

    def test_merged_partners_keep_all_letters(self):
        double = self.make_customer("Double")
        for partner in (self.customer, double):
            self.make_invoice(days=40, partner=partner)
        self.send(self.propose().letter_ids)
        waiting = self.propose(self.today + timedelta(days=7)).letter_ids
        self.assertEqual(len(waiting), 2)
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((double | self.customer).ids, self.customer)
        letters = self.env["ar.dunning.letter"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(len(letters), 4)
        self.assertEqual(sorted(letters.mapped("state")), ["cancelled", "draft", "sent", "sent"])
        self.assertEqual(len(set(letters.mapped("occurrence"))), 4)

    # Schedule

    def cron(self, cr=None):
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr, user=self.env.ref("base.user_root").id)["ar.dunning.run"]._cron_run_policies()

    def test_nothing_happens_before_a_person_switches_it_on(self):
        self.make_invoice(days=20)
        self.env["ar.dunning.policy"].search([]).active = False
        self.cron()
        self.policy.active = True
        self.cron()
        self.assertFalse(self.env["ar.dunning.letter"].search([("company_id", "=", self.company.id)]))

    def test_schedule_sends_without_review_what_needs_none(self):
        self.policy.automatic = True
        self.make_invoice(days=20)
        self.second.requires_approval = True
        approval = self.make_customer("Approval")
        self.make_invoice(days=20, partner=approval)
        self.cron()
        run = self.env["ar.dunning.run"].search([("policy_id", "=", self.policy.id)])
        self.assertEqual((run.automatic, run.user_id), (True, self.env["res.users"]))
        self.assertEqual(run.letter_ids.mapped("state"), ["queued", "queued"])
        self.cron()
        self.assertEqual(len(run.letter_ids), 2)
        run.letter_ids.sudo()._mark_sent()
        with freeze_time(self.today + timedelta(days=8)):
            self.cron()
        second = self.env["ar.dunning.run"].search([("policy_id", "=", self.policy.id)], limit=1)
        self.assertNotEqual(second, run)
        self.assertEqual(set(second.letter_ids.mapped("state")), {"draft"}, "they wait for a person")

    def test_progress_of_a_run(self):
        self.make_invoice(days=20)
        other = self.make_customer("Other")
        self.make_invoice(days=20, partner=other)
        run = self.propose()
        self.assertEqual((run.state, run.draft_count, run.progress), ("review", 2, 0.0))
        self.assertIn(self.first.name, run.stage_summary)
        run.letter_ids[0].with_user(self.collector).action_drop()
        self.assertEqual((run.draft_count, run.cancelled_count, run.progress), (1, 1, 50.0))
        self.send(run.letter_ids.filtered(lambda letter: letter.state == "draft"))
        self.env.invalidate_all()
        self.assertEqual((run.state, run.sent_count, run.progress), ("done", 1, 100.0))

    def test_nothing_goes_out_of_a_policy_that_was_switched_off(self):
        self.make_invoice(10)
        self.policy.automatic = True
        run = self.env["ar.dunning.run"].sudo()._get_automatic_run(self.policy, self.today)
        run._propose()
        letter = run.letter_ids
        self.assertEqual(letter.state, "approved")
        self.policy.active = False
        letter._queue()
        self.assertEqual((letter.state, letter.mail_id), ("draft", self.env["mail.mail"]))
        letter.with_user(self.controller).action_send()
        self.assertEqual(letter.state, "queued", "a person wants this one sent")

    def test_a_stage_that_needs_approval_now(self):
        self.make_invoice(10)
        letter = self.propose(user=self.controller).letter_ids
        letter.with_user(self.controller).action_approve()
        self.first.requires_approval = True
        letter.sudo()._queue()
        self.assertEqual((letter.state, letter.approved_by_id), ("draft", self.env["res.users"]))
        letter.with_user(self.other_controller).action_send()
        self.assertEqual(letter.state, "queued")

    def test_who_left_signs_no_letters(self):
        self.make_invoice(10)
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        profile.collector_id = self.collector
        self.policy.user_id = self.other_controller
        self.collector.active = False
        self.assertEqual(self.propose().letter_ids.user_id, self.other_controller)
        self.other_controller.active = False
        letter = self.make_letter_of("Lindgren AB", self.controller)
        self.assertEqual(letter.user_id, self.controller)

    def test_who_left_is_asked_nothing(self):
        self.make_invoice(10)
        self.customer.write({"email": False, "street": False})
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        profile.collector_id = self.collector
        self.policy.user_id = self.controller
        self.collector.active = False
        self.assertEqual(self.propose().left_out_ids.reason, "no_address")
        self.assertEqual(profile.activity_ids.user_id, self.controller)

    def make_letter_of(self, name, user):
        partner = self.make_customer(name)
        self.make_invoice(10, partner=partner)
        letters = self.propose(user=user).letter_ids
        return letters.filtered(lambda letter: letter.partner_id == partner)
