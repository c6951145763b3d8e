from odoo import api, fields, models


class ArCreditTakeover(models.TransientModel):
    """The allowance that the ledger has already, as the first provision run."""

    _inherit = "ar.credit.takeover"

    allowance_amount = fields.Monetary(
        string="Allowance in the Ledger",
        compute="_compute_allowance",
        help="What the allowance accounts of the provision policy hold that no run explains.",
    )
    has_provision_policy = fields.Boolean(compute="_compute_allowance")

    @api.depends("step", "company_id")
    def _compute_allowance(self):
        for takeover in self:
            policy = self.env["ar.provision.policy"].search(
                [("company_id", "=", takeover.company_id.id)], limit=1
            )
            opening = self.env["ar.provision.opening"].new({"company_id": takeover.company_id.id})
            takeover.has_provision_policy = bool(policy)
            takeover.allowance_amount = (
                sum(row["amount"] for row in opening._list_booked()) if takeover.step == "switch" else 0.0
            )

    def action_take_allowance(self):
        """Ask as of which day the allowance is taken over."""
        self._check_rights()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_provision_opening")
        action["context"] = {"default_company_id": self.company_id.id}
        return action
