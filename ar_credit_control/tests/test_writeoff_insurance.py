from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestWriteoffInsurance(WriteoffCase):
    """What is written off is exactly what the insurer is to pay for: it stays with the cover."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.insurer = cls.make_partner("Uferversicherung")
        cls.security = (
            cls.env["ar.credit.security"]
            .with_user(cls.controller)
            .create(
                {
                    "partner_id": cls.customer.id,
                    "company_id": cls.company.id,
                    "kind": "insurance",
                    "amount": 5_000,
                    "insurer_id": cls.insurer.id,
                    "policy": "P-7",
                    "reporting_days": 105,
                    "date_from": cls.today - timedelta(days=400),
                    "date_to": cls.today + timedelta(days=300),
                    "user_id": cls.controller.id,
                }
            )
        )
        cls.security.action_submit()
        cls.security.with_user(cls.manager).action_validate()
        cls.invoice = cls.make_invoice(1_000, 100)

    def rows(self):
        self.env.flush_all()
        overdue = self.env["ar.insurance.overdue"].with_user(self.controller)
        overdue.invalidate_model()
        return overdue.search([("security_id", "=", self.security.id)])

    def figures(self):
        return [(row.amount, row.amount_currency, row.amount_written_off) for row in self.rows()]

    def test_stays_until_the_claim_is_closed(self):
        self.assertEqual(self.figures(), [(1_000, 1_000, 0)])
        self.write_off(self.invoice, amounts={self.invoice: 400})
        self.assertEqual(self.figures(), [(1_000, 1_000, 400)])
        writeoff = self.write_off(self.invoice)
        self.assertEqual(self.figures(), [(1_000, 1_000, 1_000)])
        self.assertIn(self.security.id, self.env["ar.insurance.overdue"]._get_deadlines(self.security))
        self.rows().action_report()
        notice = self.rows().notice_id
        self.assertEqual(notice.amount, 1_000)
        self.assertEqual(self.figures(), [(1_000, 1_000, 1_000)])
        self.recover_undone(writeoff.line_ids, 100)
        # The charge waits for its receipt: what the insurer is asked for is less.
        self.assertEqual(self.rows().filtered(lambda row: row.move_id == self.invoice).amount, 900)
        notice.with_user(self.controller).closed_on = self.today
        self.assertFalse(self.rows().filtered(lambda row: row.move_id == self.invoice))
        with self.assertRaises(UserError):
            notice.with_user(self.controller).amount = 1

    def test_recovered_and_cancelled(self):
        writeoff = self.write_off(self.invoice)
        recovery = self.recover(writeoff.line_ids, 1_000, self.make_receipt(1_000))
        self.assertEqual(self.figures(), [])
        recovery.with_user(self.controller).action_cancel()
        self.assertEqual(self.figures(), [(1_000, 1_000, 1_000)])
        writeoff.with_user(self.controller).action_cancel("By mistake")
        self.assertEqual(self.figures(), [(1_000, 1_000, 0)])

    def test_closed_by_cover(self):
        self.write_off(self.invoice)
        self.rows().action_report()
        self.security.with_user(self.controller).action_call("Claimed")
        self.assertEqual(self.figures(), [])
