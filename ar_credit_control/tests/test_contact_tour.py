from datetime import timedelta

from odoo.tests import HttpCase, tagged

from .common_contact import ContactCase

DAYS = 6


@tagged("post_install", "-at_install")
class TestContactTour(ContactCase, HttpCase):
    """A collector's morning: worklist, call, promise; days later it is broken, and the next stage follows.

    Between the steps days pass: what was recorded is dated back, the schedule does the rest.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector.write({"password": "dun_collector", "lang": "en_US"})

    def let_days_pass(self, days):
        """Date back what was said and promised, then do what the schedule does."""
        self.env.flush_all()
        for table, columns in (
            ("ar_payment_promise", ("date", "deadline", "date_given")),
            ("ar_collection_activity", ("day", "date")),
            ("ar_dunning_letter", ("date", "sent_date")),
        ):
            for column in columns:
                self.env.cr.execute(
                    f"UPDATE {table} SET {column} = {column} - INTERVAL '{days} days' WHERE partner_id = %s",
                    (self.customer.id,),
                )
        self.env.invalidate_all()
        self.env["ar.payment.promise"]._get_outdated()._judge()

    def test_a_collectors_morning(self):
        self.make_invoice(days=20)
        letter = self.propose(date=self.today - timedelta(days=14)).letter_ids
        self.send(letter)
        self.assertEqual((letter.stage_id, letter.state), (self.first, "sent"))
        self.let_days_pass(14)
        case = self.open()

        self.start_tour(
            "/odoo/collection-worklist", "ar_credit_control_contact_promise", login="dun_collector"
        )
        self.env.invalidate_all()
        activity = self.activities.search([("case_id", "=", case.id)])
        promise = activity.promise_id
        self.assertEqual((promise.state, promise.amount, promise.contact_id), ("open", 1000.0, self.payables))
        self.assertFalse(self.propose().letter_ids, "a promise is waited for")

        self.let_days_pass(DAYS)
        self.assertEqual(promise.state, "broken")
        self.start_tour(
            "/odoo/collection-worklist", "ar_credit_control_contact_broken", login="dun_collector"
        )
        self.env.invalidate_all()
        refused = self.activities.search([("case_id", "=", case.id)], limit=1)
        self.assertEqual(refused.reason_id, self.reason("unwilling"))
        self.assertTrue(refused.next_user_id.has_group("ar_credit_control.group_credit_manager"))
        self.assertEqual(self.propose().letter_ids.stage_id, self.second, "the next stage follows")
