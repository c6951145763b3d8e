from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .common_cash import CashCase


@tagged("post_install", "-at_install")
class TestCollectedCash(CashCase):
    """Cash collected by salesperson and collector: what counts, for whom, when."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("cash-manager", "ar_credit_control.group_credit_manager")
        cls.profile = cls.env["ar.credit.profile"]._get_or_create(cls.customer, cls.company)
        cls.profile.collector_id = cls.collector
        cls.customer.user_id = cls.seller

    def collected(self):
        """What counts of the customer, with the people."""
        self.commit()
        self.env.invalidate_all()
        rows = self.env["ar.collection.result"].search([("partner_id", "=", self.customer.id)])
        return [(row.amount, row.timing, row.collector_id, row.salesperson_id) for row in rows.sorted("id")]

    def invoice_of(self, amount, days_overdue=20, **values):
        return self.due(amount, days_overdue, invoice_user_id=self.seller.id, **values)

    def test_only_money_that_the_bank_shows_counts(self):
        invoice = self.invoice_of(250)
        entry = self.pay(250, 0, invoice)
        self.assertEqual(self.collected(), [])
        self.show_on_bank(entry)
        self.assertEqual(self.collected(), [(250, "late", self.collector, self.seller)])

    def test_bank_line_matched_with_the_invoice(self):
        invoice = self.invoice_of(250, days_overdue=-5)
        line = self.bank_line(250, invoice.name)
        self.line_row(line).with_user(self.controller).action_apply()
        self.assertEqual(self.collected(), [(250, "on_time", self.collector, self.seller)])

    def test_who_collected_stays(self):
        invoice = self.invoice_of(250)
        entry = self.pay(250, 0, invoice)
        self.commit()
        self.profile.collector_id = self.controller
        invoice.invoice_user_id = self.controller
        self.show_on_bank(entry)
        self.assertEqual(self.collected(), [(250, "late", self.collector, self.seller)])

    def test_undoing_takes_back_and_matching_again_gives_to_the_same(self):
        invoice = self.invoice_of(250)
        entry = self.pay(250, 0, invoice)
        self.show_on_bank(entry)
        self.assertEqual(len(self.collected()), 1)
        self.receivable(invoice).remove_move_reconcile()
        self.assertEqual(self.collected(), [])
        self.profile.collector_id = self.controller
        self.match(entry, invoice)
        self.assertEqual(self.collected(), [(250, "late", self.collector, self.seller)])

    def test_undoing_the_bank_takes_back(self):
        invoice = self.invoice_of(250)
        entry = self.pay(250, 0, invoice)
        line = self.show_on_bank(entry)
        self.assertEqual(len(self.collected()), 1)
        line.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(self.collected(), [])

    def test_credit_notes_and_write_offs_are_no_cash(self):
        invoice = self.invoice_of(250)
        self.match(self.invoice(50, self.today, move_type="out_refund"), invoice)
        self.match(self.entry(-20, self.today, self.customer), invoice)
        self.show_on_bank(self.pay(180, 0, invoice))
        self.assertEqual(self.residual(invoice), 0)
        self.assertEqual([row[0] for row in self.collected()], [180])

    def test_write_off_within_the_payment_is_no_cash(self):
        invoice = self.invoice_of(250)
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        payment = register.create(
            {
                "amount": 200,
                "payment_date": self.today,
                "journal_id": self.bank.id,
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": self.company_data["default_account_expense"].id,
            }
        )._create_payments()
        self.assertEqual(self.residual(invoice), 0)
        self.show_on_bank(payment.move_id)
        self.assertEqual([row[0] for row in self.collected()], [200])

    def test_instalments_on_time_and_late(self):
        invoice = self.invoice(1000, self.day(-50), terms=self.instalments, invoice_user_id=self.seller.id)
        self.show_on_bank(self.pay(1000, 0, invoice))
        self.assertEqual(sorted(row[:2] for row in self.collected()), [(300, "late"), (700, "on_time")])

    def test_foreign_currency(self):
        invoice = self.invoice_of(190, currency=self.foreign)
        line = self.bank_line(100, invoice.name, foreign_currency_id=self.foreign.id, amount_currency=190)
        self.line_row(line).with_user(self.controller).action_apply()
        self.commit()
        row = self.env["ar.collection.result"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual((row.amount_currency, row.currency_id), (190, self.foreign))
        self.assertAlmostEqual(row.amount, 100, 2)

    def test_exchange_differences_are_no_cash(self):
        """What the bank shows counts, at the rate of the money; not the difference."""
        invoice = self.invoice(100, fields.Date.to_date("2025-04-01"), currency=self.foreign)
        entry = self.payment(100, fields.Date.to_date("2025-07-01"), currency=self.foreign)
        self.match(entry, invoice)
        self.assertTrue(self.receivable(invoice).matched_credit_ids.exchange_move_id)
        self.show_in_currency(entry)
        self.commit()
        self.env.invalidate_all()
        rows = self.env["ar.collection.result"].search([("partner_id", "=", self.customer.id)])
        self.assertAlmostEqual(sum(rows.mapped("amount_currency")), 100, 2)
        # 100 at 1.6 of July; the invoice was 40 at 2.5 of April.
        self.assertAlmostEqual(sum(rows.mapped("amount")), 62.5, 2)

    def show_in_currency(self, entry):
        """A bank line in the company's currency that is matched with a payment in another one."""
        payment = entry.origin_payment_id
        outstanding = entry.line_ids.filtered(lambda item: item.account_id == payment.outstanding_account_id)
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.bank.id,
                "date": entry.date,
                "payment_ref": "Transfer",
                "partner_id": self.customer.id,
                "amount": outstanding.balance,
                "foreign_currency_id": self.foreign.id,
                "amount_currency": outstanding.amount_currency,
            }
        )
        suspense = line.with_context(skip_account_move_synchronization=True)._seek_for_lines()[1]
        suspense.with_context(skip_readonly_check=True).account_id = outstanding.account_id
        (suspense | outstanding).reconcile()

    def test_money_paid_back_is_nothing_collected(self):
        refund = self.invoice(80, self.today, move_type="out_refund")
        outbound = self.payment(80, self.today, outbound=True)
        self.match(refund, outbound)
        self.assertEqual(self.residual(refund), 0)
        self.assertEqual(self.collected(), [])

    def test_on_time_is_the_same_in_every_time_zone(self):
        invoice = self.invoice_of(250, days_overdue=0)
        self.show_on_bank(self.pay(250, 0, invoice))
        self.commit()
        for timezone in ("Pacific/Kiritimati", "Asia/Shanghai", "America/Los_Angeles", "Pacific/Pago_Pago"):
            self.env.invalidate_all()
            row = (
                self.env["ar.collection.result"]
                .with_context(tz=timezone)
                .search([("partner_id", "=", self.customer.id)])
            )
            self.assertEqual((row.timing, row.days_late, row.date), ("on_time", 0, self.today))

    def test_own_figures_only(self):
        self.show_on_bank(self.pay(250, 0, self.invoice_of(250)))
        self.commit()
        results = self.env["ar.collection.result"]
        domain = [("partner_id", "=", self.customer.id)]
        for user, count in (
            (self.collector, 1),
            (self.seller, 1),
            (self.controller, 0),
            (self.manager, 1),
            (self.auditor, 1),
        ):
            with self.subTest(user=user.login):
                self.assertEqual(results.with_user(user).search_count(domain), count)
        with self.assertRaises(AccessError):
            results.with_user(self.accountant).search(domain)
        with self.assertRaises(AccessError):
            self.env["ar.collection.credit"].with_user(self.collector).search([])

    def test_older_matchings_are_filled_in(self):
        self.show_on_bank(self.pay(250, 0, self.invoice_of(250)))
        self.commit()
        credits = self.env["ar.collection.credit"].sudo()
        credits.search([("partner_id", "=", self.customer.id)]).unlink()
        self.assertEqual(self.collected(), [])
        self.env["ir.config_parameter"].sudo().set_param("ar_credit_control.collection_credit_before", "")
        while credits._backfill_batch():
            pass
        self.assertEqual(self.collected(), [(250, "late", self.collector, self.seller)])
        row = self.env["ar.collection.result"].search([("partner_id", "=", self.customer.id)])
        self.assertTrue(row.is_assumed)

    def target(self, user, amount, role="collector", **values):
        return self.env["ar.collection.target"].create(
            {
                "company_id": self.company.id,
                "user_id": user.id,
                "role": role,
                "amount": amount,
                "date_from": self.day(-5),
                "date_to": self.day(5),
                **values,
            }
        )

    def test_target(self):
        collector, seller = self.target(self.collector, 1000), self.target(self.seller, 500, "salesperson")
        none = self.target(self.seller, 100)
        self.show_on_bank(self.pay(250, 0, self.invoice_of(250)))
        self.commit()
        self.env.invalidate_all()
        self.assertEqual((collector.collected, collector.missing, collector.reached), (250, 750, 25))
        self.assertEqual((seller.collected, seller.collected_late, seller.reached), (250, 250, 50))
        self.assertEqual(none.collected, 0)
        mine = self.env["ar.collection.target"].with_user(self.seller).search([])
        self.assertEqual(mine, seller | none)
        with self.assertRaises(AccessError):
            seller.with_user(self.seller).amount = 1
        with self.assertRaises(AccessError):
            seller.with_user(self.controller).amount = 1
        seller.with_user(self.manager).amount = 250

    def test_targets_do_not_overlap(self):
        self.target(self.collector, 1000)
        with self.assertRaises(ValidationError):
            self.target(self.collector, 1000, date_from=self.day(5), date_to=self.day(9))
        self.target(self.collector, 1000, date_from=self.day(6), date_to=self.day(9))

    def test_targets_are_one_statement(self):
        targets = self.target(self.collector, 10)
        for number in range(5):
            start = self.day(30 + 10 * number)
            targets |= self.target(self.collector, 10, date_from=start, date_to=start + timedelta(days=5))
        self.env.invalidate_all()
        targets.mapped("amount")
        with self.assertQueryCount(6):
            targets.mapped("collected")

    def test_matching_costs_one_statement_at_commit(self):
        def cost(count):
            invoices = [self.invoice_of(10) for _number in range(count)]
            self.pay(10 * count, 0, *invoices)
            start = self.env.cr.sql_log_count
            self.env["account.partial.reconcile"]._record_collected()
            return self.env.cr.sql_log_count - start

        self.commit()
        cost(1)
        self.assertEqual(cost(1), cost(6))
