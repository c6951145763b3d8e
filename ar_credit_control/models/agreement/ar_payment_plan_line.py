from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ArPaymentPlanLine(models.Model):
    """What the customer pays on a day, by a plan or a deferral."""

    _name = "ar.payment.plan.line"
    _description = "Instalment of a Payment Plan"
    _order = "plan_id, date, id"

    plan_id = fields.Many2one(
        "ar.payment.plan", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="plan_id.company_id")
    currency_id = fields.Many2one(related="plan_id.currency_id")
    date = fields.Date(string="Pay By", required=True)
    amount = fields.Monetary(required=True)
    interest = fields.Monetary(
        readonly=True,
        help="Late interest of what the instalment pays, from the original due date to its date. It is "
        "claimed as all late interest is.",
    )
    amount_total = fields.Monetary(string="To Pay", compute="_compute_amount_total")
    amount_paid = fields.Monetary(
        string="Paid", readonly=True, help="Payments on the items count for the instalments in their order."
    )
    state = fields.Selection(
        [("open", "Unpaid"), ("partly", "Partly Paid"), ("paid", "Paid"), ("missed", "Missed")],
        compute="_compute_state",
    )

    _amount_positive = models.Constraint("CHECK (amount > 0)", "An instalment is more than zero.")

    @api.depends("amount", "interest")
    def _compute_amount_total(self):
        for line in self:
            line.amount_total = line.amount + line.interest

    @api.depends("amount", "amount_paid", "date", "plan_id.state", "plan_id.missed_on")
    def _compute_state(self):
        for line in self:
            plan = line.plan_id
            if line.amount_paid and line.currency_id.compare_amounts(line.amount_paid, line.amount) >= 0:
                line.state = "paid"
            elif plan.state == "defaulted" and line.date and line.date <= plan.missed_on:
                line.state = "missed"
            else:
                line.state = "partly" if line.amount_paid else "open"

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.keys() - {"plan_id", "date", "amount"} for vals in vals_list):
            self._check_by_system()
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        if vals.keys() - {"date", "amount"}:
            self._check_by_system()
        self._check_draft()
        return super().write(vals)

    def unlink(self):
        self._check_draft()
        return super().unlink()

    @api.model
    def _check_by_system(self):
        if not self.env.su:
            raise AccessError(self.env._("Of an instalment you write the date and the amount alone."))

    def _check_draft(self):
        if any(line.plan_id.state != "draft" for line in self):
            raise UserError(
                self.env._("Instalments are fixed once the plan was submitted. Send it back first.")
            )
        self.plan_id._add_preparer()
