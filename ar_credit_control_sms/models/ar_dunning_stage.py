from odoo import fields, models


class ArDunningStage(models.Model):
    _inherit = "ar.dunning.stage"

    send_by = fields.Selection(
        selection_add=[("sms", "SMS, else e-mail or post"), ("message",)],
        ondelete={"sms": "set email"},
    )
    sms_text = fields.Text(
        string="SMS Text",
        translate=True,
        help="What the SMS says. {items} and {link} are replaced by the number of items and the link to pay, "
        "and so is what is replaced in a letter. Empty: a standard text in the customer's language.",
    )

    def _render_sms(self, letter):
        """Return the text of a letter's SMS, in the language of the environment.

        Spaces are plain ones: with any other a gateway takes 70 characters for an SMS, not 160.
        """
        text = self.sms_text or self.env._(
            "{company}: please pay {amount} by {deadline}. Number of items: {items}. {link}"
        )
        parts = [
            self._render_letter_text(text, letter),
            letter.personal_text,
            letter.payment_url and letter._describe_interest_apart(),
        ]
        return " ".join(" ".join(part.split()) for part in parts if part)

    def _prepare_placeholders(self, letter):
        return super()._prepare_placeholders(letter) | {
            "items": letter.item_count,
            "link": letter.payment_url or "",
        }
