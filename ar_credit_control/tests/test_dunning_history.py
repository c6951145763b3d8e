from datetime import timedelta

from odoo.tests import tagged

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDunningHistory(DunningCase):
    """What was sent to a customer counts on when the customer gets a parent company or is merged."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.make_customer("Petra Kornmann", is_company=False)
        cls.parent = cls.make_customer("Kornmann Holding AG")
        cls.invoice = cls.make_invoice(days=20, partner=cls.person)

    def join_parent(self):
        self.person.parent_id = self.parent
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.person.commercial_partner_id, self.parent)
        item = self.env["ar.aging.report"].search([("move_id", "=", self.invoice.id)])
        self.assertEqual(item.partner_id, self.parent)
        return item

    def test_stages_go_on_after_a_customer_gets_a_parent(self):
        letter = self.propose().letter_ids
        self.send(letter)
        item = self.join_parent()
        self.assertEqual(item.dunning_stage_id, self.first)
        self.assertEqual(self.invoice.dunning_stage_id, self.first)
        self.assertGreater(self.invoice.dunning_next_date, self.today)
        later = self.propose(self.today + timedelta(days=self.policy.contact_interval_days + 1)).letter_ids
        self.assertEqual((later.partner_id, later.stage_id), (self.parent, self.second))
        self.assertEqual(letter.partner_name, self.person.name, "the letter stays as it was sent")

    def test_days_between_contacts_count_after_a_customer_gets_a_parent(self):
        self.send(self.propose().letter_ids)
        self.join_parent()
        run = self.propose(self.today + timedelta(days=1))
        self.assertFalse(run.letter_ids)
        late = self.make_invoice(days=10, partner=self.parent)
        run = self.propose(self.today + timedelta(days=1))
        self.assertFalse(run.letter_ids)
        self.assertEqual(self.reasons(run), {(self.parent, "contacted")})
        self.assertTrue(late)

    def test_a_waiting_letter_stands_in_the_way_after_a_customer_gets_a_parent(self):
        letter = self.propose().letter_ids
        self.join_parent()
        run = self.propose()
        self.assertFalse(run.letter_ids)
        self.assertEqual(self.reasons(run), {(self.parent, "waiting")})
        self.send(letter)
        self.assertEqual((letter.state, letter.amount_total), ("sent", 1000.0))
        self.assertEqual(len(letter.line_ids), 1)

    def test_rules_know_what_was_sent_before_a_customer_got_a_parent(self):
        self.send(self.propose().letter_ids)
        self.join_parent()
        figures = self.env["ar.credit.check"]._get_figures_dunning_stage(
            self.env["ar.credit.rule"], self.parent.ids, self.company
        )
        self.assertEqual(figures[self.parent.id]["dunning_level"], self.first.sequence)

    def test_stages_go_on_after_a_customer_left_its_parent(self):
        self.send(self.propose().letter_ids)
        self.join_parent()
        self.person.parent_id = False
        self.env.flush_all()
        self.env.invalidate_all()
        item = self.env["ar.aging.report"].search([("move_id", "=", self.invoice.id)])
        self.assertEqual(item.partner_id, self.parent, "Odoo leaves the item with the former parent")
        self.assertEqual(item.dunning_stage_id, self.first)
        later = self.propose(self.today + timedelta(days=self.policy.contact_interval_days + 1)).letter_ids
        self.assertEqual((later.partner_id, later.stage_id), (self.parent, self.second))

    def test_stages_go_on_after_customers_are_merged(self):
        other = self.make_customer("Kornmann double")
        second_invoice = self.make_invoice(days=20, partner=other)
        self.send(self.propose().letter_ids)
        self.env["base.partner.merge.automatic.wizard"].sudo().create({})._merge(
            (self.customer | other).ids, self.customer
        )
        self.env.invalidate_all()
        run = self.propose(self.today + timedelta(days=1))
        self.assertFalse(run.letter_ids)
        later = self.propose(self.today + timedelta(days=self.policy.contact_interval_days + 1)).letter_ids
        merged = later.filtered(lambda letter: letter.partner_id == self.customer)
        self.assertEqual((merged.stage_id, merged.line_ids.move_id), (self.second, second_invoice))
