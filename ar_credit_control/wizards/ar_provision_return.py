from odoo import api, fields, models


class ArProvisionReturn(models.TransientModel):
    """Asks why loss rates or an assessment go back to who drafted them."""

    _name = "ar.provision.return"
    _description = "Send Back"

    matrix_id = fields.Many2one("ar.provision.matrix", readonly=True)
    assessment_id = fields.Many2one("ar.provision.assessment", readonly=True)
    reason = fields.Char(required=True)

    @api.model
    def _ask(self, record):
        record.ensure_one()
        name = "matrix_id" if record._name == "ar.provision.matrix" else "assessment_id"
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Back"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {f"default_{name}": record.id},
        }

    def action_confirm(self):
        self.ensure_one()
        record = self.matrix_id or self.assessment_id
        return record.action_send_back(record._check_reason(self.reason))
