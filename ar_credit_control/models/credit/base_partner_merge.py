from odoo import api, models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        # Core deletes the rows that collide: merge the profiles before it gets to them.
        self.env["ar.credit.profile"]._merge_partners(src_partners, dst_partner, self)
        return super()._update_foreign_keys(src_partners, dst_partner)
