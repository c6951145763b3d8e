from odoo import models


class ArAgingReport(models.Model):
    """Shows what is placed: reads it as soon as it changes."""

    _inherit = "ar.aging.report"
    _depends = {
        "ar.placement": ["company_id", "state"],
        "ar.placement.line": ["date_maturity", "move_id", "partner_id", "placement_id"],
    }
