from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_collection import CollectionCase

SCHEDULE = "odoo.addons.ar_credit_control.models.company.ar_schedule"


@tagged("post_install", "-at_install")
class TestCollectionNight(CollectionCase):
    """The schedule of the night goes on where one customer stops it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.company"].search([("id", "!=", cls.company.id)]).collection_active = False
        cls.rules.active = False
        cls.env["ar.collection.rule"].create(
            {"company_id": cls.company.id, "name": "The rule", "min_days": 1}
        )

    def refuse(self, event, condition):
        """Let the database refuse to write some cases."""
        self.env.flush_all()
        self.env.cr.execute(
            f"""
            CREATE FUNCTION ar_test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'no collection in Atlantis';
            END $$;
            CREATE TRIGGER ar_test_refuse BEFORE {event} ON ar_collection_case
                FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION ar_test_refuse()
            """
        )

    def run_schedule(self, times=1):
        """The schedule in transactions of its own; return how many statements it took."""
        self.env.flush_all()
        with (
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            mute_logger(SCHEDULE, "odoo.sql_db"),
        ):
            before = cr.sql_log_count
            for _time in range(times):
                self.env(cr=cr)["ar.collection.case"].sudo()._cron_run_cases()
            count = cr.sql_log_count - before
        self.env.invalidate_all()
        return count

    def notes(self, record):
        return record.message_ids.filtered(lambda message: "Atlantis" in (message.body or ""))

    def open_cases(self, *partners):
        return self.cases.search(
            [("partner_id", "in", [partner.id for partner in partners]), ("state", "=", "open")]
        )

    def test_a_customer_whose_case_cannot_be_opened(self):
        for partner in (self.customer, self.other):
            self.make_invoice(20, partner=partner)
        self.refuse("INSERT", f"NEW.partner_id = {self.customer.id}")
        self.run_schedule(times=2)
        self.assertEqual(self.open_cases(self.customer, self.other).partner_id, self.other)
        self.assertEqual(len(self.notes(self.customer)), 1, "said once, where a person finds it")
        self.assertFalse(self.notes(self.other))

    def test_a_case_that_cannot_be_brought_up_to_date(self):
        for partner in (self.customer, self.other):
            self.make_invoice(100, partner=partner)
        broken, fine = self.open(), self.open(self.other)
        (broken | fine).sudo().phase = "coordination"
        late = self.make_customer("Late AG")
        self.make_invoice(20, partner=late)
        self.refuse("UPDATE", f"NEW.id = {broken.id}")
        self.run_schedule()
        self.assertEqual((broken.phase, fine.phase), ("coordination", "clearing"))
        self.assertEqual(len(self.notes(broken)), 1)
        self.assertTrue(self.open_cases(late))

    def test_the_night_costs_the_same_for_any_number_of_customers(self):
        def count(number):
            for index in range(number):
                self.make_invoice(20, partner=self.make_customer(f"Many{number} {index}"))
            opened = self.run_schedule()
            return opened, self.run_schedule()

        count(1)
        few, many = count(2), count(8)
        # What the night writes about each new case is written in batches.
        self.assertLessEqual(many[0] - few[0], 2)
        self.assertLessEqual(many[1] - few[1], 2)
