from odoo import api, fields, models


class ArDunningPropose(models.TransientModel):
    """Ask for a proposal of letters: which policy, judged on which day."""

    _name = "ar.dunning.propose"
    _description = "Propose Letters"
    _inherit = ["ar.dunning.filter"]

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company.root_id,
        domain="[('parent_id', '=', False), ('id', 'in', allowed_company_ids)]",
    )
    policy_id = fields.Many2one(
        "ar.dunning.policy",
        required=True,
        compute="_compute_policy_id",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id)]",
        context={"active_test": False},
    )
    policy_active = fields.Boolean(related="policy_id.active")
    date = fields.Date(
        required=True,
        compute="_compute_date",
        store=True,
        readonly=False,
        help="The stages are judged on this day; the amounts are what is open now.",
    )

    @api.depends("company_id")
    def _compute_policy_id(self):
        for wizard in self:
            if wizard.policy_id.company_id != wizard.company_id:
                wizard.policy_id = (
                    self.env["ar.dunning.policy"]
                    .with_context(active_test=False)
                    .search(
                        [("company_id", "=", wizard.company_id.id)],
                        order="active desc, sequence, id",
                        limit=1,
                    )
                )

    @api.depends("policy_id")
    def _compute_date(self):
        for wizard in self:
            if not wizard.date:
                wizard.date = (
                    wizard.policy_id._get_today() if wizard.policy_id else fields.Date.context_today(self)
                )

    def action_preview(self):
        """Show who would get which letter; nothing is written."""
        self.ensure_one()
        return {**self.policy_id._preview_action(self.date), "domain": self._get_preview_domain()}

    def action_propose(self):
        """Write draft letters for review and open the run."""
        self.ensure_one()
        run = self.env["ar.dunning.run"]._create_proposal(
            self.policy_id, self.date, self._prepare_filter_values()
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": run._name,
            "res_id": run.id,
            "view_mode": "form",
        }
