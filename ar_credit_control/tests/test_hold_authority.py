from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_hold import HoldCase


@tagged("post_install", "-at_install")
class TestHoldAuthority(HoldCase):
    """Up to which amount a person releases, and who is asked for more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ar.credit.authority"].create(
            [
                {"user_id": cls.controller.id, "kind": "release", "tier": 1, "amount": 2000.0},
                {"user_id": cls.manager.id, "kind": "release", "tier": 2, "amount": 10000.0},
            ]
        )

    def make_held(self, quantity):
        order = self.make_order(quantity, self.make_customer(f"Held {quantity}", 100.0))
        order.action_confirm()
        return order.sudo().credit_hold_id.with_user(self.controller)

    def test_the_lowest_tier_that_may_is_asked(self):
        small, large = self.make_held(20), self.make_held(21)
        self.assertEqual(small.responsible_id, self.controller)
        self.assertEqual(small.approver_ids, self.controller | self.manager)
        self.assertTrue(small.can_decide)
        self.assertEqual(large.responsible_id, self.manager)
        self.assertEqual(large.activity_ids.user_id, self.manager)
        self.assertEqual(large.activity_ids.summary, f"Decide on hold: {large.name}, {large.partner_name}")
        self.assertEqual(large.approver_ids, self.manager)
        self.assertFalse(large.can_decide)
        self.assertTrue(large.with_user(self.manager).can_decide)

    def test_who_sets_the_system_up_is_asked_last(self):
        """Where nobody drew a table up: an administrator has every right without having the job."""
        admin = self.env.ref("base.user_admin")
        admin.company_ids |= self.company
        admin.group_ids |= self.env.ref("ar_credit_control.group_credit_manager")
        self.assertLess(admin.id, self.manager.id)
        people = self.env["ar.credit.authority"]._get_approvers("provision", 1.0, self.company).ids
        self.assertLess(people.index(self.manager.id), people.index(admin.id))

    def test_the_person_of_the_company_is_asked_only_for_what_it_may(self):
        self.company.credit_hold_responsible_id = self.controller
        self.assertEqual(self.make_held(20).responsible_id, self.controller)
        self.assertEqual(self.make_held(21).responsible_id, self.manager)

    def test_beyond_the_authority_the_message_names_who_may(self):
        hold = self.make_held(21)
        for method in (hold.action_release, hold.action_refuse):
            with self.assertRaisesRegex(AccessError, "Ask hold_manager"):
                method("mine")
        hold.with_user(self.manager).action_release("fine")
        self.assertPassed(hold.order_id)

    def test_the_amount_released_up_to_counts(self):
        hold = self.make_held(20)
        with self.assertRaisesRegex(AccessError, "beyond your authority"):
            hold.action_release("with room", cap_amount=2001.0)
        hold.action_release("exactly", cap_amount=2000.0)
        self.assertPassed(hold.order_id)

    def test_an_amount_below_the_order_releases_nothing(self):
        hold = self.make_held(20)
        for cap in (1999.99, -1.0):
            with self.assertRaises(UserError):
                hold.action_release("less", cap_amount=cap)
        self.assertEqual(hold.state, "held")

    def test_handing_on_moves_the_task(self):
        hold = self.make_held(20)
        self.assertEqual(hold.next_approver_id, self.manager)
        hold.action_hand_on()
        self.assertEqual(hold.responsible_id, self.manager)
        self.assertEqual(hold.activity_ids.user_id, self.manager)
        with self.assertRaises(AccessError):
            hold.with_user(self.salesperson).action_hand_on()
        with self.assertRaises(AccessError):
            hold.with_user(self.auditor).action_hand_on()

    def test_who_grows_beyond_the_authority_is_handed_on(self):
        hold = self.make_held(20)
        hold.order_id.sudo().order_line.product_uom_qty = 30
        hold.action_recheck()
        self.assertEqual(hold.responsible_id, self.manager)
        self.assertEqual(hold.activity_ids.user_id, self.manager)

    def test_beyond_everybody_the_highest_is_asked(self):
        hold = self.make_held(200)
        self.assertFalse(hold.approver_ids)
        self.assertEqual(hold.responsible_id, self.manager)
        with self.assertRaisesRegex(AccessError, "everybody"):
            hold.with_user(self.manager).action_release("too much")

    def test_the_table_decides_and_not_the_group(self):
        other = self.controller.copy({"login": "hold_without_authority"})
        with self.assertRaises(AccessError):
            self.make_held(20).with_user(other).action_release("no row")
        self.env["ar.credit.authority"].create(
            {"user_id": self.collector.id, "kind": "release", "tier": 1, "unlimited": True}
        )
        hold = self.make_held(300).with_user(self.collector)
        self.assertTrue(hold.can_decide)
        wizard = self.env["ar.credit.hold.decision"].with_user(self.collector)
        wizard.create({"hold_ids": hold.ids, "note": "by the table"}).action_apply()
        self.assertPassed(hold.order_id)

    def test_an_authority_in_another_currency(self):
        currency = self.env["res.currency"].search([("id", "!=", self.company.currency_id.id)], limit=1)
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "company_id": self.company.id,
                "name": self.company._credit_today(),
                "rate": 2.0,
            }
        )
        self.env["ar.credit.authority"].search([("user_id", "=", self.controller.id)]).write(
            {"currency_id": currency.id, "amount": 4200.0}
        )
        self.make_held(21).action_release("2,100 at a rate of 2")
        with self.assertRaises(AccessError):
            self.make_held(22).action_release("2,200")

    def test_in_a_batch_what_is_beyond_is_handed_on(self):
        small, large = self.make_held(20), self.make_held(21)
        large.sudo()._end_activities()
        large.sudo().responsible_id = self.controller
        wizard = (
            self.env["ar.credit.hold.decision"]
            .with_user(self.controller)
            .create({"hold_ids": (small | large).ids, "preset": "agreed"})
        )
        self.assertEqual(wizard.beyond_ids, large)
        wizard.action_apply()
        self.assertPassed(small.order_id)
        self.assertEqual(large.state, "held")
        self.assertEqual(large.responsible_id, self.manager)
        with self.assertRaises(AccessError):
            (self.make_held(19) | large).action_release("all at once, or nothing")
