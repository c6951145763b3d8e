from odoo import api, fields, models

from ..authority.ar_credit_authority import GROUP_OF_KIND

KIND = "deferral"
# Judgement, to be edited: days by which a tier may put off a payment.
PRESET_DAYS = {1: 15, 2: 30}


class ArCreditAuthority(models.Model):
    """Who may put off payments: up to which amount, and by how many days."""

    _inherit = "ar.credit.authority"

    kind = fields.Selection(selection_add=[(KIND, "Deferrals and payment plans")], ondelete={KIND: "cascade"})
    days = fields.Integer(
        string="Up To (days)",
        aggregator=False,
        tracking=True,
        help="For deferrals and plans: by so many days the last payment may be put off, from today or the "
        "due date where that is later. With any amount, any number of days.",
    )

    _days_not_negative = models.Constraint("CHECK (days >= 0)", "Days are zero or more.")

    @api.model
    def _prepare_proposed(self, root):
        vals_list = super()._prepare_proposed(root)
        for vals in vals_list:
            if vals["kind"] == KIND:
                vals["days"] = PRESET_DAYS.get(vals["tier"], 0)
        return vals_list

    @api.model
    def _covers_deferral(self, user, amount, days, company):
        """Whether a person may put off an amount by some days. Internal: asks for the rights of others.

        :param float amount: in the root company's currency
        """
        if self._only_audits(user):
            return False
        root = company._credit_root()
        rows = self._get_valid_rows(KIND, root)
        if rows is None:
            return user.has_group(GROUP_OF_KIND[KIND])
        own = rows.filtered(lambda row: row.user_id == user and row._allows_days(days))
        return any(self._is_within(amount, row._get_amount(root), company) for row in own)

    @api.model
    def _get_deferral_approvers(self, amount, days, company):
        """Return the people who may put off an amount by some days, the lowest tier first."""
        users = [user.id for _tier, user, _reach in self._get_ladder(KIND, company)]
        users = self.env["res.users"].browse(dict.fromkeys(users))
        return users.filtered(lambda user: self._covers_deferral(user, amount, days, company))

    def _allows_days(self, days):
        self.ensure_one()
        return self.unlimited or days <= self.days
