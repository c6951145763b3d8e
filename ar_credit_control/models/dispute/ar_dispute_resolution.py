from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL, format_list

from .ar_dispute import OPEN_STATES

# States that the ledger decides on: what was settled by a person stays.
SETTLED_STATES = ("resolved_credit", "resolved_partly", "resolved_paid", "resolved_lost")
JUDGED_STATES = (*OPEN_STATES, *SETTLED_STATES)


class ArDispute(models.Model):
    """How disputes end: decided by a person, settled by the ledger."""

    _inherit = "ar.dispute"

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------

    def action_start(self):
        """Say that somebody examines the matter."""
        self._check_works()
        self._check_state("new")
        self._write_evidence({"state": "investigating"})

    def _decide(self, accepted, note, grace_days=None):
        """Answer a dispute: accept all, some or nothing of each item.

        :param dict accepted: ``{ar.dispute.line: accepted amount}``; lines that are missing are rejected
        :param str note: the answer, kept with the dispute
        :param int grace_days: days on which the rejected part is not asked for yet; that of the
            company if not given
        :raise AccessError: for who is neither the owner nor a credit controller
        :raise UserError: an amount below zero or above what is disputed, no answer
        """
        self.ensure_one()
        self._check_decides()
        self._check_state(*OPEN_STATES)
        if not (note or "").strip():
            raise UserError(self.env._("Write the answer: it is kept with the dispute."))
        if self._has_posted_credit():
            raise UserError(self.env._("A credit note is posted already: the decision stands."))
        currency = self.currency_id
        for line in self.line_ids:
            amount = currency.round(accepted.get(line, 0.0))
            if amount < 0 or currency.compare_amounts(amount, line.amount) > 0:
                raise UserError(
                    self.env._(
                        "%(item)s: accept between zero and %(amount)s.",
                        item=line.name or "",
                        amount=currency.format(line.amount),
                    )
                )
            line.sudo().amount_accepted = amount  # sudo: lines are written by decisions only
        today = self.company_id.sudo()._credit_today()  # sudo: a branch user judges by its main company's day
        rejected = currency.compare_amounts(self.amount_accepted, self.amount) < 0
        self._write_decision(
            "resolved_rejected" if currency.is_zero(self.amount_accepted) else "accepted",
            note,
            grace_until=rejected and today + timedelta(days=self._get_grace_days(grace_days)),
            resolved_on=False,
        )
        self._close_activities()
        if self.state == "accepted":
            self._ask_for_credit_note()
            self._judge()
        else:
            self._write_evidence({"resolved_on": today})

    def _get_grace_days(self, days=None):
        days = self.company_id.sudo().credit_dispute_grace_days if days is None else days  # sudo: a setting
        return max(days, 0)

    def _withdraw(self, note):
        """End a dispute that the customer gave up; dunning goes on at once."""
        self._check_works()
        self._check_state("new", "investigating", "accepted")
        self._check_reason(note)
        if self._has_posted_credit():
            raise UserError(self.env._("A credit note is posted already: undo it first."))
        self._end("cancelled", note)

    def _reopen(self, note):
        """Take a dispute up again that was rejected, withdrawn or paid."""
        self._check_works()
        self._check_state("resolved_rejected", "resolved_paid", "cancelled")
        self._check_reason(note)
        for dispute in self:
            today = dispute.company_id.sudo()._credit_today()  # sudo: a branch user
            dispute.line_ids.sudo().amount_accepted = 0.0  # sudo: lines are written by decisions only
            dispute._write_evidence(
                {
                    "state": "investigating",
                    "resolved_on": False,
                    "grace_until": False,
                    "decided_by_id": False,
                    "decided_on": False,
                    "deadline": dispute._plan_days(
                        dispute.company_id, today, dispute.category_id.deadline_days
                    ),
                }
            )
            dispute._message_log(body=self.env._("Opened again: %s", note))
        self._renew_activities()

    def _end(self, state, note):
        for dispute in self:
            today = dispute.company_id.sudo()._credit_today()  # sudo: a branch user
            dispute._write_evidence({"state": state, "resolved_on": today, "grace_until": False})
            dispute.sudo()._message_log(  # sudo: a salesperson may withdraw and not write notes
                body=self.env._("Withdrawn: %s", note), author_id=self.env.user.partner_id.id
            )
        self._close_activities()

    # ------------------------------------------------------------------
    # Credit notes
    # ------------------------------------------------------------------

    def _ask_for_credit_note(self):
        """Tell accounting that a credit note is to be written."""
        self.ensure_one()
        user = self._get_accountant()
        if user:
            self.sudo().activity_schedule(  # sudo: the owner may not write activities of the dispute
                "ar_credit_control.mail_activity_dispute_credit",
                self._plan_days(self.company_id, self.decided_on, 3),
                user_id=user.id,
                summary=self.with_context(lang=user.lang).env._(
                    "Write the credit note: %s", self.currency_id.format(self.amount_accepted)
                ),
            )

    def _get_accountant(self):
        """Return who writes the credit note: who decided if they may, else the accounting person named."""
        self.ensure_one()
        if self.env["account.move"].has_access("create"):
            return self.env.user
        categories = self.env["ar.dispute.category"].with_company(self.company_id).sudo()  # sudo: set-up
        for category in categories.search([("owner_role", "=", "accounting")]):
            if self._may_own(category.user_id, self.company_id):
                return category.user_id
        group = self.env.ref("account.group_account_invoice").sudo()  # sudo: members of a group
        people = group.all_user_ids.filtered(lambda user: self._may_own(user, self.company_id))
        return people.sorted(lambda user: (user._is_superuser(), user.id))[:1]

    def action_create_credit_note(self):
        """Write the draft credit notes of an accepted dispute, one for each invoice, and open them.

        What is posted is matched with the disputed instalments first.

        :raise AccessError: for who may not write invoices
        :raise UserError: when an item is no invoice
        """
        self.ensure_one()
        self.check_access("read")
        self.env["account.move"].check_access("create")
        self._check_state("accepted")
        if self._filter_undone(self.credit_move_ids) != self.credit_move_ids:
            return self.action_open_credit_notes()
        if self.needs_confirmation and not (self.confirmation_number or "").strip():
            raise UserError(
                self.env._(
                    "Enter the confirmation number of the tax authority first: the credit note needs it."
                )
            )
        moves = self.env["account.move"]
        for invoice, lines in self.line_ids.filtered("amount_accepted").grouped("move_id").items():
            moves += self._write_credit_note(invoice, sum(lines.mapped("amount_accepted")))
        self._link_credit_notes(moves)
        return self.action_open_credit_notes()

    def _has_posted_credit(self):
        return bool(self._get_posted_credit())

    def _get_posted_credit(self):
        """Return what was credited, in the currency of the dispute, matched or not."""
        credit_notes = self.sudo().credit_move_ids  # sudo: their state and total only
        stands = credit_notes - self._filter_undone(credit_notes)
        return sum(stands.filtered(lambda move: move.state == "posted").mapped("amount_total"))

    @api.model
    def _filter_undone(self, moves):
        """Return the credit notes that are cancelled, or reversed in full by entries that are posted."""
        undone = moves.filtered(lambda move: move.state == "cancel")
        for move in moves - undone:
            reversals = move.reversal_move_ids.filtered(lambda entry: entry.state == "posted")
            reversed_amount = sum(reversals.mapped("amount_total"))
            if reversals and move.currency_id.compare_amounts(reversed_amount, move.amount_total) >= 0:
                undone += move
        return undone

    def _link_credit_notes(self, moves):
        self._write_evidence({"credit_move_ids": [Command.link(move.id) for move in moves]})
        body = self.env._("Credit notes: %s", format_list(self.env, moves.mapped("display_name")))
        self.sudo()._message_log(
            body=body, author_id=self.env.user.partner_id.id
        )  # sudo: an accountant's act
        self._judge()
        self.env["ar.interest.claim"]._touch_entries(self.line_ids.move_id)

    def _link_existing(self, moves):
        """Say that these credit notes settle the dispute."""
        self.ensure_one()
        self.check_access("read")
        moves.check_access("write")
        self._check_state("accepted")
        wrong = moves.filtered(
            lambda move: (
                move.move_type != "out_refund"
                or move.partner_id.commercial_partner_id != self.partner_id.commercial_partner_id
                or move.company_id.root_id != self.company_id
                or move.currency_id != self.currency_id
            )
        )
        if wrong or not moves:
            raise UserError(self.env._("Choose a credit note of this customer in %s.", self.currency_id.name))
        taken = self.sudo().search(  # sudo: whether it belongs to a dispute that the user may not see
            [("credit_move_ids", "in", moves.ids), ("id", "!=", self.id)], limit=1
        )
        if taken:
            raise UserError(self.env._("The credit note settles %s already.", taken.display_name))
        self._link_credit_notes(moves)

    def _write_credit_note(self, invoice, amount):
        """Return the draft credit note over an amount of an invoice, taxes included, in its currency."""
        if invoice.move_type != "out_invoice":
            raise UserError(
                self.env._(
                    "%s is no invoice: write the credit note by hand and link it.", invoice.display_name
                )
            )
        refund = invoice._reverse_moves([self._prepare_credit_note_vals(invoice)], cancel=False)
        if invoice.currency_id.compare_amounts(amount, invoice.amount_total):
            self._reduce_credit_note(refund, invoice, amount)
        return refund

    def _prepare_credit_note_vals(self, invoice):
        today = self.company_id._credit_today()
        words = self.with_context(lang=invoice.partner_id.lang or self.env.lang).env._
        return {
            "ref": words("%(invoice)s, dispute %(dispute)s", invoice=invoice.name, dispute=self.name),
            "date": today,
            "invoice_date": today,
            "invoice_date_due": today,
            "invoice_payment_term_id": False,
            "invoice_user_id": invoice.invoice_user_id.id,
            "invoice_origin": invoice.invoice_origin,
        }

    def _reduce_credit_note(self, refund, invoice, amount):
        """Leave one line for each account and set of taxes, so that the total is the amount."""
        share = amount / invoice.amount_total if invoice.amount_total else 0.0
        lines = self._prepare_credit_note_lines(invoice, share)
        refund.write({"invoice_line_ids": [Command.clear(), *(Command.create(vals) for vals in lines)]})
        for _attempt in range(3):
            difference = refund.currency_id.round(amount - refund.amount_total)
            products = refund.invoice_line_ids.filtered(lambda line: line.display_type == "product")
            largest = products.sorted("price_total")[-1:]
            if not difference or not largest.price_total:
                break
            # of a difference in the total, the price bears what its taxes leave
            largest.price_unit += difference * largest.price_unit / largest.price_total

    def _prepare_credit_note_lines(self, invoice, share):
        words = self.with_context(lang=invoice.partner_id.lang or self.env.lang).env._
        products = invoice.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        groups = products.grouped(
            lambda line: (line.account_id, line.tax_ids, str(line.analytic_distribution or ""))
        )
        return [
            {
                "name": words(
                    "%(invoice)s: %(category)s", invoice=invoice.name, category=self.category_id.name
                ),
                "quantity": 1.0,
                "account_id": account.id,
                "tax_ids": [Command.set(taxes.ids)],
                "analytic_distribution": lines[:1].analytic_distribution,
                "price_unit": invoice.currency_id.round(
                    share
                    * sum(
                        lines.mapped(
                            "price_total" if any(taxes.mapped("price_include")) else "price_subtotal"
                        )
                    )
                ),
            }
            for (account, taxes, _analytic), lines in groups.items()
        ]

    @api.model
    def _match_credits(self, moves):
        """Match credit notes that are posted with the disputed instalments, before others of the invoice."""
        disputes = self.sudo()._of_credit_moves(moves)  # sudo: who posts may not see the dispute
        for dispute in disputes:
            for move in dispute.credit_move_ids & moves:
                for line in dispute.line_ids.filtered(
                    lambda line, move=move: line.move_id == move.reversed_entry_id and line.amount_accepted
                ).sorted("date_maturity"):
                    item = line._find_journal_items().sudo(False)
                    credit = move.line_ids.filtered(
                        lambda credit, item=item: (
                            credit.account_id in item.account_id and not credit.reconciled
                        )
                    ).sudo(False)
                    if item and credit:
                        (item | credit).reconcile()

    # ------------------------------------------------------------------
    # What the ledger says
    # ------------------------------------------------------------------

    @api.model
    def _of_credit_moves(self, moves):
        """Return the disputes that these credit notes settle, in one statement."""
        if not moves.ids:
            return self.browse()
        self.env["ar.dispute"].flush_model(["credit_move_ids"])
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT dispute_id FROM ar_dispute_credit_rel WHERE move_id = ANY(%s)",
                list(moves.ids),
            )
        )
        return self.browse([dispute_id for (dispute_id,) in rows])

    @api.model
    def _judge_of(self, moves):
        """Judge the disputes about these entries, credited by them or paid by them."""
        if not moves.ids:
            return
        self._flush_for_figures()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.dispute_id
                  FROM ar_dispute_line line
                  JOIN ar_dispute dispute ON dispute.id = line.dispute_id AND dispute.state = ANY(%(states)s)
                 WHERE line.move_id = ANY(%(moves)s)
                    OR line.move_id IN (
                        SELECT debit.move_id
                          FROM account_move_line credit
                          JOIN account_partial_reconcile part ON part.credit_move_id = credit.id
                          JOIN account_move_line debit ON debit.id = part.debit_move_id
                         WHERE credit.move_id = ANY(%(moves)s))
                 UNION
                SELECT credit.dispute_id
                  FROM ar_dispute_credit_rel credit
                  JOIN ar_dispute dispute ON dispute.id = credit.dispute_id AND dispute.state
                       = ANY(%(states)s)
                 WHERE credit.move_id = ANY(%(moves)s)
                """,
                states=list(JUDGED_STATES),
                moves=list(moves.ids),
            )
        )
        self.sudo().browse([dispute_id for (dispute_id,) in rows])._judge()  # sudo: the ledger decides

    @api.model
    def _select_to_judge(self):
        """Return the disputes whose state the ledger may have moved, in one statement.

        Those that are open, and of the settled ones those with something to settle again: an item that is
        open, a credit note that is open or no longer posted. All others that ever ended stay as they are.
        """
        self._flush_for_figures()
        self.env["account.move"].flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH open_move AS MATERIALIZED (
                     SELECT DISTINCT open_item.move_id FROM (%(open_items)s) open_item
                )
                SELECT dispute.id FROM ar_dispute dispute WHERE dispute.state = ANY(%(open)s)
                 UNION
                SELECT dispute.id
                  FROM ar_dispute dispute
                  JOIN ar_dispute_line line ON line.dispute_id = dispute.id
                  JOIN open_move ON open_move.move_id = line.move_id
                 WHERE dispute.state = ANY(%(settled)s)
                 UNION
                SELECT dispute.id
                  FROM ar_dispute dispute
                  JOIN ar_dispute_credit_rel credit ON credit.dispute_id = dispute.id
                  JOIN account_move move ON move.id = credit.move_id
             LEFT JOIN open_move ON open_move.move_id = credit.move_id
                 WHERE dispute.state = ANY(%(settled)s)
                   AND (move.state <> 'posted' OR open_move.move_id IS NOT NULL)
              ORDER BY 1
                """,
                open_items=self.env["ar.aging.report"]._open_items_sql(),
                open=list(OPEN_STATES),
                settled=list(SETTLED_STATES),
            )
        )
        return self.browse([dispute_id for (dispute_id,) in rows])

    def _judge(self):
        """Set the state that follows from credit notes, matchings and payments, for any number of disputes.

        Two units of the last decimal are forgiven: taxes of a part may not give the amount exactly.
        """
        figures = self._get_line_figures()
        self.line_ids.invalidate_recordset(["amount_credited", "amount_open"])
        for dispute in self.sudo():  # sudo: the ledger decides
            if dispute.state not in JUDGED_STATES:
                continue
            state = dispute._get_judged_state(figures)
            if state == dispute.state:
                continue
            today = dispute.company_id._credit_today()
            ended = state not in OPEN_STATES
            dispute.write({"state": state, "resolved_on": ended and today})
            if ended:
                dispute._close_activities()
            elif state == "accepted":
                dispute._ask_for_credit_note()
            else:
                dispute._renew_activities()

    def _get_judged_state(self, figures):
        self.ensure_one()
        currency = self.currency_id
        lines = self.line_ids
        settled = "resolved_lost" if any(figures[line.id][2] for line in lines) else "resolved_paid"
        still_open = any(currency.compare_amounts(figures[line.id][0], 0.0) > 0 for line in lines)
        if self.decided_on and not currency.is_zero(self.amount_accepted):
            credited = sum(figures[line.id][1] for line in lines)
            if not still_open:
                # Of what was paid before the credit note, the customer has the rest of it to spend.
                credited = max(credited, self._get_posted_credit())
            if credited >= self.amount_accepted - 2 * currency.rounding:
                rejected = currency.compare_amounts(self.amount_accepted, self.amount) < 0
                return "resolved_partly" if rejected else "resolved_credit"
            return "accepted" if still_open else settled
        if not still_open:
            return settled
        return "investigating" if self.state in ("resolved_paid", "resolved_lost") else self.state
