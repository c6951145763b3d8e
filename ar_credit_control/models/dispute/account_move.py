from odoo import api, fields, models
from odoo.tools import format_list

DISPUTE_GROUPS = (
    "ar_credit_control.group_credit_user,account.group_account_readonly,account.group_account_invoice"
)


class AccountMove(models.Model):
    """Disputes of an invoice, and what posting or undoing their credit notes means."""

    _inherit = "account.move"

    collection_dispute_count = fields.Integer(
        string="Disputes", compute="_compute_collection_dispute", groups=DISPUTE_GROUPS
    )
    collection_disputed_amount = fields.Monetary(
        string="In Dispute",
        compute="_compute_collection_dispute",
        groups=DISPUTE_GROUPS,
        help="Part of the open amount that the customer objects to: not asked for until it is settled.",
    )

    def _compute_collection_dispute(self):
        lines = self.env["ar.dispute.line"].search([("move_id", "in", self._origin.ids)])
        by_move = lines.grouped("move_id")
        for move in self:
            of_move = by_move.get(move._origin, lines.browse())
            move.collection_dispute_count = len(of_move.dispute_id)
            move.collection_disputed_amount = sum(of_move.mapped("amount_open"))

    def action_open_disputes(self):
        """Open the disputes about this invoice."""
        self.ensure_one()
        disputes = self.env["ar.dispute.line"].search([("move_id", "=", self.id)]).dispute_id
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_dispute")
        if len(disputes) == 1:
            return {**action, "res_id": disputes.id, "views": [(False, "form")], "context": {}}
        return {**action, "domain": [("id", "in", disputes.ids)], "context": {}}

    def action_record_dispute(self):
        """Open the form that records what the customer objects to in this invoice."""
        return self.env["ar.dispute.record"]._open_form(self)

    def _reconcile_reversed_moves(self, reverse_moves, move_reverse_cancel):
        # Core would take the first open instalment: the disputed ones come before.
        self.env["ar.dispute"]._match_credits(reverse_moves)
        return super()._reconcile_reversed_moves(reverse_moves, move_reverse_cancel)

    def button_draft(self):
        result = super().button_draft()
        self.env["ar.dispute"]._judge_of(self._get_dispute_documents())
        return result

    def button_cancel(self):
        result = super().button_cancel()
        self.env["ar.dispute"]._judge_of(self._get_dispute_documents())
        return result

    def _post(self, soft=True):
        posted = super()._post(soft=soft)
        self.env["ar.dispute"]._judge_of(posted._get_dispute_documents())
        return posted

    @api.ondelete(at_uninstall=False)
    def _unlink_dispute_credits(self):
        for dispute in (
            self.env["ar.dispute"].sudo()._of_credit_moves(self)
        ):  # sudo: who deletes may not see it
            names = (dispute.credit_move_ids & self).mapped("display_name")
            dispute._message_log(
                body=self.env._("Draft credit note deleted: %s", format_list(self.env, names))
            )

    def _get_dispute_documents(self):
        return self.filtered(lambda move: move.move_type in ("out_invoice", "out_refund", "entry"))
