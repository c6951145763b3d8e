from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.fields import Command

from .common_credit import CreditCase


class ScoreCase(CreditCase):
    """Customers with payments on given days, and the default scorecard of the company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._credit_today()
        cls.behaviour = cls.env["ar.credit.behaviour"]
        cls.scorecards = cls.env["ar.credit.scorecard"]
        cls.scorecards._create_missing()
        cls.scorecard = cls.scorecards._get_for(cls.company)
        cls.grades = {letter: cls.env.ref(f"ar_credit_control.rating_{letter.lower()}") for letter in "ABCDE"}

    @classmethod
    def day(cls, age):
        """The day so many days before today."""
        return fields.Date.subtract(cls.today, days=age)

    @classmethod
    def bill(cls, amount, age, terms=30, partner=None, **values):
        """A posted invoice of the day ``age`` days ago, due ``terms`` days later."""
        date = cls.day(age)
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.customer).id,
                "invoice_date": date,
                "date": date,
                "invoice_payment_term_id": False,
                "invoice_date_due": fields.Date.add(date, days=terms),
                "invoice_line_ids": [
                    Command.create({"name": "Work", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
                **values,
            }
        )
        invoice.action_post()
        return invoice

    @classmethod
    def receive(cls, invoice, age, amount=None):
        """A payment of the invoice, booked and matched ``age`` days ago."""
        values = {"payment_date": cls.day(age)}
        if amount:
            values["amount"] = amount
        wizard = (
            cls.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create(values)
        )
        return wizard._create_payments()

    def measure(self, partner=None, company=None, **values):
        partner = partner or self.customer
        measured = self.behaviour._measure(partner, company or self.company, **values)
        return measured[partner.commercial_partner_id.id]

    def score(self, partner=None):
        partner = partner or self.customer
        return self.scorecards._score(partner, self.company)[partner.commercial_partner_id.id]

    @classmethod
    def months_before(cls, months):
        return cls.today - relativedelta(months=months)
