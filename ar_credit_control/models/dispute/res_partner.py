from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    collection_dispute_count = fields.Integer(
        string="Open Disputes",
        compute="_compute_collection_dispute_count",
        groups="ar_credit_control.group_credit_user,account.group_account_readonly",
    )

    def _compute_collection_dispute_count(self):
        counts = dict(
            self.env["ar.dispute"]._read_group(
                [("partner_id", "in", self.commercial_partner_id.ids), ("is_open", "=", True)],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.collection_dispute_count = counts.get(partner.commercial_partner_id, 0)

    def action_open_disputes(self):
        """Open the disputes of this customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dispute")
        return {
            **action,
            "domain": [("partner_id", "=", self.commercial_partner_id.id)],
            "context": {"search_default_open": 1},
        }

    def action_record_dispute(self):
        """Open the form that records what this customer objects to."""
        return self.env["ar.dispute.record"]._open_form(self)
