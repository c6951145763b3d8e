from datetime import timedelta

from odoo import fields

from .common_credit import CreditCase


class CoverCase(CreditCase):
    """The people and customer of credit tests, with makers of securities and bills."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.context_today(cls.company)
        cls.bank = cls.make_partner("Uferbank")
        cls.securities = cls.env["ar.credit.security"]
        cls.bills = cls.env["ar.bill.receivable"]

    @classmethod
    def day(cls, days):
        return cls.today + timedelta(days=days)

    @classmethod
    def security_vals(cls, **values):
        kind = values.get("kind", "guarantee")
        return {
            "partner_id": cls.customer.id,
            "company_id": cls.company.id,
            "kind": kind,
            "amount": 1000.0,
            "date_from": cls.today,
            "date_to": cls.day(365),
            **({"guarantor_id": cls.bank.id} if kind == "guarantee" else {}),
            **({"insurer_id": cls.bank.id, "policy": "P-7"} if kind == "insurance" else {}),
            **values,
        }

    @classmethod
    def draft_security(cls, **values):
        """A security that a controller drafts and submits to nobody yet."""
        return cls.securities.with_user(cls.controller).create(cls.security_vals(**values))

    @classmethod
    def make_security(cls, **values):
        """A security that a manager has validated."""
        security = cls.draft_security(**values)
        security.action_submit()
        security.with_user(cls.manager).action_validate()
        return security.with_env(cls.env)

    @classmethod
    def make_bill(cls, amount=1000.0, **values):
        return cls.bills.create(
            {
                "name": f"BILL-{cls.bills.search_count([])}",
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "kind": "commercial",
                "amount": amount,
                "date_received": cls.day(-400) if values.get("date_maturity") else cls.today,
                "date_maturity": cls.day(90),
                **values,
            }
        )
