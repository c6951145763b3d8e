import io
from datetime import datetime

import openpyxl

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.ar_credit_control.models.aging import ar_aging_xlsx

from .common_aging import AgingCase

HEADING = 4


class WorkbookCase(AgingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.formula = cls.env["res.partner"].create({"name": "=cmd|'/c calc'!A1", "is_company": True})
        cls.first = cls.invoice(1000, "2025-01-01", due="2025-01-31", ref="=1+1")
        cls.second = cls.invoice(300.5, "2025-03-01", due="2025-03-31", currency=cls.foreign)
        cls.receipt = cls.payment(120, "2025-04-10", partner=cls.formula)
        cls.orphan = cls.entry(40, "2025-04-01", due="2025-05-01")

    def load(self, content):
        return openpyxl.load_workbook(io.BytesIO(content), data_only=True)

    def export(self, day="2025-04-30", domain=(), env=None, **context):
        exporter = (env or self.env)["ar.aging.xlsx"].with_context(ar_as_of=day, **context)
        file = io.BytesIO()
        exporter._write_workbook(file, domain)
        return self.load(file.getvalue())

    def table(self, sheet):
        """The rows below the headings as dicts."""
        rows = list(sheet.iter_rows(min_row=HEADING, values_only=True))
        return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@tagged("post_install", "-at_install")
class TestAgingWorkbook(WorkbookCase):
    def test_items(self):
        sheet = self.export()["Open items"]
        self.assertEqual(sheet.freeze_panes, "B5")
        self.assertEqual(sheet["B2"].value, datetime(2025, 4, 30))
        self.assertIn(self.company.name, sheet["A1"].value)
        rows = self.table(sheet)
        item = next(row for row in rows if row["Entry"] == self.second.name)
        self.assertEqual(item["Customer"], "Brandt & Co")
        self.assertEqual(item["Invoice Date"], datetime(2025, 3, 1))
        self.assertEqual(item["Due Date"], datetime(2025, 3, 31))
        self.assertEqual((item["Days"], item["Phase"]), (30, "Coordination"))
        self.assertEqual((item["Currency"], item["Amount in Currency"]), ("CHF", 300.5))
        self.assertEqual((item["Open Amount"], item["1-30"], item["61-90"]), (120.2, 120.2, None))
        self.assertIn("Account Receivable", item["Account"])

    def test_sums_carry_no_binary_fractions(self):
        for amount in (41.56, 43.07, 9.52):  # 94.14999999999999 as a sum of floats
            self.invoice(amount, "2025-03-01", due="2025-03-31", partner=self.formula)
        rows = self.table(self.export(domain=[("amount", ">", 0)])["By customer"])
        customer = next(row for row in rows if row["Customer"] == self.formula.name)
        figures = (customer["Open Amount"], customer["Overdue Amount"], customer["1-30"])
        self.assertEqual(figures, (94.15, 94.15, 94.15))

    def test_subtotals_and_totals(self):
        book = self.export()
        rows = self.table(book["Open items"])
        subtotal = next(row for row in rows if row["Customer"] == "Total Brandt & Co")
        self.assertEqual(
            (subtotal["Open Amount"], subtotal["1-30"], subtotal["61-90"]), (1120.2, 120.2, 1000)
        )
        self.assertEqual(rows[-1]["Customer"], "Total")
        self.assertEqual(rows[-1]["Open Amount"], 1040.2)
        customers = {row["Customer"]: row for row in self.table(book["By customer"])}
        self.assertEqual(customers["Brandt & Co"]["Oldest (days)"], 89)
        self.assertEqual(customers["Brandt & Co"]["Overdue Amount"], 1120.2)
        self.assertEqual(customers["Without customer"]["Open Amount"], 40)
        self.assertEqual(customers["Total"]["Open Amount"], 1040.2)
        self.assertEqual(customers["General ledger"]["Open Amount"], 1040.2)
        self.assertEqual(customers["Difference"]["Open Amount"], 0)
        total = sum(customers["Total"][bucket] for bucket in ("Not due", "1-30", "61-90"))
        self.assertAlmostEqual(total, 1040.2)

    def test_sums_are_formulas_and_names_are_not(self):
        file = io.BytesIO()
        self.env["ar.aging.xlsx"].with_context(ar_as_of="2025-04-30")._write_workbook(file)
        book = openpyxl.load_workbook(io.BytesIO(file.getvalue()))
        sheet = book["Open items"]
        formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        self.assertTrue(formulas)
        self.assertTrue(all(value.startswith("=SUBTOTAL(9,") for value in formulas))
        texts = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type != "f"]
        self.assertIn(self.formula.name, texts)
        self.assertIn("=1+1", texts)
        self.assertTrue(sheet.auto_filter.ref)

    def test_formats(self):
        sheet = self.export()["Open items"]
        header = {cell.value: cell.column for cell in sheet[HEADING]}
        row = next(row for row in sheet.iter_rows(min_row=5) if row[1].value == self.second.name)
        self.assertIn("CHF", row[header["Amount in Currency"] - 1].number_format)
        self.assertIn("$", row[header["Open Amount"] - 1].number_format)
        self.assertTrue(row[header["Due Date"] - 1].is_date)

    def test_selection(self):
        book = self.export(domain=[("partner_id", "=", self.formula.id)])
        rows = self.table(book["Open items"])
        self.assertEqual(rows[-1]["Open Amount"], -120)
        self.assertNotIn("Difference", {row["Customer"] for row in self.table(book["By customer"])})
        self.assertIn("Only the items", book["Open items"]["B3"].value)

    def test_nothing_open(self):
        sheet = self.export("2020-01-01").worksheets[0]
        self.assertEqual(sheet["A4"].value, "Nothing is open at this date.")

    def test_each_company_has_sheets(self):
        other = self.setup_other_company(name="Sister: [Holding] / very long name")["company"]
        self.env.user.company_ids += other
        env = self.env(context={"allowed_company_ids": [self.company.id, other.id]})
        invoice = (
            env["account.move"]
            .with_company(other)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_date": "2025-01-10",
                    "invoice_line_ids": [
                        Command.create({"name": "Goods", "price_unit": 70, "tax_ids": [Command.clear()]})
                    ],
                }
            )
        )
        invoice.action_post()
        book = self.export(env=env)
        self.assertEqual(len(book.sheetnames), 4)
        self.assertEqual(book.sheetnames[:2], ["By customer", "Open items"])
        self.assertEqual(book.sheetnames[2], "By customer Sister Holding very")
        self.assertEqual(self.table(book.worksheets[3])[-1]["Open Amount"], 70)

    def test_chunks(self):
        """More items than one fetch brings are all there."""
        self.patch(ar_aging_xlsx, "CHUNK", 3)
        rows = self.table(self.export()["Open items"])
        self.assertEqual(rows[-1]["Open Amount"], 1040.2)
        self.assertEqual(len([row for row in rows if row["Entry"]]), 4)

    def test_full_sheet_continues_on_the_next(self):
        self.patch(ar_aging_xlsx, "SHEET_ROWS", 9)
        book = self.export()
        items = [row for sheet in book for row in self.table(sheet) if row.get("Entry")]
        self.assertEqual(len(items), 4)
        pages = [sheet for sheet in book if sheet.title.startswith("Open items")]
        self.assertGreater(len(pages), 1)
        self.assertEqual(self.table(pages[-1])[-1]["Open Amount"], 1040.2)

    def test_statements_do_not_grow(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.export()
            return self.cr.sql_log_count - before

        count()
        few = count()
        for number in range(30):
            partner = self.env["res.partner"].create({"name": f"Customer {number}", "is_company": True})
            self.entry(10 + number, "2025-02-01", partner=partner, due="2025-03-01")
        self.assertEqual(count(), few)

    def test_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.env.user.lang = "de_DE"
        env = self.env(context={"lang": "de_DE"})
        sheet = self.export(env=env).worksheets[1]
        self.assertEqual(sheet["B2"].number_format, "dd.mm.yyyy")


@tagged("post_install", "-at_install")
class TestAgingRoute(WorkbookCase, HttpCase):
    URL = "/ar_credit_control/aging.xlsx"

    def login_as(self, groups):
        user = new_test_user(
            self.env,
            "aging_reader",
            password="aging_reader",
            groups=groups,
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate("aging_reader", "aging_reader")
        return user

    def test_download(self):
        self.login_as("ar_credit_control.group_collector")
        response = self.url_open(f"{self.URL}?as_of=2025-04-30&by=invoice")
        self.assertEqual(response.status_code, 200)
        self.assertIn("receivables-ageing-2025-04-30.xlsx", response.headers["Content-Disposition"])
        self.assertEqual(int(response.headers["Content-Length"]), len(response.content))
        rows = self.table(self.load(response.content)["Open items"])
        self.assertEqual(rows[-1]["Open Amount"], 1040.2)
        self.assertEqual(self.load(response.content)["Open items"]["C2"].value, "by invoice date")

    def test_own_customers_only(self):
        user = self.login_as("sales_team.group_sale_salesman,ar_credit_control.group_credit_user")
        self.formula.user_id = user
        response = self.url_open(f"{self.URL}?as_of=2025-04-30")
        book = self.load(response.content)
        self.assertEqual(self.table(book["Open items"])[-1]["Open Amount"], -120)
        self.assertNotIn("General ledger", {row["Customer"] for row in self.table(book["By customer"])})

    def test_wrong_parameters(self):
        self.login_as("ar_credit_control.group_collector")
        other = self.setup_other_company()["company"]
        for query, status, text in (
            ("as_of=2025-02-30", 400, "is not a date"),
            ("as_of=today", 400, "is not a date"),
            ("by=moon", 400, "is not a basis"),
            ("cids=a-b", 400, "not a list of companies"),
            (f"cids={self.company.id}-{other.id}", 403, "may not see"),
            ("domain=%5B%5B", 400, "not a valid domain"),
            ("domain=%5B%5B%22nofield%22,%22=%22,1%5D%5D", 400, "not a valid domain"),
            ("domain=7", 400, "not a valid domain"),
        ):
            response = self.url_open(f"{self.URL}?{query}")
            self.assertEqual(response.status_code, status, query)
            self.assertIn(text, response.text, query)

    def test_without_rights(self):
        self.login_as("base.group_user")
        response = self.url_open(f"{self.URL}?as_of=2025-04-30")
        self.assertEqual(response.status_code, 403)

    def test_without_login(self):
        response = self.url_open(self.URL, allow_redirects=False)
        self.assertIn(response.status_code, (302, 303))
        self.assertIn("/web/login", response.headers["Location"])
