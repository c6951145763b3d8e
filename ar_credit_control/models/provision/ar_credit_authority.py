from odoo import fields, models

from ..authority.ar_credit_authority import GROUP_OF_KIND

KIND = "provision"
GROUP_OF_KIND[KIND] = "ar_credit_control.group_credit_manager"


class ArCreditAuthority(models.Model):
    """Who may approve loss rates, assessments and what a provision run changes."""

    _inherit = "ar.credit.authority"

    kind = fields.Selection(selection_add=[(KIND, "Provisions")], ondelete={KIND: "cascade"})
