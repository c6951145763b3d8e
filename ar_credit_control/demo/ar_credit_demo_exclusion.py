from datetime import timedelta

from odoo import Command, api, models


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_exclusions(self):
        """What letters leave out, decided by the collector, and a policy with a calendar, once."""
        collector = self.env.ref("ar_credit_control.demo_user_cora")
        exclusions = self.env["ar.dunning.exclusion"].with_user(collector)
        if exclusions.search_count([], limit=1):
            return
        company = self.env.ref("base.main_company")
        exclusions._exclude_items(
            self._get_youngest_item("lantian", company),
            "Agreed with their director: payable when the last machine runs.",
            self._date(-45),
        )
        exclusions._exclude_customers(
            self._customer("cascade"),
            company,
            "First order: sales speaks with them, no letters until they know us.",
            self._date(-30),
        )
        ended = exclusions._exclude_items(
            self._get_youngest_item("harbor", company), "Wrong address on the invoice; sent again."
        )
        ended.action_end()
        ended.sudo().date = self._date(12)  # nobody has the right to write what was decided
        self._load_key_account_policy(company)

    @api.model
    def _get_youngest_item(self, key, company):
        return self.env["ar.aging.report"].search(
            [
                ("partner_id", "=", self._customer(key).id),
                ("company_id", "=", company.id),
                ("amount", ">", 0),
            ],
            order="date_maturity desc, id desc",
            limit=1,
        )

    @api.model
    def _load_key_account_policy(self, company):
        """A policy that is still being prepared: later, by people, and not on days without work."""
        standard = self.env.ref("ar_credit_control.dunning_policy_standard")
        policy = standard.copy(
            {
                "name": "Key Accounts",
                "active": False,
                "sequence": 5,
                "grace_days": 5,
                "contact_cap": 3,
                "contact_cap_days": 30,
                "category_ids": [Command.create({"name": "Key Account"})],
            }
        )
        first, second, third = policy.stage_ids.filtered(lambda stage: stage.day_offset > 0).sorted(
            "day_offset"
        )
        first.write({"owner": "sales", "send_by": "none", "task": "call"})
        second.write({"owner": "finance", "min_share": 1.0})
        third.write({"min_amount": 5000.0, "repeat_days": 21, "task": "visit"})
        days = self.env["ar.dunning.calendar"].create(
            {
                "policy_id": policy.id,
                "mode": "days",
                "name": "Stocktaking",
                "date_from": self._date(-20),
                "date_to": self._date(-20) + timedelta(days=1),
            }
        )
        days.action_add()
