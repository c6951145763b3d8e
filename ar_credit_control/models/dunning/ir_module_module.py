from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def _update_translations(self, filter_lang=None, overwrite=False):
        """Give policies made from a preset its texts in a language that is added later."""
        result = super()._update_translations(filter_lang, overwrite)
        if "ar_credit_control" in self.mapped("name"):
            codes = [filter_lang] if isinstance(filter_lang, str) else filter_lang
            codes = codes or [code for code, _name in self.env["res.lang"].get_installed()]
            policies = (
                self.env["ar.dunning.policy"].sudo().with_context(active_test=False)
            )  # of every company
            for code in codes:
                policies.search([("preset", "!=", False)])._translate_preset(code)
        return result
