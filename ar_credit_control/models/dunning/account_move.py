from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

DUNNING_GROUPS = (
    "ar_credit_control.group_credit_user,account.group_account_readonly,account.group_account_invoice"
)


class AccountMove(models.Model):
    """Where an invoice stands in dunning, read from the letters: nothing is stored on the invoice."""

    _inherit = "account.move"

    dunning_stage_id = fields.Many2one(
        "ar.dunning.stage",
        compute="_compute_dunning",
        search="_search_dunning_stage_id",
        groups=DUNNING_GROUPS,
        help="The furthest stage that was sent for this invoice.",
    )
    dunning_last_date = fields.Date(
        string="Last Reminder",
        compute="_compute_dunning",
        search="_search_dunning_last_date",
        groups=DUNNING_GROUPS,
        help="Date of the last letter that listed this invoice.",
    )
    dunning_next_date = fields.Date(
        string="Next Reminder",
        compute="_compute_dunning",
        search="_search_dunning_next_date",
        groups=DUNNING_GROUPS,
        help="Earliest date on which this invoice reaches its next stage, by the customer's policy.",
    )
    dunning_letter_count = fields.Integer(string="Letters", compute="_compute_dunning", groups=DUNNING_GROUPS)

    def _compute_dunning(self):
        self.env.flush_all()
        # Compiling so many expressions took 26 seconds for one invoice, the query itself 0.1.
        self.env["ar.aging.report"]._switch_off_jit()
        rows = {}
        if ids := [move_id for move_id in self.ids if move_id]:
            rows = {
                row["move_id"]: row
                for row in self.env.execute_query_dict(
                    SQL("SELECT * FROM (%s) dunning", self._dunning_status_sql(ids))
                )
            }
        for move in self:
            row = rows.get(move._origin.id, {})
            move.dunning_stage_id = row.get("stage_id")
            move.dunning_last_date = row.get("last_date")
            move.dunning_next_date = row.get("next_date")
            move.dunning_letter_count = row.get("letter_count", 0)

    @api.model
    def _dunning_status_sql(self, move_ids=None):
        """Return ``move_id``, ``stage_id``, ``last_date``, ``letter_count`` and ``next_date`` of entries.

        ``next_date`` is empty for what is paid, blocked, paused or excluded without an end, for what has no
        stage left or is to be handed over, and for customers without active policy.
        """
        selection = self.env["ar.dunning.selection"]
        today = fields.Date.context_today(self)
        move_filter = SQL("TRUE") if move_ids is None else SQL("line.move_id = ANY(%s)", move_ids)
        return SQL(
            """
            SELECT COALESCE(sent.move_id, upcoming.move_id) AS move_id,
                   sent.stage_id,
                   sent.last_date,
                   COALESCE(sent.letter_count, 0) AS letter_count,
                   upcoming.next_date
              FROM (
                    SELECT line.move_id,
                           (ARRAY_AGG(stage.id ORDER BY stage.day_offset DESC, letter.id DESC))[1]
                               AS stage_id,
                           MAX(letter.date) AS last_date,
                           COUNT(DISTINCT letter.id) AS letter_count
                      FROM ar_dunning_letter_line line
                      JOIN ar_dunning_letter letter ON letter.id = line.letter_id AND letter.state = 'sent'
                 LEFT JOIN ar_dunning_stage stage ON stage.id = line.stage_id
                     WHERE line.move_id IS NOT NULL AND %(move_filter)s
                  GROUP BY line.move_id
                   ) sent
         FULL JOIN (%(upcoming)s) upcoming ON upcoming.move_id = sent.move_id
            """,
            move_filter=move_filter,
            upcoming=selection._next_date_sql(today, move_ids),
        )

    @api.model
    def _search_dunning_stage_id(self, operator, value):
        if operator in ("any", "not any", "any!", "not any!"):
            stages = self.env["ar.dunning.stage"].with_context(active_test=False).search(value)
            operator, value = "not in" if operator.startswith("not") else "in", stages.ids
        return self._dunning_domain("stage_id", operator, value)

    @api.model
    def _search_dunning_last_date(self, operator, value):
        return self._dunning_domain("last_date", operator, value)

    @api.model
    def _search_dunning_next_date(self, operator, value):
        return self._dunning_domain("next_date", operator, value)

    @api.model
    def _dunning_domain(self, column, operator, value):
        """Return the domain of entries by a column of :meth:`_dunning_status_sql`; empty values count too."""
        # The statement reads tables that the search itself knows nothing of.
        self.env.flush_all()
        column = SQL.identifier(column)
        status = self._dunning_status_sql()
        if operator in ("in", "not in"):
            values = [element for element in value if element]
            condition = SQL("%s = ANY(%s)", column, values) if values else SQL("FALSE")
            if len(values) != len(list(value)):
                # Empty: also entries that no letter lists and that have no next date.
                other = SQL("%s IS NOT NULL AND NOT (%s)", column, condition)
                negate = operator == "in"
                condition = other
            else:
                negate = operator == "not in"
        elif operator in ("<", "<=", ">", ">="):
            condition = SQL("%s %s %s", column, SQL(operator), value)
            negate = False
        else:
            return NotImplemented

        def to_sql(model, alias, query):
            return SQL(
                "%s %s (SELECT move_id FROM (%s) dunning WHERE %s)",
                SQL.identifier(alias, "id"),
                SQL("NOT IN") if negate else SQL("IN"),
                status,
                condition,
            )

        return Domain.custom(to_sql=to_sql)

    def action_view_dunning_letters(self):
        """Show the letters that listed these invoices."""
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dunning_letter")
        action["domain"] = [("line_ids.move_id", "in", self.ids)]
        action["context"] = {}
        return action
