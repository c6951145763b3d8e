from odoo import api, models
from odoo.tools import SQL, format_amount

from .ar_interest_claim import WAITING_STATES

# Of a transaction: invoices of which a credit note said that they were too high.
CREDITED = "ar_credit_control.interest_credited"


class ArInterestClaim(models.Model):
    """What becomes of claims when a credit note says that the invoice was never owed."""

    _inherit = "ar.interest.claim"

    @api.model
    def _touch_credited(self, moves):
        """Have the claims of credited invoices corrected when the transaction is committed."""
        if not moves:
            return
        precommit = self.env.cr.precommit
        pending = precommit.data.get(CREDITED)
        if pending is None:
            pending = precommit.data[CREDITED] = set()
            precommit.add(self.sudo()._correct_credited)  # sudo: whoever writes the credit note
        pending.update(moves.ids)

    def _correct_credited(self):
        """Write corrections of what claims hold too much, until the day they were counted to.

        Claims that nobody was asked for are dropped and counted anew, those that come to nothing with the
        corrections are dropped; a person is told of what was posted.
        """
        move_ids = self._find_never_owed(self.env.cr.precommit.data.pop(CREDITED, ()))
        claims = self.search([("move_id", "in", move_ids), ("state", "!=", "cancelled")])
        days = {move: max(of_move.mapped("date")) for move, of_move in claims.grouped("move_id").items()}
        batches = claims.move_id.grouped(lambda move: (move.company_id._credit_root(), days[move]))
        claims.filtered(
            lambda claim: (
                claim.state == "open"
                and not (claim.debit_move_id or claim.waiver_ids or claim.waiver_requested_by_id)
            )
        )._drop_credited()
        for (root, day), moves in batches.items():
            corrections = self._count_anew(root, day, moves)
            corrections -= corrections._drop_settled()
            corrections.filtered(lambda claim: claim.amount_total < 0)._ask_to_post()

    @api.model
    def _find_never_owed(self, move_ids):
        """Return those of the entries of which a credit note says that a part was never owed."""
        if not move_ids:
            return []
        figures = self.env["ar.interest.figures"]
        figures._flush()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT item.move_id
                  FROM account_move_line item
                  JOIN account_partial_reconcile part ON part.debit_move_id = item.id
                  JOIN account_move_line counterpart ON counterpart.id = part.credit_move_id
                  JOIN account_move credit ON credit.id = counterpart.move_id
                 WHERE item.move_id = ANY(%s) AND counterpart.parent_state = 'posted' AND %s
                """,
                list(move_ids),
                figures._never_owed_sql(),
            )
        )
        return [move_id for (move_id,) in rows]

    @api.model
    def _count_anew(self, root, date, moves):
        """Write what claims hold too much of these entries, or too little by now; return the claims."""
        figures = self.env["ar.interest.figures"]
        figures._flush()
        return self._insert(
            figures._ledger_with_sql(
                date, moves.line_ids.ids, root_ids=root.ids, withheld=self._withheld_sql(root, date)
            ),
            SQL("(due.interest + due.fee < 0 OR %s)", self._claimable_sql()),
            date,
            "open",
        )

    def _drop_settled(self):
        """Drop corrections and the waiting claims that they take off in full; return the corrections."""
        dropped = self.browse()
        waiting = self.search([("move_id", "in", self.move_id.ids), ("state", "in", WAITING_STATES)])
        instalments = waiting.grouped(lambda claim: (claim.move_id, claim.partner_id, claim.date_maturity))
        for claims in instalments.values():
            if (claims & self) and claims._come_to_nothing():
                dropped |= claims
        dropped._drop_credited()
        return dropped & self

    def _drop_credited(self):
        self.write({"state": "cancelled"})
        self.activity_ids.unlink()
        body = self.env._("Dropped: a credit note says that it was never owed. The rest is counted anew.")
        self._message_log_batch({claim.id: body for claim in self})

    def _come_to_nothing(self):
        """Whether nothing is left of these claims but for the rounding of each, and nobody waived a part."""
        if self.debit_move_id or self.waiver_ids:
            return False
        unit = self.currency_id.rounding
        return all(
            abs(sum(self.mapped(name))) < unit * len(self) for name in ("amount_interest", "amount_fee")
        )

    def _ask_to_post(self):
        """Name corrections of what was posted to who posted it, else to a controller of the company."""
        for claim in self:
            posted = self.search(
                [
                    ("move_id", "=", claim.move_id.id),
                    ("date_maturity", "=", claim.date_maturity),
                    ("debit_move_id.state", "=", "posted"),
                ]
            )
            user = posted and claim._get_correcting_user(posted.debit_move_id)
            if user:
                words = claim.with_context(lang=user.lang).env
                claim.with_context(mail_activity_quick_update=True).activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=words._("Post the correction of late interest"),
                    note=words._(
                        "%(invoice)s was credited after its interest was posted: %(amount)s too much.",
                        invoice=claim.name,
                        amount=format_amount(words, -claim.amount_total, claim.currency_id),
                    ),
                    user_id=user.id,
                )

    def _get_correcting_user(self, notes):
        group = self.env.ref("ar_credit_control.group_credit_controller")
        people = group.all_user_ids.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
        return (notes.create_uid & people)[:1] or people.sorted("id")[:1]
