from odoo import api, fields, models


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_cash(self):
        """Bank lines and receipts that nobody applied, one that waits for approval, targets; once."""
        applications = self.env["ar.cash.application"]
        if applications.search_count([("partner_id", "in", self._customers().ids)], limit=1):
            return
        main = self.env.ref("base.main_company")
        demo = self.with_company(main).with_context(
            allowed_company_ids=main.ids, mail_create_nosubscribe=True
        )
        main.cash_approval_amount = 20000
        demo._load_bank_lines()
        demo._load_applications()
        demo._load_targets(main)
        # sudo: nobody may write what was collected; the schedule does.
        while self.env["ar.collection.credit"].sudo()._backfill_batch():
            continue

    @api.model
    def _load_bank_lines(self):
        """What the bank shows: an invoice named, an amount that fits, and a large sum without a word."""
        bank = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.env.company.id)], limit=1
        )
        harbor = self._get_open("harbor")
        mingzhu = self._get_open("mingzhu")
        lines = (
            ("harbor", 4, harbor[:1].amount_currency, f"Payment of {harbor[:1].move_name}, thank you"),
            ("bergstrom", 1, self._get_open("bergstrom")[:1].amount_currency, "Betaling"),
            ("mingzhu", 9, sum(mingzhu[:2].mapped("amount_currency")), "TT 2211 goods"),
        )
        self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": bank.id,
                    "date": self._date(age),
                    "partner_id": self._customer(customer).id,
                    "payment_ref": words,
                    "amount": amount,
                }
                for customer, age, amount, words in lines
            ]
        )

    @api.model
    def _get_open(self, customer):
        return self.env["ar.item.settlement"]._get_claims(self._customer(customer), self.env.company)

    @api.model
    def _load_applications(self):
        """The large one is asked for by the collector and waits for another person."""
        cora = self.env.ref("ar_credit_control.demo_user_cora")
        receipt = self.env["ar.cash.receipt"].search(
            [("partner_id", "=", self._customer("mingzhu").id), ("kind", "=", "bank_line")], limit=1
        )
        receipt.with_user(cora).action_propose()

    @api.model
    def _load_targets(self, main):
        """What the collector and the salesperson should bring in this month."""
        today = fields.Date.context_today(self)
        self.env["ar.collection.target"].create(
            [
                {
                    "company_id": main.id,
                    "user_id": self.env.ref(f"ar_credit_control.demo_user_{login}").id,
                    "role": role,
                    "amount": amount,
                    "date_from": fields.Date.start_of(today, "month"),
                    "date_to": fields.Date.end_of(today, "month"),
                }
                for login, role, amount in (("cora", "collector", 60000), ("sam", "salesperson", 80000))
            ]
        )
