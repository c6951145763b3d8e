from collections import defaultdict
from dataclasses import dataclass

from odoo import api, models

from odoo.addons.ar_credit_control.models.hold.ar_credit_check import RANK, Verdict


@dataclass(kw_only=True)
class DeliveryVerdict(Verdict):
    """What the credit rules say about one delivery to one customer.

    ``amount`` is the value of what it delivers and part of the exposure since its orders were confirmed;
    ``excess`` is how much of that is beyond what was ordered and adds to the exposure.
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
        :return: dict of record id to :class:`DeliveryVerdict`, the most severe where a delivery has several
            customers; a delivery to nobody has none
        """
        user = user or self.env.user
        deliveries = deliveries.sudo()  # orders and figures, whatever the user may open
        debtors = self._get_delivery_debtors(deliveries)
        by_root = defaultdict(deliveries.browse)
        for delivery in deliveries:
            by_root[delivery.company_id._credit_root()] |= delivery
        verdicts = {}
        for root, group in by_root.items():
            partners = self.env["res.partner"].union(
                *(debtor for delivery in group for debtor in debtors[delivery])
            )
            exposure = self.env["ar.credit.exposure"].with_context(tz=root._credit_timezone())
            figures = exposure._get_figures(partners, root)
            for delivery in group:
                for debtor, orders in debtors[delivery].items():
                    verdict = self._prepare_delivery_verdict(
                        delivery, debtor, orders, root, figures[debtor.id], user
                    )
                    for check in self._get_delivery_checks():
                        if result := getattr(self, check)(verdict):
                            verdict.results.append(result)
                    former = verdicts.get(delivery.id)
                    if not former or RANK[verdict.outcome] > RANK[former.outcome]:
                        verdicts[delivery.id] = verdict
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
    def _prepare_delivery_verdict(self, delivery, debtor, orders, root, figures, user):
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
        return DeliveryVerdict(
            delivery=delivery,
            orders=orders,
            order=orders[:1],
            partner=debtor,
            root=root,
            figures=figures,
            amount=amount,
            excess=excess,
            used=figures["exposure"] - (amount - excess),
            allowed=(figures["limit"] + figures["security"])
            * (1 + root.credit_limit_tolerance_percent / 100),
            hold=hold,
            exempt=self._is_delivery_exempt(debtor, orders),
            released=released,
        )

    @api.model
    def _is_delivery_exempt(self, debtor, orders):
        """Whether what is delivered asks for no credit: its orders do not, or it stays in the own group."""
        if not orders:
            return bool(debtor.ref_company_ids)
        return all(order._credit_is_exempt() and not order.credit_hold_id.forced for order in orders)

    @api.model
    def _get_delivery_checks(self):
        """Names of the methods that judge a delivery, in the order in which their findings are told."""
        return ["_check_delivered_order", "_check_blocked", "_check_delivered_limit", "_check_overdue"]

    @api.model
    def _check_delivered_order(self, verdict):
        """What credit control has not decided, or has refused, is not delivered either."""
        for state in ("refused", "held"):
            holds = verdict.orders.credit_hold_id.filtered(lambda hold, state=state: hold.state == state)
            if holds:
                pay = sum(holds.mapped("pay_to_release")) or None
                return self._prepare_result(f"order_{state}", "hold", pay=pay)
        return None

    @api.model
    def _check_delivered_limit(self, verdict):
        """More than was ordered must fit the limit; the order itself was judged when it was confirmed."""
        if verdict.currency.is_zero(verdict.excess):
            return None
        return self._check_limit(verdict)

    @api.model
    def _describe_order_held(self, result, money):
        return self.env._("The order is on credit hold.")

    @api.model
    def _describe_order_refused(self, result, money):
        return self.env._("The order was refused by credit control.")
