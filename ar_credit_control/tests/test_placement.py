import csv
import io
import zipfile
from datetime import timedelta
from unittest.mock import patch

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import html2plaintext
from odoo.tools.pdf import PdfFileReader

from .common_dispute import DisputeCase


@tagged("post_install", "-at_install")
class TestPlacement(DisputeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.placements = cls.env["ar.placement"]
        cls.agent = cls.make_partner("Inkasso Nord", lang="en_US")
        cls.second_controller = cls.make_user("credit_ctl_2", "ar_credit_control.group_credit_controller")

    def propose(self, *moves, user=None, **values):
        items = self.items_of(*moves)
        return self.placements.with_user(user or self.collector)._propose(
            items.with_user(user or self.collector), values.pop("kind", "agency"), self.agent, **values
        )

    def place(self, *moves, **values):
        placement = self.propose(*moves, **values)
        placement.action_submit()
        placement.with_user(self.controller).action_approve()
        return placement.with_env(self.env)

    def paused_items(self):
        self.env.flush_all()
        rows = self.env.execute_query(self.env["ar.item.pause"]._pause_sql(self.company, self.today))
        return {(row[0], row[3]) for row in rows if row[4] == "placed"}

    def test_paused_from_approval_until_recall(self):
        invoice = self.make_invoice(1000.0, 100)
        placement = self.propose(invoice)
        self.assertFalse(self.paused_items())
        placement.action_submit()
        self.assertFalse(self.paused_items(), "asked for is not handed over")
        placement.with_user(self.controller).action_approve()
        self.assertEqual(self.paused_items(), {(invoice.id, None)})
        case = self.env["ar.collection.case"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(case.state, "agency")
        placement.with_user(self.controller)._end("recalled", "They do nothing")
        self.assertFalse(self.paused_items())
        self.assertEqual(case.state, "open")
        self.assertEqual(placement.date_end, self.today)

    def test_hand_over_of_dunning_leads_here(self):
        """The activity of the last stage: a form with the overdue items, whose draft completes it."""
        invoice = self.make_invoice(1000.0, 100)
        profile = self.env["ar.credit.profile"]._get_or_create(self.customer, self.company)
        self.assertFalse(profile.dunning_hand_over)
        profile.activity_schedule(
            "ar_credit_control.mail_activity_dunning_hand_over", user_id=self.controller.id
        )
        self.assertTrue(profile.dunning_hand_over)
        action = profile.with_user(self.collector).action_place()
        form = self.env[action["res_model"]].with_user(self.collector).browse(action["res_id"])
        self.assertEqual(form.line_ids.mapped("name"), [invoice.name])
        draft = self.env["ar.placement"].browse(form.action_propose()["res_id"])
        self.assertEqual((draft.state, draft.line_ids.move_id), ("draft", invoice))
        profile.invalidate_recordset()
        self.assertFalse(profile.dunning_hand_over, "nobody has to decide any more")

    def test_two_people_who_prepare_at_the_same_moment(self):
        invoice = self.make_invoice(1000.0, 100)
        mine, theirs = self.propose(invoice), self.propose(self.make_invoice(500.0, 100))
        # what two transactions write when neither sees the other
        theirs.line_ids.sudo().write({"move_id": invoice.id, "date_maturity": mine.line_ids.date_maturity})
        (mine | theirs).action_submit()
        with self.assertRaises(UserError):
            mine.with_user(self.controller).action_approve()
        theirs.action_cancel()
        mine.with_user(self.controller).action_approve()
        self.assertEqual(mine.state, "placed")

    def test_lawyer_outranks_the_agency(self):
        first, second = self.make_invoice(1000.0, 100), self.make_invoice(500.0, 100)
        agency = self.place(first)
        lawyer = self.place(second, kind="lawyer")
        case = self.env["ar.collection.case"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(case.state, "legal")
        lawyer.with_user(self.controller)._end("closed", "Paid")
        self.assertEqual(case.state, "agency")
        agency.with_user(self.controller)._end("closed", "Paid")
        self.assertEqual(case.state, "open")

    def test_four_eyes(self):
        invoice = self.make_invoice(1000.0, 100)
        placement = self.propose(invoice, user=self.controller)
        placement.action_submit()
        for user in (self.controller, self.collector, self.credit_user, self.auditor):
            with self.assertRaises(AccessError):
                placement.with_user(user).action_approve()
        placement.with_user(self.second_controller).action_send_back()
        # who changes the terms has prepared it as well
        placement.with_user(self.second_controller).commission_percent = 12.0
        placement.action_submit()
        with self.assertRaises(AccessError):
            placement.with_user(self.second_controller).action_approve()
        placement.with_user(self.manager).action_approve()
        self.assertEqual((placement.state, placement.decided_by_id), ("placed", self.manager))

    def test_terms_are_fixed(self):
        placement = self.place(self.make_invoice(1000.0, 100))
        manager = placement.with_user(self.manager)
        for vals in (
            {"state": "draft"},
            {"commission_percent": 1.0},
            {"agent_id": self.customer.id},
            {"date_placed": False},
        ):
            with self.assertRaises(AccessError):
                manager.write(vals)
        with self.assertRaises(AccessError):
            manager.line_ids.write({"amount": 1.0})
        with self.assertRaises(UserError):
            placement.unlink()
        manager.write({"stage_note": "sued", "reference": "AZ 12/26"})
        self.assertEqual(placement.stage_note, "sued")

    def test_item_is_handed_over_once(self):
        invoice = self.make_invoice(1000.0, 100)
        placement = self.propose(invoice)
        with self.assertRaises(UserError):
            self.propose(invoice)
        placement.action_cancel()
        self.assertTrue(self.propose(invoice))

    def test_recovered_is_what_the_books_say(self):
        invoice = self.make_invoice(1000.0, 100)
        swiss = self.make_invoice(800.0, 100, currency_id=self.foreign.id)
        self.pay(invoice, 100.0)
        placement = self.place(invoice, swiss, commission_percent=10.0, commission_fixed=25.0)
        self.assertEqual(placement.amount_placed, 900.0 + 400.0)
        placement.sudo().date_placed = self.today + timedelta(days=1)
        placement.invalidate_recordset()
        self.assertEqual(placement.amount_recovered, 0.0, "what was paid before")
        placement.sudo().date_placed = self.today
        payment = self.pay(swiss, 200.0)
        dispute = self.record(invoice, 300.0)
        self.accept(dispute)
        self.credit(dispute)
        placement.invalidate_recordset()
        # the first 100 were booked today as well; the credit note is no money
        self.assertEqual(placement.amount_recovered, 100.0 + 100.0)
        self.assertEqual(placement.commission, 20.0 + 25.0)
        self.assertEqual(placement.amount_open, 600.0 + 300.0)
        payment.action_draft()
        placement.invalidate_recordset()
        self.assertEqual(placement.amount_recovered, 100.0)

    def test_payment_of_the_same_day_before_it_earns_no_commission(self):
        invoice = self.make_invoice(1000.0, 100)
        self.pay(invoice, 250.0)
        placement = self.place(invoice, commission_percent=10.0)
        self.assertEqual((placement.amount_placed, placement.amount_recovered), (750.0, 0.0))
        self.pay(invoice, 100.0)
        placement.invalidate_recordset()
        self.assertEqual((placement.amount_recovered, placement.commission), (100.0, 10.0))

    def test_handed_over_anew_on_the_day_of_the_recall(self):
        """Each agent gets the commission on what came while the items were theirs."""
        invoice = self.make_invoice(1000.0, 100)
        first = self.place(invoice, commission_percent=10.0)
        self.pay(invoice, 300.0)
        first.with_user(self.controller)._end("recalled", "They do nothing")
        self.pay(invoice, 50.0)
        second = self.place(invoice, commission_percent=10.0)
        self.pay(invoice, 200.0)
        (first + second).invalidate_recordset()
        self.assertEqual((second.amount_recovered, second.commission), (200.0, 20.0))
        # what came between recall and new hand-over is on the same day: the first agent's
        self.assertEqual((first.amount_recovered, first.commission), (350.0, 35.0))

    def test_payment_before_approval_is_not_handed_over(self):
        invoice = self.make_invoice(1000.0, 100)
        placement = self.propose(invoice)
        placement.action_submit()
        self.pay(invoice, 400.0)
        placement.with_user(self.controller).action_approve()
        self.assertEqual(placement.amount_placed, 600.0)
        other = self.make_invoice(50.0, 100)
        paid = self.propose(other)
        paid.action_submit()
        self.pay(other)
        with self.assertRaises(UserError):
            paid.with_user(self.controller).action_approve()

    def test_reported_receipts_show_what_is_kept(self):
        placement = self.place(
            self.make_invoice(1000.0, 100), commission_percent=20.0, commission_base="reported"
        )
        receipts = self.env["ar.placement.receipt"].with_user(self.collector)
        receipt = receipts.create({"placement_id": placement.id, "amount": 500.0, "kept": 100.0})
        placement.invalidate_recordset()
        self.assertEqual((placement.amount_reported, placement.amount_kept), (500.0, 500.0))
        self.assertEqual(placement.commission, 100.0)
        with self.assertRaises(UserError):
            receipt.amount = 1.0
        receipt.action_cancel()
        placement.invalidate_recordset()
        self.assertEqual(placement.amount_reported, 0.0)
        with self.assertRaises(AccessError):
            receipts.with_user(self.credit_user).create({"placement_id": placement.id, "amount": 5.0})
        draft = self.propose(self.make_invoice(10.0, 100))
        with self.assertRaises(UserError):
            receipts.create({"placement_id": draft.id, "amount": 5.0})

    def test_who_reads(self):
        placement = self.place(self.make_invoice(1000.0, 100))
        self.assertEqual(placement.with_user(self.credit_user).amount_placed, 1000.0)
        self.assertEqual(placement.with_user(self.auditor).amount_recovered, 0.0)
        self.customer.user_id = False
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            placement.with_user(self.credit_user).read(["amount_placed"])
        with self.assertRaises(AccessError):
            self.env["ar.placement.propose"].with_user(self.auditor).create({"partner_id": self.customer.id})

    def test_other_company_sees_nothing(self):
        other = self.setup_other_company()["company"]
        placement = self.place(self.make_invoice(1000.0, 100))
        outsider = self.make_user("credit_out2", "ar_credit_control.group_credit_manager")
        outsider.write({"company_id": other.id, "company_ids": [Command.set(other.ids)]})
        self.assertFalse(self.placements.with_user(outsider).search([("id", "=", placement.id)]))

    def test_files_take_no_name_for_a_formula(self):
        self.customer.name = "=HYPERLINK(1)"
        placement = self.place(self.make_invoice(1000.0, 100, ref="+1+1"))
        book = openpyxl.load_workbook(io.BytesIO(placement._write_workbook()))
        self.assertEqual(len(book.worksheets), 3)
        cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
        self.assertIn("=HYPERLINK(1)", [cell.value for cell in cells])
        self.assertFalse([cell for cell in cells if cell.data_type == "f"])
        with zipfile.ZipFile(io.BytesIO(placement._write_csv_archive())) as archive:
            tables = [
                list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
                for name in archive.namelist()
            ]
        self.assertEqual(len(tables), 3)
        starts = {cell[0] for table in tables for row in table for cell in row if cell}
        self.assertFalse(starts & set("=+@"))
        self.assertEqual(tables[0][1][5], "1000.0")

    def test_workbook_leaves_empty_what_is_unknown(self):
        self.env["res.partner"].create(
            {"name": "Warehouse", "type": "delivery", "parent_id": self.customer.id, "phone": False}
        )
        placement = self.place(self.make_invoice(1000.0, 100))
        book = openpyxl.load_workbook(io.BytesIO(placement._write_workbook()))
        rows = [[cell.value for cell in row] for row in book.worksheets[1].iter_rows(min_row=4)]
        warehouse = next(row for row in rows if row[0] == "Warehouse")
        self.assertEqual(warehouse[1], "Delivery", "in words, not the key")
        self.assertIsNone(warehouse[2], "no telephone is no zero")

    def test_an_address_has_no_gaps(self):
        self.customer.write(
            {"street": "1 Main St", "street2": False, "city": "Springfield", "zip": False, "state_id": False}
        )
        self.customer.country_id = self.env.ref("base.us")
        placement = self.place(self.make_invoice(1000.0, 100))
        self.assertEqual(placement._get_contact_rows()[0][4], "1 Main St, Springfield, United States")
        self.env["res.lang"]._activate_lang("zh_CN")
        address = placement.with_context(lang="zh_CN")._get_contact_rows()[0][4]
        self.assertTrue(address.startswith("1 Main St Springfield"), address)

    def test_words_before_the_interest_keep_their_distance(self):
        placement = self.place(self.make_invoice(1000.0, 100), kind="lawyer")
        with patch.object(type(placement), "_get_interest", lambda self: [(self.currency_id, 25.5)]):
            for template in ("placement_page", "placement_counsel_page"):
                text = html2plaintext(placement._render_page(f"ar_credit_control.{template}"))
                self.assertTrue(text.partition("claimed so far:")[2][:1].isspace(), template)

    def test_long_tables_have_headings_on_each_page(self):
        invoices = self.env["account.move"].union(
            *(self.make_invoice(100.0 + number, 100) for number in range(60))
        )
        placement = self.place(*invoices, kind="lawyer", facts="Delivered.\n" * 10)
        values = placement._prepare_page_values()
        for with_cover, tables in ((False, ("item_table",)), (True, ("item_table", "evidence_table"))):
            breaks = placement._prepare_page_breaks(values, with_cover)
            for table in tables:
                self.assertGreater(len(breaks[table]["pages"]), 1)
            lines = [line for page in breaks["item_table"]["pages"] for line in page]
            self.assertEqual(lines, list(placement.line_ids))
        self.assertTrue(placement._split([1, 2], 255)[0]["next"], "the heading goes along")
        page = str(placement._render_page("ar_credit_control.placement_page"))
        self.assertEqual(page.count("Sue by</th>"), page.count("items fixed next") + 1)
        content = placement._render_pdf("ar_credit_control.placement_page")
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        self.assertGreater(reader.numPages, 1)
        self.assertIn(f"2 / {reader.numPages}", " ".join(reader.getPage(1).extract_text().split()))

    def test_pages_print(self):
        invoice = self.make_invoice(1000.0, 100)
        placement = self.place(invoice, kind="lawyer", facts="Delivered <b>on time</b>")
        self.env["ar.limitation.event"]._record(self.items_of(invoice), "demand", self.today)
        for template in ("placement_page", "placement_counsel_page"):
            page = str(placement._render_page(f"ar_credit_control.{template}"))
            self.assertIn(invoice.name, page)
            self.assertNotIn("<b>on time", page)
        self.assertIn("missing", page)
        action = placement.with_user(self.collector).action_print_counsel()
        document = self.env["ir.attachment"].browse(int(action["url"].split("/")[3].split("?")[0]))
        self.assertEqual(document.raw[:4], b"%PDF")
        self.assertIn(document, placement.document_ids)
        with self.assertRaises(UserError):
            document.unlink()

    def test_history_speaks_the_language_of_the_file(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        label = self.env["ir.model.fields.selection"].search(
            [("field_id.model", "=", "ar.limitation.event"), ("value", "=", "demand")]
        )
        label.with_context(lang="zh_CN").name = "催告"
        invoice = self.make_invoice(1000.0, 100)
        placement = self.place(invoice)
        self.env["ar.limitation.event"]._record(self.items_of(invoice), "demand", self.today)
        for lang, word in (("en_US", "Demand for Payment"), ("zh_CN", "催告")):
            rows = placement.with_context(lang=lang)._get_history_rows()
            self.assertIn(word, [cell for row in rows for cell in row], lang)

    def test_form_prepares_what_is_ticked(self):
        self.make_invoice(1000.0, 100)
        self.make_invoice(500.0, 50)
        case = self.env["ar.collection.case"]._get_or_open(self.make_profile(self.customer), "Test")
        action = case.with_user(self.collector).action_place()
        form = self.env["ar.placement.propose"].with_user(self.collector).browse(action["res_id"])
        self.assertEqual(len(form.line_ids), 2)
        form.line_ids[0].included = False
        form.agent_id = self.agent
        placement = self.placements.browse(form.action_propose()["res_id"])
        self.assertEqual(placement.line_ids.mapped("amount"), form.line_ids[1].mapped("amount"))
        self.assertEqual(len(case.profile_id.with_user(self.collector)._get_overdue_items()), 2)

    def test_what_is_agreed_is_not_handed_over_unasked(self):
        planned, promised, free = (self.make_invoice(amount, 100) for amount in (1000.0, 500.0, 200.0))
        plan = self.env["ar.payment.plan"]._draft(
            self.customer,
            self.company,
            self.items_of(planned),
            "plan",
            [self.today + timedelta(days=10)],
            reason="Short of money",
        )
        plan.action_submit()
        plan.with_user(self.manager)._approve()
        self.env["ar.payment.promise"]._record(
            self.customer, self.company, 300.0, self.today, self.items_of(promised)
        )
        case = self.env["ar.collection.case"]._get_or_open(self.make_profile(self.customer), "Test")
        action = case.with_user(self.collector).action_place()
        form = self.env["ar.placement.propose"].with_user(self.collector).browse(action["res_id"])
        self.assertEqual(
            {line.name: (line.included, line.amount_agreed) for line in form.line_ids},
            {planned.name: (False, 1000.0), promised.name: (False, 300.0), free.name: (True, 0.0)},
        )

    def test_number_of_statements_does_not_grow(self):
        def queries(count):
            placements = self.placements.union(
                *(self.place(self.make_invoice(100.0, 100)) for _number in range(count))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            placements.mapped("amount_recovered")
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(1), queries(3))
