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
            return request.render("ar_credit_control.dunning_wrong_link_page", status=404)
        request.update_context(lang=letter.lang)
        letter = letter.with_context(lang=letter.lang)
        amount = letter._get_amount_to_pay()
        if letter.currency_id.compare_amounts(amount, 0.0) <= 0:
            return request.render(
                "ar_credit_control.dunning_paid_page",
                {
                    "res_company": letter.company_id,
                    "on_its_way": letter._get_amount_on_its_way(),
                    "interest_apart": letter._describe_interest_apart(),
                },
            )
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
            values["dunning_letter"] = dunning_letter
            values["transaction_route"] = f"/dunning/transaction/{dunning_letter.id}/{dunning_token}"
        return values

    @route("/dunning/transaction/<int:letter_id>/<string:token>", type="jsonrpc", auth="public")
    def dunning_transaction(self, letter_id, token, amount, access_token, **kwargs):
        """Create the transaction over the invoices of a letter and return its processing values.

        Odoo's payment form sends neither currency nor customer to the route of a document: they are the
        letter's, or of the user who is signed in.

        :raise ValidationError: for a wrong token, another amount than the payment page asked for, more than
            is open by now, or a provider of another company
        """
        letter = self._get_dunning_letter(letter_id, token)
        try:
            amount = float(amount)
        except (TypeError, ValueError):
            raise ValidationError(request.env._("The access token is invalid.")) from None
        user = request.env.user
        partner = letter.partner_id if user._is_public() else user.partner_id
        currency = letter.currency_id
        if not letter or not payment_utils.check_access_token(access_token, partner.id, amount, currency.id):
            raise ValidationError(request.env._("The access token is invalid."))
        if currency.compare_amounts(amount, letter._get_amount_to_pay()) > 0:
            raise ValidationError(request.env._("Less is open by now. Load the page again, please."))
        # sudo: which company a provider belongs to; the visitor may read neither
        provider = request.env["payment.provider"].sudo().browse(kwargs.get("provider_id")).exists()
        if provider.company_id not in letter.company_id.parent_ids:
            raise ValidationError(request.env._("This way to pay is not offered here."))
        self._validate_transaction_kwargs(kwargs, additional_allowed_keys=("reference_prefix",))
        transaction = self._create_transaction(
            amount=amount,
            currency_id=currency.id,
            partner_id=partner.id,
            custom_create_values={
                "invoice_ids": [Command.set(letter._get_open_moves().ids)],
                "dunning_letter_id": letter.id,
            },
            **kwargs,
        )
        self._update_landing_route(transaction, access_token)
        return transaction._get_processing_values()
