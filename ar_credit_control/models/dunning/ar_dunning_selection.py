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
        currency), ``amount_currency``, ``last_stage_id``, ``stage_id`` (the stage due on ``date``, or NULL),
        ``reason`` (why it is left out, or NULL).

        ``dunning_letter``: one row per customer and currency with an item whose stage is due:
        ``partner_id``, ``currency_id``, ``stage_id`` (highest due), ``item_count``, ``amount_due``,
        ``amount_overdue``, ``amount_credit`` (booked, not allocated), ``amount_cover`` (also on its way),
        ``days_overdue``, ``recipient_id``, ``channel``, ``profile_id``, ``collector_id`` and ``reason``.

        :param policy: a single ``ar.dunning.policy``; an inactive one is treated as if it were active.
        :param date: the day the stages are judged on. Amounts are what is open now.
        :param partner_ids: commercial partners to look at; None: all.
        :param letter_ids: letters being checked again: they do not stand in their own way, and the stages
            of their items do not have to be due today.
        """
        policy.ensure_one()
        root = policy.company_id
        return SQL(
            """
            dunning_open AS MATERIALIZED (%(open)s),
            dunning_customer AS MATERIALIZED (%(customers)s),
            dunning_stage AS (%(stages)s),
            dunning_history AS (%(history)s),
            dunning_item AS MATERIALIZED (%(items)s),
            dunning_cover_item AS (%(cover_items)s),
            dunning_cover AS (%(cover)s),
            dunning_contact AS (%(contact)s),
            dunning_claim AS (%(claims)s),
            dunning_letter AS MATERIALIZED (%(letters)s)
            """,
            open=self._open_sql(root, partner_ids),
            customers=self._customer_sql(policy, root, date),
            stages=self._stage_sql(policy),
            history=self._history_sql(root),
            items=self._item_sql(policy, date, letter_ids),
            cover_items=self._cover_item_sql(root, date, partner_ids),
            cover=self._cover_sql(),
            contact=self._contact_sql(policy, root, date),
            claims=self._claim_sql(letter_ids),
            letters=self._letter_sql(policy, root, date, letter_ids),
        )

    @api.model
    def _open_sql(self, root, partner_ids=None):
        """Open trade items of the company and its branches, also those that are no claims (credits)."""
        partner_filter = (
            SQL("TRUE") if partner_ids is None else SQL("open_item.partner_id = ANY(%s)", list(partner_ids))
        )
        return SQL(
            """
            SELECT open_item.id, open_item.move_id, open_item.partner_id, open_item.company_id,
                   open_item.currency_id, open_item.date_maturity, open_item.amount,
                   open_item.amount_currency,
                   open_item.amount_currency > 0 AND journal.type NOT IN ('bank', 'cash', 'credit')
                       AS is_claim
              FROM (%(open_items)s) open_item
              JOIN account_account account ON account.id = open_item.account_id
              JOIN account_move_line line ON line.id = open_item.id
              JOIN account_journal journal ON journal.id = line.journal_id
             WHERE open_item.root_company_id = %(root)s
               AND open_item.partner_id IS NOT NULL
               AND account.non_trade IS NOT TRUE
               AND %(partner_filter)s
            """,
            open_items=self.env["ar.aging.report"]._open_items_sql(),
            root=root.id,
            partner_filter=partner_filter,
        )

    @api.model
    def _policy_match_sql(self, policy_alias, partner_alias, profile_alias):
        """Condition: the policy fits a customer by rating, tag and country; an empty list fits everyone."""
        return SQL(
            """
            (NOT EXISTS (SELECT FROM ar_credit_rating_ar_dunning_policy_rel rel
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
        """Customers of the policy, with the recipient of their letters and why they get none."""
        return SQL(
            """
            SELECT partner.id,
                   profile.id AS profile_id,
                   profile.collector_id,
                   recipient.id AS recipient_id,
                   CASE WHEN recipient.has_email THEN 'email'
                        WHEN recipient.has_address THEN 'post' END AS channel,
                   CASE WHEN EXISTS (SELECT FROM res_company own
                                      JOIN res_partner own_partner ON own_partner.id = own.partner_id
                                     WHERE own_partner.commercial_partner_id = partner.id)
                        THEN 'own_company'
                        WHEN profile.dunning_excluded
                             AND COALESCE(profile.dunning_excluded_until >= %(date)s, TRUE)
                        THEN 'excluded' END AS reason
              FROM (SELECT DISTINCT partner_id FROM dunning_open WHERE is_claim) debtor
              JOIN res_partner partner ON partner.id = debtor.partner_id
              JOIN res_company root ON root.id = %(root)s
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = partner.id AND profile.company_id = root.id
              %(assigned)s
         LEFT JOIN LATERAL (
                SELECT candidate.id,
                       COALESCE(candidate.email LIKE '%%@%%', FALSE) AS has_email,
                       COALESCE(candidate.street, candidate.city, '') != '' AS has_address
                  FROM res_partner candidate
                 WHERE candidate.commercial_partner_id = partner.id
                   AND (candidate.id = partner.id OR (candidate.type = 'invoice' AND candidate.active))
              ORDER BY COALESCE(candidate.email LIKE '%%@%%', FALSE) DESC,
                       candidate.type = 'invoice' AND candidate.id != partner.id
                           AND (candidate.email LIKE '%%@%%' OR candidate.street != '') IS TRUE DESC,
                       COALESCE(candidate.street, candidate.city, '') != '' DESC,
                       candidate.id
                 LIMIT 1
              ) recipient ON TRUE
             WHERE assigned.policy_id = %(policy)s
            """,
            date=date,
            root=root.id,
            policy=policy.id,
            assigned=self._assigned_policy_sql(policy),
        )

    @api.model
    def _stage_sql(self, policy):
        """Active stages with the offsets between which they are the next to send."""
        return SQL(
            """
            SELECT id,
                   day_offset,
                   day_offset > 0 AS is_after_due,
                   COALESCE(LAG(day_offset) OVER (PARTITION BY day_offset > 0 ORDER BY day_offset), -100000)
                       AS previous_offset,
                   COALESCE(LEAD(day_offset) OVER (PARTITION BY day_offset > 0 ORDER BY day_offset), 1)
                       AS next_offset
              FROM ar_dunning_stage
             WHERE policy_id = %s AND active
            """,
            policy.id,
        )

    @api.model
    def _history_sql(self, root):
        """The furthest stage sent of each instalment: entry, customer and due date, whatever its id."""
        return SQL(
            """
            SELECT line.move_id,
                   line.partner_id,
                   line.date_maturity,
                   MAX(stage.day_offset) AS day_offset,
                   (ARRAY_AGG(stage.id ORDER BY stage.day_offset DESC, letter.id DESC))[1] AS stage_id
              FROM ar_dunning_letter_line line
              JOIN ar_dunning_letter letter ON letter.id = line.letter_id AND letter.state = 'sent'
              JOIN ar_dunning_stage stage ON stage.id = line.stage_id
             WHERE letter.company_id = %s
               AND line.move_id IN (SELECT move_id FROM dunning_open WHERE is_claim)
          GROUP BY line.move_id, line.partner_id, line.date_maturity
            """,
            root.id,
        )

    @api.model
    def _item_sql(self, policy, date, letter_ids=None):
        """Claimable items with the stage that is due and the reason to leave them out."""
        days = self.env["ar.aging.report"]._days_overdue_sql(date, SQL("open_item.date_maturity"))
        due = SQL(
            "stage.day_offset + CASE WHEN stage.is_after_due THEN %s ELSE 0 END <= %s",
            policy.grace_days,
            days,
        )
        stage_join = SQL(
            """
            LEFT JOIN dunning_stage stage
                ON stage.day_offset > COALESCE(history.day_offset, -100000)
               AND CASE WHEN %(days)s > 0
                        THEN stage.is_after_due
                             AND stage.previous_offset <= COALESCE(history.day_offset, -100000)
                        ELSE NOT stage.is_after_due
                             AND %(days)s >= stage.day_offset AND %(days)s < stage.next_offset END
               AND %(due)s
            """,
            days=days,
            due=due,
        )
        if letter_ids:
            # The stage was decided when the letter was proposed; only the amounts are judged anew.
            stage_join = SQL(
                """
                LEFT JOIN LATERAL (
                    SELECT proposed.stage_id AS id, proposed_stage.day_offset
                      FROM ar_dunning_letter_line proposed
                      JOIN ar_dunning_letter letter ON letter.id = proposed.letter_id
                 LEFT JOIN ar_dunning_stage proposed_stage ON proposed_stage.id = proposed.stage_id
                     WHERE proposed.move_id = open_item.move_id
                       AND proposed.partner_id = open_item.partner_id
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
                   open_item.amount,
                   open_item.amount_currency,
                   %(days)s AS days_overdue,
                   history.stage_id AS last_stage_id,
                   stage.id AS stage_id,
                   stage.day_offset,
                   CASE WHEN move.payment_state = 'blocked' THEN 'disputed'
                        WHEN line.no_followup IS NOT TRUE THEN NULL
                        WHEN move.move_type != 'entry' OR journal.type != 'general' THEN 'no_followup'
                        WHEN %(include_manual)s THEN NULL
                        ELSE 'manual' END AS reason
              FROM dunning_open open_item
              JOIN dunning_customer customer ON customer.id = open_item.partner_id
              JOIN account_move move ON move.id = open_item.move_id
              JOIN account_move_line line ON line.id = open_item.id
              JOIN account_journal journal ON journal.id = line.journal_id
         LEFT JOIN dunning_history history
                ON history.move_id = open_item.move_id
               AND history.partner_id = open_item.partner_id
               AND history.date_maturity = open_item.date_maturity
              %(stage_join)s
             WHERE open_item.is_claim
            """,
            days=days,
            include_manual=policy._includes_manual_entries(),
            stage_join=stage_join,
        )

    @api.model
    def _cover_item_sql(self, root, date, partner_ids=None):
        """Money and credits of customers that no invoice was reduced by yet.

        Booked ones are the credits on the receivable account. Not booked are payments in process without an
        entry, authorised transactions and unreconciled bank lines.
        """
        partner_filter = (
            SQL("TRUE")
            if partner_ids is None
            else SQL("partner.commercial_partner_id = ANY(%s)", list(partner_ids))
        )
        currencies = self.env["res.currency"].with_context(active_test=False).search([])
        rates = currencies._get_rates(root, date)
        company_rate = rates[root.currency_id.id]
        rate_rows = SQL(", ").join(
            SQL("(%s, %s)", currency_id, rate / company_rate) for currency_id, rate in rates.items()
        )
        return SQL(
            """
            SELECT partner_id, currency_id, -amount_currency AS amount_currency, -amount AS amount,
                   TRUE AS is_booked
              FROM dunning_open
             WHERE NOT is_claim
         UNION ALL
            SELECT money.partner_id, money.currency_id, money.amount,
                   money.amount / rate.rate::numeric, FALSE
              FROM (
                    SELECT partner.commercial_partner_id AS partner_id, payment.currency_id,
                           payment.amount, payment.company_id
                      FROM account_payment payment
                      JOIN res_partner partner ON partner.id = payment.partner_id
                     WHERE payment.state = 'in_process' AND payment.move_id IS NULL
                       AND payment.payment_type = 'inbound' AND payment.partner_type = 'customer'
                       AND %(partner_filter)s
                 UNION ALL
                    SELECT partner.commercial_partner_id, transaction.currency_id, transaction.amount,
                           transaction.company_id
                      FROM payment_transaction transaction
                      JOIN res_partner partner ON partner.id = transaction.partner_id
                     WHERE transaction.state = 'authorized'
                       AND transaction.operation IS DISTINCT FROM 'validation'
                       AND %(partner_filter)s
                 UNION ALL
                    SELECT partner.commercial_partner_id, statement_line.currency_id,
                           statement_line.amount, statement_line.company_id
                      FROM account_bank_statement_line statement_line
                      JOIN res_partner partner ON partner.id = statement_line.partner_id
                     WHERE statement_line.is_reconciled IS NOT TRUE AND statement_line.amount > 0
                       AND %(partner_filter)s
                   ) money
              JOIN res_company company ON company.id = money.company_id
               AND split_part(company.parent_path, '/', 1)::int = %(root)s
              JOIN (VALUES %(rates)s) rate (currency_id, rate) ON rate.currency_id = money.currency_id
            """,
            partner_filter=partner_filter,
            root=root.id,
            rates=rate_rows,
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
        """Customers who had a letter, or whose letter a person dropped, within the days between contacts."""
        return SQL(
            """
            SELECT letter.partner_id, MAX(letter.date) AS date
              FROM ar_dunning_letter letter
             WHERE letter.company_id = %(root)s
               AND letter.date > %(date)s::date - %(days)s
               AND (letter.state = 'sent' OR letter.cancel_reason = 'dropped')
          GROUP BY letter.partner_id
            """,
            root=root.id,
            date=date,
            days=policy.contact_interval_days,
        )

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
                        WHERE proposed.move_id = item.move_id
                          AND proposed.partner_id = item.partner_id
                          AND proposed.date_maturity = item.date_maturity
                          AND letter.currency_id = item.currency_id
                          AND letter.id = ANY(%s))""",
            list(letter_ids),
        )

    @api.model
    def _letter_sql(self, policy, root, date, letter_ids=None):
        """One row per letter, with the reason why it is not written."""
        waiting = contacted = SQL("FALSE")
        if not letter_ids:
            waiting = SQL(
                """EXISTS (SELECT FROM ar_dunning_letter letter
                            WHERE letter.company_id = %s AND letter.partner_id = claim.partner_id
                              AND letter.currency_id = claim.currency_id AND letter.state IN %s)""",
                root.id,
                WAITING_STATES,
            )
            contacted = SQL("contact.date IS NOT NULL")
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
                   customer.recipient_id,
                   customer.channel,
                   customer.profile_id,
                   customer.collector_id,
                   contact.date AS contact_date,
                   CASE WHEN customer.reason IS NOT NULL THEN customer.reason
                        WHEN %(waiting)s THEN 'waiting'
                        WHEN %(contacted)s THEN 'contacted'
                        WHEN cover.amount_currency >= claim.amount_due OR covered.total >= claim.total
                        THEN 'unapplied'
                        WHEN claim.amount_due - GREATEST(COALESCE(cover.booked, 0), 0) < minimum.amount
                        THEN 'minimum'
                        WHEN customer.channel IS NULL THEN 'no_address' END AS reason
              FROM dunning_claim claim
              JOIN dunning_customer customer ON customer.id = claim.partner_id
         LEFT JOIN dunning_cover cover
                ON cover.partner_id = claim.partner_id AND cover.currency_id = claim.currency_id
         LEFT JOIN (SELECT DISTINCT partner_id, total FROM dunning_cover) covered
                ON covered.partner_id = claim.partner_id
         LEFT JOIN dunning_contact contact ON contact.partner_id = claim.partner_id
         LEFT JOIN (%(minimum)s) minimum ON minimum.currency_id = claim.currency_id
            """,
            waiting=waiting,
            contacted=contacted,
            minimum=self._minimum_sql(policy, root, date),
        )

    @api.model
    def _minimum_sql(self, policy, root, date):
        """The smallest letter in every currency, at the rate of the day."""
        currencies = self.env["res.currency"].with_context(active_test=False).search([])
        rates = currencies._get_rates(root, date)
        own_rate = rates[policy.currency_id.id]
        rows = SQL(", ").join(
            SQL("(%s, %s)", currency_id, policy.min_amount * rate / own_rate)
            for currency_id, rate in rates.items()
        )
        return SQL("SELECT currency_id, amount FROM (VALUES %s) minimum (currency_id, amount)", rows)

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
                   SUM(amount_currency) AS amount, MIN(date_maturity) AS date_maturity,
                   MAX(days_overdue) AS days_overdue, NULL::date AS contact_date,
                   0::numeric AS amount_cover
              FROM dunning_item
             WHERE reason IS NOT NULL AND stage_id IS NOT NULL
          GROUP BY partner_id, currency_id, reason
         UNION ALL
            SELECT partner_id, currency_id, reason, item_count, amount_due, date_maturity, days_overdue,
                   contact_date, amount_cover
              FROM dunning_letter
             WHERE reason IS NOT NULL
            """
        )
