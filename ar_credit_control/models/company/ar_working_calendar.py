from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL


class ArWorkingCalendar(models.AbstractModel):
    """Days without work by Odoo's working calendars: the one definition for letters, stages and interest.

    Deadlines and next steps count by it, too.
    A weekday has work where the calendar has hours on it; a calendar without any hours has work every day.
    Leave of the whole company, or of the calendar, is without work on the days whose noon it covers. What is
    entered there as work time (``time_type`` "other") makes a day of a weekend a working day, unless there is
    leave on it: weekends that are worked in exchange for a holiday.
    """

    _name = "ar.working.calendar"
    _description = "Working Days"

    @api.model
    def _quiet_days_sql(self, calendars, first, last):
        """Return the days without work between two days.

        Rows: ``owner_id``, ``day`` (without work) and ``working_day`` (the next one with work).

        :param calendars: SELECT of ``owner_id`` and ``calendar_id``
        :param first: SQL of the first day looked at
        :param last: SQL of the last day looked at
        """
        return SQL(
            """
            SELECT owner_id, day, working_day
              FROM (
                    SELECT calendar.owner_id, day::date AS day, rest.is_quiet,
                           MIN(day::date) FILTER (WHERE NOT rest.is_quiet) OVER (
                               -- Backwards: a frame that begins at the current row costs the square.
                               PARTITION BY calendar.owner_id ORDER BY day DESC) AS working_day
                      FROM (SELECT owner.owner_id, calendar.id, calendar.tz, calendar.company_id,
                                   calendar.two_weeks_calendar,
                                   calendar.flexible_hours IS NOT TRUE
                                   AND EXISTS (SELECT FROM resource_calendar_attendance hours
                                                WHERE hours.calendar_id = calendar.id
                                                  AND hours.display_type IS NULL) AS has_hours
                              FROM (%(calendars)s) owner
                              JOIN resource_calendar calendar ON calendar.id = owner.calendar_id) calendar
                CROSS JOIN generate_series(%(first)s, %(last)s, interval '1 day') day
                CROSS JOIN LATERAL (
                            SELECT (calendar.has_hours AND NOT %(worked)s AND NOT EXISTS (
                                        SELECT FROM resource_calendar_attendance hours
                                         WHERE hours.calendar_id = calendar.id
                                           AND hours.display_type IS NULL
                                           AND hours.day_period != 'lunch'
                                           AND hours.dayofweek = (extract(isodow FROM day) - 1)::int::text
                                           AND (calendar.two_weeks_calendar IS NOT TRUE
                                                -- Odoo counts its weeks from the first day of year 1.
                                                OR hours.week_type = (
                                                    (day::date - DATE '0001-01-01') / 7 %% 2)::text)))
                                OR %(leave)s AS is_quiet
                            OFFSET 0
                           ) rest
                   ) days
             WHERE is_quiet AND working_day IS NOT NULL
            """,
            calendars=calendars,
            first=first,
            last=last,
            worked=self._entered_sql("other"),
            leave=self._entered_sql("leave"),
        )

    @api.model
    def _entered_sql(self, time_type):
        """Return the condition that ``leave`` or work time (``other``) is entered at noon of a ``day``.

        Of the company or of its ``calendar`` (``id``, ``company_id``, ``tz``), not of persons.
        """
        return SQL(
            """EXISTS (SELECT FROM resource_calendar_leaves leave
                                     WHERE leave.resource_id IS NULL
                                       AND leave.time_type = %s
                                       AND (leave.calendar_id = calendar.id
                                            OR (leave.calendar_id IS NULL
                                                AND leave.company_id = calendar.company_id))
                                       AND ((day::date + time '12:00') AT TIME ZONE calendar.tz
                                            AT TIME ZONE 'UTC')
                                           BETWEEN leave.date_from AND leave.date_to)""",
            time_type,
        )

    @api.model
    def _plan_days(self, calendar, day, days):
        """Return the last of a number of working days after a day.

        :param calendar: ``resource.calendar``; empty: Monday to Friday
        """
        if not days:
            return day
        if not calendar:
            while days:
                day += timedelta(days=1)
                days -= day.weekday() < 5
            return day
        self._flush_calendars()
        # As far as the longest holidays could put it off; one who never works ends there.
        last = day + timedelta(days=3 * days + 60)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT day::date
                  FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') day
                 WHERE day::date NOT IN (SELECT quiet.day FROM (%(quiet)s) quiet)
              ORDER BY day
                 LIMIT 1 OFFSET %(before)s
                """,
                first=day + timedelta(days=1),
                last=last,
                before=days - 1,
                quiet=self._quiet_days_sql(
                    SQL("SELECT 0 AS owner_id, %s AS calendar_id", calendar.id),
                    SQL("%s::date", day),
                    SQL("%s::date", last + timedelta(days=60)),
                ),
            )
        )
        return rows[0][0] if rows else last

    @api.model
    def _flush_calendars(self):
        for model in ("resource.calendar", "resource.calendar.attendance", "resource.calendar.leaves"):
            self.env[model].flush_model()
