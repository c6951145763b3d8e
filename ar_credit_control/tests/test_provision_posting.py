from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
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

    def book(self, account, amount, date, post=True):
        """An entry by hand that credits an account."""
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date,
                "journal_id": self.policy.journal_id.id,
                "line_ids": [
                    Command.create({"account_id": account.id, "balance": -amount}),
                    Command.create({"account_id": self.loss.id, "balance": amount}),
                ],
            }
        )
        if post:
            entry.action_post()

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

    def test_a_posted_run_says_that_its_ledger_changed(self):
        invoice = self.make_invoice(1_000, 40)
        other = self.make_invoice(500, 10)
        receipt = self.make_receipt(200, date=self.today - timedelta(days=5))
        run = self.make_run(self.today - timedelta(days=1))
        auditor = run.with_user(self.auditor)
        self.assertFalse(auditor.ledger_note)
        self.pay(other)  # after its date
        self.write_off(invoice, amounts={invoice: 100}, in_transit_ack="For another order")
        run.invalidate_recordset()
        self.assertFalse(auditor.ledger_note)
        item = invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        (item + receipt).reconcile()
        run.invalidate_recordset()
        self.assertRegex(auditor.ledger_note, r"1,300\.00 now, difference \D*0\.00\. .*: 2\.$")
        self.make_invoice(70, 20)
        run.invalidate_recordset()
        self.assertRegex(auditor.ledger_note, r"1,370\.00 now, difference \D*70\.00\. .*: 3\.$")
        with self.assertQueryCount(6):
            run.invalidate_recordset()
            self.assertTrue(auditor.ledger_note)
        self.assertFalse(self.make_run(self.today).ledger_note)

    def test_what_is_said_of_the_ledger(self):
        """Nothing of a draft; of a claim and a credit that add up to nothing, too."""
        self.make_invoice(1_000, 40)
        day = self.today - timedelta(days=1)
        draft, posted = self.make_run(post=False), self.make_run(day)
        receivable = self.company_data["default_account_receivable"]
        line = {"account_id": receivable.id, "partner_id": self.customer.id, "date_maturity": day}
        self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": day,
                "journal_id": self.policy.journal_id.id,
                "line_ids": [Command.create({**line, "balance": balance}) for balance in (100, -100)],
            }
        ).action_post()
        (draft + posted).invalidate_recordset()
        self.assertFalse(draft.ledger_note)
        self.assertRegex(posted.ledger_note, r"1,000\.00 now, difference \D*0\.00\. .*: 1\.$")

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

    def test_no_opening_of_the_future(self):
        opening = self.env["ar.provision.opening"].with_user(self.controller)
        opening = opening.create({"company_id": self.company.id, "date": self.today + timedelta(days=1)})
        with self.assertRaisesRegex(UserError, "future"):
            opening.action_create()

    # ------------------------------------------------------------------
    # Cancelling
    # ------------------------------------------------------------------

    def test_cancelled_with_a_reason(self):
        """Also a draft asks why; a posted run says by the dialog that its entries are reversed."""
        self.make_invoice(1_000, 40)
        for run, user in ((self.make_run(post=False), self.controller), (self.make_run(), self.manager)):
            with self.subTest(state=run.state):
                own = run.with_user(user)
                state = run.state
                action = own.action_cancel()
                self.assertEqual(run.state, state)
                with self.assertRaises(UserError):
                    own.action_cancel("  ")
                wizard = self.env["ar.provision.cancel"].with_user(user).with_context(**action["context"])
                wizard = wizard.create({"reason": "Wrong cover"})
                self.assertEqual(wizard.amount, 36 if state == "posted" else 0)
                wizard.action_confirm()
                self.assertEqual(run.state, "cancelled")
                self.assertIn("Wrong cover", " ".join(run.message_ids.mapped("body")))
        self.assertEqual(self.allowance_at(), 0)

    def test_cancelling_a_posted_run_needs_authority(self):
        self.make_invoice(10_000, 40)
        run = self.make_run()
        for user in (self.controller, self.accountant):
            with self.subTest(user=user.login), self.assertRaisesRegex(AccessError, self.manager.name):
                run.with_user(user).action_cancel("Posted by me")
        row = {"company_id": self.company.id, "user_id": self.manager.id, "kind": "provision", "tier": 1}
        authority = self.env["ar.credit.authority"].create({**row, "amount": 359})
        with self.assertRaises(AccessError):
            run.with_user(self.manager).action_cancel("Too much for me")
        self.assertEqual((run.state, self.allowance_at()), ("posted", 360))
        authority.amount = 360
        run.with_user(self.manager).action_cancel("Enough")
        self.assertEqual((run.state, self.allowance_at()), ("cancelled", 0))

    def test_cancelling_an_opening_needs_authority(self):
        self.book(self.allowance, 50, self.today)
        opening = self.env["ar.provision.opening"].with_user(self.controller)
        opening = opening.create({"company_id": self.company.id, "date": self.today})
        run = self.runs.browse(opening.action_create()["res_id"])
        self.approve(run)
        run.with_user(self.controller).action_post()
        with self.assertRaises(AccessError):
            run.with_user(self.controller).action_cancel("Posted by me")
        run.with_user(self.manager).action_cancel("Twice")
        self.assertEqual(run.state, "cancelled")

    def test_not_cancelled_under_a_write_off(self):
        """The allowance would be a debit: the write-off goes first, or a run stands after both."""
        invoice = self.make_invoice(1_000, 100)
        before = self.today - timedelta(days=20)
        run = self.make_run(before)
        writeoff = self.write_off(invoice)
        self.assertEqual(writeoff.amount_provided, 66)
        with self.assertRaisesRegex(UserError, writeoff.name), self.env.cr.savepoint():
            run.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual((run.state, self.allowance_at()), ("posted", 0))
        writeoff.with_user(self.controller).action_cancel("Paid after all")
        run.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual((run.state, self.allowance_at()), ("cancelled", 0))

    def test_cancelled_under_a_write_off_that_an_earlier_run_bears(self):
        invoice = self.make_invoice(1_000, 100)
        self.book(self.allowance, -50, self.today - timedelta(days=30))  # a debit, which the first run ends
        self.make_run(self.today - timedelta(days=20))
        run = self.make_run(self.today - timedelta(days=5))
        self.write_off(invoice, amounts={invoice: 100})
        held = self.allowance_at()
        self.book(self.allowance, -1_000, self.today, post=False)
        run.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual(run.state, "cancelled")
        self.assertAlmostEqual(self.allowance_at(), held - run.change)

    def test_cancelled_before_a_run_after_which_the_allowance_was_overdrawn(self):
        """What write-offs take after the next run is not taken from this one."""
        invoice = self.make_invoice(1_000, 100)
        run = self.make_run(self.today - timedelta(days=20))
        self.make_run(self.today - timedelta(days=10))
        self.policy.writeoff_against = "allowance"
        self.write_off(invoice)
        self.assertLess(self.allowance_at(), 0)
        run.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual(run.state, "cancelled")


