from odoo import fields, models


class ArProvisionMovement(models.Model):
    """The allowance that a write-off used, or that a recovery restored."""

    _inherit = "ar.provision.movement"

    writeoff_id = fields.Many2one(
        "ar.writeoff", string="Write-off", readonly=True, index="btree_not_null", ondelete="restrict"
    )
