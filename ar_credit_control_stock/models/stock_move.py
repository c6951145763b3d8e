from collections import defaultdict
from contextlib import nullcontext

from odoo import api, models
from odoo.exceptions import UserError

from . import delivery_moment


class StockMove(models.Model):
    _inherit = "stock.move"

    # CRUD: the second net below the gate, for whatever does not come through the methods that deliver

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_state")
        entering = any(vals.get("state", default) == "done" for vals in vals_list)
        with self._credit_undo(entering):
            moves = super().create(vals_list)
            if entering:
                moves.filtered(lambda move: move.state == "done")._credit_refuse()
        return moves

    def write(self, vals):
        if vals.get("state") == "done":
            self.filtered(lambda move: move.state != "done")._credit_refuse()
        if "sale_line_id" in vals and not self.env.su:
            self._credit_refuse_parting(vals["sale_line_id"])
        return super().write(vals)

    def _credit_undo(self, entering):
        """Context manager: what is refused is undone, even where the caller swallows the error."""
        return self.env.cr.savepoint() if entering else nullcontext()

    # what a check asks the move

    def _credit_is_delivery(self):
        """Whether goods go out to a customer, by the move or by one of its lines; a return does not."""
        self.ensure_one()
        if self.location_id._credit_is_outside():
            return False
        return self.location_dest_id._credit_is_outside() or any(
            line.location_dest_id._credit_is_outside() for line in self.move_line_ids
        )

    def _credit_get_order(self):
        self.ensure_one()
        return self.sale_line_id.order_id or self.picking_id.sale_id

    def _credit_get_debtor(self):
        """The commercial entity that owes what is delivered; without an order the one that gets it."""
        self.ensure_one()
        if order := self._credit_get_order():
            return order._credit_get_debtor()
        return (self.picking_id.partner_id or self.partner_id).commercial_partner_id

    def _credit_get_debtors(self):
        """The commercial entities that owe what the moves deliver, each with its sales orders."""
        debtors = defaultdict(self.env["sale.order"].browse)
        for move in self:
            if debtor := move._credit_get_debtor():
                debtors[debtor] |= move._credit_get_order()
        return debtors

    def _credit_get_hold(self):
        """What moves without a transfer is never put on hold, it is refused."""
        return self.env["ar.credit.hold"]

    def _credit_get_amounts(self, debtor):
        """Value of what is or will be delivered to a customer, in the root company's currency.

        :return: the value with tax, and how much of that no order asked for
        """
        value = excess = 0.0
        for move in self:
            if move._credit_get_debtor() != debtor:
                continue
            price, ordered = move._credit_get_unit_price(), bool(move.sale_line_id)
            value += price * max(move.product_uom_qty, move.quantity)
            excess += price * max(move.quantity - move.product_uom_qty * ordered, 0.0)
        if not self:
            return 0.0, 0.0
        currency = self.company_id[0]._credit_root().currency_id
        return currency.round(value), currency.round(excess)

    def _credit_get_unit_price(self):
        """Price of one unit of the move, in the root company's currency at today's rate, not rounded.

        With tax by the order line; without one the list price, and nothing for goods that are the customer's
        own. A component of a kit has its share by quantity of all that moves for the line.
        """
        self.ensure_one()
        line, company = self.sale_line_id, self.company_id
        if not line:
            owned = self.picking_id.owner_id or self.restrict_partner_id
            currency, product = self.product_id.currency_id, self.product_id
            price = 0.0 if owned else product.uom_id._compute_price(product.lst_price, self.product_uom)
        elif line.product_id == self.product_id:
            currency = line.currency_id
            price = line.price_total / line.product_uom_qty if line.product_uom_qty else 0.0
            price *= self.product_uom._compute_quantity(1.0, line.product_uom_id, round=False)
        else:
            currency = line.currency_id
            parts = line.move_ids.filtered(lambda move: move.state != "cancel" and move._credit_is_delivery())
            total = sum(parts.mapped("product_uom_qty"))
            price = line.price_total / total if total else 0.0
        root = company._credit_root()
        return currency._convert(price, root.currency_id, company, company._credit_today(), round=False)

    def _credit_controlled(self):
        """Those of the moves whose company has switched holds on."""
        roots = {
            company: company.sudo()._credit_root()  # settings of the root, also for a user of a branch
            for company in self.company_id
        }
        return self.filtered(lambda move: roots[move.company_id].credit_control_active)

    # the gate

    def _credit_gate_done(self, done, *args, **kwargs):
        """Do what passes; what belongs to a delivery that does not pass stays as it is and is put on hold.

        :param done: the complete ``_action_done`` of all other addons
        """
        held = self.picking_id._credit_gated()._credit_stop()
        passed = self.filtered(lambda move: move.picking_id not in held)
        if self and not passed:
            return passed
        without_transfer = passed.filtered(lambda move: not move.picking_id)
        without_transfer._credit_refuse()
        with delivery_moment.passing(passed.picking_id, without_transfer):
            return done(passed, *args, **kwargs)

    def _credit_refuse(self):
        """Refuse deliveries that are done in any other way than through the gate and do not pass."""
        if not self.env.registry.ready:
            return  # data of addons being installed; no user is connected
        moves = self.filtered(
            lambda move: not delivery_moment.is_passing(move.picking_id or move)
        ).sudo()  # places and orders, whatever the user may open
        moves = moves._credit_controlled().filtered(
            lambda move: (
                move._credit_is_delivery() and not (move.picking_id and move.picking_id._credit_is_exempt())
            )
        )
        for records in (moves.picking_id, moves.filtered(lambda move: not move.picking_id)):
            verdicts = self.env["ar.credit.check"]._judge_deliveries(records)
            for record in records:
                if record.id in verdicts and verdicts[record.id].outcome == "hold":
                    raise UserError(
                        self.env._(
                            "%s is on credit hold: credit control has to release it before goods are "
                            "handed over.",
                            record.display_name,
                        )
                    )

    def _credit_refuse_parting(self, line_id):
        """Refuse to take what was not delivered away from an order that credit control stops, or would."""
        line = self.env["sale.order.line"].browse(line_id).sudo()  # orders, whatever the user may open
        parting = self.sudo().filtered(  # as above
            lambda move: (
                (move.sale_line_id and move.sale_line_id.order_id != line.order_id)
                and move.state not in ("done", "cancel")
            )
        )
        deliveries = parting._credit_controlled().picking_id._credit_gated()
        verdicts = self.env["ar.credit.check"]._judge_deliveries(deliveries) if deliveries else {}
        for move in parting:
            order = move.sale_line_id.order_id
            stopped = order.credit_hold_state in ("held", "refused")
            verdict = verdicts.get(move.picking_id.id)
            if stopped or (verdict and verdict.outcome == "hold"):
                raise UserError(self.env._("Order %s is on credit hold: its goods stay with it.", order.name))

    def _action_cancel(self):
        result = super()._action_cancel()
        cancelled = self.picking_id.filtered(lambda picking: picking.state == "cancel")
        cancelled._credit_close_holds(self.env._("The transfer was cancelled."))
        return result

    # reservation

    def _action_assign(self, force_qty=False):
        """Reserve nothing for held deliveries where the company does not want it."""
        moves = self if force_qty else self - self._credit_get_unreserved()
        return super(StockMove, moves)._action_assign(force_qty=force_qty)

    def _credit_get_unreserved(self):
        """Those of the moves, at any step on the way to a customer, for which nothing is reserved now."""
        moves = (
            self.sudo()
            ._credit_controlled()
            .filtered(  # settings, whatever the user may open
                lambda move: (
                    not move.company_id._credit_root().credit_reserve_held
                    and not move._should_bypass_reservation()
                    and (move.location_final_id or move.location_dest_id)._credit_is_outside()
                )
            )
        )
        blocked = moves._credit_get_blocked()
        return self & moves.filtered(
            lambda move: (
                move._credit_get_decision() in ("held", "refused")
                or (move in blocked and move._credit_get_decision() != "released")
            )
        )

    def _credit_get_decision(self):
        """State of what stops the move: a hold of its delivery, else that of its order."""
        self.ensure_one()
        own = self.picking_id.credit_hold_state
        return own if own and own != "none" else self._credit_get_order().credit_hold_state

    def _credit_get_blocked(self):
        """Those of the moves that go to customers who are stopped altogether."""
        debtors = {move: move._credit_get_debtor() for move in self}
        profiles = self.env["ar.credit.profile"].search(
            [
                ("hold_override", "=", "block"),
                ("partner_id", "in", [debtor.id for debtor in debtors.values()]),
                ("company_id", "in", self.company_id.root_id.ids),
            ]
        )
        blocked = {(profile.partner_id, profile.company_id) for profile in profiles}
        return self.filtered(lambda move: (debtors[move], move.company_id.root_id) in blocked)
