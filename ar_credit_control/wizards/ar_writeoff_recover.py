from odoo import api, fields, models


class ArWriteoffRecover(models.TransientModel):
    """Records that a written-off item was paid after all, by a receipt."""

    _name = "ar.writeoff.recover"
    _description = "Recover a Write-off"

    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True)
    # What is shown is read with the rights of the user: anybody may name any of them.
    line_id = fields.Many2one(
        "ar.writeoff.line",
        string="Item",
        required=True,
        domain="[('partner_id', '=', partner_id), ('state', '=', 'posted'), ('amount', '>', 0)]",
    )
    company_id = fields.Many2one(related="line_id.company_id", related_sudo=False)
    currency_id = fields.Many2one(related="line_id.currency_id", related_sudo=False)
    amount_left = fields.Monetary(related="line_id.amount_left", related_sudo=False)
    receipt_id = fields.Many2one(
        "ar.cash.receipt",
        domain="[('partner_id', '=', partner_id), ('company_id', '=', company_id),"
        " ('move_line_id', '!=', False)]",
        help="Money that pays nothing yet. Record it first: there is no income before it is there.",
    )
    date = fields.Date(
        string="Accounting Date",
        required=True,
        compute="_compute_proposal",
        store=True,
        readonly=False,
        precompute=True,
    )
    amount = fields.Monetary(
        string="Recovered",
        compute="_compute_proposal",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )

    @api.depends("line_id", "receipt_id")
    def _compute_proposal(self):
        for wizard in self:
            line, receipt = wizard.line_id, wizard.receipt_id
            today = line.writeoff_id.company_id._credit_today() if line else fields.Date.context_today(self)
            earliest = line.writeoff_id.date or today
            wizard.date = min(max(receipt.date or today, earliest), today)
            amount = line.amount_left
            if line and receipt.move_line_id:
                recoveries = self.env["ar.writeoff.recovery"]
                amount = min(amount, recoveries._get_payable(line, receipt.move_line_id))
            wizard.amount = amount

    def action_recover(self):
        """Book the recovery, and match the receipt with it.

        :raise AccessError: for who is neither credit controller nor accountant
        """
        self.ensure_one()
        self.line_id.check_access("read")
        if self.receipt_id:
            self.receipt_id.check_access("read")
        self.env["ar.writeoff.recovery"]._recover(
            self.line_id, self.amount, self.date, self.receipt_id.move_line_id
        )
        return {"type": "ir.actions.act_window_close"}
