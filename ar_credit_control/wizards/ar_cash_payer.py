import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# A word of the text that may be the number of an invoice: long enough, with a digit.
NUMBER = re.compile(r"(?=[^\s,;]*\d)[^\s,;]{4,}")


class ArCashPayer(models.TransientModel):
    """Says who paid a receipt whose customer nobody knows: proposed by its text or the payer's name."""

    _name = "ar.cash.payer"
    _description = "Customer of a Receipt"

    # Read with the rights of the user: anybody may name any receipt.
    receipt_id = fields.Many2one("ar.cash.receipt", required=True, readonly=True)
    currency_id = fields.Many2one(related="receipt_id.currency_id", related_sudo=False)
    kind = fields.Selection(related="receipt_id.kind", related_sudo=False)
    date = fields.Date(related="receipt_id.date", related_sudo=False)
    amount = fields.Monetary(related="receipt_id.amount_currency", related_sudo=False, string="Unapplied")
    text = fields.Char(related="receipt_id.text", related_sudo=False)
    payer = fields.Char(string="Name on the Bank Line", compute="_compute_payer")
    account_number = fields.Char(string="From Account", compute="_compute_payer")
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        compute="_compute_partner_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        domain="[('parent_id', '=', False)]",
    )

    @api.model
    def _get_action(self, receipt):
        """Return the action that opens the dialog for a receipt."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Who Paid %s?", receipt.name or self.env._("This")),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_receipt_id": receipt.id},
        }

    @api.depends("receipt_id")
    def _compute_payer(self):
        for wizard in self:
            wizard.receipt_id.check_access("read")
            line = wizard.receipt_id.statement_line_id.sudo()  # sudo: of a receipt that the user may read
            wizard.payer = line.partner_name
            wizard.account_number = line.account_number

    @api.depends("receipt_id")
    def _compute_partner_id(self):
        for wizard in self:
            wizard.partner_id = wizard._find_named() or wizard._find_by_name()

    def _find_named(self):
        """Return the customer whose open invoice the text names, if it is one alone."""
        words = NUMBER.findall(self.text or "")
        if not words:
            return self.env["res.partner"]
        items = self.env["ar.aging.report"].search(
            [
                ("root_company_id", "=", self.receipt_id.root_company_id.id),
                ("amount_currency", ">", 0),
                "|",
                ("move_id.name", "in", words),
                ("move_id.payment_reference", "in", words),
            ]
        )
        return items.partner_id if len(items.partner_id) == 1 else items.partner_id.browse()

    def _find_by_name(self):
        """Return the customer with the name that the bank shows, if it is one alone."""
        partners = self.env["res.partner"]
        if not self.payer:
            return partners
        partners = partners.search(
            [
                ("name", "=ilike", self.payer.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")),
                ("parent_id", "=", False),
                ("company_id", "in", (False, self.receipt_id.root_company_id.id)),
            ],
            limit=2,
        )
        return partners if len(partners) == 1 else partners.browse()

    def action_confirm(self):
        """Note the customer; the queue then shows what the receipt probably pays.

        :raise AccessError: for users who are neither credit controllers nor accountants
        :raise UserError: without a customer
        """
        self.ensure_one()
        self.receipt_id._check_may_apply()
        if not self.partner_id:
            raise UserError(self.env._("Who paid? Choose the customer."))
        self.partner_id.check_access("read")
        allowed = self.partner_id.company_id.sudo()  # sudo: which company a customer belongs to
        if allowed and allowed.root_id != self.receipt_id.root_company_id.sudo():  # sudo: as above
            raise AccessError(self.env._("The customer belongs to another company."))
        self.receipt_id._set_customer(self.partner_id)
        return {"type": "ir.actions.act_window_close", "infos": {"done": True}}

    def action_open_source(self):
        """Open the bank line or the payment itself."""
        return self.receipt_id.action_open_source()
