from .common_database import RACE, OwnDatabaseCase

# One write-off that three people post at once, and two write-offs of the same item posted at once, each in a
# process of its own that goes through what an RPC call does, with Odoo's own retries.
SCRIPT = """
from odoo import fields

company = env.company
users = env['res.users'].create([{
    'name': f'Clerk {number}', 'login': f'clerk{number}', 'company_id': company.id,
    'company_ids': [(6, 0, company.ids)],
    'group_ids': [(6, 0, env.ref('ar_credit_control.group_credit_manager').ids)],
} for number in range(3)])
env['ar.credit.authority'].create([
    {'company_id': company.id, 'user_id': user.id, 'kind': 'writeoff', 'amount': 1000} for user in users])
company.writeoff_account_id = env['account.account'].search(
    [('account_type', '=', 'expense'), ('company_ids', 'in', company.id)], limit=1)

def make(name, requests):
    partner = env['res.partner'].create({'name': name, 'is_company': True})
    invoice = env['account.move'].create({
        'move_type': 'out_invoice', 'partner_id': partner.id, 'invoice_date': fields.Date.today(),
        'invoice_payment_term_id': False,
        'invoice_line_ids': [(0, 0, {'name': 'Goods', 'price_unit': 250, 'tax_ids': [(5,)]})]})
    invoice.action_post()
    env.flush_all()
    asker, decider = (env(user=user) for user in users[:2])
    items = asker['ar.aging.report'].search([('move_id', '=', invoice.id)])
    reason = asker.ref('ar_credit_control.writeoff_reason_small')
    found = asker['ar.writeoff']
    for _number in range(requests):
        found |= asker['ar.writeoff']._create_from_items(items, reason, note='Reminded')
    found.action_submit()
    decider['ar.writeoff'].browse(found.ids).action_approve()
    return partner, found

once, single = make('Posted by three', 1)
twice, double = make('Asked for twice', 2)
jobs = [(user.id, 'ar.writeoff', 'action_post', single.ids) for user in users]
jobs += [(user.id, 'ar.writeoff', 'action_post', one.ids) for user, one in zip(users[:2], double)]
print('MADE', once.id, twice.id)
"""


class TestWriteoffRace(OwnDatabaseCase):
    """An item is written off once, however many people post it at the same moment."""

    def test_posted_once(self):
        lines = [line.split() for line in self.run_script(SCRIPT + RACE).splitlines()]
        [(once, twice)] = [map(int, line[1:]) for line in lines if line[:1] == ["MADE"]]
        [codes] = [line[1:] for line in lines if line[:1] == ["ENDED"]]
        for people in (codes[:3], codes[3:]):
            self.assertEqual(people.count("0"), 1, codes)
            self.assertEqual(people.count("3"), len(people) - 1, "the others are told")
        for partner in (once, twice):
            done = self.query(
                "SELECT amount FROM ar_writeoff WHERE partner_id = %s AND state = 'posted'", partner
            )
            self.assertEqual([float(amount) for (amount,) in done], [250])
            [(credit,)] = self.query(
                "SELECT SUM(credit) FROM account_move_line WHERE partner_id = %s AND parent_state = 'posted'"
                " AND account_id IN (SELECT id FROM account_account WHERE account_type = 'asset_receivable')",
                partner,
            )
            self.assertEqual(float(credit), 250)
