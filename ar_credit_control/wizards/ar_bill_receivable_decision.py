from odoo import api, fields, models


class ArBillReceivableDecision(models.TransientModel):
    """Asks what happened to bills of exchange; their own methods record it and check who may."""

    _name = "ar.bill.receivable.decision"
    _description = "Course of a Bill of Exchange"

    bill_ids = fields.Many2many("ar.bill.receivable", required=True)
    decision = fields.Selection(
        [("endorse", "Endorse"), ("discount", "Discount"), ("collect", "Collected"), ("return", "Returned")],
        required=True,
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    counterparty_id = fields.Many2one("res.partner", string="To", help="Who holds the bill from now on.")
    with_recourse = fields.Boolean(
        default=True,
        help="Whoever holds the bill may come back to us when it is not paid: it counts until maturity.",
    )
    reason = fields.Char(help="e.g. no funds, wrong stamp, acceptor insolvent")
    booked = fields.Boolean(compute="_compute_booked")
    company_id = fields.Many2one("res.company", compute="_compute_booked")
    account_id = fields.Many2one(
        "account.account",
        string="Credited Account",
        domain="[('company_ids', 'parent_of', company_id)]",
        help="Where the bill, or the money for it, goes off: the bank's account for a bill that was "
        "discounted. "
        "Empty: the account that took the bill in.",
    )

    @api.depends("bill_ids")
    def _compute_booked(self):
        for wizard in self:
            bookings = [bill._get_booking() for bill in wizard.bill_ids]
            wizard.booked = any(booking.state == "posted" for booking in bookings)
            wizard.company_id = wizard.bill_ids[:1].company_id

    def action_apply(self):
        self.ensure_one()
        if self.decision in ("endorse", "discount"):
            pass_on = {
                "endorse": self.bill_ids.action_endorse,
                "discount": self.bill_ids.action_discount,
            }[self.decision]
            pass_on(self.counterparty_id, self.with_recourse, self.date)
        elif self.decision == "collect":
            self.bill_ids.action_collect(self.date)
        else:
            self.bill_ids.action_return(self.reason, self.date, self.account_id)
        return {"type": "ir.actions.act_window_close"}
