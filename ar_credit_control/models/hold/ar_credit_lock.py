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
    def _take(self, pairs, limited=True):
        """Lock customers until the end of the transaction, in one statement and in id order.

        :param pairs: iterable of (commercial partner id, root company id)
        :param limited: lock only customers with a limit that can hold an order: the others never wait
        :raise psycopg2.errors.SerializationFailure: somebody else confirmed meanwhile; Odoo retries
        """
        pairs = sorted(set(pairs))
        if not pairs:
            return
        can_hold = SQL("profile.limit_set AND profile.hold_override IS DISTINCT FROM 'pass'")
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ar_credit_lock (partner_id, company_id, version)
                     SELECT wanted.partner_id, wanted.company_id, 1
                       FROM unnest(%(partners)s::int[], %(companies)s::int[])
                            AS wanted (partner_id, company_id)
                  LEFT JOIN ar_credit_profile profile USING (partner_id, company_id)
                      WHERE %(condition)s
                   ORDER BY wanted.partner_id, wanted.company_id
                ON CONFLICT (partner_id, company_id)
                  DO UPDATE SET version = ar_credit_lock.version + 1
                """,
                partners=[partner_id for partner_id, _company_id in pairs],
                companies=[company_id for _partner_id, company_id in pairs],
                condition=can_hold if limited else SQL("TRUE"),
            )
        )
