from odoo import models

GATES = {
    "stock.picking": {
        "button_validate": "_credit_gate_validate",
        "_action_done": "_credit_gate_done",
    },
    "stock.move": {"_action_done": "_credit_gate_done"},
}


def _make_gate(method, gate):
    def gated(self, *args, **kwargs):
        return getattr(self, gate)(method, *args, **kwargs)

    gated.__name__ = method.__name__
    gated.__doc__ = method.__doc__
    gated.is_credit_gate = True
    return gated


class StockPicking(models.Model):
    """Wraps the finished methods that deliver.

    An ordinary override would sit inside those of addons that are loaded later: a held delivery would book
    carriers, leave its batch and send mails at each attempt. So the gates are put around the methods of the
    finished classes, when all addons are loaded.
    """

    _inherit = "stock.picking"

    def _register_hook(self):
        super()._register_hook()
        for model_name, gates in GATES.items():
            model_class = self.env.registry[model_name]
            for name, gate in gates.items():
                method = getattr(model_class, name)
                if not getattr(method, "is_credit_gate", False):
                    setattr(model_class, name, _make_gate(method, gate))

    def _unregister_hook(self):
        for model_name, gates in GATES.items():
            model_class = self.env.registry[model_name]
            for name in gates:
                if getattr(model_class.__dict__.get(name), "is_credit_gate", False):
                    delattr(model_class, name)
        return super()._unregister_hook()
