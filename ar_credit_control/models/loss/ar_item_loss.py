from odoo import api, models
from odoo.tools import SQL

# Accounts of a policy that entries about lost claims are booked on.
KINDS = ("allowance", "expense", "release", "loss", "recovery")
# Those of them that a policy has for single receivable accounts, too.
MAPPED = ("allowance", "expense")


class ArItemLoss(models.AbstractModel):
    """Matchings that settle an item although nobody paid it: what was written off.

    Whoever reads a matching as a payment asks here first: promises and plans are not kept by a write-off, a
    customer did not pay on the day of it, a dispute did not end as paid. Read from the ledger, so that
    undoing a matching undoes all that.
    """

    _name = "ar.item.loss"
    _description = "Written Off Items"

    @api.model
    def _entries_sql(self) -> SQL:
        """Return ``move_id`` of entries by which claims are given up, taken back or recovered.

        Those of write-offs, and what accountants book by hand: general entries on an account for losses,
        allowances or recoveries, of policies that are archived, too; never a receipt, of which a part
        may be such a deduction.
        """
        return SQL(
            """
            SELECT move.id AS move_id
              FROM account_move move
             WHERE move.move_type = 'entry'
               AND move.state = 'posted'
               AND move.origin_payment_id IS NULL
               AND move.statement_line_id IS NULL
               AND move.id IN (SELECT line.move_id
                                 FROM account_move_line line
                                WHERE line.account_id = ANY (ARRAY(%s))
                                UNION
                               SELECT account_move_id FROM account_move_ar_writeoff_rel)
            """,
            self._accounts_sql(),
        )

    @api.model
    def _accounts_sql(self, company=None, kinds=KINDS) -> SQL:
        """Return the accounts that companies book lost claims on, or did: those of all their policies, on
        which an allowance stood, and of write-offs. NULL is among them where one is not set.

        :param company: a main company, with its branches; by default every one
        :param kinds: kinds of accounts of policies, see ``KINDS``
        """
        own = SQL("TRUE") if company is None else SQL("company_id = %s", company.id)
        allowance = SQL("TRUE") if company is None else SQL("root_company_id = %s", company.id)
        branch = SQL("TRUE") if company is None else SQL("parent_path LIKE %s", f"{company.id}/%")
        return SQL(
            """
            SELECT unnest(ARRAY[%(columns)s])
              FROM ar_provision_policy
             WHERE %(own)s
             UNION
            SELECT unnest(ARRAY[%(mapped)s]::int[])
              FROM ar_provision_account
             WHERE policy_id IN (SELECT id FROM ar_provision_policy WHERE %(own)s)
             UNION
            SELECT account_id
              FROM ar_provision_movement
             WHERE %(allowance)s
             UNION
            SELECT writeoff_account_id
              FROM res_company
             WHERE %(branch)s
            """,
            columns=self._columns_sql(kinds),
            mapped=self._columns_sql(kind for kind in kinds if kind in MAPPED),
            own=own,
            allowance=allowance,
            branch=branch,
        )

    @api.model
    def _columns_sql(self, kinds) -> SQL:
        return SQL(", ").join(SQL.identifier(f"{kind}_account_id") for kind in kinds)

    @api.model
    def _is_loss_sql(self, move: SQL) -> SQL:
        """Return the condition that an entry gives up, takes back or recovers claims."""
        return SQL("%s IN (%s)", move, self._entries_sql())

    @api.model
    def _find_entries(self, moves):
        """Return those of some entries that give up, take back or recover claims."""
        if not moves:
            return moves
        self._flush_sources()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM account_move WHERE id = ANY(%s) AND %s",
                moves.ids,
                self._is_loss_sql(SQL("account_move.id")),
            )
        )
        return moves.browse(move_id for (move_id,) in rows)

    @api.model
    def _lost_sql(self) -> SQL:
        """Return what was written off, less what of it was recovered.

        Rows: ``partner_id`` (commercial entity), ``root_company_id``, ``move_id`` and ``date_maturity`` of
        the item (NULL for a recovery), ``date`` (later date of both entries), ``amount`` (company currency,
        negative: recovered), ``matched_on`` (when it was matched).
        """
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id,
                   split_part(company.parent_path, '/', 1)::int AS root_company_id,
                   item.move_id,
                   COALESCE(item.date_maturity, item.date) AS date_maturity,
                   part.max_date AS date,
                   part.amount,
                   part.create_date AS matched_on
              FROM (%(entries)s) entry
              JOIN account_move_line credit
                ON credit.move_id = entry.move_id AND credit.parent_state = 'posted'
              JOIN account_partial_reconcile part ON part.credit_move_id = credit.id
              JOIN account_move_line item ON item.id = part.debit_move_id AND item.parent_state = 'posted'
              JOIN account_account account
                ON account.id = item.account_id AND account.account_type = 'asset_receivable'
              JOIN res_company company ON company.id = item.company_id
              JOIN res_partner partner ON partner.id = item.partner_id
             WHERE NOT %(item_is_loss)s
         UNION ALL
            SELECT partner.commercial_partner_id,
                   split_part(company.parent_path, '/', 1)::int,
                   NULL,
                   NULL,
                   part.max_date,
                   -part.amount,
                   part.create_date
              FROM (%(entries)s) entry
              JOIN account_move_line claim
                ON claim.move_id = entry.move_id AND claim.parent_state = 'posted'
              JOIN account_partial_reconcile part ON part.debit_move_id = claim.id
              JOIN account_move_line receipt
                ON receipt.id = part.credit_move_id AND receipt.parent_state = 'posted'
              JOIN account_account account
                ON account.id = claim.account_id AND account.account_type = 'asset_receivable'
              JOIN res_company company ON company.id = claim.company_id
              JOIN res_partner partner ON partner.id = claim.partner_id
             WHERE NOT %(receipt_is_loss)s
            """,
            entries=self._entries_sql(),
            item_is_loss=self._is_loss_sql(SQL("item.move_id")),
            receipt_is_loss=self._is_loss_sql(SQL("receipt.move_id")),
        )

    @api.model
    def _flush_sources(self):
        """Write pending changes of what the statements here read."""
        for model, names in (
            ("account.account", ["account_type"]),
            ("account.move", ["move_type", "origin_payment_id", "state", "statement_line_id"]),
            (
                "account.move.line",
                [
                    "account_id",
                    "company_id",
                    "date",
                    "date_maturity",
                    "move_id",
                    "parent_state",
                    "partner_id",
                ],
            ),
            ("account.partial.reconcile", ["amount", "credit_move_id", "debit_move_id", "max_date"]),
            ("ar.provision.account", ["allowance_account_id", "expense_account_id"]),
            ("ar.provision.movement", ["account_id"]),
            (
                "ar.provision.policy",
                [
                    "allowance_account_id",
                    "expense_account_id",
                    "loss_account_id",
                    "recovery_account_id",
                    "release_account_id",
                ],
            ),
            ("res.company", ["writeoff_account_id"]),
            ("res.partner", ["commercial_partner_id"]),
        ):
            self.env[model].flush_model(names)
