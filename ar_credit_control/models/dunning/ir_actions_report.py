import io

from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Print dunning letters as they are mailed: a page of its own, without asset bundles to load."""
        if (
            self._get_report(report_ref).report_name != "ar_credit_control.report_dunning_letter"
            or not res_ids
        ):
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        letters = self.env["ar.dunning.letter"].browse(res_ids)
        return {
            letter.id: {"stream": io.BytesIO(letter._render_pdf()), "attachment": None} for letter in letters
        }
