from odoo import api, fields, models


class ArInterestCalculator(models.TransientModel):
    """What late interest on an amount comes to, explained by segments; nothing is written."""

    _name = "ar.interest.calculator"
    _description = "Interest Calculator"

    def _default_scheme(self):
        company = self.env.company.root_id
        return company.interest_scheme_id or self.env["ar.interest.scheme"].search(
            [("company_id", "=", company.id)], limit=1
        )

    scheme_id = fields.Many2one(
        "ar.interest.scheme", required=True, default=lambda self: self._default_scheme()
    )
    amount = fields.Monetary(default=10000.0)
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    invoice_date = fields.Date(help="Where the rate of the invoice date counts. Empty: the due date.")
    date_maturity = fields.Date(string="Due Date", required=True, default=lambda self: self._default_due())
    date_paid = fields.Date(
        string="Paid On", required=True, default=fields.Date.context_today, help="This day counts."
    )
    payment_ids = fields.One2many("ar.interest.calculator.payment", "calculator_id", string="Paid Before")
    uses_invoice_date = fields.Boolean(compute="_compute_uses_invoice_date")
    result = fields.Html(compute="_compute_result", sanitize=False)
    interest = fields.Monetary(compute="_compute_result")
    fee = fields.Monetary(string="Fixed Sum", compute="_compute_result")
    total = fields.Monetary(compute="_compute_result")

    @api.model
    def _default_due(self):
        return fields.Date.subtract(fields.Date.context_today(self), days=60)

    @api.depends("scheme_id")
    def _compute_currency_id(self):
        for wizard in self:
            wizard.currency_id = wizard.scheme_id.currency_id or self.env.company.currency_id

    @api.depends("scheme_id")
    def _compute_uses_invoice_date(self):
        for wizard in self:
            scheme = wizard.scheme_id
            wizard.uses_invoice_date = scheme.rate_rule == "invoice" or bool(scheme.floor_reference_id)

    @api.depends(
        "scheme_id",
        "amount",
        "currency_id",
        "invoice_date",
        "date_maturity",
        "date_paid",
        "payment_ids.date",
        "payment_ids.amount",
    )
    @api.depends_context("lang")
    def _compute_result(self):
        for wizard in self:
            segments, sums = wizard._calculate()
            wizard.interest = sums["interest"] if sums else 0.0
            wizard.fee = sums["fee"] if sums else 0.0
            wizard.total = wizard.interest + wizard.fee
            wizard.result = self.env["ir.qweb"]._render(
                "ar_credit_control.interest_calculation",
                {
                    "segments": segments,
                    "wizard": wizard,
                    "is_small": sums and sums["is_small"],
                    "format_amount": wizard.currency_id.format,
                },
            )

    def _calculate(self):
        self.ensure_one()
        if not (self.scheme_id and self.currency_id and self.date_maturity and self.date_paid):
            return [], None
        payments = [
            (payment.date, payment.amount) for payment in self.payment_ids if payment.date and payment.amount
        ]
        return self.env["ar.interest.figures"]._get_simulated(
            self.scheme_id._origin,
            self.amount,
            self.currency_id._origin,
            self.date_maturity,
            self.date_paid,
            payments,
            self.invoice_date,
        )
