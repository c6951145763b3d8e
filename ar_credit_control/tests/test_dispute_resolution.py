from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_dispute import DisputeCase


@tagged("post_install", "-at_install")
class TestDisputeResolution(DisputeCase):
    def test_part_amount_is_paused_and_nothing_else(self):
        invoice = self.make_invoice(1000.0, 10)
        before = self.figures()
        dispute = self.record(invoice, 300.0)
        self.assertEqual(self.paused(invoice), {invoice.invoice_date_due: 300.0})
        self.assertEqual((dispute.amount, dispute.amount_open), (300.0, 300.0))
        self.assertEqual(self.figures()["exposure"], before["exposure"])
        self.assertEqual(invoice.collection_disputed_amount, 300.0)

    def test_two_disputes_never_exceed_what_is_open(self):
        invoice = self.make_invoice(1000.0, 10)
        self.record(invoice, 700.0)
        with self.assertRaises(UserError):
            self.record(invoice, 301.0)
        self.record(invoice, 300.0)
        self.assertEqual(self.paused(invoice), {invoice.invoice_date_due: 1000.0})

    def test_credit_note_ends_the_dispute_and_undoing_it_opens_it_again(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.accept(dispute)
        self.assertEqual(dispute.state, "accepted")
        refund = self.credit(dispute, post=False)
        self.assertEqual((refund.state, refund.amount_total), ("draft", 300.0))
        self.assertEqual(dispute.state, "accepted", "a draft settles nothing")
        self.assertEqual(self.paused(invoice), {invoice.invoice_date_due: 300.0})
        refund.action_post()
        self.assertEqual(dispute.state, "resolved_credit")
        self.assertEqual(dispute.resolved_on, self.today)
        self.assertEqual(invoice.amount_residual, 700.0)
        self.assertFalse(self.paused(invoice))
        refund.line_ids.remove_move_reconcile()
        self.assertEqual((dispute.state, dispute.resolved_on), ("accepted", False))
        self.assertEqual(self.paused(invoice), {invoice.invoice_date_due: 300.0})
        self.match(invoice, refund)
        self.assertEqual(dispute.state, "resolved_credit")
        refund.button_draft()
        self.assertEqual(dispute.state, "accepted", "a credit note set back to draft")

    def match(self, *moves):
        lines = self.env["account.move.line"].union(
            *(move.line_ids.filtered(lambda line: line.account_type == "asset_receivable") for move in moves)
        )
        lines.filtered(lambda line: not line.reconciled).reconcile()

    def test_who_paid_more_than_was_undisputed_is_credited_all_the_same(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.pay(invoice, 800.0)
        self.accept(dispute)
        refund = self.credit(dispute)
        self.assertEqual((invoice.amount_residual, refund.amount_residual), (0.0, 100.0))
        self.assertEqual(dispute.state, "resolved_credit")

    def reverse(self, refund):
        """Undo a credit note as an accountant does: an entry that is matched with it."""
        return refund._reverse_moves([{"date": self.today, "invoice_date": self.today}], cancel=True)

    def test_a_reversed_credit_note_is_written_anew(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.accept(dispute)
        wrong = self.credit(dispute)
        self.reverse(wrong)
        self.assertEqual((dispute.state, invoice.amount_residual), ("accepted", 1000.0))
        dispute.invalidate_recordset()
        self.assertFalse(dispute.has_credit_note)
        right = self.credit(dispute, post=False) - wrong
        right.action_post()
        self.assertEqual((dispute.state, right.amount_total), ("resolved_credit", 300.0))
        self.assertEqual(invoice.amount_residual, 700.0)

    def test_after_a_reversed_credit_note_it_is_decided_anew(self):
        invoice = self.make_invoice(1000.0, 10)
        given_up, rejected = self.record(invoice, 300.0), self.record(invoice, 200.0)
        for dispute in (given_up, rejected):
            self.accept(dispute)
            refund = self.credit(dispute)
            with self.assertRaises(UserError):
                dispute.with_user(self.controller)._withdraw("Too early")
            self.reverse(refund)
        given_up.with_user(self.controller)._withdraw("They pay")
        rejected.with_user(self.controller)._decide({}, "Delivered as ordered.", 0)
        self.assertEqual((given_up.state, rejected.state), ("cancelled", "resolved_rejected"))

    def test_partly_accepted(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.accept(dispute, 120.0)
        # 120 waits for the credit note, 180 has its days of grace
        self.assertEqual(self.paused(invoice), {invoice.invoice_date_due: 300.0})
        self.assertEqual(
            self.paused(invoice, self.today + timedelta(days=6)), {invoice.invoice_date_due: 120.0}
        )
        self.credit(dispute)
        self.assertEqual(dispute.state, "resolved_partly")
        self.assertEqual(self.paused(invoice), {invoice.invoice_date_due: 180.0})
        self.assertEqual(
            self.paused(invoice, self.today + timedelta(days=5)), {invoice.invoice_date_due: 180.0}
        )
        self.assertFalse(self.paused(invoice, self.today + timedelta(days=6)))

    def test_rejected_with_the_grace_of_the_company(self):
        self.company.credit_dispute_grace_days = 3
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        dispute.with_user(self.controller)._decide({}, "The price list says so.")
        self.assertEqual(dispute.state, "resolved_rejected")
        self.assertEqual(dispute.grace_until, self.today + timedelta(days=3))
        self.assertTrue(self.paused(invoice, self.today + timedelta(days=3)))
        self.assertFalse(self.paused(invoice, self.today + timedelta(days=4)))
        dispute.with_user(self.collector)._reopen("New proof.")
        self.assertEqual((dispute.state, dispute.grace_until), ("investigating", False))
        self.assertEqual(self.paused(invoice), {invoice.invoice_date_due: 300.0})

    def test_credit_note_takes_the_disputed_instalment_first(self):
        invoice = self.make_invoice(1000.0, 40, invoice_payment_term_id=self.instalments.id)
        first, second = self.items_of(invoice).sorted("date_maturity")
        dispute = self.disputes._record(self.category, {second: 200.0}, "The second half")
        self.accept(dispute)
        self.credit(dispute)
        self.assertEqual(dispute.state, "resolved_credit")
        left = {item.date_maturity: item.amount_currency for item in self.items_of(invoice)}
        self.assertEqual(left, {first.date_maturity: 300.0, second.date_maturity: 500.0})

    def test_credit_note_of_a_part_keeps_taxes_and_total(self):
        tax = self.company_data["default_tax_sale"]
        other = tax.copy({"name": "7 %", "amount": 7.0})
        invoice = self.make_invoice(
            0.0,
            10,
            invoice_line_ids=[
                Command.create({"name": "A", "price_unit": 333.33, "tax_ids": [Command.set(tax.ids)]}),
                Command.create({"name": "B", "price_unit": 71.07, "tax_ids": [Command.set(other.ids)]}),
            ],
        )
        dispute = self.record(invoice, 123.45)
        self.accept(dispute)
        refund = self.credit(dispute, post=False)
        self.assertAlmostEqual(refund.amount_total, 123.45, 2)
        self.assertEqual(refund.line_ids.tax_line_id, tax | other)
        self.assertAlmostEqual(
            refund.amount_tax / refund.amount_total, invoice.amount_tax / invoice.amount_total, 3
        )
        refund.action_post()
        self.assertEqual(dispute.state, "resolved_credit")

    def test_whole_invoice_is_reversed_as_it_is(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice)
        self.accept(dispute)
        refund = self.credit(dispute)
        self.assertEqual(refund.reversed_entry_id, invoice)
        self.assertEqual(invoice.payment_state, "reversed")
        self.assertEqual(dispute.state, "resolved_credit")

    def test_several_invoices_and_currencies(self):
        one, two = self.make_invoice(1000.0, 10), self.make_invoice(500.0, 20)
        swiss = self.make_invoice(800.0, 15, currency_id=self.foreign.id)
        items = self.items_of(one, two, swiss)
        disputes = self.disputes._record(
            self.category, {item: item.amount_currency / 2 for item in items}, "Half of it"
        )
        self.assertEqual(len(disputes), 2)
        by_currency = {dispute.currency_id: dispute for dispute in disputes}
        self.assertEqual(by_currency[self.foreign].amount, 400.0)
        self.assertEqual(by_currency[self.foreign].amount_company, 200.0)
        dispute = by_currency[self.company.currency_id]
        self.assertEqual((dispute.amount, dispute.amount_company), (750.0, 750.0))
        self.accept(dispute)
        refunds = self.credit(dispute)
        self.assertEqual(refunds.reversed_entry_id, one | two)
        self.assertEqual(dispute.state, "resolved_credit")
        self.accept(by_currency[self.foreign])
        self.credit(by_currency[self.foreign])
        self.assertEqual(by_currency[self.foreign].state, "resolved_credit")
        self.assertEqual(swiss.amount_residual, 400.0)

    def test_instalments_of_an_entry_are_told_apart(self):
        invoice = self.make_invoice(1000.0, 40, invoice_payment_term_id=self.instalments.id)
        first, second = self.items_of(invoice).sorted("date_maturity")
        about_first = self.disputes._record(self.category, {first: 300.0}, "The first part")
        about_second = self.disputes._record(self.category, {second: 200.0}, "The second part")
        self.accept(about_second)
        credit = self.refund(200.0, post=False)
        about_second.with_user(self.accountant)._link_existing(credit)
        credit.action_post()
        line = invoice.line_ids.filtered(lambda line: line.date_maturity == first.date_maturity)
        matched = credit.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        (line | matched).reconcile()
        self.assertEqual(about_second.state, "accepted", "it was credited on the other instalment")
        self.pay_line(line, 100.0)
        self.assertEqual((about_first.state, about_second.state), ("resolved_paid", "accepted"))

    def pay_line(self, line, amount):
        payment = self.env["account.payment"].create(
            {"partner_id": self.customer.id, "amount": amount, "payment_type": "inbound"}
        )
        payment.action_post()
        receipt = payment.move_id.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        (line | receipt).reconcile()

    def refund(self, amount, post=True, **values):
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": self.today,
                "invoice_line_ids": [Command.create({"name": "Rebate", "price_unit": amount, "tax_ids": []})],
                **values,
            }
        )
        if post:
            refund.action_post()
        return refund

    def test_a_payment_is_no_credit_note(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.accept(dispute)
        self.credit(dispute, post=False)
        self.pay(invoice, 400.0)
        self.assertEqual((dispute.state, dispute.line_ids.amount_credited), ("accepted", 0.0))

    def test_credited_in_two_parts(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.accept(dispute)
        for amount, left, state in ((100.0, 200.0, "accepted"), (199.9, 0.1, "accepted"), (0.08, 0, "")):
            note = self.refund(amount)
            dispute.with_user(self.accountant)._link_existing(note)
            self.match(invoice, note)
            self.env.invalidate_all()
            self.assertEqual(dispute.state, state or "resolved_credit", "two units of a cent are forgiven")
            self.assertAlmostEqual(dispute.amount_open, left)
            self.assertAlmostEqual(sum(self.paused(invoice).values()), left)

    def test_still_in_dispute_is_no_more_than_is_open(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.pay(invoice, 900.0)
        self.env.invalidate_all()
        self.assertEqual(dispute.amount_open, 100.0)

    def test_a_paid_instalment_does_not_stop_the_credit_note(self):
        invoice = self.make_invoice(1000.0, 40, invoice_payment_term_id=self.instalments.id)
        first, second = self.items_of(invoice).sorted("date_maturity")
        dispute = self.disputes._record(self.category, {first: 300.0, second: 200.0}, "Both parts")
        lines = dispute.line_ids.sorted("date_maturity")
        dispute.with_user(self.controller)._decide({lines[0]: 300.0, lines[1]: 200.0}, "You are right.")
        note = self.credit(dispute, post=False)
        item = invoice.line_ids.filtered(lambda line: line.date_maturity == first.date_maturity)
        self.pay_line(item, 300.0)
        note.action_post()
        left = {item.date_maturity: item.amount_currency for item in self.items_of(invoice)}
        self.assertEqual(left, {second.date_maturity: 200.0})

    def test_credit_note_takes_the_instalment_that_was_accepted(self):
        invoice = self.make_invoice(1000.0, 40, invoice_payment_term_id=self.instalments.id)
        first, second = self.items_of(invoice).sorted("date_maturity")
        dispute = self.disputes._record(self.category, {first: 300.0, second: 200.0}, "Both parts")
        self.accept(dispute, 0.0, 200.0)
        self.credit(dispute)
        left = {item.date_maturity: item.amount_currency for item in self.items_of(invoice)}
        self.assertEqual(left, {first.date_maturity: 300.0, second.date_maturity: 500.0})

    def test_credit_notes_of_others_settle_nothing(self):
        dispute = self.record(self.make_invoice(1000.0, 10), 300.0)
        self.accept(dispute)
        data = self.setup_other_company()
        elsewhere = {"company_id": data["company"].id, "journal_id": data["default_journal_sale"].id}
        for wrong in (
            self.refund(300.0, partner_id=self.make_partner("Fremde AG").id),
            self.refund(300.0, currency_id=self.foreign.id),
            self.refund(300.0, **elsewhere),
            self.make_invoice(300.0, 10),
            self.env["account.move"],
        ):
            with self.assertRaisesRegex(UserError, "Choose a credit note"):
                dispute._link_existing(wrong)
        with self.assertRaises(AccessError):
            dispute.with_user(self.collector)._link_existing(self.refund(300.0).with_user(self.collector))

    def test_credit_notes_are_written_once(self):
        dispute = self.record(self.make_invoice(1000.0, 10), 300.0)
        self.accept(dispute)
        self.assertFalse(dispute.grace_until, "nothing was rejected")
        note = self.credit(dispute, post=False)
        self.assertEqual(self.credit(dispute, post=False), note)
        self.assertEqual(dispute.sudo().credit_move_ids, note)
        note.button_cancel()
        self.assertNotEqual(self.credit(dispute, post=False), note)

    def test_what_a_dispute_is_about(self):
        invoice = self.make_invoice(1000.0, 10)
        foreign = self.make_invoice(1000.0, 10, partner_id=self.make_partner("Fremde AG").id)
        data = self.setup_other_company()
        theirs = self.make_invoice(
            1000.0, 10, company_id=data["company"].id, journal_id=data["default_journal_sale"].id
        )
        for other in (foreign, theirs):
            amounts = dict.fromkeys(self.items_of(invoice, other), 10.0)
            self.assertEqual(len(amounts), 2)
            with self.assertRaisesRegex(UserError, "one customer and one company"):
                self.disputes._record(self.category, amounts, "Both")
        for wrong in (-1.0, 1000.01):
            with self.assertRaisesRegex(UserError, "cannot be disputed"):
                self.record(invoice, wrong)

    def test_what_was_rejected_is_disputed_again_in_its_days_of_grace(self):
        invoice = self.make_invoice(1000.0, 10)
        self.record(invoice).with_user(self.controller)._decide({}, "The price list says so.", 5)
        self.assertTrue(self.paused(invoice))
        self.assertEqual(self.record(invoice, 400.0).amount, 400.0)

    def test_opened_again_from_the_start(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.accept(dispute, 120.0)
        with self.assertRaises(UserError):
            dispute._reopen("Nobody ended it")
        dispute._withdraw("Settled by telephone")
        with self.assertRaises(AccessError):
            dispute.with_user(self.collector).deadline = self.today
        dispute._reopen("New proof")
        self.assertEqual((dispute.state, dispute.amount_accepted), ("investigating", 0.0))
        self.assertEqual(dispute.amount_open, 300.0)

    def test_in_doubt_on_a_day(self):
        """What counts as disputed at the end of a day that is over."""
        invoice = self.make_invoice(1000.0, 30)
        raised, decided = self.today - timedelta(days=9), self.today - timedelta(days=4)
        dispute = self.record(invoice, 300.0, date=raised)
        self.accept(dispute, 120.0)
        dispute.sudo().write({"decided_on": decided, "grace_until": decided + timedelta(days=2)})
        self.env.flush_all()

        def doubt(day):
            part = self.env["ar.item.pause"]._dispute_parts_on(self.company, day)
            rows = self.env.execute_query(part)
            return sorted(float(row[3]) for row in rows if row[0] == invoice.id)

        self.assertEqual(doubt(raised - timedelta(days=1)), [])
        self.assertEqual(doubt(raised), [300.0])
        self.assertEqual(doubt(decided - timedelta(days=1)), [300.0])
        self.assertEqual(doubt(decided), [120.0, 180.0], "180 was rejected and has its days of grace")
        self.assertEqual(doubt(decided + timedelta(days=2)), [120.0, 180.0])
        self.assertEqual(doubt(decided + timedelta(days=3)), [120.0])

    def test_paid_after_all_and_payment_undone(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        payment = self.pay(invoice, 700.0)
        self.assertEqual(dispute.state, "new")
        self.pay(invoice)
        self.assertEqual(dispute.state, "resolved_paid")
        payment.action_draft()
        self.assertEqual(dispute.state, "investigating")
        self.assertEqual(dispute.amount_open, 300.0)

    def test_existing_credit_note_is_linked_once(self):
        invoice = self.make_invoice(1000.0, 10)
        first = self.record(invoice, 300.0)
        second = self.record(invoice, 300.0)
        self.accept(first)
        self.accept(second)
        refund = self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_date": self.today,
                "invoice_line_ids": [Command.create({"name": "Rebate", "price_unit": 300.0, "tax_ids": []})],
            }
        )
        first.with_user(self.accountant)._link_existing(refund)
        with self.assertRaises(UserError):
            second.with_user(self.accountant)._link_existing(refund)
        refund.action_post()
        self.assertEqual(first.state, "accepted", "posted and not matched")
        self.match(invoice, refund)
        self.assertEqual((first.state, second.state), ("resolved_credit", "accepted"))

    def test_confirmation_number_before_the_credit_note(self):
        self.category.needs_confirmation = True
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.accept(dispute)
        with self.assertRaises(UserError):
            self.credit(dispute)
        dispute.confirmation_number = "4401 2026"
        self.assertTrue(self.credit(dispute))

    def test_invoice_reset_to_draft_keeps_the_dispute(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        invoice.button_draft()
        invoice.action_post()
        self.assertEqual(dispute.line_ids.move_id, invoice)
        self.assertEqual(dispute.state in ("new", "investigating"), True)
        self.assertEqual(dispute.amount_open, 300.0)

    def test_decided_once_a_credit_note_is_posted(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 300.0)
        self.accept(dispute)
        refund = self.credit(dispute)
        refund.line_ids.remove_move_reconcile()
        with self.assertRaises(UserError):
            dispute.with_user(self.controller)._decide({}, "No after all")
        with self.assertRaises(UserError):
            dispute.with_user(self.controller)._withdraw("No after all")

    def test_accept_within_the_disputed_amount(self):
        dispute = self.record(self.make_invoice(1000.0, 10), 300.0)
        for wrong in (-1.0, 300.01):
            with self.assertRaises(UserError):
                dispute.with_user(self.controller)._decide({dispute.line_ids: wrong}, "So be it")
        with self.assertRaises(UserError):
            dispute.with_user(self.controller)._decide({dispute.line_ids: 100.0}, " ")

    def test_a_thousand_reconciliations_do_not_ask_each_dispute(self):
        """Judging takes the same number of statements for one dispute and for six."""

        def queries(count):
            disputes = self.disputes.union(
                *(self.record(self.make_invoice(100.0, 10), 50.0) for _number in range(count))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            disputes._judge()
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(1), queries(6))


@tagged("post_install", "-at_install")
class TestDisputePeople(DisputeCase):
    def test_the_schedule_judges_what_can_change(self):
        """Disputes that ended for good are not read again every night; what the ledger reopened is."""
        open_one, paid, credited, partly = (self.record(self.make_invoice(200.0, 10)) for _number in range(4))
        self.pay(paid.line_ids.move_id)
        for dispute, amount in ((credited, 200), (partly, 50)):
            self.accept(dispute, amount)
            self.credit(dispute)
        self.assertEqual(
            [dispute.state for dispute in (open_one, paid, credited, partly)],
            ["new", "resolved_paid", "resolved_credit", "resolved_partly"],
        )
        ours = open_one | paid | credited | partly
        self.assertEqual(self.disputes._select_to_judge() & ours, open_one | partly, "150 are still open")
        # Undone past the methods, as a tool on the database would.
        for dispute in (paid, credited):
            lines = dispute.line_ids.move_id.line_ids
            self.env.flush_all()
            self.env.cr.execute(
                "DELETE FROM account_partial_reconcile WHERE debit_move_id = ANY(%s)", [lines.ids]
            )
            self.env.cr.execute(
                """UPDATE account_move_line
                      SET amount_residual = balance,
                          amount_residual_currency = amount_currency,
                          reconciled = FALSE
                    WHERE id = ANY(%s) AND date_maturity IS NOT NULL""",
                [lines.ids],
            )
            self.env.invalidate_all()
        self.assertEqual(self.disputes._select_to_judge() & ours, ours)
        with self.enter_registry_test_mode():
            self.env.ref("ar_credit_control.cron_dispute").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(
            [dispute.state for dispute in (open_one, paid, credited, partly)],
            ["new", "investigating", "accepted", "resolved_partly"],
        )

    def test_owner_follows_the_category(self):
        invoice = self.make_invoice(1000.0, 10, invoice_user_id=self.salesperson.id)
        self.assertEqual(self.record(invoice, 100.0).owner_id, self.salesperson)
        self.quality.with_company(self.company).user_id = self.stranger
        self.assertEqual(self.record(invoice, 100.0, self.quality).owner_id, self.stranger)
        self.stranger.active = False
        self.assertTrue(
            self.record(invoice, 100.0, self.quality).owner_id.has_group(
                "ar_credit_control.group_credit_manager"
            )
        )

    def test_owner_is_who_works_for_the_company(self):
        other = self.setup_other_company()["company"]
        outsider = self.make_user("credit_out", "base.group_user")
        outsider.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        portal = self.make_user("credit_portal", "base.group_portal")
        owners = self.quality.with_company(self.company)
        for user in (outsider, portal):
            owners.user_id = user
            owner = self.record(self.make_invoice(100.0, 10), 10.0, self.quality).owner_id
            self.assertTrue(owner.has_group("ar_credit_control.group_credit_manager"), user.login)

    def test_owner_is_who_sold_most_of_it(self):
        small = self.make_invoice(100.0, 10, invoice_user_id=self.credit_user.id)
        large = self.make_invoice(1000.0, 20, invoice_user_id=self.salesperson.id)
        for order in ((small, large), (large, small)):
            amounts = {item: 10.0 for move in order for item in self.items_of(move)}
            dispute = self.disputes._record(self.category, amounts, "Too expensive")
            self.assertEqual(dispute.owner_id, self.salesperson)

    def test_deadline_counts_working_days(self):
        # 10 working days after Monday 2 March 2026 are two weeks
        with freeze_time("2026-03-02 12:00:00"):
            dispute = self.record(self.make_invoice(1000.0, 10), 100.0, date=self.company._credit_today())
        self.assertEqual(str(dispute.deadline), "2026-03-16")
        self.company.resource_calendar_id = False
        self.assertEqual(str(self.disputes._plan_days(self.company, dispute.date, 10)), "2026-03-16")

    def test_deadline_counts_weekends_that_are_worked(self):
        calendar = self.company.resource_calendar_id
        calendar.tz = "UTC"
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Worked",
                "time_type": "other",
                "calendar_id": calendar.id,
                "date_from": "2026-03-07 00:00:00",
                "date_to": "2026-03-07 23:59:59",
            }
        )
        monday = fields.Date.to_date("2026-03-02")
        self.assertEqual(str(self.disputes._plan_days(self.company, monday, 5)), "2026-03-07")
        self.assertEqual(str(self.disputes._plan_days(self.company, monday, 10)), "2026-03-13")

    def test_owner_first_then_the_manager(self):
        self.quality.with_company(self.company).user_id = self.stranger
        dispute = self.record(self.make_invoice(1000.0, 10), 100.0, self.quality)
        self.assertEqual(dispute.activity_ids.user_id, self.stranger)
        late = dispute.deadline + timedelta(days=1)
        manager_day = self.disputes._plan_days(self.company, dispute.deadline, 3) + timedelta(days=1)
        with freeze_time(f"{dispute.deadline} 12:00:00"):
            self.disputes._select_late()._escalate_each()
        self.assertFalse(dispute.escalation)
        with freeze_time(f"{late} 12:00:00"):
            self.disputes._select_late()._escalate_each()
            self.assertFalse(self.disputes._select_late() & dispute, "once")
        self.assertEqual(dispute.escalation, "owner")
        with freeze_time(f"{manager_day - timedelta(days=1)} 12:00:00"):
            self.disputes._select_late()._escalate_each()
        self.assertEqual(dispute.escalation, "owner", "on the last day")
        with freeze_time(f"{manager_day} 12:00:00"):
            self.disputes._select_late()._escalate_each()
        self.assertEqual(dispute.escalation, "manager")
        self.assertTrue(
            any(
                user.has_group("ar_credit_control.group_credit_manager")
                for user in dispute.activity_ids.user_id
            )
        )
        dispute.with_user(self.controller)._withdraw("Settled by telephone")
        self.assertFalse(dispute.activity_ids)

    def test_the_manager_hears_at_once_where_the_owner_is_gone(self):
        self.quality.with_company(self.company).user_id = self.stranger
        dispute = self.record(self.make_invoice(1000.0, 10), 100.0, self.quality)
        self.stranger.active = False
        late = dispute.deadline + timedelta(days=1)
        with freeze_time(f"{late} 12:00:00"):
            self.disputes._select_late()._escalate_each()
        self.assertEqual(dispute.escalation, "manager")

    def test_nobody_hears_of_what_was_dealt_with_meanwhile(self):
        late, again, put_off = (self.record(self.make_invoice(1000.0, 10), 100.0) for _number in range(3))
        day = late.deadline + timedelta(days=1)
        with freeze_time(f"{day} 12:00:00"):
            waiting = self.disputes._select_late() & (late | again | put_off)
            self.assertEqual(waiting, late | again | put_off)
            late._withdraw("Settled by telephone")
            put_off.deadline = day
            again._escalate()
            tasks = again.activity_ids
            for dispute in waiting:
                dispute._escalate_late()
        self.assertFalse(late.activity_ids)
        self.assertEqual(again.activity_ids, tasks)
        self.assertFalse(put_off.escalation, "it is due today")

    def test_who_may_write_it_is_asked_for_the_credit_note(self):
        self.quality.with_company(self.company).user_id = self.stranger
        dispute = self.record(self.make_invoice(1000.0, 10), 100.0, self.quality)
        self.accept(dispute, user=self.stranger)
        asked = dispute.sudo().activity_ids.user_id
        self.assertTrue(asked)
        self.assertTrue(self.env["account.move"].with_user(asked).has_access("create"))

    def test_salesperson_records_for_own_customers_only(self):
        invoice = self.make_invoice(1000.0, 10)
        other = self.make_invoice(1000.0, 10, partner_id=self.make_partner("Fremde AG").id)
        form = self.env["ar.dispute.record"].with_user(self.credit_user)
        action = form._open_form(invoice.with_user(self.credit_user))
        record = form.browse(action["res_id"])
        record.write({"description": "Wrong price", "category_id": self.category.id})
        record.line_ids.amount = 250.0
        dispute = self.disputes.browse(record.action_record()["res_id"])
        self.assertEqual((dispute.amount, dispute.create_uid), (250.0, self.credit_user))
        self.assertEqual(dispute.with_user(self.credit_user).description, "Wrong price")
        with self.assertRaises(UserError):
            form._open_form(other.partner_id.with_user(self.credit_user))
        # a forged line does not help either
        record.line_ids.item = self.items_of(other).id
        with self.assertRaises(UserError):
            record.action_record()

    def test_auditor_records_and_decides_nothing(self):
        invoice = self.make_invoice(1000.0, 10)
        dispute = self.record(invoice, 100.0)
        self.assertEqual(dispute.with_user(self.auditor).amount, 100.0)
        record = self.env["ar.dispute.record"].with_user(self.auditor)
        record = record.browse(record._open_form(invoice.with_user(self.auditor))["res_id"])
        record.description = "No"
        record.line_ids.amount = 10.0
        dispute.sudo().owner_id = self.auditor
        for forbidden in (
            record.action_record,
            dispute.with_user(self.auditor).action_start,
            lambda: dispute.with_user(self.auditor)._decide({}, "No"),
            lambda: dispute.with_user(self.auditor)._withdraw("No"),
        ):
            with self.assertRaises(AccessError):
                forbidden()

    def test_who_decides(self):
        self.quality.with_company(self.company).user_id = self.stranger
        dispute = self.record(self.make_invoice(1000.0, 10), 100.0, self.quality)
        for user in (self.collector, self.credit_user):
            with self.assertRaises(AccessError):
                dispute.with_user(user)._decide({}, "No")
        for user in (self.salesperson,):
            with self.assertRaises(AccessError):
                dispute.with_user(user).read(["amount"])
        dispute.with_user(self.stranger).action_start()
        dispute.with_user(self.stranger)._decide({dispute.line_ids: 40.0}, "Four pieces were broken")
        self.assertEqual(dispute.state, "accepted")
        with self.assertRaises(AccessError):
            dispute.with_user(self.stranger).action_create_credit_note()

    def test_nothing_is_written_past_the_decisions(self):
        dispute = self.record(self.make_invoice(1000.0, 10), 100.0)
        manager = dispute.with_user(self.manager)
        for vals in (
            {"state": "cancelled"},
            {"amount_company": 1.0},
            {"description": "x"},
            {"decided_on": self.today},
        ):
            with self.assertRaises(AccessError):
                manager.write(vals)
        with self.assertRaises(AccessError):
            manager.line_ids.write({"amount": 1.0})
        with self.assertRaises(AccessError):
            manager.create({"partner_id": self.customer.id})
        with self.assertRaises(UserError):
            dispute.unlink()
        manager.write({"deadline": self.today, "owner_id": self.collector.id})
        self.assertEqual(dispute.activity_ids.user_id, self.collector)

    def test_owner_writes_notes(self):
        self.quality.with_company(self.company).user_id = self.stranger
        dispute = self.record(self.make_invoice(1000.0, 10), 100.0, self.quality)
        dispute.with_user(self.stranger).message_post(body="Looking at the batch", message_type="comment")
        self.assertIn("Looking at the batch", dispute.message_ids[0].body)
        with self.assertRaises(AccessError):
            dispute.with_user(self.credit_user).message_post(body="Me too", message_type="comment")

    def test_pauses_of_several_companies_at_once(self):
        invoice = self.make_invoice(1000.0, 10)
        self.record(invoice, 100.0)
        self.env.flush_all()
        roots = self.env["res.company"].search([("parent_id", "=", False)])
        rows = self.env.execute_query(self.env["ar.item.pause"]._pause_sql(roots, self.today))
        self.assertIn((invoice.id, 100.0), [(row[0], row[3]) for row in rows])

    def test_files_are_kept(self):
        document = self.env["ir.attachment"].create({"name": "photo.png", "raw": b"x"})
        dispute = self.record(self.make_invoice(1000.0, 10), 100.0, documents=document)
        self.assertEqual((document.res_model, document.res_id), ("ar.dispute", dispute.id))
        with self.assertRaises(UserError):
            document.unlink()

    def test_other_company_sees_nothing(self):
        other = self.setup_other_company()["company"]
        dispute = self.record(self.make_invoice(1000.0, 10), 100.0)
        outsider = self.make_user("credit_out", "ar_credit_control.group_credit_manager")
        outsider.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        self.assertFalse(self.disputes.with_user(outsider).search([("id", "=", dispute.id)]))
        self.env.flush_all()
        rows = self.env.execute_query(self.env["ar.item.pause"]._pause_sql(other, self.today))
        self.assertFalse(rows)

    def test_statistics(self):
        invoice = self.make_invoice(1000.0, 10)
        solved = self.record(invoice, 100.0)
        self.record(invoice, 200.0)
        solved.with_user(self.controller)._decide({}, "No")
        solved.sudo().write({"date": self.today - timedelta(days=4)})
        self.env.flush_all()
        [(count, amount, days)] = self.env["ar.dispute.statistic"]._read_group(
            [("company_id", "=", self.company.id), ("category_id", "=", self.category.id)],
            [],
            ["count:sum", "amount:sum", "days_to_solve:avg"],
        )
        self.assertEqual((count, amount, days), (2, 300.0, 4.0))
