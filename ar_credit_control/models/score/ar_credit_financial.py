from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Amounts that a person types from the statement.
AMOUNTS = (
    "current_assets",
    "total_assets",
    "current_liabilities",
    "total_debt",
    "equity",
    "sales",
    "ebit",
    "interest",
    "profit",
)


class ArCreditFinancial(models.Model):
    """Figures of a customer's annual statement and the ratios that follow from them.

    All amounts are in the currency of the statement; a unit of thousands is typed out.
    """

    _name = "ar.credit.financial"
    _description = "Financial Statement"
    _inherit = ["ar.credit.of.customer", "mail.thread"]
    _order = "fiscal_year_end DESC, id DESC"

    fiscal_year_end = fields.Date(string="Balance Date", required=True, tracking=True)
    months = fields.Integer(
        string="Months Covered", default=12, help="Of the profit and loss figures: 12 for a full year."
    )
    source = fields.Selection(
        [
            ("audited", "Audited statement"),
            ("filed", "Filed, not audited"),
            ("management", "Management accounts"),
            ("estimate", "Estimate"),
        ],
        required=True,
        default="audited",
        tracking=True,
    )
    note = fields.Char(help="Where the figures were taken from, what is special about them.")
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company._credit_root().currency_id,
    )
    current_assets = fields.Monetary(tracking=True)
    total_assets = fields.Monetary(tracking=True)
    current_liabilities = fields.Monetary(tracking=True)
    total_debt = fields.Monetary(
        string="Interest-bearing Debt",
        tracking=True,
        help="Loans, bonds, leases and overdrafts, of any term.",
    )
    equity = fields.Monetary(tracking=True, help="Negative when losses have consumed the capital.")
    sales = fields.Monetary(tracking=True)
    ebit = fields.Monetary(
        string="Operating Profit (EBIT)", tracking=True, help="Before interest and taxes on income."
    )
    interest = fields.Monetary(string="Interest Paid", tracking=True)
    profit = fields.Monetary(string="Profit of the Year", tracking=True)

    current_ratio = fields.Float(
        compute="_compute_ratios", digits=(16, 2), help="Current assets ÷ current liabilities."
    )
    debt_share = fields.Float(
        string="Debt Share (%)",
        compute="_compute_ratios",
        digits=(16, 1),
        help="Interest-bearing debt ÷ total assets.",
    )
    interest_cover = fields.Float(
        compute="_compute_ratios", digits=(16, 1), help="Operating profit ÷ interest paid."
    )
    equity_share = fields.Float(
        string="Equity Share (%)", compute="_compute_ratios", digits=(16, 1), help="Equity ÷ total assets."
    )
    known_ratios = fields.Char(compute="_compute_ratios")

    @api.depends(*AMOUNTS)
    def _compute_ratios(self):
        for statement in self:
            ratios = self._get_ratios({name: statement[name] for name in AMOUNTS})
            for name, value in ratios.items():
                statement[name] = value or 0.0
            statement.known_ratios = ",".join(name for name, value in ratios.items() if value is not None)

    @api.depends("partner_id", "fiscal_year_end")
    def _compute_display_name(self):
        for statement in self:
            statement.display_name = f"{statement.partner_id.name or ''} {statement.fiscal_year_end or ''}"

    @api.constrains("fiscal_year_end", "company_id", "months")
    def _check_date(self):
        for statement in self:
            if statement.fiscal_year_end > statement.company_id._credit_today():
                raise ValidationError(self.env._("The balance date lies in the future."))
            if not 1 <= statement.months <= 24:
                raise ValidationError(self.env._("A statement covers between 1 and 24 months."))

    @api.constrains("partner_id", "company_id", "fiscal_year_end", "active")
    def _check_one_a_year(self):
        for statement in self.filtered("active"):
            same = self.search_count(
                [
                    ("partner_id", "=", statement.partner_id.id),
                    ("company_id", "=", statement.company_id.id),
                    ("fiscal_year_end", "=", statement.fiscal_year_end),
                ]
            )
            if same > 1:
                raise ValidationError(
                    self.env._(
                        "%(customer)s has a statement of %(date)s already. Correct or archive that one.",
                        customer=statement.partner_id.display_name,
                        date=statement.fiscal_year_end,
                    )
                )

    @api.constrains(*AMOUNTS)
    def _check_plausible(self):
        """Figures that contradict one another were typed wrong: say which."""
        for statement in self:
            if problem := statement._find_contradiction():
                raise ValidationError(problem)

    def _find_contradiction(self):
        """Return what cannot be in a balance sheet, in words; empty when all is well."""
        self.ensure_one()
        exceeds = self.currency_id.compare_amounts
        for name in (
            "current_assets",
            "total_assets",
            "current_liabilities",
            "total_debt",
            "interest",
            "sales",
        ):
            if exceeds(self[name], 0) < 0:
                return self.env._("%s cannot be negative.", self._fields[name]._description_string(self.env))
        if not self.total_assets and not self.sales:
            return self.env._("Enter at least the total assets or the sales of the statement.")
        if not self.total_assets:
            if self.equity or self.current_assets or self.current_liabilities or self.total_debt:
                return self.env._(
                    "Total assets are missing: without them no figure of the balance sheet counts."
                )
            return ""
        if exceeds(self.current_assets, self.total_assets) > 0:
            return self.env._("Current assets exceed total assets.")
        if exceeds(self.equity, self.total_assets) > 0:
            return self.env._("Equity exceeds total assets.")
        liabilities = self.total_assets - self.equity
        if exceeds(self.current_liabilities, liabilities) > 0:
            return self.env._("Current liabilities exceed all liabilities (total assets less equity).")
        if exceeds(self.total_debt, liabilities) > 0:
            return self.env._("Interest-bearing debt exceeds all liabilities (total assets less equity).")
        if self.sales and exceeds(self.profit, self.sales) > 0 and exceeds(self.ebit, self.sales) > 0:
            return self.env._("Operating profit and profit both exceed sales.")
        return ""

    @api.model
    def _get_ratios(self, figures):
        """Return the ratios of a statement, None where the figures do not give it.

        A balance sheet without total assets was not typed. Without debt and interest there is nothing to
        cover: the cover counts as 99; debt without interest was not typed.

        :param dict figures: the amounts by name, in any currency
        """
        total = figures["total_assets"]
        cover = None
        if figures["interest"]:
            cover = figures["ebit"] / figures["interest"]
        elif total and not figures["total_debt"] and figures["ebit"] > 0:
            cover = 99.0
        return {
            "current_ratio": figures["current_assets"] / figures["current_liabilities"]
            if figures["current_liabilities"]
            else None,
            "debt_share": 100 * figures["total_debt"] / total if total else None,
            "interest_cover": cover,
            "equity_share": 100 * figures["equity"] / total if total else None,
        }
