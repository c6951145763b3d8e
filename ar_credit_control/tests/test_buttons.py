from lxml import etree

from odoo.service.model import get_public_method
from odoo.tests import TransactionCase, tagged

MODULE = "ar_credit_control"


@tagged("post_install", "-at_install")
class TestButtons(TransactionCase):
    def test_buttons_hand_over_records(self):
        # The web client sends the ids of the records, an empty list where none are chosen: a method of the
        # model alone (@api.model) takes that for an argument.
        for view in self._own_views():
            for button in etree.fromstring(view.arch_db).iter("button"):
                if button.get("type") != "object":
                    continue
                model = self.env[self._get_model(view, button)]
                method = get_public_method(model, button.get("name"))
                self.assertFalse(
                    getattr(method, "_api_model", False), f"{view.name}: {button.get('name')} fails"
                )

    def _own_views(self):
        own = self.env["ir.model.data"].search([("module", "=", MODULE), ("model", "=", "ir.ui.view")])
        return self.env["ir.ui.view"].browse(own.mapped("res_id")).filtered("model")

    def _get_model(self, view, button):
        """Return the name of the model whose form, list or card a button is in."""
        steps = [
            node.get("name")
            for node in button.iterancestors("field")
            if not node.get("position") and len(node)
        ]
        model = self.env[view.model]
        for name in reversed(steps):
            model = self.env[model._fields[name].comodel_name]
        return model._name
