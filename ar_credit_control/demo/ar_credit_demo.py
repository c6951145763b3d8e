from datetime import timedelta
from typing import NamedTuple

from odoo import Command, api, fields, models


class Bill(NamedTuple):
    """An invoice or credit note of the story; ages are days before today, amounts are in the currency."""

    customer: str
    age: int
    amount: float
    paid: tuple = ()  # (age, amount) of each receipt applied to it
    terms: str = "account.account_payment_term_30days"
    currency: str = "base.USD"
    company: str = "base.main_company"
    credited: float = 0.0  # by a credit note ten days later
    blocked: bool = False
    draft: bool = False
    taxed: bool = False


class Order(NamedTuple):
    """A quotation of the story and what became of it."""

    customer: str
    age: int
    amount: float
    # what the salesperson did: nothing yet, or asked to confirm it; an order that breaks a rule is then held
    asked: bool = False
    # what the controller did with the hold: (release or refuse, why)
    decision: tuple = ()


INSTALMENTS = "ar_credit_control.demo_payment_term_instalments"
IMMEDIATE = "account.account_payment_term_immediate"
HAMBURG = "ar_credit_control.demo_company_hamburg"


def regular(customer, amounts, first_age, pays_after, **values):
    """Monthly invoices that were each paid in full the same number of days later."""
    return [
        Bill(customer, age, amount, ((age - pays_after, amount),), **values)
        for age, amount in zip(range(first_age, 0, -30), amounts, strict=False)
    ]


BILLS = [
    # pays before the due date, every time
    *regular(
        "bergstrom", (9800, 11250, 10400, 12900, 9600, 13100, 10850, 12300, 11700, 14200), 320, pays_after=26
    ),
    Bill("bergstrom", 22, 12600),
    Bill("bergstrom", 8, 11900),
    # billed in CNY, over its limit, nothing late enough to stop it for age
    *regular("hengda", (152000, 148000, 175000, 160500), 190, pays_after=36, currency="base.CNY"),
    Bill("hengda", 52, 218000, currency="base.CNY"),
    Bill("hengda", 25, 164000, currency="base.CNY"),
    Bill("hengda", 12, 96500, currency="base.CNY"),
    # close to its limit
    *regular("harbor", (15800, 17200, 16400, 21300, 18900), 200, pays_after=31),
    Bill("harbor", 24, 27400),
    Bill("harbor", 9, 19600),
    # billed in EUR, overdue for weeks here, on time in Hamburg
    *regular("mueller", (8400, 9100, 7900), 260, pays_after=52, currency="base.EUR"),
    Bill("mueller", 105, 9800, currency="base.EUR"),
    Bill("mueller", 78, 14250, ((20, 4250),), currency="base.EUR"),
    Bill("mueller", 33, 7600, currency="base.EUR"),
    # new, without a limit
    Bill("cascade", 6, 3480),
    # stopped by hand
    Bill("delgado", 170, 6400),
    Bill("delgado", 140, 3900),
    # instalments: the first one paid, the second just overdue, the others not due
    Bill("lantian", 155, 72000, ((124, 21600), (92, 28800), (66, 21600)), terms=INSTALMENTS),
    Bill("lantian", 65, 90000, ((34, 27000),), terms=INSTALMENTS),
    Bill("lantian", 20, 60000, terms=INSTALMENTS),
    # a disputed invoice and a credit note
    Bill("lefevre", 120, 5200, ((85, 5200),)),
    Bill("lefevre", 75, 8900, ((38, 3000),), credited=1800),
    Bill("lefevre", 68, 12400, blocked=True),
    Bill("lefevre", 18, 6300),
    # pays in parts
    *regular("northwind", (22000, 24500, 23800, 27000), 180, pays_after=44),
    Bill("northwind", 58, 26000, ((25, 10000), (11, 8000))),
    Bill("northwind", 41, 31500, ((9, 11500),)),
    Bill("northwind", 15, 28700),
    Bill("northwind", 3, 17200),
    # what is due is covered by a receipt that nobody applied
    *regular("rossi", (4100, 5350, 3900), 160, pays_after=38),
    Bill("rossi", 66, 7850),
    Bill("rossi", 47, 4300),
    Bill("rossi", 10, 5200),
    # slow, items older than a year
    Bill("blueridge", 430, 5600),
    Bill("blueridge", 290, 8250),
    Bill("blueridge", 215, 3900),
    Bill("blueridge", 100, 11000, ((30, 4000),)),
    Bill("blueridge", 40, 9700),
    # prepaid only
    *regular("willow", (1250, 980, 1640, 1420), 150, pays_after=0, terms=IMMEDIATE),
    # large, growing, always a week late
    *regular(
        "mingzhu",
        (24500, 26200, 28800, 27500, 31400, 33000, 34800, 36500, 37900, 39600),
        336,
        pays_after=37,
    ),
    Bill("mingzhu", 36, 41000),
    Bill("mingzhu", 20, 38500),
    Bill("mingzhu", 5, 44000),
    Bill("mingzhu", 1, 12000, draft=True),
    # the Hamburg company
    *regular("mueller", (3200, 4150, 3700), 150, pays_after=28, currency="base.EUR", company=HAMBURG),
    Bill("mueller", 14, 4600, currency="base.EUR", company=HAMBURG),
    Bill("vandenberg", 95, 6200, currency="base.EUR", company=HAMBURG),
    Bill("vandenberg", 75, 4400, currency="base.EUR", company=HAMBURG),
    Bill("vandenberg", 16, 3000, currency="base.EUR", company=HAMBURG),
    Bill("thames", 50, 9000, ((12, 5000),), company=HAMBURG),
    Bill("thames", 20, 18500, company=HAMBURG),
]

