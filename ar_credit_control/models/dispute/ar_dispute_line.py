from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ArDisputeLine(models.Model):
    """How much of an instalment is disputed; amounts are in the currency of the entry."""

    _name = "ar.dispute.line"
    _description = "Disputed Item"
    _inherit = ["ar.item.mixin", "ar.own.customer.mixin"]
    _order = "date_maturity, id"

    dispute_id = fields.Many2one("ar.dispute", required=True, readonly=True, index=True, ondelete="restrict")
    state = fields.Selection(related="dispute_id.state")
    category_id = fields.Many2one(related="dispute_id.category_id")
    amount_original = fields.Monetary(
        string="Open When Raised",
        readonly=True,
        help="What was open of the item when the dispute was recorded.",
    )
    amount = fields.Monetary(string="Disputed", readonly=True)
    amount_accepted = fields.Monetary(string="Accepted", readonly=True, help="What is credited.")
    amount_credited = fields.Monetary(
        string="Credited", compute="_compute_figures", help="Credit notes posted and matched with the item."
    )
    amount_open = fields.Monetary(
        string="Still in Dispute",
        compute="_compute_figures",
        help="What is open of the disputed part and not asked for now.",
    )

    _amounts_within = models.Constraint(
        "CHECK (amount > 0 AND COALESCE(amount_accepted, 0) BETWEEN 0 AND amount)",
        "The disputed amount is more than zero, and what is accepted of it lies between zero and all of it.",
    )
    _item_uniq = models.UniqueIndex(
        "(dispute_id, move_id, partner_id, date_maturity, move_line_id)", "An item stands in a dispute once."
    )

    @api.depends("amount", "amount_accepted", "dispute_id.state")
    def _compute_figures(self):
        figures = self.dispute_id._get_line_figures()
        for line in self:
            remaining, credited, _lost = figures.get(line._origin.id, (0.0, 0.0, False))
            line.amount_credited = credited
            state = line.dispute_id.state
            disputed = 0.0
            if state in ("new", "investigating"):
                disputed = line.amount
            elif state == "accepted":
                disputed = max(line.amount_accepted - credited, 0.0)
            line.amount_open = max(min(disputed, remaining), 0.0)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Record a dispute through its form: it knows the open items."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise AccessError(self.env._("Amounts of a dispute are written by its decisions."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Disputes are kept as evidence: withdraw them instead."))

    def _find_journal_items(self):
        """Return the journal items of the instalment as the entry stands now."""
        self.ensure_one()
        items = self.move_id.line_ids.filtered(
            lambda item: (
                item.account_type == "asset_receivable"
                and (item.date_maturity or item.date) == self.date_maturity
            )
        )
        own = items & self.move_line_id  # of several that are alike
        return (own or items).filtered(lambda item: not item.reconciled)

    def action_open_entry(self):
        """Open the entry of this item."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }
