from odoo import api, models


class ResPartner(models.Model):
    """Securities and bills of exchange behind the figures of a customer."""

    _inherit = "res.partner"

    @api.model
    def _credit_document_models(self):
        return {
            **super()._credit_document_models(),
            "security": "ar.credit.security",
            "notes": "ar.bill.receivable",
        }

    def action_credit_documents(self, kind):
        if kind not in ("security", "notes"):
            return super().action_credit_documents(kind)
        self.ensure_one()
        return self._prepare_credit_cover_action(kind)

    def action_open_securities(self):
        """Open the securities of the customer."""
        return self.action_credit_documents("security")

    def action_open_bills(self):
        """Open the bills of exchange of the customer."""
        return self.action_credit_documents("notes")

    def _prepare_credit_cover_action(self, kind):
        name = {"security": "action_credit_security", "notes": "action_bill_receivable"}[kind]
        debtor = self.commercial_partner_id
        root = self.env.company._credit_root()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(f"ar_credit_control.{name}"),
            "domain": [("partner_id.commercial_partner_id", "=", debtor.id), ("company_id", "=", root.id)],
            "context": {"default_partner_id": debtor.id, "default_company_id": root.id},
        }

    def _prepare_credit_payment_action(self, kind):
        action = super()._prepare_credit_payment_action(kind)
        # A payment by bill is no payment in transit.
        action["domain"] = [
            *action["domain"],
            "!",
            ("credit_bill_ids", "any", [("state", "!=", "cancelled")]),
        ]
        return action
