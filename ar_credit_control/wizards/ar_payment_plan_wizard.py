from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ArPaymentPlanWizard(models.TransientModel):
    """Drafts a payment plan or a deferral of what a customer owes."""

    _name = "ar.payment.plan.wizard"
    _description = "Draft a Payment Plan"

    kind = fields.Selection(
        [("plan", "Instalments"), ("deferral", "One later day")], default="plan", required=True
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, domain="[('parent_id', '=', False)]"
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company._credit_root()
    )
    currency_id = fields.Many2one("res.currency", required=True)
    item_ids = fields.Many2many(
        "ar.aging.report", string="For These Items", help="Everything due; take off what was not meant."
    )
    amount = fields.Monetary(string="Total", compute="_compute_amount")
    contact_id = fields.Many2one(
        "res.partner", string="Agreed With", domain="[('commercial_partner_id', '=', partner_id)]"
    )
    reason = fields.Text(string="Why")
    date = fields.Date(string="New Date")
    count = fields.Integer(string="Number of Instalments", default=3)
    date_start = fields.Date(string="First Payment")
    interval_number = fields.Integer(string="Every", default=1)
    interval_unit = fields.Selection(
        [("day", "Days"), ("week", "Weeks"), ("month", "Months")], default="month", required=True
    )
    first_amount = fields.Monetary(string="Down Payment")
    with_interest = fields.Boolean(
        string="With Late Interest",
        help="The schedule adds to each instalment the late interest of what it pays, from the original due "
        "date to its own date.",
    )

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        # The same items as a promise is about by default.
        promise = self._get_wizards().default_get(["partner_id", "company_id", "currency_id", "item_ids"])
        return {**values, **{name: value for name, value in promise.items() if name in fields}}

    def _get_wizards(self):
        return self.env["ar.payment.promise.wizard"].with_context(agreement_planning=True)

    @api.depends("item_ids")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = sum(wizard.item_ids._origin.mapped("amount_currency"))

    @api.onchange("partner_id", "company_id")
    def _onchange_partner_id(self):
        if self.partner_id and self.item_ids.partner_id != self.partner_id:
            wizards = self._get_wizards()
            claims = wizards._get_default_items(self.partner_id, self.company_id._credit_root())
            self.currency_id = wizards._get_main_currency(claims) or self.company_id.currency_id
            self.item_ids = claims.filtered(lambda item: item.currency_id == self.currency_id)

    @api.model
    def _get_action(self, partner, company, kind="plan"):
        """Return the action that opens the dialogue for a customer."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Draft a Plan or Deferral"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": partner.commercial_partner_id.id,
                "default_company_id": company._credit_root().id,
                "default_kind": kind,
            },
        }

    def action_draft(self):
        """Draft the plan and open it.

        :raise AccessError: for who is no collector
        """
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Only collectors draft plans."))
        if self.kind == "deferral" and not self.date:
            raise UserError(self.env._("Until which day is the payment put off?"))
        self.item_ids.check_access("read")
        self.company_id.check_access("read")
        plan = self.env["ar.payment.plan"]._draft(
            self.contact_id or self.partner_id,
            self.company_id,
            self.item_ids,
            self.kind,
            [self.date] if self.kind == "deferral" else None,
            reason=self.reason,
            count=1 if self.kind == "deferral" else self.count,
            date_start=self.date if self.kind == "deferral" else self.date_start,
            interval_number=self.interval_number,
            interval_unit=self.interval_unit,
            with_interest=self.with_interest,
            first_amount=0.0 if self.kind == "deferral" else self.first_amount,
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.payment.plan",
            "res_id": plan.id,
            "views": [(False, "form")],
        }
