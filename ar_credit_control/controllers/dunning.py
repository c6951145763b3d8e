from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.http import request, route
from odoo.tools import consteq

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.controllers.portal import PaymentPortal


class DunningPaymentPortal(PaymentPortal):
    """The link to pay of a letter: Odoo's own payment page, over what is still open of its invoices."""

    def _get_dunning_letter(self, letter_id, token):
        """Return the letter that a visitor holds; nothing for a wrong token."""
        letter = request.env["ar.dunning.letter"].sudo().browse(letter_id).exists()  # the token is the right
        if not letter or not consteq(letter._get_payment_token(), token or ""):
            return letter.browse()
        return letter

    @route(
        "/dunning/pay/<int:letter_id>/<string:token>", type="http", auth="public", website=True, sitemap=False
    )
    def dunning_pay(self, letter_id, token, **_kwargs):
        letter = self._get_dunning_letter(letter_id, token)
        if not letter:
            return request.not_found()
        amount = letter._get_amount_to_pay()
        if letter.currency_id.compare_amounts(amount, 0.0) <= 0:
            return request.render("ar_credit_control.dunning_paid_page")
        partner = letter.partner_id
        return self.payment_pay(
            reference=letter.name,
            amount=amount,
            currency_id=letter.currency_id.id,
            partner_id=partner.id,
            company_id=letter.company_id.id,
            access_token=payment_utils.generate_access_token(partner.id, amount, letter.currency_id.id),
            dunning_letter=letter,
            dunning_token=token,
        )

    def _get_extra_payment_form_values(self, dunning_letter=None, dunning_token=None, **kwargs):
        values = super()._get_extra_payment_form_values(**kwargs)
        if dunning_letter:
            values["transaction_route"] = f"/dunning/transaction/{dunning_letter.id}/{dunning_token}"
        return values

    @route("/dunning/transaction/<int:letter_id>/<string:token>", type="jsonrpc", auth="public")
    def dunning_transaction(self, letter_id, token, amount, currency_id, partner_id, access_token, **kwargs):
        """Create the transaction over the invoices of a letter and return its processing values.

        :raise ValidationError: for a wrong token, or another amount than the payment page asked for
        """
        letter = self._get_dunning_letter(letter_id, token)
        amount = amount and float(amount)
        if (
            not letter
            or currency_id != letter.currency_id.id
            or not payment_utils.check_access_token(access_token, partner_id, amount, currency_id)
        ):
            raise ValidationError(request.env._("The access token is invalid."))
        self._validate_transaction_kwargs(kwargs, additional_allowed_keys=("reference_prefix",))
        transaction = self._create_transaction(
            amount=amount,
            currency_id=currency_id,
            partner_id=partner_id,
            custom_create_values={"invoice_ids": [Command.set(letter._get_open_moves().ids)]},
            **kwargs,
        )
        self._update_landing_route(transaction, access_token)
        return transaction._get_processing_values()
