from odoo import fields, models


class ArCreditProfile(models.Model):
    """What was agreed with the customer."""

    _inherit = "ar.credit.profile"

    promise_ids = fields.One2many("ar.payment.promise", "profile_id", string="Promises", readonly=True)
    plan_ids = fields.One2many("ar.payment.plan", "profile_id", string="Plans", readonly=True)
    plan_count = fields.Integer(string="Number of Plans", compute="_compute_promise_count")
    promise_count = fields.Integer(string="Number of Promises", compute="_compute_promise_count")

    def _compute_promise_count(self):
        for model, name in (("ar.payment.promise", "promise_count"), ("ar.payment.plan", "plan_count")):
            counts = dict(
                self.env[model]._read_group([("profile_id", "in", self.ids)], ["profile_id"], ["__count"])
            )
            for profile in self:
                profile[name] = counts.get(profile, 0)

    def action_open_promises(self):
        """Open the promises of the customer."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_payment_promise"),
            "domain": [("profile_id", "=", self.id)],
            "context": {},
        }

    def action_promise(self):
        """Open the dialogue that records a promise."""
        self.ensure_one()
        return self.env["ar.payment.promise.wizard"]._get_action(self.partner_id, self.company_id)

    def action_open_plans(self):
        """Open the plans and deferrals of the customer."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_payment_plan"),
            "domain": [("profile_id", "=", self.id)],
            "context": {},
        }

    def _close(self, successor):
        """Bring what was agreed along, as its items: the parent's case and collector go on with it."""
        done = super()._close(successor)
        for profile in self:
            heir = self._get_or_create(successor, profile.company_id)
            for model in ("ar.payment.promise", "ar.payment.plan"):
                agreed = self.env[model].sudo()  # sudo: whoever edits contacts moves what they agreed on
                agreed.search([("profile_id", "=", profile.id)])._write_evidence(
                    {"profile_id": heir.id, "partner_id": heir.partner_id.id}
                )
        return done
