from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _get_documents(self, report, res_ids):
        model = self.env.get(report.model)
        if isinstance(model, self.env.registry["ar.provision.print.mixin"]) and report == self.env.ref(
            model._document_report
        ):
            return model.browse(res_ids)
        return super()._get_documents(report, res_ids)
