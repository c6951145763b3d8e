from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_list

from ..item.ir_attachment import CONTENT


class IrAttachment(models.Model):
    """Files of a write-off are evidence once it was asked for, sent back or not."""

    _inherit = "ir.attachment"

    @api.model
    def _get_evidence_models(self):
        return [*super()._get_evidence_models(), "ar.writeoff"]

    def write(self, vals):
        if not self.env.su and CONTENT & vals.keys():
            self._check_writeoff_evidence()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_writeoff_evidence(self):
        self._check_writeoff_evidence()

    def _check_writeoff_evidence(self):
        """Refuse to touch files of write-offs that were asked for, attached or chosen as their papers.

        :raise UserError: naming the write-offs
        """
        ids = [document.res_id for document in self if document.res_model == "ar.writeoff"]
        of_these = Domain("id", "in", ids) | Domain("document_ids", "in", self.ids)
        writeoffs = self.env["ar.writeoff"].sudo()  # sudo: whether it was asked for only
        if kept := writeoffs.search(of_these & Domain("submitted_by_id", "!=", False)):
            raise UserError(
                self.env._(
                    "Files of %s are kept as evidence.", format_list(self.env, kept.mapped("display_name"))
                )
            )
