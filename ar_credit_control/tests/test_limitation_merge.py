from odoo.fields import Command
from odoo.tests import tagged

from .common_dispute import DisputeCase


@tagged("post_install", "-at_install")
class TestLimitationMerge(DisputeCase):
    """What is on file of two customers is kept when they turn out to be one."""

    def opening(self, *partners):
        """One opening entry with an item of each customer, due on the same day."""
        receivable = self.company_data["default_account_receivable"]
        other = self.company_data["default_account_revenue"]
        day = self.make_invoice(1.0, 100).invoice_date_due
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": day,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": receivable.id,
                            "partner_id": partner.id,
                            "debit": 100.0,
                            "date_maturity": day,
                        }
                    )
                    for partner in partners
                ]
                + [Command.create({"account_id": other.id, "credit": 100.0 * len(partners)})],
            }
        )
        entry.action_post()
        return entry

    def test_merged_customers_keep_what_is_on_file(self):
        twin = self.make_partner("Kornmann AG (2)")
        items = self.items_of(self.opening(self.customer, twin))
        warnings = self.env["ar.limitation.warning"].sudo()
        disputes, placements, promises, plans, events = (
            self.disputes,
            self.env["ar.placement"],
            self.env["ar.payment.promise"],
            self.env["ar.payment.plan"],
            self.env["ar.limitation.event"],
        )
        for item in items:
            partner = item.partner_id
            warnings._warn_customer(self.company, partner, [(item.id, self.today, "first")])
            disputes += disputes._record(self.category, {item: 10.0}, "Wrong")
            placements += placements._propose(item)
            promises += promises._record(partner, self.company, 20.0, self.today, item)
            plans += plans._draft(partner, self.company, item, "deferral", [self.today], reason="Poor")
            events += events._record(item, "demand", self.today)
        kept = [(records, set(records.ids)) for records in (disputes, placements, promises, plans, events)]
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.customer | twin).ids, self.customer
        )
        self.env.invalidate_all()
        for records, ids in kept:
            self.assertEqual(set(records.exists().ids), ids, records._name)
            self.assertEqual(records.partner_id, self.customer, records._name)
        self.assertEqual(promises.profile_id, plans.profile_id)
        self.assertEqual(len(warnings.search([("partner_id", "=", self.customer.id)])), 1)
