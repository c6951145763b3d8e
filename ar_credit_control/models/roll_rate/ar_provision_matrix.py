from odoo import fields, models


class ArProvisionMatrix(models.Model):
    """Loss rates know the history that they were derived from."""

    _inherit = "ar.provision.matrix"

    derivation_id = fields.Many2one(
        "ar.provision.derivation", string="History", readonly=True, copy=False, ondelete="restrict"
    )
