from datetime import timedelta

from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .ar_interest_claim import WAITING_STATES

PAID_STATES = ("paid", "in_payment")


class ArInterestClaim(models.Model):
    """Posting of claims as debit notes, and what becomes of them in the ledger."""

    _inherit = "ar.interest.claim"

    def action_post(self):
        """Post the claims: one debit note for each customer, currency and company; show them.

        What a payment dated back takes off is netted; a credit note where that is more than the rest, set off
        against the debit notes that it corrects.

        :raise AccessError: for a user who is no credit controller.
        :raise UserError: when a claim is not waiting, or the settings lack a journal or account.
        """
        self._check_group(
            "ar_credit_control.group_credit_controller", self.env._("Only credit controllers post interest.")
        )
        # sudo: controllers read accounting and post nothing there but this; the rights were checked above
        claims = self.sudo()
        claims.lock_for_update()
        claims.invalidate_recordset()
        claims._check_postable()
        moves = self.env["account.move"].sudo()  # see above
        for group in claims._group_for_posting():
            moves += group._create_debit_note()
        moves.action_post()
        claims._set_off()
        claims.filtered("debit_move_id").activity_ids.unlink()
        return self._open_moves(moves)

    def _check_postable(self):
        wrong = self.filtered(lambda claim: claim.state not in WAITING_STATES or claim.debit_move_id)
        if wrong:
            raise UserError(
                self.env._("Only claims that wait can be posted: take out %s.", wrong[0].display_name)
            )
        requested = self.filtered("waiver_requested_by_id")
        if requested:
            raise UserError(
                self.env._("Somebody asked to waive %s: decide on that first.", requested[0].display_name)
            )

    def _group_for_posting(self):
        """Return the claims by company, customer and currency, without those that net to nothing."""
        groups = self.grouped(lambda claim: (claim.company_id, claim.partner_id, claim.currency_id))
        found = [
            claims.sorted(lambda claim: (claim.date_maturity, claim.id))
            for (_company, _partner, currency), claims in groups.items()
            if not currency.is_zero(claims._get_amount_to_post())
        ]
        if not found:
            raise UserError(self.env._("These claims come to nothing: there is nothing to post."))
        return found

    def _get_amount_to_post(self):
        return sum(interest + fee for interest, fee in self._get_parts_to_post().values())

    def _create_debit_note(self):
        """Create the draft debit note of claims of one customer, and tie them to it."""
        company = self.company_id
        sign = 1 if self._get_amount_to_post() > 0 else -1
        move = self.env["account.move"].with_company(company).create(self._prepare_debit_note(sign))
        self.write({"debit_move_id": move.id})
        return move

    def _set_off(self):
        """Match debit and credit notes of the same instalments, as far as they are open."""
        for note, claims in self.filtered("debit_move_id").grouped("debit_move_id").items():
            items = note.union(*claims._get_posted_notes().values()).line_ids.filtered(
                lambda line: line.account_type == "asset_receivable" and not line.reconciled
            )
            for lines in items.grouped("account_id").values():
                lines.reconcile()

    def _get_parts_to_post(self):
        """Return interest and fixed sum of each claim without what was waived before it was posted."""
        parts = {}
        for claim in self:
            waivers = claim.waiver_ids.filtered(lambda waiver: not waiver.is_undone and not waiver.move_id)
            parts[claim] = (
                claim.currency_id.round(claim.amount_interest - sum(waivers.mapped("amount_interest"))),
                claim.currency_id.round(claim.amount_fee - sum(waivers.mapped("amount_fee"))),
            )
        return parts

    def _prepare_debit_note(self, sign, parts=None):
        """Return the values of a debit note.

        :param sign: -1 for a credit note, which shows the amounts the other way round
        :param parts: interest and fixed sum by claim; None: what is to post
        """
        parts = parts or self._get_parts_to_post()
        company = self.company_id
        root = company._credit_root()
        partner = self.env["res.partner"].browse(self.partner_id.address_get(["invoice"])["invoice"])
        today = root._credit_today()
        claims = self.with_context(lang=partner.lang or self.partner_id.lang or self.env.lang)
        origin = self.move_id.sorted("date")[:1]
        return {
            "move_type": "out_invoice" if sign > 0 else "out_refund",
            "company_id": company.id,
            "journal_id": self._get_interest_journal(company, root).id,
            "partner_id": partner.id,
            "currency_id": self.currency_id.id,
            "invoice_date": today,
            "date": today,
            "invoice_payment_term_id": False,
            "invoice_date_due": today + timedelta(days=root.interest_payment_days),
            "ref": claims.env._("Late interest"),
            "debit_origin_id": origin.id,
            "invoice_user_id": origin.invoice_user_id.id,
            "invoice_line_ids": [
                Command.create(values)
                for claim in claims
                for values in claim._prepare_debit_lines(sign, *parts[claim])
            ],
        }

    def _prepare_debit_lines(self, sign, interest, fee):
        """Return the values of the invoice lines of a claim: interest, and the fixed sum."""
        self.ensure_one()
        root = self.company_id._credit_root()
        lines = []
        if interest:
            explanation = [
                self.scheme_id._describe_segment(segment, self.currency_id) for segment in self.segment_ids
            ]
            if not self.currency_id.is_zero(interest - self.amount_interest):
                explanation.append(self.env._("A part of %s.", self.currency_id.format(self.amount_interest)))
            lines.append(
                {
                    "name": self.env._(
                        "Late interest on %(number)s, %(date_from)s to %(date_to)s\n%(explanation)s",
                        number=self.name,
                        date_from=format_date(self.env, self.date_from),
                        date_to=format_date(self.env, self.date_to),
                        explanation="\n".join(explanation),
                    ),
                    "price_unit": sign * interest,
                    **self._prepare_accounting(root.interest_product_id, self.scheme_id.tax_ids),
                }
            )
        if fee:
            lines.append(
                {
                    "name": self.env._("Fixed sum for late payment of %s", self.name),
                    "price_unit": sign * fee,
                    **self._prepare_accounting(
                        root.interest_fee_product_id or root.interest_product_id, self.scheme_id.fee_tax_ids
                    ),
                }
            )
        return lines

    def _prepare_accounting(self, product, taxes):
        """Return product, account and taxes of a line; the scheme's taxes, whatever the product's are.

        :raise UserError: when neither product, settings nor journal know an account.
        """
        company = self.company_id
        root = company._credit_root()
        accounts = product.with_company(company)._get_product_accounts() if product else {}
        account = (
            root.interest_account_id
            or accounts.get("income")
            or self._get_interest_journal(company, root).default_account_id
        )
        if not account:
            raise UserError(
                self.env._("Choose the account of late interest in the settings of credit control.")
            )
        return {
            "product_id": product.id,
            "account_id": account.id,
            "quantity": 1.0,
            "tax_ids": [Command.set(taxes.ids)],
        }

    @api.model
    def _get_interest_journal(self, company, root):
        journal = root.interest_journal_id or self.env["account.journal"].search(
            [("company_id", "parent_of", company.ids), ("type", "=", "sale")], limit=1
        )
        if not journal:
            raise UserError(self.env._("%s has no sales journal for debit notes.", company.name))
        return journal

    def _open_moves(self, moves):
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Debit Notes of Late Interest"),
            "res_model": "account.move",
        }
        if len(moves) == 1:
            return {**action, "res_id": moves.id, "views": [(False, "form")]}
        return {**action, "views": [(False, "list"), (False, "form")], "domain": [("id", "in", moves.ids)]}

    # What the ledger says

    @api.model
    def _follow_moves(self, moves):
        """Bring claims up to date after their debit notes, or the credit notes of waivers, were posted, paid,
        unpaid or undone."""
        moves = moves.filtered(lambda move: move.debit_origin_id or move.reversed_entry_id)
        if not moves:
            return
        reversing = moves.filtered("reversed_entry_id")
        waivers = self.env["ar.interest.waiver"]._follow_moves(reversing | reversing.reversed_entry_id)
        waivers.claim_id._sum_waivers()
        notes = moves | reversing.reversed_entry_id
        # sudo: who books payments needs no right on claims
        claims = self.sudo().search([("debit_move_id", "in", notes.ids), ("state", "!=", "cancelled")])
        claims |= waivers.claim_id
        for state, group in claims.grouped(lambda claim: claim._get_state_of_move()).items():
            group.filtered(lambda claim, state=state: claim.state != state).write({"state": state})
        claims.filtered(lambda claim: claim.debit_move_id.state == "cancel").debit_move_id = False

    def _get_state_of_move(self):
        self.ensure_one()
        move = self.debit_move_id
        if self.is_given_up:
            return "waived"
        if move.state != "posted":
            return "claimed" if self.letter_id else "open"
        # Odoo keeps matchings with entries that were set back to draft; those settle nothing.
        items = move.line_ids
        counterparts = items.matched_debit_ids.debit_move_id | items.matched_credit_ids.credit_move_id
        if any(state != "posted" for state in counterparts.mapped("parent_state")):
            return "posted"
        if move.payment_state in PAID_STATES:
            lost = self.env["ar.item.loss"]._find_entries(counterparts.move_id)
            return "written_off" if lost else "paid"
        if move.payment_state == "reversed":
            corrected = self.search([("debit_move_id", "in", counterparts.move_id.ids)], limit=1)
            return "paid" if corrected else "waived"
        return "posted"
