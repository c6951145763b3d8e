from odoo import api, fields, models


class ResCompany(models.Model):
    """Settings of collection cases, read from the root company."""

    _inherit = "res.company"

    collection_active = fields.Boolean(
        string="Open Collection Cases",
        help="Every night the rules open a case for each customer who needs one and close what is settled. "
        "Off after installation; cases can be opened by hand.",
    )
    collection_contact_days = fields.Integer(
        string="Days Between Contacts",
        default=7,
        help="A customer that was contacted returns to the worklist after these days, unless a next step, "
        "a promise or a reply says otherwise.",
    )
    collection_quiet_days = fields.Integer(
        string="Quiet Days",
        default=3,
        help="A case is closed when nothing has been overdue for this number of days.",
    )
    collection_reopen_days = fields.Integer(
        string="Reopen Within (days)",
        default=30,
        help="A customer who is overdue again so soon after the case was closed gets the same case back.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        # sudo: whoever may create a company needs no right on rules for the defaults to exist.
        self.env["ar.collection.rule"].sudo()._create_missing()
        return companies
