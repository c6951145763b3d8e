from odoo import api, fields, models
from odoo.tools import SQL


class ArAgingReport(models.Model):
    """Adds the stage that was last sent for the instalment."""

    _inherit = "ar.aging.report"
    _depends = {
        "ar.dunning.letter": ["state"],
        "ar.dunning.letter.line": ["date_maturity", "letter_id", "move_id", "partner_id", "stage_id"],
        "ar.dunning.stage": ["day_offset"],
    }

    dunning_stage_id = fields.Many2one(
        "ar.dunning.stage",
        readonly=True,
        help="The furthest stage that was sent for the item.",
    )

    @api.model
    def _select(self) -> SQL:
        return SQL("%s, dunned.stage_id AS dunning_stage_id", super()._select())

    @api.model
    def _from(self) -> SQL:
        return SQL(
            """%s
            LEFT JOIN (
                   SELECT sent_line.move_id, sent_line.partner_id, sent_line.date_maturity,
                          (ARRAY_AGG(stage.id ORDER BY stage.day_offset DESC, letter.id DESC))[1] AS stage_id
                     FROM ar_dunning_letter_line sent_line
                     JOIN ar_dunning_letter letter
                       ON letter.id = sent_line.letter_id AND letter.state = 'sent'
                     JOIN ar_dunning_stage stage ON stage.id = sent_line.stage_id
                    WHERE sent_line.move_id IS NOT NULL
                 GROUP BY sent_line.move_id, sent_line.partner_id, sent_line.date_maturity
                 ) dunned
                ON dunned.move_id = item.move_id
               AND dunned.partner_id = item.partner_id
               AND dunned.date_maturity = item.date_maturity
            """,
            super()._from(),
        )
