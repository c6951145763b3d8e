from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list


class ArDunningExclude(models.TransientModel):
    """Ask why, and until when, letters leave items or customers out."""

    _name = "ar.dunning.exclude"
    _description = "Exclude From Dunning"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company.root_id,
        domain="[('parent_id', '=', False), ('id', 'in', allowed_company_ids)]",
    )
    kind = fields.Selection(
        [("item", "These items"), ("customer", "Everything of the customer")],
        string="Exclude",
        required=True,
        default="item",
    )
    partner_ids = fields.Many2many("res.partner", string="Customers")
    move_line_ids = fields.Many2many(
        "account.move.line",
        string="Items",
        domain="[('account_type', '=', 'asset_receivable'), ('parent_state', '=', 'posted'), "
        "('reconciled', '=', False), ('balance', '>', 0), ('company_id', 'child_of', company_id)]",
    )
    reason = fields.Char(help="Others decide by it later: what was agreed, with whom.")
    date_to = fields.Date(
        string="Until", help="Last day without letters. Empty: until a person ends the exclusion."
    )

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        model, ids = self.env.context.get("active_model"), self.env.context.get("active_ids") or []
        if model in ("ar.aging.report", "ar.dunning.preview.item", "account.move.line"):
            values["move_line_ids"] = [(6, 0, self._get_items([("id", "in", ids)]).ids)]
        elif model == "account.move":
            values["move_line_ids"] = [(6, 0, self._get_items([("move_id", "in", ids)]).ids)]
        elif model in ("ar.credit.profile", "res.partner"):
            records = self.env[model].browse(ids)
            partners = records.partner_id if model == "ar.credit.profile" else records
            values.update(kind="customer", partner_ids=[(6, 0, partners.commercial_partner_id.ids)])
            if model == "ar.credit.profile":
                values["company_id"] = records.company_id[:1].id
        return values

    @api.model
    def _get_items(self, domain):
        return self.env["ar.aging.report"].search([*domain, ("amount", ">", 0), ("partner_id", "!=", False)])

    def action_exclude(self):
        """Exclude what is chosen and show it."""
        self.ensure_one()
        exclusions = self.env["ar.dunning.exclusion"]
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why it is excluded: others decide by it later."))
        if self.date_to and self.date_to < fields.Date.context_today(self):
            raise UserError(self.env._("That day is over: choose today or a later one."))
        if self.kind == "customer":
            done = exclusions._exclude_customers(self.partner_ids, self.company_id, self.reason, self.date_to)
        else:
            items = self._get_items([("id", "in", self.move_line_ids.ids)])
            done = exclusions._exclude_items(items, self.reason, self.date_to)
        if not done:
            raise UserError(self.env._("Choose what to exclude; all of this is excluded already."))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Excluded from letters: %s", format_list(self.env, done.mapped("display_name"))
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
