from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _compute_partner_credit_warning(self):
        """Core's banner knows another exposure: it is silent where credit control is switched on."""
        roots = {
            company: company.sudo()._credit_root()  # settings of the root, also for a user of a branch
            for company in self.company_id
        }
        controlled = self.filtered(lambda move: roots[move.company_id].credit_control_active)
        controlled.partner_credit_warning = ""
        return super(AccountMove, self - controlled)._compute_partner_credit_warning()
