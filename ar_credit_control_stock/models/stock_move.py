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

    def _credit_get_debtors(self):
        """The commercial entities that owe what moves without a transfer deliver, each with its orders."""
        debtors = defaultdict(self.env["sale.order"].browse)
        for order in self.sale_line_id.order_id:
            debtors[order._credit_get_debtor()] |= order
        if not debtors and self.partner_id:
            debtors[self.partner_id.commercial_partner_id] = self.env["sale.order"]
        return debtors

    def _credit_get_hold(self):
        """What moves without a transfer is never put on hold, it is refused."""
        return self.env["ar.credit.hold"]

    def _credit_get_amounts(self, debtor):
        """Value of what is or will be delivered for a customer, in the root company's currency.

        :return: the value by the prices of the order lines, and how much of that is beyond what was ordered
        """
        value = excess = 0.0
        for move in self:
            line = move.sale_line_id
            order = line.order_id
            if not line or order._credit_get_debtor() != debtor:
                continue
            company = order.company_id
            root, today = company._credit_root(), company._credit_today()
            price = move._credit_get_unit_price()
            of_move, beyond = (
                order.currency_id._convert(quantity * price, root.currency_id, company, today)
                for quantity in (
                    max(move.product_uom_qty, move.quantity),
                    max(move.quantity - move.product_uom_qty, 0.0),
                )
            )
            value += of_move
            excess += beyond
        return value, excess

    def _credit_get_unit_price(self):
        """Price with tax of one unit of the move by its order line, in the order's currency.

        A component of a kit has its share by quantity of all that moves for the line.
        """
        self.ensure_one()
        line = self.sale_line_id
        if line.product_id == self.product_id:
            per_unit = line.price_total / line.product_uom_qty if line.product_uom_qty else 0.0
            return self.product_uom._compute_quantity(1.0, line.product_uom_id, round=False) * per_unit
        parts = line.move_ids.filtered(lambda move: move.state != "cancel" and move._credit_is_delivery())
        total = sum(parts.mapped("product_uom_qty"))
        return line.price_total / total if total else 0.0

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

    def _credit_get_order(self):
        self.ensure_one()
        return self.sale_line_id.order_id or self.picking_id.sale_id

    def _credit_get_decision(self):
        """State of what stops the move: a hold of its delivery, else that of its order."""
        self.ensure_one()
        own = self.picking_id.credit_hold_state
        return own if own and own != "none" else self._credit_get_order().credit_hold_state

    def _credit_get_blocked(self):
        """Those of the moves that go to customers who are stopped altogether."""
        debtors = {}
        for move in self:
            order = move._credit_get_order()
            debtors[move] = order._credit_get_debtor() if order else move.partner_id.commercial_partner_id
        profiles = self.env["ar.credit.profile"].search(
            [
                ("hold_override", "=", "block"),
                ("partner_id", "in", [debtor.id for debtor in debtors.values()]),
                ("company_id", "in", self.company_id.root_id.ids),
            ]
        )
        blocked = {(profile.partner_id, profile.company_id) for profile in profiles}
        return self.filtered(lambda move: (debtors[move], move.company_id.root_id) in blocked)
