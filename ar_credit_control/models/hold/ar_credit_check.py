from collections import defaultdict
from dataclasses import dataclass, field

from odoo import api, models
from odoo.tools import SQL, formatLang

RANK = {"pass": 0, "warn": 1, "hold": 2}


@dataclass
class Verdict:
    """What the credit rules say about one order. Amounts are in the root company's currency.

    ``used`` is the exposure without this order and with the orders that passed before it in the same
    batch; ``allowed`` limit and security plus the company's tolerance. ``results`` keeps every rule's
    finding, each a dict with ``code``, ``outcome`` (``pass``, ``warn`` or ``hold``), ``measured``,
    ``threshold`` and ``pay`` (what the customer pays to make it pass, ``None`` when money does not help).
    """

    order: models.BaseModel
    partner: models.BaseModel
    root: models.BaseModel
    figures: dict
    amount: float
    used: float
    allowed: float
    hold: models.BaseModel
    exempt: bool = False
    released: bool = False
    results: list = field(default_factory=list)

    @property
    def currency(self):
        return self.root.currency_id

    @property
    def left(self):
        """What remains of limit and security after this order; negative beyond them."""
        return self.figures["limit"] + self.figures["security"] - self.used - self.amount

    @property
    def outcome(self):
        outcomes = {result["code"]: result["outcome"] for result in self.results}
        if outcomes.get("manual") == "hold" and not self.released:
            return "hold"
        if self.exempt or self.released or self.figures["hold_override"] == "pass":
            return "pass"
        return max(outcomes.values(), key=RANK.__getitem__, default="pass")

    @property
    def reasons(self):
        """The findings that count, most severe first."""
        return sorted(
            (result for result in self.results if result["outcome"] != "pass"),
            key=lambda result: -RANK[result["outcome"]],
        )

    @property
    def pay(self):
        """Amount whose payment makes the order pass; zero when a rule asks for a person instead."""
        amounts = [result["pay"] for result in self.results if result["outcome"] == "hold"]
        return 0.0 if not amounts or None in amounts else max(amounts)


