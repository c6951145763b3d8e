import math

from odoo import api, fields, models
from odoo.tools import SQL

from .ar_credit_review import CONTROLLER

BATCH = 200


class ArCreditReview(models.Model):
    _inherit = "ar.credit.review"

    # ------------------------------------------------------------------
    # Mass reviews
    # ------------------------------------------------------------------

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
        self.env["ar.credit.review.line"].sudo().create(  # sudo: nobody may create scores
            [
                {"review_id": review.id, **self._prepare_score_line(sequence, detail)}
                for review, line in zip(reviews, run_lines, strict=True)
                for sequence, detail in enumerate(line.detail or [])
            ]
        )
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
        profile = line.profile_id.sudo()  # sudo: terms of today
        limit = profile.limit
        if line.limit_known:
            company = line.company_id
            limit = line.currency_id._convert(
                line.proposed_limit, profile.limit_currency_id, company, company._credit_today()
            )
        decided = line.limit_known or profile.limit_set
        return {
            "profile_id": profile.id,
            "kind": self._get_kind(profile, decided, limit),
            "source": "mass",
            "reason": run.display_name,
            "requester_id": run.create_uid.id,
            "values_by_id": (run.scored_by_id or run.create_uid).id,
            "scored": line.score_known,
            "score": line.score,
            "computed_rating_id": line.rating_id.id,
            "limit_known": line.limit_known,
            "proposed_limit": line.proposed_limit,
            "proposed_days": line.proposed_days,
            "formula": line.formula,
            "decided_rating_id": line.rating_id.id or profile.rating_id.id,
            "decided_limit_set": decided,
            "decided_limit": limit if decided else 0.0,
            "decided_days_set": True,
            "decided_days": line.proposed_days,
        }

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
        self._close_replaced()

    def _submit_at_once(self):
        """Submit new reviews of a mass review."""
        self._as_recorder().browse(self.ids)._write_evidence(
            {
                "state": "submitted",
                "submitted_by_id": self.env.uid,
                "submitted_on": fields.Datetime.now(),
            }
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
        self.env["ar.schedule"]._handle_batches(self._find_due_profiles(), self._open_due, BATCH)

    @api.model
    def _open_due(self, profiles):
        """Open the reviews of those of the profiles for which nobody opened one meanwhile."""
        if due := self._find_due_profiles(profiles):
            self._open_periodic(due)

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
    def _find_due_profiles(self, profiles=None):
        """Return the profiles whose review falls due and was not opened for that day.

        :param profiles: among these; None: all
        """
        self.env.flush_all()
        among = SQL("TRUE") if profiles is None else SQL("profile.id = ANY(%s)", profiles.ids)
        rows = self.env.execute_query(self._due_sql(among))
        return self.env["ar.credit.profile"].browse(profile_id for (profile_id,) in rows)

    @api.model
    def _due_sql(self, among) -> SQL:
        return SQL(
            """
            SELECT profile.id
              FROM ar_credit_profile profile
              JOIN res_company root ON root.id = profile.company_id
             WHERE profile.active
               AND %(among)s
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
          ORDER BY profile.next_review_date, profile.id
            """,
            among=among,
            today=fields.Date.context_today(self),
        )
