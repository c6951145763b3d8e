from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

OPEN_STATES = ("new", "investigating", "accepted")
# Disputes that the schedule judges in one commit.
BATCH = 100
# What a person may change on an open dispute; the rest is written by its methods.
EDITABLE = {
    "category_id",
    "confirmation_number",
    "contact_id",
    "deadline",
    "document_ids",
    "owner_id",
}
# What stays as it was answered once a dispute is closed.
SETTLED = {"category_id", "deadline", "owner_id"}


class ArDispute(models.Model):
    """What a customer objects to: part amounts of items, with an owner and a deadline.

    The disputed part is not asked for and holds no order as overdue; it stays in what the customer owes,
    in the ageing and in the exposure. A dispute ends with a credit note that is posted and
    matched, with a rejection
    (dunning goes on after some days of grace), with both, with the customer's payment, or withdrawn. Undoing
    the credit note or its matching opens it again.

    Core's "blocked" invoice is something else: a stop of the whole invoice without reason, owner or end, for
    payments in both directions. A dispute neither sets nor reads it; see ``docs/architecture.md``.

    Disputes are evidence: recorded through a form, decided by their methods, never deleted. Amounts are in
    the currency of the items; a dispute has one.
    """

    _name = "ar.dispute"
    _description = "Dispute"
    _inherit = [
        "ar.decision.mixin",
        "ar.customer.evidence.mixin",
        "ar.collector.notes.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _order = "deadline, id"
    _rec_names_search = ["name", "partner_id", "line_ids.name"]
    _made_by_methods = True

    name = fields.Char(string="Number", required=True, readonly=True, copy=False)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_name = fields.Char(string="Customer When Recorded", readonly=True)
    contact_id = fields.Many2one(
        "res.partner",
        string="Raised By",
        ondelete="restrict",
        domain="[('id', 'child_of', partner_id)]",
        help="Who told us.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The main company; items of its branches belong here too.",
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    category_id = fields.Many2one(
        "ar.dispute.category", required=True, index=True, ondelete="restrict", tracking=True
    )
    owner_id = fields.Many2one(
        "res.users",
        index=True,
        tracking=True,
        ondelete="restrict",
        domain="[('share', '=', False), ('company_ids', 'child_of', company_id)]",
        help="Who has to answer, by the category.",
    )
    date = fields.Date(string="Raised On", required=True, readonly=True)
    deadline = fields.Date(
        string="Answer By",
        required=True,
        tracking=True,
        help="Day by which it should be solved. Then the credit manager hears of it.",
    )
    description = fields.Text(
        string="Customer's Words",
        readonly=True,
        help="What the customer said, as it was said. What comes later is added as a note.",
    )
    document_ids = fields.Many2many("ir.attachment", string="Files", copy=False)
    line_ids = fields.One2many("ar.dispute.line", "dispute_id", string="Items", readonly=True)
    state = fields.Selection(
        [
            ("new", "New"),
            ("investigating", "Being Examined"),
            ("accepted", "Credit Note to Come"),
            ("resolved_credit", "Credited"),
            ("resolved_partly", "Partly Credited"),
            ("resolved_rejected", "Rejected"),
            ("resolved_paid", "Paid After All"),
            ("resolved_lost", "Written Off"),
            ("cancelled", "Withdrawn"),
        ],
        string="Status",
        default="new",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        help="Credit note to come: the objection was accepted, in whole or in part; it ends when the "
        "credit note "
        "is posted and matched. Rejected: dunning goes on after the days of grace. Paid after "
        "all: nothing of "
        "its items is open any more.",
    )
    is_open = fields.Boolean(compute="_compute_is_open", search="_search_is_open")
    may_work = fields.Boolean(compute="_compute_may_work")
    is_late = fields.Boolean(compute="_compute_is_late", search="_search_is_late")
    amount = fields.Monetary(string="Disputed", compute="_compute_amounts", store=True)
    amount_accepted = fields.Monetary(
        string="Accepted", compute="_compute_amounts", store=True, help="What is credited, as it was decided."
    )
    amount_company = fields.Monetary(
        string="Disputed in Company Currency",
        readonly=True,
        currency_field="company_currency_id",
        help="At the rate of the day on which it was raised.",
    )
    amount_open = fields.Monetary(
        string="Still in Dispute",
        compute="_compute_amount_open",
        help="What is open of the disputed amounts and not asked for now.",
    )
    confirmation_number = fields.Char(
        tracking=True,
        help="Number of the tax authority that the credit note waits for, in China that of the red-letter "
        "confirmation (红字信息确认单).",
    )
    needs_confirmation = fields.Boolean(related="category_id.needs_confirmation")
    decision_note = fields.Text(string="Our Answer", tracking=True)
    resolved_on = fields.Date(readonly=True, copy=False, tracking=True)
    grace_until = fields.Date(
        string="No Dunning Until",
        readonly=True,
        copy=False,
        tracking=True,
        help="Last day on which what was rejected is not asked for.",
    )
    credit_move_ids = fields.Many2many(
        "account.move",
        "ar_dispute_credit_rel",
        "dispute_id",
        "move_id",
        string="Credit Notes",
        readonly=True,
        copy=False,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    credit_count = fields.Integer(compute="_compute_credit_count", compute_sudo=True)
    has_credit_note = fields.Boolean(
        compute="_compute_credit_count", compute_sudo=True, help="One that was not cancelled or reversed."
    )
    escalation = fields.Selection(
        [("owner", "Owner reminded"), ("manager", "Credit manager told")],
        readonly=True,
        copy=False,
        tracking=True,
    )

    _pausing_idx = models.Index(
        "(company_id) WHERE state IN ('new', 'investigating', 'accepted') OR grace_until IS NOT NULL"
    )

    # ------------------------------------------------------------------
    # Query
    # ------------------------------------------------------------------

    @api.model
    def _credited_sql(self, condition, date=None) -> SQL:
        """Return ``line_id``, ``amount``: what posted credit notes of a dispute were matched with its items.

        :param condition: SQL on the aliases ``dispute`` and ``line``
        :param date: only what was matched by the end of this day
        """
        return SQL(
            """
            SELECT line.id AS line_id, SUM(part.debit_amount_currency) AS amount
              FROM ar_dispute dispute
              JOIN ar_dispute_line line ON line.dispute_id = dispute.id
              JOIN ar_dispute_credit_rel credit ON credit.dispute_id = dispute.id
              JOIN account_move_line item
                ON item.move_id = line.move_id
               AND item.parent_state = 'posted'
               AND COALESCE(item.date_maturity, item.date) = line.date_maturity
               AND %(own_item)s
              JOIN account_account account
                ON account.id = item.account_id AND account.account_type = 'asset_receivable'
              JOIN account_partial_reconcile part ON part.debit_move_id = item.id
              JOIN account_move_line credit_line
                ON credit_line.id = part.credit_move_id
               AND credit_line.move_id = credit.move_id
               AND credit_line.parent_state = 'posted'
             WHERE %(condition)s AND %(matched)s
          GROUP BY line.id
            """,
            condition=condition,
            own_item=self.env["ar.item.mixin"]._own_item_sql(SQL("line"), SQL("item")),
            matched=SQL("TRUE") if date is None else SQL("part.max_date <= %s", date),
        )

    def _flush_for_figures(self):
        self.env["ar.aging.report"]._switch_off_jit()
        self.env["ar.dispute"].flush_model()
        self.env["ar.dispute.line"].flush_model()
        self.env["account.move.line"].flush_model(
            [
                "account_id",
                "amount_residual",
                "amount_residual_currency",
                "date_maturity",
                "parent_state",
                "reconciled",
            ]
        )
        self.env["account.partial.reconcile"].flush_model()

    def _get_line_figures(self):
        """Return ``{line id: (open of the item, credited, whether it was written off)}``, in one statement;
        amounts in their currency."""
        if not self.ids:
            return {}
        self._flush_for_figures()
        partners = tuple(self.sudo().partner_id.commercial_partner_id.ids)  # sudo: ids only
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id,
                       COALESCE(item.amount_currency, 0)::float8,
                       COALESCE(credited.amount, 0)::float8,
                       EXISTS (SELECT
                                 FROM account_move_line ledger
                                 JOIN account_partial_reconcile part ON part.debit_move_id = ledger.id
                                 JOIN account_move_line counterpart
                                   ON counterpart.id = part.credit_move_id
                                  AND counterpart.parent_state = 'posted'
                                WHERE ledger.move_id = line.move_id
                                  AND COALESCE(ledger.date_maturity, ledger.date) = line.date_maturity
                                  AND %(own_ledger)s
                                  AND %(is_loss)s)
                  FROM ar_dispute_line line
             LEFT JOIN (%(open)s) item ON item.id = line.id
             LEFT JOIN (%(credited)s) credited ON credited.line_id = line.id
                 WHERE line.dispute_id IN %(disputes)s
                """,
                open=self.env["ar.dispute.line"]._open_sql(
                    partners, SQL("line.dispute_id IN %s", tuple(self.ids))
                ),
                credited=self._credited_sql(SQL("dispute.id IN %s", tuple(self.ids))),
                disputes=tuple(self.ids),
                own_ledger=self.env["ar.item.mixin"]._own_item_sql(SQL("line"), SQL("ledger")),
                is_loss=self.env["ar.item.loss"]._is_loss_sql(SQL("counterpart.move_id")),
            )
        )
        return {line_id: tuple(figures) for line_id, *figures in rows}

    # ------------------------------------------------------------------
    # Computes and searches
    # ------------------------------------------------------------------

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for dispute in self:
            dispute.display_name = ", ".join(
                filter(None, (dispute.name, dispute.partner_id.display_name or dispute.partner_name))
            )

    @api.depends("state")
    def _compute_is_open(self):
        for dispute in self:
            dispute.is_open = dispute.state in OPEN_STATES

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("state", "in", OPEN_STATES)
        return domain if True in value else ~domain

    @api.depends("state", "deadline")
    def _compute_is_late(self):
        today = fields.Date.context_today(self)
        for dispute in self:
            dispute.is_late = dispute.state in OPEN_STATES and bool(
                dispute.deadline and dispute.deadline < today
            )

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = Domain("state", "in", OPEN_STATES) & Domain("deadline", "<", fields.Date.context_today(self))
        return domain if True in value else ~domain

    @api.depends("line_ids.amount", "line_ids.amount_accepted")
    def _compute_amounts(self):
        for dispute in self:
            dispute.amount = sum(dispute.line_ids.mapped("amount"))
            dispute.amount_accepted = sum(dispute.line_ids.mapped("amount_accepted"))

    @api.depends("line_ids.amount_open")
    def _compute_amount_open(self):
        for dispute in self:
            dispute.amount_open = sum(dispute.line_ids.mapped("amount_open"))

    @api.depends("credit_move_ids")
    def _compute_credit_count(self):
        for dispute in self:
            credit_notes = dispute.credit_move_ids
            dispute.credit_count = len(credit_notes)
            dispute.has_credit_note = bool(credit_notes - dispute._filter_undone(credit_notes))

    @api.depends("owner_id")
    @api.depends_context("uid")
    def _compute_may_decide(self):
        return super()._compute_may_decide()

    @api.depends("owner_id")
    @api.depends_context("uid")
    def _compute_may_work(self):
        collects = self.env.user.has_group("ar_credit_control.group_collector")
        for dispute in self:
            dispute.may_work = collects or dispute._is_decided_by(self.env.user)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def write(self, vals):
        if not self.env.su and vals.get("owner_id") == self.env.uid:
            # Who becomes the owner decides: nobody takes that for oneself.
            self._check_decides()
        owners = {dispute.id: dispute.owner_id for dispute in self}
        deadlines = {dispute.id: dispute.deadline for dispute in self}
        result = super().write(vals)
        moved = self.filtered(
            lambda dispute: (
                dispute.state in OPEN_STATES
                and (dispute.owner_id != owners[dispute.id] or dispute.deadline != deadlines[dispute.id])
            )
        )
        if moved and {"owner_id", "deadline"} & vals.keys():
            moved._renew_activities()
        return result

    def _get_writable_fields(self):
        return EDITABLE if self.state in OPEN_STATES else EDITABLE - SETTLED

    def _filter_proven(self):
        return self

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        operations = super()._mail_get_operation_for_mail_message_operation(message_operation)
        if message_operation == "create":
            # Who has to answer writes notes too, whatever the department.
            mine = self.filtered(lambda dispute: dispute.owner_id == self.env.user)
            operations.update(dict.fromkeys(mine, "read"))
        return operations

    # ------------------------------------------------------------------
    # Recording
    # ------------------------------------------------------------------

    @api.model
    def _record(self, category, amounts, description="", contact=None, documents=None, date=None):
        """Record disputes on open items, one for each currency. Internal: no access check.

        :param category: ``ar.dispute.category``
        :param dict amounts: ``{ar.aging.report row: disputed amount in the currency of the item}``; the items
            are of one customer and one main company
        :param str description: the customer's words
        :param contact: ``res.partner`` who raised it
        :param documents: ``ir.attachment`` records of the user that go with it
        :param date: the day on which it was raised, today if not given
        :return: the ``ar.dispute`` records
        :raise UserError: nothing disputed, more than is open, several customers
        """
        amounts = {item: amount for item, amount in amounts.items() if amount}
        items = self.env["ar.aging.report"].browse([item.id for item in amounts])
        if not items:
            raise UserError(self.env._("Enter the amount that is disputed, of one item at least."))
        if len(items.partner_id) != 1 or len(items.root_company_id) != 1:
            raise UserError(self.env._("A dispute is about items of one customer and one company."))
        self._check_not_above_open(amounts)
        root = items.root_company_id.sudo()  # sudo: a branch user reads the settings of its main company
        date = date or root._credit_today()
        disputes = self.browse()
        for currency, of_currency in items.grouped("currency_id").items():
            owner = self._find_owner(category, root, of_currency)
            total = sum(amounts[item] for item in of_currency)
            vals = self._prepare_record_vals(category, of_currency, total, root, date, owner)
            vals.update(
                description=description,
                contact_id=contact.id if contact else False,
                line_ids=[
                    Command.create(
                        {
                            **self.env["ar.dispute.line"]._prepare_item_values(item),
                            "amount": currency.round(amounts[item]),
                            "amount_original": item.amount_currency,
                        }
                    )
                    for item in of_currency
                ],
            )
            disputes += self.sudo().create(vals)  # sudo: recorded here only, the caller checked who asks
        for dispute in disputes if documents else ():
            # The first takes the files, the others get copies.
            dispute.sudo().document_ids = documents._give_to(dispute)  # sudo: who records may not write it
        disputes._renew_activities()
        return disputes.sudo(False)

    @api.model
    def _prepare_record_vals(self, category, items, total, root, date, owner):
        currency = items.currency_id.sudo()  # sudo: rates of the main company, for who works in a branch
        return {
            "name": self.env["ir.sequence"].sudo().next_by_code("ar.dispute"),  # sudo: numbers are for all
            "partner_id": items.partner_id.id,
            "partner_name": items.partner_id.sudo().display_name,  # sudo: it may not be readable by the user
            "company_id": root.id,
            "currency_id": currency.id,
            "category_id": category.id,
            "owner_id": owner.id,
            "date": date,
            "deadline": self._plan_days(root, date, category.deadline_days),
            "amount_company": currency._convert(total, root.currency_id, root, date),
        }

    @api.model
    def _create_from_contact(self, activity, category, amounts, description="", documents=None):
        """Record what a customer objected to in a contact; the caller checked who logs it.

        :param activity: ``ar.collection.activity`` or any record with ``partner_id`` and, if known,
        ``contact_id``
        :param category: ``ar.dispute.category``
        :param dict amounts: see :meth:`_record`
        """
        contact = activity.contact_id if "contact_id" in activity._fields else None
        return self._record(category, amounts, description, contact=contact, documents=documents)

    @api.model
    def _check_not_above_open(self, amounts):
        """Refuse to dispute more of an item than is open and not in dispute already."""
        items = self.env["ar.aging.report"].browse([item.id for item in amounts])
        disputed = self._get_disputed(items)
        for item, amount in amounts.items():
            left = item.amount_currency - disputed.get(item.id, 0.0)
            if amount < 0 or item.currency_id.compare_amounts(amount, left) > 0:
                raise UserError(
                    self.env._(
                        "%(item)s: %(amount)s cannot be disputed, %(left)s is open and not in dispute yet.",
                        item=item.move_name,
                        amount=item.currency_id.format(amount),
                        left=item.currency_id.format(max(left, 0.0)),
                    )
                )

    @api.model
    def _get_disputed(self, items):
        """Return ``{item id: amount in dispute already}`` of rows of the ageing, in one statement."""
        if not items:
            return {}
        self._flush_for_figures()
        root = items.root_company_id
        today = root[:1].sudo()._credit_today()  # sudo: a setting of the main company
        return {
            item_id: float(amount)
            for item_id, amount in self.env.execute_query(
                SQL(
                    """
                    SELECT item.id, SUM(COALESCE(pause.amount_currency, item.amount_currency))
                      FROM (VALUES %(items)s) item (id, move_id, partner_id, date_maturity, amount_currency)
                      JOIN (%(pauses)s) pause
                        ON pause.move_id = item.move_id
                       AND pause.partner_id = item.partner_id
                       AND pause.date_maturity = item.date_maturity
                  GROUP BY item.id
                    """,
                    items=SQL(", ").join(
                        SQL(
                            "(%s, %s, %s, %s::date, %s)",
                            item.id,
                            item.move_id.id,
                            item.partner_id.id,
                            item.date_maturity,
                            item.amount_currency,
                        )
                        for item in items
                    ),
                    pauses=self.env["ar.item.pause"]._dispute_parts(root, today, with_grace=False),
                )
            )
        }

    @api.model
    def _find_owner(self, category, root, items):
        """Return who answers for a category: the person named, else by role, else the credit manager."""
        category = category.with_company(root).sudo()  # sudo: the person that the company named
        user = category.user_id
        if not self._may_own(user, root) and category.owner_role == "sales":
            user = items.sorted("amount_currency", reverse=True).salesperson_id[:1]
        if not self._may_own(user, root) and category.owner_role in ("sales", "collector"):
            user = items.collector_id[:1]
        return user if self._may_own(user, root) else self._get_manager(root)

    @api.model
    def _may_own(self, user, root):
        user = user.sudo()  # sudo: whether somebody else can work on it
        return bool(user) and user.active and user._is_internal() and root in user.company_ids.root_id

    @api.model
    def _get_manager(self, root):
        """Return a credit manager of the company, empty when there is none."""
        managers = self.env.ref("ar_credit_control.group_credit_manager").sudo()  # sudo: members of a group
        people = managers.all_user_ids.filtered(lambda user: self._may_own(user, root))
        return people.sorted(
            lambda user: (user._is_superuser(), user.has_group("base.group_system"), user.id)
        )[:1]

    @api.model
    def _plan_days(self, root, day, days):
        """Return the last of a number of working days after a day, by the working hours of the company."""
        calendar = root.sudo().resource_calendar_id  # sudo: a setting of the main company
        return self.env["ar.working.calendar"]._plan_days(calendar, day, days)

    # ------------------------------------------------------------------
    # Activities and escalation
    # ------------------------------------------------------------------

    def _renew_activities(self):
        """Give the owner an activity until the deadline, in place of earlier ones."""
        self._close_activities()
        for dispute in self.filtered("owner_id"):
            dispute.sudo().activity_schedule(  # sudo: who records a dispute cannot write it
                "ar_credit_control.mail_activity_dispute",
                dispute.deadline,
                user_id=dispute.owner_id.id,
                summary=dispute.with_context(lang=dispute.owner_id.lang).env._(
                    "Answer the dispute: %s", dispute.category_id.display_name
                ),
            )
        return super(ArDispute, self.sudo()).write({"escalation": False})  # sudo: see above

    def _close_activities(self):
        types = self.env.ref("ar_credit_control.mail_activity_dispute") | self.env.ref(
            "ar_credit_control.mail_activity_dispute_credit"
        )
        self.sudo().activity_ids.filtered(  # sudo: of others, for whom nothing is left to do
            lambda activity: activity.activity_type_id in types
        ).unlink()

    @api.model
    def _cron_watch(self):
        """Remind owners of late disputes, then the credit manager; judge all that may have moved."""
        schedule = self.env["ar.schedule"]
        if schedule._handle_batches(self._select_to_judge(), self.__class__._judge, BATCH):
            schedule._handle_each(self._select_late(), self.__class__._escalate_late)

    def _escalate_late(self):
        """Escalate a dispute that was late a moment ago, unless somebody has dealt with it meanwhile."""
        if self.state in OPEN_STATES and self._get_escalation() != self.escalation:
            self._escalate()

    @api.model
    def _select_late(self):
        roots = self.env["res.company"].search([("parent_id", "=", False)])
        domain = Domain.OR(
            Domain("company_id", "=", root.id) & Domain("deadline", "<", root._credit_today())
            for root in roots
        )
        late = self.search(
            domain
            & Domain("state", "in", OPEN_STATES)
            & (Domain("escalation", "=", False) | Domain("escalation", "=", "owner")),
            order="id",
        )
        return late.filtered(lambda dispute: dispute._get_escalation() != dispute.escalation)

    def _get_escalation(self):
        """Return how far the matter has gone by today's date: nowhere, to the owner, to the manager."""
        self.ensure_one()
        today = self.company_id._credit_today()
        if self.deadline >= today:
            return False
        manager_day = self._plan_days(self.company_id, self.deadline, self.category_id.escalation_days)
        if manager_day < today or not self._may_own(self.owner_id, self.company_id):
            return "manager"
        return "owner"

    def _escalate_each(self):
        for dispute in self:
            dispute._escalate()

    def _escalate(self):
        """Tell the owner, later the credit manager, that the deadline is over."""
        self.ensure_one()
        level = self._get_escalation()
        manager = self._get_manager(self.company_id)
        user = self.owner_id if level == "owner" else manager
        self._write_evidence({"escalation": level})
        if user:
            words = self.with_context(lang=user.lang).env._
            self.activity_schedule(
                "ar_credit_control.mail_activity_dispute",
                self.company_id._credit_today(),
                user_id=user.id,
                summary=words("The dispute should have been solved by now")
                if level == "owner"
                else words("Nobody solved the dispute in time: decide or hand it on"),
            )

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def action_open_credit_notes(self):
        """Open the credit notes of this dispute."""
        self.ensure_one()
        moves = self.credit_move_ids
        action = {
            "name": self.env._("Credit Notes"),
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "context": {"create": False},
        }
        if len(moves) == 1:
            return {**action, "res_id": moves.id, "views": [(False, "form")]}
        return {**action, "domain": [("id", "in", moves.ids)], "views": [(False, "list"), (False, "form")]}

    def action_decide(self):
        """Open the dialogue of a decision; ``default_decision`` in the context says which."""
        self.ensure_one()
        decision = self.env.context.get("default_decision")
        return {
            "name": {
                "accept": self.env._("Accept the Dispute"),
                "reject": self.env._("Reject the Dispute"),
                "withdraw": self.env._("Withdraw the Dispute"),
                "reopen": self.env._("Open the Dispute Again"),
                "link": self.env._("Link a Credit Note"),
            }.get(decision, ""),
            "type": "ir.actions.act_window",
            "res_model": "ar.dispute.decision",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_decision": decision, "default_dispute_id": self.id},
        }

    def _is_decided_by(self, user):
        """Whether a person answers for this dispute: its owner, or a credit controller."""
        self.ensure_one()
        if self.env["ar.credit.authority"]._only_audits(user):
            return False
        return self.owner_id == user or user.has_group("ar_credit_control.group_credit_controller")

    def _get_obstacle(self, user):
        if self.env.su or self._is_decided_by(user):
            return ""
        return self.env._(
            "%(dispute)s is decided by %(owner)s or a credit controller.",
            dispute=self.display_name,
            owner=self.owner_id.name or self.env._("its owner"),
        )

    def _check_works(self):
        """Owners and collectors work on disputes."""
        self.check_access("read")
        for dispute in self:
            if not self.env.su and not dispute.may_work:
                raise AccessError(self.env._("Collectors and the owner of a dispute work on it."))
