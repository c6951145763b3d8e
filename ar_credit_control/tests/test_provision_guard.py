from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_database import OwnDatabaseCase
from .common_provision import ProvisionCase


@tagged("post_install", "-at_install")
class TestProvisionGuard(ProvisionCase):
    """What holds the books and the runs together."""

    def test_frozen_and_kept(self):
        invoice = self.make_invoice(1_000, 40)
        run = self.make_run()
        self.pay(invoice)
        self.policy.write({"name": "Renamed", "offset_credits": False})
        admin = self.env.ref("base.user_admin")
        admin.write(
            {
                "company_ids": [Command.link(self.company.id)],
                "group_ids": [Command.link(self.manager.group_ids[0].id)],
            }
        )
        for user in (admin, self.manager):
            own = run.with_user(user)
            for values in ({"date": "2020-01-01"}, {"amount": 1}, {"note": "Other"}, {"state": "draft"}):
                with self.subTest(user=user.login, **values), self.assertRaises(AccessError):
                    own.write(values)
            for rows in (own.line_ids, own.cell_ids, own.change_ids, own.movement_ids):
                with self.subTest(user=user.login, model=rows._name):
                    with self.assertRaises(AccessError):
                        rows.write({"amount": 1} if "amount" in rows._fields else {"change": 1})
                    with self.assertRaises(UserError):
                        rows.unlink()
                    with self.assertRaises(UserError):
                        rows.copy()
            with self.assertRaises(UserError):
                own.unlink()
            with self.assertRaises(UserError):
                own.action_compute()
        for rows in (run, run.line_ids, run.cell_ids, run.movement_ids):
            with self.subTest(model=rows._name), self.assertRaises(UserError):
                rows.sudo().unlink()
        self.assertEqual((run.gross, run.amount, run.line_ids.amount), (1_000, 36, 36))

    def test_proposed_authority_of_managers(self):
        self.make_user("second_manager", "ar_credit_control.group_credit_manager")
        rows = self.env["ar.credit.authority"].with_user(self.manager)._prepare_proposed(self.company)
        proposed = {row["user_id"]: row["amount"] for row in rows if row["kind"] == "provision"}
        self.assertEqual(set(proposed.values()), {1_000_000 / 8})
        self.assertNotIn(self.controller.id, proposed)
        self.assertNotIn(self.manager.id, proposed, "nobody gets a line of their own making")

    def test_a_copy_is_a_draft_of_its_own(self):
        self.make_invoice(1_000, 40)
        copy = self.make_run().with_user(self.controller).copy()
        self.assertEqual(
            (copy.state, copy.amount, copy.move_ids.ids, copy.line_ids.ids), ("draft", 0, [], [])
        )
        self.assertNotEqual(copy.name, "/")

    def test_entries_stay_until_the_run_is_cancelled(self):
        self.make_invoice(1_000, 40)
        run = self.make_run()
        move = run.move_ids
        accountant = move.with_user(self.accountant)
        self.assertEqual(accountant.provision_run_id, run)
        self.assertEqual(accountant.action_view_provision_run()["res_id"], run.id)
        with self.assertRaisesRegex(UserError, run.name):
            accountant.button_draft()
        with self.assertRaisesRegex(UserError, run.name):
            accountant.write({"state": "draft"})
        with self.assertRaisesRegex(UserError, run.name):
            accountant.date = self.today - timedelta(days=400)
        with self.assertRaises(UserError):
            move.with_context(force_delete=True).unlink()
        accountant.write({"ref": "Seen by the auditor", "state": "posted"})
        run.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual(self.allowance_at(), 0)
        self.assertEqual(len(run.move_ids), 2)
        # a cancelled run is followed: the movements of an entry count as long as it is posted
        accountant.button_draft()
        self.assertEqual(self.allowance_at(), -36)
        counted = self.env["ar.provision.movement"]._counted_sql()
        self.assertEqual(
            [row["amount"] for row in self.env.execute_query_dict(counted) if row["run_id"] == run.id], [-36]
        )

    def test_reversed_by_an_accountant_is_booked_again(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(self.today - timedelta(days=1))
        run.move_ids._reverse_moves([{"date": self.today}]).action_post()
        self.assertEqual(self.allowance_at(), 0)
        again = self.make_run()
        self.assertEqual((again.booked_by_others, again.change, self.allowance_at()), (-36, 36, 36))

    def test_no_infinite_amounts(self):
        """PostgreSQL 13 has no infinite numeric: what is paused as a whole has a finite amount."""
        self.policy.write({"disputed_rate": 20, "legal_rate": 50})
        pauses = self.env["ar.provision.valuation"]._pauses_sql(self.policy, self.today)
        self.assertNotIn("infinity", pauses.code.lower())

    def test_closed_period_names_the_lock(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(self.today - timedelta(days=3), post=False)
        self.approve(run)
        for lock in ("fiscalyear_lock_date", "hard_lock_date"):
            with self.subTest(lock=lock):
                self.company[lock] = self.today - timedelta(days=2)
                with self.assertRaisesRegex(UserError, "closed period"):
                    run.with_user(self.controller).action_post()
                self.assertFalse(run.move_ids)

    def test_cancelled_in_a_closed_period(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(self.today - timedelta(days=3))
        self.company.fiscalyear_lock_date = self.today - timedelta(days=2)
        run.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual(self.allowance_at(self.today - timedelta(days=2)), 36)
        self.assertEqual(self.allowance_at(), 0)
        self.assertIn("first open day", " ".join(run.message_ids.mapped("body")))

    def test_cancelled_in_a_closed_period_before_another_one(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(self.today - timedelta(days=5))
        following = self.make_run(self.today - timedelta(days=3))
        self.company.fiscalyear_lock_date = self.today - timedelta(days=2)
        with self.assertRaisesRegex(UserError, following.name):
            run.with_user(self.manager).action_cancel("Wrong")
        self.assertEqual(run.state, "posted")
        self.assertEqual(self.allowance_at(), following.amount)

    def test_more_than_was_approved(self):
        """The allowance changed after the approval: who approved must be able to decide on what is booked."""
        self.make_invoice(10_000, 40)
        authority = {"company_id": self.company.id, "user_id": self.manager.id, "kind": "provision"}
        self.env["ar.credit.authority"].create({**authority, "tier": 1, "amount": 400})
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": self.today,
                "journal_id": self.policy.journal_id.id,
                "line_ids": [
                    Command.create({"account_id": self.allowance.id, "balance": 100}),
                    Command.create({"account_id": self.loss.id, "balance": -100}),
                ],
            }
        )
        run = self.make_run(post=False)
        self.approve(run)
        entry.action_post()
        with self.assertRaisesRegex(UserError, self.manager.name):
            run.with_user(self.controller).action_post()
        self.assertEqual(self.allowance_at(), -100)

    def test_authority(self):
        self.make_invoice(10_000, 40)
        authority = self.env["ar.credit.authority"]
        row = {"company_id": self.company.id, "user_id": self.manager.id, "kind": "provision", "tier": 1}
        small = authority.create({**row, "amount": 359})
        run = self.make_run(post=False)
        run.with_user(self.controller).action_submit()
        self.assertFalse(run.with_user(self.manager).may_decide)
        with self.assertRaises(AccessError):
            run.with_user(self.manager).action_approve()
        small.amount = 360
        with self.assertRaises(AccessError):
            run.with_user(self.controller).action_approve()
        run.with_user(self.manager).action_approve()
        self.assertEqual(run.decided_by_id, self.manager)

    def test_lines_are_the_open_items_until_the_run_is_posted(self):
        """What is booked in between changes the open items: submission, approval and posting refuse."""
        steps = (
            ("action_submit", self.controller),
            ("action_approve", self.manager),
            ("action_post", self.controller),
        )
        for number, (refused, _user) in enumerate(steps):
            with self.subTest(step=refused):
                self.make_invoice(1_000, 40)
                run = self.make_run(self.today - timedelta(days=1), post=False)
                for action, user in steps[:number]:
                    getattr(run.with_user(user), action)()
                state = run.state
                paid = self.make_invoice(500, 40)
                action, user = steps[number]
                with self.assertRaisesRegex(UserError, "changed since"):
                    getattr(run.with_user(user), action)()
                self.assertEqual((run.state, run.move_ids.ids), (state, []))
                self.pay(paid)  # at a later date: it is open at that of the run
                with self.assertRaisesRegex(UserError, "changed since"):
                    getattr(run.with_user(user), action)()
                run.with_user(self.manager).action_cancel("Wrong")
        run = self.make_run(self.today - timedelta(days=1))
        self.assertEqual((run.state, run.gross), ("posted", 4_500))

    def test_as_much_owed_by_another_customer_is_another_ledger(self):
        invoice = self.make_invoice(1_000, 40)
        run = self.make_run(post=False)
        self.pay(invoice)
        self.make_invoice(1_000, 40, partner_id=self.make_partner("Other").id)
        with self.assertRaisesRegex(UserError, "changed since"):
            run.with_user(self.controller).action_submit()
        run.with_user(self.controller).action_compute()
        run.with_user(self.controller).action_submit()
        self.assertEqual(run.state, "submitted")

    def test_authority_is_for_charges_and_releases(self):
        """A charge on one allowance account and a release on another do not offset."""
        receivable = self.company_data["default_account_receivable"].copy({"code": "121901"})
        allowance = self.allowance.copy({"code": "129902"})
        self.policy.account_map_ids = [
            Command.create({"account_id": receivable.id, "allowance_account_id": allowance.id})
        ]
        chinese = self.make_partner("Chinese", property_account_receivable_id=receivable.id)
        paid = self.make_invoice(10_000, 40)
        self.make_run(self.today - timedelta(days=1))
        self.pay(paid)
        self.make_invoice(10_000, 40, partner_id=chinese.id)
        row = {"company_id": self.company.id, "user_id": self.manager.id, "kind": "provision", "tier": 1}
        authority = self.env["ar.credit.authority"].create({**row, "amount": 359})
        run = self.make_run(post=False)
        self.assertEqual((run.change, sorted(run.change_ids.mapped("change"))), (0, [-360, 360]))
        run.with_user(self.controller).action_submit()
        with self.assertRaises(AccessError):
            run.with_user(self.manager).action_approve()
        authority.amount = 360
        run.with_user(self.manager).action_approve()
        authority.amount = 359
        with self.assertRaisesRegex(UserError, self.manager.name):
            run.with_user(self.controller).action_post()

    def test_sent_back_and_submitted_again(self):
        self.make_invoice(1_000, 40)
        run = self.make_run(post=False).with_user(self.controller)
        run.action_submit()
        self.assertEqual(len(run.activity_ids), 1)
        action = run.with_user(self.manager).action_ask_send_back()
        wizard = self.env["ar.provision.send.back"].with_user(self.manager).with_context(**action["context"])
        wizard.create({"reason": "Ask the agency first"}).action_confirm()
        self.assertEqual(run.state, "draft")
        self.assertIn("Ask the agency first", " ".join(run.message_ids.mapped("body")))
        self.assertFalse(run.activity_ids)
        run.action_submit()
        self.assertEqual(run.state, "submitted")

    def test_who_sees_what(self):
        invoice = self.make_invoice(1_000, 40)
        run = self.make_run()
        for user in (self.auditor, self.accountant, self.controller):
            with self.subTest(user=user.login):
                self.assertEqual(run.with_user(user).amount, 36)
                self.assertEqual(invoice.with_user(user).provision_amount, 36)
                self.assertEqual(self.customer.with_user(user).credit_provision_amount, 36)
        with self.assertRaises(AccessError):
            run.with_user(self.auditor).action_cancel("Wrong")
        for user in (self.salesperson, self.collector):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    run.with_user(user).read(["amount"])
                with self.assertRaises(AccessError):
                    self.customer.with_user(user).read(["credit_provision_amount"])
                self.customer.with_user(user).web_read({"name": {}, "credit_exposure": {}})

    def test_screens_can_be_read(self):
        """Everything that a list or form shows is readable for everybody who reads runs."""
        self.make_invoice(1_000, 40)
        self.make_run(self.today - timedelta(days=5))
        self.make_run()
        names = {
            "ar.provision.run": ("list", "form"),
            "ar.provision.line": ("list",),
            "ar.provision.comparison": ("list",),
        }
        for user in (self.accountant, self.auditor, self.controller):
            for name, kinds in names.items():
                model = self.env[name].with_user(user)
                for kind in kinds:
                    with self.subTest(user=user.login, model=name, view=kind):
                        shown = model.get_view(view_type=kind)["models"][name]
                        fields = {
                            field: {"fields": {"display_name": {}}} if model._fields[field].relational else {}
                            for field in shown
                        }
                        self.env.invalidate_all()
                        self.assertTrue(model.web_search_read([], fields)["records"])

    def test_booked_in_the_history(self):
        self.make_invoice(1_000, 40)
        run = self.make_run()
        notes = " ".join(run.message_ids.mapped("body"))
        self.assertIn("the allowance went from", notes)
        self.assertIn("36.00", notes)
        self.assertIn(run.name, run.move_ids.ref)

    def test_statements_do_not_grow_with_items(self):
        self.make_run(self.today - timedelta(days=20))
        run = self.make_run(post=False)
        statements = []
        for invoices in (1, 2, 12):
            for number in range(invoices):
                self.make_invoice(100 + number, 10 * number, partner_id=self.make_partner(f"P{number}").id)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            run.action_compute()
            self.env.flush_all()
            statements.append(self.cr.sql_log_count - before)
        self.assertEqual(len(run.line_ids), 15)
        self.assertEqual(statements[1], statements[2])
        self.assertLess(statements[2], 40)

    def test_figures_of_invoices_in_one_statement(self):
        invoices = sum(
            (self.make_invoice(100 * number, 40) for number in (1, 2, 3)), self.env["account.move"]
        )
        later = self.make_invoice(100, -10)
        self.make_run(self.today - timedelta(days=5))
        self.pay(invoices[0])
        moves = (invoices | later).with_user(self.accountant)
        counts = []
        for some in (moves[:1], moves[:1], moves):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            amounts = some.mapped("provision_amount")
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertEqual(amounts, [3.6, 7.2, 10.8, 0])
        self.assertEqual(moves.mapped("provision_rate"), [3.6, 3.6, 3.6, 0])
        found = {
            domain: self.env["account.move"].search([*domain, ("id", "in", moves.ids)])
            for domain in (
                (("provision_amount", ">", 5),),
                (("provision_amount", "=", 0),),
                (("provision_amount", "!=", 0),),
                (("provision_amount", "<", 5),),
                (("provision_rate", ">=", 3.6),),
                (("provision_amount", "in", (7.2, 0)),),
            )
        }
        self.assertEqual(
            list(found.values()),
            [invoices[1:], later, invoices, invoices[0] | later, invoices, invoices[1] | later],
        )

    def test_figures_of_a_customer(self):
        self.make_invoice(1_000, 40)
        run = self.make_run()
        profile = self.make_profile(self.customer, 500)
        self.assertEqual(profile.with_user(self.auditor).provision_amount, 36)
        for action in (profile.action_view_provision_lines(), self.contact.action_credit_provision_lines()):
            self.assertEqual(self.env["ar.provision.line"].search(action["domain"]), run.line_ids)
        self.assertEqual(self.contact.credit_provision_amount, 36)

    def test_branches_have_entries_of_their_own(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        for user in (self.env.user, self.controller, self.manager):
            user.company_ids += branch
        self.make_invoice(1_000, 40)
        receivable, income = (
            self.company_data[f"default_account_{name}"] for name in ("receivable", "revenue")
        )
        due = self.today - timedelta(days=40)
        self.env["account.move"].create(
            {
                "move_type": "entry",
                "company_id": branch.id,
                "date": due,
                "journal_id": self.policy.journal_id.id,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": receivable.id,
                            "partner_id": self.customer.id,
                            "date_maturity": due,
                            "balance": 2_000,
                        }
                    ),
                    Command.create({"account_id": income.id, "balance": -2_000}),
                ],
            }
        ).action_post()
        run = self.make_run()
        self.assertEqual(run.amount, 108)
        booked = {move.company_id: sum(move.line_ids.mapped("debit")) for move in run.move_ids}
        self.assertEqual(booked, {self.company: 36, branch: 72})
        branch.fiscalyear_lock_date = self.today
        with self.assertRaisesRegex(UserError, "closed period"):
            again = self.make_run(self.today - timedelta(days=1), post=False)
            self.approve(again)
            again.action_post()


