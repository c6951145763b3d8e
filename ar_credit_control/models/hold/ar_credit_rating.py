from odoo import models


class ArCreditRating(models.Model):
    _inherit = "ar.credit.rating"

    def write(self, vals):
        """The terms of a rating are those of its customers."""
        result = super().write(vals)
        roots = self.env["res.company"].sudo().search([("parent_id", "=", False)])  # ratings are everybody's
        self.env["ar.credit.recheck"]._add(None, roots)
        return result
