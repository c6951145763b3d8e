from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

WRITEOFF_GROUPS = "ar_credit_control.group_credit_user,account.group_account_readonly"


class AccountMove(models.Model):
    """What was written off of an invoice; entries of write-offs are taken back by the write-off."""

    _inherit = "account.move"

    writeoff_count = fields.Integer(string="Write-offs", compute="_compute_writeoff", groups=WRITEOFF_GROUPS)
    written_off_amount = fields.Monetary(
        string="Written Off",
        compute="_compute_writeoff",
        groups=WRITEOFF_GROUPS,
        help="What was given up of this invoice and not recovered, in its currency.",
    )
    has_writeoff = fields.Boolean(
        string="Has Write-offs",
        compute="_compute_writeoff",
        search="_search_has_writeoff",
        groups=WRITEOFF_GROUPS,
        help="Something of it is written off and not recovered: “paid” means that nothing is open.",
    )

    def _compute_writeoff(self):
        lines = self.env["ar.writeoff.line"]
        domain = Domain("move_id", "in", self._origin.ids) & Domain(
            "state", "in", ("draft", "submitted", "approved", "posted")
        )
        by_move = lines.search(domain & Domain("amount", ">", 0)).grouped("move_id")
        for move in self:
            of_move = by_move.get(move._origin, lines)
            move.writeoff_count = len(of_move.writeoff_id)
            move.written_off_amount = sum(of_move.mapped("amount_left"))
            move.has_writeoff = bool(move.written_off_amount)

    def _compute_payments_widget_reconciled_info(self):
        result = super()._compute_payments_widget_reconciled_info()
        rows = [row for move in self for row in (move.invoice_payments_widget or {"content": []})["content"]]
        # Whoever reads the invoice sees the entry there, and that it is no payment.
        lines = self.env["ar.writeoff.line"].sudo()  # sudo: see above
        entries = set(lines.search([("entry_id", "in", [row["move_id"] for row in rows])]).entry_id.ids)
        for row in rows:
            row["is_writeoff"] = row["move_id"] in entries
        return result

    @api.model
    def _search_has_writeoff(self, operator, value):
        if operator != "in":
            return NotImplemented
        lines = self.env["ar.writeoff.line"].search([("state", "=", "posted"), ("amount", ">", 0)])
        domain = Domain("id", "in", lines.filtered("amount_left").move_id.ids)
        return domain if True in value else ~domain

    def _get_unpaid_writeoff(self):
        """Return what the customer owes of this invoice although it was written off, for pages and papers
        that the customer reads. Internal: they show it, and nothing of the write-off."""
        self.ensure_one()
        # sudo: the customer may not read write-offs
        return self.sudo().written_off_amount if self.state == "posted" else 0.0

    def _get_invoice_next_payment_values(self, custom_amount=None):
        values = super()._get_invoice_next_payment_values(custom_amount=custom_amount)
        # What was written off was not paid.
        return values | {"amount_paid": values["amount_paid"] - self._get_unpaid_writeoff()}

    def _has_to_be_paid(self):
        # The portal asks it of every invoice of its list. Core reads the transactions as the customer, who
        # may not, unless the status of the invoice read them before: that of a written-off one does not.
        return super(AccountMove, self.sudo())._has_to_be_paid()  # sudo: see above

    def _track_subtype(self, init_values):
        if "payment_state" in init_values and self._get_unpaid_writeoff():
            # Nobody who follows it, the customer perhaps, hears that it is paid.
            return self.env.ref("mail.mt_note")
        return super()._track_subtype(init_values)

    def write(self, vals):
        if vals.get("state") in ("draft", "cancel"):
            self._check_not_written_off()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_writeoff(self):
        self._check_not_written_off()

    def _check_not_written_off(self):
        """Refuse to undo entries of write-offs, and invoices that are written off, in the ledger alone.

        Entries of a cancelled write-off or recovery stay too: only together do they add up to nothing.

        :raise UserError: naming the write-off
        """
        lines = self.env["ar.writeoff.line"].sudo()  # sudo: whoever books may not read write-offs
        booked = Domain("entry_id", "in", self.ids) | Domain("move_id", "in", self.ids)
        kept = lines.search(
            booked & Domain("writeoff_id.state", "=", "posted") & Domain("amount", ">", 0), limit=1
        ).writeoff_id
        if not kept:
            recoveries = self.env["ar.writeoff.recovery"].sudo()  # sudo: see above
            kept = recoveries.search(
                [("move_id", "in", self.ids), ("is_cancelled", "=", False)], limit=1
            ).writeoff_id
        if kept:
            raise UserError(self.env._("Cancel the write-off %s first, or its recovery.", kept.display_name))
        writeoffs = self.env["ar.writeoff"].sudo()  # sudo: see above
        if kept := writeoffs.search([("move_ids", "in", self.ids)], limit=1):
            raise UserError(
                self.env._("Entries of the write-off %s and their reversals stay.", kept.display_name)
            )

    def action_open_writeoffs(self):
        """Open the write-offs about this invoice."""
        self.ensure_one()
        lines = self.env["ar.writeoff.line"].search([("move_id", "=", self.id)])
        writeoffs = lines.writeoff_id
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_writeoff")
        if len(writeoffs) == 1:
            return {**action, "res_id": writeoffs.id, "views": [(False, "form")], "context": {}}
        return {**action, "domain": [("id", "in", writeoffs.ids)], "context": {}}

    def action_request_writeoff(self):
        """Open the dialog that asks for writing this invoice off."""
        self.ensure_one()
        items = self.env["ar.aging.report"].search([("move_id", "=", self.id), ("amount_currency", ">", 0)])
        return self.env["ar.writeoff.request"]._open_form(items)
