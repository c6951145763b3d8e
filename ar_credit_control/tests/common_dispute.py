from odoo.fields import Command

from .common_credit import CreditCase


class DisputeCase(CreditCase):
    """Invoices in instalments and two currencies, a salesperson whose customer it is, an accountant."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.disputes = cls.env["ar.dispute"]
        cls.today = cls.company._credit_today()
        cls.category = cls.env.ref("ar_credit_control.dispute_category_price")
        cls.quality = cls.env.ref("ar_credit_control.dispute_category_quality")
        cls.accountant = cls.make_user("credit_acc", "account.group_account_invoice")
        cls.stranger = cls.make_user("credit_quality", "base.group_user")
        cls.customer.user_id = cls.credit_user
        cls.foreign = cls.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        cls.instalments = cls.env["account.payment.term"].create(
            {
                "name": "30 % at once, 70 % in 60 days",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 60}),
                ],
            }
        )

    @classmethod
    def items_of(cls, *moves):
        ids = [move.id for move in moves]
        return cls.env["ar.aging.report"].search([("move_id", "in", ids), ("amount_currency", ">", 0)])

    @classmethod
    def record(cls, invoice, amount=None, category=None, **values):
        """A dispute about the open items of an invoice: an amount of the first one, or all of all."""
        items = cls.items_of(invoice)
        amounts = {items[0]: amount} if amount is not None else {item: item.amount_currency for item in items}
        return cls.disputes._record(category or cls.category, amounts, "Too expensive", **values)

    def paused(self, move=None, date=None):
        """{due date: paused amount} of an entry."""
        self.env.flush_all()
        rows = self.env.execute_query(self.env["ar.item.pause"]._pause_sql(self.company, date or self.today))
        totals = {}
        for move_id, _partner, due, amount, reason, _until in rows:
            if reason == "disputed" and (move is None or move_id == move.id):
                totals[due] = totals.get(due, 0.0) + float(amount)
        return totals

    def accept(self, dispute, *amounts, user=None):
        accepted = dict(zip(dispute.line_ids, amounts or dispute.line_ids.mapped("amount"), strict=False))
        dispute.with_user(user or self.controller)._decide(accepted, "You are right.", 5)

    def credit(self, dispute, post=True):
        action = dispute.with_user(self.accountant).action_create_credit_note()
        moves = self.env["account.move"].browse(action.get("res_id") or action["domain"][0][2])
        if post:
            moves.action_post()
        return moves
