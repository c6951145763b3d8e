from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import Form, new_test_user

from .common_collection import CollectionCase


class ContactCase(CollectionCase):
    """Customers with cases, people of each role, and the dialog that logs contacts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activities = cls.env["ar.collection.activity"]
        cls.cash_desk = new_test_user(
            cls.env,
            "dun_cash",
            groups="account.group_account_invoice",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.company.write({"collection_paid_days": 5, "collection_cash_user_id": cls.cash_desk.id})
        cls.customer.user_id = cls.seller
        cls.payables = cls.env["res.partner"].create(
            {
                "name": "Ute Korn",
                "parent_id": cls.customer.id,
                "phone": "+49 30 1",
                "email": "ute@example.com",
                "collection_role": "payables",
            }
        )

    @classmethod
    def outcome(cls, key):
        return cls.env.ref(f"ar_credit_control.collection_outcome_{key}")

    @classmethod
    def reason(cls, key):
        return cls.env.ref(f"ar_credit_control.collection_reason_{key}")

    def dialog(self, outcome=None, user=None, partner=None, **values):
        """The dialog as a user fills it in: values are set in the order given."""
        action = (
            self.env["ar.collection.contact"]
            .with_user(user or self.collector)
            ._open_form(partner or self.customer, self.company)
        )
        form = Form(
            self.env["ar.collection.contact"]
            .with_user(user or self.collector)
            .with_context(**action["context"])
        )
        if outcome:
            form.outcome_id = self.outcome(outcome)
        for name, value in values.items():
            setattr(form, name, value)
        return form

    def log(self, outcome=None, user=None, partner=None, **values):
        """Log a contact through the dialog and return it."""
        dialog = self.dialog(outcome, user, partner, **values).save()
        return dialog._log()

    def log_past(self, days, outcome="call_back", user=None, partner=None, **values):
        """A contact of so many days ago."""
        return self.activities.with_user(user or self.collector)._log_contact(
            partner or self.customer,
            self.company,
            values.pop("kind", "call"),
            self.outcome(outcome),
            date=fields.Datetime.now() - timedelta(days=days),
            **values,
        )

    def paused(self, date=None):
        """{(entry, due date): reason} of what is not asked for."""
        self.env.flush_all()
        rows = self.env.execute_query(self.env["ar.item.pause"]._pause_sql(self.company, date or self.today))
        return {(row[0], row[2]): row[4] for row in rows}

    def steps(self, record):
        return self.env["mail.activity"].search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
