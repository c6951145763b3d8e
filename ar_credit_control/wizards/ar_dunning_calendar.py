from datetime import datetime, time, timedelta

import pytz
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

try:
    import holidays
except ImportError:  # optional: days can be entered by hand
    holidays = None


class ArDunningCalendar(models.TransientModel):
    """Put public holidays of a country, or days of one's own, into a working calendar.

    That of a policy, or the working hours of the company, by which deadlines and next steps are counted.
    """

    _name = "ar.dunning.calendar"
    _description = "Working Days"

    policy_id = fields.Many2one("ar.dunning.policy", readonly=True, context={"active_test": False})
    company_id = fields.Many2one(
        "res.company", readonly=True, help="Whose working hours are meant, without a policy."
    )
    calendar_id = fields.Many2one("resource.calendar", compute="_compute_calendar_id")
    mode = fields.Selection(
        [
            ("holidays", "Public holidays of a country"),
            ("days", "Days of our own"),
            ("work", "Weekends that are worked"),
        ],
        string="Add",
        required=True,
        default="holidays",
        help="Weekends that are worked in exchange for a holiday count as working days. They come with the "
        "public holidays where those are announced with them: China.",
    )
    country_id = fields.Many2one(
        "res.country", compute="_compute_country_id", store=True, readonly=False, precompute=True
    )
    state_id = fields.Many2one(
        "res.country.state",
        string="Federal State",
        domain="[('country_id', '=', country_id)]",
        help="Its own holidays, where it has any, are added to those of the whole country.",
    )
    year = fields.Integer(required=True, default=lambda self: fields.Date.context_today(self).year)
    name = fields.Char(string="Why", help="e.g. Spring Festival, stocktaking")
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="To", help="The last of these days; empty: one day.")
    preview = fields.Html(string="Days", compute="_compute_preview", sanitize=False)

    @api.depends("policy_id", "company_id")
    def _compute_calendar_id(self):
        for wizard in self:
            wizard.calendar_id = (
                wizard.policy_id.calendar_id if wizard.policy_id else wizard.company_id.resource_calendar_id
            )

    @api.depends("policy_id", "company_id")
    def _compute_country_id(self):
        for wizard in self:
            wizard.country_id = (wizard.policy_id.company_id or wizard.company_id).country_id

    @api.depends("mode", "country_id", "state_id", "year", "date_from", "date_to", "name")
    @api.depends_context("lang")
    def _compute_preview(self):
        for wizard in self:
            try:
                days = wizard._get_days()
            except UserError as error:
                wizard.preview = Markup("<p class='text-muted'>%s</p>") % error.args[0]
                continue
            rows = Markup().join(
                Markup("<tr><td class='pe-3'>%s</td><td class='pe-3'>%s</td><td>%s</td></tr>")
                % (
                    format_date(self.env, day, date_format="full"),
                    name,
                    self.env._("worked") if time_type == "other" else "",
                )
                for day, name, time_type in days
            )
            wizard.preview = Markup("<table class='o_ar_days'>%s</table>") % rows

    def action_add(self):
        """Write the days into the calendar; a policy without one gets a calendar of its own.

        :raise AccessError: for a user who is no credit manager
        """
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_credit_manager"):
            raise AccessError(self.env._("Only a credit manager edits dunning policies."))
        days = self._get_days()
        calendar = self._get_calendar()
        known = self._get_known_days(calendar)
        # Odoo leaves calendars to administrators; who may edit this one was checked.
        self.env["resource.calendar.leaves"].sudo().create(
            [
                self._prepare_leave(calendar, day, name, time_type)
                for day, name, time_type in days
                if (day, time_type) not in known
            ]
        )
        return {"type": "ir.actions.act_window_close"}

    def _get_calendar(self):
        """Return the calendar to write; a policy without one gets one of its own.

        :raise AccessError: for the policy or the working hours of another company
        :raise UserError: for a company without working hours
        """
        # sudo: Odoo leaves calendars to administrators; the rights on what they belong to are checked.
        if self.policy_id:
            self.policy_id.check_access("write")
            policy = self.policy_id.sudo()  # sudo: as above
            if not policy.calendar_id:
                policy.calendar_id = policy.calendar_id.create(self._prepare_calendar())
            return policy.calendar_id
        if self.company_id not in self.env.companies.root_id:
            raise AccessError(self.env._("Choose the company among your companies first."))
        if not self.calendar_id:
            raise UserError(self.env._("The company has no working hours."))
        return self.calendar_id

    def _get_known_days(self, calendar):
        """Return what the calendar itself has for the whole company: days with their ``time_type``."""
        zone = pytz.timezone(calendar.tz)
        known = set()
        leaves = self.env["resource.calendar.leaves"].sudo()  # sudo: those of the calendar to write
        for leave in leaves.search([("calendar_id", "=", calendar.id), ("resource_id", "=", False)]):
            first, last = (
                pytz.utc.localize(moment).astimezone(zone) - timedelta(hours=12)
                for moment in (leave.date_from, leave.date_to)
            )
            # Days whose noon it covers.
            day = first.date() + timedelta(days=first.time() > time.min)
            while day <= last.date():
                known.add((day, leave.time_type))
                day += timedelta(days=1)
        return known

    def _get_days(self):
        """Return the days to add in order, each with its name and type: ``leave`` or ``other`` (work time).

        :raise UserError: when something is missing, or the country is not known
        """
        self.ensure_one()
        return self._get_public_holidays() if self.mode == "holidays" else self._get_own_days()

    def _get_own_days(self):
        if not self.date_from:
            raise UserError(self.env._("Choose the first day."))
        last = self.date_to or self.date_from
        if last < self.date_from or (last - self.date_from).days > 60:
            raise UserError(self.env._("Choose a last day within 60 days after the first."))
        count = (last - self.date_from).days + 1
        is_work = self.mode == "work"
        name = self.name or (self.env._("Worked") if is_work else self.env._("No letters"))
        time_type = "other" if is_work else "leave"
        return [(self.date_from + timedelta(days=number), name, time_type) for number in range(count)]

    def _get_public_holidays(self):
        if holidays is None:
            raise UserError(
                self.env._("The Python package “holidays” is not installed; enter the days by hand.")
            )
        if not self.country_id or not 1970 <= self.year <= 2100:
            raise UserError(self.env._("Choose a country and a year."))
        subdivisions = holidays.list_supported_countries().get(self.country_id.code)
        if subdivisions is None:
            raise UserError(
                self.env._("The holidays of %s are not known; enter the days by hand.", self.country_id.name)
            )
        # Odoo's codes of states have that of the country before them in some countries: DE-BY.
        state = (self.state_id.code or "").split("-")[-1]
        found = holidays.country_holidays(
            self.country_id.code,
            subdiv=state if state in subdivisions else None,
            years=self.year,
            language=self._get_holiday_language(),
        )
        # Filled by the look-up of the year, for other years too.
        worked = [day for day in getattr(found, "weekend_workdays", ()) if day.year == self.year]
        return sorted(
            [(day, name, "leave") for day, name in found.items()]
            + [(day, self.env._("In exchange for a holiday"), "other") for day in worked]
        )

    def _get_holiday_language(self):
        """Return the user's language where the country's holidays have names in it, else None."""
        names = holidays.list_localized_countries().get(self.country_id.code, ())
        code = self.env.lang or "en_US"
        return next((name for name in (code, code[:2], "en_US") if name in names), None)

    def _prepare_calendar(self):
        policy = self.policy_id
        return {
            "name": self.env._("Letters: %s", policy.name),
            "company_id": policy.company_id.id,
            "tz": policy.company_id.partner_id.tz or self.env.user.tz or "UTC",
        }

    def _prepare_leave(self, calendar, day, name, time_type):
        zone = pytz.timezone(calendar.tz)

        def to_utc(moment):
            local = zone.localize(datetime.combine(day, moment))
            return local.astimezone(pytz.utc).replace(tzinfo=None)

        return {
            "name": name,
            "time_type": time_type,
            "calendar_id": calendar.id,
            "company_id": calendar.company_id.id,
            "date_from": to_utc(time.min),
            "date_to": to_utc(time(23, 59, 59)),
        }
