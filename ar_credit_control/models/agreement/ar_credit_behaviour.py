from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL


class ArCreditBehaviour(models.AbstractModel):
    """Broken promises are part of how a customer pays, once the company records promises."""

    _inherit = "ar.credit.behaviour"

    @api.model
    def _broken_promises_sql(self, root, as_of, months) -> SQL:
        # Both conditions are looked up by index; the first is the same for all customers, read once.
        return SQL(
            """
            CASE WHEN EXISTS (SELECT FROM ar_payment_promise WHERE company_id = %(root)s)
                 THEN (SELECT COUNT(*)
                         FROM ar_payment_promise promise
                         JOIN res_company root ON root.id = promise.company_id
                        WHERE promise.partner_id = customer.partner_id
                          AND promise.company_id = %(root)s
                          AND promise.state IN ('broken', 'partly')
                          AND %(broken)s
                          AND promise.deadline < %(as_of)s
                          AND promise.deadline >= %(date_from)s)::int
            END
            """,
            root=root.id,
            broken=self.env["ar.payment.promise"]._counts_as_broken_sql(),
            as_of=as_of,
            date_from=as_of - relativedelta(months=months),
        )

    @api.model
    def _flush_sources(self):
        self.env["ar.payment.promise"].flush_model(
            ["company_id", "deadline", "money_waits", "partner_id", "state"]
        )
        self.env["res.company"].flush_model(["credit_promise_partly_broken"])
        return super()._flush_sources()
