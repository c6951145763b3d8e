from odoo import api, models
from odoo.tools import SQL


class ArCreditExposure(models.Model):
    """Securities in force and bills of exchange, as parts of the exposure."""

    _inherit = "ar.credit.exposure"
    _depends = {
        "account.move": ["state"],
        "account.payment": ["move_id"],
        "ar.bill.receivable": [
            "amount",
            "company_id",
            "currency_id",
            "date_maturity",
            "kind",
            "move_id",
            "partner_id",
            "payment_id",
            "state",
            "with_recourse",
        ],
        "ar.credit.security": [
            "amount",
            "company_id",
            "currency_id",
            "date_from",
            "date_to",
            "insured_share",
            "kind",
            "own_risk",
            "partner_id",
            "share",
            "state",
        ],
        "res.company": ["credit_bill_bank_share", "credit_bill_commercial_share"],
    }

    @api.model
    def _components(self):
        return [*super()._components(), (self._cover_sql(), ("security", "notes"))]

    @api.model
    def _cover_sql(self) -> SQL:
        """Securities in force by what they add to the limit, and bills until maturity by the share that
        counts.

        Both at today's rate. They are one part, since each part makes the query longer to plan.
        """
        return self._converted_sql(
            SQL("%s UNION ALL %s", self._security_rows_sql(), self._note_rows_sql()), "security", "notes"
        )

    @api.model
    def _security_rows_sql(self) -> SQL:
        """Securities that are in force today: partner, company, currency, security, notes."""
        securities = self.env["ar.credit.security"]
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id,
                   security.company_id,
                   security.currency_id,
                   %(counted)s AS security,
                   NULL::numeric AS notes
              FROM ar_credit_security security
              JOIN res_partner partner ON partner.id = security.partner_id
             WHERE %(in_force)s
            """,
            counted=securities._counted_sql(),
            in_force=securities._in_force_sql(),
        )

    @api.model
    def _note_rows_sql(self) -> SQL:
        """Bills of exchange that count today: partner, company, currency, security, notes."""
        bills = self.env["ar.bill.receivable"]
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id,
                   bill.company_id,
                   bill.currency_id,
                   NULL::numeric AS security,
                   %(counted)s AS notes
              FROM ar_bill_receivable bill
              JOIN res_partner partner ON partner.id = bill.partner_id
             WHERE %(counts)s
            """,
            counted=bills._counted_sql(),
            counts=bills._counts_sql(),
        )

    @api.model
    def _in_transit_condition_sql(self) -> SQL:
        """A payment by bill is no payment in transit: the bill says how much of it counts, and how long."""
        return SQL(
            """%s AND NOT EXISTS (
                   SELECT FROM ar_bill_receivable bill WHERE bill.payment_id = payment.id AND bill.state
               != 'cancelled' )""",
            super()._in_transit_condition_sql(),
        )
