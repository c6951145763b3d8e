from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools import SQL, OrderedSet

from .planned_query import Plan, execute_planned

CREDIT_STATUS = [
    ("ok", "In order"),
    ("warning", "Warning"),
    ("hold", "Hold"),
    ("blocked", "Blocked"),
]

# The id of a row holds both parts of its key: partner id * COMPANY_SLOTS + root company id. It stays below
# 2^53, the largest whole number that browsers keep exact.
COMPANY_SLOTS = 2**20
# From so many customers on, one pass over the whole ledger costs less than looking each of them up.
MANY_CUSTOMERS = 500
# Up to so many, as orders and pages of lists have them, one plan serves all: planning would cost the most.
# Another one serves whoever asks for many. In between, the plan depends on how many they are.
FEW_CUSTOMERS = 100


class ArCreditExposure(models.Model):
    """Credit exposure: what each customer owes, has on order and may still order, today.

    One row per commercial partner and root company that has a credit profile or any exposure. All amounts are
    in the currency of the root company, branches included::

        exposure  = receivable + draft_invoice + order + in_transit + notes
        available = limit + security - exposure        (empty while no limit is decided)

    ``limit`` is the permanent limit and the temporary increase of today. A customer in a group has no more
    available than each group above it, see :meth:`_group_sql`.

    Each figure is defined in one ``_*_sql`` method below, which returns rows of partner, root company and its
    figures; :meth:`_components` lists them and is the place to add one. A filter on partners reaches every
    part, so that the figures of one customer cost the same whatever the size of the ledger. Rows are limited
    to companies and customers by record rules and domains, never inside the query.
    """

    _name = "ar.credit.exposure"
    _description = "Credit Exposure"
    _inherit = ["ar.customer.link.mixin", "ar.own.customer.mixin"]
    _auto = False
    _rec_name = "partner_id"
    _order = "exposure DESC, id"
    _depends = {
        "account.account": ["account_type", "non_trade"],
        "account.move": [
            "amount_total",
            "currency_id",
            "invoice_currency_rate",
            "move_type",
            "partner_id",
            "reversed_entry_id",
            "state",
        ],
        "account.move.line": [
            "account_id",
            "amount_residual",
            "balance",
            "currency_id",
            "move_id",
            "price_total",
            "product_uom_id",
            "quantity",
        ],
        "account.payment": ["company_id", "is_matched", "move_id", "partner_id", "payment_type", "state"],
        "ar.aging.report": [],
        "ar.credit.closed.line": ["active", "delivered", "order_line_id"],
        "ar.credit.profile": [
            "active",
            "collector_id",
            "company_id",
            "hold_override",
            "limit",
            "limit_currency_id",
            "limit_set",
            "limit_valid_until",
            "next_review_date",
            "parent_id",
            "partner_id",
            "payment_days",
            "payment_days_set",
            "rating_id",
            "salesperson_id",
            "temporary_from",
            "temporary_limit",
            "temporary_to",
        ],
        "res.company": [
            "credit_in_transit",
            "currency_id",
            "parent_path",
        ],
        "res.currency": ["decimal_places", "rounding"],
        "res.currency.rate": ["company_id", "currency_id", "name", "rate"],
        "res.partner": ["commercial_partner_id", "country_id", "user_id"],
        "sale.order": [
            "company_id",
            "currency_id",
            "currency_rate",
            "partner_invoice_id",
            "state",
        ],
        "sale.order.line": [
            "discount",
            "display_type",
            "is_downpayment",
            "order_id",
            "price_total",
            "price_unit",
            "product_uom_id",
            "product_uom_qty",
            "qty_delivered",
            "qty_invoiced",
            "state",
        ],
    }

    profile_id = fields.Many2one("ar.credit.profile", string="Credit Profile", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, help="The company that owes, never its contact."
    )
    company_id = fields.Many2one("res.company", readonly=True, help="Branches count with their main company.")
    currency_id = fields.Many2one("res.currency", readonly=True)
    rating_id = fields.Many2one("ar.credit.rating", readonly=True)
    collector_id = fields.Many2one("res.users", readonly=True)
    salesperson_id = fields.Many2one("res.users", readonly=True)
    hold_override = fields.Selection(
        [("block", "Always hold"), ("pass", "Never hold")], string="Manual Hold", readonly=True
    )
    receivable = fields.Monetary(
        readonly=True,
        help="Open items in the ledger, net of receipts and credit notes that are not applied yet.",
    )
    overdue = fields.Monetary(
        readonly=True, help="Open items past their due date, without receipts and credits."
    )
    unapplied = fields.Monetary(
        readonly=True,
        help="Receipts and credit notes not applied to invoices yet. Already taken off the receivable.",
    )
    draft_invoice = fields.Monetary(
        string="Draft Invoices",
        readonly=True,
        help="Customer invoices, receipts and credit notes not posted yet.",
    )
    order = fields.Monetary(
        string="Open Orders",
        readonly=True,
        help="What confirmed orders will still bring: ordered or delivered, whichever is more, and not "
        "invoiced, "
        "with taxes, less down payments not deducted yet. A credit note of an invoice does not open the "
        "order again.",
    )
    in_transit = fields.Monetary(
        string="Payments in Transit",
        readonly=True,
        help="Payments that settle invoices but that no bank statement shows yet, when the company counts "
        "them.",
    )
    notes = fields.Monetary(
        string="Bills of Exchange", readonly=True, help="Bills received that are not paid yet."
    )
    security = fields.Monetary(
        string="Securities", readonly=True, help="Guarantees, deposits and cover that add to the limit."
    )
    exposure = fields.Monetary(
        readonly=True,
        help="Receivable + draft invoices + open orders + payments in transit + bills of exchange.",
    )
    limit_set = fields.Boolean(string="Limit Decided", readonly=True)
    limit = fields.Monetary(
        string="Credit Limit",
        readonly=True,
        help="The permanent limit and the temporary increase of today, at today's rate.",
    )
    limit_permanent = fields.Monetary(string="Permanent Limit", readonly=True)
    limit_temporary = fields.Monetary(
        string="Temporary Increase", readonly=True, help="Increase that is valid today."
    )
    available = fields.Monetary(
        readonly=True,
        help="Limit + securities − exposure, and no more than its group has left. Empty while no limit is "
        "decided.",
    )
    parent_id = fields.Many2one(
        "ar.credit.profile",
        string="Group",
        readonly=True,
        help="Customer whose limit covers this one too, together with the rest of the group.",
    )
    in_group = fields.Boolean(
        string="In a Group", readonly=True, help="Belongs to a group with a limit in common, or heads one."
    )
    groups = fields.Json(
        string="Group Limits", readonly=True, help="Limits of the groups above, each with its use."
    )
    overdue_count_amount = fields.Monetary(
        string="Overdue Beyond Tolerance",
        readonly=True,
        help="Items that a credit rule counts: overdue by more than its days and not below its smallest "
        "amount. The largest figure where several rules count.",
    )
    overdue_exceeded = fields.Boolean(
        readonly=True,
        help="What is overdue beyond tolerance is more than a credit rule lets pass.",
    )
    overdue_days = fields.Integer(
        string="Days Overdue",
        readonly=True,
        aggregator="max",
        help="Age of the oldest overdue item.",
    )
    oldest_date_maturity = fields.Date(
        string="Oldest Due Date", readonly=True, help="Due date of the oldest overdue item."
    )
    non_trade = fields.Monetary(
        string="Other Receivables",
        readonly=True,
        help="Open items on receivable accounts marked non-trade. They are no part of the exposure.",
    )
    limit_valid_until = fields.Date(readonly=True, help="Last day of the limit.")
    next_review_date = fields.Date(string="Next Review", readonly=True)
    status = fields.Selection(
        CREDIT_STATUS,
        readonly=True,
        help="By the credit rules that look at the customer alone. In order: the next order passes. Warning: "
        "a rule warns, or something is overdue. Hold: a rule holds. Blocked: stopped by hand.",
    )

    # ------------------------------------------------------------------
    # Query
    # ------------------------------------------------------------------

    @property
    def _table_query(self) -> SQL:
        self.env["ar.aging.report"]._switch_off_jit()
        return SQL("%s %s", self._select(), self._from())

    @api.model
    def _select(self) -> SQL:
        return SQL(
            """
            SELECT figures.partner_id * %(company_slots)s::bigint + figures.company_id AS id,
                   figures.profile_id,
                   figures.partner_id,
                   figures.company_id,
                   figures.currency_id,
                   figures.rating_id,
                   figures.collector_id,
                   figures.salesperson_id,
                   figures.hold_override,
                   figures.receivable,
                   figures.overdue,
                   figures.unapplied,
                   figures.draft_invoice,
                   figures."order",
                   figures.in_transit,
                   figures.notes,
                   figures.security,
                   figures.exposure,
                   figures.limit_set,
                   figures."limit",
                   figures.limit_permanent,
                   figures.limit_temporary,
                   figures.available,
                   figures.parent_id,
                   figures.in_group,
                   figures.groups,
                   %(overdue_count_amount)s AS overdue_count_amount,
                   %(overdue_exceeded)s AS overdue_exceeded,
                   %(overdue_beyond)s
                   figures.limit_valid_until,
                   figures.next_review_date,
                   figures.payment_days,
                   figures.overdue_days,
                   figures.oldest_date_maturity,
                   figures.non_trade,
                   %(status)s AS status
            """,
            company_slots=COMPANY_SLOTS,
            overdue_count_amount=self._overdue_count_sql(),
            overdue_exceeded=self._overdue_exceeded_sql(),
            overdue_beyond=self._list_sql(
                SQL.identifier("figures", name)
                for column in self._overdue_beyond_columns()
                for name in (column, f"{column}_days")
            ),
            status=self._status_sql(),
        )

    @api.model
    def _from(self) -> SQL:
        return SQL(
            """
              FROM (
                    SELECT component.partner_id,
                           component.company_id,
                           profile.id AS profile_id,
                           root.currency_id,
                           profile.rating_id,
                           profile.collector_id,
                           COALESCE(profile.salesperson_id, partner.user_id) AS salesperson_id,
                           profile.hold_override,
                           component.receivable,
                           component.overdue,
                           component.unapplied,
                           component.draft_invoice,
                           component."order",
                           component.in_transit,
                           component.notes,
                           component.security,
                           component.exposure,
                           COALESCE(profile.limit_set, FALSE) AS limit_set,
                           COALESCE(decided.permanent + decided.temporary, 0) AS "limit",
                           COALESCE(decided.permanent, 0) AS limit_permanent,
                           COALESCE(decided.temporary, 0) AS limit_temporary,
                           LEAST(
                               decided.permanent + decided.temporary
                               + component.security - component.exposure,
                               %(group_available)s
                           ) AS available,
                           profile.parent_id,
                           %(in_group)s AS in_group,
                           %(groups)s AS groups,
                           %(overdue_beyond)s
                           profile.limit_valid_until,
                           profile.next_review_date,
                           CASE WHEN profile.payment_days_set THEN profile.payment_days END AS payment_days,
                           partner.country_id,
                           currency.decimal_places,
                           COALESCE(%(today)s - component.oldest_date_maturity, 0) AS overdue_days,
                           component.oldest_date_maturity,
                           component.non_trade
                      FROM (%(totals)s) component
                      JOIN res_company root ON root.id = component.company_id
                      JOIN res_currency currency ON currency.id = root.currency_id
                      JOIN res_partner partner ON partner.id = component.partner_id
                 LEFT JOIN ar_credit_profile profile
                        ON profile.partner_id = component.partner_id
                       AND profile.company_id = component.company_id
                       AND profile.active
                 LEFT JOIN LATERAL (%(limit_rate)s) limit_rate ON TRUE
                 LEFT JOIN LATERAL (
                            SELECT %(permanent)s AS permanent, %(temporary)s AS temporary
                            LIMIT 1
                           ) decided ON TRUE
                           %(join_group)s
                   ) figures
            """,
            today=fields.Date.context_today(self),
            permanent=self._permanent_sql(),
            temporary=self._temporary_sql(),
            limit_rate=self._limit_rate_sql(),
            in_group=self._in_group_sql(),
            **self._group_parts_sql(),
            overdue_beyond=self._list_sql(
                SQL(
                    "component.%(name)s, COALESCE(%(today)s - component.%(oldest)s, 0) AS %(days)s",
                    name=SQL.identifier(name),
                    today=fields.Date.context_today(self),
                    oldest=SQL.identifier(f"{name}_oldest"),
                    days=SQL.identifier(f"{name}_days"),
                )
                for name in self._overdue_beyond_columns()
            ),
            totals=self._totals_sql(),
        )

    @api.model
    def _group_parts_sql(self):
        """Return the join of the group limits and what is read of it; nothing when they are not wanted."""
        if self.env.context.get("ar_without_groups"):
            return {
                "join_group": SQL(""),
                "group_available": SQL("NULL::numeric"),
                "groups": SQL("NULL::jsonb"),
            }
        return {
            "join_group": SQL(
                "LEFT JOIN (%s) of_group ON of_group.profile_id = profile.id", self._group_sql()
            ),
            "group_available": SQL("of_group.available"),
            "groups": SQL("of_group.groups"),
        }

    @api.model
    def _list_sql(self, columns) -> SQL:
        """Return columns to be followed by others."""
        return SQL().join(SQL("%s, ", column) for column in columns)

    @api.model
    def _permanent_sql(self) -> SQL:
        """Return the permanent limit of the alias ``profile`` in the root company's currency, else NULL.

        Reads the aliases ``currency`` (of the root company) and ``limit_rate``, see :meth:`_limit_rate_sql`.
        """
        return SQL(
            """CASE WHEN profile.limit_set
                    THEN ROUND(COALESCE(profile."limit", 0) * limit_rate.factor, currency.decimal_places)
               END"""
        )

    @api.model
    def _temporary_sql(self) -> SQL:
        """Return the increase that is valid today, both days included, as :meth:`_permanent_sql` does."""
        return SQL(
            """CASE WHEN profile.limit_set
                    THEN CASE WHEN %(today)s BETWEEN COALESCE(profile.temporary_from, %(today)s)
                                                 AND profile.temporary_to
                              THEN ROUND(COALESCE(profile.temporary_limit, 0) * limit_rate.factor,
                                         currency.decimal_places)
                              ELSE 0
                         END
               END""",
            today=fields.Date.context_today(self),
        )

    @api.model
    def _limit_rate_sql(self) -> SQL:
        """Return the factor from the limit's currency of ``profile`` to that of ``root``, at today's rate."""
        company, limit_currency, root_currency = (
            SQL("profile.company_id"),
            SQL("profile.limit_currency_id"),
            SQL("root.currency_id"),
        )
        return SQL(
            """
            SELECT CASE WHEN %(limit_currency)s != %(root_currency)s
                        THEN COALESCE((%(root_rate)s), 1) / COALESCE((%(limit_rate)s), 1)
                        ELSE 1
                   END AS factor
             LIMIT 1
            """,
            limit_currency=limit_currency,
            root_currency=root_currency,
            root_rate=self._rate_sql(root_currency, limit_currency, company),
            limit_rate=self._rate_sql(limit_currency, root_currency, company),
        )

    # ------------------------------------------------------------------
    # Group limits
    # ------------------------------------------------------------------

    @api.model
    def _in_group_sql(self) -> SQL:
        """Whether the alias ``profile`` belongs to a group or heads one."""
        return SQL(
            """(profile.parent_id IS NOT NULL
                OR EXISTS (SELECT FROM ar_credit_profile child
                            WHERE child.parent_id = profile.id AND child.active))"""
        )

    @api.model
    def _group_sql(self) -> SQL:
        """Return the group limits that each profile in a group must fit, and the smallest room they leave.

        A profile with members limits itself and everything below it, at any depth. Its group has used what
        each of them owes and has on order; a credit balance of one makes no room for another. Securities of
        all of them count. ``groups`` lists the limited heads above a profile, itself included, with the use
        of each.

        Only profiles in groups are looked at, one by one, so that the cost does not depend on the ledger.
        """
        wanted = self.env.context.get("ar_groups_of")
        return SQL(
            """
            WITH RECURSIVE above AS (
                SELECT profile.id AS profile_id, profile.id AS head_id, profile.parent_id
                  FROM ar_credit_profile profile
                 WHERE profile.active AND %(in_group)s AND %(wanted)s
                UNION
                SELECT above.profile_id, head.id, head.parent_id
                  FROM above
                  JOIN ar_credit_profile head ON head.id = above.parent_id AND head.active
            ),
            below AS (
                SELECT head.id AS head_id, head.id AS member_id
                  FROM ar_credit_profile head
                 WHERE head.limit_set
                   AND head.id IN (SELECT head_id FROM above)
                   AND EXISTS (SELECT FROM ar_credit_profile child
                                WHERE child.parent_id = head.id AND child.active)
                UNION
                SELECT below.head_id, child.id
                  FROM below
                  JOIN ar_credit_profile child ON child.parent_id = below.member_id AND child.active
            ),
            member AS (
                SELECT profile.id, total.exposure, total.security
                  FROM ar_credit_profile profile
                  JOIN LATERAL (
                        SELECT total.exposure, total.security
                          FROM (%(totals)s) total
                         WHERE total.partner_id = profile.partner_id
                           AND total.company_id = profile.company_id
                        OFFSET 0
                       ) total ON TRUE
                 WHERE profile.id IN (SELECT member_id FROM below)
            ),
            head AS (
                SELECT profile.id,
                       profile.partner_id,
                       %(permanent)s + %(temporary)s AS "limit",
                       used.security,
                       used.exposure
                  FROM (
                        SELECT below.head_id,
                               SUM(GREATEST(member.exposure, 0)) AS exposure,
                               SUM(member.security) AS security
                          FROM below
                          JOIN member ON member.id = below.member_id
                      GROUP BY below.head_id
                       ) used
                  JOIN ar_credit_profile profile ON profile.id = used.head_id
                  JOIN res_company root ON root.id = profile.company_id
                  JOIN res_currency currency ON currency.id = root.currency_id
                 CROSS JOIN LATERAL (%(limit_rate)s) limit_rate
            )
            SELECT above.profile_id,
                   MIN(head."limit" + head.security - head.exposure) AS available,
                   jsonb_agg(
                       jsonb_build_object(
                           'profile_id', head.id,
                           'partner_id', head.partner_id,
                           'limit', head."limit",
                           'security', head.security,
                           'exposure', head.exposure,
                           'available', head."limit" + head.security - head.exposure
                       ) ORDER BY head.id
                   ) AS groups
              FROM above
              JOIN head ON head.id = above.head_id
          GROUP BY above.profile_id
            """,
            in_group=self._in_group_sql(),
            wanted=SQL("profile.partner_id IN %s", tuple(wanted)) if wanted else SQL("TRUE"),
            totals=self._totals_sql(),
            permanent=self._permanent_sql(),
            temporary=self._temporary_sql(),
            limit_rate=self._limit_rate_sql(),
        )

    @api.model
    def _group_exceeded_sql(self, allowed) -> SQL:
        """Whether a group above the alias ``figures`` has no credit or has used more than it is allowed.

        :param allowed: what a group may use of ``base.amount``, its limit and securities
        """
        return SQL(
            """(figures.groups IS NOT NULL AND EXISTS (
                   SELECT FROM jsonb_to_recordset(figures.groups)
                               AS used ("limit" numeric, security numeric, exposure numeric)
                          CROSS JOIN LATERAL (SELECT used."limit" + used.security AS amount) base
                    WHERE base.amount <= 0 OR used.exposure > %s
               ))""",
            allowed,
        )

    @api.model
    def _components(self):
        """Return the parts of the exposure: pairs of a query and the names of the figures it gives.

        Each query has the columns ``partner_id`` (commercial entity), ``company_id`` (root company) and one
        column per figure; a customer may have several rows. Extend to add a part.
        """
        beyond = self._overdue_beyond_columns()
        return [
            (
                self._open_item_sql(),
                (
                    "receivable",
                    "overdue",
                    "unapplied",
                    "oldest_date_maturity",
                    "non_trade",
                    *beyond,
                    *(f"{name}_oldest" for name in beyond),
                ),
            ),
            (self._draft_invoice_sql(), ("draft_invoice",)),
            (self._open_order_sql(), ("order",)),
            (self._in_transit_sql(), ("in_transit",)),
            (self._profile_sql(), ()),
        ]

    @api.model
    def _totals_sql(self) -> SQL:
        """Return one row per customer and root company with the sum of each figure over all components."""
        amounts = (
            "receivable",
            "overdue",
            "unapplied",
            "draft_invoice",
            "order",
            "in_transit",
            "notes",
            "security",
            "non_trade",
            *self._overdue_beyond_columns(),
        )
        dates = ["oldest_date_maturity", *(f"{name}_oldest" for name in self._overdue_beyond_columns())]
        parts = []
        for query, names in self._components():
            columns = [
                SQL("part.%s", SQL.identifier(name))
                if name in names
                else SQL("NULL::numeric AS %s", SQL.identifier(name))
                for name in amounts
            ]
            columns += [
                SQL("part.%s", SQL.identifier(name))
                if name in names
                else SQL("NULL::date AS %s", SQL.identifier(name))
                for name in dates
            ]
            parts.append(
                SQL(
                    "SELECT part.partner_id, part.company_id, %s FROM (%s) part",
                    SQL(", ").join(columns),
                    query,
                )
            )
        return SQL(
            """
            SELECT partner_id,
                   company_id,
                   %(sums)s,
                   %(oldest)s,
                   %(exposure)s AS exposure
              FROM (%(parts)s) parts
          GROUP BY partner_id, company_id
            """,
            sums=SQL(", ").join(
                SQL("%s AS %s", self._sum_sql(name), SQL.identifier(name)) for name in amounts
            ),
            oldest=SQL(", ").join(
                SQL("MIN(parts.%s) AS %s", SQL.identifier(name), SQL.identifier(name)) for name in dates
            ),
            exposure=SQL(" + ").join(
                self._sum_sql(name)
                for name in ("receivable", "draft_invoice", "order", "in_transit", "notes")
            ),
            parts=SQL(" UNION ALL ").join(parts),
        )

    @api.model
    def _sum_sql(self, name) -> SQL:
        # The filter spares the state of a sum for each figure that a customer does not have.
        figure = SQL.identifier("parts", name)
        return SQL("COALESCE(SUM(%(figure)s) FILTER (WHERE %(figure)s IS NOT NULL), 0)", figure=figure)

    @api.model
    def _open_item_sql(self) -> SQL:
        """Booked: open items of the ledger, as :meth:`ar.aging.report._open_items_sql` defines them.

        ``receivable`` is the ledger's own figure on trade accounts; ``overdue`` and the age look at positive
        items only, ``unapplied`` at negative ones (as a positive amount).
        """
        return SQL(
            """
            SELECT item.partner_id,
                   item.root_company_id AS company_id,
                   SUM(item.amount) FILTER (WHERE item.trade) AS receivable,
                   SUM(item.amount) FILTER (WHERE item.overdue_days > 0) AS overdue,
                   -SUM(item.amount) FILTER (WHERE item.trade AND item.amount < 0) AS unapplied,
                   MIN(item.date_maturity) FILTER (WHERE item.overdue_days > 0) AS oldest_date_maturity,
                   %(overdue_beyond)s
                   SUM(item.amount) FILTER (WHERE NOT item.trade) AS non_trade
              FROM (
                    SELECT open_item.partner_id,
                           open_item.root_company_id,
                           open_item.amount,
                           %(claimed)s AS claimed,
                           open_item.date_maturity,
                           NOT open_item.non_trade AS trade,
                           CASE WHEN NOT open_item.non_trade AND open_item.amount > 0
                                THEN %(days_overdue)s
                           END AS overdue_days
                      FROM (%(open_items)s) open_item
                           %(join_paused)s
                     WHERE open_item.partner_id IS NOT NULL AND %(of_companies)s
                   ) item
          GROUP BY item.partner_id, item.root_company_id
            """,
            claimed=self._claimed_sql(),
            join_paused=self._join_paused_sql(),
            overdue_beyond=self._list_sql(
                SQL(
                    """SUM(item.claimed) FILTER (WHERE %(counts)s) AS %(name)s,
                       MIN(item.date_maturity) FILTER (WHERE %(counts)s) AS %(oldest)s""",
                    counts=SQL(
                        "item.overdue_days > %s AND item.claimed > 0 AND item.claimed >= %s::numeric",
                        max(days, 0),
                        smallest,
                    ),
                    name=SQL.identifier(name),
                    oldest=SQL.identifier(f"{name}_oldest"),
                )
                for name, (days, smallest) in self._overdue_beyond_columns().items()
            ),
            open_items=self.env["ar.aging.report"]._open_items_sql(as_of=None),
            of_companies=self._of_companies_only_sql(SQL("open_item.company_id")),
            days_overdue=self.env["ar.aging.report"]._days_overdue_sql(
                fields.Date.context_today(self), SQL("open_item.date_maturity")
            ),
        )

    @api.model
    def _claimed_sql(self) -> SQL:
        """Return what overdue rules count of the alias ``open_item``, in company currency."""
        return SQL("open_item.amount")

    @api.model
    def _join_paused_sql(self) -> SQL:
        """Return a join to the alias ``open_item`` that :meth:`_claimed_sql` reads. None here."""
        return SQL("")

    @api.model
    def _draft_invoice_sql(self) -> SQL:
        """Drafts of customer invoices, receipts and credit notes, at today's rate, with taxes."""
        rows = SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id,
                   split_part(company.parent_path, '/', 1)::int AS company_id,
                   move.currency_id,
                   SUM(move.amount_total * CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END)
                       AS amount
              FROM account_move move
              JOIN res_company company ON company.id = move.company_id
              JOIN res_partner partner ON partner.id = move.partner_id
             WHERE move.state = 'draft'
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
               AND %s
          GROUP BY 1, 2, 3
            """,
            self._of_companies_only_sql(SQL("move.company_id")),
        )
        return self._converted_sql(rows, "draft_invoice")

    @api.model
    def _open_order_sql(self) -> SQL:
        """What confirmed orders will still bring, at today's rate, with taxes.

        The company of the invoice partner owes. A line counts its price per unit for what is ordered or
        delivered, whichever is more, and not invoiced; a line without ordered quantity (an expense passed on)
        by its price. Drafts count as invoiced here, as core's ``qty_invoiced`` does, since they are a figure
        of their own. A credit note that reverses an invoice does not open the line again: what is to be
        supplied again is invoiced again, and what was not invoiced before stays open. Down payments (their
        lines order nothing) take off what they have brought already to the ledger or to drafts, until an
        invoice deducts them, and never more than the order has left. An order that is worth less than nothing
        makes no room for others before it is booked.
        """
        rows = SQL(
            """
            SELECT per_order.partner_id,
                   per_order.company_id,
                   per_order.currency_id,
                   SUM(GREATEST(per_order.goods, 0)
                       - LEAST(per_order.downpayment, GREATEST(per_order.goods, 0))) AS amount
              FROM (
                    SELECT line.partner_id,
                           line.company_id,
                           line.sale_id,
                           line.currency_id,
                           COALESCE(SUM(%(line_amount)s) FILTER (WHERE NOT line.is_downpayment), 0)
                               AS goods,
                           COALESCE(SUM(line.invoiced_amount) FILTER (WHERE line.is_downpayment), 0)
                               AS downpayment
                      FROM (%(lines)s) line
                  GROUP BY line.partner_id, line.company_id, line.sale_id, line.currency_id
                   ) per_order
          GROUP BY per_order.partner_id, per_order.company_id, per_order.currency_id
            """,
            line_amount=self._open_line_amount_sql(),
            lines=self._open_line_rows_sql(),
        )
        return self._converted_sql(rows, "order")

    @api.model
    def _open_line_rows_sql(self) -> SQL:
        """Return the order lines that may still count, with what their invoices say, drafts included.

        ``invoiced_amount``: invoiced less credited, with taxes, in the currency of the order.
        ``reversed_quantity``: quantity on credit notes that reverse an invoice, in the unit of the line; core
        takes it off ``qty_invoiced``.
        ``closed_delivered``: delivered when the remainder was closed, else NULL.
        """
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id,
                   company.root_id AS company_id,
                   sale.id AS sale_id,
                   sale.currency_id,
                   line.id,
                   line.is_downpayment IS TRUE AND line.product_uom_qty = 0 AS is_downpayment,
                   line.product_uom_id,
                   line.product_uom_qty,
                   line.qty_delivered,
                   line.qty_invoiced,
                   line.price_total,
                   line.price_unit,
                   line.discount,
                   SUM(item.price_total
                       * CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END
                       * CASE WHEN item.currency_id = sale.currency_id THEN 1
                              ELSE COALESCE(sale.currency_rate, 1)
                                   / COALESCE(NULLIF(move.invoice_currency_rate, 0), 1)
                         END
                   ) AS invoiced_amount,
                   COALESCE(
                       SUM(
                           item.quantity * COALESCE(item_uom.factor / NULLIF(line_uom.factor, 0), 1)::numeric
                       ) FILTER (
                           WHERE move.move_type = 'out_refund' AND move.reversed_entry_id IS NOT NULL
                       ), 0
                   ) AS reversed_quantity,
                   MIN(closed.delivered) AS closed_delivered
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN (
                    SELECT id, split_part(parent_path, '/', 1)::int AS root_id
                      FROM res_company
                    OFFSET 0
                   ) company ON company.id = sale.company_id
              JOIN res_partner partner ON partner.id = sale.partner_invoice_id
         LEFT JOIN (
                    sale_order_line_invoice_rel link
                    JOIN account_move_line item ON item.id = link.invoice_line_id
                    JOIN account_move move
                      ON move.id = item.move_id
                     AND move.state != 'cancel'
                     AND move.move_type IN ('out_invoice', 'out_refund')
                   ) ON link.order_line_id = line.id
         LEFT JOIN ar_credit_closed_line closed ON closed.order_line_id = line.id AND closed.active
         LEFT JOIN uom_uom item_uom ON item_uom.id = item.product_uom_id
         LEFT JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
             WHERE sale.state = 'sale' AND %(open_line)s AND %(of_companies)s
          GROUP BY partner.commercial_partner_id, company.root_id, sale.id, line.id
            """,
            open_line=self._open_line_sql(),
            of_companies=self._of_companies_only_sql(SQL("sale.company_id")),
        )

    @api.model
    def _open_line_sql(self) -> SQL:
        """Condition on the alias ``line`` for order lines that may still count: that of the partial index."""
        return SQL(
            """line.state = 'sale' AND line.display_type IS NULL
               AND (line.is_downpayment AND line.qty_invoiced != 0
                    OR line.qty_invoiced < GREATEST(line.product_uom_qty, line.qty_delivered))"""
        )

    @api.model
    def _open_line_amount_sql(self) -> SQL:
        """What a row ``line`` of :meth:`_open_line_rows_sql` will still bring, in the order's currency.

        Of a line whose remainder is closed, only what was delivered since and is not invoiced.
        """
        return SQL(
            """
            CASE WHEN line.product_uom_qty != 0
                 THEN line.price_total / line.product_uom_qty
                 ELSE line.price_unit * (1 - COALESCE(line.discount, 0) / 100)
            END * GREATEST(
                CASE WHEN line.closed_delivered IS NULL
                     THEN GREATEST(line.product_uom_qty, line.qty_delivered)
                     WHEN line.qty_delivered > line.closed_delivered THEN line.qty_delivered
                     ELSE 0
                END
                - GREATEST(
                    line.qty_invoiced
                    + CASE WHEN line.reversed_quantity = 0 THEN 0 ELSE %(lost_quantity)s END,
                    line.closed_delivered
                ),
                0
            )
            """,
            lost_quantity=self._lost_quantity_sql(),
        )

    @api.model
    def _lost_quantity_sql(self) -> SQL:
        """What credit notes took back of a row ``line`` and no later invoice has invoiced again.

        Seen from the last document backwards: the largest sum of quantities credited less quantities
        invoiced.
        """
        return SQL(
            """
            (
                SELECT GREATEST(MAX(later.quantity), 0)
                  FROM (
                        SELECT SUM(
                                   item.quantity
                                   * COALESCE(item_uom.factor / NULLIF(line_uom.factor, 0), 1)::numeric
                                   * CASE WHEN move.move_type = 'out_refund' THEN 1 ELSE -1 END
                               ) OVER (ORDER BY item.id DESC ROWS UNBOUNDED PRECEDING) AS quantity
                          FROM sale_order_line_invoice_rel link
                          JOIN account_move_line item ON item.id = link.invoice_line_id
                          JOIN account_move move ON move.id = item.move_id
                     LEFT JOIN uom_uom item_uom ON item_uom.id = item.product_uom_id
                     LEFT JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
                         WHERE link.order_line_id = line.id
                           AND move.state != 'cancel'
                           AND (move.move_type = 'out_invoice'
                                OR move.move_type = 'out_refund' AND move.reversed_entry_id IS NOT NULL)
                       ) later
            )
            """
        )

    @api.model
    def _in_transit_sql(self) -> SQL:
        """Payments that settle items but that no bank statement shows, where the company counts them."""
        # A sum of its own for each payment: with all tables in one join PostgreSQL takes ten times as long to
        # find a plan as to carry it out.
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id,
                   root.id AS company_id,
                   SUM(settled.amount) AS in_transit
              FROM account_payment payment
              JOIN res_company company ON company.id = payment.company_id
              JOIN res_company root ON root.id = split_part(company.parent_path, '/', 1)::int
              JOIN res_partner partner ON partner.id = payment.partner_id
        CROSS JOIN LATERAL (
                    SELECT SUM(line.amount_residual - line.balance) AS amount
                      FROM account_move_line line
                      JOIN account_account account ON account.id = line.account_id
                     WHERE line.move_id = payment.move_id
                       AND line.parent_state = 'posted'
                       AND account.account_type = 'asset_receivable'
                       AND account.non_trade IS NOT TRUE
                   ) settled
             WHERE (SELECT bool_or(credit_in_transit) FROM res_company)
               AND root.credit_in_transit
               AND payment.is_matched IS NOT TRUE
               AND payment.state IN ('in_process', 'paid')
               AND payment.payment_type = 'inbound'
               AND %(condition)s
          GROUP BY partner.commercial_partner_id, root.id
            """,
            condition=SQL(
                "%s AND %s",
                self._in_transit_condition_sql(),
                self._of_companies_only_sql(SQL("payment.company_id")),
            ),
        )

    @api.model
    def _in_transit_condition_sql(self) -> SQL:
        """Further condition on the alias ``payment`` for payments that count as in transit."""
        return SQL("TRUE")

    @api.model
    def _profile_sql(self) -> SQL:
        """Customers with a profile, so that one without any exposure is a row too."""
        return SQL("SELECT partner_id, company_id FROM ar_credit_profile WHERE active")

    @api.model
    def _converted_sql(self, rows: SQL, *figures) -> SQL:
        """Return figures of partners and companies in company currency at today's rate.

        :param rows: partner, company, currency and the figures by their names; a single one as ``amount``
        """
        columns = figures if len(figures) > 1 else ("amount",)
        # Looked up for foreign amounts only: as joins, the rates would cost as much for each amount.
        document_rate = self._rate_sql(SQL("document.currency_id"), SQL("root.currency_id"))
        root_rate = self._rate_sql(SQL("root.currency_id"), SQL("document.currency_id"))
        return SQL(
            """
            SELECT document.partner_id,
                   document.company_id,
                   %(figures)s
              FROM (%(rows)s) document
              JOIN res_company root ON root.id = document.company_id
              JOIN res_currency currency ON currency.id = root.currency_id
          GROUP BY document.partner_id, document.company_id, currency.decimal_places
            """,
            figures=SQL(", ").join(
                SQL(
                    """ROUND(
                       SUM(
                           CASE WHEN document.currency_id = root.currency_id THEN %(amount)s
                                ELSE %(amount)s
                                     * COALESCE((%(root_rate)s), 1) / COALESCE((%(document_rate)s), 1)
                           END
                       ),
                       currency.decimal_places
                   ) AS %(figure)s""",
                    amount=SQL.identifier("document", column),
                    document_rate=document_rate,
                    root_rate=root_rate,
                    figure=SQL.identifier(figure),
                )
                for column, figure in zip(columns, figures, strict=True)
            ),
            rows=rows,
        )

    @api.model
    def _rate_sql(self, currency: SQL, other: SQL, company: SQL | None = None) -> SQL:
        """Return today's rate of a currency for a root company, as core's ``_get_rates`` does.

        The company is that of the alias ``document`` unless another is given. The last rate up to today, the
        company's own before the common one, else the first one to come.
        Nothing is looked up when the other currency is the same.
        """
        return SQL(
            """
            SELECT rate.rate
              FROM res_currency_rate rate
             WHERE %(currency)s != %(other)s
               AND rate.currency_id = %(currency)s
               AND (rate.company_id = %(company)s OR rate.company_id IS NULL)
          ORDER BY rate.name > %(today)s, rate.company_id, abs(rate.name - %(today)s)
             LIMIT 1
            """,
            currency=currency,
            other=other,
            company=company or SQL("document.company_id"),
            today=fields.Date.context_today(self),
        )

    # ------------------------------------------------------------------
    # ORM: a filter on ids is a filter on customers
    # ------------------------------------------------------------------

    @api.model
    def _search(self, domain, *args, **kwargs):
        # The id is computed by the query: without its customers, each read by id would compute every row.
        return super()._search(Domain(domain).map_conditions(self._with_customers_of_ids), *args, **kwargs)

    @api.model
    def _with_customers_of_ids(self, condition):
        """Return a condition on ids together with the condition on customers that follows from it."""
        if condition.field_expr != "id" or condition.operator not in ("=", "in"):
            return condition
        ids = condition.value if condition.operator == "in" else [condition.value]
        if not isinstance(ids, (list, tuple, set, OrderedSet)) or not all(
            isinstance(id_, int) for id_ in ids
        ):
            return condition
        return condition & Domain("partner_id", "in", list({id_ // COMPANY_SLOTS for id_ in ids}))

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _get_figures(self, partners, company):
        """Return the figures of customers with one root company, in one statement.

        For a few customers, and for very many, one more asks which plans PostgreSQL has already, see
        ``planned_query``; another one reads the group limits, only of customers in a group. Today is the day
        of the company. Internal: no access check, and independent of what the user may see. Pending changes
        of the fields in ``_depends`` are written to the database first.

        :param partners: ``res.partner`` records; contacts stand for their commercial entity
        :param company: ``res.company``; a branch stands for its root company
        :return: ``{commercial partner id: {figure: value}}`` for every partner, zeros where nothing is known.
            Amounts in the root company's currency; ``available`` is None while no limit is decided.
            ``groups`` are dicts of ``profile_id``, ``partner_id``, ``limit``, ``security``, ``exposure`` and
            ``available`` for each limited group that the customer belongs to or heads, empty for nearly all.
        """
        root = company._credit_root()
        partner_ids = partners.sudo().commercial_partner_id.ids  # sudo: the debtor may not be readable
        if not partner_ids:
            return {}
        names = self._figure_names()
        report = self.with_context(
            tz=root._credit_timezone(),
            ar_exposure_of_companies=None,
            ar_groups_of=None,
            ar_without_groups=True,
        )
        known = report._read_figures(names, partner_ids, root)
        in_group = names.index("in_group")
        if grouped := [partner_id for partner_id, row in known.items() if row[in_group]]:
            report = report.with_context(ar_without_groups=False, ar_groups_of=grouped)
            known.update(report._read_figures(names, grouped, root))
        empty = self._prepare_empty_figures(root)
        figures = {}
        for partner_id in partner_ids:
            # A copy has room for all names already: made from pairs, it would grow step by step.
            figures[partner_id] = of_partner = empty.copy()
            if partner_id in known:
                of_partner.update(zip(names, known[partner_id], strict=False))
                of_partner["groups"] = of_partner["groups"] or ()
        return figures

    @api.model
    def _read_figures(self, names, partner_ids, root):
        """Return the figures of customers that are rows of this report, as tuples by customer."""
        many = len(partner_ids) > MANY_CUSTOMERS
        # The text of a query about groups names their members: its plan would serve nobody else.
        of_groups = self.env.context.get("ar_groups_of")
        if of_groups or FEW_CUSTOMERS < len(partner_ids) <= MANY_CUSTOMERS:
            query = self._figures_sql(names, SQL("%s", partner_ids), many, root.id)
            rows = self.env.execute_query(query)
        else:
            self.env["ar.aging.report"]._switch_off_jit()
            plan = self._get_plan(tuple(names), many, root.id, fields.Date.context_today(self))
            rows = execute_planned(self.env, plan, partner_ids)
        # No list or dict by customer in between: the garbage collector would visit each of them.
        return {row[-1]: row for row in rows}

    @api.model
    @tools.ormcache("names", "many", "root_id", "today")
    def _get_plan(self, names, many, root_id, today):
        """Return the plan that reads figures of customers without group limits: its text takes time to make.

        What enters the text are its arguments and the credit rules and ratings, which empty the cache.
        """
        return Plan(self.env, self._figures_sql(names, SQL("$1"), many, root_id))

    @api.model
    def _figures_sql(self, names, partner_ids, many, root_id) -> SQL:
        """Return the query of figures of customers with one root company, and the customer's id.

        :param SQL partner_ids: an array; ``many`` whether it is long
        """
        return SQL(
            """
            SELECT %(columns)s, exposure.partner_id
              FROM %(table)s exposure
             WHERE %(wanted)s
               AND exposure.company_id = %(company_id)s
            """,
            columns=SQL(", ").join(self._figure_sql(name) for name in names),
            table=self._table_sql,
            wanted=self._wanted_sql(partner_ids, many),
            company_id=root_id,
        )

    @api.model
    def _figure_sql(self, name) -> SQL:
        """Return the column of a figure of the alias ``exposure``; amounts as floats, as Odoo has them."""
        column = SQL.identifier("exposure", name)
        field = self._fields.get(name)
        return SQL("%s::float8", column) if field and field.type == "monetary" else column

    @api.model
    def _wanted_sql(self, partner_ids, many) -> SQL:
        """Condition that picks customers: a few are looked up in each part, many are filtered at the end."""
        if not many:
            return SQL("exposure.partner_id = ANY(%s)", partner_ids)
        # Asked so, it is a filter and no join, whose size PostgreSQL would guess wrongly.
        return SQL("(exposure.partner_id IN (SELECT unnest(%s))) IS TRUE", partner_ids)

    @api.model
    def _of_companies_only_sql(self, column) -> SQL:
        """Condition for documents of the companies that are looked at; all, unless it is asked for some."""
        company_ids = self.env.context.get("ar_exposure_of_companies")
        return SQL("%s IN %s", column, tuple(company_ids)) if company_ids else SQL("TRUE")

    @api.model
    def _get_hidden_exposure(self, partners, company):
        """Return the part of the exposure that is in branches which the user may not see.

        Internal: no access check. One statement, none where the user may see all branches.

        :return: ``{commercial partner id: amount}`` in root currency, where there is any
        """
        root = company._credit_root()
        partner_ids = partners.sudo().commercial_partner_id.ids  # sudo: the debtor may not be readable
        companies = self.env["res.company"].sudo()  # sudo: ids of branches
        seen = self.env.user.company_ids
        hidden = companies.search([("id", "child_of", root.id), ("id", "not in", seen.ids)])
        if self.env.su or not hidden or not partner_ids:
            return {}
        report = self.with_context(tz=root._credit_timezone(), ar_exposure_of_companies=hidden.ids)
        self.env.flush_all()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT total.partner_id,
                           (total.receivable + total.draft_invoice + total."order" + total.in_transit)::float8
                      FROM (%s) total
                     WHERE total.partner_id IN %s
                       AND total.company_id = %s
                       AND total.receivable + total.draft_invoice + total."order" + total.in_transit != 0
                    """,
                    report._totals_sql(),
                    tuple(partner_ids),
                    root.id,
                )
            )
        )

    @api.model
    def _get_open_order_ids(self, partners, company):
        """Return ids of the orders that count in the figure ``order``. Internal: no access check."""
        query = SQL(
            """
            SELECT DISTINCT sale.id
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN res_company company ON company.id = sale.company_id
              JOIN res_partner partner ON partner.id = sale.partner_invoice_id
             WHERE sale.state = 'sale'
               AND %(open_line)s
               AND NOT EXISTS (
                   SELECT FROM ar_credit_closed_line closed
                    WHERE closed.order_line_id = line.id
                      AND closed.active
                      AND closed.delivered >= line.qty_delivered
               )
               AND partner.commercial_partner_id IN %(partner_ids)s
               AND split_part(company.parent_path, '/', 1)::int = %(company_id)s
            """,
            open_line=self._open_line_sql(),
            partner_ids=(*partners.sudo().commercial_partner_id.ids, 0),  # sudo: may not be readable
            company_id=company._credit_root().id,
        )
        self._flush_orders()
        return [order_id for (order_id,) in self.env.execute_query(query)]

    @api.model
    def _flush_orders(self):
        """Write pending changes of what :meth:`_open_line_rows_sql` reads."""
        for name in ("account.move", "account.move.line", "ar.credit.closed.line", "sale.order.line"):
            self.env[name].flush_model(self._depends[name])
        self.env["sale.order"].flush_model([*self._depends["sale.order"], "commitment_date", "date_order"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])

    @api.model
    def _figure_names(self):
        """Names of the columns that :meth:`_get_figures` returns."""
        return [
            *self._bar_figure_names(),
            "overdue_count_amount",
            "overdue_exceeded",
            "oldest_date_maturity",
            "non_trade",
            "limit_valid_until",
            "next_review_date",
            "payment_days",
            "in_group",
            "groups",
            "profile_id",
            "rating_id",
            "collector_id",
            "salesperson_id",
            "hold_override",
        ]

    @api.model
    def _bar_figure_names(self):
        """Names of the figures that the bar on the customer's form shows."""
        return [
            "receivable",
            "overdue",
            "unapplied",
            "draft_invoice",
            "order",
            "in_transit",
            "notes",
            "security",
            "exposure",
            "limit_set",
            "limit",
            "limit_permanent",
            "limit_temporary",
            "available",
            "overdue_days",
            "status",
        ]

    @api.model
    def _prepare_empty_figures(self, root_company):
        """Figures of a customer without profile, entries and orders."""
        empty = {"monetary": 0.0, "integer": 0, "boolean": False}
        names = self._figure_names()
        figures = {
            name: empty.get(self._fields[name].type) if name in self._fields else None for name in names
        }
        return {
            **figures,
            "available": None,
            "groups": (),
            "status": self._default_status(root_company),
        }
