from odoo import api, models
from odoo.tools import SQL

# Letters that a person or the mail queue still has to deal with: nothing new is proposed meanwhile.
WAITING_STATES = ("draft", "approved", "queued", "failed")


class ArDunningSelection(models.AbstractModel):
    """What a policy claims on a day: the one definition behind preview, proposal and the check when sending.

    Everything is SQL on sets; the number of statements does not depend on the number of items.
    Callers flush what they changed before.
    """

    _name = "ar.dunning.selection"
    _description = "Dunning Selection"

    @api.model
    def _with_sql(self, policy, date, partner_ids=None, letter_ids=None):
        """Return the common table expressions of the selection, to be put between WITH and a SELECT.

        ``dunning_item``: one row per claimable open item: ``id`` (journal item), ``move_id``, ``partner_id``
        (commercial entity), ``currency_id``, ``date_maturity``, ``days_overdue``, ``amount`` (company
        currency) and ``amount_currency``: what is claimed, without the paused part; ``amount_open`` (currency
        of the item): all that is open; ``pause_reason`` and ``pause_until`` of the paused part,
        ``last_stage_id``, ``last_date`` (of the letter that brought it there), ``stage_id`` (the stage due on
        ``date``, or NULL), ``missed_stage_id`` (a stage whose smallest amount or share is not reached),
        ``reason`` (why it is left out, or NULL).

        ``dunning_letter``: one row per customer and currency with an item whose stage is due:
        ``partner_id``, ``currency_id``, ``stage_id`` (highest due), ``item_count``, ``amount_due``,
        ``amount_overdue``, ``amount_credit`` (booked, not allocated), ``amount_cover`` (also on its way),
        ``days_overdue``, ``recipient_id``, ``channel``, ``profile_id``, ``contact_user_id`` and ``reason``.

        :param policy: a single ``ar.dunning.policy``; an inactive one is treated as if it were active.
        :param date: the day the stages are judged on. Amounts are what is open now.
        :param partner_ids: commercial partners to look at; None: all.
        :param letter_ids: letters being checked again: they do not stand in their own way, and the stages
            of their items do not have to be due today.
        """
        steps = self._steps_sql(policy, date, partner_ids, letter_ids)
        return SQL(", ").join(step for _name, step in steps)

    @api.model
    def _steps_sql(self, policy, date, partner_ids=None, letter_ids=None):
        """Return :meth:`_with_sql` in steps: pairs of a name and the expressions that end with this name.

        A step reads the names of earlier steps and nothing else of them, so that each may be kept in a table.
        """
        policy.ensure_one()
        root = policy.company_id
        self.env["ar.aging.report"]._switch_off_jit()
        opened = self._open_sql(root, partner_ids)
        customers = self._customer_sql(policy, root, date)
        return [
            ("dunning_open", SQL("dunning_open AS MATERIALIZED (%s)", opened)),
            ("dunning_customer", SQL("dunning_customer AS MATERIALIZED (%s)", customers)),
            (
                "dunning_item",
                SQL(
                    """
                    dunning_stage AS MATERIALIZED (%(stages)s),
                    dunning_history AS (%(history)s),
                    dunning_pause_total AS MATERIALIZED (%(pauses)s),
                    dunning_pause AS MATERIALIZED (%(paused_items)s),
                    %(quiet)s
                    %(items)s
                    """,
                    stages=self._stage_sql(policy),
                    history=self._history_sql(root),
                    pauses=self.env["ar.item.pause"]._pause_totals_sql(root, date),
                    paused_items=self._paused_item_sql(),
                    quiet=self._quiet_cte_sql(policy, date),
                    items=self._item_cte_sql(policy, root, date, letter_ids),
                ),
            ),
            (
                "dunning_letter",
                SQL(
                    """
                    dunning_cover_item AS (%(cover_items)s),
                    dunning_cover AS (%(cover)s),
                    dunning_contact AS (%(contact)s),
                    dunning_claim AS (%(claims)s),
                    dunning_letter AS MATERIALIZED (%(letters)s)
                    """,
                    cover_items=self._cover_item_sql(root, date, partner_ids),
                    cover=self._cover_sql(),
                    contact=self._contact_sql(policy, root, date),
                    claims=self._claim_sql(letter_ids),
                    letters=self._letter_sql(policy, root, date, letter_ids),
                ),
            ),
        ]

    @api.model
    def _open_sql(self, root, partner_ids=None):
        """Open trade items of the company and its branches, also those that are no claims (credits).

        With all that is read of their entries, so that each is looked up once.
        """
        partner_filter = (
            SQL("TRUE") if partner_ids is None else SQL("open_item.partner_id = ANY(%s)", list(partner_ids))
        )
        return SQL(
            """
            SELECT open_item.id, open_item.move_id, open_item.partner_id, open_item.company_id,
                   open_item.currency_id, open_item.date_maturity, open_item.amount,
                   open_item.amount_currency,
                   open_item.amount_currency > 0 AND journal.type NOT IN ('bank', 'cash', 'credit')
                       AS is_claim,
                   line.no_followup,
                   move.move_type = 'entry' AND journal.type = 'general' AS is_manual,
                   move.payment_state,
                   COALESCE(move.name, line.name, '/') AS name,
                   move.ref,
                   COALESCE(move.invoice_date, move.date) AS invoice_date,
                   line.amount_currency AS amount_original
              FROM (%(open_items)s) open_item
              JOIN account_move_line line ON line.id = open_item.id
              JOIN account_move move ON move.id = open_item.move_id
              JOIN account_journal journal ON journal.id = open_item.journal_id
             WHERE open_item.root_company_id = %(root)s
               AND open_item.partner_id IS NOT NULL
               AND open_item.non_trade IS NOT TRUE
               AND %(partner_filter)s
            """,
            open_items=self.env["ar.aging.report"]._open_items_sql(),
            root=root.id,
            partner_filter=partner_filter,
        )

    @api.model
    def _policy_match_sql(self, policy_alias, partner_alias, profile_alias):
        """Condition: the policy fits a customer by kind, rating, tag, country; empty lists fit everyone."""
        return SQL(
            """
            %(policy)s.customer_kind IN ('all', CASE WHEN %(partner)s.is_company THEN 'company'
                                                     ELSE 'person' END)
            AND (NOT EXISTS (SELECT FROM ar_credit_rating_ar_dunning_policy_rel rel
                          WHERE rel.ar_dunning_policy_id = %(policy)s.id)
             OR EXISTS (SELECT FROM ar_credit_rating_ar_dunning_policy_rel rel
                         WHERE rel.ar_dunning_policy_id = %(policy)s.id
                           AND rel.ar_credit_rating_id = %(profile)s.rating_id))
            AND (NOT EXISTS (SELECT FROM ar_dunning_policy_res_partner_category_rel rel
                              WHERE rel.ar_dunning_policy_id = %(policy)s.id)
                 OR EXISTS (SELECT FROM ar_dunning_policy_res_partner_category_rel rel
                              JOIN res_partner_res_partner_category_rel tag
                                ON tag.category_id = rel.res_partner_category_id
                             WHERE rel.ar_dunning_policy_id = %(policy)s.id
                               AND tag.partner_id = %(partner)s.id))
            AND (NOT EXISTS (SELECT FROM ar_dunning_policy_res_country_rel rel
                              WHERE rel.ar_dunning_policy_id = %(policy)s.id)
                 OR EXISTS (SELECT FROM ar_dunning_policy_res_country_rel rel
                             WHERE rel.ar_dunning_policy_id = %(policy)s.id
                               AND rel.res_country_id = %(partner)s.country_id))
            """,
            policy=SQL.identifier(policy_alias),
            partner=SQL.identifier(partner_alias),
            profile=SQL.identifier(profile_alias),
        )

    @api.model
    def _assigned_policy_sql(self, policy=None):
        """Join that gives ``assigned.policy_id`` from aliases ``partner``, ``profile`` and ``root``."""
        usable = SQL("(policy.active OR policy.id = %s)", policy.id) if policy else SQL("policy.active")
        return SQL(
            """
            LEFT JOIN LATERAL (
                SELECT policy.id AS policy_id
                  FROM ar_dunning_policy policy
                 WHERE policy.company_id = root.id
                   AND %(usable)s
                   AND (policy.id = profile.dunning_policy_id OR (%(match)s))
              ORDER BY (policy.id = profile.dunning_policy_id) IS TRUE DESC, policy.sequence, policy.id
                 LIMIT 1
            ) assigned ON TRUE
            """,
            usable=usable,
            match=self._policy_match_sql("policy", "partner", "profile"),
        )

    @api.model
    def _customer_sql(self, policy, root, date):
        """Customers of the policy, and why they get no letters."""
        return SQL(
            """
            SELECT partner.id,
                   profile.id AS profile_id,
                   profile.collector_id,
                   CASE WHEN EXISTS (SELECT FROM res_company own
                                      JOIN res_partner own_partner ON own_partner.id = own.partner_id
                                     WHERE own_partner.commercial_partner_id = partner.id)
                        THEN 'own_company'
                        WHEN profile.dunning_excluded
                             AND COALESCE(profile.dunning_excluded_until >= %(date)s, TRUE)
                        THEN 'excluded'
                        WHEN EXISTS (%(excluded)s) THEN 'excluded' END AS reason
              FROM (SELECT DISTINCT partner_id FROM dunning_open WHERE is_claim) debtor
              JOIN res_partner partner ON partner.id = debtor.partner_id
              JOIN res_company root ON root.id = %(root)s
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = partner.id AND profile.company_id = root.id
              %(assigned)s
             WHERE assigned.policy_id = %(policy)s
            """,
            date=date,
            root=root.id,
            policy=policy.id,
            assigned=self._assigned_policy_sql(policy),
            excluded=self.env["ar.dunning.exclusion"]._customer_sql(SQL("partner.id"), root, date),
        )

    @api.model
    def _stage_sql(self, policy):
        """Active stages with the offsets between which they are the next to send.

        ``next_skip_offset``: from there on, a policy that skips uses a later stage; none that hands over.
        ``is_last_letter``: only stages that hand over come behind it; ``repeat_until_offset`` is the first.
        """
        return SQL(
            """
            SELECT id,
                   day_offset,
                   legal IS TRUE AS legal,
                   repeat_days,
                   min_amount,
                   min_share,
                   send_by,
                   task,
                   day_offset > 0 AS is_after_due,
                   COALESCE(LAG(day_offset) OVER side, -100000) AS previous_offset,
                   COALESCE(LEAD(day_offset) OVER side, 1) AS next_offset,
                   COALESCE(MIN(day_offset) FILTER (WHERE legal IS NOT TRUE)
                                OVER (side ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), 100000)
                       AS next_skip_offset,
                   legal IS NOT TRUE
                   AND COUNT(*) FILTER (WHERE legal IS NOT TRUE)
                           OVER (side ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) = 0 AS is_last_letter,
                   COALESCE(LEAD(day_offset) OVER side, 100000) AS repeat_until_offset
              FROM ar_dunning_stage
             WHERE policy_id = %s AND active
            WINDOW side AS (PARTITION BY day_offset > 0 ORDER BY day_offset)
            """,
            policy.id,
        )

    @api.model
    def _history_sql(self, root):
        """The furthest stage sent of each instalment: entry, customer and due date, whatever its id."""
        return SQL(
            """
            SELECT sent.move_id,
                   sent.partner_id,
                   sent.date_maturity,
                   MAX(stage.day_offset) AS day_offset,
                   (ARRAY_AGG(stage.id ORDER BY stage.day_offset DESC, sent.letter_id DESC))[1] AS stage_id,
                   (ARRAY_AGG(sent.date ORDER BY stage.day_offset DESC, sent.is_due IS TRUE DESC,
                                                 sent.date DESC))[1] AS last_date
              FROM (%(sent)s) sent
              JOIN ar_dunning_stage stage ON stage.id = sent.stage_id
             WHERE sent.company_id = %(root)s
               AND sent.move_id IN (SELECT move_id FROM dunning_open WHERE is_claim)
          GROUP BY sent.move_id, sent.partner_id, sent.date_maturity
            """,
            sent=self.env["ar.dunning.letter.line"]._sent_sql(),
            root=root.id,
        )

    @api.model
    def _paused_item_sql(self):
        """Open items that are paused in full or in part, with the part.

        A pause speaks of an entry, a customer and a due date; of several items that have these in common,
        the first takes it, and what is left of it the next.
        """
        return SQL(
            """
            SELECT item.id, pause.reason, pause.until,
                   CASE WHEN pause.amount_currency IS NULL THEN item.amount_currency
                        ELSE LEAST(pause.amount_currency - item.before, item.amount_currency)
                        END AS amount_currency
              FROM (
                    SELECT id, move_id, partner_id, date_maturity, amount_currency,
                           SUM(amount_currency) OVER (PARTITION BY move_id, partner_id, date_maturity
                                                      ORDER BY id) - amount_currency AS before
                      FROM dunning_open
                     WHERE is_claim AND move_id IN (SELECT move_id FROM dunning_pause_total)
                   ) item
              JOIN dunning_pause_total pause
                ON pause.move_id = item.move_id
               AND pause.partner_id = item.partner_id
               AND pause.date_maturity = item.date_maturity
             WHERE pause.amount_currency IS NULL OR pause.amount_currency > item.before
            """
        )

    @api.model
    def _quiet_cte_sql(self, policy, date):
        """The days without work around ``date`` as ``dunning_quiet``; nothing without a calendar."""
        if not policy.calendar_id:
            return SQL()
        return SQL("dunning_quiet AS MATERIALIZED (%s),", policy._quiet_days_sql(date, policy))

    @api.model
    def _item_cte_sql(self, policy, root, date, letter_ids=None):
        """``dunning_item``, behind what it is made of."""
        items = self._item_sql(policy, date, letter_ids)
        if letter_ids or not self._has_stage_minimum(policy):
            return SQL(
                "dunning_item AS MATERIALIZED (SELECT *, NULL::int AS missed_stage_id FROM (%s) item)", items
            )
        return SQL(
            """dunning_candidate AS MATERIALIZED (%(items)s),
               dunning_reached AS MATERIALIZED (%(reached)s),
               dunning_item AS MATERIALIZED (%(lowered)s)""",
            items=items,
            reached=self._reached_sql(policy, root, date),
            lowered=self._lowered_sql(date),
        )

    @api.model
    def _has_stage_minimum(self, policy):
        return any(stage.min_amount or stage.min_share for stage in policy.stage_ids)

    @api.model
    def _item_sql(self, policy, date, letter_ids=None):
        """Claimable items with the stage that is due and the reason to leave them out."""
        days = self.env["ar.aging.report"]._days_overdue_sql(date, SQL("open_item.date_maturity"))
        quiet_join, maturity = SQL(), SQL("open_item.date_maturity")
        if policy.calendar_id:
            quiet_join = SQL("LEFT JOIN dunning_quiet quiet ON quiet.day = open_item.date_maturity")
            maturity = SQL("COALESCE(quiet.working_day, open_item.date_maturity)")
        stage_join = self._stage_join_sql(policy, date, maturity)
        if letter_ids:
            # The stage was decided when the letter was proposed; only the amounts are judged anew.
            stage_join = SQL(
                """
                LEFT JOIN LATERAL (
                    SELECT proposed.stage_id AS id, proposed_stage.day_offset, FALSE AS legal
                      FROM ar_dunning_letter_line proposed
                      JOIN ar_dunning_letter letter ON letter.id = proposed.letter_id
                      JOIN res_partner addressee ON addressee.id = letter.partner_id
                 LEFT JOIN ar_dunning_stage proposed_stage ON proposed_stage.id = proposed.stage_id
                     WHERE proposed.move_id = open_item.move_id
                       AND addressee.commercial_partner_id = open_item.partner_id
                       AND proposed.date_maturity = open_item.date_maturity
                       AND letter.currency_id = open_item.currency_id
                       AND proposed.is_due
                       AND letter.id = ANY(%s)
                     LIMIT 1
                ) stage ON TRUE
                """,
                list(letter_ids),
            )
        return SQL(
            """
            SELECT open_item.id,
                   open_item.move_id,
                   open_item.partner_id,
                   open_item.company_id,
                   open_item.currency_id,
                   open_item.date_maturity,
                   %(days)s AS days_overdue,
                   CASE WHEN pause.id IS NULL THEN open_item.amount
                        ELSE ROUND(open_item.amount
                                   * (open_item.amount_currency - pause.amount_currency)
                                   / open_item.amount_currency, %(digits)s) END AS amount,
                   open_item.amount_currency - COALESCE(pause.amount_currency, 0) AS amount_currency,
                   open_item.amount_currency AS amount_open,
                   pause.reason AS pause_reason,
                   pause.until AS pause_until,
                   history.stage_id AS last_stage_id,
                   history.day_offset AS last_offset,
                   history.last_date,
                   stage.id AS stage_id,
                   stage.day_offset,
                   CASE WHEN pause.amount_currency >= open_item.amount_currency THEN pause.reason
                        WHEN open_item.payment_state = 'blocked' THEN 'disputed'
                        WHEN open_item.no_followup AND NOT open_item.is_manual THEN 'no_followup'
                        WHEN open_item.no_followup AND NOT %(include_manual)s THEN 'manual'
                        WHEN stage.legal THEN COALESCE(customer.reason, 'hand_over') END AS reason
              FROM dunning_open open_item
              JOIN dunning_customer customer ON customer.id = open_item.partner_id
         LEFT JOIN dunning_pause pause ON pause.id = open_item.id
         LEFT JOIN dunning_history history
                ON history.move_id = open_item.move_id
               AND history.partner_id = open_item.partner_id
               AND history.date_maturity = open_item.date_maturity
              %(quiet_join)s
              %(stage_join)s
             WHERE open_item.is_claim
            """,
            days=days,
            digits=policy.company_id.currency_id.decimal_places,
            include_manual=policy._includes_manual_entries(),
            quiet_join=quiet_join,
            stage_join=stage_join,
        )

    @api.model
    def _stage_join_sql(self, policy, date, maturity):
        """Join of the one stage, if any, that an item has reached and that was not sent for it.

        Before the due date: the stage in whose days the item is. After it: the next stage after the one that
        was sent, or, where a policy skips, the last one whose days are over. The last letter again and again,
        where it repeats, until an item is to be handed over. A stage that hands over is only reached from the
        one before it.
        """
        days = self.env["ar.aging.report"]._days_overdue_sql(date, maturity)
        sent = SQL("COALESCE(history.day_offset, -100000)")
        climbs = SQL("stage.previous_offset <= %(sent)s AND stage.day_offset > %(sent)s", sent=sent)
        if policy.skip_when_late:
            climbs = SQL(
                """CASE WHEN stage.legal THEN %(climbs)s
                        ELSE stage.day_offset > %(sent)s
                             AND stage.next_skip_offset + %(grace)s > %(days)s END""",
                climbs=climbs,
                sent=sent,
                grace=policy.grace_days,
                days=days,
            )
        return SQL(
            """
            LEFT JOIN dunning_stage stage
                ON CASE WHEN %(days)s > 0
                        THEN stage.is_after_due
                             AND stage.day_offset + %(grace)s <= %(days)s
                             AND (%(climbs)s
                                  OR (stage.id = history.stage_id AND stage.is_last_letter
                                      AND stage.repeat_days > 0
                                      AND stage.repeat_until_offset + %(grace)s > %(days)s
                                      AND history.last_date + stage.repeat_days <= %(date)s::date))
                        ELSE NOT stage.is_after_due
                             AND stage.day_offset > %(sent)s
                             AND %(days)s >= stage.day_offset AND %(days)s < stage.next_offset END
            """,
            days=days,
            grace=policy.grace_days,
            climbs=climbs,
            sent=sent,
            date=date,
        )

    @api.model
    def _reached_sql(self, policy, root, date):
        """The stages whose smallest amount and share a customer reaches in a currency.

        What is at the stage counts: items that come to it or go beyond it now, and those that were there.
        """
        return SQL(
            """
            SELECT item.partner_id, item.currency_id, stage.id AS stage_id, stage.day_offset,
                   stage.is_after_due, stage.repeat_days
              FROM dunning_candidate item
              JOIN dunning_stage stage
                ON stage.day_offset <= GREATEST(item.day_offset, item.last_offset)
               AND stage.is_after_due = (GREATEST(item.day_offset, item.last_offset) > 0)
         LEFT JOIN (SELECT partner_id, SUM(amount) AS amount FROM dunning_open GROUP BY partner_id) balance
                ON balance.partner_id = item.partner_id
         LEFT JOIN (%(rates)s) rate ON rate.currency_id = item.currency_id
             WHERE item.reason IS NULL OR item.reason = 'hand_over'
          GROUP BY item.partner_id, item.currency_id, stage.id, stage.day_offset, stage.is_after_due,
                   stage.repeat_days, stage.min_amount, stage.min_share, balance.amount, rate.rate
            HAVING SUM(item.amount_currency) >= COALESCE(stage.min_amount, 0) * rate.rate::numeric
               AND SUM(item.amount) * 100 >= COALESCE(stage.min_share, 0)::numeric * balance.amount
            """,
            rates=self._rate_sql(policy, root, date),
        )

    @api.model
    def _lowered_sql(self, date):
        """Items at the highest stage that reaches its smallest amount and share, if it was not sent yet.

        The stage to which an item falls back is sent again where it repeats.
        """
        columns = SQL(
            """candidate.id, candidate.move_id, candidate.partner_id, candidate.company_id,
               candidate.currency_id, candidate.date_maturity, candidate.days_overdue, candidate.amount,
               candidate.amount_currency, candidate.amount_open, candidate.pause_reason,
               candidate.pause_until, candidate.last_stage_id, candidate.last_offset, candidate.last_date"""
        )
        return SQL(
            """
            SELECT %(columns)s,
                   CASE WHEN used.is_due THEN used.stage_id END AS stage_id,
                   CASE WHEN used.is_due THEN used.day_offset END AS day_offset,
                   CASE WHEN candidate.reason = 'hand_over' AND used.stage_id IS DISTINCT FROM
                             candidate.stage_id THEN NULL ELSE candidate.reason END AS reason,
                   CASE WHEN used.stage_id IS DISTINCT FROM candidate.stage_id
                        THEN candidate.stage_id END AS missed_stage_id
              FROM dunning_candidate candidate
         LEFT JOIN dunning_stage wanted ON wanted.id = candidate.stage_id
         LEFT JOIN LATERAL (
                    SELECT reached.stage_id, reached.day_offset,
                           reached.stage_id = candidate.stage_id
                           OR reached.day_offset > COALESCE(candidate.last_offset, -100000)
                           OR (reached.stage_id = candidate.last_stage_id AND reached.repeat_days > 0
                               AND candidate.last_date + reached.repeat_days <= %(date)s::date) AS is_due
                      FROM dunning_reached reached
                     WHERE reached.partner_id = candidate.partner_id
                       AND reached.currency_id = candidate.currency_id
                       AND reached.is_after_due = wanted.is_after_due
                       AND reached.day_offset <= candidate.day_offset
                  ORDER BY reached.day_offset DESC
                     LIMIT 1
                   ) used ON candidate.reason IS NULL OR candidate.reason = 'hand_over'
             WHERE candidate.reason IS NULL OR candidate.reason = 'hand_over'
         UNION ALL
            SELECT %(columns)s, candidate.stage_id, candidate.day_offset, candidate.reason, NULL
              FROM dunning_candidate candidate
             WHERE candidate.reason IS NOT NULL AND candidate.reason != 'hand_over'
            """,
            columns=columns,
            date=date,
        )

    @api.model
    def _rate_sql(self, policy, root, date):
        """Units of every currency for one of the currency of the policy, at the rate of the day."""
        return self._exchange_sql(policy.currency_id, root, date)

    @api.model
    def _company_rate_sql(self, root, date):
        """Units of every currency for one of the company's, at the rate of the day."""
        return self._exchange_sql(root.currency_id, root, date)

    @api.model
    def _exchange_sql(self, currency, root, date):
        currencies = self.env["res.currency"].with_context(active_test=False).search([])
        rates = currencies._get_rates(root, date)
        rows = SQL(", ").join(
            SQL("(%s, %s)", currency_id, rate / rates[currency.id]) for currency_id, rate in rates.items()
        )
        return SQL("SELECT currency_id, rate FROM (VALUES %s) rate (currency_id, rate)", rows)

    @api.model
    def _cover_item_sql(self, root, date, partner_ids=None):
        """Money and credits of customers that no invoice was reduced by yet.

        Booked ones are the credits on the receivable account. Not booked is what the queue of receipts shows
        as being on its way, at the rate of the day.
        """
        partner_filter = (
            SQL("TRUE") if partner_ids is None else SQL("money.partner_id = ANY(%s)", list(partner_ids))
        )
        return SQL(
            """
            SELECT partner_id, currency_id, -amount_currency AS amount_currency, -amount AS amount,
                   TRUE AS is_booked
              FROM dunning_open
             WHERE NOT is_claim
         UNION ALL
            SELECT money.partner_id, money.currency_id, money.amount_currency,
                   money.amount_currency / rate.rate::numeric, FALSE
              FROM (%(unbooked)s) money
              JOIN (%(rates)s) rate ON rate.currency_id = money.currency_id
             WHERE money.root_company_id = %(root)s
               AND money.partner_id IS NOT NULL
               AND %(partner_filter)s
            """,
            unbooked=self.env["ar.cash.receipt"]._unbooked_sql(),
            partner_filter=partner_filter,
            root=root.id,
            rates=self._company_rate_sql(root, date),
        )

    @api.model
    def _cover_sql(self):
        """What covers the claims of a customer in a currency; in company currency over all of them."""
        return SQL(
            """
            SELECT partner_id,
                   currency_id,
                   SUM(amount_currency) AS amount_currency,
                   SUM(amount_currency) FILTER (WHERE is_booked) AS booked,
                   SUM(SUM(amount)) OVER (PARTITION BY partner_id) AS total
              FROM dunning_cover_item
          GROUP BY partner_id, currency_id
            """
        )

    @api.model
    def _contact_sql(self, policy, root, date):
        """The last letter of a customer within the days between contacts; days of contact under the cap."""
        since = max(policy.contact_interval_days, policy.contact_cap and policy.contact_cap_days)
        return SQL(
            """
            SELECT partner_id,
                   MAX(date) FILTER (WHERE is_letter AND date > %(date)s::date - %(interval)s) AS date,
                   COUNT(DISTINCT date) FILTER (WHERE date > %(date)s::date - %(cap_days)s) AS contact_count
              FROM (%(contacts)s) contact
             WHERE date > %(date)s::date - %(since)s
          GROUP BY partner_id
            """,
            contacts=SQL(" UNION ALL ").join(self._contact_parts(root)),
            date=date,
            interval=policy.contact_interval_days,
            cap_days=policy.contact_cap_days,
            since=since,
        )

    @api.model
    def _contact_parts(self, root):
        """Return a list of statements of contacts: ``partner_id``, ``date``, ``is_letter``.

        Letters that were sent, and those that a person dropped. Other rooms add theirs: they count under the
        cap on contacts.
        """
        return [
            SQL(
                """SELECT addressee.commercial_partner_id AS partner_id, letter.date, TRUE AS is_letter
                     FROM ar_dunning_letter letter
                     JOIN res_partner addressee ON addressee.id = letter.partner_id
                    WHERE letter.company_id = %s
                      AND (letter.state = 'sent' OR letter.cancel_reason = 'dropped')""",
                root.id,
            )
        ]

    @api.model
    def _claim_sql(self, letter_ids=None):
        """What a letter would claim: all that is overdue, and the other items whose stage is due."""
        listed = SQL("(stage_id IS NOT NULL OR days_overdue > 0)")
        if letter_ids:
            listed = self._listed_in_sql(letter_ids)
        return SQL(
            """
            SELECT item.partner_id,
                   item.currency_id,
                   (ARRAY_AGG(item.stage_id ORDER BY item.day_offset DESC NULLS LAST))[1] AS stage_id,
                   COUNT(*) AS item_count,
                   SUM(item.amount_currency) AS amount_due,
                   SUM(item.amount_currency) FILTER (WHERE item.days_overdue > 0) AS amount_overdue,
                   SUM(SUM(item.amount)) OVER (PARTITION BY item.partner_id) AS total,
                   MAX(item.days_overdue) AS days_overdue,
                   MIN(item.date_maturity) AS date_maturity
              FROM dunning_item item
             WHERE item.reason IS NULL AND %s
          GROUP BY item.partner_id, item.currency_id
            HAVING COUNT(item.stage_id) > 0
            """,
            listed,
        )

    @api.model
    def _listed_in_sql(self, letter_ids):
        """Condition on alias ``item``: a line of these letters lists it."""
        return SQL(
            """EXISTS (SELECT FROM ar_dunning_letter_line proposed
                         JOIN ar_dunning_letter letter ON letter.id = proposed.letter_id
                         JOIN res_partner addressee ON addressee.id = letter.partner_id
                        WHERE proposed.move_id = item.move_id
                          AND addressee.commercial_partner_id = item.partner_id
                          AND proposed.date_maturity = item.date_maturity
                          AND letter.currency_id = item.currency_id
                          AND letter.id = ANY(%s))""",
            list(letter_ids),
        )

    @api.model
    def _letter_sql(self, policy, root, date, letter_ids=None):
        """One row per letter, with the reason why it is not written."""
        waiting = contacted = capped = quiet = SQL("FALSE")
        if not letter_ids:
            quiet = SQL("%s", not policy._is_working_day(date))
            waiting = SQL(
                """EXISTS (SELECT FROM ar_dunning_letter letter
                             JOIN res_partner addressee ON addressee.id = letter.partner_id
                            WHERE letter.company_id = %s
                              AND addressee.commercial_partner_id = claim.partner_id
                              AND letter.currency_id = claim.currency_id AND letter.state IN %s)""",
                root.id,
                WAITING_STATES,
            )
            contacted = SQL("contact.date IS NOT NULL")
            if policy.contact_cap:
                capped = SQL("contact.contact_count >= %s", policy.contact_cap)
        return SQL(
            """
            SELECT claim.partner_id,
                   claim.currency_id,
                   claim.stage_id,
                   claim.item_count,
                   claim.amount_due,
                   COALESCE(claim.amount_overdue, 0) AS amount_overdue,
                   GREATEST(COALESCE(cover.booked, 0), 0) AS amount_credit,
                   COALESCE(cover.amount_currency, 0) AS amount_cover,
                   claim.days_overdue,
                   claim.date_maturity,
                   recipient.id AS recipient_id,
                   %(channel)s AS channel,
                   customer.profile_id,
                   COALESCE(seller.id, collector.id) AS contact_user_id,
                   contact.date AS contact_date,
                   CASE WHEN customer.reason IS NOT NULL THEN customer.reason
                        WHEN %(quiet)s THEN 'quiet_day'
                        WHEN %(waiting)s THEN 'waiting'
                        WHEN %(contacted)s THEN 'contacted'
                        WHEN %(capped)s THEN 'capped'
                        WHEN cover.amount_currency >= claim.amount_due OR covered.total >= claim.total
                        THEN 'unapplied'
                        WHEN claim.amount_due - GREATEST(COALESCE(cover.booked, 0), 0)
                             < %(smallest)s * rate.rate::numeric
                        THEN 'minimum'
                        WHEN %(channel)s IS NULL THEN 'no_address' END AS reason
              FROM dunning_claim claim
              JOIN dunning_customer customer ON customer.id = claim.partner_id
              JOIN res_partner partner ON partner.id = claim.partner_id
         LEFT JOIN ar_dunning_stage stage ON stage.id = claim.stage_id
         LEFT JOIN res_users seller ON stage.owner = 'sales' AND seller.id = partner.user_id AND %(sells)s
         LEFT JOIN res_users collector ON collector.id = customer.collector_id AND %(collects)s
         LEFT JOIN LATERAL (%(recipient)s) recipient ON TRUE
         LEFT JOIN dunning_cover cover
                ON cover.partner_id = claim.partner_id AND cover.currency_id = claim.currency_id
         LEFT JOIN (SELECT DISTINCT partner_id, total FROM dunning_cover) covered
                ON covered.partner_id = claim.partner_id
         LEFT JOIN dunning_contact contact ON contact.partner_id = claim.partner_id
         LEFT JOIN (%(rates)s) rate ON rate.currency_id = claim.currency_id
            """,
            channel=self._channel_sql(),
            sells=self._is_there_sql(SQL("seller"), root),
            collects=self._is_there_sql(SQL("collector"), root),
            recipient=self.env["ar.document.recipient"]._letter_sql(SQL("partner"), SQL("stage")),
            quiet=quiet,
            waiting=waiting,
            contacted=contacted,
            capped=capped,
            rates=self._rate_sql(policy, root, date),
            smallest=policy.min_amount,
        )

    @api.model
    def _channel_sql(self):
        """How the stage of a letter reaches its customer; NULL: there is no address for it."""
        return SQL(
            """CASE stage.send_by
                    WHEN 'none' THEN COALESCE(stage.task, 'call')
                    WHEN 'message' THEN 'message'
                    WHEN 'post' THEN CASE WHEN recipient.has_address THEN 'post'
                                          WHEN recipient.has_email THEN 'email' END
                    ELSE CASE WHEN recipient.has_email THEN 'email'
                              WHEN recipient.has_address THEN 'post' END END"""
        )

    @api.model
    def _is_there_sql(self, user, root) -> SQL:
        """Return the condition that a user is still there, and of a main company or one of its branches.

        :param user: SQL alias of a row of ``res_users``
        """
        return SQL(
            """(%(user)s.active AND %(user)s.share IS NOT TRUE
                AND EXISTS (SELECT FROM res_company_users_rel membership
                              JOIN res_company own ON own.id = membership.cid
                             WHERE membership.user_id = %(user)s.id AND own.parent_path LIKE %(below)s))""",
            user=user,
            below=f"{root.parent_path}%",
        )

    @api.model
    def _get_seller(self, stage, root, partner):
        """Return the salesperson whom a letter of a stage to a customer names; empty if it names another."""
        seller = partner.user_id if stage.owner == "sales" else partner.user_id.browse()
        self.env.flush_all()
        return seller.browse(
            seller_id
            for (seller_id,) in self.env.execute_query(
                SQL(
                    "SELECT seller.id FROM res_users seller WHERE seller.id = ANY(%s) AND %s",
                    seller.ids,
                    self._is_there_sql(SQL("seller"), root),
                )
            )
        )

    @api.model
    def _get_channel(self, stage, recipient, has_email, has_address):
        """Return how a letter of a stage reaches a recipient who has these; None: not at all."""
        recipient = SQL(
            "(SELECT %s::int AS id, %s::boolean AS has_email, %s::boolean AS has_address) recipient",
            recipient.id or None,
            has_email,
            has_address,
        )
        stage.flush_recordset(["send_by", "task"])
        rows = self.env.execute_query(
            SQL(
                "SELECT %s FROM ar_dunning_stage stage, %s WHERE stage.id = %s",
                self._channel_sql(),
                recipient,
                stage.id,
            )
        )
        return rows[0][0] if rows else None

    @api.model
    def _get_recipient(self, stage, partner):
        """Return who gets a letter of a stage to a customer."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT recipient.id
                     FROM res_partner partner
                     JOIN ar_dunning_stage stage ON stage.id = %s
                CROSS JOIN LATERAL (%s) recipient
                    WHERE partner.id = %s""",
                stage.id,
                self.env["ar.document.recipient"]._letter_sql(SQL("partner"), SQL("stage")),
                partner.id,
            )
        )
        return partner.browse(rows[0])

    @api.model
    def _line_sql(self, letter_ids=None):
        """Items listed in the letters that are written, as alias ``item``."""
        listed = SQL("(item.stage_id IS NOT NULL OR item.days_overdue > 0)")
        if letter_ids:
            listed = self._listed_in_sql(letter_ids)
        return SQL("item.reason IS NULL AND %s", listed)

    @api.model
    def _left_out_sql(self):
        """What had a stage due and gets no letter: by customer, currency and reason."""
        return SQL(
            """
            SELECT partner_id, currency_id, reason, COUNT(*) AS item_count,
                   SUM(amount_open) AS amount, MIN(date_maturity) AS date_maturity,
                   MAX(days_overdue) AS days_overdue, NULL::date AS contact_date,
                   0::numeric AS amount_cover
              FROM dunning_item
             WHERE reason IS NOT NULL AND stage_id IS NOT NULL
          GROUP BY partner_id, currency_id, reason
         UNION ALL
            SELECT partner_id, currency_id, 'stage_minimum', COUNT(*), SUM(amount_currency),
                   MIN(date_maturity), MAX(days_overdue), NULL::date, 0::numeric
              FROM dunning_item item
             WHERE reason IS NULL AND stage_id IS NULL AND missed_stage_id IS NOT NULL
               AND NOT EXISTS (SELECT FROM dunning_letter letter
                                WHERE letter.partner_id = item.partner_id
                                  AND letter.currency_id = item.currency_id)
          GROUP BY partner_id, currency_id
         UNION ALL
            SELECT partner_id, currency_id, reason, item_count, amount_due, date_maturity, days_overdue,
                   contact_date, amount_cover
              FROM dunning_letter
             WHERE reason IS NOT NULL
            """
        )

    @api.model
    def _next_date_sql(self, today, move_ids=None):
        """The earliest date on which entries reach their next stage: ``move_id``, ``next_date``.

        By the customer's active policy: its days and grace, working days, the days between contacts, the cap
        on contacts, and the end of pauses and exclusions. Smallest amounts are judged on the day itself.

        :param move_ids: entries to look at; None: all that are open
        """
        self.env["ar.aging.report"]._switch_off_jit()
        policies = self.env["ar.dunning.policy"].sudo().search([])  # a date on an invoice, not the policies
        roots = policies.company_id
        # Each part is planned by itself: together, PostgreSQL took ten times as long to plan as to run them.
        return SQL(
            """
              WITH upcoming_open AS MATERIALIZED (%(open_items)s),
                   upcoming_customer AS MATERIALIZED (%(customers)s),
                   upcoming_item AS MATERIALIZED (%(items)s),
                   upcoming_pause AS MATERIALIZED (%(pauses)s),
                   upcoming_contact AS MATERIALIZED (%(contacts)s),
                   upcoming_quiet AS MATERIALIZED (%(quiet)s)
            SELECT move_id, MIN(COALESCE(quiet.working_day, next_date)) AS next_date
              FROM (
                    SELECT item.move_id,
                           item.policy_id,
                           GREATEST(%(today)s::date, pause.until + 1, item.excluded_until + 1,
                                    contact.date + item.contact_interval_days,
                                    contact.free_date, next_stage.date) AS next_date
                      FROM upcoming_item item
                 LEFT JOIN upcoming_pause pause
                        ON pause.move_id = item.move_id
                       AND pause.partner_id = item.partner_id
                       AND pause.date_maturity = item.date_maturity
                       AND COALESCE(pause.amount_currency >= item.amount_currency, TRUE)
                 LEFT JOIN upcoming_contact contact
                        ON contact.partner_id = item.partner_id AND contact.policy_id = item.policy_id
                 LEFT JOIN upcoming_quiet due
                        ON due.policy_id = item.policy_id AND due.day = item.date_maturity
                 LEFT JOIN LATERAL (%(last_stage)s) history ON TRUE
                      JOIN LATERAL (%(next_stage)s) next_stage ON TRUE
                     WHERE (pause.move_id IS NULL OR pause.until IS NOT NULL)
                       AND NOT next_stage.legal
                   ) item
         LEFT JOIN upcoming_quiet quiet ON quiet.policy_id = item.policy_id AND quiet.day = item.next_date
          GROUP BY move_id
            """,
            today=today,
            open_items=self._upcoming_open_sql(move_ids),
            customers=self._upcoming_customer_sql(today),
            items=self._upcoming_item_sql(),
            pauses=self._upcoming_pause_sql(roots, today, move_ids),
            contacts=self._next_contact_sql(roots, today),
            quiet=self._upcoming_quiet_sql(policies, today),
            last_stage=self._last_stage_sql(),
            next_stage=self._next_stage_sql(today),
        )

    @api.model
    def _upcoming_open_sql(self, move_ids=None):
        """Open claims of entries."""
        return SQL(
            """
            SELECT item.id, item.move_id, item.partner_id, item.root_company_id, item.journal_id,
                   item.date_maturity, item.amount_currency
              FROM (%(open_items)s) item
             WHERE item.amount_currency > 0 AND item.non_trade IS NOT TRUE AND %(wanted)s
            """,
            open_items=self.env["ar.aging.report"]._open_items_sql(),
            wanted=self._among_moves_sql(SQL("item.move_id"), move_ids),
        )

    @api.model
    def _upcoming_pause_sql(self, roots, today, move_ids=None):
        return SQL(
            "SELECT * FROM (%(pauses)s) pause WHERE %(wanted)s",
            pauses=self.env["ar.item.pause"]._pause_totals_sql(roots, today),
            wanted=self._among_moves_sql(SQL("pause.move_id"), move_ids),
        )

    @api.model
    def _among_moves_sql(self, column, move_ids=None):
        return SQL("TRUE") if move_ids is None else SQL("%s = ANY(%s)", column, list(move_ids))

    @api.model
    def _upcoming_customer_sql(self, today):
        """Customers of ``upcoming_open`` with their policy; not those that are excluded without an end."""
        return SQL(
            """
            SELECT debtor.partner_id,
                   debtor.root_company_id,
                   assigned.policy_id,
                   GREATEST(profile.excluded_until, exclusion.until) AS excluded_until
              FROM (SELECT DISTINCT partner_id, root_company_id FROM upcoming_open) debtor
              JOIN res_partner partner ON partner.id = debtor.partner_id
              JOIN res_company root ON root.id = debtor.root_company_id
         LEFT JOIN (SELECT *, CASE WHEN dunning_excluded THEN dunning_excluded_until END AS excluded_until
                      FROM ar_credit_profile) profile
                ON profile.partner_id = partner.id AND profile.company_id = root.id
              %(assigned)s
         LEFT JOIN (SELECT partner_id, company_id,
                           CASE WHEN bool_or(date_to IS NULL) THEN NULL ELSE MAX(date_to) END AS until
                      FROM ar_dunning_exclusion exclusion
                     WHERE kind = 'customer' AND %(in_force)s
                  GROUP BY partner_id, company_id) exclusion
                ON exclusion.partner_id = partner.id AND exclusion.company_id = root.id
             WHERE assigned.policy_id IS NOT NULL
               AND (profile.dunning_excluded IS NOT TRUE OR profile.excluded_until IS NOT NULL)
               AND (exclusion.partner_id IS NULL OR exclusion.until IS NOT NULL)
            """,
            assigned=self._assigned_policy_sql(),
            in_force=self.env["ar.dunning.exclusion"]._in_force_sql(today),
        )

    @api.model
    def _upcoming_item_sql(self):
        """Claims of ``upcoming_open`` that the policy of the customer reminds of, with what it says."""
        return SQL(
            """
            SELECT item.move_id,
                   item.partner_id,
                   item.date_maturity,
                   item.amount_currency,
                   policy.id AS policy_id,
                   policy.grace_days,
                   policy.contact_interval_days,
                   customer.excluded_until
              FROM upcoming_open item
              JOIN upcoming_customer customer
                ON customer.partner_id = item.partner_id AND customer.root_company_id = item.root_company_id
              JOIN ar_dunning_policy policy ON policy.id = customer.policy_id
              JOIN account_move move ON move.id = item.move_id
              JOIN account_move_line line ON line.id = item.id
              JOIN account_journal journal ON journal.id = item.journal_id
              JOIN res_company root ON root.id = item.root_company_id
             WHERE journal.type NOT IN ('bank', 'cash', 'credit')
               AND move.payment_state != 'blocked'
               AND (line.no_followup IS NOT TRUE
                    OR (move.move_type = 'entry' AND journal.type = 'general'
                        AND COALESCE(NULLIF(policy.manual_entries, 'company'),
                                     root.dunning_manual_entries) = 'include'))
            """
        )

    @api.model
    def _upcoming_quiet_sql(self, policies, today):
        """The days without work of policies; no rows where no policy has a calendar."""
        resting = policies.filtered("calendar_id")
        if not resting:
            return SQL(
                "SELECT NULL::int AS policy_id, NULL::date AS day, NULL::date AS working_day WHERE FALSE"
            )
        return resting._quiet_days_sql(today)

    @api.model
    def _last_stage_sql(self):
        """The furthest stage that was sent for alias ``item``, with the date of its letter."""
        return SQL(
            """
            SELECT stage.id AS stage_id, stage.day_offset, sent.date AS last_date
              FROM (%s) sent
              JOIN ar_dunning_stage stage ON stage.id = sent.stage_id
             WHERE sent.move_id = item.move_id
               AND sent.partner_id = item.partner_id
               AND sent.date_maturity = item.date_maturity
          ORDER BY stage.day_offset DESC, sent.is_due IS TRUE DESC, sent.date DESC
             LIMIT 1
            """,
            self.env["ar.dunning.letter.line"]._sent_sql(),
        )

    @api.model
    def _next_stage_sql(self, today):
        """The next stage of alias ``item`` after alias ``history`` with its date, by the item's policy.

        The last letter comes again while its day is before the one on which the item is to be handed over.
        """
        return SQL(
            """
            SELECT legal, date
              FROM (
                    SELECT stage.legal IS TRUE AS legal,
                           stage.day_offset,
                           stage.id = history.stage_id AS again,
                           MIN(stage.day_offset)
                               FILTER (WHERE stage.id != history.stage_id AND stage.legal IS NOT TRUE)
                               OVER () AS next_letter,
                           CASE WHEN stage.id = history.stage_id THEN history.last_date + stage.repeat_days
                                ELSE COALESCE(due.working_day, item.date_maturity) + stage.day_offset
                                     + CASE WHEN stage.day_offset > 0 THEN item.grace_days ELSE 0 END
                           END AS date
                      FROM ar_dunning_stage stage
                     WHERE stage.policy_id = item.policy_id AND stage.active
                       AND (stage.day_offset > COALESCE(history.day_offset, -100000)
                            OR (stage.id = history.stage_id AND stage.repeat_days > 0
                                AND stage.legal IS NOT TRUE))
                       AND (stage.day_offset > 0 OR item.date_maturity >= %(today)s)
                   ) stage
             WHERE NOT COALESCE(again, FALSE) OR next_letter IS NULL
          ORDER BY legal AND date <= %(today)s::date DESC, date, day_offset
             LIMIT 1
            """,
            today=today,
        )

    @api.model
    def _next_contact_sql(self, roots, today):
        """Last letter of customers of ``upcoming_item``, and the day on which the cap allows another."""
        contacts = SQL(" UNION ALL ").join(
            SQL("SELECT %s AS company_id, contact.* FROM (%s) contact", root.id, part)
            for root in roots
            for part in self._contact_parts(root)
        )
        if not roots:
            contacts = SQL(
                """SELECT NULL::int AS company_id, NULL::int AS partner_id, NULL::date AS date,
                          NULL::boolean AS is_letter WHERE FALSE"""
            )
        return SQL(
            """
            SELECT policy.id AS policy_id, contact.partner_id,
                   MAX(contact.date) FILTER (WHERE contact.is_letter) AS date,
                   CASE WHEN policy.contact_cap > 0
                        THEN (ARRAY_AGG(DISTINCT contact.date ORDER BY contact.date DESC))[policy.contact_cap]
                             + policy.contact_cap_days END AS free_date
              FROM ar_dunning_policy policy
              JOIN (%(contacts)s) contact ON contact.company_id = policy.company_id
             WHERE contact.date > %(today)s::date
                                  - GREATEST(policy.contact_interval_days, policy.contact_cap_days)
               AND contact.partner_id IN (SELECT partner_id FROM upcoming_item)
          GROUP BY policy.id, contact.partner_id
            """,
            contacts=contacts,
            today=today,
        )
