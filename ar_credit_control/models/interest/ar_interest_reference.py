from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
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
            "%(name)s: entered until %(date)s. Look up the newest figure and enter it; until then "
            "the last one goes on.",
            name=self.name,
            date=format_date(self.env, valid_until),
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
