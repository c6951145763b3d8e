from odoo import api, fields, models
from odoo.tools import SQL


class ArProvisionRunChange(models.Model):
    """What a run books: for each branch, allowance account and segment what is needed less what is booked."""

    _name = "ar.provision.run.change"
    _description = "Change of the Allowance by a Run"
    _inherit = ["ar.evidence.mixin"]
    _order = "run_id, company_id, account_id, segment_id, id"

    _made_by_methods = True

    run_id = fields.Many2one(
        "ar.provision.run",
        string="Provision Run",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    account_id = fields.Many2one(
        "account.account", string="Allowance Account", readonly=True, ondelete="restrict"
    )
    expense_account_id = fields.Many2one(
        "account.account", string="Charge Account", readonly=True, ondelete="restrict"
    )
    release_account_id = fields.Many2one("account.account", readonly=True, ondelete="restrict")
    segment_id = fields.Many2one("ar.provision.segment", readonly=True, ondelete="restrict")
    required = fields.Monetary(readonly=True, help="Expected loss by the run.")
    booked = fields.Monetary(readonly=True, help="What the account held at the date.")
    other = fields.Monetary(
        string="Booked by Others", readonly=True, help="Part of it that no run and no write-off explains."
    )
    change = fields.Monetary(readonly=True)
    exchange = fields.Monetary(
        readonly=True, help="Part of the change that rates of exchange made since the run before."
    )

    def _get_writable_fields(self):
        return frozenset()

    @api.model
    def _write_changes(self, run):
        """Write what the run changes, in one statement, in the place of earlier rows.

        An item belongs to the allowance account of its receivable account, which says where it is charged;
        what is booked where nothing is needed any more is released from there.
        """
        accounts = run.policy_id._get_accounts()
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM ar_provision_run_change WHERE run_id = %s", run.id))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ar_provision_run_change
                       (run_id, company_id, account_id, expense_account_id, release_account_id, segment_id,
                        required, booked, other, change, exchange,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(run)s, change.company_id, NULLIF(change.account_id, 0),
                       NULLIF(COALESCE(own.expense_id, %(expense)s), 0),
                       NULLIF(COALESCE(own.release_id, %(release)s), 0), NULLIF(change.segment_id, 0),
                       required, booked, other, required - booked, exchange,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM (
                        SELECT company_id, account_id, segment_id, SUM(required) AS required,
                               SUM(booked) AS booked, SUM(other) AS other, SUM(exchange) AS exchange
                          FROM (
                                SELECT line.company_id,
                                       COALESCE(own.allowance_id, %(allowance)s) AS account_id,
                                       COALESCE(line.segment_id, 0) AS segment_id,
                                       line.required, 0 AS booked, 0 AS other, line.exchange
                                  FROM (%(lines)s) line
                             LEFT JOIN unnest(%(receivable)s::int[], %(own_allowance)s::int[])
                                    AS own (receivable_id, allowance_id)
                                    ON own.receivable_id = line.account_id
                             UNION ALL
                                SELECT company_id, account_id, COALESCE(segment_id, 0), %(kept)s, amount,
                                       other, 0
                                  FROM (%(booked)s) booked
                               ) row
                      GROUP BY company_id, account_id, segment_id
                       ) change
             LEFT JOIN unnest(%(allowances)s::int[], %(expenses)s::int[], %(releases)s::int[])
                    AS own (allowance_id, expense_id, release_id)
                    ON own.allowance_id = change.account_id
                """,
                run=run.id,
                uid=self.env.uid,
                lines=self._lines_sql(run),
                # an opening keeps what is booked
                kept=SQL("amount") if run.kind == "opening" else SQL("0"),
                booked=self.env["ar.provision.movement"]._booked_sql(run.policy_id, run.date),
                **self._prepare_account_params(accounts),
            )
        )
        self.invalidate_model()

    @api.model
    def _lines_sql(self, run) -> SQL:
        """Return what is needed for each line of a run, and what rates of exchange made of it."""
        if run.kind == "opening":
            return SQL(
                """SELECT NULL::int AS company_id, NULL::int AS account_id, NULL::int AS segment_id,
                          NULL::numeric AS required, NULL::numeric AS exchange WHERE FALSE"""
            )
        lines = SQL(
            """SELECT company_id, account_id, segment_id, amount AS required, 0 AS exchange
                 FROM ar_provision_line WHERE run_id = %s AND amount != 0""",
            run.id,
        )
        if not (run.previous_id and run.policy_id.closing_rate):
            return lines
        return SQL(
            "%s UNION ALL SELECT company_id, account_id, segment_id, 0, exchange FROM (%s) exchanged",
            lines,
            self._exchange_sql(run, run.previous_id),
        )

    @api.model
    def _exchange_sql(self, run, previous) -> SQL:
        """Return what rates of exchange made of the lines of a run since another one."""
        return SQL(
            "SELECT company_id, account_id, segment_id, exchange FROM (%s) comparison WHERE exchange != 0",
            self.env["ar.provision.comparison"]._comparison_sql(SQL("run.id = %s", run.id), previous),
        )

    @api.model
    def _sum_exchange(self, run, previous):
        """Return what rates of exchange made of a run since another one, in company currency: {(company or
        branch, allowance account, segment): amount}."""
        if not previous:
            return {}
        self.env.flush_all()
        accounts = self._prepare_account_params(run.policy_id._get_accounts())
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.company_id, COALESCE(own.allowance_id, %(allowance)s), line.segment_id,
                       SUM(line.exchange)::float8
                  FROM (%(lines)s) line
             LEFT JOIN unnest(%(receivable)s::int[], %(own_allowance)s::int[])
                    AS own (receivable_id, allowance_id)
                    ON own.receivable_id = line.account_id
              GROUP BY 1, 2, 3
                """,
                lines=self._exchange_sql(run, previous),
                **accounts,
            )
        )
        names = ("res.company", "account.account", "ar.provision.segment")
        return {
            tuple(self.env[name].browse(row_id) for name, row_id in zip(names, ids, strict=True)): amount
            for *ids, amount in rows
        }

    @api.model
    def _prepare_account_params(self, accounts):
        """Return the accounts of a policy as parameters: its own, those of receivable accounts, and where
        each allowance account is charged and released."""
        none = self.env["account.account"]
        own = {receivable: row[0] for receivable, row in accounts.items() if receivable}
        charged = {}
        for allowance, charge, release in accounts.values():
            charged.setdefault(allowance, (charge, release))
        return {
            **{
                name: account.id or 0
                for name, account in zip(("allowance", "expense", "release"), accounts[none], strict=True)
            },
            "receivable": [receivable.id for receivable in own],
            "own_allowance": [allowance.id or 0 for allowance in own.values()],
            "allowances": [allowance.id or 0 for allowance in charged],
            "expenses": [charge.id or 0 for charge, _release in charged.values()],
            "releases": [release.id or 0 for _charge, release in charged.values()],
        }

    def _get_rest(self):
        """Return what of the change is not made by rates of exchange."""
        self.ensure_one()
        return self.currency_id.round(self.change - self.exchange)

    def _split(self, exchange_account, transfer):
        """Return what is booked of a change: rows of kind, account booked against and amount.

        What rates of exchange made is a movement of its own; without an account of its own it is booked as
        charge or release.

        :param transfer: part of the rest that other segments of the account make up for
        """
        self.ensure_one()
        rest = self.currency_id.round(self._get_rest() - transfer)
        parts = (
            ("charge" if rest > 0 else "release", rest, None),
            ("exchange", self.exchange, exchange_account),
        )
        return [
            (kind, own or (self.expense_account_id if amount > 0 else self.release_account_id), amount)
            for kind, amount, own in parts
            if not self.currency_id.is_zero(amount)
        ]
