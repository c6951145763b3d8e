from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    credit_control_active = fields.Boolean(related="company_id.root_id.credit_control_active", readonly=False)
    credit_hold_responsible_id = fields.Many2one(
        related="company_id.root_id.credit_hold_responsible_id", readonly=False
    )
    credit_release_days = fields.Integer(related="company_id.root_id.credit_release_days", readonly=False)
    credit_hold_auto_release = fields.Boolean(
        related="company_id.root_id.credit_hold_auto_release", readonly=False
    )
    credit_coordination_days = fields.Integer(
        related="company_id.root_id.credit_coordination_days", readonly=False
    )
    dunning_manual_entries = fields.Selection(
        related="company_id.root_id.dunning_manual_entries", readonly=False
    )

    def action_open_dunning_policies(self):
        return self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dunning_policy")
