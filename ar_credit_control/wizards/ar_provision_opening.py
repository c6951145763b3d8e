from odoo import api, fields, models
from odoo.fields import Command


class ArProvisionOpening(models.TransientModel):
    """Take over the allowance that a live company has in its ledger before the first run."""

    _name = "ar.provision.opening"
    _description = "Take Over the Existing Allowance"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company._credit_root(),
        domain="[('parent_id', '=', False), ('id', 'in', allowed_company_ids)]",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(string="As of", required=True, default=fields.Date.context_today)
    has_policy = fields.Boolean(compute="_compute_has_policy")
    line_ids = fields.One2many(
        "ar.provision.opening.line", "opening_id", compute="_compute_line_ids", store=True, readonly=True
    )
    amount = fields.Monetary(string="To Take Over", compute="_compute_amount")

    @api.depends("company_id")
    def _compute_has_policy(self):
        for opening in self:
            opening.has_policy = bool(opening._get_policy())

    @api.depends("company_id", "date")
    def _compute_line_ids(self):
        for opening in self:
            rows = opening._list_booked()
            opening.line_ids = [Command.clear(), *(Command.create(row) for row in rows)]

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for opening in self:
            opening.amount = sum(opening.line_ids.mapped("amount"))

    def _get_policy(self):
        return self.env["ar.provision.policy"].search([("company_id", "=", self.company_id.id)], limit=1)

    def _list_booked(self):
        """Return what the allowance accounts hold at the date and no run or write-off explains."""
        policy = self._get_policy()
        if not policy or not self.date:
            return []
        self.env.flush_all()
        rows = self.env.execute_query(self.env["ar.provision.movement"]._booked_sql(policy, self.date))
        return [
            {"company_id": company_id, "account_id": account_id, "amount": other}
            for company_id, account_id, _segment, _amount, other in rows
            if other
        ]

    def action_create(self):
        """Make the opening run, computed, and open it.

        :raise UserError: for a day that has not come
        """
        self.ensure_one()
        run = self.env["ar.provision.run"]._create_opening(self.company_id, self.date)
        run._check_date()
        run.action_compute()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.provision.run",
            "res_id": run.id,
            "views": [(False, "form")],
        }
