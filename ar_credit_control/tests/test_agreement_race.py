from .common_database import OwnDatabaseCase

# Two collectors drafted a plan for the same items. The second one submits while the first one's
# transaction is open: as Odoo does, it runs again afterwards.
SCRIPT = """
import threading
from datetime import timedelta
from odoo import Command, api, fields
from odoo.exceptions import UserError
from odoo.service.model import retrying

company = env.company
partner = env['res.partner'].create({'name': 'Asked twice', 'is_company': True})
journal = env['account.journal'].search([('type', '=', 'sale'), ('company_id', '=', company.id)], limit=1)
today = fields.Date.today()
invoice = env['account.move'].create({
    'move_type': 'out_invoice', 'partner_id': partner.id, 'journal_id': journal.id,
    'invoice_date': today - timedelta(days=60), 'invoice_date_due': today - timedelta(days=30),
    'invoice_line_ids': [Command.create({'name': 'Piece', 'price_unit': 500, 'tax_ids': False})],
})
invoice.action_post()
collectors = env['res.users'].create([{
    'name': login, 'login': login, 'company_id': company.id, 'company_ids': [Command.set(company.ids)],
    'group_ids': [Command.set([env.ref('ar_credit_control.group_collector').id])],
} for login in ('plan_one', 'plan_two')])
first, second = [
    env['ar.payment.plan'].with_user(user)._draft(
        partner, company, dates=[today + timedelta(days=20)], reason='Waits for a grant')
    for user in collectors
]
env.cr.commit()
registry, ids = env.registry, (first.id, second.id)

with registry.cursor() as one, registry.cursor() as two:
    envs = [api.Environment(cr, user.id, {}) for cr, user in zip((one, two), collectors)]
    mine, theirs = [env['ar.payment.plan'].browse(plan) for env, plan in zip(envs, ids)]
    mine.action_submit()
    envs[0].flush_all()
    two.execute('SELECT 1')
    threading.Timer(0.5, one.commit).start()
    attempts = []

    def submit():
        attempts.append(theirs.name)
        theirs.action_submit()
        envs[1].flush_all()

    try:
        retrying(submit, envs[1])
        print('ANSWER submitted')
    except UserError as error:
        print('ANSWER', error)
    two.rollback()
    print('ATTEMPTS', len(attempts))

env.cr.rollback()
env.invalidate_all()
print('NAMES', first.name, second.name)
print('STATES', first.state, second.state)
"""


class TestPlanRace(OwnDatabaseCase):
    """Of two plans for the same item that are submitted at once the first one stays."""

    def test_the_first_submitted_wins(self):
        told = dict(line.split(" ", 1) for line in self.run_script(SCRIPT).splitlines())
        first, _second = told["NAMES"].split()
        self.assertEqual(told["STATES"], "submitted draft")
        self.assertIn(f"is part of {first} already", told["ANSWER"])
        self.assertEqual(told["ATTEMPTS"], "2", "the second ran again and saw the first")
