from odoo import models
from odoo.tools import format_date

from .ar_provision_table_mixin import Column, Table


class ArProvisionDerivation(models.Model):
    """The roll-rate table as a paper and a workbook."""

    _name = "ar.provision.derivation"
    _inherit = ["ar.provision.derivation", "ar.provision.table.mixin"]

    _document_report = "ar_credit_control.action_report_provision_derivation"

    def _get_file_name(self):
        return f"roll-rates-{self.date_from}-{self.date_to}"

    def _get_title(self):
        return self.env._("Loss rates from history")

    def _get_facts(self):
        history = self.sudo()  # sudo: the history was readable; policy, rates and people are named on it
        selections = {
            name: dict(self._fields[name]._description_selection(self.env))[self[name]]
            for name in ("average", "last_loss_method")
        }
        is_typed = self.last_loss_method == "typed"
        last_loss = [
            selections["last_loss_method"],
            f"{self._format_rate(self.last_loss)} %" if is_typed else "",
            (self.last_loss_reason or "") if is_typed else "",
        ]
        money = self.currency_id.format(self.smoothing) if self.smoothing else ""
        return [
            (self.env._("Provision policy"), history.policy_id.name),
            (
                self.env._("Period"),
                " – ".join(
                    format_date(self.env, day, date_format="long") for day in (self.date_from, self.date_to)
                ),
            ),
            (self.env._("Number of months"), str(self.months)),
            (self.env._("Average"), selections["average"]),
            (self.env._("Half weight at"), money),
            (self.env._("Loss in the last bucket"), " · ".join(filter(None, last_loss))),
            (self.env._("Loss rates"), "; ".join(map(self._say_matrix, history.matrix_ids))),
            (self.env._("Computed by"), self._say_who(history.computed_by_id, history.computed_on)),
            (self.env._("To be known"), (self.warning or "").replace("\n", " ")),
        ]

    def _say_matrix(self, matrix):
        """Return which loss rates rest on the history, and who approved them."""
        state = dict(matrix._fields["state"]._description_selection(self.env))[matrix.state]
        return " · ".join(filter(None, [matrix.name, state, matrix.decided_by_id.name]))

    def _get_tables(self):
        return [self._get_rate_table(), self._get_roll_table()]

    def _get_sheets(self):
        return [self._get_rate_table(), self._get_roll_table(), self._get_month_table()]

    def _get_rate_table(self):
        """Return the rates of each bucket, by segment."""
        results = self.sudo().result_ids  # sudo: see _get_facts
        by_segment = bool(results.segment_id)
        columns = [
            *([Column(self.env._("Segment"), "text", 24)] if by_segment else []),
            Column(self.env._("Age"), "text", 24),
            Column(self.env._("Months with items"), "count", 12),
            Column(self.env._("At risk"), "money"),
            Column(self.env._("Own roll rate (%)"), "exact", 14),
            Column(self.env._("Weight of own history (%)"), "rate", 14),
            Column(self.env._("Roll rate (%)"), "exact", 14),
            Column(self.env._("Loss rate (%)"), "exact", 14),
        ]
        rows = [
            (
                "",
                [
                    *([self._say_segment(result)] if by_segment else []),
                    result.bucket_id.name,
                    result.months,
                    result.at_risk,
                    result.own_rate,
                    result.credibility,
                    result.roll_rate,
                    result.loss_rate,
                ],
            )
            for result in results.sorted(self._get_place)
        ]
        return Table(self.env._("Loss Rates"), columns, rows)

    def _get_roll_table(self):
        """Return the roll rate of each month and bucket, of all segments together."""
        groups = self.env["ar.provision.derivation.row"]._read_group(
            [("derivation_id", "=", self.id)], ["month:month", "bucket_id"], ["rate:avg"]
        )
        rates = {(month, bucket.id): rate for month, bucket, rate in groups}
        buckets = self.sudo().result_ids.bucket_id.sorted("age_from")  # sudo: see _get_facts
        columns = [
            Column(self.env._("Month"), "text", 18),
            *(Column(bucket.name, "rate", 14) for bucket in buckets),
        ]
        rows = [
            ("", [self._say_month(month), *(rates.get((month, bucket.id)) for bucket in buckets)])
            for month in sorted({month for month, _bucket in rates})
        ]
        return Table(self.env._("Roll Rates (%)"), columns, rows)

    def _get_month_table(self):
        """Return what was in each bucket month by month, and what became of it."""
        rows = self.sudo().row_ids  # sudo: see _get_facts
        amounts = ("entered", "lost_before", "credited", "at_risk", "paid", "written_off", "rolled", "lost")
        columns = [
            Column(self.env._("Month"), "text", 18),
            Column(self.env._("Segment"), "text", 24),
            Column(self.env._("Age"), "text", 24),
            *(Column(rows._fields[name]._description_string(self.env), "money") for name in amounts),
            Column(self.env._("Roll rate (%)"), "rate", 14),
        ]
        values = [
            (
                "",
                [
                    self._say_month(row.month),
                    self._say_segment(row),
                    row.bucket_id.name,
                    *(row[name] for name in amounts),
                    row.rate if row.at_risk > 0 else None,
                ],
            )
            for row in rows.sorted(lambda row: (row.month, *self._get_place(row)))
        ]
        return Table(self.env._("Month by Month"), columns, values)

    def _get_place(self, row):
        return not row.segment_id, row.segment_id.name or "", row.bucket_age

    def _say_segment(self, row):
        return row.segment_id.name or self.env._("Everyone else")

    def _say_month(self, month):
        return f"{month:%Y-%m}"

    def _get_remarks(self):
        return [
            self.env._(
                "Roll rate: what was still open when it entered the next bucket, and what was written off, "
                "over what entered less what was credited. Loss rate: the roll rates from a bucket to the "
                "last, multiplied."
            )
        ]

    def _get_signs(self):
        history = self.sudo()  # sudo: see _get_facts
        matrix = history.matrix_ids.filtered(lambda matrix: matrix.state == "approved")[:1]
        return [
            (self.env._("Computed"), history.computed_by_id.name or "", history.computed_on),
            (self.env._("Rates approved"), matrix.decided_by_id.name or "", matrix.decided_on),
            *super()._get_signs(),
        ]
