from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_dunning import DunningCase
from .common_hold import HoldCase

SCHEDULE = "odoo.addons.ar_credit_control.models.company.ar_schedule"


@tagged("post_install", "-at_install")
class TestHoldFailures(HoldCase):
    """Schedules and screens go on where one customer, order or company lacks something."""

    def test_an_order_that_breaks_does_not_stop_the_schedule(self):
        self.company.credit_hold_auto_release = True
        other = self.make_customer("Other", 1000.0)
        broken, fine = self.make_order(11), self.make_order(11, other)
        (broken | fine).action_confirm()
        profiles = self.env["ar.credit.profile"]._get_or_create(self.customer | other, self.company)
        profiles.limit = 5000.0
        self.env.flush_all()
        self.env.cr.execute(
            """
            CREATE FUNCTION ar_test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.state = 'sale' THEN RAISE EXCEPTION 'no stock in Atlantis'; END IF;
                RETURN NEW;
            END $$
            """
        )
        self.env.cr.execute(
            f"""CREATE TRIGGER ar_test_refuse BEFORE UPDATE ON sale_order
                FOR EACH ROW WHEN (OLD.id = {broken.id}) EXECUTE FUNCTION ar_test_refuse()"""
        )
        schedule = self.env.ref("ar_credit_control.cron_credit_hold").sudo()
        with (
            self.enter_registry_test_mode(),
            mute_logger(SCHEDULE, "odoo.sql_db"),
        ):
            schedule.method_direct_trigger()
            schedule.method_direct_trigger()
        self.env.invalidate_all()
        self.assertPassed(fine)
        self.assertHeld(broken)
        notes = broken.sudo().credit_hold_id.message_ids.filtered(
            lambda note: "Atlantis" in (note.body or "")
        )
        self.assertEqual(len(notes), 1, "said once, not every day")

    def test_a_company_without_chart_of_accounts(self):
        bare = self.env["res.company"].create({"name": "Bare"})
        env = self.env(context={**self.env.context, "allowed_company_ids": bare.ids})
        bare.credit_control_active = True
        self.env["ar.credit.profile"]._get_or_create(self.customer, bare).limit = 100.0
        partner = self.customer.with_env(env)
        self.assertEqual((partner.credit_exposure, partner.credit_available), (0.0, 100.0))
        self.assertFalse(env["ar.aging.report"].search_count([("company_id", "=", bare.id)]))
        order = env["sale.order"].new({"partner_id": partner.id, "company_id": bare.id})
        self.assertEqual(order.credit_forecast, "pass")

    def test_a_currency_that_was_closed(self):
        currency = self.env.ref("base.CHF")
        currency.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "company_id": self.company.id, "name": "2020-01-01", "rate": 2.0}
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Francs", "currency_id": currency.id, "company_id": self.company.id}
        )
        order = self.make_order(11, pricelist_id=pricelist.id)
        order.write({"order_line": [(5,), self.line(21)]})
        currency.active = False
        order.action_confirm()
        self.assertHeld(order, "limit")
        self.assertEqual(order.sudo().credit_hold_id.order_amount, 1050.0)

    def test_a_quotation_without_customer(self):
        order = self.env["sale.order"].with_user(self.salesperson).new({})
        self.assertFalse(order.credit_forecast)
        self.assertFalse(order.credit_banner)


