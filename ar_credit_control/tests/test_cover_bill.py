"""Bills of exchange: what counts and how long, what became of them, and what a return undoes."""

from datetime import datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .common_cover import CoverCase


@tagged("post_install", "-at_install")
class TestBillFigures(CoverCase):
    def test_share_by_kind_from_the_settings(self):
        self.make_profile(self.customer, 5000)
        self.make_bill(kind="bank")
        self.assertFigures(notes=0, exposure=0)
        commercial = self.make_bill()
        self.assertFigures(notes=1000, exposure=1000, available=4000)
        self.company.write({"credit_bill_bank_share": 20, "credit_bill_commercial_share": 80})
        self.assertFigures(notes=1000)
        commercial.invalidate_recordset(["counted_amount"])
        self.assertEqual(commercial.counted_amount, 800)

    def test_counts_until_maturity(self):
        bill = self.make_bill(date_maturity=self.day(10))
        for days, counted in ((10, 1000), (11, 0)):
            with freeze_time(datetime.combine(self.day(days), datetime.min.time())):
                self.assertFigures(notes=counted)
                bill.invalidate_recordset()
                self.assertEqual(bill.counted_amount, counted)
                self.assertEqual(bill.unsettled, not counted)
                self.assertEqual(bool(self.bills.search([("unsettled", "=", True)]) & bill), not counted)

    def test_passed_on_counts_with_recourse_only(self):
        for act in ("action_endorse", "action_discount"):
            for recourse, counted in ((True, 1000), (False, 0)):
                bill = self.make_bill()
                getattr(bill, act)(self.bank, with_recourse=recourse)
                self.assertFigures(notes=counted)
                self.assertEqual(bill.counterparty_id, self.bank)
                if recourse:
                    bill.action_collect()
                    self.assertFigures(notes=0)

    def test_other_currency_and_company(self):
        currency = self.setup_other_currency("EUR", rates=[("2016-01-01", 2.0)])
        self.make_bill(currency_id=currency.id)
        self.assertFigures(notes=500)
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.make_bill(company_id=branch.id)
        self.assertFigures(notes=1500)
        other = self.env["res.company"].create({"name": "Other"})
        self.assertFigures(company=other, notes=0)

    def test_a_payment_that_is_not_posted_leaves_the_invoice(self):
        payment = self.env["account.payment"].create(
            {"amount": 1000, "payment_type": "inbound", "partner_id": self.customer.id}
        )
        bill = self.make_bill(payment_id=payment.id)
        self.assertFigures(notes=0)
        payment.action_post()
        self.assertTrue(payment.move_id)
        self.assertFigures(notes=1000, receivable=-1000)
        payment.action_draft()
        self.assertFigures(notes=0, receivable=0)
        self.assertEqual(bill.state, "held")

    def test_not_in_transit_too(self):
        self.company.credit_in_transit = True
        payment = self.pay(self.make_invoice(1000))
        self.assertFigures(in_transit=1000, notes=0, exposure=1000)
        bill = self.make_bill(payment_id=payment.id)
        self.assertFigures(in_transit=0, notes=1000, exposure=1000)
        action = self.customer.action_credit_documents("in_transit")
        self.assertFalse(self.env["account.payment"].search(action["domain"]))
        bill.action_cancel()
        self.assertFigures(in_transit=1000, notes=0)
        self.assertEqual(self.env["account.payment"].search(action["domain"]), payment)

    def test_query_count_does_not_grow(self):
        self.make_profile(self.customer, 500)
        self.figures()
        with self.assertQueryCount(2):  # which plans there are, and the figures
            self.exposure._get_figures(self.customer, self.company)
        for _i in range(12):
            self.make_bill()
            self.securities.sudo().create(self.security_vals(state="valid"))  # as data of an installation
        self.figures()
        with self.assertQueryCount(2):  # which plans there are, and the figures
            self.exposure._get_figures(self.customer, self.company)
        bills = self.bills.search([("partner_id", "=", self.customer.id)])
        securities = self.securities.search([("partner_id", "=", self.customer.id)])
        with self.assertQueryCount(2):
            self.assertEqual(len(bills._get_counted_amounts()), 12)
            self.assertEqual(len(securities._get_counted_amounts()), 12)

    def test_filter_on_customers_reaches_securities_and_bills(self):
        self.env["res.partner"].create([{"name": f"Many {i}", "is_company": True} for i in range(300)])
        others = self.env["res.partner"].search([("name", "=like", "Many %")])
        self.bills.create(
            [
                {
                    "name": f"MANY-{partner.id}",
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "kind": "commercial",
                    "amount": 10,
                    "date_maturity": self.day(90),
                }
                for partner in others
            ]
        )
        self.securities.sudo().create(  # validated already, as data of an installation
            [
                self.security_vals(partner_id=partner.id, state="valid", guarantor_id=self.bank.id)
                for partner in others
            ]
        )
        self.env.flush_all()
        self.env.cr.execute("ANALYZE ar_bill_receivable, ar_credit_security, res_partner")
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        query = SQL(
            "EXPLAIN SELECT * FROM (%s) part WHERE part.partner_id IN %s",
            self.exposure._cover_sql(),
            (others[0].id,),
        )
        plan = "\n".join(row for (row,) in self.env.execute_query(query))
        for table in ("ar_bill_receivable", "ar_credit_security"):
            self.assertIn(f"{table}__partner_id_index", plan, table)


