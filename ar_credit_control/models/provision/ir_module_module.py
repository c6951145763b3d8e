from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def _update_translations(self, filter_lang=None, overwrite=False):
        """Name policies of a preset in a language that is added later."""
        result = super()._update_translations(filter_lang, overwrite)
        if "ar_credit_control" in self.mapped("name"):
            codes = [filter_lang] if isinstance(filter_lang, str) else filter_lang
            codes = codes or [code for code, _name in self.env["res.lang"].get_installed()]
            policies = self.env["ar.provision.policy"].sudo()  # sudo: of every company
            policies = policies.with_context(active_test=False).search([])
            for code in codes:
                policies._translate_names(code)
        return result
