from odoo import fields, models


class ArCollectionCase(models.Model):
    _inherit = "ar.collection.case"

    receipt_count = fields.Integer(compute="_compute_receipt_count", string="Unapplied Receipts")

    def _compute_receipt_count(self):
        # sudo: a number only, for who may read the case
        groups = (
            self.env["ar.cash.receipt"]
            .sudo()
            ._read_group(
                [("partner_id", "in", self.partner_id.ids), ("root_company_id", "in", self.company_id.ids)],
                ["partner_id", "root_company_id"],
                ["__count"],
            )
        )
        counts = {(partner, root): count for partner, root, count in groups}
        for case in self:
            case.receipt_count = counts.get((case.partner_id, case.company_id), 0)

    def action_open_receipts(self):
        """Show the money of the customer that is not applied yet."""
        self.ensure_one()
        return self.env["ar.cash.receipt"]._get_queue_action(self.partner_id, self.company_id)
