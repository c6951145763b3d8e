from datetime import timedelta

from odoo.tests import HttpCase, tagged

from .common_collection import CollectionCase


@tagged("post_install", "-at_install")
class TestCollectionTour(CollectionCase, HttpCase):
    def test_a_collector_works_the_list(self):
        """A collector goes through the worklist by keyboard, snoozes one customer and comes to the end."""
        self.collector.write({"password": "dun_collector", "lang": "en_US"})
        self.make_invoice(20, 9000.0)
        self.make_invoice(20, 1000.0, partner=self.other)
        snoozed = self.open()
        self.open(self.other)
        self.start_tour("/odoo/collection-worklist", "ar_credit_control_worklist", login="dun_collector")
        self.env.invalidate_all()
        self.assertEqual(snoozed.snooze_until, self.today + timedelta(days=3))
        self.assertEqual(snoozed.snooze_reason, "Year-end closing")
