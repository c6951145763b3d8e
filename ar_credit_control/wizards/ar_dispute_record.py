from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

# Items shown in the form; whoever disputes more enters them in several disputes.
MAX_ITEMS = 200


class ArDisputeRecord(models.TransientModel):
    """Records what a customer objects to: of which items, how much, in the customer's words.

    Opened from an invoice, a customer, a case. Lists the open items that the user may see; those with an
    amount are in dispute.
    """

    _name = "ar.dispute.record"
    _description = "Record a Dispute"

    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    contact_id = fields.Many2one(
        "res.partner", string="Raised By", domain="[('id', 'child_of', partner_id)]", help="Who told us."
    )
    category_id = fields.Many2one("ar.dispute.category", required=True)
    category_note = fields.Text(related="category_id.note")
    description = fields.Text(
        string="Customer's Words", help="As they were said: whoever examines it reads this first."
    )
    document_ids = fields.Many2many("ir.attachment", string="Files")
    line_ids = fields.One2many("ar.dispute.record.line", "record_id", string="Items")
    blocked = fields.Boolean(compute="_compute_blocked")
    lift_block = fields.Boolean(
        string="Lift the block of the invoices",
        help="The dispute takes its place: only the disputed part is not asked for, with an owner "
        "and a deadline.",
    )

    @api.depends("line_ids.amount", "line_ids.move_id")
    def _compute_blocked(self):
        for record in self:
            record.blocked = bool(record._get_blocked())

    def _get_blocked(self):
        moves = self.line_ids.filtered("amount").move_id
        if not moves.has_access("write"):
            return moves.browse()
        return moves.filtered(lambda move: move.payment_state == "blocked")

    @api.model
    def _open_form(self, source, items=None):
        """Return the action that opens the form for an invoice, a customer or any record with a customer.

        :param source: ``account.move``, ``res.partner`` or a record with ``partner_id``
        :param items: ``ar.aging.report`` rows to list; all open items of the customer, or of the invoice,
            else
        :raise UserError: nothing is open
        """
        source.ensure_one()
        partner = source if source._name == "res.partner" else source.partner_id
        partner = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable by the user
        company = "company_id" in source._fields and source.company_id or self.env.company
        if items is None:
            domain = [
                ("partner_id", "=", partner.id),
                ("root_company_id", "=", company._credit_root().id),
                ("amount_currency", ">", 0),
            ]
            if source._name == "account.move":
                domain += [("move_id", "=", source.id)]
            items = self.env["ar.aging.report"].search(domain, order="date_maturity, id", limit=MAX_ITEMS)
        if not items:
            raise UserError(self.env._("Nothing is open here that could be disputed."))
        record = self.create(self._prepare_form(partner, company._credit_root(), items))
        if source._name == "account.move" and len(record.line_ids) == 1:
            record.line_ids.amount = max(record.line_ids.amount_left, 0.0)
        record.lift_block = bool(record._get_blocked())
        return {
            "name": self.env._("Record a Dispute"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": record.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.model
    def _prepare_form(self, partner, company, items):
        disputed = self.env["ar.dispute"]._get_disputed(items)
        return {
            "partner_id": partner.id,
            "company_id": company.id,
            "category_id": self.env["ar.dispute.category"].search([], limit=1).id,
            "description": "",
            "line_ids": [
                Command.create(
                    {
                        "item": item.id,
                        "move_id": item.move_id.id,
                        "name": item.move_name,
                        "date_maturity": item.date_maturity,
                        "days_overdue": item.days_overdue,
                        "currency_id": item.currency_id.id,
                        "amount_due": item.amount_currency,
                        "amount_left": item.amount_currency - disputed.get(item.id, 0.0),
                    }
                )
                for item in items
            ],
        }

    def action_record(self):
        """Record the dispute, one for each currency, and open it.

        :raise AccessError: for who may not see the items, and for auditors
        """
        self.ensure_one()
        if self.env["ar.credit.authority"]._only_audits(self.env.user):
            raise AccessError(self.env._("Auditors record nothing."))
        if not (self.description or "").strip():
            raise UserError(self.env._("Write down what the customer says."))
        lines = self.line_ids.filtered("amount")
        # Read anew as the user: what was open then may be paid, and only own customers may be disputed.
        items = self.env["ar.aging.report"].search([("id", "in", lines.mapped("item"))])
        if len(items) < len(lines):
            raise UserError(self.env._("Some of these items are paid meanwhile. Open the form again."))
        if self.env.user.has_group("account.group_account_invoice") and self.lift_block:
            for move in self._get_blocked():
                move.action_toggle_block_payment()
        by_item = {line.item: line.amount for line in lines}
        disputes = self.env["ar.dispute"]._record(
            self.category_id,
            {item: by_item[item.id] for item in items},
            self.description,
            contact=self.contact_id,
            documents=self.document_ids,
        )
        action = {
            "type": "ir.actions.act_window",
            "res_model": "ar.dispute",
            "name": self.env._("Dispute"),
        }
        if len(disputes) == 1:
            return {**action, "res_id": disputes.id, "views": [(False, "form")]}
        return {
            **action,
            "domain": [("id", "in", disputes.ids)],
            "views": [(False, "list"), (False, "form")],
        }
