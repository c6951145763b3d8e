from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

# What the valuation gives a line; the rest is the run's.
VALUED = (
    "move_line_id",
    "move_id",
    "account_id",
    "partner_id",
    "partner_name",
    "company_id",
    "currency_id",
    "name",
    "ref",
    "invoice_date",
    "date_maturity",
    "days_past_due",
    "bucket_id",
    "segment_id",
    "rating_id",
    "assessment_id",
    "treatment",
    "is_interest",
    "least",
    "gross",
    "gross_currency",
    "offset",
    "covered",
    "tax_share",
    "base_rate",
    "rating_factor",
    "rate",
    "cover_rate",
    "valuation",
    "amount",
    "amount_currency",
)


class ArProvisionLine(models.Model):
    """One open item as a provision run valued it, see ``ar.provision.valuation``.

    Written by the run in one statement, frozen with it: figures of its own that outlive the journal item.
    """

    _name = "ar.provision.line"
    _description = "Provision Line"
    _inherit = ["ar.item.mixin"]
    _order = "run_id, amount desc, id"

    run_id = fields.Many2one(
        "ar.provision.run",
        string="Provision Run",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
    )
    root_company_id = fields.Many2one(related="run_id.company_id", string="Main Company")
    company_currency_id = fields.Many2one(related="run_id.currency_id", string="Company Currency")
    # An item without a customer is valued, too.
    partner_id = fields.Many2one(required=False)
    partner_name = fields.Char(
        string="Customer Then", readonly=True, help="Stays when it is renamed or merged."
    )
    account_id = fields.Many2one(
        "account.account", string="Receivable Account", readonly=True, ondelete="restrict"
    )
    days_past_due = fields.Integer(readonly=True, aggregator="max")
    bucket_id = fields.Many2one("ar.provision.bucket", readonly=True, ondelete="restrict")
    segment_id = fields.Many2one("ar.provision.segment", readonly=True, ondelete="restrict")
    rating_id = fields.Many2one("ar.credit.rating", readonly=True, ondelete="restrict")
    assessment_id = fields.Many2one("ar.provision.assessment", readonly=True, ondelete="restrict")
    treatment = fields.Selection(
        [
            ("matrix", "By the matrix"),
            ("individual", "Assessed individually"),
            ("credit", "Credit: no loss"),
            ("group", "Own group: no loss"),
        ],
        readonly=True,
    )
    is_interest = fields.Boolean(
        string="Interest or Fee",
        readonly=True,
        help="A debit note for interest and fixed sums on other items, valued at the same rates as they are.",
    )
    least = fields.Selection(
        [("default", "In default"), ("disputed", "In dispute"), ("legal", "With agency or lawyer")],
        string="Least Rate",
        readonly=True,
        help="Why the rate is higher than the matrix says.",
    )
    gross = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="What was open at the date, as in the ageing and the ledger.",
    )
    gross_currency = fields.Monetary(string="Gross in Currency", readonly=True)
    offset = fields.Monetary(
        string="Own Credits",
        readonly=True,
        currency_field="company_currency_id",
        help="Unapplied receipts and credit notes of the same customer, set off against the oldest items.",
    )
    covered = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="Covered by guarantees, deposits or insurance in force at the date.",
    )
    tax_share = fields.Float(
        string="Tax Left Out (%)",
        readonly=True,
        digits=(12, 6),
        aggregator=None,
        help="Share of tax in the invoice: it comes back when the claim is lost and is no loss, where the "
        "policy says so.",
    )
    base_rate = fields.Float(
        string="Matrix Rate (%)",
        readonly=True,
        digits=(12, 4),
        aggregator=None,
        help="As approved, before rating and outlook.",
    )
    rating_factor = fields.Float(
        readonly=True,
        digits=(12, 4),
        aggregator=None,
        help="By which the rating of the customer multiplies the matrix rate.",
    )
    outlook = fields.Float(
        string="Outlook Factor",
        related="run_id.matrix_id.factor",
        aggregator=None,
        help="By which the loss rates are multiplied for what is expected.",
    )
    rate = fields.Float(
        string="Loss Rate (%)", readonly=True, digits=(12, 6), aggregator=None, help="On what is not covered."
    )
    cover_rate = fields.Float(
        string="Rate of the Covered Part (%)", readonly=True, digits=(12, 6), aggregator=None
    )
    valuation = fields.Float(
        string="Factor of Exchange",
        readonly=True,
        digits=(16, 8),
        aggregator=None,
        help="Worth at the closing rate over the amount in the ledger; 1 where the ledger's amount counts.",
    )
    amount = fields.Monetary(string="Expected Loss", readonly=True, currency_field="company_currency_id")
    amount_currency = fields.Monetary(string="Expected Loss in Currency", readonly=True)

    _item_idx = models.Index("(move_id, partner_id, date_maturity, run_id)")

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Lines of a provision run are kept with the run."))

    @api.model
    def _write_lines(self, run):
        """Write the lines of a run in one statement, in the place of earlier ones."""
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM ar_provision_line WHERE run_id = %s", run.id))
        self.env["ar.aging.report"]._switch_off_jit()
        columns = SQL(", ").join(SQL.identifier(name) for name in VALUED)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ar_provision_line
                       (run_id, create_uid, create_date, write_uid, write_date, %(columns)s)
                SELECT %(run)s, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC',
                       %(columns)s
                  FROM (%(valuation)s) valued
                """,
                columns=columns,
                run=run.id,
                uid=self.env.uid,
                valuation=self.env["ar.provision.valuation"]._valuation_sql(
                    run.policy_id, run.matrix_id, run.date
                ),
            )
        )
        self.invalidate_model()

    def action_open_entry(self):
        """Open the invoice or entry of this line, as it is now."""
        self.ensure_one()
        return self.run_id._open_entry(self.move_id, self.name)
