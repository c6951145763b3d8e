from odoo import api, fields, models
from odoo.tools import SQL

# What restarts the clock: kind of event -> field of the period that says whether it does.
RESTARTS = {
    "demand": "restart_demand",
    "acknowledgement": "restart_acknowledgement",
    "agreement": "restart_agreement",
    "part_payment": "restart_part_payment",
    "security": "restart_security",
}


class ArLimitationPeriod(models.Model):
    """How long a claim can be enforced in court, by country: data that a lawyer should confirm.

    Which one counts for a customer: the one chosen on the credit profile; else, of those of the company's and
    the customer's countries, the shortest, since the law of the contract may be either.
    """

    _name = "ar.limitation.period"
    _description = "Limitation Period"
    _inherit = ["mail.thread"]
    _order = "country_id, state_id, months, id"

    name = fields.Char(required=True, translate=True)
    country_id = fields.Many2one("res.country", required=True, index=True, ondelete="restrict", tracking=True)
    state_id = fields.Many2one(
        "res.country.state",
        string="Federal State",
        ondelete="restrict",
        domain="[('country_id', '=', country_id)]",
        tracking=True,
        help="Only for customers of this state; it then takes the place of the country's.",
    )
    scope = fields.Selection(
        [("any", "All sales"), ("domestic", "Domestic sales"), ("international", "International sales")],
        required=True,
        default="any",
        tracking=True,
    )
    months = fields.Integer(string="Period (months)", required=True, default=36, tracking=True)
    start = fields.Selection(
        [("due", "The due date"), ("year_end", "End of the year of the due date")],
        string="Counts From",
        required=True,
        default="due",
        tracking=True,
    )
    last_instalment = fields.Boolean(
        string="Last Instalment Counts",
        tracking=True,
        help="One debt in instalments counts from the last of them, and what restarts one restarts all "
        "(China, Civil Code 189).",
    )
    restart_demand = fields.Boolean(
        string="Proven Demand",
        tracking=True,
        help="A demand for payment restarts the period, with proof that it arrived. In many countries "
        "it does not.",
    )
    restart_acknowledgement = fields.Boolean(string="Written Acknowledgement", default=True, tracking=True)
    restart_agreement = fields.Boolean(
        string="Plan, Deferral or Promise in Writing", default=True, tracking=True
    )
    restart_part_payment = fields.Boolean(string="Part Payment", default=True, tracking=True)
    restart_security = fields.Boolean(string="Collateral Given", default=True, tracking=True)
    source = fields.Text(help="Act and article.")
    is_checked = fields.Boolean(
        string="Confirmed by a Lawyer",
        tracking=True,
        help="What ships is from general knowledge. Have the period and what restarts it "
        "confirmed, then tick.",
    )
    active = fields.Boolean(default=True)

    _months_positive = models.Constraint("CHECK (months > 0)", "A limitation period has at least one month.")

    @api.model
    def _first_expiry_sql(self, period: SQL, due: SQL) -> SQL:
        """Return the last day to sue if nothing restarts the period, from its alias and the due date."""
        return SQL(
            """(CASE WHEN %(period)s.start = 'year_end'
                     THEN date_trunc('year', %(due)s) + interval '1 year - 1 day'
                     ELSE %(due)s::timestamp END + make_interval(months => %(period)s.months))::date""",
            period=period,
            due=due,
        )

    @api.model
    def _restarts_sql(self, period: SQL, kind: SQL) -> SQL:
        """Return the condition that an event of a kind restarts a period."""
        return SQL(
            "CASE %s %s ELSE FALSE END",
            kind,
            SQL(" ").join(
                SQL("WHEN %s THEN %s.%s IS TRUE", name, period, SQL.identifier(field))
                for name, field in RESTARTS.items()
            ),
        )

    @api.model
    def _chosen_sql(self, profile: SQL, partner: SQL, company_country: SQL) -> SQL:
        """Return the statement of the one period that counts, from aliases of profile and customer."""
        return SQL(
            """
            SELECT period.*
              FROM ar_limitation_period period
             WHERE period.id = %(profile)s.limitation_period_id
                OR (%(profile)s.limitation_period_id IS NULL
                    AND period.active
                    AND period.country_id IN (%(country)s, %(partner)s.country_id)
                    AND (period.scope = 'any'
                         OR (period.scope = 'international')
                            = (COALESCE(%(partner)s.country_id, %(country)s) != %(country)s))
                    AND CASE WHEN period.state_id IS NOT NULL
                             THEN period.state_id = %(partner)s.state_id
                             ELSE NOT EXISTS (
                                 SELECT FROM ar_limitation_period special
                                  WHERE special.active
                                    AND special.country_id = period.country_id
                                    AND special.state_id = %(partner)s.state_id)
                        END)
          ORDER BY period.months, (period.country_id = %(country)s) DESC, period.id
             LIMIT 1
            """,
            profile=profile,
            partner=partner,
            country=company_country,
        )
