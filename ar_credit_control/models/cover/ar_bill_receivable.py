from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_list

# What the bill says: fixed once it left the portfolio.
TERMS = {
    "acceptor",
    "amount",
    "company_id",
    "currency_id",
    "date_maturity",
    "date_received",
    "drawer",
    "kind",
    "move_id",
    "name",
    "partner_id",
    "payment_id",
}
# What only the methods of this model write.
COURSE = {
    "counterparty_id",
    "maturity_warned_for",
    "return_move_id",
    "state",
    "state_date",
    "with_recourse",
}


class ArBillReceivable(models.Model):
    """Bill of exchange received from a customer (应收票据).

    A bill clears the invoice in the ledger before the money is there. Until its maturity it therefore
    counts in the exposure of the customer who gave it (``notes``), by the share that the company sets for
    its kind, while we hold it and while we would have to take it back: endorsed or discounted with recourse.
    Defined once, in
    :meth:`_counted_sql` and :meth:`_counts_sql`. A bill whose payment is not posted counts nothing: the
    invoice is still open then.

    Returned unpaid, the matching of its payment is undone and the customer owes the invoice again, which ages
    from its original due date.
    """

    _name = "ar.bill.receivable"
    _description = "Bill of Exchange"
    _inherit = [
        "ar.customer.evidence.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _order = "date_maturity, id"
    _rec_names_search = ["name", "acceptor", "partner_id"]
    _own_fields = COURSE

    name = fields.Char(
        string="Number",
        required=True,
        tracking=True,
        copy=False,
        help="Number of the bill; for a part of an electronic bill, with its range (子票区间).",
    )
    kind = fields.Selection(
        [("bank", "Bank Acceptance"), ("commercial", "Commercial Acceptance")],
        required=True,
        default="bank",
        tracking=True,
        help="Bank acceptance (银行承兑汇票): a bank promises to pay. Commercial acceptance "
        "(商业承兑汇票): a "
        "company does. The settings say how much of each counts in the exposure.",
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        help="Who paid with the bill: their exposure counts it. Choosing a contact chooses its company.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        help="The main company; bills of branches count with it.",
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    drawer = fields.Char(tracking=True, help="Who issued the bill (出票人).")
    acceptor = fields.Char(tracking=True, help="The bank or company that pays at maturity (承兑人).")
    amount = fields.Monetary(required=True, tracking=True)
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
    )
    date_received = fields.Date(
        string="Received On", required=True, default=fields.Date.context_today, tracking=True
    )
    date_maturity = fields.Date(
        string="Maturity", required=True, tracking=True, help="Last day on which it counts in the exposure."
    )
    payment_id = fields.Many2one(
        "account.payment",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        domain="[('payment_type', '=', 'inbound'), ('company_id', 'child_of', company_id)]",
        help="The customer payment that the bill was received with; it cleared the invoices.",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Booked In",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        domain="[('state', '=', 'posted'), ('company_id', 'child_of', company_id)]",
        help="The entry that took the bill in, where it was not a payment.",
    )
    state = fields.Selection(
        [
            ("held", "In Portfolio"),
            ("endorsed", "Endorsed"),
            ("discounted", "Discounted"),
            ("collected", "Collected"),
            ("returned", "Returned"),
            ("cancelled", "Cancelled"),
        ],
        default="held",
        required=True,
        readonly=True,
        index=True,
        copy=False,
        tracking=True,
        group_expand=True,
        help="In portfolio: in our hands. Endorsed (背书): passed on to pay somebody. Discounted (贴现): "
        "sold to a bank. "
        "Collected: paid at maturity. Returned: not paid, the customer owes again. Cancelled: entered by "
        "mistake.",
    )
    state_date = fields.Date(string="State Since", readonly=True, copy=False)
    counterparty_id = fields.Many2one(
        "res.partner",
        string="Passed On To",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Whom it was endorsed to, or the bank that discounted it.",
    )
    with_recourse = fields.Boolean(
        readonly=True,
        copy=False,
        tracking=True,
        help="Whoever holds it now may come back to us when it is not paid (有追索权): it counts until "
        "maturity.",
    )
    return_move_id = fields.Many2one(
        "account.move",
        string="Return Entry",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        tracking=True,
        help="Is told before it matures.",
    )
    note = fields.Text()
    counted_amount = fields.Monetary(
        string="Counts in the Exposure",
        compute="_compute_counted_amount",
        currency_field="company_currency_id",
        help="What counts in the customer's exposure today, in company currency.",
    )
    days_to_maturity = fields.Integer(compute="_compute_days_to_maturity")
    unsettled = fields.Boolean(
        string="Matured, Not Settled",
        compute="_compute_days_to_maturity",
        search="_search_unsettled",
        help="Its maturity is over and nobody recorded whether it was paid.",
    )
    maturity_warned_for = fields.Date(readonly=True, copy=False)

    _amount_positive = models.Constraint("CHECK (amount > 0)", "The amount of a bill must be more than zero.")
    _dates_in_order = models.Constraint(
        "CHECK (date_received <= date_maturity)", "A bill cannot mature before it was received."
    )
    _number_uniq = models.UniqueIndex(
        "(company_id, name) WHERE state NOT IN ('cancelled', 'returned')",
        "A bill with this number is in the portfolio already.",
    )

    # ------------------------------------------------------------------
    # Query
    # ------------------------------------------------------------------

    @api.model
    def _counted_sql(self) -> SQL:
        """Return what the alias ``bill`` adds to the exposure while it counts, in its own currency."""
        return SQL(
            """
            bill.amount / 100 * (
                SELECT CASE bill.kind
                            WHEN 'bank' THEN COALESCE(credit_bill_bank_share, 0)
                            ELSE COALESCE(credit_bill_commercial_share, 100)
                       END
                  FROM res_company
                 WHERE res_company.id = bill.company_id
            )
            """
        )

    @api.model
    def _counts_sql(self) -> SQL:
        """Return the condition that the alias ``bill`` counts today, in the user's time zone.

        Up to the day of maturity; while held, or passed on with recourse; and only once its payment or
        entry is posted, where it names one, since the invoice counts before that.
        """
        return SQL(
            """bill.date_maturity >= %(today)s
               AND (bill.state = 'held' OR bill.state IN ('endorsed', 'discounted') AND bill.with_recourse)
               AND (bill.payment_id IS NULL AND bill.move_id IS NULL
                    OR 'posted' = (
                        SELECT booking.state
                          FROM account_move booking
                         WHERE booking.id = COALESCE(
                             (SELECT payment.move_id FROM account_payment payment
                               WHERE payment.id = bill.payment_id),
                             bill.move_id
                         )
                    ))""",
            today=fields.Date.context_today(self),
        )

    # ------------------------------------------------------------------
    # Computes and searches
    # ------------------------------------------------------------------

    @api.depends("company_id")
    def _compute_currency_id(self):
        for bill in self:
            bill.currency_id = bill.currency_id or bill.company_id.currency_id

    @api.depends(
        "amount", "company_id", "currency_id", "date_maturity", "kind", "payment_id.state", "move_id.state",
        "state", "with_recourse",
    )  # fmt: skip
    def _compute_counted_amount(self):
        amounts = self._origin._get_counted_amounts()
        for bill in self:
            bill.counted_amount = amounts.get(bill._origin.id, 0.0)

    @api.depends("date_maturity", "state")
    def _compute_days_to_maturity(self):
        today = fields.Date.context_today(self)
        for bill in self:
            bill.days_to_maturity = (bill.date_maturity - today).days if bill.date_maturity else 0
            bill.unsettled = bill._is_open() and bool(bill.date_maturity) and bill.date_maturity < today

    def _search_unsettled(self, operator, value):
        if operator != "in":
            return NotImplemented
        unsettled = Domain("date_maturity", "<", fields.Date.context_today(self)) & self._open_domain()
        return unsettled if True in value else ~unsettled

    # ------------------------------------------------------------------
    # Constrains and onchange
    # ------------------------------------------------------------------

    @api.constrains("payment_id", "move_id", "partner_id", "company_id", "state")
    def _check_booking(self):
        for bill in self.filtered(lambda bill: bill.state == "held"):
            bill = bill.sudo()  # sudo: a controller may not read every field of a payment
            booking = bill.payment_id or bill.move_id
            if bill.payment_id and bill.payment_id.payment_type != "inbound":
                raise UserError(self.env._("A bill is received with an inbound payment."))
            if booking and booking.company_id._credit_root() != bill.company_id:
                raise UserError(self.env._("The payment or entry of a bill belongs to another company."))
            if bill.payment_id and bill.payment_id.partner_id.commercial_partner_id != bill.partner_id:
                raise UserError(self.env._("The payment of a bill is from another customer."))

    @api.onchange("payment_id")
    def _onchange_payment_id(self):
        if payment := self.payment_id:
            self.update(self._prepare_payment_vals(payment))

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if (COURSE & vals.keys()) - {"state"} or vals.get("state", "held") != "held":
                self._check_course_by_system()
        bills = super().create(vals_list)
        bills._invalidate_figures()
        return bills

    def write(self, vals):
        if COURSE & vals.keys():
            self._check_course_by_system()
        if TERMS & vals.keys():
            self._check_state(self.env._("The terms of a bill are fixed once it left the portfolio."), "held")
        result = super().write(vals)
        self._invalidate_figures()
        return result

    @api.model
    def _get_keep_text(self):
        return self.env._("Bills of exchange are kept as evidence: cancel one entered by mistake.")

    def _check_course_by_system(self):
        if not self.env.su:
            raise AccessError(self.env._("A bill is passed on, collected and returned by its own actions."))

    def _write_course(self, vals):
        """Write what :meth:`write` refuses to everybody else."""
        result = super().write(vals)
        self._invalidate_figures()
        return result

    def _invalidate_figures(self):
        self.env["res.partner"]._invalidate_credit_figures()

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_decide(self):
        """Open the dialogue for what happened to the bills; ``default_decision`` in the context says what."""
        return {
            "name": {
                "endorse": self.env._("Endorse"),
                "discount": self.env._("Discount"),
                "collect": self.env._("Collected"),
                "return": self.env._("Returned Unpaid"),
            }.get(self.env.context.get("default_decision"), ""),
            "type": "ir.actions.act_window",
            "res_model": "ar.bill.receivable.decision",
            "views": [(False, "form")],
            "target": "new",
            "context": {**self.env.context, "default_bill_ids": self.ids},
        }

    def action_endorse(self, counterparty, with_recourse=True, date=None):
        """Record that the bills were passed on to pay somebody.

        :param counterparty: ``res.partner`` record
        :param bool with_recourse: whether holders may come back to us
        :param date: day it happened; today when empty
        """
        self._pass_on("endorsed", counterparty, with_recourse, date)

    def action_discount(self, counterparty, with_recourse=True, date=None):
        """Record that the bills were sold to a bank before maturity. See :meth:`action_endorse`."""
        self._pass_on("discounted", counterparty, with_recourse, date)

    def action_collect(self, date=None):
        """Record that the bills were paid: to us, or to whom they were passed on."""
        self.check_access("write")
        self._check_open()
        self._change_state("collected", date)

    def action_return(self, reason, date=None, account=None):
        """Record that bills were not paid: their customers owe again.

        Where a posted payment or entry took the bill in, an entry charges the customer with it again and
        takes the place of the invoices in its matching: the invoices are open again, with their own due
        dates.

        :param str reason: kept with the bill
        :param date: day of the return; today when empty
        :param account: ``account.account`` credited for it: where the bill, or the money for it, went. Empty:
            the account that took the bill in
        :raise AccessError: when something was booked and the user may not post entries
        """
        self.check_access("write")
        self._check_open()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why: the reason is kept with the bill."))
        for bill in self:
            if bill.state != "held" and not bill.with_recourse:
                raise UserError(
                    self.env._("%s was passed on without recourse: it cannot come back.", bill.display_name)
                )
        booked = self.filtered(lambda bill: bill._get_booking().state == "posted")
        if booked and not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(
                self.env._(
                    "The return of %s is booked in the ledger. Ask an accountant.",
                    format_list(self.env, booked.mapped("display_name")),
                )
            )
        for bill in booked:
            bill._book_return(date or bill.company_id._credit_today(), account)
        self._change_state("returned", date)
        for bill in self:
            bill._message_log(body=self.env._("Returned unpaid: %s", reason))

    def action_cancel(self):
        """Withdraw bills entered by mistake. They keep their number for nobody."""
        self.check_access("write")
        self._check_state(self.env._("Only a bill that is held can be cancelled."), "held")
        self._change_state("cancelled")

    def action_open_payment(self):
        """Open the payment or entry that took the bill in."""
        self.ensure_one()
        record = self.payment_id or self.move_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _open_domain(self):
        """Bills of which nobody knows yet whether they will be paid."""
        return Domain("state", "=", "held") | (
            Domain("state", "in", ("endorsed", "discounted")) & Domain("with_recourse", "=", True)
        )

    def _is_open(self):
        self.ensure_one()
        return self.state == "held" or (self.state in ("endorsed", "discounted") and self.with_recourse)

    def _get_counted_amounts(self):
        """Return ``{id: what counts today}`` in root currency, in one statement."""
        if not self.ids:
            return {}
        exposure = self.env["ar.credit.exposure"]
        for model in (self._name, "account.payment", "account.move", "res.company"):
            self.env[model].flush_model(
                set(exposure._depends[model]) & self.env[model]._fields.keys()  # those the exposure reads
            )
        rows = SQL(
            """
            SELECT bill.id AS partner_id, bill.company_id, bill.currency_id, %s AS amount
              FROM ar_bill_receivable bill
             WHERE bill.id IN %s AND %s
            """,
            self._counted_sql(),
            tuple(self.ids),
            self._counts_sql(),
        )
        return {
            bill_id: float(amount)
            for bill_id, _company_id, amount in self.env.execute_query(
                exposure._converted_sql(rows, "counted")
            )
        }

    def _get_booking(self):
        """Return the entry that took the bill in, if any."""
        self.ensure_one()
        bill = self.sudo()  # sudo: whether something is booked, for who may not open it
        return bill.payment_id.move_id or bill.move_id

    def _get_responsible(self):
        self.ensure_one()
        user = self.user_id
        if user.active and self.company_id in user.company_ids:
            return user
        return self.env["ar.credit.authority"]._get_approvers("limit", 0.0, self.company_id)[:1]

    def _check_state(self, message, *states):
        for bill in self:
            if bill.state not in states:
                raise UserError(self.env._("%(bill)s: %(problem)s", bill=bill.display_name, problem=message))

    def _check_open(self):
        self._check_state(
            self.env._("it was settled or withdrawn already."), "held", "endorsed", "discounted"
        )

    def _pass_on(self, state, counterparty, with_recourse, date):
        self.check_access("write")
        self._check_state(self.env._("it is not in our hands any more."), "held")
        if not counterparty:
            raise UserError(self.env._("Say whom the bill was passed on to."))
        self._change_state(state, date, counterparty_id=counterparty.id, with_recourse=bool(with_recourse))

    def _change_state(self, state, date=None, **vals):
        for company, bills in self.grouped("company_id").items():
            day = fields.Date.to_date(date) or company._credit_today()
            bills._write_course({"state": state, "state_date": day, **vals})
        self.sudo().activity_ids.filtered(  # sudo: of others, for whom nothing is left to do
            lambda activity: (
                activity.activity_type_id == self.env.ref("ar_credit_control.mail_activity_bill_matures")
            )
        ).action_done()

    def _book_return(self, date, account=None):
        """Charge the customer again and set the invoices free that the bill had cleared."""
        self.ensure_one()
        cleared = (
            self._get_booking()
            .with_env(self.env)
            .line_ids.filtered(
                lambda line: (
                    line.account_id.account_type == "asset_receivable"
                    and line.partner_id.commercial_partner_id == self.partner_id
                )
            )
        )
        if not cleared:
            return
        entry = self.env["account.move"].create(self._prepare_return_entry(cleared, date, account))
        entry.action_post()
        matchings = cleared.matched_debit_ids - self._get_matchings_of_returns(cleared)
        invoices = matchings.debit_move_id
        matchings.unlink()
        (cleared + entry.line_ids.filtered(lambda line: line.account_id in cleared.account_id)).reconcile()
        if not all(cleared.mapped("reconciled")):
            # The payment brought more than this bill: the rest pays what it paid, the oldest first.
            (cleared + invoices).filtered(lambda line: not line.reconciled).reconcile()
        taken_in = (cleared.move_id + entry).line_ids.filtered(
            lambda line: (
                line.account_id.reconcile
                and line.account_id not in cleared.account_id
                and not line.reconciled
            )
        )
        for lines in taken_in.grouped("account_id").values():
            lines.reconcile()
        self._write_course({"return_move_id": entry.id})

    @api.model
    def _get_matchings_of_returns(self, cleared):
        """Return the matchings of items with the returns of other bills of the same payment."""
        entries = cleared.matched_debit_ids.debit_move_id.move_id
        returned = self.sudo().search([("return_move_id", "in", entries.ids)])  # sudo: which they are
        return cleared.matched_debit_ids.filtered(
            lambda matching: matching.debit_move_id.move_id.id in returned.return_move_id.ids
        )

    def _prepare_return_entry(self, cleared, date, account=None):
        """Return values of the entry that turns the booking of the bill round.

        :param cleared: items of the customer in the entry that took the bill in
        :param account: credited instead of what was debited then
        """
        booking = cleared.move_id
        total = abs(sum(cleared.mapped("amount_currency")))
        part = 1.0
        if cleared.currency_id == self.currency_id and total:
            part = min(self.amount / total, 1.0)
        taken_in = booking.line_ids - cleared
        charged = [self._prepare_return_line(line, line.account_id, part) for line in cleared]
        if account or part < 1:
            account = account or taken_in.account_id[:1]
            credited = [self._prepare_return_line(line, account, part, sign=1) for line in cleared]
        else:
            credited = [self._prepare_return_line(line, line.account_id) for line in taken_in]
        return {
            "move_type": "entry",
            "journal_id": booking.journal_id.id,
            "company_id": booking.company_id.id,
            "date": date,
            "ref": self.env._("Bill %s returned unpaid", self.name),
            "line_ids": [Command.create(vals) for vals in charged + credited],
        }

    def _prepare_return_line(self, line, account, part=1.0, sign=-1):
        """Return values of an item for a part of another one, by default turned round."""
        return {
            "name": self.env._("Bill %s returned unpaid", self.name),
            "account_id": account.id,
            "partner_id": (line.partner_id or self.partner_id).id,
            "currency_id": line.currency_id.id,
            "amount_currency": sign * line.currency_id.round(line.amount_currency * part),
            "balance": sign * line.company_currency_id.round(line.balance * part),
        }

    @api.model
    def _prepare_payment_vals(self, payment):
        """Return what a payment says of the bill received with it."""
        return {
            "payment_id": payment.id,
            "partner_id": payment.partner_id.commercial_partner_id.id,
            "company_id": payment.company_id._credit_root().id,
            "amount": payment.amount,
            "currency_id": payment.currency_id.id,
            "date_received": payment.date,
            "name": payment.payment_reference,
        }

    # ------------------------------------------------------------------
    # Warnings ahead
    # ------------------------------------------------------------------

    @api.model
    def _select_maturing(self):
        """Bills in our hands that mature within the days of warning of their company, not warned of yet."""
        roots = self.env["res.company"].search([("parent_id", "=", False)])
        domains = [
            Domain("company_id", "=", root.id)
            & Domain(
                "date_maturity", "<=", root._credit_today() + relativedelta(days=root.credit_bill_warn_days)
            )
            for root in roots
        ]
        maturing = self.search(Domain("state", "=", "held") & Domain.OR(domains), order="id")
        return maturing.filtered(lambda bill: bill.maturity_warned_for != bill.date_maturity)

    def _warn_maturity(self):
        self.ensure_one()
        self._write_course({"maturity_warned_for": self.date_maturity})
        if user := self._get_responsible():
            self.activity_schedule(
                "ar_credit_control.mail_activity_bill_matures",
                self.date_maturity,
                summary=self.env._("Present the bill, and record whether it was paid."),
                user_id=user.id,
            )