@tagged("post_install", "-at_install")
class TestProvisionTransfer(WriteoffCase):
    """What goes from segment to segment is neither charge nor release."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        countries = [cls.env.ref(f"base.{code}") for code in ("de", "fr")]
        cls.german, cls.french = cls.env["ar.provision.segment"].create(
            [
                {"policy_id": cls.policy.id, "name": country.name, "country_ids": [Command.set(country.ids)]}
                for country in countries
            ]
        )
        cls.de, cls.fr = countries
        cls.income = cls.env["account.account"].create(
            {"name": "Released", "code": "499901", "account_type": "income_other"}
        )
        cls.policy.release_account_id = cls.income
        cls.customer.country_id = cls.de
        cls.before = cls.today - timedelta(days=1)
        cls.make_invoice(1_000, 200)

    def read_table(self, start=None):
        """{segment: {part: amount}} of the movement table, without zeros."""
        report = self.env["ar.provision.movement.report"].create(
            {"company_id": self.company.id, "date_from": start or self.today, "date_to": self.today}
        )
        self.assertEqual(report.difference, 0)
        self.assertEqual(sum(report.line_ids.mapped("transfer")), 0)
        parts = ("opening", "charge", "release", "transfer", "closing")
        return {
            line.segment_id: {part: line[part] for part in parts if line[part]} for line in report.line_ids
        }

    def move_to_france(self):
        self.make_run(self.before)
        self.customer.country_id = self.fr

    def test_opening_without_segments(self):
        self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": self.before,
                "journal_id": self.policy.journal_id.id,
                "line_ids": [
                    Command.create({"account_id": self.allowance.id, "balance": -106}),
                    Command.create({"account_id": self.loss.id, "balance": 106}),
                ],
            }
        ).action_post()
        opening = self.env["ar.provision.opening"].with_user(self.controller)
        opening = opening.create({"company_id": self.company.id, "date": self.before})
        taken = self.runs.browse(opening.action_create()["res_id"])
        self.approve(taken)
        taken.with_user(self.controller).action_post()
        run = self.make_run(post=False)
        self.assertEqual((run.change, run._get_amount_to_cover()), (0, 0))
        self.approve(run)
        run.with_user(self.controller).action_post()
        self.assertEqual((self.balance_of(self.charge), self.balance_of(self.income)), (0, 0))
        self.assertEqual(self.allowance_at(), 106)
        none = self.german.browse()
        self.assertEqual(
            self.read_table(),
            {
                none: {"opening": 106, "transfer": -106},
                self.german: {"transfer": 106, "closing": 106},
            },
        )

    def test_customer_that_changes_its_segment(self):
        self.move_to_france()
        run = self.make_run()
        self.assertEqual(run._get_amount_to_reverse(), 0)
        self.assertEqual((self.balance_of(self.charge), self.balance_of(self.income)), (106, 0))
        self.assertEqual(set(run.movement_ids.mapped("kind")), {"transfer"})
        said = " ".join(run.message_ids.mapped("preview"))
        self.assertIn("between segments only", said)
        self.assertNotIn("0.00: ", said)
        self.assertEqual(run.move_ids.line_ids.account_id, self.allowance, "nothing on profit and loss")
        moved = {
            self.german: {"opening": 106, "transfer": -106},
            self.french: {"transfer": 106, "closing": 106},
        }
        self.assertEqual(self.read_table(), moved)
        self.assertEqual(self.make_run(self.today, post=False).change_ids.filtered("change").ids, [])
        run.with_user(self.manager).action_cancel("Again")
        self.assertEqual(self.read_table(), {self.german: {"opening": 106, "closing": 106}})

    def test_only_the_net_is_charged(self):
        """One customer goes to France with 106, and another one in Germany needs 10.60 from now on."""
        self.move_to_france()
        self.make_invoice(100, 200, partner_id=self.make_partner("Other", country_id=self.de.id).id)
        run = self.make_run()
        self.assertEqual(run._get_amount_to_cover(), 10.6)
        self.assertEqual(
            self.read_table(),
            {
                self.german: {"opening": 106, "transfer": -95.4, "closing": 10.6},
                self.french: {"charge": 10.6, "transfer": 95.4, "closing": 106},
            },
        )
        self.assertEqual((self.balance_of(self.charge), self.balance_of(self.income)), (116.6, 0))

    def test_analytic_accounts_follow(self):
        """Nothing on the charge account in all, but from the analytic account of one to that of the other."""
        plan = self.env["account.analytic.plan"].create({"name": "Countries"})
        accounts = self.env["account.analytic.account"].create(
            [{"name": segment.name, "plan_id": plan.id} for segment in (self.german, self.french)]
        )
        for segment, account in zip((self.german, self.french), accounts, strict=True):
            segment.analytic_distribution = {str(account.id): 100}
        self.move_to_france()
        run = self.make_run()
        lines = run.move_ids.line_ids.filtered(lambda line: line.account_id == self.charge)
        by_account = {
            account: sum(line.balance for line in lines if str(account.id) in line.analytic_distribution)
            for account in accounts
        }
        self.assertEqual(by_account, {accounts[0]: -106, accounts[1]: 106})
        self.assertEqual((self.balance_of(self.charge), self.balance_of(self.income)), (106, 0))

    def test_in_any_order(self):
        """The same table whether a run was posted before or after a later one, and after it is cancelled."""
        days = [self.today - timedelta(days=number) for number in (20, 10, 0)]
        other = self.make_partner("Other", country_id=self.fr.id)
        self.make_invoice(300, 25, partner_id=other.id)
        first, second, third = days
        tables = []
        for order in (days, (third, first, second), (second, third, first)):
            posted = []
            for day in order:
                # what is needed in each segment changes from date to date, and only by it
                self.customer.country_id = self.fr if day == second else self.de
                posted.append(self.make_run(day))
            tables.append([self.read_table(first), self.read_table(second), self.read_table(third)])
            for run in posted:
                run.with_user(self.manager).action_cancel("Again")
        self.assertEqual(tables[0], tables[1])
        self.assertEqual(tables[0], tables[2])
        self.assertTrue(tables[0][2][self.german].get("transfer"), "else this test proves nothing")
