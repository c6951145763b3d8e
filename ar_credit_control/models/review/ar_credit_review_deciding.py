import math

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_list

from .ar_credit_review import CONTROLLER


class ArCreditReview(models.Model):
    _inherit = "ar.credit.review"

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
        keeps_limit = review.kind in ("temporary", "stop")
        if review.limit_valid_until and review.limit_valid_until < today and not keeps_limit:
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
        approvers = format_list(self.env, self._get_approvers().mapped("name"), "or")
        return self.env._(
            "You have no authority over a limit of %(limit)s. It waits for: %(names)s.",
            limit=self._format_total(),
            names=approvers or self.env._("nobody, set up an authority"),
        )

    def _covered_by(self, user):
        """Whether the authority of a person covers the decision, and what refusing it brings back."""
        company = self.sudo().company_id  # sudo: its authorities
        return self.env["ar.credit.authority"]._covers(user, "limit", self._get_amount_to_cover(), company)

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
                        people=format_list(self.env, missing[low].mapped("name"), "or"),
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
            company = self.sudo().company_id  # sudo: its authorities
            ladder = self.env["ar.credit.authority"]._get_ladder("limit", company)
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
    # Decisions
    # ------------------------------------------------------------------

    def _add_approval(self, outcome, note=None):
        self.ensure_one()
        user = self.env.user
        company = self.sudo().company_id  # sudo: its authorities
        total = self._get_amount_to_cover()
        self.env["ar.credit.review.approval"].sudo().create(  # sudo: nobody may create approvals
            {
                "review_id": self.id,
                "user_id": user.id,
                "tier": self.env["ar.credit.authority"]._get_tier(user, "limit", company),
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
        self._close_replaced()

    def _close_replaced(self):
        """Close periodic reviews that were opened by themselves and that another decision has settled."""
        settled = self.filtered(lambda review: review.kind not in ("temporary", "stop"))
        periodic = (
            self.env["ar.credit.review"]
            .sudo()  # sudo: whoever decides
            .search(
                [
                    ("profile_id", "in", settled.sudo().profile_id.ids),  # sudo: as above
                    ("id", "not in", self.ids),
                    ("kind", "=", "periodic"),
                    ("source", "=", "system"),
                    ("state", "=", "draft"),
                ]
            )
        )
        if periodic:
            periodic._close("cancelled", self.env._("Settled by another review."))

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
        if review._is_decided_since():
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

    def _is_decided_since(self):
        """Whether somebody has decided on the limit since an emergency lowered it, to the same one too."""
        self.ensure_one()
        profile = self.profile_id
        if profile.limit != self.decided_limit or profile.limit_currency_id != self.limit_currency_id:
            return True
        later = Domain("decided_on", ">", self.applied_on) | (
            Domain("decided_on", "=", self.applied_on) & Domain("id", ">", self.id)
        )
        others = Domain("profile_id", "=", profile.id) & Domain("id", "!=", self.id)
        decided = Domain("state", "=", "approved") & Domain("kind", "not in", ("terms", "stop"))
        return bool(self.search_count(others & decided & later, limit=1))

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
        body = ": ".join(filter(None, (text.rstrip(".。") if note else text, note)))
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
        body = ": ".join(filter(None, (text.rstrip(".。") if note else text, note)))
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
        self._plan_activities(asked, lambda review: review._get_asking_words())

    def _get_submitted_words(self):
        self.ensure_one()
        return self.env._(
            "Submitted by %(person)s, for a total limit of %(amount)s.",
            person=self.env.user.name,
            amount=self._format_total(),
        )

    def _get_asking_words(self):
        self.ensure_one()
        return self.env._("Approve or refuse: %s", self._format_total())

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
