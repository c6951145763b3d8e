import datetime

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common_interest import DATE, InterestCase


@tagged("post_install", "-at_install")
class TestInterestClaim(InterestCase):
    """Claims as evidence: no day twice, past the principal, to the debit note, waived by two people."""

    def held(self, partner=None):
        return self.claims.search(
            [("partner_id", "=", (partner or self.customer).id), ("state", "!=", "cancelled")]
        )

    def claim_and_post(self):
        """The claim of the customer until the 30th, posted by the controller."""
        claim = self.claim("2023-01-30")
        claim.with_user(self.controller).action_post()
        return claim

    def total(self, partner=None):
        return sum(self.held(partner).mapped("amount_interest"))

    # no day twice, and what the ledger changes

    def test_no_day_is_claimed_twice(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        first = self.claim("2023-01-30")
        self.assertEqual(
            (str(first.date_from), str(first.date_to), first.days, first.amount_interest),
            ("2023-01-11", "2023-01-30", 20, 5.48),
        )
        self.assertEqual(first.principal, 1000.0)
        self.assertEqual(first.segment_ids.mapped("principal"), [1000.0])
        self.assertFalse(self.claim("2023-01-30"))
        self.assertFalse(self.claim("2023-01-20"))
        second = self.claim("2023-02-09")
        self.assertEqual((str(second.date_from), second.days, second.occurrence), ("2023-01-31", 10, 2))
        self.assertEqual(second.move_id, invoice)
        self.assertFalse(self.claim("2023-02-09"))

    def test_one_day_in_words(self):
        self.make_invoice("2023-01-10", 1000.0)
        self.assertIn("01/11/2023: 1 day at 10 %", self.claim("2023-01-11").explanation)
        self.assertIn("01/12/2023 to 01/13/2023: 2 days at 10 %", self.claim("2023-01-13").explanation)

    def test_dropped_days_may_be_claimed_again(self):
        self.make_invoice("2023-01-10", 1000.0)
        first = self.claim("2023-01-30")
        first.with_user(self.collector).action_drop()
        again = self.claim("2023-01-30")
        self.assertEqual(again.amount_interest, first.amount_interest)
        again.sudo().state = "claimed"
        with self.assertRaisesRegex(UserError, "waiver"):
            again.with_user(self.collector).action_drop()

    def test_claim_outlives_the_principal(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.pay(invoice, "2023-02-09")
        self.assertEqual(claim.state, "open")
        rest = self.claim("2023-12-31")
        self.assertEqual((str(rest.date_to), rest.principal), ("2023-02-09", 0.0))
        self.assertEqual(self.total(), 5.48 + 2.74)

    def test_paid_in_full_before_anything_was_claimed(self):
        invoice = self.make_invoice(self.today - datetime.timedelta(days=60), 1000.0)
        self.pay(invoice, self.today - datetime.timedelta(days=10))
        rows = self.env["ar.interest.accrual"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(rows.mapped("is_settled"), [True])
        self.assertEqual(rows.days, 50)
        claim = self.claim(self.today, settled_only=True)
        self.assertEqual(claim.amount_interest, round(1000 * 0.1 * 50 / 365, 2))
        self.env.invalidate_all()
        self.assertFalse(rows.search([("partner_id", "=", self.customer.id), ("interest", "!=", 0)]))

    def test_settled_only_leaves_open_items(self):
        self.make_invoice("2023-01-10", 1000.0)
        self.assertFalse(self.claim("2023-02-10", settled_only=True))
        self.assertTrue(self.claim("2023-02-10"))

    def test_undone_payment_opens_its_days_again(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        payment = self.pay(invoice, "2023-01-20", 400.0)
        self.claim("2023-01-30")
        self.assertEqual(self.total(), round(1000 * 0.1 * 10 / 365, 2) + round(600 * 0.1 * 10 / 365, 2))
        payment.move_id.line_ids.remove_move_reconcile()
        again = self.claim("2023-01-30")
        self.assertEqual(
            [(str(s.date_from), str(s.date_to), s.principal) for s in again.segment_ids],
            [("2023-01-21", "2023-01-30", 400.0)],
        )
        self.assertEqual(again.amount_interest, round(400 * 0.1 * 10 / 365, 2))

    def test_payment_dated_back_is_taken_off(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.claim("2023-01-30")
        self.pay(invoice, "2023-01-20")
        correction = self.claim("2023-01-30")
        self.assertEqual(correction.segment_ids.principal, -1000.0)
        self.assertEqual(correction.days, 10)
        self.assertAlmostEqual(self.total(), round(1000 * 0.1 * 10 / 365, 2), delta=0.011)
        self.assertFalse(self.claim("2023-01-30"))

    # what was never owed

    def credit(self, invoice, amount=None):
        """A credit note of the invoice itself, dated today; its own amount or a part."""
        refund = invoice._reverse_moves([{"invoice_date": self.today, "date": self.today}])
        if amount:
            refund.invoice_line_ids.price_unit = amount
        refund.action_post()
        (self.item(invoice) | self.item(refund)).filtered(lambda line: not line.reconciled).reconcile()
        return refund

    def commit(self):
        """What happens when the transaction is committed, without committing."""
        self.env.cr.flush()

    def test_credited_invoice_bears_neither_interest_nor_fixed_sum(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        for grace in (0, 7):
            self.scheme.grace_days = grace
            partner = self.make_customer(f"Grace {grace}")
            self.credit(self.make_invoice("2023-01-10", 1000.0, partner=partner))
            self.assertFalse(self.claim(self.today, partner=partner))
            # looked at before the credit note, too: it was never owed
            self.assertFalse(self.claim("2023-02-10", partner=partner))

    def test_credited_part_bears_none_from_the_first_day(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.credit(invoice, 400.0)
        self.pay(invoice, "2023-01-30")
        claim = self.claim(self.today)
        self.assertEqual((claim.segment_ids.principal, claim.days), (600.0, 20))
        self.assertEqual(claim.amount_interest, round(600 * 0.1 * 20 / 365, 2))

    def test_credit_note_of_a_dispute(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.claim("2023-02-19")
        item = self.env["ar.aging.report"].search([("move_id", "=", invoice.id)])
        category = self.env.ref("ar_credit_control.dispute_category_price")
        dispute = self.env["ar.dispute"]._record(category, {item: 400.0}, "Too expensive")
        dispute.with_user(self.controller)._decide({dispute.line_ids: 400.0}, "They are right.")
        # written by hand: it reverses nothing
        note = self.make_invoice("2023-02-19", 500.0, move_type="out_refund", invoice_date=DATE("2023-02-19"))
        (self.item(invoice) | self.item(note)).reconcile()
        self.commit()
        self.assertAlmostEqual(self.total(), 1000 * 0.1 * 40 / 365, delta=0.011)
        dispute.sudo()._link_existing(note.sudo())
        self.commit()
        self.assertEqual(dispute.state, "resolved_credit")
        self.assertAlmostEqual(self.total(), 500 * 0.1 * 40 / 365, delta=0.011)
        self.assertFalse(self.claim("2023-02-19"))

    def test_reversed_entry_was_never_owed(self):
        self.company.dunning_manual_entries = "include"
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.company_data["default_journal_misc"].id,
                "date": "2023-01-01",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": self.company_data["default_account_receivable"].id,
                            "partner_id": self.customer.id,
                            "debit": 1000.0,
                            "date_maturity": "2023-01-10",
                        }
                    ),
                    Command.create(
                        {"account_id": self.company_data["default_account_revenue"].id, "credit": 1000.0}
                    ),
                ],
            }
        )
        entry.action_post()
        claim = self.claim("2023-01-30")
        self.assertEqual(claim.move_id, entry)
        entry._reverse_moves([{"date": self.today}], cancel=True)
        self.commit()
        self.assertEqual(claim.state, "cancelled")
        self.assertFalse(self.held())

    def test_credit_note_of_a_dispute_about_another_invoice(self):
        """What it takes off an invoice that nobody disputed was owed until then."""
        disputed = self.make_invoice("2023-01-10", 300.0)
        item = self.env["ar.aging.report"].search([("move_id", "=", disputed.id)])
        category = self.env.ref("ar_credit_control.dispute_category_price")
        dispute = self.env["ar.dispute"]._record(category, {item: 300.0}, "Too expensive")
        dispute.with_user(self.controller)._decide({dispute.line_ids: 300.0}, "They are right.")
        note = self.make_invoice("2023-02-09", 500.0, move_type="out_refund", invoice_date=DATE("2023-02-09"))
        dispute.sudo()._link_existing(note.sudo())
        invoice = self.make_invoice("2023-01-10", 1000.0)
        (self.item(disputed) | self.item(note)).reconcile()
        (self.item(invoice) | self.item(note)).reconcile()
        self.commit()
        claim = self.claim("2023-02-19")
        self.assertEqual(claim.move_id, invoice)
        self.assertEqual(claim.segment_ids.sorted("date_from").mapped("principal"), [1000.0, 800.0])

    def test_claims_that_wait_are_dropped_with_the_credit_note(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claims = self.claim("2023-01-30") | self.claim("2023-02-09")
        claims[0].sudo().state = "claimed"
        refund = self.credit(invoice)
        self.commit()
        self.assertEqual(set(claims.mapped("state")), {"cancelled"})
        self.assertIn("not owed", str(claims[0].message_ids[0].body))
        self.assertFalse(self.held())
        self.assertFalse(self.claim(self.today))
        # and come back when it is undone
        refund.line_ids.remove_move_reconcile()
        again = self.claim("2023-02-09")
        self.assertEqual((again.amount_interest, again.amount_fee), (8.22, 40.0))

    def test_cents_of_rounding_do_not_keep_claims(self):
        """Six days one by one are 0.27 each, in one go 1.64."""
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claims = self.claims.union(*(self.claim(f"2023-01-{day}") for day in range(11, 17)))
        claims.sudo().state = "claimed"
        self.credit(invoice)
        self.commit()
        self.assertEqual(set(claims.mapped("state")), {"cancelled"})
        self.assertFalse(self.held())

    def test_corrections_of_what_was_posted_are_named_to_who_posted_it(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        invoice = self.make_invoice("2023-01-10", 1000.0)
        first = self.claim("2023-01-30")
        first.with_user(self.controller).action_post()
        second = self.claim("2023-02-09")
        self.credit(invoice)
        self.commit()
        self.assertEqual(second.state, "cancelled", "nobody was asked for it")
        correction = self.held() - first
        self.assertEqual((correction.amount_interest, correction.amount_fee), (-5.48, -40.0))
        self.assertEqual((correction.state, str(correction.date)), ("open", "2023-02-09"))
        task = correction.activity_ids
        self.assertEqual(task.user_id, self.controller)
        self.assertIn("45.48", task.note)
        correction.with_user(self.controller).action_post()
        note = correction.debit_move_id
        self.assertEqual((note.move_type, note.amount_total), ("out_refund", 45.48))
        self.assertFalse(correction.activity_ids)
        self.assertFalse(self.claim(self.today))

    def test_credited_part_of_what_nobody_was_asked_for(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claims = self.claim("2023-01-30") | self.claim("2023-02-09")
        self.credit(invoice, 400.0)
        self.commit()
        again = self.held()
        self.assertFalse(again & claims)
        self.assertEqual((again.segment_ids.principal, again.days), (600.0, 30))
        self.assertFalse(again.activity_ids)

    def test_credited_part_of_what_was_posted(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        self.credit(invoice, 400.0)
        self.commit()
        correction = self.held() - claim
        self.assertEqual(correction.amount_interest, -round(400 * 0.1 * 20 / 365, 2))
        self.assertTrue(correction.activity_ids)
        self.credit(invoice, 100.0)
        self.commit()
        self.assertEqual((correction.state, len(correction.activity_ids)), ("cancelled", 0), "counted anew")
        self.assertAlmostEqual(self.total(), 500 * 0.1 * 20 / 365, delta=0.011)

    def test_what_was_waived_is_not_given_back(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        for amount, left in ((None, 0.0), (1.48, 44.0), (15.48, 30.0)):
            partner = self.make_customer(f"Waived {left}")
            invoice = self.make_invoice("2023-01-10", 1000.0, partner=partner)
            claim = self.claim("2023-01-30", partner=partner)
            claim.with_user(self.controller).action_post()
            self.waive(claim, amount=amount)
            claim.with_user(self.controller).action_approve_waiver()
            self.credit(invoice)
            self.commit()
            correction = self.held(partner) - claim
            self.assertAlmostEqual(-sum(correction.mapped("amount_total")), left)
            self.assertFalse(self.claim(self.today, partner=partner))

    def test_what_somebody_works_on_is_corrected_not_dropped(self):
        """Asked for by a letter, about to be waived, or with a debit note that waits to be posted."""
        for name in ("letter", "waiver", "debit note"):
            partner = self.make_customer(f"Works on a {name}")
            invoice = self.make_invoice("2023-01-10", 1000.0, partner=partner)
            claim = self.claim("2023-01-30", partner=partner)
            if name == "letter":
                claim.sudo().state = "claimed"
            elif name == "waiver":
                self.waive(claim, amount=1.48)
            else:
                claim.with_user(self.controller).action_post()
                claim.debit_move_id.button_draft()
            state = claim.state
            self.credit(invoice, 400.0)
            self.commit()
            self.assertEqual(claim.state, state, name)
            correction = self.held(partner) - claim
            self.assertEqual(correction.amount_interest, -round(400 * 0.1 * 20 / 365, 2), name)

    def test_corrections_do_not_wait_for_what_is_blocked(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        self.credit(invoice, 400.0)
        invoice.action_toggle_block_payment()
        self.assertEqual(invoice.payment_state, "blocked")
        self.commit()
        self.assertEqual((self.held() - claim).amount_interest, -round(400 * 0.1 * 20 / 365, 2))

    def test_credit_note_for_something_else_is_set_off_at_its_date(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        note = self.make_invoice(
            "2023-02-09", 1000.0, move_type="out_refund", invoice_date=DATE("2023-02-09")
        )
        (self.item(invoice) | self.item(note)).reconcile()
        self.commit()
        self.assertEqual((self.held(), claim.state), (claim, "open"))
        self.assertEqual(self.claim("2023-12-31").days, 10)

    # what was paid before it was known

    def make_receipt(self, day, amount, **vals):
        """A receipt booked on a day that nobody has applied yet."""
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.customer.id,
                "amount": amount,
                "date": DATE(day),
                **vals,
            }
        )
        payment.action_post()
        return payment

    def apply(self, receipt, invoice):
        """Match what is open of both, as it is done days after the receipt."""
        (self.item(invoice) | self.item(receipt.move_id)).filtered(
            lambda line: not line.reconciled
        ).reconcile()
        self.commit()

    def test_receipt_applied_late_is_taken_off(self):
        """Paid on the 20th, applied after the interest until the 30th was posted."""
        receipt = self.make_receipt("2023-01-20", 1000.0)
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        self.apply(receipt, invoice)
        correction = self.held() - claim
        self.assertEqual(correction.amount_interest, -round(1000 * 0.1 * 10 / 365, 2))
        self.assertEqual((str(correction.date_from), str(correction.date_to)), ("2023-01-21", "2023-01-30"))
        self.assertEqual(correction.activity_ids.user_id, self.controller)
        self.assertIn("2.74", correction.activity_ids.note)
        self.assertFalse(self.claim(self.today))
        correction.with_user(self.controller).action_post()
        self.assertEqual(correction.debit_move_id.move_type, "out_refund")

    def test_receipt_applied_late_to_what_nobody_was_asked_for(self):
        receipt = self.make_receipt("2023-01-20", 400.0)
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.apply(receipt, invoice)
        self.assertEqual(claim.state, "cancelled")
        self.assertEqual(self.held().segment_ids.mapped("principal"), [1000.0, 600.0])
        self.assertFalse(self.held().activity_ids)

    def test_receipt_applied_late_to_what_a_letter_asked_for(self):
        """It stays as evidence; the correction is taken off the next letter."""
        receipt = self.make_receipt("2023-01-20", 400.0)
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        claim.sudo().state = "claimed"
        self.apply(receipt, invoice)
        correction = self.held() - claim
        self.assertEqual((claim.state, correction.state), ("claimed", "open"))
        self.assertEqual(correction.amount_interest, -round(400 * 0.1 * 10 / 365, 2))
        self.assertFalse(correction.activity_ids, "nothing was posted")

    def test_receipt_of_the_due_date_applied_late_takes_all_off(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        receipt = self.make_receipt("2023-01-10", 1000.0)
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.apply(receipt, invoice)
        self.assertEqual(claim.state, "cancelled")
        self.assertFalse(self.held())

    def test_fixed_sum_alone_is_taken_off(self):
        """The interest was below the smallest claim."""
        self.scheme.write(
            {"min_amount": 30.0, "fee_ids": [Command.create({"amount_from": 0, "amount": 40.0})]}
        )
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.assertEqual((claim.amount_interest, claim.amount_fee), (0.0, 40.0))
        claim.with_user(self.controller).action_post()
        self.apply(self.make_receipt("2023-01-10", 1000.0), invoice)
        correction = self.held() - claim
        self.assertEqual((correction.amount_interest, correction.amount_fee), (0.0, -40.0))
        self.assertTrue(correction.activity_ids)

    def test_receipt_after_the_days_of_a_claim_corrects_nothing(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.apply(self.make_receipt("2023-01-30", 1000.0), invoice)
        self.assertEqual((self.held(), claim.state), (claim, "open"))

    def test_credit_note_for_something_else_applied_late(self):
        """It could be set off from its date on."""
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        note = self.make_invoice(
            "2023-01-20", 1000.0, move_type="out_refund", invoice_date=DATE("2023-01-20")
        )
        (self.item(invoice) | self.item(note)).reconcile()
        self.commit()
        self.assertEqual((self.held() - claim).amount_interest, -round(1000 * 0.1 * 10 / 365, 2))

    def test_correction_goes_when_the_matching_is_undone(self):
        receipt = self.make_receipt("2023-01-20", 1000.0)
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        self.apply(receipt, invoice)
        correction = self.held() - claim
        receipt.move_id.line_ids.remove_move_reconcile()
        self.commit()
        self.assertEqual((correction.state, len(correction.activity_ids)), ("cancelled", 0))
        self.assertEqual(self.held(), claim)
        self.assertFalse(self.claim("2023-01-30"))

    def test_undone_matching_leaves_its_days_to_the_next_count(self):
        receipt = self.make_receipt("2023-01-20", 1000.0)
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.apply(receipt, invoice)
        claim = self.claim("2023-01-30")
        receipt.move_id.line_ids.remove_move_reconcile()
        self.commit()
        self.assertEqual((self.held(), claim.days), (claim, 10))

    def test_receipt_whose_date_is_changed(self):
        """Odoo keeps the matching of a receipt that is set back to draft, dated anew and posted again."""
        receipt = self.make_receipt("2023-01-30", 1000.0)
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        self.apply(receipt, invoice)
        self.assertEqual(self.held(), claim)
        for day, days in (("2023-01-15", 15), ("2023-01-25", 5), ("2023-02-05", 0)):
            receipt.action_draft()
            self.commit()
            self.assertEqual(self.held(), claim, "a draft pays nothing")
            receipt.date = DATE(day)
            receipt.action_post()
            self.commit()
            self.assertTrue(self.item(invoice).reconciled)
            self.assertAlmostEqual(
                sum((self.held() - claim).mapped("amount_interest")), -round(1000 * 0.1 * days / 365, 2)
            )

    def test_small_corrections_wait_until_they_are_worth_a_credit_note(self):
        self.scheme.min_amount = 3.0
        receipts = [self.make_receipt("2023-01-23", 1000.0) for _number in range(3)]
        invoices = [self.make_invoice("2023-01-10", 1000.0) for _number in range(3)]
        claims = self.claim("2023-01-30")
        claims.with_user(self.controller).action_post()
        self.apply(receipts[0], invoices[0])
        first = self.held() - claims
        self.assertEqual((first.amount_interest, first.state), (-1.92, "open"))
        self.assertFalse(first.activity_ids)
        self.apply(receipts[1], invoices[1])
        self.assertEqual((self.held() - claims).mapped("activity_ids.user_id"), self.controller)
        self.assertEqual(len((self.held() - claims).activity_ids), 2)
        self.apply(receipts[2], invoices[2])
        self.assertEqual(len((self.held() - claims).activity_ids), 3, "each is asked for once")

    def test_smallest_correction_in_the_currency_of_the_invoice(self):
        self.scheme.min_amount = 3.0
        currency = self.env.ref("base.EUR")
        currency.active = True
        currency.rate_ids.unlink()
        currency.rate_ids.create({"currency_id": currency.id, "name": "2020-01-01", "rate": 10.0})
        for back, asked in ((5, False), (6, True)):
            partner = self.make_customer(f"Foreign {back}")
            invoice = self.make_invoice("2023-01-10", 20000.0, partner=partner, currency=currency)
            claim = self.claim("2023-01-31", partner=partner)
            claim.with_user(self.controller).action_post()
            self.pay(invoice, DATE("2023-01-31") - datetime.timedelta(days=back))
            self.commit()
            correction = self.held(partner) - claim
            self.assertEqual(correction.amount_interest, -round(20000 * 0.1 * back / 365, 2))
            self.assertEqual(bool(correction.activity_ids), asked, back)

    def test_late_receipts_are_corrected_in_sets(self):
        """As many statements for a page of receipts as for one."""
        counts = []
        for number in (2, 20):
            partner = self.make_customer(f"Customer {number}")
            invoices = [self.make_invoice("2023-01-10", 1000.0, partner=partner) for _number in range(number)]
            claims = self.claim("2023-01-30", partner=partner)
            claims.with_user(self.controller).action_post()
            for invoice in invoices:
                self.pay(invoice, "2023-01-20")
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.commit()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(self.held(partner) - claims), number)
            self.assertEqual(len((self.held(partner) - claims).activity_ids), number)
        self.assertLessEqual(counts[1], counts[0])

    # entries that are taken back

    def test_cancelled_invoice_bears_no_interest(self):
        """What nobody was asked for goes; of what was posted a person is told."""
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        for posted in (False, True):
            partner = self.make_customer(f"Cancelled {posted}")
            invoice = self.make_invoice("2023-01-10", 1000.0, partner=partner)
            claim = self.claim("2023-01-30", partner=partner)
            if posted:
                claim.with_user(self.controller).action_post()
            invoice.button_draft()
            self.commit()
            self.assertFalse(claim.activity_ids, "it may be posted again as it was")
            invoice.button_cancel()
            self.commit()
            correction = self.held(partner) - claim
            if posted:
                self.assertEqual((claim.state, correction.amount_total), ("posted", -45.48))
                self.assertEqual(correction.segment_ids.mapped("principal"), [-1000.0])
                self.assertEqual(correction.activity_ids.user_id, self.controller)
                correction.with_user(self.controller).action_post()
                self.assertEqual(correction.debit_move_id.amount_total, 45.48)
            else:
                self.assertEqual((claim.state, len(correction)), ("cancelled", 0))
            invoice.button_draft()
            invoice.action_post()
            self.commit()
            self.assertAlmostEqual(self.claim("2023-01-30", partner=partner).amount_interest, 5.48)

    def test_cancelled_invoice_does_not_give_back_what_was_reversed(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        claim.debit_move_id._reverse_moves([{"date": self.today}], cancel=True)
        self.assertEqual(claim.state, "waived")
        invoice.button_draft()
        invoice.button_cancel()
        self.commit()
        self.assertEqual(self.held(), claim)

    def test_cancelled_invoice_does_not_give_back_what_was_waived(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        self.waive(claim, amount=1.48)
        claim.with_user(self.controller).action_approve_waiver()
        invoice.button_draft()
        invoice.button_cancel()
        self.commit()
        correction = self.held() - claim
        self.assertEqual(correction.amount_total, -4.0)
        self.assertAlmostEqual(sum(correction.segment_ids.mapped("amount")), -4.0, 2)

    def test_invoice_posted_again_with_another_due_date(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        invoice.button_draft()
        invoice.invoice_date_due = DATE("2023-01-20")
        self.commit()
        self.assertEqual(claim.state, "open", "it may be posted again as it was")
        invoice.action_post()
        self.commit()
        self.assertEqual(claim.state, "cancelled")
        self.assertEqual(self.claim("2023-01-30").days, 10)

    def test_payment_dated_back_before_the_due_date_takes_all_off(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.claim("2023-01-30")
        self.pay(invoice, "2023-01-09")
        correction = self.claim("2023-01-30")
        self.assertEqual((correction.amount_interest, correction.amount_fee), (-5.48, -40.0))
        self.assertFalse(self.claim("2023-01-30"))

    def test_claimed_days_keep_their_rate(self):
        self.make_invoice("2023-01-10", 1000.0)
        self.claim("2023-01-30")
        self.scheme.rate_ids.rate = 20.0
        self.assertFalse(self.claim("2023-01-30"))
        self.assertEqual(self.claim("2023-02-09").segment_ids.rate, 20.0)

    def test_fixed_sum_once(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.assertEqual(self.claim("2023-01-30").amount_fee, 40.0)
        self.assertEqual(self.claim("2023-02-09").amount_fee, 0.0)
        self.pay(invoice, "2023-03-01")
        self.assertEqual(self.claim("2023-04-01").amount_fee, 0.0)
        # dropped: may be claimed again
        self.held().sudo().write({"state": "cancelled"})
        self.assertEqual(self.claim("2023-04-01").amount_fee, 40.0)

    def test_smallest_claim_waits(self):
        self.scheme.write({"min_amount": 10.0})
        self.make_invoice("2023-01-10", 1000.0)
        self.assertFalse(self.claim("2023-01-30"))
        claim = self.claim("2023-02-28")
        self.assertEqual((claim.days, str(claim.date_from)), (49, "2023-01-11"))
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        other = self.make_customer("Other GmbH")
        self.make_invoice("2023-01-10", 1000.0, partner=other)
        claim = self.claim("2023-01-30", partner=other)
        self.assertEqual((claim.amount_interest, claim.amount_fee, claim.days), (0.0, 40.0, 0))
        self.assertFalse(claim.segment_ids)

    def test_disputed_waits(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        invoice.action_toggle_block_payment()
        self.assertFalse(self.claim("2023-01-30"))
        invoice.action_toggle_block_payment()
        self.assertTrue(self.claim("2023-01-30"))

    def test_the_undisputed_part_bears_interest(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        category = self.env.ref("ar_credit_control.dispute_category_price")
        items = self.env["ar.aging.report"].search([("move_id", "=", invoice.id)])
        dispute = self.env["ar.dispute"]._record(category, {items: 300.0}, "Too expensive")
        claim = self.claim("2023-01-30")
        self.assertEqual((claim.segment_ids.principal, claim.days), (700.0, 20))
        self.assertEqual(claim.amount_interest, 3.84)
        self.assertEqual(claim.principal, 1000.0)
        self.assertFalse(self.claim("2023-01-30"))
        dispute.with_user(self.controller)._decide({}, "The price list says so.")
        self.assertFalse(self.claim("2023-01-30"), "days of grace")
        dispute._write_evidence({"grace_until": DATE("2023-01-25")})
        late = self.claim("2023-01-30")
        self.assertEqual((late.segment_ids.principal, late.amount_interest), (300.0, 1.64))
        # what was claimed before somebody disputes it stays
        self.env["ar.dispute"]._record(category, {items: 1000.0}, "All of it")
        self.assertFalse(self.claim("2023-02-28"))

    def test_another_currency(self):
        euro = self.setup_other_currency("EUR")
        self.make_invoice("2023-01-10", 1000.0, currency=euro)
        claim = self.claim("2023-01-30")
        self.assertEqual((claim.currency_id, claim.amount_interest), (euro, 5.48))

    # No shrinking: each example books and matches real entries.
    @settings(
        max_examples=8,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def test_whatever_happens_claims_come_to_the_interest_owed(self, data):
        """Invariant 7: payments, credit notes, undoing and claims in any order; claims hold what is owed."""
        self.scheme.rounding = "total"
        partner = self.make_customer("Any AG")
        due = DATE("2023-01-10")
        invoice = self.make_invoice(due, 1000.0, partner=partner)
        day = due
        payments = []
        for _step in range(data.draw(st.integers(1, 6))):
            day += datetime.timedelta(days=data.draw(st.integers(0, 25)))
            match data.draw(st.sampled_from(["claim", "pay", "pay back", "credit", "undo"])):
                case "claim":
                    self.claim(day, partner=partner)
                case "undo" if payments:
                    payment = payments.pop(data.draw(st.integers(0, len(payments) - 1)))
                    payment.move_id.line_ids.remove_move_reconcile()
                case "pay" | "pay back" | "credit" as what:
                    amount = data.draw(st.integers(10, 70)) * 10.0
                    if amount < invoice.amount_residual and what == "credit":
                        self.credit(invoice, amount)
                    elif amount < invoice.amount_residual:
                        back = data.draw(st.integers(1, 15)) if what == "pay back" else 0
                        payments.append(self.pay(invoice, day - datetime.timedelta(days=back), amount))
            if data.draw(st.booleans()):
                self.commit()
                self.assertFalse(self.find_overclaimed(partner), "nobody is asked for what is not owed")
        end = day + datetime.timedelta(days=5)
        self.claim(end, partner=partner)
        parts = self.item(invoice).matched_credit_ids
        paid = [
            # what was credited was never owed
            (
                due if part.credit_move_id.move_id.reversed_entry_id else part.max_date,
                part.debit_amount_currency,
            )
            for part in parts
        ]
        segments, sums = self.simulate(self.scheme, 1000.0, due, end, paid)
        held = self.held(partner)
        self.assertAlmostEqual(sum(held.mapped("amount_interest")), sums["interest"], delta=0.011 * len(held))
        # by segments exactly, and each day's principal is the one that was open
        self.assertAlmostEqual(
            sum(held.segment_ids.mapped("amount")), sum(s["amount"] for s in segments), delta=0.001
        )
        self.assertFalse(self.claim(end, partner=partner))

    def find_overclaimed(self, partner):
        """Claims that a count until the day of the last one would take off."""
        held = self.held(partner)
        if not held:
            return held
        with self.env.cr.savepoint() as savepoint:
            found = self.claim(max(held.mapped("date")), partner=partner).filtered(
                lambda claim: claim.amount_interest < 0 or claim.amount_fee < 0
            )
            names = found.mapped("explanation")
            savepoint.rollback()
        self.env.invalidate_all()
        return names

    # posting

    def test_posting(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.make_invoice("2023-01-20", 500.0)
        claims = self.claim("2023-01-30")
        action = claims.with_user(self.controller).action_post()
        note = claims.debit_move_id
        self.assertEqual(action["res_id"], note.id)
        self.assertEqual(
            (note.state, note.move_type, note.debit_origin_id), ("posted", "out_invoice", invoice)
        )
        self.assertAlmostEqual(note.amount_total, 5.48 + 1.37 + 80.0)
        self.assertEqual(note.invoice_date_due, self.today + datetime.timedelta(days=14))
        self.assertFalse(note.invoice_line_ids.tax_ids)
        self.assertIn(invoice.name, note.invoice_line_ids[0].name)
        self.assertEqual(set(claims.mapped("state")), {"posted"})
        with self.assertRaises(UserError):
            claims.with_user(self.controller).action_post()

    def test_posted_stands_in_the_ageing_and_only_then(self):
        self.make_invoice("2023-01-10", 1000.0)
        aging = self.env["ar.aging.report"]
        domain = [("partner_id", "=", self.customer.id)]
        claims = self.claim("2023-01-30")
        self.assertEqual(sum(aging.search(domain).mapped("amount")), 1000.0)
        claims.with_user(self.controller).action_post()
        self.assertEqual(sum(aging.search(domain).mapped("amount")), 1005.48)

    def test_debit_note_bears_no_interest(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        self.company.interest_payment_days = 0
        self.make_invoice("2023-01-10", 1000.0)
        claims = self.claim("2023-01-30")
        claims.with_user(self.controller).action_post()
        later = self.today + datetime.timedelta(days=100)
        self.assertEqual(self.segments(claims.debit_move_id, later), [])
        self.assertNotIn(claims.debit_move_id, self.claim(later).move_id)

    def test_one_debit_note_a_currency(self):
        euro = self.setup_other_currency("EUR")
        self.make_invoice("2023-01-10", 1000.0, currency=euro)
        self.make_invoice("2023-01-10", 1000.0)
        claims = self.claim("2023-01-30")
        claims.with_user(self.controller).action_post()
        self.assertEqual(len(claims.debit_move_id), 2)
        self.assertEqual(claims.debit_move_id.currency_id, euro | self.usd)

    def test_accounts_product_and_tax(self):
        income = self.company_data["default_account_revenue"].copy({"name": "Interest", "code": "INTEREST"})
        product = self.env["product.product"].create({"name": "Interest", "type": "service"})
        tax = self.company_data["default_tax_sale"]
        self.company.write({"interest_account_id": income.id, "interest_product_id": product.id})
        self.scheme.tax_ids = tax
        self.make_invoice("2023-01-10", 1000.0)
        claims = self.claim("2023-01-30")
        claims.with_user(self.controller).action_post()
        line = claims.debit_move_id.invoice_line_ids
        self.assertEqual((line.account_id, line.product_id, line.tax_ids), (income, product, tax))

    def test_correction_after_posting_is_credited(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.claim("2023-01-30").with_user(self.controller).action_post()
        self.pay(invoice, "2023-01-20")
        correction = self.claim("2023-01-30")
        correction.with_user(self.controller).action_post()
        note = correction.debit_move_id
        self.assertEqual((note.move_type, note.amount_total), ("out_refund", 2.74))

    def test_correction_is_set_off_against_its_debit_note(self):
        """It waits for nobody to apply it, and is no waiver; nor is it counted twice."""
        for day, left in (("2023-01-20", 2.74), ("2023-01-10", 0.0)):
            partner = self.make_customer(f"Paid on {day}")
            invoice = self.make_invoice("2023-01-10", 1000.0, partner=partner)
            other = self.make_invoice("2023-01-10", 400.0, partner=partner)
            claims = self.claim("2023-01-30", partner=partner)
            for claim in claims:
                claim.with_user(self.controller).action_post()
            claim = claims.filtered(lambda claim, invoice=invoice: claim.move_id == invoice)
            self.pay(invoice, day)
            self.commit()
            correction = self.held(partner) - claims
            correction.with_user(self.controller).action_post()
            self.assertAlmostEqual(claim.debit_move_id.amount_residual, left)
            self.assertEqual(correction.debit_move_id.amount_residual, 0.0)
            self.assertEqual(claim.state, "posted" if left else "paid")
            self.assertEqual(correction.state, "paid")
            self.assertEqual((claims - claim).debit_move_id.amount_residual, 2.19, other.name)
            self.commit()
            self.assertFalse(self.claim("2023-01-30", partner=partner))

    def test_correction_of_what_was_paid_stays_open(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        self.pay(claim.debit_move_id, self.today)
        self.pay(invoice, "2023-01-20")
        self.commit()
        correction = self.held() - claim
        correction.with_user(self.controller).action_post()
        self.assertEqual(correction.debit_move_id.amount_residual, 2.74)
        self.assertEqual((claim.state, correction.state), ("paid", "posted"))
        # until there is more to post of the same invoice
        self.item(invoice).remove_move_reconcile()
        more = self.claim("2023-02-09")
        more.with_user(self.controller).action_post()
        self.assertEqual(correction.debit_move_id.amount_residual, 0.0)
        self.assertEqual(more.debit_move_id.amount_residual, round(more.amount_total - 2.74, 2))

    def test_paid_and_unpaid_again(self):
        self.make_invoice("2023-01-10", 1000.0)
        claims = self.claim("2023-01-30")
        claims.with_user(self.controller).action_post()
        payment = self.pay(claims.debit_move_id, self.today)
        self.assertEqual(claims.state, "paid")
        payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(claims.state, "posted")

    def test_debit_note_undone(self):
        self.make_invoice("2023-01-10", 1000.0)
        claims = self.claim("2023-01-30")
        claims.with_user(self.controller).action_post()
        note = claims.debit_move_id
        note.button_draft()
        self.assertEqual((claims.state, claims.debit_move_id), ("open", note))
        with self.assertRaises(UserError):
            claims.with_user(self.controller).action_post()
        note.action_post()
        self.assertEqual(claims.state, "posted")
        note.button_draft()
        note.button_cancel()
        self.assertEqual((claims.state, claims.debit_move_id), ("open", note.browse()))
        claims.with_user(self.controller).action_post()
        self.assertEqual(claims.state, "posted")

    def test_posting_of_another_payment_asks_nothing(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.pay(invoice, "2023-02-01")
        self.assertEqual(claim.state, "open")

    # waivers

    def waive(self, claims, user=None, reason="Goodwill", amount=None):
        claims.with_user(user or self.collector).action_request_waiver(reason, amount)

    def test_waiver_needs_two_people(self):
        self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        with self.assertRaises(UserError):
            self.waive(claim, reason=" ")
        self.waive(claim, self.controller)
        self.assertTrue(claim.waiver_waits)
        self.assertFalse(claim.with_user(self.controller).can_decide_waiver)
        for method in ("action_approve_waiver", "action_refuse_waiver"):
            with self.assertRaisesRegex(AccessError, "Who asked"):
                getattr(claim.with_user(self.controller), method)()
            with self.assertRaises(AccessError):
                getattr(claim.with_user(self.collector), method)()
        with self.assertRaisesRegex(UserError, "decide on that first"):
            claim.with_user(self.controller).action_post()
        claim.with_user(self.other_controller).action_approve_waiver("Once")
        self.assertEqual((claim.state, claim.waiver_decided_by_id), ("waived", self.other_controller))
        self.assertFalse(self.claim("2023-01-30"), "waived days stay waived")
        self.assertEqual(self.claim("2023-02-09").days, 10)

    def test_waiver_refused(self):
        self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.waive(claim)
        claim.with_user(self.controller).action_refuse_waiver("No")
        self.assertEqual((claim.state, claim.waiver_waits), ("open", False))
        claim.with_user(self.controller).action_post()
        with self.assertRaises(UserError):
            claim.with_user(self.other_controller).action_approve_waiver()

    def test_waiver_within_authority_of_the_sum(self):
        self.env["ar.credit.authority"].create(
            [
                {
                    "user_id": self.controller.id,
                    "kind": "waiver",
                    "amount": 8.0,
                    "company_id": self.company.id,
                },
                {
                    "user_id": self.other_controller.id,
                    "kind": "waiver",
                    "tier": 2,
                    "amount": 100.0,
                    "company_id": self.company.id,
                },
            ]
        )
        for _number in range(2):
            self.make_invoice("2023-01-10", 1000.0)
        claims = self.claim("2023-01-30")
        self.waive(claims[0])
        self.assertTrue(claims[0].with_user(self.controller).can_decide_waiver)
        self.assertEqual(claims[0].activity_ids.user_id, self.controller)
        self.waive(claims[1])
        # each is below 8.00, both are not
        for claim in claims:
            with self.assertRaisesRegex(AccessError, "Ask int_controller_2"):
                claim.with_user(self.controller).action_approve_waiver()
        action = claims.with_user(self.other_controller).action_open_decision()
        wizard = (
            self.env[action["res_model"]].with_user(self.other_controller).with_context(**action["context"])
        )
        wizard.create({"reason": "Agreed"}).action_apply()
        self.assertEqual(set(claims.mapped("state")), {"waived"})
        self.assertEqual(set(claims.mapped("waiver_note")), {"Agreed"})
        self.assertFalse(claims.activity_ids)

    def test_waiver_of_what_was_posted_is_credited(self):
        self.make_invoice("2023-01-10", 1000.0)
        self.make_invoice("2023-01-20", 1000.0)
        claims = self.claim("2023-01-30")
        claims.with_user(self.controller).action_post()
        note = claims.debit_move_id
        self.waive(claims[0])
        claims[0].with_user(self.controller).action_approve_waiver()
        credit = claims[0].waiver_ids.move_id
        self.assertEqual(
            (credit.move_type, credit.state, credit.amount_total), ("out_refund", "posted", 5.48)
        )
        self.assertEqual(credit.reversed_entry_id, note)
        self.assertAlmostEqual(note.amount_residual, 2.74)
        self.assertEqual(claims.mapped("state"), ["waived", "posted"])
        self.pay(note, self.today)
        self.assertEqual(claims.mapped("state"), ["waived", "paid"])

    # waivers of a part

    def posted(self, amount=1000.0):
        """A posted claim of 5.48 for each 1,000."""
        self.make_invoice("2023-01-10", amount)
        return self.claim_and_post()

    def test_part_is_waived_and_the_rest_posted(self):
        self.scheme.fee_ids = [Command.create({"amount_from": 0, "amount": 40.0})]
        self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        for amount in (0.0, -1.0, 45.49):
            with self.assertRaisesRegex(UserError, "45.48"):
                self.waive(claim, amount=amount)
        self.waive(claim, amount=15.48)
        self.assertIn("15.48", claim.activity_ids.note)
        claim.with_user(self.controller).action_approve_waiver()
        self.assertEqual((claim.state, claim.waiver_waits), ("open", False))
        self.assertEqual((claim.amount_waived, claim.amount_left), (15.48, 30.0))
        # interest first, then the fixed sum
        self.assertEqual((claim.waived_interest, claim.waived_fee), (5.48, 10.0))
        self.assertIn("15.48", str(claim.message_ids[0].body))
        claim.with_user(self.controller).action_post()
        self.assertEqual(claim.debit_move_id.amount_total, 30.0)
        self.assertEqual(claim.debit_move_id.invoice_line_ids.mapped("price_unit"), [30.0])
        self.assertFalse(self.claim("2023-01-30"), "what was waived is not claimed again")

    def test_what_was_waived_is_not_handed_over(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.waive(claim, amount=1.48)
        claim.with_user(self.controller).action_approve_waiver()
        items = self.env["ar.aging.report"].search([("move_id", "=", invoice.id)])
        placement = self.env["ar.placement"]._propose(items)
        self.assertEqual(placement._get_interest(), [(self.usd, 4.0)])

    def test_part_of_what_waits_leaves_the_letter(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.waive(claim, amount=1.48)
        claim.with_user(self.controller).action_approve_waiver()
        row = (
            self.env["ar.interest.accrual"]
            .with_context(ar_as_of="2023-01-30")
            .search([("move_id", "=", invoice.id)])
        )
        self.assertEqual((row.accrued, row.interest, row.waiting), (5.48, 0.0, 4.0))

    def test_part_of_what_was_posted_is_credited(self):
        claim = self.posted()
        note = claim.debit_move_id
        self.waive(claim, amount=1.48)
        claim.with_user(self.controller).action_approve_waiver()
        waiver = claim.waiver_ids
        self.assertEqual((waiver.move_id.move_type, waiver.move_id.amount_total), ("out_refund", 1.48))
        self.assertEqual(waiver.requested_by_id, self.collector)
        self.assertEqual((claim.state, claim.amount_left, note.amount_residual), ("posted", 4.0, 4.0))
        # and once more, all that is left
        self.waive(claim)
        claim.with_user(self.controller).action_approve_waiver()
        self.assertEqual((claim.state, claim.amount_left, note.amount_residual), ("waived", 0.0, 0.0))
        self.assertEqual(sorted(claim.waiver_ids.mapped("amount")), [1.48, 4.0])

    def test_part_then_paid(self):
        claim = self.posted()
        self.waive(claim, amount=1.48)
        claim.with_user(self.controller).action_approve_waiver()
        self.pay(claim.debit_move_id, self.today)
        self.assertEqual((claim.state, claim.amount_left), ("paid", 4.0))

    def test_part_of_several_is_spread_to_the_cent(self):
        for amount in (1000.0, 1000.0, 500.0):
            self.make_invoice("2023-01-10", amount)
        claims = self.claim("2023-01-30")
        self.waive(claims, amount=5.0)
        self.assertAlmostEqual(sum(claims.mapped("waiver_amount")), 5.0)
        claims.with_user(self.controller).action_approve_waiver()
        self.assertAlmostEqual(sum(claims.mapped("amount_waived")), 5.0)
        self.assertTrue(all(claim.amount_waived < claim.amount_left for claim in claims))
        self.assertEqual(set(claims.mapped("state")), {"open"})

    def test_small_parts_in_a_row_need_the_authority_of_their_sum(self):
        self.env["ar.credit.authority"].create(
            {"user_id": self.controller.id, "kind": "waiver", "amount": 2.0, "company_id": self.company.id}
        )
        self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        self.waive(claim, amount=1.5)
        claim.with_user(self.controller).action_approve_waiver()
        self.waive(claim, amount=1.5)
        with self.assertRaisesRegex(AccessError, "beyond your authority"):
            claim.with_user(self.controller).action_approve_waiver()

    def test_part_through_the_dialog(self):
        self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30").with_user(self.collector)
        action = claim.action_open_waiver()
        wizard = self.env[action["res_model"]].with_user(self.collector).with_context(**action["context"])
        with Form(wizard) as form:
            self.assertEqual((form.amount_left, form.scope), (5.48, "all"))
            form.scope = "part"
            form.amount = 2.0
            form.reason = "Half of it was our fault"
            form.save().action_apply()
        self.assertEqual(claim.waiver_amount, 2.0)

    # waivers that accountants undo

    def test_claim_follows_the_credit_note_set_to_draft(self):
        claim = self.posted()
        self.waive(claim)
        claim.with_user(self.controller).action_approve_waiver()
        credit = claim.waiver_ids.move_id
        self.assertEqual(claim.state, "waived")
        credit.button_draft()
        self.assertEqual((claim.state, claim.amount_left), ("posted", 5.48))
        self.assertTrue(claim.waiver_ids.is_undone)
        self.assertFalse(claim.waiver_waits)
        self.assertIn("undone", str(claim.message_ids[:1].body) + str(claim.message_ids[1:2].body))
        credit.action_post()
        self.assertEqual((claim.state, claim.amount_left), ("waived", 0.0))
        credit.button_draft()
        credit.button_cancel()
        self.assertEqual(claim.state, "posted")
        # asked for and decided anew
        self.waive(claim, amount=1.0)
        claim.with_user(self.controller).action_approve_waiver()
        self.assertEqual((claim.state, claim.amount_left), ("posted", 4.48))

    def test_claim_follows_the_credit_note_reversed(self):
        claim = self.posted()
        note = claim.debit_move_id
        self.waive(claim, amount=1.48)
        claim.with_user(self.controller).action_approve_waiver()
        reversal = claim.waiver_ids.move_id._reverse_moves(cancel=True)
        self.assertEqual(reversal.state, "posted")
        self.assertEqual((claim.state, claim.amount_left, note.amount_residual), ("posted", 5.48, 5.48))
        reversal.button_draft()
        self.assertEqual(claim.amount_left, 4.0)

    def test_claim_follows_the_reversal_of_its_debit_note(self):
        claim = self.posted()
        reversal = claim.debit_move_id._reverse_moves(cancel=True)
        self.assertEqual(claim.state, "waived")
        reversal.line_ids.remove_move_reconcile()
        self.assertEqual(claim.state, "posted")

    def test_draft_debit_note_is_settled_first(self):
        claim = self.posted()
        claim.debit_move_id.button_draft()
        self.waive(claim)
        with self.assertRaisesRegex(UserError, "draft"):
            claim.with_user(self.controller).action_approve_waiver()

    def test_paid_is_not_waived(self):
        self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim_and_post()
        self.pay(claim.debit_move_id, self.today)
        with self.assertRaises(UserError):
            self.waive(claim)

    # rights

    def test_rights(self):
        self.make_invoice("2023-01-10", 1000.0)
        claim = self.claim("2023-01-30")
        for user in (self.seller, self.auditor):
            theirs = claim.with_user(user)
            for method, args in (
                ("action_post", ()),
                ("action_drop", ()),
                ("action_request_waiver", ("x",)),
                ("action_approve_waiver", ()),
            ):
                with self.assertRaises(AccessError, msg=f"{user.login} {method}"):
                    getattr(theirs, method)(*args)
        with self.assertRaises(AccessError):
            claim.with_user(self.collector).action_post()
        for user in (self.collector, self.controller):
            theirs = claim.with_user(user)
            for operation in ("write", "create", "unlink"):
                self.assertFalse(theirs.has_access(operation), f"{user.login} {operation}")
        self.assertEqual(claim.with_user(self.auditor).amount_total, 5.48)
        with self.assertRaises(AccessError):
            self.env["ar.interest.calculate"].with_user(self.seller).create({}).action_claim()
        with self.assertRaises(AccessError):
            self.env["ar.interest.scheme"].with_user(self.controller).action_add_presets()
        with self.assertRaises(UserError):
            claim.unlink()

    def test_salespeople_see_their_customers(self):
        self.make_invoice("2023-01-10", 1000.0)
        mine = self.make_customer("Mine AG", user_id=self.seller.id)
        self.make_invoice("2023-01-10", 1000.0, partner=mine)
        self.claim("2023-01-30", partner=mine | self.customer)
        for model in ("ar.interest.claim", "ar.interest.accrual"):
            partners = self.env[model].with_user(self.seller).search([]).partner_id
            self.assertEqual(partners, mine, model)
            partners = self.env[model].with_user(self.auditor).search([]).partner_id
            self.assertEqual(partners, mine | self.customer, model)

    def test_two_companies(self):
        other = self.setup_other_company()["company"]
        other.interest_scheme_id = self.make_scheme([("2000-01-01", 20.0)], company=other)
        self.make_invoice("2023-01-10", 1000.0)
        elsewhere = self.make_invoice("2023-01-10", 1000.0, company=other)
        ours = self.claim("2023-01-30")
        self.assertEqual(ours.company_id, self.company)
        self.assertEqual(ours.segment_ids.rate, 10.0)
        theirs = self.claims.sudo()._claim(other, DATE("2023-01-30"))
        self.assertEqual((theirs.move_id, theirs.segment_ids.rate), (elsewhere, 20.0))
        self.assertEqual(self.claims.with_user(self.auditor).search([]), ours)
        rows = self.env["ar.interest.accrual"].with_user(self.auditor).search([])
        self.assertEqual(rows.company_id, self.company)
        self.assertEqual(self.env["ar.interest.scheme"].with_user(self.auditor).search([]), self.scheme)

    # screens

    def test_wizard_counts_once(self):
        self.make_invoice("2023-01-10", 1000.0)
        wizard = self.env["ar.interest.calculate"].with_user(self.collector).create({})
        action = wizard.action_claim()
        self.assertEqual(len(action["domain"][0][2]), 1)
        self.assertEqual(self.held().user_id, self.collector)
        with self.assertRaisesRegex(UserError, "Nothing is left"):
            wizard.action_claim()
        wizard.date = self.today + datetime.timedelta(days=1)
        with self.assertRaisesRegex(UserError, "until today"):
            wizard.action_claim()

    def test_profile_shows_what_is_not_posted(self):
        invoice = self.make_invoice(self.today - datetime.timedelta(days=30), 1000.0)
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        expected = round(1000 * 0.1 * 30 / 365, 2)
        self.assertEqual(profile.with_user(self.collector).interest_waiting, expected)
        self.claim(self.today)
        profile.invalidate_recordset()
        self.assertEqual(profile.interest_waiting, expected)
        self.held().with_user(self.controller).action_post()
        profile.invalidate_recordset()
        self.assertEqual(profile.interest_waiting, 0.0)
        action = profile.action_view_interest()
        rows = self.env[action["res_model"]].with_context(**action["context"]).search(action["domain"])
        self.assertEqual(rows.move_id, invoice)

    def test_accrual_at_a_date(self):
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.pay(invoice, "2023-02-09", 400.0)
        accrual = self.env["ar.interest.accrual"]

        def row(day):
            return accrual.with_context(ar_as_of=day).search([("partner_id", "=", self.customer.id)])

        self.assertFalse(row("2023-01-10"))
        self.assertEqual((row("2023-01-30").accrued, row("2023-01-30").open_principal), (5.48, 1000.0))
        self.assertEqual(row("2023-02-10").open_principal, 600.0)
        self.claim("2023-01-30")
        self.env.invalidate_all()
        later = row("2023-02-09")
        self.assertEqual((later.accrued, later.interest, later.waiting), (8.22, 2.74, 5.48))

    def test_calculator(self):
        scheme = self.env["ar.interest.scheme"]._create_presets(self.company, ["eu_directive"])
        wizard = (
            self.env["ar.interest.calculator"]
            .with_user(self.seller)
            .create(
                {
                    "scheme_id": scheme.id,
                    "amount": 10000.0,
                    "date_maturity": "2024-05-31",
                    "date_paid": "2024-08-15",
                }
            )
        )
        self.assertEqual((wizard.interest, wizard.fee, wizard.total), (257.12, 40.0, 297.12))
        self.assertIn("12.25", wizard.result)
        wizard.payment_ids = [Command.create({"date": "2024-06-30", "amount": 4000.0})]
        self.assertEqual(wizard.interest, 102.74 + 92.63)

    def test_presets_once(self):
        self.env["ar.interest.scheme"].action_add_presets()
        schemes = self.env["ar.interest.scheme"].search([("company_id", "=", self.company.id)])
        self.assertEqual(
            set(schemes.mapped("kind")), {"eu_directive", "germany", "austria", "uk", "china", "contract"}
        )
        schemes.filtered(lambda scheme: scheme.kind == "uk").active = False
        self.env["ar.interest.scheme"].action_add_presets()
        again = schemes.with_context(active_test=False).search([("company_id", "=", self.company.id)])
        self.assertEqual(len(again), len(schemes))

    def test_merged_customers_keep_their_claims(self):
        other = self.make_customer("Other GmbH")
        receivable = self.company_data["default_account_receivable"]
        self.company.dunning_manual_entries = "include"
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.company_data["default_journal_misc"].id,
                "date": "2023-01-01",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": receivable.id,
                            "partner_id": partner.id,
                            "debit": 500.0,
                            "date_maturity": "2023-01-10",
                        }
                    )
                    for partner in (self.customer, other)
                ]
                + [
                    Command.create(
                        {"account_id": self.company_data["default_account_revenue"].id, "credit": 1000}
                    )
                ],
            }
        )
        entry.action_post()
        claims = self.claim("2023-01-30", partner=self.customer | other)
        self.assertEqual(len(claims), 2)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.customer | other).ids, self.customer
        )
        self.assertEqual(claims.exists(), claims)
        self.assertEqual(claims.partner_id, self.customer)
        self.assertFalse(self.claim("2023-01-30"), "the days of both are held")

    def test_customer_merged_again_and_again(self):
        self.make_invoice("2025-01-31")
        claim = self.claims.sudo()._claim(self.company, self.today)
        partner = self.customer
        for number in range(4):
            other = self.make_customer(f"Next {number} AG")
            wizard = self.env["base.partner.merge.automatic.wizard"].create({})
            wizard._merge((partner | other).ids, other)
            self.env.invalidate_all()
            partner = other
        self.assertEqual((claim.partner_id, claim.occurrence), (partner, 5))

    def test_customer_that_comes_under_another_one_is_not_asked_twice(self):
        self.make_invoice("2025-01-31")
        claim = self.claims.sudo()._claim(self.company, self.today)
        self.assertTrue(claim)
        group = self.make_customer("Group AG")
        self.customer.write({"parent_id": group.id, "is_company": False})
        self.assertFalse(self.claims.sudo()._claim(self.company, self.today))

    def test_no_day_is_claimed_twice_of_who_joins_and_leaves_a_parent(self):
        parent = self.make_customer("Parent AG")
        invoice = self.make_invoice("2023-01-10", 1000.0)
        self.pay(invoice, "2023-01-30")
        self.assertEqual(self.claim("2023-02-28").amount_interest, 5.48)
        self.customer.write({"parent_id": parent.id, "is_company": False})
        self.assertFalse(self.claims.sudo()._claim(self.company, DATE("2023-03-31")))
        self.customer.write({"parent_id": False, "is_company": True})
        self.assertFalse(self.claims.sudo()._claim(self.company, DATE("2023-03-31")))
