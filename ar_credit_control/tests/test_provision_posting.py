from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestProvisionPosting(WriteoffCase):
    """What a run is checked against before it is submitted, approved and posted."""

    def make_approved(self, date=None):
        run = self.make_run(date, post=False)
        self.approve(run)
        return run.with_user(self.controller)

    def book(self, account, amount, date):
        """An entry by hand that credits an account."""
        self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date,
                "journal_id": self.policy.journal_id.id,
                "line_ids": [
                    Command.create({"account_id": account.id, "balance": -amount}),
                    Command.create({"account_id": self.loss.id, "balance": amount}),
                ],
            }
        ).action_post()

    def make_account(self, name, account_type="expense"):
        return self.env["account.account"].create({"name": name, "code": name, "account_type": account_type})

    # ------------------------------------------------------------------
    # The ledger
    # ------------------------------------------------------------------

    def test_receipt_matched_with_another_invoice(self):
        """The customer owes as much as before, in as many items, but other ones."""
        old, new = self.make_invoice(100, 200), self.make_invoice(100, 10)
        receipt = self.make_receipt(100, date=self.today - timedelta(days=5))
        items = (old + new).line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        (items[1] + receipt).reconcile()
        run = self.make_approved(self.today)
        self.assertEqual(run.amount, 10.6)
        receipt.remove_move_reconcile()
        (items[0] + receipt).reconcile()
        with self.assertRaisesRegex(UserError, "changed since"):
            run.action_post()
        self.assertEqual(self.make_run().amount, 1.6)

    def test_due_date_that_was_moved(self):
        invoice = self.make_invoice(100, 40)
        run = self.make_run(post=False).with_user(self.controller)
        item = invoice.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        item.date_maturity = self.today - timedelta(days=300)
        with self.assertRaisesRegex(UserError, "changed since"):
            run.action_submit()
        run.action_compute()
        run.action_submit()
        self.assertEqual((run.state, run.amount), ("submitted", 10.6))

    # ------------------------------------------------------------------
    # Date, policy and accounts
    # ------------------------------------------------------------------

    def test_no_run_of_the_future(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(self.today + timedelta(days=1), post=False)
        with self.assertRaisesRegex(UserError, "future"):
            run.with_user(self.controller).action_submit()
        run._write_evidence({"state": "approved"})
        with self.assertRaisesRegex(UserError, "future"):
            run.with_user(self.controller).action_post()
        self.assertFalse(run.move_ids)

    def test_no_run_by_an_archived_policy(self):
        self.make_invoice(1_000, 40)
        draft = self.make_run(post=False)
        approved = self.make_approved(self.today - timedelta(days=1))
        former = self.policy
        former.active = False
        self.env.flush_all()
        policy = self.make_policy(rates=(50,) * 5)
        with self.assertRaisesRegex(ValidationError, "not in use"):
            self.make_run(policy_id=former.id)
        with self.assertRaisesRegex(ValidationError, "not in use"):
            draft.with_user(self.controller).action_submit()
        self.assertEqual(draft.copy().policy_id, policy)
        draft.with_user(self.controller).policy_id = policy
        draft.action_compute()
        self.approve(draft)
        with self.assertRaisesRegex(ValidationError, "not in use"):
            approved.action_post()
        draft.with_user(self.controller).action_post()
        self.assertEqual(self.allowance_at(), 500)

    def test_accounts_are_those_that_were_approved(self):
        self.make_invoice(1_000, 40)
        receivable = self.company_data["default_account_receivable"]
        changes = (
            {"expense_account_id": self.make_account("699911").id},
            {"release_account_id": self.make_account("699912").id},
            {"allowance_account_id": self.make_account("129911", "asset_current").id},
            {
                "account_map_ids": [
                    Command.create(
                        {
                            "account_id": receivable.id,
                            "allowance_account_id": self.make_account("129912", "asset_current").id,
                            "expense_account_id": self.make_account("699913").id,
                        }
                    )
                ]
            },
        )
        run = self.make_approved()
        for values in changes:
            before = {name: self.policy[name].id for name in values if name != "account_map_ids"}
            self.policy.write(values)
            with self.subTest(**values), self.assertRaisesRegex(UserError, "accounts"):
                run.action_post()
            self.policy.account_map_ids.unlink()
            self.policy.write(before)
        run.action_post()
        self.assertEqual(self.balance_of(self.charge), 36)

    def test_accounts_on_the_draft_are_those_that_are_submitted(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(post=False).with_user(self.controller)
        self.policy.expense_account_id = self.make_account("699911")
        with self.assertRaisesRegex(UserError, "accounts"):
            run.action_submit()
        run.action_compute()
        run.action_submit()
        self.assertEqual(run.state, "submitted")

    # ------------------------------------------------------------------
    # What others booked
    # ------------------------------------------------------------------

    def test_booked_by_others_and_taken_back(self):
        self.make_invoice(1_000, 40)
        days = [self.today - timedelta(days=number) for number in (30, 20, 10, 0)]
        self.book(self.allowance, 50, days[0])
        self.assertEqual(self.make_run(days[0]).booked_by_others, 50)
        self.assertEqual(self.make_run(days[1]).booked_by_others, 0)
        self.book(self.allowance, -50, days[2])
        self.assertEqual(self.make_run(days[2]).booked_by_others, -50)
        self.assertEqual(self.make_run(days[3], post=False).booked_by_others, 0)

    def test_opening_takes_what_others_booked(self):
        """An opening explains what the run before took over: nobody booked it back."""
        self.make_invoice(1_000, 40)
        days = [self.today - timedelta(days=number) for number in (30, 20, 0)]
        self.book(self.allowance, 50, days[0])
        self.assertEqual(self.make_run(days[0]).booked_by_others, 50)
        opening = self.env["ar.provision.opening"].with_user(self.controller)
        opening = opening.create({"company_id": self.company.id, "date": days[1]})
        run = self.runs.browse(opening.action_create()["res_id"])
        self.approve(run)
        run.with_user(self.controller).action_post()
        self.book(self.allowance, 7, days[2])
        self.assertEqual(self.make_run(days[2]).booked_by_others, 7)
