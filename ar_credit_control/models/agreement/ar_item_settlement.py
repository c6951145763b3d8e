from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..dunning.ar_dunning_letter_waiting import SPOKEN

# Of a transaction: entries whose matching changed, so that promises and plans about them are judged again.
TOUCHED = "ar_credit_control.agreements"
# Reasons of pauses that are agreements.
AGREED = ("promised", "deferred", "plan")
# Agreements judged in one commit by the schedule.
BATCH = 500


class ArItemSettlement(models.AbstractModel):
    """What became of the instalments that an agreement is about, read from the matchings in the ledger.

    An instalment is known by entry, customer and due date, as everywhere in this addon. A matching counts on
    the later date of both entries (``account.partial.reconcile.max_date``), as in the ageing.
    """

    _name = "ar.item.settlement"
    _description = "Settlement of Agreed Items"

    @api.model
    def _settlement_sql(self, item: SQL, day: SQL) -> SQL:
        """Return what is left of an instalment, as a subquery to be joined LATERAL; always one row.

        ``live``: number of posted receivable items of the instalment; 0 when the entry was cancelled or set
        back to draft. One that was given another due date is followed by its journal item. ``unpaid_then``:
        what was not paid at the end of ``day``, ``unpaid_now``: what is not paid now; ``lost_then``,
        ``lost_now``: what of that was written off since it was agreed on. All in the currency of the
        instalment.

        :param item: alias with ``move_line_id``, ``move_id``, ``partner_id``, ``date_maturity``,
            ``currency_id`` and ``create_date``
        :param day: expression of the day
        """
        return SQL(
            """
            SELECT COUNT(*) AS live,
                   SUM(ledger.amount_residual_currency + COALESCE(undone.then, 0)
                       + COALESCE(undone.lost_then, 0)) AS unpaid_then,
                   SUM(ledger.amount_residual_currency + COALESCE(undone.now, 0)
                       + COALESCE(undone.lost_now, 0)) AS unpaid_now,
                   COALESCE(SUM(undone.lost_then), 0) AS lost_then,
                   COALESCE(SUM(undone.lost_now), 0) AS lost_now
              FROM account_move_line ledger
              JOIN account_account account
                ON account.id = ledger.account_id AND account.account_type = 'asset_receivable'
              JOIN res_partner agreed ON agreed.id = %(item)s.partner_id
              JOIN res_partner debtor
                ON debtor.id = ledger.partner_id
               AND debtor.commercial_partner_id = agreed.commercial_partner_id
         LEFT JOIN LATERAL (
                    SELECT SUM(part.debit_amount_currency) FILTER (
                               WHERE part.max_date > %(day)s OR receipt.parent_state != 'posted'
                           ) AS then,
                           SUM(part.debit_amount_currency) FILTER (
                               WHERE receipt.parent_state != 'posted'
                           ) AS now,
                           SUM(part.debit_amount_currency) FILTER (
                               WHERE part.max_date <= %(day)s AND %(lost)s
                           ) AS lost_then,
                           SUM(part.debit_amount_currency) FILTER (WHERE %(lost)s) AS lost_now
                      FROM account_partial_reconcile part
                      JOIN account_move_line receipt ON receipt.id = part.credit_move_id
                     WHERE part.debit_move_id = ledger.id
                   ) undone ON TRUE
             WHERE ledger.move_id = %(item)s.move_id
               AND ledger.parent_state = 'posted'
               AND ledger.currency_id = %(item)s.currency_id
               AND CASE WHEN COALESCE(ledger.date_maturity, ledger.date) = %(item)s.date_maturity THEN %(own)s
                        ELSE ledger.id = %(item)s.move_line_id
                         AND NOT EXISTS (SELECT
                                           FROM account_move_line due
                                          WHERE due.move_id = ledger.move_id
                                            AND due.account_id = ledger.account_id
                                            AND COALESCE(due.date_maturity, due.date)
                                                = %(item)s.date_maturity) END
            """,
            item=item,
            day=day,
            own=self.env["ar.item.mixin"]._own_item_sql(item, SQL("ledger")),
            lost=SQL(
                "(receipt.parent_state = 'posted' AND part.create_date >= %s.create_date AND %s)",
                item,
                self.env["ar.item.loss"]._is_loss_sql(SQL("receipt.move_id")),
            ),
        )

    @api.model
    def _today_sql(self) -> SQL:
        """Return the day on which agreements are judged, by root company: rows ``company_id``, ``today``."""
        roots = self.env["res.company"].sudo().search([("parent_id", "=", False)])  # their days are no secret
        return SQL(
            "SELECT * FROM unnest(%s::int[], %s::date[]) AS day (company_id, today)",
            roots.ids,
            [root._credit_today() for root in roots],
        )

    # ------------------------------------------------------------------
    # Items to agree on
    # ------------------------------------------------------------------

    @api.model
    def _get_claims(self, partner, root, currency=None, domain=None):
        """Return the open claims of a customer in all branches, the oldest first: ``ar.aging.report``.

        Internal: no access check. Receipts, credit notes and accounts that are no trade are left out.

        :param partner: a contact stands for its commercial entity
        :param currency: only items in this currency; None: all
        :param domain: further conditions on the ageing
        """
        debtor = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        conditions = Domain(
            [
                ("root_company_id", "=", root.id),
                ("partner_id", "=", debtor.id),
                ("amount_currency", ">", 0),
                ("account_id.non_trade", "=", False),
                ("journal_id.type", "not in", ("bank", "cash", "credit")),
            ]
        )
        if currency:
            conditions &= Domain("currency_id", "=", currency.id)
        report = self.env["ar.aging.report"].sudo()  # sudo: the whole customer, whoever agrees with them
        report = report.with_context(tz=root._credit_timezone(), ar_as_of=False, ar_aging_by=False)
        return report.search(conditions & Domain(domain or []), order="date_maturity, id")

    @api.model
    def _get_due_claims(self, partner, root, currency=None, reasons=AGREED):
        """Return what is due, not agreed on yet and not all in dispute; what is open when nothing is due."""
        claims = self._get_claims(partner, root, currency)
        agreed = self._get_agreed(claims, root, reasons)
        disputed = self._get_disputed(claims)
        free = claims.filtered(
            lambda item: (
                item.currency_id.compare_amounts(
                    item.amount_currency, agreed.get(item.id, 0.0) + disputed[item.id]
                )
                > 0
            )
        )
        return free.filtered(lambda item: item.days_overdue >= 0) or free

    @api.model
    def _get_agreed(self, items, root, reasons=AGREED):
        """Return how much of items is promised, deferred or on a plan already: {item id: amount}."""
        return self.env["ar.item.pause"]._get_paused(items, root, root._credit_today(), reasons)

    @api.model
    def _get_disputed(self, items):
        """Return how much of items is in dispute: {item id: amount}. Nobody promises what they object to."""
        disputed = self.env["ar.dispute"]._get_disputed(items)
        return {item.id: min(disputed.get(item.id, 0.0), item.amount_currency) for item in items}

    # ------------------------------------------------------------------
    # At once when something is matched
    # ------------------------------------------------------------------

    @api.model
    def _touch(self, move_ids):
        """Have agreements about entries judged again when the transaction is committed: one statement.

        It only looks up whether there are any; nothing is written while nothing changes.
        """
        precommit = self.env.cr.precommit
        pending = precommit.data.get(TOUCHED)
        if pending is None:
            pending = precommit.data[TOUCHED] = set()
            precommit.add(self.sudo()._judge_touched)  # sudo: whoever books the payment
        pending.update(move_ids)

    def _judge_touched(self):
        move_ids = self.env.cr.precommit.data.pop(TOUCHED, None)
        if not move_ids:
            return
        found = {}
        for name, record_id in self.env.execute_query(self._touched_sql(list(move_ids))):
            found.setdefault(name, []).append(record_id)
        for name, ids in found.items():
            self.env[name].browse(ids)._judge()

    @api.model
    def _touched_sql(self, move_ids) -> SQL:
        """Return model and id of agreements about entries, of running placements, and of letters that
        somebody is about to speak of with the customer."""
        return SQL(
            """
            SELECT DISTINCT 'ar.payment.promise', line.promise_id
              FROM ar_payment_promise_line line
             WHERE line.move_id = ANY(%(move_ids)s)
         UNION ALL
            SELECT DISTINCT 'ar.payment.plan', item.plan_id
              FROM ar_payment_plan_item item
             WHERE item.move_id = ANY(%(move_ids)s)
         UNION ALL
            SELECT DISTINCT 'ar.placement', line.placement_id
              FROM ar_placement_line line
              JOIN ar_placement placement ON placement.id = line.placement_id AND placement.state = 'placed'
             WHERE line.move_id = ANY(%(move_ids)s)
         UNION ALL
            SELECT DISTINCT 'ar.dunning.letter', line.letter_id
              FROM ar_dunning_letter_line line
              JOIN ar_dunning_letter letter ON letter.id = line.letter_id
             WHERE line.move_id = ANY(%(move_ids)s)
               AND (letter.state = 'queued' AND letter.channel IN %(spoken)s
                    OR letter.state = 'sent'
                   AND EXISTS (SELECT
                                 FROM mail_activity task
                                WHERE task.res_model = 'ar.dunning.letter'
                                  AND task.res_id = letter.id
                                  AND task.active))
            """,
            spoken=SPOKEN,
            move_ids=move_ids,
        )

    @api.model
    def _judge_in_batches(self, records):
        """Judge agreements in batches of a commit each; what others work on waits for the next run."""
        # Where somebody books a payment right now, the agreement is judged there, and by the next run.
        self.env["ar.schedule"]._handle_batches(records, records.__class__._judge, BATCH)

    # ------------------------------------------------------------------
    # Telling people
    # ------------------------------------------------------------------

    @api.model
    def _tell_cases(self, agreements, kind, reasons):
        """Note on the open cases of customers what was not kept; open a case where the company uses cases.

        :param kind: ``promise`` or ``plan``
        :param dict reasons: text by agreement
        """
        by_profile = {self._get_profile(agreement).id: reasons[agreement] for agreement in agreements}
        profiles = self.env["ar.credit.profile"].browse(by_profile)
        active = profiles.filtered("company_id.collection_active")
        cases = self.env["ar.collection.case"].sudo()  # sudo: whoever books the payment
        known = cases.search([("profile_id", "in", profiles.ids), ("state", "!=", "closed")])
        for case in known:
            case._log(kind, by_profile[case.profile_id.id])
        known.filtered("snooze_until").write({"snooze_until": False, "snooze_reason": False})
        if missing := active - known.profile_id:
            cases._get_or_open(missing, by_profile, opened_by=kind)

    @api.model
    def _get_profile(self, agreement):
        """Return the profile of the customer that who agreed belongs to now: companies get parents."""
        debtor = agreement.partner_id.sudo().commercial_partner_id  # sudo: it may not be readable
        if debtor == agreement.partner_id:
            return agreement.profile_id
        return self.env["ar.credit.profile"]._get_or_create(debtor, agreement.company_id)

    @api.model
    def _schedule_activities(self, records, activity_type, describe, users):
        """Create one activity a record in one go, in the language of its person; where that is empty, none.

        :param activity_type: external id without module
        :param describe: function of a record that returns what is to be done, in its environment's language
        :param dict users: by record
        """
        kind = self.env.ref(f"ar_credit_control.{activity_type}")
        model_id = self.env["ir.model"]._get_id(records._name)
        activities = self.env["mail.activity"].with_context(mail_activity_quick_update=True).sudo()
        return activities.create(  # sudo: whoever books the payment asks the collector to act
            [
                {
                    "res_model_id": model_id,
                    "res_id": record.id,
                    "activity_type_id": kind.id,
                    "summary": describe(record.with_context(lang=users[record].lang)),
                    "user_id": users[record].id,
                    "date_deadline": fields.Date.context_today(record),
                }
                for record in records
                if users[record]
            ]
        )

    @api.model
    def _close_activities(self, records, activity_type):
        """Take away activities whose cause is gone."""
        kind = self.env.ref(f"ar_credit_control.{activity_type}")
        activities = self.env["mail.activity"].sudo()  # sudo: of others, for whom nothing is left to do
        activities.search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("activity_type_id", "=", kind.id),
            ]
        ).unlink()
