from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    credit_rules_in_words = fields.Char(compute="_compute_credit_rules_in_words")

    @api.depends("company_id")
    def _compute_credit_rules_in_words(self):
        for settings in self:
            root = settings.company_id._credit_root()
            rules = (
                self.env["ar.credit.rule"]
                .with_context(active_test=False)
                .search([("company_id", "=", root.id), ("replaced_on", "=", False)])
            )
            labels = dict(rules._fields["preset"]._description_selection(self.env))
            presets = [labels[preset] for preset in set(rules.mapped("preset")) if preset]
            settings.credit_rules_in_words = self.env._(
                "%(preset)s: %(active)s of %(total)s rules are on",
                preset=presets[0] if len(presets) == 1 else self.env._("Own rules"),
                active=len(rules.filtered("active")),
                total=len(rules),
            )

    def action_open_credit_rules(self):
        return self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_credit_rule")

    def action_apply_credit_preset(self):
        """Apply the set of rules that the button names."""
        self.env["ar.credit.rule"].action_apply_preset(self.env.context.get("credit_preset"))
        return self.action_open_credit_rules()
