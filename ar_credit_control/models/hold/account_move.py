from contextlib import nullcontext

from odoo import api, fields, models
from odoo.exceptions import UserError

from . import credit_moment


class AccountMove(models.Model):
    """Invoices that no order stands behind are checked when they are posted, if a rule looks at invoices.

    Those of orders are never stopped, nor are credit notes and debit notes: what is delivered stays
    invoiceable, and corrections are made.
    """

    _inherit = "account.move"

    credit_hold_ids = fields.One2many(
        "ar.credit.hold", "move_id", string="Credit Holds", groups="base.group_user", readonly=True
    )
    credit_hold_id = fields.Many2one(
        "ar.credit.hold", compute="_compute_credit_hold", compute_sudo=True, groups="base.group_user"
    )
    credit_hold_state = fields.Selection(
        [("none", "None"), ("held", "Held"), ("released", "Released"), ("refused", "Refused")],
        string="Credit",
        compute="_compute_credit_hold",
        search="_search_credit_hold_state",
        compute_sudo=True,
        groups="base.group_user",
        help="Held: the invoice waits for credit control to be posted.",
    )
    credit_hold_reason = fields.Text(
        string="Credit Findings",
        compute="_compute_credit_hold_reason",
        compute_sudo=True,
        groups="base.group_user",
    )

    @api.depends("credit_hold_ids.state")
    def _compute_credit_hold(self):
        for move in self:
            move.credit_hold_id = move._origin.credit_hold_ids._get_newest()
            move.credit_hold_state = move.credit_hold_id.state or "none"

    @api.depends("credit_hold_id.reason_text", "credit_hold_id.responsible_id")
    @api.depends_context("lang")
    def _compute_credit_hold_reason(self):
        for move in self:
            hold = move.credit_hold_id if move.state == "draft" else move.credit_hold_id.browse()
            lines = [hold.reason_text, hold.decision_note if hold.state == "refused" else False]
            if hold.state == "held" and hold.responsible_id:
                lines.append(self.env._("Decides: %s", hold.responsible_id.name))
            move.credit_hold_reason = "\n".join(filter(None, lines))

    def _search_credit_hold_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self.env["ar.credit.hold"]._get_document_domain(value, "move_id")

    # CRUD

    def write(self, vals):
        """Below the gate: what becomes posted in any other way than by posting it, and what frees credit."""
        entering = self._credit_get_asked() if vals.get("state") == "posted" else self.browse()
        with self.env.cr.savepoint() if entering else nullcontext():
            result = super().write(vals)
            entering._credit_refuse_entry()
        if "state" in vals:
            self.line_ids._credit_recheck()
            if vals["state"] == "cancel":
                self._credit_close_holds(self.env._("The invoice was cancelled."))
        return result

    def unlink(self):
        self.line_ids._credit_recheck()
        self._credit_close_holds(self.env._("The draft was deleted."))
        return super().unlink()

    def _credit_close_holds(self, note):
        invoices = self.filtered(lambda move: move.is_sale_document(include_receipts=True))
        invoices.sudo().credit_hold_ids._close(note)  # nobody may write holds

    def _compute_partner_credit_warning(self):
        """Core's banner knows another exposure: it is silent where credit control is switched on."""
        roots = {
            company: company.sudo()._credit_root()  # settings of the root, also for a user of a branch
            for company in self.company_id
        }
        controlled = self.filtered(lambda move: roots[move.company_id].credit_control_active)
        controlled.partner_credit_warning = ""
        return super(AccountMove, self - controlled)._compute_partner_credit_warning()

    # what a check asks the invoice

    def _credit_get_amount(self):
        """Total of the invoice in the root company's currency, at today's rate."""
        self.ensure_one()
        company = self.company_id
        return self.currency_id._convert(
            self.amount_total, company._credit_root().currency_id, company, company._credit_today()
        )

    def _credit_is_exempt(self):
        """Whether the invoice asks for no credit. Override to exempt what another application settles."""
        self.ensure_one()
        at_a_till = "pos_order_ids" in self._fields and self.pos_order_ids
        return bool(self.commercial_partner_id.ref_company_ids or at_a_till)

    # the gate

    def _credit_get_asked(self):
        """Those of the moves that a rule looks at when they are posted. No statement while none does."""
        if not self.env.registry.ready:
            return self.browse()  # data of addons being installed; no user is connected
        rules = self.env["ar.credit.rule"]
        looking = {}
        for company in self.company_id:
            root = company.sudo()._credit_root()  # settings of the root, also for a user of a branch
            looking[company] = root.credit_control_active and bool(rules._get_policy(root).at("invoice"))
        candidates = self.filtered(
            lambda move: (
                looking.get(move.company_id)
                and move.move_type in ("out_invoice", "out_receipt")
                and move.state == "draft"
                and move.partner_id
                and not move.debit_origin_id
                and not credit_moment.is_passing(move)
            )
        )
        return candidates.filtered(
            lambda move: (
                move.amount_total > 0
                and not move.sudo().invoice_line_ids.sale_line_ids  # sudo: whether there are orders, no more
            )
        )

    def _credit_gate(self, post, soft):
        """Post what passes and put the rest on hold, as drafts.

        :param post: the complete ``_post`` of all other addons
        :return: the moves that were posted
        """
        may = self.env.su or self.env.user.has_group("account.group_account_invoice")
        asked = self._credit_get_asked() if may else self.browse()
        if soft:
            today = fields.Date.context_today(self)
            asked = asked.filtered(lambda move: move.date <= today)  # the others are not posted yet
        if not asked:
            return post(self, soft=soft)
        verdicts = self.env["ar.credit.check"]._judge_invoices(asked, lock=True)
        held = asked.filtered(lambda move: verdicts[move.id].outcome == "hold")
        (asked - held)._credit_pass_holds()
        held._credit_hold(verdicts)
        passed = self - held
        if not passed:
            return passed
        with credit_moment.passing(passed):
            return post(passed, soft=soft)

    def _credit_hold(self, verdicts):
        if not self:
            return
        self.check_access("write")
        scheduled = self.env.user._is_superuser() and all(move.auto_post != "no" for move in self)
        self.env["ar.credit.hold"]._put(
            [verdicts[move.id] for move in self],
            source="schedule" if scheduled else "post",
            asked_by_id=self.env.uid,
            asked_on=fields.Datetime.now(),
            asked_as_system=self.env.su,
        )

    def _credit_pass_holds(self):
        """End what stopped invoices that pass now."""
        holds = self.sudo().credit_hold_ids  # nobody may write holds
        holds.filtered(lambda hold: hold.state == "held")._pass()
        holds.filtered(lambda hold: hold.state == "refused")._close(self.env._("The invoice passes now."))

    def _credit_refuse_entry(self):
        """Refuse invoices that become posted in any other way than through the gate and do not pass."""
        if not self:
            return
        check = self.env["ar.credit.check"]
        # They are booked by now and counted in the exposure as what they are.
        verdicts = check._judge_invoices(self, lock=True)
        for move in self:
            verdict = verdicts[move.id]
            if verdict.outcome == "hold":
                raise UserError(
                    self.env._(
                        "%(invoice)s cannot be posted, credit control has to release it first.\n%(reasons)s",
                        invoice=move.display_name,
                        reasons="\n".join(
                            check._describe(result, verdict.currency) for result in verdict.reasons
                        ),
                    )
                )
        self._credit_pass_holds()

    def action_post(self):
        result = super().action_post()
        held = self.filtered(lambda move: move.state == "draft" and move.credit_hold_state == "held")
        return self.env["ar.credit.hold"]._get_held_notice(held, result) if held else result

    @api.model
    def _autopost_draft_entries(self, batch_size=100):
        """Recurring invoices that are held stay drafts: the others of the day must not wait behind them."""
        held = self.search_count(
            [("state", "=", "draft"), ("auto_post", "!=", "no"), ("credit_hold_state", "=", "held")]
        )
        return super()._autopost_draft_entries(batch_size=batch_size + held)

    def action_credit_open_hold(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credit Holds"),
            "res_model": "ar.credit.hold",
            "res_id": self.credit_hold_id.id,
            "views": [(False, "form")],
        }
