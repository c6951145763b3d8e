from odoo.tests import HttpCase, tagged

from .common_collection import CollectionCase


@tagged("post_install", "-at_install")
class TestDisputeTour(CollectionCase, HttpCase):
    """A dispute in the browser, from the call to the credit note, and what letters list meanwhile."""

    def test_from_the_case_to_the_credit_note(self):
        kept = self.make_invoice(20, 1000.0)
        disputed = self.make_invoice(20, 240.0)
        case = self.open()
        self.collector.write({"password": "dun_collector", "lang": "en_US"})
        self.controller.write(
            {
                "password": "dun_controller",
                "lang": "en_US",
                "group_ids": [(4, self.env.ref("account.group_account_invoice").id)],
            }
        )
        self.start_tour(
            f"/odoo/action-ar_credit_control.action_collection_case/{case.id}",
            "ar_dispute_record",
            login="dun_collector",
        )
        self.env.invalidate_all()
        dispute = self.env["ar.dispute"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual((dispute.state, dispute.amount, dispute.line_ids.move_id), ("new", 240.0, disputed))
        self.assertEqual(self.listed(), kept, "the rest stays due")
        self.start_tour("/odoo/disputes", "ar_dispute_credit", login="dun_controller")
        self.env.invalidate_all()
        self.assertEqual(dispute.state, "resolved_credit")
        self.assertEqual((disputed.payment_state, disputed.amount_residual), ("reversed", 0.0))
        self.assertEqual(self.listed(), kept, "nothing is left of it")

    def listed(self):
        """What the next letter to the customer lists."""
        run = self.propose()
        letter = run.letter_ids.filtered(lambda letter: letter.partner_id == self.customer)
        moves = letter.line_ids.move_id
        letter.sudo().write({"state": "cancelled"})
        return moves
