import base64
import csv
import datetime
import io

import openpyxl

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..wizards import takeover_file
from ..wizards.table_file import parse_date
from .common_credit import CreditCase


def xlsx(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@tagged("post_install", "-at_install")
class TestTakeover(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.credit_control_active = False
        cls.customer.write({"ref": "K-1", "vat": "DE 123 456 788", "email": "office@kornmann.example"})
        cls.second = cls.make_partner("Übersee Müller GmbH", ref="K-2", city="Köln")
        cls.chinese = cls.make_partner("上海远洋贸易有限公司", ref="1003", vat="91310000MA1FL0XK3B")
        cls.grade = cls.env["ar.credit.rating"].search([("is_unrated", "=", False)], limit=1)

    def take(self, content, filename="limits.csv", user=None, write=True, **values):
        content = content.encode() if isinstance(content, str) else content
        takeover = (
            self.env["ar.credit.takeover"]
            .with_user(user or self.manager)
            .create({"file": base64.b64encode(content), "filename": filename, **values})
        )
        takeover.action_check()
        if write:
            self.take_over(takeover)
        return takeover

    def take_over(self, takeover):
        if takeover.ready_count:
            takeover.action_take_over()
            while takeover.action_continue():
                pass

    def profile(self, partner):
        return self.profiles.search([("partner_id", "=", partner.id), ("company_id", "=", self.company.id)])

    def assertLimits(self, **limits):
        for name, limit in limits.items():
            profile = self.profile(getattr(self, name))
            self.assertTrue(profile.limit_set, name)
            self.assertEqual(profile.limit, limit, name)

    def problems(self, takeover):
        return {line.number: line.problem for line in takeover.line_ids if line.state == "refused"}

    # ------------------------------------------------------------------
    # Files of all kinds
    # ------------------------------------------------------------------

    def test_a_csv_file_as_programs_write_it(self):
        takeover = self.take("Reference,Credit Limit\nK-1,1000\nK-2,2500.50\n")
        self.assertLimits(customer=1000, second=2500.5)
        self.assertEqual((takeover.step, takeover.done_count, takeover.refused_count), ("done", 2, 0))
        review = takeover.line_ids[0].review_id
        self.assertEqual(
            (review.source, review.state, review.requester_id), ("direct", "approved", self.manager)
        )
        self.assertIn("limits.csv", review.reason)
        self.assertEqual(self.customer.with_user(self.manager).credit_limit, 1000)

    def test_a_csv_file_with_semicolons_and_a_mark(self):
        self.take("\ufeffName;Limit\nÜbersee Müller GmbH;1.234,50\n")
        self.assertLimits(second=1234.5)

    def test_a_csv_file_in_western_letters(self):
        self.take("Name;Limit\nÜbersee Müller GmbH;700\n".encode("cp1252"))
        self.assertLimits(second=700)

    def test_a_csv_file_in_chinese_letters_and_words(self):
        text = f"客户,额度,评级,账期\n上海远洋贸易有限公司,12万,{self.grade.name},30天\n"
        for encoding in ("gb18030", "utf-8-sig", "utf-16"):
            with self.subTest(encoding):
                self.profile(self.chinese).limit_set = False
                self.take(text.encode(encoding))
                self.assertLimits(chinese=120_000)
        profile = self.profile(self.chinese)
        self.assertEqual((profile.rating_id, profile.payment_days), (self.grade, 30))

    def test_a_workbook(self):
        day = fields.Date.add(fields.Date.today(), months=6)
        self.take(
            xlsx(
                ["Customer code", "Credit limit", "Currency", "Rating", "Days", "Valid until", "Collector"],
                [1003, 5000.25, self.company.currency_id.name, self.grade.name, 45, day, "credit_col"],
                [None, None, None, None, None, None, None],
                ["K-1", "1,500", None, None, "30", day.isoformat(), None],
            ),
            "limits.xlsx",
        )
        profile = self.profile(self.chinese)
        self.assertEqual((profile.limit, profile.limit_valid_until), (5000.25, day))
        self.assertEqual((profile.payment_days, profile.collector_id), (45, self.collector))
        self.assertLimits(customer=1500)

    def test_files_that_are_no_table_of_customers(self):
        for content in (
            b"",
            b"  \n ",
            b"\x00\x01\x02 binary",
            b"PK\x03\x04 not a workbook",
            b"\xd0\xcf\x11\xe0 old workbook",
            b"Some,words\n1,2\n",
            b"Reference,Reference\nK-1,K-1\n",
            b"Reference\nK-1\n",
            b"Limit\n5\n",
            b"Limit,Reference,Credit Limit\n5,K-1,6\n",
            xlsx(),
        ):
            with self.subTest(content[:20]), self.assertRaises(UserError):
                self.take(content)

    def test_a_chosen_set_of_characters_that_is_wrong(self):
        with self.assertRaises(UserError):
            self.take("Name,Limit\nMüller,5\n".encode("cp1252"), encoding="utf-8-sig")

    def test_columns_that_are_not_used_are_named(self):
        takeover = self.take("Reference,Limit,Hobby\nK-1,5,Chess\n", write=False)
        self.assertEqual(takeover.ignored, "Hobby")

    # ------------------------------------------------------------------
    # Who is meant
    # ------------------------------------------------------------------

    def test_customers_by_whatever_names_them(self):
        self.env["ir.model.data"].create(
            {"module": "legacy", "name": "customer_7", "model": "res.partner", "res_id": self.second.id}
        )
        for header, word, partner in (
            ("External ID", "legacy.customer_7", "second"),
            ("Tax ID", "de123456788", "customer"),
            ("Email", "Office@Kornmann.example", "customer"),
            ("Name", "  kornmann   AG ", "customer"),
            ("Customer", "K-2", "second"),
            ("客户", "91310000ma1fl0xk3b", "chinese"),
        ):
            with self.subTest(header):
                self.profile(getattr(self, partner)).limit_set = False
                self.take(f"{header},Limit\n{word},321\n")
                self.assertLimits(**{partner: 321})

    def test_a_contact_stands_for_its_company(self):
        self.contact.ref = "UK"
        self.take("Reference,Limit\nUK,400\n")
        self.assertLimits(customer=400)

    def test_an_ambiguous_customer_is_refused_with_the_candidates(self):
        self.make_partner("Kornmann AG", city="Graz")
        takeover = self.take("Name,Limit\nKornmann AG,5\n")
        self.assertIn("K-1", self.problems(takeover)[2])
        self.assertIn("Graz", self.problems(takeover)[2])
        self.assertFalse(self.profile(self.customer).limit_set)

    def test_the_surest_name_decides(self):
        self.make_partner("Kornmann AG")
        self.take("Name,Reference,Limit\nKornmann AG,K-1,55\n")
        self.assertLimits(customer=55)

    def test_customers_of_another_company_and_closed_ones_are_unknown(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.second.company_id = other
        self.chinese.active = False
        takeover = self.take("Reference,Limit\nK-2,5\n1003,6\nnobody,7\n")
        self.assertEqual(sorted(self.problems(takeover)), [2, 3, 4])

    def test_the_same_customer_twice_is_refused(self):
        takeover = self.take("Reference,Limit\nK-1,5\nK-2,6\nK-1,7\n")
        self.assertEqual(list(self.problems(takeover)), [4])
        self.assertLimits(customer=5, second=6)

    # ------------------------------------------------------------------
    # What is said
    # ------------------------------------------------------------------

    def test_lines_that_say_nothing_sensible_are_refused_one_by_one(self):
        takeover = self.take(
            "Reference,Limit,Currency,Rating,Days,Valid Until,Collector\n"
            "K-1,minus,,,,,\n"
            "K-1,-5,,,,,\n"
            "K-1,5,XXX,,,,\n"
            "K-1,5,,Z+,,,\n"
            "K-1,5,,,soon,,\n"
            "K-1,5,,,,2020-01-01,\n"
            "K-1,5,,,,someday,\n"
            "K-1,5,,,,,nobody\n"
            ",5,,,,,\n"
            "K-1,,,,,,\n"
            "K-1,1e400,,,,,\n"
            "K-2,0,,,,,\n"
        )
        self.assertEqual(sorted(self.problems(takeover)), list(range(2, 13)))
        self.assertTrue(all(self.problems(takeover).values()))
        self.assertFalse(self.profile(self.customer).limit_set)
        self.assertLimits(second=0)

    def test_empty_cells_leave_things_as_they_are(self):
        self.make_profile(self.customer, 900.0).payment_days = 14
        self.take(f"Reference,Limit,Rating\nK-1,,{self.grade.name}\n")
        profile = self.profile(self.customer)
        self.assertEqual((profile.limit, profile.rating_id, profile.payment_days), (900, self.grade, 14))

    def test_amounts_as_people_write_them(self):
        for text, amount in (
            ("1,234.56", 1234.56),
            ("1.234,56", 1234.56),
            ("1 234", 1234),
            ("1\xa0234,5", 1234.5),
            ("12,345,678", 12345678),
            ("1,234", 1234),
            ("1.5", 1.5),
            ("12.5万", 125000),
            ("¥8000元", 8000),
            ("EUR 500", 500),
            ("500 EUR", 500),
            ("'500", 500),
            (7, 7),
            (7.25, 7.25),
        ):
            with self.subTest(text):
                self.assertAlmostEqual(takeover_file.as_amount(text), amount)
        self.assertEqual(takeover_file.as_amount("1.234", ",", "."), 1234)
        for text in ("", "abc", "1.2.3,4,5x", "--5", True, float("nan"), float("inf"), "1e5", 1e15):
            with self.subTest(text), self.assertRaises(ValueError):
                takeover_file.as_amount(text)

    def test_dates_as_people_write_them(self):
        expected = datetime.date(2027, 3, 9)
        for text in ("2027-03-09", "2027/3/9", "9.3.2027", "2027年3月9日", "20270309", "2027-03-09 00:00:00"):
            self.assertEqual(parse_date(text), expected, text)
        self.assertEqual(parse_date("03/09/2027", "%m/%d/%Y"), expected)
        for text in ("", "2027-13-01", "soon", 5):
            with self.assertRaises(ValueError):
                parse_date(text)

    def test_a_limit_in_another_currency(self):
        currency = self.setup_other_currency("CAD", rates=[("2020-01-01", 2.0)])
        self.take("Reference,Limit,Currency\nK-1,1000,cad\n")
        profile = self.profile(self.customer)
        self.assertEqual((profile.limit, profile.limit_currency_id), (1000, currency))

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    def test_the_same_file_again_does_nothing(self):
        content = f"Reference,Limit,Rating\nK-1,1000,{self.grade.name}\nK-2,0,\n"
        self.take(content)
        reviews = self.env["ar.credit.review"].search_count([])
        again = self.take(content)
        self.assertEqual((again.unchanged_count, again.done_count), (2, 0))
        self.assertEqual(self.env["ar.credit.review"].search_count([]), reviews)
        with self.assertRaises(UserError):
            again.action_take_over()

    def test_beyond_the_authority_a_review_is_submitted_once(self):
        self.env["ar.credit.authority"].create(
            [
                {
                    "company_id": self.company.id,
                    "user_id": self.manager.id,
                    "kind": "limit",
                    "amount": 1000.0,
                },
                {
                    "company_id": self.company.id,
                    "user_id": self.controller.id,
                    "kind": "limit",
                    "tier": 2,
                    "unlimited": True,
                },
            ]
        )
        content = "Reference,Limit,Collector\nK-1,1000,credit_col\nK-2,1000.01,credit_col\n"
        takeover = self.take(content)
        self.assertLimits(customer=1000)
        self.assertFalse(self.profile(self.second).limit_set)
        self.assertEqual(self.profile(self.second).collector_id, self.collector)
        self.assertEqual((takeover.done_count, takeover.submitted_count), (1, 1))
        review = takeover.line_ids[1].review_id
        self.assertEqual((review.state, review.decided_limit, review.source), ("submitted", 1000.01, "mass"))
        again = self.take(content)
        self.assertEqual(again.line_ids[1].review_id, review)
        with self.assertRaises(UserError):
            review.with_user(self.manager).action_approve()
        review.with_user(self.controller).action_approve()
        self.assertLimits(second=1000.01)

    def test_one_line_that_fails_does_not_stop_the_others(self):
        takeover = self.take("Reference,Limit\nK-1,5\nK-2,6\n1003,7\n", write=False)
        # between the check and the writing the customer was closed by somebody else
        self.second.parent_id = self.customer
        self.take_over(takeover)
        self.assertLimits(chinese=7)
        self.assertFalse(takeover.ready_count)

    def test_statements_for_many_lines_are_bounded(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Row {n}", "is_company": True, "ref": f"R{n}"} for n in range(60)]
        )

        def statements(first, last):
            takeover = self.take(
                "Reference,Limit\n" + "".join(f"R{n},{n + 10}\n" for n in range(first, last)), write=False
            )
            takeover.action_take_over()
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            takeover.action_continue()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        statements(0, 2)
        few, many = statements(2, 12), statements(12, 52)
        self.assertLess((many - few) / 30, 12, f"{few} statements for 10 lines, {many} for 40")
        self.assertEqual(self.profile(partners[51]).limit, 61)

    def test_refused_lines_come_back_safe_and_can_be_sent_again(self):
        takeover = self.take("Reference,Limit,Note\n=1+1,5,@cmd\nK-9,5,fine\nK-1,5,\n")
        content = takeover._write_refused()
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        self.assertEqual(rows[0][1:], ["Reference", "Limit", "Note"])
        self.assertEqual([row[1:] for row in rows[1:]], [["'=1+1", "5", "'@cmd"], ["K-9", "5", "fine"]])
        self.make_partner("Ninth", ref="K-9")
        self.make_partner("Formula", ref="=1+1")
        again = self.take(content)
        self.assertEqual((again.refused_count, again.done_count), (0, 2))

    def test_the_template_is_a_file_to_send(self):
        takeover = self.env["ar.credit.takeover"].with_user(self.manager).create({})
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(takeover.template_file)))
        header = [cell.value for cell in book.active[1]]
        self.assertEqual(header[0], "Reference")
        row = ["K-1"] + [None] * (len(header) - 1)
        row[header.index("Credit Limit")] = 77
        self.take(xlsx(header, row), "filled.xlsx")
        self.assertLimits(customer=77)

    # ------------------------------------------------------------------
    # Groups
    # ------------------------------------------------------------------

    def take_group(self, **values):
        takeover = (
            self.env["ar.credit.takeover"].with_user(self.manager).create({"source": "group", **values})
        )
        takeover.action_check()
        return takeover

    def test_a_group_by_tag_gets_a_rating_and_a_limit(self):
        tag = self.env["res.partner.category"].create({"name": "Wholesale"})
        (self.customer | self.second | self.chinese).write(
            {"category_id": [Command.link(tag.id)], "customer_rank": 1}
        )
        self.make_profile(self.chinese, 5.0)
        takeover = self.take_group(
            category_ids=tag.ids, rating_id=self.grade.id, limit_method="fixed", limit=800.0
        )
        self.assertEqual(takeover.line_ids.partner_id, self.customer | self.second)
        self.take_over(takeover)
        self.assertLimits(customer=800, second=800, chinese=5)
        self.assertEqual(self.profile(self.second).rating_id, self.grade)

    def test_a_group_by_sales_gets_limits_by_formula(self):
        self.make_invoice(1000.0)
        self.make_invoice(100.0, partner_id=self.second.id)
        takeover = self.take_group(
            sales_from=500.0, limit_method="peak", factor=1.5, step_amount=1000.0, highest=1800.0
        )
        line = takeover.line_ids.filtered(lambda line: line.partner_id == self.customer)
        self.assertNotIn(self.second, takeover.line_ids.partner_id)
        self.assertEqual(line.limit, 1800)
        self.assertIn("1.5", line.problem)
        self.take_over(takeover)
        self.assertLimits(customer=1800)

    def test_a_formula_leaves_customers_without_sales_alone(self):
        self.make_invoice(1000.0)
        self.second.customer_rank = 1
        takeover = self.take_group(limit_method="sales", share=10.0)
        self.assertIn(self.customer, takeover.line_ids.partner_id)
        self.assertNotIn(self.second, takeover.line_ids.partner_id)
        rated = self.take_group(limit_method="sales", share=10.0, rating_id=self.grade.id)
        line = rated.line_ids.filtered(lambda line: line.partner_id == self.second)
        self.take_over(rated)
        self.assertEqual((line.state, line.limit_given), ("done", False))
        self.assertFalse(self.profile(self.second).limit_set)
        self.assertLimits(customer=100)

    def test_a_group_that_is_empty_or_gets_nothing(self):
        tag = self.env["res.partner.category"].create({"name": "Nobody"})
        for values in (
            {"category_ids": tag.ids, "limit_method": "fixed", "limit": 5.0},
            {"limit_method": "keep"},
            {"limit_method": "fixed", "limit": -5.0},
            {"limit_method": "fixed", "limit": 5.0, "limit_valid_until": "2020-01-01"},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                self.take_group(**values)

    # ------------------------------------------------------------------
    # Switching on, and who may
    # ------------------------------------------------------------------

    def test_the_summary_and_the_switch(self):
        self.make_invoice(300.0)
        self.make_profile(self.second, 10.0)
        self.make_order((1, 100.0), confirm=False, partner_id=self.second.id)
        takeover = self.env["ar.credit.takeover"].with_user(self.manager).create({})
        takeover.action_go_to_switch()
        self.assertFalse(takeover.active_already)
        self.assertEqual((takeover.decided_count, takeover.decided_amount), (1, 10.0))
        self.assertEqual((takeover.undecided_count, takeover.held_count), (1, 1))
        self.assertEqual(takeover.action_open_preview()["res_model"], "sale.order")
        self.assertFalse(self.company.credit_control_active)
        takeover.action_switch_on()
        self.assertTrue(self.company.credit_control_active)

    def test_only_managers(self):
        takeover = self.env["ar.credit.takeover"].with_user(self.manager).create({})
        for user in (self.controller, self.collector, self.auditor, self.salesperson, self.credit_user):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.env["ar.credit.takeover"].with_user(user).create({})
                for method in ("action_check", "action_take_over", "action_continue", "action_switch_on"):
                    with self.assertRaises(AccessError):
                        getattr(takeover.with_user(user), method)()
        self.assertFalse(self.company.credit_control_active)

    def test_another_manager_does_not_see_it_and_another_company_is_closed(self):
        takeover = self.take("Reference,Limit\nK-1,5\n", write=False)
        colleague = new_test_user(
            self.env,
            "credit_mgr2",
            groups="ar_credit_control.group_credit_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        with self.assertRaises(AccessError):
            takeover.with_user(colleague).line_ids.read(["customer"])
        other = self.env["res.company"].create({"name": "Elsewhere"})
        with self.assertRaises(AccessError):
            self.take("Reference,Limit\nK-1,5\n", company_id=other.id)
