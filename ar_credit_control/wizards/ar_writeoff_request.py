from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class ArWriteoffRequest(models.TransientModel):
    """Asks for writing items of one customer off: which, how much, why, with which evidence.

    Opened from the ageing or an invoice. Who sees the items may ask; another person decides.
    """

    _name = "ar.writeoff.request"
    _description = "Ask for a Write-off"

    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    reason_id = fields.Many2one("ar.writeoff.reason")
    needs_evidence = fields.Boolean(related="reason_id.needs_evidence")
    evidence = fields.Text(related="reason_id.evidence")
    note = fields.Text(string="What Was Done to Collect")
    document_ids = fields.Many2many("ir.attachment", string="Files")
    in_transit_amount = fields.Monetary(
        string="In Transit", readonly=True, currency_field="company_currency_id"
    )
    in_transit_text = fields.Text(string="What Is in Transit", readonly=True)
    in_transit_ack = fields.Text(string="Why Write Off All the Same")
    line_ids = fields.One2many("ar.writeoff.request.line", "request_id", string="Items")

    @api.model
    def _open_form(self, items):
        """Return the action that opens the form for open items.

        :param items: ``ar.aging.report`` rows of one customer
        :raise UserError: nothing is open, or several customers
        """
        items.check_access("read")
        self._check_asks()
        claims = items.filtered(lambda item: item.amount_currency > 0)
        if not claims:
            raise UserError(self.env._("Nothing is open here that could be written off."))
        if len(claims.partner_id) != 1 or len(claims.root_company_id) != 1:
            raise UserError(self.env._("Choose items of one customer and one company."))
        request = self.create(self._prepare_form(claims))
        return {
            "name": self.env._("Write Off"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": request.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.model
    def _check_asks(self):
        if self.env["ar.credit.authority"]._only_audits(self.env.user):
            raise AccessError(self.env._("Auditors ask for nothing."))

    @api.model
    def _prepare_form(self, items):
        root = items.root_company_id
        # A write-off that is not stored knows what is in transit.
        sample = self.env["ar.writeoff"].new({"partner_id": items.partner_id.id, "company_id": root.id})
        return {
            "partner_id": items.partner_id.id,
            "company_id": root.id,
            "in_transit_amount": sample.in_transit_amount,
            "in_transit_text": sample.in_transit_text,
            "line_ids": [
                Command.create(
                    {
                        "item": item.id,
                        "name": item.move_name,
                        "date_maturity": item.date_maturity,
                        "days_overdue": item.days_overdue,
                        "currency_id": item.currency_id.id,
                        "amount_open": item.amount_currency,
                        "amount": item.amount_currency,
                    }
                )
                for item in items
            ],
        }

    def action_save(self):
        """Keep the request as a draft, and open it."""
        return self._open(self._create_writeoff())

    def action_request(self):
        """Ask another person to decide, and open the request."""
        writeoff = self._create_writeoff()
        writeoff._request()
        return self._open(writeoff)

    def _create_writeoff(self):
        self.ensure_one()
        self._check_asks()
        lines = self.line_ids.filtered("amount")
        if not lines:
            raise UserError(self.env._("Enter what to write off of at least one item."))
        # Read anew as the user: what was open then may be paid, and only items that may be seen count.
        items = self.env["ar.aging.report"].search([("id", "in", lines.mapped("item"))])
        if not items or len(items) < len(lines):
            raise UserError(self.env._("Some of these items are paid meanwhile. Open the form again."))
        amounts = {line.item: line.amount for line in lines}
        writeoff = self.env["ar.writeoff"]._create_from_items(
            items,
            self.reason_id,
            amounts={item: amounts[item.id] for item in items},
            note=self.note,
            in_transit_ack=self.in_transit_ack,
        )
        if self.document_ids:
            files = self.document_ids._give_to(writeoff)
            writeoff._write_evidence({"document_ids": [Command.set(files.ids)]})
        return writeoff

    def _open(self, writeoff):
        return {
            "name": self.env._("Write-off"),
            "type": "ir.actions.act_window",
            "res_model": "ar.writeoff",
            "res_id": writeoff.id,
            "views": [(False, "form")],
        }
