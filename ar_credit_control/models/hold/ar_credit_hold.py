import math
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_list, html2plaintext, plaintext2html

FIGURES = (
    "limit_set",
    "limit",
    "security",
    "receivable",
    "draft_invoice",
    "order",
    "in_transit",
    "notes",
    "exposure",
    "available",
    "unapplied",
    "overdue",
    "overdue_days",
)


class ArCreditHold(models.Model):
    """One stop of one order: the figures and rules it was taken on, who asked, who decided.

    Nobody may create, write or delete holds: they change through the methods below alone, and stay. All
    amounts are in the currency of the root company unless a field says otherwise.
    """

    _name = "ar.credit.hold"
    _description = "Credit Hold"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char(string="Order", required=True, readonly=True)
    order_id = fields.Many2one(
        "sale.order", string="Sales Order", index=True, ondelete="set null", readonly=True
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        help="The invoice without an order that waits to be posted.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        readonly=True,
        help="The company that owes: the commercial entity of the invoice address.",
    )
    partner_name = fields.Char(
        string="Customer Name", readonly=True, help="As it was when the order was held."
    )
    company_id = fields.Many2one("res.company", required=True, index=True, ondelete="restrict", readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, ondelete="restrict", readonly=True)
    salesperson_id = fields.Many2one("res.users", readonly=True, index="btree_not_null")
    responsible_id = fields.Many2one(
        "res.users", string="To Decide", readonly=True, tracking=True, help="Who was asked to decide."
    )
    profile_id = fields.Many2one("ar.credit.profile", compute="_compute_profile_id", compute_sudo=True)
    state = fields.Selection(
        [("held", "Held"), ("released", "Released"), ("refused", "Refused"), ("expired", "Expired")],
        required=True,
        default="held",
        readonly=True,
        index=True,
        tracking=True,
        group_expand="_expand_states",
    )
    forced = fields.Boolean(
        string="By Hand", readonly=True, help="Put on hold by a person: only a person releases it."
    )
    source = fields.Selection(
        [
            ("button", "Confirm button"),
            ("batch", "Several orders at once"),
            ("signature", "Customer's signature"),
            ("payment", "Customer's payment"),
            ("mail", "Confirmation with e-mail"),
            ("request", "Asked before the customer orders"),
            ("change", "Change of a confirmed order"),
            ("post", "Posting of an invoice"),
            ("schedule", "Recurring invoice"),
            ("hand", "By hand"),
        ],
        string="Asked Through",
        required=True,
        readonly=True,
    )
    checkpoint = fields.Selection(
        [("order", "Order"), ("delivery", "Delivery"), ("invoice", "Invoice")],
        string="Stopped At",
        required=True,
        default="order",
        readonly=True,
    )
    reason_ids = fields.One2many("ar.credit.hold.reason", "hold_id", string="Findings", readonly=True)
    reason_text = fields.Text(string="Why", compute="_compute_reason_text")

    ship_date = fields.Datetime(
        related="order_id.commitment_date",
        store=True,
        string="Promised For",
        help="Delivery date that the customer was promised.",
    )
    margin = fields.Monetary(
        readonly=True,
        groups="ar_credit_control.group_collector",
        help="Margin of the order in company currency, where margins are computed.",
    )

    # the customer's picture, as it is now
    usual_delay = fields.Integer(
        string="Usual Delay (days)",
        compute="_compute_picture",
        compute_sudo=True,
        groups="ar_credit_control.group_collector",
        help="Days after the due date that the customer usually pays, weighted by amount, over a year.",
    )
    late_share = fields.Float(
        string="Paid Late (%)",
        compute="_compute_picture",
        compute_sudo=True,
        groups="ar_credit_control.group_collector",
        help="Share of the amounts of the last year that were paid late or are overdue.",
    )
    last_release_id = fields.Many2one(
        "ar.credit.hold",
        compute="_compute_picture",
        compute_sudo=True,
        groups="ar_credit_control.group_collector",
        help="The last time that somebody released an order of this customer.",
    )

    # the figures at that moment
    order_amount = fields.Monetary(
        string="This Amount",
        readonly=True,
        tracking=True,
        help="Total of the order, delivery or invoice in company currency at that day's rate.",
    )
    order_currency_id = fields.Many2one("res.currency", readonly=True, ondelete="restrict")
    order_amount_currency = fields.Monetary(
        string="In its Currency", readonly=True, currency_field="order_currency_id"
    )
    limit_set = fields.Boolean(string="Limit Decided", readonly=True)
    limit = fields.Monetary(string="Credit Limit", readonly=True)
    security = fields.Monetary(readonly=True)
    receivable = fields.Monetary(string="Receivables", readonly=True)
    draft_invoice = fields.Monetary(string="Draft Invoices", readonly=True)
    order = fields.Monetary(string="Open Orders", readonly=True)
    in_transit = fields.Monetary(string="Payments in Transit", readonly=True)
    notes = fields.Monetary(string="Bills Received", readonly=True)
    exposure = fields.Monetary(
        string="Used",
        readonly=True,
        tracking=True,
        help="Credit exposure of the customer without this document.",
    )
    available = fields.Monetary(
        string="Left",
        readonly=True,
        help="Limit and security less exposure and this order; negative: too much.",
    )
    unapplied = fields.Monetary(string="Unapplied Receipts", readonly=True)
    overdue = fields.Monetary(readonly=True)
    overdue_days = fields.Integer(string="Oldest Overdue (days)", readonly=True)
    pay_to_release = fields.Monetary(
        readonly=True,
        help="Once the customer pays this amount the order passes. Zero: money alone does not help.",
    )

    pay_plan = fields.Json(readonly=True)
    pay_items = fields.Char(
        string="Items to Pay",
        compute="_compute_pay_items",
        help="The open items that make up the amount, as they were then.",
    )

    # who asked
    asked_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        ondelete="restrict",
        help="Who asked to confirm the order.",
    )
    asked_on = fields.Datetime(readonly=True)
    asked_as_system = fields.Boolean(
        readonly=True, help="Asked by a program on behalf of the user, as the portal does."
    )
    asked_with_mail = fields.Boolean(readonly=True, help="The customer gets the confirmation by e-mail.")
    held_by_id = fields.Many2one("res.users", string="Put on Hold By", readonly=True, ondelete="restrict")
    held_note = fields.Char(string="Why by Hand", readonly=True)
    age_days = fields.Integer(
        string="Age (days)", compute="_compute_age_days", help="Days since it was held."
    )
    date_end = fields.Datetime(string="Closed On", readonly=True)

    # who decided
    decided_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict", tracking=True)
    decided_on = fields.Datetime(readonly=True)
    decision_note = fields.Char(string="Reason of the Decision", readonly=True, tracking=True)
    cap_amount = fields.Monetary(
        string="Released up to",
        readonly=True,
        tracking=True,
        help="The release holds while the order's total stays within this amount.",
    )
    valid_until = fields.Date(
        readonly=True, tracking=True, help="A released order that is not confirmed by then is checked again."
    )
    condition = fields.Char(
        string="On Condition",
        readonly=True,
        tracking=True,
        help="What whoever released it asks sales to see to, e.g. a payment before the goods leave.",
    )
    can_decide = fields.Boolean(
        string="I Can Decide", compute="_compute_can_decide", search="_search_can_decide"
    )
    can_hand_on = fields.Boolean(compute="_compute_can_decide")
    approver_ids = fields.Many2many(
        "res.users",
        string="Can Decide",
        compute="_compute_approver_ids",
        compute_sudo=True,
        help="Who may release this amount, the lowest tier first. Who asked for it may not.",
    )
    next_approver_id = fields.Many2one(
        "res.users", string="Ask", compute="_compute_next_approver_id", compute_sudo=True
    )

    _one_open_per_order = models.UniqueIndex("(order_id) WHERE state = 'held'")
    _one_open_per_invoice = models.UniqueIndex("(move_id) WHERE state = 'held'")
    _queue_idx = models.Index("(company_id, asked_on) WHERE state = 'held'")
    _held_partner_idx = models.Index("(partner_id) WHERE state = 'held'")

    @api.depends("name", "partner_name")
    def _compute_display_name(self):
        for hold in self:
            hold.display_name = f"{hold.name} · {hold.partner_name}" if hold.partner_name else hold.name

    @api.depends("partner_id", "company_id")
    def _compute_profile_id(self):
        profiles = self.env["ar.credit.profile"].search(
            [("partner_id", "in", self.partner_id.ids), ("company_id", "in", self.company_id.root_id.ids)]
        )
        by_key = {(profile.partner_id, profile.company_id): profile for profile in profiles}
        for hold in self:
            hold.profile_id = by_key.get((hold.partner_id, hold.company_id.root_id))

    @api.depends("reason_ids.text", "held_note")
    @api.depends_context("lang")
    def _compute_reason_text(self):
        for hold in self:
            texts = [reason.text for reason in hold.reason_ids if reason.outcome == "hold"]
            hold.reason_text = "\n".join(texts + [hold.held_note] if hold.held_note else texts)

    @api.depends("pay_plan", "currency_id")
    @api.depends_context("lang")
    def _compute_pay_items(self):
        check = self.env["ar.credit.check"]
        for hold in self:
            hold.pay_items = check._format_payments(hold.pay_plan or [], hold.currency_id)

    @api.depends("asked_on", "create_date", "date_end")
    def _compute_age_days(self):
        now = fields.Datetime.now()
        for hold in self:
            begin = hold.asked_on or hold.create_date or now
            hold.age_days = ((hold.date_end or now) - begin).days

    @api.depends("state", "asked_by_id", "salesperson_id", "order_amount")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        """Who has authority of some amount but not of this one hands it on."""
        user = self.env.user
        authority = self.env["ar.credit.authority"]
        for company, holds in self.grouped("company_id").items():
            company = company.sudo()  # the currency of the root, also for a user of a branch
            reach = authority._get_reach(user, "release", company) if company else None
            for hold in holds:
                decides = hold.state == "held" and reach is not None
                hold.can_decide = (
                    decides
                    and authority._is_within(hold.order_amount, reach, company)
                    and not hold._is_requester(user)
                )
                hold.can_hand_on = decides and not hold.can_decide

    def _search_can_decide(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        user, found = self.env.user, Domain.FALSE
        for company in self.env.companies.sudo():  # the table of the root, also for a user of a branch
            reach = self.env["ar.credit.authority"]._get_reach(user, "release", company)
            if reach is not None:
                within = Domain.TRUE if math.isinf(reach) else Domain("order_amount", "<=", reach)
                found |= Domain("company_id", "=", company.id) & within
        waiting = Domain("state", "=", "held") & Domain("asked_by_id", "!=", user.id)
        candidates = self.search(waiting & found)
        return Domain("id", "in", candidates.filtered("can_decide").ids)

    @api.depends("partner_id", "company_id")
    def _compute_picture(self):
        """How the customer pays and what was decided before: two statements for any number of holds."""
        behaviour = self.env["ar.credit.behaviour"]
        for root, holds in self.grouped(lambda hold: hold.company_id.root_id).items():
            measured = behaviour._measure(holds.partner_id, root) if root else {}
            released = self._read_group(
                [
                    ("partner_id", "in", holds.partner_id.ids),
                    ("company_id", "child_of", root.ids),
                    ("state", "=", "released"),
                    ("decided_by_id", "!=", False),
                ],
                ["partner_id"],
                ["id:max"],
            )
            last = {partner: self.browse(hold_id) for partner, hold_id in released}
            for hold in holds:
                figures = measured.get(hold.partner_id.id) or {}
                hold.usual_delay = round(figures.get("weighted_delay") or 0)
                hold.late_share = figures.get("late_share") or 0.0
                hold.last_release_id = last.get(hold.partner_id, self.browse()) - hold

    @api.depends("state", "asked_by_id", "salesperson_id", "order_amount")
    def _compute_approver_ids(self):
        held = self.filtered(lambda hold: hold.state == "held")
        (self - held).approver_ids = False
        for hold, approvers in held._find_approvers().items():
            hold.approver_ids = approvers

    @api.depends("approver_ids", "responsible_id")
    @api.depends_context("uid")
    def _compute_next_approver_id(self):
        for hold in self:
            others = hold.approver_ids - hold.responsible_id - self.env.user
            asked = hold.responsible_id & hold.approver_ids - self.env.user
            hold.next_approver_id = (asked or others)[:1]

    @api.model
    def _expand_states(self, states, domain):
        """Columns of the queue, also the empty ones; what ended by itself only where there is any."""
        return [*("held", "released", "refused"), *(["expired"] if "expired" in states else [])]

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Credit holds are kept as evidence and cannot be deleted."))

    # actions

    def action_release(self, reason=None, cap_amount=None, valid_until=None, condition=None):
        """Release held orders and repeat the confirmation as it was asked for.

        :param str reason: why, kept with the hold
        :param float cap_amount: largest total, in the root company's currency, that the release covers; by
            default what the order amounts to now
        :param valid_until: date until which the release holds; by default the company's number of days
        :param str condition: what sales has to see to; told and kept, not checked
        :raise AccessError: without the authority for that amount, or for one's own request
        :raise UserError: the order is not held any more, or has grown beyond the amount
        """
        self._check_decision(cap_amount)
        valid_until = fields.Date.to_date(valid_until)
        if valid_until and any(valid_until < company._credit_today() for company in self.company_id):
            raise UserError(self.env._("A release cannot end in the past."))
        for hold in self:
            amount = hold._get_order_amount()
            cap = cap_amount or hold.order_amount
            if hold.currency_id.compare_amounts(amount, cap) > 0:
                raise UserError(
                    self.env._(
                        "%(order)s now amounts to %(amount)s, more than the %(cap)s to be released. "
                        "Check it again first.",
                        order=hold.name,
                        amount=hold.currency_id.format(amount),
                        cap=hold.currency_id.format(cap),
                    )
                )
            hold._decide(
                "released",
                reason,
                cap_amount=cap,
                condition=condition,
                valid_until=valid_until or hold._get_default_valid_until(),
            )
        self._repeat_confirmation()
        return True

    def action_refuse(self, reason=None):
        """Refuse held orders: they stay quotations (or, if confirmed before, stay flagged) and sales is told.

        :raise AccessError: without the authority for that amount, or for one's own request
        :raise UserError: the order is not held any more
        """
        self._check_decision()
        for hold in self:
            hold._decide("refused", reason)
        return True

    def action_recheck(self):
        """Evaluate the rules again on today's figures; what passes now is released, except holds by hand."""
        self.check_access("read")
        user = self.env.user
        auditor = user.has_group("ar_credit_control.group_credit_auditor")
        needed = "group_collector" if auditor else "group_credit_user"  # who only audits changes nothing
        if not user.has_group(f"ar_credit_control.{needed}"):
            raise AccessError(self.env._("Only credit control may check held orders again."))
        passed = self._recheck()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if passed else "info",
                "message": self.env._(
                    "Orders that pass now: %(passed)s of %(total)s", passed=len(passed), total=len(self)
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_recheck_all(self):
        """Have all held orders of the companies at hand checked again by the schedule, within minutes.

        :raise AccessError: for others than credit controllers
        """
        if not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            raise AccessError(self.env._("Only credit control may check held orders again."))
        self.env.flush_all()
        queue = self.env["ar.credit.recheck"].sudo()  # nobody may write the queue
        customers = queue._queue([], self.env.companies.root_id.ids)
        if customers:
            self.env.ref("ar_credit_control.cron_credit_recheck").sudo()._trigger()  # may not open schedules
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "Customers whose held orders are being checked: %s. Reload in a minute.", customers
                ),
            },
        }

    def action_hand_on(self):
        """Ask who may decide on the amount, instead of the user.

        :raise AccessError: for who decides on no amount at all
        :raise UserError: the order is not held any more, or nobody else may decide
        """
        self.check_access("read")
        self._check_authority()
        for hold in self:
            if hold.state != "held":
                raise UserError(self.env._("%s is not on hold any more.", hold.display_name))
            user = hold.next_approver_id
            if user and user == hold.responsible_id:
                continue  # asked already
            if not user:
                raise UserError(self.env._("Nobody else may decide on %s.", hold.display_name))
            hold._end_activities()
            hold._ask(user)
            hold.message_post(body=self.env._("Handed on to %s.", user.sudo().name))  # sudo: a colleague
        return True

    def action_open_release(self):
        return self._get_decision_action("release", self.env._("Release"))

    def action_open_refuse(self):
        return self._get_decision_action("refuse", self.env._("Refuse"))

    def action_open_order(self):
        """Open the order: to who sells in its own form, to others in one that needs no right in sales."""
        self.ensure_one()
        sells = self.env.user.has_group("sales_team.group_sale_salesman")
        view = self.env.ref("ar_credit_control.sale_order_view_form_credit")
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "views": [(False if sells else view.id, "form")],
        }

    def action_open_invoice(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    def action_open_overdue(self):
        """Open the items of the customer that are not paid, the oldest first."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Open items of %s", self.partner_name),
            "res_model": "ar.aging.report",
            "views": [(False, "list")],
            "domain": [("partner_id", "=", self.partner_id.id)],
        }

    def action_open_profile(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.credit.profile",
            "res_id": self.profile_id.id,
            "views": [(False, "form")],
        }

    def _get_decision_action(self, decision, name):
        held = self.filtered(lambda hold: hold.state == "held")
        if not held:
            raise UserError(self.env._("None of these orders is on hold any more."))
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "ar.credit.hold.decision",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_decision": decision, "default_hold_ids": [Command.set(held.ids)]},
        }

    # decisions

    def _is_requester(self, user):
        """Who asked never approves.

        The salesperson stands for a customer, for a program, and for who will ask.
        """
        self.ensure_one()
        asker = self.asked_by_id
        if asker == user:
            return True
        by_proxy = not asker or asker.share or asker._is_superuser() or self.asked_as_system
        return by_proxy and self.salesperson_id == user

    def _check_decision(self, cap_amount=None):
        self.check_access("read")
        self._check_authority()
        self.lock_for_update()
        for hold in self:
            if hold.state != "held":
                raise UserError(self.env._("%s is not on hold any more.", hold.display_name))
            if hold._is_requester(self.env.user):
                raise AccessError(
                    self.env._("%s was asked for by you: another person decides.", hold.display_name)
                )
            hold._check_reach(max(cap_amount or 0.0, hold.order_amount))

    def _check_authority(self):
        """Refuse who decides on no amount at all."""
        authority = self.env["ar.credit.authority"]
        for company in self.company_id.sudo():  # the table of the root, also for a user of a branch
            if authority._get_reach(self.env.user, "release", company) is None:
                raise AccessError(self.env._("Only credit controllers decide on held orders."))

    def _check_reach(self, amount):
        """Refuse who may not decide on an amount, and say who may."""
        self.ensure_one()
        company = self.company_id.sudo()  # the table of the root, also for a user of a branch
        if self.env["ar.credit.authority"]._covers(self.env.user, "release", amount, company):
            return
        approvers = self._find_approvers(amount)[self].sudo()  # names of colleagues
        values = {"hold": self.display_name, "amount": self.currency_id.format(amount)}
        if approvers:
            raise AccessError(
                self.env._(
                    "%(amount)s for %(hold)s is beyond your authority. Ask %(people)s.",
                    people=format_list(self.env, approvers[:3].mapped("name"), "or"),
                    **values,
                )
            )
        raise AccessError(
            self.env._(
                "%(amount)s for %(hold)s is beyond everybody's authority. A credit manager can give somebody "
                "a larger one.",
                **values,
            )
        )

    def _find_approvers(self, amount=None):
        """Return for each hold who may decide on it, the lowest tier first.

        :param float amount: instead of what each order amounts to
        """
        authority = self.env["ar.credit.authority"]
        found = {}
        for company, holds in self.grouped("company_id").items():
            company = company.sudo()  # the table of the root, also for a user of a branch
            ladder = authority._get_ladder("release", company)
            for hold in holds:
                wanted = hold.order_amount if amount is None else amount
                ids = [
                    user.id
                    for _tier, user, reach in ladder
                    if authority._is_within(wanted, reach, company) and not hold._is_requester(user)
                ]
                found[hold] = self.env["res.users"].browse(dict.fromkeys(ids))
        return found

    def _decide(self, state, reason, **values):
        self.ensure_one()
        hold = self.sudo()  # nobody may write holds; the caller has checked who decides
        hold.write(
            {
                "state": state,
                "decided_by_id": self.env.uid,
                "decided_on": fields.Datetime.now(),
                "date_end": fields.Datetime.now(),
                "decision_note": reason,
                **values,
            }
        )
        hold._end_activities()
        hold._tell_salesperson()

    def _close(self, note):
        """End holds without a decision: the order was cancelled, deleted, or passes by itself."""
        holds = self.filtered(lambda hold: hold.state != "expired").sudo()  # nobody may write holds
        holds.write({"state": "expired", "date_end": fields.Datetime.now()})
        for hold in holds:
            hold._end_activities()
            hold.message_post(body=note)

    def _pass(self):
        """Release without a person what the rules do not hold any more."""
        for hold in self.sudo():  # nobody may write holds; the rules have decided
            hold.write(
                {
                    "state": "released",
                    "date_end": fields.Datetime.now(),
                    "decided_on": fields.Datetime.now(),
                    "decision_note": self.env._("The cause is gone: the order passes by the rules."),
                    "cap_amount": hold._get_order_amount(),
                    "valid_until": hold.company_id._credit_today(),
                }
            )
            hold._end_activities()

    @api.model
    def _get_current_query(self, states, link="order_id"):
        """Ids of the holds that are each document's newest, as a query to be used in a domain."""
        holds = self.sudo()  # as the field is computed; only ids of documents come out
        newest = holds._search([("state", "!=", "expired"), (link, "!=", False)])
        newest.add_where(
            SQL(
                """NOT EXISTS (
                       SELECT 1 FROM ar_credit_hold newer
                        WHERE newer.%(link)s = ar_credit_hold.%(link)s
                          AND newer.id > ar_credit_hold.id AND newer.state != 'expired'
                   )""",
                link=SQL.identifier(link),
            )
        )
        newest.add_where(SQL("ar_credit_hold.state = ANY(%s)", [state for state in states if state]))
        return newest

    def _get_newest(self):
        """Of the holds of one document the newest that has not expired."""
        return self.filtered(lambda hold: hold.state != "expired").sorted("id")[-1:]

    @api.model
    def _get_document_domain(self, states, link="order_id"):
        """Documents whose newest hold is in one of these states; ``none`` or False: those without any."""
        found = Domain("credit_hold_ids", "any!", [("id", "in", self._get_current_query(states, link))])
        if "none" in states or False in states:
            found |= ~Domain("credit_hold_ids", "any!", [("state", "!=", "expired")])
        return found

    @api.model
    def _get_held_notice(self, documents, result):
        """Tell a person what is held and why; what the action returned for the others comes next."""
        lines = [
            f"{document.display_name}: {(document.credit_hold_id.reason_text or '').replace(chr(10), ' ')}"
            for document in documents.sudo()  # the reasons are told to whoever may confirm or post
        ]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("On credit hold, credit control was asked"),
                "message": "\n".join(lines),
                "next": result if isinstance(result, dict) else {"type": "ir.actions.act_window_close"},
            },
        }

    def _covers(self, debtor, amount):
        """Whether this is a release that still holds for an order of that customer and amount.

        Nobody confirms on a release of their own.
        """
        return bool(
            self
            and self.state == "released"
            and self.decided_by_id != self.env.user
            and self.partner_id == debtor
            and self.valid_until >= self.company_id._credit_today()
            and self.currency_id.compare_amounts(amount, self.cap_amount) <= 0
        )

    def _get_document(self):
        """The order or invoice that was stopped, whatever the user may open."""
        self.ensure_one()
        hold = self.sudo()  # the controller may not open all orders and invoices
        return hold.move_id or hold.order_id

    def _get_order_amount(self):
        self.ensure_one()
        document = self._get_document()
        return document._credit_get_amount() if document else self.order_amount

    def _get_default_valid_until(self):
        root = self.company_id.sudo()._credit_root()  # settings of the root company, also for a branch
        return root._credit_today() + timedelta(days=root.credit_release_days)

    def _recheck(self):
        """Evaluate again, refresh the figures, and confirm what passes now.

        :return: the holds that ended
        """
        holds = self.filtered(lambda hold: hold.state == "held" and (hold.order_id or hold.move_id))
        check = self.env["ar.credit.check"]
        documents = holds.sudo()  # figures of all
        found = check._judge(documents.order_id, lock=True)
        found_invoices = check._judge_invoices(documents.move_id, lock=True)
        verdicts = {
            hold: found_invoices[hold.move_id.id] if hold.move_id else found[hold.order_id.id]
            for hold in documents
        }
        passed = holds.filtered(lambda hold: verdicts[hold.sudo()].outcome != "hold")  # the same records
        for hold in holds - passed:
            hold._refresh(verdicts[hold])
        passed._pass()
        for hold in passed:
            hold._tell_salesperson()
        passed._repeat_confirmation()
        return passed

    def _repeat_confirmation(self):
        """Confirm released orders as it was asked for: by the same user, in the same way."""
        for hold in self.sudo():  # the controller may not write orders; the asker's right was checked then
            if hold.move_id:
                hold._repeat_posting()
                continue
            order = hold.order_id
            if not hold.asked_by_id or hold.source == "request" or order.state not in ("draft", "sent"):
                continue
            order = hold._get_document_as_asked()
            if hold.source in ("signature", "mail"):
                order._validate_order()
            else:
                order.action_confirm()
            if order.state != "sale":
                raise UserError(self.env._("%s is held again: check it once more.", hold.display_name))
            order._credit_invoice_paid()

    def _repeat_posting(self):
        """Post a released invoice as it was asked for: by the same user, on its own date."""
        self.ensure_one()
        if not self.asked_by_id or self.move_id.state != "draft":
            return
        invoice = self._get_document_as_asked()
        invoice._post(soft=False)
        if invoice.state != "posted":
            raise UserError(self.env._("%s is held again: check it once more.", self.display_name))

    def _get_document_as_asked(self):
        """The document in the environment of who asked, without the controller's own context."""
        self.ensure_one()
        asker = self.asked_by_id
        context = {"lang": asker.lang, "tz": asker.tz, "send_email": self.asked_with_mail}
        env = self.env(user=asker.id, su=False, context=context)
        document = self._get_document().with_env(env).with_company(self.company_id)
        if self.asked_as_system or not document.has_access("write"):
            document = document.sudo()  # as it was asked for, or because the asker has left since
        return document

    # creation

    @api.model
    def _put(self, verdicts, **values):
        """Put the orders of verdicts on hold; one that is held already is refreshed.

        :param values: how it was asked for, see ``_prepare_hold_values``
        :return: the holds, in the order of the verdicts
        """
        # Who puts the same order on hold at the same time is run again and finds the first one's.
        self.env["ar.credit.lock"]._take(
            ((verdict.partner.id, verdict.root.id) for verdict in verdicts), limited=False
        )
        holds = {}
        new = []
        for verdict in verdicts:
            if verdict.hold.state == "held":
                verdict.hold._refresh(verdict, **values)
                holds[verdict.demand.key] = verdict.hold
            else:
                new.append(verdict)
        creating = self.sudo().with_context(mail_create_nosubscribe=True)  # nobody may create holds
        created = creating.create([{**self._prepare_hold_values(verdict), **values} for verdict in new])
        for hold, verdict in zip(created, new, strict=True):
            hold._ask_controller()
            hold._log_on_order(self.env._("On credit hold: %s", hold._get_html_link()))
            holds[verdict.demand.key] = hold
        return self.union(*(holds[verdict.demand.key] for verdict in verdicts))

    @api.model
    def _put_by_hand(self, verdicts, note):
        values = {"forced": True, "held_by_id": self.env.uid, "held_note": note}
        holds = self._put(
            [verdict for verdict in verdicts if verdict.hold.state != "held"], source="hand", **values
        )
        held = self.union(*(verdict.hold for verdict in verdicts if verdict.hold.state == "held"))
        held.sudo().write(values)  # nobody may write holds; the caller has checked who does
        for hold in holds | held:
            hold._add_manual_reason()
        return holds | held

    def _add_manual_reason(self):
        hold = self.sudo()  # nobody may write holds
        if "manual" not in hold.reason_ids.mapped("code"):
            result = self.env["ar.credit.check"]._prepare_result("manual", "hold")
            hold.write(
                {
                    "pay_to_release": 0.0,
                    "pay_plan": [],
                    "reason_ids": [Command.create(self._prepare_reason_values(-1, result))],
                }
            )

    def _refresh(self, verdict, **values):
        """Bring the figures of a held order up to date.

        How it was asked for first is kept, unless the customer asked since.
        """
        hold = self.sudo()  # nobody may write holds
        # Whoever confirms now asks for more than a word beforehand, and becomes who asked.
        if hold.asked_by_id and hold.source != "request":
            kept = ("source", "asked_with_mail") if values.get("source") in ("signature", "payment") else ()
            values = {key: values[key] for key in kept if key in values}
        before = hold.pay_to_release, hold.exposure, hold.order_amount
        hold.write({**self._prepare_hold_values(verdict), **values})
        if before != (hold.pay_to_release, hold.exposure, hold.order_amount):
            hold.message_post(body=self.env._("Checked again on today's figures."))
        if before[2] != hold.order_amount and hold.responsible_id not in hold.approver_ids:
            hold._end_activities()
            hold._ask_controller()

    @api.model
    def _prepare_hold_values(self, verdict):
        figures, former = verdict.figures, verdict.hold
        forced = former.forced and former.state in ("held", "refused")
        return {
            # What a person stopped waits for a person, also when it is asked for again after a refusal.
            "forced": forced,
            "held_by_id": forced and former.held_by_id.id,
            "held_note": forced and former.held_note,
            **self._prepare_document_values(verdict),
            "partner_id": verdict.partner.id,
            "partner_name": verdict.partner.display_name,
            "currency_id": verdict.currency.id,
            "order_amount": verdict.amount,
            **{name: figures[name] for name in FIGURES},
            "exposure": verdict.used,
            "available": verdict.left,
            "pay_to_release": verdict.pay,
            "pay_plan": verdict.payments,
            "reason_ids": [Command.clear()]
            + [
                Command.create(self._prepare_reason_values(sequence, result))
                for sequence, result in enumerate(verdict.results)
            ],
        }

    @api.model
    def _prepare_document_values(self, verdict):
        """What was stopped: an order, or an invoice without one."""
        invoice = getattr(verdict.demand, "invoice", None)
        if invoice is None:
            order = verdict.order
            return {
                "name": order.name,
                "order_id": order.id,
                "company_id": order.company_id.id,
                "salesperson_id": order.user_id.id,
                "order_currency_id": order.currency_id.id,
                "order_amount_currency": order.amount_total,
                "margin": self._get_margin(order),
            }
        return {
            "name": invoice.display_name,
            "move_id": invoice.id,
            "checkpoint": "invoice",
            "company_id": invoice.company_id.id,
            "salesperson_id": invoice.invoice_user_id.id,
            "order_currency_id": invoice.currency_id.id,
            "order_amount_currency": invoice.amount_total,
        }

    @api.model
    def _get_margin(self, order):
        if "margin" not in order._fields:
            return 0.0
        company = order.company_id
        root = company._credit_root()
        return order.currency_id._convert(order.margin, root.currency_id, company, company._credit_today())

    @api.model
    def _prepare_reason_values(self, sequence, result):
        return {**result, "pay": result["pay"] or 0.0, "sequence": sequence}

    # telling people

    def _get_responsible(self):
        """Who is asked to decide: the company's person for holds if that one may, else the lowest tier.

        Where nobody's authority reaches so far, who decides on most is asked to see to it.
        """
        self.ensure_one()
        company = self.company_id.sudo()  # settings of the root company, also for a branch
        approvers = self._find_approvers()[self]
        chosen = company._credit_root().credit_hold_responsible_id
        if chosen in approvers:
            return chosen
        if not approvers:
            ladder = self.env["ar.credit.authority"]._get_ladder("release", company)
            others = [step for step in ladder if not self._is_requester(step[1])]
            return max(others, key=lambda step: step[2], default=(0, approvers, 0))[1]
        return approvers[:1]

    def _ask_controller(self):
        self._ask(self.sudo()._get_responsible())  # the requester may not read who may what

    def _ask(self, user):
        """Make a person the one who decides: their task, and nobody else's."""
        self.ensure_one()
        hold = self.sudo()  # the requester may not write holds
        hold.responsible_id = user
        if user:
            hold = hold.with_context(lang=user.lang)
            hold.activity_schedule(
                "ar_credit_control.mail_activity_hold",
                user_id=user.id,
                summary=hold.env._(
                    "Decide on hold: %(document)s, %(customer)s",
                    document=hold.name,
                    customer=hold.partner_name or hold.partner_id.display_name,
                ),
            )

    def _end_activities(self):
        self.sudo().activity_ids.filtered(  # of the controllers, who may not be the one who decides
            lambda activity: activity.activity_type_id == self.env.ref("ar_credit_control.mail_activity_hold")
        ).action_done()

    def _tell_salesperson(self):
        """Leave the decision with the order: a note, and an activity for who asked or sells."""
        self.ensure_one()
        labels = {
            "released": self.env._("Released by credit control"),
            "refused": self.env._("Refused by credit control"),
        }
        document = self._get_document()
        if not document:
            return
        summary = labels[self.state]
        words = [self.decision_note]
        if self.condition:
            words.append(self.env._("On condition: %s", self.condition))
        note = "\n".join(filter(None, words))
        self._log_on_order(": ".join(filter(None, (summary, note))))
        user = self.asked_by_id if self.asked_by_id and not self.asked_by_id.share else self.salesperson_id
        user = self.salesperson_id if user._is_superuser() and self.salesperson_id else user
        if user and user.active and user != self.env.user and self._may_open(document, user):
            of_invoice = document._name == "account.move"
            document.activity_schedule(
                "ar_credit_control.mail_activity_hold_decided_invoice"
                if of_invoice
                else "ar_credit_control.mail_activity_hold_decided",
                user_id=user.id,
                summary=summary,
                note=note and plaintext2html(note),
            )

    @api.model
    def _may_open(self, document, user):
        """Whether a colleague may read a document, whose companies may not be those chosen here."""
        theirs = document.with_user(user).with_context(allowed_company_ids=[])
        return bool(theirs._filtered_access("read"))

    def _log_on_order(self, body):
        for hold in self:
            if document := hold._get_document():
                document.message_post(body=body)  # an internal note, by who asked or decided

    # schedule

    @api.model
    def _expire_releases(self):
        """End the releases of orders that were not confirmed in time."""
        candidates = self.search(
            [
                ("state", "=", "released"),
                ("valid_until", "<=", fields.Date.today()),  # in the east that day may be over
                ("order_id.state", "in", ("draft", "sent")),
            ]
        )
        ended = candidates.filtered(lambda hold: hold.valid_until < hold.company_id._credit_today())
        ended._close(self.env._("The release was not used in time."))

    def _report_unchecked(self, error):
        """Leave with the hold why the schedule could not confirm its order, once."""
        body = self.env._("Could not be checked again: %s", " ".join(str(error).split()))
        if html2plaintext(self.message_ids[:1].body or "").split() != body.split():
            self._message_log(body=body)

    @api.model
    def _cron_follow_up(self):
        """End releases that were not used in time; check held orders again where the company wants it."""
        self._expire_releases()
        companies = self.env["res.company"].search(
            [("credit_control_active", "=", True), ("credit_hold_auto_release", "=", True)]
        )
        holds = self.search(
            [("state", "=", "held"), ("forced", "=", False), ("company_id", "child_of", companies.ids)],
            order="id",
        )
        self.env["ir.cron"]._commit_progress(remaining=len(holds))
        for hold in holds:
            hold._recheck_each()
            if not self.env["ir.cron"]._commit_progress(processed=1):
                break

    def _recheck_each(self):
        """Check held orders again for the schedule, each in a transaction of its own.

        :return: whether all could be looked at; False when somebody worked on one of them meanwhile
        """
        handle_one = self.env["ar.schedule"]._handle_one
        handled = [
            handle_one(hold, self.__class__._recheck, self.__class__._report_unchecked) for hold in self
        ]
        return all(handled)
