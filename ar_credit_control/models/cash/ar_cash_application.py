from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .ar_cash_receipt import CONFIDENCES, KINDS

# Of many receipts at once: how often those whose items another one took look for others.
PASSES = 5


class ArCashApplication(models.Model):
    """A receipt applied to items, or the request to do so: who asked, who approved, on which figures.

    Up to an amount of the company, a credit controller or accountant applies a receipt at once; above it, and
    for everybody who may not apply, another person approves. Applications are evidence: written by their
    methods only, never deleted. The matching itself is core's reconciliation; undoing it there shows here.
    """

    _name = "ar.cash.application"
    _description = "Cash Application"
    _inherit = [
        "ar.collector.notes.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _order = "id desc"

    name = fields.Char(string="Receipt", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    receipt_key = fields.Float(digits=(18, 0), readonly=True, help="Row of the queue.")
    move_line_id = fields.Many2one(
        "account.move.line", string="Journal Item", readonly=True, index="btree_not_null", ondelete="set null"
    )
    statement_line_id = fields.Many2one(
        "account.bank.statement.line", string="Bank Line", readonly=True, ondelete="set null"
    )
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, index="btree_not_null", ondelete="set null"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_name = fields.Char(string="Customer When Recorded", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.root_id.currency_id", string="Company Currency")
    text = fields.Char(string="Reference", readonly=True)
    date = fields.Date(string="Received On", readonly=True)
    days_idle = fields.Integer(readonly=True, aggregator="avg", help="When it was asked for or applied.")
    amount = fields.Monetary(string="Unapplied", readonly=True, help="Of the receipt, when it was asked for.")
    amount_company = fields.Monetary(
        string="In Company Currency",
        readonly=True,
        currency_field="company_currency_id",
        help="What was compared with the amount above which another person approves.",
    )
    approval_amount = fields.Monetary(
        string="Approval Above",
        readonly=True,
        currency_field="company_currency_id",
        help="The company's setting at that moment; 0: none.",
    )
    amount_proposed = fields.Monetary(compute="_compute_amounts", store=True)
    amount_applied = fields.Monetary(compute="_compute_amounts", store=True)
    chosen = fields.Boolean(string="Chosen by a Person", readonly=True)
    rule = fields.Char(readonly=True)
    why = fields.Char(readonly=True)
    confidence = fields.Selection(CONFIDENCES, readonly=True)
    state = fields.Selection(
        [("proposed", "To Approve"), ("applied", "Applied"), ("refused", "Refused"), ("undone", "Undone")],
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    is_undone = fields.Boolean(
        string="Matching Undone",
        compute="_compute_is_undone",
        help="Somebody undid the matching in accounting.",
    )
    line_ids = fields.One2many("ar.cash.application.line", "application_id", string="Items", readonly=True)
    requested_by_id = fields.Many2one("res.users", string="Asked By", readonly=True, ondelete="restrict")
    requested_date = fields.Datetime(string="Asked On", readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    decided_date = fields.Datetime(string="Decided On", readonly=True)
    undone_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    undone_date = fields.Datetime(string="Undone On", readonly=True)
    can_decide = fields.Boolean(compute="_compute_can_decide")
    can_undo = fields.Boolean(compute="_compute_can_decide")

    _one_request = models.UniqueIndex(
        "(receipt_key) WHERE state = 'proposed'", "Somebody asked to apply this receipt already."
    )

    @api.depends("line_ids.amount", "line_ids.amount_proposed")
    def _compute_amounts(self):
        for application in self:
            application.amount_proposed = sum(application.line_ids.mapped("amount_proposed"))
            application.amount_applied = sum(application.line_ids.mapped("amount"))

    @api.depends("state", "line_ids.partial_id")
    def _compute_is_undone(self):
        for application in self:
            application.is_undone = application.state == "applied" and not all(
                line.partial_id for line in application.line_ids if line.amount
            )

    @api.depends("state", "requested_by_id", "is_undone")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        may_apply = self.env["ar.cash.receipt"]._may_apply()
        for application in self:
            application.can_decide = (
                may_apply and application.state == "proposed" and application.requested_by_id != self.env.user
            )
            application.can_undo = may_apply and application.state == "applied" and not application.is_undone

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for application in self:
            application.display_name = ", ".join(filter(None, (application.name, application.partner_name)))

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_approve(self):
        """Apply what another person asked for, to the items that are still open.

        :raise AccessError: for who asked, and for users who may not apply receipts
        :raise UserError: when it was decided already, or nothing of it is open any more
        """
        self._check_deciding()
        self._check_branches()
        requests = self._without_hints().sudo()  # sudo: nobody has the right to write; checked above
        plans = {request: request.line_ids.move_line_id for request in requests}
        requests._reconcile(plans)
        requests._decide("applied")
        return True

    def action_refuse(self):
        """Leave the receipts unapplied.

        :raise AccessError: for who asked, and for users who may not apply receipts
        """
        self._check_deciding()
        # sudo: nobody has the right to write; checked above
        self._without_hints().sudo()._decide("refused")
        return True

    def action_withdraw(self):
        """Take back a request of one's own.

        :raise AccessError: for requests of others
        """
        self.check_access("read")
        if self.filtered(lambda request: request.requested_by_id != self.env.user):
            raise AccessError(self.env._("Only who asked takes a request back."))
        self._check_state("proposed", self.env._("This was decided already."))
        # sudo: nobody has the right to write; checked above
        self._without_hints().sudo()._decide("refused")
        return True

    def action_undo(self):
        """Undo the matching: the receipt is unapplied again.

        :raise AccessError: for users who may not apply receipts
        """
        self.env["ar.cash.receipt"]._check_may_apply()
        self.check_access("read")
        self._check_state("applied", self.env._("Only what was applied is undone."))
        self._check_branches()
        applications = self._without_hints().sudo()  # sudo: nobody has the right to write; checked above
        applications.line_ids.partial_id.unlink()
        # A bank line that was booked to a payment stands on no receivable account: back to the queue.
        to_payments = applications.filtered(lambda application: application.rule == "payment")
        to_payments.statement_line_id.action_undo_reconciliation()
        applications.write(
            {"state": "undone", "undone_by_id": self.env.uid, "undone_date": fields.Datetime.now()}
        )
        return True

    def action_open_receipt(self):
        """Open the entry of the receipt."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    def _check_deciding(self):
        self.check_access("read")
        self.env["ar.cash.receipt"]._check_may_apply()
        self._check_state("proposed", self.env._("This was decided already."))
        if self.filtered(lambda request: request.requested_by_id == self.env.user):
            raise AccessError(self.env._("Who asked to apply a receipt does not approve it."))

    def _check_branches(self):
        """What is matched with items of a branch is decided by who works there."""
        lines = self.sudo().line_ids  # sudo: only whether the user may; all items count
        if not self.env.su and lines.company_id - self.env.companies:
            raise AccessError(self.env._("Some items belong to companies that you do not work in."))

    def _without_hints(self):
        """The context of a request is anybody's: no default or option in it reaches evidence or matching."""
        kept = ("lang", "tz", "allowed_company_ids")
        context = {key: self.env.context[key] for key in kept if key in self.env.context}
        return self.with_env(self.env(context=context))

    def _check_state(self, state, message):
        # The lock makes two deciders of one request wait for each other.
        self.sudo().lock_for_update()  # sudo: only reads
        self.invalidate_recordset(["state"])
        if self.filtered(lambda application: application.state != state):
            raise UserError(message)

    def _decide(self, state):
        self.write({"state": state, "decided_by_id": self.env.uid, "decided_date": fields.Datetime.now()})
        self.activity_ids.unlink()

    # ------------------------------------------------------------------
    # Applying
    # ------------------------------------------------------------------

    @api.model
    def _apply(self, receipts, choices=None):
        """Apply receipts whose amount needs no approval, ask another person for the others.

        Internal: callers check the rights of the user. Receipts whose items another one of the same batch
        takes look for others.

        :param dict choices: by receipt the journal items a person chose, in their order; None: proposals
        :return: applications, applied or waiting
        :raise UserError: when there is nothing to apply
        """
        self = self._without_hints()
        receipts = self._check_applicable(receipts)
        large = receipts.filtered(lambda receipt: receipt._exceeds_approval())
        done = self._request(large, choices, checked=True) if large else self.browse()
        left = receipts - large
        for _attempt in range(PASSES):
            ready, left = self._split_by_conflict(left, choices)
            if not ready:
                break
            applications = self._create_from(ready, "applied")
            applications._reconcile(
                {
                    application: self.env["account.move.line"].browse(
                        item["line_id"] for item in proposal["items"]
                    )
                    for application, proposal in zip(applications, ready.values(), strict=True)
                }
            )
            done |= applications
            if not left:
                break
        if not done:
            raise UserError(self.env._("Nothing is open that these receipts could pay."))
        return done

    @api.model
    def _request(self, receipts, choices=None, checked=False):
        """Record requests to apply receipts, and ask who decides on them.

        Internal: callers check the rights of the user.
        """
        self = self._without_hints()
        if not checked:
            receipts = self._check_applicable(receipts)
        proposals = {
            receipt: proposal
            for receipt, proposal in self._get_proposals(receipts, choices).items()
            if proposal["items"]
        }
        if not proposals:
            raise UserError(self.env._("Nothing is open that these receipts could pay."))
        requests = self._create_from(proposals, "proposed")
        requests._ask_approvers()
        return requests

    @api.model
    def _check_applicable(self, receipts):
        """Return the receipts that can be applied now; UserError when none can."""
        usable = receipts.filtered("can_apply")
        if usable:
            return usable
        if receipts.application_id:
            raise UserError(self.env._("Somebody asked to apply this already: it waits for approval."))
        raise UserError(
            self.env._(
                "This money is not booked yet: it can be applied when the bank or the provider confirms."
            )
        )

    @api.model
    def _get_proposals(self, receipts, choices=None):
        """Return proposals by receipt; those a person chose where given."""
        proposals = self.env["ar.cash.proposal"]._propose(receipts)
        result = {}
        for receipt in receipts:
            proposal = proposals[receipt.id]
            if choices and receipt in choices:
                proposal = self._prepare_choice(receipt, choices[receipt])
            result[receipt] = proposal
        return result

    @api.model
    def _prepare_choice(self, receipt, lines):
        """Return the proposal of items that a person chose, in their order."""
        left, items = receipt.amount_currency, []
        for line in lines:
            value = self._get_open_value(receipt, line)
            taken = min(value, left)
            left = receipt.currency_id.round(left - taken)
            items.append({"line_id": line.id, "name": line.move_id.name, "amount": taken, "open": value})
        return {"rule": "chosen", "confidence": False, "count": len(items), "items": items}

    @api.model
    def _get_open_value(self, receipt, line):
        """Return what is open of an item in the currency of the receipt, at the rate of the receipt."""
        if line.currency_id == receipt.currency_id:
            return abs(line.amount_residual_currency)
        rate = receipt.amount_currency / receipt.amount if receipt.amount else 0.0
        return receipt.currency_id.round(abs(line.amount_residual) * rate)

    @api.model
    def _split_by_conflict(self, receipts, choices=None):
        """Return proposals that share no item, the surest first, and the receipts that wait."""
        if not receipts:
            return {}, receipts
        proposals = self._get_proposals(receipts, choices)
        order = [key for key, _label in CONFIDENCES]
        taken, ready, left = set(), {}, receipts.browse()
        for receipt in sorted(
            receipts,
            key=lambda row: (order.index(proposals[row]["confidence"] or "high"), row.date, row.id),
        ):
            items = proposals[receipt]["items"]
            lines = {item["line_id"] for item in items}
            if not items:
                continue
            if lines & taken:
                left |= receipt
                continue
            taken |= lines
            ready[receipt] = proposals[receipt]
        return ready, left

    @api.model
    def _create_from(self, proposals, state):
        return self.sudo().create(  # sudo: nobody has the right to create; callers check
            [self._prepare_application(receipt, proposal, state) for receipt, proposal in proposals.items()]
        )

    @api.model
    def _prepare_application(self, receipt, proposal, state):
        root = receipt.root_company_id.sudo()  # sudo: a setting of the main company
        lines = self.env["account.move.line"].sudo()  # sudo: items that the user may read in the ageing
        now = fields.Datetime.now()
        values = {
            "name": receipt.name,
            "kind": receipt.kind,
            "receipt_key": receipt.id,
            "move_line_id": receipt.move_line_id.id,
            "statement_line_id": receipt.statement_line_id.id,
            "move_id": receipt.move_id.id,
            "partner_id": receipt.partner_id.id,
            "partner_name": receipt.partner_id.sudo().name,  # sudo: the debtor may not be readable
            "company_id": receipt.company_id.id,
            "currency_id": receipt.currency_id.id,
            "text": receipt.text,
            "date": receipt.date,
            "days_idle": receipt.days_idle,
            "amount": receipt.amount_currency,
            "amount_company": receipt.amount,
            "approval_amount": root.cash_approval_amount,
            "chosen": proposal["rule"] == "chosen",
            "rule": proposal["rule"],
            "confidence": proposal["confidence"],
            "why": self.env._("Chosen by hand")
            if proposal["rule"] == "chosen"
            else receipt._describe(proposal),
            "state": state,
            "requested_by_id": self.env.uid,
            "requested_date": now,
            "line_ids": [
                Command.create(self._prepare_line(lines.browse(item["line_id"]), item, receipt))
                for item in proposal["items"]
            ],
        }
        if state == "applied":
            values |= {"decided_by_id": self.env.uid, "decided_date": now}
        return values

    @api.model
    def _prepare_line(self, line, item, receipt):
        return {
            "move_line_id": line.id,
            "move_id": line.move_id.id,
            "partner_id": receipt.partner_id.id,
            "company_id": line.company_id.id,
            "currency_id": line.currency_id.id,
            "receipt_currency_id": receipt.currency_id.id,
            "name": line.move_id.name,
            "ref": line.move_id.ref,
            "invoice_date": line.move_id.invoice_date or line.date,
            "date_maturity": line.date_maturity or line.date,
            "amount_open": abs(line.amount_residual_currency),
            "amount_proposed": item["amount"],
        }

    def _reconcile(self, items):
        """Match the receipts with items, in their order, all in one plan of core's reconciliation.

        :param dict items: by application the journal items
        :raise UserError: when nothing of them is open any more, or they are another customer's
        """
        plan, receipts, partials = [], {}, self.env["account.partial.reconcile"]
        for application in self:
            line = application._get_receipt_line(items[application])
            open_items = items[application].filtered(lambda item: not item.reconciled)
            if not open_items or not line or line.reconciled:
                application._raise_nothing_open()
            application._check_owner(line | open_items)
            receipts[application] = line
            plan += [line | item for item in open_items]
        lines = self.env["account.move.line"].union(*receipts.values())
        before = lines.matched_debit_ids | lines.matched_credit_ids
        self.env["account.move.line"].sudo()._reconcile_plan(plan)  # sudo: callers checked who applies
        partials = (lines.matched_debit_ids | lines.matched_credit_ids) - before
        for application in self:
            application._note_partials(partials, receipts[application])
            if not application.line_ids.partial_id:  # another one of these took its items
                application._raise_nothing_open()
        self._compute_amounts()

    def _check_owner(self, lines):
        """Refuse money and items that accounting gave to another customer since it was asked for."""
        owners = lines.partner_id.commercial_partner_id - self.partner_id.commercial_partner_id
        if owners:
            raise UserError(
                self.env._(
                    "These items belong to %(customer)s by now: refuse %(request)s.",
                    request=self.display_name,
                    customer=owners[0].display_name,
                )
            )

    def _raise_nothing_open(self):
        raise UserError(self.env._("%s: nothing of it is open any more. Refuse it.", self.display_name))

    def _note_partials(self, partials, receipt_line):
        """Note on the items which matching took how much of the receipt."""
        by_item = {}
        for partial in partials:
            if partial.credit_move_id == receipt_line:
                by_item[partial.debit_move_id] = (partial, partial.credit_amount_currency)
            elif partial.debit_move_id == receipt_line:
                by_item[partial.credit_move_id] = (partial, partial.debit_amount_currency)
        for line in self.line_ids:
            if line.move_line_id in by_item:
                partial, amount = by_item[line.move_line_id]
                line.write({"partial_id": partial.id, "amount": amount})

    def _get_receipt_line(self, items):
        """Return the journal item of the receipt; a bank line is booked to the account of the items first."""
        self.ensure_one()
        if self.kind != "bank_line":
            return self.move_line_id
        bank_line = self.statement_line_id.with_context(skip_account_move_synchronization=True)
        _liquidity, suspense, _other = bank_line._seek_for_lines()
        if len(suspense) != 1 or bank_line.is_reconciled or len(items.account_id) != 1:
            return self.env["account.move.line"]
        debtor = items.partner_id[:1]
        if not bank_line.partner_id:
            bank_line.partner_id = debtor
        suspense.with_context(skip_readonly_check=True).write(
            {"account_id": items.account_id.id, "partner_id": (bank_line.partner_id or debtor).id}
        )
        self.move_line_id = suspense
        return suspense

    # ------------------------------------------------------------------
    # Telling people
    # ------------------------------------------------------------------

    def _get_approvers(self):
        """Return who may decide on a request: the cash desk, controllers, accountants of the company."""
        self.ensure_one()
        cash_desk = self.company_id.root_id.sudo().collection_cash_user_id  # sudo: a company setting
        groups = self.env.ref("ar_credit_control.group_credit_controller") | self.env.ref(
            "account.group_account_invoice"
        )
        people = groups.sudo().all_user_ids  # sudo: members of groups
        return people.filtered(
            lambda user: (
                user.active
                and not user._is_superuser()
                and self.company_id in user.company_ids
                and user != self.requested_by_id
            )
        ).sorted(lambda user: (user != cash_desk, user.has_group("base.group_system"), user.id))

    def _ask_approvers(self):
        """Give the first person who may decide an activity for each request."""
        for requests in self.grouped("company_id").values():
            approver = requests[0]._get_approvers()[:1]
            if not approver:
                continue
            kind = self.env.ref("mail.mail_activity_data_todo")
            words = self.with_context(lang=approver.lang).env
            self.env["mail.activity"].with_context(mail_activity_quick_update=True).sudo().create(
                [  # sudo: the person who asks may not write requests
                    {
                        "res_model_id": self.env["ir.model"]._get_id(self._name),
                        "res_id": request.id,
                        "activity_type_id": kind.id,
                        "summary": words._("Approve the application of %s", request.display_name),
                        "user_id": approver.id,
                        "date_deadline": fields.Date.context_today(self),
                    }
                    for request in requests
                ]
            )

    def _get_result_action(self, receipts):
        """Return the notification of what became of receipts, and a fresh queue."""
        applied = self.filtered(lambda application: application.state == "applied")
        waiting = self - applied
        parts = []
        if applied:
            parts.append(self.env._("Applied: %s.", len(applied)))
        if waiting:
            parts.append(self.env._("Waiting for approval by another person: %s.", len(waiting)))
        if left := len(receipts) - len(self):
            parts.append(self.env._("Left as they are: %s.", left))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if waiting or left else "success",
                "message": " ".join(parts),
                "next": {
                    "type": "ir.actions.client",
                    "tag": "soft_reload",
                },
            },
        }
