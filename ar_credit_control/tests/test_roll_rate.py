from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common_provision import EXAMPLE_RATES
from .common_roll_rate import RollRateCase


@tagged("post_install", "-at_install")
class TestRollRate(RollRateCase):
    """Roll rates from real invoices, payments and write-offs."""

    def test_rates_multiply_to_two_percent(self):
        invoice = self.invoice_due(1_000, date(2024, 3, 1))
        for amount, day in (
            (500, date(2024, 2, 20)),
            (270, date(2024, 3, 20)),
            (150, date(2024, 4, 20)),
            (60, date(2024, 5, 20)),
        ):
            self.settle(invoice, amount, day)
        results = self.by_age(self.derive())
        for result, expected in zip(results[:4], (50, 46, 34.783, 25), strict=True):
            self.assertAlmostEqual(result.roll_rate, expected, 3)
        self.assertAlmostEqual(results[0].loss_rate, 2.0, 4)
        self.assertEqual(results[4].loss_rate, 100)

    def test_write_off_counts_as_rolled(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        self.settle(invoice, 30, date(2024, 3, 10))
        self.settle(invoice, 20, date(2024, 3, 20), self.loss)
        result = self.by_age(self.derive())[1]
        self.assertAlmostEqual(result.roll_rate, 70, 4)

    def test_what_was_written_off_is_lost_whatever_becomes_of_the_rest(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        self.settle(invoice, 20, date(2024, 3, 20), self.loss)
        self.settle(invoice, 80, date(2024, 3, 25))
        results = self.by_age(self.derive(months=12))
        self.assertEqual(results.mapped("roll_rate"), [100, 20, 100, 100, 100])
        self.assertEqual(results.mapped("loss_rate"), [20, 20, 100, 100, 100])
        self.assertFalse(any(results.mapped("is_guess")))

    def test_a_write_off_in_a_later_bucket_adds_up(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        self.settle(invoice, 40, date(2024, 3, 5))
        self.settle(invoice, 20, date(2024, 3, 20), self.loss)
        self.settle(invoice, 10, date(2024, 4, 20))
        self.settle(invoice, 30, date(2024, 5, 20))
        results = self.by_age(self.derive())
        # 100 → 60 → 50 (20 lost, 30 open) → 20 → 20: what is lost of the first bucket is 20 %
        for result, expected in zip(results, (100, 60, 100 * 50 / 60, 40, 100), strict=True):
            self.assertAlmostEqual(result.roll_rate, expected, 3)
        self.assertAlmostEqual(results[0].loss_rate, 20, 4)

    def test_credit_notes_are_out_of_both_sides(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        credit = self.make_invoice(
            20, 0, move_type="out_refund", invoice_date=date(2024, 3, 10), invoice_date_due=date(2024, 3, 10)
        )
        self.match(invoice, credit)
        self.settle(invoice, 40, date(2024, 3, 20))
        derivation = self.derive()
        self.assertAlmostEqual(self.by_age(derivation)[1].roll_rate, 50, 4)
        row = derivation.row_ids.filtered(lambda row: row.bucket_age == 1)
        self.assertEqual(
            (row.entered, row.credited, row.paid, row.rolled, row.at_risk), (100, 20, 40, 40, 80)
        )
        self.assertEqual(row.month, date(2024, 4, 1))

    def test_a_reversed_entry_is_no_payment(self):
        receivable = self.company_data["default_account_receivable"]
        entry = self.make_entry(
            date(2024, 3, 1),
            (receivable, 100, self.customer),
            (self.company_data["default_account_revenue"], -100),
        )
        entry._reverse_moves([{"date": date(2024, 3, 10)}], cancel=True)
        row = self.derive().row_ids.filtered(lambda row: row.bucket_age == 1)
        self.assertEqual((row.entered, row.credited, row.paid), (100, 100, 0))

    def test_a_loss_in_a_receipt_is_a_part_of_it(self):
        """A credit note that books 5 of 15 as a bad debt is a dilution of 10."""
        invoice = self.invoice_due(100, date(2024, 3, 1))
        credit = self.make_invoice(
            10,
            0,
            move_type="out_refund",
            invoice_date=date(2024, 3, 10),
            invoice_date_due=date(2024, 3, 10),
            invoice_line_ids=[
                Command.create({"name": name, "price_unit": price, "tax_ids": [Command.clear()], **account})
                for name, price, account in (("Back", 10, {}), ("Bad", 5, {"account_id": self.loss.id}))
            ],
        )
        self.assertEqual(credit.amount_total, 15)
        self.match(invoice, credit)
        row = self.derive().row_ids.filtered(lambda row: row.bucket_age == 1)
        self.assertAlmostEqual(row.written_off, 5)
        self.assertAlmostEqual(row.credited, 10)

    def test_recovery_is_no_new_receivable(self):
        receivable = self.company_data["default_account_receivable"]
        invoice = self.invoice_due(100, date(2024, 3, 1))
        self.settle(invoice, 100, date(2024, 3, 20), self.loss)
        again = self.make_entry(date(2024, 5, 1), (receivable, 100, self.customer), (self.loss, -100))
        self.settle(again, 100, date(2024, 5, 1))
        derivation = self.derive()
        self.assertEqual(sum(derivation.row_ids.mapped("paid")), 0)
        self.assertEqual(self.by_age(derivation)[0].loss_rate, 100)

    def entered(self):
        return sum(self.derive().row_ids.mapped("entered"))

    def test_only_what_customers_were_asked_for_is_history(self):
        self.invoice_due(100, date(2024, 3, 1))
        before = self.entered()
        receivable = self.company_data["default_account_receivable"]
        bank = self.company_data["default_journal_bank"]
        bank.outbound_payment_method_line_ids.payment_account_id = bank.default_account_id
        day = date(2024, 3, 1)

        def pay_back():
            payment = self.env["account.payment"].create(
                {
                    "payment_type": "outbound",
                    "partner_type": "customer",
                    "partner_id": self.customer.id,
                    "amount": 50,
                    "date": day,
                    "journal_id": bank.id,
                }
            )
            payment.action_post()
            return payment.move_id

        def pay_back_by_statement():
            line = self.env["account.bank.statement.line"].create(
                {
                    "journal_id": bank.id,
                    "date": day,
                    "payment_ref": "Paid back",
                    "partner_id": self.customer.id,
                    "amount": -50,
                    "counterpart_account_id": receivable.id,
                }
            )
            return line.move_id

        def book_exchange():
            return self.make_entry(
                day,
                (receivable, 50, self.customer),
                (self.company_data["default_account_revenue"], -50),
                journal_id=self.company.currency_exchange_journal_id.id,
            )

        def invoice_own_company():
            return self.invoice_due(50, day, partner_id=self.company.partner_id.id)

        def draft():
            entry = self.invoice_due(50, day)
            entry.button_draft()
            return entry

        for make in (pay_back, pay_back_by_statement, book_exchange, invoice_own_company, draft):
            with self.subTest(make.__name__):
                items = make().line_ids.filtered(lambda line: line.account_id == receivable)
                self.assertEqual(sum(items.mapped("balance")), 50)
                self.assertEqual(self.entered(), before)

    def test_what_came_after_the_history_changes_nothing(self):
        invoice = self.invoice_due(100, date(2024, 12, 1))
        before = [(row.month, row.bucket_age, row.entered, row.rolled) for row in self.derive().row_ids]
        self.settle(invoice, 60, date(2025, 1, 2), self.loss)
        self.assertEqual(
            [(row.month, row.bucket_age, row.entered, row.rolled) for row in self.derive().row_ids], before
        )

    def test_balances_taken_over_count_from_the_next_bucket_on(self):
        """They were not in the ledger when they rolled: nobody knows what was paid by then."""
        self.make_entry(
            date(2024, 6, 1),
            (self.company_data["default_account_receivable"], 100, self.customer),
            (self.company_data["default_account_revenue"], -100),
        ).line_ids.filtered("partner_id").date_maturity = date(2024, 4, 20)  # 42 days past due
        self.env.flush_all()
        rows = self.derive().row_ids.sorted("bucket_age")
        self.assertEqual(rows.mapped("bucket_age"), [61, 91])

    def test_instalments_count_by_their_own_due_dates(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "Two halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (30, 90)
                ],
            }
        )
        invoice = self.make_invoice(
            100, 0, invoice_date=date(2024, 1, 1), invoice_date_due=False, invoice_payment_term_id=terms.id
        )
        due = sorted(line.date_maturity for line in invoice.line_ids if line.date_maturity)
        self.assertEqual(due, [date(2024, 1, 31), date(2024, 3, 31)])
        rows = self.derive().row_ids.filtered(lambda row: row.bucket_age == 0).sorted("month")
        self.assertEqual(rows.mapped("month"), [date(2024, 2, 1), date(2024, 4, 1)])
        self.assertEqual(rows.mapped("entered"), [50, 50])

    def test_years_end_on_the_anniversary_also_in_leap_years(self):
        self.policy.active = False
        self.env.flush_all()
        policy = self.make_policy(
            days=(0, 1, 2), rates=(5, 10, 100), name="Years", basis="invoice", age_unit="year"
        )
        leap, usual = (
            self.make_invoice(amount, 0, invoice_date=day, invoice_date_due=day)
            for amount, day in ((100, date(2020, 2, 29)), (1_000, date(2021, 3, 31)))
        )
        # over one year from 1 March 2021, the day after the anniversary; from 1 April 2022
        self.settle(leap, 30, date(2021, 2, 28))
        self.settle(leap, 20, date(2021, 3, 1))
        self.settle(usual, 400, date(2022, 3, 31))
        derivation = self.derive(policy_id=policy.id, date_to=date(2023, 12, 31), months=36)
        rows = {(row.bucket_age, row.month): row for row in derivation.row_ids}
        self.assertEqual(rows[0, date(2021, 3, 1)].rate, 70)
        self.assertAlmostEqual(rows[1, date(2022, 3, 1)].rate, 100 * 50 / 70, 3)
        self.assertEqual(rows[0, date(2022, 4, 1)].rate, 60)
        self.assertEqual(rows[1, date(2023, 4, 1)].rate, 100)

    def test_averages(self):
        """Months of 100 % of 100 and 25 % of 300; an older one outside the last twelve of 0 % of 200."""
        for amount, paid, due in (
            (100, 0, date(2024, 3, 1)),
            (300, 225, date(2024, 4, 1)),
            (200, 200, date(2023, 5, 1)),
        ):
            invoice = self.invoice_due(amount, due, invoice_date=date(2023, 1, 1))
            if paid:
                self.settle(invoice, paid, due)
        rates = {
            average: self.by_age(self.derive(months=24, average=average))[0].roll_rate
            for average in ("weighted", "simple", "last12")
        }
        self.assertAlmostEqual(rates["weighted"], 100 * 175 / 600, 3)
        self.assertAlmostEqual(rates["simple"], 100 * (1 + 0.25 + 0) / 3, 3)
        self.assertAlmostEqual(rates["last12"], 100 * 175 / 400, 3)

    def test_thin_segments_lean_on_all(self):
        """Own rate 100 % of 100, all together 25 % of 400: with 300 for a half, a quarter of the own."""
        tag = self.env["res.partner.category"].create({"name": "Retail"})
        retail = self.make_partner("Shop", category_id=[Command.link(tag.id)])
        segment = self.env["ar.provision.segment"].create(
            {"policy_id": self.policy.id, "name": "Retail", "category_ids": [Command.link(tag.id)]}
        )
        self.invoice_due(100, date(2024, 3, 1), partner_id=retail.id)
        self.settle(self.invoice_due(300, date(2024, 3, 1)), 300, date(2024, 2, 20))
        alone = self.by_age(self.derive(), segment)[0]
        self.assertEqual((alone.roll_rate, alone.credibility), (100, 100))
        smoothed = self.by_age(self.derive(smoothing=300), segment)[0]
        self.assertEqual((smoothed.own_rate, smoothed.credibility), (100, 25))
        self.assertAlmostEqual(smoothed.roll_rate, 0.25 * 100 + 0.75 * 25, 4)

    def test_customers_are_in_the_segment_of_their_grade_then(self):
        """Who was good when an invoice was booked is of the good ones, whatever became of the customer."""
        good, bad = self.env["ar.credit.rating"].create(
            [
                {"name": "Good", "score_from": 1, "sequence": 101},
                {"name": "Bad", "score_from": 1, "sequence": 102},
            ]
        )
        segments = self.env["ar.provision.segment"].create(
            [
                {"policy_id": self.policy.id, "name": rating.name, "rating_ids": rating.ids}
                for rating in (good, bad)
            ]
        )
        profile = self.make_profile(self.customer)
        reviews = self.env["ar.credit.review"]
        for rating, day in ((good, "2024-02-01"), (bad, "2024-06-01")):
            before = reviews.search([("profile_id", "=", profile.id)])
            profile.rating_id = rating
            review = reviews.search([("profile_id", "=", profile.id)]) - before
            review._write_evidence({"decided_on": f"{day} 12:00:00"})
        # the first one is booked before anything is on record: as the record begins
        for booked, due in (("01-05", "03-01"), ("05-01", "05-15"), ("07-01", "08-01")):
            self.invoice_due(100, f"2024-{due}", invoice_date=f"2024-{booked}")
        derivation = self.derive()
        entered = [
            sum(
                derivation.row_ids.filtered(
                    lambda row, segment=segment: row.segment_id == segment and row.bucket_age == 0
                ).mapped("entered")
            )
            for segment in (*segments, self.env["ar.provision.segment"])
        ]
        self.assertEqual(entered, [200, 100, 0])

    def test_without_history_all_is_lost_and_says_so(self):
        self.settle(self.invoice_due(100, date(2024, 3, 1)), 100, date(2024, 3, 20))
        derivation = self.derive()
        self.assertEqual(self.by_age(derivation).mapped("loss_rate"), [0, 0, 100, 100, 100])
        self.assertEqual(
            derivation.warning.splitlines(),
            [
                "Months with items, of 12: from 0 (1) and from 1 (1).",
                "Nobody ever got there, taken as if all were lost: from 31 and from 61.",
            ],
        )

    def test_loss_in_the_last_bucket(self):
        invoice = self.invoice_due(100, date(2024, 3, 1))
        self.settle(invoice, 30, date(2024, 8, 1))
        self.settle(invoice, 30, date(2025, 1, 2))
        with self.assertRaises(UserError):
            self.derive(last_loss=60)
        stated = self.by_age(self.derive(last_loss=60, last_loss_reason="Quota"))
        self.assertEqual(set(stated.mapped("loss_rate")), {60})
        measured = self.by_age(self.derive(last_loss_method="measured"))
        self.assertEqual(set(measured.mapped("loss_rate")), {70})

    def test_months_are_whole_and_over(self):
        for day in (date(2024, 12, 30), date(2099, 12, 31)):
            with self.assertRaises(ValidationError):
                self.derive(date_to=day)

    def test_months_after_the_lock_date_are_open(self):
        """They count, and the history says so."""
        self.settle(self.invoice_due(100, date(2024, 3, 1)), 30, date(2024, 8, 1))
        self.company.fiscalyear_lock_date = date(2024, 12, 31)
        self.assertNotIn("2024", self.derive().warning)
        self.company.fiscalyear_lock_date = date(2024, 10, 31)
        self.company.hard_lock_date = date(2024, 6, 30)
        first, *_rest = self.derive().warning.splitlines()
        self.assertEqual(first, "Months after 10/31/2024 are not locked: what is booked in them changes.")

    def test_losses_on_accounts_of_archived_policies(self):
        """Which account a loss is booked on is known after another policy came."""
        former = self.loss.copy({"code": "699903"})
        self.policy.loss_account_id = former
        self.policy.active = False
        buckets = self.policy.bucket_ids
        policy = self.make_policy()
        invoice = self.invoice_due(100, date(2024, 3, 1))
        self.settle(invoice, 30, date(2024, 3, 10))
        writeoff = self.settle(invoice, 20, date(2024, 3, 20), former)
        results = self.by_age(self.derive(policy_id=policy.id))
        self.assertFalse(results.bucket_id & buckets)
        self.assertAlmostEqual(results[1].roll_rate, 70, 4)
        losses = self.env["ar.item.loss"]
        self.assertEqual(losses._find_entries(writeoff), writeoff)
        other = self.env["res.company"].create({"name": "Another company"})
        accounts = {row[0] for row in self.env.execute_query(losses._accounts_sql(self.company))}
        self.assertLessEqual({former.id, self.loss.id, self.allowance.id, self.charge.id}, accounts)
        others = {row[0] for row in self.env.execute_query(losses._accounts_sql(other))}
        self.assertFalse(accounts & others - {None})

    def test_losses_on_a_former_allowance_account(self):
        """A policy was given another account: what is booked on the one before is still a loss."""
        former = self.allowance.copy({"code": "129909"})
        self.policy.allowance_account_id = former
        self.invoice_due(100, self.today)
        self.make_run()
        self.policy.allowance_account_id = self.allowance
        invoice = self.invoice_due(100, date(2024, 3, 1))
        writeoff = self.settle(invoice, 20, date(2024, 3, 20), former)
        self.assertEqual(self.by_age(self.derive())[1].roll_rate, 100)
        self.assertEqual(self.env["ar.item.loss"]._find_entries(writeoff), writeoff)

    def test_rates_of_several_months_are_weighted(self):
        for amount, paid, due in ((100, 0, date(2024, 3, 1)), (300, 225, date(2024, 4, 1))):
            invoice = self.invoice_due(amount, due)
            if paid:
                self.settle(invoice, paid, due)
        derivation = self.derive()
        [(rate,)] = self.env["ar.provision.derivation.row"]._read_group(
            [("derivation_id", "=", derivation.id), ("bucket_age", "=", 0)], [], ["rate:avg"]
        )
        self.assertAlmostEqual(rate, 100 * 175 / 400)


@tagged("post_install", "-at_install")
class TestRollRateMatrix(RollRateCase):
    """Loss rates made of a history, and who may."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settle(cls.invoice_due(100, date(2024, 3, 1)), 30, date(2024, 3, 10))

    def make(self, user=None):
        derivation = self.derive()
        action = derivation.with_user(user or self.controller).action_make_matrix()
        return derivation, self.env["ar.provision.matrix"].browse(action["res_id"])

    def test_matrix_of_the_results(self):
        derivation, matrix = self.make()
        self.assertEqual(matrix.source, "derived")
        self.assertEqual(matrix.state, "draft")
        self.assertEqual(matrix.derivation_id, derivation)
        self.assertEqual(matrix.date_from, date(2025, 1, 1))
        self.assertIn("12 months to 12/31/2024", matrix.reason)
        # What the history lacks is said once: by the history, beside the reason.
        self.assertTrue(derivation.warning)
        self.assertNotIn(derivation.warning, matrix.reason)
        self.assertEqual(matrix.derivation_warning, derivation.warning)
        self.assertEqual(
            matrix.rate_ids.sorted("bucket_age").mapped("rate"),
            derivation.result_ids.sorted("bucket_age").mapped("loss_rate"),
        )

    def test_an_accountant_derives_too(self):
        derivation = self.env["ar.provision.derivation"].with_user(self.accountant)
        derivation = derivation.create(
            {"policy_id": self.policy.id, "date_to": self.last_month, "months": 12}
        )
        derivation.action_compute()
        self.assertTrue(derivation.result_ids)
        derivation.action_make_matrix()

    def test_history_stays_as_it_is_once_its_rates_are_submitted(self):
        derivation, matrix = self.make()
        matrix.with_user(self.controller).action_submit()
        own = derivation.with_user(self.controller)
        for act in (own.action_compute, lambda: own.write({"months": 24})):
            with self.assertRaises(UserError):
                act()
        with self.assertRaises(UserError):
            own.unlink()
        self.assertTrue(derivation.computed_by_id)
        with self.assertRaises(UserError):
            own.write({"computed_by_id": self.manager.id})

    def test_what_a_history_says_is_computed_not_typed(self):
        derivations = self.env["ar.provision.derivation"].with_user(self.controller)
        values = {"policy_id": self.policy.id, "date_to": self.last_month, "months": 12}
        derivation = derivations.create(values)
        derivation.action_compute()
        self.assertEqual(derivation.computed_by_id, self.controller)
        with self.assertRaises(AccessError):
            derivation.write({"warning": False, "computed_by_id": self.manager.id})
        with self.assertRaises(AccessError):
            derivations.create({**values, "computed_on": "2025-01-01"})

    def test_rates_that_were_changed_are_not_those_of_the_history(self):
        _derivation, matrix = self.make()
        matrix.with_user(self.controller).rate_ids[0].rate = 1
        with self.assertRaises(UserError):
            matrix.with_user(self.controller).action_submit()

    def test_rates_of_an_earlier_count_are_not_submitted(self):
        derivation, matrix = self.make()
        self.settle(self.invoice_due(300, date(2024, 4, 1)), 300, date(2024, 4, 10))
        derivation.action_compute()
        with self.assertRaises(UserError):
            matrix.with_user(self.controller).action_submit()

    def test_an_auditor_reads(self):
        derivation = self.derive()
        audited = derivation.with_user(self.auditor)
        audited.read(["name", "warning", "is_used"])
        audited.row_ids.read(["rate"])
        for act in (audited.action_compute, audited.action_make_matrix):
            with self.assertRaises(AccessError):
                act()
        with self.assertRaises(AccessError):
            derivation.with_user(self.salesperson).read(["name"])

    def test_statements_do_not_grow_with_the_ledger(self):
        derivation = self.derive()

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            derivation.action_compute()
            self.env.flush_all()
            return self.cr.sql_log_count - before

        count()
        few = count()
        for month in range(2, 8):
            for amount in (10, 20):
                self.settle(self.invoice_due(amount, date(2024, month, 1)), 5, date(2024, month, 20))
        # one more where the second of the computation is another
        self.assertLessEqual(count(), few + 1)
        self.assertEqual(len(EXAMPLE_RATES), len(derivation.result_ids))
