from odoo import api, fields, models
from odoo.tools import SQL

from .ar_provision_movement_report import PARTS

COLUMNS = ("opening", *PARTS, "closing")


class ArProvisionMovementReportLine(models.TransientModel):
    """One row of the movement table: a branch, an allowance account and a segment."""

    _name = "ar.provision.movement.report.line"
    _description = "Row of the Movement Table"
    _order = "report_id, company_id, account_id, segment_id, id"

    report_id = fields.Many2one(
        "ar.provision.movement.report", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="report_id.currency_id")
    account_id = fields.Many2one("account.account", string="Allowance Account", readonly=True)
    segment_id = fields.Many2one("ar.provision.segment", readonly=True)
    opening = fields.Monetary(
        string="Opening Balance", readonly=True, help="What the ledger held before the period."
    )
    charge = fields.Monetary(
        readonly=True,
        help="Runs that raised the allowance of this row. A run counts with all it booked in the period: its "
        "entry, its cancellation, and what it took back because a run at an earlier date was posted later.",
    )
    release = fields.Monetary(
        string="Reversal", readonly=True, help="Runs that lowered the allowance of this row."
    )
    used = fields.Monetary(string="Write-offs", readonly=True, help="Used up by write-offs.")
    recovered = fields.Monetary(readonly=True, help="Came back of what was written off.")
    exchange = fields.Monetary(readonly=True, help="What rates of exchange changed.")
    transfer = fields.Monetary(
        readonly=True,
        help="What segments of an account made up for each other, customers that changed their segment among "
        "them: neither charge nor release.",
    )
    other = fields.Monetary(
        readonly=True,
        help="Entries on the account that no run and no write-off made: by hand, taken over, or by another "
        "app. The next run takes them in.",
    )
    closing = fields.Monetary(
        string="Closing Balance", readonly=True, help="The sum of the columns before, and the ledger."
    )

    def action_open_entries(self):
        """Open the journal items of the row's account in the period."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.account_id.display_name,
            "res_model": "account.move.line",
            "view_mode": "list,kanban,form",
            "mobile_view_mode": "kanban",
            "domain": self._get_entry_domain(),
            "context": {"create": False},
        }

    def _get_entry_domain(self):
        report = self.report_id
        return [
            ("account_id", "=", self.account_id.id),
            ("company_id", "=", self.company_id.id),
            ("parent_state", "=", "posted"),
            ("date", ">=", report.date_from),
            ("date", "<=", report.date_to),
        ]

    def action_open_movements(self):
        """Open what runs and write-offs changed on this row in the period."""
        self.ensure_one()
        action = self.report_id.action_open_movements()
        action["domain"] += [
            ("company_id", "=", self.company_id.id),
            ("account_id", "=", self.account_id.id),
            ("segment_id", "=", self.segment_id.id),
        ]
        return action

    @api.model
    def _write_lines(self, report):
        """Write the rows of a table in one statement, in the place of earlier ones, and return them."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL("DELETE FROM ar_provision_movement_report_line WHERE report_id = %s", report.id)
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ar_provision_movement_report_line
                       (report_id, company_id, account_id, segment_id, %(columns)s,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(report)s, company_id, account_id, segment_id, %(columns)s,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM (%(movements)s) movement
                 WHERE (%(columns)s) != (%(zeros)s)
                """,
                columns=SQL(", ").join(SQL.identifier(name) for name in COLUMNS),
                zeros=SQL(", ").join(SQL("0") for _name in COLUMNS),
                report=report.id,
                uid=self.env.uid,
                movements=report._movement_sql(
                    report.company_id, report._get_accounts(), report.date_from, report.date_to
                ),
            )
        )
        self.invalidate_model()
        report.invalidate_recordset(["line_ids"])
        return report.line_ids
