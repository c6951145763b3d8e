from odoo import api, models
from odoo.tools import SQL

# How long ago a late payment may be for its interest to be looked for: claims lapse after three years.
SETTLED_MONTHS = 36
# How far back due dates are moved to the next working day.
QUIET_DAYS = 3660


class ArInterestFigures(models.AbstractModel):
    """Late interest of instalments at a date: the one definition for claims, letters, report and calculator.

    Everything is SQL on sets; the number of statements does not depend on the number of items. Callers flush
    what they changed before.

    An instalment is known by entry, customer and due date, whatever its journal items. Interest of a day is
    ``principal open on the day × rate``; a payment takes effect on the day after its date. What claims hold
    already is a principal too, day by day: the difference to what is open is what may still be claimed. So no
    day is claimed twice, and a payment that is undone opens its days again, at the rate that was claimed.

    What a credit note of the invoice itself takes off was never owed, and counts from the first day; days of
    an agreement without interest that was kept bear none, see :meth:`_never_owed_sql` and :meth:`_free_sql`.
    What claims hold of it is taken off again, but for what was given up.
    """

    _name = "ar.interest.figures"
    _description = "Late Interest Figures"

    @api.model
    def _with_sql(self, items, reductions, date, withheld=None):
        """Return the common table expressions, to be put between WITH and a SELECT.

        ``interest_segment``: ``item_id``, ``date_from``, ``date_to`` (both count), ``open_principal``,
        ``rate`` (percent a year), ``days``, ``accrued`` (interest of the open principal), ``principal`` and
        ``amount`` (what no claim holds yet).

        ``interest_due``: one row per instalment in delay: the columns of ``items``, ``date_from``,
        ``date_to``, ``days``, ``open_principal`` (on the last day), ``withheld``, ``accrued``, ``interest``
        and ``fee`` (not in any claim yet), ``waiting_interest`` and ``waiting_fee`` (in claims that are not
        posted), ``is_small`` (below the smallest claim).

        :param items: SELECT of ``id``, ``move_id``, ``partner_id``, ``company_id``, ``root_id``,
            ``currency_id``, ``date_maturity``, ``invoice_date``, ``principal``, ``scheme_id``, ``line_ids``
        :param reductions: SELECT of ``item_id``, ``date``, ``amount`` from ``interest_item``
        :param date: last day that counts
        :param withheld: SELECT of ``item_id``, ``amount`` from ``interest_source``: principal that nothing is
            claimed for at the moment; its days wait. None: all may be claimed
        """
        return SQL(
            """
            interest_source AS MATERIALIZED (%(items)s),
            interest_withheld AS MATERIALIZED (%(withheld)s),
            interest_free AS MATERIALIZED (%(free)s),
            interest_quiet AS MATERIALIZED (%(quiet)s),
            interest_item AS MATERIALIZED (%(scheme_items)s),
            interest_reduction AS MATERIALIZED (%(reductions)s),
            interest_prompt AS MATERIALIZED (%(prompt)s),
            interest_held AS MATERIALIZED (%(held)s),
            interest_rate AS MATERIALIZED (%(rates)s),
            interest_event AS (%(events)s),
            interest_atom AS (%(atoms)s),
            interest_segment AS MATERIALIZED (%(segments)s),
            interest_currency AS MATERIALIZED (%(currencies)s),
            interest_due AS MATERIALIZED (%(due)s)
            """,
            items=items,
            quiet=self._quiet_sql(date),
            withheld=withheld or SQL("SELECT 0 AS item_id, 0 AS amount WHERE FALSE"),
            free=self._free_sql(),
            scheme_items=self._item_sql(date),
            reductions=reductions,
            prompt=self._prompt_sql(),
            held=self._held_sql(),
            rates=self._rate_sql(),
            events=self._event_sql(date),
            atoms=self._atom_sql(date),
            segments=self._segment_sql(),
            currencies=self._currency_sql(date),
            due=self._due_sql(date),
        )

    @api.model
    def _ledger_with_sql(self, date, line_ids=None, partner_ids=None, root_ids=None, withheld=None):
        """Return the expressions of :meth:`_with_sql` for the instalments of the ledger.

        :param line_ids: journal items; None: those open, and those paid late within three years
        :param partner_ids: commercial partners to look at; None: all
        :param root_ids: main companies to look at; None: all
        :param withheld: see :meth:`_with_sql`

        Each of the ids is a collection of ids or a SELECT of them.
        """
        return SQL(
            "%s, %s",
            SQL(
                "interest_instalment AS MATERIALIZED (%(items)s), interest_debtor AS (%(debtors)s)",
                items=self._instalment_sql(date, line_ids, partner_ids, root_ids),
                debtors=self._debtor_sql(),
            ),
            self._with_sql(self._ledger_items_sql(), self._ledger_reductions_sql(), date, withheld),
        )

    # where the items come from

    @api.model
    def _among_sql(self, ids):
        """Condition behind a column: one of these ids, or of those that a SELECT gives."""
        return SQL("IN (%s)", ids) if isinstance(ids, SQL) else SQL("= ANY(%s)", list(ids))

    @api.model
    def _candidate_sql(self, date, line_ids, partner_ids):
        """Entries with an instalment that may bear interest: those open, settled late or claimed before."""
        if line_ids is not None:
            return SQL(
                "SELECT DISTINCT line.move_id FROM account_move_line line WHERE line.id %s",
                self._among_sql(line_ids),
            )
        partner = (
            SQL("TRUE")
            if partner_ids is None
            else SQL(
                "line.partner_id IN (SELECT id FROM res_partner WHERE commercial_partner_id %s)",
                self._among_sql(partner_ids),
            )
        )
        return SQL(
            """
            SELECT line.move_id
              FROM account_move_line line
             WHERE line.parent_state = 'posted' AND line.reconciled IS NOT TRUE AND line.balance > 0
               AND line.account_id = ANY (ARRAY(
                       SELECT id FROM account_account WHERE account_type = 'asset_receivable'))
               AND COALESCE(line.date_maturity, line.date) < %(date)s
               AND %(partner)s
             UNION
            SELECT line.move_id
              FROM account_partial_reconcile part
              JOIN account_move_line line ON line.id = part.debit_move_id
             WHERE part.max_date > %(date)s::date - make_interval(months => %(months)s)
               AND line.parent_state = 'posted'
               AND line.account_id = ANY (ARRAY(
                       SELECT id FROM account_account WHERE account_type = 'asset_receivable'))
               AND COALESCE(line.date_maturity, line.date) < part.max_date
               AND COALESCE(line.date_maturity, line.date) < %(date)s
               AND %(partner)s
             UNION
            SELECT line.move_id
              FROM ar_interest_claim line
             WHERE line.state != 'cancelled'
               AND line.date > %(date)s::date - make_interval(months => %(months)s)
               AND %(partner)s
            """,
            date=date,
            months=SETTLED_MONTHS,
            partner=partner,
        )

    @api.model
    def _instalment_sql(self, date, line_ids, partner_ids, root_ids):
        """Instalments of trade receivables past due, the journal items of the same day put together.

        Not the debit notes of interest: interest bears none. Not what has no follow-up, but for entries of
        general journals where the company's settings remind of those.
        """
        wanted = SQL("TRUE") if line_ids is None else SQL("bool_or(line.id %s)", self._among_sql(line_ids))
        roots = SQL("TRUE") if root_ids is None else SQL("root.id %s", self._among_sql(root_ids))
        return SQL(
            """
            SELECT MIN(line.id) AS id,
                   ARRAY_AGG(line.id) AS line_ids,
                   line.move_id,
                   partner.commercial_partner_id AS partner_id,
                   line.company_id,
                   root.id AS root_id,
                   line.currency_id,
                   COALESCE(line.date_maturity, line.date) AS date_maturity,
                   COALESCE(move.invoice_date, move.date) AS invoice_date,
                   SUM(line.amount_currency) AS principal
              FROM (%(candidates)s) candidate
              JOIN account_move move ON move.id = candidate.move_id
              JOIN account_move_line line ON line.move_id = move.id
              JOIN account_account account ON account.id = line.account_id
              JOIN account_journal journal ON journal.id = line.journal_id
              JOIN res_partner partner ON partner.id = line.partner_id
              JOIN res_company company ON company.id = line.company_id
              JOIN res_company root ON root.id = split_part(company.parent_path, '/', 1)::int
             WHERE line.parent_state = 'posted'
               AND line.amount_currency > 0
               AND account.account_type = 'asset_receivable'
               AND account.non_trade IS NOT TRUE
               AND journal.type NOT IN ('bank', 'cash', 'credit')
               AND COALESCE(line.date_maturity, line.date) < %(date)s
               AND (line.no_followup IS NOT TRUE
                    OR move.move_type = 'entry' AND journal.type = 'general'
                       AND root.dunning_manual_entries = 'include')
               AND NOT EXISTS (SELECT FROM ar_interest_claim claim WHERE claim.debit_move_id = move.id)
               AND %(roots)s
          GROUP BY line.move_id, partner.commercial_partner_id, line.company_id, root.id, line.currency_id,
                   COALESCE(line.date_maturity, line.date), COALESCE(move.invoice_date, move.date)
            HAVING %(wanted)s
            """,
            candidates=self._candidate_sql(date, line_ids, partner_ids),
            date=date,
            roots=roots,
            wanted=wanted,
        )

    @api.model
    def _debtor_sql(self):
        """The scheme of each customer: its own, that of its dunning policy, that of the company; or none."""
        return SQL(
            """
            SELECT debtor.partner_id,
                   debtor.root_id,
                   CASE WHEN profile.interest_excluded THEN NULL
                        ELSE COALESCE(profile.interest_scheme_id, policy.interest_scheme_id,
                                      root.interest_scheme_id) END AS scheme_id
              FROM (SELECT DISTINCT partner_id, root_id FROM interest_instalment) debtor
              JOIN res_partner partner ON partner.id = debtor.partner_id
              JOIN res_company root ON root.id = debtor.root_id
         LEFT JOIN ar_credit_profile profile
                ON profile.partner_id = debtor.partner_id AND profile.company_id = debtor.root_id
              %(assigned)s
         LEFT JOIN ar_dunning_policy policy ON policy.id = assigned.policy_id
             WHERE NOT EXISTS (SELECT FROM res_company own
                                 JOIN res_partner own_partner ON own_partner.id = own.partner_id
                                WHERE own_partner.commercial_partner_id = debtor.partner_id)
            """,
            assigned=self.env["ar.dunning.selection"]._assigned_policy_sql(),
        )

    @api.model
    def _ledger_items_sql(self):
        return SQL(
            """
            SELECT item.id, item.move_id, item.partner_id, item.company_id, item.root_id, item.currency_id,
                   item.date_maturity, item.invoice_date, item.principal, debtor.scheme_id, item.line_ids
              FROM interest_instalment item
              JOIN interest_debtor debtor
                ON debtor.partner_id = item.partner_id AND debtor.root_id = item.root_id
             WHERE debtor.scheme_id IS NOT NULL
            """
        )

    @api.model
    def _ledger_reductions_sql(self):
        """What was paid or credited of each instalment, at the later date of both entries.

        What was never owed counts from the due date. Matchings with an entry that was set back to draft do
        not count: Odoo keeps them.
        """
        return SQL(
            """
            SELECT item_id, date, SUM(amount) AS amount
              FROM (
                    SELECT item.id AS item_id,
                           CASE WHEN %(never_owed)s THEN item.date_maturity ELSE part.max_date END AS date,
                           part.debit_amount_currency AS amount
                      FROM interest_item item
                      JOIN account_partial_reconcile part ON part.debit_move_id = ANY (item.line_ids)
                      JOIN account_move_line counterpart ON counterpart.id = part.credit_move_id
                      JOIN account_move credit ON credit.id = counterpart.move_id
                     WHERE counterpart.parent_state = 'posted'
                   ) reduction
          GROUP BY item_id, date
            """,
            never_owed=self._never_owed_sql(),
        )

    @api.model
    def _never_owed_sql(self):
        """Condition: the entry of alias ``credit`` says that it was never owed what it takes off ``item``.

        A credit note that reverses the invoice, or settles a dispute about it, says that the invoice was too
        high from the beginning; nobody was late with that part, whenever the credit note was written. One for
        something else that is matched with the invoice is a claim of the customer that is set off against it:
        the invoice was owed until then.
        """
        return SQL(
            """(credit.reversed_entry_id = item.move_id
                OR credit.move_type = 'out_refund'
                   AND EXISTS (SELECT FROM ar_dispute_credit_rel settling
                                 JOIN ar_dispute_line disputed ON disputed.dispute_id = settling.dispute_id
                                WHERE settling.move_id = credit.id AND disputed.move_id = item.move_id))"""
        )

    @api.model
    def _free_sql(self):
        """Days that bear no interest by agreement: ``item_id``, ``date_from``, ``date_to`` (both count).

        Nor is there a fixed sum that was not claimed before them. Of the items of ``interest_source``; rooms
        fill it.
        """
        return SQL("SELECT 0 AS item_id, NULL::date AS date_from, NULL::date AS date_to WHERE FALSE")

    # the computation

    @api.model
    def _quiet_sql(self, date):
        """Days without work on which items of schemes fall due that move such due dates."""
        return SQL(
            "SELECT owner_id AS scheme_id, day, working_day FROM (%s) quiet",
            self.env["ar.working.calendar"]._quiet_days_sql(
                SQL(
                    """SELECT scheme.id AS owner_id,
                              COALESCE(scheme.calendar_id, company.resource_calendar_id) AS calendar_id
                         FROM ar_interest_scheme scheme
                         JOIN res_company company ON company.id = scheme.company_id
                        WHERE scheme.shifts_due_date
                          AND scheme.id IN (SELECT scheme_id FROM interest_source)"""
                ),
                # No claim is older than the longest limitation.
                SQL(
                    """GREATEST((SELECT MIN(date_maturity) FROM interest_source),
                                %(date)s::date - %(days)s)""",
                    date=date,
                    days=QUIET_DAYS,
                ),
                SQL("%s::date + 60", date),
            ),
        )

    @api.model
    def _item_sql(self, date):
        """Items in delay with the terms of their scheme and the first day of interest."""
        return SQL(
            """
            SELECT item.*,
                   scheme.day_count,
                   scheme.rounding,
                   scheme.rate_rule,
                   COALESCE(scheme.min_amount, 0) AS min_amount,
                   scheme.currency_id AS scheme_currency_id,
                   currency.rounding AS unit,
                   COALESCE(quiet.working_day, item.date_maturity) AS date_payable,
                   COALESCE(quiet.working_day, item.date_maturity) + 1
                       + CASE WHEN scheme.grace_shifts THEN COALESCE(scheme.grace_days, 0) ELSE 0 END
                       AS date_start,
                   COALESCE(quiet.working_day, item.date_maturity) + COALESCE(scheme.grace_days, 0)
                       AS grace_end,
                   COALESCE(least_rate.rate, 0) AS least_rate,
                   COALESCE(withheld.amount, 0) AS withheld
              FROM interest_source item
              JOIN ar_interest_scheme scheme ON scheme.id = item.scheme_id
              JOIN res_currency currency ON currency.id = item.currency_id
         LEFT JOIN interest_withheld withheld ON withheld.item_id = item.id
         LEFT JOIN interest_quiet quiet
                ON quiet.scheme_id = item.scheme_id AND quiet.day = item.date_maturity
         LEFT JOIN LATERAL (
                   SELECT rate.rate
                     FROM ar_interest_rate rate
                    WHERE rate.reference_id = scheme.floor_reference_id
                      AND rate.date_from <= item.invoice_date
                 ORDER BY rate.date_from DESC
                    LIMIT 1
                   ) least_rate ON TRUE
             WHERE COALESCE(quiet.working_day, item.date_maturity) + COALESCE(scheme.grace_days, 0) < %(date)s
               AND (scheme.date_from IS NULL OR item.date_maturity >= scheme.date_from)
            """,
            date=date,
        )

    @api.model
    def _prompt_sql(self):
        """Instalments that were settled in time, or in the days without interest; credited ones, too."""
        return SQL(
            """
            SELECT item.id AS item_id
              FROM interest_item item
              JOIN interest_reduction reduction
                ON reduction.item_id = item.id AND reduction.date <= item.grace_end
          GROUP BY item.id, item.principal
            HAVING SUM(reduction.amount) >= item.principal
            """
        )

    @api.model
    def _held_sql(self):
        """What claims hold of each day of an instalment, and the sums in them.

        ``share_owed`` and ``fee_owed``: what of it the customer was not let off, and gets back where nothing
        was owed.
        """
        return SQL(
            """
            SELECT held.*,
                   CASE WHEN given_up THEN 0
                        WHEN amount_interest != 0 THEN interest_left / amount_interest
                        ELSE 1 END AS share_owed,
                   CASE WHEN given_up THEN 0 ELSE fee_left END AS fee_owed
              FROM (
                    SELECT item.id AS item_id, claim.id AS claim_id, claim.state, claim.date,
                           claim.amount_interest, claim.amount_fee,
                           claim.amount_interest - COALESCE(claim.waived_interest, 0) AS interest_left,
                           claim.amount_fee - COALESCE(claim.waived_fee, 0) AS fee_left,
                           claim.state IN ('waived', 'written_off') AS given_up
                      FROM interest_item item
                      JOIN ar_interest_claim claim
                        ON claim.move_id = item.move_id
                       AND claim.date_maturity = item.date_maturity
                      JOIN res_partner debtor
                        ON debtor.id = claim.partner_id
                       AND debtor.commercial_partner_id = item.partner_id
                     WHERE claim.state != 'cancelled'
                   ) held
            """
        )

    @api.model
    def _rate_sql(self):
        """Rates of the schemes in percent a year; days on which nothing changes left out."""
        return SQL(
            """
            SELECT scheme_id, date_from, rate
              FROM (
                    SELECT rate.*, LAG(rate) OVER (PARTITION BY scheme_id ORDER BY date_from) AS previous
                      FROM (
                            SELECT scheme.id AS scheme_id, rate.date_from,
                                   GREATEST(CASE WHEN scheme.reference_id IS NOT NULL
                                                 THEN rate.rate * COALESCE(scheme.factor, 0)
                                                      + COALESCE(scheme.margin, 0)
                                                 WHEN scheme.rate_period = 'day' THEN rate.rate * 365
                                                 ELSE rate.rate END, 0) AS rate
                              FROM ar_interest_scheme scheme
                              JOIN ar_interest_rate rate
                                ON rate.scheme_id = scheme.id OR rate.reference_id = scheme.reference_id
                             WHERE scheme.id IN (SELECT scheme_id FROM interest_item)
                           ) rate
                   ) rate
             WHERE previous IS DISTINCT FROM rate
            """
        )

    @api.model
    def _event_sql(self, date):
        """Days on which the principal, the rate, the length of the year or what claims hold changes.

        ``held_owed`` is what claims hold without what was given up; ``free`` counts agreements that free it.
        """
        return SQL(
            """
            SELECT item_id, date, SUM(paid) AS paid, SUM(free) AS free, SUM(held) AS held,
                   SUM(held_owed) AS held_owed, SUM(held_yield) AS held_yield
              FROM (
                    SELECT id AS item_id, date_start AS date, 0 AS paid, 0 AS free, 0 AS held, 0 AS held_owed,
                           0 AS held_yield
                      FROM interest_item
                 UNION ALL
                    SELECT item.id, GREATEST(reduction.date + 1, item.date_start), reduction.amount,
                           0, 0, 0, 0
                      FROM interest_item item
                      JOIN interest_reduction reduction ON reduction.item_id = item.id
                 UNION ALL
                    SELECT item.id, GREATEST(turn.day, item.date_start), 0, turn.free, 0, 0, 0
                      FROM interest_item item
                      JOIN interest_free free ON free.item_id = item.id
                     CROSS JOIN LATERAL (VALUES (free.date_from, 1), (free.date_to + 1, -1)) turn (day, free)
                 UNION ALL
                    SELECT item.id, rate.date_from, 0, 0, 0, 0, 0
                      FROM interest_item item
                      JOIN interest_rate rate ON rate.scheme_id = item.scheme_id
                     WHERE item.rate_rule = 'follow' AND rate.date_from > item.date_start
                 UNION ALL
                    SELECT item.id, first_day::date, 0, 0, 0, 0, 0
                      FROM interest_item item
                     CROSS JOIN LATERAL generate_series(
                           date_trunc('year', item.date_start + interval '1 year'), %(date)s::timestamp,
                           interval '1 year') first_day
                     WHERE item.day_count = 'act_act'
                 UNION ALL
                    SELECT item.id, GREATEST(turn.day, item.date_start), 0, 0,
                           turn.sign * segment.principal,
                           turn.sign * segment.principal * held.share_owed,
                           turn.sign * segment.principal * segment.rate
                      FROM interest_item item
                      JOIN interest_held held ON held.item_id = item.id
                      JOIN ar_interest_claim_segment segment ON segment.claim_id = held.claim_id
                     CROSS JOIN LATERAL (VALUES (segment.date_from, 1), (segment.date_to + 1, -1))
                           turn (day, sign)
                   ) event
             WHERE date <= %(date)s
          GROUP BY item_id, date
            """,
            date=date,
        )

    @api.model
    def _atom_sql(self, date):
        """Stretches of days without a change, with the principal that bears interest and that in claims."""
        return SQL(
            """
            SELECT item.*,
                   atom.date_from,
                   atom.date_to,
                   CASE WHEN atom.free > 0 OR prompt.item_id IS NOT NULL THEN 0
                        ELSE GREATEST(item.principal - atom.paid, 0) END AS open_principal,
                   atom.held,
                   atom.held_owed,
                   atom.held_yield,
                   CASE WHEN atom.held != 0 THEN atom.held_yield / atom.held
                        ELSE GREATEST(COALESCE(rate.rate, 0), item.least_rate) END AS rate
              FROM (
                    SELECT item_id,
                           date AS date_from,
                           COALESCE(LEAD(date) OVER item_days - 1, %(date)s) AS date_to,
                           SUM(paid) OVER item_days AS paid,
                           SUM(free) OVER item_days AS free,
                           SUM(held) OVER item_days AS held,
                           SUM(held_owed) OVER item_days AS held_owed,
                           SUM(held_yield) OVER item_days AS held_yield
                      FROM interest_event
                    WINDOW item_days AS (PARTITION BY item_id ORDER BY date)
                   ) atom
              JOIN interest_item item ON item.id = atom.item_id
         LEFT JOIN interest_prompt prompt ON prompt.item_id = item.id
         LEFT JOIN LATERAL (
                   SELECT rate.rate
                     FROM interest_rate rate
                    WHERE rate.scheme_id = item.scheme_id
                      AND rate.date_from <= CASE item.rate_rule WHEN 'start' THEN item.date_start
                                                                WHEN 'invoice' THEN item.invoice_date
                                                                ELSE atom.date_from END
                 ORDER BY rate.date_from DESC
                    LIMIT 1
                   ) rate ON TRUE
            """,
            date=date,
        )

    @api.model
    def _segment_sql(self):
        """Interest of each stretch: of the open principal, and of the part that no claim holds.

        What is withheld is claimed later; claims that hold some of it already stay as they are. Where claims
        hold too much, what the customer was not let off already is taken off.
        """
        unclaimed = SQL(
            """(CASE WHEN atom.open_principal >= atom.held
                     THEN GREATEST(atom.open_principal - atom.withheld, atom.held) - atom.held
                     ELSE LEAST(atom.open_principal - atom.held_owed, 0) END)"""
        )
        return SQL(
            """
            SELECT atom.id AS item_id,
                   atom.date_from,
                   atom.date_to,
                   atom.open_principal,
                   atom.rate,
                   atom.days,
                   %(accrued)s AS accrued,
                   %(unclaimed)s AS principal,
                   %(amount)s AS amount
              FROM (
                    SELECT atom.*,
                           %(last_day)s - %(day_before)s AS days,
                           CASE atom.day_count WHEN 'act_365' THEN 365
                                               WHEN 'act_act'
                                               THEN EXTRACT(DOY FROM date_trunc('year', date_from)
                                                            + interval '1 year - 1 day')::int
                                               ELSE 360 END AS year_days
                      FROM interest_atom atom
                   ) atom
             WHERE (atom.open_principal != 0 OR atom.held != 0) AND atom.rate != 0
            """,
            last_day=self._day_number_sql(SQL("atom.date_to")),
            day_before=self._day_number_sql(SQL("atom.date_from - 1")),
            accrued=self._amount_sql(SQL("atom.open_principal")),
            unclaimed=unclaimed,
            amount=self._amount_sql(unclaimed),
        )

    @api.model
    def _day_number_sql(self, day):
        """Number of a day, such that differences are the days of interest in the scheme's way of counting."""
        return SQL(
            """(CASE WHEN atom.day_count = '30e_360'
                     THEN (360 * EXTRACT(YEAR FROM %(day)s) + 30 * EXTRACT(MONTH FROM %(day)s)
                           + LEAST(EXTRACT(DAY FROM %(day)s), 30))::int
                     ELSE %(day)s - DATE '2000-01-01' END)""",
            day=day,
        )

    @api.model
    def _amount_sql(self, principal):
        """Interest of a principal over a stretch, rounded as the scheme says."""
        return SQL(
            """(CASE atom.rounding
                     WHEN 'day'
                     THEN ROUND(%(principal)s * atom.rate / 100 / atom.year_days / atom.unit) * atom.unit
                          * atom.days
                     WHEN 'segment'
                     THEN ROUND(%(principal)s * atom.rate * atom.days / 100 / atom.year_days / atom.unit)
                          * atom.unit
                     ELSE %(principal)s * atom.rate * atom.days / 100 / atom.year_days END)""",
            principal=principal,
        )

    @api.model
    def _currency_sql(self, date):
        """Rates of the currencies of items and schemes in each main company, as core reads them."""
        return SQL(
            """
            SELECT pair.root_id, pair.currency_id,
                   COALESCE((SELECT rate.rate FROM res_currency_rate rate
                              WHERE rate.currency_id = pair.currency_id AND rate.name <= %(date)s
                                AND (rate.company_id = pair.root_id OR rate.company_id IS NULL)
                           ORDER BY rate.company_id, rate.name DESC LIMIT 1),
                            (SELECT rate.rate FROM res_currency_rate rate
                              WHERE rate.currency_id = pair.currency_id
                                AND (rate.company_id = pair.root_id OR rate.company_id IS NULL)
                           ORDER BY rate.company_id, rate.name LIMIT 1),
                            1.0) AS rate
              FROM (SELECT root_id, currency_id FROM interest_item
                     UNION
                    SELECT root_id, scheme_currency_id FROM interest_item
                     UNION
                    SELECT item.root_id, company.currency_id
                      FROM interest_item item
                      JOIN res_company company ON company.id = item.root_id) pair
            """,
            date=date,
        )

    @api.model
    def _due_sql(self, date):
        """One row per instalment in delay: interest and fixed sum, what claims hold, what is left."""
        return SQL(
            """
            SELECT item.*,
                   total.date_from,
                   total.date_to,
                   total.days,
                   COALESCE(total.open_principal, 0) AS open_principal,
                   COALESCE(total.accrued, 0) AS accrued,
                   COALESCE(total.interest, 0) AS interest,
                   COALESCE(held.waiting_interest, 0) AS waiting_interest,
                   COALESCE(held.waiting_fee, 0) AS waiting_fee,
                   CASE WHEN prompt.item_id IS NOT NULL THEN -COALESCE(held.fee_owed, 0)
                        WHEN free.item_id IS NOT NULL THEN -COALESCE(held.fee_owed_since, 0)
                        WHEN held.fee != 0 THEN 0
                        ELSE COALESCE(ROUND(fee.amount * own.rate / other.rate / item.unit) * item.unit, 0)
                        END AS fee,
                   COALESCE(total.interest > 0
                            AND total.interest + COALESCE(held.waiting_interest, 0)
                                < item.min_amount * own.rate / other.rate, FALSE) AS is_small,
                   company.currency_id AS company_currency_id,
                   base.rate / own.rate AS company_rate
              FROM interest_item item
         LEFT JOIN (
                    SELECT segment.item_id,
                           MIN(segment.date_from) FILTER (WHERE segment.principal != 0) AS date_from,
                           MAX(segment.date_to) FILTER (WHERE segment.principal != 0) AS date_to,
                           SUM(segment.days) FILTER (WHERE segment.open_principal > 0) AS days,
                           COALESCE(SUM(segment.open_principal)
                                        FILTER (WHERE segment.date_to = %(date)s), 0) AS open_principal,
                           MAX(segment.open_principal) AS highest,
                           ROUND(SUM(segment.accrued) / MIN(item.unit)) * MIN(item.unit) AS accrued,
                           ROUND(SUM(segment.amount) / MIN(item.unit)) * MIN(item.unit) AS interest
                      FROM interest_segment segment
                      JOIN interest_item item ON item.id = segment.item_id
                  GROUP BY segment.item_id
                   ) total ON total.item_id = item.id
         LEFT JOIN interest_prompt prompt ON prompt.item_id = item.id
         LEFT JOIN (SELECT item_id, MIN(date_from) AS date_from FROM interest_free GROUP BY item_id) free
                ON free.item_id = item.id
              JOIN interest_currency own
                ON own.root_id = item.root_id AND own.currency_id = item.currency_id
              JOIN interest_currency other
                ON other.root_id = item.root_id AND other.currency_id = item.scheme_currency_id
              JOIN res_company company ON company.id = item.root_id
              JOIN interest_currency base
                ON base.root_id = item.root_id AND base.currency_id = company.currency_id
         LEFT JOIN (
                    SELECT held.item_id,
                           SUM(held.interest_left) FILTER (WHERE held.state IN ('open', 'claimed'))
                               AS waiting_interest,
                           SUM(held.fee_left) FILTER (WHERE held.state IN ('open', 'claimed'))
                               AS waiting_fee,
                           SUM(held.amount_fee) AS fee,
                           SUM(held.fee_owed) AS fee_owed,
                           SUM(held.fee_owed) FILTER (WHERE held.date > free.date_from) AS fee_owed_since
                      FROM interest_held held
                 LEFT JOIN interest_free free ON free.item_id = held.item_id
                  GROUP BY held.item_id
                   ) held ON held.item_id = item.id
         LEFT JOIN LATERAL (
                   SELECT fee.amount
                     FROM ar_interest_fee fee
                    WHERE fee.scheme_id = item.scheme_id
                      AND COALESCE(fee.amount_from, 0) <= total.highest * other.rate / own.rate
                 ORDER BY fee.amount_from DESC NULLS LAST
                    LIMIT 1
                   ) fee ON total.highest > 0
             WHERE total.item_id IS NOT NULL
                OR prompt.item_id IS NOT NULL AND held.fee_owed != 0
            """,
            date=date,
        )

    # reading

    @api.model
    def _flush(self):
        """Write pending changes of what the figures read."""
        self.env.flush_all()

    @api.model
    def _get_segments(self, line_ids, date):
        """Return the rows of :meth:`ar.interest.scheme._compute_claims`."""
        if not line_ids:
            return []
        self._flush()
        self.env["ar.aging.report"]._switch_off_jit()
        return self.env.execute_query_dict(
            SQL(
                """WITH %s
                   SELECT item.id, item.move_id, item.partner_id, item.date_maturity, item.currency_id,
                          item.scheme_id, segment.date_from, segment.date_to, segment.principal,
                          segment.rate::float8 AS rate, segment.days, segment.amount::float8 AS amount
                     FROM interest_segment segment
                     JOIN interest_item item ON item.id = segment.item_id
                    WHERE segment.principal != 0
                 ORDER BY item.date_maturity, item.id, segment.date_from""",
                self._ledger_with_sql(date, line_ids=line_ids),
            )
        )

    @api.model
    def _get_simulated(self, scheme, amount, currency, date_maturity, date, payments=(), invoice_date=None):
        """Return the segments and sums of an amount that is in no ledger.

        :param payments: pairs of date and amount
        :return: (list of segments, dict of ``interest`` and ``fee``, or None when nothing is due)
        """
        root = scheme.company_id
        items = SQL(
            """SELECT 0 AS id, NULL::int AS move_id, NULL::int AS partner_id, %(root)s AS company_id,
                      %(root)s AS root_id, %(currency)s AS currency_id, %(due)s::date AS date_maturity,
                      %(invoice)s::date AS invoice_date, %(amount)s::numeric AS principal,
                      %(scheme)s AS scheme_id, ARRAY[]::int[] AS line_ids""",
            root=root.id,
            currency=currency.id,
            due=date_maturity,
            invoice=invoice_date or date_maturity,
            amount=amount,
            scheme=scheme.id,
        )
        rows = [SQL("(0, %s::date, %s::numeric)", day, paid) for day, paid in payments]
        reductions = SQL(
            "SELECT * FROM (VALUES %s) payment (item_id, date, amount)",
            SQL(", ").join([SQL("(0, NULL::date, 0::numeric)"), *rows]),
        )
        self._flush()
        common = self._with_sql(items, SQL("%s WHERE date IS NOT NULL", reductions), date)
        segments = self.env.execute_query_dict(
            SQL(
                """WITH %s SELECT date_from, date_to, principal, rate::float8 AS rate, days,
                                  amount::float8 AS amount
                             FROM interest_segment ORDER BY date_from""",
                common,
            )
        )
        sums = self.env.execute_query_dict(
            SQL("WITH %s SELECT interest::float8, fee::float8, is_small FROM interest_due", common)
        )
        return segments, sums[0] if sums else None
