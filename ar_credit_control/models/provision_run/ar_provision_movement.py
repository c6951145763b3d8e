from odoo import api, fields, models
from odoo.tools import SQL


class ArProvisionMovement(models.Model):
    """What changed an allowance account, and why: the rows of the movement table (IFRS 7 35H).

    A positive amount raises the allowance. A row counts while its entry is posted, or has none (an opening:
    the ledger had it before). What the ledger holds beyond these rows is "other".
    """

    _name = "ar.provision.movement"
    _description = "Movement of the Allowance"
    _inherit = ["ar.evidence.mixin"]
    _order = "date, id"

    _made_by_methods = True

    date = fields.Date(required=True, readonly=True, index=True)
    kind = fields.Selection(
        [
            ("opening", "Opening Balance"),
            ("charge", "Charge"),
            ("release", "Reversal"),
            ("used", "Used for write-offs"),
            ("recovered", "Recovered"),
            ("exchange", "Exchange"),
            ("transfer", "Transfer between segments"),
            ("carry", "Carried from an earlier run"),
        ],
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The company or branch of the entry.",
    )
    root_company_id = fields.Many2one(
        "res.company", string="Main Company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    account_id = fields.Many2one(
        "account.account", string="Allowance Account", required=True, readonly=True, ondelete="restrict"
    )
    against_account_id = fields.Many2one(
        "account.account",
        string="Booked Against",
        readonly=True,
        ondelete="restrict",
        help="The loss, income or receivable account of the entry.",
    )
    segment_id = fields.Many2one("ar.provision.segment", readonly=True, ondelete="restrict")
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True, ondelete="restrict")
    amount = fields.Monetary(required=True, readonly=True)
    run_id = fields.Many2one(
        "ar.provision.run", string="Provision Run", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, index="btree_not_null", ondelete="restrict"
    )

    def _get_writable_fields(self):
        return frozenset()

    @api.model
    def _get_keep_text(self):
        return self.env._("Movements of the allowance are kept as evidence: cancel the run or the write-off.")

    @api.model
    def _counted_sql(self) -> SQL:
        """Return the rows that count, with all columns."""
        return SQL(
            """
            SELECT movement.*
              FROM ar_provision_movement movement
         LEFT JOIN account_move move ON move.id = movement.move_id
             WHERE movement.move_id IS NULL OR move.state = 'posted'
            """
        )

    @api.model
    def _booked_sql(self, policy, date) -> SQL:
        """Return what the allowance accounts hold at the end of a day, in the ledger.

        Rows: ``company_id``, ``account_id``, ``segment_id``, ``amount`` (positive: allowance), ``other``
        (part of it that no movement explains; it stands on the row without a segment).
        """
        root = policy.company_id
        accounts = policy._get_allowance_accounts()
        return SQL(
            """
            SELECT company_id, account_id, segment_id, SUM(explained) + SUM(other) AS amount,
                   SUM(other) AS other
              FROM (
                    SELECT company_id, account_id, segment_id, amount AS explained, 0 AS other
                      FROM (%(counted)s) movement
                     WHERE root_company_id = %(root)s AND date <= %(date)s
                 UNION ALL
                    SELECT line.company_id, line.account_id, NULL, 0, -line.balance
                      FROM account_move_line line
                      JOIN res_company company ON company.id = line.company_id
                     WHERE line.account_id = ANY (%(accounts)s)
                       AND line.parent_state = 'posted'
                       AND line.date <= %(date)s
                       AND split_part(company.parent_path, '/', 1)::int = %(root)s
                 UNION ALL
                    SELECT company_id, account_id, NULL, 0, -amount
                      FROM (%(counted)s) movement
                     WHERE root_company_id = %(root)s AND date <= %(date)s
                   ) booked
          GROUP BY company_id, account_id, segment_id
            HAVING SUM(explained) != 0 OR SUM(other) != 0
            """,
            counted=self._counted_sql(),
            root=root.id,
            date=date,
            accounts=accounts.ids,
        )
