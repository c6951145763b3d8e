from datetime import timedelta

from odoo.tests import tagged

from .common_collection import CollectionCase


@tagged("post_install", "-at_install")
class TestCollectionParent(CollectionCase):
    """A customer that gets a parent company: what was said, sent and planned goes with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.make_customer("Petra Kornmann", is_company=False)
        cls.parent = cls.make_customer("Kornmann Holding AG")
        cls.invoice = cls.make_invoice(days=40, partner=cls.person)

    def join_parent(self):
        self.person.parent_id = self.parent
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.person.commercial_partner_id, self.parent)

    def plan_step(self, case, summary="Call again"):
        return case.sudo().activity_schedule(
            "mail.mail_activity_data_call", summary=summary, user_id=self.collector.id
        )

    def kinds(self, case):
        return {event["kind"] for event in case.timeline}

    def test_letters_and_timeline_follow(self):
        letter = self.propose().letter_ids.filtered(lambda letter: letter.partner_id == self.person)
        self.send(letter)
        self.promised(self.open(self.person), days=3)
        self.join_parent()
        case = self.open(self.parent)
        self.assertEqual(case.letter_ids, letter)
        self.assertLessEqual({"letter", "promise", "case"}, self.kinds(case))
        figures = self.figures(case)
        self.assertTrue(figures["last_contact_date"])
        self.assertEqual(figures["promise_amount"], 500.0)
        items = self.env["ar.aging.report"].search(letter.action_open_items()["domain"])
        self.assertEqual(items.move_id, self.invoice)

    def test_a_closed_case_goes_on_telling_its_story(self):
        letter = self.propose().letter_ids.filtered(lambda letter: letter.partner_id == self.person)
        self.send(letter)
        case = self.open(self.person)
        case._close("Done")
        self.join_parent()
        self.assertEqual(case.letter_ids, letter)
        self.assertIn("letter", self.kinds(case))

    def test_the_recipient_of_a_waiting_letter_can_still_be_chosen(self):
        letter = self.propose().letter_ids.filtered(lambda letter: letter.partner_id == self.person)
        contact = self.make_customer("Accounts", is_company=False, parent_id=self.parent.id)
        self.join_parent()
        letter.with_user(self.controller)._check_recipient(contact)

    def test_the_open_case_moves_to_the_parent(self):
        case = self.open(self.person)
        step = self.plan_step(case)
        self.join_parent()
        self.assertEqual(
            (case.state, case.partner_id, case.profile_id), ("open", self.parent, self.profile(self.parent))
        )
        self.assertEqual(case.partner_name, self.person.name, "as it was when the case was opened")
        self.assertEqual((case.activity_ids, case.collector_id), (step, self.collector))
        self.assertEqual(self.figures(case)["overdue"], 1000.0)
        self.assertEqual(self.cases._get_or_open(self.profile(self.parent), "Again"), case)

    def test_open_agreements_are_those_of_the_parent(self):
        promise = self.promised(self.open(self.person), days=3)
        item = self.env["ar.aging.report"].search(
            [("move_id", "=", self.make_invoice(days=20, partner=self.person).id)]
        )
        plan = (
            self.env["ar.payment.plan"]
            .with_user(self.collector)
            ._draft(
                self.person, self.company, item, "deferral", [self.today + timedelta(days=9)], reason="Waits"
            )
        )
        self.join_parent()
        profile = self.profile(self.parent)
        self.assertEqual(promise.profile_id, profile)
        self.assertEqual((promise.partner_id, plan.partner_id), (self.parent, self.parent))
        self.assertEqual(plan.profile_id, profile)
        self.assertEqual(plan.partner_name, self.person.name, "as it was when it was drafted")
        case = self.open(self.parent)
        self.assertEqual((case.promise_ids, case.plan_ids), (promise, plan))

    def test_the_open_case_joins_that_of_the_parent(self):
        kept = self.open(self.parent)
        case = self.open(self.person)
        step = self.plan_step(case)
        self.join_parent()
        self.assertEqual((case.state, case.merged_into_id, kept.state), ("closed", kept, "open"))
        self.assertEqual(kept.activity_ids, step)

    def test_the_case_that_goes_on_is_with_the_lawyer(self):
        """What a lawyer has of one customer is with the lawyer after both became one."""
        kept = self.open(self.parent)
        self.place(self.make_invoice(40, partner=self.person), kind="lawyer")
        self.join_parent()
        self.assertEqual(kept.state, "legal")

    def test_the_case_of_merged_customers_is_with_the_lawyer(self):
        kept = self.open()
        self.place(self.make_invoice(40, partner=self.other), kind="lawyer")
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((self.customer | self.other).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual(kept.state, "legal")

    def test_the_night_tells_cases_who_has_their_items(self):
        """The case of who was handed over was closed before; the customer that goes on has one."""
        kept = self.open(self.parent)
        self.make_invoice(40, partner=self.parent)
        placement = self.place(self.make_invoice(40, partner=self.person), kind="lawyer")
        self.cases.search([("partner_id", "=", self.person.id)])._close("Done")
        self.join_parent()
        self.cases._run_company(self.company)
        self.assertEqual(kept.state, "legal")
        placement.sudo().state = "closed"
        self.cases._run_company(self.company)
        self.assertEqual(kept.state, "open")

    def test_a_promise_broken_later_is_told_the_case_of_the_parent(self):
        promise = self.promised(self.open(self.person), days=0)
        self.cases.search([("partner_id", "=", self.person.id)])._close("Done")
        self.join_parent()
        promise.sudo().write(
            {name: self.today - timedelta(days=1) for name in ("date", "deadline", "date_given")}
        )
        promise._judge()
        self.assertEqual(promise.state, "broken")
        case = self.cases.search(
            [("state", "=", "open"), ("partner_id", "in", (self.person | self.parent).ids)]
        )
        self.assertEqual(case.partner_id, self.parent)

    def test_pauses_stay_with_items_when_a_customer_leaves_its_parent(self):
        placed, left_out = (self.make_invoice(days=40, partner=self.person) for _number in range(2))
        self.dispute(self.invoice, 400.0)
        self.place(placed)
        self.promised(self.open(self.person), days=3)
        items = self.env["ar.aging.report"].with_user(self.controller)
        exclusions = self.env["ar.dunning.exclusion"].with_user(self.controller)
        exclusions._exclude_items(items.search([("move_id", "=", left_out.id)]), "Agreed")
        before = self.paused()
        self.assertEqual(before, {self.invoice: 900.0, placed: 1000.0, left_out: 1000.0})
        self.join_parent()
        self.assertEqual(self.paused(), before)
        self.person.parent_id = False
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.paused(), before)

    def test_what_was_sent_stays_with_items_when_a_customer_leaves_its_parent(self):
        """What was invoiced before it joined is owed by the parent from then on, as Odoo books it."""
        letter = self.propose().letter_ids
        self.assertEqual((letter.partner_id, letter.stage_id), (self.person, self.first))
        self.send(letter)
        self.join_parent()
        self.person.parent_id = False
        self.env.flush_all()
        self.env.invalidate_all()
        again = self.propose(self.today + timedelta(days=7)).letter_ids
        self.assertEqual((again.partner_id, again.stage_id), (self.parent, self.second))

    def test_who_is_left_out_is_so_after_it_joined_too(self):
        """Leaving out a customer is about the customer, not about its items."""
        exclusions = self.env["ar.dunning.exclusion"].with_user(self.controller)
        exclusion = exclusions._exclude_customers(self.person, self.company, "Agreed")
        self.join_parent()
        self.assertEqual((exclusion.partner_id, exclusion.state), (self.person, "active"))

    def paused(self):
        self.env.flush_all()
        items = self.env["ar.aging.report"].search([("partner_id", "in", (self.person | self.parent).ids)])
        paused = self.env["ar.item.pause"]._get_paused(items, self.company, self.today)
        return {items.browse(item).move_id: amount for item, amount in paused.items()}

    def test_next_steps_of_merged_customers_stay(self):
        kept = self.open()
        step = self.plan_step(self.open(self.other))
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        wizard._merge((self.customer | self.other).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual(kept.activity_ids, step)
