import io

import openpyxl

from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoffPlacement(WriteoffCase):
    """Written off in the books, an agency goes on: what it collects counts, a write-off is no success."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.make_partner("Inkasso Nord", lang="en_US")
        cls.invoice = cls.make_invoice(1_000, 100)
        placement = (
            cls.env["ar.placement"]
            .with_user(cls.collector)
            ._propose(
                cls.items_of(cls.invoice).with_user(cls.collector),
                "agency",
                cls.agent,
                commission_percent=10.0,
                commission_fixed=25.0,
            )
        )
        placement.action_submit()
        placement.with_user(cls.controller).action_approve()
        cls.placement = placement.with_env(cls.env)

    def figures(self):
        self.env.flush_all()
        self.placement.invalidate_recordset()
        return self.placement.amount_open, self.placement.amount_recovered, self.placement.commission

    def test_write_off_earns_no_commission(self):
        self.pay(self.invoice, 200)
        self.assertEqual(self.figures(), (800, 200, 45))
        writeoff = self.write_off(self.invoice)
        self.assertEqual(self.figures(), (0, 200, 45))
        recovery = self.recover_undone(writeoff.line_ids, 300)
        self.assertEqual(self.figures(), (0, 200, 45), "not before the money is there")
        receipt = self.make_receipt(300)
        (receipt + recovery.sudo().claim_line_id).reconcile()
        self.assertEqual(self.figures(), (0, 500, 75))
        recovery.with_user(self.controller).action_cancel()
        self.assertEqual(self.figures(), (0, 200, 45))
        writeoff.with_user(self.controller).action_cancel("By mistake")
        self.assertEqual(self.figures(), (800, 200, 45))

    def test_what_was_written_off_is_settled(self):
        """Nothing is left that we would claim: it may be closed, until the write-off is taken back."""
        writeoff = self.write_off(self.invoice, amounts={self.invoice: 400})
        self.placement._judge()
        self.assertFalse(self.placement.settled_on)
        rest = self.write_off(self.invoice)
        self.placement._judge()
        self.assertEqual(self.placement.settled_on, self.today)
        (writeoff + rest).with_user(self.controller).action_cancel("By mistake")
        self.placement._judge()
        self.assertFalse(self.placement.settled_on)

    def test_file_tells_nothing_of_it(self):
        writeoff = self.write_off(self.invoice)
        self.recover(writeoff.line_ids, 300, self.make_receipt(300))
        book = openpyxl.load_workbook(io.BytesIO(self.placement._write_workbook()))
        items = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=3)]
        self.assertEqual(items[0][:2], ["Number", "Customer Reference"])
        self.assertEqual(items[1][0], self.invoice.name)
        self.assertEqual(items[1][3].date(), self.invoice.invoice_date_due)
        self.assertEqual(items[1][5], 1_000, "as handed over")
        self.assertEqual(len(items), 2)
        cells = [str(cell.value) for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
        page = str(self.placement._render_page("ar_credit_control.placement_page"))
        for words in (" ".join(cells), page):
            self.assertNotIn(writeoff.name, words)
            self.assertNotIn(self.small.name, words)
        payments = [
            [cell.value for cell in row]
            for row in book.worksheets[2].iter_rows(min_row=4)
            if row[1].value == "Payment"
        ]
        self.assertEqual([abs(row[3]) for row in payments], [300])
