from odoo import fields, models

from ..authority.ar_credit_authority import GROUP_OF_KIND, PRESETS

KIND = "provision"
MANAGER = "ar_credit_control.group_credit_manager"
GROUP_OF_KIND[KIND] = MANAGER
# Judgement, to be edited: CNY that a manager may have charged or released by one run.
PRESET_AMOUNT = 1_000_000
for group, _tier, amounts in PRESETS:
    if group == MANAGER:
        amounts[KIND] = PRESET_AMOUNT


class ArCreditAuthority(models.Model):
    """Who may approve loss rates, assessments and what a provision run changes."""

    _inherit = "ar.credit.authority"

    kind = fields.Selection(selection_add=[(KIND, "Provisions")], ondelete={KIND: "cascade"})
