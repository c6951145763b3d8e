from datetime import timedelta

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from .common_dunning_policy import DunningPolicyCase


@tagged("post_install", "-at_install")
class TestDunningPause(DunningPolicyCase):
    """What is disputed, promised, planned or excluded is not asked for, and the rest is."""

    def test_paused_part_is_not_claimed(self):
        invoice = self.make_invoice(days=20, amount=1000)
        self.pause((invoice, 300, "disputed", None))
        letter = self.propose().letter_ids
        self.assertEqual((letter.amount_due, letter.line_ids.amount), (700, 700))
        self.assertEqual(letter.line_ids.amount_original, 1000)

    def test_fully_paused_item_is_left_out_with_its_reason(self):
        for reason in ("placed", "plan", "disputed", "deferred", "promised", "says_paid"):
            with self.subTest(reason=reason), self.env.cr.savepoint():
                customer = self.make_customer(reason.title())
                invoice = self.make_invoice(days=20, amount=500, partner=customer)
                self.pause((invoice, None, reason, None))
                self.assertEqual(self.outcome(customer), [(reason, 500)])
                self.assertIn((customer, reason), self.reasons(self.propose()))

    def test_parts_add_up_and_the_strongest_reason_is_told(self):
        invoice = self.make_invoice(days=20, amount=1000)
        self.pause((invoice, 600, "promised", self.today), (invoice, 500, "disputed", None))
        self.assertEqual(self.outcome(), [("disputed", 1000)])

    def test_pause_ends_with_its_day(self):
        invoice = self.make_invoice(days=20, amount=1000)
        self.pause((invoice, None, "promised", self.day(3)))
        self.assertEqual(self.outcome(date=self.day(3)), [("promised", 1000)])
        self.assertEqual(self.outcome(date=self.day(4)), [("First reminder", 1000)])
        self.assertEqual(invoice.dunning_next_date, self.day(4))

    def test_pause_without_an_end_has_no_next_date(self):
        invoice = self.make_invoice(days=20, amount=1000)
        self.assertEqual(invoice.dunning_next_date, self.today)
        self.pause((invoice, None, "plan", None))
        invoice.invalidate_recordset()
        self.assertFalse(invoice.dunning_next_date)
        other = self.make_invoice(days=20, amount=1000)
        self.pause((other, 400, "disputed", None), (other, 600, "promised", self.day(5)))
        self.assertFalse(other.dunning_next_date, "one of its parts waits for a person")

    def test_partly_paused_item_keeps_its_next_date(self):
        invoice = self.make_invoice(days=20, amount=1000)
        self.pause((invoice, 10, "disputed", None))
        self.assertEqual(invoice.dunning_next_date, self.today)

    def test_items_alike_share_a_pause(self):
        """Two items of one entry with the same customer and due date: the pause is taken once."""
        self.policy.manual_entries = "include"
        entry = self.make_entry([(self.customer, 20, 400.0), (self.customer, 20, 600.0)])
        self.pause((entry, 500, "disputed", None))
        letter = self.propose().letter_ids
        self.assertEqual(letter.amount_due, 500)
        self.assertEqual(letter.line_ids.mapped("amount"), [500])
        other = self.make_customer("Other AG")
        entry = self.make_entry([(other, 20, 400.0), (other, 20, 600.0)])
        self.pause((entry, 300, "disputed", None))
        letter = self.propose().letter_ids
        self.assertEqual(letter.line_ids.mapped("amount"), [100, 600], "nothing is left for the second")

    def test_company_amount_follows_the_claimed_part(self):
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])
        invoice = self.make_invoice(days=20, amount=300, currency=euro)
        self.pause((invoice, 100, "disputed", None))
        row = self.preview().search([("partner_id", "=", self.customer.id)])
        self.assertEqual((row.amount, row.amount_company), (200, 400))

    def test_pause_after_the_proposal_shrinks_or_drops_the_letter(self):
        partly, fully = self.make_customer("Partly"), self.make_customer("Fully")
        disputed = self.make_invoice(days=20, amount=1000, partner=partly)
        promised = self.make_invoice(days=20, amount=1000, partner=fully)
        letters = self.propose().letter_ids.sudo()
        self.pause((disputed, 400, "disputed", None), (promised, None, "promised", self.day(5)))
        letters.with_user(self.other_controller).action_approve()
        letters._queue()
        by_partner = letters.grouped("partner_id")
        self.assertEqual((by_partner[partly].state, by_partner[partly].amount_total), ("queued", 600))
        self.assertEqual(by_partner[fully].state, "cancelled")

    def test_paused_amount_can_be_below_the_smallest_letter(self):
        invoice = self.make_invoice(days=20, amount=1000)
        self.pause((invoice, 960, "disputed", None))
        self.assertEqual(self.outcome(), [("minimum", 40)])

    def test_preview_explains_each_item(self):
        claimed = self.make_invoice(days=20, amount=1000)
        listed = self.make_invoice(days=1, amount=70)
        promised = self.make_invoice(days=30, amount=200)
        later = self.make_invoice(days=-60, amount=50)
        self.pause((claimed, 300, "disputed", None), (promised, None, "promised", self.day(5)))
        rows = self.preview_items().search([("partner_id", "=", self.customer.id)]).grouped("move_id")
        self.assertEqual(
            {move: (row.outcome, row.reason, row.amount) for move, row in rows.items()},
            {
                claimed: ("claimed", False, 700),
                listed: ("listed", False, 70),
                promised: ("left_out", "promised", 0),
                later: ("not_yet", False, 0),
            },
        )
        self.assertIn("First reminder", rows[claimed].explanation)
        self.assertIn("300", rows[claimed].explanation)
        self.assertIn("Payment promised until", rows[promised].explanation)
        self.assertIn("Before the due date", rows[later].explanation)

    def test_preview_items_of_a_letter_left_out_say_why(self):
        self.make_invoice(days=20, amount=20)
        row = self.preview_items().search([("partner_id", "=", self.customer.id)])
        self.assertEqual((row.outcome, row.reason, row.amount), ("left_out", "minimum", 0))
        self.assertIn("Below the smallest letter", row.explanation)

    def test_preview_items_add_up_to_the_letters(self):
        self.make_invoice(days=20, amount=1000)
        self.make_invoice(days=1, amount=70)
        self.make_invoice(days=-30, amount=700)
        items = self.preview_items().search([("partner_id", "=", self.customer.id)])
        [(_stage, amount)] = self.outcome()
        self.assertEqual(sum(items.mapped("amount")), amount)

    def test_salesperson_sees_no_preview(self):
        with self.assertRaises(AccessError):
            self.preview_items().with_user(self.seller).search([])
        policy = self.make_policy(self.setup_other_company()["company"])
        for preview in (self.preview(policy=policy), self.preview_items(policy=policy)):
            with self.assertRaises(AccessError):
                preview.with_user(self.collector).search([])

    # Ageing

    def test_ageing_tells_the_pause_and_still_counts_it(self):
        disputed = self.make_invoice(days=20, amount=1000)
        promised = self.make_invoice(days=20, amount=500)
        self.pause((disputed, 300, "disputed", None), (promised, None, "promised", self.day(5)))
        report = self.env["ar.aging.report"].search([("partner_id", "=", self.customer.id)])
        rows = report.grouped("move_id")
        self.assertEqual(
            (rows[disputed].pause_reason, rows[disputed].amount_disputed, rows[disputed].amount),
            ("disputed", 300, 1000),
        )
        self.assertEqual((rows[promised].pause_reason, rows[promised].amount_disputed), ("promised", 0))
        later = report.with_context(ar_as_of=str(self.day(6)))
        self.assertFalse(later.grouped("move_id")[promised].pause_reason)
        found = self.env["ar.aging.report"].search([("amount_disputed", ">", 0)])
        self.assertEqual(found.move_id, disputed)

    def test_ageing_leaves_out_the_pauses_that_are_not_read(self):
        """PostgreSQL drops the join: a plain ageing costs as much as without pauses."""
        self.make_invoice(days=20)
        report = self.env["ar.aging.report"]
        self.env.flush_all()

        def plan(field):
            query = report._search([])
            select = query.select(report._field_to_sql(query.table, field, query))
            rows = self.env.execute_query(SQL("EXPLAIN %s", select))
            return "\n".join(line for (line,) in rows)

        self.assertIn("ar_dunning_exclusion", plan("pause_reason"))
        self.assertNotIn("ar_dunning_exclusion", plan("amount"))

    # Exclusions

    def items(self, *invoices):
        moves = self.env["account.move"].union(*invoices)
        return self.env["ar.aging.report"].search([("move_id", "in", moves.ids), ("amount", ">", 0)])

    def exclude(self, user, invoice, until=False, reason="Agreed with their director"):
        exclusions = self.env["ar.dunning.exclusion"].with_user(user)
        return exclusions._exclude_items(self.items(invoice).with_user(user), reason, until)

    def test_excluded_item_is_left_out_until_its_day(self):
        invoice = self.make_invoice(days=20, amount=1000)
        self.make_invoice(days=20, amount=300)
        exclusion = self.exclude(self.collector, invoice, self.day(2))
        self.assertEqual((exclusion.user_id, exclusion.amount_currency), (self.collector, 1000))
        self.assertEqual(self.outcome(), [("First reminder", 300), ("excluded_item", 1000)])
        self.assertEqual(self.outcome(date=self.day(3)), [("First reminder", 1300)])
        self.assertEqual(invoice.dunning_next_date, self.day(3))

    def test_ended_exclusion_excludes_no_more(self):
        invoice = self.make_invoice(days=20, amount=1000)
        exclusion = self.exclude(self.collector, invoice)
        exclusion.action_end()
        self.assertEqual((exclusion.state, exclusion.ended_by_id), ("ended", self.collector))
        self.assertEqual(self.outcome(), [("First reminder", 1000)])
        self.assertTrue(self.exclude(self.collector, invoice), "what was ended can be excluded again")
        with self.assertRaises(UserError):
            exclusion.action_end()

    def test_excluding_twice_keeps_the_first(self):
        invoice = self.make_invoice(days=20)
        self.exclude(self.collector, invoice)
        self.assertFalse(self.exclude(self.controller, invoice))

    def test_expired_exclusion_makes_room(self):
        invoice = self.make_invoice(days=20)
        old = self.exclude(self.collector, invoice, self.day(1))
        old.sudo().write({"date": self.day(-9), "date_to": self.day(-1)})
        self.assertEqual(old.state, "expired")
        self.assertIn(old, old.search([("state", "=", "expired")]))
        self.assertNotIn(old, old.search([("state", "=", "active")]))
        self.assertEqual(self.exclude(self.collector, invoice).state, "active")
        self.assertEqual((old.state, old.ended_date), ("ended", self.day(-1)))

    def test_exclusion_outlives_the_reset_of_the_invoice(self):
        invoice = self.make_invoice(days=20)
        self.exclude(self.collector, invoice)
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 1200
        invoice.action_post()
        self.assertEqual(self.outcome(), [("excluded_item", 1200)])

    def test_exclusion_of_a_day_is_in_force_on_it(self):
        invoice = self.make_invoice(days=20)
        exclusion = self.exclude(self.collector, invoice, self.day(1))
        exclusion.sudo().write({"date": self.day(-9), "date_to": self.today})
        self.assertEqual((exclusion.state, self.outcome()), ("active", [("excluded_item", 1000)]))
        self.assertIn(exclusion, exclusion.search([("state", "=", "active")]))
        self.assertFalse(self.exclude(self.collector, invoice), "it is excluded already")

    def test_credits_are_no_items_to_exclude(self):
        invoice = self.make_invoice(days=20)
        note = self.make_invoice(days=20, amount=300, move_type="out_refund")
        items = self.env["ar.aging.report"].search([("move_id", "in", (invoice | note).ids)])
        self.assertEqual(len(items), 2)
        exclusions = self.env["ar.dunning.exclusion"]._exclude_items(items, "Agreed")
        self.assertEqual(exclusions.move_id, invoice)

    def test_excluded_customer(self):
        invoice = self.make_invoice(days=20)
        exclusions = self.env["ar.dunning.exclusion"].with_user(self.collector)
        contact = self.env["res.partner"].create({"name": "Payables", "parent_id": self.customer.id})
        exclusion = exclusions._exclude_customers(contact, self.company, "Merger talks", self.day(4))
        self.assertEqual((exclusion.partner_id, exclusion.kind), (self.customer, "customer"))
        self.assertEqual(self.outcome(), [("excluded", 1000)])
        self.assertEqual(self.outcome(date=self.day(5)), [("First reminder", 1000)])
        self.assertEqual(invoice.dunning_next_date, self.day(5))
        exclusion.sudo().date_to = False
        invoice.invalidate_recordset()
        self.assertFalse(invoice.dunning_next_date)

    def test_exclusion_of_one_company_is_not_of_the_other(self):
        other = self.setup_other_company()["company"]
        policy = self.make_policy(other)
        self.make_invoice(days=20, company=other)
        exclusions = self.env["ar.dunning.exclusion"].with_user(self.collector)
        exclusions._exclude_customers(self.customer, self.company, "Merger talks")
        self.assertEqual(self.outcome(policy=policy), [("First reminder", 1000)])
        profiles = self.env["ar.credit.profile"]
        ours = profiles._get_or_create(self.customer, self.company)
        ours.write({"dunning_excluded": True, "dunning_excluded_reason": "Merger talks"})
        self.assertEqual(self.outcome(policy=policy), [("First reminder", 1000)])

    def test_who_may_exclude(self):
        invoice = self.make_invoice(days=20)
        self.customer.user_id = self.seller
        for user in (self.seller, self.auditor):
            with self.assertRaises(AccessError):
                self.exclude(user, invoice)
        exclusion = self.exclude(self.collector, invoice)
        for user in (self.seller, self.auditor, self.collector):
            own = exclusion.with_user(user)
            self.assertEqual(own.reason, "Agreed with their director")
            with self.assertRaises(AccessError):
                own.write({"date_to": self.day(1)})
            with self.assertRaises(AccessError):
                own.copy()
            with self.assertRaises(AccessError):
                own.unlink()
        for user in (self.seller, self.auditor):
            with self.assertRaises(AccessError):
                exclusion.with_user(user).action_end()
        self.customer.user_id = False
        self.assertFalse(exclusion.with_user(self.seller).search([("id", "=", exclusion.id)]))
        with self.assertRaises(UserError):
            exclusion.sudo().unlink()

    def test_an_exclusion_has_a_reason(self):
        invoice = self.make_invoice(days=20)
        with self.assertRaises(ValidationError):
            self.exclude(self.collector, invoice, reason="  ")
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        with self.assertRaises(ValidationError):
            profile.dunning_excluded = True

    @mute_logger("odoo.sql_db")
    def test_the_database_holds_one_exclusion_of_an_item(self):
        exclusion = self.exclude(self.collector, self.make_invoice(days=20)).sudo()
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            exclusion.copy()

    def test_wizard_excludes_what_was_marked(self):
        invoice = self.make_invoice(days=20)
        wizards = self.env["ar.dunning.exclude"].with_user(self.collector)
        for model, ids in (
            ("ar.aging.report", self.items(invoice).ids),
            ("account.move", invoice.ids),
            ("ar.dunning.preview.item", self.items(invoice).ids),
        ):
            with self.subTest(model=model), self.env.cr.savepoint() as savepoint:
                wizard = Form(wizards.with_context(active_model=model, active_ids=ids))
                wizard.reason = "Agreed with their director"
                wizard.save().action_exclude()
                self.assertEqual(self.outcome(), [("excluded_item", 1000)])
                savepoint.rollback()
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        wizard = Form(wizards.with_context(active_model="ar.credit.profile", active_ids=profile.ids))
        self.assertEqual(wizard.kind, "customer")
        wizard.reason = "Merger talks"
        wizard.date_to = self.day(1)
        wizard.save().action_exclude()
        self.assertEqual(self.outcome(), [("excluded", 1000)])
        self.assertEqual(profile.dunning_exclusion_count, 1)

    def test_wizard_refuses_a_day_that_is_over(self):
        invoice = self.make_invoice(days=20)
        wizard = Form(
            self.env["ar.dunning.exclude"]
            .with_user(self.collector)
            .with_context(active_model="account.move", active_ids=invoice.ids)
        )
        wizard.reason = "Agreed"
        wizard.date_to = self.today - timedelta(days=1)
        with self.assertRaises(UserError):
            wizard.save().action_exclude()
