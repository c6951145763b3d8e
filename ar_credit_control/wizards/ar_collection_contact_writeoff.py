from odoo import api, fields, models

# Reasons, by their follow-up, of which a write-off is a next step.
WRITES_OFF = ("insolvent",)


class ArCollectionContact(models.TransientModel):
    """Offers the write-off of what a customer that is insolvent or gone will not pay any more."""

    _inherit = "ar.collection.contact"

    draft_writeoff = fields.Boolean(
        string="Draft the write-off",
        compute="_compute_draft_writeoff",
        store=True,
        readonly=False,
        help="Opens the draft of all that is open: leave out what may still be paid. Another person decides.",
    )

    @api.depends("reason_id")
    def _compute_draft_writeoff(self):
        # Offered only: whether nothing more is to be expected is seldom known on that day.
        self.draft_writeoff = False

    def _record_consequences(self, activity):
        result = super()._record_consequences(activity)
        if self.draft_writeoff and self.is_collector and self.kind != "note" and self.follow_up in WRITES_OFF:
            activity._draft_writeoff()
        return result

    def _get_next_action(self, activity):
        if self.draft_writeoff and activity.writeoff_id and not self.corrects_id:
            return {
                "type": "ir.actions.act_window",
                "res_model": "ar.writeoff",
                "res_id": activity.writeoff_id.id,
                "views": [(False, "form")],
            }
        return super()._get_next_action(activity)
