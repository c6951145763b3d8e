from .common_database import OwnDatabaseCase


class TestUninstall(OwnDatabaseCase):
    """Leaving is possible: without the addon Odoo goes on as before."""

    def test_uninstalling_leaves_a_working_odoo(self):
        self.run_script("env.ref('base.module_ar_credit_control').button_immediate_uninstall()")
        left = self.query(
            "SELECT table_name FROM information_schema.tables WHERE table_name LIKE %s", r"ar\_%"
        )
        self.assertFalse(left, "tables stay behind")
        columns = self.query(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_name IN ('res_partner', 'sale_order', 'account_move')"
            " AND column_name ~ '^(credit_|dunning_|collector_)' AND column_name <> 'credit_limit'"
        )
        self.assertFalse(columns, "columns stay behind")
        output = self.run_script(
            "partner = env['res.partner'].create({'name': 'After'})\n"
            "product = env['product.product'].create({'name': 'Thing', 'list_price': 10})\n"
            "order = env['sale.order'].create({'partner_id': partner.id, 'order_line': [\n"
            "    (0, 0, {'product_id': product.id})]})\n"
            "order.action_confirm()\n"
            "order.order_line.qty_delivered = 1\n"
            "invoice = order._create_invoices()\n"
            "invoice.action_post()\n"
            "print('STATE', order.state, invoice.state)\n"
        )
        self.assertIn("STATE sale posted", output)
