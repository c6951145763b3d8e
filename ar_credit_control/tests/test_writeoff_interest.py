from datetime import timedelta

from odoo.fields import Command
from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoffInterest(WriteoffCase):
    """Interest runs to the day of a write-off and may be claimed until then; giving up is no waiver."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.interest_scheme_id = cls.env["ar.interest.scheme"].create(
            {
                "name": "Contract",
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
                "rate_ids": [Command.create({"date_from": "2000-01-01", "rate": 10.0})],
            }
        )
        cls.invoice = cls.make_invoice(1_000, 100)

    def claim(self, days=0):
        """Claims until so many days from now."""
        self.env.flush_all()
        claims = self.env["ar.interest.claim"].sudo()
        day = self.today + timedelta(days=days)
        return claims._claim(self.company, day, partner_ids=self.customer.ids)

    def of_days(self, days, principal=1_000):
        return round(principal * 0.1 * days / 365, 2)

    def test_runs_to_the_day_of_the_write_off(self):
        self.write_off(self.invoice, date=self.today - timedelta(days=40))
        claim = self.claim()
        self.assertEqual((claim.days, claim.amount_interest), (60, self.of_days(60)))
        self.assertEqual(claim.date_to, self.today - timedelta(days=40))
        self.assertFalse(self.claim(30), "nothing grows after it")

    def test_part_goes_on(self):
        self.write_off(self.invoice, amounts={self.invoice: 600}, date=self.today - timedelta(days=40))
        claim = self.claim()
        self.assertAlmostEqual(claim.amount_interest, self.of_days(60) + self.of_days(40, 400), 2)

    def test_claimed_before_stands(self):
        claim = self.claim()
        self.assertEqual(claim.days, 100)
        writeoff = self.write_off(self.invoice)
        self.assertEqual((claim.state, claim.amount_interest), ("open", self.of_days(100)))
        self.assertFalse(self.claim())
        writeoff.with_user(self.controller).action_cancel("By mistake")
        again = self.claim(10)
        self.assertEqual((again.days, again.amount_interest), (10, self.of_days(10)))

    def test_charge_of_a_recovery_bears_none(self):
        writeoff = self.write_off(self.invoice, date=self.today - timedelta(days=40))
        self.claim()
        self.recover(writeoff.line_ids, 400, self.make_receipt(400))
        self.assertFalse(self.claim(30))
