from dataclasses import dataclass

from odoo import api, models

from ..rule.ar_credit_check import Demand


@dataclass(kw_only=True)
class InvoiceDemand(Demand):
    """An invoice that no order stands behind. As a draft it is part of the exposure already."""

    invoice: models.BaseModel


class ArCreditCheck(models.AbstractModel):
    _inherit = "ar.credit.check"

    @api.model
    def _judge_invoices(self, invoices, lock=False):
        """Evaluate the rules for draft invoices, see ``_judge_demands``.

        :return: dict of invoice id to ``Verdict``
        """
        invoices = invoices.sudo().sorted("id")  # the figures are of the whole customer
        demands = [self._prepare_invoice_demand(invoice) for invoice in invoices]
        return self._judge_demands(demands, "invoice", lock)

    @api.model
    def _prepare_invoice_demand(self, invoice):
        amount = invoice._credit_get_amount()
        return InvoiceDemand(
            key=invoice.id,
            partner=invoice.commercial_partner_id,
            company=invoice.company_id,
            amount=amount,
            counted=amount,
            currency=invoice.currency_id,
            terms_days=max(invoice.invoice_payment_term_id.line_ids.mapped("nb_days"), default=0),
            exempt=invoice._credit_is_exempt(),
            hold=invoice.credit_hold_id,
            invoice=invoice,
        )
