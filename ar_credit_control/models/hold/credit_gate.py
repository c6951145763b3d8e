from odoo import models


def _make_gate(confirm):
    def action_confirm(self):
        return self._credit_gate(confirm)

    action_confirm.__doc__ = confirm.__doc__
    action_confirm.is_credit_gate = True
    return action_confirm


class SaleOrder(models.Model):
    """Wraps the finished ``action_confirm``.

    An ordinary override would sit inside those of addons that are loaded later: a held order would spend
    loyalty points, register attendees and queue mails at each attempt. So the gate is put around the method
    of the finished class, when all addons are loaded.
    """

    _inherit = "sale.order"

    def _register_hook(self):
        super()._register_hook()
        model_class = self.env.registry["sale.order"]
        confirm = model_class.action_confirm
        if not getattr(confirm, "is_credit_gate", False):
            model_class.action_confirm = _make_gate(confirm)

    def _unregister_hook(self):
        model_class = self.env.registry["sale.order"]
        if getattr(model_class.__dict__.get("action_confirm"), "is_credit_gate", False):
            del model_class.action_confirm
        return super()._unregister_hook()
