from odoo.tests import tagged

from .common_delivery import DeliveryCase


@tagged("post_install", "-at_install")
class TestDeliveryCost(DeliveryCase):
    """The gate asks a bounded number of statements, whatever the ledger and however many transfers."""

    def _count(self, records, method, *args):
        """Statements of the check alone, nothing cached but the rules, which are kept between requests."""
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.registry.clear_cache("default")
        self.env["ar.credit.exposure"]._get_overdue_thresholds()
        self.env["ar.credit.rule"]._get_empty_policy()
        records.sudo().mapped("move_ids.state")
        start = self.cr.sql_log_count
        getattr(records, method)(*args)
        self.env.flush_all()
        return self.cr.sql_log_count - start

    def test_many_transfers_cost_what_one_costs(self):
        one = self.make_delivery(1)
        many = one.browse()
        for number in range(6):
            many |= self.make_delivery(1, self.make_customer(f"Counted {number}", 1000.0))
        counts = [self._count(pickings, "_credit_stop") for pickings in (one, many)]
        self.assertEqual(counts[0], counts[1], counts)
        self.assertLessEqual(counts[0], 18)

    def test_the_ledger_does_not_matter(self):
        before = self._count(self.make_delivery(1), "_credit_stop")
        for _number in range(5):
            self.make_invoice(10, -10)
        self.assertEqual(self._count(self.make_delivery(1), "_credit_stop"), before)

    def test_validating_costs_little_more_than_in_core(self):
        """The whole validation with holds switched on against the same with holds switched off."""
        pickings = [self.make_delivery(1) for _number in range(3)]
        self._count(pickings.pop(), "button_validate")  # what is read once for all
        on = self._count(pickings.pop(), "button_validate")
        self.company.credit_control_active = False
        off = self._count(pickings.pop(), "button_validate")
        self.assertLessEqual(on - off, 9, f"{on} statements, {off} in core")
