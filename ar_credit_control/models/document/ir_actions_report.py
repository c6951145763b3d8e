import io

from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """Print documents as they are mailed: a page of its own, without asset bundles to load.

        Several are one PDF, as the person at the printer wants them.
        """
        documents = self._get_documents(self._get_report(report_ref), res_ids)
        if not documents:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        return {False: {"stream": io.BytesIO(documents._render_joint_pdf()), "attachment": None}}

    def _get_documents(self, report, res_ids):
        """Return the records that a report prints as documents; None for any other report."""
        model = self.env.get(report.model)
        if not isinstance(model, self.env.registry["ar.document.print.mixin"]):
            return None
        return model.browse(res_ids) if report == self.env.ref(model._document_report) else None

    def _build_wkhtmltopdf_args(self, paperformat_id, landscape, **kwargs):
        """Print documents at once: they run no script that the page would have to wait for."""
        arguments = super()._build_wkhtmltopdf_args(paperformat_id, landscape, **kwargs)
        document_format = self.env.ref(
            "ar_credit_control.paperformat_dunning_letter", raise_if_not_found=False
        )
        if document_format and paperformat_id == document_format:
            arguments += ["--disable-javascript", "--javascript-delay", "0"]
        return arguments
