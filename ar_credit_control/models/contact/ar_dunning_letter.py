from odoo import api, fields, models


class ArDunningLetter(models.Model):
    """The role of who gets a letter; a call or visit about a letter is logged from it."""

    _inherit = "ar.dunning.letter"

    recipient_role = fields.Selection(related="recipient_id.collection_role")

    @api.model
    def _get_task_types_of(self, kind):
        """Return the activity types of letters that a contact of a kind does."""
        names = {
            "call": ("call",),
            "visit": ("visit",),
            "meeting": ("visit",),
            "message": ("message",),
            "letter": ("post",),
        }
        types = self.env["mail.activity.type"]
        for name in names.get(kind, ()):
            types |= self.env.ref(f"ar_credit_control.mail_activity_dunning_{name}")
        return types

    def action_log_contact(self):
        """Open the dialog that logs the contact this letter asks for.

        :raise AccessError: for who may not log contacts with this customer
        """
        self.ensure_one()
        self.check_access("read")
        kind = self.channel if self.channel in ("call", "visit", "message") else self.stage_id.task or "call"
        return self.env["ar.collection.contact"]._open_form(self.partner_id, self.company_id, kind=kind)
