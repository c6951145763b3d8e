from odoo import api, fields, models


class ArProvisionPreset(models.TransientModel):
    """Choose the standard that a new provision policy follows."""

    _name = "ar.provision.preset"
    _description = "Add a Provision Policy"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company._credit_root(),
        domain="[('parent_id', '=', False)]",
    )
    preset = fields.Selection(
        selection=lambda self: [
            (standard, label)
            for standard, label in self.env["ar.provision.policy"]
            ._fields["standard"]
            ._description_selection(self.env)
            if standard != "other"
        ],
        string="Accounting Standard",
        required=True,
        default=lambda self: self._default_preset(),
    )
    use_now = fields.Boolean(
        string="Use It for the Next Run",
        default=lambda self: self._default_use_now(),
        help="Puts the policy in use in the place of the one that is; that one is archived.",
    )
    summary = fields.Html(compute="_compute_summary")

    @api.model
    def _default_preset(self):
        root = self.env.company._credit_root()
        if root.chart_template == "cn":
            return "cn_small"
        return {"CN": "cas22", "US": "us_cecl"}.get(root.account_fiscal_country_id.code, "ifrs9")

    @api.model
    def _default_use_now(self):
        root = self.env.company._credit_root()
        return not self.env["ar.provision.policy"].search_count([("company_id", "=", root.id)], limit=1)

    @api.depends("preset", "company_id")
    def _compute_summary(self):
        """Show the buckets and rates of the choice, and the accounts that the chart has for it."""
        policies = self.env["ar.provision.policy"]
        for wizard in self:
            wizard.summary = (
                self.env["ir.qweb"]._render(
                    "ar_credit_control.provision_preset_summary",
                    policies._get_preset_summary(wizard.company_id, wizard.preset),
                )
                if wizard.preset and wizard.company_id
                else False
            )

    def action_add(self):
        """Create the policy with its rates as a draft, and open it.

        :raise AccessError: for a user who is no credit manager
        """
        self.ensure_one()
        policies = self.env["ar.provision.policy"]
        policies._check_manages()
        policy = policies._create_from_preset(self.company_id, self.preset)
        if self.use_now:
            policy.action_use()
        return {
            "type": "ir.actions.act_window",
            "res_model": policy._name,
            "res_id": policy.id,
            "view_mode": "form",
        }
