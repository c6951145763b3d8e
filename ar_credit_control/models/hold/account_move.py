from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        """Receipts and credit notes that are booked, and invoices that are taken back, free credit."""
        result = super().write(vals)
        if "state" in vals:
            self.line_ids._credit_recheck()
        return result

    def unlink(self):
        self.line_ids._credit_recheck()
        return super().unlink()

    def _compute_partner_credit_warning(self):
        """Core's banner knows another exposure: it is silent where credit control is switched on."""
        roots = {
            company: company.sudo()._credit_root()  # settings of the root, also for a user of a branch
            for company in self.company_id
        }
        controlled = self.filtered(lambda move: roots[move.company_id].credit_control_active)
        controlled.partner_credit_warning = ""
        return super(AccountMove, self - controlled)._compute_partner_credit_warning()
