from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def _update_translations(self, filter_lang=None, overwrite=False):
        """Give what ships with companies its texts in a language that is added later."""
        result = super()._update_translations(filter_lang, overwrite)
        if "ar_credit_control" in self.mapped("name"):
            codes = [filter_lang] if isinstance(filter_lang, str) else filter_lang
            codes = codes or [code for code, _name in self.env["res.lang"].get_installed()]
            shipped = self.sudo().with_context(active_test=False).env  # sudo: of every company
            policies = shipped["ar.dunning.policy"].search([("preset", "!=", False)])
            schemes = shipped["ar.interest.scheme"].search([("preset", "!=", False)])
            rules = shipped["ar.collection.rule"].search([])
            matrices = shipped["ar.provision.policy"].search([])
            for code in codes:
                policies._translate_preset(code)
                schemes._translate_preset(code)
                rules._translate_defaults(code)
                matrices._translate_names(code)
        return result
