from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# What is found out after the notice.
LATER = frozenset({"reference", "closed_on"})


class ArInsuranceNotice(models.Model):
    """That an overdue item was reported to the credit insurer: when, by whom, with which amount open.

    An instalment is told by its entry and original due date: journal items are made anew when an entry is set
    back to draft.
    """

    _name = "ar.insurance.notice"
    _description = "Notice to the Credit Insurer"
    _order = "reported_on DESC, id DESC"
    _rec_name = "move_id"

    security_id = fields.Many2one(
        "ar.credit.security",
        string="Insurance Cover",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    move_id = fields.Many2one(
        "account.move", string="Entry", required=True, readonly=True, index=True, ondelete="restrict"
    )
    date_maturity = fields.Date(string="Original Due Date", required=True, readonly=True)
    report_by = fields.Date(readonly=True, help="Last day to report, by the policy.")
    amount = fields.Monetary(readonly=True, help="Open when it was reported, in company currency.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    reported_on = fields.Date(required=True, readonly=True)
    reported_by_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    reference = fields.Char(string="Insurer's Reference", help="Number under which the insurer handles it.")
    closed_on = fields.Date(
        string="Claim Closed On",
        help="The insurer paid or refused. Until then what was written off stays in the list of the insurer.",
    )

    _item_uniq = models.Constraint(
        "UNIQUE (security_id, move_id, date_maturity)", "An item is reported once under each cover."
    )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Report items from the list of what is to be reported."))
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() - LATER:
            raise UserError(
                self.env._(
                    "A notice to the insurer is evidence: only its reference and the end of the claim are "
                    "added."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Notices to the insurer are kept as evidence."))
