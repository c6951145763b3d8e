from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_active = fields.Boolean(related="company_id.root_id.collection_active", readonly=False)
    collection_contact_days = fields.Integer(
        related="company_id.root_id.collection_contact_days", readonly=False
    )
    collection_quiet_days = fields.Integer(related="company_id.root_id.collection_quiet_days", readonly=False)
    collection_reopen_days = fields.Integer(
        related="company_id.root_id.collection_reopen_days", readonly=False
    )

    def action_add_company_days(self):
        """Ask for public holidays, or days of one's own, for the working hours of the company."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Working Days"),
            "res_model": "ar.dunning.calendar",
            "view_mode": "form",
            "target": "new",
            "context": {"default_company_id": self.company_id.root_id.id},
        }
