from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_list

# Parts of the movement table; what a movement of another kind changes is "other".
PARTS = ("charge", "release", "used", "recovered", "exchange", "transfer", "other")
# Millimetres of the page before the table.
MOVEMENT_HEAD = 30


class ArProvisionMovementReport(models.TransientModel):
    """How the loss allowance of a company changed in a period (IFRS 7 35H), against the ledger.

    Opening + charge + release + used + recovered + exchange + transfer + other = closing, for each branch,
    allowance account and segment; transfers add up to zero in each account. A positive amount raises the
    allowance.
    """

    _name = "ar.provision.movement.report"
    _description = "Movement of the Loss Allowance"
    _inherit = ["ar.provision.print.mixin"]

    _document_report = "ar_credit_control.action_report_provision_movement"
    _document_page = "ar_credit_control.provision_movement_page"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(string="From", required=True, default=lambda self: self._default_date_from())
    date_to = fields.Date(
        string="Until", required=True, default=lambda self: self.env.company._credit_today()
    )
    line_ids = fields.One2many("ar.provision.movement.report.line", "report_id", readonly=True)
    opening = fields.Monetary(string="Opening Balance", readonly=True)
    closing = fields.Monetary(string="By the Table", readonly=True)
    ledger = fields.Monetary(
        string="General Ledger",
        readonly=True,
        help="What the allowance accounts hold at the end of the period, in posted entries.",
    )
    difference = fields.Monetary(compute="_compute_difference", help="Ledger less table: always zero.")

    has_segments = fields.Boolean(compute="_compute_has_segments")
    overdrawn = fields.Char(
        compute="_compute_overdrawn",
        help="Allowance accounts with a debit at the end: more was used of them than was provided.",
    )

    _in_order = models.Constraint("CHECK (date_from <= date_to)", "A period does not end before it begins.")

    @api.model
    def _default_date_from(self):
        company = self.env.company
        # sudo: the fiscal year stands on the main company of a branch
        return company.sudo().compute_fiscalyear_dates(company._credit_today())["date_from"]

    @api.depends("ledger", "closing")
    def _compute_difference(self):
        for report in self:
            report.difference = report.ledger - report.closing

    @api.depends("line_ids.segment_id")
    def _compute_has_segments(self):
        for report in self:
            report.has_segments = bool(report.line_ids.segment_id)

    @api.depends("closing", "line_ids.closing")
    @api.depends_context("lang")
    def _compute_overdrawn(self):
        for report in self:
            lines = report.sudo().line_ids  # sudo: accounts and branches are named
            found = [
                account.with_company(company).display_name
                for (company, account), part in lines.grouped(
                    lambda line: (line.company_id, line.account_id)
                ).items()
                if report.currency_id.compare_amounts(sum(part.mapped("closing")), 0.0) < 0
            ]
            report.overdrawn = format_list(self.env, dict.fromkeys(found))

    @api.depends("date_from", "date_to")
    def _compute_display_name(self):
        for report in self:
            report.display_name = self.env._("Movement of the Loss Allowance")

    @api.model_create_multi
    def create(self, vals_list):
        reports = super().create(vals_list)
        reports._fill()
        return reports

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"company_id", "date_from", "date_to"}:
            self._fill()
        return result

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @api.model
    def action_open(self):
        """Open the table of this fiscal year."""
        report = self.create({})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Movement of the Loss Allowance"),
            "res_model": self._name,
            "res_id": report.id,
            "view_mode": "form",
        }

    def action_show(self):
        """Read the ledger again."""
        self._fill()
        return True

    def action_previous_year(self):
        """Show the year before, up to its end."""
        for report in self:
            report.write(
                {
                    "date_from": report.date_from - relativedelta(years=1),
                    "date_to": report.date_from - relativedelta(days=1),
                }
            )
        return True

    def action_open_movements(self):
        """Open what runs and write-offs changed in the period."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Movements"),
            "res_model": "ar.provision.movement",
            "view_mode": "list,kanban",
            "mobile_view_mode": "kanban",
            "domain": self._get_movement_domain(),
            "help": Markup("<p class='o_view_nocontent_smiling_face'>%s</p>")
            % self.env._("No run and no write-off changed the allowance in this period."),
        }

    def _get_movement_domain(self):
        return [
            ("root_company_id", "=", self.company_id.id),
            ("date", ">=", self.date_from),
            ("date", "<=", self.date_to),
            ("kind", "!=", "opening"),
            ("move_id.state", "=", "posted"),
        ]

    # ------------------------------------------------------------------
    # The page and the workbook
    # ------------------------------------------------------------------

    def _get_file_name(self):
        return f"allowance-movement-{self.date_from}-{self.date_to}"

    def _write_workbook(self, file):
        self.env["ar.provision.xlsx"]._write_movement(file, self)

    def _prepare_page_values(self):
        report = self.sudo()  # sudo: the table was readable; accounts and branches are named on it
        by_segment = report.has_segments
        parts = [name for name in PARTS if by_segment or name != "transfer"]
        columns = ("opening", *parts, "closing")
        pages, _used = self._split(report.line_ids, MOVEMENT_HEAD)
        return super()._prepare_page_values() | {
            "report": report,
            "columns": columns,
            "headings": [report.line_ids._fields[name]._description_string(self.env) for name in columns],
            "pages": pages,
            "totals": {name: sum(report.line_ids.mapped(name)) for name in columns},
            "by_branch": len(report.line_ids.company_id) > 1,
            "by_segment": by_segment,
        }

    # ------------------------------------------------------------------
    # Figures
    # ------------------------------------------------------------------

    def _fill(self):
        """Write the rows of the table, and what the ledger says.

        :raise AccessError: for a company that the user does not work in
        """
        movements = self.env["ar.provision.movement"]
        movements.check_access("read")
        for report in self:
            if report.company_id not in self.env.companies.root_id:
                raise AccessError(self.env._("You do not work in %s.", report.company_id.sudo().name))
            lines = report.line_ids._write_lines(report)
            report.write(
                {
                    "opening": sum(lines.mapped("opening")),
                    "closing": sum(lines.mapped("closing")),
                    "ledger": report._get_ledger(),
                }
            )

    def _get_accounts(self):
        """Return the allowance accounts of the company, those of earlier policies included."""
        # sudo: who reads the table need not read the policies of the company
        policies = self.env["ar.provision.policy"].sudo().with_context(active_test=False)
        policy = policies.search([("company_id", "=", self.company_id.id)], order="active desc, id", limit=1)
        return policy._get_allowance_accounts() if policy else self.env["account.account"]

    def _get_ledger(self):
        """Return the balance of the allowance accounts at the end of the period, positive."""
        # sudo: every branch and entry counts, see _fill for who may ask
        [(balance,)] = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("account_id", "in", self._get_accounts().ids),
                    ("parent_state", "=", "posted"),
                    ("date", "<=", self.date_to),
                    ("company_id", "child_of", self.company_id.id),
                ],
                aggregates=["balance:sum"],
            )
        )
        return -(balance or 0.0)

    @api.model
    def _movement_sql(self, root, accounts, date_from, date_to) -> SQL:
        """Return the movement table of a company and its branches.

        Rows: ``company_id``, ``account_id``, ``segment_id``, ``opening``, each of ``PARTS``, ``closing``. A
        run counts once in a period: its own entry, its reversal, and what it carries of runs posted later
        for an earlier date together are a charge where they raise the allowance of the row, else a release.
        What the ledger holds and no movement explains stands on the row without a segment: before the
        period in the opening balance, in it under "other". An opening (of a take-over) explains a balance
        and changes none.
        """
        return SQL(
            """
            WITH movement AS (
                SELECT company_id, account_id, segment_id, run_id, date, amount,
                       CASE WHEN kind IN ('charge', 'release', 'carry') THEN 'run'
                            WHEN kind IN ('used', 'recovered', 'exchange', 'transfer') THEN kind
                            ELSE 'other' END AS part
                  FROM (%(counted)s) movement
                 WHERE root_company_id = %(root)s AND date <= %(date_to)s AND kind != 'opening'
            ),
            ledger AS (
                SELECT line.company_id, line.account_id,
                       CASE WHEN line.date < %(date_from)s THEN 'opening' ELSE 'other' END AS part,
                       -SUM(line.balance) AS amount
                  FROM account_move_line line
                  JOIN res_company company ON company.id = line.company_id
                 WHERE line.account_id = ANY (%(accounts)s)
                   AND line.parent_state = 'posted'
                   AND line.date <= %(date_to)s
                   AND split_part(company.parent_path, '/', 1)::int = %(root)s
              GROUP BY line.company_id, line.account_id, part
            ),
            change AS (
                SELECT company_id, account_id, segment_id,
                       CASE WHEN part != 'run' THEN part
                            WHEN SUM(amount) > 0 THEN 'charge'
                            ELSE 'release' END AS part,
                       SUM(amount) AS amount
                  FROM movement
                 WHERE date >= %(date_from)s
              GROUP BY company_id, account_id, segment_id, movement.part,
                       CASE WHEN movement.part = 'run' THEN run_id END
             UNION ALL
                SELECT company_id, account_id, segment_id, 'opening', amount
                  FROM movement
                 WHERE date < %(date_from)s
             UNION ALL
                SELECT company_id, account_id, NULL, part, amount FROM ledger
             UNION ALL
                SELECT company_id, account_id, NULL,
                       CASE WHEN date < %(date_from)s THEN 'opening' ELSE 'other' END, -amount
                  FROM movement
            )
            SELECT company_id, account_id, segment_id,
                   COALESCE(SUM(amount) FILTER (WHERE part = 'opening'), 0) AS opening,
                   %(parts)s,
                   SUM(amount) AS closing
              FROM change
          GROUP BY company_id, account_id, segment_id
            """,
            counted=self.env["ar.provision.movement"]._counted_sql(),
            root=root.id,
            accounts=accounts.ids,
            date_from=date_from,
            date_to=date_to,
            parts=SQL(", ").join(
                SQL("COALESCE(SUM(amount) FILTER (WHERE part = %s), 0) AS %s", part, SQL.identifier(part))
                for part in PARTS
            ),
        )
