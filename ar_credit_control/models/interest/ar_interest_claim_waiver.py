from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

WAIVABLE_STATES = ("open", "claimed", "posted")


class ArInterestClaim(models.Model):
    """Waivers: asked for with a reason, decided by another person with authority."""

    _inherit = "ar.interest.claim"

    waiver_reason = fields.Char(string="Why Waive", readonly=True, tracking=True)
    waiver_requested_by_id = fields.Many2one("res.users", string="Waiver Asked By", readonly=True)
    waiver_requested_date = fields.Datetime(string="Waiver Asked On", readonly=True)
    waiver_decided_by_id = fields.Many2one("res.users", readonly=True)
    waiver_decided_date = fields.Datetime(string="Waiver Decided On", readonly=True)
    waiver_note = fields.Char(string="Decision", readonly=True)
    waiver_move_id = fields.Many2one(
        "account.move",
        string="Credit Note",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Takes a posted claim back.",
    )
    waiver_waits = fields.Boolean(
        compute="_compute_waiver_waits", search="_search_waiver_waits", string="Waiver Asked For"
    )
    can_decide_waiver = fields.Boolean(compute="_compute_can_decide_waiver")

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

    @api.depends("waiver_waits", "amount_total")
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

    def action_request_waiver(self, reason):
        """Ask that the claims are given up.

        :raise AccessError: for a user who is no collector.
        :raise UserError: without a reason, or for claims that are settled or asked for already.
        """
        self._check_group("ar_credit_control.group_collector", self.env._("Only collectors ask for waivers."))
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the interest should be waived."))
        wrong = self.filtered(lambda claim: claim.state not in WAIVABLE_STATES or claim.waiver_waits)
        if wrong:
            raise UserError(
                self.env._("%s is settled, or a waiver was asked for already.", wrong[0].display_name)
            )
        claims = self.sudo()  # nobody has the right to write claims; the rights were checked above
        claims.write(
            {
                "waiver_reason": reason.strip(),
                "waiver_requested_by_id": self.env.uid,
                "waiver_requested_date": fields.Datetime.now(),
                "waiver_decided_by_id": False,
                "waiver_decided_date": False,
                "waiver_note": False,
            }
        )
        for customer_claims in claims.grouped(lambda claim: (claim.partner_id, claim.company_id)).values():
            customer_claims[0]._ask_approver()
        return True

    def action_approve_waiver(self, note=None):
        """Give the claims up; posted ones with a credit note.

        :raise AccessError: for who asked, or whose authority does not reach what the customer would be let
        off.
        """
        self._check_deciding()
        short = self.filtered(lambda claim: not claim._covers_waiver(self.env.user))
        if short:
            raise AccessError(self._describe_lacking(short[0]))
        claims = self.sudo()  # nobody has the right to write claims; the rights were checked above
        for debit_note, posted in claims.grouped("debit_move_id").items():
            if debit_note.state == "posted":
                posted._credit_debit_note(debit_note)
        claims.write({"state": "waived", **self._prepare_waiver_decision(note)})
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

        Several small claims are one decision: the authority has to reach their sum.
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
            currency._convert(sum(batch.mapped("amount_total")), root.currency_id, root, today)
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
        names = ", ".join(approvers.sudo().mapped("name"))  # sudo: names of colleagues, to be asked
        if not names:
            return self.env._("Waiving this is beyond your authority, and nobody else's reaches it.")
        return self.env._("Waiving this is beyond your authority. Ask %s.", names)

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
                note=self.waiver_reason,
                user_id=approver.id,
            )

    def _credit_debit_note(self, debit_note):
        """Take the claims off their debit note by a credit note, and match both."""
        company = self.company_id
        values = self._prepare_debit_note(1 if debit_note.move_type == "out_invoice" else -1)
        credit_note = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    **values,
                    "move_type": "out_refund" if debit_note.move_type == "out_invoice" else "out_invoice",
                    "journal_id": debit_note.journal_id.id,
                    "partner_id": debit_note.partner_id.id,
                    "debit_origin_id": False,
                    "reversed_entry_id": debit_note.id,
                    "ref": self.env._("Interest waived: %s", debit_note.name),
                }
            )
        )
        self.write({"waiver_move_id": credit_note.id})
        credit_note.action_post()
        lines = (debit_note | credit_note).line_ids
        lines.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
