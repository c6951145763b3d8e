from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class ArPlacementReceipt(models.Model):
    """Money that the agent says to have received; whether it came to us is what the books say."""

    _name = "ar.placement.receipt"
    _description = "Receipt Reported by an Agent"
    _order = "date, id"

    placement_id = fields.Many2one("ar.placement", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="placement_id.company_id", store=True, precompute=True)
    company_currency_id = fields.Many2one(related="placement_id.currency_id", string="Company Currency")
    date = fields.Date(required=True, default=fields.Date.context_today)
    amount = fields.Monetary(required=True, help="What the customer paid to the agent, before commission.")
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    amount_company = fields.Monetary(
        string="In Company Currency",
        compute="_compute_amount_company",
        store=True,
        currency_field="company_currency_id",
        help="At the rate of the day.",
    )
    kept = fields.Monetary(string="Commission Kept", help="What the agent kept back of it.")
    reference = fields.Char(string="Agent's Statement")
    cancelled = fields.Boolean(readonly=True, help="Taken back: it counts no more.")

    _amounts_positive = models.Constraint(
        "CHECK (amount > 0 AND COALESCE(kept, 0) BETWEEN 0 AND amount)",
        "A receipt is more than zero, and what is kept back no more than it.",
    )

    @api.depends("placement_id")
    def _compute_currency_id(self):
        for receipt in self:
            receipt.currency_id = receipt.currency_id or receipt.placement_id.currency_id

    @api.depends("amount", "currency_id", "date", "cancelled", "placement_id")
    def _compute_amount_company(self):
        for receipt in self:
            company = receipt.placement_id.company_id
            receipt.amount_company = (
                0.0
                if receipt.cancelled or not company or not receipt.currency_id
                else receipt.currency_id._convert(
                    receipt.amount, company.currency_id, company, receipt.date or fields.Date.today()
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        receipts = super().create(vals_list)
        wrong = receipts.placement_id.filtered(lambda placement: not placement.date_placed)
        if wrong:
            raise UserError(self.env._("%s is not handed over yet.", wrong[0].display_name))
        receipts._log(self.env._("Reported by the agent"))
        return receipts

    def write(self, vals):
        if not self.env.su:
            raise UserError(self.env._("A reported receipt stays: cancel it and enter it anew."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A reported receipt stays: cancel it and enter it anew."))

    def action_cancel(self):
        """Take back a receipt that was entered by mistake."""
        self.placement_id.check_access("write")
        self.sudo().write({"cancelled": True})  # sudo: nobody may change a receipt
        self._log(self.env._("Cancelled"))

    def _log(self, what):
        for receipt in self:
            receipt.placement_id._message_log(
                body=self.env._(
                    "%(what)s: %(amount)s on %(date)s",
                    what=what,
                    amount=receipt.currency_id.format(receipt.amount),
                    date=format_date(self.env, receipt.date),
                )
            )
