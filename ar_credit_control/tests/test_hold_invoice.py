from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common_hold import HoldCase
from .test_hold_recheck import StatementLog


@tagged("post_install", "-at_install")
class TestHoldInvoice(HoldCase):
    """Invoices without an order stop at posting where a rule looks at invoices, and only there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_rules(limit={"on_invoice": True})
        cls.accountant = new_test_user(
            cls.env,
            "hold_accountant",
            groups="account.group_account_invoice",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def make_draft(self, amount, partner=None, **values):
        return (
            self.env["account.move"]
            .with_user(self.accountant)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": (partner or self.customer).id,
                    "invoice_date": fields.Date.context_today(self.company),
                    "invoice_line_ids": [
                        Command.create({"name": "Advice", "price_unit": amount, "tax_ids": [Command.clear()]})
                    ],
                    **values,
                }
            )
        )

    def assertStopped(self, invoice):
        self.assertEqual(invoice.state, "draft")
        self.assertEqual(invoice.credit_hold_state, "held")

    def test_what_fits_is_posted(self):
        invoice = self.make_draft(1000)
        self.assertFalse(invoice.action_post())
        self.assertEqual(invoice.state, "posted")

    def test_what_does_not_fit_stays_a_draft_and_is_released_as_asked(self):
        invoice = self.make_draft(1001)
        notice = invoice.action_post()
        self.assertEqual(notice["tag"], "display_notification")
        self.assertStopped(invoice)
        self.assertIn("1,001.00", invoice.credit_hold_reason)
        hold = invoice.credit_hold_id
        self.assertEqual(hold.checkpoint, "invoice")
        self.assertEqual((hold.exposure, hold.order_amount), (0.0, 1001.0))
        self.assertEqual(hold.asked_by_id, self.accountant)
        self.assertTrue(hold.with_user(self.accountant).read(["state", "reason_text", "limit"]))
        with self.assertRaises(AccessError):
            hold.with_user(self.accountant).action_release("mine")
        hold.with_user(self.controller).action_release("agreed")
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(invoice.activity_ids.user_id, self.accountant)

    def test_posted_by_a_default_of_ones_own(self):
        defaults = self.env["ir.default"].with_user(self.accountant)
        defaults.set("account.move", "state", "posted", user_id=True)
        invoice = self.make_draft(1001)
        self.assertEqual(invoice.state, "draft")
        invoice.action_post()
        self.assertStopped(invoice)

    def test_a_refused_one_stays_a_draft(self):
        invoice = self.make_draft(1001)
        invoice.action_post()
        invoice.credit_hold_id.with_user(self.controller).action_refuse("prepaid only")
        self.assertEqual((invoice.state, invoice.credit_hold_state), ("draft", "refused"))
        self.assertIn("prepaid only", invoice.credit_hold_reason)

    def test_in_a_batch_those_that_pass_are_posted(self):
        small = self.make_draft(400, self.make_customer("Small", 1000.0))
        large = self.make_draft(1400, self.make_customer("Large", 1000.0))
        (small | large).action_post()
        self.assertEqual(small.state, "posted")
        self.assertStopped(large)

    def test_there_is_no_way_around(self):
        invoice = self.make_draft(1001)
        with self.assertRaisesRegex(UserError, "release"):
            invoice.write({"state": "posted"})
        self.assertEqual(invoice.state, "draft")
        invoice.with_context(credit_passing=True, force_post=True)._post()
        self.assertStopped(invoice)
        result = (
            self.env["account.move"]
            .with_user(self.accountant)
            .with_context(import_file=True)
            .load([".id", "state"], [[str(invoice.id), "Posted"]])
        )
        self.assertFalse(result["ids"])
        self.assertEqual(invoice.state, "draft")

    def test_those_of_orders_and_corrections_are_never_stopped(self):
        order = self.make_order(10)
        order.action_confirm()
        self.env["ar.credit.profile"]._get_or_create(self.customer, self.company).limit = 1.0
        invoice = order.sudo()._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.state, "posted")
        note = invoice._reverse_moves()
        note.action_post()
        self.assertEqual(note.state, "posted")

    def test_a_recurring_one_waits_and_the_schedule_goes_on(self):
        values = {"auto_post": "monthly", "date": fields.Date.context_today(self.company)}
        stopped = self.make_draft(1001, **values)
        others = self.make_draft(400, self.make_customer("Other", 1000.0), **values)
        schedule = self.env.ref("account.ir_cron_auto_post_draft_entry").sudo()
        for _day in range(2):
            self.env.cr.flush()
            with self.enter_registry_test_mode():
                schedule.method_direct_trigger()
            self.env.invalidate_all()
        self.assertEqual(others.state, "posted")
        self.assertStopped(stopped)
        hold = stopped.credit_hold_id
        self.assertEqual((hold.source, len(stopped.credit_hold_ids)), ("schedule", 1))
        self.assertEqual(stopped.auto_post, "monthly")
        hold.with_user(self.controller).action_release("agreed")
        self.assertEqual(stopped.state, "posted")

    def test_it_is_posted_when_its_cause_is_gone(self):
        invoice = self.make_draft(1001)
        invoice.action_post()
        self.env["ar.credit.profile"]._get_or_create(self.customer, self.company).limit = 2000.0
        self.env.cr.flush()
        with self.enter_registry_test_mode():
            self.env.ref("ar_credit_control.cron_credit_recheck").sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(invoice.state, "posted")

    def test_deleting_or_cancelling_the_draft_ends_the_hold(self):
        invoice, other = self.make_draft(1001), self.make_draft(1002)
        (invoice | other).action_post()
        holds = (invoice | other).credit_hold_id.sudo()
        invoice.button_cancel()
        other.unlink()
        self.assertEqual(set(holds.mapped("state")), {"expired"})

    def test_no_statement_while_no_rule_looks_at_invoices(self):
        """Posting costs the same as without the gate."""
        self.set_rules(limit={})
        model = self.env.registry["account.move"]
        self.make_draft(10).action_post()  # warms the caches
        counts = []
        for gate in (True, False, True, False):
            invoice = self.make_draft(10).sudo()
            self.env.flush_all()
            wrapped = model._post
            if not gate:
                model._post = wrapped.__closure__[0].cell_contents
            try:
                self.env.invalidate_all()
                with StatementLog(self.env.cr) as statements:
                    invoice._post()
                    self.env.flush_all()
                counts.append(statements)
            finally:
                if not gate:
                    model._post = wrapped
            self.assertEqual(invoice.state, "posted")
        self.assertEqual(len(counts[2]), len(counts[3]), set(counts[2]) - set(counts[3]))
