from datetime import timedelta

from freezegun import freeze_time
from markupsafe import Markup

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common_collection import CollectionCase


@tagged("post_install", "-at_install")
class TestCollectionCase(CollectionCase):
    def only_rule(self, **values):
        self.rules.active = False
        return self.env["ar.collection.rule"].create(
            {"company_id": self.company.id, "name": "The rule", **values}
        )

    def run_night(self, days=0):
        """The schedule of the night, so many days from now."""
        with freeze_time(fields.Datetime.now() + timedelta(days=days)):
            self.cases._run_company(self.company)
        self.env.invalidate_all()

    def case_of(self, partner):
        return self.cases.search([("partner_id", "=", partner.id)], order="id desc", limit=1)

    # One open case

    def test_one_open_case_per_profile(self):
        profiles = self.profile() | self.profile(self.other)
        first = self.cases._get_or_open(self.profile(), "First")
        both = self.cases._get_or_open(profiles, "Second")
        self.assertEqual(len(both), 2)
        self.assertIn(first, both)
        self.assertEqual(first.opened_reason, "First", "an open case stays as it is")
        self.assertEqual(both.mapped("opened_count"), [1, 1])

    def test_the_database_refuses_a_second_open_case(self):
        case = self.open()
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(Exception, "open_uniq"):
            case.sudo().copy({})
            self.env.flush_all()

    def test_a_case_closed_lately_is_opened_again(self):
        case = self.open()
        case.with_user(self.collector).action_close()
        self.assertEqual(case.closed_date, self.today)
        again = self.cases._get_or_open(self.profile(), "Again")
        self.assertEqual((again, again.state, again.opened_count), (case, "open", 2))

        case._close("Done")
        case.sudo().closed_date = self.today - timedelta(days=30)
        self.assertEqual(self.cases._get_or_open(self.profile(), "On the last day"), case)

        case._close("Done")
        case.sudo().closed_date = self.today - timedelta(days=31)
        another = self.cases._get_or_open(self.profile(), "Another")
        self.assertNotEqual(another, case)
        self.assertEqual(case.state, "closed")

    def test_a_closed_case_is_not_opened_beside_another(self):
        case = self.open()
        case._close("Done")
        case.sudo().closed_date = self.today - timedelta(days=31)
        self.cases._get_or_open(self.profile(), "Another")
        with self.assertRaisesRegex(UserError, "another open case"):
            case.with_user(self.collector).action_reopen()

    def test_closed_is_closed(self):
        case = self.open()
        case.activity_schedule(date_deadline=self.today, user_id=self.collector.id)
        case._close("Done")
        self.assertFalse(case.activity_ids, "nobody is asked to do anything any more")
        case._set_state("legal", "Handed over")
        self.assertEqual(case.state, "closed")

    def test_what_became_part_of_another_case_is_not_opened_again(self):
        case, stays = self.open(), self.open(self.other)
        case._close_into(stays, "Merged")
        self.assertEqual((case.state, case.merged_into_id), ("closed", stays))
        self.assertNotEqual(self.cases._get_or_open(self.profile(), "Again"), case)

    def test_who_has_the_customer_by_now_gets_the_case_back(self):
        case = self.open()
        case._close("Done")
        self.profile().collector_id = self.colleague
        self.assertEqual(self.cases._get_or_open(self.profile(), "Again").collector_id, self.colleague)

    def test_opening_many_costs_as_much_as_one(self):
        def count(number):
            partners = self.env["res.partner"].create(
                [{"name": f"Many {number} {index}", "is_company": True} for index in range(number)]
            )
            profiles = self.env["ar.credit.profile"]._get_or_create(partners, self.company)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.cases._get_or_open(profiles, "Many")
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertEqual(count(3), count(30))

    # Rules

    def test_a_rule_opens_by_amount_and_age(self):
        self.only_rule(min_amount=1000.0, min_days=15)
        self.make_invoice(20, 999.99)
        self.make_invoice(10, 5000.0, partner=self.other)
        large = self.make_customer("Large Ltd")
        self.make_invoice(15, 1000.0, partner=large)
        self.run_night()
        self.assertFalse(self.case_of(self.customer), "below the amount")
        self.assertFalse(self.case_of(self.other), "not old enough")
        case = self.case_of(large)
        self.assertEqual((case.state, case.opened_by, case.phase), ("open", "rule", "coordination"))
        self.assertIn("oldest 15 days", case.opened_reason)

    def test_the_first_rule_gives_the_reason(self):
        last = self.only_rule(min_amount=1.0, sequence=90)
        last.name = "Anything"
        for name, values in (
            ("Archived", {"sequence": 1, "active": False}),
            ("First", {"sequence": 20}),
            ("Too large", {"sequence": 2, "min_amount": 5000.0}),
        ):
            last.create({"company_id": self.company.id, "name": name, "min_amount": 1.0, **values})
        self.make_invoice(20, 1000.0)
        self.run_night()
        self.assertIn("First", self.case_of(self.customer).opened_reason)

    def test_archived_rules_open_nothing(self):
        self.only_rule(min_amount=1.0).active = False
        self.make_invoice(20, 1000.0)
        self.run_night()
        self.assertFalse(self.case_of(self.customer))

    def test_deposits_open_no_case(self):
        self.only_rule(min_amount=1000.0)
        self.make_invoice(20, 999.0)
        deposits = self.company_data["default_account_receivable"].copy({"non_trade": True})
        entry = self.make_entry([(self.customer, 20, 500.0)])
        entry.button_draft()
        entry.line_ids.filtered("date_maturity").account_id = deposits
        entry.action_post()
        self.run_night()
        self.assertFalse(self.case_of(self.customer))

    def test_every_condition_of_a_rule_counts(self):
        self.only_rule(min_broken=1)
        self.make_invoice(20, 1000.0)
        self.run_night()
        self.assertFalse(self.case_of(self.customer))

    def test_receipts_and_disputes_come_off_first(self):
        self.only_rule(min_amount=1000.0)
        invoice = self.make_invoice(20, 1500.0)
        self.dispute(invoice, 600.0)
        self.make_entry([(self.other, 20, 1500.0)])
        self.make_entry([(self.other, None, -600.0)])
        credited = self.make_customer("Credited KG")
        self.make_invoice(20, 1500.0, partner=credited)
        self.make_invoice(-10, 600.0, partner=credited, move_type="out_refund")
        self.run_night()
        self.assertFalse(self.case_of(credited), "the credit note is there, whatever day stands on it")
        self.assertFalse(self.case_of(self.customer), "900 of 1,500 can be asked for")
        self.assertFalse(self.case_of(self.other), "600 are there, to be applied")

    def test_the_group_itself_is_no_customer(self):
        self.only_rule(min_amount=1.0)
        self.make_invoice(20, 1000.0, partner=self.company.partner_id)
        self.run_night()
        self.assertFalse(self.case_of(self.company.partner_id))

    def test_a_letter_opens_a_case(self):
        self.only_rule(min_level=1)
        self.make_invoice(5, 1000.0)
        self.run_night()
        self.assertFalse(self.case_of(self.customer), "no letter yet")
        self.send(self.propose().letter_ids)
        self.policy.use_cases = False
        self.run_night()
        self.assertFalse(self.case_of(self.customer), "letters of this policy open no case")
        self.policy.use_cases = True
        self.run_night()
        self.assertEqual(self.case_of(self.customer).opened_by, "stage")

    def test_a_broken_promise_opens_a_case(self):
        self.only_rule(min_broken=1)
        case = self.open()
        self.make_invoice(20, 1000.0)
        case._close("Done")
        case.sudo().closed_date = self.today - timedelta(days=99)
        self.promised(case, -3)
        self.run_night()
        self.assertEqual(self.case_of(self.customer).opened_by, "promise")

    def test_a_promise_counts_for_ninety_days(self):
        self.only_rule(min_broken=1)
        late, early = self.customer, self.other
        for partner, days in ((late, -91), (early, -90)):  # broken on the day after
            self.make_invoice(120, 1000.0, partner=partner)
            case = self.open(partner)
            self.promised(case, days)
            case._close("Done")
            case.sudo().closed_date = self.today - timedelta(days=99)
        self.run_night()
        self.assertEqual(self.case_of(late).state, "closed")
        self.assertEqual(self.case_of(early).opened_by, "promise")

    def test_rules_promises_and_cases_of_another_company_are_theirs(self):
        other = self.setup_other_company(name="Other company")["company"]
        self.only_rule(min_amount=100000.0)
        rule = self.env["ar.collection.rule"].search([("company_id", "=", other.id)])
        rule.active = False
        rule.create({"company_id": other.id, "name": "Theirs", "min_amount": 1.0})
        self.make_invoice(20, 1000.0)
        self.run_night()
        self.assertFalse(self.case_of(self.customer), "by a rule of the other company")
        self.make_invoice(20, 1000.0, company=other)
        theirs = self.open(company=other)
        self.promised(theirs, -3)
        self.assertTrue(self.figures(theirs)["broken_date"])
        rule = self.only_rule(min_broken=1)
        self.run_night()
        self.assertEqual(self.case_of(self.customer), theirs, "the promise was given to them")
        rule.write({"min_broken": 0, "min_amount": 1000.0})
        self.run_night()
        self.assertEqual(self.case_of(self.customer).company_id, self.company, "their case is not ours")

    def test_companies_do_not_mix(self):
        self.only_rule(min_amount=1000.0)
        other_company = self.setup_other_company(name="Other company")["company"]
        self.make_invoice(20, 800.0)
        self.make_invoice(20, 800.0, company=other_company)
        self.run_night()
        self.assertFalse(self.case_of(self.customer), "800 in each company")

    def test_only_companies_that_want_it(self):
        self.only_rule(min_amount=1.0)
        self.make_invoice(20, 1000.0)
        self.env["res.company"].search([]).collection_active = False
        with self.enter_registry_test_mode():
            self.env.ref("ar_credit_control.ir_cron_collection_cases").method_direct_trigger()
        self.assertFalse(self.case_of(self.customer))

    # Figures

    def test_instalments_age_one_by_one(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Half now, half later",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 40, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 60, "nb_days": 60}),
                ],
            }
        )
        day = self.today - timedelta(days=50)
        self.make_invoice(50, 1000.0, invoice_payment_term_id=term.id, invoice_date=day, date=day)
        figures = self.figures(self.open())
        self.assertEqual(
            (figures["owed"], figures["overdue"], figures["not_due"], figures["oldest_days"]),
            (1000.0, 400.0, 600.0, 50),
        )

    def test_two_currencies(self):
        currency = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        self.make_invoice(20, 1000.0)
        self.make_invoice(20, 400.0, currency=currency)
        case = self.open()
        self.assertEqual(self.figures(case)["overdue"], 1200.0)
        amounts = {line["currency_id"]: line["overdue"] for line in case.overview["currencies"]}
        self.assertEqual(amounts, {self.company.currency_id.id: 1000.0, currency.id: 400.0})

    def test_the_figures_are_those_of_exposure_and_ageing(self):
        self.make_invoice(20, 1000.0)
        self.make_invoice(-5, 300.0)
        self.make_entry([(self.customer, None, -150.0)])
        case = self.open()
        figures = self.figures(case)
        exposure = self.env["ar.credit.exposure"]._get_figures(self.customer, self.company)[self.customer.id]
        self.assertEqual(
            (figures["owed"], figures["overdue"], figures["unapplied"]),
            (exposure["receivable"], exposure["overdue"], exposure["unapplied"]),
        )
        self.assertEqual(figures["owed"], sum(case.item_ids.mapped("amount")))
        self.assertEqual(sum(bucket["amount"] for bucket in case.overview["buckets"]), 1300.0)

    # Phase, closing, reopening

    def test_the_phase_follows_the_oldest_item(self):
        self.company.credit_coordination_days = 60
        invoice = self.make_invoice(55, 1000.0)
        case = self.open()
        self.assertEqual(case.phase, "coordination")
        self.run_night(days=6)
        self.assertEqual(case.phase, "clearing")
        self.assertIn("Coordination → Clearing", case.message_ids[0].body)
        self.pay(invoice)
        self.run_night()
        self.assertEqual((case.phase, case.settled_date), ("credit", self.today))

    def test_closed_after_the_quiet_days(self):
        self.only_rule(min_amount=1.0)
        invoice = self.make_invoice(20, 1000.0)
        self.run_night()
        case = self.case_of(self.customer)
        self.pay(invoice)
        self.run_night()
        self.assertEqual(case.state, "open", "nothing is overdue, but only since today")
        self.run_night(days=2)
        self.assertEqual(case.state, "open")
        self.run_night(days=3)
        self.assertEqual((case.state, case.closed_reason), ("closed", "Nothing is overdue any more"))

    def test_thanks_once_nothing_is_overdue(self):
        self.customer.email = "pay@example.com"
        invoice = self.make_invoice(20, 1000.0)
        case = self.open().with_user(self.collector)
        with self.assertRaisesRegex(UserError, "overdue"):
            case.action_thank()
        self.pay(invoice)
        self.run_night()
        composer = Form.from_action(self.env(user=self.collector), case.action_thank()).save()
        composer._action_send_mail()
        mail = case.message_ids[0]
        self.assertIn("nothing is overdue", mail.body)
        self.assertEqual(mail.partner_ids, self.customer)

    def test_thanks_are_addressed_to_who_gets_the_reminders(self):
        clerk, _invoices = self.env["res.partner"].create(
            [
                {
                    "parent_id": self.customer.id,
                    "name": "Ngozi Okafor",
                    "email": "ngozi@example.com",
                    "collection_role": "payables",
                },
                {"parent_id": self.customer.id, "type": "invoice", "name": "Invoices"},
            ]
        )
        invoice = self.make_invoice(20, 1000.0)
        case = self.open().with_user(self.collector)
        self.pay(invoice)
        self.run_night()
        Form.from_action(self.env(user=self.collector), case.action_thank()).save()._action_send_mail()
        message = case.message_ids[0]
        self.assertEqual(message.partner_ids, clerk)
        body = self.env["mail.mail"].search([("mail_message_id", "=", message.id)]).body_html
        self.assertIn("Dear Ngozi Okafor", body)
        self.assertNotIn("Collection Case", body, "our word for it says nothing to a customer who paid")

    def test_a_mail_to_the_customer_is_a_contact(self):
        self.customer.email = "pay@example.com"
        self.make_invoice(20, 1000.0)
        case = self.open().with_user(self.collector)
        case.message_post(body="Pays in cash only", message_type="comment", subtype_xmlid="mail.mt_note")
        case.message_post(
            body="When can we expect payment?",
            subject="Your invoice",
            partner_ids=self.customer.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        case.invalidate_recordset()
        events = [(event["kind"], event["title"]) for event in case.timeline]
        self.assertIn(("email", "Your invoice"), events)
        self.assertEqual([kind for kind, _title in events].count("note"), 1, "each message once")
        [word] = [fact for fact in case.overview["facts"] if fact["name"] == "word"]
        self.assertIn("When can we expect payment?", word["text"])

    def test_what_is_overdue_again_starts_the_quiet_days_anew(self):
        self.only_rule(min_amount=1.0)
        invoice = self.make_invoice(20, 1000.0)
        self.run_night()
        case = self.case_of(self.customer)
        self.pay(invoice)
        self.run_night()
        invoice.line_ids.remove_move_reconcile()
        self.run_night()
        self.assertFalse(case.settled_date, "the payment was taken back")
        self.run_night(days=9)
        self.assertEqual(case.state, "open")

    def test_overdue_again_opens_the_same_case(self):
        self.only_rule(min_amount=1.0)
        invoice = self.make_invoice(20, 1000.0)
        self.run_night()
        case = self.case_of(self.customer)
        self.pay(invoice)
        self.run_night()
        self.run_night(days=4)
        self.assertEqual(case.state, "closed")
        self.make_invoice(1, 700.0)
        self.run_night(days=5)
        self.assertEqual((case.state, case.opened_count), ("open", 2))

    def test_a_case_of_a_person_stays_while_a_step_is_planned(self):
        case = self.open()
        step = case.activity_schedule(
            date_deadline=self.today + timedelta(days=30), user_id=self.collector.id
        )
        self.run_night()
        self.run_night(days=9)
        self.assertEqual(case.state, "open")
        step.unlink()
        self.run_night(days=9)
        self.assertEqual(case.state, "closed")

    def test_placed_cases_are_closed_by_their_placement(self):
        case = self.open()
        invoice = self.make_invoice(40)
        self.place(invoice)
        self.pay(invoice)
        self.run_night()
        self.run_night(days=9)
        self.assertEqual(case.state, "agency")

    # People

    def test_the_collector_of_the_customer_works_its_open_case(self):
        case = self.open()
        old = self.open(self.other)
        old._close("Done")
        (self.profile() | self.profile(self.other)).with_user(self.env.user).collector_id = self.colleague
        self.assertEqual(case.collector_id, self.colleague)
        self.assertEqual(old.collector_id, self.collector, "who worked a closed case stays on it")

    def test_nobody_writes_cases(self):
        case = self.open()
        for user in (self.seller, self.collector, self.controller, self.auditor):
            for operation in ("write", "create", "unlink"):
                self.assertFalse(case.with_user(user).has_access(operation), (user.login, operation))
        with self.assertRaises(UserError):
            case.sudo().unlink()

    def test_methods_check_who_asks(self):
        case = self.open()
        self.customer.user_id = self.seller
        for user in (self.seller, self.auditor):
            for method in (
                "action_close",
                "action_snooze",
                "action_wake",
                "action_take",
                "action_hand_over",
                "action_thank",
            ):
                with self.assertRaises(AccessError, msg=(user.login, method)):
                    getattr(case.with_user(user), method)()
            with self.assertRaises(AccessError):
                self.profile(self.other).with_user(user).action_open_collection_case()
        self.assertEqual(case.state, "open")

    def test_collectors_plan_steps_for_colleagues(self):
        case = self.open().with_user(self.collector)
        step = case.activity_schedule(
            "mail.mail_activity_data_call", date_deadline=self.today, user_id=self.colleague.id, summary="Ask"
        )
        self.assertEqual((case.next_action_date, case.next_action), (self.today, "Ask"))
        self.assertEqual(step.user_id, self.colleague)
        with self.assertRaises(AccessError):
            case.message_subscribe(partner_ids=self.customer.ids)
        with self.assertRaises(AccessError):
            case.with_user(self.auditor).message_subscribe(partner_ids=self.colleague.partner_id.ids)

    def test_columns_of_phases(self):
        case = self.open()
        mine = [("id", "in", case.ids)]

        def columns():
            board = self.cases.with_context(read_group_expand=True)
            groups = board.web_read_group(mine, ["phase"])["groups"]
            return [group["phase"] for group in groups]

        case.sudo().phase = "coordination"
        self.assertEqual(columns(), ["coordination", "clearing"], "an empty first column fills a phone")
        case.sudo().phase = "credit"
        self.assertEqual(columns(), ["credit", "coordination", "clearing"])

    def test_the_worklist_begins_with_what_its_reader_works_on(self):
        for user, mine in (
            (self.collector, "My Worklist"),
            (self.controller, "My Worklist"),
            (self.seller, "My Customers"),
            (self.auditor, None),
        ):
            arch = self.worklist.with_user(user).get_views([(False, "search")])["views"]["search"]["arch"]
            for name in ("My Worklist", "My Customers"):
                self.assertEqual(name in arch, name == mine, (user.login, name))

    def test_salespeople_see_the_cases_of_their_customers(self):
        mine, other = self.open(), self.open(self.other)
        self.customer.user_id = self.seller
        seen = self.cases.with_user(self.seller).search([])
        self.assertEqual(seen & (mine | other), mine)
        self.assertTrue(mine.with_user(self.seller).overview)
        self.assertTrue(mine.with_user(self.seller).timeline)
        views = self.cases.with_user(self.seller).get_views([(False, "form")])
        self.assertNotIn("ar_case_next", views["views"]["form"]["arch"], "the worklist is not theirs")
        self.make_invoice(20, 9000.0)
        self.make_invoice(20, 1000.0, partner=self.other)
        self.env.flush_all()
        self.assertEqual(self.worklist.with_user(self.seller).search([]).case_id, mine)
        with self.assertRaises(AccessError):
            other.with_user(self.seller).get_copy_text()

    def test_people_without_our_groups_see_nothing(self):
        case = self.open()
        stranger = new_test_user(self.env, "case_stranger", groups="base.group_user")
        with self.assertRaises(AccessError):
            case.with_user(stranger).read(["state"])
        # A salesperson without our groups works with the customer as before.
        self.customer.with_user(stranger).read(["name", "phone"])

    def test_other_companies_see_nothing(self):
        case = self.open()
        other_company = self.setup_other_company(name="Elsewhere")["company"]
        foreign = new_test_user(
            self.env,
            "case_foreign",
            groups="ar_credit_control.group_collector",
            company_id=other_company.id,
            company_ids=[Command.set(other_company.ids)],
        )
        self.assertFalse(self.cases.with_user(foreign).search([("id", "=", case.id)]))
        with self.assertRaises(AccessError):
            case.with_user(foreign).action_close()

    def test_merged_customers_keep_one_open_case(self):
        kept, gone = self.open(), self.open(self.other)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer | self.other).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual((kept.state, gone.state), ("open", "closed"))
        self.assertEqual(gone.merged_into_id, kept)
        self.assertEqual(gone.profile_id, kept.profile_id)
        self.assertEqual(gone.partner_name, "Lindgren AB", "evidence keeps the name")

    # The form

    def test_the_text_to_copy_asks_for_no_disputed_amount(self):
        part, whole, free = (self.make_invoice(days, 1000.0) for days in (20, 15, 10))
        case = self.open()
        self.dispute(part, 400.0)
        self.dispute(whole, 1000.0)
        self.env.invalidate_all()
        text = case.with_user(self.collector).get_copy_text()
        self.assertNotIn(whole.name, text)
        for words in (part.name, "600.00", free.name, "1,600.00"):
            self.assertIn(words, text)

    def test_the_text_to_copy_takes_off_what_is_not_allocated(self):
        self.make_invoice(20, 1000.0)
        case = self.open()
        self.make_invoice(5, 300.0, move_type="out_refund")
        self.env.invalidate_all()
        text = case.with_user(self.collector).get_copy_text()
        self.assertIn("700.00 is past due", text.replace("\xa0", " "))
        self.assertIn("300.00", text)
        self.make_invoice(5, 900.0, move_type="out_refund")
        self.env.invalidate_all()
        text = case.with_user(self.collector).get_copy_text()
        self.assertNotIn("past due", text, "they have paid more than they owe")
        self.assertIn("1,200.00", text)

    def test_the_timeline_is_one_list(self):
        invoice = self.make_invoice(20, 1000.0)
        case = self.open()
        self.contact(case, 5)
        self.pay(invoice, 300.0)
        self.reply(case, Markup("<p><b>Next</b> week &amp; <i>not</i> before</p>"))
        case.with_user(self.collector).message_post(body="Called, nobody there", message_type="comment")
        self.env.flush_all()
        events = case.with_user(self.auditor).timeline
        kinds = [event["kind"] for event in events]
        self.assertEqual(set(kinds), {"note", "reply", "case", "payment", "letter"})
        self.assertEqual(
            [event["date"] for event in events], sorted((e["date"] for e in events), reverse=True)
        )
        payment = next(event for event in events if event["kind"] == "payment")
        self.assertEqual((payment["amount"], payment["res_model"]), (300.0, "account.move"))
        reply = next(event for event in events if event["kind"] == "reply")
        self.assertEqual(reply["text"], "Next week & not before")

    def test_reading_a_case_costs_the_same_however_much_happened(self):
        def count(case):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            case.with_user(self.collector).web_read({"overview": {}, "timeline": {}, "item_ids": {}})
            return self.env.cr.sql_log_count - before

        few, many = self.open(), self.open(self.other)
        self.make_invoice(20, 100.0)
        self.contact(few, 5)
        for days in range(1, 13):
            self.make_invoice(days * 30, 100.0, partner=self.other)
            self.contact(many, days)
        count(few)
        self.assertEqual(count(few), count(many))

    def test_the_text_to_copy_is_in_the_language_of_the_customer(self):
        currency = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        self.make_invoice(20, 1000.0)
        foreign = self.make_invoice(20, 400.0, currency=currency)
        self.make_invoice(-5, 123.45)
        text = self.open().with_user(self.collector).get_copy_text()
        self.assertIn(foreign.name, text)
        self.assertIn("1,000.00 + ", text.replace("$\xa0", "").replace("\xa0", " ").replace("$ ", ""))
        self.assertNotIn("123.45", text, "not due yet")
        self.assertIn(self.collector.name, text)
