from collections import defaultdict

from odoo import api, fields, models, tools
from odoo.tools import SQL

from .credit_policy import get_overdue_column


class ArCreditExposure(models.Model):
    """The status of a customer: what the credit rules say of it before anything is asked for.

    The rules of ``ar.credit.check`` that look at the customer alone, in SQL, so that the status can be
    searched and grouped. Conditions are made from the rules that are on; companies whose rules are alike
    share them.
    """

    _inherit = "ar.credit.exposure"

    @api.model
    def _overdue_beyond_columns(self):
        """Return which overdue items rules count: (days, smallest amount) by column.

        The column holds what is overdue so, with ``_days`` the age of its oldest item. The rules that are
        on in any company count, and those that are being tried (a tuple, which no request can bring).
        """
        tried = self.env.context.get("credit_tried_thresholds")
        thresholds = {*self._get_overdue_thresholds(), *(tried if isinstance(tried, tuple) else ())}
        return {get_overdue_column(*threshold): threshold for threshold in sorted(thresholds)}

    @api.model
    @tools.ormcache()
    def _get_overdue_thresholds(self):
        policies = self.env["ar.credit.rule"]._get_policies().values()
        return frozenset(threshold for policy in policies for threshold in policy.thresholds)

    @api.model
    def _figure_names(self):
        columns = self._overdue_beyond_columns()
        return [*super()._figure_names(), *columns, *(f"{name}_days" for name in columns)]

    @api.model
    def _figure_sql(self, name) -> SQL:
        if name in self._overdue_beyond_columns():
            return SQL("%s::float8", SQL.identifier("exposure", name))
        return super()._figure_sql(name)

    @api.model
    def _default_status(self, root_company):
        """Status of a customer who is no row of this report: nothing is owed and nobody decided anything.

        Rules for some countries or tags only say nothing about customers whom nobody knows yet.
        """
        policy = self.env["ar.credit.rule"]._get_policy(root_company)
        holds = any(
            rule.outcome == "hold"
            and rule.kind in ("no_limit", "rating")
            and not (rule.country_ids or rule.category_ids)
            and (not rule.rating_ids or policy.unrated_id in rule.rating_ids)
            for rule in policy.at("order")
        )
        return "hold" if holds else "ok"

    @api.model
    def _status_sql(self) -> SQL:
        """Return the one definition of the credit status of a customer, on the alias ``figures``.

        A limit of zero is no credit: any order is held. ``pass`` by hand never holds: the worst is a warning.
        """
        conditions = self._get_rule_conditions()
        return SQL(
            """
            CASE WHEN figures.hold_override = 'block' THEN 'blocked'
                 WHEN figures.hold_override IS NULL AND (%(holds)s) THEN 'hold'
                 WHEN figures.overdue_days > 0
                   OR %(warns)s
                   OR figures.exposure > 0 AND (%(holds)s) THEN 'warning'
                 ELSE 'ok'
            END
            """,
            holds=self._any_sql(conditions["hold"]),
            warns=self._any_sql(conditions["warn"]),
        )

    @api.model
    def _overdue_exceeded_sql(self) -> SQL:
        """Whether an overdue rule that holds is broken."""
        return self._any_sql(self._get_rule_conditions(("overdue", "overdue_amount"))["hold"])

    @api.model
    def _overdue_count_sql(self) -> SQL:
        """The most that an overdue rule of the customer counts."""
        counted = [
            SQL(
                "CASE WHEN %s THEN %s ELSE 0 END",
                self._of_companies_sql([root_id], self._scope_sql(rule, policy)),
                SQL.identifier("figures", rule.overdue_column),
            )
            for root_id, policy in self.env["ar.credit.rule"]._get_policies().items()
            for rule in policy.rules
            if rule.kind in ("overdue", "overdue_amount")
        ]
        return SQL("GREATEST(%s)", SQL(", ").join([SQL("0::numeric"), *counted]))

    @api.model
    def _any_sql(self, conditions) -> SQL:
        return SQL("(%s)", SQL(" OR ").join([SQL("FALSE"), *conditions]))

    @api.model
    def _get_rule_conditions(self, kinds=None):
        """Return the conditions under which rules hold and warn: lists by outcome."""
        grouped = defaultdict(list)
        for root_id, policy in self.env["ar.credit.rule"]._get_policies().items():
            for rule in policy.at("order"):
                if kinds and rule.kind not in kinds:
                    continue
                for outcome, condition in self._get_conditions(rule, policy):
                    key = outcome, condition.code, tuple(condition.params)
                    grouped[key].append((root_id, condition))
        conditions = {"hold": [], "warn": []}
        for (outcome, *_key), found in grouped.items():
            roots = [root_id for root_id, _condition in found]
            conditions[outcome].append(self._of_companies_sql(roots, found[0][1]))
        return conditions

    @api.model
    def _get_conditions(self, rule, policy):
        """Yield what a rule says of customers: pairs of outcome and condition."""
        make = getattr(self, f"_{rule.kind}_conditions", None)
        for outcome, condition in make(rule) if make else ():
            yield outcome, SQL("(%s) AND %s", condition, self._scope_sql(rule, policy))

    @api.model
    def _count_customers(self, rule, root):
        """Return how many customers a rule would stop or warn of, before anything is asked for."""
        exposure = self.with_context(credit_tried_thresholds=(rule.threshold,))
        policy = self.env["ar.credit.rule"]._get_policy(root)
        conditions = [condition for _outcome, condition in exposure._get_conditions(rule, policy)]
        rows = self.env.execute_query(
            SQL(
                "SELECT COUNT(*) %s WHERE %s",
                exposure._from(),
                exposure._of_companies_sql([root.id], exposure._any_sql(conditions)),
            )
        )
        return rows[0][0]

    @api.model
    def _of_companies_sql(self, root_ids, condition) -> SQL:
        return SQL("figures.company_id IN %s AND %s", tuple(root_ids), condition)

    @api.model
    def _scope_sql(self, rule, policy) -> SQL:
        """Return the condition that a customer is one of those that the rule is made for."""
        conditions = [SQL("TRUE")]
        if rule.rating_ids:
            rating = SQL("COALESCE(figures.rating_id, %s)", policy.unrated_id)
            conditions.append(SQL("%s IN %s", rating, tuple(sorted(rule.rating_ids))))
        if rule.country_ids:
            conditions.append(SQL("figures.country_id IN %s", tuple(sorted(rule.country_ids))))
        if rule.category_ids:
            conditions.append(
                SQL(
                    """EXISTS (
                           SELECT FROM res_partner_res_partner_category_rel tag
                            WHERE tag.partner_id = figures.partner_id AND tag.category_id IN %s
                       )""",
                    tuple(sorted(rule.category_ids)),
                )
            )
        return SQL(" AND ").join(conditions)

    # What each kind of rule says of a customer before anything is asked for: pairs of outcome and condition.
    # The other kinds look at the demand, or at figures that are not in this report.

    @api.model
    def _limit_conditions(self, rule):
        yield (
            rule.outcome,
            SQL(
                """figures.limit_set
                   AND (figures."limit" + figures.security <= 0 OR figures.exposure > %s)""",
                self._allowed_sql(rule, SQL('(figures."limit" + figures.security)')),
            ),
        )
        yield rule.outcome, self._group_exceeded_sql(self._allowed_sql(rule, SQL("base.amount")))

    @api.model
    def _allowed_sql(self, rule, base) -> SQL:
        """Return what a rule lets somebody use of a limit and its securities."""
        tolerance = SQL("%s * %s::numeric / 100", base, rule.tolerance_percent)
        if rule.tolerance_amount:
            tolerance = SQL("LEAST(%s, %s::numeric)", tolerance, rule.tolerance_amount)
        return SQL("ROUND(%s + %s, figures.decimal_places)", base, tolerance)

    @api.model
    def _near_limit_conditions(self, rule):
        yield (
            rule.outcome,
            SQL(
                """figures.limit_set AND figures.exposure > 0
                   AND figures.exposure >= ROUND((figures."limit" + figures.security) * %s::numeric / 100,
                                                 figures.decimal_places)""",
                rule.share_percent,
            ),
        )

    @api.model
    def _no_limit_conditions(self, rule):
        """Whoever owes and orders nothing is not warned of. The limit of a group is one."""
        bothers = SQL("TRUE") if rule.outcome == "hold" else SQL("figures.exposure > 0")
        yield rule.outcome, SQL("NOT figures.limit_set AND figures.groups IS NULL AND %s", bothers)

    @api.model
    def _overdue_conditions(self, rule):
        allowed = SQL("figures.receivable * %s::numeric / 100", rule.share_percent)
        if rule.kind == "overdue_amount" and rule.amount:
            amount = SQL("%s::numeric", rule.amount)
            allowed = SQL("LEAST(%s, %s)", amount, allowed) if rule.share_percent else amount
        yield (
            rule.outcome,
            SQL(
                "figures.receivable > 0 AND %s > ROUND(%s, figures.decimal_places)",
                SQL.identifier("figures", rule.overdue_column),
                allowed,
            ),
        )

    @api.model
    def _overdue_amount_conditions(self, rule):
        return self._overdue_conditions(rule)

    @api.model
    def _rating_conditions(self, rule):
        yield rule.outcome, SQL("TRUE")

    @api.model
    def _limit_expired_conditions(self, rule):
        past = SQL("%s - figures.limit_valid_until", fields.Date.context_today(self))
        yield "warn", SQL("figures.limit_set AND %s > 0", past)
        yield rule.outcome, SQL("figures.limit_set AND %s > %s", past, rule.warn_days)

    @api.model
    def _review_overdue_conditions(self, rule):
        past = SQL("%s - figures.next_review_date", fields.Date.context_today(self))
        yield rule.outcome, SQL("%s > %s", past, rule.days)
