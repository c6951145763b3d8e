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

        ``next_date`` is empty for what is paid, blocked or excluded, and for customers without active policy.
        """
        selection = self.env["ar.dunning.selection"]
        today = fields.Date.context_today(self)
        move_filter = SQL("TRUE") if move_ids is None else SQL("line.move_id = ANY(%s)", move_ids)
        item_filter = SQL("TRUE") if move_ids is None else SQL("item.move_id = ANY(%s)", move_ids)
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
         FULL JOIN (
                    SELECT item.move_id,
                           MIN(GREATEST(item.date_maturity + next_stage.day_offset
                                        + CASE WHEN next_stage.day_offset > 0
                                               THEN policy.grace_days ELSE 0 END,
                                        history.last_date + policy.contact_interval_days,
                                        %(today)s)) AS next_date
                      FROM (%(open_items)s) item
                      JOIN account_move move ON move.id = item.move_id
                      JOIN account_move_line line ON line.id = item.id
                      JOIN account_journal journal ON journal.id = line.journal_id
                      JOIN account_account account ON account.id = item.account_id
                      JOIN res_partner partner ON partner.id = item.partner_id
                      JOIN res_company root ON root.id = item.root_company_id
                 LEFT JOIN ar_credit_profile profile
                        ON profile.partner_id = partner.id AND profile.company_id = root.id
                      %(assigned)s
                      JOIN ar_dunning_policy policy ON policy.id = assigned.policy_id
                 LEFT JOIN LATERAL (
                            SELECT MAX(stage.day_offset) AS day_offset, MAX(letter.date) AS last_date
                              FROM ar_dunning_letter_line sent_line
                              JOIN ar_dunning_letter letter
                                ON letter.id = sent_line.letter_id AND letter.state = 'sent'
                              JOIN ar_dunning_stage stage ON stage.id = sent_line.stage_id
                             WHERE sent_line.move_id = item.move_id
                               AND sent_line.partner_id = item.partner_id
                               AND sent_line.date_maturity = item.date_maturity
                           ) history ON TRUE
                      JOIN LATERAL (
                            SELECT stage.day_offset
                              FROM ar_dunning_stage stage
                             WHERE stage.policy_id = policy.id AND stage.active
                               AND stage.day_offset > COALESCE(history.day_offset, -100000)
                               AND (stage.day_offset > 0 OR item.date_maturity >= %(today)s)
                          ORDER BY stage.day_offset
                             LIMIT 1
                           ) next_stage ON TRUE
                     WHERE item.amount_currency > 0
                       AND journal.type NOT IN ('bank', 'cash', 'credit')
                       AND account.non_trade IS NOT TRUE
                       AND move.payment_state != 'blocked'
                       AND (line.no_followup IS NOT TRUE
                            OR (move.move_type = 'entry' AND journal.type = 'general'
                                AND COALESCE(NULLIF(policy.manual_entries, 'company'),
                                             root.dunning_manual_entries) = 'include'))
                       AND (profile.dunning_excluded IS NOT TRUE
                            OR profile.dunning_excluded_until < %(today)s)
                       AND %(item_filter)s
                  GROUP BY item.move_id
                   ) upcoming ON upcoming.move_id = sent.move_id
            """,
            move_filter=move_filter,
            item_filter=item_filter,
            today=today,
            open_items=self.env["ar.aging.report"]._open_items_sql(),
            assigned=selection._assigned_policy_sql(),
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
