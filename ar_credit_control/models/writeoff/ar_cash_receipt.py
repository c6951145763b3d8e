from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .account_move import WRITEOFF_GROUPS


class ArCashReceipt(models.Model):
    """A receipt may pay what was written off."""

    _inherit = "ar.cash.receipt"

    has_writeoff = fields.Boolean(
        string="Customer With Write-offs", compute="_compute_has_writeoff", groups=WRITEOFF_GROUPS
    )

    def _compute_has_writeoff(self):
        found = self._find_writeoff_lines().partner_id
        for receipt in self:
            receipt.has_writeoff = bool(receipt.move_line_id) and receipt.partner_id in found

    def _find_writeoff_lines(self):
        lines = self.env["ar.writeoff.line"].search(
            Domain("partner_id", "in", self.partner_id.ids)
            & Domain("root_company_id", "in", self.root_company_id.ids)
            & Domain("state", "=", "posted"),
            order="writeoff_id desc, id",
        )
        return lines.filtered("amount_left")

    def action_recover_writeoff(self):
        """Open the dialog that records this receipt as a recovery of what was written off.

        :raise UserError: when nothing of the customer is written off
        """
        self.ensure_one()
        lines = self._find_writeoff_lines()
        if not lines or not self.move_line_id:
            raise UserError(self.env._("Nothing is written off that this receipt could pay."))
        return lines[0].writeoff_id._open_recovery(lines[0], self)
