import datetime

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user

from .common import AccountingCase

DATE = fields.Date.to_date


class InterestCase(AccountingCase):
    """A contract scheme of 10 % a year, actual/365, for the company; customers and people of each role."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("ar_credit_control.group_credit_manager")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.today = cls.company._credit_today()
        cls.usd = cls.company.currency_id
        cls.scheme = cls.make_scheme([("2000-01-01", 10.0)])
        cls.company.interest_scheme_id = cls.scheme
        cls.customer = cls.make_customer("Kornmann AG")
        cls.claims = cls.env["ar.interest.claim"]

        def user(login, group):
            return new_test_user(
                cls.env,
                login,
                groups=f"ar_credit_control.{group}",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )

        cls.seller = user("int_seller", "group_credit_user")
        cls.collector = user("int_collector", "group_collector")
        cls.controller = user("int_controller", "group_credit_controller")
        cls.other_controller = user("int_controller_2", "group_credit_controller")
        cls.auditor = user("int_auditor", "group_credit_auditor")

    @classmethod
    def make_scheme(cls, rates=(), fees=(), company=None, **values):
        company = company or cls.company
        return cls.env["ar.interest.scheme"].create(
            {
                "name": "Contract",
                "company_id": company.id,
                "currency_id": company.currency_id.id,
                "rate_ids": [Command.create({"date_from": day, "rate": rate}) for day, rate in rates],
                "fee_ids": [Command.create({"amount_from": start, "amount": sum_}) for start, sum_ in fees],
                **values,
            }
        )

    @classmethod
    def make_customer(cls, name, **values):
        return cls.env["res.partner"].create(
            {"name": name, "is_company": True, "email": f"{name.split()[0].lower()}@example.com", **values}
        )

    @classmethod
    def make_invoice(
        cls, due, amount=1000.0, partner=None, currency=None, company=None, move_type=None, **vals
    ):
        """A posted invoice due on a day (a date or text)."""
        due = DATE(due)
        company = company or cls.company
        day = vals.pop("invoice_date", due - datetime.timedelta(days=30))
        invoice = (
            cls.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": move_type or "out_invoice",
                    "company_id": company.id,
                    "partner_id": (partner or cls.customer).id,
                    "currency_id": (currency or company.currency_id).id,
                    "invoice_date": day,
                    "date": day,
                    "invoice_payment_term_id": False,
                    "invoice_date_due": due,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Work",
                                "quantity": 1,
                                "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                    **vals,
                }
            )
        )
        invoice.action_post()
        return invoice

    @classmethod
    def pay(cls, invoice, day, amount=None):
        """A payment booked on a day and matched with the invoice."""
        wizard = (
            cls.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create(
                {
                    "amount": amount or invoice.amount_residual,
                    "currency_id": invoice.currency_id.id,
                    "payment_date": DATE(day),
                }
            )
        )
        return wizard._create_payments()

    @classmethod
    def item(cls, invoice):
        return invoice.line_ids.filtered(lambda line: line.account_type == "asset_receivable")

    def segments(self, invoice, day, scheme=None):
        rows = self.env["ar.interest.scheme"]._compute_claims(self.item(invoice), DATE(day))
        return [
            (
                str(row["date_from"]),
                str(row["date_to"]),
                row["principal"],
                row["rate"],
                row["days"],
                row["amount"],
            )
            for row in rows
        ]

    def interest(self, invoice, day):
        return sum(segment[-1] for segment in self.segments(invoice, day))

    def claim(self, day, partner=None, **kwargs):
        """Claims counted until a day, as the wizard writes them."""
        partners = partner or self.customer
        return self.claims.sudo()._claim(self.company, DATE(day), partner_ids=partners.ids, **kwargs)

    def simulate(self, scheme, amount, due, day, payments=(), currency=None, invoice_date=None):
        """Interest and fixed sum of an amount outside the ledger."""
        segments, sums = self.env["ar.interest.figures"]._get_simulated(
            scheme,
            amount,
            currency or scheme.currency_id,
            DATE(due),
            DATE(day),
            [(DATE(paid), part) for paid, part in payments],
            DATE(invoice_date) if invoice_date else None,
        )
        return segments, sums
