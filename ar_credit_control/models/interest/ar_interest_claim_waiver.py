from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_list

WAIVABLE_STATES = ("open", "claimed", "posted")


class ArInterestClaim(models.Model):
    """Waivers, of all or a part: asked for with a reason, decided by another person with authority."""

    _inherit = "ar.interest.claim"

    waiver_ids = fields.One2many("ar.interest.waiver", "claim_id", string="Waivers", readonly=True)
    waived_interest = fields.Monetary(readonly=True, help="Interest that was given up.")
    waived_fee = fields.Monetary(string="Waived Fixed Sum", readonly=True)
    amount_waived = fields.Monetary(string="Waived", compute="_compute_amount_left", store=True)
    amount_left = fields.Monetary(
        string="Still Claimed",
        compute="_compute_amount_left",
        store=True,
        help="The total without what was waived: what is posted, or stands in the debit note.",
    )
    waiver_amount = fields.Monetary(
        string="Asked to Waive", readonly=True, help="Zero: all that is still claimed."
    )

    waiver_reason = fields.Char(string="Why Waive", readonly=True, tracking=True)
    waiver_requested_by_id = fields.Many2one("res.users", string="Waiver Asked By", readonly=True)
    waiver_requested_date = fields.Datetime(string="Waiver Asked On", readonly=True)
    waiver_decided_by_id = fields.Many2one("res.users", readonly=True)
    waiver_decided_date = fields.Datetime(string="Waiver Decided On", readonly=True)
    waiver_note = fields.Char(string="Decision", readonly=True)
    is_given_up = fields.Boolean(compute="_compute_is_given_up")
    waiver_waits = fields.Boolean(
        compute="_compute_waiver_waits", search="_search_waiver_waits", string="Waiver Asked For"
    )
    can_decide_waiver = fields.Boolean(compute="_compute_can_decide_waiver")

    @api.depends("amount_total", "waived_interest", "waived_fee")
    def _compute_amount_left(self):
        for claim in self:
            claim.amount_waived = claim.waived_interest + claim.waived_fee
            claim.amount_left = claim.amount_total - claim.amount_waived

    @api.depends("amount_left", "amount_waived")
    def _compute_is_given_up(self):
        """Whether waivers took all of the claim."""
        for claim in self:
            claim.is_given_up = bool(claim.amount_waived) and claim.currency_id.is_zero(claim.amount_left)

    @api.depends("waiver_requested_by_id", "waiver_decided_by_id", "state")
    def _compute_waiver_waits(self):
        for claim in self:
            claim.waiver_waits = bool(claim.waiver_requested_by_id) and claim.state in WAIVABLE_STATES

    def _search_waiver_waits(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = fields.Domain("waiver_requested_by_id", "!=", False) & fields.Domain(
            "state", "in", WAIVABLE_STATES
        )
        return domain if True in value else ~domain

    @api.depends("waiver_waits", "amount_left", "waiver_amount")
    @api.depends_context("uid")
    def _compute_can_decide_waiver(self):
        for claim in self:
            claim.can_decide_waiver = (
                claim.waiver_waits
                and claim.waiver_requested_by_id != self.env.user
                and claim._covers_waiver(self.env.user)
            )

    # Actions

    def action_open_waiver(self):
        """Ask for the reason of a waiver."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ask for a Waiver"),
            "res_model": "ar.interest.waive",
            "view_mode": "form",
            "target": "new",
            "context": {"default_claim_ids": [Command.set(self.ids)]},
        }

    def action_open_decision(self):
        """Ask for the words of a decision on waivers; the context key ``decision`` says which.

        Of the claims selected, those whose waiver somebody asked for count.
        """
        claims = self.filtered("waiver_waits")
        if not claims:
            raise UserError(self.env._("Nobody asked to waive these claims."))
        decision = "refuse" if self.env.context.get("decision") == "refuse" else "approve"
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide on the Waiver"),
            "res_model": "ar.interest.waive",
            "view_mode": "form",
            "target": "new",
            "context": {"default_decision": decision, "default_claim_ids": [Command.set(claims.ids)]},
        }

    def action_request_waiver(self, reason, amount=None):
        """Ask that the claims, or a part of them, are given up.

        :param amount: what to give up of the claims together, in their currency, spread over them by their
            amounts; None: all that is still claimed
        :raise AccessError: for a user who is no collector.
        :raise UserError: without a reason, for claims that are settled or asked for already, and for a part
            that is not below what is claimed.
        """
        self._check_group("ar_credit_control.group_collector", self.env._("Only collectors ask for waivers."))
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the interest should be waived."))
        wrong = self.filtered(lambda claim: claim.state not in WAIVABLE_STATES or claim.waiver_waits)
        if wrong:
            raise UserError(
                self.env._("%s is settled, or a waiver was asked for already.", wrong[0].display_name)
            )
        shares = {claim: claim.amount_left for claim in self} if amount is None else self._spread(amount)
        claims = self.browse(claim.id for claim in shares).sudo()  # nobody may write claims; checked above
        for claim in claims:
            claim.write(claim._prepare_waiver_request(reason.strip(), shares[claim]))
        for customer_claims in claims.grouped(lambda claim: (claim.partner_id, claim.company_id)).values():
            customer_claims[0]._ask_approver()
        return True

    def action_approve_waiver(self, note=None):
        """Give up what was asked for; of posted claims with a credit note.

        :raise AccessError: for who asked, or whose authority does not reach what the customer would be let
        off.
        :raise UserError: for a claim whose debit note is a draft.
        """
        self._check_deciding()
        short = self.filtered(lambda claim: not claim._covers_waiver(self.env.user))
        if short:
            raise AccessError(self._describe_lacking(short[0]))
        drafts = self.sudo().filtered(lambda claim: claim.debit_move_id.state == "draft")  # an entry's state
        if drafts:
            raise UserError(
                self.env._(
                    "The debit note of %s is a draft: post or cancel it first.", drafts[0].display_name
                )
            )
        claims = self.sudo()  # nobody has the right to write claims; the rights were checked above
        decision = self._prepare_waiver_decision(note)
        waivers = self.env["ar.interest.waiver"].sudo()  # as the claims
        waivers = waivers.create([claim._prepare_waiver(decision) for claim in claims])
        claims._sum_waivers()
        for debit_note, posted in claims.grouped("debit_move_id").items():
            if debit_note.state == "posted":
                posted._credit_debit_note(
                    debit_note, waivers.filtered(lambda waiver, of=posted: waiver.claim_id in of)
                )
        given_up = claims.filtered("is_given_up")
        for claim in claims - given_up:
            claim._message_log(body=claim._describe_part_waived())
        # Who asked is known from the waiver; what is left, or owed again, may be asked for anew.
        claims.write({**decision, "waiver_requested_by_id": False})
        given_up.write({"state": "waived"})
        claims.activity_ids.unlink()
        return True

    def action_refuse_waiver(self, note=None):
        """Keep the claims.

        :raise AccessError: for who asked, or whose authority does not reach what the customer would be let
        off.
        """
        self._check_deciding()
        short = self.filtered(lambda claim: not claim._covers_waiver(self.env.user))
        if short:
            raise AccessError(self._describe_lacking(short[0]))
        claims = self.sudo()  # nobody has the right to write claims; the rights were checked above
        for claim in claims:
            claim._message_log(
                body=self.env._(
                    "Waiver refused: %(why)s (asked by %(user)s: %(reason)s)",
                    why=note or "–",
                    user=claim.waiver_requested_by_id.name,
                    reason=claim.waiver_reason,
                )
            )
        claims.write({**self._prepare_waiver_decision(note), "waiver_requested_by_id": False})
        claims.activity_ids.unlink()
        return True

    # Business

    def _spread(self, amount):
        """Return the share of each claim in an amount that is given up of all of them.

        :raise UserError: for claims of several currencies, corrections, and an amount out of bounds
        """
        currency = self.currency_id
        if len(currency) != 1 or self.filtered(lambda claim: claim.amount_left <= 0):
            raise UserError(
                self.env._("A part can be waived of claims in one currency, without corrections among them.")
            )
        total = sum(self.mapped("amount_left"))
        amount = currency.round(amount)
        if not 0 < amount <= total:
            raise UserError(self.env._("Choose an amount up to %s.", currency.format(total)))
        shares, reached, given = {}, 0.0, 0.0
        for claim in self.sorted(lambda claim: (claim.date_maturity, claim.id)):
            reached += claim.amount_left
            share = currency.round(currency.round(amount * reached / total) - given)
            given += share
            if share:
                shares[claim] = share
        return shares

    def _get_asked(self):
        """Return what a waiver was asked for, in the currency of the claim."""
        self.ensure_one()
        return self.waiver_amount or self.amount_left

    def _prepare_waiver_request(self, reason, amount):
        return {
            "waiver_reason": reason,
            "waiver_amount": amount,
            "waiver_requested_by_id": self.env.uid,
            "waiver_requested_date": fields.Datetime.now(),
            "waiver_decided_by_id": False,
            "waiver_decided_date": False,
            "waiver_note": False,
        }

    def _prepare_waiver(self, decision):
        """Return the waiver that was asked for: interest first, then the fixed sum."""
        self.ensure_one()
        asked = self._get_asked()
        interest = self.amount_interest - self.waived_interest
        part = not self.currency_id.is_zero(asked - self.amount_left)
        given = min(asked, interest) if part else interest
        return {
            "claim_id": self.id,
            "amount_interest": given,
            "amount_fee": self.currency_id.round(asked - given),
            "reason": self.waiver_reason,
            "requested_by_id": self.waiver_requested_by_id.id,
            "decided_by_id": decision["waiver_decided_by_id"],
            "decided_date": decision["waiver_decided_date"],
            "note": decision["waiver_note"],
        }

    def _sum_waivers(self):
        """Write what the waivers that stand come to."""
        for claim in self:
            waivers = claim.waiver_ids.filtered(lambda waiver: not waiver.is_undone)
            claim.write(
                {
                    "waived_interest": sum(waivers.mapped("amount_interest")),
                    "waived_fee": sum(waivers.mapped("amount_fee")),
                }
            )

    def _describe_part_waived(self):
        self.ensure_one()
        return self.env._(
            "Waived: %(amount)s of %(total)s (asked by %(user)s: %(reason)s)",
            amount=self.currency_id.format(self.waiver_ids[:1].amount),
            total=self.currency_id.format(self.amount_total),
            user=self.waiver_requested_by_id.name,
            reason=self.waiver_reason,
        )

    def _prepare_waiver_decision(self, note):
        return {
            "waiver_decided_by_id": self.env.uid,
            "waiver_decided_date": fields.Datetime.now(),
            "waiver_note": (note or "").strip() or False,
        }

    def _check_deciding(self):
        self._check_group(
            "ar_credit_control.group_collector",
            self.env._("You may not decide on waivers."),
        )
        if self.filtered(lambda claim: not claim.waiver_waits):
            raise UserError(self.env._("Nobody asked to waive this claim, or it is settled."))
        if self.filtered(lambda claim: claim.waiver_requested_by_id == self.env.user):
            raise AccessError(self.env._("Who asked for a waiver does not decide on it."))

    def _get_waiver_amount(self):
        """Return all that the customer asks to be let off at the moment, in the main company's currency.

        Several small claims are one decision: the authority has to reach their sum. What was waived of the
        same claims before counts, too, so that small parts in a row are one decision as well.
        """
        self.ensure_one()
        root = self.company_id._credit_root()
        # sudo: claims of branches that the person does not see count, too
        claims = self.sudo().search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "child_of", root.id),
                ("waiver_waits", "=", True),
            ]
        )
        today = root._credit_today()
        return sum(
            currency._convert(
                sum(claim._get_asked() + claim.amount_waived for claim in batch),
                root.currency_id,
                root,
                today,
            )
            for currency, batch in claims.grouped("currency_id").items()
        )

    def _covers_waiver(self, user):
        self.ensure_one()
        return self.env["ar.credit.authority"]._covers(
            user, "waiver", max(self._get_waiver_amount(), 0.0), self.company_id
        )

    def _describe_lacking(self, claim):
        approvers = (
            self.env["ar.credit.authority"]._get_approvers(
                "waiver", max(claim._get_waiver_amount(), 0.0), claim.company_id
            )
            - claim.waiver_requested_by_id
        )
        names = approvers.sudo().mapped("name")  # sudo: names of colleagues, to be asked
        if not names:
            return self.env._("Waiving this is beyond your authority, and nobody else's reaches it.")
        return self.env._(
            "Waiving this is beyond your authority. Ask %s.", format_list(self.env, names, style="or")
        )

    def _ask_approver(self):
        """Give the lowest tier that may decide an activity, on the first claim of the customer."""
        self.ensure_one()
        approvers = self.env["ar.credit.authority"]._get_approvers(
            "waiver", max(self._get_waiver_amount(), 0.0), self.company_id
        )
        approver = (approvers - self.waiver_requested_by_id)[:1]
        if approver:
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Decide on waiving interest of %s", self.partner_name),
                note=self.env._(
                    "%(amount)s: %(reason)s",
                    amount=self.currency_id.format(self._get_asked()),
                    reason=self.waiver_reason,
                ),
                user_id=approver.id,
            )

    def _credit_debit_note(self, debit_note, waivers):
        """Take what is waived of the claims off their debit note by a credit note, and match both."""
        company = self.company_id
        sign = 1 if debit_note.move_type == "out_invoice" else -1
        parts = {waiver.claim_id: (waiver.amount_interest, waiver.amount_fee) for waiver in waivers}
        credit_note = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    **self._prepare_debit_note(sign, parts),
                    "move_type": "out_refund" if sign > 0 else "out_invoice",
                    "journal_id": debit_note.journal_id.id,
                    "partner_id": debit_note.partner_id.id,
                    "debit_origin_id": False,
                    "reversed_entry_id": debit_note.id,
                    "ref": self.env._("Interest waived: %s", debit_note.name),
                }
            )
        )
        waivers.write({"move_id": credit_note.id})
        credit_note.action_post()
        lines = (debit_note | credit_note).line_ids
        lines.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
