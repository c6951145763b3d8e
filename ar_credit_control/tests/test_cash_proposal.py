from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import SQL

from .common_cash import CashCase


@tagged("post_install", "-at_install")
class TestCashProposal(CashCase):
    """Which items a receipt probably pays, how sure that is, and why."""

    def test_number_in_the_words_of_the_customer(self):
        first, second, third = self.due(100, 40), self.due(250, 30), self.due(70, 20)
        words = f"thanks, {second.name.replace('/', ' ')} and {third.name}"
        self.assert_proposes(self.paid(320, words), "reference", "high", second, third)
        receipt = self.paid(300, f"for {second.name}")
        self.assert_proposes(receipt, "reference", "medium", second)
        self.assertEqual(receipt.proposed_amount, 250)
        self.assertIn("50.00", receipt.why)
        self.assertEqual(self.paid(100).item_names, first.name)

    def test_number_within_a_longer_number_is_not_named(self):
        invoice = self.due(100, 40)
        self.due(60, 10)
        self.assert_proposes(self.paid(160, f"{invoice.name}7"), "sum", "medium", *self.all_open())

    def all_open(self):
        items = self.report.search(
            [("partner_id", "=", self.customer.id), ("amount", ">", 0)], order="date_maturity, id"
        )
        return items.move_id.sorted(lambda move: move.invoice_date_due)

    def test_customers_own_reference(self):
        self.due(100, 40)
        ordered = self.due(80, 10, ref="PO-4711/A")
        self.assert_proposes(self.paid(80, "order po 4711 a"), "reference", "high", ordered)

    def test_short_references_and_names_name_nothing(self):
        first = self.due(100, 40)
        self.due(60, 30, ref="12")
        self.due(70, 20, ref="Spring order")
        self.assert_proposes(self.paid(30, "12 spring order 2024"), "oldest", "low", first)

    def test_only_item_of_the_amount(self):
        self.due(100, 40)
        invoice = self.due(250, 30)
        self.assert_proposes(self.paid(250), "amount", "high", invoice)
        self.due(250, 20)
        self.assert_proposes(self.paid(250), "amount", "medium", invoice)

    def test_sum_of_items_in_a_row(self):
        self.due(100, 40)
        second, third, _fourth = self.due(250, 30), self.due(70, 20), self.due(500, 10)
        self.assert_proposes(self.paid(320), "sum", "medium", second, third)

    def test_oldest_first_as_a_last_resort(self):
        first, second, _third = self.due(100, 40), self.due(250, 30), self.due(70, 20)
        receipt = self.paid(180)
        self.assert_proposes(receipt, "oldest", "low", first, second)
        self.assertEqual(receipt.proposed_amount, 180)

    def test_order_of_the_company(self):
        first, second, third = self.due(100, 40), self.due(250, 30), self.due(70, 20)
        self.company.cash_item_order = "small"
        self.assert_proposes(self.paid(90), "oldest", "low", third, first)
        self.company.cash_item_order = "large"
        self.assert_proposes(self.paid(90), "oldest", "low", second)

    def test_interest_before_or_after_principal(self):
        """Civil Code of China, article 561: costs and interest, then principal, where nothing was said."""
        first, interest = self.due(100, 40), self.due(30, 5)
        item = self.items(first)
        self.env["ar.interest.claim"].sudo().create(
            {
                **self.env["ar.item.mixin"]._prepare_item_values(item),
                "occurrence": 1,
                "scheme_id": self.env["ar.interest.scheme"]._create_presets(self.company, ["china"]).id,
                "date": self.today,
                "state": "posted",
                "debit_move_id": interest.id,
            }
        )
        self.assert_proposes(self.paid(40), "oldest", "low", first)
        self.company.cash_interest_first = True
        self.assert_proposes(self.paid(40), "oldest", "low", interest, first)

    def test_dispute_comes_last(self):
        first, second = self.due(100, 40), self.due(250, 30)
        self.pause(first)
        self.assert_proposes(self.paid(50), "oldest", "low", second)

    def pause(self, move, reason="disputed"):
        """Let the one definition of pauses name an item."""
        model = type(self.env["ar.item.pause"])
        original = model._pause_parts
        row = SQL(
            "SELECT %s::int, %s::int, %s::date, NULL::numeric, %s::varchar, NULL::date",
            move.id,
            self.customer.id,
            move.invoice_date_due,
            reason,
        )
        self.patch(model, "_pause_parts", lambda pause, root, date: [*original(pause, root, date), row])

    def test_said_paid_before_oldest(self):
        _first, second = self.due(100, 40), self.due(250, 30)
        self.pause(second, "says_paid")
        self.assert_proposes(self.paid(90), "said", "medium", second)

    def test_credit_note_of_an_invoice(self):
        self.due(100, 40)
        invoice = self.due(250, 30)
        refund = self.invoice(30, self.today, move_type="out_refund", reversed_entry_id=invoice.id)
        self.receivable(refund).remove_move_reconcile()
        self.assert_proposes(self.receipt_of(refund), "linked", "high", invoice)

    def test_payment_made_for_an_invoice(self):
        self.due(250, 40)
        invoice = self.due(250, 30)
        entry = self.payment(250, self.today)
        entry.origin_payment_id.invoice_ids = invoice
        self.assert_proposes(self.receipt_of(entry), "linked", "high", invoice)

    def test_bank_line_of_a_booked_payment(self):
        self.due(250, 40)
        entry = self.payment(250, self.today)
        row = self.line_row(self.bank_line(250))
        self.assertEqual((row.rule, row.confidence), ("payment", "high"))
        self.assertEqual(row.item_names, entry.origin_payment_id.name)

    def test_bank_line_without_customer_by_account(self):
        invoice = self.due(250, 40)
        self.env["res.partner.bank"].create(
            {"acc_number": "DE02 1203 0000 0000 2020 51", "partner_id": self.customer.id}
        )
        line = self.bank_line(250, partner=self.env["res.partner"], account_number="DE02120300000000202051")
        row = self.line_row(line)
        self.assertEqual(row.partner_id, self.customer)
        self.assert_proposes(row, "amount", "high", invoice)

    def test_other_account_is_left_alone(self):
        self.entry(100, self.day(-40), self.customer, due=self.day(-40), account=self.account_2)
        receipt = self.paid(100)
        self.assertEqual((receipt.confidence, receipt.item_names), ("none", ""))

    def test_same_currency_before_others(self):
        self.due(100, 40)
        foreign = self.due(90, 10, currency=self.foreign)
        self.assert_proposes(self.paid(50, currency=self.foreign), "oldest", "low", foreign)

    def test_the_same_amount_at_a_rate_is_a_guess(self):
        """Neither one item nor a sum in another currency is found by its amount: the rate decides later."""
        receipt = self.paid(90, currency=self.foreign)
        whole = self.due(receipt.amount, 40)
        self.assert_proposes(receipt, "oldest", "low", whole)
        parts = self.due(receipt.amount / 4, 30), self.due(receipt.amount * 3 / 4, 20)
        self.match(self.payment(receipt.amount, self.today), whole)
        self.assert_proposes(receipt, "oldest", "low", *parts)

    def test_deposits_are_no_items(self):
        deposits = self.account.copy({"non_trade": True})
        self.entry(100, self.day(-40), self.customer, due=self.day(-40), account=deposits)
        row = self.line_row(self.bank_line(100))
        self.assertEqual((row.confidence, row.item_names), ("none", ""))

    def test_payments_of_the_same_amount(self):
        """The first of several booked payments, and none of another company."""
        data, company = self.second_company()
        payments = self.env["account.payment"]
        vals = {
            "amount": 250,
            "date": self.day(-9),
            "payment_type": "inbound",
            "partner_type": "customer",
            "partner_id": self.customer.id,
        }
        payments.with_company(company).create(
            {**vals, "journal_id": data["default_journal_bank"].id}
        ).action_post()
        self.assertEqual(self.line_row(self.bank_line(250)).confidence, "none")
        first, second = (
            payments.create({**vals, "date": self.day(-days), "journal_id": self.bank.id}) for days in (5, 3)
        )
        (first + second).action_post()
        row = self.line_row(self.bank_line(250))
        self.assertEqual((row.rule, row.confidence, row.item_names), ("payment", "high", first.name))

    def test_money_on_its_way(self):
        self.due(100, 40)
        provider = (
            self.env["payment.provider"].sudo().search([], limit=1).copy({"company_id": self.company.id})
        )
        method = self.env["payment.method"].sudo().with_context(active_test=False).search([], limit=1)
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": method.id,
                    "amount": 100,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.customer.id,
                    "reference": "cash-1",
                    "state": "done",
                    "company_id": self.company.id,
                }
            )
        )
        row = self.receipts.search([("transaction_id", "=", transaction.id)])
        self.assertEqual((row.kind, row.can_apply, row.confidence), ("transaction", False, "high"))

    def test_two_companies(self):
        data, company = self.second_company()
        invoice = self.due(250, 30)
        self.assert_proposes(self.paid(250), "amount", "high", invoice)
        journal = data["default_journal_bank"]
        payment = (
            self.env["account.payment"]
            .with_company(company)
            .create(
                {
                    "amount": 250,
                    "date": self.today,
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": self.customer.id,
                    "journal_id": journal.id,
                }
            )
        )
        payment.action_post()
        row = self.receipts.with_context(allowed_company_ids=[self.company.id, company.id]).search(
            [("move_id", "=", payment.move_id.id)]
        )
        self.assertEqual((row.company_id, row.confidence), (company, "none"))

    def test_amounts_have_the_decimals_of_the_company(self):
        data, company = self.second_company()
        company.currency_id = self.setup_other_currency("KWD", rounding=0.001)
        line = self.bank_line(10.005, journal_id=data["default_journal_bank"].id)
        row = self.receipts.search([("statement_line_id", "=", line.id)])
        self.assertEqual((row.company_id, row.amount_currency), (company, 10.005))
        self.assertEqual(row.amount, 10.005)

    def test_a_filtered_page_proposes_for_the_queue_once(self):
        self.due(100, 30)
        for amount in (100.0, 7.0, 8.0):
            self.paid(amount)
        sent = []
        cursor = type(self.env.cr)
        execute = cursor.execute

        def logged(cr, query, *args, **kwargs):
            sent.append(str(getattr(query, "code", query)))
            return execute(cr, query, *args, **kwargs)

        receipts = self.receipts.with_user(self.controller)
        self.env.flush_all()
        self.env.invalidate_all()
        domain = [("partner_id", "=", self.customer.id), ("confidence", "in", ["high", "low"])]
        with patch.object(cursor, "execute", logged):
            page = receipts.web_search_read(domain, {"confidence": {}, "name": {}}, limit=2, order="id")
        self.assertEqual((page["length"], len(page["records"])), (3, 2))
        proposed = [text for text in sent if "WITH receipt AS MATERIALIZED" in text]
        self.assertEqual(len(proposed), 2, "the queue for the filter, and the rows of the page")

    def test_find_by_confidence(self):
        self.due(250, 30)
        sure, guess = self.paid(250), self.paid(31)
        mine = [("partner_id", "=", self.customer.id)]
        self.assertEqual(self.receipts.search([*mine, ("confidence", "in", ["high"])]), sure)
        self.assertEqual(self.receipts.search([*mine, ("confidence", "in", ["low"])]), guess)

    def test_queries_do_not_grow_with_receipts(self):
        def count(receipts):
            self.env.invalidate_all()
            receipts.mapped("partner_id.name")
            receipts.mapped("account_id.name")
            start = self.env.cr.sql_log_count
            self.env["ar.cash.proposal"]._propose(receipts)
            return self.env.cr.sql_log_count - start

        self.due(250, 30)
        few = self.paid(250)
        count(few)
        first = count(few)
        for amount in range(12):
            self.due(10 + amount, 5)
            few |= self.paid(10 + amount)
        self.assertEqual(count(few), first)
