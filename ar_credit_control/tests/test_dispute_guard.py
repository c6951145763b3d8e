from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_dispute import DisputeCase


@tagged("post_install", "-at_install")
class TestDisputeGuard(DisputeCase):
    """What people of restricted roles may not do with disputes, proof and files."""

    def test_nobody_takes_a_dispute_to_decide_it(self):
        dispute = self.record(self.make_invoice(1000.0, 30), 500.0).with_user(self.collector)
        with self.assertRaises(AccessError):
            dispute.owner_id = self.collector
        dispute.owner_id = self.stranger
        dispute.with_user(self.controller).owner_id = self.controller
        self.assertEqual(dispute.owner_id, self.controller)

    def test_files_of_other_records_stay_there(self):
        invoice = self.make_invoice(1000.0, 30)
        file = self.env["ir.attachment"].create(
            {"name": "invoice.pdf", "raw": b"x", "res_model": "account.move", "res_id": invoice.id}
        )
        forms = self.env["ar.dispute.record"].with_user(self.accountant)
        form = forms.browse(forms._open_form(invoice.with_user(self.accountant))["res_id"])
        mine = file.with_user(self.accountant).create({"name": "photo.png", "raw": b"y"})
        form.write(
            {
                "document_ids": [Command.set((file | mine).ids)],
                "description": "Wrong price",
                "lift_block": False,
            }
        )
        form.line_ids.amount = 100.0
        form.action_record()
        dispute = self.disputes.search([("partner_id", "=", self.customer.id)])
        event = (
            self.env["ar.limitation.event"]
            .with_user(self.collector)
            ._record(
                self.items_of(invoice).with_user(self.collector),
                "demand",
                self.today,
                documents=file.with_user(self.collector),
            )
        )
        self.env.invalidate_all()
        self.assertEqual((file.res_model, file.res_id), ("account.move", invoice.id))
        self.assertEqual((mine.res_model, mine.res_id), ("ar.dispute", dispute.id))
        self.assertEqual(sorted(dispute.document_ids.mapped("name")), ["invoice.pdf", "photo.png"])
        self.assertEqual((event.document_ids.name, event.is_proven), ("invoice.pdf", True))

    def test_files_are_added_never_taken_away(self):
        invoice = self.make_invoice(1000.0, 100)
        dispute = self.record(invoice, 100.0)
        dispute.sudo().document_ids = [Command.create({"name": "photo.png", "raw": b"y"})]
        items = self.items_of(invoice)
        placement = (
            self.env["ar.placement"]
            .with_user(self.collector)
            ._propose(items.with_user(self.collector), "agency", self.make_partner("Inkasso Nord"))
        )
        placement.sudo().document_ids = [Command.create({"name": "order.pdf", "raw": b"z"})]
        placement.action_submit()
        for record in (dispute, placement):
            file = record.sudo().document_ids
            for command in (Command.clear(), Command.unlink(file.id), Command.set([])):
                with self.assertRaisesRegex(UserError, "never taken away"), self.env.cr.savepoint():
                    record.with_user(self.collector).document_ids = [command]
            more = file.with_user(self.collector).create({"name": "more.txt", "raw": b"m"})
            record.with_user(self.collector).document_ids = [Command.link(more.id)]
            self.assertEqual(len(record.sudo().document_ids), 2)

    def test_content_of_proof_is_kept(self):
        files = self.env["ir.attachment"].with_user(self.collector)
        file = files.create({"name": "waybill.pdf", "raw": b"x"})
        items = self.items_of(self.make_invoice(1000.0, 30)).with_user(self.collector)
        events = self.env["ar.limitation.event"].with_user(self.collector)
        events._record(items, "demand", self.today, documents=file)
        for vals in ({"raw": b"y"}, {"datas": b"eQ=="}, {"res_model": False, "res_id": 0}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                file.write(vals)
        with self.assertRaises(UserError):
            file.unlink()
        self.assertEqual(file.raw, b"x")

    @mute_logger("odoo.addons.ar_credit_control.models.company.ar_schedule")
    def test_one_dispute_does_not_stop_the_schedule(self):
        disputes = self.record(self.make_invoice(1000.0, 30), 100.0)
        disputes += self.record(self.make_invoice(500.0, 30), 100.0)
        bad, good = disputes.sorted("id")
        kind = self.env.registry["ar.dispute"]
        escalate = kind._escalate

        def fail(dispute):
            escalate(dispute)
            if dispute == bad:
                raise ValueError("broken data")

        with (
            patch.object(kind, "_escalate", fail),
            freeze_time(f"{bad.deadline + timedelta(days=1)} 12:00:00"),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("ar_credit_control.cron_dispute").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((bad.escalation, good.escalation), (False, "owner"))
