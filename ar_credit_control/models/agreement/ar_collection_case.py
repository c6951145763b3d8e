from odoo import fields, models


class ArCollectionCase(models.Model):
    """Promises and plans of the customer, on the case."""

    _inherit = "ar.collection.case"

    promise_ids = fields.One2many(related="profile_id.promise_ids", string="Promises")
    plan_ids = fields.One2many(related="profile_id.plan_ids", string="Plans")

    def action_promise(self):
        """Open the dialogue that records a promise."""
        self.ensure_one()
        self._check_works()
        return self.env["ar.payment.promise.wizard"]._get_action(self.partner_id, self.company_id)

    def action_plan(self):
        """Open the dialogue that drafts a payment plan or a deferral."""
        self.ensure_one()
        self._check_works()
        return self.env["ar.payment.plan.wizard"]._get_action(self.partner_id, self.company_id)
