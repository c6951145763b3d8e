from odoo import api, fields, models
from odoo.fields import Command


class ArDisputeDecision(models.TransientModel):
    """Asks what was decided on a dispute and why; the dispute's own methods check who may."""

    _name = "ar.dispute.decision"
    _description = "Decision on a Dispute"

    dispute_id = fields.Many2one("ar.dispute", required=True, readonly=True)
    decision = fields.Selection(
        [
            ("accept", "Accept"),
            ("reject", "Reject"),
            ("withdraw", "Withdraw"),
            ("reopen", "Open Again"),
            ("link", "Link a Credit Note"),
        ],
        required=True,
        readonly=True,
    )
    currency_id = fields.Many2one(related="dispute_id.currency_id")
    partner_id = fields.Many2one(related="dispute_id.partner_id.commercial_partner_id")
    company_id = fields.Many2one(related="dispute_id.company_id")
    line_ids = fields.One2many(
        "ar.dispute.decision.line",
        "decision_id",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        string="Items",
    )
    note = fields.Text(string="Our Answer")
    grace_days = fields.Integer(
        string="Days of Grace",
        compute="_compute_grace_days",
        store=True,
        readonly=False,
        help="What is rejected is not asked for yet on these days.",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Credit Note",
        domain="[('move_type', '=', 'out_refund'), ('state', '!=', 'cancel'),"
        " ('partner_id.commercial_partner_id', '=', partner_id), ('currency_id', '=', currency_id),"
        " ('company_id', 'child_of', company_id)]",
        groups="account.group_account_invoice",
    )

    @api.depends("dispute_id", "decision")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {"dispute_line_id": line.id, "amount_accepted": line.amount_accepted or line.amount}
                    )
                    for line in wizard.dispute_id.line_ids
                    if wizard.decision == "accept"
                ),
            ]

    @api.depends("dispute_id")
    def _compute_grace_days(self):
        for wizard in self:
            wizard.grace_days = wizard.dispute_id._get_grace_days() if wizard.dispute_id else 0

    def action_apply(self):
        """Pass the decision on to the dispute."""
        self.ensure_one()
        dispute = self.dispute_id
        if self.decision == "accept":
            accepted = {line.dispute_line_id: line.amount_accepted for line in self.line_ids}
            dispute._decide(accepted, self.note, self.grace_days)
        elif self.decision == "reject":
            dispute._decide({}, self.note, self.grace_days)
        elif self.decision == "withdraw":
            dispute._withdraw(self.note)
        elif self.decision == "reopen":
            dispute._reopen(self.note)
        else:
            dispute._link_existing(self.move_id)
        return {"type": "ir.actions.act_window_close"}
