from odoo import models

from . import credit_moment


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """A held order is not confirmed: its customer gets core's mail about the payment received."""
        with credit_moment.asked_by("payment"):
            return super()._check_amount_and_confirm_order().filtered(lambda order: order.state == "sale")
