from datetime import timedelta

from odoo import Command, api, models

# Loss rates of customers in China, by the buckets of the preset.
CHINA_RATES = (1, 3, 8, 15, 35, 60, 100)


class ArCreditDemo(models.AbstractModel):
    """Provision policies of the story: made from a preset, their rates approved, ready for a run."""

    _inherit = "ar.credit.demo"

    @api.model
    def _load_provision_policies(self):
        """Give both companies a policy in use with approved loss rates, once."""
        main = self.env.ref("base.main_company", raise_if_not_found=False)
        hamburg = self.env.ref("ar_credit_control.demo_company_hamburg", raise_if_not_found=False)
        manager = self.env.ref("ar_credit_control.demo_user_mona", raise_if_not_found=False)
        policies = self.env["ar.provision.policy"].with_context(active_test=False)
        for company in (main, hamburg):
            if company and manager and not policies.search_count([("company_id", "=", company.id)], limit=1):
                self.with_context(
                    tracking_disable=True,
                    mail_create_nosubscribe=True,
                    mail_notrack=True,
                    allowed_company_ids=company.ids,
                )._make_provision_policy(company)

    def _make_provision_policy(self, company):
        manager = self.env.ref("ar_credit_control.demo_user_mona")
        controller = self.env.ref("ar_credit_control.demo_user_connie")
        policies = self.env["ar.provision.policy"].with_user(manager).with_company(company)
        policy = policies._create_from_preset(company, "ifrs9")
        policy.action_create_accounts()
        policy.action_use()
        main = company == self.env.ref("base.main_company")
        if main:
            # sudo: the terms are those of the story; who approves its runs chose none of them
            policy.sudo().write(self._prepare_provision_policy())
        matrix = policy.matrix_ids.with_user(controller)
        matrix.write(
            {
                # Rates are judged anew each year: these were for the last year-end.
                "date_from": self._date(0).replace(month=1, day=1) - timedelta(days=31),
                "rate_ids": [
                    Command.create(
                        {"bucket_id": bucket.id, "segment_id": policy.segment_ids.id, "rate": rate}
                    )
                    for bucket, rate in zip(policy.bucket_ids.sorted("age_from"), CHINA_RATES, strict=True)
                    if main
                ],
            }
        )
        matrix.action_submit()
        matrix.with_user(manager).action_approve()

    @api.model
    def _prepare_provision_policy(self):
        return {
            "use_rating_factor": True,
            "cover_rate": 0.2,
            "disputed_rate": 20,
            "legal_rate": 50,
            "segment_ids": [
                Command.create(
                    {
                        "name": self.env._("Customers in China"),
                        "country_ids": [Command.link(self.env.ref("base.cn").id)],
                    }
                )
            ],
        }
