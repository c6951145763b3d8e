import math
from contextlib import nullcontext

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from . import review_moment
from .ar_credit_review import FORMER


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    last_review_id = fields.Many2one("ar.credit.review", readonly=True, ondelete="restrict", copy=False)
    review_ids = fields.One2many("ar.credit.review", "profile_id", string="Reviews", readonly=True)
    review_count = fields.Integer(string="Open Reviews", compute="_compute_review_count")

    def _compute_review_count(self):
        counts = dict(
            self.env["ar.credit.review"]._read_group(
                [("profile_id", "in", self.ids), ("state", "in", ("draft", "submitted"))],
                ["profile_id"],
                ["__count"],
            )
        )
        for profile in self:
            profile.review_count = counts.get(profile, 0)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """A profile that is created with terms decided is a decision: it needs authority and is recorded."""
        self._check_pointer(vals_list)
        known = self.sudo().with_context(active_test=False)  # sudo: existence only
        partners = self.env["res.partner"].browse(vals.get("partner_id") for vals in vals_list)
        commercial = partners.sudo().commercial_partner_id  # sudo: it may not be readable
        reopened = set(known.search([("partner_id", "in", commercial.ids)]).ids)
        with self._undone_without_authority():
            profiles = super().create(vals_list)
            new = profiles.filtered(lambda profile: profile.id not in reopened)
            new._take_decision({profile.id: self._prepare_undecided(profile) for profile in new})
        return profiles

    def write(self, vals):
        if all(review_moment.is_applied(profile) for profile in self):
            return super().write(vals)
        self._check_pointer([vals])
        if not self._get_decision_fields() & vals.keys():
            return super().write(vals)
        reviews = self.env["ar.credit.review"]
        before = {profile.id: reviews._prepare_former(profile) for profile in self.sudo()}  # sudo: evidence
        with self._undone_without_authority():
            result = super().write(vals)
            self._take_decision(before)
        return result

    @api.model
    def _check_pointer(self, vals_list):
        if any("last_review_id" in vals for vals in vals_list):
            raise UserError(self.env._("The last review is kept by the reviews themselves."))

    def _undone_without_authority(self):
        """Undo a change that is refused afterwards, even where the caller goes on after the error."""
        return nullcontext() if self.env.su else self.env.cr.savepoint()

    @api.model
    def _get_decision_fields(self):
        """Names of fields whose change is a decision on credit."""
        return set(FORMER.values())

    @api.model
    def _prepare_undecided(self, profile):
        """Return the former terms of a customer for whom nothing was decided."""
        return {
            **dict.fromkeys(FORMER, False),
            "former_rating_id": self.env["ar.credit.rating"]._get_unrated().id,
            "former_currency_id": profile.limit_currency_id.id,
        }

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------

    def _apply_review(self, vals):
        """Write what a review has decided; the review itself is the record of it. Internal."""
        with review_moment.applying(self):
            return self.sudo().write(vals)  # sudo: the authority was checked by the review

    def _change_directly(self, vals):
        """Write terms for the user, whose authority counts and not the rights on profiles. Internal.

        :raise AccessError: the total limit exceeds the authority of the user; the superuser's is taken
        """
        reviews = self.env["ar.credit.review"]
        before = {profile.id: reviews._prepare_former(profile) for profile in self.sudo()}  # sudo: evidence
        with self._undone_without_authority():
            self._apply_review(vals)
            self._take_decision(before)

    @api.model
    def _apply_reviews(self, vals_by_profile):
        """Write what many reviews have decided, in a bounded number of statements. Internal.

        :param dict vals_by_profile: values to write for each profile
        """
        profiles = self.browse(profile.id for profile in vals_by_profile).sudo()  # sudo: as for a single one
        quiet = profiles.with_context(tracking_disable=True)
        for profile, vals in zip(quiet, vals_by_profile.values(), strict=True):
            profile._write_unguarded(vals)
        profiles._mirror_limits()
        profiles.partner_id._invalidate_credit_figures()
        names = {profile.id: profile.last_review_id.name for profile in profiles}
        profiles._message_log_batch(
            bodies={
                profile_id: self.env._(
                    "%(review)s: approved by %(person)s.", review=name, person=self.env.user.name
                )
                for profile_id, name in names.items()
            }
        )

    def _take_decision(self, before):
        """Check the authority of who changed terms directly, and record the change.

        :param dict before: former values of the review for each id
        :raise AccessError: the total limit exceeds the authority of the user; the superuser's is taken
        """
        reviews = self.env["ar.credit.review"]
        changed = self.filtered(
            lambda profile: any(
                (value or False) != (before[profile.id][name] or False)
                for name, value in reviews._prepare_former(profile.sudo()).items()  # sudo: evidence
            )
        )
        if not changed:
            return
        if not self.env.su:
            changed._check_authority(before)
        reviews._record_change(changed, before)

    def _check_authority(self, before):
        """Check that the authority of the user covers the limits as they are now.

        What a person may decide on the highest limit they may decide on all of them.
        """
        reviews = self.env["ar.credit.review"]
        authority = self.env["ar.credit.authority"]
        for company, profiles in self.sudo().grouped("company_id").items():  # sudo: amounts
            amounts = {
                profile: reviews._get_amount_of_change(profile, before[profile.id]) for profile in profiles
            }
            highest = max(amounts, key=amounts.get)
            if not authority._covers(self.env.user, "limit", amounts[highest], company):
                raise AccessError(
                    self.env._(
                        "A limit of %(amount)s for %(customer)s is beyond your authority. Ask for a review.",
                        amount=company.currency_id.format(amounts[highest])
                        if math.isfinite(amounts[highest])
                        else self.env._("any amount"),
                        customer=highest.partner_id.display_name,
                    )
                )

    def _reopen(self):
        # Opening what was closed brings no limit back: that is no decision of a person.
        return super(ArCreditProfile, self.sudo())._reopen()  # sudo: whoever gets to open it may

    @api.model
    def _take_over_core_limits(self):
        profiles = super()._take_over_core_limits()
        self.env["ar.credit.review"]._record_takeover(profiles)
        return profiles

    def _absorb(self, others, debtor, wizard):
        # Core's merge deletes all rows of a table where one of them collides: reviews move beforehand.
        self.env["ar.credit.review"]._merge_profiles(self, others)
        result = super()._absorb(others, debtor, wizard)
        self.env["ar.credit.review"]._follow_profile(self)
        return result

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open_reviews(self):
        """Open the history of the limit."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_credit_review")
        return {
            **action,
            "name": self.env._("Reviews of %s", self.partner_id.display_name),
            "domain": [("profile_id", "=", self.id)],
            "context": {"default_profile_id": self.id},
        }

    def action_new_review(self):
        """Begin a review: the first decision, or an increase."""
        self.ensure_one()
        return self._get_new_review_action("increase" if self.limit_set else "first")

    def action_temporary_increase(self):
        self.ensure_one()
        return self._get_new_review_action("temporary")

    def action_emergency(self):
        """Begin an emergency: submitted, it stops credit at once."""
        self.ensure_one()
        return self._get_new_review_action("emergency")

    def action_credit_request(self):
        self.ensure_one()
        return self.env["ar.credit.request"]._get_action(self.partner_id)

    def _get_new_review_action(self, kind):
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.credit.review",
            "views": [(False, "form")],
            "context": {"default_profile_id": self.id, "default_kind": kind},
        }
