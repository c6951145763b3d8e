import math

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

CONTROLLER = "ar_credit_control.group_credit_controller"

# What is copied from ar.credit.exposure, under the same names.
FIGURES = (
    "receivable",
    "draft_invoice",
    "order",
    "in_transit",
    "notes",
    "security",
    "exposure",
    "available",
    "unapplied",
    "overdue",
    "overdue_days",
)
# Field of the review -> field of the profile that it replaces.
FORMER = {
    "former_rating_id": "rating_id",
    "former_limit_set": "limit_set",
    "former_limit": "limit",
    "former_currency_id": "limit_currency_id",
    "former_valid_until": "limit_valid_until",
    "former_days_set": "payment_days_set",
    "former_days": "payment_days",
    "former_temporary": "temporary_limit",
    "former_temporary_from": "temporary_from",
    "former_temporary_to": "temporary_to",
    "former_parent_id": "parent_id",
    "former_hold_override": "hold_override",
}
# What a person proposes and another one approves.
VALUES = (
    "kind",
    "decided_rating_id",
    "decided_limit_set",
    "decided_limit",
    "limit_currency_id",
    "decided_days_set",
    "decided_days",
    "date_from",
    "date_to",
    "limit_valid_until",
)
EDITABLE = (*VALUES, "profile_id", "requested_limit", "reason", "attachment_ids", "responsible_id")
OPEN_STATES = ("draft", "submitted")
BATCH = 200