# (customer, age, amount) of receipts that are not applied to any invoice
RECEIPTS = [("rossi", 12, 12150), ("lantian", 2, 10000)]

ORDERS = [
    Order("bergstrom", 12, 15000, asked=True),
    Order("mingzhu", 9, 52000, asked=True),
    Order("lantian", 5, 18000, asked=True),
    Order(
        "hengda", 14, 12500, asked=True, decision=("release", "Paid 30% in advance; machine time is booked.")
    ),
    Order("delgado", 20, 7900, asked=True, decision=("refuse", "Cheque returned unpaid: prepayment only.")),
    Order("harbor", 1, 8200, asked=True),
    Order("mueller", 2, 5400, asked=True),
    Order("delgado", 4, 2500, asked=True),
    Order("willow", 3, 2150, asked=True),
    Order("bergstrom", 1, 13500),
    Order("hengda", 2, 22400),
    Order("harbor", 3, 1950),
    Order("cascade", 1, 5200),
    Order("northwind", 2, 6000),
    Order("northwind", 1, 14400),
    Order("mingzhu", 1, 61000),
]


class ArCreditDemo(models.AbstractModel):
    """The documents of the demonstration, with dates relative to the day they are loaded."""

    _name = "ar.credit.demo"
    _description = "Credit Control Demonstration"

    @api.model
    def _load_chart(self, company_id):
        """Give the company a chart of accounts and keep its own currency (the chart sets its country's)."""
        company = self.env["res.company"].browse(company_id)
        if company.chart_template:
            return
        currency = company.currency_id
        # _load and not try_loading: no core demo invoices in this company, no warning about the registry
        self.env["account.chart.template"]._load("generic_coa", company, install_demo=False)
        company.currency_id = currency

    @api.model
    def _switch_on_rules(self, kinds):
        """Switch on further rules of the companies of the demonstration."""
        companies = self.env.ref("base.main_company") | self.env.ref("ar_credit_control.demo_company_hamburg")
        rules = self.env["ar.credit.rule"].with_context(active_test=False)
        rules.search([("company_id", "in", companies.ids), ("kind", "in", kinds)]).active = True

    @api.model
    def _load_documents(self):
        """Post invoices, receipts and credit notes and create orders, once."""
        demo = self.with_context(tracking_disable=True, mail_create_nosubscribe=True, mail_notrack=True)
        if demo.env["account.move"].search_count([("partner_id", "in", demo._customers().ids)], limit=1):
            return
        demo._load_languages()
        for company_xmlid in ("base.main_company", HAMBURG):
            company = self.env.ref(company_xmlid)
            in_company = demo.with_company(company).with_context(allowed_company_ids=company.ids)
            bills = [bill for bill in BILLS if bill.company == company_xmlid]
            in_company._load_bills(sorted(bills, key=lambda bill: -bill.age))
        main = self.env.ref("base.main_company")
        in_main = demo.with_company(main).with_context(allowed_company_ids=main.ids)
        in_main._load_receipts()
        in_main._load_entry_without_partner()
        in_main._load_orders()
        in_main._load_letters(self.env.ref("ar_credit_control.dunning_policy_standard"))
        self._load_letters_of_hamburg()

    @api.model
    def _date(self, age):
        return fields.Date.context_today(self) - timedelta(days=age)

    @api.model
    def _customer(self, key):
        return self.env.ref(f"ar_credit_control.demo_partner_{key}")

    @api.model
    def _customers(self):
        keys = dict.fromkeys(bill.customer for bill in BILLS)
        return self.env["res.partner"].union(*(self._customer(key) for key in keys))

    @api.model
    def _load_languages(self):
        """Write to Chinese customers in Chinese where the language is installed."""
        if self.env["res.lang"]._get_data(code="zh_CN"):
            chinese = self._customers().filtered(lambda partner: partner.country_code == "CN")
            (chinese | chinese.child_ids).lang = "zh_CN"

    @api.model
    def _load_bills(self, bills):
        invoices = self.env["account.move"].create([self._prepare_bill(bill) for bill in bills])
        pairs = list(zip(bills, invoices, strict=True))
        self._post([invoice for bill, invoice in pairs if not bill.draft])
        for bill, invoice in pairs:
            if bill.blocked:
                invoice.action_toggle_block_payment()
        self._credit([pair for pair in pairs if pair[0].credited])
        self._pay([(invoice, *receipt) for bill, invoice in pairs for receipt in bill.paid])

    @api.model
    def _post(self, invoices):
        self.env["account.move"].union(*invoices).action_post()

    @api.model
    def _prepare_bill(self, bill, age=None, amount=None, move_type="out_invoice"):
        customer = self._customer(bill.customer)
        return {
            "move_type": move_type,
            "partner_id": customer.id,
            "currency_id": self.env.ref(bill.currency).id,
            "invoice_date": self._date(bill.age if age is None else age),
            "invoice_payment_term_id": self.env.ref(bill.terms).id,
            "invoice_user_id": customer.user_id.id,
            "invoice_line_ids": [Command.create(self._prepare_line(amount or bill.amount, bill.taxed))],
        }

    @api.model
    def _prepare_line(self, amount, taxed=False):
        taxes = self.env.company.account_sale_tax_id if taxed else self.env["account.tax"]
        return {
            "product_id": self.env.ref("ar_credit_control.demo_product_gearbox").id,
            "quantity": 10,
            "price_unit": amount / 10,
            "tax_ids": [Command.set(taxes.ids)],
        }

    @api.model
    def _credit(self, pairs):
        notes = self.env["account.move"].create(
            [self._prepare_bill(bill, bill.age - 10, bill.credited, "out_refund") for bill, _invoice in pairs]
        )
        notes.action_post()
        for (_bill, invoice), note in zip(pairs, notes, strict=True):
            self._reconcile(invoice, note)

    @api.model
    def _pay(self, receipts):
        """Book receipts (invoice, age, amount) at the bank and apply them."""
        payments = self._create_payments(
            [
                (invoice.partner_id, age, amount, invoice.currency_id, invoice.name)
                for invoice, age, amount in receipts
            ]
        )
        for (invoice, _age, _amount), payment in zip(receipts, payments, strict=True):
            self._reconcile(invoice, payment.move_id)

    @api.model
    def _create_payments(self, receipts):
        journal = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.env.company.id)], limit=1
        )
        payments = self.env["account.payment"].create(
            [
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": partner.id,
                    "amount": amount,
                    "currency_id": currency.id,
                    "date": self._date(age),
                    "journal_id": journal.id,
                    "memo": memo,
                }
                for partner, age, amount, currency, memo in receipts
            ]
        )
        # at the bank already: not a payment in transit
        payments.outstanding_account_id = journal.default_account_id
        payments.action_post()
        return payments

    @api.model
    def _reconcile(self, *moves):
        lines = self.env["account.move.line"].union(*(move.line_ids for move in moves))
        lines.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()

    @api.model
    def _load_receipts(self):
        currency = self.env.company.currency_id
        self._create_payments(
            [
                (self._customer(customer), age, amount, currency, self.env._("Bank transfer"))
                for customer, age, amount in RECEIPTS
            ]
        )

    @api.model
    def _load_entry_without_partner(self):
        """A balance taken over from an older system, for which nobody entered the customer."""
        journal = self.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", self.env.company.id)], limit=1
        )
        receivable = self._customer("harbor").property_account_receivable_id
        income = self.env.company.income_account_id or self.env["account.account"].search(
            [("account_type", "=", "income"), ("company_ids", "in", self.env.company.ids)], limit=1
        )
        label = self.env._("Taken over from the former system")
        self.env["account.move"].create(
            {
                "journal_id": journal.id,
                "date": self._date(200),
                "ref": label,
                "line_ids": [
                    Command.create({"account_id": receivable.id, "name": label, "debit": 480.0}),
                    Command.create({"account_id": income.id, "name": label, "credit": 480.0}),
                ],
            }
        ).action_post()

    @api.model
    def _load_orders(self):
        orders = self.env["sale.order"].create([self._prepare_order(order) for order in ORDERS])
        for story, order in zip(ORDERS, orders, strict=True):
            if story.asked:
                self._ask_to_confirm(story, order)

    @api.model
    def _ask_to_confirm(self, story, order):
        """Let the salesperson confirm: the gate itself is put on when all addons are loaded."""
        order.with_user(order.user_id)._credit_gate(lambda orders: orders.action_confirm())
        hold = order.sudo().credit_hold_id  # the superuser anyhow; kept for one who calls this by hand
        if not hold:
            return
        hold.asked_on = self._date(story.age)
        if story.decision:
            what, why = story.decision
            controller = self.env.ref("ar_credit_control.demo_user_connie")
            getattr(hold.with_user(controller), f"action_{what}")(why)

    @api.model
    def _prepare_order(self, order):
        customer = self._customer(order.customer)
        return {
            "partner_id": customer.id,
            "user_id": customer.user_id.id,
            "date_order": self._date(order.age),
            "order_line": [
                Command.create(
                    {
                        "product_id": self.env.ref("ar_credit_control.demo_product_gearbox").id,
                        "product_uom_qty": 10,
                        "price_unit": order.amount / 10,
                        "tax_ids": [Command.clear()],
                    }
                )
            ],
        }

    @api.model
    def _load_letters(self, policy):
        """Letters sent some weeks ago; those of today are proposed when the story is told to its end."""
        collector = self.env.ref("ar_credit_control.demo_user_cora")
        controller = self.env.ref("ar_credit_control.demo_user_connie")
        policy.write({"active": True, "user_id": collector.id})
        runs = self.env["ar.dunning.run"].with_user(collector)
        sent = runs._create_proposal(policy, self._date(17)).letter_ids.with_user(controller)
        sent.action_approve()
        # told as sent, without mails to customers who do not exist
        sent = sent.sudo()  # nobody has the right to write letters, as in their own methods
        sent._mark_sent()
        sent.write({"approved_date": self._date(17), "sent_date": self._date(17)})

    @api.model
    def _load_letters_of_hamburg(self):
        company = self.env.ref(HAMBURG)
        manager = self.env.ref("ar_credit_control.demo_user_mona")
        policies = self.env["ar.dunning.policy"].with_user(manager).with_company(company)
        policies = policies.with_context(allowed_company_ids=company.ids)
        policy = policies.browse(policies.action_add_standard()["res_id"])
        in_company = self.with_company(company).with_context(allowed_company_ids=company.ids)
        in_company._load_letters(in_company.env["ar.dunning.policy"].browse(policy.id))