@tagged("post_install", "-at_install")
class TestBillCourse(CoverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = cls.make_user("bill_acc", "account.group_account_invoice")

    def paid_by_bill(self, amount=1000, days_overdue=40, **values):
        """An invoice that a bill paid, posted through the bill account of the bank journal."""
        invoice = self.make_invoice(amount, days_overdue=days_overdue)
        payment = self.pay(invoice)
        bill = self.make_bill(amount, payment_id=payment.id, **values)
        return invoice, payment, bill

    def test_returned_bill_leaves_the_invoice_open_from_its_due_date(self):
        self.make_profile(self.customer, 5000)
        invoice, payment, bill = self.paid_by_bill()
        self.assertFigures(receivable=0, notes=1000, exposure=1000, overdue=0)
        bill.with_user(self.accountant).action_return("no funds")
        self.assertEqual(bill.state, "returned")
        self.assertFigures(
            receivable=1000, notes=0, exposure=1000, overdue=1000, overdue_days=40, unapplied=0
        )
        self.assertEqual(invoice.amount_residual, 1000)
        self.assertTrue(all(payment.move_id.line_ids.filtered("account_id.reconcile").mapped("reconciled")))
        self.assertEqual(bill.return_move_id.state, "posted")
        outstanding = payment.outstanding_account_id
        lines = (payment.move_id + bill.return_move_id).line_ids.filtered(
            lambda line: line.account_id == outstanding
        )
        self.assertEqual(sum(lines.mapped("balance")), 0)
        self.assertIn("no funds", bill.message_ids[0].body)

    def test_discounted_bill_is_credited_where_the_money_went(self):
        _invoice, _payment, bill = self.paid_by_bill()
        bill.action_discount(self.bank, with_recourse=True)
        account = self.company_data["default_journal_bank"].default_account_id
        bill.with_user(self.accountant).action_return("acceptor insolvent", account=account)
        self.assertEqual(
            bill.return_move_id.line_ids.filtered(lambda line: line.account_id == account).balance, -1000
        )
        self.assertFigures(receivable=1000, notes=0)

    def test_the_return_is_charged_to_who_paid(self):
        """So that both stay together when a contact leaves its company."""
        payment = self.env["account.payment"].create(
            {"amount": 1000, "payment_type": "inbound", "partner_id": self.contact.id}
        )
        payment.action_post()
        bill = self.make_bill(payment_id=payment.id)
        bill.with_user(self.accountant).action_return("no funds")
        charged = bill.return_move_id.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        self.assertEqual((charged.partner_id, charged.reconciled), (self.contact, True))

    def test_one_of_two_bills_of_a_payment(self):
        invoice = self.make_invoice(1000, days_overdue=40)
        payment = self.pay(invoice)
        first = self.make_bill(600, payment_id=payment.id)
        second = self.make_bill(400, payment_id=payment.id)
        second.with_user(self.accountant).action_return("no funds")
        self.assertEqual(invoice.amount_residual, 400)
        self.assertFigures(receivable=400, unapplied=0, notes=600, exposure=1000, overdue=400)
        first.with_user(self.accountant).action_return("no funds either")
        self.assertEqual(invoice.amount_residual, 1000)
        self.assertFigures(receivable=1000, unapplied=0, notes=0)

    def test_return_needs_rights_on_the_ledger(self):
        invoice, _payment, bill = self.paid_by_bill()
        with self.assertRaises(AccessError):
            bill.with_user(self.controller).action_return("no funds")
        self.assertEqual((bill.state, invoice.amount_residual), ("held", 0))
        loose = self.make_bill()
        loose.with_user(self.controller).action_return("no funds")
        self.assertEqual(loose.state, "returned")

    def test_without_recourse_it_does_not_come_back(self):
        bill = self.make_bill()
        bill.action_endorse(self.bank, with_recourse=False)
        with self.assertRaises(UserError):
            bill.action_return("no funds")

    def test_states_and_terms(self):
        bill = self.make_bill()
        with self.assertRaises(AccessError):
            bill.with_user(self.manager).write({"state": "collected"})
        with self.assertRaises(AccessError):
            self.bills.with_user(self.manager).create(
                {"name": "X", "partner_id": self.customer.id, "amount": 1, "state": "collected"}
            )
        by_context = self.bills.with_user(self.controller).with_context(
            default_state="endorsed", default_with_recourse=False
        )
        drawn = by_context.create(
            {"name": "X", "partner_id": self.customer.id, "amount": 1, "date_maturity": self.day(9)}
        )
        self.assertEqual(drawn.state, "held")
        bill.with_user(self.controller).write({"acceptor": "Uferbank"})
        bill.with_user(self.controller).action_collect()
        self.assertEqual(bill.state_date, self.company._credit_today())
        for call in (bill.action_collect, bill.action_cancel, lambda: bill.action_endorse(self.bank)):
            with self.assertRaises(UserError):
                call()
        with self.assertRaises(UserError):
            bill.write({"amount": 5})
        with self.assertRaises(UserError):
            bill.unlink()

    def test_roles(self):
        bill = self.make_bill()
        for user in (self.collector, self.auditor, self.credit_user, self.salesperson):
            with self.assertRaises(AccessError):
                bill.with_user(user).action_collect()
            with self.assertRaises(AccessError):
                self.bills.with_user(user).create({"name": "X", "partner_id": self.customer.id, "amount": 1})
        self.assertTrue(bill.with_user(self.auditor).read(["amount"]))
        self.assertTrue(bill.with_user(self.accountant).read(["amount", "counted_amount"]))

    def test_bad_input(self):
        for vals in ({"amount": -1}, {"amount": 0}, {"date_maturity": self.day(-500)}):
            with (
                self.subTest(vals=vals),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.make_bill(**vals)
        self.make_bill(name="SAME")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.make_bill(name="SAME")

    def test_payment_must_be_the_customers(self):
        payment = self.pay(self.make_invoice(10))
        with self.assertRaises(UserError):
            self.make_bill(partner_id=self.bank.id, payment_id=payment.id)

    def test_registered_from_the_payment(self):
        _invoice, payment, bill = self.paid_by_bill()
        bill.action_cancel()
        other = self.pay(self.make_invoice(50))
        action = other.with_user(self.accountant).action_credit_bills()
        made = (
            self.bills.with_user(self.accountant)
            .with_context(**action["context"])
            .create({"name": "B-1", "date_maturity": self.day(30)})
        )
        self.assertEqual((made.payment_id, made.amount, made.partner_id), (other, 50, self.customer))
        self.assertTrue(payment)

    def test_maturing_bills_warn_once(self):
        bill = self.make_bill(date_maturity=self.day(3))
        far = self.make_bill()
        for _i in range(2):
            self.env.flush_all()
            with self.enter_registry_test_mode():
                self.env.ref("ar_credit_control.cron_cover").method_direct_trigger()
            self.env.invalidate_all()
        self.assertEqual(bill.activity_ids.mapped("date_deadline"), [self.day(3)])
        self.assertFalse(far.activity_ids)
        bill.action_collect()
        self.assertFalse(bill.activity_ids)

    def test_customer_page_opens_both(self):
        bill = self.make_bill()
        security = self.make_security()
        contact = self.contact.with_user(self.auditor)
        self.assertLessEqual({"notes", "security"}, set(contact.credit_figures["documents"]))
        for kind, record in (("notes", bill), ("security", security)):
            action = contact.action_credit_documents(kind)
            self.assertIn(record, self.env[action["res_model"]].search(action["domain"]))
        profile = self.make_profile(self.customer)
        self.assertEqual((profile.bill_count, profile.security_count), (1, 1))

    def test_bill_in_foreign_currency_comes_back(self):
        currency = self.setup_other_currency("EUR", rates=[("2016-01-01", 2.0)])
        invoice = self.make_invoice(1000, days_overdue=40, currency_id=currency.id)
        payment = self.pay(invoice)
        bill = self.make_bill(1000, payment_id=payment.id, currency_id=currency.id)
        self.assertFigures(receivable=0, notes=500)
        bill.with_user(self.accountant).action_return("no funds")
        self.assertFigures(receivable=500, notes=0, unapplied=0)
        self.assertEqual(invoice.amount_residual, 1000)

    def test_booked_by_hand(self):
        receivable = self.company_data["default_account_receivable"]
        notes = self.company_data["default_account_expense"].copy({"account_type": "asset_current"})
        invoice = self.make_invoice(1000, days_overdue=40)
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "line_ids": [
                    Command.create({"account_id": notes.id, "debit": 1000}),
                    Command.create(
                        {"account_id": receivable.id, "credit": 1000, "partner_id": self.customer.id}
                    ),
                ],
            }
        )
        move.action_post()
        (invoice.line_ids + move.line_ids).filtered(lambda line: line.account_id == receivable).reconcile()
        bill = self.make_bill(move_id=move.id)
        self.assertFigures(receivable=0, notes=1000)
        bill.with_user(self.accountant).action_return("no funds")
        self.assertFigures(receivable=1000, overdue_days=40)
        self.assertEqual(
            sum(
                (move + bill.return_move_id)
                .line_ids.filtered(lambda line: line.account_id == notes)
                .mapped("balance")
            ),
            0,
        )
