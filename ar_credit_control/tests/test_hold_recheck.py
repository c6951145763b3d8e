from odoo.tests import tagged

from .common_database import OwnDatabaseCase
from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestHoldRecheck(HoldCase):
    """A held order is confirmed soon after its cause is gone, and nothing else is looked at."""

    def setUp(self):
        super().setUp()
        self.company.credit_hold_auto_release = True
        self.queue = self.env["ar.credit.recheck"].sudo()
        self.cron = self.env.ref("ar_credit_control.cron_credit_recheck").sudo()
        self.flush()
        self.queue.search([]).unlink()
        self.env["ir.cron.trigger"].sudo().search([]).unlink()

    def flush(self):
        self.env.cr.flush()

    def make_held(self, quantity=11, partner=None, **values):
        order = self.make_order(quantity, partner, **values)
        order.action_confirm()
        self.assertHeld(order)
        self.flush()
        self.queue.search([]).unlink()
        self.env["ir.cron.trigger"].sudo().search([]).unlink()
        return order

    def get_queued(self):
        self.flush()
        return self.queue.search([]).partner_id

    def take_up(self):
        self.flush()
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    def pay(self, invoice, amount=None):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        return wizard.create({"amount": amount or invoice.amount_residual})._create_payments()

    def assertReleases(self, order, change):
        self.assertFalse(self.get_queued())
        change()
        self.assertIn(self.customer, self.get_queued())
        self.assertTrue(self.env["ir.cron.trigger"].sudo().search([("cron_id", "=", self.cron.id)]))
        self.take_up()
        self.assertPassed(order)
        self.assertFalse(self.get_queued())

    def test_the_remainder_of_an_old_order_is_closed(self):
        old = self.make_order(6)
        old.action_confirm()
        self.assertPassed(old)
        order = self.make_held(6)
        self.assertReleases(order, old.with_user(self.controller).action_credit_close_remainder)

    def test_a_payment(self):
        invoice = self.make_invoice(500, days_overdue=40)
        order = self.make_held(6)
        self.assertReleases(order, lambda: self.pay(invoice))
        hold = order.sudo().credit_hold_id
        self.assertEqual(hold.state, "released")
        self.assertFalse(hold.decided_by_id, "nobody decided")

    def test_a_payment_that_is_not_enough_leaves_it_held(self):
        invoice = self.make_invoice(900, days_overdue=0)
        order = self.make_held(6)
        self.pay(invoice, 100)
        self.assertTrue(self.get_queued())
        self.take_up()
        self.assertHeld(order, "limit")
        self.assertEqual(order.sudo().credit_hold_id.exposure, 800.0, "the figures are today's")
        self.assertFalse(self.get_queued())

    def test_a_credit_note(self):
        invoice = self.make_invoice(500, days_overdue=0)
        order = self.make_held(6)
        self.assertReleases(order, lambda: invoice._reverse_moves(cancel=True))

    def test_an_invoice_taken_back(self):
        invoice = self.make_invoice(500, days_overdue=0)
        order = self.make_held(6)

        def take_back():
            invoice.button_draft()
            invoice.button_cancel()

        self.assertReleases(order, take_back)

    def test_a_higher_limit(self):
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        self.assertReleases(self.make_held(), lambda: profile.write({"limit": 2000.0}))

    def test_a_customer_that_is_never_held(self):
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        self.assertReleases(self.make_held(), lambda: profile.write({"hold_override": "pass"}))

    def test_another_order_cancelled(self):
        other = self.make_order(9)
        other.action_confirm()
        self.assertPassed(other)
        # stock_picking_batch lets the warehouse alone cancel deliveries
        self.assertReleases(self.make_held(5), other.sudo()._action_cancel)

    def test_another_order_reduced(self):
        other = self.make_order(9)
        other.action_confirm()
        order = self.make_held(5)
        self.assertReleases(order, lambda: other.order_line.write({"product_uom_qty": 4}))

    def test_a_setting(self):
        order = self.make_held(10.5)
        self.assertFalse(self.get_queued())
        self.company.credit_release_days = 20
        self.assertIn(self.customer, self.get_queued())
        self.assertHeld(order)

    def test_the_whole_group_is_looked_at(self):
        head, sister = self.make_customer("Head", 1000.0), self.make_customer("Sister", 1000.0)
        profiles = self.env["ar.credit.profile"]._get_or_create(self.customer | sister, self.company)
        profiles.parent_id = self.env["ar.credit.profile"]._get_or_create(head, self.company)
        self.make_held(11)
        invoice = self.make_invoice(100, days_overdue=0, partner=sister)
        self.flush()
        self.queue.search([]).unlink()
        self.pay(invoice)
        self.assertEqual(self.get_queued(), self.customer)

    def test_what_a_person_stopped_waits_for_a_person(self):
        order = self.make_order(1)
        order.with_user(self.controller).action_credit_put_on_hold("Rumours")
        self.flush()
        self.queue.search([]).unlink()
        self.pay(self.make_invoice(10, days_overdue=0))
        self.assertFalse(self.get_queued())
        self.queue.create({"partner_id": self.customer.id, "company_id": self.company.id})
        self.take_up()
        self.assertHeld(order, "manual")

    def test_others_are_not_looked_at(self):
        self.make_held()
        invoice = self.make_invoice(10, days_overdue=0, partner=self.make_customer("Other", 100.0))
        self.pay(invoice)
        self.assertFalse(self.get_queued())

    def test_nothing_is_queued_where_a_person_releases(self):
        self.company.credit_hold_auto_release = False
        self.make_held()
        self.pay(self.make_invoice(10, days_overdue=0))
        self.assertFalse(self.get_queued())

    def test_several_orders_together_keep_within_the_limit(self):
        invoice = self.make_invoice(900, days_overdue=0)
        orders = [self.make_held(4) for _number in range(4)]
        self.pay(invoice)
        self.take_up()
        self.assertEqual([order.state for order in orders], ["sale", "sale", "draft", "draft"])

    def test_one_statement_however_much_is_posted(self):
        invoices = [self.make_invoice(10, days_overdue=0) for _number in range(6)]
        self.flush()

        def count(moves):
            for move in moves:
                self.pay(move)
            with self.assertQueries_of_commit() as statements:
                self.flush()
            return statements

        few, many = count(invoices[:1]), count(invoices[1:])
        self.assertEqual(len([query for query in few if "ar_credit_recheck" in query]), 1)
        self.assertEqual(len([query for query in many if "ar_credit_recheck" in query]), 1)

    def assertQueries_of_commit(self):
        return StatementLog(self.env.cr)

    def test_a_failing_order_does_not_stop_the_others(self):
        product = self.article.copy({"sale_ok": True})
        invoice = self.make_invoice(900, days_overdue=0)
        broken, sound = self.make_held(4), self.make_held(5)
        broken.order_line.sudo().write({"product_id": product.id})
        # Odoo refuses to confirm a line without a product.
        self.env.cr.execute("UPDATE sale_order_line SET product_id = NULL WHERE order_id = %s", [broken.id])
        self.env.invalidate_all()
        self.pay(invoice)
        self.take_up()
        self.assertPassed(sound)
        self.assertEqual(broken.state, "draft")


