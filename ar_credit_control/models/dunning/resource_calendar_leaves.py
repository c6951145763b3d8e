from datetime import timedelta

import pytz

from odoo import api, fields, models


class ResourceCalendarLeaves(models.Model):
    """Days without work, or worked instead, as the people of the calendar know them."""

    _inherit = "resource.calendar.leaves"

    credit_day_from = fields.Date(
        string="First Day",
        compute="_compute_credit_days",
        groups="base.group_user",
        help="In the time zone of the calendar, wherever it is read.",
    )
    credit_day_to = fields.Date(
        string="Last Day",
        compute="_compute_credit_days",
        groups="base.group_user",
        help="In the time zone of the calendar, wherever it is read.",
    )

    @api.depends("date_from", "date_to", "calendar_id.tz")
    def _compute_credit_days(self):
        """Name the first and the last day whose noon is covered, see ``ar.working.calendar``."""
        for leave in self:
            zone = pytz.timezone(leave.calendar_id.tz or "UTC")
            start, end = (
                moment and pytz.utc.localize(moment).astimezone(zone)
                for moment in (leave.date_from, leave.date_to)
            )
            leave.credit_day_from = start and (start + timedelta(hours=12, seconds=-1)).date()
            leave.credit_day_to = end and (end - timedelta(hours=12)).date()
