from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common_dunning import DunningCase


@tagged("post_install", "-at_install")
class TestDunningGuard(DunningCase):
    """Exclusions and letters: rights across companies, merged customers, four eyes."""

    def test_exclusions_of_merged_customers(self):
        other, third = self.make_customer("Lindgren AB"), self.make_customer("Third AB")
        invoice = self.make_invoice(20)
        exclusions = self.env["ar.dunning.exclusion"]
        customers = exclusions._exclude_customers(self.customer, self.company, "In court", self.today)
        customers += exclusions._exclude_customers(other | third, self.company, "Bankrupt")
        item = exclusions._exclude_items(
            self.env["ar.aging.report"].search([("move_id", "=", invoice.id)]), "Agreed"
        )
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.customer | other | third).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual(customers.exists(), customers, "evidence is kept")
        self.assertEqual(customers.partner_id, self.customer)
        in_force = customers.filtered(lambda exclusion: not exclusion.ended_date)
        self.assertEqual((len(in_force), in_force.date_to), (1, False), "what lasts longest stays")
        self.assertEqual(item.state, "active")

    def test_exclusion_of_two_instalments_that_become_one(self):
        other = self.make_customer("Lindgren AB")
        self.make_entry([(self.customer, 20, 100.0), (other, 20, 200.0)])
        partners = self.customer | other
        items = self.env["ar.aging.report"].search([("partner_id", "in", partners.ids)])
        exclusions = self.env["ar.dunning.exclusion"]._exclude_items(items, "Agreed")
        self.assertEqual(len(exclusions), 2)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(partners.ids, other)
        self.env.invalidate_all()
        self.assertEqual(sorted(exclusions.mapped("state")), ["active", "ended"])

    def test_exclusion_in_another_company(self):
        foreign = self.env["res.company"].create({"name": "Foreign Ltd"})
        form = (
            self.env["ar.dunning.exclude"]
            .with_user(self.collector)
            .create(
                {
                    "company_id": foreign.id,
                    "kind": "customer",
                    "partner_ids": [Command.set(self.customer.ids)],
                    "reason": "Friends",
                }
            )
        )
        with self.assertRaises(AccessError):
            form.action_exclude()

    def test_nobody_who_changed_a_letter_approves_it(self):
        self.first.requires_approval = True
        self.make_invoice(days=20)
        letter = self.propose(user=self.collector).letter_ids
        letter.with_user(self.controller)._edit(personal_text="Pay or else")
        letter.with_user(self.collector)._edit(channel="post")
        with self.assertRaises(AccessError):
            letter.with_user(self.controller).action_approve()
        letter.with_user(self.other_controller).action_approve()
        self.assertEqual(letter.state, "approved")
