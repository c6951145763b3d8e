from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user

from .common_aging import AgingCase


class AgreementCase(AgingCase):
    """Customers with claims, and what is agreed with them; the ledger of the ageing tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._credit_today()
        cls.company.write(
            {
                "credit_promise_tolerance_days": 3,
                "credit_promise_tolerance_percent": 0,
                "credit_promise_tolerance_amount": 0,
                "credit_promise_partly_broken": False,
            }
        )
        cls.promises = cls.env["ar.payment.promise"]

    @classmethod
    def day(cls, days):
        return cls.today + timedelta(days=days)

    @classmethod
    def due(cls, amount, days_overdue=20, **values):
        """A posted invoice that fell due so many days ago."""
        due = cls.day(-days_overdue)
        return cls.invoice(amount, min(due, cls.today), due, **values)

    @classmethod
    def items(cls, *moves):
        return cls.env["ar.aging.report"].search(
            [("move_id", "in", [move.id for move in moves]), ("amount_currency", ">", 0)],
            order="date_maturity, id",
        )

    @classmethod
    def promise(cls, amount, days, *moves, partner=None, **values):
        """A promise for so many days from today; days in the past are entered as if it had been then."""
        date = cls.day(max(days, 0))
        items = cls.items(*moves) if moves else None
        promise = cls.promises._record(partner or cls.customer, cls.company, amount, date, items, **values)
        if days < 0:
            cls.backdate(promise, days)
        return promise

    @classmethod
    def backdate(cls, promise, days):
        promise.sudo().write(
            {
                "date": cls.day(days),
                "deadline": cls.day(days + promise.tolerance_days),
                "date_given": cls.day(days - 5),
            }
        )

    @classmethod
    def make_user(cls, login, groups):
        return new_test_user(
            cls.env,
            login,
            groups=groups,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def plan(cls, days, *moves, user=None, kind="plan", **values):
        """A draft with an instalment on each of these days from today."""
        plans = cls.env["ar.payment.plan"].with_user(user or cls.env.user)
        items = cls.items(*moves) if moves else None
        dates = [cls.day(max(day, 0)) for day in days]
        return plans._draft(cls.customer, cls.company, items, kind, dates, reason="Waits for money", **values)

    @classmethod
    def activate(cls, plan, days=None):
        """Approve a plan as somebody else; days in the past are entered as if it had been then."""
        plan.sudo().write({"state": "active", "decided_on": cls.day(-100), "paused_until": cls.day(100)})
        for line, day in zip(plan.line_ids, days or [], strict=bool(days)):
            cls.env.cr.execute(
                "UPDATE ar_payment_plan_line SET date = %s WHERE id = %s", (cls.day(day), line.id)
            )
        cls.env.invalidate_all()
        plan.sudo()._judge()

    @classmethod
    def pay(cls, amount, days, *moves, currency=None):
        """A receipt of a day, matched with invoices."""
        receipt = cls.payment(amount, cls.day(days), currency=currency)
        cls.match(receipt, *moves)
        return receipt

    def commit(self):
        """What happens when the transaction is committed, without committing."""
        self.env.cr.flush()

    def judge(self):
        """What the schedule does, without committing."""
        for model in ("ar.payment.promise", "ar.payment.plan"):
            self.env[model]._get_outdated()._judge()

    def slow_state(self, promise):
        """The state by looking at each promised item in the ageing as of the deadline."""
        self.env["ar.aging.report"].invalidate_model()  # read before the last step
        needed = paid = 0.0
        currency = promise.currency_id
        for line in promise.line_ids:
            ledger = line.move_id.line_ids.filtered(
                lambda item, line=line: (
                    item.account_type == "asset_receivable"
                    and item.date_maturity == line.date_maturity
                    and item.parent_state == "posted"
                )
            )
            if not ledger:
                continue
            needed += line.amount
            open_then = sum(
                row.amount_currency
                for row in self.as_of(fields.Date.to_string(promise.deadline)).search(
                    [("id", "in", ledger.ids)]
                )
            )
            paid += min(max(line.amount_open - open_then, 0.0), line.amount_open)
        if not needed:
            return "cancelled", 0.0
        paid = currency.round(paid)
        if paid > 0 and currency.compare_amounts(paid, needed - promise.tolerance_amount) >= 0:
            return "kept", paid
        if self.today <= promise.deadline:
            return "open", paid
        return ("partly" if paid else "broken"), paid
