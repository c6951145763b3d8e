from dataclasses import dataclass

from odoo import api, models

from odoo.addons.ar_credit_control.models.rule.ar_credit_check import RANK, Demand


@dataclass(kw_only=True)
class DeliveryDemand(Demand):
    """One delivery to one customer.

    ``amount`` is the value of what it delivers and part of the exposure since its orders were confirmed, but
    for ``excess``, which no order asked for and which adds to the exposure.
    """

    delivery: models.BaseModel
    orders: models.BaseModel
    excess: float = 0.0


class ArCreditCheck(models.AbstractModel):
    _inherit = "ar.credit.check"

    @api.model
    def _judge_deliveries(self, deliveries, user=None):
        """Evaluate the rules for deliveries, in a bounded number of statements.

        What is delivered was counted when its order was confirmed, so nobody is locked: two deliveries at
        once cannot exceed a limit that each respects, except by what goes beyond the orders.

        :param deliveries: ``stock.picking`` records, or ``stock.move`` records without a transfer
        :param user: who delivers, by default the current user: nobody delivers on a release of their own
        :return: dict of record id to ``Verdict``, the most severe where a delivery has several customers; a
            delivery to nobody has none
        """
        user = user or self.env.user
        deliveries = deliveries.sudo()  # orders and figures, whatever the user may open
        debtors = self._get_delivery_debtors(deliveries)
        demands = [
            self._prepare_delivery_demand(delivery, debtor, orders, user)
            for delivery in deliveries
            for debtor, orders in debtors[delivery].items()
        ]
        verdicts = {}
        for (delivery_id, _debtor_id), verdict in self._judge_demands(demands, "delivery").items():
            former = verdicts.get(delivery_id)
            if not former or RANK[verdict.outcome] > RANK[former.outcome]:
                verdicts[delivery_id] = verdict
        return verdicts

    @api.model
    def _get_delivery_debtors(self, deliveries):
        """Return who owes each delivery, with the orders; all are read together."""
        found = {delivery: delivery._credit_get_debtors() for delivery in deliveries}
        partners = self.env["res.partner"].union(*(debtor for pairs in found.values() for debtor in pairs))
        orders = self.env["sale.order"].union(
            *(those for pairs in found.values() for those in pairs.values())
        )
        return {
            delivery: {
                debtor.with_prefetch(partners.ids): those.with_prefetch(orders.ids)
                for debtor, those in pairs.items()
            }
            for delivery, pairs in found.items()
        }

    @api.model
    def _prepare_delivery_demand(self, delivery, debtor, orders, user):
        amount, excess = delivery._credit_get_amounts(debtor)
        hold = delivery._credit_get_hold()
        released = (
            hold._covers_delivery(debtor, amount, user)
            or bool(orders)
            and all(
                order.credit_hold_id._covers_delivery(debtor, order._credit_get_amount(), user)
                for order in orders
            )
        )
        return DeliveryDemand(
            key=(delivery.id, debtor.id),
            partner=debtor,
            company=delivery.company_id,
            amount=amount,
            counted=amount - excess,
            excess=excess,
            order=orders[:1],
            hold=hold,
            exempt=self._is_delivery_exempt(debtor, orders),
            released=released,
            delivery=delivery,
            orders=orders,
        )

    @api.model
    def _is_delivery_exempt(self, debtor, orders):
        """Whether what is delivered asks for no credit: its orders do not, or it stays in the own group."""
        if not orders:
            return bool(debtor.ref_company_ids)
        return all(order._credit_is_exempt() and not order.credit_hold_id.forced for order in orders)

    @api.model
    def _get_results(self, verdict, rules):
        results = super()._get_results(verdict, rules)
        demand = verdict.demand
        if not isinstance(demand, DeliveryDemand):
            return results
        if not verdict.currency.is_zero(demand.excess):
            results += self._check_excess(verdict, rules)
        return [*self._check_delivered_orders(verdict), *results]

    @api.model
    def _get_figures(self, partners, root, rules):
        """Whom the rules of :meth:`_check_excess` are made for is read, too."""
        return super()._get_figures(partners, root, [*rules, *self._get_excess_rules(root, rules)])

    @api.model
    def _get_excess_rules(self, root, rules):
        """The rules that limit orders and were not evaluated."""
        policy = self.env["ar.credit.rule"]._get_policy(root)
        return [rule for rule in policy.at("order") if rule.kind == "limit" and rule not in rules]

    @api.model
    def _check_delivered_orders(self, verdict):
        """What credit control has not decided, or has refused, is not delivered either."""
        holds = verdict.demand.orders.credit_hold_id
        for state in ("refused", "held"):
            for hold in holds.filtered(lambda hold, state=state: hold.state == state):
                # What a person stopped waits for a person, whoever the customer is.
                code = "manual" if hold.forced else f"order_{state}"
                yield self._prepare_result(code, "hold", pay=hold.pay_to_release or None, order=hold.name)

    @api.model
    def _check_excess(self, verdict, rules):
        """What goes beyond the orders is asked for here first: it must fit the limit as an order must."""
        for rule in self._get_excess_rules(verdict.root, rules):
            if self._applies(rule, verdict):
                yield from self._check_limit(verdict, rule)

    @api.model
    def _describe_order_held(self, result, money):
        return self.env._("Order %s is on credit hold.", result["values"]["order"])

    @api.model
    def _describe_order_refused(self, result, money):
        return self.env._("Order %s was refused by credit control.", result["values"]["order"])
