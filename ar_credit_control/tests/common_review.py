from .common_credit import CreditCase


class ReviewCase(CreditCase):
    """A customer with a limit of 1,000 and reviews by people of each role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reviews = cls.env["ar.credit.review"]
        cls.authority = cls.env["ar.credit.authority"]
        cls.director = cls.make_user("credit_dir", "ar_credit_control.group_credit_manager")
        cls.customer.user_id = cls.credit_user
        cls.profile = cls.make_profile(cls.customer, 1000.0)

    @classmethod
    def make_review(cls, limit=5000.0, user=None, submit=True, **values):
        """A review of a controller that proposes a limit."""
        review = cls.reviews.with_user(user or cls.controller).create(
            {
                "profile_id": cls.profile.id,
                "kind": "increase",
                "decided_limit": limit,
                "reason": "Good payer",
                **values,
            }
        )
        if submit:
            review.action_submit()
        return review

    @classmethod
    def ask(cls, amount, user=None, **values):
        """What a salesperson asks for through the button."""
        user = user or cls.credit_user
        action = cls.customer.with_user(user).action_credit_request()
        wizard = (
            cls.env["ar.credit.request"]
            .with_user(user)
            .with_context(**action["context"])
            .create({"amount": amount, "reason": "They grow", **values})
        )
        wizard.action_ask()
        return cls.reviews.search([("requester_id", "=", user.id)], limit=1)

    @classmethod
    def give_authority(cls, user, amount=0.0, tier=1, **values):
        return cls.authority.sudo().create(  # sudo: the fixture
            {
                "company_id": cls.company.id,
                "user_id": user.id,
                "kind": "limit",
                "tier": tier,
                "amount": amount,
                **values,
            }
        )

    def assertLimit(self, limit, profile=None):
        profile = profile or self.profile
        self.assertEqual((profile.limit_set, profile.limit), (limit is not None, limit or 0.0))
        self.assertEqual(profile.partner_id.credit_limit, limit or 0.0)
