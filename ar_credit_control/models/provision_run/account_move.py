import operator as py

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

PROVISION_GROUPS = (
    "ar_credit_control.group_credit_controller,ar_credit_control.group_credit_auditor,"
    "account.group_account_user"
)
# What moves an entry of a run away from where the run booked it.
MOVING = frozenset({"state", "date", "journal_id"})
COMPARE = {"<": py.lt, "<=": py.le, ">": py.gt, ">=": py.ge}


class AccountMove(models.Model):
    """What the last posted provision run says of an invoice, and the run that an entry belongs to.

    Nothing is stored on the invoice. Entries of a posted run stay as they are until the run is cancelled.
    """

    _inherit = "account.move"

    provision_amount = fields.Monetary(
        string="Expected Loss",
        compute="_compute_provision",
        search="_search_provision_amount",
        currency_field="company_currency_id",
        groups=PROVISION_GROUPS,
        help="By the last posted provision run, in company currency.",
    )
    provision_rate = fields.Float(
        string="Expected Loss (%)",
        compute="_compute_provision",
        search="_search_provision_rate",
        digits=(12, 2),
        groups=PROVISION_GROUPS,
        help="Expected loss over what was open at the last posted provision run.",
    )
    provision_run_id = fields.Many2one(
        "ar.provision.run", compute="_compute_provision_run_id", groups=PROVISION_GROUPS
    )

    def _compute_provision(self):
        rows = {}
        if ids := self._origin.ids:
            self.env.flush_all()
            rows = {
                move_id: (amount, rate)
                for move_id, amount, rate in self.env.execute_query(self._provision_sql(ids))
            }
        for move in self:
            move.provision_amount, move.provision_rate = rows.get(move._origin.id, (0.0, 0.0))

    def _compute_provision_run_id(self):
        # sudo: whose run it is shows, the run itself opens by its own rules
        movements = self.env["ar.provision.movement"].sudo()
        found = movements._read_group([("move_id", "in", self._origin.ids)], ["move_id"], ["run_id:min"])
        runs = {move.id: run for move, run in found}
        for move in self:
            move.provision_run_id = runs.get(move._origin.id, False)

    @api.model
    def _provision_sql(self, move_ids=None) -> SQL:
        """Return ``move_id``, ``amount`` (company currency) and ``rate`` (percent of what was open then)."""
        return SQL(
            """
            SELECT line.move_id,
                   SUM(line.amount)::float8 AS amount,
                   ROUND(COALESCE(100 * SUM(line.amount) / NULLIF(SUM(line.gross), 0), 0), 2)::float8 AS rate
              FROM ar_provision_line line
              JOIN (%(runs)s) run ON run.id = line.run_id
             WHERE %(moves)s
          GROUP BY line.move_id
            """,
            runs=self.env["ar.provision.run"]._last_posted_sql(),
            moves=SQL("line.move_id IS NOT NULL")
            if move_ids is None
            else SQL("line.move_id = ANY (%s)", move_ids),
        )

    @api.model
    def _search_provision_amount(self, operator, value):
        return self._search_provision("amount", operator, value)

    @api.model
    def _search_provision_rate(self, operator, value):
        return self._search_provision("rate", operator, value)

    @api.model
    def _search_provision(self, column, operator, value):
        """Return the domain of entries by a column of :meth:`_provision_sql`; without a row it is zero."""
        if operator in ("in", "not in"):
            values = [float(element or 0) for element in value]
            condition = SQL("%s = ANY (%s::float8[])", SQL.identifier(column), values)
            zero = 0.0 in values
            if operator == "not in":
                condition, zero = SQL("NOT (%s)", condition), not zero
        elif operator in COMPARE:
            condition = SQL("%s %s %s", SQL.identifier(column), SQL(operator), float(value))
            zero = COMPARE[operator](0.0, float(value))
        else:
            return NotImplemented
        self.env.flush_all()
        rows = self._provision_sql()
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s %s (SELECT move_id FROM (%s) provision WHERE %s)",
                SQL.identifier(alias, "id"),
                SQL("NOT IN") if zero else SQL("IN"),
                rows,
                SQL("NOT (%s)", condition) if zero else condition,
            )
        )

    def write(self, vals):
        if MOVING & vals.keys():
            self._check_provision_entries(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_provision(self):
        self._check_provision_entries({"state": "draft"})

    def _check_provision_entries(self, vals):
        """Refuse to take an entry out of the ledger on which a posted run stands."""
        posted = self.filtered(lambda move: move.state == "posted" and move._leaves_ledger(vals))
        if not posted:
            return
        # sudo: whoever changes the entry need not read runs
        movement = (
            self.env["ar.provision.movement"]
            .sudo()
            .search([("move_id", "in", posted.ids), ("run_id.state", "=", "posted")], limit=1)
        )
        if movement:
            raise UserError(
                self.env._(
                    "%(entry)s was booked by provision run %(run)s. Cancel the run instead: it reverses its "
                    "entries.",
                    entry=movement.move_id.name,
                    run=movement.run_id.name,
                )
            )

    def _leaves_ledger(self, vals):
        """Whether values take a posted entry away from where it was booked."""
        self.ensure_one()
        return (
            vals.get("state", "posted") != "posted"
            or ("date" in vals and fields.Date.to_date(vals["date"]) != self.date)
            or ("journal_id" in vals and vals["journal_id"] != self.journal_id.id)
        )

    def action_view_provision_run(self):
        """Open the provision run that booked this entry."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.provision.run",
            "res_id": self.provision_run_id.id,
            "views": [(False, "form")],
        }

    def action_view_provision_lines(self):
        """Show what provision runs said of these invoices, the newest first."""
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_provision_line")
        action["domain"] = [("move_id", "in", self.ids), ("run_id.state", "=", "posted")]
        action["context"] = {}
        return action
