from odoo import fields, models

from ..authority.ar_credit_authority import GROUP_OF_KIND

GROUP_OF_KIND["waiver"] = "ar_credit_control.group_credit_controller"


class ArCreditAuthority(models.Model):
    _inherit = "ar.credit.authority"

    kind = fields.Selection(
        selection_add=[("waiver", "Waivers of late interest")], ondelete={"waiver": "cascade"}
    )
