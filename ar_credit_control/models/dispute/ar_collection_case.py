from odoo import fields, models


class ArCollectionCase(models.Model):
    _inherit = "ar.collection.case"

    dispute_ids = fields.One2many(
        "ar.dispute", compute="_compute_dispute_ids", string="Disputes", help="Disputes of the customer."
    )

    def _compute_dispute_ids(self):
        disputes = self.env["ar.dispute"].search([("partner_id", "in", self.partner_id.ids)])
        by_key = disputes.grouped(lambda dispute: (dispute.partner_id, dispute.company_id))
        for case in self:
            case.dispute_ids = by_key.get((case.partner_id, case.company_id), False)

    def action_dispute(self):
        """Open the form that records what the customer objects to."""
        self.ensure_one()
        return self.env["ar.dispute.record"]._open_form(self)
