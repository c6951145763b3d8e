from odoo import api, models


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_edited_letters(self):
        """A review half done: words for one customer, a milder stage for another, a call for a mail."""
        if self.env["ar.dunning.letter"].search_count([("edited_by_id", "!=", False)], limit=1):
            return
        lefevre, northwind, call = map(self._get_demo_letter, ("lefevre", "northwind", "delgado"))
        if not (lefevre and northwind and call):
            return
        cora = self.env.ref("ar_credit_control.demo_user_cora")
        lefevre.with_user(cora)._edit(
            personal_text="Thank you for your call on Tuesday. As agreed, the price of the last delivery is "
            "being checked; the item below is not part of that."
        )
        lower = northwind.policy_id.stage_ids.filtered(
            lambda stage: 0 < stage.day_offset < northwind.stage_id.day_offset
        )
        if lower:
            northwind.with_user(cora)._edit(stage=lower.sorted("day_offset")[-1])
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
