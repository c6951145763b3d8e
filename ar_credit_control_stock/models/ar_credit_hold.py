from odoo import api, fields, models
from odoo.api import SUPERUSER_ID

from .stock_picking import OPEN_STATES


class ArCreditHold(models.Model):
    """A stop of a delivery is a hold like that of an order.

    Released, it lets its transfer pass up to its amount until its date; somebody at the shelf validates the
    transfer again. A back order is another delivery and is judged anew.
    """

    _inherit = "ar.credit.hold"

    picking_id = fields.Many2one(
        "stock.picking",
        string="Transfer",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        help="The delivery that waits.",
    )
    delivered_order_id = fields.Many2one(related="picking_id.sale_id", string="Order of the Delivery")
    source = fields.Selection(
        selection_add=[("transfer", "Validation of a delivery")],
        ondelete={"transfer": lambda holds: holds.write({"source": "button"})},
    )

    _one_open_per_transfer = models.UniqueIndex("(picking_id) WHERE state = 'held'")

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state", "held") != "held":
            self.order_id._credit_follow_deliveries()
            self.picking_id._credit_reserve_again()
        return result

    # actions

    def action_open_order(self):
        if not self.picking_id:
            return super().action_open_order()
        action = super().action_open_order()
        action["res_id"] = self.delivered_order_id.id
        return action

    def action_open_transfer(self):
        """Open the transfer: to who works in the warehouse in its own form, to others in a shorter one."""
        self.ensure_one()
        works = self.env.user.has_group("stock.group_stock_user")
        view = self.env.ref("ar_credit_control_stock.stock_picking_view_form_credit")
        return {
            "type": "ir.actions.act_window",
            "res_model": "stock.picking",
            "res_id": self.picking_id.id,
            "views": [(False if works else view.id, "form")],
        }

    # decisions

    def _get_document(self):
        return self.sudo().picking_id or super()._get_document()  # whoever decides need not work there

    def _covers_delivery(self, debtor, amount, user):
        """Whether a person released this for a delivery to that customer, of that amount, by that user."""
        return bool(
            self.decided_by_id
            and self.decided_by_id != user
            and self.with_user(SUPERUSER_ID)._covers(debtor, amount)
        )

    def _recheck(self):
        """Evaluate deliveries again, too. What passes waits for somebody to validate it."""
        held = self.filtered(lambda hold: hold.state == "held" and hold.picking_id)
        nobody = self.env["res.users"].browse(SUPERUSER_ID)
        verdicts = self.env["ar.credit.check"]._judge_deliveries(held.sudo().picking_id, nobody)
        passed = held.filtered(lambda hold: verdicts[hold.sudo().picking_id.id].outcome != "hold")
        for hold in held - passed:
            hold._refresh(verdicts[hold.sudo().picking_id.id])
        passed._pass()
        for hold in passed:
            hold._tell_salesperson()
        return super(ArCreditHold, self.filtered(lambda hold: not hold.picking_id))._recheck() | passed

    @api.model
    def _expire_releases(self):
        result = super()._expire_releases()
        candidates = self.search(
            [
                ("state", "=", "released"),
                ("valid_until", "<=", fields.Date.today()),  # in the east that day may be over
                ("picking_id.state", "in", OPEN_STATES),
            ]
        )
        ended = candidates.filtered(lambda hold: hold.valid_until < hold.company_id._credit_today())
        ended._close(self.env._("The release was not used in time."))
        return result

    # creation

    @api.model
    def _put_deliveries(self, verdicts, **values):
        """Put the deliveries of verdicts on hold; one that is held already is refreshed.

        :param values: how it was asked for, see ``_prepare_hold_values``
        """
        # Who puts the same delivery on hold at the same time is run again and finds the first one's.
        self.env["ar.credit.lock"]._take(
            ((verdict.partner.id, verdict.root.id) for verdict in verdicts), limited=False
        )
        new = []
        for verdict in verdicts:
            if verdict.hold.state == "held":
                verdict.hold._refresh(verdict, **values)
            else:
                new.append({**self._prepare_hold_values(verdict), **values})
        self.flush_model(["state"])  # what was decided in this transaction is open no more
        holds = self.sudo().with_context(mail_create_nosubscribe=True)  # nobody may create holds
        for hold in holds.create(new):
            hold._ask_controller()
            hold._log_on_order(self.env._("On credit hold: credit control was asked."))

    @api.model
    def _prepare_hold_values(self, verdict):
        values = super()._prepare_hold_values(verdict)
        delivery = getattr(verdict.demand, "delivery", None)
        if delivery is None:
            return values
        return {
            **values,
            "name": delivery.name,
            "checkpoint": "delivery",
            "order_id": False,
            "picking_id": delivery.id,
            "company_id": delivery.company_id.id,
            "order_currency_id": verdict.currency.id,
            "order_amount_currency": verdict.amount,
        }

    # telling people

    def _tell_salesperson(self):
        """Of a delivery, tell who validated it: they work at the shelf."""
        if not self.picking_id:
            super()._tell_salesperson()
            return
        labels = {
            "released": self.env._("Released by credit control: it can be validated now"),
            "refused": self.env._("Refused by credit control: it is not delivered"),
        }
        self._log_on_order(labels[self.state])
        user, picking = self.asked_by_id, self.picking_id.sudo()  # who decides may not write transfers
        if user.active and user != self.env.user and self._may_open(picking, user):
            picking.activity_schedule(
                "ar_credit_control_stock.mail_activity_delivery_decided",
                user_id=user.id,
                summary=labels[self.state],
            )
