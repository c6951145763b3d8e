from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

# A rate that changes on any day is looked up again after this time.
CHECK_DAYS = 45


class ArInterestReference(models.Model):
    """A published rate that statutory interest is counted from, with its dated figures and their source.

    The same for all companies. Rates of half-years have one figure for each half-year; the others one for
    each change, and a day until which somebody looked them up.
    """

    _name = "ar.interest.reference"
    _description = "Reference Rate"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    code = fields.Char(required=True, help="Short name that texts and imports use.")
    publisher = fields.Char(translate=True, help="Who publishes the rate, and the law that refers to it.")
    url = fields.Char(string="Look Up At", help="Page of the publisher with the figures of today.")
    interval = fields.Selection(
        [("half_year", "One figure each half-year"), ("change", "One figure each change")],
        string="Figures",
        required=True,
        default="half_year",
    )
    checked_until = fields.Date(
        help="Day until which all changes are entered. Set it forward after each look at the "
        "publisher's page, also when nothing changed."
    )
    note = fields.Text(string="To Check", translate=True)
    rate_ids = fields.One2many("ar.interest.rate", "reference_id", string="Rates")
    last_date = fields.Date(string="Newest From", compute="_compute_last")
    last_rate = fields.Float(string="Newest (%)", digits=(9, 4), compute="_compute_last")
    is_outdated = fields.Boolean(compute="_compute_is_outdated")
    warning = fields.Char(compute="_compute_is_outdated")
    valid_until = fields.Date(
        string="Good Until",
        compute="_compute_is_outdated",
        help="Last day for which the newest figure is surely the right one.",
    )
    warned_for = fields.Date(
        readonly=True, copy=False, help="Since when the figure that was asked for is due."
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.Constraint("UNIQUE (code)", "There is a reference rate with this code already.")

    @api.depends("rate_ids.date_from", "rate_ids.rate")
    def _compute_last(self):
        for reference in self:
            newest = reference.rate_ids.sorted("date_from")[-1:]
            reference.last_date = newest.date_from
            reference.last_rate = newest.rate

    @api.depends("rate_ids.date_from", "interval", "checked_until")
    @api.depends_context("lang")
    def _compute_is_outdated(self):
        today = fields.Date.context_today(self)
        for reference in self:
            valid_until = reference._get_valid_until()
            reference.valid_until = valid_until
            reference.is_outdated = not valid_until or valid_until < today
            reference.warning = reference._describe_outdated(valid_until) if reference.is_outdated else False

    def _describe_outdated(self, valid_until):
        if not valid_until:
            return self.env._("%s has no figures yet.", self.name)
        return self.env._(
            "%(name)s: not maintained since %(date)s. The newest figure, %(rate)s %% since %(start)s, goes "
            "on and may be out of date: look it up and enter the next one.",
            name=self.name,
            date=format_date(self.env, valid_until + timedelta(days=1)),
            rate=f"{self.last_rate:.4f}".rstrip("0").rstrip("."),
            start=format_date(self.env, self.last_date),
        )

    def _get_valid_until(self):
        """Return the last day on which the newest figure is surely the right one, None without figures."""
        self.ensure_one()
        if not self.last_date:
            return None
        if self.interval == "half_year":
            start = self.last_date.replace(month=1 if self.last_date.month < 7 else 7, day=1)
            return start + relativedelta(months=6, days=-1)
        return max(self.last_date, self.checked_until or self.last_date) + timedelta(days=CHECK_DAYS)

    # Reminders

    @api.model
    def _cron_warn_outdated(self):
        """Ask a manager of each main company for the next figure of rates in use, once for each figure."""
        today = fields.Date.context_today(self)
        for reference in self.search([]):
            if not reference.is_outdated:
                reference._close_reminders()
                continue
            due = reference._get_figure_due(today)
            if reference.warned_for == due:
                continue
            reference._ask_for_figure(due)

    def _get_figure_due(self, today):
        """Return the day the next figure counts from: of this half-year, or after the last good one."""
        half_year = today.replace(month=1 if today.month < 7 else 7, day=1)
        valid_until = self._get_valid_until()
        return max(half_year, valid_until + timedelta(days=1)) if valid_until else half_year

    def _ask_for_figure(self, due):
        self.ensure_one()
        for manager in self._get_maintainers():
            reference = self.with_context(lang=manager.lang)
            reference.with_context(mail_activity_quick_update=True).activity_schedule(
                "ar_credit_control.mail_activity_interest_rate",
                summary=reference.env._("Enter the rate from %s", format_date(reference.env, due)),
                note=reference.warning,
                user_id=manager.id,
            )
            self.warned_for = due

    def _get_maintainers(self):
        """Return a credit manager for each main company that charges by this rate."""
        self.ensure_one()
        schemes = self.env["ar.interest.scheme"].search(
            ["|", ("reference_id", "=", self.id), ("floor_reference_id", "=", self.id)]
        )
        users = ("res.company", "ar.dunning.policy", "ar.credit.profile")
        charging = Domain("interest_scheme_id", "in", schemes.ids)
        used = schemes.browse().union(
            *(self.env[model].search(charging).interest_scheme_id for model in users)
        )
        group = self.env.ref("ar_credit_control.group_credit_manager").sudo()  # sudo: members of a group
        managers = group.all_user_ids.filtered(lambda user: user.active and not user.share)
        return self.env["res.users"].union(
            *(
                managers.filtered(lambda user, root=root: root in user.company_ids).sorted("id")[:1]
                for root in used.company_id
            )
        )

    def _close_reminders(self):
        """Mark the reminders of rates as done whose figure was entered."""
        current = self.filtered(lambda reference: not reference.is_outdated)
        current.activity_feedback(["ar_credit_control.mail_activity_interest_rate"])
