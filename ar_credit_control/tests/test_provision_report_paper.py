import io
from datetime import datetime, timedelta

import openpyxl

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.ar_credit_control.models.provision_report import ar_provision_xlsx

from .common_provision import ProvisionCase

HEADING = 4


class PaperCase(ProvisionCase):
    """A company with two segments, an assessed customer, a name like a formula, and two posted runs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tag = cls.env["res.partner.category"].create({"name": "Key account"})
        cls.policy.segment_ids = [Command.create({"name": "Key accounts", "category_ids": tag.ids})]
        cls.policy.write({"default_days": 120, "default_rate": 80})
        cls.formula = cls.make_partner("=cmd|'/c calc'!A1", category_id=tag.ids)
        cls.insolvent = cls.make_partner("Pleite GmbH")
        cls.assessment = cls.env["ar.provision.assessment"].create(
            {
                "partner_id": cls.insolvent.id,
                "company_id": cls.company.id,
                "date_from": cls.today - timedelta(days=40),
                "method": "rate",
                "rate": 75,
                "reason": "Insolvency opened, quota of a quarter expected",
            }
        )
        cls.approve(cls.assessment)
        cls.make_invoice(10_000, 70)
        cls.make_invoice(500, 150)
        cls.key_item = cls.make_invoice(1_000, 20, partner_id=cls.formula.id, ref="=1+1")
        cls.make_invoice(800, 10, partner_id=cls.insolvent.id)
        cls.first = cls.make_run(cls.today - timedelta(days=30))
        cls.run_now = cls.make_run()


@tagged("post_install", "-at_install")
class TestProvisionReportPaper(PaperCase):
    """What auditors print and export of a run, from what is frozen."""

    def test_matrix(self):
        key, rest = self.run_now._get_matrix_sections()
        self.assertEqual((key.name, rest.name), ("Key accounts", "Everyone else"))
        rows = {row.age: row for row in rest.rows}
        self.assertEqual(list(rows), [0, 1, 31, 61, 91])
        self.assertEqual((rows[61].gross, rows[61].base_rate, rows[61].amount), (10_000, 6.6, 660))
        self.assertEqual((rows[91].amount, rows[91].rate, rows[91].prior), (400, 80, 53))
        self.assertEqual((rows[31].amount, rows[31].prior), (0, 360))
        self.assertEqual(key.total.amount, 16)
        others = self.run_now._get_other_rows()
        self.assertEqual([(row.gross, row.amount, row.rate) for row in others], [(800, 600, 75)])
        total = key.total.amount + rest.total.amount + others[0].amount
        self.assertEqual(total, self.run_now.amount)
        self.assertEqual(self.run_now._get_least_rates(), [("In default", 1, 500, 400)])
        self.assertEqual(self.run_now._get_assessed()[0].assessment, self.assessment)

    def test_the_paper_stays_as_it_was(self):
        before = self.run_now.with_user(self.auditor)._render_html()
        # what has approved rates keeps its name: only another hand changes it
        self.env.cr.execute(
            'UPDATE ar_provision_bucket SET name = \'{"en_US": "Renamed"}\' WHERE id = %s',
            [self.policy.bucket_ids[1].id],
        )
        self.make_invoice(5_000, 70)
        self.env.invalidate_all()
        after = self.run_now.with_user(self.auditor)._render_html()
        self.assertEqual(before, after)

    def test_names_of_the_policy_are_those_of_then(self):
        """What the policy was called, its standard and what ages count from are kept with the run."""
        names = (self.policy.name, "IFRS 9, simplified approach", "Due date")
        draft = self.make_run(self.today - timedelta(days=1), post=False)
        self.policy.write({"name": "Renamed policy", "standard": "us_cecl"})
        self.env.flush_all()
        # a policy with approved rates keeps its basis: only another hand changes it
        self.env.cr.execute(
            "UPDATE ar_provision_policy SET basis = 'invoice' WHERE id = %s", [self.policy.id]
        )
        self.env.invalidate_all()
        page = self.run_now.with_user(self.auditor)._render_html()
        for name in names:
            self.assertIn(name, page)
        self.assertNotIn("Renamed policy", page)
        self.assertEqual(self.run_now.policy_name, names[0])
        self.assertIn(names[0], [cell.value for cell in self.export()["Matrix"][3]])
        page = draft.with_user(self.auditor)._render_html()
        for name in ("Renamed policy", "US ASC 326, ageing schedule", "Invoice date"):
            self.assertIn(name, page)

    def test_customers_without_a_segment_have_a_name_on_the_matrix(self):
        cells = self.run_now.cell_ids.with_user(self.auditor)
        self.assertEqual(
            {cell.segment_id.name: cell.segment_label for cell in cells},
            {False: "Everyone else", "Key accounts": "Key accounts"},
        )
        self.env.cr.execute(
            'UPDATE ar_provision_segment SET name = \'{"en_US": "Renamed"}\' WHERE policy_id = %s',
            [self.policy.id],
        )
        self.env.invalidate_all()
        self.assertEqual(set(cells.mapped("segment_label")), {"Everyone else", "Key accounts"})

    def test_what_stands_on_the_paper(self):
        page = self.run_now.with_user(self.auditor)._render_html()
        for text in (
            self.run_now.name,
            self.first.name,
            "IFRS 9, simplified approach",
            "Key accounts",
            "Insolvency opened, quota of a quarter expected",
            "1,676.00",
            self.run_now.move_ids.name,
            self.controller.name,
            self.manager.name,
        ):
            self.assertIn(text, page)

    def test_names_and_days_of_who_prepared_approved_and_posted(self):
        days = {"submitted_on": "2024-02-03", "decided_on": "2024-03-04", "posted_on": "2024-04-05"}
        self.run_now._write_evidence({name: f"{day} 12:00:00" for name, day in days.items()})
        page = self.run_now.with_user(self.auditor)._render_html()
        page = page[page.index('class="sign"') :]
        for text in (
            *("Prepared", self.controller.name, "February 3, 2024"),
            *("Approved", self.manager.name, "March 4, 2024"),
            *("Posted", self.controller.name, "April 5, 2024"),
        ):
            self.assertIn(text, page)
            page = page[page.index(text) :]

    def test_interest_is_shown_apart(self):
        """Debit notes for interest and fees are lines that are told apart, and a line on the paper."""
        self.company.interest_scheme_id = self.env["ar.interest.scheme"].create(
            {
                "name": "Contract",
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                "rate_ids": [Command.create({"date_from": "2000-01-01", "rate": 10.0})],
            }
        )
        self.env.flush_all()
        claims = self.env["ar.interest.claim"].sudo()
        claims = claims._claim(self.company, self.today, partner_ids=self.formula.ids)
        claims.action_post()
        note = claims.debit_move_id
        self.run_now.with_user(self.manager).action_cancel("Interest was posted since")
        run = self.make_run()
        line = run.line_ids.filtered("is_interest")
        self.assertEqual((line.move_id, line.gross), (note, note.amount_total))
        page = run.with_user(self.auditor)._render_html()
        self.assertIn("of it interest and fees", page)
        self.assertNotIn("of it interest and fees", self.first._render_html())

    def test_a_run_without_segments_and_items(self):
        self.policy.segment_ids.active = False
        draft = self.make_run(self.today - timedelta(days=3_000), post=False)
        page = draft.with_user(self.auditor)._render_html()
        self.assertNotIn("Key accounts", page)
        self.assertIn("Draft", page)

    def test_pdf(self):
        content = self.run_now.with_user(self.auditor)._render_joint_pdf()
        self.assertTrue(content.startswith(b"%PDF"))
        report = self.env["ar.provision.movement.report"].with_user(self.auditor)
        table = report.browse(report.action_open()["res_id"])
        self.assertTrue(table._render_joint_pdf().startswith(b"%PDF"))
        self.assertIn("1,676.00", table._render_html())

    def test_who_prints(self):
        for user in (self.salesperson, self.credit_user, self.collector):
            run = self.run_now.with_user(user)
            for method in (run.action_print, run._render_html, run._render_joint_pdf):
                with self.assertRaises(AccessError):
                    method()
            with self.assertRaises(AccessError):
                self.env["ar.provision.xlsx"].with_user(user)._write_run(io.BytesIO(), run)
            with self.assertRaises(AccessError):
                self.env["ar.provision.coverage"].with_user(user).search([])

    # ------------------------------------------------------------------
    # Workbook
    # ------------------------------------------------------------------

    def export(self, data_only=True):
        file = io.BytesIO()
        run = self.run_now.with_user(self.auditor)
        self.items_written = run.env["ar.provision.xlsx"]._write_run(file, run)
        return openpyxl.load_workbook(io.BytesIO(file.getvalue()), data_only=data_only)

    def table(self, sheet):
        rows = list(sheet.iter_rows(min_row=HEADING, values_only=True))
        return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]

    def test_workbook(self):
        book = self.export()
        self.assertEqual(book.sheetnames, ["Matrix", "Individual", "Items", "Movement"])
        self.assertEqual(self.items_written, 4)
        items = self.table(book["Items"])
        row = next(row for row in items if row["Entry"] == self.key_item.name)
        self.assertEqual(row["Customer"], self.formula.name)
        self.assertEqual(row["Reference"], "=1+1")
        self.assertIsInstance(row["Due Date"], datetime)
        self.assertEqual((row["Gross"], row["Loss Rate"], row["Expected Loss"]), (1_000, 0.016, 16))
        self.assertEqual((row["Segment"], row["Treatment"]), ("Key accounts", "By the matrix"))
        self.assertEqual((items[-1]["Customer"], items[-1]["Expected Loss"]), ("Total", 1_676))
        matrix = self.table(book["Matrix"])
        total = next(row for row in matrix if row["Segment"] == "Total")
        self.assertEqual((total["Gross"], total["Expected Loss"]), (12_300, 1_676))
        self.assertEqual(total[f"Expected Loss of {self.first.name}"], self.first.amount)
        movement = {row["Company"]: row for row in self.table(book["Movement"])}
        self.assertEqual(movement["Total"]["Closing Balance"], 1_676)
        self.assertEqual(movement["Difference"]["Closing Balance"], 0)

    def test_wide_sheets_go_on_beside_with_what_a_row_is_about(self):
        book = self.export()
        self.assertIn(book["Matrix"].page_setup.fitToWidth, (None, 1))
        self.assertFalse(book["Matrix"].print_title_cols)
        items = book["Items"]
        self.assertEqual((items.page_setup.fitToWidth, items.print_title_cols), (2, "$A:$B"))
        self.assertEqual(items.page_setup.pageOrder, "overThenDown")

    def test_names_are_no_formulas(self):
        for sheet in self.export(data_only=False):
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        self.assertTrue(cell.value.startswith("=SUBTOTAL(9,"), cell.value)

    def test_full_sheets_go_on_and_rows_come_in_chunks(self):
        self.patch(ar_provision_xlsx, "SHEET_ROWS", 8)
        self.patch(ar_provision_xlsx, "CHUNK", 1)
        book = self.export()
        pages = [sheet for sheet in book if sheet.title.startswith("Items")]
        self.assertEqual(len(pages), 2)
        rows = [row for page in pages for row in self.table(page)]
        self.assertEqual(len(rows), 5)
        self.assertEqual(rows[-1]["Expected Loss"], 1_676)

    def test_statements_do_not_grow_with_items(self):
        def count():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.export()
            self.run_now.with_user(self.auditor)._render_html()
            return self.env.cr.sql_log_count - before

        count()
        small = count()
        for number in range(20):
            partner = self.make_partner(f"Customer {number}")
            self.make_invoice(100, 40, partner_id=partner.id)
        self.run_now.with_user(self.manager).action_cancel("Wrong")
        self.run_now = self.make_run()
        count()
        self.assertEqual(self.run_now.item_count, 24)
        self.assertLessEqual(count(), small)

    # ------------------------------------------------------------------
    # Coverage
    # ------------------------------------------------------------------

    def test_coverage(self):
        coverage = self.env["ar.provision.coverage"].with_user(self.auditor)
        domain = [("company_id", "=", self.company.id)]
        [(gross, amount, rate)] = coverage._read_group(
            [*domain, ("is_last", "=", True)], aggregates=["gross:sum", "amount:sum", "coverage:avg"]
        )
        self.assertEqual((gross, amount), (12_300, 1_676))
        self.assertAlmostEqual(rate, 100 * 1_676 / 12_300, 6)
        by_run = dict(coverage._read_group(domain, ["run_id"], ["amount:sum"]))
        self.assertEqual(by_run, {self.first: self.first.amount, self.run_now: 1_676})
        by_customer = dict(
            coverage._read_group([*domain, ("is_last", "=", True)], ["partner_id"], ["coverage:avg"])
        )
        self.assertAlmostEqual(by_customer[self.insolvent], 75)
        row = coverage.search([("run_id", "=", self.run_now.id), ("partner_id", "=", self.insolvent.id)])
        lines = self.env["ar.provision.line"].search(row.action_open_lines()["domain"])
        self.assertEqual(sum(lines.mapped("amount")), row.amount)
        self.make_invoice(2_000, -10, move_type="out_refund")
        self.run_now.with_user(self.manager).action_cancel("Wrong")
        self.make_run(self.today - timedelta(days=1), post=False)
        by_run = dict(coverage._read_group(domain, ["run_id"], ["amount:sum"]))
        self.assertEqual(by_run, {self.first: self.first.amount}, "neither drafts nor what was cancelled")
        last = self.make_run()
        self.assertEqual(last.gross, 10_300)
        [(with_credit,)] = coverage._read_group([("run_id", "=", last.id)], aggregates=["coverage:avg"])
        self.assertAlmostEqual(with_credit, 100 * last.amount / 12_300, 6)


@tagged("post_install", "-at_install")
class TestProvisionReportDownload(PaperCase, HttpCase):
    """Downloads check who asks."""

    def test_downloads(self):
        for name, group in (
            ("prov_aud", "ar_credit_control.group_credit_auditor"),
            ("prov_sales", "sales_team.group_sale_salesman"),
        ):
            new_test_user(
                self.env, name, group, company_id=self.company.id, company_ids=[Command.set(self.company.ids)]
            )
        url = self.run_now.action_export_xlsx()["url"]
        self.authenticate("prov_aud", "prov_aud")
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        book = openpyxl.load_workbook(io.BytesIO(response.content), data_only=True)
        self.assertIn(self.run_now.name, book["Matrix"]["A1"].value)
        self.assertIn("attachment", response.headers["Content-Disposition"])
        for wrong in ("ar.provision.run/999999999", "res.users/2", "no.such.model/1"):
            with self.subTest(wrong):
                self.assertEqual(self.url_open(f"/ar_credit_control/workbook/{wrong}.xlsx").status_code, 404)
        auditor = self.env["res.users"].search([("login", "=", "prov_aud")])
        reports = self.env["ar.provision.movement.report"].with_user(auditor)
        report = reports.browse(reports.action_open()["res_id"])
        movement = report.action_export_xlsx()["url"]
        book = openpyxl.load_workbook(io.BytesIO(self.url_open(movement).content), data_only=True)
        self.assertEqual(book.sheetnames, ["Movement"])
        self.authenticate("prov_sales", "prov_sales")
        self.assertEqual(self.url_open(url).status_code, 403)
        self.assertEqual(self.url_open(movement).status_code, 403)

    def test_another_company(self):
        other = self.env["res.company"].create({"name": "Another company"})
        new_test_user(
            self.env,
            "prov_other",
            "ar_credit_control.group_credit_auditor",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.authenticate("prov_other", "prov_other")
        response = self.url_open(self.run_now.action_export_xlsx()["url"])
        self.assertEqual(response.status_code, 403)
