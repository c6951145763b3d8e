from odoo import models
from odoo.fields import Domain


class ArProvisionLine(models.Model):
    """What is expected to be lost is asked to be written off from the run."""

    _inherit = "ar.provision.line"

    def action_request_writeoff(self):
        """Open the dialog that asks for writing off what is still open of these items.

        :raise UserError: nothing is open, or several customers
        """
        self.check_access("read")
        keys = {(line.move_id, line.partner_id.commercial_partner_id, line.date_maturity) for line in self}
        domain = Domain("move_id", "in", self.move_id.ids) & Domain("amount_currency", ">", 0)
        items = self.env["ar.aging.report"].search(domain)
        return self.env["ar.writeoff.request"]._open_form(
            items.filtered(lambda item: (item.move_id, item.partner_id, item.date_maturity) in keys)
        )
