from odoo import models


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    def action_view_statements(self):
        """Show the statements of account that the customer got."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_statement")
        action["domain"] = [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)]
        action["context"] = {}
        return action
