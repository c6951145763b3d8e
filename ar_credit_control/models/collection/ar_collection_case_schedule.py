from datetime import timedelta
from functools import partial

from odoo import api, models
from odoo.tools import SQL

from .ar_collection_case_figures import LOOKED_UP

# Customers of a transaction.
BATCH = 1000


class ArCollectionCase(models.Model):
    """What the schedule does with cases every night: open, refresh, close, assign."""

    _inherit = "ar.collection.case"

    @api.model
    def _cron_run_cases(self):
        """Run all companies that want it, in batches of customers with a commit each.

        Customers of a batch that fails are dealt with one by one; the history of who fails says why. What
        another transaction disturbs is left for the next night: all of it can be done again at any time.
        """
        # sudo: every company, whoever the schedule runs as.
        companies = (
            self.env["res.company"]
            .sudo()
            .search([("parent_id", "=", False), ("collection_active", "=", True)])
        )
        self.env["ar.schedule"]._handle_each(companies, self._run_batches)

    @api.model
    def _run_batches(self, company):
        """Do the work of the night for one root company in batches, while there is time."""
        for records, handle in self._get_steps(company):
            if not self.env["ar.schedule"]._handle_batches(records, handle, BATCH):
                return

    @api.model
    def _run_company(self, company):
        """Do the work of the night for one root company at once, in the current transaction."""
        for records, handle in self._get_steps(company):
            if records:
                handle(records)

    @api.model
    def _get_steps(self, company):
        """Yield what the night does for a root company: records, and what deals with any number of them.

        All of it on the day of the company, wherever the server is.
        """
        self = self.with_context(tz=company._credit_timezone())
        rules = self.env["ar.collection.rule"]
        found = {row["partner_id"]: row for row in rules._find_customers(company)}
        # The largest first: so they are assigned.
        partner_ids = sorted(found, key=lambda partner_id: (-found[partner_id]["amount"], partner_id))
        yield self.env["res.partner"].browse(partner_ids), partial(rules._open_cases, company, found)
        yield self._search_open(company), self.__class__._bring_up_to_date
        yield self._search_open(company)._filter_unworked(), self.__class__._assign
        profiles = self.env["ar.credit.profile"]
        yield profiles._search_left_by_collector(company), profiles.__class__._free_from_collector

    @api.model
    def _search_open(self, company):
        cases = self.sudo()  # sudo: the schedule sees all cases
        return cases.search([("company_id", "=", company.id), ("state", "!=", "closed")])

    def _bring_up_to_date(self):
        self._refresh()
        self._close_done()

    def _refresh(self, log=True):
        """Bring phase and day of settlement of open cases up to date, as of today in their companies.

        One statement for all companies of a time zone.

        :param log: note changes of the phase on the cases
        """
        cases = self.sudo()  # sudo: nobody has the right to write cases
        by_zone = cases.grouped(lambda case: case.company_id._credit_timezone())
        for zone, batch in by_zone.items():
            batch.with_context(tz=zone)._refresh_zone(log)

    def _refresh_zone(self, log):
        """Bring open cases up to date as of today in the time zone of the context, in one statement."""
        self.env.flush_all()
        cases = self
        partners = SQL("= ANY(%s)", cases.partner_id.ids) if len(self) <= LOOKED_UP else None
        figures = self._figures_sql(SQL("collection_case.id = ANY(%s)", self.ids), cases.company_id, partners)
        days = SQL(", ").join(
            SQL("(%s, %s::date)", company.id, company._credit_today()) for company in cases.company_id
        )
        self.env["ar.aging.report"]._switch_off_jit()
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE ar_collection_case collection_case
                   SET phase = today.phase_today, settled_date = today.settled_date
                  FROM (
                        SELECT figures.id,
                               figures.phase_today,
                               known.phase AS phase_before,
                               CASE WHEN figures.overdue <= 0
                                    THEN COALESCE(known.settled_date, day.today)
                               END AS settled_date
                          FROM (%(figures)s) figures
                          JOIN ar_collection_case known ON known.id = figures.id
                          JOIN (VALUES %(days)s) AS day(company_id, today)
                            ON day.company_id = known.company_id
                         WHERE known.state <> 'closed'
                       ) today
                 WHERE today.id = collection_case.id
                   AND (collection_case.phase <> today.phase_today
                        OR collection_case.settled_date IS DISTINCT FROM today.settled_date)
             RETURNING collection_case.id, today.phase_before, today.phase_today
                """,
                figures=figures,
                days=days,
            )
        )
        self.invalidate_model(["phase", "settled_date"])
        names = dict(self._fields["phase"]._description_selection(self.env))
        bodies = {
            case_id: self.env._("Phase: %(before)s → %(after)s", before=names[before], after=names[after])
            for case_id, before, after in rows
            if log and before != after
        }
        if bodies:
            self.browse(bodies)._message_log_batch(bodies=bodies)

    def _close_done(self):
        """Close the open cases in which nothing has been overdue for the quiet days of the company.

        A case that a person opened stays while a next step is planned.
        """
        for company, cases in self.sudo().grouped("company_id").items():  # sudo: nobody writes cases
            until = company._credit_today() - timedelta(days=company.collection_quiet_days)
            done = cases.filtered(
                lambda case, until=until: (
                    case.state == "open"
                    and case.settled_date
                    and case.settled_date <= until
                    and not (case.opened_by == "hand" and case.activity_ids)
                )
            )
            done._close(self.env._("Nothing is overdue any more"))
