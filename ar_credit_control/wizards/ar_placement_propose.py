from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class ArPlacementPropose(models.TransientModel):
    """Prepares handing items over to an agency or a lawyer: which items, to whom, on which terms."""

    _name = "ar.placement.propose"
    _description = "Hand Items Over"

    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True)
    kind = fields.Selection(
        [("agency", "Collection Agency"), ("lawyer", "Lawyer")],
        string="Hand Over To",
        required=True,
        default="agency",
    )
    agent_id = fields.Many2one("res.partner", compute="_compute_agent_id", store=True, readonly=False)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    commission_percent = fields.Float(string="Commission (%)", digits=(5, 2))
    commission_fixed = fields.Monetary(string="Fixed Fee")
    facts = fields.Text(help="What was agreed and delivered, what the customer said.")
    line_ids = fields.One2many("ar.placement.propose.line", "propose_id", string="Items")

    @api.depends("kind")
    def _compute_agent_id(self):
        """Propose to whom items were handed over last."""
        last = {
            kind: self.env["ar.placement"].search(
                [("kind", "=", kind), ("agent_id", "!=", False)], order="id DESC", limit=1
            )
            for kind in ("agency", "lawyer")
        }
        for form in self:
            form.agent_id = last[form.kind].agent_id if form.kind else False

    @api.model
    def _open_form(self, items):
        """Return the action that opens the form for open items of one customer.

        :param items: ``ar.aging.report`` rows that the user may see
        :raise UserError: none, or of several customers
        """
        items = items.filtered(lambda item: item.amount_currency > 0)
        if not items:
            raise UserError(self.env._("Nothing is overdue here."))
        if len(items.partner_id) != 1 or len(items.root_company_id) != 1:
            raise UserError(self.env._("Choose items of one customer and one company."))
        taken = self.env["ar.placement.line"]._find_active(items)
        keys = {(line.move_id, line.date_maturity) for line in taken}
        disputed = self.env["ar.dispute"]._get_disputed(items)
        agreed = self.env["ar.item.settlement"]._get_agreed(items, items.root_company_id)
        record = self.create(
            {
                "partner_id": items.partner_id.id,
                "currency_id": items.root_company_id.sudo().currency_id.id,  # sudo: of the main company
                "line_ids": [
                    Command.create(
                        {
                            "item": item.id,
                            "name": item.move_name,
                            "date_maturity": item.date_maturity,
                            "days_overdue": item.days_overdue,
                            "currency_id": item.currency_id.id,
                            "amount": item.amount_currency,
                            "amount_disputed": disputed.get(item.id, 0.0),
                            "amount_agreed": agreed.get(item.id, 0.0),
                            "included": not agreed.get(item.id),
                        }
                    )
                    for item in items
                    if (item.move_id, item.date_maturity) not in keys
                ],
            }
        )
        if not record.line_ids:
            raise UserError(self.env._("All of it is handed over already: %s", taken[0].placement_id.name))
        return {
            "name": self.env._("Hand Items Over"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": record.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_propose(self):
        """Draft the placement and open it.

        :raise AccessError: for who is no collector
        """
        self.ensure_one()
        if not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Collectors prepare what is handed over."))
        chosen = self.line_ids.filtered("included").mapped("item")
        items = self.env["ar.aging.report"].search([("id", "in", chosen)])
        if not items or len(items) < len(chosen):
            raise UserError(
                self.env._("Choose items that are open: some may be paid meanwhile. Open the form again.")
            )
        placement = self.env["ar.placement"]._propose(
            items,
            self.kind,
            self.agent_id,
            commission_percent=self.commission_percent,
            commission_fixed=self.commission_fixed,
            facts=self.facts,
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Placement"),
            "res_model": "ar.placement",
            "res_id": placement.id,
            "views": [(False, "form")],
        }
