from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_list

# China, announcement 2011-25 of the State Taxation Administration, articles 23 and 24.
SMALL_CNY = 50_000
SMALL_SHARE_OF_REVENUE = 0.0001


class ArWriteoff(models.Model):
    """How a write-off splits: tax, what was provided for, loss; and what the tax law says of it."""

    _inherit = "ar.writeoff"

    allowance_missing = fields.Monetary(
        string="Missing in the Allowance",
        compute="_compute_allowance_missing",
        help="What this takes of the allowance beyond what the account holds at the date.",
    )

    @api.depends("date", "line_ids.amount_provided", "state")
    def _compute_allowance_missing(self):
        for writeoff in self:
            waits = writeoff.state in ("draft", "submitted", "approved")
            writeoff.allowance_missing = writeoff._get_allowance_missing() if waits else 0.0

    def _get_allowance_missing(self):
        """Return by how much the allowance accounts become debits: only where write-offs are booked against
        them whatever was provided."""
        policy = self._get_policy()
        if not self._uses_allowance(policy) or policy.writeoff_against != "allowance":
            return 0.0
        held = self._get_held(policy)
        lines = self.line_ids.sudo()  # sudo: who asks may not read accounting
        return sum(
            max(sum(part.mapped("amount_provided")) - max(held.get((company.id, account.id), 0.0), 0.0), 0.0)
            for (company, account), part in lines.grouped(
                lambda line: (line.company_id, line.allowance_account_id)
            ).items()
        )

    def _measure(self, items):
        """Return the parts of each line, in company currency: {line: values of the line}.

        The tax of the invoice in proportion, where the company takes it back; of the rest, what the last
        posted run provided for the instalment, in proportion, as far as the allowance account holds it;
        what remains is a loss. Parts of one invoice are rounded so that they add up over all write-offs.

        :param dict items: {line: journal item}, see ``ar.writeoff.line._find_items``
        """
        self.ensure_one()
        policy = self._get_policy()
        provided = self._get_provided(policy, items) if policy else {}
        held = self._get_held(policy) if policy else {}
        written_off = self._get_written_off(items)
        before = dict(written_off)
        claims = self._get_claims(items)
        result = {}
        for line, item in items.items():
            amount = self._get_company_amount(line, item)
            start = written_off.get(line.move_id.id, 0.0)
            written_off[line.move_id.id] = start + amount
            taxes = self._split_taxes(item.move_id, start, start + amount, before.get(line.move_id.id, 0.0))
            tax = self.currency_id.round(sum(row["amount"] for row in taxes["taxes"]))
            allowance, loss, segment = self._get_accounts_of(policy, line, provided)
            used = self._get_used(policy, line, amount, tax, provided, held, allowance)
            result[line] = {
                "amount_company": amount,
                "amount_tax": tax,
                "amount_provided": used,
                "amount_expense": self.currency_id.round(amount - tax - used),
                "allowance_account_id": allowance.id if used else False,
                "loss_account_id": loss.id,
                "segment_id": segment.id,
                "tax_details": taxes,
                "deductible": self._judge_deductible(line, claims[line]),
            }
        return result

    def _get_company_amount(self, line, item):
        """Return the part in company currency, at the rate at which the ledger carries the item."""
        if not item or line.currency_id.is_zero(line.amount):
            return 0.0
        if line.currency_id.compare_amounts(line.amount, item.amount_residual_currency) >= 0:
            return item.amount_residual
        if item.currency_id == item.company_currency_id:
            return line.amount
        return self.currency_id.round(item.balance * line.amount / item.amount_currency)

    def _get_written_off(self, items):
        """Return what posted write-offs took of the same entries already: {entry id: company amount}."""
        moves = {line.move_id.id for line in items} - {False}
        lines = self.env["ar.writeoff.line"].sudo()  # sudo: of whoever, for the rounding
        rows = lines._read_group(
            Domain("move_id", "in", list(moves)) & Domain("writeoff_id.state", "=", "posted"),
            ["move_id"],
            ["amount_company:sum"],
        )
        return {move.id: amount for move, amount in rows}

    # ------------------------------------------------------------------
    # Allowance
    # ------------------------------------------------------------------

    def _get_policy(self):
        """Return the provision policy in use of the company, none where it has none."""
        self.ensure_one()
        policies = self.env["ar.provision.policy"].sudo()  # sudo: who asks may not read policies
        return policies.search([("company_id", "=", self.company_id.id)], limit=1)

    def _uses_allowance(self, policy):
        return bool(policy and policy.can_post and policy.writeoff_against != "direct")

    def _get_last_run(self, date=None):
        """Return the last posted provision run of the company, up to a date."""
        domain = Domain("company_id", "=", self.company_id.id) & Domain("state", "=", "posted")
        domain &= Domain("kind", "=", "regular")
        if date:
            domain &= Domain("date", "<=", date)
        runs = self.env["ar.provision.run"].sudo()  # sudo: who asks may not read runs
        return runs.search(domain, order="date desc, id desc", limit=1)

    def _get_provided(self, policy, items):
        """Return what the last posted run provided: {line: (loss, gross, segment)}.

        Found by entry, customer and due date, else by the journal item. What the run holds of an entry and
        no journal item of it answers to any more, because its due dates were changed or instalments merged,
        belongs in proportion to the items that are larger than what the run knew of them.

        :param dict items: see :meth:`_measure`
        """
        if not self._uses_allowance(policy):
            return {}
        rows = self._get_run_rows()
        entries = self.env["account.move.line"].union(*items.values()).move_id
        present = entries.line_ids.filtered(lambda item: item.account_type == "asset_receivable")
        keys, ids = {self._get_item_key(item) for item in present}, set(present.ids)
        by_key, by_item, spare = {}, {}, {}
        for key, item_id, *figures in rows:
            if key in keys:
                self._add_figures(by_key, key, figures)
            elif item_id in ids:
                self._add_figures(by_item, item_id, figures)
            else:
                self._add_figures(spare, key[:2], figures)
        result = {}
        for line, item in items.items():
            key = (line.move_id.id, line.partner_id.id, line.date_maturity)
            # An item that moved to the due date of another one keeps its own figures.
            own = by_item.get(item.id) or by_key.get(key) or (0.0, 0.0, None)
            rest = spare.get(key[:2])
            if rest and self.currency_id.compare_amounts(item.balance, own[1]) > 0:
                own = (own[0] + rest[0], own[1] + rest[1], own[2] or rest[2])
            result[line] = own
        return result

    def _get_run_rows(self):
        """Return the rows of the last posted run about these entries: (entry, customer, due date), journal
        item, loss, gross, segment."""
        run = self._get_last_run(self.date)
        lines = self.env["ar.provision.line"].sudo()  # sudo: see _get_last_run
        found = lines.search(
            Domain("run_id", "=", run.id)
            & Domain("move_id", "in", self.line_ids.sudo().move_id.ids)  # sudo: ids only
            & Domain("gross", ">", 0)
        )
        return [
            (
                (row.move_id.id, row.partner_id.commercial_partner_id.id, row.date_maturity),
                row.move_line_id.id,
                row.amount,
                row.gross,
                row.segment_id,
            )
            for row in found
        ]

    @api.model
    def _get_item_key(self, item):
        return item.move_id.id, item.partner_id.commercial_partner_id.id, item.date_maturity or item.date

    @api.model
    def _add_figures(self, totals, key, figures):
        loss, gross, segment = totals.get(key, (0.0, 0.0, None))
        totals[key] = (loss + figures[0], gross + figures[1], segment or figures[2])

    def _get_held(self, policy):
        """Return what the allowance accounts hold at the date: {(company id, account id): amount}."""
        if not self._uses_allowance(policy):
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company_id, account_id, -SUM(balance)::float8
                  FROM account_move_line
                 WHERE account_id = ANY (%(accounts)s)
                   AND parent_state = 'posted'
                   AND company_id = ANY (%(companies)s)
                   AND date <= %(date)s
              GROUP BY company_id, account_id
                """,
                accounts=policy._get_allowance_accounts().ids,
                companies=self.line_ids.company_id.ids,
                date=self.date,
            )
        )
        return {(company, account): amount for company, account, amount in rows}

    def _get_accounts_of(self, policy, line, provided):
        """Return allowance account, loss account and segment of a line; empty where there is none."""
        accounts = self.env["account.account"].sudo()  # sudo: who asks may not read accounting
        settings = self.company_id.sudo().writeoff_account_id  # sudo: a setting of the main company
        if not policy:
            return accounts, settings, self.env["ar.provision.segment"]
        by_receivable = policy._get_accounts()
        allowance, charge, _release = by_receivable.get(
            line.receivable_account_id.sudo(), by_receivable[self.env["account.account"]]
        )
        segment = provided[line][2] if line in provided else None
        loss = policy.loss_account_id or charge or settings
        return allowance, loss, segment or self.env["ar.provision.segment"]

    def _get_used(self, policy, line, amount, tax, provided, held, allowance):
        """Return what the write-off of a line uses of the allowance, and take it off ``held``."""
        if not self._uses_allowance(policy) or not allowance:
            return 0.0
        net = self.currency_id.round(amount - tax)
        if policy.writeoff_against == "allowance":
            return net
        loss, gross, _segment = provided[line]
        account = (line.company_id.id, allowance.id)
        share = min(amount / gross, 1.0) if gross else 0.0
        used = self.currency_id.round(max(min(loss * share, net, held.get(account, 0.0)), 0.0))
        held[account] = held.get(account, 0.0) - used
        return used

    # ------------------------------------------------------------------
    # Tax
    # ------------------------------------------------------------------

    def _split_taxes(self, move, start, end, before):
        """Return the tax and its base in the part of an invoice from ``start`` to ``end``.

        Company amounts; JSON: ``taxes`` rows of account, repartition lines (of the refund, and of the
        invoice for a recovery) and amount; ``bases`` rows of tags of both kinds and amount. Rows of tax that
        waits for the payment: see ``_split_waiting_taxes``.

        :param before: what other write-offs took of the invoice
        """
        none = {"taxes": [], "bases": []}
        if not move.is_sale_document(include_receipts=True):
            return none
        items = move.line_ids
        total = sum(items.filtered(lambda item: item.account_type == "asset_receivable").mapped("balance"))
        if self.currency_id.compare_amounts(total, 0.0) <= 0:
            return none
        taxes = self._split_waiting_taxes(move, start - before, end - before)
        bases = self._split_waiting_bases(move, start, end, total)
        root = self.company_id.sudo()  # sudo: a setting of the main company
        if root.writeoff_tax == "reverse":
            taxes += [
                {
                    **self._get_repartition(item),
                    "amount": self._get_part(-item.balance, self.currency_id, start, end, total),
                }
                for item in items.filtered("tax_repartition_line_id")
                if not self._is_waiting_tax(item)
            ]
            bases += [
                {**tags, "amount": self._get_part(-item.balance, self.currency_id, start, end, total)}
                for item in items.filtered("tax_ids")
                if (tags := self._get_base_tags(item))["refund_tags"]
            ]
        return {
            "taxes": [row for row in taxes if not self.currency_id.is_zero(row["amount"])],
            "bases": [row for row in bases if not self.currency_id.is_zero(row["amount"])],
        }

    @api.model
    def _get_repartition(self, item):
        """Return how a tax line of an invoice is booked on a refund of it."""
        origin = item.tax_repartition_line_id
        tax = origin.tax_id
        position = list(tax.invoice_repartition_line_ids).index(origin)
        refund = tax.refund_repartition_line_ids[position : position + 1] or origin
        return {
            "account": (refund.account_id or item.account_id).id,
            "origin": origin.id,
            "origin_tags": origin.tag_ids.ids,
            "refund": refund.id,
            "refund_tags": refund.tag_ids.ids,
        }

    @api.model
    def _get_base_tags(self, item):
        taxes = item.tax_ids.flatten_taxes_hierarchy() - self._get_waiting_taxes(item)
        origin, refund = (
            lines.filtered(lambda line: line.repartition_type == "base").tag_ids.ids
            for lines in (taxes.invoice_repartition_line_ids, taxes.refund_repartition_line_ids)
        )
        return {"origin_tags": origin, "refund_tags": refund}

    # ------------------------------------------------------------------
    # Income tax
    # ------------------------------------------------------------------

    def _is_chinese(self):
        return self.company_id.sudo().account_fiscal_country_id.code == "CN"  # sudo: of the main company

    def _get_claims(self, items):
        """Return the original company amount of the claim of each line: the whole invoice, of which an
        instalment is a part; of other entries the journal item."""
        totals = {
            move: sum(part.balance for part in move.line_ids if part.account_type == "asset_receivable")
            for move in self.env["account.move"].union(*(item.move_id for item in items.values()))
            if move.is_invoice(include_receipts=True)
        }
        return {line: totals.get(item.move_id, item.balance) for line, item in items.items()}

    def _judge_deductible(self, line, claim):
        """Return by which rule of China a loss may be deducted; False elsewhere.

        :param claim: original amount of the whole claim: writing off a part does not make it small
        """
        if not self._is_chinese():
            return False
        if line.date_maturity + relativedelta(years=3) < self.date:
            return "over_3_years"
        if line.date_maturity + relativedelta(years=1) < self.date and (
            self.currency_id.compare_amounts(claim, self._get_small_amount()) <= 0
        ):
            return "small_over_1_year"
        return "none"

    def _get_small_amount(self):
        """Return up to which amount a single claim is small: CNY 50,000, or 0.01 % of a year's revenue."""
        cache = self.env.cr.cache.setdefault("ar_writeoff_small", {})
        key = (self.company_id.id, self.date.year)
        if key not in cache:
            yuan = self.env.ref("base.CNY")
            fixed = yuan._convert(SMALL_CNY, self.currency_id, self.company_id, self.date)
            cache[key] = max(fixed, SMALL_SHARE_OF_REVENUE * self._get_revenue())
        return cache[key]

    def _get_revenue(self):
        """Return the income of the calendar year before, the last one that is complete."""
        year = self.date.year - 1
        companies = self.env["res.company"].sudo()  # sudo: branches, for the sum
        lines = self.env["account.move.line"].sudo()  # sudo: the sum of the year only
        [(balance,)] = lines._read_group(
            [
                ("company_id", "in", companies.search([("id", "child_of", self.company_id.id)]).ids),
                ("account_id.account_type", "in", ("income", "income_other")),
                ("parent_state", "=", "posted"),
                ("date", ">=", f"{year}-01-01"),
                ("date", "<=", f"{year}-12-31"),
            ],
            aggregates=["balance:sum"],
        )
        return max(-(balance or 0.0), 0.0)

    def _propose_deductible(self):
        """Propose the note on income tax: by the rules in China, text to fill elsewhere.

        Only while it is empty or as it was proposed last: what a person typed stays.
        """
        self.ensure_one()
        current = [self.deductible, self.deductible_note]
        if any(current) and current != self.deductible_proposal:
            return
        lines = self._get_lines()
        judged = set(lines.mapped("deductible")) - {False}
        if not judged:
            return
        worst = next(key for key in ("none", "small_over_1_year", "over_3_years") if key in judged)
        proposal = [worst, self._describe_deductible(lines)]
        self._write_evidence(
            {
                "deductible": proposal[0],
                "deductible_note": proposal[1],
                "deductible_proposal": proposal,
            }
        )

    def _describe_deductible(self, lines):
        names = {
            "over_3_years": self.env._(
                "More than three years past due, booked as a loss (announcement 2011-25, article 23). Keep a "
                "statement of facts and a special report in your files: since announcement 2018-15 only the "
                "table of asset losses goes with the annual return."
            ),
            "small_over_1_year": self.env._(
                "More than one year past due and at most %s each, booked as a loss (announcement 2011-25, "
                "article 24). Keep a statement of facts and a special report in your files: since "
                "announcement 2018-15 only the table of asset losses goes with the annual return.",
                self.currency_id.format(self._get_small_amount()),
            ),
            "none": self.env._(
                "By age not deductible yet. Another ground needs its own proof: bankruptcy, judgment and "
                "enforcement, deregistration, death (article 22)."
            ),
        }
        return "\n".join(
            self.env._(
                "%(items)s: %(rule)s", items=format_list(self.env, group.mapped("name")), rule=names[key]
            )
            for key, group in lines.grouped("deductible").items()
            if key
        )
