from odoo import models
from odoo.tools import format_date

from .ar_provision_table_mixin import Column, Table


class ArProvisionBacktest(models.Model):
    """The paper and the workbook of a back-test."""

    _name = "ar.provision.backtest"
    _inherit = ["ar.provision.backtest", "ar.provision.table.mixin"]

    _document_report = "ar_credit_control.action_report_provision_backtest"

    def _get_file_name(self):
        return f"back-test-{self.run_id.name.replace('/', '-')}-{self.date_to}"

    def _get_title(self):
        return self.env._("Back-test of expected losses")

    def _get_facts(self):
        test = self.sudo()  # sudo: the test was readable; its run, rates and people are named on it
        matrix = test.run_id.matrix_id
        state = dict(self._fields["state"]._description_selection(self.env))[self.state]
        if test.superseded_by_id:
            state = f"{state}: {test.superseded_by_id.name}"
        return [
            (self.env._("Provision run"), test.run_id.name),
            (self.env._("Expected on"), format_date(self.env, test.date_from, date_format="long")),
            (self.env._("Tested on"), format_date(self.env, test.date_to, date_format="long")),
            (self.env._("Loss rates"), " · ".join(filter(None, [matrix.name, matrix.decided_by_id.name]))),
            (self.env._("Lost after (days past due)"), str(test.default_days)),
            (self.env._("Status"), state),
            (self.env._("Computed by"), self._say_who(test.computed_by_id, test.computed_on)),
        ]

    def _get_tables(self):
        lines = self.sudo().line_ids  # sudo: see _get_facts
        by_segment = bool(lines.segment_id)
        columns = [
            *([Column(self.env._("Segment"), "text", 24)] if by_segment else []),
            Column(self.env._("Age"), "text", 24),
            Column(self.env._("Items"), "count", 10),
            Column(self.env._("Owed"), "money"),
            Column(self.env._("Collected"), "money"),
            Column(self.env._("Credited"), "money"),
            Column(self.env._("Written off"), "money"),
            Column(self.env._("Still open"), "money"),
            Column(self.env._("In default"), "money"),
            Column(self.env._("Expected loss"), "money"),
            Column(self.env._("Lost"), "money"),
            Column(self.env._("Expected (%)"), "rate", 12),
            Column(self.env._("Actual (%)"), "rate", 12),
        ]
        rows = [
            (
                "",
                [
                    *([line.segment_id.name or self.env._("Everyone else")] if by_segment else []),
                    line.bucket_id.name,
                    line.item_count,
                    line.gross,
                    line.collected,
                    line.credited,
                    line.written_off,
                    line.still_open,
                    line.overdue_long,
                    line.expected,
                    line.lost,
                    line.expected_rate,
                    line.actual_rate,
                ],
            )
            for line in lines.sorted(
                lambda line: (not line.segment_id, line.segment_id.name or "", line.bucket_age)
            )
        ]
        first = 1 + by_segment
        kind, total = self._sum_row(self.env._("Total"), rows, range(first, first + 9))
        if rows:
            total[-2:] = [self.expected_rate, self.actual_rate]
        return [Table(self.env._("Expected and Lost"), columns, [*rows, (kind, total)])]

    def _get_remarks(self):
        return [
            self.env._(
                "Lost: written off, and still open longer than %s days past due. Collected: what the ledger "
                "does not show as credited, written off or open.",
                self.default_days,
            )
        ]

    def _get_signs(self):
        test = self.sudo()  # sudo: see _get_facts
        return [
            (self.env._("Computed"), test.computed_by_id.name or "", test.computed_on),
            *super()._get_signs(),
        ]
