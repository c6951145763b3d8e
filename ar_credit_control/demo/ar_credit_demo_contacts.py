from datetime import datetime, time

from odoo import api, models


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_contacts(self):
        """A month of calls: reasons, attempts, a payment that is looked for, a correction, once."""
        company = self.env.ref("base.main_company")
        if self.env["ar.collection.activity"].search_count([("company_id", "=", company.id)], limit=1):
            return
        demo = self.with_context(mail_create_nosubscribe=True, mail_activity_quick_update=True)
        cora = self.env.ref("ar_credit_control.demo_user_cora")
        sam = self.env.ref("ar_credit_control.demo_user_sam")
        demo._load_reasons(cora, sam)
        demo._load_attempts(cora)
        demo._load_says_paid(cora)
        demo._load_correction(cora)

    @api.model
    def _log_demo_contact(self, user, customer, days, outcome, note=False, kind="call", hour=9, **values):
        """Log a contact of so many days ago, as a user did it."""
        partner = self.env.ref(f"ar_credit_control.demo_partner_{customer}")
        activities = self.env["ar.collection.activity"].with_user(user)
        person = activities._get_first_contact(partner)
        if reason := values.pop("reason", None):
            values["reason_id"] = self.env.ref(f"ar_credit_control.collection_reason_{reason}").id
        return activities._log_contact(
            partner,
            self.env.ref("base.main_company"),
            kind,
            self.env.ref(f"ar_credit_control.collection_outcome_{outcome}"),
            date=datetime.combine(self._date(days), time(hour, 20)),
            contact_id=person.id,
            note=note,
            **values,
        )

    @api.model
    def _load_reasons(self, cora, sam):
        self._log_demo_contact(
            cora,
            "mueller",
            24,
            "reason",
            "Invoices of spring never arrived in purchasing; they moved to a portal.",
            reason="invoice_missing",
            minutes=6,
        )
        self._log_demo_contact(
            cora,
            "mueller",
            11,
            "reason",
            "All found now. Ms Vogel signs payments above 5,000 and is back next week.",
            reason="approval",
            approver="Ms Vogel",
            minutes=5,
        )
        self._log_demo_contact(
            sam,
            "northwind",
            6,
            "disputed",
            "Line 3 is dearer than agreed. They pay the rest at once.",
            kind="visit",
            reason="price",
            minutes=30,
        )
        self._log_demo_contact(
            cora,
            "hengda",
            16,
            "reason",
            "The acceptance of the second delivery is not signed yet.",
            kind="message",
            reason="acceptance",
            minutes=3,
        )
        waiting = self._log_demo_contact(
            cora,
            "hengda",
            9,
            "reason",
            "Signed last week. The payment run is on the 25th.",
            reason="approval",
            next_step="Ask whether the payment run took place",
            next_date=self._date(-3),
            next_user_id=cora.id,
            minutes=7,
        )
        waiting._plan_next_step()

    @api.model
    def _load_attempts(self, cora):
        self._log_demo_contact(cora, "willow", 8, "no_answer", minutes=1)
        self._log_demo_contact(cora, "willow", 7, "left_message", "With the reception", minutes=1, hour=14)
        self._log_demo_contact(
            cora,
            "willow",
            5,
            "asks_time",
            "Season starts in two weeks, they can pay half by then.",
            reason="money",
            minutes=12,
        )

    @api.model
    def _load_says_paid(self, cora):
        """A customer says that the oldest item is paid: letters wait, the cash desk looks for it."""
        said = self._log_demo_contact(
            cora,
            "mingzhu",
            1,
            "says_paid",
            "Paid on Monday from their new bank; the slip follows by mail.",
            minutes=4,
        )
        items = self._find_demo_claims("mingzhu")
        if items:
            said._record_says_paid(items[:1])

    @api.model
    def _find_demo_claims(self, customer):
        partner = self.env.ref(f"ar_credit_control.demo_partner_{customer}")
        return self.env["ar.item.settlement"]._get_due_claims(partner, self.env.ref("base.main_company"))

    @api.model
    def _load_correction(self, cora):
        """A call that was logged with the wrong customer's words, and what was really said."""
        wrong = self._log_demo_contact(
            cora, "blueridge", 4, "reason", "Waits for the subsidy.", reason="money", minutes=5
        )
        right = self._log_demo_contact(
            cora,
            "blueridge",
            4,
            "refused",
            "Will not pay before the next delivery has arrived.",
            reason="supply",
            minutes=5,
        )
        right._take_place_of(wrong)
