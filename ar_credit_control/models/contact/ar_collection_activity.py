from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL, format_date

from .res_partner import COLLECTION_ROLES

KINDS = [
    ("call", "Call"),
    ("visit", "Visit"),
    ("email", "E-mail"),
    ("letter", "Letter"),
    ("message", "Message"),
    ("meeting", "Meeting"),
    ("note", "Note"),
]
# How a letter is delivered by a contact of each kind.
LETTER_CHANNELS = {
    "call": "call",
    "visit": "visit",
    "meeting": "visit",
    "message": "message",
    "letter": "post",
}
# An item that was said to be paid pauses once in so many days: whoever says it again shows the slip.
SAYS_PAID_AGAIN_DAYS = 30


class ArCollectionActivity(models.Model):
    """A contact with a customer about what it owes: who spoke with whom, what was said, what follows.

    Nobody has the right to create, write or delete contacts: they are logged by ``_log_contact`` and stay as
    they are. What was logged wrongly is corrected by a contact of its own that takes its place
    (``corrects_id``).
    """

    _name = "ar.collection.activity"
    _description = "Contact with a Customer"
    _inherit = ["ar.customer.evidence.mixin", "ar.customer.link.mixin", "ar.own.customer.mixin"]
    _order = "date desc, id desc"
    _made_by_methods = True

    case_id = fields.Many2one(
        "ar.collection.case",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The case that was open at that time, if there was one.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, ondelete="restrict"
    )
    partner_name = fields.Char(string="Customer Name", readonly=True, help="As it was then.")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    kind = fields.Selection(KINDS, required=True, readonly=True, default="call")
    incoming = fields.Boolean(string="They Contacted Us", readonly=True)
    date = fields.Datetime(required=True, readonly=True)
    day = fields.Date(
        required=True, readonly=True, help="Day of the contact where the company has its address."
    )
    user_id = fields.Many2one(
        "res.users", string="Logged By", required=True, readonly=True, index=True, ondelete="restrict"
    )
    contact_id = fields.Many2one(
        "res.partner", string="Spoke With", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    contact_name = fields.Char(readonly=True, help="As it was then.")
    contact_role = fields.Selection(COLLECTION_ROLES, string="Role", readonly=True)
    outcome_id = fields.Many2one("ar.collection.outcome", readonly=True, index=True, ondelete="restrict")
    reached = fields.Boolean(
        readonly=True, help="We spoke with somebody. Notes and attempts do not count as contacts."
    )
    reason_id = fields.Many2one(
        "ar.collection.reason", string="Why Not Paid", readonly=True, index=True, ondelete="restrict"
    )
    approver = fields.Char(readonly=True, help="Who approves the payment at the customer.")
    note = fields.Text(string="What Was Said", readonly=True)
    minutes = fields.Integer(readonly=True)
    next_step = fields.Char(readonly=True)
    next_date = fields.Date(string="Next Step On", readonly=True)
    next_user_id = fields.Many2one(
        "res.users", string="Next Step By", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    item_ids = fields.One2many(
        "ar.collection.activity.item", "activity_id", string="Said to Be Paid", readonly=True
    )
    paused_until = fields.Date(
        string="Letters Paused Until",
        readonly=True,
        help="No letter asks for these items before: the customer says that they are paid.",
    )
    letter_ids = fields.Many2many(
        "ar.dunning.letter", string="Letters", readonly=True, help="Letters that this contact delivered."
    )
    promise_id = fields.Many2one(
        "ar.payment.promise", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    plan_id = fields.Many2one("ar.payment.plan", readonly=True, index="btree_not_null", ondelete="set null")
    dispute_ids = fields.Many2many("ar.dispute", string="Disputes", readonly=True)
    review_id = fields.Many2one(
        "ar.credit.review",
        string="Stop of Supply",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The request to stop supply, until somebody with the authority decides.",
    )
    placement_id = fields.Many2one(
        "ar.placement",
        string="Hand-over",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What was drafted for the lawyer.",
    )
    security_ids = fields.Many2many(
        "ar.credit.security",
        string="Securities to Claim",
        readonly=True,
        help="Insurers, guarantors and banks: who looks after them was asked to report or to claim.",
    )
    attachment_ids = fields.Many2many("ir.attachment", string="Files", readonly=True)
    corrects_id = fields.Many2one(
        "ar.collection.activity", string="Takes the Place Of", readonly=True, ondelete="restrict"
    )
    correction_ids = fields.One2many("ar.collection.activity", "corrects_id", string="Corrected By")
    is_corrected = fields.Boolean(
        string="Corrected", compute="_compute_is_corrected", search="_search_is_corrected"
    )
    can_correct = fields.Boolean(compute="_compute_can_correct")
    summary = fields.Char(compute="_compute_summary", help="Outcome, reason and what was said.")

    _minutes_positive = models.Constraint("CHECK (minutes >= 0)", "A contact takes zero minutes or more.")
    _corrects_uniq = models.UniqueIndex(
        "(corrects_id) WHERE corrects_id IS NOT NULL",
        "This contact was corrected already: correct the later one.",
    )
    _customer_idx = models.Index("(partner_id, company_id, date)")
    _paused_idx = models.Index("(company_id, paused_until) WHERE paused_until IS NOT NULL")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("kind", "partner_name", "day")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for activity in self:
            activity.display_name = self.env._(
                "%(kind)s, %(customer)s, %(day)s",
                kind=kinds.get(activity.kind, ""),
                customer=activity.partner_name or "",
                day=format_date(self.env, activity.day),
            )

    @api.depends("correction_ids")
    def _compute_is_corrected(self):
        corrected = self.sudo().search([("corrects_id", "in", self.ids)]).corrects_id  # sudo: whether it is
        for activity in self:
            activity.is_corrected = activity in corrected

    @api.model
    def _search_is_corrected(self, operator, value):
        if operator != "in":
            return NotImplemented
        corrected = [("correction_ids", "!=", False)]
        return corrected if True in value else [("correction_ids", "=", False)]

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_can_correct(self):
        for activity in self:
            activity.can_correct = not activity.is_corrected and activity._may_correct()

    @api.depends("outcome_id", "reason_id", "note")
    @api.depends_context("lang")
    def _compute_summary(self):
        for activity in self:
            parts = (activity.outcome_id.name, activity.reason_id.name, activity.note)
            activity.summary = " · ".join(filter(None, parts))

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model
    def _get_keep_text(self):
        return self.env._("Contacts are kept as evidence: correct what was logged by mistake.")

    # ------------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------------

    @api.model
    def _check_logs(self, partner, root):
        """Raise AccessError unless the user may log contacts with a customer of a root company.

        Collectors: with all customers of their companies; salespeople: with their own.
        """
        if self.env.su:
            return
        user = self.env.user
        if self.env["ar.credit.authority"]._only_audits(user):
            raise AccessError(self.env._("Auditors record nothing."))
        if not user.has_group("ar_credit_control.group_credit_user"):
            raise AccessError(self.env._("Only collectors and salespeople log contacts."))
        if root not in user.sudo().company_ids.root_id:  # sudo: root companies of the user's branches
            raise AccessError(self.env._("You do not work for %s.", root.sudo().name))  # sudo: its name
        if not self._is_collector() and not self._is_own_customer(partner):
            raise AccessError(self.env._("You log contacts with your own customers only."))

    @api.model
    def _is_collector(self):
        return self.env.su or self.env.user.has_group("ar_credit_control.group_collector")

    @api.model
    def _is_own_customer(self, partner):
        debtor = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        rows = self.env.execute_query(SQL("SELECT %s IN (%s)", debtor.id, self._own_customers_sql()))
        return bool(rows[0][0])

    def _may_correct(self):
        """Who logged a contact corrects it; a credit controller corrects all."""
        self.ensure_one()
        user = self.env.user
        if self.env["ar.credit.authority"]._only_audits(user):
            return False
        return self.user_id == user or user.has_group("ar_credit_control.group_credit_controller")

    # ------------------------------------------------------------------
    # Logging
    # ------------------------------------------------------------------

    @api.model
    def _log_contact(self, partner, root, kind, outcome=None, **values):
        """Log a contact and return it. Internal: who may is checked by the callers.

        :param partner: the customer; a contact stands for its commercial entity
        :param root: ``res.company``; a branch stands for its root company
        :param kind: key of ``KINDS``
        :param outcome: ``ar.collection.outcome``; a note has none
        :param values: further values of the contact: ``contact_id``, ``note``, ``date``, ``reason_id`` …
        :raise UserError: without outcome or reason where they are asked for, for a day to come
        """
        outcome = outcome or self.env["ar.collection.outcome"]
        vals = self._prepare_contact(partner, root, kind, outcome, values)
        self._check_contact(kind, outcome, vals)
        activity = self.sudo().create(vals)  # sudo: nobody has the right to create contacts
        activity._deliver_letters()
        return activity.sudo(self.env.su)

    @api.model
    def _prepare_contact(self, partner, root, kind, outcome, values):
        root = root._credit_root()
        debtor = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        date = values.get("date") or fields.Datetime.now()
        contact = self.env["res.partner"].browse(values.get("contact_id"))
        zoned = self.with_context(tz=root._credit_timezone())
        return {
            "minutes": 0,
            **values,
            "partner_id": debtor.id,
            "partner_name": debtor.display_name,
            "company_id": root.id,
            "case_id": self._find_case(debtor, root).id,
            "kind": kind,
            "date": date,
            "day": fields.Datetime.context_timestamp(zoned, date).date(),
            "user_id": values.get("user_id") or self.env.uid,
            "contact_name": contact.sudo().name,  # sudo: as it is now
            "contact_role": values.get("contact_role") or contact.sudo().collection_role,  # sudo: as above
            "outcome_id": outcome.id,
            "reached": kind != "note" and outcome.reached,
            "reason_id": values.get("reason_id") or outcome.reason_id.id,
        }

    @api.model
    def _check_contact(self, kind, outcome, vals):
        if kind != "note" and not outcome:
            raise UserError(self.env._("What came of the contact? Choose an outcome."))
        if kind == "note" and not vals.get("note"):
            raise UserError(self.env._("Write what the note says."))
        if outcome.asks_reason and not vals["reason_id"] and kind != "note":
            raise UserError(self.env._("Why have they not paid? Choose a reason."))
        if vals["date"] > fields.Datetime.now() + timedelta(minutes=5):
            raise UserError(self.env._("A contact is logged when it took place."))

    @api.model
    def _find_case(self, debtor, root):
        """Return the open case of a customer, if there is one."""
        return (
            self.env["ar.collection.case"]
            .sudo()  # sudo: which case it is, for the record
            .search(
                [
                    ("partner_id", "=", debtor.id),
                    ("company_id", "=", root.id),
                    ("state", "!=", "closed"),
                ],
                limit=1,
            )
        )

    # ------------------------------------------------------------------
    # Letters that a contact delivers
    # ------------------------------------------------------------------

    def _deliver_letters(self):
        """Mark what a call, visit or message was to deliver as contacted; letters' calls are done with it.

        Only when somebody was reached, and of letters that the user may say this of.
        """
        self.ensure_one()
        if not self.reached:
            return
        letters = self.env["ar.dunning.letter"].sudo()  # sudo: nobody writes letters; rights are checked here
        types = letters._get_task_types_of(self.kind)
        letters = letters.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("queued", "sent")),
                "|",
                "&",
                ("state", "=", "queued"),
                ("channel", "=", LETTER_CHANNELS.get(self.kind)),
                ("activity_ids.activity_type_id", "in", types.ids),
            ]
        )
        if not self._is_collector_user():
            letters = letters.filtered(lambda letter: letter.task_user_id == self.user_id)
        if not letters:
            return
        delivered = letters.filtered(lambda letter: letter.channel == LETTER_CHANNELS.get(self.kind))
        delivered._mark_contacted(self)
        letters.activity_ids.filtered(lambda task: task.activity_type_id in types).unlink()
        self.letter_ids = [Command.set(letters.ids)]

    def _is_collector_user(self):
        return self.user_id.has_group("ar_credit_control.group_collector")

    # ------------------------------------------------------------------
    # Corrections
    # ------------------------------------------------------------------

    def action_correct(self):
        """Open the dialog that logs what really happened in place of this contact.

        :raise AccessError: for who neither logged it nor is a credit controller
        """
        self._check_correct()
        action = self.env["ar.collection.contact"]._get_action(self.partner_id, self.company_id)
        action["name"] = self.env._("Correct a Contact")
        action["context"] |= {
            "default_corrects_id": self.id,
            "default_kind": self.kind,
            "default_incoming": self.incoming,
            "default_date": self.date,
            "default_contact_id": self.contact_id.id,
            "default_outcome_id": self.outcome_id.id,
            "default_reason_id": self.reason_id.id,
            "default_minutes": self.minutes,
            "default_note": self.note,
        }
        return action

    def _check_correct(self):
        self.ensure_one()
        self.check_access("read")
        if not self._may_correct():
            raise AccessError(
                self.env._("Who logged a contact corrects it, or a credit controller. Log one of your own.")
            )
        if self.is_corrected:
            raise UserError(self.env._("This contact was corrected already: correct the later one."))

    def _take_place_of(self, former):
        """Carry over what the former contact led to; its pause of letters ends unless this one says so too.

        The promise, plan or dispute itself stays: it is withdrawn where it stands.
        """
        vals = {"corrects_id": former.id}
        if not self.promise_id:
            vals["promise_id"] = former.promise_id.id
        for name in ("plan_id", "review_id", "placement_id"):
            if not self[name]:
                vals[name] = former.sudo()[name].id  # sudo: it may be of others
        if not self.dispute_ids:
            vals["dispute_ids"] = [Command.set(former.dispute_ids.ids)]
        if not self.sudo().security_ids:  # sudo: as above
            vals["security_ids"] = [Command.set(former.sudo().security_ids.ids)]  # sudo: as above
        if not self.letter_ids:
            vals["letter_ids"] = [Command.set(former.letter_ids.ids)]
        self.sudo().write(vals)  # sudo: nobody writes contacts; the caller checked who corrects
