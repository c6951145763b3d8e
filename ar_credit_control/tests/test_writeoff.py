from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoff(WriteoffCase):
    """What a write-off books, what it takes of the allowance, and how it is taken back."""

    def test_uses_what_was_provided(self):
        invoice = self.make_invoice(1_000, 100)
        self.make_invoice(500, 10)
        self.make_run()
        self.assertEqual(self.allowance_at(), 106 + 8)
        writeoff = self.write_off(invoice)
        self.assertBooked(writeoff, provided=106, expense=894, tax=0)
        self.assertEqual(writeoff.amount, 1_000)
        self.assertEqual(self.allowance_at(), 8)
        self.assertEqual(self.balance_of(self.loss), 894)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertFalse(self.items_of(invoice), "it left the ageing")
        self.assertEqual(self.receivable_of(), 500)
        [movement] = writeoff.movement_ids
        self.assertEqual((movement.kind, movement.amount), ("used", -106))
        self.assertEqual(movement.move_id, writeoff.move_ids)

    def test_part_uses_its_share(self):
        invoice = self.make_invoice(1_000, 100)
        self.make_run()
        writeoff = self.write_off(invoice, amounts={invoice: 400})
        self.assertBooked(writeoff, provided=42.4, expense=357.6)
        self.assertEqual(invoice.amount_residual, 600)
        rest = self.write_off(invoice)
        self.assertBooked(rest, provided=63.6, expense=536.4)
        self.assertEqual(self.allowance_at(), 0)

    def test_never_more_than_the_ledger_holds(self):
        invoice = self.make_invoice(1_000, 100)
        self.make_run()
        self.book(self.allowance, self.charge, 100)
        writeoff = self.write_off(invoice)
        self.assertBooked(writeoff, provided=6, expense=994)

    def book(self, debit, credit, amount):
        move = self.env["account.move"].create(
            {
                "journal_id": self.company_data["default_journal_misc"].id,
                "date": self.today,
                "line_ids": [
                    Command.create({"account_id": debit.id, "balance": amount}),
                    Command.create({"account_id": credit.id, "balance": -amount}),
                ],
            }
        )
        move.action_post()
        return move

    def test_whole_against_the_allowance(self):
        self.policy.writeoff_against = "allowance"
        writeoff = self.write_off(self.make_invoice(1_000, 100))
        self.assertBooked(writeoff, provided=1_000, expense=0)
        self.assertEqual(self.allowance_at(), -1_000)

    def test_direct(self):
        self.policy.writeoff_against = "direct"
        invoice = self.make_invoice(1_000, 100)
        self.make_run()
        self.assertBooked(self.write_off(invoice), provided=0, expense=1_000)
        self.assertEqual(self.allowance_at(), 106)

    def test_without_policy(self):
        self.policy.active = False
        writeoff = self.ask(self.make_invoice(1_000, 100))
        self.decide(writeoff)
        with self.assertRaisesRegex(UserError, "account"):
            writeoff.with_user(self.controller).action_post()
        self.company.writeoff_account_id = self.loss
        writeoff.with_user(self.controller).action_post()
        self.assertBooked(writeoff.with_env(self.env), provided=0, expense=1_000)
        self.assertEqual(self.balance_of(self.loss), 1_000)

    def test_small_enterprise_books_a_loss(self):
        self.policy.active = False
        self.env.flush_all()
        self.make_policy(standard="cn_small")
        self.assertBooked(self.write_off(self.make_invoice(1_000, 100)), provided=0, expense=1_000)

    def test_cancelling_restores_the_item(self):
        invoice = self.make_invoice(1_000, 100)
        self.make_run()
        before = self.receivable_of(), self.allowance_at(), self.balance_of(self.loss)
        writeoff = self.write_off(invoice)
        writeoff.with_user(self.controller).action_cancel("Paid by the guarantor")
        self.assertEqual(writeoff.state, "cancelled")
        self.assertEqual((self.receivable_of(), self.allowance_at(), self.balance_of(self.loss)), before)
        self.assertEqual(invoice.amount_residual, 1_000)
        self.assertEqual(self.items_of(invoice).amount, 1_000)
        self.assertEqual(sum(writeoff.movement_ids.mapped("amount")), 0)
        again = self.write_off(invoice)
        self.assertBooked(again, provided=106, expense=894)

    def test_instalments_of_one_invoice(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Thirds",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": percent, "nb_days": days})
                    for percent, days in ((33.33, 0), (33.33, 30), (33.34, 60))
                ],
            }
        )
        tax = self.company_data["default_tax_sale"]
        self.company.writeoff_tax = "reverse"
        date = self.today - timedelta(days=120)
        invoice = self.make_invoice(
            100.01,
            invoice_date=date,
            invoice_payment_term_id=term.id,
            invoice_line_ids=[
                Command.create({"name": "Work", "price_unit": 100.01, "tax_ids": [Command.set(tax.ids)]})
            ],
        )
        items = self.items_of(invoice)
        self.assertEqual(len(items), 3)
        first = (
            self.env["ar.writeoff"]
            .with_user(self.collector)
            ._create_from_items(items[0], self.small, note="Reminded")
        )
        self.decide(first)
        first.with_user(self.controller).action_post()
        rest = self.write_off(invoice)
        self.assertEqual(len(rest.line_ids), 2)
        self.assertAlmostEqual(first.amount_tax + rest.amount_tax, invoice.amount_tax, 2)
        self.assertEqual(invoice.payment_state, "paid")

    def test_tax_is_taken_back_in_proportion(self):
        self.company.writeoff_tax = "reverse"
        tax = self.company_data["default_tax_sale"]
        base_tag, tax_tag = self.env["account.account.tag"].create(
            [
                {"name": name, "applicability": "taxes", "country_id": tax.country_id.id}
                for name in ("Base", "Output tax")
            ]
        )
        for lines in (tax.invoice_repartition_line_ids, tax.refund_repartition_line_ids):
            lines.filtered(lambda line: line.repartition_type == "base").tag_ids = base_tag
            lines.filtered(lambda line: line.repartition_type == "tax").tag_ids = tax_tag
        invoice = self.make_taxed_invoice(1_000, 100, tax)
        total = invoice.amount_total
        payable = invoice.line_ids.filtered("tax_line_id").account_id
        owed = self.balance_of(payable)
        half = self.write_off(invoice, amounts={invoice: total / 2})
        self.assertBooked(half, tax=invoice.amount_tax / 2, provided=0, expense=500)
        self.assertEqual(self.balance_of(payable), owed + invoice.amount_tax / 2)
        tagged_lines = half.move_ids.line_ids.filtered("tax_tag_ids")
        by_tag = {line.tax_tag_ids: line.balance for line in tagged_lines}
        self.assertEqual(by_tag, {base_tag: 500, tax_tag: invoice.amount_tax / 2})
        self.write_off(invoice)
        self.assertEqual(self.balance_of(payable), owed + invoice.amount_tax)
        half.with_user(self.controller).action_cancel("Paid")
        self.assertEqual(self.balance_of(payable), owed + invoice.amount_tax / 2)

    def test_currency_at_the_rate_of_the_ledger(self):
        for code, rate, amount in (("USD", 3.0, 100.0), ("JPY", 7.0, 1_001)):
            with self.subTest(currency=code):
                currency = self.setup_other_currency(code, rates=[("2000-01-01", rate)])
                invoice = self.make_invoice(amount, 100, currency_id=currency.id)
                booked = invoice.amount_residual_signed
                self.env["res.currency.rate"].create(
                    {"currency_id": currency.id, "rate": rate * 2, "name": self.today}
                )
                part = currency.round(amount / 3)
                first = self.write_off(invoice, amounts={invoice: part})
                self.assertEqual(invoice.amount_residual, currency.round(amount - part))
                rest = self.write_off(invoice)
                self.assertEqual(invoice.amount_residual, 0)
                self.assertAlmostEqual(first.amount + rest.amount, booked, 2)
                item = invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
                self.assertEqual(item.amount_residual, 0)
                partials = item.matched_credit_ids
                self.assertFalse(partials.exchange_move_id, "no exchange difference arises")

    def test_less_is_open_than_asked(self):
        invoice = self.make_invoice(1_000, 100)
        writeoff = self.ask(invoice)
        self.decide(writeoff)
        self.pay(invoice, 300)
        with self.assertRaisesRegex(UserError, "700"):
            writeoff.with_user(self.controller).action_post()
        self.assertEqual(writeoff.state, "approved")

    def test_closed_period(self):
        invoice = self.make_invoice(1_000, 100)
        writeoff = self.ask(invoice)
        self.decide(writeoff)
        self.company.fiscalyear_lock_date = self.today
        with self.assertRaisesRegex(UserError, "closed period"):
            writeoff.with_user(self.controller).action_post()

    def test_cancelled_after_the_period_closed(self):
        invoice = self.make_invoice(1_000, 100)
        writeoff = self.write_off(invoice)
        self.company.fiscalyear_lock_date = self.today
        writeoff.with_user(self.controller).action_cancel("Paid")
        reversal = writeoff.move_ids.filtered("reversed_entry_id")
        self.assertEqual(reversal.date, self.today + timedelta(days=1))
        self.assertEqual(invoice.amount_residual, 1_000)

    def test_not_before_a_posted_run(self):
        invoice = self.make_invoice(1_000, 100)
        self.make_run(self.today - timedelta(days=20))
        self.make_run()
        writeoff = self.ask(invoice, date=self.today - timedelta(days=10))
        with self.assertRaisesRegex(UserError, "is posted at"):
            writeoff.with_user(self.collector).action_submit()

    def test_branch(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        people = self.collector | self.manager | self.controller | self.env.user
        people.company_ids = [Command.link(branch.id)]
        companies = {"allowed_company_ids": [self.company.id, branch.id]}
        receivable = self.company_data["default_account_receivable"]
        entry = (
            self.env["account.move"]
            .with_context(**companies)
            .create(
                {
                    "company_id": branch.id,
                    "journal_id": self.company_data["default_journal_misc"].id,
                    "date": self.today - timedelta(days=60),
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": receivable.id,
                                "partner_id": self.customer.id,
                                "balance": 300,
                                "date_maturity": self.today - timedelta(days=50),
                            }
                        ),
                        Command.create(
                            {"account_id": self.company_data["default_account_revenue"].id, "balance": -300}
                        ),
                    ],
                }
            )
        )
        entry.action_post()
        self.assertEqual(entry.company_id, branch)
        self.make_invoice(200, 50)
        self.make_run()
        self.env = self.env(context={**self.env.context, **companies})
        items = self.env["ar.aging.report"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(len(items), 2)
        request = self.env["ar.writeoff"].with_user(self.collector).with_context(**companies)
        writeoff = request._create_from_items(items.with_env(request.env), self.small, note="Reminded")
        writeoff.action_submit()
        writeoff.with_user(self.manager).action_approve()
        writeoff.with_user(self.controller).action_post()
        self.assertEqual(set(writeoff.sudo().move_ids.mapped("company_id")), {self.company, branch})
        self.assertEqual(sum(writeoff.sudo().movement_ids.mapped("amount")), -writeoff.amount_provided)
        self.assertEqual(writeoff.amount_provided, 300 * 0.036 + 200 * 0.036)
        self.env.invalidate_all()
        self.assertEqual(self.receivable_of(), 0)

    def test_undone_matching_is_seen_and_mended(self):
        invoice = self.make_invoice(1_000, 100)
        writeoff = self.write_off(invoice)
        invoice.line_ids.remove_move_reconcile()
        self.env.invalidate_all()
        self.assertTrue(writeoff.is_unsettled)
        self.assertEqual(invoice.amount_residual, 1_000)
        writeoff.with_user(self.controller).action_settle()
        self.env.invalidate_all()
        self.assertFalse(writeoff.is_unsettled)
        self.assertEqual(invoice.amount_residual, 0)

    def test_history_of_the_customer(self):
        invoice = self.make_invoice(1_000, 100)
        profile = self.make_profile(self.customer)
        writeoff = self.write_off(invoice)
        self.env.invalidate_all()
        partner = self.contact.with_user(self.collector)
        self.assertEqual((partner.writeoff_count, partner.writeoff_amount), (1, 1_000))
        self.assertEqual(profile.with_user(self.collector).writeoff_amount, 1_000)
        self.assertEqual(invoice.with_user(self.collector).written_off_amount, 1_000)
        self.recover(writeoff.line_ids, 400)
        self.env.invalidate_all()
        self.assertEqual(partner.writeoff_amount, 600)

    def test_after_a_reset_to_draft(self):
        invoice = self.make_invoice(1_000, 100)
        writeoff = self.ask(invoice)
        invoice.button_draft()
        invoice.action_post()
        self.decide(writeoff)
        writeoff.with_user(self.controller).action_post()
        self.assertEqual(invoice.amount_residual, 0)


@tagged("post_install", "-at_install")
class TestWriteoffTransit(WriteoffCase):
    """Money in transit, evidence, and the note on income tax."""

    def test_receipt_in_transit_needs_words(self):
        invoice = self.make_invoice(1_000, 100)
        writeoff = self.ask(invoice)
        self.assertEqual(writeoff.in_transit_amount, 0)
        self.make_receipt(250)
        self.env.invalidate_all()
        self.assertEqual(writeoff.in_transit_amount, 250)
        self.assertIn("250", writeoff.in_transit_text)
        with self.assertRaisesRegex(UserError, "in transit"):
            writeoff.with_user(self.collector).action_submit()
        writeoff.with_user(self.collector).in_transit_ack = "It pays the machine, see the mail of Monday"
        self.decide(writeoff)
        self.assertEqual(writeoff.in_transit_seen, 250)
        self.make_receipt(100)
        with self.assertRaisesRegex(UserError, "more money came in"):
            writeoff.with_user(self.controller).action_post()

    def test_bank_line_in_transit(self):
        invoice = self.make_invoice(1_000, 100)
        self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "date": self.today,
                "payment_ref": "Kornmann",
                "partner_id": self.customer.id,
                "amount": 90,
            }
        )
        with self.assertRaisesRegex(UserError, "90"):
            self.ask(invoice).with_user(self.collector).action_submit()

    def test_evidence_is_needed_and_kept(self):
        writeoff = self.ask(self.make_invoice(1_000, 100)).with_user(self.collector)
        writeoff.reason_id = self.insolvency
        with self.assertRaisesRegex(UserError, "evidence"):
            writeoff.action_submit()
        paper = self.env["ir.attachment"].with_user(self.collector).create({"name": "Notice", "raw": b"x"})
        writeoff.document_ids = paper
        self.assertEqual((paper.res_model, paper.res_id), ("ar.writeoff", writeoff.id))
        writeoff.action_submit()
        for user in (self.collector, self.manager):
            with self.assertRaises(UserError):
                paper.with_user(user).unlink()
            with self.assertRaises(UserError):
                writeoff.with_user(user).write({"document_ids": [Command.clear()]})
            with self.assertRaises(UserError):
                paper.with_user(user).raw = b"y"
        # Sent back it is still what the request was made with.
        writeoff.with_user(self.manager).action_send_back("Which court?")
        with self.assertRaisesRegex(UserError, "kept as evidence"):
            paper.with_user(self.collector).unlink()

    def test_evidence_from_another_record_is_copied(self):
        mine = self.make_partner("Mine", user_id=self.collector.id)
        foreign = self.env["ir.attachment"].create(
            {"name": "Judgment", "raw": b"x", "res_model": "res.partner", "res_id": mine.id}
        )
        secret = self.env["ir.attachment"].create({"name": "Secret", "raw": b"s"})
        writeoff = self.ask(self.make_invoice(1_000, 100)).with_user(self.collector)
        writeoff.reason_id = self.insolvency
        with self.assertRaises(AccessError):
            writeoff.document_ids = secret
        writeoff.sudo().document_ids = False
        writeoff.document_ids = foreign
        kept = writeoff.document_ids
        self.assertNotEqual(kept, foreign)
        self.assertEqual((kept.name, kept.res_model, kept.res_id), ("Judgment", "ar.writeoff", writeoff.id))
        writeoff.action_submit()
        foreign.raw = b"y"
        foreign.unlink()
        self.assertEqual(kept.raw, b"x")
        # A file that somehow belongs to another record is guarded as well.
        other = self.env["ir.attachment"].create(
            {"name": "Deed", "raw": b"x", "res_model": "res.partner", "res_id": mine.id}
        )
        self.env.cr.execute(
            "INSERT INTO ar_writeoff_ir_attachment_rel (ar_writeoff_id, ir_attachment_id) VALUES (%s, %s)",
            (writeoff.id, other.id),
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "kept as evidence"):
            other.with_user(self.collector).raw = b"y"
        with self.assertRaisesRegex(UserError, "kept as evidence"):
            other.unlink()

    def test_deductible_in_china(self):
        self.company.account_fiscal_country_id = self.env.ref("base.cn")
        yuan = self.env.ref("base.CNY")
        small = yuan._convert(50_000, self.company.currency_id, self.company, self.today)
        three = fields.Date.subtract(self.today, years=3)
        for days, amount, expected in (
            ((self.today - three).days + 1, small * 9, "over_3_years"),
            ((self.today - three).days, small * 9, "none"),
            (367, small, "small_over_1_year"),
            (367, small + 1, "none"),
            (300, 10, "none"),
        ):
            with self.subTest(days=days, amount=amount):
                writeoff = self.ask(self.make_invoice(amount, days))
                self.assertEqual(writeoff.deductible, expected)
                self.assertTrue(writeoff.deductible_note)

    def test_small_claim_in_china_is_the_whole_invoice(self):
        self.company.account_fiscal_country_id = self.env.ref("base.cn")
        yuan = self.env.ref("base.CNY")
        small = yuan._convert(50_000, self.company.currency_id, self.company, self.today)
        part = self.make_invoice(small * 2, 400)
        self.assertEqual(self.ask(part, amounts={part: 10}).deductible, "none")
        halves = self.env["account.payment.term"].create(
            {
                "name": "Two halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (0, 10)
                ],
            }
        )
        for amount, expected in ((small * 1.5, "none"), (small, "small_over_1_year")):
            invoice = self.make_invoice(
                amount,
                400,
                invoice_date=fields.Date.subtract(self.today, days=400),
                invoice_payment_term_id=halves.id,
            )
            writeoff = self.ask(invoice)
            self.assertEqual((len(writeoff.line_ids), writeoff.deductible), (2, expected))

    def test_typed_tax_note_is_kept(self):
        self.company.account_fiscal_country_id = self.env.ref("base.cn")
        writeoff = self.ask(self.make_invoice(10, 400)).with_user(self.collector)
        self.assertEqual(writeoff.deductible, "small_over_1_year")
        # What was only proposed follows the date.
        writeoff.date = fields.Date.subtract(self.today, days=100)
        self.assertEqual(writeoff.deductible, "none")
        writeoff.deductible_note = "Bankruptcy: notice of the court of 3 May"
        writeoff.date = self.today
        writeoff.line_ids.amount = 5
        self.assertEqual(
            (writeoff.deductible, writeoff.deductible_note),
            ("none", "Bankruptcy: notice of the court of 3 May"),
        )
        # Emptied, it is proposed again.
        writeoff.write({"deductible": False, "deductible_note": False})
        writeoff.line_ids.amount = 6
        self.assertEqual(writeoff.deductible, "small_over_1_year")
        self.assertTrue(writeoff.deductible_note)

    def test_note_is_open_until_the_decision(self):
        writeoff = self.ask(self.make_invoice(1_000, 100))
        self.assertFalse(writeoff.deductible)
        writeoff.with_user(self.collector).action_submit()
        writeoff.with_user(self.manager).write({"deductible": "other", "deductible_note": "§ 17 UStG"})
        writeoff.with_user(self.manager).action_approve()
        with self.assertRaises(UserError):
            writeoff.with_user(self.manager).deductible_note = "Something else"
