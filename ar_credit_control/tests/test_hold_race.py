from .common_database import OwnDatabaseCase

# Each race has a customer of its own with a limit of 300, twelve orders of 100 by that customer, and an order
# of a customer who is blocked and has no limit. Six children are forked, ready with a registry, and begin at
# once. They call what an RPC call goes through. Odoo tries again by itself when somebody else was faster, but
# only a few times: then the person presses the button again.
SCRIPT = """
import os, sys, traceback
import odoo.sql_db
from odoo import SUPERUSER_ID, api
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, execute_cr

registry, company_id = env.registry, env.company.id
env.company.credit_control_active = True
rules = env['ar.credit.rule'].search([('company_id', '=', company_id), ('kind', '=', 'limit')])
rules.tolerance_percent = 0
product_id = env['product.product'].create({'name': 'Piece', 'list_price': 100, 'taxes_id': False}).id
uid = env['res.users'].create({
    'name': 'Racer', 'login': 'racer', 'company_id': company_id, 'company_ids': [(6, 0, [company_id])],
    'group_ids': [(6, 0, [env.ref('base.group_user').id, env.ref('sales_team.group_sale_salesman').id])],
}).id

def make_partner(name):
    partner = env['res.partner'].create({'name': name, 'is_company': True})
    return env['ar.credit.profile']._get_or_create(partner, env.company), partner

def make_orders():
    profile, partner = make_partner('Raced')
    profile.write({'limit_set': True, 'limit': 300})
    orders = env['sale.order'].create([{
        'partner_id': partner.id, 'user_id': uid, 'company_id': company_id,
        'order_line': [(0, 0, {'product_id': product_id, 'price_unit': 100, 'tax_ids': False})],
    } for _number in range(12)])
    profile, blocked = make_partner('Blocked')
    profile.hold_override = 'block'
    return orders, orders[0].copy({'partner_id': blocked.id, 'partner_invoice_id': blocked.id})

def call(model, method, *args, presses=4):
    try:
        with registry.cursor() as cr:
            execute_cr(cr, uid, model, method, list(args), {})
    except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
        if not presses:
            raise
        call(model, method, *args, presses=presses - 1)

def race(name, orders, common, calls):
    global env
    print('MADE', name, common.id, *orders.ids)
    sys.stdout.flush()
    env.cr.commit()
    env.cr.close()
    odoo.sql_db.close_all()
    begin, go = os.pipe()
    children = []
    for own in calls:
        child = os.fork()
        if not child:
            os.close(go)
            os.read(begin, 1)
            try:
                for model, method, *args in own:
                    call(model, method, *args)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        children.append(child)
    os.close(begin)
    os.close(go)
    print('ENDED', name, *[os.waitpid(child, 0)[1] for child in children])
    env = api.Environment(registry.cursor(), SUPERUSER_ID, {})

def confirm(*order_ids):
    return 'sale.order', 'action_confirm', list(order_ids)

# One after the other: first the order that all confirm, whose customer has no limit to lock, then two of
# their own. The last ones come in the opposite direction: locks in any order would deadlock.
def one_by_one(orders, common):
    ids = orders.ids
    return [[confirm(one) for one in (common.id, ids[number], ids[-number - 1])] for number in range(6)]

race('one_by_one', *(made := make_orders()), one_by_one(*made))

orders, common = make_orders()
race('batches', orders, common, [
    [confirm(orders.ids[-number - 1], orders.ids[number])] for number in range(6)])

# Six small orders are confirmed; each is then raised by 40, of which the limit has room for one.
orders, common = make_orders()
for order in orders[:6]:
    order.order_line.price_unit = 40
    order.action_confirm()
race('raised', orders, common, [
    [('sale.order.line', 'write', line.ids, {'price_unit': 80})] for line in orders.order_line[:6]])

# Two members without a limit of their own, in a group with one.
orders, common = make_orders()
(other_profile, other), (head_profile, _head) = make_partner('Other member'), make_partner('Head')
members = other_profile | env['ar.credit.profile']._get_or_create(orders.partner_id, env.company)
members.parent_id = head_profile
members.write({'limit_set': False})
head_profile.write({'limit_set': True, 'limit': 300})
orders[::2].write({'partner_id': other.id, 'partner_invoice_id': other.id, 'partner_shipping_id': other.id})
race('group', orders, common, one_by_one(orders, common))

sys.stdout.flush()
os._exit(0)
"""


class TestHoldRace(OwnDatabaseCase):
    """However many people confirm at once, together they never exceed the limit."""

    def test_exactly_what_fits_is_confirmed(self):
        told = {}
        for line in self.run_script(SCRIPT).splitlines():
            word, name, *numbers = line.split()
            told[word, name] = [int(number) for number in numbers]
        for name, check in (
            ("one_by_one", self.check_one_by_one),
            ("batches", self.check_batches),
            ("raised", self.check_raised),
            ("group", self.check_group),
        ):
            with self.subTest(race=name):
                self.assertEqual(told["ENDED", name], [0] * 6, "nothing is raised")
                check(*told["MADE", name])

    def check_one_by_one(self, common_id, *order_ids):
        self.assertStates(order_ids, [("held", "draft", 9), ("none", "sale", 3)])
        self.assertHeldOnce(common_id, order_ids)

    def check_batches(self, _common_id, *order_ids):
        self.assertStates(order_ids, [("held", "draft", 9), ("none", "sale", 3)])

    def check_raised(self, _common_id, *order_ids):
        self.assertStates(order_ids, [("held", "sale", 5), ("none", "draft", 6), ("none", "sale", 1)])

    def check_group(self, common_id, *order_ids):
        """Orders of two members never exceed the limit of their group."""
        self.assertStates(order_ids, [("held", "draft", 9), ("none", "sale", 3)])
        self.assertHeldOnce(common_id, order_ids)

    def assertStates(self, order_ids, expected):
        states = self.query(
            """
            SELECT COALESCE(hold.state, 'none'), sale.state, count(*)
              FROM sale_order sale LEFT JOIN ar_credit_hold hold ON hold.order_id = sale.id
             WHERE sale.id = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2
            """,
            list(order_ids),
        )
        self.assertEqual(states, expected)

    def assertHeldOnce(self, common_id, order_ids):
        holds = self.query(
            "SELECT count(*) FROM ar_credit_hold WHERE order_id = ANY(%s) GROUP BY order_id", list(order_ids)
        )
        self.assertEqual(holds, [(1,)] * 9, "each is held once")
        held = self.query("SELECT state FROM ar_credit_hold WHERE order_id = %s", common_id)
        self.assertEqual(held, [("held",)], "held once, whoever asks at the same time")
