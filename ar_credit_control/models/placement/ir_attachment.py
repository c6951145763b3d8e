from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_list


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_proof(self):
        """Proof for limitation and what was handed over are evidence."""
        for model in ("ar.limitation.event", "ar.placement"):
            ids = [document.res_id for document in self if document.res_model == model]
            if kept := self.env[model].sudo().browse(ids).exists():  # sudo: their names only
                raise UserError(
                    self.env._(
                        "Files of %s are kept as evidence.",
                        format_list(self.env, kept.mapped("display_name")),
                    )
                )
