from odoo import models

# Records of items that say what is asked for, and what was. Runs of provisions and write-offs stay as they
# were posted, contacts as they were held.
FOLLOWING = (
    "ar.dispute.line",
    "ar.dunning.exclusion",
    "ar.interest.claim",
    "ar.limitation.event.line",
    "ar.limitation.warning",
    "ar.payment.plan.item",
    "ar.payment.promise.line",
    "ar.placement.line",
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _credit_follow_entity(self, entities, keep_limit):
        """Bring what is noted of items to a new parent, as Odoo does with the journal items, for good."""
        result = super()._credit_follow_entity(entities, keep_limit)
        owing = self.sudo().grouped("commercial_partner_id")  # sudo: may not be readable
        for customer, partners in owing.items():
            joined = (partners - customer).filtered(lambda partner, now=customer: entities[partner] != now)
            for model in FOLLOWING if joined else ():
                self.env[model]._follow_items(joined, customer)
        return result
