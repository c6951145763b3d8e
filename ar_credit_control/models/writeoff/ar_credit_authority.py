from odoo import fields, models

from ..authority.ar_credit_authority import GROUP_OF_KIND, PRESETS

KIND = "writeoff"
MANAGER = "ar_credit_control.group_credit_manager"
GROUP_OF_KIND[KIND] = MANAGER
# Judgement, to be edited: CNY that a manager may write off of one customer in a year.
PRESET_AMOUNT = 10_000
for group, _tier, amounts in PRESETS:
    if group == MANAGER:
        amounts[KIND] = PRESET_AMOUNT


class ArCreditAuthority(models.Model):
    """Who may write receivables off: credit managers, where nobody set an amount."""

    _inherit = "ar.credit.authority"

    kind = fields.Selection(selection_add=[(KIND, "Write-offs")], ondelete={KIND: "cascade"})
