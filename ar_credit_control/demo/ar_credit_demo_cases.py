from datetime import timedelta

from odoo import api, models


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_cases(self):
        """A night of the schedule, then a morning: a reply, a call to make, somebody who asked for time."""
        cases = self.env["ar.collection.case"]
        if cases.search_count([], limit=1):
            return
        for company in (
            self.env.ref("base.main_company"),
            self.env.ref("ar_credit_control.demo_company_hamburg"),
        ):
            cases._run_company(company)
        self._load_reply("lefevre")
        self._load_next_step("mueller")
        self._load_snooze("thames")
        self._load_leave()

    @api.model
    def _get_demo_case(self, customer):
        partner = self.env.ref(f"ar_credit_control.demo_partner_{customer}")
        return self.env["ar.collection.case"].search(
            [("partner_id", "=", partner.id), ("state", "!=", "closed")], limit=1
        )

    @api.model
    def _load_reply(self, customer):
        """A mail of the customer that nobody answered yet."""
        contact = self.env.ref(f"ar_credit_control.demo_partner_{customer}_contact")
        self._get_demo_case(customer).message_post(
            body=self.env._("The invoices wait for the signature of our director, who is back on Thursday."),
            message_type="email",
            subtype_xmlid="mail.mt_comment",
            author_id=contact.id,
            email_from=contact.email_formatted,
        )

    @api.model
    def _load_next_step(self, customer):
        """A call that was agreed for today."""
        self._get_demo_case(customer).with_context(mail_activity_quick_update=True).activity_schedule(
            "mail.mail_activity_data_call",
            date_deadline=self._date(0),
            summary=self.env._("Ask for the payment run of this week"),
            user_id=self.env.ref("ar_credit_control.demo_user_cora").id,
        )

    @api.model
    def _load_snooze(self, customer):
        cora = self.env.ref("ar_credit_control.demo_user_cora")
        case = self._get_demo_case(customer).with_user(cora)
        case._snooze(self._date(-5), self.env._("Moves house until the end of the week"))

    @api.model
    def _load_leave(self):
        """Cora is away the week after next; Connie stands in."""
        first = self._date(-14)
        self.env["ar.collection.absence"].create(
            {
                "user_id": self.env.ref("ar_credit_control.demo_user_cora").id,
                "substitute_id": self.env.ref("ar_credit_control.demo_user_connie").id,
                "date_from": first,
                "date_to": first + timedelta(days=6),
            }
        )
