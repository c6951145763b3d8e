from odoo import Command, api, models


class ArCreditDemo(models.AbstractModel):
    """Late interest of the story: counted, posted, paid, one waiver asked for and one granted."""

    _inherit = "ar.credit.demo"

    @api.model
    def _load_interest(self):
        """Choose schemes for both companies and claim interest of some customers, once."""
        demo = self.with_context(tracking_disable=True, mail_create_nosubscribe=True, mail_notrack=True)
        if demo.env["ar.interest.claim"].search_count([], limit=1):
            return
        main = self.env.ref("base.main_company")
        hamburg = self.env.ref("ar_credit_control.demo_company_hamburg")
        schemes = demo.env["ar.interest.scheme"]
        contract = schemes.create(
            {
                "name": self.env._("Terms of sale: 9 % a year"),
                "company_id": main.id,
                "currency_id": main.currency_id.id,
                "min_amount": 5.0,
                "note": self.env._("Clause 8 of the terms of sale."),
                "rate_ids": [
                    Command.create(
                        {
                            "date_from": "2020-01-01",
                            "rate": 9.0,
                            "source": self.env._("Terms of sale, clause 8"),
                        }
                    )
                ],
            }
        )
        main.interest_scheme_id = contract
        hamburg.interest_scheme_id = schemes._create_presets(hamburg).filtered(
            lambda scheme: scheme.kind == "germany"
        )
        schemes._create_presets(main, ["eu_directive"])
        for company in (main, hamburg):
            policies = demo.env["ar.dunning.policy"].search([("company_id", "=", company.id)], limit=1)
            policies.stage_ids.sorted("day_offset")[-1:].claims_interest = True
        in_main = demo.with_company(main).with_context(allowed_company_ids=main.ids)
        in_main._claim_for("northwind", 5)
        in_main._claim_for("blueridge", 31).with_user(self._controller()).action_post()
        paid = in_main._claim_for("lantian", 40)
        paid.with_user(self._controller()).action_post()
        in_main._pay_note(paid.debit_move_id)
        in_main._claim_for("hengda", 12).with_user(self._collector()).action_request_waiver(
            self.env._("They sign a framework contract for next year; a gesture.")
        )
        waived = in_main._claim_for("mueller", 60)
        waived.with_user(self._collector()).action_request_waiver(
            self.env._("Our invoices went to an old address.")
        )
        waived.with_user(self._controller()).action_approve_waiver(self.env._("Agreed, this once."))
        in_hamburg = demo.with_company(hamburg).with_context(allowed_company_ids=hamburg.ids)
        in_hamburg._claim_for("vandenberg", 8)

    @api.model
    def _controller(self):
        return self.env.ref("ar_credit_control.demo_user_connie")

    @api.model
    def _collector(self):
        return self.env.ref("ar_credit_control.demo_user_cora")

    @api.model
    def _claim_for(self, key, age):
        wizard = (
            self.env["ar.interest.calculate"]
            .with_user(self._collector())
            .create(
                {
                    "company_id": self.env.company.id,
                    "date": self._date(age),
                    "partner_ids": [Command.set(self._customer(key).ids)],
                }
            )
        )
        action = wizard.action_claim()
        return self.env["ar.interest.claim"].search(action["domain"])

    @api.model
    def _pay_note(self, note):
        payment = self._create_payments(
            [(note.partner_id, 0, note.amount_residual, note.currency_id, note.name)]
        )
        self._reconcile(note, payment.move_id)