@tagged("post_install", "-at_install")
class TestDunningFailures(DunningCase):
    def test_a_policy_that_breaks_does_not_stop_the_others(self):
        self.env["ar.dunning.policy"].search([]).automatic = False
        other = self.setup_other_company()["company"]
        broken = self.make_policy(other, sequence=1)
        (broken | self.policy).automatic = True
        self.make_invoice(days=20)
        self.env.flush_all()
        self.env.cr.execute(
            """
            CREATE FUNCTION ar_test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'no rate for Atlantis'; END $$
            """
        )
        self.env.cr.execute(
            f"""CREATE TRIGGER ar_test_refuse BEFORE INSERT ON ar_dunning_run
                FOR EACH ROW WHEN (NEW.policy_id = {broken.id}) EXECUTE FUNCTION ar_test_refuse()"""
        )
        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            mute_logger(SCHEDULE, "odoo.sql_db"),
        ):
            self.env(cr=cr)["ar.dunning.run"]._cron_run_policies()
        self.env.invalidate_all()
        letter = self.env["ar.dunning.letter"].search([("policy_id", "=", self.policy.id)])
        self.assertEqual(letter.state, "queued")
        self.assertIn("no rate for Atlantis", broken.sudo().message_ids[0].body)

    def test_a_wrong_policy_in_the_context_is_said_clearly(self):
        for wrong in ("abc", [1], {"id": 1}):
            with self.assertRaisesRegex(UserError, "not a dunning policy"):
                self.env["ar.dunning.preview"].with_context(dunning_policy_id=wrong).search([])

    def test_a_currency_that_was_closed(self):
        currency = self.env.ref("base.CHF")
        currency.active = True
        paying = self.make_customer("Paying")
        self.make_invoice(days=20, currency=currency)
        self.make_invoice(days=20, currency=currency, partner=paying)
        bank = self.company_data["default_journal_bank"]
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": paying.id,
                "amount": 1000,
                "currency_id": currency.id,
                "journal_id": bank.id,
                "payment_method_line_id": bank.inbound_payment_method_line_ids[:1].id,
            }
        )
        payment.outstanding_account_id = False
        payment.action_post()
        self.env.flush_all()
        currency.active = False
        run = self.propose()
        self.assertEqual(self.reasons(run), {(paying, "unapplied")}, "money on its way counts still")
        letter = run.letter_ids
        self.assertEqual((letter.partner_id, letter.currency_id), (self.customer, currency))
        self.send(letter)
        self.assertEqual(letter.state, "sent")

    def test_a_company_without_chart_of_accounts(self):
        bare = self.env["res.company"].create({"name": "Bare"})
        self.env.user.company_ids |= bare
        policy = self.make_policy(bare)
        run = self.propose(policy=policy.with_context(allowed_company_ids=bare.ids))
        self.assertFalse(run.letter_ids)
        self.assertEqual(run.state, "done")

    def test_names_are_text_in_every_letter(self):
        evil = "<img src=x onerror=alert(1)>{{ 6*7 }}{amount}"
        shown = "&lt;img src=x onerror=alert(1)&gt;{{ 6*7 }}{amount}"
        customer = self.make_customer(evil, email="evil@example.com")
        invoice = self.make_invoice(days=20, partner=customer, ref=evil)
        self.env.flush_all()
        # Numbers of imported invoices are any text.
        self.env.cr.execute("UPDATE account_move SET name = %s WHERE id = %s", (evil, invoice.id))
        self.env.invalidate_all()
        letter = self.propose().letter_ids
        letter.stage_id.name = evil
        letter.sudo()._log_on_customers()
        for place, html in (
            ("mail", letter.mail_body),
            ("letter", letter.pdf_preview),
            ("items", letter.items_table),
            ("run", letter.run_id.stage_summary),
            ("chatter", customer.message_ids[0].body),
        ):
            with self.subTest(place=place):
                self.assertNotIn("<img src=x", html)
                self.assertIn(shown, html)


@tagged("post_install", "-at_install")
class TestScheduleFailures(DunningCase):
    """What the log says of whom a schedule could not deal with."""

    def test_the_log_names_the_customer(self):
        profiles = self.env["ar.credit.profile"]._get_or_create(
            self.customer | self.make_customer("Other"), self.company
        )
        broken, fine = profiles.sorted(lambda profile: profile.partner_id.name)
        self.env.flush_all()

        def handle(profile):
            profile.note = "seen"
            profile.flush_recordset()
            if profile == broken:
                profile.env.cr.execute("SELECT 1 / 0")

        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            mute_logger("odoo.sql_db"),
            self.assertLogs(SCHEDULE, "ERROR") as log,
        ):
            env = self.env(cr=cr)
            for _run in range(2):
                self.assertTrue(env["ar.schedule"]._handle_each(profiles.with_env(env), handle))
        self.env.invalidate_all()
        self.assertEqual((broken.note, fine.note), (False, "seen"), "nothing of what failed is left")
        self.assertIn("Kornmann AG", log.output[0])
        self.assertIn("division by zero", log.output[0])
        notes = broken.message_ids.filtered(lambda note: "division by zero" in note.body)
        self.assertEqual(len(notes), 1, "said once")
