from odoo import api, fields, models
from odoo.tools import SQL

# Reasons of pauses for which an item is not overdue for the credit rules.
SPARED = ("deferred", "disputed", "plan", "promised")


class ArCreditExposure(models.Model):
    """What is agreed on or in dispute is not overdue for the credit rules, where the company says so.

    It stays in the exposure, and in ``overdue``, as every other claim.
    """

    _inherit = "ar.credit.exposure"
    _depends = {
        "ar.payment.plan": ["paused_until", "state"],
        "ar.payment.plan.item": ["date_maturity", "move_id", "partner_id"],
        "ar.payment.promise": ["deadline", "state"],
        "ar.payment.promise.line": ["amount", "amount_paid", "date_maturity", "move_id", "partner_id"],
        "res.company": ["credit_agreements_spare_holds"],
    }

    @api.model
    def _claimed_sql(self) -> SQL:
        """A paused part is in the currency of the item: it takes off the same share in company currency."""
        if not self._get_sparing_roots():
            return super()._claimed_sql()
        return SQL(
            """CASE WHEN paused.move_id IS NULL THEN %(claimed)s
                    WHEN paused.whole OR paused.amount >= open_item.amount_currency THEN 0
                    ELSE %(claimed)s * (1 - paused.amount / open_item.amount_currency) END""",
            claimed=super()._claimed_sql(),
        )

    @api.model
    def _join_paused_sql(self) -> SQL:
        if not self._get_sparing_roots():
            return super()._join_paused_sql()
        # What is paused is little: gathered once for all customers.
        return SQL(
            "%s LEFT JOIN (%s) paused USING (move_id, partner_id, date_maturity)",
            super()._join_paused_sql(),
            self._paused_sql(),
        )

    @api.model
    def _paused_sql(self) -> SQL:
        """Return what is paused by instalment: ``whole`` or ``amount`` in the currency of the item."""
        roots = self._get_sparing_roots()
        return SQL(
            """
            SELECT move_id, partner_id, date_maturity,
                   BOOL_OR(amount_currency IS NULL) AS whole,
                   SUM(amount_currency) AS amount
              FROM (%(pauses)s) pause
             WHERE reason IN %(reasons)s
          GROUP BY move_id, partner_id, date_maturity
            """,
            pauses=self.env["ar.item.pause"]._pause_sql(roots, fields.Date.context_today(self)),
            reasons=SPARED,
        )

    @api.model
    def _get_sparing_roots(self):
        """Return the root companies whose rules leave out what is agreed; with a tried setting, see tests."""
        return self.env["res.company"].browse(self.env["res.company"]._get_sparing_roots())
