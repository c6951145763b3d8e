from odoo import models


class ArAgingReport(models.Model):
    """Shows what is in dispute: reads it as soon as it changes."""

    _inherit = "ar.aging.report"
    _depends = {
        "ar.dispute": ["company_id", "grace_until", "state"],
        "ar.dispute.line": [
            "amount",
            "amount_accepted",
            "date_maturity",
            "dispute_id",
            "move_id",
            "partner_id",
        ],
    }
