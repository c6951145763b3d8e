from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ArCreditAgencyReport(models.Model):
    """What a credit agency or insurer says of a customer. It counts until it expires."""

    _name = "ar.credit.agency.report"
    _description = "Agency Report"
    _inherit = ["ar.credit.of.customer", "mail.thread"]
    _order = "date DESC, id DESC"

    provider = fields.Char(
        required=True, tracking=True, help="Name of the agency: Creditreform, Coface, D&B …"
    )
    date = fields.Date(required=True, default=fields.Date.context_today, tracking=True)
    grade = fields.Char(string="Grade of the Agency", tracking=True, help="As it stands in the report.")
    points = fields.Float(
        tracking=True,
        help="The grade on our scale: 0 is worst, 100 is best. This is what the scorecard counts.",
    )
    recommended_limit = fields.Monetary(tracking=True, help="Zero: the report recommends none.")
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company._credit_root().currency_id,
    )
    date_expiry = fields.Date(
        string="Counts Until",
        required=True,
        compute="_compute_date_expiry",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Last day on which the report counts. One year, unless you say otherwise.",
    )
    state = fields.Selection(
        [("valid", "Valid"), ("expired", "Expired")], compute="_compute_state", search="_search_state"
    )
    attachment_ids = fields.Many2many("ir.attachment", string="Report")

    _points_range = models.Constraint(
        "CHECK (points BETWEEN 0 AND 100)", "Points of a report lie between 0 (worst) and 100 (best)."
    )
    _limit_not_negative = models.Constraint(
        "CHECK (recommended_limit >= 0)", "A recommended limit cannot be negative."
    )
    _expiry_after_date = models.Constraint(
        "CHECK (date_expiry >= date)", "A report cannot expire before its date."
    )

    @api.depends("date")
    def _compute_date_expiry(self):
        for report in self:
            report.date_expiry = report.date and report.date + relativedelta(years=1)

    @api.depends("date_expiry", "company_id")
    def _compute_state(self):
        for report in self:
            today = (report.company_id or self.env.company)._credit_today()
            report.state = "valid" if report.date_expiry and report.date_expiry >= today else "expired"

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._credit_today()
        domains = {"valid": [("date_expiry", ">=", today)], "expired": [("date_expiry", "<", today)]}
        return fields.Domain.OR(domains[state] for state in value if state in domains)

    @api.depends("partner_id", "provider", "date")
    def _compute_display_name(self):
        for report in self:
            report.display_name = (
                f"{report.partner_id.name or ''} · {report.provider or ''} {report.date or ''}"
            )

    @api.model_create_multi
    def create(self, vals_list):
        reports = super().create(vals_list)
        reports._own_attachments()
        return reports

    def write(self, vals):
        result = super().write(vals)
        if "attachment_ids" in vals:
            self._own_attachments()
        return result

    def _own_attachments(self):
        """Whoever reads a report reads its file; nobody else does."""
        for report in self.filtered("attachment_ids"):
            own = report.sudo().attachment_ids.filtered(  # sudo: as uploaded, by whoever writes the report
                lambda attachment: not attachment.res_id and attachment.create_uid == self.env.user
            )
            if own:
                own.write({"res_model": self._name, "res_id": report.id})

    @api.constrains("date", "company_id")
    def _check_date(self):
        for report in self:
            if report.date > report.company_id._credit_today():
                raise ValidationError(self.env._("The date of the report lies in the future."))
