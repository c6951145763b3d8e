from odoo.addons.ar_credit_control.tests.common_database import OwnDatabaseCase


class TestUninstall(OwnDatabaseCase):
    """Leaving is possible: without the addon deliveries go on as before, and decisions stay."""

    def test_deliveries_go_on_without_the_addon(self):
        self.run_script("env.ref('base.module_ar_credit_control_stock').button_immediate_uninstall()")
        states = self.query("SELECT DISTINCT state FROM ar_credit_hold WHERE checkpoint = 'delivery'")
        self.assertEqual(states, [("expired",)], "nobody can decide on it any more")
        output = self.run_script(
            "orders = env['sale.order'].search([('partner_id.name', '=', 'Kestrel Pumps LLC')])\n"
            "orders.picking_ids.button_validate()\n"
            "print('STATES', orders.credit_hold_state, orders.picking_ids.mapped('state'))\n"
        )
        self.assertIn("STATES held ['done']", output)
