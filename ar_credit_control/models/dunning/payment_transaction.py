from odoo import fields, models


class PaymentTransaction(models.Model):
    """Payments that customers make by the link of a letter."""

    _inherit = "payment.transaction"

    dunning_letter_id = fields.Many2one(
        "ar.dunning.letter",
        string="Paid From Letter",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="base.group_user",
        help="The customer followed the link to pay of this letter.",
    )

    def _post_process(self):
        result = super()._post_process()
        # sudo: the provider, or the visitor who pays, needs no right on letters
        paid = self.sudo().filtered(lambda payment: payment.state == "done" and payment.dunning_letter_id)
        for letter, payments in paid.grouped("dunning_letter_id").items():
            letter._note_online_payments(payments)
        return result
