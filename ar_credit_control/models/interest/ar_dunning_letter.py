from odoo import fields, models
from odoo.tools import SQL


class ArDunningLetter(models.Model):
    """Late interest and fixed sums on letters whose stage claims them."""

    _inherit = "ar.dunning.letter"

    amount_interest = fields.Monetary(
        string="Late Interest",
        readonly=True,
        help="Interest until the date of the letter on the items listed that is not posted yet.",
    )
    amount_fees = fields.Monetary(string="Fixed Sums", readonly=True)

    def _get_interest(self):
        """Set interest and fixed sums of lines and letters at the letters' dates, and add them to the total.

        What earlier letters claimed and no debit note posted is in it again; items with an open dispute bear
        none until it is decided. A few statements for any number of letters of a company and day.
        """
        figures = self.env["ar.interest.figures"]
        claiming = self.filtered(lambda letter: letter.stage_id.claims_interest)
        figures._flush()
        for (root, date), letters in claiming.grouped(
            lambda letter: (letter.company_id, letter.date)
        ).items():
            listed = SQL(
                """SELECT line.move_line_id FROM ar_dunning_letter_line line
                    WHERE line.letter_id = ANY(%s) AND line.move_line_id IS NOT NULL""",
                letters.ids,
            )
            self.env.cr.execute(
                SQL(
                    """
                    WITH %(common)s
                    UPDATE ar_dunning_letter_line line
                       SET interest = due.waiting_interest
                                      + CASE WHEN due.is_small THEN 0 ELSE due.interest END,
                           fee = due.waiting_fee + due.fee
                      FROM interest_due due
                     WHERE line.letter_id = ANY(%(letters)s)
                       AND line.move_id = due.move_id
                       AND line.partner_id = due.partner_id
                       AND line.date_maturity = due.date_maturity
                       AND %(undisputed)s
                    """,
                    common=figures._ledger_with_sql(date, line_ids=listed, root_ids=root.ids),
                    letters=letters.ids,
                    undisputed=self.env["ar.interest.claim"]._undisputed_sql(root, date),
                )
            )
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE ar_dunning_letter letter
                       SET amount_interest = total.interest,
                           amount_fees = total.fees,
                           amount_total = letter.amount_due - letter.amount_credit
                                          + total.interest + total.fees
                      FROM (SELECT letter_id, COALESCE(SUM(interest), 0) AS interest,
                                   COALESCE(SUM(fee), 0) AS fees
                              FROM ar_dunning_letter_line
                             WHERE letter_id = ANY(%s)
                          GROUP BY letter_id) total
                     WHERE total.letter_id = letter.id
                    """,
                    letters.ids,
                )
            )
        claiming.invalidate_recordset()
        claiming.line_ids.invalidate_recordset()

    def _recheck(self, policy):
        due = super()._recheck(policy)
        due._get_interest()
        return due

    def _mark_sent(self):
        result = super()._mark_sent()
        self.env["ar.interest.claim"]._claim_by_letters(self)
        return result
