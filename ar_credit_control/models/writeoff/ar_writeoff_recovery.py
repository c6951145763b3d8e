from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import format_date


class ArWriteoffRecovery(models.Model):
    """What was paid after all of an item that was written off.

    The entry charges the receivable again and restores, in proportion, the allowance that the write-off had
    used and the tax that was taken back; the rest is income. The receipt is matched with that charge.
    ``amount`` is in the currency of the item, the parts are in company currency.
    """

    _name = "ar.writeoff.recovery"
    _description = "Recovery of a Write-off"
    _inherit = ["ar.evidence.mixin", "ar.own.customer.mixin"]
    _order = "date desc, id desc"

    _made_by_methods = True

    line_id = fields.Many2one(
        "ar.writeoff.line", string="Item", required=True, readonly=True, index=True, ondelete="restrict"
    )
    writeoff_id = fields.Many2one(
        "ar.writeoff", string="Write-off", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        ondelete="restrict",
        help="The company or branch of the entry.",
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    date = fields.Date(string="Accounting Date", required=True, readonly=True)
    amount = fields.Monetary(string="Recovered", readonly=True)
    amount_company = fields.Monetary(
        string="In Company Currency", readonly=True, currency_field="company_currency_id"
    )
    amount_provided = fields.Monetary(
        string="To the Allowance", readonly=True, currency_field="company_currency_id"
    )
    amount_tax = fields.Monetary(string="Tax", readonly=True, currency_field="company_currency_id")
    amount_income = fields.Monetary(string="Income", readonly=True, currency_field="company_currency_id")
    # Parts of the rows of ``tax_details`` of the line, in their order: amounts by kind of row.
    tax_details = fields.Json(readonly=True, copy=False)
    receivable_account_id = fields.Many2one("account.account", readonly=True, ondelete="restrict")
    allowance_account_id = fields.Many2one(related="line_id.allowance_account_id")
    segment_id = fields.Many2one(related="line_id.segment_id")
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    claim_line_id = fields.Many2one(
        "account.move.line",
        string="Charge on the Receivable",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    recorded_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    is_cancelled = fields.Boolean(string="Cancelled", readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting for the receipt"), ("paid", "Paid"), ("cancelled", "Cancelled")],
        string="Status",
        compute="_compute_state",
        compute_sudo=True,
        help="Paid while a receipt is matched with it.",
    )

    _amount_within = models.Constraint("CHECK (amount > 0)", "What is recovered is more than zero.")

    @api.depends("claim_line_id.reconciled", "is_cancelled")
    def _compute_state(self):
        for recovery in self:
            if recovery.is_cancelled:
                recovery.state = "cancelled"
            else:
                recovery.state = "paid" if recovery.claim_line_id.reconciled else "waiting"

    @api.depends("writeoff_id.name", "date")
    def _compute_display_name(self):
        for recovery in self:
            recovery.display_name = self.env._(
                "%(writeoff)s, recovered on %(date)s",
                writeoff=recovery.writeoff_id.name,
                date=format_date(self.env, recovery.date),
            )

    def _get_writable_fields(self):
        return frozenset()

    # ------------------------------------------------------------------
    # Recording
    # ------------------------------------------------------------------

    @api.model
    def _recover(self, line, amount, date=None, receipt=None):
        """Record what was paid of a line, with its entry, and match the receipt with it.

        :param line: ``ar.writeoff.line`` that is posted
        :param amount: in the currency of the line
        :param receipt: credit ``account.move.line`` on a receivable account: no income before money
        :raise AccessError: for who is neither credit controller nor accountant
        :raise UserError: beyond what was written off or the receipt can still pay, without a receipt, or
            with one that does not fit
        """
        writeoff = line.writeoff_id
        writeoff._check_posts()
        writeoff._check_state("posted")
        writeoff._lock()
        line.invalidate_recordset()
        date = date or writeoff.company_id._credit_today()
        self._check_recovery(line, amount, date, receipt)
        vals = self._prepare_recovery(line, amount, date, receipt)
        recovery = self.sudo().create(vals)  # sudo: made here only, who may was checked
        writeoff._check_open_period(date, line.company_id, recovery.amount_tax)
        if recovery.amount_provided:
            writeoff._check_after_run(date)
        recovery._book(receipt)
        return recovery.sudo(False)

    @api.model
    def _check_recovery(self, line, amount, date, receipt):
        currency = line.currency_id
        if currency.compare_amounts(amount, 0.0) <= 0:
            raise UserError(self.env._("Enter what was recovered: more than zero."))
        if currency.compare_amounts(amount, line.amount_left) > 0:
            raise UserError(
                self.env._(
                    "%(item)s: only %(left)s of what was written off is not recovered yet.",
                    item=line.name,
                    left=currency.format(line.amount_left),
                )
            )
        if date < line.writeoff_id.date:
            raise UserError(self.env._("A recovery is not dated before the write-off."))
        if date > line.writeoff_id.company_id._credit_today():
            raise UserError(self.env._("A recovery is not dated in the future."))
        self._check_receipt(line, amount, date, receipt)

    @api.model
    def _check_receipt(self, line, amount, date, receipt):
        if not receipt:
            raise UserError(
                self.env._(
                    "Record the receipt first, then choose it: a recovery is income once the money is there."
                )
            )
        if (
            receipt.company_id != line.company_id
            or receipt.partner_id.commercial_partner_id != line.partner_id
            or receipt.account_type != "asset_receivable"
            or receipt.parent_state != "posted"
            or receipt.company_currency_id.compare_amounts(receipt.amount_residual, 0.0) >= 0
        ):
            raise UserError(
                self.env._("Choose an open receipt of this customer in %s.", line.company_id.sudo().name)
            )
        if date < receipt.date:
            raise UserError(self.env._("A recovery is not dated before its receipt."))
        payable = self._get_payable(line, receipt)
        if line.currency_id.compare_amounts(amount, payable) > 0:
            raise UserError(
                self.env._("Of this receipt only %s is left to pay it.", line.currency_id.format(payable))
            )

    @api.model
    def _get_payable(self, line, receipt):
        """Return what a receipt can still pay of a line, in the currency of the line, at the rate of the
        day of the receipt."""
        receipt = receipt.sudo()  # sudo: who recovers need not read entries
        return receipt.currency_id._convert(
            -receipt.amount_residual_currency, line.currency_id, receipt.company_id, receipt.date
        )

    @api.model
    def _prepare_recovery(self, line, amount, date, receipt):
        """Return the values: cumulative shares less what stands booked, so that parts add up to what was
        written off, whichever of them was cancelled."""
        currency = line.writeoff_id.currency_id
        live = line.recovery_ids.filtered(lambda recovery: not recovery.is_cancelled)
        share = (line.amount_recovered + amount) / line.amount

        def part(whole, booked):
            rest = currency.round(currency.round(whole * share) - sum(booked))
            # Nothing is taken back: after a cancelled one others may hold a cent more than their share.
            return max(rest, 0.0) if whole >= 0 else min(rest, 0.0)

        amount_company = part(line.amount_company, live.mapped("amount_company"))
        provided = part(line.amount_provided, live.mapped("amount_provided"))
        details = {
            kind: [
                part(row["amount"], [recovery.tax_details[kind][index] for recovery in live])
                for index, row in enumerate(line.tax_details[kind])
            ]
            for kind in ("taxes", "bases")
        }
        tax = currency.round(sum(details["taxes"]))
        return {
            "line_id": line.id,
            "writeoff_id": line.writeoff_id.id,
            "partner_id": line.partner_id.id,
            "company_id": line.company_id.id,
            "currency_id": line.currency_id.id,
            "date": date,
            "amount": line.currency_id.round(amount),
            "amount_company": amount_company,
            "amount_provided": provided,
            "amount_tax": tax,
            "tax_details": details,
            "amount_income": currency.round(amount_company - provided - tax),
            "receivable_account_id": receipt.account_id.id,
            "recorded_by_id": self.env.uid,
        }

    def _book(self, receipt):
        self.ensure_one()
        writeoff = self.writeoff_id
        # sudo: who records a recovery need not be an accountant
        move = self.env["account.move"].sudo().with_company(self.company_id)
        move = move.with_context(skip_invoice_sync=True).create(self._prepare_move())
        move = move.with_context(skip_invoice_sync=False)
        move.action_post()
        claim = move.line_ids.filtered(
            lambda item: item.account_id == self.receivable_account_id and item.balance > 0
        )[:1]
        self._write_evidence({"move_id": move.id, "claim_line_id": claim.id})
        writeoff._write_evidence({"move_ids": [Command.link(move.id)]})
        writeoff._write_movements("recovered", move, 1, self, "amount_provided")
        (claim + receipt.sudo()).reconcile()  # sudo: see above

    def _prepare_move(self):
        return {
            "move_type": "entry",
            "company_id": self.company_id.id,
            "journal_id": self.writeoff_id._get_journal().id,
            "date": self.date,
            "ref": self.env._("Recovery of %s", self.writeoff_id.name),
            "line_ids": [
                Command.create({"partner_id": self.partner_id.id, **values})
                for values in self._prepare_move_lines()
            ],
        }

    def _prepare_move_lines(self):
        """Return the charge, and what it restores: allowance, tax, income."""
        writeoff, line = self.writeoff_id, self.line_id
        currency = writeoff.currency_id
        name = writeoff._prepare_name(line, self.env._("Recovered"))
        rows = [
            {
                "account_id": self.receivable_account_id.id,
                "name": name,
                "currency_id": self.currency_id.id,
                "amount_currency": self.amount,
                "balance": self.amount_company,
                "date_maturity": self.date,
            }
        ]
        if self.amount_provided:
            rows.append(
                {"account_id": line.allowance_account_id.id, "name": name, "balance": -self.amount_provided}
            )
        rows += self._prepare_tax_lines(name)
        if not currency.is_zero(self.amount_income):
            segment = line.segment_id.sudo()  # sudo: who records may not read segments
            rows.append(
                {
                    "account_id": self._get_income_account().id,
                    "name": name,
                    "balance": -self.amount_income,
                    "analytic_distribution": segment.analytic_distribution or False,
                }
            )
        return rows

    def _prepare_tax_lines(self, name):
        """Return the tax that falls due again, and its base, in the part of this recovery."""
        writeoff, line = self.writeoff_id, self.line_id
        taxes = zip(line.tax_details["taxes"], self.tax_details["taxes"], strict=True)
        rows = [self._prepare_tax(row, amount, name) for row, amount in taxes]
        for row, amount in zip(line.tax_details["bases"], self.tax_details["bases"], strict=True):
            if row.get("taxes"):
                rows += writeoff._prepare_waiting_base(line, row, amount, name)
            else:
                rows += writeoff._prepare_base(line, -amount, row["origin_tags"])
        return rows

    def _prepare_tax(self, row, amount, name):
        if row.get("item"):
            return self.writeoff_id._prepare_waiting_tax(row, amount, name)
        return {
            "account_id": row["account"],
            "name": name,
            "balance": -amount,
            "tax_repartition_line_id": row["origin"],
            "tax_tag_ids": [Command.set(row["origin_tags"])],
        }

    def _get_income_account(self):
        policy = self.writeoff_id._get_policy()
        return policy.recovery_account_id or self.line_id.loss_account_id

    # ------------------------------------------------------------------
    # Taking back
    # ------------------------------------------------------------------

    def action_cancel(self):
        """Take a recovery back: the receipt is unapplied again.

        :raise AccessError: for who is neither credit controller nor accountant
        """
        for recovery in self:
            writeoff = recovery.writeoff_id
            writeoff._check_posts()
            writeoff._lock()
            if recovery.is_cancelled:
                raise UserError(self.env._("%s is cancelled already.", recovery.display_name))
            line = recovery.line_id
            date = writeoff._get_open_date(recovery.date, line, [recovery.amount_provided])
            reversal = writeoff._reverse_move(recovery.sudo().move_id, date)  # sudo: its own entry
            writeoff._write_movements("recovered", reversal, -1, recovery, "amount_provided")
            recovery._write_evidence({"is_cancelled": True})
        return True

    def action_open_entry(self):
        """Open the entry of this recovery.

        :raise AccessError: for who may not read entries
        """
        self.ensure_one()
        if not self.move_id.has_access("read"):
            raise AccessError(self.env._("You may not open %s. Ask accounting.", self.sudo().move_id.name))
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }
