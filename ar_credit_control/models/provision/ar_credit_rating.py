from odoo import api, models


class ArCreditRating(models.Model):
    """Who changes the factor of a rating changes what runs provide."""

    _inherit = "ar.credit.rating"

    @api.model_create_multi
    def create(self, vals_list):
        ratings = super().create(vals_list)
        changes = self.env["ar.provision.term.change"]
        changes._log(ratings.filtered(lambda rating: rating.provision_factor != 1))
        return ratings

    def write(self, vals):
        before = {rating: rating.provision_factor for rating in self}
        result = super().write(vals)
        if "provision_factor" in vals:
            changed = self.filtered(lambda rating: before[rating] != rating.provision_factor)
            self.env["ar.provision.term.change"]._log(changed)
        return result
