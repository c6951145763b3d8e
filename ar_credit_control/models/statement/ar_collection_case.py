from odoo import models


class ArCollectionCase(models.Model):
    _inherit = "ar.collection.case"

    def action_statement(self):
        """Ask how the statement of account of the customer is to look."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_statement_make")
        action["context"] = {"default_partner_ids": self.partner_id.ids}
        return action
