from odoo import api, fields, models
from odoo.tools import format_date

from .ar_provision_table_mixin import Column, Table

# Customers on the paper; the workbook has all of them.
CUSTOMERS = 25
AGGREGATES = ("item_count:sum", "gross:sum", "offset:sum", "covered:sum", "amount:sum", "coverage:avg")


class ArProvisionCoverageReport(models.TransientModel):
    """Which share of the receivables a posted run covers, as a paper and a workbook."""

    _name = "ar.provision.coverage.report"
    _description = "Coverage Report"
    _inherit = ["ar.provision.table.mixin"]

    _document_report = "ar_credit_control.action_report_provision_coverage"

    run_id = fields.Many2one(
        "ar.provision.run",
        string="Provision Run",
        required=True,
        ondelete="cascade",
        default=lambda self: self._get_last_run(),
        domain=lambda self: self._get_run_domain(),
    )
    has_runs = fields.Boolean(compute="_compute_has_runs")
    company_id = fields.Many2one(related="run_id.company_id")
    currency_id = fields.Many2one(related="run_id.currency_id")

    @api.model
    def _get_last_run(self):
        return self.env["ar.provision.run"].search(
            [
                ("company_id", "=", self.env.company._credit_root().id),
                ("kind", "=", "regular"),
                ("state", "=", "posted"),
            ],
            order="date desc, id desc",
            limit=1,
        )

    @api.model
    def _get_run_domain(self):
        return [("state", "=", "posted"), ("kind", "=", "regular")]

    @api.depends_context("allowed_company_ids")
    def _compute_has_runs(self):
        self.has_runs = bool(self.env["ar.provision.run"].search_count(self._get_run_domain(), limit=1))

    @api.depends("run_id")
    def _compute_display_name(self):
        for report in self:
            report.display_name = report.run_id.name

    def _get_file_name(self):
        return f"coverage-{self.run_id.name.replace('/', '-')}-{self.run_id.date}"

    def _get_title(self):
        return self.env._("Coverage by the loss allowance")

    def _get_facts(self):
        run = self.run_id.sudo()  # sudo: people are named on it; its figures are read as the user
        return [
            (self.env._("Provision run"), run.name),
            (self.env._("Reporting date"), format_date(self.env, run.date, date_format="long")),
            (self.env._("Policy"), run._get_policy_words()["policy_name"]),
            (self.env._("Posted by"), self._say_who(run.posted_by_id, run.posted_on)),
        ]

    def _get_tables(self):
        tables = [self._get_group_table(*group) for group in self._list_groups()]
        customers = self._get_customer_table(limit=CUSTOMERS)
        return [table for table in (*tables, customers) if len(table.rows) > 2]

    def _get_sheets(self):
        tables = [self._get_group_table(*group) for group in self._list_groups()]
        return [table for table in (*tables, self._get_customer_table()) if len(table.rows) > 1]

    def _list_groups(self):
        """Return (title, heading, field, name of what has none) of what receivables are grouped by."""
        return [
            (self.env._("By Age"), self.env._("Age"), "bucket_id", ""),
            (self.env._("By Treatment"), self.env._("Treatment"), "treatment", ""),
            (self.env._("By Segment"), self.env._("Segment"), "segment_id", self.env._("Everyone else")),
            (self.env._("By Rating"), self.env._("Rating"), "rating_id", self.env._("No credit profile")),
        ]

    def _get_group_table(self, title, heading, field, nothing):
        groups = self.env["ar.provision.coverage"]._read_group(self._get_domain(), [field], AGGREGATES)
        names = dict(self.env["ar.provision.line"]._fields["treatment"]._description_selection(self.env))
        rows = []
        for key, *figures in groups:
            name = names[key] if field == "treatment" else key.sudo().display_name  # sudo: named only
            rows.append(("", [name or nothing, *figures]))
        return Table(title, self._get_columns(heading), [*rows, self._get_total()])

    def _get_customer_table(self, limit=None):
        groups = self.env["ar.provision.coverage"]._read_group(
            self._get_domain(), ["partner_id"], AGGREGATES, order="amount:sum desc, partner_id", limit=limit
        )
        rows = [
            # sudo: customers are named only
            ("", [partner.sudo().display_name or self.env._("Without customer"), *figures])
            for partner, *figures in groups
        ]
        title = self.env._("Largest Customers") if limit else self.env._("Customers")
        return Table(title, self._get_columns(self.env._("Customer")), [*rows, self._get_total()])

    def _get_total(self):
        [figures] = self.env["ar.provision.coverage"]._read_group(self._get_domain(), [], AGGREGATES)
        return ("total", [self.env._("Total receivables"), *figures])

    def _get_domain(self):
        return [("run_id", "=", self.run_id.id)]

    def _get_columns(self, heading):
        return [
            Column(heading, "text", 34),
            Column(self.env._("Items"), "count", 10),
            Column(self.env._("Gross"), "money"),
            Column(self.env._("Own credits"), "money"),
            Column(self.env._("Covered"), "money"),
            Column(self.env._("Expected loss"), "money"),
            Column(self.env._("Coverage (%)"), "rate", 12),
        ]

    def _get_remarks(self):
        return [
            self.env._(
                "Coverage: expected loss over gross claims, without receipts and credit notes that are not "
                "applied yet."
            )
        ]

    def _get_signs(self):
        run = self.run_id.sudo()  # sudo: see _get_facts
        return [
            (self.env._("Prepared"), run.submitted_by_id.name or "", run.submitted_on),
            (self.env._("Approved"), run.decided_by_id.name or "", run.decided_on),
            (self.env._("Posted"), run.posted_by_id.name or "", run.posted_on),
            *super()._get_signs(),
        ]
