import io

from odoo import models

STATEMENT_REPORT = "ar_credit_control.report_statement"


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Print statements as they are mailed; several are one document."""
        if self._get_report(report_ref).report_name != STATEMENT_REPORT or not res_ids:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        content = self.env["ar.statement"].browse(res_ids)._render_joint_pdf()
        return {False: {"stream": io.BytesIO(content), "attachment": None}}
