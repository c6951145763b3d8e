from odoo import api, fields, models
from odoo.tools import SQL, format_amount

# Smallest overdue amount of the rules that ship, where the currency is not close to a euro.
SMALLEST = {"CNY": 5000, "JPY": 80000, "HKD": 5000, "INR": 50000, "SEK": 5000, "NOK": 5000, "DKK": 4000}
SMALLEST_ELSE = 500
# A broken promise counts for so long.
BROKEN_DAYS = 90


class ArCollectionRule(models.Model):
    """When a case is opened: a customer meets every condition of a rule. The first one gives the reason."""

    _name = "ar.collection.rule"
    _description = "Rule That Opens Cases"
    _order = "company_id, sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company.root_id,
        domain=[("parent_id", "=", False)],
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    min_amount = fields.Monetary(
        string="Overdue From",
        help="Overdue amount from which the rule holds, in company currency, without what is disputed, "
        "promised or paused.",
    )
    min_days = fields.Integer(string="Oldest From (days)", help="Age of the oldest overdue item. Zero: any.")
    min_level = fields.Integer(
        string="From Dunning Level",
        help="A letter of this level, counted after the due date, was sent for an open item. Zero: no letter "
        "needed.",
    )
    min_broken = fields.Integer(
        string="Broken Promises", help="So many promises were broken in the last 90 days. Zero: none needed."
    )

    _not_negative = models.Constraint(
        "CHECK (COALESCE(min_amount, 0) >= 0 AND COALESCE(min_days, 0) >= 0 AND COALESCE(min_level, 0) >= 0 "
        "AND COALESCE(min_broken, 0) >= 0)",
        "The conditions of a rule cannot be negative.",
    )

    @api.model
    def _create_missing(self):
        """Give the rules that ship to every root company that has none, in every installed language."""
        roots = self.env["res.company"].search([("parent_id", "=", False)])
        rules = self.with_context(active_test=False, lang="en_US")
        served = {company.id for (company,) in rules._read_group([], ["company_id"])}
        created = rules.create(
            [
                values
                for company in roots
                if company.id not in served
                for values in rules._prepare_default_rules(company)
            ]
        )
        for code, _name in self.env["res.lang"].get_installed():
            created._translate_defaults(code)
        return created.with_env(self.env)

    @api.model
    def _prepare_default_rules(self, company):
        """Return the rules that ship: judgement, meant to be edited."""
        smallest = SMALLEST.get(company.currency_id.name, SMALLEST_ELSE)
        return [
            {
                "company_id": company.id,
                "sequence": 10,
                "name": self.env._("Broken promise"),
                "min_amount": 0.0,
                "min_broken": 1,
            },
            {
                "company_id": company.id,
                "sequence": 20,
                "name": self.env._("Second reminder without success"),
                "min_amount": smallest / 10,
                "min_level": 2,
            },
            {
                "company_id": company.id,
                "sequence": 30,
                "name": self.env._("Overdue for two weeks"),
                "min_amount": smallest,
                "min_days": 15,
            },
            {
                "company_id": company.id,
                "sequence": 40,
                "name": self.env._("Large amount overdue"),
                "min_amount": smallest * 20,
                "min_days": 1,
            },
        ]

    def _translate_defaults(self, code):
        """Give rules that ship their names in a language, where they still have their own."""
        if code == "en_US":
            return
        rules = self.with_context(lang="en_US")
        sources, targets = (
            {values["sequence"]: values["name"] for values in named._prepare_default_rules(self.env.company)}
            for named in (rules, rules.with_context(lang=code))
        )
        for rule in rules:
            translated = rule.with_context(lang=code)
            if rule.name == translated.name == sources.get(rule.sequence):
                translated.name = targets[rule.sequence]

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _open_cases(self, company, found, partners):
        """Open cases for customers of a root company that meet a rule; return the cases opened.

        :param found: what :meth:`_find_customers` found, by partner id
        """
        profiles = self.env["ar.credit.profile"]._get_or_create(partners, company)
        by_partner = {profile.partner_id.id: profile for profile in profiles}
        rows = [found[partner.id] for partner in partners]
        rules = self.browse({row["rule_id"] for row in rows})
        opened = self.env["ar.collection.case"]
        by_kind = {}
        for row in rows:
            rule = rules.browse(row["rule_id"])
            by_kind.setdefault(rule._get_opened_by(), {})[by_partner[row["partner_id"]].id] = (
                rule._describe_finding(row)
            )
        for opened_by, reasons in by_kind.items():
            batch = self.env["ar.credit.profile"].browse(reasons)
            opened |= self.env["ar.collection.case"]._get_or_open(batch, reasons, opened_by)
        return opened

    def _get_opened_by(self):
        self.ensure_one()
        return "promise" if self.min_broken else "stage" if self.min_level else "rule"

    def _describe_finding(self, row):
        """Return why the rule opened a case, in words."""
        self.ensure_one()
        return self.env._(
            "%(rule)s: %(amount)s overdue, oldest %(days)s days",
            rule=self.name,
            amount=format_amount(self.env, row["amount"], self.currency_id),
            days=row["days"],
        )

    @api.model
    def _find_customers(self, company):
        """Return customers without an open case that meet a rule: dicts of ``partner_id``, ``rule_id``,
        ``amount`` (company currency) and ``days``.
        """
        self.env.flush_all()
        self.env["ar.aging.report"]._switch_off_jit()
        return self.env.execute_query_dict(self._find_sql(company, company._credit_today()))

    @api.model
    def _find_sql(self, company, today):
        figures = self.env["ar.collection.case"]
        return SQL(
            """
            WITH pause AS MATERIALIZED (%(pause)s),
                 item AS (
                      SELECT open_item.partner_id,
                             open_item.move_id,
                             open_item.date_maturity,
                             %(days)s AS days,
                             open_item.amount,
                             open_item.amount_currency
                        FROM (%(open_items)s) open_item
                       WHERE open_item.root_company_id = %(company_id)s
                         AND NOT open_item.non_trade
                         AND open_item.partner_id IS NOT NULL
                         AND (open_item.amount < 0 OR %(days)s > 0)
                 ),
                 debt AS (
                      SELECT item.partner_id,
                             SUM(item.amount * (1 - %(share)s)) AS amount,
                             MAX(item.days) FILTER (WHERE item.amount > 0) AS days,
                             MAX(level.level) AS level
                        FROM item
                   LEFT JOIN pause
                          ON pause.move_id = item.move_id
                         AND pause.partner_id = item.partner_id
                         AND pause.date_maturity = item.date_maturity
                   LEFT JOIN (%(levels)s) level
                          ON level.move_id = item.move_id
                         AND level.partner_id = item.partner_id
                         AND level.date_maturity = item.date_maturity
                    GROUP BY item.partner_id
                 ),
                 broken AS (
                      SELECT promise.partner_id, COUNT(*) AS broken
                        FROM (%(promises)s) promise
                       WHERE promise.company_id = %(company_id)s
                         AND promise.state = 'broken'
                         AND promise.broken_date > %(today)s::date - %(broken_days)s
                    GROUP BY promise.partner_id
                 )
            SELECT DISTINCT ON (debt.partner_id)
                   debt.partner_id, rule.id AS rule_id, debt.amount::float8 AS amount, debt.days
              FROM debt
         LEFT JOIN broken ON broken.partner_id = debt.partner_id
              JOIN ar_collection_rule rule
                ON rule.company_id = %(company_id)s
               AND rule.active
               AND debt.amount > 0
               AND debt.amount >= COALESCE(rule.min_amount, 0)
               AND debt.days >= COALESCE(rule.min_days, 0)
               AND COALESCE(debt.level, 0) >= COALESCE(rule.min_level, 0)
               AND COALESCE(broken.broken, 0) >= COALESCE(rule.min_broken, 0)
             WHERE NOT EXISTS (SELECT FROM ar_collection_case open_case
                                WHERE open_case.partner_id = debt.partner_id
                                  AND open_case.company_id = %(company_id)s
                                  AND open_case.state <> 'closed')
               AND NOT EXISTS (SELECT FROM res_company own WHERE own.partner_id = debt.partner_id)
          ORDER BY debt.partner_id, rule.sequence, rule.id
            """,
            pause=figures._paused_sql(company, today),
            share=figures._share_sql(SQL("pause.whole"), SQL("pause.amount_currency")),
            days=self.env["ar.aging.report"]._days_overdue_sql(today, SQL("open_item.date_maturity")),
            open_items=self.env["ar.aging.report"]._open_items_sql(as_of=None),
            levels=self._level_sql(),
            promises=self.env["ar.collection.source"]._promises_sql(),
            company_id=company.id,
            today=today,
            broken_days=BROKEN_DAYS,
        )

    @api.model
    def _level_sql(self):
        """Return the furthest level sent for each instalment; 1 is the first after the due date.

        Letters of policies that open no cases do not count.
        """
        return SQL(
            """
            SELECT sent.move_id, sent.partner_id, sent.date_maturity, MAX(stage.level) AS level
              FROM (%s) sent
              JOIN ar_dunning_policy policy ON policy.id = sent.policy_id AND policy.use_cases
              JOIN (
                    SELECT id,
                           CASE WHEN day_offset > 0
                                THEN DENSE_RANK() OVER (PARTITION BY policy_id, day_offset > 0
                                                        ORDER BY day_offset)
                                ELSE 0
                           END AS level
                      FROM ar_dunning_stage
                   ) stage ON stage.id = sent.stage_id
          GROUP BY sent.move_id, sent.partner_id, sent.date_maturity
            """,
            self.env["ar.dunning.letter.line"]._sent_sql(),
        )
