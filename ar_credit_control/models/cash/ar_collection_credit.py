import logging

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Ids of matchings recorded in one statement and commit when older ones are filled in.
BATCH = 20_000
BACKFILL_PARAMETER = "ar_credit_control.collection_credit_before"


class ArCollectionCredit(models.Model):
    """Who was salesperson and collector when a receipt was matched with a claim.

    One row per matching of a claim with a payment or bank line. Figures stay in the ledger: what counts and
    when is read from there by ``ar.collection.result``. Undoing a matching empties ``partial_id``: the row
    counts no more, and gives its people to the matching that takes its place.
    """

    _name = "ar.collection.credit"
    _description = "Collected By"
    _order = "id desc"
    _rec_name = "partner_id"

    partial_id = fields.Many2one(
        "account.partial.reconcile", string="Matching", readonly=True, ondelete="set null"
    )
    item_id = fields.Many2one(
        "account.move.line", string="Claim", readonly=True, index="btree_not_null", ondelete="set null"
    )
    receipt_line_id = fields.Many2one(
        "account.move.line", string="Receipt", readonly=True, index="btree_not_null", ondelete="set null"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    salesperson_id = fields.Many2one("res.users", readonly=True, index="btree_not_null", ondelete="restrict")
    collector_id = fields.Many2one("res.users", readonly=True, index="btree_not_null", ondelete="restrict")
    is_assumed = fields.Boolean(
        string="Assumed",
        readonly=True,
        help="Matched before this was recorded: the salesperson of the invoice, and the collector of the day "
        "on which it was filled in.",
    )

    _partial_uniq = models.UniqueIndex("(partial_id)", "A matching is recorded once.")

    @api.model
    def _record(self, partial_ids, assumed=False):
        """Record who collected, for matchings with payments and bank lines; the others are left out.

        Internal. One statement for any number.
        """
        self.env.flush_all()
        self.env.cr.execute(self._record_sql(SQL("part.id = ANY(%s)", list(partial_ids)), assumed))
        self.invalidate_model()

    @api.model
    def _record_sql(self, condition: SQL, assumed: bool) -> SQL:
        """Return the INSERT for the matchings (alias ``part``) of a condition."""
        return SQL(
            """
            INSERT INTO ar_collection_credit (
                   partial_id, item_id, receipt_line_id, partner_id, company_id, salesperson_id, collector_id,
                   is_assumed, create_uid, create_date, write_uid, write_date)
            SELECT part.id,
                   item.id,
                   receipt.id,
                   debtor.id,
                   item.company_id,
                   CASE WHEN former.id IS NULL THEN COALESCE(move.invoice_user_id, debtor.user_id)
                        ELSE former.salesperson_id END,
                   CASE WHEN former.id IS NULL THEN profile.collector_id ELSE former.collector_id END,
                   COALESCE(former.is_assumed, %(assumed)s),
                   %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
              FROM account_partial_reconcile part
              JOIN account_move_line item ON item.id = part.debit_move_id
              JOIN account_account account
                ON account.id = item.account_id AND account.account_type = 'asset_receivable'
               AND account.non_trade IS NOT TRUE
              JOIN account_journal journal
                ON journal.id = item.journal_id AND journal.type NOT IN ('bank', 'cash', 'credit')
              JOIN account_move move ON move.id = item.move_id
              JOIN account_move_line receipt ON receipt.id = part.credit_move_id
              JOIN account_move receipt_move
                ON receipt_move.id = receipt.move_id
               AND (receipt_move.statement_line_id IS NOT NULL OR receipt_move.origin_payment_id IS NOT NULL)
              JOIN res_partner partner ON partner.id = item.partner_id
              JOIN res_partner debtor ON debtor.id = partner.commercial_partner_id
              JOIN res_company company ON company.id = item.company_id
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = debtor.id
               AND profile.company_id = split_part(company.parent_path, '/', 1)::int
         LEFT JOIN LATERAL (
                    -- The same money for the same claim, undone before: history does not change hands.
                    SELECT known.id, known.salesperson_id, known.collector_id, known.is_assumed
                      FROM ar_collection_credit known
                     WHERE known.receipt_line_id = receipt.id
                       AND known.item_id = item.id
                       AND known.partial_id IS NULL
                  ORDER BY known.id
                     LIMIT 1
                   ) former ON TRUE
             WHERE %(condition)s
       ON CONFLICT (partial_id) DO NOTHING
            """,
            assumed=assumed,
            uid=self.env.uid,
            condition=condition,
        )

    @api.model
    def _cron_backfill(self):
        """Record matchings older than this addon, newest first, in sets of a commit each; once."""
        cron = self.env["ir.cron"]
        while remaining := self._backfill_batch():
            if not cron._commit_progress(processed=1, remaining=remaining):
                return
        cron._commit_progress(processed=1, remaining=0)
        self.env.ref("ar_credit_control.ir_cron_collection_credit").active = False
        _logger.info("Recorded who collected what was matched before")

    @api.model
    def _backfill_batch(self):
        """Record the next set of older matchings; return how many sets are left at most."""
        parameters = self.env["ir.config_parameter"]
        before = parameters.get_param(BACKFILL_PARAMETER)
        if not before:
            [(before,)] = self.env.execute_query(
                SQL("SELECT COALESCE(MAX(id), 0) + 1 FROM account_partial_reconcile")
            )
        before = int(before)
        since = max(before - BATCH, 0)
        self.env.flush_all()
        self.env.cr.execute(
            self._record_sql(SQL("part.id >= %s AND part.id < %s", since, before), assumed=True)
        )
        parameters.set_param(BACKFILL_PARAMETER, str(since))
        return -(-since // BATCH)
