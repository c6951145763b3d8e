from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL


class ArCollectionCase(models.Model):
    """What the schedule does with cases every night: open, refresh, close, assign."""

    _inherit = "ar.collection.case"

    @api.model
    def _cron_run_cases(self):
        """Run all companies that want it, each in a commit of its own.

        A company that another transaction disturbs is left for the next night: what it does can be done
        again at any time.
        """
        # sudo: every company, whoever the schedule runs as.
        companies = (
            self.env["res.company"]
            .sudo()
            .search([("parent_id", "=", False), ("collection_active", "=", True)])
        )
        self.env["ar.schedule"]._handle_each(companies, self._run_company)

    @api.model
    def _run_company(self, company):
        """Open, refresh, close and assign the cases of one root company, in sets."""
        self.env["ar.collection.rule"]._open_cases(company)
        cases = self.sudo().search([("company_id", "=", company.id), ("state", "!=", "closed")])
        cases._refresh()
        cases._close_done()
        cases._assign()

    def _refresh(self, log=True):
        """Bring phase and day of settlement of open cases up to date, in one statement for all of them.

        :param log: note changes of the phase on the cases
        """
        if not self.ids:
            return
        self.env.flush_all()
        cases = self.sudo()  # sudo: nobody has the right to write cases
        figures = self._figures_sql(SQL("collection_case.id = ANY(%s)", self.ids), cases.company_id)
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
