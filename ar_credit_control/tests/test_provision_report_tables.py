import io
from datetime import date

import openpyxl

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools.pdf import PdfFileWriter

from ..models.document import joint_pdf
from ..models.provision_report.ar_provision_table_mixin import Column, Table
from .common_roll_rate import RollRateCase

HEADING = 4
COLUMNS = [Column("Figures")]


class TablePaperCase(RollRateCase):
    """A posted run of 2024 with two segments, its back-test, and the history of the year."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tag = cls.env["res.partner.category"].create({"name": "Key account"})
        cls.policy.segment_ids = [Command.create({"name": "Key accounts", "category_ids": tag.ids})]
        cls.key = cls.make_partner("=cmd|'/c calc'!A1", category_id=tag.ids)
        late = cls.invoice_due(1_000, date(2024, 1, 31))
        cls.invoice_due(500, date(2024, 4, 30))
        cls.invoice_due(200, date(2024, 2, 20), partner_id=cls.key.id)
        cls.run_then = cls.make_run(date(2024, 3, 31))
        cls.settle(late, 300, date(2024, 4, 10))
        cls.settle(late, 200, date(2024, 5, 10), cls.loss)
        tests = cls.env["ar.provision.backtest"].with_user(cls.controller)
        cls.backtest = tests.create({"run_id": cls.run_then.id, "date_to": date(2025, 6, 30)})
        cls.backtest.action_compute()
        histories = cls.env["ar.provision.derivation"].with_user(cls.controller)
        cls.history = histories.create({"policy_id": cls.policy.id, "date_to": cls.last_month, "months": 12})
        cls.history.action_compute()
        cls.coverage = cls.env["ar.provision.coverage.report"].with_user(cls.auditor)
        cls.coverage = cls.coverage.create({"run_id": cls.run_then.id})
        cls.papers = [record.with_user(cls.auditor) for record in (cls.backtest, cls.history, cls.coverage)]

    def export(self, record):
        file = io.BytesIO()
        record.with_user(self.auditor)._write_workbook(file)
        return openpyxl.load_workbook(io.BytesIO(file.getvalue()))

    def table(self, sheet):
        rows = list(sheet.iter_rows(min_row=HEADING, values_only=True))
        return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@tagged("post_install", "-at_install")
class TestProvisionReportTables(TablePaperCase):
    """Back-test, roll rates and coverage as papers and workbooks."""

    def test_backtest(self):
        page = self.backtest.with_user(self.auditor)._render_html()
        for text in (self.run_then.name, "1,700.00", "Key accounts", self.controller.name, "Valid"):
            self.assertIn(text, page)
        book = self.export(self.backtest)
        self.assertEqual(book.sheetnames, ["About", "Expected and L"])
        facts = {row["Fact"]: row["Content"] for row in self.table(book["About"])}
        self.assertEqual(facts["Provision run"], self.run_then.name)
        self.assertIn(self.controller.name, facts["Computed by"])
        key, *rest, total = self.table(book["Expected and L"])
        self.assertEqual((key["Segment"], key["Owed"], key["Actual (%)"]), ("Key accounts", 200, 1))
        self.assertEqual((rest[-1]["Owed"], rest[-1]["Written off"]), (1_000, 200))
        self.assertEqual((total["Segment"], total["Owed"], total["Collected"]), ("Total", 1_700, 300))
        self.assertEqual(total["Lost"], self.backtest.lost)
        self.assertAlmostEqual(total["Actual (%)"], self.backtest.actual_rate / 100)

    def test_backtest_that_another_one_followed(self):
        tests = self.env["ar.provision.backtest"].with_user(self.controller)
        later = tests.create({"run_id": self.run_then.id, "date_to": date(2025, 12, 31)})
        page = later._render_html()
        self.assertIn("Status", page)
        self.assertNotIn("Computed by", page, "nobody did yet: no fact without words")
        later.action_compute()
        self.backtest.invalidate_recordset()
        self.assertIn(later.name, dict(self.backtest._get_facts())["Status"])

    def test_nothing_is_a_dash(self):
        values = self.backtest._prepare_page_values()
        columns = {column.heading: column for column in values["tables"][0][0].columns}
        for heading, value, words in (("Owed", 0.0, "–"), ("Items", 0, "–"), ("Owed", None, "")):
            self.assertEqual(values["format_cell"](columns[heading], value), words)
        self.assertIn("0.00", values["format_cell"](columns["Actual (%)"], 0.0))

    def test_roll_rates(self):
        page = self.history.with_user(self.auditor)._render_html()
        for text in ("Weighted by amount", "from 31", "Everyone else", self.controller.name):
            self.assertIn(text, page)
        book = self.export(self.history)
        self.assertEqual(book.sheetnames, ["About", "Loss Rates", "Roll Rates (%)", "Month by Month"])
        rates = self.table(book["Loss Rates"])
        self.assertEqual(len(rates), len(self.history.result_ids))
        for row, result in zip(
            rates[-5:], self.by_age(self.history, self.env["ar.provision.segment"]), strict=True
        ):
            self.assertEqual(row["Age"], result.bucket_id.name)
            self.assertAlmostEqual(row["Loss rate (%)"], result.loss_rate / 100, 6)
        months = self.table(book["Month by Month"])
        self.assertEqual(len(months), len(self.history.row_ids))
        self.assertEqual(
            sum(row["Entered"] or 0 for row in months), sum(self.history.row_ids.mapped("entered"))
        )
        may = next(row for row in self.table(book["Roll Rates (%)"]) if row["Month"] == "2024-05")
        self.assertEqual(may["from 61"], 0.75, "of 1,200 that left in May 300 were paid")

    def test_coverage(self):
        page = self.coverage._render_html()
        for text in (self.run_then.name, "Total receivables", self.manager.name, "Largest Customers"):
            self.assertIn(text, page)
        book = self.export(self.coverage)
        self.assertEqual(
            book.sheetnames, ["About", "By Age", "By Treatment", "By Segment", "By Rating", "Customers"]
        )
        for name in book.sheetnames[1:]:
            total = self.table(book[name])[-1]
            self.assertEqual(total["Gross"], 1_700)
            self.assertEqual(total["Expected loss"], self.run_then.amount)
            self.assertAlmostEqual(total["Coverage (%)"], self.run_then.amount / 1_700)
        customers = {row["Customer"]: row["Gross"] for row in self.table(book["Customers"])}
        self.assertEqual(customers[self.key.name], 200)

    def test_names_are_no_formulas(self):
        for record in self.papers:
            for sheet in self.export(record):
                for row in sheet.iter_rows():
                    self.assertFalse([cell.value for cell in row if cell.data_type == "f"])

    def test_pages_are_numbered_in_any_language(self):
        """The number of a page is drawn in a font that knows no Chinese: no squares for a name in it."""
        for name, footer in (("PROV/2024/0001", "PROV/2024/0001 · 1 / 2"), ("企业会计准则", "1 / 2")):
            paper = io.BytesIO()
            writer = PdfFileWriter()
            for _page in range(2):
                writer.addBlankPage(width=842, height=595)
            writer.write(paper)
            pages = joint_pdf.read_pages(paper.getvalue())
            content = joint_pdf.write_documents([(name, pages)])
            self.assertEqual(joint_pdf.read_pages(content)[0].extract_text().strip(), footer)

    def test_signatures_stand_below_figures(self):
        for count in (16, 19, 21, 22):
            rows = [("", [f"Figure {number}"]) for number in range(count)]
            self.patch(type(self.coverage), "_get_tables", lambda report, r=rows: [Table("All", COLUMNS, r)])
            pages = joint_pdf.read_pages(self.coverage._render_joint_pdf())
            last = pages[-1].extract_text()
            self.assertIn("Reviewed", last)
            self.assertIn("Figure", last, f"{count} rows")

    def test_short_tables_stay_together(self):
        tables = [
            Table(title, COLUMNS, [("", [f"{title} {number}"]) for number in range(count)])
            for title, count in (("Long", 17), ("Short", 4))
        ]
        self.patch(type(self.coverage), "_get_tables", lambda report: tables)
        pages = self.coverage._prepare_page_values()["tables"][1][1]
        self.assertEqual([len(page) for page in pages], [0, 4])

    def test_pdf_and_who_prints(self):
        for record in self.papers:
            self.assertTrue(record._render_joint_pdf().startswith(b"%PDF"))
            for user in (self.salesperson, self.collector):
                own = record.with_user(user)
                for act in (
                    own.action_print,
                    own._render_html,
                    lambda own=own: own._write_workbook(io.BytesIO()),
                ):
                    with self.assertRaises(AccessError):
                        act()

    def test_statements_do_not_grow_with_the_ledger(self):
        def count():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            for record in (self.backtest, self.history):
                self.export(record)
                record.with_user(self.auditor)._render_html()
            return self.env.cr.sql_log_count - before

        count()
        few = count()
        for month in range(2, 8):
            self.settle(self.invoice_due(10, date(2024, month, 1)), 5, date(2024, month, 20))
        self.history.action_compute()
        self.assertLessEqual(count(), few)


@tagged("post_install", "-at_install")
class TestProvisionReportTablesDownload(TablePaperCase, HttpCase):
    """Downloads check who asks."""

    def test_downloads(self):
        for name, group in (
            ("table_aud", "ar_credit_control.group_credit_auditor"),
            ("table_sales", "sales_team.group_sale_salesman"),
        ):
            new_test_user(
                self.env, name, group, company_id=self.company.id, company_ids=[Command.set(self.company.ids)]
            )
        auditor = self.env["res.users"].search([("login", "=", "table_aud")])
        coverage = self.coverage.with_user(auditor).create({"run_id": self.run_then.id})
        self.authenticate("table_aud", "table_aud")
        for record in (self.backtest, self.history, coverage):
            url = record.action_export_xlsx()["url"]
            response = self.url_open(url)
            self.assertEqual(response.status_code, 200)
            self.assertIn("attachment", response.headers["Content-Disposition"])
            book = openpyxl.load_workbook(io.BytesIO(response.content))
            self.assertEqual(book.sheetnames[0], "About")
            self.assertEqual(self.url_open(url.replace(str(record.id), "999999999")).status_code, 404)
        self.authenticate("table_sales", "table_sales")
        for record in (self.backtest, self.history, coverage):
            self.assertEqual(self.url_open(record.action_export_xlsx()["url"]).status_code, 403)
