import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Of a transaction: for each root company the customers to look at again, None for all of them.
PENDING = "ar_credit_control.recheck"
RETRY_AFTER = timedelta(minutes=1)


class ArCreditRecheck(models.Model):
    """Held customers for whom something has changed that may let their orders pass.

    Whatever frees credit adds its customer; the schedule takes them up within minutes. Rows are only added
    and, once dealt with, deleted by id: nobody waits for anybody, and what is added while the schedule looks
    at the customer is looked at again.
    """

    _name = "ar.credit.recheck"
    _description = "Credit Recheck"
    _log_access = False

    partner_id = fields.Many2one("res.partner", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True, ondelete="cascade")

    @api.model
    def _add(self, partners, root):
        """Have the held orders of customers checked again soon, if they have any.

        One statement when the transaction is committed, however often this is called, and none while the
        company does not release by itself. Holds put on by hand wait for a person.

        :param partners: ``res.partner`` records, contacts stand for their company; None: all customers
        :param root: ``res.company``; a branch stands for its root company
        """
        roots = root.sudo().root_id.filtered(  # settings of the root, also for a user of a branch
            lambda company: company.credit_control_active and company.credit_hold_auto_release
        )
        if partners is not None:
            partners = partners.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        if not roots or (partners is not None and not partners):
            return
        precommit = self.env.cr.precommit
        pending = precommit.data.get(PENDING)
        if pending is None:
            pending = precommit.data[PENDING] = {}
            precommit.add(self.sudo()._queue_pending)  # sudo: nobody may write the queue
        for company in roots:
            wanted = pending.setdefault(company.id, set())
            if partners is None:
                pending[company.id] = None
            elif wanted is not None:
                wanted.update(partners.ids)

    def _queue_pending(self):
        pending = self.env.cr.precommit.data.pop(PENDING, {})
        roots = [root_id for root_id, wanted in pending.items() if wanted is None]
        pairs = sorted(
            (partner_id, root_id) for root_id, wanted in pending.items() for partner_id in wanted or ()
        )
        if self._queue(pairs, roots):
            self.env.ref("ar_credit_control.cron_credit_recheck")._trigger()

    @api.model
    def _queue(self, pairs, roots):
        """Insert those of the customers that have held orders, with all that share a group limit with them.

        :param pairs: list of (commercial partner id, root company id)
        :param roots: ids of root companies of which all held customers are meant
        """
        self.env.cr.execute(
            SQL(
                """
                WITH RECURSIVE family AS (
                       SELECT profile.id, profile.parent_id, profile.partner_id, profile.company_id
                         FROM unnest(%(partners)s::int[], %(companies)s::int[])
                              AS wanted (partner_id, company_id)
                         JOIN ar_credit_profile profile USING (partner_id, company_id)
                        UNION
                       SELECT relative.id, relative.parent_id, relative.partner_id, relative.company_id
                         FROM family
                         JOIN ar_credit_profile relative
                           ON relative.id = family.parent_id OR relative.parent_id = family.id
                ), held AS (
                       SELECT DISTINCT hold.partner_id,
                              split_part(company.parent_path, '/', 1)::int AS company_id
                         FROM ar_credit_hold hold
                         JOIN res_company company ON company.id = hold.company_id
                        WHERE hold.state = 'held' AND hold.forced IS NOT TRUE
                )
                INSERT INTO ar_credit_recheck (partner_id, company_id)
                     SELECT held.partner_id, held.company_id
                       FROM held
                      WHERE held.company_id = ANY(%(roots)s)
                         OR (held.partner_id, held.company_id) IN (
                                SELECT * FROM unnest(%(partners)s::int[], %(companies)s::int[])
                            )
                         OR (held.partner_id, held.company_id) IN (
                                SELECT family.partner_id, family.company_id FROM family
                            )
                """,
                partners=[partner_id for partner_id, _root_id in pairs],
                companies=[root_id for _partner_id, root_id in pairs],
                roots=roots,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _cron_take_up(self):
        """Check the held orders of the customers in the queue again, and confirm what passes now.

        Committed order by order. A customer leaves the queue last, so that a run that is killed is repeated.
        """
        waiting = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, company_id, array_agg(id)
                  FROM ar_credit_recheck
              GROUP BY partner_id, company_id
              ORDER BY MIN(id)
                """
            )
        )
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(waiting))
        for partner_id, company_id, ids in waiting:
            holds = self.env["ar.credit.hold"].search(
                [
                    ("state", "=", "held"),
                    ("forced", "=", False),
                    ("partner_id", "=", partner_id),
                    ("company_id", "child_of", company_id),
                ],
                order="id",
            )
            if holds._recheck_each():
                self.browse(ids).unlink()
            else:
                # Somebody sells to this customer right now.
                cron_record = self.env.ref("ar_credit_control.cron_credit_recheck")
                cron_record._trigger(fields.Datetime.now() + RETRY_AFTER)
            if not cron._commit_progress(processed=1):
                break
