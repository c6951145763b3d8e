from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_amount, format_date

from ..company.ar_customer_link_mixin import CUSTOMER_LAYOUT

MISSED = ("broken", "partly")


class ArPaymentPromise(models.Model):
    """What a customer promised to pay until a date, and what became of it.

    The state is never typed in: it follows from the ledger. Of each promised instalment counts what was
    matched by the promised date and its tolerance days (``deadline``), by the dates of the ageing. The
    promise is kept when that is the promised amount less a tolerance, partly kept when it is less, broken
    when it is nothing; until the deadline it is open. A matching that is undone, or booked with an earlier
    date, changes the state again. Credit notes count as payments: what is credited is owed no more. Items
    whose entry was cancelled are promised no longer; a promise without any item left is cancelled. What is
    written off is not paid: by the deadline, it ends the promise (cancelled), later it changes nothing.
    While a receipt in time that nobody has applied yet covers what is missed (``money_waits``), no rule
    counts it as broken: the cash desk is asked to apply the receipt.

    Nobody has the right to write promises: they are recorded and withdrawn by their methods. Amounts are in
    ``currency_id``, the currency of the promised items.
    """

    _name = "ar.payment.promise"
    _description = "Promise to Pay"
    _inherit = [
        "ar.customer.evidence.mixin",
        "ar.collector.notes.mixin",
        "ar.customer.reply.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _order = "date desc, id desc"
    _made_by_methods = True

    profile_id = fields.Many2one(
        "ar.credit.profile", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_name = fields.Char(
        string="Customer Name", readonly=True, help="As it was when the promise was made."
    )
    contact_id = fields.Many2one(
        "res.partner", string="Promised By", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True, tracking=True)
    date = fields.Date(string="Promised Date", required=True, readonly=True, tracking=True)
    date_given = fields.Date(string="Given On", required=True, readonly=True)
    tolerance_days = fields.Integer(readonly=True)
    tolerance_amount = fields.Monetary(
        string="Tolerance", readonly=True, help="So much may be missing and the promise counts as kept."
    )
    deadline = fields.Date(
        required=True,
        readonly=True,
        help="Last day on which a payment counts: the promised date and the tolerance days of the settings.",
    )
    state = fields.Selection(
        [
            ("open", "Pending"),
            ("kept", "Kept"),
            ("partly", "Partly Kept"),
            ("broken", "Broken"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        index=True,
        default="open",
        tracking=True,
        group_expand="_expand_states",
        help="Follows from what is matched in the ledger by the deadline.",
    )
    amount_paid = fields.Monetary(
        string="Paid in Time", readonly=True, help="Matched with the promised items by the deadline."
    )
    amount_late = fields.Monetary(
        string="Paid Late", readonly=True, help="Matched with the promised items after the deadline."
    )
    money_waits = fields.Boolean(
        string="Receipt to Apply",
        readonly=True,
        help="Missed, but a receipt that came in time covers it: until somebody applies the receipt, the "
        "promise does not count as broken.",
    )
    user_id = fields.Many2one(
        "res.users", string="Recorded By", required=True, readonly=True, index=True, ondelete="restrict"
    )
    collector_id = fields.Many2one(related="profile_id.collector_id", store=False)
    note = fields.Text(readonly=True, help="The customer's words.")
    line_ids = fields.One2many("ar.payment.promise.line", "promise_id", string="Items", readonly=True)
    cancelled_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    cancel_reason = fields.Char(string="Why Cancelled", readonly=True)
    replaced_by_id = fields.Many2one(
        "ar.payment.promise", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    is_due = fields.Boolean(
        string="Due",
        compute="_compute_is_due",
        search="_search_is_due",
        help="Open, and for today or before.",
    )

    _amount_positive = models.Constraint("CHECK (amount > 0)", "A promise is about an amount above zero.")
    _dates_in_order = models.Constraint(
        "CHECK (deadline >= date AND tolerance_amount >= 0)", "A tolerance cannot be negative."
    )
    _open_idx = models.Index("(company_id, deadline) WHERE state = 'open'")
    _missed_idx = models.Index("(partner_id, deadline) WHERE state IN ('broken', 'partly')")

    # ------------------------------------------------------------------
    # Computes and searches
    # ------------------------------------------------------------------

    @api.depends("partner_name", "amount", "currency_id", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for promise in self:
            promise.display_name = self.env._(
                "%(customer)s: %(amount)s by %(date)s",
                customer=promise.partner_name or "",
                amount=format_amount(self.env, promise.amount, promise.currency_id),
                date=format_date(self.env, promise.date),
            )

    @api.depends("state", "date")
    def _compute_is_due(self):
        today = fields.Date.context_today(self)
        for promise in self:
            promise.is_due = promise.state == "open" and promise.date <= today

    @api.model
    def _search_is_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        due = Domain("state", "=", "open") & Domain("date", "<=", fields.Date.context_today(self))
        return due if True in value else ~due

    @api.model
    def _expand_states(self, states, domain):
        return ["open", "partly", "broken", "kept", *(state for state in states if state == "cancelled")]

    def _mail_get_partner_fields(self, introspect_fields=False):
        return ["contact_id", "partner_id"]

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def _get_writable_fields(self):
        return frozenset()

    # ------------------------------------------------------------------
    # Recording
    # ------------------------------------------------------------------

    @api.model
    def _record(self, partner, root, amount, date, items=None, replace=True, **values):
        """Record a promise and return it. Internal: who may is checked by the callers.

        :param partner: the customer; a contact stands for its commercial entity
        :param root: ``res.company``; a branch stands for its root company
        :param amount: in the currency of the items; empty: what is not in dispute of them
        :param date: the promised day
        :param items: ``ar.aging.report`` records of one currency; empty: everything due
        :param replace: open promises about the same items end; else it is about what they leave, and later
        :param values: further values: ``note``, ``contact_id``
        :raise UserError: without items, with more than is open, for a day in the past
        """
        root = root._credit_root()
        settlement = self.env["ar.item.settlement"]
        if not items:
            items = settlement._get_due_claims(partner, root)
            if len(items.currency_id) > 1:
                items = items.filtered(lambda item: item.currency_id == items[0].currency_id)
        items = items.sudo()  # sudo: the items of the customer, whoever talks to them
        self._check_items(items, partner, root, date)
        former = self._get_open_about(items)
        promised = {}
        if former and not replace:
            if any(promise.date >= date for promise in former):
                raise UserError(
                    self.env._(
                        "The customer has promised these items for an earlier or the same day already."
                    )
                )
            promised = settlement._get_agreed(items, root)
        vals = self._prepare_promise(partner, root, amount, date, items, promised)
        promise = self.sudo().create({**vals, **values})  # sudo: nobody writes promises
        if former and replace:
            former._withdraw(self.env._("Replaced by a new promise."), promise)
        promise._message_log(body=promise._describe())
        self.env["ar.credit.recheck"]._add(promise.partner_id, root)
        return promise.sudo(self.env.su)

    @api.model
    def _check_items(self, items, partner, root, date):
        debtor = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        if not items:
            raise UserError(self.env._("%s owes nothing that could be promised.", partner.display_name))
        if len(items.currency_id) > 1:
            raise UserError(self.env._("Record one promise for each currency."))
        if items.partner_id != debtor or items.root_company_id != root:
            raise UserError(self.env._("The items of a promise belong to one customer and company."))
        if date < root._credit_today():
            raise UserError(self.env._("A promise is about a day to come."))

    @api.model
    def _prepare_promise(self, partner, root, amount, date, items, promised):
        currency = items.currency_id
        parts = self._share_amount(items, amount, promised)
        lines = [
            {
                **self.env["ar.payment.promise.line"]._prepare_item_values(item),
                "amount_open": free,
                "amount": part,
            }
            for item, (free, part) in parts.items()
        ]
        total = currency.round(sum(line["amount"] for line in lines))
        if not lines or (amount and currency.compare_amounts(amount, total)):
            raise UserError(
                self.env._(
                    "No more than what is open can be promised: %s.",
                    format_amount(self.env, total, currency),
                )
            )
        debtor = items.partner_id
        profile = self.env["ar.credit.profile"]._get_or_create(debtor, root)
        return {
            "profile_id": profile.id,
            "partner_id": debtor.id,
            "partner_name": debtor.display_name,
            "contact_id": partner.id if partner != debtor else False,
            "company_id": root.id,
            "currency_id": currency.id,
            "amount": total,
            "date": date,
            "date_given": root._credit_today(),
            "user_id": self.env.uid,
            "line_ids": [Command.create(line) for line in lines],
            **self._prepare_tolerance(root, date, total, currency),
        }

    @api.model
    def _share_amount(self, items, amount, promised):
        """Share an amount among items, the oldest first, what is in dispute last.

        :return: {item: (what is open and not promised, its part)}; items without anything open are left out
        """
        currency = items.currency_id
        disputed = self.env["ar.item.settlement"]._get_disputed(items)
        free = {
            item: left
            for item in items
            if (left := currency.round(item.amount_currency - promised.get(item.id, 0.0))) > 0
        }
        agreeable = {item: max(left - disputed[item.id], 0.0) for item, left in free.items()}
        rest = amount or sum(agreeable.values()) or sum(free.values())
        parts = dict.fromkeys(free, 0.0)
        for limits in (agreeable, free):
            for item, limit in limits.items():
                part = currency.round(min(limit - parts[item], max(rest, 0.0)))
                parts[item] += part
                rest -= part
        return {item: (free[item], currency.round(parts[item])) for item in free}

    @api.model
    def _prepare_tolerance(self, root, date, amount, currency):
        """Return the tolerances of the settings on this promise; of share and amount the smaller one set."""
        company = root.sudo()  # settings of the root company, also for a branch
        allowed = []
        if company.credit_promise_tolerance_percent:
            allowed.append(amount * company.credit_promise_tolerance_percent / 100)
        if company.credit_promise_tolerance_amount:
            fixed = company.credit_promise_tolerance_amount
            allowed.append(company.currency_id._convert(fixed, currency, company, root._credit_today()))
        return {
            "tolerance_days": company.credit_promise_tolerance_days,
            "tolerance_amount": currency.round(min(allowed, default=0.0)),
            "deadline": date + timedelta(days=company.credit_promise_tolerance_days),
        }

    @api.model
    def _get_open_about(self, items):
        """Return the open promises about items, judged now."""
        promises = self.sudo().search(  # sudo: by whomever they were recorded
            [("state", "=", "open"), ("line_ids.move_id", "in", items.move_id.ids)]
        )
        keys = {(item.move_id, item.partner_id, item.date_maturity) for item in items}
        promises = promises.filtered(
            lambda promise: any(line._get_item_key() in keys and line.amount for line in promise.line_ids)
        )
        promises._judge()
        return promises.filtered(lambda promise: promise.state == "open")

    def _create_from_contact(self, activity, amount, date, items=None):
        """Record what was promised in a contact (``ar.collection.activity``), see :meth:`_record`.

        Internal: the contact was logged by who may.
        """
        contact = activity.contact_id or activity.partner_id
        if contact.sudo().commercial_partner_id != activity.partner_id.sudo().commercial_partner_id:  # sudo:
            contact = activity.partner_id  # any contact may speak for the customer, only its own is kept
        return self._record(contact, activity.company_id, amount, date, items)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def _check_collector(self):
        self.check_access("read")
        if not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Only collectors record and withdraw promises."))

    def action_cancel(self, reason=None):
        """Withdraw open promises: recorded by mistake, or the customer took them back.

        :raise UserError: for a promise whose outcome is known
        """
        self._check_collector()
        if any(promise.state != "open" for promise in self):
            raise UserError(self.env._("What became of this promise is known: it stays on record."))
        self._withdraw(reason or self.env._("Withdrawn."))
        return True

    def _withdraw(self, reason, replacement=None):
        self._write_evidence(
            {
                "state": "cancelled",
                "cancelled_by_id": self.env.uid,
                "cancel_reason": reason,
                "replaced_by_id": replacement.id if replacement else False,
            }
        )
        promises = self.sudo()  # sudo: nobody writes promises; the callers check who may
        promises._message_log_batch({promise.id: reason for promise in promises})

    def action_promise_again(self):
        """Open the dialogue for a new promise about what this one left open."""
        self.ensure_one()
        return self.env["ar.payment.promise.wizard"]._get_action(
            self.partner_id, self.company_id, promise=self
        )

    def action_open_items(self):
        """Show what is open of the promised entries."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Promised Items"),
            "res_model": "ar.aging.report",
            "view_mode": "list",
            "domain": [
                ("move_id", "in", self.line_ids.move_id.ids),
                ("partner_id", "=", self.partner_id.commercial_partner_id.id),
                ("amount_currency", ">", 0),
            ],
        }

    def action_mail(self):
        """Open a mail to the customer that suits the state: confirmation, thanks, or what was missed."""
        self.ensure_one()
        self._check_collector()
        template = self.env.ref(f"ar_credit_control.{self._get_template_name()}")
        return self._get_mail_action(template_id=template.id)

    def _get_template_name(self):
        if self.state == "kept":
            return "mail_template_promise_kept"
        return "mail_template_promise_missed" if self.state in MISSED else "mail_template_promise_confirmed"

    def _send_mail(self):
        """Send the mail that suits the state to the customers who have an address."""
        for promise in self.sudo():  # sudo: the text is the company's
            if promise.contact_id.email or promise.partner_id.email:
                promise.message_post_with_source(
                    self.env.ref(f"ar_credit_control.{promise._get_template_name()}"),
                    subtype_xmlid="mail.mt_comment",
                    partner_ids=(promise.contact_id or promise.partner_id).ids,
                    email_layout_xmlid=CUSTOMER_LAYOUT,
                )

    # ------------------------------------------------------------------
    # Judging
    # ------------------------------------------------------------------

    @api.model
    def _judged_sql(self, condition: SQL) -> SQL:
        """Return the common table expressions of what became of promises, to go between WITH and the rest.

        ``judged_line``: ``id``, ``paid``; ``judged``: ``id``, ``state``, ``money_waits``, ``paid``, ``late``,
        and as known before ``former`` (state) and ``waited`` (money).

        :param condition: on the alias ``promise``
        """
        settlement = self.env["ar.item.settlement"]
        return SQL(
            """
            judged_line AS (
                SELECT line.id, line.promise_id, line.amount,
                       settled.live > 0 AS live,
                       CASE WHEN settled.live > 0 THEN settled.lost_then ELSE 0 END AS lost,
                       CASE WHEN settled.live > 0
                            THEN LEAST(GREATEST(line.amount_open - settled.unpaid_then, 0), line.amount_open)
                            ELSE 0 END AS paid,
                       CASE WHEN settled.live > 0
                            THEN LEAST(GREATEST(line.amount_open - settled.unpaid_now, 0), line.amount_open)
                            ELSE 0 END AS paid_ever
                  FROM ar_payment_promise promise
                  JOIN ar_payment_promise_line line ON line.promise_id = promise.id
                 CROSS JOIN LATERAL (%(settled)s) settled
                 WHERE promise.cancelled_by_id IS NULL AND %(condition)s
            ),
            judged_total AS (
                SELECT promise_id,
                       COALESCE(SUM(amount) FILTER (WHERE live), 0) AS needed,
                       SUM(lost) AS lost,
                       SUM(paid) AS paid,
                       SUM(paid_ever) AS paid_ever
                  FROM judged_line
              GROUP BY promise_id
            ),
            judged_state AS (
                SELECT promise.id,
                       promise.state AS former,
                       COALESCE(promise.money_waits, FALSE) AS waited,
                       total.paid,
                       GREATEST(total.paid_ever - total.paid, 0) AS late,
                       CASE WHEN total.needed = 0 THEN 'cancelled'
                            WHEN total.paid > 0 AND total.paid >= total.needed - promise.tolerance_amount
                            THEN 'kept'
                            WHEN total.lost > 0
                                 AND total.paid + total.lost >= total.needed - promise.tolerance_amount
                            THEN 'cancelled'
                            WHEN day.today <= promise.deadline THEN 'open'
                            WHEN total.paid > 0 THEN 'partly'
                            ELSE 'broken' END AS state
                  FROM judged_total total
                  JOIN ar_payment_promise promise ON promise.id = total.promise_id
                  JOIN (%(days)s) day ON day.company_id = promise.company_id
            ),
            judged AS (
                SELECT state.*,
                       state.state IN ('broken', 'partly') AND %(received)s AS money_waits
                  FROM judged_state state
                  JOIN ar_payment_promise promise ON promise.id = state.id
            )
            """,
            received=self._received_sql(SQL("state.paid"), SQL("state.late")),
            settled=settlement._settlement_sql(SQL("line"), SQL("promise.deadline")),
            days=settlement._today_sql(),
            condition=condition,
        )

    @api.model
    def _received_sql(self, paid: SQL, late: SQL) -> SQL:
        """Return the condition that receipts which nobody applied yet cover what the ``promise`` lacks.

        Receipts in its currency, booked from the day it was given to its deadline; promises of that time that
        ended before come first. What was paid late makes it broken whatever else comes.

        :param paid: what was matched in time, ``late``: what was matched later
        """
        return SQL(
            """
            (%(late)s <= promise.tolerance_amount
             AND (
                 SELECT COALESCE(SUM(-receipt.amount_residual_currency), 0)
                   FROM res_partner promiser
                   JOIN res_partner payer ON payer.commercial_partner_id = promiser.commercial_partner_id
                   JOIN account_move_line receipt ON receipt.partner_id = payer.id
                   JOIN res_company branch ON branch.id = receipt.company_id
                  WHERE promiser.id = promise.partner_id
                    AND receipt.parent_state = 'posted'
                    AND receipt.reconciled IS NOT TRUE
                    AND receipt.amount_residual_currency < 0
                    AND receipt.account_id = ANY (ARRAY(
                        SELECT id FROM account_account
                         WHERE account_type = 'asset_receivable' AND non_trade IS NOT TRUE))
                    AND receipt.currency_id = promise.currency_id
                    AND receipt.date BETWEEN promise.date_given AND promise.deadline
                    AND split_part(branch.parent_path, '/', 1)::int = promise.company_id
                 ) >= promise.amount - %(paid)s - promise.tolerance_amount + (
                 SELECT COALESCE(SUM(GREATEST(earlier.amount - COALESCE(earlier.amount_paid, 0)
                                              - earlier.tolerance_amount, 0)), 0)
                   FROM ar_payment_promise earlier
                  WHERE earlier.partner_id = promise.partner_id
                    AND earlier.company_id = promise.company_id
                    AND earlier.currency_id = promise.currency_id
                    AND earlier.state NOT IN ('kept', 'cancelled')
                    AND earlier.deadline >= promise.date_given
                    AND (earlier.deadline, earlier.id) < (promise.deadline, promise.id)
                 ))
            """,
            paid=paid,
            late=late,
        )

    def _judge(self):
        """Bring the state of promises up to what the ledger says, in one statement for any number.

        :return: {promise: (former state, state)} of those whose state changed, or whether money waits
        """
        if not self:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH %(judged)s,
                changed_line AS (
                    UPDATE ar_payment_promise_line line
                       SET amount_paid = judged_line.paid
                      FROM judged_line
                     WHERE judged_line.id = line.id
                       AND line.amount_paid IS DISTINCT FROM judged_line.paid
                )
                UPDATE ar_payment_promise promise
                   SET state = judged.state,
                       money_waits = judged.money_waits,
                       amount_paid = judged.paid,
                       amount_late = judged.late
                  FROM judged
                 WHERE judged.id = promise.id
                   AND (promise.state, judged.waited, promise.amount_paid, promise.amount_late)
                       IS DISTINCT FROM (judged.state, judged.money_waits, judged.paid, judged.late)
             RETURNING promise.id, judged.former, judged.state, judged.waited, judged.money_waits
                """,
                judged=self._judged_sql(SQL("promise.id = ANY(%s)", self.ids)),
            )
        )
        self.invalidate_model(["state", "money_waits", "amount_paid", "amount_late"], flush=False)
        self.line_ids.invalidate_model(["amount_paid"], flush=False)
        changes = {
            self.browse(promise_id): (former, state)
            for promise_id, former, state, waited, waits in rows
            if (former, waited) != (state, waits)
        }
        if changes:
            waited = self.browse(row[0] for row in rows if row[3])
            self.browse()._follow_up(changes, waited)
        return changes

    def _follow_up(self, changes, waited):
        """Tell people of promises that changed.

        :param changes: {promise: (former state, state)}
        :param waited: promises of which money waited to be applied before
        """
        promises = self.browse(promise.id for promise in changes).sudo()  # sudo: whoever books the payment
        self._log_states(promises.filtered(lambda promise: changes[promise][0] != changes[promise][1]))
        tasks = {promise: promise._get_task(promise.state, promise.money_waits) for promise in promises}
        former = {promise: promise._get_task(changes[promise][0], promise in waited) for promise in promises}
        changed = promises.filtered(lambda promise: tasks[promise] != former[promise])
        changed.filtered(lambda promise: former[promise] == "missed")._on_mended()
        changed.filtered(lambda promise: former[promise] == "apply")._on_applied()
        changed.filtered(lambda promise: tasks[promise] == "missed")._on_missed()
        changed.filtered(lambda promise: tasks[promise] == "apply")._on_received()
        for root, batch in promises.grouped("company_id").items():
            self.env["ar.credit.recheck"]._add(batch.partner_id, root)

    @api.model
    def _get_task(self, state, money_waits):
        """Return what is left to do: ``missed`` (ask the customer), ``apply`` (the receipt) or nothing."""
        if state not in MISSED:
            return ""
        return "apply" if money_waits else "missed"

    @api.model
    def _log_states(self, promises):
        states = dict(self._fields["state"]._description_selection(self.env))
        promises._message_log_batch(
            {
                promise.id: self.env._(
                    "%(state)s: %(paid)s of %(amount)s by %(deadline)s.",
                    state=states[promise.state],
                    paid=format_amount(self.env, promise.amount_paid, promise.currency_id),
                    amount=format_amount(self.env, promise.amount, promise.currency_id),
                    deadline=format_date(self.env, promise.deadline),
                )
                for promise in promises
            }
        )

    def _on_missed(self):
        """Promises were not kept in time: ask the collector to act."""
        self.env["ar.item.settlement"]._schedule_activities(
            self,
            "mail_activity_promise_missed",
            lambda promise: promise.env._(
                "Promise not kept: %(open)s of %(amount)s missing",
                open=format_amount(
                    promise.env, max(promise.amount - promise.amount_paid, 0), promise.currency_id
                ),
                amount=format_amount(promise.env, promise.amount, promise.currency_id),
            ),
            {promise: promise._get_responsible() for promise in self},
        )
        self.env["ar.item.settlement"]._tell_cases(
            self,
            "promise",
            {promise: self.env._("Promise not kept: %s", promise.display_name) for promise in self},
        )

    def _on_mended(self):
        """A payment in time was found for promises that looked missed."""
        self.env["ar.item.settlement"]._close_activities(self, "mail_activity_promise_missed")

    def _on_received(self):
        """The money came and is not applied: ask the cash desk, not the collector."""
        self.env["ar.item.settlement"]._schedule_activities(
            self,
            "mail_activity_contact_cash",
            lambda promise: promise.env._(
                "Apply the receipt: %(customer)s seems to have paid the promised %(amount)s in time",
                customer=promise.partner_name or "",
                amount=format_amount(promise.env, promise.amount, promise.currency_id),
            ),
            {promise: promise._get_cash_desk() for promise in self},
        )

    def _on_applied(self):
        """The receipts are applied, or taken for something else."""
        self.env["ar.item.settlement"]._close_activities(self, "mail_activity_contact_cash")

    def _get_cash_desk(self):
        """Return who applies receipts in the company, else who is told of missed promises."""
        self.ensure_one()
        user = self.company_id.sudo().collection_cash_user_id  # sudo: a setting of the root company
        return user if self.env["ar.dispute"]._may_own(user, self.company_id) else self._get_responsible()

    def _get_responsible(self):
        """Who is told: the collector of the customer, else who recorded the promise."""
        self.ensure_one()
        for user in (self.profile_id.collector_id, self.user_id):
            if self.env["ar.dispute"]._may_own(user, self.company_id) and not user._is_superuser():
                return user
        return self.env["res.users"]

    @api.model
    def _get_outdated(self):
        """Return the promises whose state the calendar or the ledger has changed, in one statement."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "WITH %s SELECT id FROM judged WHERE (former, waited) != (state, money_waits) ORDER BY id",
                self._judged_sql(SQL("TRUE")),
            )
        )
        return self.browse(row[0] for row in rows)

    @api.model
    def _cron_judge(self):
        """Judge the promises whose state has changed, in batches of a commit each."""
        self.env["ar.item.settlement"]._judge_in_batches(self._get_outdated())

    def _describe(self):
        self.ensure_one()
        return self.env._(
            "Promised: %(amount)s by %(date)s. Items: %(count)s.",
            amount=format_amount(self.env, self.amount, self.currency_id),
            date=format_date(self.env, self.date),
            count=len(self.line_ids.filtered("amount")),
        )

    # ------------------------------------------------------------------
    # Figures for rules and scores
    # ------------------------------------------------------------------

    @api.model
    def _counts_as_broken_sql(self) -> SQL:
        """Return the condition that the alias ``promise`` counts as broken, by the setting of ``root``.

        Not while the money that came waits to be applied.
        """
        return SQL(
            """(promise.money_waits IS NOT TRUE
                AND (promise.state = 'broken'
                     OR promise.state = 'partly' AND root.credit_promise_partly_broken IS TRUE))"""
        )
