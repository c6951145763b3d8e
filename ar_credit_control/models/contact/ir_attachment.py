from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_list


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_contact_files(self):
        """Files of a contact are evidence: a slip, a photograph, a signed balance."""
        ids = [document.res_id for document in self if document.res_model == "ar.collection.activity"]
        kept = self.env["ar.collection.activity"].sudo().browse(ids).exists()  # sudo: their names only
        if kept:
            raise UserError(
                self.env._(
                    "Files of %s are kept as evidence.", format_list(self.env, kept.mapped("display_name"))
                )
            )
