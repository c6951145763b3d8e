from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import SQL

from .common_collection import CollectionCase


@tagged("post_install", "-at_install")
class TestCollectionPlacement(CollectionCase):
    """Customers of whom a part is with an agency, and placements in which nothing is left to collect."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice = cls.make_invoice(100, 800.0)
        cls.case = cls.open()

    def settled_activities(self, placement):
        self.env.flush_all()
        self.env.cr.precommit.run()
        placement.invalidate_recordset()
        kind = self.env.ref("ar_credit_control.mail_activity_placement_settled")
        return placement.activity_ids.filtered(lambda activity: activity.activity_type_id == kind)

    def run_schedule(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("ar_credit_control.cron_placement").method_direct_trigger()
        self.env.invalidate_all()

    def find_settled(self):
        self.env.flush_all()
        return (
            self.env["ar.placement"]
            .with_user(self.collector)
            .search([("state", "=", "placed"), ("settled_on", "!=", False)])
        )

    # On the worklist

    def test_who_owes_something_else_stays_on_the_worklist(self):
        self.place(self.invoice)
        self.assertEqual(self.figures(self.case)["waiting"], "placed")
        self.assertFalse(self.rows())
        self.make_invoice(20, 90000.0)
        figures = self.figures(self.case)
        self.assertEqual((figures["claimable"], figures["waiting"]), (90000.0, None))
        self.assertEqual(self.case.state, "agency")
        self.assertEqual(self.rows().case_id, self.case)
        self.assertEqual(self.worklist.search([]).case_id & self.case, self.case, "the lists of all, too")
        action = self.open(self.other).with_user(self.collector).get_next_action()
        self.assertEqual(action["res_id"], self.case.id)

    def test_what_receipts_cover_beside_the_placement_waits(self):
        self.place(self.invoice)
        self.make_invoice(20, 500.0)
        self.make_entry([(self.customer, None, -500.0)])
        self.assertEqual(self.figures(self.case)["waiting"], "placed")

    # Customers that get a parent

    def test_the_case_of_the_parent_stays_with_the_lawyer(self):
        person = self.make_customer("Petra Kornmann", is_company=False)
        first, second = (self.make_invoice(100, partner=person) for _number in range(2))
        parent = self.make_customer("Kornmann Holding AG")
        before = self.place(first)
        person.parent_id = parent
        self.env.flush_all()
        self.env.invalidate_all()
        after = self.place(second)
        case = self.cases.search([("partner_id", "=", parent.id), ("state", "!=", "closed")])
        self.assertEqual(case.placement_ids, before | after)
        after.with_user(self.controller)._end("closed", "Paid")
        self.assertEqual(case.state, "agency", "the older one goes on")
        before.with_user(self.controller)._end("closed", "Paid")
        self.assertEqual(case.state, "open")

    # Nothing left to collect

    def test_who_is_responsible_is_told_once_that_all_is_settled(self):
        other = self.make_invoice(60, 500.0)
        placement = self.place(self.invoice, other)
        self.pay(self.invoice)
        self.assertFalse(self.settled_activities(placement), "a part is open")
        self.assertFalse(self.find_settled())
        payment = self.pay(other)
        activity = self.settled_activities(placement)
        self.assertEqual((len(activity), activity.user_id), (1, self.collector))
        self.assertIn("settle the commission", activity.summary)
        self.assertEqual((placement.state, self.find_settled()), ("placed", placement))
        self.run_schedule()
        self.assertEqual(self.settled_activities(placement), activity, "told once")
        payment.action_draft()
        self.assertFalse(self.settled_activities(placement), "it is owed again")
        self.assertFalse(self.find_settled())

    def test_what_was_paid_after_the_hand_over_settles_it(self):
        placement = self.place(self.invoice)
        placement.sudo().date_placed = self.today - timedelta(days=30)
        self.pay(self.invoice)
        self.assertTrue(self.settled_activities(placement))
        self.assertEqual(placement.settled_on, self.today)

    def test_the_night_finds_what_no_matching_told(self):
        placement = self.place(self.invoice)
        self.invoice.button_draft()
        self.env.cr.precommit.clear()  # nothing told it
        self.run_schedule()
        self.assertEqual(len(self.settled_activities(placement)), 1)

    def test_closing_it_takes_the_task_away(self):
        placement = self.place(self.invoice)
        self.pay(self.invoice)
        self.assertTrue(self.settled_activities(placement))
        placement.with_user(self.controller)._end("closed", "Paid")
        self.assertFalse(self.settled_activities(placement))
        self.assertFalse(self.find_settled())

    def test_finding_many_costs_what_finding_one_costs(self):
        def queries(count):
            placements = self.env["ar.placement"]
            for number in range(count):
                invoice = self.make_invoice(100, partner=self.make_customer(f"Settled {count} {number}"))
                placements |= self.place(invoice)
                invoice.button_draft()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(placements._find_changed(SQL("TRUE"))), count)
            count = self.env.cr.sql_log_count - before
            placements._judge()
            return count

        queries(1)
        self.assertEqual(queries(1), queries(3))
