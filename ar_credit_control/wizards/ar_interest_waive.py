from odoo import api, fields, models


class ArInterestWaive(models.TransientModel):
    """Asks for the words of a waiver or its decision; the claims' own methods check who may."""

    _name = "ar.interest.waive"
    _description = "Waiver of Late Interest"

    decision = fields.Selection(
        [("request", "Ask"), ("approve", "Waive"), ("refuse", "Refuse")], required=True, default="request"
    )
    claim_ids = fields.Many2many("ar.interest.claim", string="Claims")
    count = fields.Integer(compute="_compute_count")
    asked = fields.Char(compute="_compute_count", string="Asked Because")
    currency_id = fields.Many2one("res.currency", compute="_compute_count")
    amount_left = fields.Monetary(string="Still Claimed", compute="_compute_count")
    amount_asked = fields.Monetary(string="To Waive", compute="_compute_count")
    can_part = fields.Boolean(compute="_compute_count")
    scope = fields.Selection(
        [("all", "All of it"), ("part", "A part")], string="Waive", required=True, default="all"
    )
    amount = fields.Monetary(
        string="Part to Waive",
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="Interest first, then the fixed sum. Of several claims: spread over them by their amounts.",
    )
    reason = fields.Char()

    @api.depends("claim_ids")
    def _compute_count(self):
        for wizard in self:
            claims = wizard.claim_ids
            wizard.count = len(claims)
            wizard.asked = " · ".join(
                dict.fromkeys(reason for reason in claims.mapped("waiver_reason") if reason)
            )
            # Amounts of several currencies are no sum.
            wizard.currency_id = claims.currency_id if len(claims.currency_id) == 1 else False
            same = bool(wizard.currency_id)
            wizard.amount_left = same and sum(claims.mapped("amount_left"))
            wizard.amount_asked = same and sum(claim._get_asked() for claim in claims)
            wizard.can_part = same and all(claim.amount_left > 0 for claim in claims)

    @api.depends("scope")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.amount_left if wizard.scope == "all" else 0.0

    def action_apply(self):
        """Do what was chosen with all claims."""
        self.ensure_one()
        if self.decision == "request":
            self.claim_ids.action_request_waiver(self.reason, self.amount if self.scope == "part" else None)
        elif self.decision == "approve":
            self.claim_ids.action_approve_waiver(self.reason)
        else:
            self.claim_ids.action_refuse_waiver(self.reason)
        return {"type": "ir.actions.act_window_close"}
