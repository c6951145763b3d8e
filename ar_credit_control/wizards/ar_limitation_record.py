from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ..models.placement.ar_limitation_event import KINDS


class ArLimitationRecord(models.TransientModel):
    """Records what restarts the limitation of items: a demand that arrived, an acknowledgement, a suit."""

    _name = "ar.limitation.record"
    _description = "Record What Restarts Limitation"

    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True)
    kind = fields.Selection(KINDS, string="What Happened", required=True, default="demand")
    date = fields.Date(
        required=True,
        default=fields.Date.context_today,
        help="The day on which it took effect: the letter arrived, the paper was signed.",
    )
    proof_kind = fields.Selection(
        selection=lambda self: (
            self.env["ar.limitation.event"]._fields["proof_kind"]._description_selection(self.env)
        ),
        string="Kind of Proof",
    )
    proof_reference = fields.Char(string="Number of the Proof")
    document_ids = fields.Many2many(
        "ir.attachment",
        string="Proof",
        help="Waybill, delivery receipt, signed paper, bank statement. Without proof it restarts nothing.",
    )
    note = fields.Text()
    line_ids = fields.One2many("ar.limitation.record.line", "record_id", string="Items")

    @api.model
    def _open_form(self, items):
        """Return the action that opens the form for open items of one customer.

        :param items: ``ar.aging.report`` rows that the user may see
        :raise UserError: none, or of several customers
        """
        if not items:
            raise UserError(self.env._("Nothing is open here."))
        if len(items.partner_id) != 1 or len(items.root_company_id) != 1:
            raise UserError(self.env._("Choose items of one customer: proof is about one debtor."))
        record = self.create(
            {
                "partner_id": items.partner_id.id,
                "line_ids": [
                    Command.create(
                        {
                            "item": item.id,
                            "name": item.move_name,
                            "date_maturity": item.date_maturity,
                            "currency_id": item.currency_id.id,
                            "amount": item.amount_currency,
                        }
                    )
                    for item in items
                ],
            }
        )
        return {
            "name": self.env._("Record What Restarts Limitation"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": record.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_record(self):
        """Record the event for the items that are ticked.

        :raise AccessError: for who is no collector
        """
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Collectors record what matters for limitation."))
        chosen = self.line_ids.filtered("included").mapped("item")
        items = self.env["ar.aging.report"].search([("id", "in", chosen)])
        if len(items) < len(chosen):
            raise UserError(self.env._("Some of these items are paid meanwhile. Open the form again."))
        event = self.env["ar.limitation.event"]._record(
            items,
            self.kind,
            self.date,
            documents=self.document_ids,
            proof_kind=self.proof_kind,
            proof_reference=self.proof_reference,
            note=self.note,
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Event for Limitation"),
            "res_model": "ar.limitation.event",
            "res_id": event.id,
            "views": [(False, "form")],
        }
