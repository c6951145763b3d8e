from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _compute_partner_credit_warning(self):
        """Core's banner knows another exposure: it is silent where credit control is switched on."""
        controlled = self.filtered(
            # a setting of the root company, which a user of a branch may not open
            lambda move: move.company_id.sudo()._credit_root().credit_control_active
        )
        controlled.partner_credit_warning = ""
        return super(AccountMove, self - controlled)._compute_partner_credit_warning()
