from odoo import api, models
from odoo.tools import SQL


class ArProvisionValuation(models.AbstractModel):
    """What may be lost on each open item at a date: the one definition of the expected loss.

    Runs keep its rows; whoever asks "what if" reads them without a run. Amounts are in company currency and
    rates in percent unless a name says otherwise.
    """

    _name = "ar.provision.valuation"
    _description = "Expected Loss of Open Items"

    @api.model
    def _valuation_sql(self, policy, matrix, date) -> SQL:
        """Return one row for each open item of the policy's company and branches at a date.

        Their ``gross`` sums to the ageing and to the ledger. ``treatment`` says how an item is valued:
        ``matrix``, ``individual`` (an assessment of the customer), ``credit`` (receipts, credit notes: no
        loss) or ``group`` (the company's own companies: no loss). ``offset`` is what own credits of the
        customer take off the oldest items first. The rest times ``valuation``, what it is worth at the
        closing rate over what the ledger says, is at risk; ``covered`` what securities in force cover of
        it, at the closing rate, too. ``rate`` is the loss on what is not covered, ``cover_rate`` on what is;
        ``amount`` their loss without ``tax_share`` (percent: tax that the authority gives back), rounded by
        item. ``base_rate`` and ``rating_factor`` are what ``rate`` was made of. ``least`` names the least
        rate that was reached: default, disputed or legal.

        Of a past date it takes what was so then: open amounts, ages, securities, assessments, disputes,
        hand-overs, and ratings by the decisions on record. Tags, countries and factors of ratings have no
        record: they are today's.

        :param policy: ``ar.provision.policy``
        :param matrix: ``ar.provision.matrix``, see :meth:`ar.provision.policy._get_matrix`
        """
        return SQL(
            """
            WITH item AS (%(items)s),
                 claim AS (
                    SELECT item.*,
                           %(offset)s AS "offset"
                      FROM (
                            SELECT item.*,
                                   COALESCE(-SUM(gross) FILTER (WHERE gross < 0)
                                            OVER (PARTITION BY partner_id), 0) AS credits,
                                   SUM(GREATEST(gross, 0)) OVER oldest AS claims_to_here
                              FROM item
                            WINDOW oldest AS (PARTITION BY partner_id ORDER BY date_maturity, id)
                           ) item
                 ),
                 base AS (
                    SELECT claim.*,
                           SUM(base) OVER (PARTITION BY partner_id) AS base_total,
                           SUM(base) OVER (PARTITION BY partner_id ORDER BY date_maturity, id) AS base_to_here
                      FROM (
                            SELECT claim.*,
                                   CASE WHEN treatment IN ('matrix', 'individual')
                                        THEN (gross - "offset") * valuation
                                        ELSE 0 END AS base
                              FROM claim
                           ) claim
                 ),
                 cover AS (%(cover)s),
                 rated AS (
                    SELECT base.*,
                           CASE WHEN treatment = 'matrix' THEN %(covered)s ELSE 0 END AS covered,
                           CASE WHEN treatment = 'individual' THEN %(individual_loss)s END AS individual_loss,
                           COALESCE(cover.rate, 0) AS cover_rate,
                           COALESCE(own.rate, common.rate) AS base_rate,
                           %(adjusted)s AS adjusted,
                           CASE WHEN %(default_days)s > 0 AND base.days_past_due > %(default_days)s
                                THEN %(default_rate)s ELSE 0 END AS default_rate,
                           LEAST(COALESCE(pause.disputed / NULLIF(base.gross_currency, 0), 0), 1)
                               AS disputed_share,
                           LEAST(COALESCE(pause.placed / NULLIF(base.gross_currency, 0), 0), 1)
                               AS legal_share
                      FROM base
                 LEFT JOIN cover ON cover.partner_id = base.partner_id
                 LEFT JOIN (%(rates)s) own
                        ON own.bucket_id = base.bucket_id AND own.segment_id = base.segment_id
                 LEFT JOIN (%(rates)s) common
                        ON common.bucket_id = base.bucket_id AND common.segment_id IS NULL
                 LEFT JOIN (%(pauses)s) pause
                        ON pause.move_id = base.move_id
                       AND pause.partner_id = base.partner_id
                       AND pause.date_maturity = base.date_maturity
                 ),
                 lost AS (
                    SELECT rated.*,
                           CASE treatment
                                WHEN 'matrix'
                                THEN LEAST(GREATEST(
                                        adjusted,
                                        default_rate,
                                        adjusted + disputed_share * (%(disputed_rate)s - adjusted),
                                        adjusted + legal_share * (%(legal_rate)s - adjusted)
                                     ), 100)
                                WHEN 'individual'
                                THEN CASE WHEN base = 0 THEN 0 ELSE 100 * individual_loss / base END
                                ELSE 0 END AS rate
                      FROM rated
                 ),
                 valued AS (
                    SELECT lost.*,
                           CASE treatment
                                WHEN 'matrix' THEN %(matrix_loss)s
                                WHEN 'individual' THEN %(individual_net)s
                                ELSE 0 END AS amount
                      FROM lost
                 )
            SELECT valued.id AS move_line_id,
                   valued.move_id,
                   valued.account_id,
                   valued.partner_id,
                   valued.partner_name,
                   valued.company_id,
                   valued.currency_id,
                   valued.name,
                   valued.ref,
                   valued.invoice_date,
                   valued.date_maturity,
                   valued.days_past_due,
                   valued.bucket_id,
                   valued.segment_id,
                   valued.rating_id,
                   valued.assessment_id,
                   valued.treatment,
                   valued.is_interest,
                   CASE WHEN treatment != 'matrix' OR rate <= adjusted THEN NULL
                        WHEN rate = default_rate THEN 'default'
                        WHEN legal_share > 0 AND rate <= adjusted + legal_share * (%(legal_rate)s - adjusted)
                        THEN 'legal'
                        ELSE 'disputed' END AS least,
                   valued.gross,
                   valued.gross_currency,
                   valued."offset",
                   valued.covered,
                   100 * valued.tax_share AS tax_share,
                   CASE WHEN treatment = 'matrix' THEN valued.base_rate END AS base_rate,
                   CASE WHEN treatment = 'matrix' THEN valued.rating_factor END AS rating_factor,
                   ROUND(valued.rate, 6) AS rate,
                   CASE WHEN valued.covered = 0 THEN 0 ELSE ROUND(valued.cover_rate, 6) END AS cover_rate,
                   valued.valuation,
                   valued.amount,
                   CASE WHEN valued.gross * valued.valuation = 0 THEN 0
                        ELSE ROUND(valued.amount * valued.gross_currency / (valued.gross * valued.valuation),
                                   COALESCE(currency.decimal_places, 2)) END AS amount_currency
              FROM valued
         LEFT JOIN res_currency currency ON currency.id = valued.currency_id
            """,
            items=self._items_sql(policy, date),
            offset=self._offset_sql(policy),
            cover=self._cover_sql(policy, date),
            covered=self._round_sql(policy, *self._spread_sql(SQL("COALESCE(cover.amount, 0)"))),
            individual_loss=self._individual_loss_sql(policy),
            adjusted=matrix._adjusted_sql(SQL("COALESCE(own.rate, common.rate)"), SQL("base.rating_factor")),
            rates=matrix._rates_sql(),
            pauses=self._pauses_sql(policy, date),
            default_days=policy.default_days,
            default_rate=policy.default_rate,
            disputed_rate=policy.disputed_rate,
            legal_rate=policy.legal_rate,
            individual_net=self._net_sql(policy, SQL("individual_loss"), rounded=True),
            matrix_loss=SQL(
                "%s + %s",
                # rounded parts may cover a fraction of a cent more than an item is worth
                self._net_sql(policy, SQL("GREATEST(base - covered, 0) * rate / 100")),
                self._net_sql(policy, SQL("covered * cover_rate / 100")),
            ),
        )

    @api.model
    def _items_sql(self, policy, date) -> SQL:
        """Return the open items with what decides on their valuation."""
        root = policy.company_id
        first_days = policy._get_first_days(date)
        report = self.env["ar.aging.report"].with_context(ar_aging_by=policy.basis, ar_as_of=str(date))
        return SQL(
            """
            SELECT item.id,
                   item.move_id,
                   item.account_id,
                   item.partner_id,
                   COALESCE(partner.complete_name, partner.name) AS partner_name,
                   item.company_id,
                   item.currency_id,
                   move.name,
                   move.ref,
                   COALESCE(move.invoice_date, item.date) AS invoice_date,
                   item.date_maturity,
                   item.amount AS gross,
                   item.amount_currency AS gross_currency,
                   %(date)s::date - item.date_maturity AS days_past_due,
                   (%(bucket_ids)s::int[])[GREATEST(
                       width_bucket(%(date)s::date - %(basis)s, %(first_days)s::int[]), 1)] AS bucket_id,
                   %(segment)s AS segment_id,
                   profile.rating_id,
                   %(rating_factor)s::numeric AS rating_factor,
                   %(tax_share)s AS tax_share,
                   assessment.assessment_id,
                   assessment.loss_rate,
                   assessment.expected,
                   CASE WHEN item.amount <= 0 THEN 'credit'
                        WHEN item.partner_id = ANY (%(group)s::int[]) THEN 'group'
                        WHEN assessment.assessment_id IS NOT NULL THEN 'individual'
                        ELSE 'matrix' END AS treatment,
                   interest.move_id IS NOT NULL AS is_interest,
                   %(valuation)s AS valuation
              FROM (%(open_items)s) item
         LEFT JOIN account_move move ON move.id = item.move_id
         LEFT JOIN res_partner partner ON partner.id = item.partner_id
         LEFT JOIN (%(profiles)s) profile ON profile.partner_id = item.partner_id
         LEFT JOIN ar_credit_rating rating ON rating.id = profile.rating_id
         LEFT JOIN (%(assessments)s) assessment ON assessment.partner_id = item.partner_id
         LEFT JOIN (SELECT DISTINCT debit_move_id AS move_id FROM ar_interest_claim) interest
                ON interest.move_id = item.move_id
         LEFT JOIN (%(closing_rates)s) closing ON closing.currency_id = item.currency_id
             WHERE item.root_company_id = %(root)s
            """,
            date=date,
            bucket_ids=[bucket.id for bucket in first_days],
            first_days=list(first_days.values()),
            basis=report._basis_date_sql(),
            segment=policy.segment_ids._segment_sql(SQL.identifier("partner"), SQL.identifier("profile")),
            group=self._get_group_partners(policy).ids,
            rating_factor=SQL("COALESCE(rating.provision_factor, 1)" if policy.use_rating_factor else "1"),
            tax_share=self._tax_share_sql(policy),
            profiles=self._profiles_sql(root, date),
            valuation=self._closing_factor_sql(policy),
            open_items=report._open_items_sql(date),
            assessments=self.env["ar.provision.assessment"]._expected_sql(root, date),
            closing_rates=self._closing_rates_sql(root, date),
            root=root.id,
        )

    @api.model
    def _profiles_sql(self, root, date) -> SQL:
        """Return ``partner_id`` and ``rating_id`` of the customers of a company, as rated at a date.

        The ratings are those of the decisions on record; of a customer without one, and from today on, they
        are those of the profile.
        """
        if date >= root._credit_today():
            return SQL("SELECT partner_id, rating_id FROM ar_credit_profile WHERE company_id = %s", root.id)
        return SQL(
            """
            SELECT profile.partner_id,
                   CASE WHEN grade.profile_id IS NULL THEN profile.rating_id
                        ELSE grade.rating_id END AS rating_id
              FROM ar_credit_profile profile
         LEFT JOIN (%(grades)s) grade
                ON grade.profile_id = profile.id
               AND %(date)s >= grade.date_from AND %(date)s < grade.date_to
             WHERE profile.company_id = %(root)s
            """,
            grades=self.env["ar.credit.review"]._ratings_sql(root),
            date=date,
            root=root.id,
        )

    @api.model
    def _tax_share_sql(self, policy) -> SQL:
        """Return the share of an invoice's total that is tax, where the policy leaves tax out; 0 to 1."""
        if not policy.net_of_tax:
            return SQL("0::numeric")
        return SQL(
            """CASE WHEN move.move_type IN ('out_invoice', 'out_receipt') AND move.amount_total > 0
                    THEN LEAST(GREATEST(move.amount_tax / move.amount_total, 0), 1)
                    ELSE 0 END"""
        )

    @api.model
    def _net_sql(self, policy, loss: SQL, rounded=False) -> SQL:
        """Return a loss without the tax that comes back with it, rounded."""
        if not policy.net_of_tax:
            return loss if rounded else self._round_sql(policy, loss)
        return self._round_sql(policy, SQL("%s * (1 - tax_share)", loss))

    @api.model
    def _get_group_partners(self, policy):
        """Return the customers that are companies of this database, where the policy leaves them out."""
        if not policy.leave_out_group:
            return self.env["res.partner"]
        # sudo: companies that the user does not work in are of the group, too.
        companies = self.env["res.company"].sudo().with_context(active_test=False).search([])
        return companies.partner_id.commercial_partner_id

    @api.model
    def _offset_sql(self, policy) -> SQL:
        """Return what own credits of a customer take off an item: the oldest are paid first."""
        if not policy.offset_credits:
            return SQL("0::numeric")
        return SQL(
            """CASE WHEN gross > 0 AND partner_id IS NOT NULL
                    THEN LEAST(gross, GREATEST(credits - (claims_to_here - gross), 0))
                    ELSE 0 END"""
        )

    @api.model
    def _spread_sql(self, amount: SQL):
        """Return the two ends of an item's part of a customer's amount: their rounded difference is the part.

        In proportion to what is at risk, never more than that; rounded ends make the parts add up exactly.
        """
        return tuple(
            SQL("LEAST(%s, base.base_total) * %s / NULLIF(base.base_total, 0)", amount, part)
            for part in (SQL("base.base_to_here"), SQL("(base.base_to_here - base.base)"))
        )

    @api.model
    def _individual_loss_sql(self, policy) -> SQL:
        """Return the loss on an item of a customer who is assessed individually."""
        return SQL(
            """CASE WHEN base.loss_rate IS NOT NULL THEN %(by_rate)s
                    ELSE %(by_cash)s END""",
            by_rate=self._round_sql(policy, SQL("base.base * base.loss_rate / 100")),
            by_cash=self._round_sql(
                policy, *self._spread_sql(SQL("GREATEST(base.base_total - base.expected, 0)"))
            ),
        )

    @api.model
    def _round_sql(self, policy, amount: SQL, less: SQL | None = None) -> SQL:
        """Return an amount rounded to the company's currency, less another one that is rounded alike."""
        rounding = policy.company_id.currency_id.rounding
        rounded = SQL("COALESCE(ROUND((%s)::numeric / %s) * %s, 0)", amount, rounding, rounding)
        if less is None:
            return rounded
        return SQL("(%s - %s)", rounded, self._round_sql(policy, less))

    @api.model
    def _cover_sql(self, policy, date) -> SQL:
        """Return what securities in force at a date cover: ``partner_id``, ``amount``, ``rate`` (percent).

        The rate of the covered part is that of the policy times the provision factor of the rating of who
        stands behind the security.
        """
        root = policy.company_id
        securities = self.env["ar.credit.security"]
        return SQL(
            """
            SELECT covered.partner_id,
                   SUM(covered.amount) AS amount,
                   LEAST(%(rate)s * SUM(covered.amount * covered.factor) / NULLIF(SUM(covered.amount), 0),
                         100) AS rate
              FROM (
                    SELECT partner.commercial_partner_id AS partner_id,
                           (%(counted)s)::numeric / COALESCE(closing.rate, 1) AS amount,
                           COALESCE(rating.provision_factor, 1)::numeric AS factor
                      FROM ar_credit_security security
                      JOIN res_partner partner ON partner.id = security.partner_id
                 LEFT JOIN res_partner behind
                        ON behind.id = COALESCE(security.insurer_id, security.guarantor_id)
                 LEFT JOIN (%(profiles)s) profile ON profile.partner_id = behind.commercial_partner_id
                 LEFT JOIN ar_credit_rating rating
                        ON rating.id = profile.rating_id AND rating.is_unrated IS NOT TRUE
                 LEFT JOIN (%(closing_rates)s) closing ON closing.currency_id = security.currency_id
                     WHERE security.company_id = %(root)s AND %(in_force)s
                   ) covered
          GROUP BY covered.partner_id
            """,
            rate=policy.cover_rate,
            profiles=self._profiles_sql(root, date),
            counted=securities._counted_sql(),
            closing_rates=self._closing_rates_sql(root, date),
            root=root.id,
            in_force=securities._in_force_on_sql(date),
        )

    @api.model
    def _pauses_sql(self, policy, date) -> SQL:
        """Return what of the items is disputed or with an agency or lawyer, where the policy has rates."""
        if not (policy.disputed_rate or policy.legal_rate):
            return SQL(
                """SELECT NULL::int AS move_id, NULL::int AS partner_id, NULL::date AS date_maturity,
                          NULL::numeric AS disputed, NULL::numeric AS placed WHERE FALSE"""
            )
        return SQL(
            """
            SELECT move_id, partner_id, date_maturity,
                   SUM(COALESCE(amount_currency, 1e30)) FILTER (WHERE reason = 'disputed') AS disputed,
                   SUM(COALESCE(amount_currency, 1e30)) FILTER (WHERE reason = 'placed') AS placed
              FROM (%s) pause
          GROUP BY move_id, partner_id, date_maturity
            """,
            self.env["ar.item.pause"]._doubt_sql(policy.company_id, date),
        )

    @api.model
    def _closing_rates_sql(self, root, date) -> SQL:
        """Return the rates of exchange at a date: ``currency_id``, ``rate`` (units for one of ours)."""
        currencies = self.env["res.currency"].with_context(active_test=False).search([])
        rates = currencies._get_rates(root, date)
        own = rates[root.currency_id.id]
        return SQL(
            "SELECT * FROM unnest(%s::int[], %s::numeric[]) AS closing (currency_id, rate)",
            list(rates),
            [rate / own for rate in rates.values()],
        )

    @api.model
    def _closing_factor_sql(self, policy) -> SQL:
        """Return what an item is worth at the closing rate over what the ledger says; never less than 0."""
        if not policy.closing_rate:
            return SQL("1::numeric")
        return SQL(
            """CASE WHEN item.currency_id = %s OR item.amount = 0 OR closing.rate IS NULL THEN 1
                    ELSE GREATEST(item.amount_currency / closing.rate / item.amount, 0) END""",
            policy.company_id.currency_id.id,
        )
