from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_list


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_dispute_files(self):
        """Files of a dispute are what the customer sent: evidence."""
        ids = [document.res_id for document in self if document.res_model == "ar.dispute"]
        kept = self.env["ar.dispute"].sudo().browse(ids).exists()  # sudo: their names only
        if kept:
            raise UserError(
                self.env._(
                    "Files of %s are kept as evidence.", format_list(self.env, kept.mapped("display_name"))
                )
            )
