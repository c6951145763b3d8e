from .common_database import RACE, OwnDatabaseCase

# One receipt that four people apply at once, and one request that three others approve at once, each in a
# process of its own that goes through what an RPC call does, with Odoo's own retries.
SCRIPT = """
from odoo import fields

company = env.company
journal = env['account.journal'].search([('type', '=', 'bank'), ('company_id', '=', company.id)], limit=1)
users = env['res.users'].create([{
    'name': f'Cashier {number}', 'login': f'cashier{number}', 'company_id': company.id,
    'company_ids': [(6, 0, company.ids)],
    'group_ids': [(6, 0, env.ref('ar_credit_control.group_credit_controller').ids)],
} for number in range(4)])

def make(name):
    partner = env['res.partner'].create({'name': name, 'is_company': True})
    invoice = env['account.move'].create({
        'move_type': 'out_invoice', 'partner_id': partner.id, 'invoice_date': fields.Date.today(),
        'invoice_line_ids': [(0, 0, {'name': 'Goods', 'price_unit': 250, 'tax_ids': [(5,)]})]})
    invoice.action_post()
    payment = env['account.payment'].create({
        'amount': 300, 'partner_id': partner.id, 'payment_type': 'inbound', 'partner_type': 'customer',
        'journal_id': journal.id})
    payment.action_post()
    entry = payment.move_id
    return partner, env['ar.cash.receipt'].search([('move_id', '=', entry.id)])

applied, receipt = make('Applied by four')
approved, asked = make('Approved by three')
env['ar.cash.receipt'].with_user(users[0]).browse(asked.ids).action_propose()
request = env['ar.cash.application'].search([('partner_id', '=', approved.id)])
jobs = [(user.id, 'ar.cash.receipt', 'action_apply', receipt.ids) for user in users]
jobs += [(user.id, 'ar.cash.application', 'action_approve', request.ids) for user in users[1:]]
print('MADE', applied.id, approved.id)
"""


class TestCashRace(OwnDatabaseCase):
    """A receipt is applied once, however many people press the button at the same moment."""

    def test_applied_once(self):
        lines = [line.split() for line in self.run_script(SCRIPT + RACE).splitlines()]
        [(applied, approved)] = [map(int, line[1:]) for line in lines if line[:1] == ["MADE"]]
        [codes] = [line[1:] for line in lines if line[:1] == ["ENDED"]]
        for people in (codes[:4], codes[4:]):
            self.assertEqual(people.count("0"), 1, codes)
            self.assertEqual(people.count("3"), len(people) - 1, "the others are told")
        for partner in (applied, approved):
            done = self.query(
                "SELECT state, amount_applied FROM ar_cash_application WHERE partner_id = %s", partner
            )
            self.assertEqual([(state, float(amount)) for state, amount in done], [("applied", 250.0)])
            matched = self.query(
                "SELECT part.amount FROM account_partial_reconcile part"
                " JOIN account_move_line item ON item.id = part.debit_move_id WHERE item.partner_id = %s",
                partner,
            )
            self.assertEqual([float(amount) for (amount,) in matched], [250.0])
