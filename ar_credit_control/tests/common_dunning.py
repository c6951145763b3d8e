from datetime import timedelta

from odoo import fields
from odoo.fields import Command

from .common import AccountingCase


class DunningCase(AccountingCase):
    """A policy with stages at -5, +3, +14 and +28 days, customers with e-mail, people of each role."""

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.env.ref("ar_credit_control.group_credit_manager")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.today = fields.Date.context_today(cls.env.user)
        cls.policy = cls.make_policy(cls.company)
        cls.before, cls.first, cls.second, cls.third = cls.policy.stage_ids.sorted("day_offset")
        cls.customer = cls.make_customer("Kornmann AG")
        cls.seller, cls.collector, cls.controller, cls.other_controller, cls.auditor = cls.make_users(
            dun_seller="ar_credit_control.group_credit_user",
            dun_collector="ar_credit_control.group_collector",
            dun_controller="ar_credit_control.group_credit_controller",
            dun_controller_2="ar_credit_control.group_credit_controller",
            dun_auditor="ar_credit_control.group_credit_auditor",
        )

    @classmethod
    def make_policy(cls, company, **values):
        standard = cls.env.ref("ar_credit_control.dunning_policy_standard").sudo()
        policy = standard.copy(
            {
                "company_id": company.id,
                "currency_id": company.currency_id.id,
                "active": True,
                "min_amount": 50.0,
                **values,
            }
        )
        return policy.with_env(cls.env)

    @classmethod
    def make_customer(cls, name, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "email": f"{name.split()[0].lower()}@example.com",
                "street": "Main Street 1",
                **values,
            }
        )

    @classmethod
    def make_invoice(
        cls, days, amount=1000.0, partner=None, currency=None, company=None, move_type=None, **values
    ):
        """A posted invoice whose due date was ``days`` ago (negative: is yet to come)."""
        company = company or cls.company
        due = cls.today - timedelta(days=days)
        journal = cls.env["account.journal"].search(
            [("company_id", "parent_of", company.ids), ("type", "=", "sale")], limit=1
        )
        invoice = (
            cls.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": move_type or "out_invoice",
                    "company_id": company.id,
                    "journal_id": journal.id,
                    "partner_id": (partner or cls.customer).id,
                    "currency_id": (currency or company.currency_id).id,
                    "invoice_date": due - timedelta(days=30),
                    "date": due - timedelta(days=30),
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
                    **values,
                }
            )
        )
        invoice.action_post()
        return invoice

    @classmethod
    def make_entry(cls, items, journal="default_journal_misc"):
        """One posted entry, by default a general one, with a receivable item per (partner, days, amount)."""
        receivable = cls.company_data["default_account_receivable"]
        entry = cls.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": cls.company_data[journal].id,
                "date": cls.today - timedelta(days=400),
                "line_ids": [
                    Command.create(
                        {
                            "name": "Opening",
                            "account_id": receivable.id,
                            "partner_id": partner.id,
                            "debit": max(amount, 0.0),
                            "credit": max(-amount, 0.0),
                            "date_maturity": days is not None and cls.today - timedelta(days=days),
                        }
                    )
                    for partner, days, amount in items
                ]
                + [
                    Command.create(
                        {
                            "name": "Opening",
                            "account_id": cls.company_data["default_account_revenue"].id,
                            "debit": max(-sum(item[2] for item in items), 0.0),
                            "credit": max(sum(item[2] for item in items), 0.0),
                        }
                    )
                ],
            }
        )
        entry.action_post()
        return entry

    @classmethod
    def propose(cls, date=None, policy=None, user=None):
        runs = cls.env["ar.dunning.run"]
        if user:
            runs = runs.with_user(user)
        return runs._create_proposal(policy or cls.policy, date or cls.today)

    def send(self, letters):
        """Queue letters as an approver would and let the mail server accept them."""
        letters.with_user(self.other_controller).action_approve()
        letters.sudo()._queue()
        letters.filtered(lambda letter: letter.state == "queued").sudo()._mark_sent()

    def reasons(self, run):
        return {(line.partner_id, line.reason) for line in run.left_out_ids}

    def pay(self, invoice, amount=None):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"amount": amount or invoice.amount_residual, "payment_date": self.today})
        )
        return wizard._create_payments()
