from .common_database import OwnDatabaseCase

SETUP = """
company = env.company
company.credit_control_active = True
rules = env['ar.credit.rule'].search([('company_id', '=', company.id), ('kind', '=', 'limit')])
rules.tolerance_percent = 0
partner = env['res.partner'].create({'name': 'Raced', 'is_company': True})
profile = env['ar.credit.profile']._get_or_create(partner, company)
profile.write({'limit_set': True, 'limit': 300})
product = env['product.product'].create({'name': 'Piece', 'list_price': 100, 'taxes_id': False})
user = env['res.users'].create({
    'name': 'Racer', 'login': 'racer', 'company_id': company.id, 'company_ids': [(6, 0, company.ids)],
    'group_ids': [(6, 0, [env.ref('base.group_user').id, env.ref('sales_team.group_sale_salesman').id])],
})
orders = env['sale.order'].create([{
    'partner_id': partner.id, 'user_id': user.id, 'company_id': company.id,
    'order_line': [(0, 0, {'product_id': product.id, 'price_unit': 100, 'tax_ids': False})],
} for _number in range(12)])
late = env['res.partner'].create({'name': 'Blocked', 'is_company': True})
env['ar.credit.profile']._get_or_create(late, company).hold_override = 'block'
common = orders[0].copy({'partner_id': late.id, 'partner_invoice_id': late.id})
env.cr.commit()
uid, ids, common_id, registry = user.id, orders.ids, common.id, env.registry
print('MADE', common_id, *ids)
"""

# Each child confirms orders, one after the other, through what an RPC call goes through: first the one that
# all confirm, whose customer has no limit to lock, then two of its own. The last ones come in the opposite
# direction: locks in any order would deadlock. Odoo tries again by itself when somebody else was faster, but
# only a few times: then the person presses the button again.
RACE = """
import os, sys, traceback
import odoo.sql_db
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, execute_cr
env.cr.close()
odoo.sql_db.close_all()
def call(model, method, *args, presses=4):
    try:
        with registry.cursor() as cr:
            execute_cr(cr, uid, model, method, list(args), {})
    except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
        if not presses:
            raise
        call(model, method, *args, presses=presses - 1)

begin, go = os.pipe()
children = []
for number in range(6):
    child = os.fork()
    if not child:
        os.close(go)
        os.read(begin, 1)
        try:
            for model, method, *args in get_calls(number):
                call(model, method, *args)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    children.append(child)
os.close(begin)
os.close(go)
print('ENDED', *[os.waitpid(child, 0)[1] for child in children])
sys.stdout.flush()
os._exit(0)
"""


ONE_BY_ONE = """
def get_calls(number):
    for order_id in (common_id, ids[number], ids[-number - 1]):
        yield 'sale.order', 'action_confirm', [order_id]
"""

BATCHES = """
def get_calls(number):
    yield 'sale.order', 'action_confirm', [ids[-number - 1], ids[number]]
"""

# Six small orders are confirmed; each is then raised by 40, of which the limit has room for one.
RAISED = """
for order in orders[:6]:
    order.order_line.price_unit = 40
    order.action_confirm()
env.cr.commit()
lines = orders.order_line.ids

def get_calls(number):
    yield 'sale.order.line', 'write', [lines[number]], {'price_unit': 80}
"""


class TestHoldRace(OwnDatabaseCase):
    """However many people confirm at once, together they never exceed the limit."""

    def test_exactly_what_fits_is_confirmed(self):
        output = self.run_script(SETUP + ONE_BY_ONE + RACE)
        common_id, *order_ids = [int(word) for word in output.split("MADE")[1].split("\n")[0].split()]
        self.assertEqual(output.split("ENDED")[1].split(), ["0"] * 6, "nothing is raised")
        states = self.query(
            "SELECT state, count(*) FROM sale_order WHERE id = ANY(%s) GROUP BY state ORDER BY state",
            order_ids,
        )
        self.assertEqual(states, [("draft", 9), ("sale", 3)])
        holds = self.query(
            "SELECT count(*) FROM ar_credit_hold WHERE order_id = ANY(%s) GROUP BY order_id", order_ids
        )
        self.assertEqual(holds, [(1,)] * 9, "each is held once")
        held = self.query("SELECT state FROM ar_credit_hold WHERE order_id = %s", common_id)
        self.assertEqual(held, [("held",)], "held once, whoever asks at the same time")

    def check_states(self, script, expected):
        output = self.run_script(script + RACE)
        _common_id, *order_ids = [int(word) for word in output.split("MADE")[1].split("\n")[0].split()]
        self.assertEqual(output.split("ENDED")[1].split(), ["0"] * 6, "nothing is raised")
        states = self.query(
            """
            SELECT COALESCE(hold.state, 'none'), sale.state, count(*)
              FROM sale_order sale LEFT JOIN ar_credit_hold hold ON hold.order_id = sale.id
             WHERE sale.id = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2
            """,
            order_ids,
        )
        self.assertEqual(states, expected)


class TestHoldRaceBatches(TestHoldRace):
    def test_exactly_what_fits_is_confirmed(self):
        self.check_states(SETUP + BATCHES, [("held", "draft", 9), ("none", "sale", 3)])


class TestHoldRaceRaised(TestHoldRace):
    def test_exactly_what_fits_is_confirmed(self):
        self.check_states(SETUP + RAISED, [("held", "sale", 5), ("none", "draft", 6), ("none", "sale", 1)])


GROUP = """
head = env['res.partner'].create({'name': 'Head', 'is_company': True})
other = env['res.partner'].create({'name': 'Other member', 'is_company': True})
members = env['ar.credit.profile']._get_or_create(partner | other, company)
members.parent_id = env['ar.credit.profile']._get_or_create(head, company)
members.write({'limit_set': False})
members.parent_id.write({'limit_set': True, 'limit': 300})
orders[::2].write({'partner_id': other.id, 'partner_invoice_id': other.id, 'partner_shipping_id': other.id})
env.cr.commit()
"""


class TestHoldGroupRace(OwnDatabaseCase):
    """Orders of two members who have no limit of their own never exceed the limit of their group."""

    def test_exactly_what_fits_the_group_is_confirmed(self):
        output = self.run_script(SETUP + GROUP + ONE_BY_ONE + RACE)
        _common_id, *order_ids = [int(word) for word in output.split("MADE")[1].split("\n")[0].split()]
        self.assertEqual(output.split("ENDED")[1].split(), ["0"] * 6, "nothing is raised")
        states = self.query(
            "SELECT state, count(*) FROM sale_order WHERE id = ANY(%s) GROUP BY state ORDER BY state",
            order_ids,
        )
        self.assertEqual(states, [("draft", 9), ("sale", 3)])
