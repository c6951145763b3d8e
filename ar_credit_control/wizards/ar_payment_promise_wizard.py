from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import format_amount, format_date

from ..models.agreement.ar_item_settlement import AGREED
from ..models.agreement.ar_payment_plan import PLANNED


class ArPaymentPromiseWizard(models.TransientModel):
    """Records what a customer promised to pay: everything due, unless something else was said."""

    _name = "ar.payment.promise.wizard"
    _description = "Record a Promise"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, domain="[('parent_id', '=', False)]"
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company._credit_root()
    )
    currency_id = fields.Many2one("res.currency", required=True)
    currency_ids = fields.Many2many("res.currency", string="Currencies", compute="_compute_currency_ids")
    item_ids = fields.Many2many(
        "ar.aging.report", string="For These Items", help="Everything due; take off what was not meant."
    )
    amount_open = fields.Monetary(string="Open", compute="_compute_amount_open")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        precompute=True,
        help="What is not in dispute of the items. Less, when the customer promised less: it counts for "
        "the oldest first.",
    )
    disputed_text = fields.Char(compute="_compute_disputed_text")
    date = fields.Date(string="Promised Date", help="Day on which the money will be there.")
    note = fields.Text(string="In Their Words")
    contact_id = fields.Many2one(
        "res.partner", string="Promised By", domain="[('commercial_partner_id', '=', partner_id)]"
    )
    former_ids = fields.Many2many("ar.payment.promise", compute="_compute_former_ids")
    former_text = fields.Text(compute="_compute_former_ids")
    replace = fields.Boolean(
        string="Replaces It",
        default=True,
        help="Off: this promise is about what the former one leaves, for a later day.",
    )
    send_mail = fields.Boolean(string="Confirm by E-mail", help="Sends the customer a confirmation.")
    has_email = fields.Boolean(compute="_compute_has_email")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        partner = self.env["res.partner"].browse(values.get("partner_id")).commercial_partner_id
        active_ids = self.env.context.get("active_ids") or []
        claims = self.env["ar.aging.report"]
        if not partner and self.env.context.get("active_model") in ("account.move", "ar.aging.report"):
            field = "move_id" if self.env.context["active_model"] == "account.move" else "id"
            claims = claims.search([(field, "in", active_ids), ("amount_currency", ">", 0)])
            if len(claims.partner_id) != 1 or len(claims.root_company_id) != 1:
                raise UserError(
                    self.env._("Choose open invoices of one customer: a promise is recorded for each.")
                )
            partner = claims.partner_id
            values["company_id"] = claims.root_company_id.id
        if partner:
            values["partner_id"] = partner.id
            root = self.env["res.company"].browse(values.get("company_id") or self.env.company.id)
            claims = claims or self._get_default_items(partner, root._credit_root())
            currency = self._get_main_currency(claims)
            values["currency_id"] = (currency or root.currency_id).id
            items = claims.filtered(lambda item: item.currency_id == currency)
            values["item_ids"] = [Command.set(items.ids)]
        return values

    @api.model
    def _get_default_items(self, partner, root):
        """Return everything due that the user may see; what a promise missed, where it is made again."""
        promise = self.env["ar.payment.promise"].browse(self.env.context.get("promise_again_id"))
        settlement = self.env["ar.item.settlement"]
        if promise:
            promise.check_access("read")
            keys = {(line.move_id.id, line.date_maturity) for line in promise.line_ids}
            claims = settlement._get_claims(partner, root, promise.currency_id)
            items = claims.filtered(lambda item: (item.move_id.id, item.date_maturity) in keys)
        else:
            # A plan may take the place of a promise.
            planning = self.env.context.get("agreement_planning")
            items = settlement._get_due_claims(partner, root, reasons=PLANNED if planning else AGREED)
            if not any(item.days_overdue >= 0 for item in items):
                # All that is due was promised: the customer speaks of that, not of what falls due later.
                again = settlement._get_due_claims(partner, root, reasons=PLANNED)
                items = again if any(item.days_overdue >= 0 for item in again) else items
        return items.sudo(False)._filtered_access("read")

    @api.model
    def _get_main_currency(self, items):
        """Return the currency in which most is open."""
        totals = items.grouped("currency_id")
        return max(totals, key=lambda currency: sum(totals[currency].mapped("amount")), default=None)

    @api.depends("partner_id", "company_id")
    def _compute_currency_ids(self):
        for wizard in self:
            claims = self.env["ar.aging.report"]
            if wizard.partner_id:
                claims = self.env["ar.item.settlement"]._get_claims(
                    wizard.partner_id, wizard.company_id._credit_root()
                )
            wizard.currency_ids = claims.currency_id | wizard.currency_id

    @api.onchange("partner_id", "company_id")
    def _onchange_partner_id(self):
        if not self.partner_id:
            return
        claims = self._get_default_items(self.partner_id, self.company_id._credit_root())
        self.currency_id = self._get_main_currency(claims) or self.company_id.currency_id
        self.item_ids = claims.filtered(lambda item: item.currency_id == self.currency_id)

    @api.onchange("currency_id")
    def _onchange_currency_id(self):
        if self.partner_id and self.item_ids.currency_id != self.currency_id:
            claims = self._get_default_items(self.partner_id, self.company_id._credit_root())
            self.item_ids = claims.filtered(lambda item: item.currency_id == self.currency_id)

    @api.depends("item_ids", "former_ids", "replace")
    def _compute_amount_open(self):
        for wizard in self:
            items = wizard.item_ids._origin
            total = sum(items.mapped("amount_currency"))
            if wizard.former_ids and not wizard.replace:
                root = wizard.company_id._credit_root()
                total -= sum(self.env["ar.item.settlement"]._get_agreed(items, root).values())
            wizard.amount_open = max(total, 0.0)

    @api.depends("amount_open", "item_ids")
    def _compute_amount(self):
        for wizard in self:
            disputed = self.env["ar.item.settlement"]._get_disputed(wizard.item_ids._origin)
            agreeable = wizard.amount_open - sum(disputed.values())
            # Who promises items that are all in dispute gives the dispute up.
            wizard.amount = max(agreeable, 0.0) or wizard.amount_open

    @api.depends("item_ids")
    def _compute_disputed_text(self):
        for wizard in self:
            wizard.disputed_text = self._describe_disputed(wizard.item_ids._origin, wizard.currency_id)

    @api.model
    def _describe_disputed(self, items, currency):
        """Return what is in dispute of items in words, False for nothing."""
        amount = sum(self.env["ar.item.settlement"]._get_disputed(items).values())
        if not amount or not currency:
            return False
        return self.env._("%s is in dispute and left out.", format_amount(self.env, amount, currency))

    @api.depends("item_ids")
    def _compute_former_ids(self):
        for wizard in self:
            former = self.env["ar.payment.promise"]._get_open_about(wizard.item_ids._origin.sudo())
            wizard.former_ids = former
            wizard.former_text = "\n".join(
                self.env._(
                    "%(amount)s by %(date)s, recorded by %(user)s",
                    amount=format_amount(self.env, promise.amount, promise.currency_id),
                    date=format_date(self.env, promise.date),
                    user=promise.user_id.name,
                )
                for promise in former
            )

    @api.depends("partner_id", "contact_id")
    def _compute_has_email(self):
        for wizard in self:
            wizard.has_email = bool(wizard.contact_id.email or wizard.partner_id.email)

    @api.model
    def _get_action(self, partner, company, promise=None):
        """Return the action that opens the dialogue for a customer."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Record a Promise"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": partner.commercial_partner_id.id,
                "default_company_id": company._credit_root().id,
                "promise_again_id": promise.id if promise else False,
            },
        }

    def action_record(self):
        """Record the promise.

        :raise AccessError: for who is no collector
        """
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Only collectors record and withdraw promises."))
        if not self.date:
            raise UserError(self.env._("By which day did the customer promise to pay?"))
        self.item_ids.check_access("read")
        self.company_id.check_access("read")
        promise = self.env["ar.payment.promise"]._record(
            self.contact_id or self.partner_id,
            self.company_id,
            self.amount,
            self.date,
            self.item_ids,
            self.replace,
            note=self.note,
        )
        if self.send_mail:
            promise._send_mail()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Promise recorded: %s", promise.display_name),
                "next": {
                    "type": "ir.actions.act_window_close",
                    "infos": {"noReload": False},
                },
            },
        }
