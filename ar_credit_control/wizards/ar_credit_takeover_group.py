from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import float_round
from odoo.tools.misc import formatLang


class ArCreditTakeover(models.TransientModel):
    """Propose ratings, limits and collectors for a group of customers at once."""

    _inherit = "ar.credit.takeover"

    category_ids = fields.Many2many("res.partner.category", string="Tags", help="With any of these tags.")
    country_ids = fields.Many2many("res.country", string="Countries")
    salesperson_ids = fields.Many2many(
        "res.users", relation="ar_credit_takeover_salesperson_rel", string="Salespeople"
    )
    sales_from = fields.Monetary(
        string="Sales at Least", help="Invoices less credit notes of the last twelve months, with taxes."
    )
    sales_to = fields.Monetary(string="Sales at Most", help="Zero: no bound.")
    undecided_only = fields.Boolean(
        string="Only Without a Limit",
        default=True,
        help="Leave customers alone for whom a limit was decided.",
    )
    rating_id = fields.Many2one("ar.credit.rating")
    limit_method = fields.Selection(
        [
            ("keep", "Leave as they are"),
            ("fixed", "The same for each"),
            ("peak", "Times the best month of sales"),
            ("sales", "Share of a year's sales"),
        ],
        default="keep",
        required=True,
        string="Limits",
    )
    limit = fields.Monetary(help="Zero: no credit.")
    factor = fields.Float(compute="_compute_factor", store=True, readonly=False, string="Times")
    share = fields.Float(string="Share (%)", default=10.0)
    highest = fields.Monetary(string="At Most", help="No limit above it. Zero: no bound.")
    step_amount = fields.Monetary(
        string="Round Up To", default=100.0, help="The next multiple of this amount."
    )
    limit_valid_until = fields.Date(string="Valid Until")
    collector_id = fields.Many2one("res.users", domain=[("share", "=", False)])

    @api.depends("rating_id")
    def _compute_factor(self):
        for takeover in self:
            takeover.factor = takeover.rating_id.limit_factor or takeover.factor or 1.0

    def _find_group(self):
        """Return values of lines for the customers that were described."""
        if not self.rating_id and self.limit_method == "keep" and not self.collector_id:
            raise UserError(self.env._("Choose a rating, limits or a collector: nothing would change."))
        if self.limit < 0 or self.factor < 0 or self.share < 0 or self.highest < 0:
            raise UserError(self.env._("Amounts, factors and shares cannot be negative."))
        if self.limit_valid_until and self.limit_valid_until < self.company_id._credit_today():
            raise UserError(self.env._("The limit would have expired already."))
        partners = self.env["res.partner"].search(self._get_group_domain(), order="complete_name, id")
        measured = {}
        if self.limit_method in ("peak", "sales") or self.sales_from or self.sales_to:
            measured = self.env["ar.credit.behaviour"]._measure(partners, self.company_id)
        rows = []
        for partner in partners:
            behaviour = measured.get(partner.id, {})
            sales = behaviour.get("sales_12m") or 0.0
            if sales < self.sales_from or self.sales_to and sales > self.sales_to:
                continue
            row = self._prepare_group_row(len(rows) + 1, partner, behaviour)
            if row["values"].keys() - {"valid_until"}:
                rows.append(row)
        if not rows:
            raise UserError(self.env._("No customer is like that."))
        return [self._prepare_line(row) for row in rows]

    def _get_group_domain(self):
        exposure = self.env["ar.credit.exposure"].search_fetch(
            [("company_id", "=", self.company_id.id)], ["partner_id", "limit_set"]
        )
        domain = self._get_company_domain() & Domain("parent_id", "=", False)
        domain &= Domain("customer_rank", ">", 0) | Domain("id", "in", exposure.partner_id.ids)
        domain &= Domain(
            "id", "not in", self.env["res.company"].sudo().search([]).partner_id.ids
        )  # sudo: all
        if self.undecided_only:
            domain &= Domain("id", "not in", exposure.filtered("limit_set").partner_id.ids)
        if self.category_ids:
            domain &= Domain("category_id", "in", self.category_ids.ids)
        if self.country_ids:
            domain &= Domain("country_id", "in", self.country_ids.ids)
        if self.salesperson_ids:
            domain &= Domain("user_id", "in", self.salesperson_ids.ids)
        return domain

    def _prepare_group_row(self, number, partner, behaviour):
        values = {
            "rating": self.rating_id.id,
            "collector": self.collector_id.id,
            "valid_until": self.limit_valid_until,
        }
        values = {name: value for name, value in values.items() if value}
        note = False
        if self.limit_method == "fixed":
            values["limit"] = self.limit
        elif self.limit_method != "keep":
            limit, note = self._propose(behaviour)
            # Who bought nothing yet is not to be left without any credit by a formula.
            if limit is not None:
                values["limit"] = limit
        return {
            "number": number,
            "partner_id": partner.id,
            "customer": False,
            "values": values,
            "problem": False,
            "note": note,
        }

    def _propose(self, behaviour):
        """Return a limit from the sales of a customer, None without sales, and how it came about."""
        if self.limit_method == "peak":
            basis, factor = behaviour.get("peak_month") or 0.0, self.factor
            words = self.env._("best month %(amount)s × %(factor)s")
            shown = f"{factor:g}"
        else:
            basis, factor = behaviour.get("sales_12m") or 0.0, self.share / 100
            words = self.env._("%(factor)s %% of a year's sales of %(amount)s")
            shown = f"{self.share:g}"
        if basis <= 0:
            return None, self.env._("no sales in a year: the limit stays as it is")
        limit = basis * factor
        if self.step_amount > 0:
            limit = float_round(limit, precision_rounding=self.step_amount, rounding_method="UP")
        note = words % {"amount": formatLang(self.env, basis, currency_obj=self.currency_id), "factor": shown}
        if self.highest and limit > self.highest:
            limit = self.highest
            note = self.env._("%s, at most that", note)
        return limit, note
