from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ArStatementMake(models.TransientModel):
    """Make statements of account: of one customer, of some, of all."""

    _name = "ar.statement.make"
    _description = "Make Statements of Account"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company.root_id,
        domain="[('parent_id', '=', False)]",
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="Customers",
        default=lambda self: self._default_partners(),
        help="Empty: every customer with an open item, or with a movement in the period.",
    )
    category_ids = fields.Many2many("res.partner.category", string="Tags")
    collector_id = fields.Many2one("res.users", domain="[('share', '=', False)]")
    only_overdue = fields.Boolean(string="Only With Overdue Items")
    kind = fields.Selection(
        [("open", "Open items"), ("movements", "All movements")], required=True, default="open"
    )
    date = fields.Date(
        string="Cut-off Date",
        required=True,
        default=lambda self: self._default_date(),
        help="Figures of its end.",
    )
    date_from = fields.Date(
        string="From",
        compute="_compute_date_from",
        store=True,
        readonly=False,
        help="First day of the movements.",
    )
    asks_payment = fields.Boolean(
        string="Ask for Payment",
        default=True,
        help="Where something is overdue, the statement asks for its payment (对账暨催款函): a demand that "
        "interrupts the limitation where its receipt can be proved.",
    )
    pay_by = fields.Date(compute="_compute_pay_by", store=True, readonly=False)
    asks_confirmation = fields.Boolean(
        string="Ask for Confirmation",
        default=lambda self: self.env.company.root_id.country_code == "CN",
        help="A form to return: agreed, or what differs, with stamp, date and name (往来对账函).",
    )

    @api.model
    def _default_partners(self):
        if self.env.context.get("active_model") != "res.partner":
            return False
        return self.env["res.partner"].browse(self.env.context.get("active_ids"))

    @api.model
    def _default_date(self):
        return self.env["ar.statement"]._get_today(self.env.company.root_id)

    @api.depends("date", "kind")
    def _compute_date_from(self):
        for wizard in self:
            day = wizard.date
            wizard.date_from = day and (day.replace(day=1) - timedelta(days=60)).replace(day=1)

    @api.depends("date", "asks_payment")
    def _compute_pay_by(self):
        for wizard in self:
            wizard.pay_by = wizard.asks_payment and wizard.date and wizard.date + timedelta(days=10)

    @api.constrains("date", "date_from", "kind", "pay_by", "asks_payment")
    def _check_dates(self):
        for wizard in self:
            if wizard.kind == "movements" and (not wizard.date_from or wizard.date_from > wizard.date):
                raise UserError(self.env._("The period begins on or before its cut-off date."))
            if wizard.asks_payment and not wizard.pay_by:
                raise UserError(self.env._("Give the day by which payment is asked for."))

    def action_make(self):
        """Make the statements and show them.

        :raise AccessError: for a user who is no collector, or not of the company
        :raise UserError: when there is nothing to state
        """
        self.ensure_one()
        statements = self.env["ar.statement"]._make(
            self.company_id,
            self.partner_ids.commercial_partner_id or None,
            date=self.date,
            date_from=self.date_from if self.kind == "movements" else None,
            pay_by=self.pay_by if self.asks_payment else None,
            asks_confirmation=self.asks_confirmation,
            only_overdue=self.only_overdue,
            domain=self._get_partner_domain(),
        )
        if not statements:
            raise UserError(self.env._("Nothing to state: none of these customers has an item at that date."))
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_statement")
        action["context"] = {}
        if len(statements) == 1:
            return action | {"res_id": statements.id, "views": [(False, "form")]}
        return action | {"domain": [("batch", "=", statements[0].batch)]}

    def _get_partner_domain(self):
        """Return the filter among all customers; nothing when customers are named or no filter is set."""
        domain = Domain.TRUE
        if self.category_ids:
            domain &= Domain("category_id", "in", self.category_ids.ids)
        if self.collector_id:
            domain &= Domain("collector_id", "=", self.collector_id.id)
        return None if self.partner_ids or domain.is_true() else domain
