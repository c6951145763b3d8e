from odoo import models
from odoo.tools import SQL

from .ar_interest_claim import WAITING_STATES


class ArDunningLetter(models.Model):
    """Late interest and fixed sums on letters whose stage claims them."""

    _inherit = "ar.dunning.letter"

    def _get_interest(self):
        """Return interest and fixed sum by letter line, until the dates of the letters.

        What earlier letters claimed and no debit note posted is in it again; disputed parts bear
        none until the dispute is decided. One statement for all letters of a company and day.
        """
        result = super()._get_interest()
        self.env["ar.interest.figures"]._flush()
        for (root, date), letters in self.grouped(lambda letter: (letter.company_id, letter.date)).items():
            rows = self.env.execute_query(letters._interest_sql(root, date))
            result.update(
                (self.env["ar.dunning.letter.line"].browse(line_id), (interest, fee))
                for line_id, interest, fee in rows
            )
        return result

    def _interest_sql(self, root, date):
        claims = self.env["ar.interest.claim"]
        listed = SQL(
            """SELECT move_line_id FROM ar_dunning_letter_line
                WHERE letter_id = ANY(%s) AND move_line_id IS NOT NULL""",
            self.ids,
        )
        return SQL(
            """
            WITH %(common)s
            SELECT line.id,
                   (due.waiting_interest + CASE WHEN due.is_small THEN 0 ELSE due.interest END)::float8,
                   (due.waiting_fee + due.fee)::float8
              FROM interest_due due
              JOIN ar_dunning_letter_line line
                ON line.letter_id = ANY(%(letters)s)
               AND line.move_id = due.move_id
               AND line.date_maturity = due.date_maturity
              JOIN ar_dunning_letter letter ON letter.id = line.letter_id
              JOIN res_partner addressee
                ON addressee.id = letter.partner_id AND addressee.commercial_partner_id = due.partner_id
             WHERE %(claimable)s
            """,
            common=self.env["ar.interest.figures"]._ledger_with_sql(
                date, line_ids=listed, root_ids=root.ids, withheld=claims._withheld_sql(root, date)
            ),
            letters=self.ids,
            claimable=claims._claimable_sql(),
        )

    def _get_interest_apart(self):
        amount = super()._get_interest_apart()
        if not amount or self.state != "sent":
            return amount
        keys = {(line.move_id.id, line.date_maturity) for line in self.line_ids}
        # sudo: what the holder of the letter still owes of it
        waiting = self.env["ar.interest.claim"].sudo()
        waiting = waiting.search(
            [
                ("move_id", "in", self.line_ids.move_id.ids),
                ("partner_id.commercial_partner_id", "=", self.partner_id.commercial_partner_id.id),
                ("state", "in", WAITING_STATES),
            ]
        ).filtered(lambda claim: (claim.move_id.id, claim.date_maturity) in keys)
        return min(amount, sum(waiting.mapped("amount_left")))

    def _mark_sent(self):
        result = super()._mark_sent()
        self.env["ar.interest.claim"]._claim_by_letters(self)
        return result
