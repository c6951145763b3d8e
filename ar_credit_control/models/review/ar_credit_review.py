import math

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, clean_context, format_list

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
    who changed the proposed values last, never approves. Approved reviews write the credit profile and are
    the history of the limit: they keep the figures, the score and the former terms that they were taken on.

    State and evidence change through the methods alone, also for the superuser. In a review of kind
    ``temporary`` the amounts are increases on top of the permanent limit.
    """

    _name = "ar.credit.review"
    _description = "Credit Review"
    _inherit = ["ar.evidence.mixin", "mail.thread", "mail.activity.mixin"]
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
            ("stop", "Stop supply"),
        ],
        required=True,
        default="increase",
        tracking=True,
        help="Emergency: lowers the limit at once when submitted; approval follows. Stop supply: every order "
        "waits for a person, limit and terms stay.",
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
    limit_known = fields.Boolean(
        readonly=True, help="Off: there was nothing to compute a limit from, a person proposes one."
    )
    proposed_days = fields.Integer(readonly=True)
    formula = fields.Text(readonly=True, help="How the proposed limit was computed.")

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
    limit_currency_id = fields.Many2one("res.currency", required=True, ondelete="restrict")
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
            if review.name == "/":
                review.display_name = self.env._("New review")
            else:
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
            review.can_decide = (
                review.state == "submitted"
                and not review._get_obstacle(self.env.user)
                and self.env.user not in review._get_levels().user_id
            )

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
    def create(self, vals_list):  # pylint: disable=method-required-super
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

    @api.model
    def _get_keep_text(self):
        return self.env._("Credit reviews are kept as evidence: cancel a draft instead.")

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
                    format_list(self.env, labels),
                )
            )

    def _write_evidence(self, vals):
        """Write what :meth:`write` refuses to everybody else. Nobody has the right to write evidence."""
        return super(ArCreditReview, self.sudo()).write(vals)  # sudo: the methods check who may

    @api.model
    def _create_evidence(self, vals_list):
        """Create what :meth:`create` refuses to everybody else. Internal: checks no values."""
        return super().create(vals_list)

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
        reviews = self.with_context(clean_context(self.env.context))._create_evidence(prepared)
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
        elif kind in ("terms", "stop"):
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
            review._log(review._get_submitted_words())
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
            if not review.applied_on:
                review._check_complete()  # the values and the customer's terms may have changed since
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
