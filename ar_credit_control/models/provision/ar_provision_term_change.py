from odoo import api, fields, models
from odoo.fields import Domain


class ArProvisionTermChange(models.Model):
    """Who changed what a provision is made of beside its rates: terms of a policy, the factor of a rating.

    Written by these changes alone. Whoever made one since the last approved run prepared the next one.
    """

    _name = "ar.provision.term.change"
    _description = "Change of Provision Terms"
    _inherit = ["ar.evidence.mixin"]
    _order = "id desc"

    _made_by_methods = True

    policy_id = fields.Many2one(
        "ar.provision.policy",
        string="Provision Policy",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
    )
    rating_id = fields.Many2one("ar.credit.rating", index="btree_not_null", ondelete="cascade", readonly=True)
    user_id = fields.Many2one("res.users", required=True, ondelete="restrict", readonly=True)
    changed_on = fields.Datetime(required=True, readonly=True)

    @api.model
    def _log(self, records):
        """Keep that the user changed policies or ratings; what a preset or an update writes is nobody's."""
        if self.env.su or not records:
            return
        name = "policy_id" if records._name == "ar.provision.policy" else "rating_id"
        values = {"user_id": self.env.uid, "changed_on": fields.Datetime.now()}
        self.sudo().create([{**values, name: record.id} for record in records])  # sudo: nobody writes it

    @api.model
    def _get_people(self, policy, since):
        """Return who changed the terms of a policy, or factors that it uses, since a moment (None: ever)."""
        domain = Domain("policy_id", "=", policy.id)
        if policy.use_rating_factor or policy.cover_rate:
            domain |= Domain("rating_id", "!=", False)
        if since:
            domain &= Domain("changed_on", ">=", since)
        return self.sudo().search(domain).user_id.sudo(False)  # sudo: of colleagues
