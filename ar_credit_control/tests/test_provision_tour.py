import io
from datetime import timedelta

from pypdf import PdfReader

from odoo.tests import HttpCase, tagged

from .common_credit import CreditCase
from .common_writeoff import WriteoffCase


@tagged("post_install", "-at_install")
class TestProvisionTour(CreditCase, HttpCase):
    """Provisions in the browser, from a policy by standard to the printed matrix."""

    def test_from_the_policy_to_the_printed_matrix(self):
        self.make_invoice(4_000, 200)
        self.make_invoice(1_000, 20)
        self.start_tour("/odoo/provision-policies", "ar_credit_control_provision", login=self.manager.login)
        self.env.invalidate_all()
        run = self.env["ar.provision.run"].search([("company_id", "=", self.company.id)])
        self.assertEqual((run.state, run.gross, run.amount), ("posted", 5_000, 2_020))
        self.assertEqual((run.submitted_by_id, run.decided_by_id), (self.controller, self.manager))
        self.assertEqual(sum(run.move_ids.line_ids.mapped("debit")), 2_020)
        printed = run.with_user(self.controller)._render_joint_pdf()
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(printed)).pages)
        self.assertIn(run.name, text)
        self.assertIn("2,020.00", text)


@tagged("post_install", "-at_install")
class TestWriteoffTour(WriteoffCase, HttpCase):
    """A write-off in the browser, from the case to the movement table."""

    def test_from_the_case_to_the_movement_table(self):
        self.company.collection_active = True
        other = self.make_partner("Lindgren AB", email="ap@lindgren.example.com")
        self.make_invoice(800, 100, partner_id=other.id)
        lost = self.make_invoice(4_000, 200)
        self.make_run(self.today - timedelta(days=30))
        profile = self.make_profile(self.customer)
        profile.collector_id = self.collector
        case = self.env["ar.collection.case"]._get_or_open(profile, "Asked by a test")
        self.start_tour(
            f"/odoo/action-ar_credit_control.action_collection_case/{case.id}",
            "ar_credit_control_writeoff",
            login=self.collector.login,
        )
        self.env.invalidate_all()
        writeoff = self.env["ar.writeoff"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual((writeoff.state, writeoff.submitted_by_id), ("posted", self.collector))
        self.assertEqual((writeoff.decided_by_id, writeoff.posted_by_id), (self.manager, self.controller))
        self.assertEqual((lost.amount_residual, self.receivable_of()), (0.0, 0.0))
        self.assertEqual(self.propose_letters().partner_id, other, "nobody reminds of what was written off")
        self.make_receipt(1_000)
        self.start_tour("/odoo/write-offs", "ar_credit_control_recovery", login=self.controller.login)
        self.env.invalidate_all()
        self.assertEqual(writeoff.recovery_ids.state, "paid")
        self.assertEqual(writeoff.amount_recovered, 1_000)

    def propose_letters(self):
        """What the standard policy would send today."""
        policies = self.env["ar.dunning.policy"].with_user(self.manager)
        policy = policies.browse(policies.action_add_standard()["res_id"])
        policy.active = True
        return self.env["ar.dunning.run"]._create_proposal(policy.with_env(self.env), self.today).letter_ids
