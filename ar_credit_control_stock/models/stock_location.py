from odoo import models


class StockLocation(models.Model):
    _inherit = "stock.location"

    def _credit_is_outside(self):
        """Whether goods there have left the company: with a customer, or between companies."""
        self.ensure_one()
        return self.usage == "customer" or (self.usage == "transit" and not self.company_id)
