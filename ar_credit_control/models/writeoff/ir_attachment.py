from odoo import api, models
from odoo.exceptions import UserError


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model
    def _get_evidence_models(self):
        return [*super()._get_evidence_models(), "ar.writeoff"]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_writeoff_evidence(self):
        """Files of a write-off are evidence once it was asked for."""
        ids = [document.res_id for document in self if document.res_model == "ar.writeoff"]
        writeoffs = self.env["ar.writeoff"].sudo().browse(ids).exists()  # sudo: their state only
        if kept := writeoffs.filtered(lambda writeoff: writeoff.state != "draft"):
            raise UserError(
                self.env._("Files of %s are kept as evidence.", ", ".join(kept.mapped("display_name")))
            )
