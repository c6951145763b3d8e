from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class ArCashApply(models.TransientModel):
    """Chooses the items that a receipt pays, and which come first."""

    _name = "ar.cash.apply"
    _description = "Apply a Receipt"

    # What is shown of receipt and items is read with the rights of the user: anybody may name any of them.
    receipt_id = fields.Many2one("ar.cash.receipt", required=True, readonly=True)
    partner_id = fields.Many2one(related="receipt_id.partner_id", related_sudo=False)
    currency_id = fields.Many2one(related="receipt_id.currency_id", related_sudo=False)
    date = fields.Date(related="receipt_id.date", related_sudo=False)
    days_idle = fields.Integer(related="receipt_id.days_idle", related_sudo=False)
    kind = fields.Selection(related="receipt_id.kind", related_sudo=False)
    text = fields.Char(related="receipt_id.text", related_sudo=False)
    amount = fields.Monetary(related="receipt_id.amount_currency", related_sudo=False, string="Unapplied")
    why = fields.Char(string="Proposal", related="receipt_id.why", related_sudo=False)
    can_apply = fields.Boolean(related="receipt_id.can_apply", related_sudo=False)
    needs_approval = fields.Boolean(related="receipt_id.needs_approval", related_sudo=False)
    application_id = fields.Many2one(related="receipt_id.application_id", related_sudo=False)
    may_apply = fields.Boolean(compute="_compute_may_apply")
    amount_left = fields.Monetary(string="Left of the Receipt", compute="_compute_amount_left")
    line_ids = fields.One2many("ar.cash.apply.line", "wizard_id", string="Open Items")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        receipt = self.env["ar.cash.receipt"].browse(values.get("receipt_id"))
        if receipt:
            receipt.check_access("read")
            values["line_ids"] = [Command.create(line) for line in self._prepare_lines(receipt)]
        return values

    @api.model
    def _prepare_lines(self, receipt):
        """Return the open items of the customer, those of the proposal chosen and first."""
        proposal = self.env["ar.cash.proposal"]._propose(receipt)[receipt.id]
        chosen = [item["line_id"] for item in proposal["items"]] if proposal["rule"] != "payment" else []
        claims = self.env["ar.item.settlement"]._get_claims(receipt.partner_id, receipt.root_company_id)
        claims = claims.sudo(False)._filtered_access("read")
        if receipt.account_id:
            claims = claims.filtered(lambda item: item.account_id == receipt.account_id)
        places = {line_id: place for place, line_id in enumerate(chosen)}
        claims = claims.sorted(lambda item: (places.get(item.id, len(places)), item.date_maturity, item.id))
        return [
            {"sequence": place, "item_id": item.id, "chosen": item.id in places}
            for place, item in enumerate(claims)
        ]

    @api.depends_context("uid")
    def _compute_may_apply(self):
        self.may_apply = self.env["ar.cash.receipt"]._may_apply()

    @api.depends("amount", "line_ids.chosen", "line_ids.sequence")
    def _compute_amount_left(self):
        for wizard in self:
            wizard.amount_left = wizard.currency_id.round(wizard.amount - sum(wizard._get_shares().values()))

    def _get_shares(self):
        """Return what each line takes of its receipt, in the order of the list: {line: amount}."""
        shares = {}
        for wizard in self:
            left, receipt = wizard.amount, wizard.receipt_id
            for line in wizard.line_ids.filtered("chosen").sorted("sequence"):
                item = line.item_id
                value = item.amount_currency
                if item.currency_id != receipt.currency_id:
                    rate = receipt.amount_currency / receipt.amount if receipt.amount else 0.0
                    value = receipt.currency_id.round(item.amount * rate)
                shares[line] = min(value, left)
                left = receipt.currency_id.round(left - shares[line])
        return shares

    def action_apply(self):
        """Apply the receipt to the chosen items, or ask another person where the amount needs it."""
        self.ensure_one()
        self.receipt_id._check_may_apply()
        applications = self.env["ar.cash.application"]._apply(self.receipt_id, self._get_choices())
        return self._get_close_action(applications)

    def action_propose(self):
        """Ask a credit controller or an accountant to apply the receipt to the chosen items."""
        self.ensure_one()
        self.receipt_id._check_may_propose()
        requests = self.env["ar.cash.application"]._request(self.receipt_id, self._get_choices())
        return self._get_close_action(requests)

    def action_open_source(self):
        """Open the receipt itself."""
        return self.receipt_id.action_open_source()

    def _get_choices(self):
        """Return the chosen items in their order.

        :raise UserError: without any, with items of several accounts, or of another customer
        """
        lines = self.line_ids.filtered("chosen").sorted("sequence")
        items = lines.item_id
        if not items:
            raise UserError(self.env._("Choose at least one item."))
        receipt = self.receipt_id
        items.check_access("read")
        wrong = items.filtered(
            lambda item: (
                item.partner_id != receipt.partner_id
                or item.root_company_id != receipt.root_company_id
                or item.amount_currency <= 0
            )
        )
        if wrong:
            raise UserError(self.env._("%s is no open item of this customer.", wrong[0].move_name))
        if len(items.account_id | receipt.account_id) > 1:
            raise UserError(
                self.env._("A receipt pays items of one receivable account. Choose those of one account.")
            )
        # sudo: items that the user may read in the ageing
        return {receipt: self.env["account.move.line"].sudo().browse(items.ids)}

    def _get_close_action(self, applications):
        action = applications._get_result_action(self.receipt_id)
        action["params"]["next"] = {"type": "ir.actions.act_window_close", "infos": {"done": True}}
        return action
