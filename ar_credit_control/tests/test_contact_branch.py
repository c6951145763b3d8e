import base64
from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common_contact import ContactCase


@tagged("post_install", "-at_install")
class TestContactBranch(ContactCase):
    """A collector of a branch only: cases, contacts and what comes of them belong to the main company.

    Of the ledger such a collector sees the branch, as everywhere in Odoo; figures of the customer are whole.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.child_ids = [Command.create({"name": "Branch"})]
        cls.cr.precommit.run()  # load the chart of accounts of the branch
        cls.branch = cls.company.child_ids
        cls.env.user.company_ids += cls.branch
        cls.local = new_test_user(
            cls.env,
            "branch_collector",
            groups="ar_credit_control.group_collector",
            company_id=cls.branch.id,
            company_ids=[Command.set(cls.branch.ids)],
        )
        cls.root_invoice = cls.make_invoice(days=40)
        cls.branch_invoice = cls.make_invoice(days=30, amount=500.0, company=cls.branch)
        cls.case = cls.open(collector=cls.local)
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.env.invalidate_all()

    def as_local(self, record):
        return record.with_user(self.local).with_context(allowed_company_ids=self.branch.ids)

    def show(self, record, names=None):
        """Read a record as its form does."""
        record = self.as_local(record)
        arch = record.get_view(view_type="form")
        spec = {
            name: {"fields": {"display_name": {}}} if field.type == "many2one" else {}
            for name, field in record._fields.items()
            if name in arch["models"].get(record._name, ())
        }
        return record.web_read(spec)

    def local_dialog(self, outcome=None, **values):
        action = self.as_local(self.case).action_log_contact()
        form = Form(
            self.env["ar.collection.contact"]
            .with_user(self.local)
            .with_context(allowed_company_ids=self.branch.ids, **action["context"])
        )
        if outcome:
            form.outcome_id = self.outcome(outcome)
        for name, value in values.items():
            setattr(form, name, value)
        return form

    def local_log(self, outcome=None, **values):
        return self.local_dialog(outcome, **values).save()._log()

    # Worklist and case

    def test_the_worklist_shows_the_case_with_whole_figures(self):
        row = self.as_local(self.worklist).search([("user_id", "=", self.local.id)])
        self.assertEqual(row.case_id, self.case)
        self.assertEqual(row.overdue, 1500.0)
        self.assertTrue(
            self.as_local(self.worklist).get_strip() if hasattr(self.worklist, "get_strip") else True
        )

    def test_the_case_opens_and_is_worked(self):
        self.assertTrue(self.show(self.case))
        case = self.as_local(self.case)
        self.assertTrue(case.overview)
        self.assertTrue(case.timeline)
        case.action_no_answer()
        self.assertTrue(self.activities.search([("case_id", "=", self.case.id)]))
        case.action_wake()
        case._snooze(self.today + timedelta(days=3), "Later")

    # Contacts and what comes of them

    def test_contacts_are_logged_read_and_corrected(self):
        activity = self.local_log("call_back", note="Friday")
        self.assertEqual((activity.company_id, activity.case_id), (self.company, self.case))
        self.assertTrue(self.show(activity))
        self.assertEqual(self.steps(self.case).user_id, self.local)
        action = self.as_local(activity).action_correct()
        dialog = self.as_local(self.env["ar.collection.contact"]).with_context(**action["context"]).create({})
        dialog.write({"note": "Monday"})
        self.assertEqual(dialog._log().corrects_id, activity)

    def test_files_are_kept(self):
        document = self.as_local(self.env["ir.attachment"]).create(
            {"name": "slip.txt", "datas": base64.b64encode(b"paid")}
        )
        dialog = self.local_dialog("says_paid").save()
        dialog.document_ids = [Command.set(document.ids)]
        activity = dialog._log()
        self.assertEqual(self.as_local(activity.attachment_ids).read(["name"])[0]["name"], "slip.txt")

    def test_a_promise(self):
        promise = self.local_log("promised", promise_date=self.today + timedelta(days=4)).promise_id
        self.assertEqual(promise.company_id, self.company)
        self.assertTrue(self.show(promise))
        self.as_local(promise).action_cancel("By mistake")

    def test_a_dispute(self):
        dialog = self.local_dialog("disputed", note="Too much")
        activity = dialog.save()._log()
        self.assertEqual(activity.dispute_ids.company_id, self.company)
        self.assertTrue(self.show(activity.dispute_ids))

    def test_a_plan(self):
        plan = self.local_log(
            "asks_time", reason_id=self.reason("money"), time_date=self.today + timedelta(days=20)
        ).plan_id
        self.assertTrue(self.show(plan))

    def test_items_in_foreign_currency(self):
        """Amounts in the currency of the main company are at its rates, which everybody reads."""
        currency = self.setup_other_currency("CHF", rates=[("2016-01-01", 2.0)])
        invoice = self.make_invoice(days=30, amount=800.0, company=self.branch, currency=currency)
        self.env.flush_all()
        item = self.as_local(self.env["ar.aging.report"]).search([("move_id", "=", invoice.id)])
        day = self.today + timedelta(days=9)
        with self.subTest("promise"):
            promises = self.as_local(self.env["ar.payment.promise"])
            self.assertTrue(promises._record(self.customer, self.company, 100, day, item))
        with self.subTest("plan"):
            plans = self.as_local(self.env["ar.payment.plan"])
            plan = plans._draft(self.customer, self.company, item, "deferral", [day], reason="Waits")
            plan.action_submit()
            self.assertEqual(plan.state, "submitted")
            self.assertTrue(self.show(plan))
        with self.subTest("dispute"):
            category = self.env.ref("ar_credit_control.dispute_category_price")
            dispute = self.as_local(self.env["ar.dispute"])._record(category, {item: 100}, "Too much")
            self.assertEqual(dispute.amount_company, 50)
            self.assertTrue(self.show(dispute))
        with self.subTest("placement"):
            agent = self.make_customer("Agency")
            placement = self.as_local(self.env["ar.placement"])._propose(item, "agency", agent)
            placement.action_submit()
            self.assertTrue(self.show(placement))
        with self.subTest("write-off"):
            reason = self.env.ref("ar_credit_control.writeoff_reason_small")
            writeoffs = self.as_local(self.env["ar.writeoff"])
            writeoff = writeoffs._create_from_items(item, reason, amounts={item: 100}, note="Small")
            self.assertTrue(self.show(writeoff))
        with self.subTest("what if"):
            question = self.as_local(self.env["ar.credit.what.if"]).create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.branch.id,
                    "amount": 100,
                    "currency_id": currency.id,
                }
            )
            self.assertTrue(question._judge())
        with self.subTest("request of a limit"):
            seller = new_test_user(
                self.env,
                "branch_seller",
                groups="sales_team.group_sale_salesman,ar_credit_control.group_credit_user",
                company_id=self.branch.id,
                company_ids=[Command.set(self.branch.ids)],
            )
            self.customer.user_id = seller
            prices = self.env["product.pricelist"].create(
                {"name": "Abroad", "currency_id": currency.id, "company_id": False}
            )
            work = self.env["product.product"].create({"name": "Work", "type": "service", "taxes_id": False})
            order = self.env["sale.order"].with_user(seller)
            order = order.create(
                {
                    "partner_id": self.customer.id,
                    "company_id": self.branch.id,
                    "user_id": seller.id,
                    "pricelist_id": prices.id,
                    "order_line": [
                        Command.create(
                            {"product_id": work.id, "price_unit": 100, "tax_ids": [Command.clear()]}
                        )
                    ],
                }
            )
            action = self.env["ar.credit.request"].with_user(seller)._get_action(self.customer, order)
            request = self.env["ar.credit.request"].with_user(seller).with_context(**action["context"])
            self.assertEqual(request.create({"reason": "More work"}).order_amount, 50)
        with self.subTest("authority"):
            authority = self.env["ar.credit.authority"].create(
                {
                    "company_id": self.company.id,
                    "user_id": self.controller.id,
                    "kind": "limit",
                    "currency_id": currency.id,
                    "amount": 100,
                }
            )
            self.assertEqual(self.as_local(authority)._get_amount(self.company), 50)

    def test_each_reason(self):
        for key in (
            "invoice_missing",
            "approval",
            "acceptance",
            "back_to_back",
            "supply",
            "unwilling",
            "insolvent",
        ):
            with self.subTest(key):
                self.assertTrue(self.local_log("reason", reason_id=self.reason(key), note="x"))

    def test_buttons_of_the_case(self):
        case = self.as_local(self.case)
        for name in (
            "action_open_profile",
            "action_open_customer",
            "action_place",
            "action_record_limitation",
            "action_hand_over",
            "action_snooze",
            "action_record_dispute",
            "action_promise",
            "action_plan",
        ):
            if hasattr(case, name):
                with self.subTest(name):
                    action = getattr(case, name)()
                    if isinstance(action, dict) and action.get("res_model") and action.get("target") == "new":
                        model = self.as_local(self.env[action["res_model"]])
                        if action.get("res_id"):
                            self.show(model.browse(action["res_id"]))
                        else:
                            Form(model.with_context(**action.get("context", {})))

    # Letters and cash

    def test_letters_of_the_customer_are_seen(self):
        letter = self.contact(self.case, 3)
        letter.flush_recordset()
        seen = self.as_local(self.env["ar.dunning.letter"]).search([("partner_id", "=", self.customer.id)])
        self.assertEqual(seen, letter)
        self.assertTrue(self.show(letter))
        self.assertEqual(self.as_local(self.case).letter_ids, letter)

    def test_cash_of_the_branch(self):
        for model in ("ar.cash.application", "ar.cash.unapplied", "ar.cash.collected"):
            if model in self.env and self.as_local(self.env[model]).has_access("read"):
                with self.subTest(model):
                    self.as_local(self.env[model]).search([]).read()

    # Another company stays closed

    def test_a_sibling_branch_of_another_company_sees_nothing(self):
        foreign = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "foreign_collector",
            groups="ar_credit_control.group_collector",
            company_id=foreign.id,
            company_ids=[Command.set(foreign.ids)],
        )
        activity = self.log("call_back")
        for record in (self.case, activity):
            with self.assertRaises(AccessError):
                record.with_user(stranger).with_context(allowed_company_ids=foreign.ids).read([])
        with self.assertRaises(AccessError):
            self.case.with_user(stranger).with_context(allowed_company_ids=foreign.ids).action_no_answer()
        with self.assertRaises(AccessError):
            self.case.with_user(stranger).with_context(allowed_company_ids=foreign.ids).action_stop_supply()
