from odoo import api, fields, models, tools
from odoo.tools import SQL

from ..aging.ar_aging_report import AGING_CONTEXT
from .ar_dunning_left_out import LEFT_OUT_REASONS, PAUSE_STRENGTH


class ArAgingReport(models.Model):
    """Adds the stage that was last sent for the instalment, and what pauses it at the date."""

    _inherit = "ar.aging.report"
    _depends = {
        "ar.dunning.exclusion": ["date_maturity", "date_to", "ended_date", "kind", "move_id", "partner_id"],
        "ar.dunning.letter": ["state"],
        "ar.dunning.letter.line": ["date_maturity", "letter_id", "move_id", "stage_id"],
        "ar.dunning.stage": ["day_offset"],
    }

    dunning_stage_id = fields.Many2one(
        "ar.dunning.stage",
        readonly=True,
        help="The furthest stage that was sent for the item.",
    )
    pause_reason = fields.Selection(
        selection=[reason for reason in LEFT_OUT_REASONS if reason[0] in PAUSE_STRENGTH],
        string="Paused",
        readonly=True,
        depends_context=AGING_CONTEXT,
        help="Why letters leave the item, or a part of it, out at the date. It is still owed.",
    )
    amount_disputed = fields.Monetary(
        string="Disputed Amount",
        readonly=True,
        currency_field="company_currency_id",
        depends_context=AGING_CONTEXT,
        help="The part of the open amount that is disputed, in company currency.",
    )

    @api.model
    def _select(self) -> SQL:
        return SQL(
            """%s,
                   dunned.stage_id AS dunning_stage_id,
                   pause.reason AS pause_reason,
                   CASE WHEN pause.is_disputed AND item.amount_currency > 0
                        THEN item.amount * COALESCE(LEAST(pause.amount_disputed / item.amount_currency, 1), 1)
                        ELSE 0 END AS amount_disputed
            """,
            super()._select(),
        )

    @api.model
    def _from(self) -> SQL:
        roots = self.env["res.company"].browse(self._get_root_company_ids())
        # Both are unique by what they are joined on: PostgreSQL leaves out the one that is not read.
        return SQL(
            """%(items)s
            LEFT JOIN (
                   SELECT sent.move_id, sent.partner_id, sent.date_maturity,
                          (ARRAY_AGG(stage.id ORDER BY stage.day_offset DESC, sent.letter_id DESC))[1]
                              AS stage_id
                     FROM (%(sent)s) sent
                     JOIN ar_dunning_stage stage ON stage.id = sent.stage_id
                 GROUP BY sent.move_id, sent.partner_id, sent.date_maturity
                 ) dunned
                ON dunned.move_id = item.move_id
               AND dunned.partner_id = item.partner_id
               AND dunned.date_maturity = item.date_maturity
            LEFT JOIN (%(pauses)s) pause
                ON pause.move_id = item.move_id
               AND pause.partner_id = item.partner_id
               AND pause.date_maturity = item.date_maturity
            """,
            items=super()._from(),
            sent=self.env["ar.dunning.letter.line"]._sent_sql(),
            pauses=self.env["ar.item.pause"]._pause_totals_sql(roots, self._get_as_of()),
        )

    @api.model
    @tools.ormcache()
    def _get_root_company_ids(self):
        """Return every root company: rows are limited to companies by the rules, not in the query."""
        companies = self.env["res.company"].sudo().with_context(active_test=False)  # no figures of theirs
        return tuple(companies.search([("parent_id", "=", False)]).ids)
