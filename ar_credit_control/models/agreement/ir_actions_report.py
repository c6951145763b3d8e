from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Print schedules of plans as pages of their own, without asset bundles to load."""
        if self._get_report(report_ref).report_name != "ar_credit_control.report_payment_plan" or not res_ids:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        return self.env["ar.payment.plan"].browse(res_ids)._render_pdf_streams()
