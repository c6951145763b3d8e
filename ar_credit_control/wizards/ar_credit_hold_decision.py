from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list


class ArCreditHoldDecision(models.TransientModel):
    """Asks for the words and bounds of a decision; the holds' own methods decide and check who may."""

    _name = "ar.credit.hold.decision"
    _description = "Decision on a Credit Hold"

    decision = fields.Selection(
        [("release", "Release"), ("refuse", "Refuse"), ("hold", "Put on Hold")],
        required=True,
        default="release",
    )
    hold_ids = fields.Many2many("ar.credit.hold", string="Held Orders")
    order_ids = fields.Many2many("sale.order", string="Orders")
    preset = fields.Selection(
        [
            ("paid", "Payment seen, not booked yet"),
            ("promised", "Payment promised"),
            ("small", "Small excess, good payer"),
            ("limit", "Limit is about to be raised"),
            ("agreed", "Agreed by management"),
        ],
        string="Because",
    )
    note = fields.Char(string="Reason")
    condition = fields.Char(
        string="On Condition", help="Told to sales and kept with the release; it is not checked by itself."
    )
    beyond_ids = fields.Many2many(
        "ar.credit.hold", compute="_compute_beyond_ids", string="Beyond My Authority"
    )
    beyond_text = fields.Char(compute="_compute_beyond_ids")
    count = fields.Integer(compute="_compute_single")
    single = fields.Boolean(compute="_compute_single")
    currency_id = fields.Many2one("res.currency", compute="_compute_single")
    order_amount = fields.Monetary(compute="_compute_single", string="This Amount")
    exposure = fields.Monetary(compute="_compute_single", string="Used")
    limit = fields.Monetary(compute="_compute_single", string="Credit Limit")
    limit_set = fields.Boolean(compute="_compute_single")
    reason_text = fields.Text(compute="_compute_single", string="Why Held")
    cap_amount = fields.Monetary(
        string="Release up to",
        compute="_compute_bounds",
        store=True,
        readonly=False,
        help="The release holds while the order's total stays within this amount.",
    )
    valid_until = fields.Date(
        compute="_compute_bounds",
        store=True,
        readonly=False,
        help="Not confirmed by then, the order is checked again.",
    )

    @api.depends("hold_ids")
    @api.depends_context("uid")
    def _compute_beyond_ids(self):
        """Of several, those that somebody else decides on; a single one is refused with a message."""
        for wizard in self:
            several = wizard.hold_ids if len(wizard.hold_ids) > 1 else wizard.hold_ids.browse()
            wizard.beyond_ids = several.filtered(lambda hold: hold.state == "held" and not hold.can_decide)
            wizard.beyond_text = format_list(
                self.env,
                [
                    f"{hold.name} → {hold.next_approver_id.name}" if hold.next_approver_id else hold.name
                    for hold in wizard.beyond_ids
                ],
            )

    @api.depends("hold_ids")
    def _compute_single(self):
        for wizard in self:
            hold = wizard.hold_ids if len(wizard.hold_ids) == 1 else self.env["ar.credit.hold"]
            wizard.count = len(wizard.hold_ids)
            wizard.single = bool(hold)
            wizard.currency_id = hold.currency_id
            wizard.order_amount = hold.order_amount
            wizard.exposure = hold.exposure
            wizard.limit = hold.limit
            wizard.limit_set = hold.limit_set
            wizard.reason_text = hold.reason_text

    @api.depends("hold_ids")
    def _compute_bounds(self):
        for wizard in self:
            hold = wizard.hold_ids if len(wizard.hold_ids) == 1 else self.env["ar.credit.hold"]
            wizard.cap_amount = hold.order_amount
            wizard.valid_until = hold._get_default_valid_until() if hold else False

    def action_apply(self):
        self.ensure_one()
        reason = self._get_reason()
        mine = self.hold_ids - self.beyond_ids
        if self.decision == "hold":
            self.order_ids.action_credit_put_on_hold(reason)
        elif self.decision == "refuse":
            mine.action_refuse(reason)
        elif self.single:
            self.hold_ids.action_release(
                reason,
                cap_amount=self.cap_amount,
                valid_until=self.valid_until,
                condition=self.condition,
            )
        else:
            mine.action_release(reason, condition=self.condition)
        self.beyond_ids.filtered("next_approver_id").action_hand_on()
        return {"type": "ir.actions.act_window_close"}

    def _get_reason(self):
        """The words kept with the decision: what was chosen and what was written."""
        preset = dict(self._fields["preset"]._description_selection(self.env)).get(self.preset)
        reason = ": ".join(filter(None, (preset if self.decision == "release" else None, self.note)))
        if not reason:
            raise UserError(self.env._("Say why: the reason is kept with the decision."))
        return reason
