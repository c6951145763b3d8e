from odoo import Command, fields, models
from odoo.tools import SQL

ACCRUAL_CONTEXT = ("ar_as_of", "ar_interest_partner_ids")


class ArInterestAccrual(models.Model):
    """Late interest of instalments until a date: one row for each that was or is paid late.

    The date is the context key ``ar_as_of`` (``YYYY-MM-DD``, default today). Items whose principal was paid
    late within three years are rows, too, as long as interest of them is not posted or waived.
    ``ar_interest_partner_ids`` limits the work to some customers. The id of a row is that of the (first)
    journal item. Rows are limited to companies and customers by record rules.
    """

    _name = "ar.interest.accrual"
    _description = "Accrued Late Interest"
    _auto = False
    _rec_name = "move_name"
    _order = "date_maturity, id"
    _depends = {
        "account.account": ["account_type", "non_trade"],
        "account.journal": ["type"],
        "account.move": ["invoice_date", "move_type", "name", "reversed_entry_id"],
        "account.move.line": [
            "amount_currency",
            "balance",
            "date",
            "date_maturity",
            "no_followup",
            "parent_state",
            "partner_id",
            "reconciled",
        ],
        "account.partial.reconcile": ["debit_amount_currency", "debit_move_id", "max_date"],
        "ar.credit.profile": ["interest_excluded", "interest_scheme_id"],
        "ar.interest.claim": [
            "amount_fee",
            "amount_interest",
            "debit_move_id",
            "state",
            "waived_fee",
            "waived_interest",
        ],
        "ar.interest.rate": ["date_from", "rate"],
        "ar.interest.claim.segment": ["date_from", "date_to", "principal", "rate"],
        "ar.payment.plan": ["decided_on", "ended_on", "state", "with_interest"],
        "ar.payment.plan.item": ["date_maturity", "move_id", "partner_id"],
        "ar.interest.fee": ["amount", "amount_from"],
        "ar.interest.scheme": [
            "calendar_id",
            "date_from",
            "factor",
            "grace_days",
            "margin",
            "reference_id",
            "shifts_due_date",
        ],
        "ar.dispute": ["credit_move_ids"],
        "ar.dispute.line": ["date_maturity", "move_id"],
        "ar.dunning.policy": ["active", "interest_scheme_id", "sequence"],
        "res.company": ["dunning_manual_entries", "interest_scheme_id", "resource_calendar_id"],
        "res.partner": ["commercial_partner_id"],
        "resource.calendar": ["flexible_hours", "two_weeks_calendar", "tz"],
        "resource.calendar.attendance": [
            "calendar_id",
            "day_period",
            "dayofweek",
            "display_type",
            "week_type",
        ],
        "resource.calendar.leaves": ["calendar_id", "company_id", "date_from", "date_to", "time_type"],
    }

    move_line_id = fields.Many2one("account.move.line", string="Journal Item", readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    move_name = fields.Char(string="Number", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    root_company_id = fields.Many2one("res.company", string="Main Company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    collector_id = fields.Many2one("res.users", readonly=True)
    scheme_id = fields.Many2one("ar.interest.scheme", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    principal = fields.Monetary(string="Original Amount", readonly=True)
    open_principal = fields.Monetary(
        string="Still Open",
        readonly=True,
        depends_context=ACCRUAL_CONTEXT,
        help="Principal open at the date.",
    )
    is_settled = fields.Boolean(string="Principal Paid", readonly=True, depends_context=ACCRUAL_CONTEXT)
    days = fields.Integer(
        string="Days of Interest", readonly=True, aggregator="max", depends_context=ACCRUAL_CONTEXT
    )
    accrued = fields.Monetary(
        string="Interest in All",
        readonly=True,
        depends_context=ACCRUAL_CONTEXT,
        help="From the due date to the date, whether claimed or not.",
    )
    interest = fields.Monetary(
        string="Not Claimed Yet",
        readonly=True,
        depends_context=ACCRUAL_CONTEXT,
        help="Interest that no claim holds.",
    )
    waiting = fields.Monetary(
        string="In Claims",
        readonly=True,
        depends_context=ACCRUAL_CONTEXT,
        help="Interest and fixed sums in claims that are not posted.",
    )
    fee = fields.Monetary(string="Fixed Sum", readonly=True, depends_context=ACCRUAL_CONTEXT)
    amount = fields.Monetary(
        string="To Claim",
        readonly=True,
        depends_context=ACCRUAL_CONTEXT,
        help="Interest and fixed sums that are not posted, in the currency of the item.",
    )
    amount_company = fields.Monetary(
        string="To Claim (Company)",
        currency_field="company_currency_id",
        readonly=True,
        depends_context=ACCRUAL_CONTEXT,
        help="At the rate of the date.",
    )

    @property
    def _table_query(self) -> SQL:
        aging = self.env["ar.aging.report"]
        aging._switch_off_jit()
        date = aging._get_as_of()
        partners = self.env.context.get("ar_interest_partner_ids")
        return SQL(
            """
            WITH %(common)s
            SELECT due.id,
                   due.id AS move_line_id,
                   due.move_id,
                   move.name AS move_name,
                   due.partner_id,
                   due.company_id,
                   due.root_id AS root_company_id,
                   due.currency_id,
                   due.company_currency_id,
                   profile.collector_id,
                   due.scheme_id,
                   due.date_maturity,
                   due.principal,
                   due.open_principal,
                   due.open_principal = 0 AS is_settled,
                   due.days,
                   due.accrued,
                   due.interest,
                   due.waiting_interest + due.waiting_fee AS waiting,
                   due.fee,
                   due.interest + due.fee + due.waiting_interest + due.waiting_fee AS amount,
                   (due.interest + due.fee + due.waiting_interest + due.waiting_fee) * due.company_rate
                       AS amount_company
              FROM interest_due due
              JOIN account_move move ON move.id = due.move_id
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = due.partner_id AND profile.company_id = due.root_id
             WHERE due.open_principal != 0
                OR due.interest + due.fee + due.waiting_interest + due.waiting_fee != 0
            """,
            common=self.env["ar.interest.figures"]._ledger_with_sql(
                date, partner_ids=[int(partner) for partner in partners] if partners else None
            ),
        )

    def action_open_entry(self):
        """Open the invoice of this row."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    def action_claim(self):
        """Write claims for these instalments until today, and show them.

        :raise AccessError: for a user who is no collector.
        """
        wizard = self.env["ar.interest.calculate"].create({"line_ids": [Command.set(self.move_line_id.ids)]})
        return wizard.action_claim()
