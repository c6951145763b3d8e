from datetime import date

from odoo.tests import tagged

from .common_roll_rate import RollRateCase

SMALL = "kanban"


@tagged("post_install", "-at_install")
class TestProvisionPhone(RollRateCase):
    """Provisions and write-offs on a phone: cards, where a list would have to be moved sideways."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice_due(1_000, date(2024, 1, 31))
        cls.run_then = cls.make_run(date(2024, 3, 31))

    def test_lists_of_the_menus_have_cards(self):
        actions = self.env["ir.actions.act_window"].search(
            [("res_model", "=like", "ar.provision.%"), ("view_mode", "like", "list")]
        )
        actions |= self.env["ir.actions.act_window"].search([("res_model", "=like", "ar.writeoff%")])
        actions = actions.filtered(lambda action: "list" in action.view_mode)
        self.assertGreater(len(actions), 10)
        for action in actions:
            self.assertIn(SMALL, action.view_mode.split(","), action.name)
            self.assertTrue(
                self.env["ir.ui.view"].search([("model", "=", action.res_model), ("type", "=", SMALL)]),
                action.res_model,
            )

    def test_lists_behind_buttons_open_as_cards(self):
        coverage = self.env["ar.provision.coverage"].with_user(self.auditor)
        coverage = coverage.search([("run_id", "=", self.run_then.id)], limit=1)
        report = self.env["ar.provision.movement.report"].with_user(self.auditor)
        report = report.create({"date_from": date(2024, 1, 1), "date_to": date(2024, 12, 31)})
        self.assertTrue(coverage and report.line_ids)
        for action in (
            coverage.action_open_lines(),
            report.action_open_movements(),
            report.line_ids[:1].action_open_entries(),
        ):
            self.assertEqual(action["mobile_view_mode"], SMALL)
            self.assertIn(SMALL, action["view_mode"].split(","))

    def test_allowance_by_customer_is_no_kanban_of_columns(self):
        """Grouped by the list alone: cards in groups would be columns to swipe through."""
        action = self.env.ref("ar_credit_control.action_provision_by_customer")
        self.assertNotIn("search_default_by_partner", action.context)
        model = self.env["ar.provision.coverage"]
        arch = model.get_views([(action.view_id.id, "list")])["views"]["list"]["arch"]
        self.assertIn('default_group_by="partner_id"', arch)
