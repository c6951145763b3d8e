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

        The groups that they belong to are locked with them, where they have a limit: orders of two members
        can exceed the group's limit together.

        :param pairs: iterable of (commercial partner id, root company id)
        :param limited: lock only customers with a limit that can hold an order: the others never wait.
            The limit of a group binds its members whatever is decided on the orders of the head itself.
        :raise psycopg2.errors.SerializationFailure: somebody else confirmed meanwhile; Odoo retries
        """
        pairs = sorted(set(pairs))
        if not pairs:
            return
        can_hold = SQL(
            """profile.limit_set
               AND (profile.hold_override IS DISTINCT FROM 'pass'
                    OR EXISTS (SELECT FROM ar_credit_profile child WHERE child.parent_id = profile.id))"""
        )
        self.env.cr.execute(
            SQL(
                """
                WITH RECURSIVE wanted AS (
                    SELECT pair.partner_id,
                           pair.company_id,
                           profile.parent_id,
                           COALESCE(%(condition)s, FALSE) AS can_hold
                      FROM unnest(%(partners)s::int[], %(companies)s::int[]) AS pair (partner_id, company_id)
                 LEFT JOIN ar_credit_profile profile USING (partner_id, company_id)
                    UNION
                    SELECT head.partner_id, head.company_id, head.parent_id, COALESCE(head.limit_set, FALSE)
                      FROM wanted
                      JOIN ar_credit_profile head ON head.id = wanted.parent_id
                )
                INSERT INTO ar_credit_lock (partner_id, company_id, version)
                     SELECT partner_id, company_id, 1
                       FROM wanted
                      WHERE can_hold
                   GROUP BY partner_id, company_id
                   ORDER BY partner_id, company_id
                ON CONFLICT (partner_id, company_id)
                  DO UPDATE SET version = ar_credit_lock.version + 1
                """,
                partners=[partner_id for partner_id, _company_id in pairs],
                companies=[company_id for _partner_id, company_id in pairs],
                condition=can_hold if limited else SQL("TRUE"),
            )
        )
