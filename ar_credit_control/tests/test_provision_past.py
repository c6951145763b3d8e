from datetime import datetime, time, timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_provision import ProvisionCase


@tagged("post_install", "-at_install")
class TestProvisionPast(ProvisionCase):
    """A run at a past date takes cover, disputes, hand-overs and ratings as they were then."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.then = cls.today - timedelta(days=60)
        cls.invoice = cls.make_invoice(1_000, 100)

    def on(self, day):
        return freeze_time(datetime.combine(day, time(12)))

    def make_past_run(self, date=None):
        return self.make_run(date or self.then, post=False)

    def make_deposit(self, amount=1_000):
        security = (
            self.env["ar.credit.security"]
            .with_user(self.controller)
            .create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.company.id,
                    "kind": "deposit",
                    "amount": amount,
                    "date_from": self.today - timedelta(days=300),
                }
            )
        )
        security.action_submit()
        security.with_user(self.manager).action_validate()
        return security

    def items_of(self, *moves):
        self.env.flush_all()
        return self.env["ar.aging.report"].search(
            [("move_id", "in", [move.id for move in moves]), ("amount_currency", ">", 0)]
        )

    def test_cover_that_ended_since(self):
        for end in ("action_release", "action_call"):
            with self.subTest(end=end):
                security = self.make_deposit()
                self.assertEqual(self.make_past_run().covered, 1_000)
                getattr(security.with_user(self.controller), end)("Over")
                self.assertEqual(security.ended_on, self.today)
                run = self.make_past_run()
                self.assertEqual((run.covered, run.amount), (1_000, 0))
                self.assertEqual(self.make_past_run(self.today).covered, 0)

    def test_called_first_and_discharged_later(self):
        security = self.make_deposit()
        with self.on(self.then):
            security.with_user(self.controller).action_call("Insolvent")
        security.with_user(self.controller).action_release("Paid out")
        self.assertEqual(security.ended_on, self.then)
        self.assertEqual(self.make_past_run().covered, 0)
        self.assertEqual(self.make_past_run(self.then - timedelta(days=1)).covered, 1_000)

    def test_disputes_of_then(self):
        self.policy.disputed_rate = 50
        disputes = self.env["ar.dispute"]
        category = self.env.ref("ar_credit_control.dispute_category_price")
        with self.on(self.today - timedelta(days=70)):
            early = disputes._record(category, {self.items_of(self.invoice)[0]: 400.0}, "Too expensive")
        early.with_user(self.controller)._withdraw("Paid after all")
        other = self.make_invoice(1_000, 100)
        disputes._record(category, {self.items_of(other)[0]: 1_000.0}, "Too expensive")
        then = {line.move_id: line for line in self.make_past_run().line_ids}
        # 3.6 % and of 400 of 1,000 at least 50 %
        self.assertAlmostEqual(then[self.invoice].rate, 3.6 + 0.4 * (50 - 3.6))
        self.assertEqual(then[self.invoice].least, "disputed")
        self.assertEqual((then[other].rate, then[other].least), (3.6, False))
        now = {line.move_id: line for line in self.make_past_run(self.today).line_ids}
        self.assertEqual((now[self.invoice].rate, now[other].rate), (10.6, 50))

    def test_disputes_decided_since(self):
        """Of what was accepted the rest to be credited then, of what was rejected the days of grace."""
        self.policy.disputed_rate = 50
        category = self.env.ref("ar_credit_control.dispute_category_price")
        with self.on(self.today - timedelta(days=70)):
            items = {self.items_of(self.invoice)[0]: 400.0}
            dispute = self.env["ar.dispute"]._record(category, items, "Too expensive")
        decided = self.today - timedelta(days=50)
        with self.on(decided):
            dispute.with_user(self.controller)._decide({dispute.line_ids: 100.0}, "In part", 10)
        rates = {
            days: self.make_past_run(self.today - timedelta(days=days)).line_ids.rate
            for days in (80, 60, 45, 20)
        }
        for days, share in ((80, 0), (60, 0.4), (45, 0.4), (20, 0.1)):
            rate = {80: 1.6, 60: 3.6, 45: 3.6, 20: 6.6}[days]
            self.assertAlmostEqual(rates[days], rate + share * (50 - rate), msg=f"{days} days ago")

    def test_placements_of_then(self):
        self.policy.legal_rate = 70
        agent = self.make_partner("Inkasso Nord")
        placements = self.env["ar.placement"].with_user(self.collector)

        def place(move):
            items = self.items_of(move).with_user(self.collector)
            placement = placements._propose(items, "agency", agent)
            placement.action_submit()
            placement.with_user(self.controller).action_approve()
            return placement

        with self.on(self.today - timedelta(days=70)):
            early = place(self.invoice)
        early.with_user(self.controller)._end("recalled", "They do nothing")
        other = self.make_invoice(1_000, 100)
        place(other)
        then = {line.move_id: line for line in self.make_past_run().line_ids}
        self.assertEqual((then[self.invoice].rate, then[self.invoice].least), (70, "legal"))
        self.assertEqual((then[other].rate, then[other].least), (3.6, False))
        now = {line.move_id: line for line in self.make_past_run(self.today).line_ids}
        self.assertEqual((now[self.invoice].rate, now[other].rate), (10.6, 70))

    def test_ratings_of_then(self):
        self.policy.use_rating_factor = True
        good, bad = self.env["ar.credit.rating"].create(
            [{"name": "Good", "provision_factor": 0.5}, {"name": "Bad", "provision_factor": 3}]
        )
        segment = self.env["ar.provision.segment"].create(
            {"policy_id": self.policy.id, "name": "Good ones", "rating_ids": [Command.set(good.ids)]}
        )
        profile = self.make_profile(self.customer)
        with self.on(self.today - timedelta(days=90)):
            profile.rating_id = good
            self.env.flush_all()
        profile.rating_id = bad
        then, now = self.make_past_run(), self.make_past_run(self.today)
        self.assertEqual((then.line_ids.rating_id, then.line_ids.segment_id), (good, segment))
        self.assertEqual(then.amount, 18)
        self.assertEqual((now.line_ids.rating_id, now.line_ids.segment_id), (bad, segment.browse()))
        self.assertEqual(now.amount, 318)
        self.assertIn("factors of ratings", then.as_of_note)
        self.assertFalse(now.as_of_note)

    def test_rating_before_the_first_decision_on_record(self):
        """Before the first decision it is what this one changed; of who was not rated, the first grade."""
        good, bad = self.env["ar.credit.rating"].create(
            [{"name": "Good", "provision_factor": 0.5}, {"name": "Bad", "provision_factor": 3}]
        )
        unrated = self.env["ar.credit.rating"]._get_unrated()
        other = self.make_partner("Other")
        newly = self.make_invoice(1_000, 100, partner_id=other.id)
        profiles = self.make_profile(self.customer) + self.make_profile(other)
        self.env["ar.credit.review"].sudo().search([("profile_id", "in", profiles.ids)])._write_evidence(
            {"state": "cancelled"}
        )
        for profile, rating in zip(profiles, (good, unrated), strict=True):
            self.env.cr.execute(
                "UPDATE ar_credit_profile SET rating_id = %s WHERE id = %s", [rating.id, profile.id]
            )
        profiles.invalidate_recordset()
        profiles.rating_id = bad
        lines = {line.move_id: line for line in self.make_past_run().line_ids}
        self.assertEqual((lines[self.invoice].rating_id, lines[newly].rating_id), (good, bad))

    def test_names_of_then(self):
        run = self.make_run()
        self.customer.name = "Renamed"
        self.env.flush_all()
        self.assertEqual(run.line_ids.partner_name, "Kornmann AG")
        bucket = run.line_ids.bucket_id
        for names in ({"name": "Not due"}, {"name": "x" + bucket.name}):
            with self.assertRaisesRegex(UserError, "approved loss rates"):
                bucket.write(names)
        with self.assertRaisesRegex(UserError, "approved loss rates"):
            bucket.update_field_translations("name", {"en_US": "Not due"})
        bucket.name = "from 91"

    def test_names_of_segments(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        segment = self.env["ar.provision.segment"].create({"policy_id": self.policy.id, "name": "Public"})
        segment.name = "The State"
        self.make_run()
        with self.assertRaisesRegex(UserError, "approved loss rates"):
            segment.name = "Nobody"
        segment.with_context(lang="fr_FR").name = "L'\u00c9tat"
        with self.assertRaisesRegex(UserError, "approved loss rates"):
            segment.with_context(lang="fr_FR").name = "Personne"
