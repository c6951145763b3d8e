from datetime import timedelta

from odoo import api, fields, models


class ArCollectionSnooze(models.TransientModel):
    """Dialog that keeps cases off the worklist for some days."""

    _name = "ar.collection.snooze"
    _description = "Snooze Cases"

    case_ids = fields.Many2many("ar.collection.case", required=True)
    choice = fields.Selection(
        [
            ("1", "Until tomorrow"),
            ("3", "For 3 days"),
            ("7", "For a week"),
            ("14", "For two weeks"),
            ("day", "Until"),
        ],
        string="How Long",
        default="3",
        required=True,
    )
    until = fields.Date(compute="_compute_until", store=True, precompute=True, readonly=False, required=True)
    reason = fields.Char(required=True, help="Why nobody should call them before; it stands in the case.")

    @api.depends("choice")
    def _compute_until(self):
        today = fields.Date.context_today(self)
        for snooze in self:
            if snooze.choice != "day":
                snooze.until = today + timedelta(days=int(snooze.choice))
            elif not snooze.until:
                snooze.until = today + timedelta(days=1)

    def action_apply(self):
        """Snooze the cases."""
        self.ensure_one()
        self.case_ids._snooze(self.until, self.reason)
        return {"type": "ir.actions.act_window_close"}
