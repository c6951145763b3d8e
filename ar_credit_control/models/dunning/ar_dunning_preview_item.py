from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_amount, format_date

from .ar_dunning_left_out import LEFT_OUT_REASONS, PAUSE_STRENGTH
from .ar_dunning_preview import PREVIEW_CONTEXT


class ArDunningPreviewItem(models.Model):
    """Each open item of the customers of a policy, and why a letter on a day would claim it or not.

    Policy and day as for ``ar.dunning.preview``; the id of a row is the id of the journal item.
    """

    _name = "ar.dunning.preview.item"
    _description = "Dunning Preview: Item"
    _auto = False
    _order = "date_maturity, id"
    _rec_name = "move_id"
    # Whatever the selection reads, the preview of letters knows.
    _depends = {"ar.dunning.preview": ["amount"]}

    company_id = fields.Many2one("res.company", readonly=True)
    policy_id = fields.Many2one("ar.dunning.policy", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    move_line_id = fields.Many2one("account.move.line", string="Journal Item", readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    move_name = fields.Char(string="Number", readonly=True)
    ref = fields.Char(string="Reference", readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)
    days_overdue = fields.Integer(
        string="Days", readonly=True, aggregator="max", depends_context=PREVIEW_CONTEXT
    )
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_open = fields.Monetary(string="Open Amount", readonly=True, depends_context=PREVIEW_CONTEXT)
    amount = fields.Monetary(
        string="Claimed",
        readonly=True,
        depends_context=PREVIEW_CONTEXT,
        help="What the letter asks for: the open amount without the paused part.",
    )
    last_stage_id = fields.Many2one("ar.dunning.stage", readonly=True, depends_context=PREVIEW_CONTEXT)
    stage_id = fields.Many2one(
        "ar.dunning.stage",
        readonly=True,
        depends_context=PREVIEW_CONTEXT,
        help="The stage to which the letter brings the item.",
    )
    next_stage_id = fields.Many2one("ar.dunning.stage", readonly=True, depends_context=PREVIEW_CONTEXT)
    outcome = fields.Selection(
        [("claimed", "Claimed"), ("listed", "Listed"), ("left_out", "Left out"), ("not_yet", "Not yet")],
        readonly=True,
        depends_context=PREVIEW_CONTEXT,
        help="Claimed: the item reaches a stage with the letter. Listed: it is overdue, and stands in the "
        "letter too. Left out: its stage is due, but no letter claims it. Not yet: no stage is due.",
    )
    reason = fields.Selection(
        LEFT_OUT_REASONS, string="Left Out Because", readonly=True, depends_context=PREVIEW_CONTEXT
    )
    pause_reason = fields.Selection(
        LEFT_OUT_REASONS,
        string="Paused Part",
        readonly=True,
        depends_context=PREVIEW_CONTEXT,
        help="Why a part of the item is not claimed.",
    )
    pause_until = fields.Date(string="Paused Until", readonly=True, depends_context=PREVIEW_CONTEXT)
    explanation = fields.Char(
        string="Why", compute="_compute_explanation", help="Why a letter claims the item, or does not."
    )

    @property
    def _table_query(self):
        preview = self.env["ar.dunning.preview"]
        policy = preview._get_policy()
        if not policy:
            return self._empty_sql()
        # Beyond the check of the policy, reading policy and rates needs no rights of the user's own.
        policy = policy.sudo()
        selection = self.env["ar.dunning.selection"].sudo()  # rows are limited by the rule on the company
        return SQL(
            """
            WITH %(selection)s
            SELECT item.id, item.id AS move_line_id, item.move_id, move.name AS move_name, move.ref,
                   %(company)s::int AS company_id, %(policy)s::int AS policy_id,
                   item.partner_id, item.currency_id, item.date_maturity, item.days_overdue,
                   item.amount_open,
                   CASE WHEN told.outcome IN ('claimed', 'listed') THEN item.amount_currency ELSE 0 END
                       AS amount,
                   item.last_stage_id,
                   COALESCE(item.stage_id, item.missed_stage_id) AS stage_id,
                   (SELECT stage.id FROM dunning_stage stage
                     WHERE stage.day_offset > COALESCE(item.last_offset, -100000)
                       AND (stage.is_after_due OR item.days_overdue <= stage.day_offset)
                  ORDER BY stage.day_offset LIMIT 1) AS next_stage_id,
                   told.outcome,
                   CASE WHEN told.outcome = 'left_out'
                        THEN COALESCE(item.reason, letter.reason, 'stage_minimum') END AS reason,
                   CASE WHEN item.reason IS NULL THEN item.pause_reason END AS pause_reason,
                   item.pause_until
              FROM dunning_item item
              JOIN account_move move ON move.id = item.move_id
         LEFT JOIN dunning_letter letter
                ON letter.partner_id = item.partner_id AND letter.currency_id = item.currency_id
        CROSS JOIN LATERAL (
                   SELECT CASE WHEN item.reason IS NOT NULL THEN 'left_out'
                               WHEN letter.reason IS NULL AND letter.stage_id IS NOT NULL
                               THEN CASE WHEN item.stage_id IS NOT NULL THEN 'claimed'
                                         WHEN item.days_overdue > 0 THEN 'listed'
                                         ELSE 'not_yet' END
                               WHEN item.stage_id IS NOT NULL OR item.missed_stage_id IS NOT NULL
                               THEN 'left_out'
                               ELSE 'not_yet' END AS outcome
                   ) told
            """,
            selection=selection._with_sql(policy, preview._get_date(policy)),
            company=policy.company_id.id,
            policy=policy.id,
        )

    @api.model
    def _empty_sql(self):
        columns = SQL(", ").join(
            SQL("NULL::%s AS %s", SQL(field.column_type[1]), SQL.identifier(name))
            for name, field in self._fields.items()
            if field.store and field.column_type
        )
        return SQL("SELECT %s WHERE FALSE", columns)

    @api.depends("outcome", "reason", "stage_id", "pause_until", "pause_reason")
    @api.depends_context("lang", *PREVIEW_CONTEXT)
    def _compute_explanation(self):
        reasons = dict(self._fields["reason"]._description_selection(self.env))
        for item in self:
            item.explanation = item._explain(reasons)

    def _explain(self, reasons):
        """Return in a sentence why the item is where it is; ``reasons`` are the translated labels."""
        self.ensure_one()
        if self.outcome == "claimed":
            text = self.env._(
                "%(days)s days from the due date: “%(stage)s” is due.",
                days=self.days_overdue,
                stage=self.stage_id.name,
            )
        elif self.outcome == "listed":
            text = self.env._("Overdue; listed, because other items of the customer get a letter.")
        elif self.outcome == "left_out":
            text = self._explain_left_out(reasons)
        elif self.next_stage_id:
            text = self.env._("“%s” is not due yet.", self.next_stage_id.name)
        else:
            text = self.env._("The last stage was sent.")
        if self.pause_reason:
            part = format_amount(self.env, self.amount_open - self.amount, self.currency_id)
            if self.outcome in ("claimed", "listed"):
                reason = reasons[self.pause_reason]
                text = self.env._(
                    "%(text)s Without %(part)s: %(reason)s.", text=text, part=part, reason=reason
                )
        return text

    def _explain_left_out(self, reasons):
        values = {"reason": reasons[self.reason], "stage": self.stage_id.name}
        if self.pause_until and self.reason in PAUSE_STRENGTH:
            return self.env._(
                "%(reason)s until %(date)s.", date=format_date(self.env, self.pause_until), **values
            )
        if self.stage_id:
            return self.env._("“%(stage)s” is due, but: %(reason)s.", **values)
        return self.env._("%(reason)s.", **values)

    def action_open_entry(self):
        """Open the invoice or journal entry of the item.

        :raise UserError: for none or several rows
        """
        if len(self) != 1:
            raise UserError(self.env._("Choose one line."))
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
            "context": {"create": False},
        }
