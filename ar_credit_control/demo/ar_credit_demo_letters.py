from odoo import api, models

from .ar_credit_demo import HAMBURG


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_proposals(self):
        """Proposals of today that wait for review, of what nobody agreed on, disputes or works on, once."""
        today = self._date(0)
        runs = self.env["ar.dunning.run"]
        if runs.search_count([("date", "=", today)], limit=1):
            return
        collector = self.env.ref("ar_credit_control.demo_user_cora")
        policies = self.env.ref("ar_credit_control.dunning_policy_standard")
        hamburg = self.env.ref(HAMBURG)
        policies |= policies.search([("company_id", "=", hamburg.id)], limit=1)
        for policy in policies:
            in_company = self.with_company(policy.company_id).with_context(
                allowed_company_ids=policy.company_id.ids
            )
            runs = in_company.env["ar.dunning.run"].with_user(collector)
            runs._create_proposal(policy.with_env(in_company.env), today)

    @api.model
    def _load_edited_letters(self):
        """A review half done: words for one customer, a milder stage for another, a call for a mail."""
        if self.env["ar.dunning.letter"].search_count([("edited_by_id", "!=", False)], limit=1):
            return
        lefevre, blueridge, call = map(self._get_demo_letter, ("lefevre", "blueridge", "delgado"))
        if not (lefevre and blueridge and call):
            return
        cora = self.env.ref("ar_credit_control.demo_user_cora")
        lefevre.with_user(cora)._edit(
            personal_text="Thank you for your call on Tuesday. As agreed, the price of the last delivery is "
            "being checked; the item below is not part of that."
        )
        lower = blueridge.policy_id.stage_ids.filtered(
            lambda stage: 0 < stage.day_offset < blueridge.stage_id.day_offset
        )
        if lower:
            blueridge.with_user(cora)._edit(stage=lower.sorted("day_offset")[-1])
        call.with_user(cora)._edit(channel="call")
        connie = self.env.ref("ar_credit_control.demo_user_connie")
        if call.with_user(connie).can_approve:
            call.with_user(connie).action_approve()
            call._queue()

    @api.model
    def _get_demo_letter(self, customer):
        """Return the draft letter of a customer of the story; none where it is settled already."""
        return self.env["ar.dunning.letter"].search(
            [
                ("partner_id", "=", self.env.ref(f"ar_credit_control.demo_partner_{customer}").id),
                ("state", "=", "draft"),
            ],
            limit=1,
        )
