from odoo import api, models


class IrDefault(models.Model):
    """Everybody may keep defaults of their own: not for what only the methods of credit control write.

    Nor may an invoice be posted from the start: core refuses that where it is asked for in so many words.
    """

    _inherit = "ir.default"

    @api.model
    def _get_model_defaults(self, model_name, condition=False):
        defaults = super()._get_model_defaults(model_name, condition)
        known = self.env[model_name]._fields if defaults and model_name in self.env else {}
        decided = {name for name in defaults if name in known and self._credit_is_decided(known[name])}
        return {name: defaults[name] for name in defaults if name not in decided} if decided else defaults

    @api.model
    def _credit_is_decided(self, field):
        """Whether a field belongs to credit control and is not written by people."""
        ours = any(module.startswith("ar_credit_control") for module in field._modules)
        return bool(field.readonly) and (ours or (field.model_name, field.name) == ("account.move", "state"))
