import datetime

from odoo import fields
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common_credit import CreditCase


@tagged("post_install", "-at_install")
class TestCreditExposure(CreditCase):
    # ------------------------------------------------------------------
    # Orders: each line once, whatever its stage
    # ------------------------------------------------------------------

    def test_a_customer_without_anything_has_zeros(self):
        self.assertFigures(receivable=0, order=0, exposure=0, limit_set=False, available=None, status="ok")
        self.assertEqual(self.exposure._get_figures(self.env["res.partner"], self.company), {})

    def test_an_order_moves_from_order_to_draft_to_receivable(self):
        order = self.make_order((10, 100.0), confirm=False)
        self.assertFigures(order=0, exposure=0)
        order.action_confirm()
        self.assertFigures(order=1000, exposure=1000)
        invoice = self.invoice_order(order, post=False)
        self.assertFigures(order=0, draft_invoice=1000, receivable=0, exposure=1000)
        invoice.action_post()
        self.assertFigures(order=0, draft_invoice=0, receivable=1000, exposure=1000)
        self.pay(invoice)
        self.assertFigures(receivable=0, exposure=0)

    def test_taxes_are_owed_too(self):
        tax = self.company_data["default_tax_sale"]
        order = self.make_order((2, 100.0, self.by_order, {"tax_ids": [Command.set(tax.ids)]}))
        self.assertGreater(order.amount_total, order.amount_untaxed)
        self.assertFigures(order=order.amount_total)

    def test_a_cancelled_order_counts_nothing_and_counts_again_when_taken_up(self):
        order = self.make_order((10, 100.0))
        order.with_context(disable_cancel_warning=True).action_cancel()
        self.assertFigures(order=0)
        order.action_draft()
        self.assertFigures(order=0)
        order.action_confirm()
        self.assertFigures(order=1000)

    def test_what_is_ordered_counts_before_delivery_whatever_the_invoicing_policy(self):
        order = self.make_order((10, 100.0, self.by_delivery))
        self.assertFigures(order=1000)
        order.order_line.qty_delivered = 4
        self.assertFigures(order=1000)
        invoice = self.invoice_order(order, post=False)
        self.assertFigures(order=600, draft_invoice=400, exposure=1000)
        invoice.action_post()
        self.assertFigures(order=600, receivable=400, exposure=1000)

    def test_more_delivered_than_ordered_counts_what_is_delivered(self):
        order = self.make_order((10, 100.0, self.by_delivery))
        order.order_line.qty_delivered = 12
        self.assertFigures(order=1200)

    def test_a_line_without_ordered_quantity_counts_by_price(self):
        order = self.make_order((0, 50.0, self.by_delivery, {"discount": 10.0}))
        self.assertFigures(order=0)
        order.order_line.qty_delivered = 3
        self.assertFigures(order=135)

    def test_a_discount_line_lowers_the_order_and_sections_do_not_matter(self):
        order = self.make_order((10, 100.0), (1, -200.0))
        order.order_line = [Command.create({"display_type": "line_section", "name": "Section"})]
        self.assertFigures(order=800)

    def test_a_down_payment_is_counted_once_at_every_stage(self):
        order = self.make_order((10, 100.0))
        down_payment = self._create_down_payment_invoice(order, "fixed", 300.0)
        self.assertFigures(order=700, draft_invoice=300, exposure=1000)
        down_payment.action_post()
        self.assertFigures(order=700, receivable=300, exposure=1000)
        self.pay(down_payment)
        self.assertFigures(order=700, receivable=0, exposure=700)
        final = self.invoice_order(order, post=False)
        self.assertFigures(order=0, draft_invoice=700, exposure=700)
        final.action_post()
        self.assertFigures(order=0, receivable=700, exposure=700)

    def test_a_credited_down_payment_does_not_lower_the_order(self):
        order = self.make_order((10, 100.0))
        down_payment = self._create_down_payment_invoice(order, "fixed", 300.0, post=True)
        self.credit_note(down_payment)
        self.assertFigures(order=1000, receivable=0, exposure=1000)

    def test_a_down_payment_never_makes_an_order_negative(self):
        order = self.make_order((10, 100.0))
        self._create_down_payment_invoice(order, "fixed", 300.0, post=True)
        order._create_invoices(final=False).action_post()
        self.assertFigures(order=0, receivable=1300)

    def test_a_credit_note_does_not_open_the_order_again(self):
        order = self.make_order((10, 100.0))
        invoice = self.invoice_order(order)
        refund = self.credit_note(invoice, post=False)
        self.assertFigures(order=0, receivable=1000, draft_invoice=-1000, exposure=0)
        refund.action_post()
        self.assertEqual(order.order_line.qty_invoiced, 0)
        self.assertFigures(order=0, receivable=0, exposure=0)
        self.invoice_order(order)
        self.assertFigures(order=0, receivable=1000, exposure=1000)

    def test_an_invoice_in_place_of_a_wrong_one_leaves_the_rest_of_the_order_open(self):
        order = self.make_order((10, 100.0, self.by_delivery))
        order.order_line.qty_delivered = 4
        again = self.credit_note(self.invoice_order(order), again=True)
        self.assertFigures(order=600, draft_invoice=400, receivable=0)
        again.action_post()
        self.assertFigures(order=600, receivable=400, exposure=1000)

    def test_an_order_credited_invoiced_again_and_raised_counts_what_is_added(self):
        order = self.make_order((10, 100.0))
        self.credit_note(self.invoice_order(order))
        self.assertFigures(order=0, exposure=0)
        self.invoice_order(order)
        order.order_line.product_uom_qty = 15
        self.assertFigures(order=500, receivable=1000)

    def test_an_order_lowered_credited_and_raised_counts_what_is_open(self):
        order = self.make_order((10, 100.0))
        self.invoice_order(order)
        order.order_line.product_uom_qty = 6
        self.assertFigures(order=0, receivable=1000)
        self.invoice_order(order)
        self.assertFigures(order=0, receivable=600)
        order.order_line.product_uom_qty = 10
        self.assertFigures(order=400, receivable=600, exposure=1000)

    def test_quantities_of_invoices_in_another_unit(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self.make_order((2, 120.0, self.by_order, {"product_uom_id": dozen.id}))
        invoice = self.invoice_order(order, post=False)
        line = invoice.invoice_line_ids
        line.write(
            {"product_uom_id": self.env.ref("uom.product_uom_unit").id, "quantity": 12, "price_unit": 10}
        )
        invoice.action_post()
        self.assertFigures(order=120, receivable=120)
        self.credit_note(invoice)
        self.assertFigures(order=120, receivable=0)

    # ------------------------------------------------------------------
    # Who owes, in which company and currency
    # ------------------------------------------------------------------

    def test_the_company_of_the_invoice_partner_owes(self):
        payer = self.make_partner("Payer SA")
        desk = self.env["res.partner"].create({"name": "Desk", "parent_id": payer.id, "type": "invoice"})
        self.make_order((10, 100.0), partner_invoice_id=desk.id)
        self.assertFigures(exposure=0)
        self.assertFigures(payer, order=1000)
        self.assertFigures(desk, order=1000)

    def test_what_is_not_in_the_ledger_converts_at_todays_rate(self):
        currency = self.setup_other_currency("CAD", rates=[("2020-01-01", 2.0)])
        invoice = self.make_invoice(100.0, currency_id=currency.id)
        self.make_invoice(100.0, post=False, currency_id=currency.id)
        pricelist = self.env["product.pricelist"].create({"name": "CAD", "currency_id": currency.id})
        self.make_order((1, 100.0), pricelist_id=pricelist.id)
        self.assertFigures(receivable=50, draft_invoice=50, order=50)
        self.env["res.currency.rate"].create(
            {
                "name": fields.Date.today(),
                "rate": 4.0,
                "currency_id": currency.id,
                "company_id": self.company.id,
            }
        )
        self.assertFigures(receivable=invoice.amount_residual_signed, draft_invoice=25, order=25)

    def test_a_rate_to_come_is_used_when_there_is_no_other(self):
        later = fields.Date.add(fields.Date.today(), days=5)
        currency = self.setup_other_currency("SEK", rates=[(str(later), 5.0)])
        self.make_invoice(100.0, post=False, currency_id=currency.id)
        expected = currency._convert(100.0, self.company.currency_id, self.company, fields.Date.today())
        self.assertFigures(draft_invoice=expected)
        self.assertEqual(expected, 20.0)

    def test_a_closed_currency_still_counts(self):
        currency = self.setup_other_currency("CAD", rates=[("2020-01-01", 2.0)])
        self.make_invoice(100.0, post=False, currency_id=currency.id)
        currency.active = False
        self.assertFigures(draft_invoice=50)

    def test_another_company_is_apart(self):
        other = self.setup_other_company()["company"]
        self.make_invoice(500.0)
        self.assertFigures(company=other, exposure=0)
        self.make_profile(self.customer, 100.0, other)
        self.assertFigures(company=self.company, limit_set=False, exposure=500)
        self.assertFigures(company=other, limit=100, available=100)

    def test_a_branch_counts_with_its_root(self):
        self.company.write({"child_ids": [Command.create({"name": "Branch"})]})
        self.cr.precommit.run()  # load the chart of accounts of the branch
        branch = self.company.child_ids
        self.env.user.company_ids |= branch
        order = self.make_order((3, 100.0), confirm=False, company_id=branch.id)
        order.action_confirm()
        self.make_invoice(70.0, post=False, company_id=branch.id)
        self.assertFigures(company=self.company, order=300, draft_invoice=70)
        self.assertFigures(company=branch, order=300, draft_invoice=70)
        row = self.exposure.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(row.company_id, self.company)

    def test_drafts_of_credit_notes_and_receipts(self):
        self.make_invoice(100.0, post=False, move_type="out_receipt")
        self.make_invoice(30.0, post=False, move_type="out_refund")
        self.make_invoice(500.0, post=False, move_type="in_invoice")
        self.assertFigures(draft_invoice=70)

    def test_cancelled_drafts_do_not_count(self):
        self.make_invoice(100.0, post=False).button_cancel()
        self.assertFigures(draft_invoice=0)

    # ------------------------------------------------------------------
    # Ledger
    # ------------------------------------------------------------------

    def test_overdue_unapplied_and_the_oldest_item(self):
        today = fields.Date.context_today(self.company)
        self.make_invoice(100.0, days_overdue=40)
        self.make_invoice(200.0, days_overdue=10)
        self.make_invoice(400.0, days_overdue=0)
        self.make_invoice(50.0, days_overdue=90, move_type="out_refund")
        self.assertFigures(
            receivable=650,
            overdue=300,
            unapplied=50,
            overdue_days=40,
            overdue_count_amount=100,
            oldest_date_maturity=today - datetime.timedelta(days=40),
        )

    def test_items_below_the_smallest_amount_do_not_count(self):
        self.get_rule("overdue").min_amount = 150.0
        self.make_invoice(100.0, days_overdue=40)
        self.make_invoice(200.0, days_overdue=10)
        self.assertFigures(overdue=300, overdue_days=40, overdue_count_amount=0)

    def test_an_instalment_counts_not_the_last_date_of_the_invoice(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Half now, half later",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 60}),
                ],
            }
        )
        today = fields.Date.context_today(self.company)
        invoice = self.make_invoice(100.0, post=False)
        invoice.write(
            {"invoice_date": today - datetime.timedelta(days=20), "invoice_payment_term_id": term.id}
        )
        invoice.action_post()
        self.assertFigures(receivable=100, overdue=50, overdue_days=20)

    def test_payments_in_transit_by_setting(self):
        outstanding = self.env["account.account"].create(
            {"name": "Receipts", "code": "TRNS1", "account_type": "asset_current", "reconcile": True}
        )
        bank = self.company_data["default_journal_bank"]
        bank.inbound_payment_method_line_ids.payment_account_id = outstanding
        payment = self.pay(self.make_invoice(100.0))
        self.assertFalse(payment.is_matched)
        self.assertFigures(receivable=0, in_transit=0, exposure=0)
        self.company.credit_in_transit = True
        self.assertFigures(receivable=0, in_transit=100, exposure=100)
        statement_line = self.env["account.bank.statement.line"].create(
            {"journal_id": bank.id, "payment_ref": "cleared", "amount": 100.0, "partner_id": self.customer.id}
        )
        _liquidity, suspense, _other = statement_line._seek_for_lines()
        suspense.account_id = outstanding
        (
            suspense + payment.move_id.line_ids.filtered(lambda line: line.account_id == outstanding)
        ).reconcile()
        self.assertTrue(payment.is_matched)
        self.assertFigures(in_transit=0, exposure=0)

    def test_receivables_that_are_not_trade_are_shown_apart(self):
        loan = self.env["account.account"].create(
            {
                "name": "Loans",
                "code": "LOAN1",
                "account_type": "asset_receivable",
                "reconcile": True,
                "non_trade": True,
            }
        )
        self.customer.property_account_receivable_id = loan
        self.make_invoice(100.0, days_overdue=90)
        self.assertFigures(receivable=0, overdue=0, overdue_days=0, exposure=0, non_trade=100)

    def test_a_company_without_receivable_account(self):
        empty = self.env["res.company"].create({"name": "No chart"})
        self.assertFigures(company=empty, exposure=0, status="ok")

    def test_receivables_of_all_customers_are_the_ledgers(self):
        for amount in (100.0, 250.0):
            self.pay(self.make_invoice(amount), amount / 2)
        self.make_invoice(70.0, partner_id=self.partner.id)
        self.env.flush_all()
        [(total,)] = self.exposure._read_group([("company_id", "=", self.company.id)], [], ["receivable:sum"])
        [(ledger,)] = self.env["account.move.line"]._read_group(
            [
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("company_id", "=", self.company.id),
                ("partner_id", "!=", False),
            ],
            [],
            ["balance:sum"],
        )
        self.assertAlmostEqual(total, ledger, 2)
        self.assertAlmostEqual(total, 245.0, 2)

    # ------------------------------------------------------------------
    # Status
    # ------------------------------------------------------------------

    def test_status_without_limit_is_what_the_company_says(self):
        rule = self.get_rule("no_limit")
        for outcome, owing, nothing in (
            (False, "ok", "ok"),
            ("warn", "warning", "ok"),
            ("hold", "hold", "hold"),
        ):
            with self.subTest(outcome):
                rule.active = bool(outcome)
                rule.outcome = outcome or "warn"
                self.assertFigures(status=nothing)
                invoice = self.make_invoice(10.0)
                self.assertFigures(status=owing)
                invoice.button_draft()
                invoice.unlink()

    def test_status_by_limit(self):
        profile = self.make_profile(self.customer, 1000.0)
        self.assertFigures(status="ok", available=1000)
        self.make_invoice(899.0)
        self.assertFigures(status="ok", available=101)
        self.make_invoice(101.0)
        self.assertFigures(status="warning", available=0)
        self.make_invoice(50.0)
        self.assertFigures(status="hold", available=-50)
        self.get_rule("limit").tolerance_percent = 5.0
        self.assertFigures(status="warning")
        profile.hold_override = "block"
        self.assertFigures(status="blocked")

    def test_a_limit_of_zero_is_no_credit(self):
        profile = self.make_profile(self.customer, 0.0)
        self.assertTrue(profile.limit_set)
        self.assertFigures(status="hold", limit_set=True, limit=0, available=0)
        profile.hold_override = "pass"
        self.assertFigures(status="ok")

    def test_status_by_overdue_beyond_tolerance(self):
        self.make_profile(self.customer, 100000.0)
        self.make_invoice(100.0, days_overdue=30)
        self.assertFigures(status="warning", overdue_exceeded=False)
        self.make_invoice(10.0, days_overdue=31)
        self.assertFigures(status="hold", overdue_exceeded=True)
        self.make_invoice(10000.0)
        self.assertFigures(status="warning", overdue_exceeded=False)

    # ------------------------------------------------------------------
    # Report
    # ------------------------------------------------------------------

    def test_rows_are_customers_with_exposure_or_profile(self):
        silent = self.make_partner("Silent")
        decided = self.make_partner("Decided")
        profile = self.make_profile(decided, 500.0)
        self.make_invoice(100.0)
        rows = self.exposure.search([("company_id", "=", self.company.id)])
        self.assertIn(self.customer, rows.partner_id)
        self.assertIn(decided, rows.partner_id)
        self.assertNotIn(silent, rows.partner_id)
        row = rows.filtered(lambda row: row.partner_id == decided)
        self.assertEqual((row.profile_id, row.available, row.exposure), (profile, 500.0, 0.0))

    def test_the_id_is_stable_and_a_read_by_id_names_the_customer(self):
        self.make_invoice(100.0)
        row = self.exposure.search([("partner_id", "=", self.customer.id)])
        self.make_invoice(100.0, partner_id=self.partner.id)
        self.env.invalidate_all()
        self.assertEqual(row.exposure, 100.0)
        self.assertEqual(self.exposure.search([("partner_id", "=", self.customer.id)]).id, row.id)
        query = self.exposure._search([("id", "in", row.ids)])
        self.assertIn(f'"partner_id" IN ({self.customer.id})', str(self.env.cr.mogrify(query.select())))
        self.assertFalse(self.exposure.search([("id", "in", row.ids), ("partner_id", "=", self.partner.id)]))

    def test_exposure_equals_its_parts_for_everybody(self):
        self.make_order((10, 100.0))
        self.make_invoice(100.0, days_overdue=50)
        for row in self.exposure.search([]):
            parts = row.receivable + row.draft_invoice + row.order + row.in_transit + row.notes
            self.assertAlmostEqual(row.exposure, parts, 2)
            if row.limit_set:
                self.assertAlmostEqual(row.available, row.limit + row.security - row.exposure, 2)

    def test_statements_do_not_depend_on_the_number_of_customers(self):
        others = self.env["res.partner"].create([{"name": f"C{i}", "is_company": True} for i in range(30)])
        for partner in others[:5]:
            self.make_invoice(10.0, partner_id=partner.id)
        self.env.flush_all()
        self.exposure._get_figures(others[:1], self.company)  # warm the company
        with self.assertQueryCount(2):  # which plans there are, and the figures
            self.exposure._get_figures(others[:1], self.company)
        self.env["res.partner"].browse(others.ids).mapped("commercial_partner_id")
        with self.assertQueryCount(2):
            self.exposure._get_figures(others, self.company)
        names = ["partner_id", "exposure", "available", "status"]
        self.exposure.search_fetch([], names)  # warm the rules of the user
        self.env.invalidate_all()
        with self.assertQueryCount(5):
            self.exposure.search_fetch([], names)

    def test_a_draft_in_a_form_does_not_break(self):
        with Form(self.env["res.partner"]) as form:
            form.name = "New"
        self.assertEqual(form.record.credit_exposure, 0.0)
