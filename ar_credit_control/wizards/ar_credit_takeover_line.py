from odoo import fields, models


class ArCreditTakeoverLine(models.TransientModel):
    """What a take-over would decide for one customer, and what became of it."""

    _name = "ar.credit.takeover.line"
    _description = "Credit Take-over Line"
    _order = "takeover_id, number, id"
    _rec_name = "customer"

    takeover_id = fields.Many2one("ar.credit.takeover", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="takeover_id.company_id")
    number = fields.Integer(string="Line", readonly=True, help="Line of the file.")
    customer = fields.Char(string="In the File", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    state = fields.Selection(
        [
            ("ready", "Ready"),
            ("unchanged", "Already so"),
            ("refused", "Rejected"),
            ("done", "Decided"),
            ("submitted", "Waits for approval"),
        ],
        default="ready",
        required=True,
        index=True,
        readonly=True,
    )
    problem = fields.Char(
        string="Note", readonly=True, help="Why a line was refused, or how a limit came about."
    )
    limit = fields.Monetary(string="Credit Limit", currency_field="limit_currency_id", readonly=True)
    limit_given = fields.Boolean(readonly=True)
    limit_currency_id = fields.Many2one("res.currency", readonly=True)
    rating_id = fields.Many2one("ar.credit.rating", readonly=True)
    payment_days = fields.Integer(string="Days of Credit", readonly=True)
    payment_days_given = fields.Boolean(readonly=True)
    collector_id = fields.Many2one("res.users", readonly=True)
    limit_valid_until = fields.Date(string="Valid Until", readonly=True)
    former_limit = fields.Char(string="Limit Today", readonly=True)
    review_id = fields.Many2one("ar.credit.review", readonly=True)
    cells = fields.Json(readonly=True)

    def _prepare_profile_vals(self):
        """Return the values of the profile that the line gives: terms, and the collector."""
        self.ensure_one()
        vals = {}
        if self.limit_given:
            vals.update(limit_set=True, limit=self.limit, limit_currency_id=self.limit_currency_id.id)
        if self.payment_days_given:
            vals.update(payment_days_set=True, payment_days=self.payment_days)
        for name in ("rating_id", "collector_id", "limit_valid_until"):
            if self[name]:
                vals[name] = self._fields[name].convert_to_write(self[name], self)
        return vals

    def _filter_changes(self, profile):
        """Return the values that the profile does not have yet."""
        vals = self._prepare_profile_vals()
        same = {
            name
            for name, value in vals.items()
            if profile._fields[name].convert_to_write(profile[name], profile) == value
        }
        if not {"limit_set", "limit", "limit_currency_id"} <= same:
            same -= {"limit_set", "limit", "limit_currency_id"}
        return {name: value for name, value in vals.items() if name not in same}

    def _refuse(self, problem):
        self.write({"state": "refused", "problem": problem})
