from functools import partial

from odoo import models
from odoo.tools import format_amount

from ..document import page_rows

# Millimetres of letterhead, address, title and summary; of headings; of bank account and ageing.
PAGE_HEAD, SUMMARY_ROW, HEADING, SECTION_END = 83, 11, 12, 32
# A reference of more characters takes two lines.
LONG_REFERENCE = 18


class ArStatement(models.Model):
    """What stands on the page of a statement."""

    _inherit = "ar.statement"
    _document_report = "ar_credit_control.action_report_statement"
    _document_page = "ar_credit_control.statement_page"

    def _prepare_page_values(self, shared):
        values = super()._prepare_page_values(shared)
        buckets = shared["buckets"].with_env(self.env)
        sections = []
        used = PAGE_HEAD + SUMMARY_ROW * len(self.balance_ids)
        for balance in self.balance_ids:
            section, used = self._prepare_section(balance, buckets, used)
            sections.append(section)
        return values | {"statement": self, "sections": sections}

    def _prepare_section(self, balance, buckets, used):
        """Return what the page shows of one currency, and where on the page it ends.

        :param used: millimetres of the page that stand before it
        """
        currency = balance.currency_id
        lines = self.line_ids.filtered(lambda line: line.currency_id == currency)
        owed, owing = balance._get_owed()
        rows = self._prepare_rows(lines, balance.opening)
        row_pages, used = page_rows.split_rows(
            rows,
            used + HEADING,
            lambda row: bool(row[0].fapiao_number or len(row[0].ref or "") > LONG_REFERENCE),
        )
        section = {
            "balance": balance,
            "currency": currency,
            "rows": rows,
            "row_pages": row_pages,
            "has_order": any(line.ref for line in lines),
            "has_contract": any(line.contract_number for line in lines),
            "has_fapiao": any(line.fapiao_number for line in lines),
            "has_delivery": any(line.delivery_date for line in lines),
            "owed": owed,
            "owing": owing,
            "ageing": balance._get_ageing(buckets),
            "bank": self._get_bank_account(currency),
            "words": self._get_amount_in_words(owed, currency),
            "format_amount": partial(format_amount, self.env, currency=currency),
        }
        return section, used + SECTION_END

    def _prepare_rows(self, lines, balance):
        """Return lines in order, with the balance after each in a statement of movements."""
        rows = []
        for line in lines.sorted(lambda line: (line.date, line.id)):
            balance += line.amount
            rows.append((line, line.currency_id.round(balance)))
        return rows

    def _keep_documents(self):
        # A statement never changes: what went out once goes out again.
        unprinted = self.filtered(lambda statement: not statement.document_id)
        return super(ArStatement, unprinted)._keep_documents()
