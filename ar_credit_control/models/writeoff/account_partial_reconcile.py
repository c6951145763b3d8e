from odoo import models


class AccountPartialReconcile(models.Model):
    """A write-off is no payment: tax that is due when the customer pays does not become due by it."""

    _inherit = "account.partial.reconcile"

    def _collect_tax_cash_basis_values(self):
        return super(AccountPartialReconcile, self - self._find_given_up())._collect_tax_cash_basis_values()

    def _find_given_up(self):
        """Return the matchings of items with their write-off."""
        lines = self.env["ar.writeoff.line"].sudo()  # sudo: whoever matches may not read write-offs
        credits = lines.search([("entry_line_id", "in", self.credit_move_id.ids)]).entry_line_id
        return self.filtered(lambda part: part.credit_move_id in credits)
