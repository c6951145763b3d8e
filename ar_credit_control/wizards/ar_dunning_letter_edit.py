from odoo import api, fields, models


class ArDunningLetterEdit(models.TransientModel):
    """Change a letter before it goes out: a lower stage, another recipient or channel, words of one's own."""

    _name = "ar.dunning.letter.edit"
    _description = "Change a Dunning Letter"

    letter_id = fields.Many2one("ar.dunning.letter", required=True, ondelete="cascade")
    policy_id = fields.Many2one(related="letter_id.policy_id")
    partner_id = fields.Many2one(related="letter_id.partner_id.commercial_partner_id")
    day_offset = fields.Integer(related="letter_id.stage_id.day_offset")
    lang_name = fields.Char(compute="_compute_lang_name", string="Language of the Letter")
    stage_id = fields.Many2one(
        "ar.dunning.stage",
        compute="_compute_from_letter",
        store=True,
        readonly=False,
        required=True,
        domain="[('policy_id', '=', policy_id), ('legal', '=', False), ('day_offset', '<=', day_offset)]",
        help="Only down: a higher stage is reached by the calendar.",
    )
    recipient_id = fields.Many2one(
        "res.partner",
        compute="_compute_from_letter",
        store=True,
        readonly=False,
        domain="[('commercial_partner_id', '=', partner_id)]",
    )
    channel = fields.Selection(
        selection=lambda self: (
            self.env["ar.dunning.letter"]._fields["channel"]._description_selection(self.env)
        ),
        compute="_compute_from_letter",
        store=True,
        readonly=False,
        required=True,
    )
    personal_text = fields.Text(compute="_compute_from_letter", store=True, readonly=False)

    @api.depends("letter_id")
    def _compute_from_letter(self):
        for wizard in self:
            letter = wizard.letter_id
            wizard.stage_id = letter.stage_id
            wizard.recipient_id = letter.recipient_id
            wizard.channel = letter.channel
            wizard.personal_text = letter.personal_text

    @api.depends("letter_id")
    def _compute_lang_name(self):
        names = dict(self.env["res.lang"].get_installed())
        for wizard in self:
            wizard.lang_name = names.get(wizard.letter_id.lang)

    def action_apply(self):
        """Write the changes into the letter and its history."""
        self.ensure_one()
        self.letter_id._edit(
            stage=self.stage_id,
            recipient=self.recipient_id,
            channel=self.channel,
            personal_text=self.personal_text or "",
        )
        return True
