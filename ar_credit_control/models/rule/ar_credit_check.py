from collections import defaultdict
from dataclasses import dataclass, field

from odoo import api, models
from odoo.tools import formatLang

from .credit_policy import Policy

RANK = {"pass": 0, "warn": 1, "hold": 2}


@dataclass
class Demand:
    """What somebody asks to do for a customer: an order, a delivery, an invoice, or a mere question.

    ``amount`` is in the root company's currency; ``counted`` how much of it is part of the exposure
    already, as a confirmed order or a draft invoice is. ``terms_days``: days of credit asked for, by default
    those of the order. ``hold`` is the hold that stopped it before, ``released`` whether a decision lets it
    pass: by default what that hold covers. ``currency`` is that of the document, for those who show it.
    """

    key: object
    partner: models.BaseModel
    company: models.BaseModel
    amount: float
    order: models.BaseModel | None = None
    terms_days: int | None = None
    currency: models.BaseModel | None = None
    counted: float = 0.0
    exempt: bool = False
    hold: models.BaseModel | None = None
    released: bool | None = None


@dataclass
class Verdict:
    """What the credit rules say about one demand. Amounts are in the root company's currency.

    ``used`` is the exposure without this demand and with those that passed before it in the same batch.
    ``results`` keeps every rule's finding, see :meth:`ArCreditCheck._prepare_result`. ``order`` is empty when
    the demand is no order.
    """

    demand: Demand
    order: models.BaseModel
    partner: models.BaseModel
    root: models.BaseModel
    figures: dict
    amount: float
    used: float
    hold: models.BaseModel
    exempt: bool = False
    released: bool = False
    checkpoint: str = "order"
    policy: object = None
    results: list = field(default_factory=list)
    group_used: dict = field(default_factory=dict)
    batch: list = field(default_factory=list, repr=False)
    payments_found: list | None = field(default=None, repr=False)

    @property
    def currency(self):
        return self.root.currency_id

    @property
    def left(self):
        """What remains of limit and security after this; negative beyond them."""
        return self.figures["limit"] + self.figures["security"] - self.used - self.amount

    @property
    def outcome(self):
        if self.exempt or self.released or self.figures["hold_override"] == "pass":
            by_hand = any(result["code"] == "manual" for result in self.results)
            return "hold" if by_hand and not self.released else "pass"
        return max((result["outcome"] for result in self.results), key=RANK.__getitem__, default="pass")

    @property
    def reasons(self):
        """The findings that count, most severe first."""
        over = any(result["code"] == "limit" and result["outcome"] == "hold" for result in self.results)
        return sorted(
            (
                result
                for result in self.results
                # Over the limit is near it too: that goes without saying.
                if result["outcome"] != "pass" and not (over and result["code"] == "near_limit")
            ),
            key=lambda result: -RANK[result["outcome"]],
        )

    @property
    def payments(self):
        """What to pay so that it passes: dicts with ``move_id``, ``name`` and ``amount``, oldest first.

        The last one has no entry where the customer would pay in advance. Empty when it passes, and when a
        rule asks for a person, not for money. Computed for all verdicts of the batch at once, when one asks.
        """
        if self.payments_found is None:
            self.root.env["ar.credit.check"]._find_payments(self.batch)
        return self.payments_found

    @property
    def pay(self):
        """Amount whose payment, as :attr:`payments` says, makes it pass; zero when money does not help."""
        return self.currency.round(sum(payment["amount"] for payment in self.payments))


