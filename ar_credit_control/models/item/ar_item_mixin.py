from odoo import api, fields, models
from odoo.tools import SQL


class ArItemMixin(models.AbstractModel):
    """An instalment that a record speaks of, with figures of its own that outlive the journal item.

    The instalment is known by entry, customer and due date (``move_id``, ``partner_id``, ``date_maturity``):
    resetting an invoice to draft deletes or re-uses its journal items, so ``move_line_id`` only leads there.
    """

    _name = "ar.item.mixin"
    _description = "Instalment of a Receivable"

    move_line_id = fields.Many2one(
        "account.move.line",
        string="Journal Item",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, index="btree_not_null", ondelete="set null"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, help="The company or branch of the entry."
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    name = fields.Char(string="Number", readonly=True)
    ref = fields.Char(string="Customer Reference", readonly=True)
    invoice_date = fields.Date(readonly=True)
    date_maturity = fields.Date(string="Due Date", readonly=True)

    def _get_item_key(self):
        """Return what identifies the instalment: entry, customer that it belongs to now, and due date."""
        self.ensure_one()
        return self.move_id, self.partner_id.commercial_partner_id, self.date_maturity

    def _prepare_item_values(self, item):
        """Return what identifies ``item``, a single row of ``ar.aging.report``."""
        return {
            "move_line_id": item.move_line_id.id,
            "move_id": item.move_id.id,
            "partner_id": item.partner_id.id,
            "company_id": item.company_id.id,
            "currency_id": item.currency_id.id,
            "name": item.move_name,
            "ref": item.ref,
            "invoice_date": item.invoice_date or item.date,
            "date_maturity": item.date_maturity,
        }

    @api.model
    def _own_item_sql(self, line: SQL, journal_item: SQL) -> SQL:
        """Return the condition that a journal item of the instalment is the one that a line speaks of.

        An entry may hold several items of a customer that are due on the same day, as opening balances do.
        Where the item that a line was made of is gone, all that are alike stand for it.

        :param line: alias of an instalment
        :param journal_item: alias of an ``account_move_line`` of its entry, customer and due date
        """
        return SQL(
            """
            (%(journal_item)s.id = %(line)s.move_line_id
             OR NOT EXISTS (SELECT
                              FROM account_move_line own
                             WHERE own.id = %(line)s.move_line_id
                               AND own.move_id = %(line)s.move_id
                               AND own.parent_state = 'posted'
                               AND COALESCE(own.date_maturity, own.date) = %(line)s.date_maturity))
            """,
            line=line,
            journal_item=journal_item,
        )

    @api.model
    def _open_sql(self, partner_ids, condition: SQL) -> SQL:
        """Return what is open today of the instalments of this table: ``id``, ``amount_currency``, ``amount``
        (company currency).

        :param partner_ids: tuple of commercial partners
        :param condition: on alias ``line``, the rows of this table
        """
        return SQL(
            """
            SELECT line.id, SUM(item.amount_currency) AS amount_currency, SUM(item.amount) AS amount
              FROM (%(open_items)s) item
              JOIN %(table)s line ON line.move_id = item.move_id AND line.date_maturity = item.date_maturity
              JOIN res_partner partner
                ON partner.id = line.partner_id AND partner.commercial_partner_id = item.partner_id
             WHERE item.partner_id IN %(partners)s AND %(condition)s AND %(own_item)s
          GROUP BY line.id
            """,
            open_items=self.env["ar.aging.report"]._open_items_sql(),
            table=SQL.identifier(self._table),
            partners=partner_ids,
            condition=condition,
            own_item=self._own_item_sql(SQL("line"), SQL("item")),
        )

    @api.model
    def _follow_items(self, partners, customer):
        """Bring what is noted of items of partners to the customer who owes these items now."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET partner_id = %s WHERE partner_id = ANY(%s) AND move_id IS NOT NULL",
                SQL.identifier(self._table),
                customer.id,
                partners.ids,
            )
        )
        self.invalidate_model(["partner_id"])
