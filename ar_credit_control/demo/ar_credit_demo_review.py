from datetime import timedelta

from odoo import api, models


class ArCreditDemo(models.AbstractModel):
    _inherit = "ar.credit.demo"

    @api.model
    def _load_reviews(self):
        """Reviews in several states, asked for and decided by the people of the demonstration, once."""
        reviews = self.env["ar.credit.review"]
        profile = self.env.ref("ar_credit_control.demo_profile_hengda")
        if reviews.search_count([("profile_id", "=", profile.id), ("source", "=", "person")], limit=1):
            return
        demo = self.with_context(mail_create_nosubscribe=True, mail_notify_force_send=False)
        people = {
            login: self.env.ref(f"ar_credit_control.demo_user_{login}") for login in ("sam", "connie", "mona")
        }
        demo._load_decided_reviews(people)
        demo._load_open_reviews(people)

    @api.model
    def _load_decided_reviews(self, people):
        yearly = self._prepare_demo_review("bergstrom", "periodic", 120000, "Pays before the due date.")
        approved = self._open_demo_review(people["connie"], yearly)
        approved.with_user(people["mona"]).action_approve(self.env._("As before."))
        asked = self._prepare_demo_review(
            "northwind", "increase", 120000, "Wants to stock up before the fair."
        )
        refused = self._open_demo_review(people["sam"], asked)
        refused.with_user(people["mona"]).action_refuse(
            self.env._("Invoices are paid in parts: first those.")
        )
        for review, age in ((approved, 40), (refused, 12)):
            day = self._date(age)
            review._write_evidence({"submitted_on": day - timedelta(days=2), "decided_on": day})
        profile = self.env.ref("ar_credit_control.demo_profile_bergstrom")
        profile.next_review_date = self._date(-325)

    @api.model
    def _load_open_reviews(self, people):
        asked = self._prepare_demo_review(
            "hengda", "increase", 85000, "Twelve machines ordered for spring; they pay 30 % in advance."
        )
        self._open_demo_review(people["sam"], asked)
        high = self._prepare_demo_review(
            "mingzhu", "increase", 450000, "Sales have grown every month; the owner guarantees."
        )
        self._open_demo_review(people["connie"], high).with_user(people["mona"]).action_approve(
            self.env._("Agreed, beyond my amount.")
        )
        temporary = self._prepare_demo_review(
            "harbor", "temporary", 12000, "Season begins; back to normal after."
        )
        temporary.update(date_from=self._date(0), date_to=self._date(-45))
        self._open_demo_review(people["sam"], temporary)
        late = self.env.ref("ar_credit_control.demo_profile_lantian")
        late.next_review_date = self._date(9)
        self.env["ar.credit.review"]._open_periodic(late)

    @api.model
    def _prepare_demo_review(self, customer, kind, limit, reason):
        profile = self.env.ref(f"ar_credit_control.demo_profile_{customer}")
        return {
            "profile_id": profile.id,
            "kind": kind,
            "requested_limit": limit,
            "decided_limit": limit,
            "reason": reason,
        }

    @api.model
    def _open_demo_review(self, user, vals):
        """Open and submit a review as a person would."""
        reviews = self.env["ar.credit.review"].with_user(user)
        review = reviews.sudo()._open([vals]).sudo(False)  # sudo: sales asks through a form of its own
        review.action_submit()
        return review
