"""Agency reports of a portfolio from files: what is understood, what is refused and why."""

import base64
import csv
import io

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.ar_credit_control.wizards.table_file import (
    TableError,
    parse_date,
    parse_number,
    read_table,
    write_csv,
)

from .common_score import ScoreCase


@tagged("post_install", "-at_install")
class TestAgencyImport(ScoreCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write({"ref": "K-100", "vat": False, "email": "pay@kornmann.example"})
        cls.reports = cls.env["ar.credit.agency.report"]

    def upload(self, text, user=None, **values):
        content = text if isinstance(text, bytes) else text.encode()
        wizard = self.env["ar.credit.agency.import"].with_user(user or self.controller)
        return wizard.create(
            {
                "file": base64.b64encode(content),
                "filename": "reports.csv",
                "company_id": self.company.id,
                "provider": "Agency",
                **values,
            }
        )

    def check(self, text, **values):
        wizard = self.upload(text, **values)
        wizard.action_check()
        return wizard

    def problem(self, line, header="Customer,Points,Date,Limit,Currency,Counts Until", **values):
        wizard = self.check(f"{header}\n{line}\n", **values)
        return wizard.line_ids.problem

    def test_whole_way(self):
        wizard = self.check(
            "Reference;Report Date;Grade;Score;Recommended Limit;Currency;Valid Until\n"
            f"K-100;{self.day(20)};BB;72,5;12.500,00;{self.company.currency_id.name};{self.day(-100)}\n"
            "K-999;;A;90;;;\n"
        )
        self.assertEqual((wizard.good_count, wizard.refused_count), (1, 1))
        self.assertFalse(self.reports.search([("partner_id", "=", self.customer.id)]), "nothing yet")
        wizard.action_import()
        self.assertEqual(wizard.imported_count, 1)
        report = self.reports.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(
            (report.provider, report.date, report.grade, report.points, report.recommended_limit),
            ("Agency", self.day(20), "BB", 72.5, 12500),
        )
        self.assertEqual(report.date_expiry, self.day(-100))
        self.assertEqual(report.create_uid, self.controller)

    def test_refused_lines_come_back_with_reasons_and_without_formulas(self):
        wizard = self.check('Customer,Points\nKornmann AG,80\n"=HYPERLINK(""http://x"")",70\n-5 Ltd,12\n')
        rows = list(csv.reader(io.StringIO(base64.b64decode(wizard.refused_file).decode("utf-8-sig"))))
        self.assertEqual(rows[0][:2], ["Customer", "Points"])
        self.assertEqual([row[0] for row in rows[1:]], ['\'=HYPERLINK("http://x")', "'-5 Ltd"])
        self.assertEqual([row[2] for row in rows[1:]], ["3", "4"])
        self.assertTrue(all("No customer" in row[3] for row in rows[1:]))
        # what came back can be uploaded again, once it is corrected
        text = base64.b64decode(wizard.refused_file).decode("utf-8-sig").replace("'-5 Ltd", "Kornmann AG")
        again = self.check(text)
        self.assertEqual((again.good_count, again.refused_count), (1, 1))

    def test_uploaded_again_nothing_is_doubled(self):
        text = f"Customer,Points,Date\nKornmann AG,80,{self.day(3)}\n"
        self.check(text).action_import()
        again = self.check(text)
        self.assertEqual((again.good_count, again.refused_count), (0, 1))
        self.assertIn("On file", again.line_ids.problem)

    def test_reasons(self):
        today = self.day(0)
        for line, words in (
            ("Nobody Ltd,50,,,,", "No customer “Nobody Ltd”"),
            (",50,,,,", "No customer in this line"),
            ("Kornmann AG,,,,,", "No points"),
            ("Kornmann AG,good,,,,", "no number"),
            ("Kornmann AG,101,,,,", "outside the scale"),
            ("Kornmann AG,nan,,,,", "no number"),
            ("Kornmann AG,50,yesterday,,,", "no date"),
            (f"Kornmann AG,50,{self.day(-1)},,,", "future"),
            ("Kornmann AG,50,,-1,,", "negative"),
            ("Kornmann AG,50,,1,XXX,", "currency"),
            (f"Kornmann AG,50,{today},,,{self.day(1)}", "expires"),
        ):
            with self.subTest(line):
                self.assertIn(words, self.problem(line) or "")
        self.assertIn("No agency", self.problem("Kornmann AG,50,,,,", provider=False))

    def test_same_line_twice(self):
        wizard = self.check("Customer,Points\nKornmann AG,80\nKornmann AG,70\n")
        self.assertEqual(
            wizard.line_ids.sorted("number").mapped("problem")[1],
            "Same customer, agency and date as in line 2.",
        )

    def test_several_customers_of_one_name(self):
        self.make_partner("Kornmann AG")
        self.assertIn("2 customers", self.problem("Kornmann AG,80,,,,"))

    def test_contact_stands_for_its_company_and_email_finds(self):
        wizard = self.check("E-mail,Points\nPAY@kornmann.example,80\n")
        self.assertEqual(wizard.line_ids.partner_id, self.customer)
        wizard = self.check("Name,Points\nUte Korn,80\n")
        self.assertEqual(wizard.line_ids.partner_id, self.customer)

    def test_scale_of_the_agency(self):
        # 100 is best and 600 worst: 225 is a quarter of the way down
        wizard = self.check("Customer,Index\nKornmann AG,225\n", scale_best=100, scale_worst=600)
        self.assertAlmostEqual(wizard.line_ids.points, 75)

    def test_xlsx(self):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.append(["客户", "分数", "日期", "建议额度"])
        sheet.append(["Kornmann AG", 64, self.day(7), 8000.5])
        sheet.append([None, None, None, None])
        sheet.append(["Kornmann AG", "x", None, None])
        buffer = io.BytesIO()
        book.save(buffer)
        wizard = self.check(buffer.getvalue())
        lines = wizard.line_ids.sorted("number")
        self.assertEqual(lines.mapped("number"), [2, 4])
        line = lines[0]
        self.assertEqual((line.points, line.date, line.recommended_limit), (64, self.day(7), 8000.5))

    def test_files_that_are_no_tables(self):
        for content, words in (
            (b"PK\x03\x04 broken", "damaged"),
            (b"\x00\x01\x02", "damaged"),
            (b"Customer,Points\n", "no line"),
            (b"A,B\n1,2\n", "which customer"),
            (b"Customer,Grade\nKornmann AG,A\n", "points"),
        ):
            with self.subTest(words), self.assertRaises(UserError) as caught:
                self.check(content)
            self.assertIn(words, str(caught.exception))

    def test_who_imports(self):
        for user in (self.auditor, self.collector, self.salesperson):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.upload("Customer,Points\nKornmann AG,80\n", user=user).action_check()

    def test_other_company(self):
        other = self.env["res.company"].sudo().create({"name": "Other"})
        with self.assertRaises(AccessError):
            self.check("Customer,Points\nKornmann AG,80\n", company_id=other.id)

    def test_statements_do_not_grow_with_lines(self):
        counts = []
        for number in (2, 20):
            names = [f"Customer {number} {index}" for index in range(number)]
            for name in names:
                self.make_partner(name)
            wizard = self.upload("Customer,Points\n" + "".join(f"{name},50\n" for name in names))
            header, rows = wizard._read()
            columns = wizard._find_columns(header)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            lines = wizard._judge(columns, rows)
            counts.append(self.env.cr.sql_log_count - before)
            self.assertFalse(any(line["problem"] for line in lines))
        self.assertLessEqual(counts[1], counts[0])


@tagged("post_install", "-at_install")
class TestTableFile(ScoreCase):
    def test_numbers(self):
        for text, thousands, number in (
            ("1,234.56", ",", 1234.56),
            ("1.234,56", ",", 1234.56),
            ("1,234", ",", 1234),
            ("1,234", ".", 1.234),
            ("1.234", ".", 1234),
            ("0,5", ",", 0.5),
            ("1 234", ",", 1234),
            ("1.234.567", ",", 1234567),
            ("-5", ",", -5),
            (7, ",", 7),
            (None, ",", None),
        ):
            self.assertEqual(parse_number(text, thousands), number, text)
        for text in ("1,23,456", "1.2.3,4", "12-", "", "inf", float("nan"), True, "1e9", "1,2345.6.7"):
            with self.subTest(text), self.assertRaises(ValueError):
                parse_number(text)

    def test_dates(self):
        self.assertEqual(str(parse_date("31/12/2025", "%d/%m/%Y")), "2025-12-31")
        self.assertEqual(str(parse_date("2025年12月31日")), "2025-12-31")
        self.assertEqual(str(parse_date("31.12.2025")), "2025-12-31")
        with self.assertRaises(ValueError):
            parse_date("31.13.2025")

    def test_encodings(self):
        for encoding in ("utf-8", "utf-8-sig", "gb18030"):
            header, rows = read_table("客户;分数\n上海蓝天;5\n".encode(encoding))
            self.assertEqual((header, rows), (["客户", "分数"], [(2, ["上海蓝天", "5"])]))

    def test_written_list_is_read_back(self):
        rows = [["Name", "Value"], ["=1+1", -5], ["@x", "+49 89"], ["plain", "-3.5"]]
        text = write_csv(rows).decode("utf-8-sig")
        self.assertEqual(text.splitlines()[1:], ["'=1+1,-5", "'@x,'+49 89", "plain,-3.5"])
        self.assertEqual(read_table(write_csv(rows))[1][0], (2, ["=1+1", "-5"]))

    def test_too_large(self):
        with self.assertRaises(TableError):
            read_table(b"x" * (20 * 1024 * 1024 + 1))
