from datetime import timedelta

from odoo import api, models


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_agreements(self):
        """Promises kept, missed and open, a plan that waits, one that runs and a deferral, once."""
        promises = self.env["ar.payment.promise"]
        if promises.search_count([("partner_id", "in", self._customers().ids)], limit=1):
            return
        main = self.env.ref("base.main_company")
        demo = self.with_company(main).with_context(
            allowed_company_ids=main.ids, mail_create_nosubscribe=True, mail_notify_force_send=False
        )
        people = {
            login: self.env.ref(f"ar_credit_control.demo_user_{login}")
            for login in ("cora", "connie", "mona")
        }
        demo._load_promises(people["cora"])
        demo._load_plans(people)

    @api.model
    def _load_promises(self, collector):
        """One for tomorrow, one for today, and two of a customer who breaks them."""
        main = self.env.ref("base.main_company")
        stories = (
            (
                "mueller",
                1,
                (7600,),
                None,
                "“The new system pays again; the run of tomorrow has the latest one.”",
            ),
            ("northwind", 0, (), 23800, "“We pay the rest of both invoices today.”"),
            ("blueridge", -34, (), None, "“When the county has paid us.”"),
            ("blueridge", -9, (), None, "“Next week, for sure.”"),
        )
        for customer, days, invoices, amount, note in stories:
            promise = self.env["ar.payment.promise"].with_user(collector)
            promise = promise._record(
                self._customer(customer),
                main,
                amount,
                self._date(-max(days, 0)),
                items=invoices and self._find_demo_items(customer, invoices),
                replace=False,
                note=note,
            ).sudo()  # nobody writes promises
            if days < 0:
                date = self._date(-days)
                promise.write(
                    {
                        "date": date,
                        "deadline": date + timedelta(days=promise.tolerance_days),
                        "date_given": date - timedelta(days=6),
                    }
                )
                promise._judge()

    @api.model
    def _load_plans(self, people):
        """A plan that asks for approval, one that runs, and a deferral."""
        main = self.env.ref("base.main_company")
        plans = self.env["ar.payment.plan"].with_user(people["cora"])
        for customer, count, start, approver, reason in (
            ("hengda", 3, -12, "mona", "Their customer pays in stages; they always paid in the end."),
            ("delgado", 6, -20, None, "Out of season; the owner guarantees the rest."),
        ):
            plan = plans._draft(
                self._customer(customer), main, count=count, date_start=self._date(start), reason=reason
            )
            plan.action_submit()
            if approver:
                plan.with_user(people[approver]).action_approve()
        deferral = plans._draft(
            self._customer("mingzhu"),
            main,
            kind="deferral",
            dates=[self._date(-10)],
            reason="One machine was replaced late: they pay ten days later.",
        )
        deferral.action_submit()
        deferral.with_user(people["mona"]).action_approve()
