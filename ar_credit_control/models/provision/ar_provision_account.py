from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArProvisionAccount(models.Model):
    """Accounts for the items of one receivable account, where they differ from the policy's."""

    _name = "ar.provision.account"
    _description = "Provision Accounts of a Receivable Account"
    _order = "policy_id, account_id, id"
    _check_company_auto = True

    policy_id = fields.Many2one(
        "ar.provision.policy", string="Provision Policy", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    account_id = fields.Many2one(
        "account.account",
        string="Receivable Account",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain="[('account_type', '=', 'asset_receivable')]",
    )
    allowance_account_id = fields.Many2one(
        "account.account", ondelete="restrict", check_company=True, help="Empty: the policy's."
    )
    expense_account_id = fields.Many2one(
        "account.account",
        string="Charge Account",
        ondelete="restrict",
        check_company=True,
        help="Empty: the policy's.",
    )

    _once = models.Constraint(
        "UNIQUE (policy_id, account_id)", "A receivable account has its provision accounts once."
    )

    @api.constrains("policy_id", "allowance_account_id", "expense_account_id")
    def _check_charge_account(self):
        """An allowance is released where it was charged: that must follow from its account."""
        for policy in self.policy_id:
            charged = {}
            for allowance, charge, _release in policy._get_accounts().values():
                if allowance and charged.setdefault(allowance, charge) != charge:
                    raise ValidationError(
                        self.env._(
                            "%s would have two charge accounts: give an allowance account of its own to what "
                            "is charged to another account.",
                            allowance.display_name,
                        )
                    )
