from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.fields import Command
from odoo.tests import tagged

from .common_writeoff import WriteoffCase

CLAIM = st.tuples(
    st.sampled_from([10, 33.33, 100.01, 999.99, 7]),
    st.integers(1, 120),
    st.sampled_from(["own", "cents", "yen"]),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1 / 3, 0.5, 1.0]),
)


@tagged("post_install", "-at_install")
class TestWriteoffInvariant(WriteoffCase):
    """Any mix of items and amounts: entries balance, the ledger falls by what was written off, cancelling
    restores it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currencies = {
            "own": cls.company.currency_id,
            "cents": cls.setup_other_currency("USD", rates=[("2000-01-01", 3.0)]),
            "yen": cls.setup_other_currency("JPY", rates=[("2000-01-01", 7.3)]),
        }
        cls.tax = cls.company_data["default_tax_sale"]
        cls.company.writeoff_tax = "reverse"

    def make_claim(self, amount, days, currency, taxed, partner):
        taxes = Command.set(self.tax.ids) if taxed else Command.clear()
        line = {"name": "Work", "price_unit": amount, "tax_ids": [taxes]}
        return self.make_invoice(
            amount,
            days,
            partner_id=partner.id,
            currency_id=self.currencies[currency].id,
            invoice_line_ids=[Command.create(line)],
        )

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(CLAIM, min_size=1, max_size=4),
        st.sampled_from(["provided", "allowance", "direct"]),
        st.booleans(),
    )
    def test_books_close(self, claims, against, with_run):
        with self.env.cr.savepoint() as savepoint:
            self.check(claims, against, with_run)
            savepoint.rollback()
        self.env.invalidate_all()

    def check(self, claims, against, with_run):
        self.policy.writeoff_against = against
        partner = self.make_partner("Generated")
        shares = {
            self.make_claim(amount, days, currency, taxed, partner): share
            for amount, days, currency, taxed, share in claims
        }
        if with_run:
            self.make_run()
        amounts = {move: move.currency_id.round(move.amount_total * share) for move, share in shares.items()}
        if not any(amounts.values()):
            return
        residuals = {move: move.amount_residual for move in shares}
        before = self.figures_of(partner)
        writeoff = self.write_off(*shares, amounts=amounts)
        self.assertBooked(writeoff)
        after = self.figures_of(partner)
        self.assertAlmostEqual(before[0] - after[0], writeoff.amount, 2)
        self.assertAlmostEqual(before[1] - after[1], writeoff.amount_provided, 2)
        self.assertAlmostEqual(
            writeoff.amount, writeoff.amount_tax + writeoff.amount_provided + writeoff.amount_expense, 2
        )
        self.assertAlmostEqual(sum(writeoff.movement_ids.mapped("amount")), -writeoff.amount_provided, 2)
        self.env.invalidate_all()
        for move, amount in amounts.items():
            self.assertAlmostEqual(move.amount_residual, residuals[move] - amount, 2)
            items = move.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
            if not move.amount_residual:
                self.assertEqual(sum(items.mapped("amount_residual")), 0)
        self.assert_ageing_ties(partner)
        writeoff.with_user(self.controller).action_cancel("Generated")
        self.assertEqual(self.figures_of(partner), before)
        self.env.invalidate_all()
        self.assertEqual({move: move.amount_residual for move in shares}, residuals)
        self.assert_ageing_ties(partner)

    def figures_of(self, partner):
        figures = self.receivable_of(partner), self.allowance_at(), self.balance_of(self.loss)
        return tuple(round(figure, 2) + 0.0 for figure in figures)

    def assert_ageing_ties(self, partner):
        self.env.flush_all()
        rows = self.env["ar.aging.report"].search([("partner_id", "=", partner.id)])
        self.assertAlmostEqual(sum(rows.mapped("amount")), self.receivable_of(partner), 2)
