from odoo import api, models


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_disputes(self):
        """Disputes in several states, one agency, one lawyer, and a demand with its proof, once."""
        company = self.env.ref("base.main_company")
        if self.env["ar.dispute"].search_count([("company_id", "=", company.id)], limit=1):
            return
        demo = self.with_context(mail_create_nosubscribe=True, mail_notify_force_send=False)
        people = {
            login: self.env.ref(f"ar_credit_control.demo_user_{login}")
            for login in ("sam", "cora", "connie", "mona")
        }
        self.env.ref("ar_credit_control.dispute_category_quality").with_company(company).user_id = people[
            "cora"
        ]
        demo._load_open_disputes(people)
        demo._load_decided_disputes(people)
        demo._load_placements(people)
        demo._load_limitation(people)

    @api.model
    def _load_open_disputes(self, people):
        price = self._record_demo_dispute(
            people["sam"],
            "northwind",
            "price",
            6,
            {31500: 4200},
            "Line 3 is 14 % above the price list of March. We pay the rest at once.",
        )
        price.with_user(people["cora"]).action_start()
        self._record_demo_dispute(
            people["cora"],
            "lefevre",
            "quality",
            19,
            {12400: 12400},
            "Eight of forty panels are scratched. Photographs follow. We pay when they are replaced.",
        )

    @api.model
    def _load_decided_disputes(self, people):
        accepted = self._record_demo_dispute(
            people["cora"], "rossi", "delivery", 12, {7850: 780}, "One pallet of ten never arrived."
        )
        accepted.with_user(people["connie"])._decide(
            {accepted.line_ids: 780.0}, "The carrier confirms: nine pallets were delivered."
        )
        rejected = self._record_demo_dispute(
            people["cora"],
            "mueller",
            "contract",
            30,
            {9800: 1960},
            "You owe us 20 % for the delay in spring.",
        )
        rejected.with_user(people["connie"])._decide(
            {}, "No penalty was agreed, and the delivery was on the day that was confirmed."
        )
        day = self._date(4)
        rejected._write_evidence({"decided_on": day, "resolved_on": day, "grace_until": self._date(-3)})

    @api.model
    def _record_demo_dispute(self, user, customer, category, age, amounts, words):
        """Record a dispute as a person would; amounts by the original amount of the invoice."""
        disputes = self.env["ar.dispute"].with_user(user)
        items = self._find_demo_items(customer, amounts).with_user(user)
        return disputes._record(
            self.env.ref(f"ar_credit_control.dispute_category_{category}").with_user(user),
            # sudo: who records a dispute may not open every entry.
            {item: amounts[round(item.move_id.sudo().amount_total)] for item in items},
            words,
            date=self._date(age),
        )

    @api.model
    def _find_demo_items(self, customer, amounts=None):
        """Return the open items of a customer, of invoices with these totals."""
        partner = self.env.ref(f"ar_credit_control.demo_partner_{customer}")
        company = self.env.ref("base.main_company")
        items = self.env["ar.aging.report"].search(
            [
                ("partner_id", "=", partner.id),
                ("root_company_id", "=", company.id),
                ("amount_currency", ">", 0),
            ]
        )
        return items.filtered(lambda item: not amounts or round(item.move_id.amount_total) in amounts)

    @api.model
    def _load_placements(self, people):
        agency, firm = self.env["res.partner"].create(
            [
                {
                    "name": "Great Lakes Recovery LLC",
                    "is_company": True,
                    "city": "Chicago",
                    "country_id": self.env.ref("base.us").id,
                    "email": "intake@great-lakes-recovery.example.com",
                },
                {
                    "name": "上海申正律师事务所",
                    "is_company": True,
                    "city": "上海",
                    "country_id": self.env.ref("base.cn").id,
                    "email": "office@shenzheng-law.example.com",
                },
            ]
        )
        old = self._find_demo_items("blueridge", {5600: 0, 8250: 0}).with_user(people["cora"])
        placement = (
            self.env["ar.placement"]
            .with_user(people["cora"])
            ._propose(old, "agency", agency, commission_percent=18.0)
        )
        placement.action_submit()
        placement.with_user(people["mona"]).action_approve()
        placement.with_user(people["cora"]).write(
            {"reference": "GL-20418", "stage_note": "Second letter sent, no answer yet"}
        )
        placement._write_evidence({"date_placed": self._date(14)})
        suit = (
            self.env["ar.placement"]
            .with_user(people["connie"])
            ._propose(
                self._find_demo_items("lantian", {90000: 0}).with_user(people["connie"]),
                "lawyer",
                firm,
                commission_fixed=1200.0,
                facts="Two deliveries by contract LT-2025-03, accepted and signed. Payment in "
                "instalments was "
                "agreed; the last one was never paid. The buyer asked for time twice by mail.",
                claim="Interest by contract from the day after each due date, and the costs of the "
                "proceedings.",
            )
        )
        suit.action_submit()

    @api.model
    def _load_limitation(self, people):
        waybill = self.env["ir.attachment"].create(
            {"name": "EMS-1095-2231-6CN.txt", "raw": b"Delivered and signed for: front office."}
        )
        events = self.env["ar.limitation.event"].with_user(people["connie"])
        events._record(
            self._find_demo_items("lantian").with_user(people["connie"]).filtered("amount_overdue"),
            "demand",
            self._date(15),
            documents=waybill,
            proof_kind="post",
            proof_reference="EMS 1095 2231 6CN",
        )
        events._record(
            self._find_demo_items("delgado").with_user(people["connie"]),
            "acknowledgement",
            self._date(40),
            proof_kind="signed",
            note="Mr Delgado says that he signed the balance; the paper has not arrived.",
        )
