from odoo import api, fields, models


class ArInterestWaiver(models.Model):
    """What was given up of a claim by one decision, kept as evidence.

    A waiver of posted interest stands as long as its credit note does: when an accountant resets, cancels or
    reverses that, the customer owes the interest again and the claim follows.
    """

    _name = "ar.interest.waiver"
    _description = "Waiver of Late Interest"
    _order = "decided_date desc, id desc"
    _rec_name = "reason"

    claim_id = fields.Many2one(
        "ar.interest.claim", required=True, index=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="claim_id.currency_id")
    amount_interest = fields.Monetary(string="Interest", readonly=True, aggregator=False)
    amount_fee = fields.Monetary(string="Fixed Sum", readonly=True, aggregator=False)
    amount = fields.Monetary(string="Waived", compute="_compute_amount")
    reason = fields.Char(string="Why", readonly=True)
    requested_by_id = fields.Many2one("res.users", string="Asked By", readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True)
    decided_date = fields.Datetime(string="Decided On", readonly=True)
    note = fields.Char(string="Decision", readonly=True)
    move_id = fields.Many2one(
        "account.move",
        string="Credit Note",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Takes what was posted back.",
    )
    is_undone = fields.Boolean(
        string="Undone",
        readonly=True,
        help="The credit note was reset, cancelled or reversed: the customer owes this again.",
    )

    @api.depends("amount_interest", "amount_fee")
    def _compute_amount(self):
        for waiver in self:
            waiver.amount = waiver.amount_interest + waiver.amount_fee

    @api.model
    def _follow_moves(self, moves):
        """Bring waivers up to date after their credit notes changed; return those that did.

        :param moves: entries that were written or matched, and what they reverse
        """
        if not moves:
            return self.browse()
        # sudo: who books credit notes needs no right on claims
        waivers = self.sudo().search([("move_id", "in", moves.ids)])
        changed = waivers.filtered(lambda waiver: waiver.is_undone == waiver._stands_in_ledger())
        for waiver in changed:
            waiver.is_undone = not waiver.is_undone
        changed._log_change()
        return changed

    def _stands_in_ledger(self):
        """Whether the credit note is posted, and no reversal of the whole of it is."""
        self.ensure_one()
        note = self.move_id
        reversals = note.reversal_move_ids.filtered(lambda move: move.state == "posted")
        reversed_amount = sum(reversals.mapped("amount_total"))
        return note.state == "posted" and (
            not reversals or note.currency_id.compare_amounts(reversed_amount, note.amount_total) < 0
        )

    def _log_change(self):
        for waiver in self:
            claim = waiver.claim_id
            values = {
                "note": waiver.move_id.display_name,
                "amount": waiver.currency_id.format(waiver.amount),
            }
            if waiver.is_undone:
                body = self.env._("Credit note %(note)s was undone: %(amount)s is owed again.", **values)
            else:
                body = self.env._("Credit note %(note)s stands again: %(amount)s is waived.", **values)
            claim._message_log(body=body)
