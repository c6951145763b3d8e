from odoo import Command, api, fields, models
from odoo.tools import SQL, format_amount

from .ar_interest_claim import WAITING_STATES

# Of a transaction: entries that were posted or undone, or whose matchings changed.
TOUCHED = "ar_credit_control.interest_touched"
GIVEN_UP_STATES = ("waived", "written_off")


class ArInterestClaim(models.Model):
    """What becomes of claims when the ledger says later that less was owed.

    A credit note of the invoice says so, a receipt or credit note that is applied days after its date, an
    invoice that is cancelled or gets another due date. Corrections go again when that is undone.
    """

    _inherit = "ar.interest.claim"

    @api.model
    def _touch_entries(self, moves):
        """Have claims of these entries, or of what they pay, corrected when the transaction is committed."""
        if not moves:
            return
        precommit = self.env.cr.precommit
        pending = precommit.data.get(TOUCHED)
        if pending is None:
            pending = precommit.data[TOUCHED] = set()
            precommit.add(self.sudo()._correct_touched)  # sudo: whoever books a payment or a credit note
        pending.update(moves.ids)

    def _correct_touched(self):
        """Write corrections of what claims hold too much, until the day they were counted to.

        Claims that nobody was asked for are dropped and counted anew, those that come to nothing with the
        corrections are dropped; a person is told of what was posted.
        """
        claims = self._find_touched(self.env.cr.precommit.data.pop(TOUCHED, ()))
        if not claims:
            return
        corrections = claims._find_unfounded()._withdraw()
        days = {move: max(of_move.mapped("date")) for move, of_move in claims.grouped("move_id").items()}
        batches = claims.move_id.grouped(lambda move: (move.company_id._credit_root(), days[move]))
        for (root, day), moves in batches.items():
            wrong = self._find_overclaimed(root, day, moves)
            claims.filtered(lambda claim, wrong=wrong: claim.move_id in wrong)._drop_unasked()
            corrections += self._count_anew(root, day, wrong)
        corrections -= corrections._drop_settled()
        corrections.filtered(lambda claim: claim.amount_total < 0)._ask_to_post()

    # what claims hold too much

    @api.model
    def _find_touched(self, move_ids):
        """Return the claims of these entries, and of entries that these are matched with."""
        if not move_ids:
            return self.browse()
        self.env["ar.interest.figures"]._flush()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT claim.id
                  FROM ar_interest_claim claim
                 WHERE claim.state != 'cancelled'
                   AND claim.move_id IN (
                       SELECT unnest(%(moves)s)
                        UNION
                       SELECT item.move_id
                         FROM account_move_line receipt
                         JOIN account_partial_reconcile part ON part.credit_move_id = receipt.id
                         JOIN account_move_line item ON item.id = part.debit_move_id
                        WHERE receipt.move_id = ANY(%(moves)s))
              ORDER BY claim.id
                """,
                moves=list(move_ids),
            )
        )
        return self.browse(claim_id for (claim_id,) in rows)

    def _find_unfounded(self):
        """Return those claims whose instalment is in the ledger no more: cancelled, or due on another day.

        An invoice in draft may come back as it was.
        """
        lines = self.env["account.move.line"].search(
            [("move_id", "in", self.move_id.ids), ("account_type", "=", "asset_receivable")]
        )
        owed = {
            (line.move_id, line.partner_id.commercial_partner_id, line.date_maturity or line.date)
            for line in lines
            if line.parent_state != "cancel"
        }
        return self.filtered(
            lambda claim: claim.move_id.state != "draft" and claim._get_item_key() not in owed
        )

    @api.model
    def _find_overclaimed(self, root, date, moves):
        """Return those entries whose claims hold too much, or corrections that are not true any more."""
        rows = self.env.execute_query(
            SQL(
                """
                WITH %s
                SELECT DISTINCT due.move_id
                  FROM interest_due due
                 WHERE due.interest < 0
                    OR due.fee < 0
                    OR due.interest + due.fee > 0
                       AND EXISTS (SELECT FROM ar_interest_claim correction
                                    WHERE correction.move_id = due.move_id
                                      AND correction.date_maturity = due.date_maturity
                                      AND correction.state = 'open'
                                      AND correction.debit_move_id IS NULL
                                      AND correction.amount_total < 0)
                """,
                self._recount_sql(root, date, moves),
            )
        )
        return moves.browse(move_id for (move_id,) in rows)

    @api.model
    def _recount_sql(self, root, date, moves):
        figures = self.env["ar.interest.figures"]
        figures._flush()
        return figures._ledger_with_sql(
            date, moves.line_ids.ids, root_ids=root.ids, withheld=self._withheld_sql(root, date)
        )

    # taking it off

    @api.model
    def _count_anew(self, root, date, moves):
        """Write what claims hold too much of these entries, or too little by now; return the claims."""
        if not moves:
            return self.browse()
        return self._insert(
            self._recount_sql(root, date, moves),
            SQL("(due.interest + due.fee < 0 OR %s)", self._claimable_sql()),
            date,
            "open",
        )

    def _withdraw(self):
        """Take off in full what claims hold of instalments that are not owed; return the corrections."""
        self._drop_unasked()
        held = self.filtered(lambda claim: claim.state not in ("cancelled", *GIVEN_UP_STATES))
        return self.create(
            [
                values
                for claims in held.grouped(lambda claim: claim._get_item_key()).values()
                if (values := claims._prepare_withdrawal())["amount_total"]
            ]
        )

    def _prepare_withdrawal(self):
        """Return the values of a correction of all that these claims of an instalment hold."""
        last = self.sorted("occurrence")[-1]
        interest = sum(claim.amount_interest - claim.waived_interest for claim in self)
        fee = sum(claim.amount_fee - claim.waived_fee for claim in self)
        everything = self.search(
            [
                ("move_id", "=", last.move_id.id),
                ("partner_id", "=", last.partner_id.id),
                ("date_maturity", "=", last.date_maturity),
            ]
        )
        days = [day for claim in self for day in (claim.date_from, claim.date_to) if day]
        return {
            "move_line_id": last.move_line_id.id,
            "move_id": last.move_id.id,
            "partner_id": last.partner_id.id,
            "partner_name": last.partner_name,
            "company_id": last.company_id.id,
            "currency_id": last.currency_id.id,
            "name": last.name,
            "ref": last.ref,
            "invoice_date": last.invoice_date,
            "date_maturity": last.date_maturity,
            "scheme_id": last.scheme_id.id,
            "occurrence": max(everything.mapped("occurrence")) + 1,
            "date": max(self.mapped("date")),
            "date_from": min(days, default=False),
            "date_to": max(days, default=False),
            "days": sum(self.mapped("days")),
            "amount_interest": -interest,
            "amount_fee": -fee,
            "amount_total": -interest - fee,
            "state": "open",
            "user_id": self.env.uid,
            "segment_ids": [
                Command.create(values) for claim in self for values in claim._prepare_withdrawn_segments()
            ],
        }

    def _prepare_withdrawn_segments(self):
        """Return the segments of a claim the other way round, as far as it was not waived."""
        self.ensure_one()
        left = 1 - self.waived_interest / self.amount_interest if self.amount_interest else 1
        return [
            {
                "date_from": segment.date_from,
                "date_to": segment.date_to,
                "days": segment.days,
                "principal": -segment.principal * left,
                "rate": segment.rate,
                "amount": -segment.amount * left,
            }
            for segment in self.segment_ids
        ]

    def _drop_unasked(self):
        """Drop those claims that nobody was asked for and nobody works on."""
        self.filtered(
            lambda claim: (
                claim.state == "open"
                and not (claim.debit_move_id or claim.waiver_ids or claim.waiver_requested_by_id)
            )
        )._drop_not_owed()

    def _drop_settled(self):
        """Drop corrections and the waiting claims that they take off in full; return the corrections."""
        dropped = self.browse()
        waiting = self.search([("move_id", "in", self.move_id.ids), ("state", "in", WAITING_STATES)])
        instalments = waiting.grouped(lambda claim: (claim.move_id, claim.partner_id, claim.date_maturity))
        for claims in instalments.values():
            if (claims & self) and claims._come_to_nothing():
                dropped |= claims
        dropped._drop_not_owed()
        return dropped & self

    def _drop_not_owed(self):
        self.write({"state": "cancelled"})
        self.activity_ids.unlink()
        body = self.env._("Dropped: the ledger says by now that it was not owed. The rest is counted anew.")
        self._message_log_batch({claim.id: body for claim in self})

    def _come_to_nothing(self):
        """Whether nothing is left of these claims but for the rounding of each, and nobody waived a part."""
        if self.debit_move_id or self.waiver_ids:
            return False
        unit = self.currency_id.rounding
        return all(
            abs(sum(self.mapped(name))) < unit * len(self) for name in ("amount_interest", "amount_fee")
        )

    # telling a person

    def _ask_to_post(self):
        """Name what was posted too much to who posted it, else to a controller of the company.

        Corrections of a customer that come to less than the smallest claim together wait for the next debit
        note.
        """
        waiting = self.search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("state", "in", WAITING_STATES),
                ("debit_move_id", "=", False),
                ("amount_total", "<", 0),
            ]
        )
        notes = waiting._get_posted_notes()
        posted = waiting.filtered(lambda claim: claim._get_item_key() in notes)
        people = self.env.ref("ar_credit_control.group_credit_controller").all_user_ids
        todo = self.env.ref("mail.mail_activity_data_todo")
        activities = []
        for corrections in posted.grouped(lambda claim: claim._get_smallest_key()).values():
            if not (corrections & self and corrections._is_worth_posting()):
                continue
            for correction in corrections.filtered(lambda claim: not claim.activity_ids):
                user = correction._get_correcting_user(notes[correction._get_item_key()], people)
                if user:
                    activities.append(correction._prepare_posting_activity(user, todo))
        # Quick update: no mail to the assignee for each of them.
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(activities)

    def _get_posted_notes(self):
        """Return the posted debit notes of interest by instalment."""
        claims = self.search([("move_id", "in", self.move_id.ids), ("debit_move_id.state", "=", "posted")])
        return {
            key: of_item.debit_move_id
            for key, of_item in claims.grouped(lambda claim: claim._get_item_key()).items()
        }

    def _get_smallest_key(self):
        return self.company_id, self.partner_id, self.currency_id, self.scheme_id

    def _is_worth_posting(self):
        """Whether corrections of a customer reach the smallest claim of their scheme."""
        scheme, company = self.scheme_id, self.company_id
        smallest = scheme.currency_id._convert(
            scheme.min_amount, self.currency_id, company, company._credit_root()._credit_today()
        )
        return self.currency_id.compare_amounts(-sum(self.mapped("amount_total")), smallest) >= 0

    def _prepare_posting_activity(self, user, activity_type):
        self.ensure_one()
        words = self.with_context(lang=user.lang).env
        return {
            "res_model_id": self.env["ir.model"]._get_id(self._name),
            "res_id": self.id,
            "activity_type_id": activity_type.id,
            "summary": words._("Post the correction of late interest"),
            "note": words._(
                "Interest of %(invoice)s was posted for days on which less was owed: %(amount)s too much.",
                invoice=self.name,
                amount=format_amount(words, -self.amount_total, self.currency_id),
            ),
            "user_id": user.id,
            "date_deadline": fields.Date.context_today(self),
        }

    def _get_correcting_user(self, notes, people):
        """Return who posted the interest, else the first of those who may post it at this company."""
        able = people.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
        return (notes.create_uid & able)[:1] or able.sorted("id")[:1]
