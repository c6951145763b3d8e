from odoo.tests import HttpCase, new_test_user, tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoffInvoice(WriteoffCase, HttpCase):
    """An invoice that was written off is not paid: our lists say so, and nothing tells the customer it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = new_test_user(cls.env, "lost_buyer", groups="base.group_portal")
        cls.buyer.partner_id.parent_id = cls.customer

    def setUp(self):
        super().setUp()
        self.invoice = self.make_invoice(1_000, 100)
        self.other = self.make_invoice(70, 100)

    def find(self, value):
        moves = self.env["account.move"].with_user(self.controller)
        ids = (self.invoice + self.other).ids
        return moves.search([("id", "in", ids), ("has_writeoff", "=", value)]).sudo()

    def test_found_in_the_list(self):
        self.assertFalse(self.find(True))
        writeoff = self.write_off(self.invoice, amounts={self.invoice: 400})
        self.assertEqual((self.find(True), self.find(False)), (self.invoice, self.other))
        self.recover(writeoff.line_ids, 400)
        self.assertFalse(self.find(True), "nothing is lost any more")
        arch = (
            self.env["account.move"]
            .with_user(self.controller)
            .get_view(self.env.ref("account.view_out_invoice_tree").id, "list")["arch"]
        )
        self.assertIn("written_off_amount", arch)

    def page(self, url):
        self.env.flush_all()
        self.authenticate("lost_buyer", "lost_buyer")
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        return response.text

    def test_portal_forgives_nothing(self):
        self.pay(self.other)
        self.write_off(self.invoice)
        text = self.page("/my/invoices")
        row = text[text.index(self.invoice.name) :].split("</tr>")[0]
        self.assertIn("Not paid", row)
        self.assertIn("1,000.00", row)
        self.assertNotIn("text-bg-success", row)
        row = text[text.index(self.other.name) :].split("</tr>")[0]
        self.assertIn("Paid", row)
        self.assertNotIn("Not paid", row)
        text = self.page(self.invoice.get_portal_url())
        self.assertIn("Not paid", text)
        self.assertNotIn("fa-check-circle", text)
        for words in ("ritten off", "rite-off", "ritten-off"):
            self.assertNotIn(words, text)
        text = self.page(self.other.get_portal_url())
        self.assertNotIn("Not paid", text)

    def test_portal_of_who_paid_nothing(self):
        self.write_off(self.invoice, amounts={self.invoice: 400})
        self.write_off(self.other)
        text = self.page("/my/invoices")
        self.assertEqual(text.count("Not paid"), 2)
        for invoice in self.invoice + self.other:
            self.assertIn("Not paid", self.page(invoice.get_portal_url()))

    def test_part_is_not_paid_either(self):
        self.pay(self.invoice, 100)
        self.write_off(self.invoice, amounts={self.invoice: 400})
        values = self.invoice.with_user(self.buyer).sudo()._get_invoice_next_payment_values()
        self.assertEqual((values["amount_paid"], values["amount_due"]), (100, 500))
        row = self.page("/my/invoices")
        row = row[row.index(self.invoice.name) :].split("</tr>")[0]
        self.assertIn("500.00", row)
        self.assertIn("400.00", row)

    def test_paper_claims_no_payment(self):
        def paper(invoice):
            report = self.env["ir.actions.report"]
            content, _kind = report._render_qweb_html("account.account_invoices", invoice.ids)
            return content.decode()

        self.pay(self.other)
        self.assertIn("Paid on", paper(self.other))
        self.write_off(self.invoice)
        self.assertNotIn("Paid on", paper(self.invoice))

    def test_form_says_what_was_written_off(self):
        def rows(invoice):
            invoice.invalidate_recordset(["invoice_payments_widget"])
            content = (invoice.invoice_payments_widget or {"content": []})["content"]
            return sorted((row["amount"], row["is_writeoff"]) for row in content)

        self.pay(self.invoice, 100)
        self.assertEqual(rows(self.invoice), [(100, False)])
        writeoff = self.write_off(self.invoice, amounts={self.invoice: 400})
        self.assertEqual(rows(self.invoice), [(100, False), (400, True)])
        self.recover(writeoff.line_ids, 150)
        self.assertEqual(rows(self.invoice), [(100, False), (400, True)])
        self.assertEqual(rows(self.other), [])

    def test_nobody_hears_that_it_is_paid(self):
        self.pay(self.other)
        self.write_off(self.invoice)
        change = {"payment_state": "not_paid"}
        self.assertEqual(self.other._track_subtype(change), self.env.ref("account.mt_invoice_paid"))
        self.assertEqual(self.invoice._track_subtype(change), self.env.ref("mail.mt_note"))

    def test_last_day_to_sue_goes_on(self):
        def row():
            self.env.flush_all()
            self.env["ar.limitation.report"].invalidate_model()
            return self.env["ar.limitation.report"].search([("move_id", "=", self.invoice.id)])

        self.company.partner_id.country_id = self.customer.country_id = self.env.ref("base.cn")
        last = row().limitation_date
        self.assertTrue(last)
        self.write_off(self.invoice, amounts={self.invoice: 400})
        self.assertEqual((row().amount, row().amount_written_off, row().limitation_date), (1_000, 400, last))
        rest = self.write_off(self.invoice)
        self.assertEqual(
            (row().amount, row().amount_written_off, row().limitation_date), (1_000, 1_000, last)
        )
        warnings = self.env["ar.limitation.warning"].sudo()
        profile = self.make_profile(self.customer)
        warnings._warn_customer(self.company, self.customer, [(row().id, last, "first")])
        self.assertEqual(
            warnings.search([("move_id", "=", self.invoice.id)]).date_maturity, row().date_maturity
        )
        self.assertIn("1,000.00", profile.activity_ids[:1].summary)
        self.recover(rest.line_ids, 600)
        self.assertEqual((row().amount, row().amount_written_off), (400, 400))
        rest.recovery_ids.with_user(self.controller).action_cancel()
        self.assertEqual(row().amount, 1_000)
