from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoffGuard(WriteoffCase):
    """Who asks does not decide, and no other way leads to a write-off."""

    def setUp(self):
        super().setUp()
        self.invoice = self.make_invoice(1_000, 100)
        self.writeoff = self.ask(self.invoice)

    def test_who_asks_does_not_decide(self):
        mine = self.ask(self.make_invoice(10, 100), user=self.manager)
        mine.with_user(self.manager).action_submit()
        with self.assertRaises(AccessError):
            mine.with_user(self.manager).action_approve()
        # Nor who wrote an amount.
        self.writeoff.line_ids.with_user(self.manager).amount = 900
        self.writeoff.with_user(self.collector).action_submit()
        with self.assertRaises(AccessError):
            self.writeoff.with_user(self.manager).action_approve()

    def test_only_who_has_the_authority(self):
        self.writeoff.with_user(self.collector).action_submit()
        for user in (self.collector, self.controller, self.salesperson, self.auditor, self.accountant):
            with self.assertRaises(AccessError):
                self.writeoff.with_user(user).action_approve()
            with self.assertRaises(AccessError):
                self.writeoff.with_user(user).action_refuse("No")
        self.assertEqual(self.writeoff.state, "submitted")

    def test_many_small_ones_are_one_decision(self):
        self.env["ar.credit.authority"].sudo().create(
            {"user_id": self.manager.id, "company_id": self.company.id, "kind": "writeoff", "amount": 1_500}
        )
        self.decide(self.writeoff)
        second = self.ask(self.make_invoice(600, 100))
        second.with_user(self.collector).action_submit()
        self.assertEqual(second.amount_to_cover, 1_600)
        with self.assertRaises(AccessError):
            second.with_user(self.manager).action_approve()

    def test_not_approved_is_not_posted(self):
        for step in ("draft", "submitted"):
            with self.assertRaises(UserError):
                self.writeoff.with_user(self.controller).action_post()
            if step == "draft":
                self.writeoff.with_user(self.collector).action_submit()
        self.writeoff.with_user(self.manager).action_approve()
        for user in (self.collector, self.salesperson, self.auditor):
            with self.assertRaises(AccessError):
                self.writeoff.with_user(user).action_post()

    def test_no_way_around(self):
        writeoff, line = self.writeoff, self.writeoff.line_ids
        self.writeoff.with_user(self.collector).action_submit()
        attempts = [
            (writeoff, "write", [{"state": "approved"}]),
            (writeoff, "write", [{"state": "posted"}]),
            (writeoff, "write", [{"amount": 1}]),
            (writeoff, "write", [{"prepared_by_ids": [Command.clear()]}]),
            (writeoff, "write", [{"line_ids": [Command.update(line.id, {"amount": 1})]}]),
            (writeoff, "write", [{"reason_id": self.insolvency.id}]),
            (writeoff, "unlink", []),
            (line, "write", [{"amount": 1}]),
            (line, "write", [{"amount_provided": 1}]),
            (line, "unlink", []),
        ]
        for user in (self.collector, self.controller, self.manager, self.salesperson, self.auditor):
            for record, method, arguments in attempts:
                mine = record.with_user(user)
                with self.assertRaises(UserError, msg=f"{user.name} {method} {arguments}"):
                    call_kw(mine.browse(), method, [mine.ids, *arguments], {})
            for model in (writeoff, line, self.recoveries, self.env["ar.provision.movement"]):
                with self.assertRaises(UserError):
                    model.with_user(user).create({"partner_id": self.customer.id})
            with self.assertRaises(UserError):
                writeoff.with_user(user).copy()
        loaded = (
            writeoff.with_user(self.manager)
            .with_context(default_state="posted")
            .load(
                ["partner_id/.id", "company_id/.id", "date"],
                [[self.customer.id, self.company.id, self.today]],
            )
        )
        self.assertFalse(loaded["ids"])
        self.assertEqual(writeoff.state, "submitted")
        self.assertEqual(line.amount, 1_000)

    def test_entries_are_taken_back_by_the_write_off(self):
        self.decide(self.writeoff)
        self.writeoff.with_user(self.controller).action_post()
        entry = self.writeoff.sudo().move_ids
        for move in (entry, self.invoice):
            with self.assertRaisesRegex(UserError, "Cancel the write-off"):
                move.button_draft()
            with self.assertRaises(UserError):
                move.write({"state": "cancel"})
        with self.assertRaisesRegex(UserError, "Cancel the write-off"):
            self.reverse(entry)

    def test_entries_of_what_was_cancelled_stay(self):
        self.decide(self.writeoff)
        self.writeoff.with_user(self.controller).action_post()
        recovery = self.recover(self.writeoff.line_ids, 100)
        recovery.action_cancel()
        self.writeoff.with_user(self.controller).action_cancel("Paid after all")
        entries = self.writeoff.sudo().move_ids
        self.assertEqual((len(entries), set(entries.mapped("state"))), (4, {"posted"}))
        for move in entries:
            with self.assertRaisesRegex(UserError, "stay"):
                move.button_draft()
            with self.assertRaisesRegex(UserError, "stay"):
                move.button_cancel()
            with self.assertRaisesRegex(UserError, "stay"):
                move.with_context(force_delete=True).unlink()
            with self.assertRaisesRegex(UserError, "stay"):
                self.reverse(move)
        self.invoice.button_draft()

    def test_entries_of_a_run_are_reversed_by_the_run(self):
        entry = self.make_run().movement_ids.move_id[:1]
        with self.assertRaisesRegex(UserError, "Cancel the run"):
            self.reverse(entry)

    def reverse(self, move):
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        return wizard.create({"journal_id": move.journal_id.id}).reverse_moves()

    def test_salesperson_asks_for_own_customers(self):
        mine = self.make_partner("Mine", user_id=self.credit_user.id)
        item = self.items_of(self.make_invoice(50, 100, partner_id=mine.id))
        wizard = self.env["ar.writeoff.request"].with_user(self.credit_user)
        action = wizard._open_form(item.with_user(self.credit_user))
        form = wizard.browse(action["res_id"])
        form.write({"reason_id": self.small.id, "note": "Called twice"})
        result = form.action_request()
        writeoff = self.env["ar.writeoff"].with_user(self.credit_user).browse(result["res_id"])
        self.assertEqual((writeoff.state, writeoff.amount), ("submitted", 50))
        with self.assertRaises(AccessError):
            self.writeoff.with_user(self.credit_user).read(["amount"])
        with self.assertRaises(AccessError):
            wizard._open_form(self.items_of(self.invoice).with_user(self.credit_user))

    def test_auditor_asks_for_nothing(self):
        with self.assertRaises(AccessError):
            self.env["ar.writeoff.request"].with_user(self.auditor)._open_form(
                self.items_of(self.invoice).with_user(self.auditor)
            )

    def test_refused_with_a_reason(self):
        self.writeoff.with_user(self.collector).action_submit()
        self.writeoff.with_user(self.manager).action_refuse("Sue first")
        self.assertEqual((self.writeoff.state, self.writeoff.decision_note), ("refused", "Sue first"))
        self.assertEqual(self.invoice.amount_residual, 1_000)

    def test_several_customers(self):
        other = self.make_invoice(10, 10, partner_id=self.make_partner("Other").id)
        with self.assertRaises(UserError):
            self.ask(self.invoice, other)
        with self.assertRaises(UserError):
            self.ask(self.invoice, amounts={self.invoice: 1_000.01})

    def test_statements_do_not_grow_with_items(self):
        def count(number):
            partner = self.make_partner(f"With {number}")
            invoices = [self.make_invoice(10, 100, partner_id=partner.id) for _i in range(number)]
            writeoff = self.ask(*invoices)
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            writeoff._measure(writeoff.line_ids._find_items())
            return self.env.cr.sql_log_count - start

        count(2)  # what is cached for the process is
        self.assertLessEqual(count(12), count(3) + 1)

    def test_steps_do_not_grow_with_items(self):
        def count(number):
            writeoff = self.ask(self.make_opening_entry(number))
            steps = {
                "amounts": lambda: writeoff.with_user(self.collector).write(
                    {"line_ids": [Command.update(line.id, {"amount": 5}) for line in writeoff.line_ids]}
                ),
                "post": lambda: writeoff.with_user(self.controller).action_post(),
                "settle": lambda: writeoff.with_user(self.controller).action_settle(),
            }
            return {name: self.count_statements(writeoff, name, step) for name, step in steps.items()}

        count(2)  # what is cached for the process is
        few, many = count(10), count(40)
        for name, statements in many.items():
            self.assertLess(statements, few[name] * 1.6, f"{name}: {few} {many}")

    def count_statements(self, writeoff, name, step):
        if name == "post":
            self.decide(writeoff)
        elif name == "settle":
            writeoff.sudo().line_ids.entry_line_id.remove_move_reconcile()
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        step()
        self.env.flush_all()
        return self.env.cr.sql_log_count - start

    def make_opening_entry(self, number):
        """An entry with so many items of the customer, each with its own due date."""
        receivable = self.customer.property_account_receivable_id
        rows = [
            {
                "account_id": receivable.id,
                "partner_id": self.customer.id,
                "name": f"Opening {index}",
                "debit": 10,
                "date_maturity": fields.Date.subtract(self.today, days=100 + index),
            }
            for index in range(number)
        ]
        income = self.company_data["default_account_revenue"]
        rows.append({"account_id": income.id, "name": "Opening", "credit": 10 * number})
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": self.today,
                "line_ids": [Command.create(row) for row in rows],
            }
        )
        entry.action_post()
        return entry
