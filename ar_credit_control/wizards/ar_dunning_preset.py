from odoo import api, fields, models
from odoo.exceptions import AccessError


class ArDunningPreset(models.TransientModel):
    """Choose the practice that a new dunning policy begins with."""

    _name = "ar.dunning.preset"
    _description = "Add a Dunning Policy"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company.root_id,
        domain="[('parent_id', '=', False)]",
    )
    preset = fields.Selection(
        selection=lambda self: (
            self.env["ar.dunning.policy"]._fields["preset"]._description_selection(self.env)
        ),
        required=True,
        default=lambda self: self._default_preset(),
    )
    summary = fields.Html(compute="_compute_summary")

    @api.model
    def _default_preset(self):
        country = self.env.company.root_id.country_id
        if country.code in ("CN", "US"):
            return {"CN": "china", "US": "us"}[country.code]
        europe = self.env.ref("base.europe", raise_if_not_found=False)
        return "europe" if europe and country in europe.country_ids else "standard"

    @api.depends("preset")
    def _compute_summary(self):
        """Show the stages of the choice: day, name and what happens."""
        policies = self.env["ar.dunning.policy"]
        labels = {
            field: dict(self.env["ar.dunning.stage"]._fields[field]._description_selection(self.env))
            for field in ("owner", "send_by", "task")
        }
        for wizard in self:
            if not wizard.preset:
                wizard.summary = False
                continue
            stages = policies._get_preset_stages(wizard.preset)
            wizard.summary = self.env["ir.qweb"]._render(
                "ar_credit_control.dunning_preset_summary", {"stages": stages, "labels": labels}
            )

    def action_add(self):
        """Create the policy, switched off, and open it.

        :raise AccessError: for a user who is no credit manager
        """
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_credit_manager"):
            raise AccessError(self.env._("Only a credit manager edits dunning policies."))
        policy = self.env["ar.dunning.policy"]._create_from_preset(self.company_id, self.preset)
        return {
            "type": "ir.actions.act_window",
            "res_model": policy._name,
            "res_id": policy.id,
            "view_mode": "form",
        }
