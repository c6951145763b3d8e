from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .ar_limitation_event import KINDS


class ArLimitationReport(models.Model):
    """Until when each open item can be enforced in court.

    One row per open receivable, as :meth:`ar.aging.report._open_items_sql` defines it. The last day is
    that of the period from its start, or from the last proven event that restarts it and came while it was
    running: what comes after the last day restarts nothing. A suit brought in time stops the
    clock. A guarantor's last
    day is another one, which nothing interrupts (``ar.credit.security.claim_by``).
    """

    _name = "ar.limitation.report"
    _description = "Limitation Dates"
    _inherit = ["ar.own.customer.mixin"]
    _auto = False
    _rec_name = "move_name"
    _order = "limitation_date, id"
    _depends = {
        "account.account": ["account_type", "non_trade"],
        "account.journal": ["type"],
        "account.move": ["move_type", "name"],
        "account.move.line": [
            "account_id",
            "amount_residual",
            "amount_residual_currency",
            "date",
            "date_maturity",
            "journal_id",
            "move_id",
            "parent_state",
            "partner_id",
            "reconciled",
        ],
        "account.partial.reconcile": ["credit_move_id", "debit_move_id"],
        "ar.aging.report": [],
        "ar.credit.profile": ["collector_id", "company_id", "limitation_period_id", "partner_id"],
        "ar.credit.security": ["claim_by", "company_id", "kind", "partner_id", "state"],
        "ar.dunning.letter": ["channel", "date", "name", "sent_date", "state"],
        "ar.dunning.letter.line": ["date_maturity", "days_overdue", "letter_id", "move_id"],
        "ar.limitation.event": ["date", "is_proven", "kind", "letter_id", "proof_reference", "state"],
        "ar.limitation.event.line": ["date_maturity", "event_id", "move_id", "partner_id"],
        "ar.limitation.period": [
            "active",
            "country_id",
            "last_instalment",
            "months",
            "restart_acknowledgement",
            "restart_agreement",
            "restart_demand",
            "restart_part_payment",
            "restart_security",
            "scope",
            "start",
            "state_id",
        ],
        "ar.payment.plan": ["decided_on", "name"],
        "ar.payment.plan.item": ["date_maturity", "move_id", "partner_id", "plan_id"],
        "ar.statement": ["date", "letter_id", "name", "pay_by", "sent_by", "sent_date", "state"],
        "ar.statement.line": [
            "amount_open",
            "date_maturity",
            "days_overdue",
            "move_id",
            "partner_id",
            "statement_id",
        ],
        "res.company": ["currency_id", "parent_path", "partner_id"],
        "res.partner": ["commercial_partner_id", "country_id", "state_id"],
    }

    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    move_name = fields.Char(string="Number", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    country_id = fields.Many2one("res.country", string="Customer's Country", readonly=True)
    company_id = fields.Many2one("res.company", string="Main Company", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    collector_id = fields.Many2one("res.users", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    amount = fields.Monetary(string="Open Amount", readonly=True, currency_field="company_currency_id")
    amount_currency = fields.Monetary(string="Open Amount in Currency", readonly=True)
    period_id = fields.Many2one(
        "ar.limitation.period",
        string="Limitation Period",
        readonly=True,
        help="By the credit profile, else the shortest of our country's and the customer's.",
    )
    is_checked = fields.Boolean(string="Confirmed by a Lawyer", readonly=True)
    start_date = fields.Date(
        string="Counts From", readonly=True, help="Due date, or that of the last instalment of one debt."
    )
    restarted_on = fields.Date(
        readonly=True, help="Last proven event that came while the period was running."
    )
    restart_kind = fields.Selection(KINDS, string="Restarted By", readonly=True)
    unproven_on = fields.Date(
        string="Without Proof",
        readonly=True,
        help="Last event that would restart the period if its proof were attached.",
    )
    limitation_date = fields.Date(
        string="Sue By", readonly=True, help="Last day on which the claim can be brought to court."
    )
    days_left = fields.Integer(readonly=True, aggregator="min", help="Negative: the day is over.")
    claim_by = fields.Date(
        string="Guarantor Until",
        readonly=True,
        help="First day by which a guarantor of the customer has to be claimed. Nothing interrupts it.",
    )
    status = fields.Selection(
        [
            ("running", "Running"),
            ("soon", "Soon"),
            ("expired", "Over"),
            ("court", "In Court"),
            ("unknown", "No Period"),
        ],
        readonly=True,
        help="Soon: within the days of warning of the settings. No period: enter one for the country.",
    )

    @property
    def _table_query(self) -> SQL:
        self.env["ar.aging.report"]._switch_off_jit()
        return self._report_sql()

    @api.model
    def _report_sql(self) -> SQL:
        """Return the statement of the report, as of today in each company."""
        companies = self.env["res.company"]
        return SQL(
            """
            SELECT item.id,
                   item.move_id,
                   move.name AS move_name,
                   item.partner_id,
                   partner.country_id,
                   item.root_company_id AS company_id,
                   item.company_currency_id,
                   item.currency_id,
                   profile.collector_id,
                   item.date_maturity,
                   item.amount,
                   item.amount_currency,
                   %(figures)s
                   period.id AS period_id,
                   period.is_checked,
                   basis.start_date,
                   restarted.date AS restarted_on,
                   restarted.kind AS restart_kind,
                   restarted.unproven_on,
                   %(expiry)s AS limitation_date,
                   %(expiry)s - %(today)s AS days_left,
                   guarantee.claim_by,
                   CASE WHEN period.id IS NULL THEN 'unknown'
                        WHEN restarted.suit THEN 'court'
                        WHEN %(expiry)s < %(today)s THEN 'expired'
                        WHEN %(expiry)s - %(today)s <= COALESCE(root.credit_limitation_warn_days, 0)
                        THEN 'soon'
                        ELSE 'running' END AS status
              FROM (%(open_items)s) item
              JOIN account_move move ON move.id = item.move_id
              JOIN res_partner partner ON partner.id = item.partner_id
              JOIN res_company root ON root.id = item.root_company_id
              JOIN res_partner root_partner ON root_partner.id = root.partner_id
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = item.partner_id AND profile.company_id = item.root_company_id
         LEFT JOIN LATERAL (%(period)s) period ON TRUE
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN period.last_instalment THEN (
                                     SELECT MAX(COALESCE(part.date_maturity, part.date))
                                       FROM account_move_line part
                                       JOIN account_account account ON account.id = part.account_id
                                      WHERE part.move_id = item.move_id
                                        AND account.account_type = 'asset_receivable')
                                ELSE item.date_maturity END AS start_date
                   ) basis
        CROSS JOIN LATERAL (%(restarted)s) restarted
         LEFT JOIN (
                    SELECT holder.commercial_partner_id AS partner_id, security.company_id,
                           MIN(security.claim_by) AS claim_by
                      FROM ar_credit_security security
                      JOIN res_partner holder ON holder.id = security.partner_id
                     WHERE security.kind = 'guarantee' AND security.state IN ('valid', 'lapsed')
                       AND security.claim_by >= %(today_of_security)s
                  GROUP BY holder.commercial_partner_id, security.company_id
                   ) guarantee
                ON guarantee.partner_id = item.partner_id AND guarantee.company_id = item.root_company_id
             WHERE item.amount_currency > 0 AND NOT item.non_trade
            """,
            open_items=self._items_sql(),
            figures=self._figures_sql(),
            period=self.env["ar.limitation.period"]._chosen_sql(
                SQL("profile"), SQL("partner"), SQL("root_partner.country_id")
            ),
            expiry=self._expiry_sql(),
            restarted=self._restarted_sql(),
            today=companies._credit_today_sql(SQL("root.id")),
            today_of_security=companies._credit_today_sql(SQL("security.company_id")),
        )

    @api.model
    def _items_sql(self) -> SQL:
        """Return what customers owe, one row for each item."""
        return self.env["ar.aging.report"]._open_items_sql()

    @api.model
    def _figures_sql(self) -> SQL:
        """Return further columns of the alias ``item``, each with a comma behind it."""
        return SQL("")

    @api.model
    def _expiry_sql(self) -> SQL:
        """Return the last day, from the aliases ``period``, ``basis`` and ``restarted``."""
        return SQL(
            "GREATEST(%s, (restarted.date + make_interval(months => period.months))::date)",
            self.env["ar.limitation.period"]._first_expiry_sql(SQL("period"), SQL("basis.start_date")),
        )

    @api.model
    def _restarted_sql(self) -> SQL:
        """Return the last event that counts for the alias ``item``, by ``period`` and ``basis``.

        Proven events in order: the first that comes after the last day, which is that of the start or of the
        event before, and all after it count no more.
        """
        periods = self.env["ar.limitation.period"]
        expiry = periods._first_expiry_sql(SQL("period"), SQL("basis.start_date"))
        return SQL(
            """
            SELECT MAX(event.date) FILTER (WHERE event.counts AND event.kind != 'suit') AS date,
                   (ARRAY_AGG(event.kind ORDER BY event.date DESC)
                       FILTER (WHERE event.counts AND event.kind != 'suit'))[1] AS kind,
                   COALESCE(BOOL_OR(event.counts AND event.kind = 'suit'), FALSE) AS suit,
                   MAX(event.date) FILTER (WHERE NOT event.is_proven) AS unproven_on
              FROM (
                    SELECT link.date, link.kind, link.is_proven,
                           link.is_proven AND NOT BOOL_OR(link.is_proven AND link.is_late)
                               OVER (ORDER BY link.date) AS counts
                      FROM (
                            SELECT event.date, event.kind, event.is_proven,
                                   event.date > GREATEST(
                                       %(expiry)s,
                                       (MAX(event.date) FILTER (WHERE event.is_proven AND event.kind
                                            != 'suit')
                                            OVER (ORDER BY event.date
                                                  RANGE BETWEEN UNBOUNDED PRECEDING
                                                            AND interval '1 day' PRECEDING)
                                        + make_interval(months => period.months))::date
                                   ) AS is_late
                              FROM (%(events)s) event
                             WHERE event.move_id = item.move_id
                               AND event.partner_id = item.partner_id
                               AND (event.date_maturity IS NULL
                                    OR event.date_maturity = item.date_maturity
                                    OR period.last_instalment)
                               AND (event.kind = 'suit' OR %(restarts)s)
                           ) link
                   ) event
            """,
            expiry=expiry,
            events=self.env["ar.limitation.source"]._event_sql(),
            restarts=periods._restarts_sql(SQL("period"), SQL("event.kind")),
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open_entry(self):
        """Open the entry of this item."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    def action_record_event(self):
        """Open the form that records what happened to these items."""
        items = self.env["ar.aging.report"].search([("id", "in", self.ids)])
        return self.env["ar.limitation.record"]._open_form(items)

    def action_open_events(self):
        """List all that is known to matter for the limitation of this item, with and without proof."""
        self.ensure_one()
        return {
            "name": self.env._("What Matters for %s", self.move_name),
            "type": "ir.actions.act_window",
            "res_model": "ar.limitation.event",
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
            "domain": [("line_ids.move_id", "=", self.move_id.id)],
            "context": {"create": False},
        }

    def action_place(self):
        """Open the form that hands these items over to an agency or a lawyer."""
        if not self:
            raise UserError(self.env._("Choose items first."))
        items = self.env["ar.aging.report"].search([("id", "in", self.ids)])
        return self.env["ar.placement.propose"]._open_form(items)