class ArCreditCheck(models.AbstractModel):
    """The credit rules, evaluated for many demands in a bounded number of statements.

    Each kind of rule is a method ``_check_…`` that yields findings about a :class:`Verdict`.
    """

    _name = "ar.credit.check"
    _description = "Credit Check"

    @api.model
    def _judge(self, orders, lock=False, checkpoint="order", rules=None):
        """Evaluate the rules for orders, see :meth:`_judge_demands`.

        :return: dict of order id (or new id) to :class:`Verdict`
        """
        orders = orders.sudo()  # the figures are of the whole customer, not of what the salesperson may open
        demands = [self._prepare_demand(order) for order in (orders.sorted("id") if lock else orders)]
        return self._judge_demands(demands, checkpoint, lock, rules)

    @api.model
    def _judge_demands(self, demands, checkpoint="order", lock=False, rules=None):
        """Evaluate the rules of a checkpoint for demands.

        With ``lock`` the customers are locked first, the pending changes are written, and each demand counts
        those that pass before it, in the order given, so that together they cannot exceed the limit. Without
        it, a forecast, each demand is looked at alone.

        :param demands: list of :class:`Demand`
        :param checkpoint: ``order``, ``delivery`` or ``invoice``
        :param rules: list of ``Rule`` to look at instead of those that are on, to try them
        :return: dict of the demands' keys to :class:`Verdict`
        """
        by_root = defaultdict(list)
        for demand in demands:
            by_root[demand.company.sudo()._credit_root()].append(demand)  # settings of the root, for a branch
        if lock:
            self.env.flush_all()
            self.env["ar.credit.lock"]._take(
                (demand.partner._origin.id, root.id) for root, group in by_root.items() for demand in group
            )
        verdicts = {}
        for root, group in by_root.items():
            policy = self.env["ar.credit.rule"]._get_policy(root)
            looking = policy.at(checkpoint) if rules is None else rules
            partners = self.env["res.partner"].union(*(demand.partner for demand in group))
            figures = self._get_figures(partners, root, looking)
            passed = defaultdict(float)
            batch = []
            for demand in group:
                verdict = self._prepare_verdict(demand, root, figures[demand.partner._origin.id], passed)
                verdict.checkpoint, verdict.policy, verdict.batch = checkpoint, policy, batch
                verdict.results = self._get_results(verdict, looking)
                if lock and verdict.outcome != "hold":
                    self._count_passed(passed, verdict)
                batch.append(verdict)
                verdicts[demand.key] = verdict
        return verdicts

    @api.model
    def _prepare_demand(self, order):
        amount = order._credit_get_amount()
        return Demand(
            key=order.id,
            partner=order._credit_get_debtor(),
            company=order.company_id,
            amount=amount,
            order=order,
            currency=order.currency_id,
            counted=amount if order.state == "sale" else 0.0,
            exempt=order._credit_is_exempt(),
            hold=order._origin.credit_hold_id,
        )

    @api.model
    def _get_figures(self, partners, root, rules):
        """Return the figures of customers with what the rules ask for beyond them.

        What a kind of rule needs is read by its method ``_get_figures_…``, for all customers at once and only
        while such a rule is on: ``{partner id: {name: value}}``.
        """
        exposure = self.env["ar.credit.exposure"].with_context(
            tz=root._credit_timezone(),
            credit_tried_thresholds=tuple(Policy(tuple(rules)).thresholds),
        )
        figures = exposure._get_figures(partners, root)
        if any(rule.category_ids or rule.country_ids for rule in rules):
            for partner in partners.sudo().commercial_partner_id:  # sudo: the debtor may not be readable
                figures[partner._origin.id].update(
                    category_ids=frozenset(partner.category_id.ids), country_id=partner.country_id.id
                )
        for kind in {rule.kind for rule in rules}:
            if read := getattr(self, f"_get_figures_{kind}", None):
                more = read([rule for rule in rules if rule.kind == kind], list(figures), root)
                for partner_id, values in more.items():
                    figures[partner_id].update(values)
        return figures

    @api.model
    def _prepare_verdict(self, demand, root, figures, passed):
        """Return the verdict on a demand, still without findings.

        :param passed: amounts that passed before in this batch, by customer and, for groups, by profile
        """
        # Who sells can write orders and drafts of a negative total: they make no room before they are booked.
        unbooked = min(figures["order"] + figures["draft_invoice"], 0.0)
        debtor_id = demand.partner._origin.id
        hold = self.env["ar.credit.hold"] if demand.hold is None else demand.hold
        return Verdict(
            demand=demand,
            order=self.env["sale.order"] if demand.order is None else demand.order,
            partner=demand.partner,
            root=root,
            figures=figures,
            amount=demand.amount,
            # What is counted already is taken out, to be looked at as if it were asked for now.
            used=figures["exposure"] - unbooked - demand.counted + passed["partner", debtor_id],
            hold=hold,
            exempt=demand.exempt,
            released=hold._covers(demand.partner, demand.amount)
            if demand.released is None
            else demand.released,
            group_used={
                group["profile_id"]: group["exposure"]
                - unbooked
                - demand.counted
                + passed["group", group["profile_id"]]
                for group in figures.get("groups", ())
            },
        )

    @api.model
    def _count_passed(self, passed, verdict):
        """Those that come later in the batch find less room."""
        more = verdict.amount - verdict.demand.counted
        passed["partner", verdict.partner._origin.id] += more
        for profile_id in verdict.group_used:
            passed["group", profile_id] += more

    @api.model
    def _get_results(self, verdict, rules):
        """Return the findings of what always looks and of the rules that are made for the customer."""
        results = [*self._check_manual(verdict), *self._check_blocked(verdict)]
        for rule in rules:
            if self._applies(rule, verdict):
                results += getattr(self, f"_check_{rule.kind}")(verdict, rule)
        return results

    @api.model
    def _applies(self, rule, verdict):
        """Whether the customer is one of those that a rule is made for."""
        figures = verdict.figures
        rating_id = figures["rating_id"] or verdict.policy.unrated_id
        return (
            (not rule.rating_ids or rating_id in rule.rating_ids)
            and (not rule.country_ids or figures["country_id"] in rule.country_ids)
            and (not rule.category_ids or bool(rule.category_ids & figures["category_ids"]))
        )

    @api.model
    def _prepare_result(
        self, code, outcome, rule=None, *, measured=0.0, threshold=0.0, days=0, pay=None, **values
    ):
        """Return a finding, with what it takes to be told later, whatever becomes of the rule.

        :param outcome: ``pass``, ``warn`` or ``hold``
        :param measured: the figure that was looked at; ``threshold``: up to which it passes
        :param pay: what the customer pays to make it pass, None when money does not help
        :param values: further figures for the sentence; numbers and texts
        """
        return {
            "code": code,
            "outcome": outcome,
            "measured": measured,
            "threshold": threshold,
            "days": days,
            "pay": pay,
            "rule_id": rule and rule.id,
            "rule_name": rule and rule.name,
            "values": values,
        }

    @api.model
    def _describe(self, result, currency):
        """Return the finding in one sentence, in the language of the reader.

        The words are in the method ``_describe_`` and the finding's code.
        """
        return getattr(self, f"_describe_{result['code']}")(
            result, lambda amount: formatLang(self.env, amount, currency_obj=currency)
        )

    @api.model
    def _find_payments(self, verdicts):
        """Set what to pay on verdicts of one root company, in one statement. See :attr:`Verdict.payments`."""
        open_verdicts = []
        for verdict in verdicts:
            verdict.payments_found = []
            amounts = [result["pay"] for result in verdict.results if result["outcome"] == "hold"]
            if verdict.outcome == "hold" and amounts and None not in amounts:
                open_verdicts.append(verdict)
        if open_verdicts:
            root = open_verdicts[0].root
            partner_ids = {verdict.partner._origin.id for verdict in open_verdicts}
            items = self._get_open_items(list(partner_ids), root)
            for verdict in open_verdicts:
                verdict.payments_found = self._plan_payments(verdict, items[verdict.partner._origin.id])
