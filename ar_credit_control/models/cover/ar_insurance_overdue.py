from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

# The id of a row holds both parts of its key: journal item id * SECURITY_SLOTS + security id.
SECURITY_SLOTS = 2**20


class ArInsuranceOverdue(models.Model):
    """Overdue items under credit insurance, with the day by which the insurer must know of them.

    One row per open item, as :meth:`ar.aging.report._open_items_sql` defines it, and insurance cover that was
    valid on its date. The day counts from the original due date, whatever was agreed later.
    """

    _name = "ar.insurance.overdue"
    _description = "Overdue Item Under Credit Insurance"
    _inherit = ["ar.own.customer.mixin"]
    _auto = False
    _rec_name = "move_name"
    _order = "report_by, id"
    _depends = {
        "ar.aging.report": [],
        "ar.credit.security": [
            "company_id",
            "date_from",
            "date_to",
            "insurer_id",
            "kind",
            "partner_id",
            "policy",
            "reporting_days",
            "state",
            "user_id",
        ],
        "ar.insurance.notice": ["date_maturity", "move_id", "reported_on", "security_id"],
        "account.move": ["name"],
        "account.move.line": [
            "account_id",
            "amount_residual",
            "date_maturity",
            "move_id",
            "parent_state",
            "partner_id",
            "reconciled",
        ],
        "res.partner": ["commercial_partner_id"],
    }

    security_id = fields.Many2one("ar.credit.security", string="Insurance Cover", readonly=True)
    insurer_id = fields.Many2one("res.partner", readonly=True)
    policy = fields.Char(string="Policy Number", readonly=True)
    user_id = fields.Many2one("res.users", string="Responsible", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    move_line_id = fields.Many2one("account.move.line", string="Journal Item", readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    move_name = fields.Char(string="Number", readonly=True)
    date = fields.Date(string="Accounting Date", readonly=True)
    date_maturity = fields.Date(
        string="Original Due Date",
        readonly=True,
        help="The insurer counts from it, whatever was agreed later.",
    )
    days_overdue = fields.Integer(readonly=True, aggregator="max")
    report_by = fields.Date(readonly=True, help="Original due date + days of the policy.")
    days_left = fields.Integer(
        readonly=True, aggregator="min", help="Days left to report. Negative: the deadline is over."
    )
    amount = fields.Monetary(string="Open Amount", readonly=True, currency_field="company_currency_id")
    amount_currency = fields.Monetary(string="Open Amount in Currency", readonly=True)
    notice_id = fields.Many2one("ar.insurance.notice", readonly=True)
    reported_on = fields.Date(readonly=True)

    @property
    def _table_query(self) -> SQL:
        reports = self.env["ar.aging.report"]
        reports._switch_off_jit()
        today = self.env["res.company"]._credit_today_sql(SQL("security.company_id"))
        return SQL(
            """
            SELECT item.id * %(security_slots)s::bigint + security.id AS id,
                   security.id AS security_id,
                   security.insurer_id,
                   security.policy,
                   security.user_id,
                   item.partner_id,
                   security.company_id,
                   item.company_currency_id,
                   item.currency_id,
                   item.id AS move_line_id,
                   item.move_id,
                   move.name AS move_name,
                   item.date,
                   item.date_maturity,
                   %(days_overdue)s AS days_overdue,
                   item.date_maturity + security.reporting_days AS report_by,
                   security.reporting_days - %(days_overdue)s AS days_left,
                   %(figures)s,
                   notice.id AS notice_id,
                   notice.reported_on
              FROM ar_credit_security security
              JOIN res_partner partner ON partner.id = security.partner_id
              JOIN (%(claims)s) item
                ON item.partner_id = partner.commercial_partner_id
               AND item.root_company_id = security.company_id
               AND item.date >= security.date_from
               AND (security.date_to IS NULL OR item.date <= security.date_to)
              JOIN account_move move ON move.id = item.move_id
         LEFT JOIN ar_insurance_notice notice
                ON notice.security_id = security.id
               AND notice.move_id = item.move_id
               AND notice.date_maturity = item.date_maturity
             WHERE security.kind = 'insurance'
               AND security.state IN ('valid', 'lapsed')
               AND security.reporting_days > 0
               AND item.amount > 0
               AND %(days_overdue)s > 0
               AND %(is_open)s
          GROUP BY security.id, item.id, item.partner_id, item.company_currency_id, item.currency_id,
                   item.move_id, move.id, item.date, item.date_maturity, notice.id
            """,
            security_slots=SECURITY_SLOTS,
            days_overdue=reports._days_overdue_sql(today, SQL("item.date_maturity")),
            figures=self._figures_sql(),
            claims=self._claims_sql(),
            is_open=self._is_open_sql(),
        )

    def _claims_sql(self):
        """Return what customers owe, as rows of open items; an item may have several."""
        return SQL(
            "SELECT * FROM (%s) claim WHERE NOT claim.non_trade",
            self.env["ar.aging.report"]._open_items_sql(as_of=None),
        )

    def _figures_sql(self):
        """Return the figures of an item, over its rows."""
        return SQL("SUM(item.amount) AS amount, SUM(item.amount_currency) AS amount_currency")

    def _is_open_sql(self):
        """Return the condition, on an item, its security and its notice, that it is to be claimed."""
        return SQL("TRUE")

    def action_open_entry(self):
        """Open the entry of this item."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    def action_report(self):
        """Record that these items were reported to the insurer today; those reported already stay as
        they are."""
        if not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            raise AccessError(self.env._("Credit controllers report overdue items to the insurer."))
        self.check_access("read")
        open_items = self.filtered(lambda item: not item.notice_id)
        notices = self.env["ar.insurance.notice"].sudo()  # sudo: created here only
        notices.create([item._prepare_notice_vals() for item in open_items])
        self.invalidate_model()
        securities = self.security_id
        left = self.search([("security_id", "in", securities.ids), ("notice_id", "=", False)])
        (securities - left.security_id)._close_activities("mail_activity_insurance_report")
        return True

    def _prepare_notice_vals(self):
        self.ensure_one()
        return {
            "security_id": self.security_id.id,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "move_id": self.move_id.id,
            "date_maturity": self.date_maturity,
            "report_by": self.report_by,
            "amount": self.amount,
            "reported_on": self.company_id._credit_today(),
            "reported_by_id": self.env.uid,
        }

    @api.model
    def _get_deadlines(self, securities=None):
        """Return ``{security id: (first, last deadline)}`` of what is to be reported soon, in one statement.

        Soon: within the days of warning of the company, deadlines missed included. Internal: no access check.

        :param securities: look at these only
        """
        return {
            security_id: (first, last)
            for security_id, first, last in self.env.execute_query(
                SQL(
                    """
                    SELECT item.security_id, MIN(item.report_by), MAX(item.report_by)
                      FROM %(table)s item
                      JOIN res_company root ON root.id = item.company_id
                     WHERE item.notice_id IS NULL
                       AND item.days_left <= COALESCE(root.credit_report_warn_days, 0)
                       AND %(wanted)s
                  GROUP BY item.security_id
                    """,
                    table=self._table_sql,
                    wanted=SQL("item.security_id IN %s", tuple(securities.ids))
                    if securities
                    else SQL("TRUE"),
                )
            )
        }
