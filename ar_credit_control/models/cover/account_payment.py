from odoo import fields, models
from odoo.exceptions import UserError

INTERNAL = "base.group_user"


class AccountPayment(models.Model):
    """Customer payments that were made with bills of exchange."""

    _inherit = "account.payment"

    credit_bill_ids = fields.One2many(
        "ar.bill.receivable", "payment_id", string="Bills of Exchange", groups=INTERNAL
    )
    credit_bill_journal = fields.Boolean(
        related="journal_id.credit_bills", string="Paid With Bills of Exchange", groups=INTERNAL
    )

    def action_credit_bills(self):
        """Open the bills of exchange of this payment; the form of a new one when there is none."""
        self.ensure_one()
        if self.payment_type != "inbound" or self.partner_type != "customer":
            raise UserError(self.env._("Bills of exchange are received with payments of customers."))
        bills = self.env["ar.bill.receivable"]
        bills.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_bill_receivable")
        given = bills._prepare_payment_vals(self)
        action["context"] = {f"default_{name}": value for name, value in given.items() if value}
        action["domain"] = [("payment_id", "=", self.id)]
        if not self.credit_bill_ids:
            action["views"] = [(False, "form")]
        return action
