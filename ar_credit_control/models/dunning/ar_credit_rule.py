from odoo import api, models


class ArCreditRule(models.Model):
    """Keeps a hold rule behind the stages that stop supply."""

    _inherit = "ar.credit.rule"

    @api.model
    def _create_preset(self, preset, roots):
        rules = super()._create_preset(preset, roots)
        return rules + self._ensure_supply_stop(roots)

    @api.model
    def _ensure_supply_stop(self, roots):
        """Give companies with a stage that stops supply, in a policy switched on, the rule that does so.

        Who archived the rule keeps it archived; a new set of rules gets it anew.
        """
        # Whoever switches on a policy decided that it stops supply; rules of other companies stay unseen.
        rules = self.sudo()
        stages = self.env["ar.dunning.stage"].sudo()  # see above
        wanted = stages.search(
            [
                ("stops_supply", "=", True),
                ("policy_id.active", "=", True),
                ("policy_id.company_id", "in", roots.ids),
            ]
        ).company_id
        existing = rules.with_context(active_test=False).search(
            [
                ("company_id", "in", wanted.ids),
                ("kind", "=", "dunning_stage"),
                ("count", "=", 0),
                ("replaced_on", "=", False),
            ]
        )
        return rules.create(
            [self._prepare_supply_stop(company) for company in wanted - existing.company_id]
        ).with_env(self.env)

    @api.model
    def _prepare_supply_stop(self, company):
        return {
            "company_id": company.id,
            "kind": "dunning_stage",
            "count": 0,
            "outcome": "hold",
            "on_order": True,
            "on_delivery": True,
            "sequence": 45,
        }
