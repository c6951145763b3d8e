from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

# What a person chooses on a draft; zero leaves the item out.
CHOSEN = frozenset({"amount"})


class ArWriteoffLine(models.Model):
    """How much of an instalment is written off, and how that splits.

    ``amount`` is in the currency of the entry, the parts are in company currency:
    ``amount_company`` = ``amount_tax`` + ``amount_provided`` + ``amount_expense``. They are estimated until
    the write-off is posted, and then what was booked.
    """

    _name = "ar.writeoff.line"
    _description = "Item Written Off"
    _inherit = ["ar.item.mixin", "ar.own.customer.mixin"]
    _order = "date_maturity, id"

    writeoff_id = fields.Many2one(
        "ar.writeoff", required=True, readonly=True, index=True, ondelete="restrict"
    )
    state = fields.Selection(related="writeoff_id.state", string="Status")
    writeoff_date = fields.Date(related="writeoff_id.date", string="Write-off Date")
    reason_id = fields.Many2one(related="writeoff_id.reason_id")
    root_company_id = fields.Many2one(related="writeoff_id.company_id", string="Main Company")
    company_currency_id = fields.Many2one(related="writeoff_id.currency_id", string="Company Currency")
    days_overdue = fields.Integer(
        string="Days Past Due", readonly=True, aggregator="max", help="On the date of the write-off."
    )
    amount_open = fields.Monetary(
        string="Open When Asked", readonly=True, help="What was open of the item then."
    )
    amount = fields.Monetary(
        string="To Write Off", help="In the currency of the invoice. Zero leaves the item out."
    )
    amount_company = fields.Monetary(
        string="In Company Currency", readonly=True, currency_field="company_currency_id"
    )
    amount_tax = fields.Monetary(
        string="Tax",
        readonly=True,
        currency_field="company_currency_id",
        help="Output tax that is taken back.",
    )
    amount_provided = fields.Monetary(
        string="From the Allowance",
        readonly=True,
        currency_field="company_currency_id",
        help="What the last posted provision run had provided for this item, in proportion.",
    )
    amount_expense = fields.Monetary(
        string="Loss", readonly=True, currency_field="company_currency_id", help="What was not provided for."
    )
    amount_recovered = fields.Monetary(
        string="Recovered", compute="_compute_recovered", help="In the currency of the invoice."
    )
    amount_left = fields.Monetary(
        string="Not Recovered", compute="_compute_recovered", help="What may still be recovered of it."
    )
    deductible = fields.Selection(
        [
            ("none", "Not deductible yet"),
            ("over_3_years", "Over three years"),
            ("small_over_1_year", "Small, over one year"),
        ],
        string="Deductible in China",
        readonly=True,
    )
    receivable_account_id = fields.Many2one("account.account", readonly=True, ondelete="restrict")
    allowance_account_id = fields.Many2one("account.account", readonly=True, ondelete="restrict")
    loss_account_id = fields.Many2one("account.account", readonly=True, ondelete="restrict")
    segment_id = fields.Many2one("ar.provision.segment", readonly=True, ondelete="restrict")
    tax_details = fields.Json(readonly=True, copy=False)
    entry_id = fields.Many2one(
        "account.move",
        string="Write-off Entry",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    entry_line_id = fields.Many2one(
        "account.move.line",
        string="Credit on the Receivable",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    recovery_ids = fields.One2many("ar.writeoff.recovery", "line_id", readonly=True)
    is_settled = fields.Boolean(
        string="Matched",
        compute="_compute_is_settled",
        compute_sudo=True,
        help="The write-off and the item are matched with each other.",
    )

    _amount_within = models.Constraint("CHECK (amount >= 0)", "The amount to write off is zero or more.")
    _item_uniq = models.UniqueIndex(
        "(writeoff_id, move_line_id) WHERE move_line_id IS NOT NULL", "An item stands in a write-off once."
    )

    @api.depends("amount", "recovery_ids.amount", "recovery_ids.is_cancelled", "writeoff_id.state")
    def _compute_recovered(self):
        for line in self:
            live = line.recovery_ids.filtered(lambda recovery: not recovery.is_cancelled)
            line.amount_recovered = sum(live.mapped("amount"))
            line.amount_left = line.amount - line.amount_recovered if line.state == "posted" else 0.0

    @api.depends("entry_line_id.reconciled", "entry_line_id.parent_state", "state")
    def _compute_is_settled(self):
        for line in self:
            line.is_settled = line.state != "posted" or not line.amount or line.entry_line_id.reconciled

    @api.depends("name", "amount")
    def _compute_display_name(self):
        for line in self:
            line.display_name = " · ".join(
                filter(None, (line.name, line.currency_id.format(line.amount) if line.currency_id else ""))
            )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Ask for a write-off from the open items."))
        return super().create(vals_list)

    def write(self, vals):
        if self.env.su:
            return super().write(vals)
        if vals.keys() - CHOSEN or any(line.writeoff_id.state != "draft" for line in self):
            raise AccessError(self.env._("Items of a write-off are changed while it is a draft: the amount."))
        result = super().write(vals)
        self.writeoff_id._add_preparer()
        self.writeoff_id._refresh_after_write()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Write-offs are kept as evidence: set the amount to zero, or cancel it."))

    # ------------------------------------------------------------------
    # The item in the ledger
    # ------------------------------------------------------------------

    @api.model
    def _matched_sql(self):
        """Return the tables of what is written off: ``lost`` (the line), ``part`` (the matching of its entry)
        and ``item`` (the journal item that it took from the ledger)."""
        return SQL(
            """ar_writeoff_line lost
              JOIN account_partial_reconcile part ON part.credit_move_id = lost.entry_line_id
              JOIN account_move_line item ON item.id = part.debit_move_id AND item.move_id = lost.move_id"""
        )

    @api.model
    def _not_recovered_sql(self):
        """Return what is written off of journal items and not recovered: rows of journal item (``id``),
        ``amount`` in company currency and ``amount_currency`` in the item's."""
        return SQL(
            """
            SELECT item.id,
                   SUM(lost.amount_company - COALESCE(recovered.amount_company, 0)) AS amount,
                   SUM(lost.amount - COALESCE(recovered.amount, 0)) AS amount_currency
              FROM %s
         LEFT JOIN (SELECT line_id, SUM(amount_company) AS amount_company, SUM(amount) AS amount
                      FROM ar_writeoff_recovery
                     WHERE is_cancelled IS NOT TRUE
                  GROUP BY line_id) recovered
                ON recovered.line_id = lost.id
             WHERE lost.amount > COALESCE(recovered.amount, 0)
          GROUP BY item.id
            """,
            self._matched_sql(),
        )

    @api.model
    def _prepare_line_values(self, item, date):
        """Return the values of a line for ``item``, a row of ``ar.aging.report``."""
        return {
            **self._prepare_item_values(item),
            "receivable_account_id": item.account_id.id,
            "days_overdue": (date - item.date_maturity).days,
            "amount_open": item.amount_currency,
            "amount": item.amount_currency,
        }

    def _find_items(self):
        """Return {line: its journal item as the entry stands now}; internal, reads the ledger as it is."""
        lines = self.sudo()  # sudo: who asks may not read accounting
        moves = lines.move_id.filtered(lambda move: move.state == "posted")
        items = moves.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        items = items.sorted(lambda item: (item.reconciled, -item.amount_residual, item.id))
        keys = {
            item: (item.move_id, item.partner_id.commercial_partner_id, item.date_maturity or item.date)
            for item in items
        }
        by_key = {}
        for item, key in keys.items():
            by_key.setdefault(key, []).append(item)
        found, taken = {}, set()
        for line in lines:
            key = (line.move_id, line.partner_id.commercial_partner_id, line.date_maturity)
            item = line.move_line_id
            if keys.get(item) != key or item in taken:
                # After a reset to draft the journal item may be another one.
                free = (other for other in by_key.get(key, ()) if other not in taken)
                item = next(free, items.browse())
            found[line.sudo(False)] = item
            taken.add(item)
        return found

    def _lock_items(self):
        """Let nobody else match or write off these items until the end of the transaction."""
        items = self.env["account.move.line"].union(*self._find_items().values())
        if items:
            self.env.flush_all()
            self.env.cr.execute(
                SQL(
                    "SELECT id FROM account_move_line WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                    sorted(items.ids),
                )
            )
            items.invalidate_recordset()

    def action_open_entry(self):
        """Open the entry of the item.

        :raise AccessError: for who may not read entries
        """
        self.ensure_one()
        self.move_id.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    def action_recover(self):
        """Record that this item was paid after all."""
        self.ensure_one()
        return self.writeoff_id._open_recovery(self)
