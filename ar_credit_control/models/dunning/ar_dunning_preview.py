from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .ar_dunning_left_out import LEFT_OUT_REASONS

PREVIEW_CONTEXT = ("dunning_policy_id", "dunning_date")


class ArDunningPreview(models.Model):
    """Who would get which letter of a policy on a day, and who would not: a simulation that writes nothing.

    The policy is the context key ``dunning_policy_id`` (without it there are no rows), the day
    ``dunning_date`` (``YYYY-MM-DD``, default today). Works for policies that are switched off.
    """

    _name = "ar.dunning.preview"
    _description = "Dunning Preview"
    _auto = False
    _order = "outcome desc, amount desc, id"
    _rec_name = "partner_id"
    _depends = {
        # What an open item is, this report knows.
        "ar.aging.report": ["amount"],
        "account.account": ["non_trade"],
        "account.bank.statement.line": ["amount", "is_reconciled", "partner_id"],
        "account.journal": ["type"],
        "account.move": ["move_type", "payment_state"],
        "account.move.line": ["no_followup"],
        "account.payment": ["amount", "move_id", "partner_id", "partner_type", "payment_type", "state"],
        "ar.credit.profile": [
            "collector_id",
            "dunning_excluded",
            "dunning_excluded_until",
            "dunning_policy_id",
            "rating_id",
        ],
        "ar.dunning.exclusion": ["company_id", "date_to", "ended_date", "kind", "move_id", "partner_id"],
        "ar.dunning.letter": ["cancel_reason", "date", "state"],
        "ar.dunning.letter.line": ["date_maturity", "letter_id", "move_id", "stage_id"],
        "ar.dunning.policy": [
            "active",
            "calendar_id",
            "contact_cap",
            "contact_cap_days",
            "contact_interval_days",
            "customer_kind",
            "grace_days",
            "manual_entries",
            "min_amount",
            "skip_when_late",
        ],
        "ar.dunning.stage": [
            "active",
            "day_offset",
            "legal",
            "min_amount",
            "min_share",
            "policy_id",
            "repeat_days",
            "send_by",
            "task",
        ],
        "payment.transaction": ["amount", "partner_id", "state"],
        "res.partner": ["commercial_partner_id", "country_id", "email", "is_company", "street", "type"],
        "res.partner.bank": ["active", "partner_id", "sanitized_acc_number"],
        "resource.calendar": ["company_id", "flexible_hours", "two_weeks_calendar", "tz"],
        "resource.calendar.attendance": ["calendar_id", "day_period", "dayofweek", "week_type"],
        "resource.calendar.leaves": ["calendar_id", "date_from", "date_to", "resource_id", "time_type"],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    policy_id = fields.Many2one("ar.dunning.policy", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    recipient_id = fields.Many2one("res.partner", readonly=True)
    email = fields.Char(related="recipient_id.email", string="E-mail")
    channel = fields.Selection(
        [
            ("email", "E-mail"),
            ("post", "Postal Mail"),
            ("message", "Text message"),
            ("call", "Call"),
            ("visit", "Visit"),
        ],
        readonly=True,
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    outcome = fields.Selection(
        [("letter", "Letter"), ("left_out", "Left out")], readonly=True, depends_context=PREVIEW_CONTEXT
    )
    stage_id = fields.Many2one("ar.dunning.stage", readonly=True, depends_context=PREVIEW_CONTEXT)
    reason = fields.Selection(
        LEFT_OUT_REASONS, string="Left Out Because", readonly=True, depends_context=PREVIEW_CONTEXT
    )
    item_count = fields.Integer(string="Items", readonly=True, depends_context=PREVIEW_CONTEXT)
    amount = fields.Monetary(
        readonly=True,
        depends_context=PREVIEW_CONTEXT,
        help="What the letter asks for, or the open amount left out.",
    )
    amount_company = fields.Monetary(
        string="In Company Currency",
        readonly=True,
        currency_field="company_currency_id",
        depends_context=PREVIEW_CONTEXT,
        help="The amount at the rate of the day: totals over several currencies.",
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    days_overdue = fields.Integer(
        string="Oldest (days)", readonly=True, aggregator="max", depends_context=PREVIEW_CONTEXT
    )

    @property
    def _table_query(self):
        policy = self._get_policy()
        if not policy:
            return self._empty_sql()
        # Beyond the check above, reading policy and rates needs no rights of the user's own.
        policy = policy.sudo()
        date = self._get_date(policy)
        selection = self.env["ar.dunning.selection"].sudo()  # rows are limited by the rule on the company
        return SQL(
            """
            WITH %(selection)s
            SELECT ROW_NUMBER() OVER (ORDER BY outcome, partner_id, currency_id, reason) AS id,
                   %(company)s::int AS company_id, %(policy)s::int AS policy_id, preview.*,
                   ROUND(preview.amount / rate.rate::numeric, %(digits)s) AS amount_company
              FROM (
                    SELECT 'letter' AS outcome, partner_id, recipient_id, channel, currency_id, stage_id,
                           NULL AS reason, item_count, amount_due - amount_credit AS amount, days_overdue
                      FROM dunning_letter
                     WHERE reason IS NULL
                 UNION ALL
                    SELECT 'left_out', partner_id, NULL, NULL, currency_id, NULL, reason, item_count, amount,
                           days_overdue
                      FROM (%(left_out)s) left_out
                   ) preview
         LEFT JOIN (%(rates)s) rate USING (currency_id)
            """,
            rates=selection._company_rate_sql(policy.company_id, date),
            digits=policy.company_id.currency_id.decimal_places,
            selection=selection._with_sql(policy, date),
            left_out=selection._left_out_sql(),
            company=policy.company_id.id,
            policy=policy.id,
        )

    @api.model
    def _empty_sql(self):
        return SQL(
            """SELECT NULL::int AS id, NULL::int AS company_id, NULL::int AS policy_id, NULL AS outcome,
                      NULL::int AS partner_id, NULL::int AS recipient_id, NULL AS channel,
                      NULL::int AS currency_id, NULL::int AS stage_id, NULL AS reason,
                      NULL::int AS item_count, NULL::numeric AS amount, NULL::int AS days_overdue,
                      NULL::numeric AS amount_company
                WHERE FALSE"""
        )

    @api.model
    def _get_policy(self):
        """Return the policy of the context, which the user must be allowed to read; empty without one."""
        policy_id = self.env.context.get("dunning_policy_id")
        if policy_id and not isinstance(policy_id, int):
            raise UserError(self.env._("“%s” is not a dunning policy.", str(policy_id)[:40]))
        policy = self.env["ar.dunning.policy"].browse(policy_id).exists()
        policy.check_access("read")
        return policy

    @api.model
    def _get_date(self, policy):
        value = self.env.context.get("dunning_date")
        try:
            return fields.Date.to_date(value) or policy._get_today()
        except (TypeError, ValueError):
            raise UserError(self.env._("“%s” is not a date.", str(value)[:40])) from None

    def action_open_items(self):
        """Show the items of the customer in this currency, each with why it is in the letter or not.

        :raise UserError: for none or several rows
        """
        if len(self) != 1:
            raise UserError(self.env._("Choose one line."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Items of %s", self.partner_id.display_name),
            "res_model": "ar.dunning.preview.item",
            "view_mode": "list,kanban",
            "domain": [("partner_id", "=", self.partner_id.id), ("currency_id", "=", self.currency_id.id)],
            "context": {key: self.env.context[key] for key in PREVIEW_CONTEXT if key in self.env.context},
        }
