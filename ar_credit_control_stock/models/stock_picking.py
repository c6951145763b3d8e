from odoo import api, fields, models
from odoo.fields import Domain

from . import delivery_moment

OPEN_STATES = ("draft", "waiting", "confirmed", "assigned")


class StockPicking(models.Model):
    """Deliveries to customers pass the credit rules when they are validated.

    A delivery is a transfer that takes goods out to a customer, from stock or straight from a vendor.
    Receipts, returns and the steps inside the warehouse are never stopped. What stops a delivery is kept in
    the holds' own table: there is nothing here to be written.
    """

    _inherit = "stock.picking"

    credit_hold_ids = fields.One2many(
        "ar.credit.hold",
        "picking_id",
        string="Credit Holds",
        groups="sales_team.group_sale_salesman,ar_credit_control.group_credit_user",
        readonly=True,
    )
    credit_hold_id = fields.Many2one(
        "ar.credit.hold",
        compute="_compute_credit_hold",
        compute_sudo=True,
        groups="sales_team.group_sale_salesman,ar_credit_control.group_credit_user",
        help="What stops this delivery: a hold of its own, or that of its order.",
    )
    credit_hold_state = fields.Selection(
        [("none", "None"), ("held", "Held"), ("released", "Released"), ("refused", "Refused")],
        string="Credit",
        compute="_compute_credit_hold",
        search="_search_credit_hold_state",
        compute_sudo=True,
        groups="base.group_user",
        help="Held: waits for credit control, the transfer cannot be validated.",
    )
    credit_hold_responsible = fields.Char(
        string="Credit Control Contact",
        compute="_compute_credit_hold",
        compute_sudo=True,
        groups="base.group_user",
        help="Who was asked to decide.",
    )

    @api.depends("state", "credit_hold_ids.state", "sale_id.credit_hold_ids.state")
    def _compute_credit_hold(self):
        for picking in self:
            hold = picking._origin._credit_get_hold() if picking._origin else self.env["ar.credit.hold"]
            if not hold and picking.state in OPEN_STATES and picking._credit_is_delivery():
                of_order = picking.sale_id.credit_hold_id
                hold = of_order if of_order.state in ("held", "refused") else hold
            picking.credit_hold_id = hold
            picking.credit_hold_state = hold.state or "none"
            picking.credit_hold_responsible = hold.responsible_id.name if hold.state == "held" else False

    def _search_credit_hold_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        wanted = set(value) - {False}
        if False in value:
            wanted.add("none")
        stopping = {"held", "refused"}
        current = self.env["ar.credit.hold"]._get_current_query(wanted, "picking_id")
        without = ~Domain("credit_hold_ids", "any!", [("state", "!=", "expired")])
        through_order = without & Domain("state", "in", OPEN_STATES) & self._credit_delivery_domain()
        found = Domain("credit_hold_ids", "any!", [("id", "in", current)])
        found |= through_order & Domain("sale_id.credit_hold_state", "in", list(wanted & stopping))
        if "none" in wanted:
            found |= without & ~(through_order & Domain("sale_id.credit_hold_state", "in", list(stopping)))
        return Domain("id", "in", self.sudo()._search(found))  # as the field is computed

    # CRUD: the second net below the gate, for whatever does not come through the methods that deliver

    def write(self, vals):
        if vals.get("state") == "done":
            self.filtered(lambda picking: picking.state != "done").move_ids._credit_refuse()
        return super().write(vals)

    def unlink(self):
        self._credit_close_holds(self.env._("The transfer was deleted."))
        return super().unlink()

    # what a check asks the transfer

    @api.model
    def _credit_delivery_domain(self):
        """Transfers that go out to customers, see :meth:`_credit_is_delivery`."""
        outside = Domain("usage", "=", "customer") | Domain(
            [("usage", "=", "transit"), ("company_id", "=", False)]
        )
        return Domain("location_dest_id", "any!", outside) & ~Domain("location_id", "any!", outside)

    def _credit_is_delivery(self):
        """Whether the transfer itself goes out to a customer."""
        self.ensure_one()
        destination, source = self.location_dest_id, self.location_id
        return destination._credit_is_outside() and not source._credit_is_outside()

    def _credit_get_debtors(self):
        """The commercial entities that owe what is delivered, each with its sales orders.

        Without an order it is the one that the goods go to.
        """
        self.ensure_one()
        return self.move_ids._credit_get_debtors()

    def _credit_get_amounts(self, debtor):
        """What the transfer delivers for a customer, in the root company's currency at today's rate.

        :return: its value, and how much of that no order asked for
        """
        self.ensure_one()
        moves = self.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel") and move._credit_is_delivery()
        )
        return moves._credit_get_amounts(debtor)

    def _credit_get_hold(self):
        """The newest hold of the transfer itself."""
        self.ensure_one()
        return self.credit_hold_ids._get_newest()

    def _credit_get_amount(self):
        """Value of the whole transfer in the root company's currency."""
        self.ensure_one()
        return sum(self._credit_get_amounts(debtor)[0] for debtor in self._credit_get_debtors())

    def _credit_is_exempt(self):
        """Whether the goods have changed hands and money already: sold over the counter.

        Override to exempt what another application settles.
        """
        self.ensure_one()
        return bool("pos_order_id" in self._fields and self.pos_order_id)

    def _credit_controlled(self):
        """Those of the transfers whose company has switched holds on."""
        roots = {
            company: company.sudo()._credit_root()  # settings of the root, also for a user of a branch
            for company in self.company_id
        }
        return self.filtered(lambda picking: roots[picking.company_id].credit_control_active)

    def _credit_gated(self):
        """Those of the transfers that deliver something and were not let pass yet."""
        pickings = self.sudo()._credit_controlled()  # places and lines, whatever the user may open
        return self & pickings.filtered(
            lambda picking: (
                not delivery_moment.is_passing(picking)
                and not picking._credit_is_exempt()
                and any(
                    move.state not in ("done", "cancel") and move._credit_is_delivery()
                    for move in picking.move_ids
                )
            )
        )

    # the gate

    def _credit_gate_validate(self, validate):
        """Validate what passes and put the rest on hold.

        :param validate: the complete ``button_validate`` of all other addons
        :return: what ``validate`` returns, or a notice about what is held
        """
        held = self._credit_gated()._credit_stop(sanity_check=True)
        passed = self - held
        if held and not passed:
            return held._credit_held_notice(True)
        with delivery_moment.passing(passed):
            result = validate(passed)
        return held._credit_held_notice(result) if held else result

    def _credit_gate_done(self, done):
        """The same for code that delivers without the button: what is held stays as it is."""
        passed = self - self._credit_gated()._credit_stop()
        if self and not passed:
            return True
        with delivery_moment.passing(passed):
            return done(passed)

    def _credit_stop(self, sanity_check=False):
        """Judge deliveries, end the holds of those that pass and put the others on hold.

        :return: those that are held
        """
        if not self:
            return self
        verdicts = self.env["ar.credit.check"]._judge_deliveries(self)
        held = self.browse(key for key, verdict in verdicts.items() if verdict.outcome == "hold")
        (self - held)._credit_pass_holds()
        if held:
            held.check_access("write")
            if sanity_check and not self.env.context.get("skip_sanity_check"):
                # What cannot be validated anyway is refused with core's own words.
                held.filtered(lambda picking: picking.state != "draft")._sanity_check()
            self.env["ar.credit.hold"]._put_deliveries(
                [verdicts[picking.id] for picking in held],
                source="transfer",
                asked_by_id=self.env.uid,
                asked_on=fields.Datetime.now(),
                asked_as_system=self.env.su,
            )
        return held

    def _credit_held_notice(self, result):
        """Tell who works in the warehouse what is held; figures and reasons are credit control's.

        What validating the others returned comes next.
        """
        next_step = self.env._("The quantities are kept. Validate again once credit control agrees.")
        lines = []
        for picking in self.sudo():  # only names are told
            asked = picking.credit_hold_responsible
            lines.append(
                self.env._("%(transfer)s: %(person)s was asked.", transfer=picking.name, person=asked)
                if asked
                else picking.name
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("On credit hold: do not hand over the goods"),
                "message": "\n".join([*lines, next_step]),
                "next": result if isinstance(result, dict) else {"type": "ir.actions.act_window_close"},
            },
        }

    def _credit_pass_holds(self):
        """End what stopped deliveries that pass now."""
        holds = self.sudo().credit_hold_ids  # nobody may write holds
        holds.filtered(lambda hold: hold.state == "held")._pass()
        holds.filtered(lambda hold: hold.state == "refused")._close(self.env._("The delivery passes now."))

    def _credit_close_holds(self, note):
        holds = self.sudo().credit_hold_ids  # nobody may write holds
        holds.filtered(lambda hold: hold.state in ("held", "released", "refused"))._close(note)

    # reservation

    def _credit_reserve_again(self):
        """Reserve for deliveries that credit control lets pass, where nothing was reserved meanwhile."""
        waiting = self.move_ids.filtered(
            lambda move: (
                move.state in ("confirmed", "waiting", "partially_available")
                and not move.company_id._credit_root().credit_reserve_held
            )
        )
        if waiting:
            waiting._action_assign()

    # buttons

    def action_credit_open_hold(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credit Holds"),
            "res_model": "ar.credit.hold",
            "res_id": self.credit_hold_id.id,
            "views": [(False, "form")],
        }
