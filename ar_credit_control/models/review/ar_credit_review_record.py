import math

from odoo import api, fields, models
from odoo.tools import SQL, clean_context

from .ar_credit_review import FORMER, OPEN_STATES


class ArCreditReview(models.Model):
    _inherit = "ar.credit.review"

    # ------------------------------------------------------------------
    # Figures and score
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
            "limit_known": score.proposed_limit is not None,
            "proposed_limit": score.proposed_limit or 0.0,
            "proposed_days": score.proposed_days or 0,
            "formula": score.formula,
        }

    @api.model
    def _prepare_score_line(self, sequence, line):
        measured, points = line.get("measured"), line.get("points")
        return {
            "sequence": sequence,
            "name": line.get("name") or line.get("text"),
            "measured": f"{measured:g}" if isinstance(measured, int | float) else measured or "",
            "known": points is not None,
            "points": points or 0.0,
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
        if self.kind != "temporary" and self.limit_known:
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
    # Changes outside a review
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
        reviews = self._as_recorder()._create_evidence(vals_list)
        for profile, of_profile in reviews.grouped("profile_id").items():
            profile._apply_review({"last_review_id": of_profile[-1:].id})
        return reviews.with_env(self.env)

    @api.model
    def _as_recorder(self):
        """Return the model for creating records of what has been decided: no mails, no tracking."""
        model = self.sudo()  # sudo: nobody may create evidence
        return model.with_context(clean_context(self.env.context)).with_context(
            tracking_disable=True, mail_create_nosubscribe=True
        )

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
        before = dict(former, former_currency_id=former["former_currency_id"] or profile.limit_currency_id.id)
        return self._compare_limits(
            (before["former_limit_set"], before["former_limit"], before["former_currency_id"]),
            (profile.limit_set, profile.limit, profile.limit_currency_id.id),
            profile.company_id,
        )

    @api.model
    def _get_kind(self, profile, limit_set, limit):
        """Say what a new limit, in the currency of the present one, is for a customer."""
        currency_id = profile.limit_currency_id.id
        return self._compare_limits(
            (profile.limit_set, profile.limit, currency_id),
            (limit_set, limit, currency_id),
            profile.company_id,
        )

    @api.model
    def _compare_limits(self, before, after, company):
        """Return the kind of review that leads from one limit (decided, amount, currency id) to another."""
        before_set, before_limit, before_currency = before
        after_set, after_limit, after_currency = after
        if not before_set:
            return "first" if after_set else "terms"
        if not after_set:
            return "decrease"
        former, currency = self.env["res.currency"].browse([before_currency, after_currency])
        before_limit = former._convert(before_limit, currency, company, company._credit_today())
        difference = currency.compare_amounts(after_limit, before_limit)
        return {1: "increase", -1: "decrease"}.get(difference, "terms")

    @api.model
    def _get_amount_of_change(self, profile, former):
        """Return what a direct change needs authority for, in company currency.

        The total limit afterwards; without any bound where a limit is taken away or holds are switched off.
        The limit of a group is all that bounds a member without a limit of its own.
        """
        if profile.hold_override == "pass" and former.get("former_hold_override") != "pass":
            return math.inf
        if profile.limit_set:
            return self._get_total_of(profile)
        if former.get("former_limit_set"):
            return math.inf
        if not former.get("former_parent_id") or former["former_parent_id"] == profile.parent_id.id:
            return 0.0
        return self._get_total_of(profile.parent_id) if profile.parent_id else math.inf

    @api.model
    def _ratings_sql(self, company) -> SQL:
        """Return the ratings that customers of a main company had, by the decisions on record.

        Rows: ``profile_id``, ``rating_id``, ``date_from``, ``date_to`` (excluded), without gaps: of a day its
        last decision counts. Before the first one it is the rating that this one ended; where nobody had
        rated the customer, the first decision stands for that time, too.
        """
        return SQL(
            """
            WITH decision AS (
                SELECT profile_id, COALESCE(decided_rating_id, former_rating_id) AS rating_id,
                       former_rating_id, decided_on, decided_on::date AS day, id
                  FROM ar_credit_review
                 WHERE company_id = %s AND state = 'approved' AND kind != 'temporary'
            )
            SELECT profile_id, rating_id, day AS date_from,
                   COALESCE(LEAD(day) OVER (PARTITION BY profile_id ORDER BY day), 'infinity') AS date_to
              FROM (
                    SELECT DISTINCT ON (profile_id, day) profile_id, rating_id, day
                      FROM decision
                  ORDER BY profile_id, day, decided_on DESC, id DESC
                   ) last_of_day
         UNION ALL
            SELECT profile_id, COALESCE(rated.id, rating_id), '-infinity', day
              FROM (
                    SELECT DISTINCT ON (profile_id) profile_id, rating_id, former_rating_id, day
                      FROM decision
                  ORDER BY profile_id, decided_on, id
                   ) first_one
         LEFT JOIN ar_credit_rating rated
                ON rated.id = first_one.former_rating_id AND rated.is_unrated IS NOT TRUE
            """,
            company.id,
        )

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
