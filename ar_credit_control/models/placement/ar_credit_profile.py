from odoo import api, fields, models

HAND_OVER = "ar_credit_control.mail_activity_dunning_hand_over"


class ArCreditProfile(models.Model):
    """The law of limitation of a customer, and the way from the last stage of dunning to a placement."""

    _inherit = "ar.credit.profile"

    limitation_period_id = fields.Many2one(
        "ar.limitation.period",
        ondelete="restrict",
        tracking=True,
        help="By the law of the contract. Empty: the shortest of our country's and the customer's.",
    )
    dunning_hand_over = fields.Boolean(
        string="To Be Handed Over",
        compute="_compute_dunning_hand_over",
        help="Items reached the stage that hands over, and somebody is asked to decide.",
    )

    @api.depends("activity_ids.activity_type_id")
    def _compute_dunning_hand_over(self):
        kind = self.env.ref(HAND_OVER)
        for profile in self:
            # sudo: activities of others count too
            profile.dunning_hand_over = kind in profile.sudo().activity_ids.activity_type_id

    def action_place(self):
        """Open the form that hands items of this customer over to an agency or a lawyer."""
        self.ensure_one()
        return self.env["ar.placement.propose"]._open_form(self._get_overdue_items())

    def _get_overdue_items(self):
        """Return the overdue rows of the ageing that the user may see."""
        return self.env["ar.aging.report"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("root_company_id", "=", self.company_id.id),
                ("amount_overdue", ">", 0),
            ]
        )

    @api.model
    def _close_hand_over(self, partner, root):
        """A placement is drafted: nobody has to decide any more."""
        profile = self.sudo().search(  # sudo: whoever prepares the placement
            [("partner_id", "=", partner.id), ("company_id", "=", root.id)]
        )
        kind = self.env.ref(HAND_OVER)
        profile.activity_ids.filtered(lambda activity: activity.activity_type_id == kind).action_done()
