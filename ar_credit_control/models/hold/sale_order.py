from contextlib import nullcontext
from itertools import chain

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools.misc import str2bool

from . import credit_moment

# What may raise the total of a confirmed order, move it to another debtor or to a later date of payment.
WATCHED_FIELDS = {
    "order_line",
    "partner_id",
    "partner_invoice_id",
    "fiscal_position_id",
    "currency_id",
    "company_id",
    "payment_term_id",
}
# Stored results that the rules look at. The ORM lets everybody write them over RPC.
COMPUTED_FIGURES = {"amount_untaxed", "amount_tax", "amount_total"}


class SaleOrder(models.Model):
    """Orders know their credit hold through the holds' own table: there is nothing here to be written."""

    _inherit = "sale.order"

    credit_hold_ids = fields.One2many(
        "ar.credit.hold", "order_id", string="Credit Holds", groups="base.group_user", readonly=True
    )
    credit_hold_id = fields.Many2one(
        "ar.credit.hold",
        compute="_compute_credit_hold",
        search="_search_credit_hold_id",
        compute_sudo=True,
        groups="base.group_user",
    )
    credit_hold_state = fields.Selection(
        [("none", "None"), ("held", "Held"), ("released", "Released"), ("refused", "Refused")],
        string="Credit",
        compute="_compute_credit_hold",
        search="_search_credit_hold_state",
        compute_sudo=True,
        groups="base.group_user",
        help="Held: waits for credit control. Released or refused: credit control has decided.",
    )

    @api.depends("credit_hold_ids.state")
    def _compute_credit_hold(self):
        for order in self:
            order.credit_hold_id = order._origin.credit_hold_ids._get_newest()
            order.credit_hold_state = order.credit_hold_id.state or "none"

    def _search_credit_hold_id(self, operator, value):
        if operator == "in":
            ids = [hold_id for hold_id in value if hold_id]
            found = Domain("credit_hold_ids", "any!", [("id", "in", ids), ("state", "!=", "expired")])
            return found | Domain("credit_hold_state", "=", "none") if False in value else found
        if operator in ("any", "any!"):
            return Domain("credit_hold_ids", operator, Domain("state", "!=", "expired") & Domain(value))
        return NotImplemented

    def _search_credit_hold_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        # A newer hold takes the place of an older one that was decided.
        return self.env["ar.credit.hold"]._get_document_domain(value)

    # CRUD: the second net below the gate, for whatever does not come through ``action_confirm``

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_state")
        with self._credit_undo(any(vals.get("state", default) == "sale" for vals in vals_list)):
            orders = super().create(vals_list)
            orders._credit_compute_again(COMPUTED_FIGURES.intersection(chain.from_iterable(vals_list)))
            orders.filtered(lambda order: order.state == "sale")._credit_refuse_entry()
        return orders

    def write(self, vals):
        if vals.get("state") in ("draft", "sent") and not self.env.su:
            self._credit_refuse_return()
        entering = self._credit_get_entering(vals)
        with self._credit_undo(entering), self._credit_watch_raise(vals, WATCHED_FIELDS):
            result = super().write(vals)
            self._credit_compute_again(COMPUTED_FIGURES.intersection(vals))
            entering._credit_refuse_entry()
        if vals.get("state") == "cancel":
            self._credit_close_holds(self.env._("The order was cancelled."))
            self._credit_recheck_others()
        return result

    def _credit_refuse_return(self):
        """Refuse to make a quotation of what is confirmed: what was delivered would count no more."""
        confirmed = self.filtered(lambda order: order.state == "sale")
        for order in confirmed._credit_controlled():
            raise UserError(self.env._("%s is confirmed: cancel it first.", order.name))

    def _credit_get_entering(self, vals):
        """Those of the orders that a write makes confirmed orders of a company with holds switched on.

        A confirmed order that moves to another company enters that one.
        """
        if vals.get("state", "sale") != "sale" or not {"state", "company_id"}.intersection(vals):
            return self.browse()
        target = self.env["res.company"].browse(vals.get("company_id"))
        entering = self.filtered(
            lambda order: (
                not credit_moment.is_passing(order)
                and vals.get("state", order.state) == "sale"
                and (order.state != "sale" or (target and order.company_id != target))
            )
        )
        if target and target.sudo()._credit_root().credit_control_active:  # settings of the root
            return entering
        return entering._credit_controlled()

    def _credit_compute_again(self, names):
        """Compute stored results that were written by hand: the ORM lets everybody write them."""
        for name in names:
            self.env.add_to_compute(self._fields[name], self)

    def _credit_undo(self, entering):
        """Context manager: what is refused is undone, even where the caller swallows the error."""
        return self.env.cr.savepoint() if entering else nullcontext()

    def unlink(self):
        self._credit_close_holds(self.env._("The quotation was deleted."))
        return super().unlink()

    def _compute_partner_credit_warning(self):
        """Core's banner knows another exposure: it is silent where credit control is switched on."""
        controlled = self._credit_controlled()
        controlled.partner_credit_warning = ""
        return super(SaleOrder, self - controlled)._compute_partner_credit_warning()

    # portal

    def _credit_is_being_checked(self):
        """Whether to tell the customer, who signed or paid, that the order is being checked."""
        self.ensure_one()
        hold = self.sudo().credit_hold_id  # only this answer reaches the customer
        return (
            self.state in ("draft", "sent")
            and hold.state == "held"
            and hold.source in ("signature", "payment")
        )

    def _can_be_edited_on_portal(self):
        """What the customer signed or paid is not changed while it is being checked."""
        return super()._can_be_edited_on_portal() and not self._credit_is_being_checked()

    # what a check asks the order

    def _credit_get_debtor(self):
        """The commercial entity that will owe the invoice."""
        self.ensure_one()
        return (self.partner_invoice_id or self.partner_id).commercial_partner_id

    def _credit_get_amount(self):
        """Total of the order in the root company's currency, at today's rate."""
        self.ensure_one()
        company = self.company_id
        return self.currency_id._convert(
            self.amount_total, company._credit_root().currency_id, company, company._credit_today()
        )

    def _credit_is_exempt(self):
        """Whether the order asks for no credit: nothing to pay, paid in advance, or within the own group.

        Override to exempt what another application settles.
        """
        self.ensure_one()
        if self.currency_id.compare_amounts(self.amount_total, 0.0) <= 0:
            return True
        if self._credit_get_debtor().ref_company_ids:
            return True
        return self.currency_id.compare_amounts(self._credit_get_paid_online(), self.amount_total) >= 0

    def _credit_get_terms_days(self):
        """Days of credit that the payment term gives, to the last instalment.

        To the end of a month or to a day of it is not counted: what was agreed is the number of days.
        """
        self.ensure_one()
        return max(self.payment_term_id.line_ids.mapped("nb_days"), default=0)

    def _credit_get_paid_online(self):
        """What payments made online for this order alone cover, less refunds, in its currency.

        A transaction that is linked to several orders, or to invoices of others, says nothing about this one.
        """
        self.ensure_one()
        paid = 0.0
        for transaction in self.transaction_ids:
            if transaction.state not in ("authorized", "done") or transaction.operation == "validation":
                continue
            if transaction.sale_order_ids != self or transaction.currency_id != self.currency_id:
                continue
            if transaction.invoice_ids - self.invoice_ids:
                continue
            refunds = transaction.child_transaction_ids.filtered(
                lambda child: child.operation == "refund" and child.state == "done"
            )
            paid += transaction.amount - sum(abs(refund.amount) for refund in refunds)
        return paid

    def _credit_controlled(self):
        """Those of the orders whose company has switched holds on."""
        roots = {
            company: company.sudo()._credit_root()  # settings of the root, also for a user of a branch
            for company in self.company_id
        }
        return self.filtered(lambda order: roots[order.company_id].credit_control_active)

    # the gate

    def _credit_gate(self, confirm):
        """Confirm what passes and put the rest on hold.

        :param confirm: the complete ``action_confirm`` of all other addons
        :return: what ``confirm`` returns, or a notice about what is held
        """
        asked = self.filtered(
            lambda order: order.state in ("draft", "sent") and not credit_moment.is_passing(order)
        )._credit_controlled()
        # What cannot be confirmed anyway is refused by ``confirm`` with its own words.
        if not asked or any(order._confirmation_error_message() for order in self):
            return confirm(self)
        verdicts = self.env["ar.credit.check"]._judge(asked, lock=True)
        held = asked.filtered(lambda order: verdicts[order.id].outcome == "hold")
        passed = self - held
        (asked - held)._credit_pass_holds()
        held._credit_hold(verdicts, self)
        if not passed:
            return self.env["ar.credit.hold"]._get_held_notice(held, True)
        with credit_moment.passing(passed):
            result = confirm(passed)
        # Other addons may change totals while confirming: a promotion that has ended, delivery costs.
        (asked - held)._credit_hold_raised(
            {order_id: (verdict.partner, verdict.amount, None) for order_id, verdict in verdicts.items()}
        )
        return self.env["ar.credit.hold"]._get_held_notice(held, result) if held else result

    def _credit_hold(self, verdicts, asked):
        """Put orders on hold whose confirmation was asked for."""
        if not self:
            return
        self.check_access("write")
        self.order_line._validate_analytic_distribution()
        self.env["ar.credit.hold"]._put(
            [verdicts[order.id] for order in self],
            source=credit_moment.get_source() or ("batch" if len(asked) > 1 else "button"),
            asked_by_id=self.env.uid,
            asked_on=fields.Datetime.now(),
            asked_as_system=self.env.su,
            asked_with_mail=bool(self.env.context.get("send_email")),
        )
        if credit_moment.get_source() in ("signature", "payment"):
            # The customer finds it among the quotations of the portal.
            self.filtered(lambda order: order.state == "draft").with_context(tracking_disable=True).write(
                {"state": "sent"}
            )

    def _credit_refuse_entry(self):
        """Refuse orders that become confirmed in any other way than through the gate and do not pass."""
        entering = self.filtered(lambda order: not credit_moment.is_passing(order))
        if not self.env.registry.ready:
            return  # data of addons being installed; no user is connected
        entering = entering._credit_controlled()
        if not entering:
            return
        check = self.env["ar.credit.check"]
        verdicts = check._judge(entering, lock=True)
        for order in entering:
            verdict = verdicts[order.id]
            if verdict.outcome == "hold":
                raise UserError(
                    self.env._(
                        "%(order)s cannot be set to confirmed, credit control has to release it first. "
                        "Create it as a quotation and confirm it.\n%(reasons)s",
                        order=order.name,
                        reasons="\n".join(
                            check._describe(result, verdict.currency) for result in verdict.reasons
                        ),
                    )
                )
        entering._credit_pass_holds()

    def _credit_pass_holds(self):
        """End what stopped orders that pass now."""
        holds = self.sudo().credit_hold_ids  # nobody may write holds
        holds.filtered(lambda hold: hold.state == "held")._pass()
        holds.filtered(lambda hold: hold.state == "refused")._close(self.env._("The order passes now."))

    def _validate_order(self):
        signed = self.env.su and all(order.signature for order in self)
        with credit_moment.asked_by(credit_moment.get_source() or ("signature" if signed else "mail")):
            return super()._validate_order()

    def _credit_invoice_paid(self):
        """Invoice what was paid online while the order was held, as core would have done then."""
        self.ensure_one()
        order = self.sudo()  # as the payment flow does
        transactions = order.transaction_ids.filtered(
            lambda transaction: (
                transaction.state == "done"
                and transaction.operation != "validation"
                and transaction.is_post_processed
                and not transaction.invoice_ids
            )
        )
        automatic = order.env["ir.config_parameter"].get_param("sale.automatic_invoice")
        if not transactions or not str2bool(automatic):
            return
        # One call for the order: core invoices what the transactions cover together.
        last = transactions.sorted("id")[-1]
        last._invoice_sale_orders()
        invoices = last.invoice_ids
        transactions.invoice_ids = invoices
        invoices.filtered(lambda invoice: invoice.state == "draft").action_post()
        for payment in transactions.payment_id:
            (payment.move_id.line_ids + invoices.line_ids).filtered(
                lambda line, account=payment.destination_account_id: (
                    line.account_id == account and not line.reconciled
                )
            ).reconcile()
        last._send_invoice()

    # after confirmation

    def _credit_watch_raise(self, vals, watched):
        """Context manager: compare confirmed orders before and after a change."""
        orders = self.browse()
        if watched.intersection(vals):
            orders = self.filtered(
                lambda order: (
                    order.state == "sale"
                    and not credit_moment.is_watched(order)
                    and not credit_moment.is_passing(order)
                )
            )._credit_controlled()
        return credit_moment.compare(orders)

    def _credit_state_before(self):
        """Debtor, amount to be supplied and days of credit of each order, to tell what was raised."""
        return {
            order.id: (
                order._credit_get_debtor(),
                order._credit_get_amount() + order._credit_get_excess(),
                order._credit_get_terms_days(),
            )
            for order in self.sudo()  # totals, whatever the user may open
        }

    def _credit_get_excess(self):
        """Value of what was delivered beyond the order, in the root company's currency, at today's rate."""
        self.ensure_one()
        amount = sum(
            (line.qty_delivered - line.product_uom_qty) / line.product_uom_qty * line.price_total
            for line in self.order_line
            if line.product_uom_qty > 0 and line.qty_delivered > line.product_uom_qty
        )
        company = self.company_id
        currency = company._credit_root().currency_id
        return (
            self.currency_id._convert(amount, currency, company, company._credit_today()) if amount else 0.0
        )

    def _credit_hold_raised(self, before):
        """Put confirmed orders on hold that grew beyond what was approved, or moved to another debtor.

        :param before: debtor, amount and days of credit of each order before the change; None for any days
        """
        raised = self.browse()
        for order in self.sudo():  # totals, whatever the user may open
            old_debtor, old_amount, old_days = before[order.id]
            debtor = order._credit_get_debtor()
            amount = order._credit_get_amount() + order._credit_get_excess()
            change = order.company_id._credit_root().currency_id.compare_amounts(amount, old_amount)
            longer = old_days is not None and order._credit_get_terms_days() > old_days
            if order.state == "sale" and (change > 0 or longer or debtor != old_debtor):
                raised |= order
            if change < 0 or debtor != old_debtor:
                self.env["ar.credit.recheck"]._add(old_debtor, order.company_id)
        open_holds = self.sudo().credit_hold_ids.filtered(  # nobody may write holds
            lambda hold: hold.state == "held" and not hold.forced
        )
        changed = raised | open_holds.order_id
        if not changed:
            return
        verdicts = self.env["ar.credit.check"]._judge(changed, lock=True)
        held = changed.filtered(lambda order: verdicts[order.id].outcome == "hold")
        (open_holds - held.credit_hold_id)._pass()
        if held:
            self.env["ar.credit.hold"]._put(
                [verdicts[order.id] for order in held],
                source="change",
                asked_by_id=self.env.uid,
                asked_on=fields.Datetime.now(),
                asked_as_system=self.env.su,
            )

    def _credit_recheck_others(self):
        """Orders that are given up make room for those of the same customer that are held."""
        for company, orders in self.sudo().grouped("company_id").items():  # whatever the user may open
            debtors = (orders.partner_invoice_id | orders.partner_id).commercial_partner_id
            self.env["ar.credit.recheck"]._add(debtors, company)

    def _credit_close_holds(self, note):
        self.sudo().credit_hold_ids._close(note)  # nobody may write holds

    # asking beforehand

    def action_credit_ask_release(self):
        """Ask credit control for its decision before the customer orders; released, it stays a quotation.

        :raise UserError: an order passes by itself, is decided already, or is confirmed
        """
        self.check_access("write")
        asked = self.filtered(lambda order: order.state in ("draft", "sent"))._credit_controlled()
        verdicts = self.env["ar.credit.check"]._judge(asked)
        for order in self:
            if order not in asked or verdicts[order.id].outcome != "hold":
                raise UserError(self.env._("%s needs no release.", order.name))
            if order.credit_hold_state == "held":
                raise UserError(self.env._("Credit control was asked about %s already.", order.name))
        self.env["ar.credit.hold"]._put(
            [verdicts[order.id] for order in self],
            source="request",
            asked_by_id=self.env.uid,
            asked_on=fields.Datetime.now(),
            asked_as_system=self.env.su,
        )
        return True

    # by hand

    def action_credit_put_on_hold(self, reason=None):
        """Put orders on hold by hand: only a person releases them.

        :param str reason: why, kept with the hold
        :raise AccessError: without the group
        """
        self.check_access("read")
        if not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            raise AccessError(self.env._("Only credit controllers put orders on hold."))
        if self - self._credit_controlled():
            raise UserError(self.env._("Switch holds on in the settings first: until then no order is held."))
        if any(order.state == "cancel" for order in self):
            raise UserError(self.env._("A cancelled order cannot be put on hold."))
        verdicts = self.env["ar.credit.check"]._judge(self)
        self.env["ar.credit.hold"]._put_by_hand([verdicts[order.id] for order in self], reason)
        return True

    def action_credit_open_hold(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credit Holds"),
            "res_model": "ar.credit.hold",
            "res_id": self.credit_hold_id.id,
            "views": [(False, "form")],
        }
