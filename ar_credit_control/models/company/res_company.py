from odoo import api, fields, models
from odoo.tools import SQL


class ResCompany(models.Model):
    """Credit control settings, read from the root company for its branches."""

    _inherit = "res.company"

    credit_control_active = fields.Boolean(
        string="Hold Orders",
        help="Off after installation: nothing is held, the preview shows what would be. "
        "On: orders that break a credit rule are held when they are confirmed.",
    )
    credit_hold_responsible_id = fields.Many2one(
        "res.users",
        string="Decides on Held Orders",
        help="Who is asked first. Empty: a credit controller of the company.",
    )
    credit_release_days = fields.Integer(
        string="Release Holds for (days)",
        default=14,
        help="A released order that is not confirmed within these days is checked again.",
    )
    credit_hold_auto_release = fields.Boolean(
        string="Release When the Cause is Gone",
        default=True,
        help="Held orders are checked again within minutes of a payment, a new limit or whatever else frees "
        "credit, and every night; what passes is confirmed as it was asked for. Orders put on hold by hand "
        "always wait for a person.",
    )
    credit_coordination_days = fields.Integer(
        string="Coordination Phase (days)",
        default=60,
        help="Days past due during which a receivable is in coordination; beyond, it is in clearing.",
    )

    dunning_manual_entries = fields.Selection(
        [("leave_out", "Leave out"), ("include", "Include")],
        string="Migrated or Manual Entries in Dunning",
        default="leave_out",
        required=True,
        help="Opening balances and other entries of general journals, which Odoo excludes from follow-up. "
        "Dunning policies may differ.",
    )

    def _credit_root(self):
        """Return the root company that owns the credit settings and profiles of this company or branch."""
        self.ensure_one()
        return self.root_id

    def _credit_working_company(self):
        """Return the company as which the user works for this main company: itself, else a branch of it.

        Who works in a branch only may not take the main company for the current one.
        """
        self.ensure_one()
        here = self.env.companies
        return self if self in here else here.filtered(lambda company: company.root_id == self)[:1] or self

    def _credit_timezone(self):
        """Return the time zone in which orders are judged: that of the company's address, else the user's.

        That of the context comes with the request and decides nothing.
        """
        self.ensure_one()
        root = self.sudo()._credit_root()  # settings of the root company, also for a branch
        return root.partner_id.tz or self.env.user.tz or "UTC"

    def _credit_today(self):
        """Return the day on which orders of the company are judged, see :meth:`_credit_timezone`."""
        return fields.Date.context_today(self.with_context(tz=self._credit_timezone()))

    @api.model
    def _credit_today_sql(self, root: SQL) -> SQL:
        """Return the expression of the day on which a root company is judged, see :meth:`_credit_today`.

        :param root: expression of its id
        """
        roots = self.sudo().search([("parent_id", "=", False)])  # sudo: their days are no secret
        days = roots.grouped(lambda company: company._credit_today())
        return self._by_company_sql(root, {day: SQL("%s::date", day) for day in days}, days)

    @api.model
    def _credit_day_sql(self, company: SQL, moment: SQL) -> SQL:
        """Return the expression of the day that a moment (UTC) was for a company or branch, see
        :meth:`_credit_timezone`.

        :param company: expression of its id
        """
        companies = self.sudo().with_context(active_test=False).search([])  # sudo: as above
        zones = companies.grouped(lambda company: company._credit_timezone())
        days = {zone: SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, zone) for zone in zones}
        return self._by_company_sql(company, days, zones)

    @api.model
    def _by_company_sql(self, company, expressions, companies):
        """Return the expression that holds for a company, the one that most have last.

        :param company: expression of its id
        :param expressions: by key
        :param companies: by the same keys
        """
        most = max(companies, key=lambda key: len(companies[key]))
        others = [
            SQL("WHEN %s = ANY(%s) THEN %s", company, companies[key].ids, expressions[key])
            for key in companies
            if key != most
        ]
        return (
            SQL("CASE %s ELSE %s END", SQL(" ").join(others), expressions[most])
            if others
            else expressions[most]
        )
