from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_list


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_security_documents(self):
        """Documents of a security are evidence once it was submitted."""
        ids = [document.res_id for document in self if document.res_model == "ar.credit.security"]
        securities = self.env["ar.credit.security"].sudo().browse(ids).exists()  # sudo: their state only
        if kept := securities.filtered(lambda security: security.state != "draft"):
            raise UserError(
                self.env._(
                    "Documents of %s are kept as evidence.",
                    format_list(self.env, kept.mapped("display_name")),
                )
            )
