from collections import defaultdict
from types import SimpleNamespace

from odoo import models
from odoo.tools import SQL

from ..document import page_rows
from .ar_provision_print_mixin import HEADING, ROW

# Millimetres of the page before the matrix; letters of a line of the reason of an assessment.
MATRIX_HEAD, REASON_WIDTH = 42, 70
FIGURES = ("item_count", "gross", "offset", "covered", "amount", "prior")


class MatrixRow:
    """A row of the printed matrix: a bucket, a treatment or a total."""

    def __init__(self, name, age=0, base_rate=None):
        self.name = name
        self.age = age
        self.base_rate = base_rate
        for figure in FIGURES:
            setattr(self, figure, 0.0)

    @property
    def rate(self):
        """Loss over gross less own credits, percent."""
        base = self.gross - self.offset
        return 100 * self.amount / base if base > 0 else 0.0


class ArProvisionRun(models.Model):
    """The matrix of a run as auditors read it, from its frozen cells and lines."""

    _name = "ar.provision.run"
    _inherit = ["ar.provision.run", "ar.provision.print.mixin"]

    _document_report = "ar_credit_control.action_report_provision_run"
    _document_page = "ar_credit_control.provision_run_page"

    def _get_paper_name(self):
        return self.name

    def _get_file_name(self):
        return f"provision-{self.name.replace('/', '-')}-{self.date}"

    def _write_workbook(self, file):
        return self.env["ar.provision.xlsx"]._write_run(file, self)

    # ------------------------------------------------------------------
    # The matrix
    # ------------------------------------------------------------------

    def _get_matrix_sections(self):
        """Return the matrix by segment, everyone else last: name, rows by bucket, total.

        A row has ``name``, ``base_rate``, ``FIGURES`` (``prior``: the expected loss of the run before, where
        it was made by the same policy), ``rate`` (loss over gross less own credits, percent). Buckets that
        are empty stand there, too.
        """
        self.ensure_one()
        sections = defaultdict(dict)
        # As they were called then, where the run has anything in them.
        buckets = {cell.bucket_id: cell.bucket_name for cell in self.cell_ids}
        for rate in self.matrix_id.sudo().rate_ids:  # sudo: approved rates of the run, as printed on it
            section = sections[rate.segment_id.id]
            section[rate.bucket_id.id] = MatrixRow(
                buckets.get(rate.bucket_id, rate.bucket_id.name), rate.bucket_id.age_from, rate.rate
            )
        names = {False: self.env._("Everyone else")}
        names |= {segment.id: segment.name for segment in self.matrix_id.sudo().rate_ids.segment_id}
        for cell in self.cell_ids.filtered(lambda cell: cell.treatment == "matrix"):
            row = MatrixRow(cell.bucket_name, cell.bucket_age, cell.base_rate)
            for name in FIGURES[:-1]:
                setattr(row, name, cell[name])
            sections[cell.segment_id.id][cell.bucket_id.id] = row
            names[cell.segment_id.id] = cell.segment_name or names[False]
        prior = self.previous_id
        if prior.policy_id == self.policy_id:
            for cell in prior.cell_ids.filtered(lambda cell: cell.treatment == "matrix"):
                names.setdefault(cell.segment_id.id, cell.segment_name)
                row = sections[cell.segment_id.id].setdefault(
                    cell.bucket_id.id, MatrixRow(cell.bucket_name, cell.bucket_age, cell.base_rate)
                )
                row.prior = cell.amount
        order = sorted(sections, key=lambda segment: (not segment, names[segment]))
        return [
            SimpleNamespace(
                name=names[segment],
                rows=sorted(sections[segment].values(), key=lambda row: row.age),
                total=self._sum_rows(sections[segment].values(), self.env._("Total %s", names[segment])),
            )
            for segment in order
        ]

    def _get_other_rows(self):
        """Return what the matrix does not value, by treatment: individually assessed, credits, own group."""
        self.ensure_one()
        prior = self.previous_id
        rows = []
        for treatment, label in (
            self.env["ar.provision.line"]._fields["treatment"]._description_selection(self.env)
        ):
            own = self.cell_ids.filtered(lambda cell, kind=treatment: cell.treatment == kind)
            before = prior.cell_ids.filtered(lambda cell, kind=treatment: cell.treatment == kind)
            if treatment == "matrix" or not own + before:
                continue
            row = MatrixRow(label)
            for name in FIGURES[:-1]:
                setattr(row, name, sum(own.mapped(name)))
            row.prior = sum(before.mapped("amount"))
            rows.append(row)
        return rows

    def _sum_rows(self, rows, name):
        total = MatrixRow(name)
        for figure in FIGURES:
            setattr(total, figure, sum(getattr(row, figure) for row in rows))
        return total

    def _get_least_rates(self):
        """Return (why, items, gross, expected loss) of the items that a least rate was used for."""
        labels = self.env["ar.provision.line"]._fields["least"]._description_selection(self.env)
        rows = self.env.execute_query(
            SQL(
                """SELECT least, COUNT(*), SUM(gross), SUM(amount)
                     FROM ar_provision_line
                    WHERE run_id = %s AND least IS NOT NULL
                 GROUP BY least""",
                self.id,
            )
        )
        found = {least: figures for least, *figures in rows}
        return [(label, *found[least]) for least, label in labels if least in found]

    def _get_interest(self):
        """Return (items, gross, expected loss) of the debit notes for interest and fees."""
        [row] = self.env.execute_query(
            SQL(
                """SELECT COUNT(*), COALESCE(SUM(gross), 0), COALESCE(SUM(amount), 0)
                     FROM ar_provision_line
                    WHERE run_id = %s AND is_interest""",
                self.id,
            )
        )
        return row

    def _get_assessed(self):
        """Return the customers who were assessed individually: name then, assessment, items, base, loss,
        rate."""
        rows = self.env.execute_query(
            SQL(
                """SELECT assessment_id, COUNT(*), SUM(gross), SUM(gross - "offset"), SUM(amount),
                          MIN(partner_name)
                     FROM ar_provision_line
                    WHERE run_id = %s AND treatment = 'individual'
                 GROUP BY assessment_id
                 ORDER BY SUM(amount) DESC, assessment_id""",
                self.id,
            )
        )
        # sudo: the assessments that the run took in, as printed on it
        assessments = self.env["ar.provision.assessment"].sudo().browse([row[0] for row in rows])
        return [
            SimpleNamespace(
                assessment=assessment,
                partner_name=name or assessment.partner_id.name,
                item_count=count,
                gross=gross,
                amount=amount,
                rate=100 * amount / base if base > 0 else 0.0,
            )
            for assessment, (_id, count, gross, base, amount, name) in zip(assessments, rows, strict=True)
        ]

    # ------------------------------------------------------------------
    # The page
    # ------------------------------------------------------------------

    def _prepare_page_values(self):
        values = super()._prepare_page_values()
        run = self.sudo()  # sudo: the run was readable; people, accounts and customers are named on it
        sections = self._get_matrix_sections()
        others = self._get_other_rows()
        total = self._sum_rows(
            [section.total for section in sections] + others, self.env._("Total receivables")
        )
        prior = self.previous_id
        total.prior = prior.amount
        matrix_rows = self._list_matrix_rows(sections, others, total)
        matrix_pages, used = self._split(matrix_rows, MATRIX_HEAD + self._estimate_reasons(run))
        least = self._get_least_rates()
        if least:
            used += HEADING + ROW * len(least)
        assessed_pages, used = self._split(
            self._get_assessed(),
            used,
            lambda row: page_rows.count_lines([row.assessment.reason], [REASON_WIDTH]) - 1,
        )
        change_pages, used = self._split(run.change_ids, used)
        return values | {
            "run": run,
            "matrix": run.matrix_id,
            "policy": run.policy_id,
            "prior": prior,
            "by_segment": len(sections) > 1,
            "matrix_pages": matrix_pages,
            "least": least,
            "interest": self._get_interest(),
            "assessed_pages": [page for page in assessed_pages if page],
            "change_pages": [page for page in change_pages if page],
            "moves": run.move_ids.sorted("name"),
            "terms": self._describe_terms(),
            "state": dict(self._fields["state"]._description_selection(self.env))[self.state],
            **self._get_policy_words(),
            "source": dict(run.matrix_id._fields["source"]._description_selection(self.env)).get(
                run.matrix_id.source
            ),
        }

    def _estimate_reasons(self, run):
        """Return the millimetres of the words about rates above the matrix."""
        terms = " · ".join(f"{label}: {words}" for label, words in run._describe_terms())
        matrix = run.matrix_id
        texts = filter(
            None,
            (
                matrix.reason,
                matrix.derivation_id.warning,
                matrix.factor_reason,
                run.note,
                terms,
                run.as_of_note,
            ),
        )
        return sum(page_rows.estimate_text(text.splitlines()) for text in texts) * 0.7

    def _list_matrix_rows(self, sections, others, total):
        """Return (kind, row) of the matrix from top to bottom."""
        rows = []
        for section in sections:
            if len(sections) > 1:
                rows.append(("segment", MatrixRow(section.name)))
            rows += [("bucket", row) for row in section.rows]
            if len(sections) > 1 or others:
                label = section.total.name if len(sections) > 1 else self.env._("By the matrix")
                section.total.name = label
                rows.append(("subtotal", section.total))
        rows += [("other", row) for row in others]
        rows.append(("total", total))
        return rows