@tagged("post_install", "-at_install")
class TestProvisionOpening(ProvisionCase):
    """The allowance of a live company, taken over without a booking."""

    def book_before(self, amount, date):
        self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": date,
                "journal_id": self.policy.journal_id.id,
                "line_ids": [
                    Command.create({"account_id": self.allowance.id, "balance": -amount}),
                    Command.create({"account_id": self.charge.id, "balance": amount}),
                ],
            }
        ).action_post()

    def take_over(self, date):
        opening = self.env["ar.provision.opening"].with_user(self.controller)
        opening = opening.create({"company_id": self.company.id, "date": date})
        run = self.runs.browse(opening.action_create()["res_id"])
        return opening, run

    def test_ledger_movements_and_next_run_agree(self):
        self.make_invoice(1_000, 40)
        before = self.today - timedelta(days=30)
        self.book_before(50, before - timedelta(days=10))
        opening, run = self.take_over(before)
        self.assertEqual(
            opening.line_ids.mapped(lambda line: (line.account_id, line.amount)), [(self.allowance, 50)]
        )
        self.assertEqual((run.kind, run.booked_other, run.change), ("opening", 50, 0))
        self.approve(run)
        run.with_user(self.controller).action_post()
        self.assertFalse(run.move_ids)
        self.assertEqual(run.movement_ids.mapped(lambda row: (row.kind, row.amount)), [("opening", 50)])
        following = self.make_run()
        self.assertEqual((following.booked, following.booked_other, following.change), (50, 0, -14))
        self.assertEqual(following.movement_ids.mapped("kind"), ["release"])
        self.assertEqual(self.allowance_at(), 36)
        movements = self.env["ar.provision.movement"].search([("root_company_id", "=", self.company.id)])
        self.assertEqual(sum(movements.mapped("amount")), 36)

    def test_nothing_to_take_over(self):
        _opening, run = self.take_over(self.today)
        with self.assertRaisesRegex(UserError, "nothing"):
            run.with_user(self.controller).action_submit()

    def test_taken_over_once(self):
        self.book_before(50, self.today)
        _opening, run = self.take_over(self.today)
        self.approve(run)
        run.with_user(self.controller).action_post()
        opening, again = self.take_over(self.today)
        self.assertFalse(opening.line_ids)
        with self.assertRaises(UserError):
            again.with_user(self.controller).action_submit()
        run.with_user(self.manager).action_cancel("Wrong")
        opening, again = self.take_over(self.today)
        self.assertEqual(opening.amount, 50)

    def test_authority_is_for_what_is_taken_over(self):
        self.book_before(50, self.today)
        self.env["ar.credit.authority"].create(
            {
                "company_id": self.company.id,
                "user_id": self.manager.id,
                "kind": "provision",
                "tier": 1,
                "amount": 49,
            }
        )
        _opening, run = self.take_over(self.today)
        run.with_user(self.controller).action_submit()
        with self.assertRaises(AccessError):
            run.with_user(self.manager).action_approve()

    def test_step_of_the_takeover(self):
        self.book_before(50, self.today)
        takeover = (
            self.env["ar.credit.takeover"].with_user(self.manager).create({"company_id": self.company.id})
        )
        takeover.action_go_to_switch()
        self.assertEqual((takeover.has_provision_policy, takeover.allowance_amount), (True, 50))
        self.assertEqual(takeover.action_take_allowance()["context"], {"default_company_id": self.company.id})


