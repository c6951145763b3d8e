from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_list


class ArProvisionRun(models.Model):
    """A run is not taken from under the write-offs that used what it provided."""

    _inherit = "ar.provision.run"

    def _reverse(self):
        raised = self._get_raised_accounts()
        done = super()._reverse()
        if raised:
            self._check_left_for_writeoffs(raised)
        return done

    def _get_raised_accounts(self):
        """Return the branches and allowance accounts of which cancelling takes something."""
        movements = self.sudo().movement_ids  # sudo: of branches that the user does not see, too
        counted = movements.filtered(lambda row: row.move_id.state == "posted")
        return [
            key
            for key, rows in counted.grouped(lambda row: (row.company_id, row.account_id)).items()
            if self.currency_id.compare_amounts(sum(rows.mapped("amount")), 0) > 0
        ]

    def _check_left_for_writeoffs(self, accounts):
        """Refuse to leave a debit on the allowance, until the next run, that write-offs would make.

        :param accounts: list of (company or branch, allowance account)
        :raise UserError: naming the write-offs
        """
        following = self._get_next_posted(self.date)
        until = following.date if following else None
        lacking = {
            (company, account): held
            for company, account, held in self.env.execute_query(self._get_least_held_sql(accounts, until))
            if held < 0
        }
        movements = self.env["ar.provision.movement"].sudo()  # sudo: whoever wrote off
        used = movements.search(
            [
                ("root_company_id", "=", self.company_id.id),
                ("kind", "=", "used"),
                ("date", ">=", self.date),
                ("writeoff_id.state", "=", "posted"),
                *([("date", "<", until)] if until else []),
            ]
        ).filtered(lambda row: (row.company_id.id, row.account_id.id) in lacking)
        if used:
            raise UserError(
                self.env._(
                    "%(writeoffs)s used what “%(run)s” provided: without it the allowance would be "
                    "%(amount)s. Cancel them first, or correct it by a run at a later date.",
                    writeoffs=format_list(self.env, used.writeoff_id.mapped("name")),
                    run=self.name,
                    amount=self.currency_id.format(sum(map(float, lacking.values()))),
                )
            )

    def _get_least_held_sql(self, accounts, until) -> SQL:
        """Return the least that allowance accounts hold at the end of any day from the run's date on."""
        self.env.flush_all()
        return SQL(
            """
            SELECT company_id, account_id, MIN(held)
              FROM (
                    SELECT company_id, account_id, date,
                           SUM(-SUM(balance)) OVER (PARTITION BY company_id, account_id ORDER BY date) AS held
                      FROM account_move_line
                     WHERE (company_id, account_id) IN %(accounts)s AND parent_state = 'posted'
                  GROUP BY company_id, account_id, date
                   ) day
             WHERE date >= %(date)s AND date < COALESCE(%(until)s::date, 'infinity')
          GROUP BY company_id, account_id
            """,
            accounts=tuple((company.id, account.id) for company, account in accounts),
            date=self.date,
            until=until,
        )
