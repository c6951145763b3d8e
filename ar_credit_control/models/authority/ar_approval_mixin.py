from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import format_list

# Where a decision stands, and who took it: written by the course alone, from the first moment.
COURSE = frozenset(
    {
        "state",
        "prepared_by_ids",
        "submitted_by_id",
        "submitted_on",
        "decided_by_id",
        "decided_on",
        "decision_note",
    }
)


class ArApprovalMixin(models.AbstractModel):
    """Evidence that one person asks for and another one decides on.

    ``draft`` → ``submitted`` → what :meth:`_approve` makes of it; sent back to ``draft``, or given up. A
    model has these two states and names those in which it ends. Its terms (``_terms``) are written on a
    draft only; nobody who wrote any of them, or asked, approves. Who may is a matter of
    ``ar.credit.authority`` of the kind ``_authority_kind`` over :meth:`_get_amount_to_cover`, or of
    :meth:`_covers` and :meth:`_list_deciders` where it is something else. Needs ``mail.activity.mixin``
    and ``company_id``.
    """

    _name = "ar.approval.mixin"
    _description = "Decision by Another Person"
    _inherit = ["ar.decision.mixin"]

    # What a person writes on a draft, and what stays open to change after that.
    _terms = frozenset()
    _later_fields = frozenset()
    # Kind of ``ar.credit.authority``; external id of the activity that asks who decides.
    _authority_kind = None
    _approval_activity = None

    prepared_by_ids = fields.Many2many(
        "res.users",
        readonly=True,
        copy=False,
        help="Who asked for it or wrote its terms. None of them approves it.",
    )
    submitted_by_id = fields.Many2one(
        "res.users", string="Asked By", readonly=True, copy=False, ondelete="restrict"
    )
    submitted_on = fields.Date(string="Asked On", readonly=True, copy=False)
    approver_names = fields.Char(
        string="Approves", compute="_compute_may_decide", help="Who may decide, the lowest tier first."
    )

    @api.depends("state", "prepared_by_ids", "submitted_by_id")
    @api.depends_context("uid", "lang")
    def _compute_may_decide(self):
        for record in self:
            waits = record.state == "submitted"
            record.may_decide = waits and not record._get_obstacle(self.env.user)
            deciders = record._get_approvers()[:3] if waits else self.env["res.users"]
            names = deciders.sudo().mapped("name")  # sudo: names of colleagues
            record.approver_names = format_list(self.env, names, "or")

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(vals.get(name) for vals in vals_list for name in COURSE - {"state"}):
            raise AccessError(self.env._("Who asks and who decides is recorded, not typed in."))
        if not self.env.su and any(vals.get("state", "draft") != "draft" for vals in vals_list):
            raise AccessError(self.env._("It begins as a draft: another person decides on it."))
        return super().create(vals_list)

    def write(self, vals):
        result = super().write(vals)
        if (self._terms - self._later_fields) & vals.keys():
            self._add_preparer()
        return result

    def _get_writable_fields(self):
        return self._later_fields | (self._terms if self.state == "draft" else frozenset())

    def _add_preparer(self):
        """Whoever writes terms does not approve them."""
        if self.env.user._is_superuser():
            return
        unknown = self.sudo().filtered(  # sudo: a list that nobody writes
            lambda record: self.env.user not in record.prepared_by_ids
        )
        unknown.write({"prepared_by_ids": [Command.link(self.env.uid)]})

    # ------------------------------------------------------------------
    # The course
    # ------------------------------------------------------------------

    def action_submit(self):
        """Ask another person to decide.

        :raise UserError: for what is incomplete, or no draft
        """
        self.check_access("write")
        self._check_state("draft")
        self._check_complete()
        self._add_preparer()
        for record in self:
            record._submit()
        return True

    def action_approve(self):
        """Decide in favour.

        :raise AccessError: for who asked or wrote the terms, and beyond the user's authority
        """
        self.check_access("write")
        self._check_state("submitted")
        self._check_complete()
        self._check_decides()
        for record in self:
            record._approve()
        self._close_request()
        return True

    def action_send_back(self, reason=None):
        """Return what was submitted to who drafted it."""
        self.check_access("write")
        self._check_state("submitted")
        self._write_evidence({"state": "draft"})
        self._close_request()
        if reason:
            self._log_reason(self.env._("Sent back"), reason)
        return True

    def _submit(self):
        self.ensure_one()
        self._write_evidence(
            {
                "state": "submitted",
                "submitted_by_id": self.env.uid,
                "submitted_on": self.company_id._credit_today(),
            }
        )
        if approver := self._get_approvers()[:1]:
            speaks = self.with_context(lang=approver.lang)
            speaks.sudo().activity_schedule(  # sudo: who asks need not have the right to plan for others
                self._approval_activity, user_id=approver.id, **speaks._prepare_request()
            )

    def _prepare_request(self):
        """Return values of the activity that asks for the decision, in the language of who decides."""
        return {}

    def _approve(self):
        """Carry the decision out; ends with :meth:`_write_decision`."""
        raise NotImplementedError

    def _close_request(self):
        """Nothing is left to decide: the activities that asked for it are done."""
        kind = self.env.ref(self._approval_activity)
        self.sudo().activity_ids.filtered(  # sudo: of others, for whom nothing is left to do
            lambda activity: activity.activity_type_id == kind
        ).action_done()

    # ------------------------------------------------------------------
    # Who may
    # ------------------------------------------------------------------

    def _check_complete(self):
        """Refuse terms that do not add up.

        :raise UserError: saying what is wrong
        """

    def _get_obstacle(self, user):
        if obstacle := super()._get_obstacle(user):
            return obstacle
        if user in self.prepared_by_ids or user == self.submitted_by_id:
            return self.env._("Another person approves %s: you prepared it.", self.display_name)
        return "" if self._covers(user) else self._describe_lacking()

    def _describe_lacking(self):
        """Return that the decision is beyond the user's authority, and whom to ask."""
        self.ensure_one()
        return self.env._(
            "%(record)s is above your authority. Ask %(people)s.",
            record=self.display_name,
            people=self._format_approvers(),
        )

    def _format_approvers(self):
        names = self._get_approvers().sudo().mapped("name")  # sudo: names of colleagues
        return format_list(self.env, names, "or") or self.env._("a credit manager")

    def _get_amount_to_cover(self):
        """Return what the authority must reach, in the currency of the root company."""
        raise NotImplementedError

    def _covers(self, user):
        """Whether a person's authority reaches this decision."""
        self.ensure_one()
        return self.env["ar.credit.authority"]._covers(
            user, self._authority_kind, self._get_amount_to_cover(), self.company_id
        )

    def _list_deciders(self):
        """Return whose authority reaches this decision, the lowest tier first."""
        self.ensure_one()
        return self.env["ar.credit.authority"]._get_approvers(
            self._authority_kind, self._get_amount_to_cover(), self.company_id
        )

    def _get_approvers(self):
        """Return who could decide now: never who asked or wrote the terms."""
        return self._list_deciders() - self.prepared_by_ids - self.submitted_by_id