class ArCreditReview(models.Model):
    """An assessment of a customer that ends in a decision on limit, rating and terms.

    A draft is proposed by one person, submitted, and approved by another whose authority covers the total
    limit after the decision (permanent and temporary, in the currency of the root company). Who asked, and
    who changed the proposed values last, never approves. Approved reviews write the credit profile and are the
    history of the limit: they keep the figures, the score and the former terms that they were taken on.

    State and evidence change through the methods alone, also for the superuser. In a review of kind
    ``temporary`` the amounts are increases on top of the permanent limit.
    """

    _name = "ar.credit.review"
    _description = "Credit Review"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char(string="Number", required=True, readonly=True, index=True, default="/")
    profile_id = fields.Many2one("ar.credit.profile", required=True, index=True, ondelete="restrict")
    partner_id = fields.Many2one(
        related="profile_id.partner_id", string="Customer", store=True, index=True, ondelete="restrict"
    )
    partner_name = fields.Char(
        string="Customer Name", readonly=True, help="As it was when the review was opened."
    )
    company_id = fields.Many2one(related="profile_id.company_id", store=True, index=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [
            ("first", "First decision"),
            ("periodic", "Periodic review"),
            ("increase", "Increase"),
            ("temporary", "Temporary increase"),
            ("decrease", "Decrease"),
            ("emergency", "Emergency"),
            ("terms", "Other terms"),
        ],
        required=True,
        default="increase",
        tracking=True,
        help="Emergency: lowers the limit at once when submitted; approval follows.",
    )
    source = fields.Selection(
        [
            ("person", "Review"),
            ("direct", "Changed directly"),
            ("mass", "Mass review"),
            ("system", "System"),
        ],
        required=True,
        default="person",
        readonly=True,
        help="Changed directly: on the customer's credit profile or contact, by a person with the authority.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        index=True,
        tracking=True,
        group_expand="_expand_states",
    )
    reason = fields.Text(help="Why: kept with the decision. Needed to submit.")
    attachment_ids = fields.Many2many(
        "ir.attachment",
        "ar_credit_review_attachment_rel",
        "review_id",
        "attachment_id",
        string="Documents",
        ondelete="restrict",
        bypass_search_access=True,
    )
    due_date = fields.Date(readonly=True, help="Day by which a periodic review should be decided.")
    overdue_review = fields.Boolean(
        string="Late", compute="_compute_overdue_review", search="_search_overdue_review"
    )
    responsible_id = fields.Many2one(
        "res.users",
        string="Assigned To",
        tracking=True,
        index="btree_not_null",
        domain=[("share", "=", False)],
        help="Who works on the draft, or who was asked to approve.",
    )

    # what was asked
    requester_id = fields.Many2one(
        "res.users", string="Requested By", readonly=True, required=True, ondelete="restrict", index=True
    )
    submitted_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    submitted_on = fields.Datetime(readonly=True)
    requested_limit = fields.Monetary(
        string="Requested",
        currency_field="limit_currency_id",
        help="Limit that was asked for; in a temporary increase the amount on top of the limit.",
    )
    order_id = fields.Many2one("sale.order", string="For Quotation", readonly=True, ondelete="set null")

    # what was computed
    line_ids = fields.One2many("ar.credit.review.line", "review_id", string="Criteria", readonly=True)
    score = fields.Float(readonly=True, help="0 to 100, as computed when it was submitted.")
    scored = fields.Boolean(readonly=True)
    computed_rating_id = fields.Many2one("ar.credit.rating", readonly=True, ondelete="restrict")
    proposed_limit = fields.Monetary(
        readonly=True, help="By the formula of the scorecard, in company currency."
    )
    proposed_days = fields.Integer(readonly=True)
    formula = fields.Char(readonly=True, help="How the proposed limit was computed.")

    # figures at that moment, in company currency
    figures_date = fields.Datetime(string="Figures Of", readonly=True)
    receivable = fields.Monetary(string="Receivables", readonly=True)
    draft_invoice = fields.Monetary(string="Draft Invoices", readonly=True)
    order = fields.Monetary(string="Open Orders", readonly=True)
    in_transit = fields.Monetary(string="Payments in Transit", readonly=True)
    notes = fields.Monetary(string="Bills Received", readonly=True)
    security = fields.Monetary(string="Securities", readonly=True)
    exposure = fields.Monetary(readonly=True)
    available = fields.Monetary(readonly=True)
    unapplied = fields.Monetary(string="Unapplied Receipts", readonly=True)
    overdue = fields.Monetary(readonly=True)
    overdue_days = fields.Integer(string="Oldest Overdue (days)", readonly=True)

    # what is decided
    limit_currency_id = fields.Many2one(
        "res.currency", string="Limit Currency", required=True, ondelete="restrict"
    )
    decided_rating_id = fields.Many2one(
        "ar.credit.rating", string="Rating", tracking=True, ondelete="restrict"
    )
    decided_limit_set = fields.Boolean(
        string="Limit Decided",
        tracking=True,
        help="Not set: no limit is decided. Zero is a limit: no credit.",
    )
    decided_limit = fields.Monetary(
        string="Limit",
        tracking=True,
        currency_field="limit_currency_id",
        help="The permanent limit; in a temporary increase the amount on top of it.",
    )
    decided_days_set = fields.Boolean(string="Days Decided", tracking=True)
    decided_days = fields.Integer(
        string="Days of Credit", tracking=True, help="Not decided: those of the rating."
    )
    limit_valid_until = fields.Date(
        string="Valid Until",
        tracking=True,
        help="Last day of the permanent limit. Empty: until it is changed.",
    )
    date_from = fields.Date(string="From", tracking=True, help="First day of a temporary increase.")
    date_to = fields.Date(string="To", tracking=True, help="Last day of a temporary increase.")
    decided_parent_id = fields.Many2one(
        "ar.credit.profile", string="Group Limit Of", readonly=True, ondelete="restrict"
    )
    decided_hold_override = fields.Selection(
        [("block", "Always hold"), ("pass", "Never hold")], string="Hold", readonly=True
    )
    total_limit = fields.Monetary(
        string="Total After",
        compute="_compute_total_limit",
        compute_sudo=True,
        help="Permanent and temporary limit after the decision, in company currency at today's rate: what "
        "the authority of the approver must cover.",
    )
    decided_total = fields.Monetary(
        string="Total Decided",
        readonly=True,
        aggregator="max",
        help="Total limit at the moment of the decision, in company currency.",
    )
    values_by_id = fields.Many2one(
        "res.users",
        string="Proposed By",
        readonly=True,
        ondelete="restrict",
        help="Who changed the proposed values last; never the one who approves.",
    )
    applied_on = fields.Datetime(
        readonly=True,
        help="Since when the profile carries the decision; in an emergency before the approval.",
    )

    # what was valid before
    former_rating_id = fields.Many2one("ar.credit.rating", readonly=True, ondelete="restrict")
    former_limit_set = fields.Boolean(readonly=True)
    former_limit = fields.Monetary(readonly=True, currency_field="former_currency_id")
    former_currency_id = fields.Many2one("res.currency", readonly=True, ondelete="restrict")
    former_valid_until = fields.Date(readonly=True)
    former_days_set = fields.Boolean(readonly=True)
    former_days = fields.Integer(readonly=True)
    former_temporary = fields.Monetary(
        string="Former Temporary Increase", readonly=True, currency_field="former_currency_id"
    )
    former_temporary_from = fields.Date(readonly=True)
    former_temporary_to = fields.Date(readonly=True)
    former_parent_id = fields.Many2one("ar.credit.profile", readonly=True, ondelete="restrict")
    former_hold_override = fields.Selection([("block", "Always hold"), ("pass", "Never hold")], readonly=True)
    stale = fields.Boolean(
        compute="_compute_stale", help="The terms of the customer have changed since this was submitted."
    )

    # who decided
    approval_ids = fields.One2many(
        "ar.credit.review.approval", "review_id", string="Approvals", readonly=True
    )
    decided_by_id = fields.Many2one(
        "res.users", readonly=True, ondelete="restrict", tracking=True, index="btree_not_null"
    )
    decided_on = fields.Datetime(readonly=True)
    decision_note = fields.Char(readonly=True)
    can_decide = fields.Boolean(compute="_compute_can_decide")

    _one_open_periodic = models.UniqueIndex(
        "(profile_id) WHERE kind = 'periodic' AND state IN ('draft', 'submitted')",
        "This customer has an open periodic review already.",
    )
    _history_idx = models.Index("(profile_id, decided_on)")

    # ------------------------------------------------------------------
    # Computes and searches
    # ------------------------------------------------------------------

    @api.depends("name", "partner_name")
    def _compute_display_name(self):
        for review in self:
            review.display_name = " · ".join(filter(None, (review.name, review.partner_name)))

    @api.depends("due_date", "state")
    def _compute_overdue_review(self):
        for review in self:
            today = review.company_id._credit_today() if review.company_id else fields.Date.today()
            review.overdue_review = bool(
                review.due_date and review.state in OPEN_STATES and review.due_date < today
            )

    @api.model
    def _search_overdue_review(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = Domain("state", "in", OPEN_STATES) & Domain("due_date", "<", fields.Date.context_today(self))
        return late if True in value else ~late

    @api.depends(
        "kind",
        "decided_limit",
        "decided_limit_set",
        "limit_currency_id",
        "profile_id.limit",
        "profile_id.limit_set",
        "profile_id.limit_currency_id",
        "profile_id.temporary_limit",
        "profile_id.temporary_to",
    )
    def _compute_total_limit(self):
        for review in self:
            total = review._get_total() if review.profile_id else 0.0
            review.total_limit = total if math.isfinite(total) else 0.0

    @api.depends("state")
    def _compute_stale(self):
        for review in self:
            review.stale = review.state == "submitted" and not review.applied_on and review._is_stale()

    @api.depends("state", "requester_id", "values_by_id")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for review in self:
            review.can_decide = review.state == "submitted" and not review._get_obstacle(self.env.user)

    @api.model
    def _expand_states(self, states, domain):
        """Columns of the board, also the empty ones; what was given up only where there is any."""
        return [
            *("draft", "submitted", "approved"),
            *(state for state in ("refused", "cancelled") if state in states),
        ]

    @api.onchange("profile_id", "kind")
    def _onchange_profile_id(self):
        if self.profile_id:
            self.update(self._prepare_default_values(self.profile_id, self.kind, {}))

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Open drafts. Everything but what a person proposes is filled in here.

        :raise UserError: when something else is given
        """
        for vals in vals_list:
            self._check_editable(vals)
            if not vals.get("profile_id"):
                raise UserError(self.env._("Which customer is reviewed?"))
        reviews = self._open(vals_list)
        reviews._score()
        return reviews

    def write(self, vals):
        self._check_editable(vals)
        if "profile_id" in vals and any(review.profile_id.id != vals["profile_id"] for review in self):
            raise UserError(self.env._("A review stays with its customer."))
        fixed = {name for name in EDITABLE if name in vals} - {"attachment_ids", "responsible_id"}
        if fixed and (closed := self.filtered(lambda review: review.state not in OPEN_STATES)):
            raise UserError(
                self.env._("%s is decided: open a new review to change anything.", closed[0].display_name)
            )
        if {"attachment_ids"} & vals.keys() and any(r.state not in OPEN_STATES for r in self):
            raise UserError(self.env._("The documents of a decided review are kept as they were."))
        asked = {"requested_limit", "reason"} & vals.keys()
        if asked and any(review.state != "draft" for review in self):
            raise UserError(self.env._("What was asked and why stays as it was submitted."))
        if set(VALUES) & vals.keys() and any(review.applied_on for review in self):
            raise UserError(self.env._("This emergency is in force: approve or refuse it as it is."))
        if "kind" in vals and any(r.state != "draft" and r.kind != vals["kind"] for r in self):
            raise UserError(self.env._("The kind of a submitted review cannot be changed."))
        result = super().write(vals)
        if set(VALUES) & vals.keys():
            self._note_values_by()
        if "attachment_ids" in vals:
            self._own_attachments()
        return result

    def copy_data(self, default=None):
        raise UserError(self.env._("A credit review cannot be duplicated: open a new one."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Credit reviews are kept as evidence: cancel a draft instead."))

    @api.model
    def _get_editable_fields(self):
        """Names of our fields that people write; the others change through the methods."""
        return EDITABLE

    @api.model
    def _check_editable(self, vals):
        editable = self._get_editable_fields()
        evidence = [
            name
            for name in vals
            if name not in editable
            and name in self._fields
            and name not in models.MAGIC_COLUMNS
            and "ar_credit_control" in self._fields[name]._modules
        ]
        if evidence:
            labels = [self._fields[name]._description_string(self.env) for name in evidence]
            raise UserError(
                self.env._(
                    "Evidence of a credit review is not written by hand: %s. Use its buttons.",
                    ", ".join(labels),
                )
            )

    def _write_evidence(self, vals):
        """Write what :meth:`write` refuses to everybody else. Nobody has the right to write evidence."""
        return super(ArCreditReview, self.sudo()).write(vals)  # sudo: the methods check who may

    @api.model
    def _open(self, vals_list):
        """Create reviews with all their evidence. Internal: checks nothing.

        Bounded statements for any number of reviews.

        :param list vals_list: values with at least ``profile_id``
        """
        profiles = self.env["ar.credit.profile"].browse(vals["profile_id"] for vals in vals_list)
        prepared = []
        names = self._get_next_names(len(vals_list))
        figures = self._get_figures_of(profiles)
        for vals, profile, name in zip(vals_list, profiles, names, strict=True):
            prepared.append(
                {
                    **self._prepare_evidence(profile, figures),
                    **self._prepare_default_values(profile, vals.get("kind") or "increase", vals),
                    "name": name,
                    **vals,
                }
            )
        # what comes with the context of a request decides nothing
        context = {key: value for key, value in self.env.context.items() if not key.startswith("default_")}
        reviews = super(ArCreditReview, self.with_context(context)).create(prepared)
        reviews._own_attachments()
        return reviews

    @api.model
    def _prepare_evidence(self, profile, figures):
        """Return what the methods fill in when a review is opened, every field of it."""
        profile = profile.sudo()  # sudo: who asks for credit may not read all of it
        return {
            "partner_name": profile.partner_id.display_name,
            "source": "person",
            "state": "draft",
            "requester_id": self.env.uid,
            "values_by_id": self.env.uid,
            **self._prepare_figures(figures.get(profile.id)),
            **self._prepare_former(profile),
        }

    @api.model
    def _prepare_figures(self, figures):
        if not figures:
            return {}
        return {
            "figures_date": fields.Datetime.now(),
            **{name: figures.get(name) or 0 for name in FIGURES},
        }

    @api.model
    def _prepare_former(self, profile):
        return {
            name: profile[of_profile].id
            if isinstance(profile[of_profile], models.BaseModel)
            else profile[of_profile]
            for name, of_profile in FORMER.items()
        }

    @api.model
    def _prepare_default_values(self, profile, kind, given):
        """Return proposed values that were not given: the terms of today, and the limit that is asked for."""
        profile = profile.sudo()  # sudo: who asks for credit may not read all of it
        vals = {
            "limit_currency_id": profile.limit_currency_id.id,
            "decided_rating_id": profile.rating_id.id,
            "decided_limit_set": True,
            "decided_days_set": profile.payment_days_set,
            "decided_days": profile.payment_days,
            "limit_valid_until": profile.limit_valid_until,
        }
        if kind == "temporary":
            vals["decided_limit"] = given.get("requested_limit", 0.0)
            vals["date_from"] = profile.company_id._credit_today()
        elif kind == "emergency":
            vals["decided_limit"] = 0.0
        elif kind == "terms":
            vals["decided_limit_set"] = profile.limit_set
            vals["decided_limit"] = profile.limit
        else:
            vals["decided_limit"] = given.get("requested_limit", profile.limit)
        return vals

    @api.model
    def _get_next_names(self, count):
        """Return numbers for new reviews; with the ordinary sequence in one statement."""
        sequence = self.env.ref("ar_credit_control.sequence_credit_review").sudo()  # sudo: nobody reads it
        if sequence.implementation != "standard" or sequence.use_date_range:
            return [sequence.next_by_id() for _number in range(count)]
        rows = self.env.execute_query(
            SQL("SELECT nextval(%s) FROM generate_series(1, %s)", f"ir_sequence_{sequence.id:03d}", count)
        )
        return [sequence.get_next_char(number) for (number,) in rows]

    @api.model
    def _get_figures_of(self, profiles):
        """Return the figures of each profile's customer: one statement for each company."""
        self.env.flush_all()
        exposure = self.env["ar.credit.exposure"]
        found = {}
        for company, of_company in profiles.sudo().grouped("company_id").items():  # sudo: figures as evidence
            figures = exposure._get_figures(of_company.partner_id, company)
            for profile in of_company:
                found[profile.id] = figures.get(profile.partner_id.commercial_partner_id.id)
        return found

    def _own_attachments(self):
        """Documents belong to the review: who reads it reads them, who does not does not."""
        for review in self:
            own = review.sudo().attachment_ids.filtered(  # sudo: as uploaded, by whoever wrote the review
                lambda attachment: not attachment.res_id and attachment.create_uid == self.env.user
            )
            if own:
                own.write({"res_model": self._name, "res_id": review.id})

    def _note_values_by(self):
        """Who changes proposed values does not approve them, and what was said to others counts no more."""
        self._write_evidence({"values_by_id": self.env.uid})
        approvals = self.sudo().approval_ids.filtered(  # sudo: nobody writes approvals
            lambda approval: not approval.superseded
        )
        approvals.write({"superseded": True})
        self.filtered(lambda review: review.state == "submitted")._ask_next()

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_score(self):
        """Measure the customer again: figures and score of this moment."""
        self._check_may_work()
        self._check_state("draft")
        self._refresh_evidence()
        return True

    def action_use_proposal(self):
        """Take the rating, the limit and the days that the scorecard proposes."""
        self._check_may_work()
        for review in self:
            if not review.scored:
                raise UserError(self.env._("Nothing is proposed: there is no score yet."))
            review.write(review._prepare_proposal())
        return True

    def action_submit(self):
        """Ask for approval. An emergency takes effect at once.

        :raise AccessError: neither the requester nor a credit controller
        :raise UserError: something is missing or the review is no draft
        """
        self._check_may_work(requester=True)
        self._lock()
        self._check_state("draft")
        for review in self:
            review._check_complete()
        self._refresh_evidence()
        self._write_evidence(
            {
                "state": "submitted",
                "submitted_by_id": self.env.uid,
                "submitted_on": fields.Datetime.now(),
            }
        )
        for review in self:
            if review.kind == "emergency":
                review._apply_emergency()
        self._ask_next()
        return True

    def action_approve(self, note=None):
        """Approve, or agree and pass on to the next tier where the authority does not reach.

        :param str note: kept with the approval
        :raise AccessError: without authority, for one's own request or one's own proposed values
        :raise UserError: not submitted, or lower tiers have not approved
        """
        self._lock()
        self._check_state("submitted")
        final = self.browse()
        for review in self:
            review._check_may_decide()
            if review._decides_now():
                final += review
            else:
                review._add_level(note)
        final._approve(note)
        return True

    def action_refuse(self, reason=None):
        """Refuse. What an emergency lowered comes back, unless it was changed again since.

        :param str reason: why, needed
        :raise AccessError: without authority, or for one's own request
        """
        if not self:
            return True
        if not reason:
            if len(self) == 1:
                return self._get_refuse_action()
            raise UserError(self.env._("Say why: the reason is kept with the decision."))
        self._lock()
        self._check_state("submitted")
        for review in self:
            review._check_may_decide()
            review._check_may_restore()
            review._add_approval("refused", reason)
            review._restore()
        self._close("refused", reason)
        return True

    def action_cancel(self):
        """Give up a draft or a request that is not decided.

        :raise AccessError: neither the requester nor a credit controller
        """
        self._check_may_work(requester=True)
        self._lock()
        self._check_state(*OPEN_STATES)
        for review in self.filtered("applied_on"):
            if self.env.user != review.requester_id:
                raise AccessError(
                    self.env._(
                        "%s is in force already: it is approved or refused, not cancelled.",
                        review.display_name,
                    )
                )
            review._restore()
        self._close("cancelled")
        return True

    def action_open_profile(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.credit.profile",
            "res_id": self.profile_id.id,
            "views": [(False, "form")],
        }

    def action_open_approve(self):
        return self._get_decision_action("approve", self.env._("Approve"))

    def _get_refuse_action(self):
        return self._get_decision_action("refuse", self.env._("Refuse"))

    def _get_decision_action(self, decision, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "ar.credit.review.decision",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_decision": decision, "default_review_ids": [Command.set(self.ids)]},
        }

    # ------------------------------------------------------------------
    # Who may
    # ------------------------------------------------------------------

    def _check_may_work(self, requester=False):
        """Credit controllers work on reviews; who asked may submit and cancel."""
        self.check_access("read")
        user = self.env.user
        if user.has_group(CONTROLLER) or (requester and all(r.requester_id == user for r in self)):
            return
        raise AccessError(self.env._("Only a credit controller works on credit reviews."))

    def _check_state(self, *states):
        for review in self:
            if review.state not in states:
                raise UserError(
                    self.env._(
                        "%(review)s is %(state)s.",
                        review=review.display_name,
                        state=dict(self._fields["state"]._description_selection(self.env))[review.state],
                    )
                )

    def _check_complete(self):
        """Check what a review needs before anybody is asked to approve it."""
        self.ensure_one()
        review = self.sudo()  # sudo: who asks for credit may not read the profile
        if not (review.reason or "").strip():
            raise UserError(self.env._("Say why: the reason is kept with the decision."))
        if not review.profile_id.active:
            raise UserError(self.env._("The credit profile of %s is closed.", review.partner_id.display_name))
        if review.decided_limit < 0 or review.decided_days < 0:
            raise UserError(self.env._("A limit or days of credit cannot be negative."))
        today = review.company_id._credit_today()
        if review.limit_valid_until and review.limit_valid_until < today and review.kind != "temporary":
            raise UserError(self.env._("The limit would have expired already: choose a later day."))
        if review.kind == "temporary":
            review._check_temporary(today)
        if review.kind == "emergency":
            review._check_emergency()

    def _check_temporary(self, today):
        profile = self.profile_id
        if not profile.limit_set:
            raise UserError(
                self.env._("No limit is decided for %s: there is nothing to increase.", self.partner_name)
            )
        if not self.date_from or not self.date_to or self.date_to < self.date_from or self.date_to < today:
            raise UserError(self.env._("A temporary increase needs a first day and a last day to come."))
        if self.limit_currency_id != profile.limit_currency_id:
            raise UserError(
                self.env._(
                    "A temporary increase is in the currency of the limit: %s.",
                    profile.limit_currency_id.name,
                )
            )
        if self.currency_id.compare_amounts(self.decided_limit, 0) <= 0:
            raise UserError(self.env._("A temporary increase needs an amount."))

    def _check_emergency(self):
        if not self.env.user.has_group(CONTROLLER):
            raise AccessError(self.env._("Only a credit controller stops credit at once."))
        if not self.decided_limit_set:
            raise UserError(self.env._("An emergency decides a limit; zero stops credit."))
        former = self._get_total_of(self.profile_id)
        if not self.env["ar.credit.authority"]._is_within(self._get_total(), former, self.company_id):
            raise UserError(self.env._("An emergency lowers the limit: ask for an increase instead."))

    def _check_may_decide(self):
        self.ensure_one()
        if obstacle := self._get_obstacle(self.env.user):
            raise AccessError(obstacle)
        if not self.sudo().profile_id.active:  # sudo: existence only
            raise UserError(self.env._("The credit profile of %s is closed.", self.partner_name))

    def _check_may_restore(self):
        """Refusing an emergency raises the limit again: who does it needs the authority for that."""
        self.ensure_one()
        review = self.sudo()  # sudo: former terms
        if not review.applied_on:
            return
        former = math.inf
        if review.former_limit_set:
            former = review._convert(review.former_limit, review.former_currency_id)
            today = review.company_id._credit_today()
            if review.former_temporary_to and review.former_temporary_to >= today:
                former += review._convert(review.former_temporary, review.former_currency_id)
        if not self.env["ar.credit.authority"]._covers(self.env.user, "limit", former, review.company_id):
            raise AccessError(
                self.env._("Refusing brings back the former limit, which is beyond your authority.")
            )

    def _get_obstacle(self, user):
        """Return why a person may not decide on this review, empty when they may."""
        self.ensure_one()
        if not self.has_access("read"):
            return self.env._("You cannot read this review.")
        if user in (self.requester_id | self.submitted_by_id):
            return self.env._("Who asked never approves: %s waits for another person.", self.name)
        if user == self.values_by_id:
            return self.env._("You proposed these values: another person approves %s.", self.name)
        authority = self.env["ar.credit.authority"]
        if authority._only_audits(user):
            return self.env._("An auditor decides nothing.")
        company = self.sudo().company_id  # sudo: its authorities
        if self._covered_by(user) or authority._get_tier(user, "limit", company):
            return ""
        return self.env._(
            "You have no authority over a limit of %s. It waits for: %s.",
            self._format_total(),
            ", ".join(self._get_approvers().mapped("name")) or self.env._("nobody, set up an authority"),
        )

    def _covered_by(self, user):
        """Whether the authority of a person covers the decision, and what refusing it brings back."""
        return self.env["ar.credit.authority"]._covers(
            user, "limit", self._get_amount_to_cover(), self.sudo().company_id
        )

    def _get_amount_to_cover(self):
        """Return the total limit that an approver must cover, in company currency."""
        self.ensure_one()
        return self.sudo()._get_total()  # sudo: who asks for credit may not read the profile

    def _decides_now(self):
        """Whether the user's word is the last one.

        :raise UserError: when lower tiers approve first and have not
        """
        self.ensure_one()
        if not self._covered_by(self.env.user):
            if self.env.user in self._get_levels().user_id:
                raise UserError(
                    self.env._("You have agreed already: %s waits for the next tier.", self.display_name)
                )
            return False
        if self.sudo().company_id._credit_root().credit_review_every_tier:  # sudo: a setting
            tier = self.env["ar.credit.authority"]._get_tier(self.env.user, "limit", self.company_id)
            missing = {low: users for low, users in self._get_missing_tiers().items() if low < tier}
            if missing:
                low = min(missing)
                raise UserError(
                    self.env._(
                        "Tier %(tier)s approves first: %(people)s.",
                        tier=low,
                        people=", ".join(missing[low].mapped("name")),
                    )
                )
        return True

    def _get_levels(self):
        """Return what lower tiers have said to the values as they are now."""
        return self.sudo().approval_ids.filtered(  # sudo: readable with the review
            lambda approval: approval.outcome == "level" and not approval.superseded
        )

    def _get_missing_tiers(self, ladder=None):
        """Return the tiers that have not agreed, each with the people who might: {tier: users}."""
        self.ensure_one()
        if ladder is None:
            ladder = self.env["ar.credit.authority"]._get_ladder(
                "limit", self.sudo().company_id
            )  # sudo: rows
        done = set(self._get_levels().mapped("tier"))
        missing = {}
        for tier, user, _reach in ladder:
            if tier and tier not in done and user not in self._get_excluded():
                missing[tier] = missing.get(tier, self.env["res.users"]) | user
        return missing

    def _get_approvers(self, ladder=None):
        """Return who could approve now, the lowest tier first; never who asked or proposed the values."""
        self.ensure_one()
        company = self.sudo().company_id  # sudo: its authorities
        authority = self.env["ar.credit.authority"]
        amount = self._get_amount_to_cover()
        ladder = authority._get_ladder("limit", company) if ladder is None else ladder
        ids = [user.id for _tier, user, reach in ladder if authority._is_within(amount, reach, company)]
        return self.env["res.users"].browse(dict.fromkeys(ids)) - self._get_excluded()

    def _get_excluded(self):
        """Return who never approves: who asked, and who changed the proposed values last."""
        return self.requester_id | self.submitted_by_id | self.values_by_id

    def _get_next_people(self, ladder=None):
        """Return who is asked next."""
        self.ensure_one()
        root = self.sudo().company_id._credit_root()  # sudo: a setting
        approvers = self._get_approvers(ladder)
        missing = self._get_missing_tiers(ladder) if root.credit_review_every_tier else {}
        return missing[min(missing)] if missing else approvers

    def _lock(self):
        """Take the reviews for this transaction: who decides at the same time is run again and sees it."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM ar_credit_review WHERE id IN %s ORDER BY id FOR NO KEY UPDATE", (*self.ids, 0)
            )
        )

    # ------------------------------------------------------------------
    # Amounts
    # ------------------------------------------------------------------

    def _get_total(self):
        """Return the total limit after the decision in company currency, infinite without a limit."""
        self.ensure_one()
        profile = self.profile_id
        today = self.company_id._credit_today()
        if self.kind == "temporary":
            if not profile.limit_set:
                return math.inf
            permanent = self._convert(profile.limit, profile.limit_currency_id)
            return permanent + self._convert(self.decided_limit, self.limit_currency_id)
        if not self.decided_limit_set:
            return math.inf if profile.limit_set else 0.0
        total = self._convert(self.decided_limit, self.limit_currency_id)
        if self.kind != "emergency":
            total += self._convert(self._get_temporary(profile, today), profile.limit_currency_id)
        return total

    @api.model
    def _get_total_of(self, profile):
        """Return the total limit of a profile in company currency, infinite without a limit."""
        if not profile.limit_set:
            return math.inf
        company = profile.company_id
        today = company._credit_today()
        amount = profile.limit + self._get_temporary(profile, today)
        return profile.limit_currency_id._convert(amount, company.currency_id, company, today)

    @api.model
    def _get_temporary(self, profile, today):
        """Return the temporary increase that has not ended, one that begins later too."""
        ended = profile.temporary_to and profile.temporary_to < today
        return 0.0 if ended else profile.temporary_limit

    def _convert(self, amount, currency):
        company = self.company_id
        return currency._convert(amount, company.currency_id, company, company._credit_today())

    def _format_total(self):
        total = self._get_amount_to_cover()
        return self.currency_id.format(total) if math.isfinite(total) else self.env._("any amount")

    # ------------------------------------------------------------------
    # Evidence
    # ------------------------------------------------------------------

    def _refresh_evidence(self):
        """Copy the figures, the score and the former terms of this moment."""
        profiles = self.sudo().profile_id  # sudo: evidence is complete whoever asks
        figures = self._get_figures_of(profiles)
        for review in self.sudo():  # sudo: as above
            review._write_evidence(
                {
                    **self._prepare_figures(figures.get(review.profile_id.id)),
                    **self._prepare_former(review.profile_id),
                }
            )
        self._score()

    def _score(self):
        """Copy the score of the company's scorecard, where there is one."""
        if "ar.credit.scorecard" not in self.env:
            return
        reviews = self.sudo()  # sudo: evidence is complete whoever asks
        reviews.line_ids.unlink()
        lines = []
        for company, of_company in reviews.grouped("company_id").items():
            scores = self.env["ar.credit.scorecard"].sudo()._score(of_company.partner_id, company)  # sudo: so
            for review in of_company:
                if score := scores.get(review.partner_id.commercial_partner_id.id):
                    review._write_evidence(self._prepare_score(score))
                    lines += [
                        {"review_id": review.id, **self._prepare_score_line(sequence, line)}
                        for sequence, line in enumerate(score.lines)
                    ]
        self.env["ar.credit.review.line"].sudo().create(lines)  # sudo: nobody may create scores

    @api.model
    def _prepare_score(self, score):
        """Return the values of a review from a score of the scorecard."""
        return {
            "scored": score.score is not None,
            "score": score.score or 0.0,
            "computed_rating_id": score.rating.id if score.rating else False,
            "proposed_limit": score.proposed_limit or 0.0,
            "proposed_days": score.proposed_days or 0,
            "formula": score.formula,
        }

    @api.model
    def _prepare_score_line(self, sequence, line):
        criterion = self.env["ar.credit.criterion"].browse(line.get("criterion_id"))
        measured = line.get("measured")
        return {
            "sequence": sequence,
            "name": criterion.display_name or line.get("text"),
            "measured": "" if measured is None or measured is False else str(measured),
            "points": line.get("points") or 0.0,
            "weight": line.get("weight") or 0.0,
            "text": line.get("text"),
        }

    def _prepare_proposal(self):
        self.ensure_one()
        vals = {
            "decided_rating_id": self.computed_rating_id.id or self.decided_rating_id.id,
            "decided_days_set": True,
            "decided_days": self.proposed_days,
        }
        if self.kind != "temporary":
            limit = self.currency_id._convert(
                self.proposed_limit, self.limit_currency_id, self.company_id, self.company_id._credit_today()
            )
            vals.update(decided_limit_set=True, decided_limit=limit)
        return vals

    def _is_stale(self):
        self.ensure_one()
        profile = self.sudo().profile_id  # sudo: comparison only
        return any(
            (self[name] or False) != (profile[of_profile] or False) for name, of_profile in FORMER.items()
        )

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------

    def _add_approval(self, outcome, note=None):
        self.ensure_one()
        user = self.env.user
        total = self._get_amount_to_cover()
        self.env["ar.credit.review.approval"].sudo().create(  # sudo: nobody may create approvals
            {
                "review_id": self.id,
                "user_id": user.id,
                "tier": self.env["ar.credit.authority"]._get_tier(user, "limit", self.sudo().company_id),
                "outcome": outcome,
                "amount": total if math.isfinite(total) else 0.0,
                "note": note,
            }
        )

    def _add_level(self, note=None):
        """Record that a lower tier agrees and ask the next one."""
        self.ensure_one()
        self._add_approval("level", note)
        self._log(
            self.env._(
                "%(person)s agrees; a limit of %(amount)s needs the next tier.",
                person=self.env.user.name,
                amount=self._format_total(),
            ),
            note,
        )
        self._finish_activities()
        self._ask_next()

    def _approve(self, note=None):
        """Write the decision to the profiles and close the reviews."""
        if not self:
            return
        for review in self:
            review._add_approval("approved", note)
            total = review._get_amount_to_cover()
            evidence = {"decided_total": total if math.isfinite(total) else 0.0}
            if not review.applied_on:
                evidence.update(self._prepare_former(review.sudo().profile_id))  # sudo: evidence
            review._write_evidence(evidence)
        self._apply()
        self._close("approved", note)

    def _apply(self):
        """Write the decisions to the profiles."""
        reviews = self.sudo()  # sudo: the authority was checked, the profile has its own rights
        for review in reviews:
            review.profile_id._apply_review(review._prepare_profile_vals())
        self.filtered(lambda review: not review.applied_on)._write_evidence(
            {"applied_on": fields.Datetime.now()}
        )

    def _prepare_profile_vals(self):
        """Return what an approved review writes to the profile."""
        self.ensure_one()
        profile = self.profile_id
        vals = {"last_review_id": self.id}
        if self.kind == "temporary":
            return {
                **vals,
                "temporary_limit": self.decided_limit,
                "temporary_from": self.date_from,
                "temporary_to": self.date_to,
            }
        rating = self.decided_rating_id or profile.rating_id
        vals.update(
            rating_id=rating.id,
            limit_set=self.decided_limit_set,
            limit=self.decided_limit if self.decided_limit_set else 0.0,
            limit_currency_id=self.limit_currency_id.id,
            limit_valid_until=self.limit_valid_until,
            payment_days_set=self.decided_days_set,
            payment_days=self.decided_days if self.decided_days_set else 0,
            next_review_date=self._get_next_review_date(rating),
        )
        if self.limit_currency_id != profile.limit_currency_id and profile.temporary_limit:
            vals["temporary_limit"] = profile.limit_currency_id._convert(
                profile.temporary_limit,
                self.limit_currency_id,
                self.company_id,
                self.company_id._credit_today(),
            )
        if self.kind == "emergency":
            vals.update(temporary_limit=0.0, temporary_from=False, temporary_to=False)
        return vals

    def _get_next_review_date(self, rating):
        if not rating.review_interval:
            return False
        return self.company_id._credit_today() + relativedelta(months=rating.review_interval)

    def _apply_emergency(self):
        """Lower the limit at once; rating and other terms follow with the approval."""
        self.ensure_one()
        review = self.sudo()  # sudo: a controller may not write profiles
        review.profile_id._apply_review(
            {
                "limit_set": True,
                "limit": review.decided_limit,
                "limit_currency_id": review.limit_currency_id.id,
                "temporary_limit": 0.0,
                "temporary_from": False,
                "temporary_to": False,
            }
        )
        self._write_evidence({"applied_on": fields.Datetime.now()})
        self._log(self.env._("In force at once: %s. Approval follows.", self._format_total()))

    def _restore(self):
        """Bring back what an emergency lowered, unless somebody has decided on the customer since."""
        self.ensure_one()
        review = self.sudo()  # sudo: as when it was applied
        if not review.applied_on:
            return
        profile = review.profile_id
        if profile.limit != review.decided_limit or profile.limit_currency_id != review.limit_currency_id:
            self._log(self.env._("The limit was decided again since: it stays as it is."))
            return
        profile._apply_review(
            {
                "limit_set": review.former_limit_set,
                "limit": review.former_limit,
                "limit_currency_id": review.former_currency_id.id,
                "temporary_limit": review.former_temporary,
                "temporary_from": review.former_temporary_from,
                "temporary_to": review.former_temporary_to,
            }
        )
        self._log(self.env._("The former limit is valid again."))

    def _close(self, state, note=None):
        self._write_evidence(
            {
                "state": state,
                "decided_by_id": self.env.uid,
                "decided_on": fields.Datetime.now(),
                "decision_note": note,
            }
        )
        self._finish_activities()
        words = {
            "approved": self.env._("Approved by %s.", self.env.user.name),
            "refused": self.env._("Refused by %s.", self.env.user.name),
            "cancelled": self.env._("Cancelled by %s.", self.env.user.name),
        }
        for review in self:
            review._tell_requester(words[state], note)

    def _tell_requester(self, text, note=None):
        """Tell who asked; the words stay in the chatter, also of the profile."""
        self.ensure_one()
        body = ": ".join(filter(None, (text.rstrip(".") if note else text, note)))
        review = self.sudo()  # sudo: the decision is told whatever rights there are
        requester = review.requester_id.partner_id
        review.message_post(
            body=body,
            partner_ids=requester.ids if review.requester_id != self.env.user else [],
            author_id=self.env.user.partner_id.id,
            subtype_xmlid="mail.mt_comment" if review.requester_id != self.env.user else "mail.mt_note",
        )
        review.profile_id._message_log(body=f"{review.name}: {body}", author_id=self.env.user.partner_id.id)

    def _log(self, text, note=None):
        self.ensure_one()
        body = ": ".join(filter(None, (text.rstrip(".") if note else text, note)))
        self.sudo()._message_log(  # sudo: the author is the user all the same
            body=body, author_id=self.env.user.partner_id.id
        )

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------

    def _ask_next(self):
        """Ask who may approve next, by an activity each."""
        self._finish_activities()
        ladders = {
            company: self.env["ar.credit.authority"]._get_ladder("limit", company)
            for company in self.sudo().company_id  # sudo: its authorities
        }
        asked = {}
        for review in self:
            people = review._get_next_people(ladders[review.sudo().company_id])  # sudo: as above
            if people:
                asked[review] = people[0]
            else:
                review._log(
                    self.env._(
                        "Nobody may approve a limit of %s: a credit manager sets up an authority.",
                        review._format_total(),
                    )
                )
            review._write_evidence({"responsible_id": people[:1].id})
        self._plan_activities(
            asked, lambda review: self.env._("Approve or refuse: %s", review._format_total())
        )

    def _plan_activities(self, people, get_summary):
        """Plan an activity for each review; in bulk without a notification for each."""
        activity_type = self.env.ref("ar_credit_control.mail_activity_review")
        model = self.env["ir.model"]._get(self._name)
        activities = self.env["mail.activity"].sudo()  # sudo: who asks for credit may not plan for others
        activities.with_context(mail_activity_quick_update=len(people) > 1).create(
            [
                {
                    "res_model_id": model.id,
                    "res_id": review.id,
                    "activity_type_id": activity_type.id,
                    "automated": True,
                    "user_id": user.id,
                    "summary": get_summary(review),
                    "date_deadline": review.due_date
                    or review.sudo().company_id._credit_today(),  # sudo: a day
                }
                for review, user in people.items()
            ]
        )

    def _finish_activities(self):
        self.sudo().activity_unlink(["ar_credit_control.mail_activity_review"])  # sudo: those of others

    # ------------------------------------------------------------------
    # Changes outside a review, mass reviews, periodic reviews
    # ------------------------------------------------------------------

    @api.model
    def _record_change(self, profiles, before, source=None, reason=None):
        """Record changes that were made on profiles directly as approved reviews. Internal.

        Bounded statements for any number of profiles; a temporary increase is a record of its own.

        :param profiles: ``ar.credit.profile`` records as they are after the change
        :param dict before: {profile id: former values as :meth:`_prepare_former` gives them}
        :param source: by default ``system`` for the superuser, else ``direct``
        :return: the reviews, none for profiles on which nothing changed
        """
        source = source or ("system" if self.env.su else "direct")
        vals_list = []
        for profile in profiles.sudo():  # sudo: evidence
            vals_list += self._prepare_change(profile, before[profile.id])
        if not vals_list:
            return self.browse()
        names = self._get_next_names(len(vals_list))
        figures = self._get_figures_of(profiles.browse({vals["profile_id"] for vals in vals_list}))
        now = fields.Datetime.now()
        for vals, name in zip(vals_list, names, strict=True):
            vals.update(
                self._prepare_figures(figures.get(vals["profile_id"])),
                name=name,
                source=source,
                state="approved",
                reason=reason or self._get_direct_reason(source),
                requester_id=self.env.uid,
                values_by_id=self.env.uid,
                decided_by_id=self.env.uid,
                decided_on=now,
                applied_on=now,
            )
        reviews = super(ArCreditReview, self._as_recorder()).create(vals_list)
        for profile, of_profile in reviews.grouped("profile_id").items():
            profile._apply_review({"last_review_id": of_profile[-1:].id})
        return reviews.with_env(self.env)

    @api.model
    def _as_recorder(self):
        """Return the model for creating records of what has been decided: no mails, no tracking."""
        context = {key: value for key, value in self.env.context.items() if not key.startswith("default_")}
        context.update(tracking_disable=True, mail_create_nosubscribe=True)
        return self.sudo().with_context(context)  # sudo: nobody may create evidence

    @api.model
    def _get_direct_reason(self, source):
        if source == "system":
            return self.env._("Changed by the system.")
        return self.env._("Changed directly on the credit profile or the contact.")

    @api.model
    def _prepare_change(self, profile, former):
        """Return the reviews that stand for a direct change: of the terms and of a temporary increase."""
        now = self._prepare_former(profile)
        changed = {name for name in FORMER if (now[name] or False) != (former.get(name) or False)}
        if not changed:
            return []
        temporary = {"former_temporary", "former_temporary_from", "former_temporary_to"}
        total = self._get_total_of(profile)
        common = {
            **former,
            "profile_id": profile.id,
            "partner_name": profile.partner_id.display_name,
            "decided_total": total if math.isfinite(total) else 0.0,
            "limit_currency_id": profile.limit_currency_id.id,
            "decided_rating_id": profile.rating_id.id,
            "decided_days_set": profile.payment_days_set,
            "decided_days": profile.payment_days,
            "limit_valid_until": profile.limit_valid_until,
            "decided_parent_id": profile.parent_id.id,
            "decided_hold_override": profile.hold_override,
        }
        result = []
        if changed - temporary:
            result.append(
                {
                    **common,
                    "kind": self._get_kind_of_change(profile, former),
                    "decided_limit_set": profile.limit_set,
                    "decided_limit": profile.limit,
                }
            )
        if changed & temporary:
            result.append(
                {
                    **common,
                    "kind": "temporary",
                    "decided_limit_set": profile.limit_set,
                    "decided_limit": profile.temporary_limit,
                    "date_from": profile.temporary_from,
                    "date_to": profile.temporary_to,
                }
            )
        return result

    @api.model
    def _get_kind_of_change(self, profile, former):
        """Say what a direct change of a limit is."""
        if not former.get("former_limit_set"):
            return "first" if profile.limit_set else "terms"
        if not profile.limit_set:
            return "decrease"
        currency = self.env["res.currency"].browse(former["former_currency_id"]) or profile.limit_currency_id
        company = profile.company_id
        before = currency._convert(
            former["former_limit"], profile.limit_currency_id, company, company._credit_today()
        )
        difference = profile.limit_currency_id.compare_amounts(profile.limit, before)
        return {1: "increase", -1: "decrease"}.get(difference, "terms")

    @api.model
    def _create_from_scores(self, run_lines):
        """Create the reviews of accepted lines of a score run, in bulk.

        The creator of the run is the requester. Where the accepting user is another person whose authority
        covers the limit, they are approved at once; the others are submitted.

        :param run_lines: ``ar.credit.score.run.line`` records
        :return: the reviews, in the order of the lines
        """
        vals_list = [self._prepare_from_score(line) for line in run_lines]
        reviews = self._as_recorder()._open(vals_list).with_env(self.env)
        approved = reviews._filter_approvable(self.env.user)
        rest = reviews - approved
        if approved:
            approved._approve_at_once()
        if rest:
            rest._submit_at_once()
        return reviews

    @api.model
    def _prepare_from_score(self, line):
        """Return the values of a review from a line of a score run."""
        run = line.run_id
        profile = line.profile_id or self.env["ar.credit.profile"]._get_or_create(
            line.partner_id, run.company_id
        )
        return {
            "profile_id": profile.id,
            "kind": "periodic",
            "source": "mass",
            "requester_id": run.create_uid.id,
        }

    @api.model
    def _get_amount_of_change(self, profile, former):
        """Return what a direct change needs authority for, in company currency.

        The total limit afterwards; without any bound where a limit is taken away or holds are switched off.
        """
        if profile.hold_override == "pass" and former.get("former_hold_override") != "pass":
            return math.inf
        if not profile.limit_set:
            return math.inf if former.get("former_limit_set") else 0.0
        return self._get_total_of(profile)

    # ------------------------------------------------------------------
    # Installation and merge
    # ------------------------------------------------------------------

    @api.model
    def _record_takeover(self, profiles):
        """Record the limits that customers had when the addon was installed, in one statement."""
        if not profiles:
            return
        profiles.flush_recordset()
        sequence = self.env.ref("ar_credit_control.sequence_credit_review")
        prefix, suffix = sequence._get_prefix_suffix()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ar_credit_review
                       (name, profile_id, partner_id, partner_name, company_id, kind, source, state, reason,
                        requester_id, values_by_id, decided_by_id, decided_on, applied_on,
                        limit_currency_id, decided_rating_id, decided_limit_set, decided_limit, decided_total,
                        former_rating_id, former_limit_set, former_currency_id,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(prefix)s || lpad(nextval(%(sequence)s)::text, %(padding)s, '0') || %(suffix)s,
                       profile.id, profile.partner_id, COALESCE(partner.complete_name, partner.name),
                       profile.company_id, 'first', 'system', 'approved', %(reason)s,
                       %(uid)s, %(uid)s, %(uid)s, NOW() AT TIME ZONE 'UTC', NOW() AT TIME ZONE 'UTC',
                       profile.limit_currency_id, profile.rating_id, profile.limit_set, profile."limit",
                       profile."limit",
                       profile.rating_id, FALSE, profile.limit_currency_id,
                       %(uid)s, NOW() AT TIME ZONE 'UTC', %(uid)s, NOW() AT TIME ZONE 'UTC'
                  FROM ar_credit_profile profile
                  JOIN res_partner partner ON partner.id = profile.partner_id
                 WHERE profile.id IN %(profile_ids)s
              ORDER BY profile.id
                """,
                prefix=prefix,
                suffix=suffix,
                sequence=f"ir_sequence_{sequence.id:03d}",
                padding=sequence.padding,
                reason=self.env._("Taken over from the contact when credit control was installed."),
                uid=self.env.uid,
                profile_ids=tuple(profiles.ids),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE ar_credit_profile profile
                   SET last_review_id = review.id
                  FROM ar_credit_review review
                 WHERE review.profile_id = profile.id AND profile.id IN %s
                """,
                tuple(profiles.ids),
            )
        )
        profiles.invalidate_recordset(["last_review_id"])

    @api.model
    def _merge_profiles(self, kept, others):
        """Move the reviews of profiles that are merged; of open periodic ones the oldest stays."""
        reviews = self.sudo()  # sudo: nothing of the history is lost, whoever merges
        periodic = reviews.search(
            [
                ("profile_id", "in", (kept | others).ids),
                ("kind", "=", "periodic"),
                ("state", "in", OPEN_STATES),
            ],
            order="id",
        )
        periodic[1:]._close(
            "cancelled", self.env._("Customers were merged; %s stays open.", periodic[:1].name)
        )
        if not others:
            return
        reviews.flush_model()
        for column in ("profile_id", "former_parent_id", "decided_parent_id"):
            self.env.cr.execute(
                SQL(
                    "UPDATE ar_credit_review SET %(column)s = %(kept)s WHERE %(column)s IN %(others)s",
                    column=SQL.identifier(column),
                    kept=kept.id,
                    others=tuple(others.ids),
                )
            )
        reviews.invalidate_model()

    @api.model
    def _follow_profile(self, profile):
        """Let the reviews of a profile name the customer that it belongs to now."""
        self.flush_model(["partner_id", "profile_id"])
        self.env.cr.execute(
            SQL(
                "UPDATE ar_credit_review SET partner_id = %s WHERE profile_id = %s",
                profile.partner_id.id,
                profile.id,
            )
        )
        self.invalidate_model(["partner_id"])

    # ------------------------------------------------------------------
    # Bulk decisions
    # ------------------------------------------------------------------

    def _filter_approvable(self, user):
        """Return the reviews that a person may approve alone: four eyes hold, the authority reaches."""
        authority = self.env["ar.credit.authority"]
        result = self.browse()
        for company, reviews in self.sudo().grouped("company_id").items():  # sudo: amounts
            reach = authority._get_reach(user, "limit", company)
            if reach is None or reviews[0]._waits_for_lower_tier(user):
                continue
            result |= reviews.filtered(
                lambda review, reach=reach, company=company: (
                    user not in review._get_excluded()
                    and authority._is_within(review._get_total(), reach, company)
                )
            )
        return result.with_env(self.env)

    def _waits_for_lower_tier(self, user):
        self.ensure_one()
        company = self.sudo().company_id  # sudo: a setting
        if not company._credit_root().credit_review_every_tier:
            return False
        tier = self.env["ar.credit.authority"]._get_tier(user, "limit", company)
        return any(low < tier for low in self._get_missing_tiers())

    def _approve_at_once(self, note=None):
        """Approve new reviews of a mass review by the user, in a bounded number of statements."""
        user = self.env.user
        now = fields.Datetime.now()
        tiers = {
            company: self.env["ar.credit.authority"]._get_tier(user, "limit", company)
            for company in self.sudo().company_id  # sudo: its authorities
        }
        totals = {review: review._get_total() for review in self.sudo()}  # sudo: amounts
        self.env["ar.credit.review.approval"].sudo().create(  # sudo: nobody may create approvals
            [
                {
                    "review_id": review.id,
                    "user_id": user.id,
                    "tier": tiers[review.company_id],
                    "outcome": "approved",
                    "amount": total if math.isfinite(total) else 0.0,
                    "note": note,
                }
                for review, total in totals.items()
            ]
        )
        quiet = self._as_recorder().browse(self.ids)
        for review in quiet:
            total = totals[review]
            review._write_evidence({"decided_total": total if math.isfinite(total) else 0.0})
        quiet._write_evidence(
            {
                "state": "approved",
                "submitted_on": now,
                "decided_by_id": user.id,
                "decided_on": now,
                "decision_note": note,
                "applied_on": now,
            }
        )
        self.env["ar.credit.profile"]._apply_reviews(
            {review.profile_id: review._prepare_profile_vals() for review in quiet}
        )

    def _submit_at_once(self):
        """Submit new reviews of a mass review."""
        self._as_recorder().browse(self.ids)._write_evidence(
            {"state": "submitted", "submitted_on": fields.Datetime.now()}
        )
        self._ask_next()

    # ------------------------------------------------------------------
    # Periodic reviews
    # ------------------------------------------------------------------

    @api.model
    def _cron_open_periodic(self):
        """Open the periodic reviews that fall due, each once, and give them to somebody.

        Commits after each batch: killed anywhere, the next run opens the rest.
        """
        cron = self.env["ir.cron"]
        remaining = self._count_due_profiles()
        cron._commit_progress(remaining=remaining)
        while profiles := self._find_due_profiles(BATCH):
            self._open_periodic(profiles)
            remaining -= len(profiles)
            if not cron._commit_progress(processed=len(profiles), remaining=max(remaining, 0)):
                break

    @api.model
    def _open_periodic(self, profiles):
        """Open a draft for each profile, with the score of today, and plan it for who works on it."""
        people = {profile: self._get_reviewer(profile) for profile in profiles}
        reviews = self.with_context(tracking_disable=True)._open(
            [
                {
                    "profile_id": profile.id,
                    "kind": "periodic",
                    "source": "system",
                    "due_date": profile.next_review_date,
                    "responsible_id": user.id,
                }
                for profile, user in people.items()
            ]
        )
        reviews._score()
        reviews._plan_activities(
            {review: user for review, user in zip(reviews, people.values(), strict=True) if user},
            lambda review: self.env._("Review the credit of %s", review.partner_name),
        )
        return reviews

    @api.model
    def _get_reviewer(self, profile):
        """Return who works on the periodic review of a customer: a controller, the collector's own first."""
        root = profile.company_id
        candidates = profile.collector_id | root.credit_hold_responsible_id
        candidates = candidates.filtered(lambda user: user.active and user.has_group(CONTROLLER))
        if not candidates:
            members = self.env.ref(CONTROLLER).sudo().all_user_ids  # sudo: members of a group
            candidates = members.filtered(
                lambda user: user.active and not user._is_superuser() and root in user.company_ids
            ).sorted(lambda user: (user.has_group("ar_credit_control.group_credit_manager"), user.id))
        return candidates[:1]

    @api.model
    def _find_due_profiles(self, limit):
        rows = self.env.execute_query(
            SQL(
                "SELECT profile.id %s ORDER BY profile.next_review_date, profile.id LIMIT %s",
                self._from_due(),
                limit,
            )
        )
        return self.env["ar.credit.profile"].browse(profile_id for (profile_id,) in rows)

    @api.model
    def _count_due_profiles(self):
        return self.env.execute_query(SQL("SELECT COUNT(*) %s", self._from_due()))[0][0]

    @api.model
    def _from_due(self):
        """Return the profiles whose review falls due and was not opened for that day, as FROM and WHERE."""
        self.env.flush_all()
        return SQL(
            """
              FROM ar_credit_profile profile
              JOIN res_company root ON root.id = profile.company_id
             WHERE profile.active
               AND profile.next_review_date <= %(today)s + COALESCE(root.credit_review_lead_days, 0)
               AND NOT EXISTS (
                   SELECT FROM ar_credit_review review
                    WHERE review.profile_id = profile.id
                      AND review.kind = 'periodic'
                      AND (
                          review.state IN ('draft', 'submitted')
                          OR review.due_date = profile.next_review_date
                      )
                   )
            """,
            today=fields.Date.context_today(self),
        )