# A company with a policy, an invoice and two approved runs at the same date; two processes post them at once,
# a third one is killed between its entry and its commit.
SCRIPT = """
import os, signal, sys, traceback
import odoo.sql_db
from datetime import timedelta
from odoo import SUPERUSER_ID, api
from odoo.service.model import execute_cr

registry, company = env.registry, env.company
today = company._credit_today()
account = env['account.account'].create
allowance = account({'name': 'Allowance', 'code': '129901', 'account_type': 'asset_current'})
charge = account({'name': 'Impairment', 'code': '699901', 'account_type': 'expense'})
journal = env['account.journal'].search([('type', '=', 'general'), ('company_id', '=', company.id)], limit=1)
env['ar.provision.policy'].search([('company_id', '=', company.id)]).active = False
env.flush_all()
policy = env['ar.provision.policy'].create({
    'name': 'Raced', 'company_id': company.id, 'journal_id': journal.id,
    'allowance_account_id': allowance.id, 'expense_account_id': charge.id,
    'bucket_ids': [(0, 0, {'name': 'All', 'age_from': 0})],
})
matrix = env['ar.provision.matrix'].create({
    'policy_id': policy.id, 'date_from': '2000-01-01', 'reason': 'Race',
    'rate_ids': [(0, 0, {'bucket_id': policy.bucket_ids.id, 'rate': 10})],
})
matrix._write_evidence({'state': 'approved'})
partner = env['res.partner'].create({'name': 'Raced', 'is_company': True})
env['account.move'].create({
    'move_type': 'out_invoice', 'partner_id': partner.id, 'invoice_date': today - timedelta(days=1),
    'invoice_line_ids': [(0, 0, {'name': 'Work', 'price_unit': 1000, 'tax_ids': [(5,)]})],
}).action_post()

def make_run(date):
    run = env['ar.provision.run'].create({'date': date, 'company_id': company.id, 'policy_id': policy.id})
    run.action_compute()
    run._write_evidence({'state': 'approved'})
    return run.id

runs = [make_run(today), make_run(today)]
killed = make_run(today - timedelta(days=1))
print('MADE', allowance.id, killed, *runs)
sys.stdout.flush()
env.cr.commit()
env.cr.close()
odoo.sql_db.close_all()

def post(run_id, kill=False):
    with registry.cursor() as cr:
        if kill:
            api.Environment(cr, SUPERUSER_ID, {})['ar.provision.run'].browse(run_id).action_post()
            os.kill(os.getpid(), signal.SIGKILL)
        execute_cr(cr, SUPERUSER_ID, 'ar.provision.run', 'action_post', [[run_id]], {})

def fork(run_id, begin, go, kill=False):
    child = os.fork()
    if child:
        return child
    os.close(go)
    os.read(begin, 1)
    try:
        post(run_id, kill)
    except BaseException as error:
        print('REFUSED', type(error).__name__)
        sys.stdout.flush()
        os._exit(1)
    os._exit(0)

for group in ([(runs[0], False), (runs[1], False)], [(killed, True)]):
    begin, go = os.pipe()
    children = [fork(run_id, begin, go, kill) for run_id, kill in group]
    os.close(begin)
    os.close(go)
    print('ENDED', *[os.waitpid(child, 0)[1] for child in children])
sys.stdout.flush()
os._exit(0)
"""


