from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        # Core deletes the rows that collide, and letters are evidence: give them other numbers first.
        self.env["ar.dunning.letter"]._merge_partners(src_partners, dst_partner)
        self.env["ar.dunning.exclusion"]._merge_partners(src_partners, dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)
