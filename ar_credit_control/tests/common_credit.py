from odoo import fields
from odoo.fields import Command

from .common import AccountingCase


class CreditCase(AccountingCase):
    """A company, a customer with a contact, services invoiced by order and by delivery, and people of each
    role.
    """

    @classmethod
    def get_default_groups(cls):
        return (
            super().get_default_groups()
            | cls.env.ref("ar_credit_control.group_credit_manager")
            | cls.env.ref("sales_team.group_sale_manager")
            | cls.env.ref("base.group_system")
        )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.set_rules(
            limit={},
            near_limit={"outcome": "warn", "share_percent": 90.0},
            overdue={"days": 30, "share_percent": 1.0},
            no_limit={"outcome": "warn"},
        )
        cls.exposure = cls.env["ar.credit.exposure"]
        cls.profiles = cls.env["ar.credit.profile"]
        cls.manager, cls.controller, cls.collector, cls.auditor, cls.salesperson, cls.credit_user = (
            cls.make_users(
                credit_mgr="ar_credit_control.group_credit_manager,base.group_partner_manager",
                credit_ctl="ar_credit_control.group_credit_controller",
                credit_col="ar_credit_control.group_collector,base.group_partner_manager",
                credit_aud="ar_credit_control.group_credit_auditor,base.group_partner_manager",
                credit_sales="sales_team.group_sale_salesman,base.group_partner_manager",
                credit_own="sales_team.group_sale_salesman,ar_credit_control.group_credit_user",
            )
        )
        cls.by_order, cls.by_delivery = cls.env["product.product"].create(
            [
                {"name": f"Work by {policy}", "type": "service", "invoice_policy": policy, "taxes_id": False}
                for policy in ("order", "delivery")
            ]
        )
        cls.customer = cls.make_partner("Kornmann AG")
        cls.contact = cls.env["res.partner"].create({"name": "Ute Korn", "parent_id": cls.customer.id})

    @classmethod
    def make_partner(cls, name, **values):
        return cls.env["res.partner"].create({"name": name, "is_company": True, **values})

    @classmethod
    def make_profile(cls, partner, limit=None, company=None):
        profile = cls.profiles._get_or_create(partner, company or cls.company)
        if limit is not None:
            profile.write({"limit": limit})
        return profile

    @classmethod
    def make_order(cls, *lines, confirm=True, **values):
        """An order of lines (quantity, price[, product[, values]])."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": (line[2] if len(line) > 2 else cls.by_order).id,
                            "product_uom_qty": line[0],
                            "price_unit": line[1],
                            "tax_ids": [Command.clear()],
                            **(line[3] if len(line) > 3 else {}),
                        }
                    )
                    for line in lines
                ],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def make_invoice(cls, amount, days_overdue=-30, post=True, **values):
        due = fields.Date.subtract(fields.Date.context_today(cls.company), days=days_overdue)
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.customer.id,
                "invoice_date": min(due, fields.Date.context_today(cls.company)),
                "invoice_payment_term_id": False,
                "invoice_date_due": due,
                "invoice_line_ids": [
                    Command.create({"name": "Work", "price_unit": amount, "tax_ids": [Command.clear()]})
                ],
                **values,
            }
        )
        if post:
            invoice.action_post()
        return invoice

    @classmethod
    def invoice_order(cls, order, post=True):
        invoice = order._create_invoices(final=True)
        if post:
            invoice.action_post()
        return invoice

    @classmethod
    def credit_note(cls, invoice, post=True, again=False):
        """A credit note of an invoice, made as an accountant makes it.

        :param again: return the draft of a new invoice in place of the one credited
        """
        wizard = (
            cls.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id})
        )
        if again:
            return cls.env["account.move"].browse(wizard.modify_moves()["res_id"])
        refund = cls.env["account.move"].browse(wizard.refund_moves()["res_id"])
        if post:
            refund.action_post()
        return refund

    @classmethod
    def pay(cls, invoice, amount=None):
        wizard = (
            cls.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"amount": amount} if amount else {})
        )
        return wizard._create_payments()

    def figures(self, partner=None, company=None):
        self.env.flush_all()
        partner = partner or self.customer
        return self.exposure._get_figures(partner, company or self.company)[partner.commercial_partner_id.id]

    def assertFigures(self, partner=None, company=None, **expected):
        """Compare figures of a customer; amounts to the cent."""
        figures = self.figures(partner, company)
        for name, value in expected.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self.assertAlmostEqual(figures[name] or 0, value, 2, msg=name)
            else:
                self.assertEqual(figures[name], value, msg=name)
