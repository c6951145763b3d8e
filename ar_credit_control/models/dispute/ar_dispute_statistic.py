from odoo import fields, models
from odoo.tools import SQL


class ArDisputeStatistic(models.Model):
    """Disputes by category: how many, how much, how long they take, and how they end.

    One row for each dispute. What is not known yet is empty, so that averages are those of solved disputes.
    """

    _name = "ar.dispute.statistic"
    _description = "Dispute Statistics"
    _auto = False
    _order = "date DESC, id DESC"
    _rec_name = "dispute_id"
    _depends = {
        "ar.dispute": [
            "amount",
            "amount_accepted",
            "amount_company",
            "category_id",
            "company_id",
            "date",
            "deadline",
            "owner_id",
            "partner_id",
            "resolved_on",
            "state",
        ],
        "res.company": ["currency_id"],
        "res.partner": ["country_id"],
    }

    dispute_id = fields.Many2one("ar.dispute", readonly=True)
    category_id = fields.Many2one("ar.dispute.category", readonly=True)
    owner_id = fields.Many2one("res.users", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    country_id = fields.Many2one("res.country", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(string="Raised On", readonly=True)
    resolved_on = fields.Date(readonly=True)
    state = fields.Selection(
        selection=lambda self: self.env["ar.dispute"]._fields["state"]._description_selection(self.env),
        readonly=True,
    )
    is_open = fields.Boolean(string="Unsolved", readonly=True)
    amount = fields.Monetary(
        string="Disputed", readonly=True, help="In company currency, at the rate of the day it was raised."
    )
    amount_accepted = fields.Monetary(string="Accepted", readonly=True, help="At the same rate.")
    days_to_solve = fields.Integer(
        readonly=True, aggregator="avg", help="Days from the day it was raised to its end."
    )
    days_open = fields.Integer(readonly=True, aggregator="avg", help="Age of the disputes that are open.")
    in_time = fields.Float(
        string="Solved in Time (%)", readonly=True, aggregator="avg", help="Share solved by the deadline."
    )
    count = fields.Integer(string="Disputes", readonly=True)

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT dispute.id,
                   dispute.id AS dispute_id,
                   dispute.category_id,
                   dispute.owner_id,
                   dispute.partner_id,
                   partner.country_id,
                   dispute.company_id,
                   company.currency_id,
                   dispute.date,
                   dispute.resolved_on,
                   dispute.state,
                   dispute.resolved_on IS NULL AS is_open,
                   dispute.amount_company AS amount,
                   ROUND(dispute.amount_company * dispute.amount_accepted / NULLIF(dispute.amount, 0),
                         currency.decimal_places) AS amount_accepted,
                   dispute.resolved_on - dispute.date AS days_to_solve,
                   CASE WHEN dispute.resolved_on IS NULL THEN %(today)s::date - dispute.date END AS days_open,
                   CASE WHEN dispute.resolved_on IS NOT NULL
                        THEN CASE WHEN dispute.resolved_on <= dispute.deadline THEN 100.0 ELSE 0.0 END
                   END AS in_time,
                   1 AS count
              FROM ar_dispute dispute
              JOIN res_company company ON company.id = dispute.company_id
              JOIN res_currency currency ON currency.id = company.currency_id
         LEFT JOIN res_partner partner ON partner.id = dispute.partner_id
             WHERE dispute.state != 'cancelled'
            """,
            today=fields.Date.context_today(self),
        )
