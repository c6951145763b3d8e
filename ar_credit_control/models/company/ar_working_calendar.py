from odoo import api, models
from odoo.tools import SQL


class ArWorkingCalendar(models.AbstractModel):
    """Days without work by Odoo's working calendars: the one definition for letters, stages and interest.

    A weekday has work where the calendar has hours on it; a calendar without any hours has work every day.
    Leave of the whole company, or of the calendar, is without work on the days whose noon it covers.
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
                            SELECT (calendar.has_hours AND NOT EXISTS (
                                        SELECT FROM resource_calendar_attendance hours
                                         WHERE hours.calendar_id = calendar.id
                                           AND hours.display_type IS NULL
                                           AND hours.day_period != 'lunch'
                                           AND hours.dayofweek = (extract(isodow FROM day) - 1)::int::text
                                           AND (calendar.two_weeks_calendar IS NOT TRUE
                                                -- Odoo counts its weeks from the first day of year 1.
                                                OR hours.week_type = (
                                                    (day::date - DATE '0001-01-01') / 7 %% 2)::text)))
                                OR EXISTS (
                                    SELECT FROM resource_calendar_leaves leave
                                     WHERE leave.resource_id IS NULL
                                       AND leave.time_type = 'leave'
                                       AND (leave.calendar_id = calendar.id
                                            OR (leave.calendar_id IS NULL
                                                AND leave.company_id = calendar.company_id))
                                       AND ((day::date + time '12:00') AT TIME ZONE calendar.tz
                                            AT TIME ZONE 'UTC')
                                           BETWEEN leave.date_from AND leave.date_to) AS is_quiet
                            OFFSET 0
                           ) rest
                   ) days
             WHERE is_quiet AND working_day IS NOT NULL
            """,
            calendars=calendars,
            first=first,
            last=last,
        )
