from odoo import api, fields, models


class ArCreditHoldReason(models.Model):
    """What one credit rule found when an order was checked, with the figures that it looked at."""

    _name = "ar.credit.hold.reason"
    _description = "Credit Hold Reason"
    _order = "hold_id, sequence, id"
    _log_access = False
    _rec_name = "text"

    hold_id = fields.Many2one("ar.credit.hold", required=True, index=True, ondelete="cascade", readonly=True)
    sequence = fields.Integer(default=10, readonly=True)
    currency_id = fields.Many2one(related="hold_id.currency_id")
    code = fields.Char(required=True, readonly=True, help="What was looked at.")
    rule_id = fields.Many2one(
        "ar.credit.rule", readonly=True, ondelete="set null", help="The rule, as it may have become since."
    )
    rule_name = fields.Char(readonly=True, help="The rule's own name when it was evaluated.")
    values = fields.Json(readonly=True)
    outcome = fields.Selection(
        [("hold", "Holds"), ("warn", "Warns"), ("pass", "Passes")], required=True, readonly=True
    )
    measured = fields.Monetary(readonly=True, help="The figure that the rule looked at.")
    threshold = fields.Monetary(
        string="Allowed", readonly=True, help="The figure up to which the rule lets pass."
    )
    days = fields.Integer(readonly=True)
    pay = fields.Monetary(
        string="Pay to Pass",
        readonly=True,
        help="Payment that makes this rule pass; zero when money does not help.",
    )
    text = fields.Text(string="Finding", compute="_compute_text")

    @api.depends("code", "outcome", "measured", "threshold", "days", "values")
    @api.depends_context("lang")
    def _compute_text(self):
        for reason in self:
            reason.text = self.env["ar.credit.check"]._describe(
                {
                    "code": reason.code,
                    "outcome": reason.outcome,
                    "measured": reason.measured,
                    "threshold": reason.threshold,
                    "days": reason.days,
                    "values": reason.values or {},
                },
                reason.currency_id,
            )
