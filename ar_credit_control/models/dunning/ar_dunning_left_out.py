from odoo import fields, models

LEFT_OUT_REASONS = [
    ("placed", "With an agency or lawyer"),
    ("plan", "On a payment plan"),
    ("disputed", "Invoice blocked or disputed"),
    ("deferred", "Payment deferred"),
    ("promised", "Payment promised"),
    ("says_paid", "Customer says it is paid"),
    ("excluded_item", "Item excluded from dunning"),
    ("no_followup", "Invoice excluded from follow-up"),
    ("manual", "Migrated or manual entry"),
    ("hand_over", "To be handed over"),
    ("stage_minimum", "Too small for its stage"),
    ("own_company", "Company of our own group"),
    ("excluded", "Customer excluded from dunning"),
    ("no_contact", "Customer must not be contacted"),
    ("quiet_day", "Not a working day"),
    ("waiting", "Another letter is waiting"),
    ("contacted", "Contacted a few days ago"),
    ("capped", "Contacted as often as allowed"),
    ("unapplied", "Covered by money not yet allocated"),
    ("minimum", "Below the smallest letter"),
    ("no_address", "No e-mail and no postal address"),
]
# Of several pauses of an item, the first of these is told.
PAUSE_STRENGTH = ("placed", "plan", "disputed", "deferred", "promised", "says_paid", "excluded_item")


class ArDunningLeftOut(models.Model):
    """Items of a customer in a currency whose stage was due and that no letter of the run claims."""

    _name = "ar.dunning.left.out"
    _description = "Left Out of Dunning"
    _order = "amount desc, id"
    _rec_name = "partner_id"
    _log_access = True

    run_id = fields.Many2one("ar.dunning.run", required=True, index=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, readonly=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    reason = fields.Selection(LEFT_OUT_REASONS, required=True, readonly=True)
    item_count = fields.Integer(string="Items", readonly=True)
    amount = fields.Monetary(readonly=True, help="Open amount that is left out.")
    amount_cover = fields.Monetary(
        string="Not Allocated",
        readonly=True,
        help="Receipts and credit notes not yet allocated, payments in process, authorised transactions and "
        "unreconciled bank lines of the customer.",
    )
    date_maturity = fields.Date(string="Oldest Due Date", readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max")
    contact_date = fields.Date(string="Last Contact", readonly=True)

    def action_open_items(self):
        """Show the open items of the customer."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Open Items of %s", self.partner_id.display_name),
            "res_model": "ar.aging.report",
            "view_mode": "list",
            "domain": [("partner_id", "=", self.partner_id.id), ("currency_id", "=", self.currency_id.id)],
        }