class TestProvisionRace(OwnDatabaseCase):
    """Two people post at once, a process is killed: real transactions on a database of its own."""

    def test_race_and_kill(self):
        output = self.run_script(SCRIPT)
        lines = output.splitlines()
        [made] = [line.split()[1:] for line in lines if line.startswith("MADE")]
        allowance, killed, *runs = map(int, made)
        race, kill = [line.split()[1:] for line in lines if line.startswith("ENDED")]
        self.assertEqual(sorted(code == "0" for code in race), [False, True], output)
        self.assertEqual(kill, ["9"])
        states = dict(
            self.query("SELECT id, state FROM ar_provision_run WHERE id = ANY (%s)", [*runs, killed])
        )
        self.assertEqual(sorted(states[run] for run in runs), ["approved", "posted"])
        self.assertEqual(states[killed], "approved")
        [(balance, entries)] = self.query(
            "SELECT -SUM(balance), COUNT(DISTINCT move_id) FROM account_move_line WHERE account_id = %s",
            allowance,
        )
        [(amount,)] = self.query("SELECT amount FROM ar_provision_run WHERE id = %s", runs[0])
        self.assertEqual((balance, entries), (amount, 1))
        self.assertEqual(
            self.query("SELECT COUNT(*) FROM ar_provision_movement WHERE run_id = %s", killed), [(0,)]
        )
