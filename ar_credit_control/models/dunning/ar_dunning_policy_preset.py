from odoo import api, fields, models
from odoo.exceptions import AccessError

from .dunning_presets import PRESETS, TEXTS

# The smallest letter, in euro and in yuan.
SMALLEST_LETTER = (50, 500)


class ArDunningPolicy(models.Model):
    """Policies made from the practice of a region."""

    _inherit = "ar.dunning.policy"

    cites_order_802 = fields.Boolean(
        string="Order 802 Applies",
        tracking=True,
        help="We are a small or medium firm, said so when the contracts were made, and the customers of this "
        "policy are large firms or public bodies: the final demand of the Chinese preset says where we may "
        "complain (国务院令第802号).",
    )

    @api.model
    def _create_from_preset(self, company, preset):
        """Create the policy of a preset for a company, switched off, in every installed language.

        Amounts are in the currency of the company. It sends nothing before a person switches it on.

        :param company: a branch stands for its main company
        :param preset: ``europe``, ``us``, ``china``, or ``standard``: a copy of the standard policy
        :return: the new policy
        """
        company = company.root_id
        values = {
            "company_id": company.id,
            "currency_id": company.currency_id.id,
            "preset": preset,
        }
        if preset == "standard":
            # The standard may belong to a company that this manager cannot see; it holds no figures.
            standard = self.env.ref("ar_credit_control.dunning_policy_standard").sudo()
            policy = standard.copy({"name": standard.name, "active": False, **values})
            return policy.with_env(self.env)
        policies = self.with_context(lang="en_US", tracking_disable=True)
        policy = policies.create(policies._prepare_preset(company, preset) | values)
        for code, _name in self.env["res.lang"].get_installed():
            policy._translate_preset(code)
        return policy.with_env(self.env)

    @api.model
    def _prepare_preset(self, company, preset):
        """Return the values of the policy of a preset and its stages, in the language of the environment."""
        content = PRESETS[preset](self.env)
        template = self.env.ref("ar_credit_control.mail_template_dunning_letter")
        min_amount = self.env["ar.credit.rule"]._convert_preset_amount(*SMALLEST_LETTER, company)
        return {
            "name": content["name"],
            "active": False,
            "automatic": False,
            "customer_kind": "company",
            "min_amount": min_amount,
            "contact_interval_days": 7,
            "stage_ids": [
                fields.Command.create({"template_id": template.id, **stage}) for stage in content["stages"]
            ],
        }

    @api.model
    def _get_preset_stages(self, preset):
        """Return the stages of a preset to be shown, in the language of the environment."""
        fields_shown = (
            "day_offset",
            "name",
            "owner",
            "send_by",
            "task",
            "legal",
            "attach_statement",
            "stops_supply",
            "requires_approval",
        )
        if preset in PRESETS:
            stages = PRESETS[preset](self.env)["stages"]
        else:
            # The standard may belong to a company that this manager cannot see; it holds no figures.
            stages = self.env.ref("ar_credit_control.dunning_policy_standard").sudo().stage_ids
            stages = stages.sorted("day_offset").read(fields_shown)
        defaults = dict.fromkeys(fields_shown, False) | {"send_by": "email"}
        return [defaults | stage for stage in stages]

    def _translate_preset(self, code):
        """Give policies and stages the texts of their preset in a language, where they still have its own."""
        standard = self.env.ref("ar_credit_control.dunning_policy_standard")
        for policy in self.with_context(active_test=False, lang="en_US", tracking_disable=True):
            if policy.preset not in (*PRESETS, "standard") or policy == standard or code == "en_US":
                continue
            source = policy._get_preset_texts(policy.preset)
            target = policy.with_context(lang=code)._get_preset_texts(policy.preset)
            translated = policy.with_context(lang=code)
            if policy.name == translated.name == source["name"]:
                translated.name = target["name"]
            targets = {stage["day_offset"]: stage for stage in target["stages"]}
            sources = {stage["day_offset"]: stage for stage in source["stages"]}
            for stage in policy.stage_ids.filtered(lambda stage, known=sources: stage.day_offset in known):
                stage._translate_preset(code, sources[stage.day_offset], targets[stage.day_offset])

    @api.model
    def _get_preset_texts(self, preset):
        """Return ``name`` and ``stages`` of a preset with their texts, in the language of the environment."""
        if preset in PRESETS:
            return PRESETS[preset](self.env)
        policies = self.sudo()  # sudo: the standard may be of a company that this manager cannot see
        standard = policies.env.ref("ar_credit_control.dunning_policy_standard")
        return {"name": standard.name, "stages": standard.stage_ids.read(["day_offset", *TEXTS])}

    def action_add_preset(self):
        """Ask which practice a new policy begins with.

        :raise AccessError: for a user who is no credit manager
        """
        if not self.env.user.has_group("ar_credit_control.group_credit_manager"):
            raise AccessError(self.env._("Only a credit manager edits dunning policies."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Add a Policy"),
            "res_model": "ar.dunning.preset",
            "view_mode": "form",
            "target": "new",
        }
