from odoo import api, models
from odoo.tools import SQL


class ArItemPause(models.AbstractModel):
    _inherit = "ar.item.pause"

    @api.model
    def _pause_parts(self, root, date):
        return [*super()._pause_parts(root, date), self._dispute_parts(root, date)]

    @api.model
    def _doubt_parts(self, root, date):
        return [*super()._doubt_parts(root, date), self._dispute_parts_on(root, date)]

    @api.model
    def _dispute_parts(self, root, date, with_grace=True):
        """Disputed parts: all of it while it is examined, then what is still to be credited; after a
        rejection the rejected part for the days of grace.

        :param root: main companies
        :param bool with_grace: False: what is in dispute only
        """
        disputes = self.env["ar.dispute"]
        accepted = SQL("dispute.company_id = ANY(%s) AND dispute.state = 'accepted'", root.ids)
        return SQL(
            """
            SELECT part.move_id,
                   partner.commercial_partner_id AS partner_id,
                   part.date_maturity,
                   part.amount_currency,
                   'disputed'::varchar AS reason,
                   part.until
              FROM (
                    SELECT line.move_id, line.partner_id, line.date_maturity,
                           line.amount AS amount_currency, NULL::date AS until
                      FROM ar_dispute dispute
                      JOIN ar_dispute_line line ON line.dispute_id = dispute.id
                     WHERE dispute.company_id = ANY(%(roots)s) AND dispute.state IN ('new', 'investigating')
                 UNION ALL
                    SELECT line.move_id, line.partner_id, line.date_maturity,
                           line.amount_accepted - COALESCE(credited.amount, 0), NULL
                      FROM ar_dispute dispute
                      JOIN ar_dispute_line line ON line.dispute_id = dispute.id
                 LEFT JOIN (%(credited)s) credited ON credited.line_id = line.id
                     WHERE %(accepted)s AND line.amount_accepted > COALESCE(credited.amount, 0)
                 UNION ALL
                    SELECT line.move_id, line.partner_id, line.date_maturity,
                           line.amount - COALESCE(line.amount_accepted, 0), dispute.grace_until
                      FROM ar_dispute dispute
                      JOIN ar_dispute_line line ON line.dispute_id = dispute.id
                     WHERE dispute.company_id = ANY(%(roots)s)
                       AND dispute.state IN
                           ('accepted', 'resolved_credit', 'resolved_partly', 'resolved_rejected')
                       AND %(with_grace)s
                       AND dispute.grace_until >= %(date)s
                       AND line.amount > COALESCE(line.amount_accepted, 0)
                   ) part
              JOIN res_partner partner ON partner.id = part.partner_id
             WHERE part.move_id IS NOT NULL
            """,
            roots=root.ids,
            date=date,
            accepted=accepted,
            with_grace=with_grace,
            credited=disputes._credited_sql(accepted),
        )

    @api.model
    def _dispute_parts_on(self, root, date):
        """Disputed parts at the end of a day: all of it until it was decided or ended, then what was still
        to be credited; after a decision the rejected part for the days of grace.

        A dispute that was opened again counts as if it had never ended.
        """
        disputes = self.env["ar.dispute"]
        raised = SQL("dispute.company_id = ANY(%s) AND dispute.date <= %s", root.ids, date)
        accepted = SQL(
            """%(raised)s AND dispute.decided_on <= %(date)s
               AND (dispute.state = 'accepted' OR dispute.resolved_on > %(date)s)""",
            raised=raised,
            date=date,
        )
        return SQL(
            """
            SELECT line.move_id, line.partner_id, line.date_maturity, line.amount AS amount_currency,
                   'disputed'::varchar AS reason, NULL::date AS until
              FROM ar_dispute dispute
              JOIN ar_dispute_line line ON line.dispute_id = dispute.id
             WHERE %(raised)s
               AND (dispute.state IN ('new', 'investigating')
                    OR COALESCE(dispute.decided_on, dispute.resolved_on) > %(date)s)
               AND line.move_id IS NOT NULL
         UNION ALL
            SELECT line.move_id, line.partner_id, line.date_maturity,
                   line.amount_accepted - COALESCE(credited.amount, 0), 'disputed', NULL
              FROM ar_dispute dispute
              JOIN ar_dispute_line line ON line.dispute_id = dispute.id
         LEFT JOIN (%(credited)s) credited ON credited.line_id = line.id
             WHERE %(accepted)s
               AND dispute.state NOT IN ('new', 'investigating')
               AND line.amount_accepted > COALESCE(credited.amount, 0)
               AND line.move_id IS NOT NULL
         UNION ALL
            SELECT line.move_id, line.partner_id, line.date_maturity,
                   line.amount - COALESCE(line.amount_accepted, 0), 'disputed', dispute.grace_until
              FROM ar_dispute dispute
              JOIN ar_dispute_line line ON line.dispute_id = dispute.id
             WHERE %(raised)s
               AND dispute.state IN ('accepted', 'resolved_credit', 'resolved_partly', 'resolved_rejected')
               AND dispute.decided_on <= %(date)s
               AND dispute.grace_until >= %(date)s
               AND line.amount > COALESCE(line.amount_accepted, 0)
               AND line.move_id IS NOT NULL
            """,
            raised=raised,
            accepted=accepted,
            date=date,
            credited=disputes._credited_sql(accepted, date),
        )
