from odoo import fields
from odoo.fields import Command

from .common import AccountingCase


class HoldCase(AccountingCase):
    """A company with holds switched on, a customer with a limit of 1,000 and people of each role."""

    @classmethod
    def get_default_groups(cls):
        manager = cls.env.ref("ar_credit_control.group_credit_manager")
        seller = cls.env.ref("sales_team.group_sale_manager")
        return super().get_default_groups() | manager | seller | cls.env.ref("base.group_system")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.write(
            {
                "credit_control_active": True,
                "credit_hold_responsible_id": False,
            }
        )
        cls.set_rules(
            limit={},
            near_limit={"outcome": "warn", "share_percent": 90.0},
            overdue={"days": 30, "share_percent": 1.0, "on_delivery": True},
        )
        cls.env["res.currency"].search([("name", "!=", cls.company.currency_id.name)]).active = True
        cls.salesperson, cls.controller, cls.manager, cls.collector, cls.auditor = cls.make_users(
            hold_sales="sales_team.group_sale_salesman",
            hold_controller="ar_credit_control.group_credit_controller",
            hold_manager="ar_credit_control.group_credit_manager,sales_team.group_sale_salesman_all_leads",
            hold_collector="ar_credit_control.group_collector",
            hold_auditor="ar_credit_control.group_credit_auditor",
        )
        cls.article = cls.env["product.product"].create(
            {
                "name": "Crate",
                "list_price": 100.0,
                "type": "consu",
                "invoice_policy": "order",
                "taxes_id": False,
            }
        )
        cls.customer = cls.make_customer("Kornmann AG", 1000.0)

    @classmethod
    def make_customer(cls, name, limit=None):
        """A company with an invoice contact; ``limit`` None decides no limit."""
        partner = cls.env["res.partner"].create({"name": name, "is_company": True})
        if limit is not None:
            profile = cls.env["ar.credit.profile"]._get_or_create(partner, cls.company)
            profile.write({"limit_set": True, "limit": limit})
        return partner

    @classmethod
    def make_order(cls, quantity, partner=None, user=None, **values):
        """A quotation of ``quantity`` crates at 100 by a salesperson."""
        user = user or cls.salesperson
        return (
            cls.env["sale.order"]
            .with_user(user)
            .create(
                {
                    "partner_id": (partner or cls.customer).id,
                    "user_id": user.id,
                    "order_line": [cls.line(quantity)],
                    **values,
                }
            )
        )

    @classmethod
    def line(cls, quantity, price=100.0):
        return Command.create(
            {
                "product_id": cls.article.id,
                "product_uom_qty": quantity,
                "price_unit": price,
                "tax_ids": [Command.clear()],
            }
        )

    @classmethod
    def make_invoice(cls, amount, days_overdue, partner=None):
        """A posted invoice that fell due ``days_overdue`` days ago."""

        due = fields.Date.subtract(fields.Date.context_today(cls.company), days=days_overdue)
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or cls.customer).id,
                "invoice_date": due,
                "invoice_date_due": due,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Old", "quantity": 1, "price_unit": amount, "tax_ids": [Command.clear()]}
                    )
                ],
            }
        )
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = due
        invoice.action_post()
        return invoice

    def assertHeld(self, order, *codes):
        self.assertIn(order.state, ("draft", "sent"))
        self.assertEqual(order.credit_hold_state, "held")
        if codes:
            found = order.sudo().credit_hold_id.reason_ids.filtered(lambda reason: reason.outcome == "hold")
            self.assertEqual(set(found.mapped("code")), set(codes))

    def assertPassed(self, order):
        self.assertEqual(order.state, "sale")
