"""Who must know of a write-off: nobody takes it for a payment."""

from datetime import timedelta

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .common_provision import ProvisionCase


@tagged("post_install", "-at_install")
class TestWriteoffKnown(ProvisionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("ar_credit_control.writeoff_reason_small")
        cls.profile = cls.make_profile(cls.customer, 100_000)
        cls.invoice = cls.make_invoice(1000, 60)
        cls.items = cls.env["ar.aging.report"]

    @classmethod
    def day(cls, days):
        return cls.today + timedelta(days=days)

    @classmethod
    def open_items(cls, *moves):
        cls.env.flush_all()
        cls.items.invalidate_model()
        return cls.items.search(
            [("move_id", "in", [move.id for move in moves]), ("amount_currency", ">", 0)],
            order="date_maturity",
        )

    @classmethod
    def write_off(cls, *moves, amount=None, date=None):
        """Write invoices off: asked for by the controller, approved by the manager, posted."""
        items = cls.open_items(*moves)
        amounts = {item: item.amount_currency if amount is None else amount for item in items}
        writeoff = (
            cls.env["ar.writeoff"]
            .with_user(cls.controller)
            ._create_from_items(
                items.with_user(cls.controller),
                cls.reason,
                amounts=amounts,
                note="Nobody pays",
                **({"date": date} if date else {}),
            )
        )
        cls.approve(writeoff)
        writeoff.with_user(cls.controller).action_post()
        cls.commit()
        return writeoff.with_env(cls.env)

    @classmethod
    def commit(cls):
        """What happens when the transaction is committed, without committing."""
        cls.env.flush_all()
        cls.env.cr.flush()
        cls.env.invalidate_all()

    @classmethod
    def cancel(cls, writeoff):
        writeoff.with_user(cls.controller).action_cancel("By mistake")
        cls.commit()

    def promise(self, amount, days, invoice=None):
        items = self.open_items(invoice or self.invoice)
        return self.env["ar.payment.promise"]._record(
            self.customer, self.company, amount, self.day(days), items
        )

    def plan(self, *days):
        items = self.open_items(self.invoice)
        plan = self.env["ar.payment.plan"]._draft(
            self.customer, self.company, items, "plan", [self.day(day) for day in days], reason="Waits"
        )
        plan.sudo().write({"state": "active", "decided_on": self.today})
        plan.sudo()._judge()
        return plan

    # promises and plans

    def test_promise_ends_with_a_write_off_and_is_not_kept(self):
        promise = self.promise(1000, 10)
        writeoff = self.write_off(self.invoice)
        self.assertEqual(promise.state, "cancelled")
        self.assertEqual(promise.amount_paid, 0)
        self.cancel(writeoff)
        self.assertEqual(promise.state, "open")

    def test_promise_of_which_a_part_was_paid(self):
        promise = self.promise(1000, 10)
        self.pay(self.invoice, 300)
        self.write_off(self.invoice)
        self.assertEqual((promise.state, promise.amount_paid), ("cancelled", 300))

    def test_paying_all_that_was_promised_keeps_the_promise(self):
        promise = self.promise(400, 10)
        self.pay(self.invoice, 400)
        self.write_off(self.invoice)
        self.assertEqual((promise.state, promise.amount_paid), ("kept", 400))

    def test_broken_promise_stays_broken(self):
        promise = self.promise(1000, 10)
        promise.sudo().write({"date": self.day(-20), "deadline": self.day(-17), "date_given": self.day(-30)})
        promise.sudo()._judge()
        self.assertEqual(promise.state, "broken")
        self.write_off(self.invoice)
        self.assertEqual((promise.state, promise.amount_paid, promise.amount_late), ("broken", 0, 0))

    def test_part_written_off_before_the_promise_is_none_of_its_business(self):
        self.write_off(self.invoice, amount=400)
        # as if that had been days ago
        self.env.cr.execute(
            "UPDATE account_partial_reconcile SET create_date = create_date - interval '9 days'"
        )
        promise = self.promise(600, 10)
        self.pay(self.invoice)
        self.commit()
        self.assertEqual((promise.state, promise.amount_paid), ("kept", 600))

    def test_plan_ends_as_written_off(self):
        plan = self.plan(10, 40)
        self.pay(self.invoice, 500)
        self.commit()
        self.assertEqual(plan.state, "active")
        writeoff = self.write_off(self.invoice)
        self.assertEqual((plan.state, plan.amount_paid, plan.missed_on), ("written_off", 500, False))
        self.assertEqual(plan.ended_on, self.today)
        self.assertFalse(plan._get_outdated())
        with freeze_time(self.day(60)):
            plan.sudo()._judge()
        self.assertEqual((plan.state, plan.missed_on), ("written_off", False), "nothing more was expected")
        self.cancel(writeoff)
        self.assertEqual((plan.state, plan.next_date), ("active", self.day(40)))

    # disputes and interest

    def test_dispute_ends_as_written_off(self):
        dispute = self.env["ar.dispute"]._record(
            self.env["ar.dispute.category"].search([], limit=1),
            dict.fromkeys(self.open_items(self.invoice), 1000),
            "Wrong price",
        )
        writeoff = self.write_off(self.invoice)
        self.assertEqual(dispute.state, "resolved_lost")
        self.cancel(writeoff)
        self.assertEqual(dispute.state, "investigating")

    def test_debit_note_of_interest_ends_as_written_off(self):
        note = self.make_invoice(50, 5, debit_origin_id=self.invoice.id)
        claims = self.env["ar.interest.claim"]
        self.assertEqual(claims.new({"debit_move_id": note.id})._get_state_of_move(), "posted")
        self.write_off(note)
        self.assertEqual(claims.new({"debit_move_id": note.id})._get_state_of_move(), "written_off")

    # behaviour, collected cash

    def measure(self, **values):
        self.commit()
        return self.env["ar.credit.behaviour"]._measure(self.customer, self.company, **values)[
            self.customer.id
        ]

    def test_write_off_does_not_better_the_behaviour(self):
        before = self.measure()
        self.assertEqual(before["weighted_delay"], 60)
        writeoff = self.write_off(self.invoice)
        after = self.measure()
        self.assertEqual((after["weighted_delay"], after["late_share"]), (60, 100))
        self.assertEqual((after["longest_delay"], after["invoices"]), (60, 1))
        self.assertEqual((before["written_off_share"], after["written_off_share"]), (0, 100))
        # It goes on counting at its age: it is still not paid.
        self.assertEqual(self.measure(as_of=self.day(30))["weighted_delay"], 90)
        self.cancel(writeoff)
        self.assertEqual(self.measure(), before)

    def test_write_off_leaves_what_was_paid_as_it_was(self):
        paid = self.make_invoice(3000, 20)
        self.pay(paid)
        self.write_off(self.invoice)
        # 3,000 paid 20 days late, 1,000 never paid, 60 days past due: (60,000 + 60,000) ÷ 4,000
        self.assertAlmostEqual(self.measure()["weighted_delay"], 30)
        self.assertAlmostEqual(self.measure()["written_off_share"], 100 * 1000 / 4000, delta=9)

    def test_write_off_is_no_collected_cash(self):
        self.write_off(self.invoice)
        self.assertFalse(self.env["ar.collection.credit"].search([("partner_id", "=", self.customer.id)]))
        self.assertFalse(self.env["ar.collection.result"].search([("partner_id", "=", self.customer.id)]))

    # rule and holds

    def judge(self):
        self.commit()
        order = self.make_order((1, 100), confirm=False)
        return self.env["ar.credit.check"]._judge(order)[order.id].outcome

    def test_rule_holds_whose_debts_were_written_off(self):
        rules = self.env["ar.credit.rule"].with_context(active_test=False)
        shipped = rules._prepare_preset("standard", self.company)
        self.assertIn(("written_off", {"period_days": 730}), shipped)
        self.set_rules(written_off={"period_days": 730})
        self.assertEqual(self.judge(), "pass")
        writeoff = self.write_off(self.invoice)
        self.assertEqual(self.judge(), "hold")
        rule = rules.search([("company_id", "=", self.company.id), ("kind", "=", "written_off")], limit=1)
        rule.amount = 1000
        self.assertEqual(self.judge(), "pass")
        rule.amount = 999.99
        self.assertEqual(self.judge(), "hold")
        self.assertIn("999.99", rule.sentence)
        self.cancel(writeoff)
        self.assertEqual(self.judge(), "pass")

    def test_rule_forgets_after_its_days(self):
        self.set_rules(written_off={"period_days": 30})
        self.write_off(self.invoice, date=self.day(-31))
        self.assertEqual(self.judge(), "pass")
        rule = self.env["ar.credit.rule"].search(
            [("company_id", "=", self.company.id), ("kind", "=", "written_off")]
        )
        rule.period_days = 31
        self.assertEqual(self.judge(), "hold")

    def test_rule_warns(self):
        self.set_rules(written_off={"period_days": 30, "outcome": "warn"})
        self.write_off(self.invoice)
        self.assertEqual(self.judge(), "warn")

    def test_recovered_debts_hold_no_longer(self):
        self.set_rules(written_off={"period_days": 730})
        writeoff = self.write_off(self.invoice)
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.customer.id,
                "partner_type": "customer",
                "payment_type": "inbound",
                "amount": 1000,
                "date": self.today,
            }
        )
        payment.action_post()
        receipt = payment.move_id.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        self.env["ar.writeoff.recovery"]._recover(writeoff.line_ids, 1000, receipt=receipt)
        self.assertEqual(self.judge(), "pass")
        measured = self.measure()
        self.assertEqual((measured["written_off_share"], measured["invoices"]), (None, 0))
        [collected] = self.env["ar.collection.credit"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(collected.partner_id, self.customer)

    def test_entry_by_hand_on_the_loss_account_counts_alike(self):
        self.set_rules(written_off={"period_days": 730})
        promise = self.promise(1000, 10)
        claim = self.invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": claim.account_id.id,
                            "partner_id": self.customer.id,
                            "credit": 1000,
                        }
                    ),
                    Command.create({"account_id": self.loss.id, "debit": 1000}),
                ],
            }
        )
        entry.action_post()
        (claim + entry.line_ids.filtered(lambda line: line.account_id == claim.account_id)).reconcile()
        self.commit()
        self.assertEqual(promise.state, "cancelled")
        self.assertEqual(self.judge(), "hold")

    def test_write_off_lets_no_held_order_go(self):
        self.company.credit_control_active = True
        self.company.credit_hold_auto_release = True
        self.set_rules(overdue={"days": 30})
        order = self.make_order((1, 100), confirm=False)
        order.with_user(self.salesperson).sudo().action_confirm()
        hold = self.env["ar.credit.hold"].search([("order_id", "=", order.id)])
        self.assertEqual(hold.state, "held")
        writeoff = self.write_off(self.invoice)
        self.assertTrue(hold.is_written_off)
        hold._recheck()
        self.assertEqual((hold.state, order.state), ("held", "draft"))
        # Paid, it goes by itself.
        self.cancel(writeoff)
        self.assertFalse(hold.is_written_off)
        self.pay(self.invoice)
        self.commit()
        hold._recheck()
        self.assertEqual(order.state, "sale")

    # case

    def make_case(self):
        return self.env["ar.collection.case"]._get_or_open(self.profile, "Test")

    def test_case_ends_with_what_was_written_off(self):
        case = self.make_case()
        other = self.make_invoice(500, 40)
        self.write_off(self.invoice)
        self.assertEqual(case.state, "open")
        self.assertIn("Written off", " ".join(case.message_ids.mapped("body")))
        self.pay(other)
        self.commit()
        case.sudo()._close_done()
        self.assertEqual(case.state, "closed")
        self.assertIn("written off", case.closed_reason)

    def test_case_ends_at_once_and_opens_again(self):
        self.company.collection_active = True
        case = self.make_case()
        writeoff = self.write_off(self.invoice)
        self.assertEqual(case.state, "closed")
        self.assertFalse(self.env["ar.collection.worklist"].search([("partner_id", "=", self.customer.id)]))
        self.cancel(writeoff)
        self.assertEqual(case.state, "open")

    def test_case_shows_what_was_lost(self):
        self.make_run()
        case = self.make_case()
        self.make_invoice(500, 40)
        self.write_off(self.invoice)
        case.invalidate_recordset()
        facts = {fact["name"]: fact for fact in case.with_user(self.controller).overview["facts"]}
        self.assertIn("1,000.00", facts["written_off"]["text"])
        self.assertIn("provision", facts)
        kinds = [event["kind"] for event in case.timeline]
        self.assertIn("writeoff", kinds)
        self.assertNotIn("entry", kinds)

    def test_case_proposes_a_write_off(self):
        case = self.make_case()
        reason = self.env["ar.collection.reason"].create({"name": "Bankrupt", "follow_up": "insolvent"})
        self.env["ar.collection.activity"]._log_contact(
            self.customer,
            self.company,
            "call",
            self.env["ar.collection.outcome"].search([("asks_reason", "=", True)], limit=1),
            reason_id=reason.id,
            note="Liquidator appointed",
        )
        action = case.with_user(self.collector).action_request_writeoff()
        request = self.env["ar.writeoff.request"].browse(action["res_id"])
        self.assertEqual(request.reason_id, self.env.ref("ar_credit_control.writeoff_reason_insolvency"))
        self.assertIn("Liquidator appointed", request.note)
        self.assertEqual(request.line_ids.mapped("amount"), [1000])

    def test_run_line_proposes_a_write_off(self):
        run = self.make_run()
        line = run.line_ids.filtered(lambda line: line.move_id == self.invoice)
        self.pay(self.invoice, 400)
        self.commit()
        action = line.with_user(self.controller).action_request_writeoff()
        request = self.env["ar.writeoff.request"].browse(action["res_id"])
        self.assertEqual(request.line_ids.mapped("amount"), [600])
