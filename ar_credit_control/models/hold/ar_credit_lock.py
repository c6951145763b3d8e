from odoo import api, fields, models
from odoo.tools import SQL


class ArCreditLock(models.Model):
    """One row per customer and root company, written before a check that an amount can fail.

    Transactions run at REPEATABLE READ. Of two that write the same row the second fails to serialize,
    Odoo runs it again, and its check then sees the order that the first one confirmed. Reading with
    ``SELECT … FOR UPDATE`` would let the second go on with its old snapshot.

    The table is narrow and apart from the profile, so that what updates profiles never collides with sales.
    """

    _name = "ar.credit.lock"
    _description = "Credit Lock"
    _log_access = False

    partner_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True, ondelete="cascade")
    version = fields.Integer(required=True, default=1)

    _partner_company_uniq = models.Constraint(
        "UNIQUE (partner_id, company_id)", "A customer has one credit lock in each company."
    )

    @api.model
    def _take(self, pairs):
        """Lock customers until the end of the transaction, in one statement and in id order.

        Only customers with a limit that can hold an order are locked: the others never wait.

        :param pairs: iterable of (commercial partner id, root company id)
        :raise psycopg2.errors.SerializationFailure: somebody else confirmed meanwhile; Odoo retries
        """
        pairs = sorted(set(pairs))
        if not pairs:
            return
        partner_ids, company_ids = zip(*pairs)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ar_credit_lock (partner_id, company_id, version)
                     SELECT profile.partner_id, profile.company_id, 1
                       FROM ar_credit_profile profile
                       JOIN unnest(%s::int[], %s::int[]) AS wanted (partner_id, company_id)
                      USING (partner_id, company_id)
                      WHERE profile.limit_set
                        AND profile.hold_override IS DISTINCT FROM 'pass'
                   ORDER BY profile.partner_id, profile.company_id
                ON CONFLICT (partner_id, company_id)
                  DO UPDATE SET version = ar_credit_lock.version + 1
                """,
                list(partner_ids),
                list(company_ids),
            )
        )
