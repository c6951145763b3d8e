from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_date


class ArWriteoff(models.Model):
    """Entries of a write-off, one for each company or branch, matched with the items; taking them back."""

    _inherit = "ar.writeoff"

    def action_post(self):
        """Book what was approved, and match it with the items.

        :raise AccessError: for who is neither credit controller nor accountant
        :raise UserError: when less is open than was approved, more money came in, in a closed period, before
            a posted run that holds the items, or without an account
        """
        self._check_posts()
        self._check_state("approved")
        for writeoff in self:
            writeoff._post()
        return True

    def _post(self):
        self.ensure_one()
        self._lock()
        lines = self._get_lines()
        lines._lock_items()
        items = lines._find_items()
        self._check_terms()
        self._check_not_above_open()
        self._check_in_transit()
        # sudo: figures that nobody types
        for line, values in self._measure(items).items():
            line.sudo().write({**values, "receivable_account_id": items[line].account_id.id})
        self._check_can_post(lines, items)
        for company, of_company in lines.grouped("company_id").items():
            self._book(company, of_company, items)
        self._write_evidence(
            {"state": "posted", "posted_by_id": self.env.uid, "posted_on": fields.Datetime.now()}
        )

    def _lock(self):
        """Let one at a time post, recover or cancel, and nobody else use the allowance: by writing, so that
        a second one sees the first."""
        self.env.flush_all()
        for table, condition in (
            ("ar_writeoff", SQL("id = ANY(%s)", self.ids)),
            ("ar_provision_policy", SQL("company_id = ANY(%s)", self.company_id.ids)),
        ):
            self.env.cr.execute(
                SQL("UPDATE %s SET write_date = write_date WHERE %s", SQL.identifier(table), condition)
            )
        self.invalidate_recordset()

    # ------------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------------

    def _check_can_post(self, lines, items):
        if any(not line.loss_account_id for line in lines):
            raise UserError(
                self.env._("Choose the write-off account on the provision policy, or in the settings.")
            )
        latest = max(item.date for item in items.values())
        if latest > self.date:
            raise UserError(
                self.env._(
                    "Dated %(date)s, before the items: the latest is of %(latest)s.",
                    date=format_date(self.env, self.date),
                    latest=format_date(self.env, latest),
                )
            )
        self._check_open_period(self.date, lines.company_id, any(lines.mapped("amount_tax")))
        if any(lines.mapped("amount_provided")):
            self._check_after_run(self.date)
        self._check_not_under_run(lines)

    def _check_open_period(self, date, companies, has_tax):
        if not (locks := self._get_locks(date, companies, has_tax)):
            return
        values = {
            "date": format_date(self.env, date),
            "locks": self.company_id.sudo()._format_lock_dates(locks),  # sudo: lock dates of the company
        }
        if self.state == "approved":
            raise UserError(
                self.env._(
                    "%(date)s is in a closed period: %(locks)s. Send it back to choose a later date.",
                    **values,
                )
            )
        raise UserError(
            self.env._("%(date)s is in a closed period: %(locks)s. Choose a later accounting date.", **values)
        )

    def _get_locks(self, date, companies, has_tax):
        """Return the lock dates of companies that a date violates."""
        journal = self._get_journal()
        # sudo: lock dates of a branch that the user does not work in
        locks = [
            lock
            for company in companies.sudo()
            for lock in company._get_violated_lock_dates(date, has_tax, journal)
        ]
        return list(dict.fromkeys(locks))

    def _check_after_run(self, date):
        """Refuse to move the allowance before a posted run: its figure at its date stands.

        :raise UserError: naming the run
        """
        self._refuse_before(self._get_last_run(), date)

    def _check_not_under_run(self, lines):
        """Refuse to date a write-off before a posted run that values these items as open at its date.

        :raise UserError: naming the run
        """
        held = (
            self.env["ar.provision.line"]
            .sudo()
            .search(  # sudo: who asks may not read runs
                Domain("move_id", "in", lines.sudo().move_id.ids)  # sudo: ids only
                & Domain("partner_id", "in", lines.partner_id.ids)
                & Domain("gross", ">", 0)
                & Domain("run_id.company_id", "=", self.company_id.id)
                & Domain("run_id.state", "=", "posted")
                & Domain("run_id.kind", "=", "regular")
                & Domain("run_id.date", ">", self.date)
            )
        )
        self._refuse_before(held.run_id.sorted("date")[-1:], self.date)

    def _refuse_before(self, run, date):
        if run and date < run.date:
            raise UserError(
                self.env._(
                    "Provision run %(run)s is posted at %(date)s. Choose that date or a later one.",
                    run=run.name,
                    date=format_date(self.env, run.date),
                )
            )

    def _get_journal(self):
        """Return the general journal in which write-offs are booked.

        :raise UserError: when the company has none
        """
        root = self.company_id.sudo()  # sudo: settings of the main company
        journal = root.writeoff_journal_id or self._get_policy().journal_id
        journal = journal or self.env["account.journal"].sudo().search(  # sudo: of the main company
            [("company_id", "=", root.id), ("type", "=", "general")], limit=1
        )
        if not journal:
            raise UserError(self.env._("%s has no general journal for write-offs.", root.name))
        return journal

    # ------------------------------------------------------------------
    # The entry
    # ------------------------------------------------------------------

    def _book(self, company, lines, items):
        """Post the entry of one company or branch, match it, and write the movements of the allowance."""
        # sudo: who posts need not be an accountant; what is booked was approved
        move = self.env["account.move"].sudo().with_company(company)
        move = move.with_context(skip_invoice_sync=True).create(self._prepare_move(company, lines, items))
        move = move.with_context(skip_invoice_sync=False)
        move.action_post()
        self._write_evidence({"move_ids": [Command.link(move.id)]})
        receivable = {item.account_id for item in items.values()}
        credits = move.line_ids.filtered(
            lambda item: item.account_type == "asset_receivable" and item.account_id in receivable
        ).sorted("id")
        for line, credit in zip(lines, credits, strict=True):
            line.sudo().write({"entry_id": move.id, "entry_line_id": credit.id})  # sudo: see above
        self._match([items[line] + credit for line, credit in zip(lines, credits, strict=True)])
        self._match_waiting_taxes(move, lines)
        self._write_movements("used", move, -1, lines, "amount_provided")

    @api.model
    def _match(self, pairs):
        """Match each item with its credit, all at once."""
        self.env["account.move.line"].sudo()._reconcile_plan(pairs)  # sudo: see _book

    def _prepare_move(self, company, lines, items):
        rows = [
            values
            for prepare in (self._prepare_credit, self._prepare_debits)
            for line in lines
            for values in prepare(line, items[line])
        ]
        return {
            "move_type": "entry",
            "company_id": company.id,
            "journal_id": self._get_journal().id,
            "date": self.date,
            "ref": self.env._(
                "Write-off %(number)s: %(reason)s", number=self.name, reason=self.reason_id.name
            ),
            "line_ids": [Command.create(values) for values in rows],
        }

    def _prepare_name(self, line, what):
        return " · ".join(filter(None, (self.name, line.name, what)))

    def _prepare_credit(self, line, item):
        """Return what takes the item off the receivable account, in its own currency."""
        return [
            {
                "account_id": item.account_id.id,
                "partner_id": item.partner_id.id,
                "currency_id": item.currency_id.id,
                "name": self._prepare_name(line, self.reason_id.name),
                "amount_currency": -line.amount,
                "balance": -line.amount_company,
                "date_maturity": self.date,
            }
        ]

    def _prepare_debits(self, line, _item):
        """Return tax, allowance and loss of a line; the taxable base on a pair that adds up to nothing."""
        rows = [self._prepare_tax(line, row) for row in line.tax_details["taxes"]]
        for row in line.tax_details["bases"]:
            if row.get("taxes"):
                continue
            rows += self._prepare_base(line, row["amount"], row["refund_tags"])
        if line.amount_provided:
            rows.append(
                {
                    "account_id": line.allowance_account_id.id,
                    "name": self._prepare_name(line, self.env._("Allowance used")),
                    "balance": line.amount_provided,
                }
            )
        if not self.currency_id.is_zero(line.amount_expense):
            segment = line.segment_id.sudo()  # sudo: who posts may not read segments
            rows.append(
                {
                    "account_id": line.loss_account_id.id,
                    "name": self._prepare_name(line, self.env._("Bad debt")),
                    "balance": line.amount_expense,
                    "analytic_distribution": segment.analytic_distribution or False,
                }
            )
        partner = line.partner_id.id
        return [{"partner_id": partner, **row} for row in rows]

    def _prepare_tax(self, line, row):
        """Return tax that is taken back, or that never became due."""
        if row.get("item"):
            return {
                "account_id": row["account"],
                "name": self._prepare_name(line, self.env._("Tax that was not due yet")),
                "balance": row["amount"],
                "currency_id": row["currency"],
                "amount_currency": row["amount_currency"],
            }
        return {
            "account_id": row["account"],
            "name": self._prepare_name(line, self.env._("Tax taken back")),
            "balance": row["amount"],
            "tax_repartition_line_id": row["refund"],
            "tax_tag_ids": [Command.set(row["refund_tags"])],
        }

    def _prepare_base(self, line, amount, tags):
        """Return the base of a tax for the tax return: tagged, and its opposite without tags."""
        name = self._prepare_name(line, self.env._("Taxable base"))
        account = line.loss_account_id.id
        return [
            {"account_id": account, "name": name, "balance": amount, "tax_tag_ids": [Command.set(tags)]},
            {"account_id": account, "name": name, "balance": -amount},
        ]

    @api.model
    def _write_movements(self, kind, move, sign, records, field):
        """Write what an entry moves of the allowance, for lines or recoveries of write-offs."""
        # sudo: evidence that only runs and write-offs write
        self.env["ar.provision.movement"].sudo().create(
            [
                {
                    "date": move.date,
                    "kind": kind,
                    "company_id": record.company_id.id,
                    "root_company_id": record.writeoff_id.company_id.id,
                    "account_id": record.allowance_account_id.id,
                    "against_account_id": record.receivable_account_id.id,
                    "segment_id": record.segment_id.id,
                    "partner_id": record.partner_id.id,
                    "amount": sign * record[field],
                    "writeoff_id": record.writeoff_id.id,
                    "move_id": move.id,
                }
                for record in records
                if record[field]
            ]
        )

    # ------------------------------------------------------------------
    # Taking back
    # ------------------------------------------------------------------

    def _reverse(self):
        """Reverse the entries: the items are open again, the allowance is restored.

        :raise UserError: when something was recovered
        """
        self.ensure_one()
        self._lock()
        if any(not recovery.is_cancelled for recovery in self.recovery_ids):
            raise UserError(
                self.env._("%s was recovered in part: cancel the recoveries first.", self.display_name)
            )
        lines = self._get_lines()
        date = self._get_open_date(self.date, lines, lines.mapped("amount_provided"))
        for move, of_move in lines.sudo().grouped("entry_id").items():  # sudo: its own entries, see _book
            reversal = self._reverse_move(move, date)
            self._write_movements("used", reversal, 1, of_move, "amount_provided")

    def _get_open_date(self, date, lines, provided):
        """Return a date, or the first one after lock dates and, where the allowance moves, posted runs."""
        run = self._get_last_run()
        if run and any(provided):
            date = max(date, run.date)
        while locks := self._get_locks(date, lines.company_id, any(lines.mapped("amount_tax"))):
            date = max(lock for lock, _field in locks) + timedelta(days=1)
        return date

    def _reverse_move(self, move, date):
        """Reverse an entry of this write-off, let go what it was matched with, and return the reversal."""
        reversal = move._reverse_moves(
            [{"date": date, "ref": self.env._("Cancelled: %s", move.ref), "journal_id": move.journal_id.id}],
            cancel=True,
        )
        self._write_evidence({"move_ids": [Command.link(reversal.id)]})
        return reversal

    def action_settle(self):
        """Match the entries with the items again, after somebody undid that.

        :raise UserError: when the items were paid meanwhile
        """
        self._check_posts()
        self._check_state("posted")
        for writeoff in self:
            writeoff._lock()
            lines = writeoff.line_ids.filtered(lambda line: not line.is_settled)
            lines._lock_items()
            pairs = []
            for line, item in lines._find_items().items():
                credit = line.sudo().entry_line_id  # sudo: its own entry
                if (
                    line.currency_id.compare_amounts(
                        -credit.amount_residual_currency, item.amount_residual_currency if item else 0.0
                    )
                    > 0
                ):
                    raise UserError(
                        self.env._(
                            "%s is paid or matched with something else: cancel the write-off.", line.name
                        )
                    )
                pairs.append(item + credit)
            writeoff._match(pairs)
        return True