class ArCreditCheck(models.AbstractModel):
    """The credit rules, evaluated for many orders in a bounded number of statements.

    Extend ``_get_checks`` to add a rule: a method that takes a :class:`Verdict` and returns its finding as a
    dict, or nothing when the rule has nothing to say.
    """

    _name = "ar.credit.check"
    _description = "Credit Check"

    @api.model
    def _judge(self, orders, lock=False):
        """Evaluate the rules for orders.

        With ``lock`` the customers are locked first, the pending changes are written, and each order counts
        those that pass before it, in id order, so that together they cannot exceed the limit. Without it, a
        forecast, each order is looked at alone.

        :return: dict of order id (or new id) to :class:`Verdict`
        """
        orders = orders.sudo()  # the figures are of the whole customer, not of what the salesperson may open
        debtors = {order.id: order._credit_get_debtor() for order in orders}
        by_root = defaultdict(orders.browse)
        for order in orders:
            by_root[order.company_id._credit_root()] |= order
        if lock:
            self.env.flush_all()
            self.env["ar.credit.lock"]._take(
                (debtors[order.id].id, root.id) for root, group in by_root.items() for order in group
            )
        verdicts = {}
        for root, group in by_root.items():
            partners = self.env["res.partner"].union(*(debtors[order.id] for order in group))
            exposure = self.env["ar.credit.exposure"].with_context(tz=root._credit_timezone())
            figures = exposure._get_figures(partners, root)
            passed = defaultdict(float)
            for order in group.sorted("id") if lock else group:
                debtor = debtors[order.id]
                verdict = self._prepare_verdict(order, debtor, root, figures[debtor.id], passed[debtor.id])
                for check in self._get_checks():
                    if result := getattr(self, check)(verdict):
                        verdict.results.append(result)
                if lock and verdict.outcome != "hold" and order.state != "sale":
                    passed[debtor.id] += verdict.amount
                verdicts[order.id] = verdict
        return verdicts

    @api.model
    def _prepare_verdict(self, order, debtor, root, figures, passed):
        amount = order._credit_get_amount()
        # Who sells can write orders and drafts of a negative total: they make no room before they are booked.
        exposure = figures["exposure"] - min(figures["order"] + figures["draft_invoice"], 0.0)
        # A confirmed order is already part of the exposure.
        used = exposure - amount if order.state == "sale" else exposure + passed
        hold = order._origin.credit_hold_id
        return Verdict(
            order=order,
            partner=debtor,
            root=root,
            figures=figures,
            amount=amount,
            used=used,
            allowed=(figures["limit"] + figures["security"])
            * (1 + root.credit_limit_tolerance_percent / 100),
            hold=hold,
            exempt=order._credit_is_exempt(),
            released=hold._covers(debtor, amount),
        )

    @api.model
    def _get_checks(self):
        """Names of the methods that judge an order, in the order in which their findings are told."""
        return ["_check_manual", "_check_blocked", "_check_limit", "_check_no_limit", "_check_overdue"]

    @api.model
    def _prepare_result(self, code, outcome, measured=0.0, threshold=0.0, days=0, pay=None):
        return {
            "code": code,
            "outcome": outcome,
            "measured": measured,
            "threshold": threshold,
            "days": days,
            "pay": pay,
        }

    @api.model
    def _check_manual(self, verdict):
        """A hold that a person put on waits for a person, whatever the figures say."""
        if verdict.hold.forced and verdict.hold.state in ("held", "refused"):
            return self._prepare_result("manual", "hold")
        return None

    @api.model
    def _check_blocked(self, verdict):
        """The customer's profile says that every order waits for a person."""
        if verdict.figures["hold_override"] == "block":
            return self._prepare_result("blocked", "hold")
        return None

    @api.model
    def _check_limit(self, verdict):
        """Exposure with this order against limit, tolerance and security."""
        if not verdict.figures["limit_set"]:
            return None
        currency, after = verdict.currency, verdict.used + verdict.amount
        if currency.compare_amounts(after, verdict.allowed) > 0:
            pay = currency.round(after - verdict.allowed)
            return self._prepare_result("limit", "hold", after, verdict.allowed, pay=pay)
        limit = verdict.figures["limit"] + verdict.figures["security"]
        warn_from = limit * (verdict.root.credit_warning_percent or 100) / 100
        if currency.compare_amounts(after, warn_from) >= 0:
            return self._prepare_result("near_limit", "warn", after, verdict.allowed)
        return self._prepare_result("limit", "pass", after, verdict.allowed)

    @api.model
    def _check_no_limit(self, verdict):
        """Nobody decided a limit: what that means is the company's policy."""
        if verdict.figures["limit_set"]:
            return None
        return self._prepare_result("no_limit", verdict.root.credit_no_limit_policy)

    @api.model
    def _check_overdue(self, verdict):
        """Items overdue beyond the days, together above the share of the balance.

        The share is of what the customer owes in all; unapplied receipts are part of that balance.
        """
        figures, root = verdict.figures, verdict.root
        overdue, days = figures["overdue_count_amount"], figures["overdue_days"]
        threshold = max(figures["receivable"], 0.0) * root.credit_overdue_tolerance_percent / 100
        owes = verdict.currency.compare_amounts(figures["receivable"], 0.0) > 0
        if owes and verdict.currency.compare_amounts(overdue, threshold) > 0:
            return self._prepare_result("overdue", "hold", overdue, threshold, days, pay=overdue)
        return self._prepare_result("overdue", "pass", overdue, threshold, days)

    @api.model
    def _describe(self, result, currency):
        """Return the finding in one sentence, in the language of the reader.

        The words of a rule are in the method ``_describe_`` and its code.
        """
        return getattr(self, f"_describe_{result['code']}")(
            result, lambda amount: formatLang(self.env, amount, currency_obj=currency)
        )

    @api.model
    def _describe_manual(self, result, money):
        return self.env._("Put on hold by hand.")

    @api.model
    def _describe_blocked(self, result, money):
        return self.env._("Every order of this customer is checked by credit control.")

    @api.model
    def _describe_limit(self, result, money):
        if result["outcome"] != "hold":
            return self._describe_near_limit(result, money)
        return self.env._(
            "Exposure with this order is %(exposure)s, %(excess)s more than the %(allowed)s allowed.",
            exposure=money(result["measured"]),
            excess=money(result["measured"] - result["threshold"]),
            allowed=money(result["threshold"]),
        )

    @api.model
    def _describe_near_limit(self, result, money):
        return self.env._(
            "Exposure with this order is %(exposure)s of %(allowed)s allowed.",
            exposure=money(result["measured"]),
            allowed=money(result["threshold"]),
        )

    @api.model
    def _describe_no_limit(self, result, money):
        return self.env._("No credit limit was decided for this customer.")

    @api.model
    def _describe_overdue(self, result, money):
        if result["outcome"] == "pass":
            return self.env._("Nothing is overdue beyond the tolerance.")
        return self.env._(
            "%(amount)s is overdue beyond the tolerance, the oldest item by %(days)s days.",
            amount=money(result["measured"]),
            days=result["days"],
        )

    @api.model
    def _get_items_to_pay(self, wanted):
        """Return the oldest open items whose payment covers an amount, in one statement.

        :param wanted: dict of (commercial partner id, root company id) to an amount in company currency
        :return: dict of the same keys to a list of (document name, open amount in company currency)
        """
        wanted = {key: amount for key, amount in wanted.items() if amount > 0}
        if not wanted:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT item.partner_id, item.root_company_id, move.name, item.amount
                  FROM (
                        SELECT item.*,
                               wanted.pay,
                               SUM(item.amount) OVER (
                                   PARTITION BY item.partner_id, item.root_company_id
                                   ORDER BY item.date_maturity, item.id
                               ) - item.amount AS paid_before
                          FROM (%(open_items)s) item
                          JOIN unnest(%(partners)s::int[], %(roots)s::int[], %(amounts)s::numeric[])
                               AS wanted (partner_id, root_company_id, pay)
                         USING (partner_id, root_company_id)
                         WHERE item.amount > 0
                           -- said once more: the planner carries it down to the journal items
                           AND item.partner_id IN %(partner_ids)s
                       ) item
                  JOIN account_move move ON move.id = item.move_id
                 WHERE item.paid_before < item.pay
              ORDER BY item.partner_id, item.date_maturity, item.id
                """,
                open_items=self.env["ar.aging.report"]._open_items_sql(),
                partner_ids=tuple({partner_id for partner_id, _root_id in wanted}),
                partners=[partner_id for partner_id, _root_id in wanted],
                roots=[root_id for _partner_id, root_id in wanted],
                amounts=list(wanted.values()),
            )
        )
        items = defaultdict(list)
        for partner_id, root_id, name, amount in rows:
            items[partner_id, root_id].append((name, amount))
        return items
