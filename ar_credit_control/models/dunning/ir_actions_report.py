import io

from odoo import models

LETTER_REPORT = "ar_credit_control.report_dunning_letter"


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Print dunning letters as they are mailed: a page of its own, without asset bundles to load.

        Several letters are one document, as the person at the printer wants them.
        """
        if self._get_report(report_ref).report_name != LETTER_REPORT or not res_ids:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        content = self.env["ar.dunning.letter"].browse(res_ids)._render_joint_pdf()
        return {False: {"stream": io.BytesIO(content), "attachment": None}}

    def _build_wkhtmltopdf_args(self, paperformat_id, landscape, **kwargs):
        """Print letters at once: they run no script that the page would have to wait for."""
        arguments = super()._build_wkhtmltopdf_args(paperformat_id, landscape, **kwargs)
        letter_format = self.env.ref("ar_credit_control.paperformat_dunning_letter", raise_if_not_found=False)
        if letter_format and paperformat_id == letter_format:
            arguments += ["--disable-javascript", "--javascript-delay", "0"]
        return arguments
