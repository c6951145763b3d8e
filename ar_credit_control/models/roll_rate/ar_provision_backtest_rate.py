from odoo import fields, models
from odoo.tools import SQL


class ArProvisionBacktestRate(models.Model):
    """What was expected to be lost and what was, one row each for the test of a run that counts.

    As rows, so that both stand side by side in a graph. Amounts in company currency.
    """

    _name = "ar.provision.backtest.rate"
    _description = "Expected and Actual Loss"
    _auto = False
    _order = "date, backtest_id, kind desc"
    _depends = {
        "ar.provision.backtest": [
            "company_id",
            "date_from",
            "date_to",
            "expected",
            "gross",
            "lost",
            "run_id",
            "state",
        ],
    }

    backtest_id = fields.Many2one("ar.provision.backtest", string="Back-test", readonly=True)
    run_id = fields.Many2one("ar.provision.run", string="Provision Run", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", related="company_id.currency_id")
    date = fields.Date(string="Reporting Date", readonly=True)
    date_to = fields.Date(string="Tested On", readonly=True)
    kind = fields.Selection([("expected", "Expected"), ("actual", "Actual")], readonly=True)
    gross = fields.Monetary(string="Owed", readonly=True, aggregator=None)
    amount = fields.Monetary(string="Loss", readonly=True, aggregator=None)
    rate = fields.Float(
        string="Loss Rate (%)",
        readonly=True,
        digits=(12, 2),
        aggregator="avg",
        help="Loss / owed; of several runs together, weighted by what was owed.",
    )

    def _read_group_select(self, aggregate_spec, query):
        """The rate of a group is its loss over what was owed, not an average of rates."""
        if aggregate_spec != "rate:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "(100 * SUM(%s) / NULLIF(SUM(%s), 0))::float",
            self._field_to_sql(self._table, "amount", query),
            self._field_to_sql(self._table, "gross", query),
        )

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT 2 * test.id + (side.kind = 'actual')::int AS id,
                   test.id AS backtest_id,
                   test.run_id,
                   test.company_id,
                   test.date_from AS date,
                   test.date_to,
                   side.kind,
                   test.gross,
                   side.amount,
                   COALESCE(100 * side.amount / NULLIF(test.gross, 0), 0)::float AS rate
              FROM ar_provision_backtest test
        CROSS JOIN LATERAL (VALUES ('expected', test.expected), ('actual', test.lost)) side (kind, amount)
             WHERE test.state = 'current'
            """
        )

    def action_open_test(self):
        """Open the test that says it, by bucket."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.provision.backtest",
            "res_id": self.backtest_id.id,
            "views": [(False, "form")],
        }
