import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Digital tax invoices have 20 digits; paper ones 8, behind a code of 10 or 12.
FAPIAO_NUMBER = re.compile(r"\d{8}|\d{18}|\d{20}")


class AccountMove(models.Model):
    """Numbers by which a Chinese customer finds an invoice; letters and statements show them."""

    _inherit = "account.move"

    credit_fapiao_number = fields.Char(
        string="Digital Fapiao Number",
        copy=False,
        groups="base.group_user",
        help="Number of the tax invoice: 20 digits (数电票); of a paper one 8 digits, or 18 and 20 with its "
        "code. Letters and statements name it.",
    )
    credit_contract_number = fields.Char(
        string="Contract Number",
        groups="base.group_user",
        help="The contract that the invoice stands on. Letters and statements name it.",
    )

    @api.constrains("credit_fapiao_number")
    def _check_fapiao_number(self):
        for move in self:
            if move.credit_fapiao_number and not FAPIAO_NUMBER.fullmatch(move.credit_fapiao_number):
                raise ValidationError(
                    self.env._(
                        "“%s” is no fapiao number: 20 digits, or 8 to be found on a paper one.",
                        move.credit_fapiao_number,
                    )
                )

    def _get_printed_numbers(self):
        """Return order, contract, document and fapiao number of an entry, as letters show them.

        The eight digits that Odoo's Chinese addon holds stand in where ours is empty.
        """
        self.ensure_one()
        fapiao = self.credit_fapiao_number
        if not fapiao and "fapiao" in self._fields:
            fapiao = self.fapiao
        return {
            "order": self.ref or "",
            "contract": self.credit_contract_number or "",
            "document": self.name or "",
            "fapiao": fapiao or "",
        }
