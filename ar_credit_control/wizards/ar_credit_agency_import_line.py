from odoo import fields, models


class ArCreditAgencyImportLine(models.TransientModel):
    """A line of an uploaded file as it was understood, or why it was not."""

    _name = "ar.credit.agency.import.line"
    _description = "Line of an Agency File"
    # the refused ones first, those with the same reason together
    _order = "problem, number"

    import_id = fields.Many2one("ar.credit.agency.import", required=True, ondelete="cascade", index=True)
    number = fields.Integer(string="Line", aggregator=False)
    cells = fields.Json()
    problem = fields.Char(string="Refused Because")
    partner_id = fields.Many2one("res.partner", string="Customer", ondelete="cascade")
    provider = fields.Char(string="Agency")
    date = fields.Date()
    date_expiry = fields.Date(string="Counts Until")
    grade = fields.Char()
    points = fields.Float()
    recommended_limit = fields.Monetary()
    currency_id = fields.Many2one("res.currency", ondelete="cascade")

    def _prepare_report(self):
        """Return the values of the report that this line becomes."""
        self.ensure_one()
        return {
            "partner_id": self.partner_id.id,
            "company_id": self.import_id.company_id.id,
            "provider": self.provider,
            "date": self.date,
            "date_expiry": self.date_expiry,
            "grade": self.grade,
            "points": self.points,
            "recommended_limit": self.recommended_limit,
            "currency_id": self.currency_id.id,
        }
