from datetime import timedelta

import psycopg2
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDunningSelection(DunningCase):
    """Who is claimed what, at which stage, and who is left out and why."""

    def test_old_ledger_starts_at_the_first_stage(self):
        self.make_invoice(days=200)
        letter = self.propose().letter_ids
        self.assertEqual(letter.stage_id, self.first)
        self.assertEqual(letter.line_ids.stage_id, self.first)
        self.assertEqual(letter.line_ids.days_overdue, 200)
        self.assertEqual(letter.state, "draft")

    def test_stages_are_reached_on_their_day(self):
        for days, stage in (
            (-6, None),
            (-5, self.before),
            (0, self.before),
            (1, None),
            (2, None),
            (3, self.first),
        ):
            with self.subTest(days=days):
                customer = self.make_customer(f"Day{days}")
                self.make_invoice(days=days, partner=customer)
                letter = self.propose().letter_ids.filtered(lambda item, who=customer: item.partner_id == who)
                self.assertEqual(letter.stage_id, stage or self.env["ar.dunning.stage"])

    def test_grace_delays_stages_after_the_due_date_only(self):
        self.policy.grace_days = 4
        self.make_invoice(days=6)
        self.assertFalse(self.propose().letter_ids)
        late = self.make_customer("Late")
        self.make_invoice(days=7, partner=late)
        early = self.make_customer("Early")
        self.make_invoice(days=-5, partner=early)
        letters = self.propose().letter_ids
        self.assertEqual(letters.partner_id, late | early)

    def test_stages_are_climbed_one_by_one(self):
        self.make_invoice(days=200)
        date = self.today
        for stage in (self.first, self.second, self.third):
            letter = self.propose(date).letter_ids
            self.assertEqual(letter.stage_id, stage)
            self.send(letter)
            letter.sudo().date = date
            again = self.propose(date + timedelta(days=6))
            self.assertFalse(again.letter_ids, "contacted within the days between contacts")
            date += timedelta(days=7)
        self.assertFalse(self.propose(date + timedelta(days=30)).letter_ids, "the last stage was sent")

    def test_contact_interval_is_shown_as_reason(self):
        self.make_invoice(days=200)
        self.send(self.propose().letter_ids)
        run = self.propose(self.today + timedelta(days=6))
        self.assertEqual(self.reasons(run), {(self.customer, "contacted")})
        self.assertEqual(run.left_out_ids.contact_date, self.today)

    def test_unsent_stage_is_not_climbed(self):
        self.make_invoice(days=200)
        self.propose()
        run = self.propose(self.today + timedelta(days=30))
        self.assertFalse(run.letter_ids)
        self.assertEqual(self.reasons(run), {(self.customer, "waiting")})
        waiting = self.env["ar.dunning.letter"].sudo().search([("partner_id", "=", self.customer.id)])
        waiting._cancel_unsent("settled")
        again = self.propose(self.today + timedelta(days=30)).letter_ids
        self.assertEqual(again.stage_id, self.first, "the first one never went out")

    def test_one_letter_lists_all_that_is_overdue(self):
        old = self.make_invoice(days=60, amount=100)
        self.send(self.propose().letter_ids)
        fresh = self.make_invoice(days=3, amount=200)
        younger = self.make_invoice(days=-3, amount=300)
        self.make_invoice(days=-20, amount=400)
        date = self.today + timedelta(days=7)
        letter = self.propose(date).letter_ids
        stages = {line.move_id: line.stage_id for line in letter.line_ids}
        self.assertEqual(stages, {old: self.second, fresh: self.first, younger: self.first})
        self.assertEqual(letter.stage_id, self.second)
        self.assertEqual(letter.amount_due, 600)
        self.assertEqual(letter.item_count, 3)

    def test_overdue_item_without_stage_is_listed_not_claimed(self):
        self.make_invoice(days=20, amount=100)
        waiting = self.make_invoice(days=1, amount=70)
        letter = self.propose().letter_ids
        line = letter.line_ids.filtered(lambda item: item.move_id == waiting)
        self.assertFalse(line.is_due)
        self.assertFalse(line.stage_id)
        self.assertEqual(letter.amount_due, 170)

    def test_instalments_count_one_by_one(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 60}),
                ],
            }
        )
        invoice = self.make_invoice(
            days=0,
            amount=1000,
            invoice_payment_term_id=term.id,
            invoice_date=self.today - timedelta(days=20),
            invoice_date_due=False,
        )
        letter = self.propose().letter_ids
        self.assertEqual(letter.line_ids.date_maturity, self.today - timedelta(days=10))
        self.assertEqual(letter.amount_due, 500)
        self.assertEqual(letter.line_ids.amount_original, 500)
        self.send(letter)
        self.assertEqual(invoice.dunning_stage_id, self.first)

    def test_part_payment_reduces_the_claim(self):
        invoice = self.make_invoice(days=20, amount=1000)
        self.pay(invoice, 400)
        letter = self.propose().letter_ids
        self.assertEqual(letter.amount_total, 600)
        self.assertEqual(letter.line_ids.amount_original, 1000)

    def test_credit_note_is_netted_and_never_a_line(self):
        self.make_invoice(days=20, amount=1000)
        self.make_invoice(days=10, amount=300, move_type="out_refund")
        letter = self.propose().letter_ids
        self.assertEqual(len(letter.line_ids), 1)
        self.assertEqual((letter.amount_due, letter.amount_credit, letter.amount_total), (1000, 300, 700))

    def test_covering_credit_stops_the_letter_and_asks_to_reconcile(self):
        self.make_invoice(days=20, amount=1000)
        self.make_invoice(days=10, amount=1000, move_type="out_refund")
        self.policy.user_id = self.collector
        run = self.propose()
        self.assertFalse(run.letter_ids)
        self.assertEqual(self.reasons(run), {(self.customer, "unapplied")})
        kind = self.env.ref("ar_credit_control.mail_activity_dunning_reconcile")
        activity = self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])
        self.assertEqual(activity.user_id, self.collector)
        self.assertEqual(self.env[activity.res_model].browse(activity.res_id).partner_id, self.customer)
        self.propose()
        self.assertEqual(self.env["mail.activity"].search_count([("activity_type_id", "=", kind.id)]), 1)

    def test_credit_in_another_currency_covers(self):
        self.make_invoice(days=20, amount=1000)
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])
        self.make_invoice(days=10, amount=600, currency=euro, move_type="out_refund")
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "unapplied")})

    def test_unreconciled_bank_line_covers(self):
        self.make_invoice(days=20, amount=1000)
        self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "partner_id": self.customer.id,
                "amount": 1000,
                "payment_ref": "received",
                "date": self.today,
            }
        )
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "unapplied")})

    def test_payment_in_process_without_entry_covers(self):
        self.make_invoice(days=20, amount=1000)
        method_line = self.company_data["default_journal_bank"].inbound_payment_method_line_ids[:1]
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": 1000,
                "journal_id": self.company_data["default_journal_bank"].id,
                "payment_method_line_id": method_line.id,
            }
        )
        payment.outstanding_account_id = False
        payment.action_post()
        self.assertFalse(payment.move_id)
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "unapplied")})

    def test_authorised_transaction_covers(self):
        self.make_invoice(days=20, amount=1000)
        provider = self.env["payment.provider"].search([("company_id", "=", self.company.id)], limit=1)
        provider = provider or self.env["payment.provider"].create(
            {"name": "Cards", "company_id": self.company.id}
        )
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env["payment.method"]
                .with_context(active_test=False)
                .search([], limit=1)
                .id,
                "reference": "dunning-authorised",
                "amount": 1000,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.customer.id,
            }
        )
        self.env.flush_all()
        # Only providers of other addons authorise: here the row says what theirs would.
        self.env.cr.execute(
            "UPDATE payment_transaction SET state = 'authorized' WHERE id = %s", [transaction.id]
        )
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "unapplied")})

    def test_blocked_and_excluded_invoices_are_left_out(self):
        blocked = self.make_invoice(days=20, amount=100)
        blocked.action_toggle_block_payment()
        silent = self.make_invoice(days=20, amount=200)
        silent.no_followup = True
        self.make_invoice(days=20, amount=300)
        run = self.propose()
        self.assertEqual(run.letter_ids.amount_due, 300)
        self.assertEqual(self.reasons(run), {(self.customer, "disputed"), (self.customer, "no_followup")})
        self.assertEqual(sorted(run.left_out_ids.mapped("amount")), [100, 200])

    def test_migrated_entries_follow_the_setting(self):
        self.make_entry([(self.customer, 20, 500.0)])
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "manual")})
        self.company.dunning_manual_entries = "include"
        self.assertEqual(self.propose().letter_ids.amount_due, 500)
        other = self.make_customer("Other")
        self.make_entry([(other, 20, 500.0)])
        self.policy.manual_entries = "leave_out"
        self.assertIn((other, "manual"), self.reasons(self.propose()))

    def test_item_without_due_date_is_due_on_its_own_date(self):
        self.policy.manual_entries = "include"
        self.make_entry([(self.customer, None, 500.0)])
        self.env.cr.execute(
            "UPDATE account_move_line SET date_maturity = NULL WHERE partner_id = %s", [self.customer.id]
        )
        self.env.invalidate_all()
        line = self.propose().letter_ids.line_ids
        self.assertEqual(line.days_overdue, 400)
        self.assertEqual(line.date_maturity, self.today - timedelta(days=400))

    def test_excluded_customer_until_a_date(self):
        self.make_invoice(days=20)
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        profile.write({"dunning_excluded": True, "dunning_excluded_reason": "Talks with the CEO"})
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "excluded")})
        profile.dunning_excluded_until = self.today
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "excluded")})
        self.assertTrue(self.propose(self.today + timedelta(days=1)).letter_ids)

    def test_own_companies_get_no_letters(self):
        sister = self.env["res.company"].create({"name": "Sister"})
        sister.partner_id.email = "sister@example.com"
        self.make_invoice(days=20, partner=sister.partner_id)
        self.assertEqual(self.reasons(self.propose()), {(sister.partner_id, "own_company")})

    def test_minimum_is_per_letter_and_converted(self):
        self.make_invoice(days=20, amount=30)
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "minimum")})
        self.make_invoice(days=1, amount=25)
        self.assertTrue(self.propose().letter_ids, "the letter counts, not the item")
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])
        foreign = self.make_customer("Foreign")
        self.make_invoice(days=20, amount=24, currency=euro, partner=foreign)
        self.assertIn((foreign, "minimum"), self.reasons(self.propose()))
        self.make_invoice(days=20, amount=1, currency=euro, partner=foreign)
        self.assertIn(foreign, self.propose().letter_ids.partner_id)

    def test_a_letter_for_each_currency(self):
        euro = self.setup_other_currency("EUR", rates=[("2000-01-01", 0.5)])
        self.make_invoice(days=20, amount=1000)
        self.make_invoice(days=20, amount=700, currency=euro)
        letters = self.propose().letter_ids
        self.assertEqual(
            {letter.currency_id: letter.amount_due for letter in letters},
            {self.company.currency_id: 1000, euro: 700},
        )

    def test_letter_goes_to_the_invoice_contact(self):
        contact = self.env["res.partner"].create(
            {"name": "Payables", "type": "invoice", "parent_id": self.customer.id, "email": "ap@example.com"}
        )
        self.make_invoice(days=20, partner=contact)
        letter = self.propose().letter_ids
        self.assertEqual((letter.partner_id, letter.recipient_id), (self.customer, contact))

    def test_letter_falls_back_to_the_company(self):
        self.env["res.partner"].create(
            {"name": "Payables", "type": "invoice", "parent_id": self.customer.id, "email": False}
        )
        self.make_invoice(days=20)
        self.assertEqual(self.propose().letter_ids.recipient_id, self.customer)

    def test_without_email_by_post_without_address_not_at_all(self):
        by_post = self.make_customer("Post", email=False)
        nowhere = self.make_customer("Nowhere", email=False, street=False)
        self.make_invoice(days=20, partner=by_post)
        self.make_invoice(days=20, partner=nowhere)
        run = self.propose()
        self.assertEqual(run.letter_ids.partner_id, by_post)
        self.assertEqual(run.letter_ids.channel, "post")
        self.assertEqual(self.reasons(run), {(nowhere, "no_address")})

    def test_archived_customer_still_owes(self):
        self.make_invoice(days=20)
        self.customer.active = False
        letter = self.propose().letter_ids
        self.assertEqual(letter.recipient_id, self.customer)

    def test_companies_are_apart_and_branches_together(self):
        other = self.setup_other_company()["company"]
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.env.cr.precommit.run()  # core gives the branch its chart of accounts here
        self.env.user.company_ids |= branch
        self.make_invoice(days=20, amount=100)
        self.make_invoice(days=20, amount=10, company=branch)
        self.make_invoice(days=20, amount=7000, company=other)
        letters = self.propose().letter_ids
        self.assertEqual(letters.company_id, self.company)
        self.assertEqual(letters.amount_due, 110)
        theirs = self.propose(policy=self.make_policy(other)).letter_ids
        self.assertEqual((theirs.company_id, theirs.amount_due), (other, 7000))
        self.assertFalse(
            self.env["ar.dunning.letter"].with_user(self.collector).search([("company_id", "=", other.id)])
        )

    def test_policy_of_the_profile_then_the_first_that_fits(self):
        german = self.make_policy(
            self.company, name="German", country_ids=[Command.set(self.env.ref("base.de").ids)], sequence=1
        )
        special = self.make_policy(self.company, name="Special", sequence=99)
        berlin = self.make_customer("Berlin", country_id=self.env.ref("base.de").id)
        chosen = self.make_customer("Chosen", country_id=self.env.ref("base.de").id)
        self.env["ar.credit.profile"]._get_or_create(chosen, self.company).dunning_policy_id = special
        for customer in (self.customer, berlin, chosen):
            self.make_invoice(days=20, partner=customer)
        self.assertEqual(self.propose(policy=german).letter_ids.partner_id, berlin)
        self.assertEqual(self.propose(policy=special).letter_ids.partner_id, chosen)
        self.assertEqual(self.propose().letter_ids.partner_id, self.customer)

    def test_a_second_proposal_writes_no_letter_twice(self):
        self.make_invoice(days=20)
        first = self.propose()
        second = self.propose()
        self.assertEqual(len(first.letter_ids), 1)
        self.assertFalse(second.letter_ids)

    @mute_logger("odoo.sql_db")
    def test_the_database_holds_each_letter_once(self):
        self.make_invoice(days=20)
        letter = self.propose().letter_ids.sudo()
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            letter.copy({"state": "cancelled"})
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.env.cr.savepoint():
            letter.copy({"occurrence": 2, "state": "draft"})

    def test_dropped_letter_counts_as_contact(self):
        self.make_invoice(days=20)
        self.propose().letter_ids.with_user(self.collector).action_drop()
        self.assertEqual(self.reasons(self.propose()), {(self.customer, "contacted")})
        again = self.propose(self.today + timedelta(days=7)).letter_ids
        self.assertEqual((again.stage_id, again.occurrence), (self.first, 2))

    def test_preview_tells_what_the_proposal_does_and_writes_nothing(self):
        self.make_invoice(days=20)
        poor = self.make_customer("Poor")
        self.make_invoice(days=20, amount=20, partner=poor)
        self.policy.active = False
        preview = self.env["ar.dunning.preview"].with_user(self.collector)
        self.assertFalse(preview.search([]), "no policy, no rows")
        rows = preview.with_context(dunning_policy_id=self.policy.id).search_read(
            [], ["partner_id", "outcome", "stage_id", "reason", "amount", "email"]
        )
        outcome = {row["partner_id"][0]: (row["outcome"], row["reason"], row["amount"]) for row in rows}
        self.assertEqual(
            outcome,
            {self.customer.id: ("letter", False, 1000), poor.id: ("left_out", "minimum", 20)},
        )
        self.assertFalse(self.env["ar.dunning.letter"].search([("policy_id", "=", self.policy.id)]))
        run = self.propose()
        self.assertEqual(run.letter_ids.partner_id, self.customer)
        self.assertEqual(self.reasons(run), {(poor, "minimum")})

    def test_preview_refuses_a_wrong_date(self):
        preview = self.env["ar.dunning.preview"].with_context(dunning_policy_id=self.policy.id)
        with self.assertRaises(UserError):
            preview.with_context(dunning_date="tomorrow").search([])

    def test_statements_do_not_depend_on_the_number_of_items(self):
        self.policy.manual_entries = "include"

        def statements(count):
            customers = self.env["res.partner"].create(
                [{"name": f"C{count}-{i}", "email": f"c{i}@example.com"} for i in range(count)]
            )
            self.make_entry([(customer, 20, 100.0) for customer in customers])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            run = self.propose()
            used = self.env.cr.sql_log_count - before
            self.assertEqual(run.letter_count, count)
            return used

        statements(1)
        self.assertLessEqual(abs(statements(60) - statements(3)), 2)

    def test_stages_of_a_policy_fall_on_different_days(self):
        with (
            self.assertRaises(psycopg2.errors.UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.second.day_offset = self.first.day_offset

    def test_policies_belong_to_main_companies(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        with self.assertRaises(ValidationError):
            self.policy.company_id = branch

    def test_an_automatic_policy_has_stages(self):
        with self.assertRaises(ValidationError):
            self.env["ar.dunning.policy"].create(
                {"name": "Empty", "company_id": self.company.id, "automatic": True}
            )

    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        items=st.lists(
            st.tuples(
                st.integers(0, 3),
                st.integers(-10, 60),
                st.integers(-400, 900).filter(bool),
            ),
            min_size=1,
            max_size=12,
        )
    )
    def test_every_due_item_is_claimed_or_left_out_once(self, items):
        """Generated ledgers: what reached a stage is in one letter or in what was left out, never in both."""
        with self.env.cr.savepoint() as savepoint:
            self.policy.manual_entries = "include"
            customers = [self.make_customer(f"G{i}") for i in range(4)]
            self.make_entry([(customers[who], days, float(amount)) for who, days, amount in items])
            run = self.propose()
            for index, customer in enumerate(customers):
                own = [(days, amount) for who, days, amount in items if who == index]
                due = [amount for days, amount in own if amount > 0 and (days >= 3 or -5 <= days <= 0)]
                listed = [amount for days, amount in own if amount > 0 and days >= -5]
                credit = -sum(amount for _days, amount in own if amount < 0)
                letter = run.letter_ids.filtered(lambda item, who=customer: item.partner_id == who)
                left_out = run.left_out_ids.filtered(lambda item, who=customer: item.partner_id == who)
                if not due:
                    self.assertFalse(letter or left_out)
                elif credit >= sum(listed):
                    self.assertEqual((letter, left_out.reason), (run.letter_ids.browse(), "unapplied"))
                elif sum(listed) - credit < self.policy.min_amount:
                    self.assertEqual((letter, left_out.reason), (run.letter_ids.browse(), "minimum"))
                else:
                    self.assertFalse(left_out)
                    self.assertEqual(letter.amount_total, sum(listed) - credit)
                    self.assertEqual(sum(letter.line_ids.filtered("is_due").mapped("amount")), sum(due))
            savepoint.rollback()
        self.env.invalidate_all()

    def test_today_is_the_companys_own_day(self):
        self.company.partner_id.tz = "Pacific/Kiritimati"
        ahead = self.policy._get_today()
        self.company.partner_id.tz = "Pacific/Pago_Pago"
        behind = self.policy._get_today()
        # These two never share a date: they are 25 hours apart.
        self.assertIn((ahead - behind).days, (1, 2))
        self.assertEqual(fields.Date.to_date(behind), behind)
