from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

EDITABLE_STATES = ("draft", "approved")


class ArDunningLetter(models.Model):
    """What a person may still change before a letter goes out; each change is noted in its history."""

    _inherit = "ar.dunning.letter"

    personal_text = fields.Text(
        readonly=True, help="Stands in letter and mail before the list of items, in the customer's language."
    )
    own_recipient = fields.Boolean(
        string="Recipient Chosen", readonly=True, help="A person chose the recipient; it stays when sending."
    )
    own_channel = fields.Boolean(
        string="Channel Chosen", readonly=True, help="A person chose the channel; it stays when sending."
    )
    edited_by_id = fields.Many2one(
        "res.users",
        string="Changed By",
        readonly=True,
        help="Who last changed text, recipient or channel.",
    )
    edited_by_ids = fields.Many2many(
        "res.users",
        "ar_dunning_letter_edited_rel",
        readonly=True,
        help="Everyone who changed text, recipient or channel: none of them approves a stage that needs it.",
    )

    def action_edit(self):
        """Open the dialog that changes a letter before it goes out."""
        self.ensure_one()
        self._check_collector()
        self._check_editable()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change Letter to %s", self.partner_name),
            "res_model": "ar.dunning.letter.edit",
            "view_mode": "form",
            "target": "new",
            "context": {"default_letter_id": self.id},
        }

    def _edit(self, stage=None, recipient=None, channel=None, personal_text=None):
        """Change a letter that was not sent; what is None stays. An approved one waits for approval again.

        :param stage: a lower stage of the same policy, on the same side of the due date
        :param recipient: a contact of the customer
        :param channel: one of the channels
        :param personal_text: plain text, empty to take it off
        :raise AccessError: for a user who is no collector
        :raise UserError: when the letter is on its way already, or the change is not allowed
        """
        self.ensure_one()
        self._check_collector()
        letter = self._lock_editable()
        notes, values = [], {}
        if stage is not None and stage != letter.stage_id:
            notes.append(letter._lower_stage(stage))
        if recipient is not None and recipient != letter.recipient_id:
            letter._check_recipient(recipient)
            values |= {"recipient_id": recipient.id, "own_recipient": True}
            notes.append(self.env._("Recipient: %s.", recipient.display_name))
        if channel is not None and channel != letter.channel:
            letter._check_channel(channel, recipient or letter.recipient_id)
            values |= {"channel": channel, "own_channel": True}
            label = dict(letter._fields["channel"]._description_selection(self.env))[channel]
            notes.append(self.env._("Channel: %s.", label))
        if personal_text is not None and (personal_text or "").strip() != (letter.personal_text or ""):
            values["personal_text"] = personal_text.strip() or False
            notes.append(self.env._("Text: %s", personal_text.strip() or self.env._("none")))
        if values:
            letter.write(
                {**values, "edited_by_id": self.env.uid, "edited_by_ids": [Command.link(self.env.uid)]}
            )
        if notes:
            letter._note_edit(notes)

    def _lower_stage(self, stage):
        """Bring the letter and its items down to a lower stage; return the note for its history."""
        before = self.stage_id
        if (
            stage.policy_id != self.policy_id
            or stage.day_offset >= before.day_offset
            or (stage.day_offset > 0) != (before.day_offset > 0)
            or not stage.active
            or stage.legal
        ):
            raise UserError(
                self.env._(
                    "“%(stage)s” is not a lower stage than “%(before)s”.",
                    stage=stage.name,
                    before=before.name,
                )
            )
        self.stage_id = stage
        higher = self.line_ids.filtered(
            lambda line: line.is_due and line.stage_id.day_offset > stage.day_offset
        )
        higher.write({"stage_id": stage.id})
        selection = self.env["ar.dunning.selection"]
        if stage.owner != before.owner:
            seller = selection._get_seller(stage, self.company_id, self.partner_id)
            self.user_id = seller or self._get_collectors()[self] or self.run_id._get_contact()
        if not self.own_recipient:
            self.recipient_id = selection._get_recipient(stage, self.partner_id)
        if not self.own_channel:
            self.channel = self._get_stage_channel(stage)
        return self.env._("Stage: %(stage)s instead of %(before)s.", stage=stage.name, before=before.name)

    def _get_stage_channel(self, stage):
        """Return the channel of a stage for the letter's recipient, as the selection chooses it."""
        has_email = "@" in (self.recipient_id.email or "")
        channel = self.env["ar.dunning.selection"]._get_channel(
            stage, self.recipient_id, has_email, self._has_address(self.recipient_id)
        )
        return channel or self.channel

    def _check_recipient(self, recipient):
        if recipient.commercial_partner_id != self.partner_id.commercial_partner_id:
            raise UserError(
                self.env._(
                    "%(contact)s is no contact of %(customer)s.",
                    contact=recipient.display_name,
                    customer=self.partner_name,
                )
            )

    def _check_channel(self, channel, recipient):
        if channel == "email" and "@" not in (recipient.email or ""):
            raise UserError(self.env._("%s has no e-mail address.", recipient.display_name))
        if channel == "post" and not self._has_address(recipient):
            raise UserError(self.env._("%s has no postal address.", recipient.display_name))

    def _has_address(self, recipient):
        return any(partner.street or partner.city for partner in recipient | self.partner_id)

    def _check_editable(self):
        if self.filtered(lambda letter: letter.state not in EDITABLE_STATES):
            raise UserError(self.env._("Only letters that are not on their way can be changed."))

    def _lock_editable(self):
        """Return the letters as superuser, locked, so that no worker sends them meanwhile."""
        letters = self.sudo()  # nobody has the right to write letters; callers check the rights
        letters.lock_for_update(allow_referencing=True)
        letters.invalidate_recordset()
        letters._check_editable()
        return letters

    def _note_edit(self, notes):
        """Log the changes; what was approved before them is not approved any more."""
        approved = self.filtered(lambda letter: letter.state == "approved")
        approved.write({"state": "draft", "approved_by_id": False, "approved_date": False})
        if approved:
            notes = [*notes, self.env._("To be approved again.")]
        for letter in self:
            letter._message_log(body=self._join_notes(notes), author_id=self.env.user.partner_id.id)

    def _drop_lines(self, lines):
        """Take items off letters that were not sent; the next proposal may claim them again.

        :raise UserError: when nothing that is due would be left: then the letter itself is dropped.
        """
        self._check_collector()
        letters = self._lock_editable()
        for letter in letters:
            gone = letter.line_ids & lines.sudo()  # sudo: lines of letters whose rights were checked
            left = letter.line_ids - gone
            if not left.filtered("is_due"):
                raise UserError(
                    self.env._(
                        "Nothing due would be left in the letter to %s: drop the letter.", letter.partner_name
                    )
                )
            notes = [self.env._("%s was taken off by hand.", line.name) for line in gone]
            gone.unlink()
            letter._sum_lines()
            letter._note_edit(notes)

    def _sum_lines(self):
        """Bring the amounts of letters in line with their items."""
        for letter in self:
            lines = letter.line_ids
            overdue = lines.filtered(lambda line: line.days_overdue > 0)
            due = lines.filtered("is_due").sorted(lambda line: line.stage_id.day_offset)
            amount_due = sum(lines.mapped("amount"))
            letter.write(
                {
                    "item_count": len(lines),
                    "amount_due": amount_due,
                    "amount_overdue": sum(overdue.mapped("amount")),
                    "amount_interest": sum(lines.mapped("interest")),
                    "amount_fees": sum(lines.mapped("fee")),
                    "amount_total": amount_due
                    - letter.amount_credit
                    + sum(lines.mapped("interest"))
                    + sum(lines.mapped("fee")),
                    "days_overdue": max(lines.mapped("days_overdue"), default=0),
                    "stage_id": due[-1:].stage_id.id or letter.stage_id.id,
                }
            )

    def _filter_approvable(self):
        # Who wrote the text or chose the recipient asks, like the one who proposed.
        return (
            super()
            ._filter_approvable()
            .filtered(
                lambda letter: (
                    not letter.stage_id.requires_approval or self.env.user not in letter.edited_by_ids
                )
            )
        )
