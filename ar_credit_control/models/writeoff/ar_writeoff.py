from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import format_list

# The tax note stays open to whoever decides, who does not become one of those who asked by it.
TAX_NOTE = frozenset({"deductible", "deductible_note"})
# Within so many days what is given up of a customer is one decision.
TOGETHER_DAYS = 365


class ArWriteoff(models.Model):
    """Bad debts that are given up (坏账核销): items of one customer, asked for, decided by another person
    with authority over the amount, posted.

    The entry credits the receivable of each item in its own currency and is matched with it; it uses the
    allowance for what the last posted provision run had provided, and books the rest as a loss. What was
    written off stays with the customer; paid later, it is recovered.

    Totals are in the currency of the root company.
    """

    _name = "ar.writeoff"
    _description = "Write-off"
    _inherit = [
        "ar.approval.mixin",
        "ar.customer.evidence.mixin",
        "ar.collector.notes.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _order = "date desc, id desc"
    _rec_names_search = ["name", "partner_id", "line_ids.name"]

    _made_by_methods = True
    _terms = frozenset({"date", "document_ids", "in_transit_ack", "line_ids", "note", "reason_id"})
    _own_fields = frozenset({"state", "name", "prepared_by_ids", "submitted_by_id", "decided_by_id"})
    _authority_kind = "writeoff"
    _approval_activity = "ar_credit_control.mail_activity_writeoff_approve"

    name = fields.Char(string="Number", required=True, readonly=True, copy=False, default="/")
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_name = fields.Char(string="Customer When Asked", readonly=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The main company; items of its branches belong here too.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        string="Accounting Date", required=True, index=True, tracking=True, help="On which it is booked."
    )
    reason_id = fields.Many2one(
        "ar.writeoff.reason", index=True, ondelete="restrict", tracking=True, help="Needed to submit."
    )
    needs_evidence = fields.Boolean(related="reason_id.needs_evidence")
    evidence = fields.Text(related="reason_id.evidence")
    note = fields.Text(
        string="What Was Done to Collect", help="Reminders, agency, court: why nothing more is expected."
    )
    document_ids = fields.Many2many(
        "ir.attachment", string="Files", copy=False, help="Kept once the write-off was asked for."
    )
    line_ids = fields.One2many("ar.writeoff.line", "writeoff_id", string="Items")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "To Approve"),
            ("approved", "Approved"),
            ("posted", "Written Off"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        default="draft",
        readonly=True,
        index=True,
        copy=False,
        tracking=True,
    )
    amount = fields.Monetary(
        string="Written Off", compute="_compute_amounts", store=True, help="In company currency."
    )
    amount_tax = fields.Monetary(string="Tax", compute="_compute_amounts", store=True)
    amount_provided = fields.Monetary(
        string="From the Allowance", compute="_compute_amounts", store=True, help="Provided for earlier."
    )
    amount_expense = fields.Monetary(
        string="Loss", compute="_compute_amounts", store=True, help="Not provided for: a loss of this period."
    )
    amount_recovered = fields.Monetary(
        string="Recovered", compute="_compute_recovered", store=True, help="Paid after all."
    )
    amount_to_cover = fields.Monetary(
        string="Authority Needed",
        compute="_compute_amount_to_cover",
        help="This one and all else that is written off of the customer within a year, so that many small "
        "ones are one decision.",
    )
    no_approver = fields.Text(
        string="Why Nobody Approves",
        compute="_compute_no_approver",
        help="Whose authority comes next, and what to do.",
    )
    in_transit_amount = fields.Monetary(
        string="In Transit",
        compute="_compute_in_transit",
        help="Money and credits of the customer that reduced no invoice yet, in company currency.",
    )
    in_transit_text = fields.Text(string="What Is in Transit", compute="_compute_in_transit")
    in_transit_ack = fields.Text(
        string="Why Write Off All the Same",
        help="Needed while money of this customer is in transit: why it does not pay these items.",
    )
    in_transit_seen = fields.Monetary(
        string="In Transit When Asked",
        readonly=True,
        copy=False,
        help="What was known when it was asked for.",
    )
    deductible = fields.Selection(
        [
            ("none", "Not deductible yet"),
            ("over_3_years", "More than three years past due"),
            ("small_over_1_year", "Small, and more than one year past due"),
            ("other", "See the note"),
        ],
        tracking=True,
        help="For income tax. China: more than three years past due; or more than one year, and at most CNY "
        "50,000 or 0.01 % of a year's revenue each (announcement 2011-25 of the tax administration). "
        "The papers are kept, not filed (announcement 2018-15).",
    )
    deductible_note = fields.Text(string="Tax Note", help="Which rule applies, and which papers prove it.")
    # What was proposed of the two last: what a person typed instead stays.
    deductible_proposal = fields.Json(string="Proposed Tax Note", readonly=True, copy=False)
    recovery_ids = fields.One2many("ar.writeoff.recovery", "writeoff_id", string="Recoveries", readonly=True)
    movement_ids = fields.One2many("ar.provision.movement", "writeoff_id", readonly=True)
    move_ids = fields.Many2many(
        "account.move",
        string="Entries",
        readonly=True,
        copy=False,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    move_count = fields.Integer(string="Number of Entries", compute="_compute_move_count", compute_sudo=True)
    is_unsettled = fields.Boolean(
        string="Matching Undone",
        compute="_compute_is_unsettled",
        help="Somebody undid the matching: the items are open again beside the credit of the write-off.",
    )
    may_post = fields.Boolean(compute="_compute_may_post")
    posted_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    posted_on = fields.Datetime(readonly=True, copy=False)

    _posted_idx = models.Index("(company_id, partner_id) WHERE state = 'posted'")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for writeoff in self:
            writeoff.display_name = ", ".join(
                filter(None, (writeoff.name, writeoff.partner_id.display_name or writeoff.partner_name))
            )

    @api.depends(
        "line_ids.amount_company",
        "line_ids.amount_tax",
        "line_ids.amount_provided",
        "line_ids.amount_expense",
    )
    def _compute_amounts(self):
        for writeoff in self:
            lines = writeoff.line_ids
            writeoff.amount = sum(lines.mapped("amount_company"))
            writeoff.amount_tax = sum(lines.mapped("amount_tax"))
            writeoff.amount_provided = sum(lines.mapped("amount_provided"))
            writeoff.amount_expense = sum(lines.mapped("amount_expense"))

    @api.depends("recovery_ids.amount_company", "recovery_ids.is_cancelled")
    def _compute_recovered(self):
        for writeoff in self:
            live = writeoff.recovery_ids.filtered(lambda recovery: not recovery.is_cancelled)
            writeoff.amount_recovered = sum(live.mapped("amount_company"))

    @api.depends("amount", "partner_id", "date", "state")
    def _compute_amount_to_cover(self):
        for writeoff in self:
            waits = writeoff.state in ("draft", "submitted")
            writeoff.amount_to_cover = writeoff._get_amount_to_cover() if waits else 0.0

    @api.depends("amount", "date", "partner_id", "prepared_by_ids", "state", "submitted_by_id")
    def _compute_no_approver(self):
        for writeoff in self:
            waits = writeoff.state in ("draft", "submitted") and writeoff._get_lines()
            stuck = waits and not writeoff._get_approvers()
            writeoff.no_approver = writeoff._describe_no_approver() if stuck else False

    @api.depends("partner_id", "company_id", "state")
    def _compute_in_transit(self):
        for writeoff in self:
            waiting = writeoff.state in ("draft", "submitted", "approved")
            receipts = writeoff._get_in_transit() if waiting else self.env["ar.cash.receipt"]
            writeoff.in_transit_amount = sum(receipts.mapped("amount"))
            writeoff.in_transit_text = "\n".join(writeoff._describe_receipt(row) for row in receipts[:10])

    @api.depends("move_ids")
    def _compute_move_count(self):
        for writeoff in self:
            writeoff.move_count = len(writeoff.move_ids)

    @api.depends("line_ids.is_settled")
    def _compute_is_unsettled(self):
        for writeoff in self:
            writeoff.is_unsettled = not all(writeoff.line_ids.mapped("is_settled"))

    @api.depends_context("uid")
    def _compute_may_post(self):
        self.may_post = self._may_post()

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    def write(self, vals):
        if self.env.su or not vals.keys() & {"date", "line_ids"}:
            return super().write(vals)
        waiting = self._get_waiting()
        mine = set(self.ids) - waiting
        waiting.update(mine)
        try:
            result = super().write(vals)
        finally:
            waiting.difference_update(mine)
        self._refresh_after_write()
        return result

    def _get_waiting(self):
        """Return the ids of what is estimated anew once all its lines are written, not at each of them."""
        return self.env.cr.cache.setdefault("ar_writeoff_waiting", set())

    def _refresh_after_write(self):
        waiting = self._get_waiting()
        self.filtered(lambda writeoff: writeoff.id not in waiting)._refresh()

    def _get_writable_fields(self):
        if self.state in ("draft", "submitted"):
            return super()._get_writable_fields() | TAX_NOTE
        return super()._get_writable_fields()

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------

    @api.model
    def _create_from_items(self, items, reason=None, amounts=None, **values):
        """Draft a write-off of open items of one customer. Internal: no access check.

        :param items: ``ar.aging.report`` rows with positive amounts; their currencies may differ
        :param reason: ``ar.writeoff.reason``
        :param dict amounts: {row: amount in the currency of the item}; all that is open else
        :return: the draft ``ar.writeoff``
        :raise UserError: no items, several customers, a credit
        """
        if len(items.partner_id) != 1 or len(items.root_company_id) != 1:
            raise UserError(self.env._("Choose items of one customer and one company."))
        if any(item.amount_currency <= 0 or item.amount <= 0 for item in items):
            raise UserError(
                self.env._("Only what a customer owes is written off, no receipts or credit notes.")
            )
        root = items.root_company_id.sudo()  # sudo: a branch user reads the settings of its main company
        date = values.pop("date", None) or root._credit_today()
        lines = self.env["ar.writeoff.line"]
        vals_list = []
        for item in items:
            vals = lines._prepare_line_values(item, date)
            if amounts is not None:
                vals["amount"] = item.currency_id.round(amounts[item])
            vals_list.append(vals)
        writeoff = self.sudo().create(  # sudo: made here only, the caller checked who asks
            {
                # sudo: numbers are for all
                "name": self.env["ir.sequence"].sudo().next_by_code("ar.writeoff") or "/",
                "partner_id": items.partner_id.id,
                "partner_name": items.partner_id.sudo().display_name,  # sudo: it may not be readable
                "company_id": root.id,
                "date": date,
                "reason_id": reason.id if reason else False,
                "prepared_by_ids": [Command.link(self.env.uid)],
                "line_ids": [Command.create(vals) for vals in vals_list],
                **values,
            }
        )
        writeoff = writeoff.sudo(False)
        writeoff._refresh()
        writeoff._check_not_above_open()
        return writeoff

    def _refresh(self):
        """Estimate anew how drafts split, and what the tax note says."""
        for writeoff in self:
            lines = writeoff.line_ids
            parts = writeoff._measure(lines._find_items())
            for line, values in parts.items():
                days = (writeoff.date - line.date_maturity).days
                line.sudo().write({**values, "days_overdue": days})  # sudo: figures that nobody types
            writeoff._propose_deductible()

    def _get_lines(self):
        """Return the items that are written off: those with an amount."""
        return self.line_ids.filtered(lambda line: not line.currency_id.is_zero(line.amount))

    def _submit(self):
        self._write_evidence({"in_transit_seen": self.in_transit_amount})
        return super()._submit()

    def _request(self):
        """Submit for a user who may ask but not write: a salesperson. Internal: the caller checked that."""
        self._check_state("draft")
        self._check_complete()
        self._submit()

    def _prepare_request(self):
        return {
            "summary": self.env._(
                "Approve writing off %(amount)s of %(customer)s",
                amount=self.currency_id.format(self.amount),
                customer=self.partner_id.display_name,
            )
        }

    def _check_complete(self):
        for writeoff in self:
            writeoff._check_terms()
            writeoff._check_not_above_open()
            writeoff._check_in_transit()
            writeoff._check_not_under_run(writeoff._get_lines())

    def _check_terms(self):
        if not self._get_lines():
            raise UserError(self.env._("%s: nothing is written off. Enter an amount.", self.display_name))
        if not self.reason_id or not (self.note or "").strip():
            raise UserError(self.env._("Give the reason, and what was done to collect it."))
        if self.reason_id.needs_evidence and not self._has_evidence():
            raise UserError(
                self.env._(
                    "“%(reason)s” needs evidence: attach the papers. %(evidence)s",
                    reason=self.reason_id.name,
                    evidence=self.reason_id.evidence or "",
                )
            )
        if self.date > self.company_id._credit_today():
            raise UserError(self.env._("A write-off is not dated in the future."))

    def _has_evidence(self):
        if self.document_ids:
            return True
        attached = Domain("res_model", "=", self._name) & Domain("res_id", "=", self.id)
        return bool(self.env["ir.attachment"].sudo().search_count(attached, limit=1))  # sudo: whether any

    def _check_not_above_open(self):
        """Refuse to write off more than is open of an item now.

        :raise UserError: with the figures
        """
        for line, item in self._get_lines()._find_items().items():
            remaining = item.amount_residual_currency if item else 0.0
            if line.currency_id.compare_amounts(line.amount, max(remaining, 0.0)) > 0:
                raise UserError(
                    self.env._(
                        "%(item)s: %(amount)s is to be written off, but only %(open)s is open now.",
                        item=line.name,
                        amount=line.currency_id.format(line.amount),
                        open=line.currency_id.format(max(remaining, 0.0)),
                    )
                )

    # ------------------------------------------------------------------
    # Money in transit
    # ------------------------------------------------------------------

    def _get_in_transit(self):
        """Return what the queue of receipts holds of this customer: credits that reduced no invoice, bank
        lines, payments and transactions without an entry."""
        self.ensure_one()
        queue = self.env["ar.cash.receipt"].sudo()  # sudo: a warning that whoever asks must see
        self.env.flush_all()
        return queue.search(
            [("partner_id", "=", self.partner_id.id), ("root_company_id", "=", self.company_id.id)]
        )

    def _describe_receipt(self, receipt):
        kinds = dict(receipt._fields["kind"]._description_selection(self.env))
        return " · ".join(
            filter(
                None,
                (
                    kinds.get(receipt.kind),
                    receipt.name,
                    fields.Date.to_string(receipt.date),
                    receipt.currency_id.format(receipt.amount_currency),
                    receipt.text,
                ),
            )
        )

    def _check_in_transit(self):
        """Refuse while money is in transit that nobody spoke of.

        :raise UserError: with the figures
        """
        transit = self.in_transit_amount
        if self.currency_id.compare_amounts(transit, 0.0) <= 0:
            return
        if not (self.in_transit_ack or "").strip():
            raise UserError(
                self.env._(
                    "%(amount)s of %(customer)s is in transit. Apply it first, or say why it does not pay "
                    "these items.\n%(what)s",
                    amount=self.currency_id.format(transit),
                    customer=self.partner_id.display_name,
                    what=self.in_transit_text,
                )
            )
        if self.state != "draft" and self.currency_id.compare_amounts(transit, self.in_transit_seen) > 0:
            raise UserError(
                self.env._(
                    "Since this was asked more money came in: %(now)s is in transit, then it was "
                    "%(then)s. Send it back, or apply the money first.",
                    now=self.currency_id.format(transit),
                    then=self.currency_id.format(self.in_transit_seen),
                )
            )

    # ------------------------------------------------------------------
    # Deciding
    # ------------------------------------------------------------------

    def _get_amount_to_cover(self):
        self.ensure_one()
        return self.amount + sum(
            other.amount - other.amount_recovered for other in self._get_others_of_customer()
        )

    def _get_others_of_customer(self):
        """Return what else of this customer is given up within a year, or waits for that."""
        return self.sudo().search(  # sudo: the amount counts, whoever may read it
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("submitted", "approved", "posted")),
                ("date", ">", self.date - relativedelta(days=TOGETHER_DAYS)),
                ("id", "!=", self._origin.id or self.id),
            ]
        )

    def _describe_lacking(self):
        return super()._describe_lacking() if self._get_approvers() else self._describe_no_approver()

    def _describe_no_approver(self):
        """Return why nobody may approve, whose authority is the highest, and who can change that."""
        if people := self._list_deciders():
            return self.env._(
                "%(people)s could approve this, but prepared it. A credit manager gives another person "
                "authority under Configuration, Authority.",
                people=format_list(self.env, people.sudo().mapped("name")),  # sudo: names of colleagues
            )
        ladder = self.env["ar.credit.authority"]._get_ladder(self._authority_kind, self.company_id)
        needed = self.currency_id.format(self._get_amount_to_cover())
        if not ladder:
            return self.env._(
                "Nobody may approve write-offs. A credit manager gives a person authority over %s under "
                "Configuration, Authority.",
                needed,
            )
        _tier, person, highest = max(ladder, key=lambda step: step[2])
        return self.env._(
            "%(needed)s is above every authority: %(person)s has the highest, %(highest)s. A credit manager "
            "gives another person more under Configuration, Authority.",
            needed=needed,
            person=person.sudo().name,  # sudo: the name of a colleague
            highest=self.currency_id.format(highest),
        )

    def _approve(self):
        self._write_decision("approved")

    def action_refuse(self, reason=None):
        """Decide against it.

        :param str reason: kept; without one the dialog that asks for it opens
        :raise AccessError: for who asked, and beyond the user's authority
        """
        self.check_access("write")
        self._check_state("submitted")
        self._check_decides()
        if not reason:
            return self._ask_why("refuse")
        for writeoff in self:
            writeoff._write_decision("refused", self._check_reason(reason))
        self._close_request()
        return True

    def action_return(self):
        """Open the dialog that sends a request back."""
        return self._ask_why("send_back")

    def action_send_back(self, reason=None):
        """Return it to who asked; what was approved too, when it cannot be booked as it stands.

        :raise AccessError: an approved one, for who is neither credit controller nor accountant
        """
        self.check_access("write")
        self._check_state("submitted", "approved")
        approved = self.filtered(lambda writeoff: writeoff.state == "approved")
        if approved:
            approved._check_posts()
            approved._write_evidence({"decided_by_id": False, "decided_on": False, "decision_note": False})
        self._write_evidence({"state": "draft"})
        self._close_request()
        if reason:
            self._log_reason(self.env._("Sent back"), reason)
        return True

    def action_cancel(self, reason=None):
        """Give a request up, or take a posted write-off back: its items are open again.

        :param str reason: kept; without one the dialog that asks for it opens
        :raise UserError: when something was recovered already
        :raise AccessError: a posted or approved one, for who is neither credit controller nor accountant
        """
        self.check_access("write")
        self._check_state("draft", "submitted", "approved", "posted")
        if not reason:
            return self._ask_why("cancel")
        reason = self._check_reason(reason)
        for writeoff in self:
            if writeoff.state in ("approved", "posted"):
                writeoff._check_posts()
            if writeoff.state == "posted":
                writeoff._reverse()
            writeoff._write_evidence({"state": "cancelled"})
        self._close_request()
        self._log_reason(self.env._("Cancelled"), reason)
        return True

    def _ask_why(self, decision):
        self.ensure_one()
        names = {
            "refuse": self.env._("Refuse the Write-off"),
            "send_back": self.env._("Send the Write-off Back"),
            "cancel": self.env._("Cancel the Write-off"),
        }
        return {
            "name": names[decision],
            "type": "ir.actions.act_window",
            "res_model": "ar.writeoff.decision",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_writeoff_id": self.id, "default_decision": decision},
        }

    def _may_post(self):
        user = self.env.user
        return self.env.su or (
            user.has_group("ar_credit_control.group_credit_controller")
            or user.has_group("account.group_account_user")
        )

    def _check_posts(self):
        self.check_access("read")
        if not self._may_post():
            raise AccessError(self.env._("Write-offs are posted by a credit controller or an accountant."))

    @api.model
    def _get_figures(self, partners, company):
        """Return what of customers is written off: {id: (number, not recovered, recovered, last date)}.

        Posted ones that the user may read, of the root company of ``company``; in its currency.
        """
        if not self.has_access("read"):
            return {}
        rows = self._read_group(
            [
                ("partner_id", "in", partners.ids),
                ("company_id", "=", company._credit_root().id),
                ("state", "=", "posted"),
            ],
            ["partner_id"],
            ["__count", "amount:sum", "amount_recovered:sum", "date:max"],
        )
        return {
            partner.id: (count, amount - recovered, recovered, last)
            for partner, count, amount, recovered, last in rows
        }

    # ------------------------------------------------------------------
    # Leading elsewhere
    # ------------------------------------------------------------------

    def action_open_moves(self):
        """Open the entries of this write-off."""
        self.ensure_one()
        action = {"type": "ir.actions.act_window", "res_model": "account.move", "name": self.env._("Entries")}
        if len(self.move_ids) == 1:
            return {**action, "res_id": self.move_ids.id, "views": [(False, "form")]}
        return {
            **action,
            "domain": [("id", "in", self.move_ids.ids)],
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
        }

    def action_open_in_transit(self):
        """Open the queue of receipts of this customer."""
        self.ensure_one()
        return self.env["ar.cash.receipt"]._get_queue_action(self.partner_id, self.company_id)

    def action_recover(self):
        """Record that what was written off was paid after all."""
        self.ensure_one()
        return self._open_recovery(self.line_ids.filtered("amount_left")[:1])

    def _open_recovery(self, line, receipt=None):
        return {
            "name": self.env._("Recover"),
            "type": "ir.actions.act_window",
            "res_model": "ar.writeoff.recover",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_line_id": line.id,
                "default_partner_id": line.partner_id.id,
                "default_receipt_id": receipt.id if receipt else False,
            },
        }
