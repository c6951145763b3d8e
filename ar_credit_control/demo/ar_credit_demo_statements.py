from datetime import timedelta

from odoo import api, models

from .ar_credit_demo import HAMBURG


class ArCreditDemo(models.AbstractModel):
    """Statements of account: one handed over a month ago, those of today that wait to be sent."""

    _inherit = "ar.credit.demo"

    @api.model
    def _load_statements(self):
        statements = self.env["ar.statement"]
        if statements.search_count([], limit=1):
            return
        main = self.env.ref("base.main_company")
        collector = self.env.ref("ar_credit_control.demo_user_cora")
        day = self._date(0) + timedelta(days=10)
        month_end = self._date(0).replace(day=1) - timedelta(days=1)
        agreed = statements._make(
            main, self._customer("hengda"), date=month_end, asks_confirmation=True, user_id=collector.id
        )
        agreed._mark_sent()
        agreed.sent_date = month_end + timedelta(days=2)
        customers = ("mueller", "northwind", "hengda", "lantian", "blueridge", "rossi")
        partners = self.env["res.partner"].union(*(self._customer(key) for key in customers))
        statements._make(main, partners, pay_by=day, asks_confirmation=True, user_id=collector.id)
        statements._make(
            self.env.ref(HAMBURG),
            self._customer("vandenberg"),
            date_from=self._date(120),
            user_id=collector.id,
        )
        self.env["ar.dunning.policy"]._create_from_preset(main, "china")
