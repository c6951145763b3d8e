from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    provision_policy_id = fields.Many2one("ar.provision.policy", compute="_compute_provision_policy_id")
    provision_next_step = fields.Char(related="provision_policy_id.next_step")
    provision_journal_id = fields.Many2one(
        related="provision_policy_id.journal_id",
        string="Provision Journal",
        readonly=False,
        domain="[('type', '=', 'general'), ('company_id', 'parent_of', company_id)]",
    )
    provision_allowance_account_id = fields.Many2one(
        related="provision_policy_id.allowance_account_id",
        readonly=False,
        domain="[('company_ids', 'parent_of', company_id)]",
    )
    provision_expense_account_id = fields.Many2one(
        related="provision_policy_id.expense_account_id",
        readonly=False,
        domain="[('company_ids', 'parent_of', company_id)]",
    )

    @api.depends("company_id")
    def _compute_provision_policy_id(self):
        for settings in self:
            settings.provision_policy_id = self.env["ar.provision.policy"].search(
                [("company_id", "=", settings.company_id._credit_root().id)], limit=1
            )

    def action_add_provision_preset(self):
        return self.env["ar.provision.policy"].action_add_preset()
