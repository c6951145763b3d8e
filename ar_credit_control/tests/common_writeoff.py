from odoo.fields import Command

from .common_provision import ProvisionCase


class WriteoffCase(ProvisionCase):
    """Write-offs asked for by the collector, decided by the manager, posted by the controller."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.recoveries = cls.env["ar.writeoff.recovery"]
        cls.small = cls.env.ref("ar_credit_control.writeoff_reason_small")
        cls.insolvency = cls.env.ref("ar_credit_control.writeoff_reason_insolvency")

    @classmethod
    def items_of(cls, *moves):
        """The open items of entries, as the ageing shows them."""
        cls.env.flush_all()
        cls.env["ar.aging.report"].invalidate_model()
        ids = [move.id for move in moves]
        return cls.env["ar.aging.report"].search([("move_id", "in", ids), ("amount_currency", ">", 0)])

    @classmethod
    def ask(cls, *moves, amounts=None, user=None, **values):
        """A draft about all open items of entries; ``amounts`` by entry, for entries with one item."""
        items = cls.items_of(*moves)
        return (
            cls.env["ar.writeoff"]
            .with_user(user or cls.collector)
            ._create_from_items(
                items,
                cls.small,
                amounts=amounts and {item: amounts[item.move_id] for item in items},
                **{"note": "Reminded three times", **values},
            )
        )

    @classmethod
    def write_off(cls, *moves, **values):
        """A posted write-off."""
        writeoff = cls.ask(*moves, **values)
        cls.decide(writeoff)
        writeoff.with_user(cls.controller).action_post()
        return writeoff.with_env(cls.env)

    @classmethod
    def decide(cls, writeoff):
        writeoff.with_user(cls.collector).action_submit()
        writeoff.with_user(cls.manager).action_approve()

    @classmethod
    def recover(cls, line, amount, receipt=None, date=None):
        """Record a recovery; by default a receipt of that amount is made for it."""
        receipt = receipt or cls.make_receipt(
            amount,
            line.partner_id,
            currency_id=line.currency_id.id,
            date=date or cls.today,
            company_id=line.company_id.id,
        )
        return cls.recoveries.with_user(cls.controller)._recover(
            line.with_user(cls.controller), amount, date, receipt
        )

    @classmethod
    def recover_undone(cls, line, amount):
        """A recovery whose receipt was taken back after it: its charge waits."""
        receipt = cls.make_receipt(amount, line.partner_id, currency_id=line.currency_id.id)
        recovery = cls.recover(line, amount, receipt)
        receipt.remove_move_reconcile()
        receipt.move_id.origin_payment_id.action_draft()
        receipt.move_id.origin_payment_id.action_cancel()
        cls.env.invalidate_all()
        return recovery

    @classmethod
    def make_receipt(cls, amount, partner=None, **values):
        """A posted payment that nobody applied; return its credit on the receivable account."""
        payment = cls.env["account.payment"].create(
            {
                "partner_id": (partner or cls.customer).id,
                "amount": amount,
                "payment_type": "inbound",
                "date": cls.today,
                **values,
            }
        )
        payment.action_post()
        return payment.move_id.line_ids.filtered(lambda item: item.account_type == "asset_receivable")

    @classmethod
    def make_taxed_invoice(cls, amount, days, tax):
        return cls.make_invoice(
            amount,
            days,
            invoice_line_ids=[
                Command.create({"name": "Work", "price_unit": amount, "tax_ids": [Command.set(tax.ids)]})
            ],
        )

    @classmethod
    def balance_of(cls, account):
        cls.env.flush_all()
        lines = cls.env["account.move.line"].search(
            [("account_id", "=", account.id), ("parent_state", "=", "posted")]
        )
        return cls.company.currency_id.round(sum(lines.mapped("balance")))

    @classmethod
    def receivable_of(cls, partner=None):
        """What the ledger says that a customer owes."""
        cls.env.flush_all()
        lines = cls.env["account.move.line"].search(
            [
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("partner_id", "child_of", (partner or cls.customer).id),
            ]
        )
        return cls.company.currency_id.round(sum(lines.mapped("balance")))

    def assertBooked(self, writeoff, **parts):
        """Compare the totals of a write-off, and that each of its entries balances."""
        self.assertEqual({name: writeoff[f"amount_{name}"] for name in parts}, parts)
        for move in writeoff.move_ids:
            self.assertTrue(move.company_currency_id.is_zero(sum(move.line_ids.mapped("balance"))))
            self.assertEqual(move.state, "posted")
