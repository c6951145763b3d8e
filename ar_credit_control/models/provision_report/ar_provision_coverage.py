from odoo import api, fields, models
from odoo.tools import SQL


class ArProvisionCoverage(models.Model):
    """What posted runs provided, by customer, bucket, segment and rating: how much of the claims is covered
    by the allowance.

    Reads the frozen lines of the runs. Amounts in company currency.
    """

    _name = "ar.provision.coverage"
    _description = "Coverage by the Allowance"
    _auto = False
    _order = "date desc, amount desc, id"
    _depends = {
        "ar.provision.run": ["company_id", "date", "kind", "name", "state"],
        "ar.provision.line": [
            "amount",
            "bucket_id",
            "covered",
            "days_past_due",
            "gross",
            "offset",
            "partner_id",
            "rating_id",
            "run_id",
            "segment_id",
            "treatment",
        ],
    }

    run_id = fields.Many2one("ar.provision.run", string="Provision Run", readonly=True)
    date = fields.Date(string="Reporting Date", readonly=True)
    is_last = fields.Boolean(
        string="Last Posted Run", readonly=True, help="No run at a later date is posted for the company."
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    bucket_id = fields.Many2one("ar.provision.bucket", string="Age", readonly=True)
    segment_id = fields.Many2one("ar.provision.segment", readonly=True)
    rating_id = fields.Many2one("ar.credit.rating", readonly=True)
    treatment = fields.Selection(
        selection=lambda self: (
            self.env["ar.provision.line"]._fields["treatment"]._description_selection(self.env)
        ),
        readonly=True,
    )
    item_count = fields.Integer(string="Items", readonly=True)
    days_past_due = fields.Integer(
        string="Oldest (days)", readonly=True, aggregator="max", help="Days past due at the date of the run."
    )
    gross = fields.Monetary(readonly=True)
    offset = fields.Monetary(string="Own Credits", readonly=True)
    covered = fields.Monetary(readonly=True, help="By guarantees, deposits or insurance.")
    amount = fields.Monetary(string="Expected Loss", readonly=True)
    coverage = fields.Float(
        string="Coverage (%)",
        readonly=True,
        aggregator="avg",
        digits=(12, 2),
        help="Expected loss over gross claims: receipts and credit notes that are not applied yet left out.",
    )

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """The coverage of a group is its loss over its claims, not an average of rates."""
        if aggregate_spec != "coverage:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "(100 * SUM(%s) / NULLIF(SUM(GREATEST(%s, 0)), 0))::float",
            self._field_to_sql(self._table, "amount", query),
            self._field_to_sql(self._table, "gross", query),
        )

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT MIN(line.id) AS id,
                   line.run_id,
                   run.date,
                   run.is_last,
                   run.company_id,
                   line.partner_id,
                   line.bucket_id,
                   line.segment_id,
                   line.rating_id,
                   line.treatment,
                   COUNT(*) AS item_count,
                   MAX(line.days_past_due) AS days_past_due,
                   SUM(line.gross) AS gross,
                   SUM(line."offset") AS "offset",
                   SUM(line.covered) AS covered,
                   SUM(line.amount) AS amount,
                   COALESCE(100 * SUM(line.amount) / NULLIF(SUM(GREATEST(line.gross, 0)), 0), 0)::float
                       AS coverage
              FROM ar_provision_line line
              JOIN (
                    SELECT id, date, company_id,
                           ROW_NUMBER() OVER (PARTITION BY company_id ORDER BY date DESC, id DESC) = 1
                               AS is_last
                      FROM ar_provision_run
                     WHERE state = 'posted' AND kind = 'regular'
                   ) run ON run.id = line.run_id
          GROUP BY line.run_id, run.date, run.is_last, run.company_id, line.partner_id, line.bucket_id,
                   line.segment_id, line.rating_id, line.treatment
            """
        )

    def action_open_lines(self):
        """Open the items of the run for this row's customer, age and treatment."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.partner_id.display_name or self.env._("Without customer"),
            "res_model": "ar.provision.line",
            "view_mode": "list,kanban",
            "mobile_view_mode": "kanban",
            "domain": [
                (name, "=", self[name].id if name != "treatment" else self[name])
                for name in ("run_id", "partner_id", "bucket_id", "segment_id", "rating_id", "treatment")
            ],
        }
