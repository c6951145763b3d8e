from dateutil.relativedelta import relativedelta

from odoo import api, models


class ArCreditDemo(models.AbstractModel):
    """Provision runs of the story: the last year end and the last month end posted, today's as a draft."""

    _inherit = "ar.credit.demo"

    @api.model
    def _load_provision_runs(self):
        """Make the runs of both companies, once; only where the policy may post."""
        policies = self.env["ar.provision.policy"]
        runs = self.env["ar.provision.run"]
        for key in ("base.main_company", "ar_credit_control.demo_company_hamburg"):
            company = self.env.ref(key, raise_if_not_found=False)
            if not company or runs.search_count([("company_id", "=", company.id)], limit=1):
                continue
            policy = policies.search([("company_id", "=", company.id)], limit=1)
            if policy.can_post and policy.matrix_ids.filtered(lambda matrix: matrix.state == "approved"):
                self.with_context(
                    tracking_disable=True,
                    mail_create_nosubscribe=True,
                    mail_notrack=True,
                    allowed_company_ids=company.ids,
                )._make_provision_runs(company)

    def _make_provision_runs(self, company):
        today = self._date(0)
        closed = {today.replace(day=1), today.replace(month=1, day=1)}
        for first_day in sorted(closed):
            run = self._make_provision_run(company, first_day - relativedelta(days=1))
            run.action_submit()
            run.with_user(self.env.ref("ar_credit_control.demo_user_mona")).action_approve()
            run.action_post()
        self._make_provision_run(company, today)

    def _make_provision_run(self, company, date):
        controller = self.env.ref("ar_credit_control.demo_user_connie")
        runs = self.env["ar.provision.run"].with_user(controller).with_company(company)
        run = runs.create({"date": date, "company_id": company.id})
        run.action_compute()
        return run