class StatementLog:
    """Statements that a cursor runs within."""

    def __init__(self, cursor):
        self.cursor = cursor
        self.statements = []

    def __enter__(self):
        execute = self.cursor.execute

        def logged(query, *args, **kwargs):
            self.statements.append(str(getattr(query, "code", query)))
            return execute(query, *args, **kwargs)

        self.cursor.execute = logged
        return self.statements

    def __exit__(self, *_error):
        del self.cursor.execute


SETUP = """
company = env.company
company.write({'credit_control_active': True, 'credit_hold_auto_release': True})
article = env['product.product'].create({'name': 'Crate', 'type': 'consu', 'taxes_id': False})
names = [f'Waiting {number}' for number in range(4)]
partners = env['res.partner'].create([{'name': name, 'is_company': True} for name in names])
profiles = env['ar.credit.profile']._get_or_create(partners, company)
profiles.write({'limit_set': True, 'limit': 0})
orders = env['sale.order'].create([{'partner_id': partner.id, 'order_line': [(0, 0, {
    'product_id': article.id, 'product_uom_qty': 1, 'price_unit': 100, 'tax_ids': [(5,)]})]}
    for partner in partners])
for order in orders:
    order.action_confirm()
env.cr.commit()
profiles.write({'limit': 1000})
env.cr.commit()
"""

KILLED = """
import os
hold = type(env['ar.credit.hold'])
original = hold._repeat_confirmation
def repeat(self):
    original(self)
    if self.partner_name == 'Waiting 2':
        os._exit(9)
hold._repeat_confirmation = repeat
env['ar.credit.recheck']._cron_take_up()
"""

TAKE_UP = """
env['ar.credit.recheck']._cron_take_up()
env.cr.commit()
"""


COUNT = """
env.cr.execute('''%s''')
print('WAITING', *env.cr.fetchone(), flush=True)
"""

# Changed settings have the held customers of the demonstration looked at, too.
WAITING = """
SELECT COUNT(DISTINCT queue.partner_id)
  FROM ar_credit_recheck queue JOIN res_partner partner ON partner.id = queue.partner_id
 WHERE partner.name LIKE 'Waiting %%'
"""


@tagged("post_install", "-at_install")
class TestHoldRecheckKilled(OwnDatabaseCase):
    def test_killed_in_the_middle_and_run_again(self):
        process = self.start(SETUP + COUNT % WAITING + KILLED)
        output, _errors = process.communicate()
        self.assertIn("WAITING 4", output)
        self.assertEqual(process.returncode, 9)
        [[waiting]] = self.query(WAITING)
        self.assertEqual(waiting, 2, "two were dealt with, the one in the middle is undone")
        self.run_script(TAKE_UP)
        self.assertEqual(
            self.query(
                "SELECT state FROM sale_order JOIN res_partner p ON p.id = partner_id"
                " WHERE p.name LIKE 'Waiting %%'"
            ),
            [("sale",)] * 4,
        )
        self.assertEqual(self.query(WAITING), [(0,)])
