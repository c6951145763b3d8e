from odoo.tests import TransactionCase, tagged

MODULE = "ar_credit_control_stock"
STOCK_TABLES = ("stock.picking", "stock.move", "stock.move.line", "stock.location", "sale.order")


@tagged("post_install", "-at_install")
class TestBones(TransactionCase):
    """What holds for the whole addon."""

    def _own_fields(self, model_name):
        return [field for field in self.env[model_name]._fields.values() if set(field._modules) == {MODULE}]

    def test_fields_on_core_documents_are_internal_and_not_stored(self):
        for model_name in STOCK_TABLES:
            for field in self._own_fields(model_name):
                self.assertTrue(field.groups, f"{field}: a customer could read it in the portal")
                self.assertFalse(field.store and field.column_type, f"{field}: rewrites a large table")

    def test_demo_is_loaded(self):
        if not self.env["ir.module.module"]._get(MODULE).demo:
            self.skipTest("installed without demo data")
        self.assertFalse(self.env["ir.demo_failure"].search([("module_id.name", "=", MODULE)]))
        customer = self.env.ref(f"{MODULE}.demo_partner_kestrel")
        holds = self.env["ar.credit.hold"].search([("partner_id", "=", customer.id), ("state", "=", "held")])
        self.assertEqual(sorted(holds.mapped("checkpoint")), ["delivery", "order"])
