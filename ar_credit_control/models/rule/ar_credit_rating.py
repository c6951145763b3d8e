from odoo import api, models


class ArCreditRating(models.Model):
    """The rules keep what they need of ratings."""

    _inherit = "ar.credit.rating"

    @api.model_create_multi
    def create(self, vals_list):
        ratings = super().create(vals_list)
        self.env.registry.clear_cache()
        return ratings

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
