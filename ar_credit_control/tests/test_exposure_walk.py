import os
from collections import defaultdict

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_credit import CreditCase

# Walks per test: AR_WALKS=300 makes a long run, with another seed each time.
WALKS = int(os.environ.get("AR_WALKS") or 0)
PARTS = ("receivable", "draft_invoice", "order", "in_transit")
STEPS = (
    "add_expense",
    "back_to_draft",
    "cancel",
    "cancel_draft",
    "change_payer",
    "change_rate",
    "confirm",
    "credit",
    "credit_and_invoice_again",
    "credit_part",
    "deliver",
    "delete_draft",
    "down_payment_fixed",
    "down_payment_percent",
    "free_invoice",
    "give_back",
    "invoice",
    "invoice_part",
    "lower",
    "pay",
    "pay_in_advance",
    "post",
    "quote",
    "raise",
    "remove_payment",
    "reopen",
    "reprice",
    "tax",
)


def walks(few):
    """Settings of a generated test: the same few examples each time, or as many as are asked for."""
    return settings(
        max_examples=WALKS or few,
        deadline=None,
        derandomize=not WALKS,
        phases=[Phase.generate] if not WALKS else [Phase.generate, Phase.shrink],
        database=None,
        print_blob=True,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.differing_executors,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )


@tagged("post_install", "-at_install")
class TestExposureWalk(CreditCase):
    """Exposure against a slow computation from the documents, while orders live random lives.

    Two customers, one with a contact and one with an invoice address, in a company, its branch and another
    company, in two currencies, with and without tax, services and goods.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create({"name": "Branch", "parent_id": cls.company.id})
        cls.cr.precommit.run()  # load the chart of accounts of the branch
        cls.other = cls.setup_other_company()["company"]
        cls.env.user.company_ids |= cls.branch | cls.other
        # Journals default to the company of the environment; the three are all open at once.
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": (cls.company | cls.branch | cls.other).ids}
        )
        cls.company = cls.company.with_env(cls.env)
        cls.exposure = cls.exposure.with_env(cls.env)
        (cls.company | cls.other).credit_in_transit = True
        cls.payer = cls.make_partner("Payer SA")
        cls.desk = cls.env["res.partner"].create(
            {"name": "Payables", "parent_id": cls.payer.id, "type": "invoice"}
        )
        cls.customer, cls.contact = cls.customer.with_env(cls.env), cls.contact.with_env(cls.env)
        cls.foreign = cls.setup_other_currency("CAD", rates=[("2020-01-01", 2.0)])
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.foreign.id,
                "name": "2020-01-01",
                "rate": 2.0,
                "company_id": cls.other.id,
            }
        )
        cls.pricelist = cls.env["product.pricelist"].create(
            {"name": "Foreign", "currency_id": cls.foreign.id, "company_id": False}
        )
        cls.goods = cls.env["product.product"].create(
            {"name": "Crate", "type": "consu", "invoice_policy": "delivery", "taxes_id": False}
        )
        cls.tax = cls.env["account.tax"].create({"name": "Walk 10 %", "amount": 10.0})
        for company in (cls.company, cls.other):
            outstanding = cls.env["account.account"].create(
                {
                    "name": "Receipts on their way",
                    "code": "WALK1",
                    "account_type": "asset_current",
                    "reconcile": True,
                    "company_ids": [Command.set(company.ids)],
                }
            )
            journals = cls.env["account.journal"].search(
                [("type", "=", "bank"), ("company_id", "child_of", company.id)]
            )
            journals.inbound_payment_method_line_ids.payment_account_id = outstanding

    @given(
        steps=st.lists(
            st.tuples(st.sampled_from(STEPS), st.integers(0, 11), st.integers(0, 11)),
            min_size=6,
            max_size=14,
        ),
        start=st.integers(0, 47),
    )
    @walks(few=6)
    def test_exposure_counts_everything_once_at_every_stage(self, steps, start):
        self.env.invalidate_all()
        with self.env.cr.savepoint() as savepoint:
            self.orders = self.env["sale.order"]
            self.free = self.env["account.move"]
            self.payments = self.env["account.payment"]
            self.rate = 2.0
            walked = []
            for step, pick, number in [("quote", start, start), ("confirm", 0, 0), *steps]:
                self.take(step, pick, number)
                walked.append(f"{step}({pick}, {number})")
                self.assertAllFigures(" ".join(walked))
            savepoint.rollback()
        self.env.invalidate_all()

    @given(
        deliveries=st.lists(st.integers(1, 4), min_size=1, max_size=3),
        share=st.sampled_from([0, 10, 25]),
        again=st.booleans(),
    )
    @walks(few=3)
    def test_an_order_is_worth_its_total_until_it_is_paid(self, deliveries, share, again):
        """Ordered, delivered in parts, invoiced in parts, with a down payment: the sum never moves.

        Nor when each invoice is corrected: credited and invoiced again.
        """
        self.env.invalidate_all()
        with self.env.cr.savepoint() as savepoint:
            order = self.make_order((sum(deliveries) + 1, 100.0, self.by_delivery))
            total = order.amount_total
            if share:
                down_payment = self._create_down_payment_invoice(order, "percentage", share)
                self.assertFigures(exposure=total)
                down_payment.action_post()
                self.assertFigures(exposure=total)
            for quantity in deliveries:
                line = order.order_line.filtered(lambda line: line.product_id == self.by_delivery)
                line.qty_delivered += quantity
                self.assertFigures(exposure=total)
                invoice = self.invoice_order(order, post=False)
                self.assertFigures(exposure=total)
                if invoice.move_type == "out_invoice":
                    invoice.action_post()
                    self.assertFigures(exposure=total)
                    if again:
                        self.credit_note(invoice, again=True).action_post()
                        self.assertFigures(exposure=total)
            savepoint.rollback()
        self.env.invalidate_all()

    # ------------------------------------------------------------------
    # Steps; one that does not apply, or that Odoo refuses, does nothing
    # ------------------------------------------------------------------

    def take(self, step, pick, number):
        # `pick` chooses among documents, `number` how much
        order = self.orders[pick % len(self.orders)] if self.orders else self.orders
        if order:
            order = order.with_company(order.company_id)
        try:
            with self.env.cr.savepoint():
                getattr(self, f"step_{step}")(order, number)
        except UserError:
            self.env.invalidate_all()

    def lines(self, order):
        return order.order_line.filtered(lambda line: not line.display_type and not line.is_downpayment)

    def a_line(self, order, number):
        lines = self.lines(order)
        return lines[number % len(lines)]

    def moves(self, order, *states, types=("out_invoice",)):
        """Invoices of the order and those without order, oldest first."""
        moves = order.invoice_ids | self.free.exists()
        return moves.filtered(lambda move: move.state in states and move.move_type in types).sorted("id")

    def step_quote(self, _order, number):
        company = (self.company, self.branch, self.company, self.other)[number % 4]
        product = (self.by_order, self.by_delivery, self.goods)[number % 3 if company == self.company else 0]
        partner = (self.contact, self.payer)[number // 2 % 2]
        order = (
            self.env["sale.order"]
            .with_company(company)
            .create(
                {
                    "company_id": company.id,
                    "partner_id": partner.id,
                    "partner_invoice_id": (partner, self.desk)[number % 5 == 0].id,
                    "pricelist_id": self.pricelist.id if number // 4 % 3 == 0 else False,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": quantity,
                                "price_unit": price,
                                "discount": discount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                        for quantity, price, discount in (
                            (3 + number % 7, 33.33, 0.0),
                            (2, 100.0, 12.5),
                            (1, -20.0, 0.0),
                        )[: 1 + number % 3]
                    ],
                }
            )
        )
        self.orders += order.with_company(self.company)

    def step_confirm(self, order, _number):
        if order.state in ("draft", "sent"):
            order.action_confirm()

    def step_cancel(self, order, _number):
        if order.state == "sale":
            order._action_cancel()

    def step_reopen(self, order, _number):
        if order.state == "cancel":
            order.action_draft()
            order.action_confirm()

    def step_deliver(self, order, number):
        if order.state != "sale":
            return
        line = self.a_line(order, number)
        if "move_ids" not in line._fields or not line.move_ids:
            line.qty_delivered += 1 + number % 3
            return
        waiting = line.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel") and move.location_dest_usage == "customer"
        )[:1]
        if waiting:
            waiting.picking_id.move_ids.quantity = 0
            waiting.write({"quantity": min(1 + number % 3, waiting.product_uom_qty), "picked": True})
            waiting.picking_id._action_done()  # the rest becomes a back order

    def step_give_back(self, order, number):
        pickings = order.picking_ids if "picking_ids" in order._fields else ()
        done = [
            picking
            for picking in pickings
            if picking.state == "done" and picking.picking_type_code == "outgoing"
        ]
        if done:
            wizard = (
                self.env["stock.return.picking"]
                .with_context(active_model="stock.picking", active_id=done[0].id, active_ids=done[0].ids)
                .create({})
            )
            wizard.product_return_moves[:1].quantity = 1
            back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
            back.move_ids.write({"quantity": 1, "picked": True, "to_refund": bool(number % 2)})
            back._action_done()

    def step_raise(self, order, number):
        if order.state == "sale":
            self.a_line(order, number).product_uom_qty += 1 + number % 4

    def step_lower(self, order, number):
        line = self.a_line(order, number)
        if order.state == "sale" and line.product_uom_qty > 1:
            line.product_uom_qty -= 1

    def step_reprice(self, order, number):
        self.a_line(order, number).price_unit = 10.0 + 7.77 * number

    def step_tax(self, order, number):
        if order.state in ("draft", "sent", "sale") and order.company_id == self.company:
            self.a_line(order, number).tax_ids = self.tax

    def step_change_payer(self, order, number):
        if order.state in ("draft", "sent", "sale"):
            order.partner_invoice_id = (self.customer, self.contact, self.desk)[number % 3]

    def step_change_rate(self, _order, number):
        self.rate = 0.5 + number / 4
        today = fields.Date.context_today(self.company)
        rates = self.env["res.currency.rate"].search(
            [("currency_id", "=", self.foreign.id), ("name", "=", today)]
        )
        if rates:
            rates.rate = self.rate
        else:
            rates.create(
                [
                    {
                        "currency_id": self.foreign.id,
                        "name": today,
                        "rate": self.rate,
                        "company_id": company.id,
                    }
                    for company in (self.company, self.other)
                ]
            )

    def step_add_expense(self, order, number):
        """A cost passed on to the customer: delivered, nothing ordered."""
        if order.state == "sale":
            order.order_line = [
                Command.create(
                    {
                        "product_id": self.by_delivery.id,
                        "name": "Travel",
                        "product_uom_qty": 0,
                        "qty_delivered": 1,
                        "price_unit": 5.0 + number,
                        "tax_ids": [Command.clear()],
                    }
                )
            ]

    def step_down_payment_fixed(self, order, number):
        if order.state == "sale" and order.amount_total > 20:
            self._create_down_payment_invoice(order, "fixed", 7.0 + number, post=bool(number % 2))

    def step_down_payment_percent(self, order, number):
        if order.state == "sale" and order.amount_total > 20:
            self._create_down_payment_invoice(order, "percentage", 10 + 5 * number, post=bool(number % 3))

    def step_invoice(self, order, number):
        if order.state == "sale" and order._get_invoiceable_lines(final=bool(number % 2)):
            order.with_context(raise_if_nothing_to_invoice=False)._create_invoices(final=bool(number % 2))

    def step_invoice_part(self, order, number):
        """What the accountant takes out of a draft will be invoiced another time."""
        drafts = self.moves(order, "draft")
        if drafts and (items := self.goods_items(drafts[-1])):
            items[number % len(items)].quantity /= 2

    def step_post(self, order, number):
        if drafts := self.moves(order, "draft", types=("out_invoice", "out_refund", "out_receipt")):
            drafts[number % len(drafts)].action_post()

    def step_back_to_draft(self, order, number):
        if posted := self.moves(order, "posted", types=("out_invoice", "out_refund")):
            posted[-1 - number % len(posted)].button_draft()

    def step_cancel_draft(self, order, number):
        if drafts := self.moves(order, "draft", types=("out_invoice", "out_refund")):
            drafts[number % len(drafts)].button_cancel()

    def step_delete_draft(self, order, number):
        if drafts := self.moves(order, "draft", types=("out_invoice", "out_refund")):
            drafts[number % len(drafts)].with_context(force_delete=True).unlink()

    def step_credit(self, order, number):
        if posted := self.moves(order, "posted"):
            self.free += self.credit_note(posted[number % len(posted)], post=bool(number % 2))

    def step_credit_part(self, order, number):
        if posted := self.moves(order, "posted"):
            refund = self.credit_note(posted[number % len(posted)], post=False)
            self.free += refund
            items = self.goods_items(refund)
            items[:1].quantity /= 2
            items[1:].unlink()
            if number % 2:
                refund.action_post()

    def step_credit_and_invoice_again(self, order, number):
        if posted := self.moves(order, "posted"):
            again = self.credit_note(posted[number % len(posted)], again=True)
            self.free += again
            if number % 2:
                again.action_post()

    def step_free_invoice(self, _order, number):
        """An invoice, receipt or credit note without an order."""
        invoice = self.make_invoice(
            40.0 + number,
            days_overdue=number * 9 - 30,
            post=bool(number % 2),
            move_type=("out_invoice", "out_refund", "out_receipt")[number % 3],
            partner_id=(self.contact, self.desk)[number // 2 % 2].id,
            currency_id=(self.company.currency_id, self.foreign)[number // 4 % 2].id,
        )
        self.free += invoice

    def step_pay(self, order, number):
        posted = self.moves(order, "posted").filtered("amount_residual")
        if posted:
            invoice = posted[number % len(posted)]
            payment = self.pay(invoice, round(invoice.amount_residual / (1 + number % 2), 2))
            self.payments += payment
            if number % 4 == 0:
                self.clear(payment)

    def step_pay_in_advance(self, _order, number):
        payment = self.env["account.payment"].create(
            {
                "partner_id": (self.contact, self.desk)[number % 2].id,
                "amount": 15.0 + number,
                "payment_type": "inbound",
                "partner_type": "customer",
                "currency_id": (self.company.currency_id, self.foreign)[number // 2 % 2].id,
                "journal_id": self.company_data["default_journal_bank"].id,
            }
        )
        payment.action_post()
        self.payments += payment
        items = self.free.filtered(lambda move: move.state == "posted" and move.move_type == "out_invoice")
        receivables = (payment.move_id | items[:1]).line_ids.filtered(
            lambda item: item.account_type == "asset_receivable" and not item.reconciled
        )
        if number % 3 == 0 and len(receivables) == 2 and len(receivables.account_id) == 1:
            receivables.reconcile()

    def step_remove_payment(self, _order, number):
        if self.payments:
            payment = self.payments[number % len(self.payments)]
            if number % 2:
                payment.move_id.line_ids.remove_move_reconcile()
            else:
                payment.action_draft()
                payment.action_cancel()

    def goods_items(self, move):
        return move.invoice_line_ids.filtered(lambda item: item.display_type == "product")

    def clear(self, payment):
        """The bank statement shows the payment."""
        journal, account = payment.journal_id, payment.outstanding_account_id
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": journal.id,
                "payment_ref": "cleared",
                "amount": payment.currency_id._convert(
                    payment.amount, journal.company_id.currency_id, journal.company_id, payment.date
                ),
                "partner_id": payment.partner_id.id,
            }
        )
        _liquidity, suspense, _other = statement_line._seek_for_lines()
        suspense.account_id = account
        (suspense + payment.move_id.line_ids.filtered(lambda item: item.account_id == account)).reconcile()

    # ------------------------------------------------------------------
    # The same figures, document by document
    # ------------------------------------------------------------------

    def assertAllFigures(self, walked):
        self.env.flush_all()
        for partner in (self.customer, self.payer):
            for root in (self.company, self.other):
                expected = self.compute_slowly(partner, root)
                figures = self.exposure._get_figures(partner, root)[partner.id]
                where = f"of {partner.name} in {root.name} after {walked}"
                for name in PARTS:
                    self.assertAlmostEqual(figures[name], expected[name], None, f"{name} {where}", 0.011)
                parts = sum(figures[name] for name in PARTS)
                self.assertAlmostEqual(figures["exposure"], parts, 2, f"exposure {where}")

    def compute_slowly(self, partner, root):
        companies = root | root.child_ids
        documents = [("partner_id", "child_of", partner.id), ("company_id", "in", companies.ids)]
        items = self.env["account.move.line"].search(
            [
                *documents,
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        drafts = self.env["account.move"].search(
            [
                *documents,
                ("state", "=", "draft"),
                ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
            ]
        )
        orders = self.env["sale.order"].search(
            [
                ("partner_invoice_id", "child_of", partner.id),
                ("company_id", "in", companies.ids),
                ("state", "=", "sale"),
            ]
        )
        payments = self.env["account.payment"].search([*documents, ("payment_type", "=", "inbound")])
        return {
            "receivable": sum(items.mapped("balance")),
            "draft_invoice": sum(
                self.convert(
                    -move.amount_total if move.move_type == "out_refund" else move.amount_total, move
                )
                for move in drafts
            ),
            "order": sum(self.convert(self.compute_order_slowly(order), order) for order in orders),
            "in_transit": sum(self.compute_in_transit_slowly(payment) for payment in payments),
        }

    def convert(self, amount, document):
        """At the rate of today, which the walk itself has set."""
        return amount / self.rate if document.currency_id == self.foreign else amount

    def compute_order_slowly(self, order):
        goods = sum(self.compute_line_slowly(line) for line in self.lines(order))
        paid_ahead = 0.0
        for line in order.order_line.filtered(lambda line: line.is_downpayment and not line.display_type):
            if sum(self.signed_quantities(line)):
                for item in self.counting_items(line):
                    paid_ahead += -item.price_total if item.move_type == "out_refund" else item.price_total
        return max(goods, 0.0) - min(paid_ahead, max(goods, 0.0))

    def compute_line_slowly(self, line):
        """Follow a line through its documents: what is ordered or delivered and on none of them is open.

        What a credit note takes back is on none either, but is lost to the order until it is invoiced again.
        """
        invoiced = lost = 0.0
        for item in self.counting_items(line):
            if item.move_type == "out_invoice":
                invoiced += item.quantity
                lost = max(lost - item.quantity, 0.0)
            else:
                invoiced -= item.quantity
                if item.move_id.reversed_entry_id:
                    lost += item.quantity
        wanted = max(line.product_uom_qty, line.qty_delivered)
        if line.product_uom_qty:
            price = line.price_total / line.product_uom_qty
        else:
            price = line.price_unit * (1 - line.discount / 100)
        return price * max(wanted - invoiced - lost, 0.0)

    def counting_items(self, line):
        return line.invoice_lines.filtered(lambda item: item.parent_state != "cancel").sorted("id")

    def signed_quantities(self, line):
        for item in self.counting_items(line):
            yield -item.quantity if item.move_type == "out_refund" else item.quantity

    def compute_in_transit_slowly(self, payment):
        """What of a payment settles something although the bank has not shown it."""
        if payment.is_matched or payment.state not in ("in_process", "paid") or not payment.move_id:
            return 0.0
        settled = defaultdict(float)
        for item in payment.move_id.line_ids:
            if item.account_type == "asset_receivable":
                settled[item] = sum(item.matched_debit_ids.mapped("amount"))
                settled[item] -= sum(item.matched_credit_ids.mapped("amount"))
        return sum(settled.values())
