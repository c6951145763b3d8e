from datetime import timedelta

from odoo.fields import Command

from .common_credit import CreditCase


class CoverSteps(CreditCase):
    """What a company does with bills of exchange, securities and credit insurance."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bills = cls.env["ar.bill.receivable"]
        cls.securities = cls.env["ar.credit.security"]
        cls.insured = cls.env["ar.insurance.overdue"]
        cls.guarantor = cls.make_partner("Uferbank")

    # ------------------------------------------------------------------
    # Bills
    # ------------------------------------------------------------------

    def step_bill(self):
        """Invoices are paid, or money comes on account, by one or two bills."""
        known = self.payments
        what = self.random.choice((self.step_pay, self.step_pay_part, self.step_receipt))()
        payment = self.payments - known
        clerk = self.get_clerk(payment.company_id)
        action = payment.with_user(clerk).action_credit_bills()
        shares = self.random.choice(((1,), (1,), (0.5,), (0.4, 0.6)))
        self.bills.with_user(clerk).with_context(**action["context"]).create(
            [
                {
                    "name": f"Bill {payment.id}/{number}",
                    "kind": self.random.choice(("bank", "commercial")),
                    "amount": payment.currency_id.round(payment.amount * share) or payment.amount,
                    "date_maturity": self.today + timedelta(days=self.random.randint(0, 90)),
                }
                for number, share in enumerate(shares)
            ]
        )
        return f"{what}, {len(shares)} bills"

    def step_lone_bill(self):
        """A bill that nobody booked."""
        partner = self.pick_partner()
        bill = self.bills.with_user(self.controller).create(
            {
                "name": f"Lone bill {self.bills.search_count([])}",
                "partner_id": partner.id,
                "company_id": self.pick_company().id,
                "kind": "commercial",
                "amount": 333.33,
                "currency_id": self.pick_currency().id,
                "date_maturity": self.today + timedelta(days=self.random.randint(0, 90)),
            }
        )
        return f"{bill.name} {partner.name}"

    def step_settle_bill(self):
        bill = self.pick(self.bills.search(self.bills._open_domain(), order="id"))
        fate = self.random.choice(("collect", "return", "return", "cancel", "endorse", "discount"))
        if fate == "return":
            self.return_bill(bill)
        elif fate in ("endorse", "discount"):
            recourse = self.random.random() < 0.7
            getattr(bill.with_user(self.controller), f"action_{fate}")(self.guarantor, with_recourse=recourse)
        else:
            getattr(bill.with_user(self.controller), f"action_{fate}")()
        return f"{bill.name} {fate}"

    def return_bill(self, bill):
        """A bill that was not paid: its customer owes as much again, matched with what took the bill in."""
        owed = self.sum_currency(bill)
        account = self.bank.default_account_id if self.random.random() < 0.3 else None
        booking = bill._get_booking()
        clerk = self.get_clerk(booking.company_id or self.company)
        bill.with_user(clerk).action_return("No funds", account=account)
        again = self.receivable(bill.return_move_id)
        self.assertEqual(bool(again), booking.state == "posted", bill.name)
        self.assertTrue(all(again.mapped("reconciled")), bill.name)
        charged = bill.amount if again else 0.0
        self.assertAlmostEqual(self.sum_currency(bill) - owed, charged, 2, bill.name)

    def sum_currency(self, bill):
        """What the customer of a bill owes in its currency, without exchange differences."""
        self.env.flush_all()
        lines = self.env["account.move.line"].search(
            [
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("partner_id", "child_of", bill.partner_id.id),
                ("currency_id", "=", bill.currency_id.id),
                ("journal_id", "!=", self.company.currency_exchange_journal_id.id),
            ]
        )
        return sum(lines.mapped("amount_currency"))

    # ------------------------------------------------------------------
    # Securities
    # ------------------------------------------------------------------

    def step_secure(self):
        kind = self.random.choice(("guarantee", "deposit", "letter_of_credit", "insurance", "insurance"))
        partner = self.pick([one for one in self.customers if one.exists()])
        security = self.securities.with_user(self.controller).create(
            {
                "partner_id": partner.id,
                "company_id": self.pick_company().id,
                "kind": kind,
                "amount": self.random.choice((500, 2000, 10000)),
                "currency_id": self.pick_currency().id,
                "share": self.random.choice((100, 100, 60)),
                "date_from": self.today + timedelta(days=self.random.choice((-90, 0, 0, 10))),
                "date_to": self.today + timedelta(days=self.random.randint(20, 300)),
                "guarantor_id": self.guarantor.id,
                "insurer_id": self.guarantor.id,
                "policy": "P-7",
                "insured_share": 90,
                "own_risk": self.random.choice((0, 100)),
                "reporting_days": self.random.choice((0, 30, 60)),
            }
        )
        security.action_submit()
        if self.random.random() < 0.9:
            security.with_user(self.manager).action_validate()
        return f"{security.display_name} {security.amount} {security.state}"

    def step_end_security(self):
        security = self.pick_record("ar.credit.security", state=["valid", "lapsed", "submitted"])
        if security.state == "submitted":
            security.with_user(self.controller).action_cancel()
        elif self.random.random() < 0.3:
            renewal = self.securities.browse(security.with_user(self.controller).action_renew()["res_id"])
            renewal.with_user(self.controller).action_submit()
            renewal.with_user(self.manager).action_validate()
            return f"{security.display_name} renewed"
        else:
            end = self.random.choice(("action_call", "action_release"))
            getattr(security.with_user(self.controller), end)("Enough")
        return f"{security.display_name} {security.state}"

    def step_report_overdue(self):
        """The insurer is told of what is overdue, or closes a claim."""
        told = self.env["ar.insurance.notice"].search([("closed_on", "=", False)], order="id")
        if told and self.random.random() < 0.3:
            notice = self.pick(told)
            notice.with_user(self.controller).closed_on = self.today
            return f"{notice.move_id.name} closed"
        rows = self.insured.search([("notice_id", "=", False)], order="id")
        self.pick(rows)[:1].with_user(self.controller).action_report()
        return ", ".join(rows[:1].mapped("move_name"))


class BranchSteps(CreditCase):
    """A branch of the company, with people of its own; its money and its letters are the main company's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create({"name": "Branch", "parent_id": cls.company.id})
        cls.cr.precommit.run()  # core gives the branch its chart of accounts here
        cls.env.user.company_ids += cls.branch
        cls.branch_clerk, cls.branch_collector, cls.branch_seller = cls.make_users(
            cls.branch,
            branch_book="account.group_account_user,base.group_partner_manager",
            branch_col="ar_credit_control.group_collector,base.group_partner_manager",
            branch_sales="sales_team.group_sale_salesman_all_leads",
        )

    @classmethod
    def let_into_branch(cls, *users):
        for user in users:
            user.company_ids = [Command.link(cls.branch.id)]

    def pick_company(self):
        """The main company, at times its branch."""
        return self.random.choice((self.company, self.company, self.company, self.branch))

    def pick_currency(self):
        return self.random.choice((self.company.currency_id, self.company.currency_id, self.foreign))

    def get_clerk(self, company):
        """Who books in a company: in the branch, at times, somebody who works nowhere else."""
        if company == self.branch and self.random.random() < 0.5:
            return self.branch_clerk
        return self.accountant

    def get_collector(self, items):
        """Who talks about items; about those of the branch, at times, somebody who works nowhere else."""
        if items.company_id == self.branch and self.random.random() < 0.5:
            return self.branch_collector
        return self.collector
