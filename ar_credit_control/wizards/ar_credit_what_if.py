from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_list

from ..models.rule.ar_credit_check import Demand


class ArCreditWhatIf(models.TransientModel):
    """What credit control would say to an amount, before there is an order. Nothing is written or kept.

    The same rules, figures and words as for an order; who sells asks about own customers.
    """

    _name = "ar.credit.what.if"
    _description = "What If"

    partner_id = fields.Many2one("res.partner", string="Customer")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company._credit_root()
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    amount = fields.Monetary(string="Amount with Taxes", help="Total of the order that you have in mind.")
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company._credit_root().currency_id
    )
    payment_term_id = fields.Many2one(
        "account.payment.term",
        string="Payment Terms",
        compute="_compute_payment_term_id",
        store=True,
        readonly=False,
    )
    outcome = fields.Selection(
        [("pass", "Passes"), ("warn", "Passes, watch"), ("hold", "Would be held")],
        compute="_compute_outcome",
    )
    limit_set = fields.Boolean(compute="_compute_outcome")
    limit = fields.Monetary(
        string="Limit and Securities", compute="_compute_outcome", currency_field="company_currency_id"
    )
    used = fields.Monetary(compute="_compute_outcome", currency_field="company_currency_id")
    asked = fields.Monetary(
        string="This Amount", compute="_compute_outcome", currency_field="company_currency_id"
    )
    left = fields.Monetary(compute="_compute_outcome", currency_field="company_currency_id")
    pay = fields.Monetary(
        string="Pay to Pass",
        compute="_compute_outcome",
        currency_field="company_currency_id",
        help="Once the customer has paid this it passes. Zero: money alone does not help.",
    )
    pay_items = fields.Char(string="Items to Pay", compute="_compute_outcome")
    findings = fields.Text(compute="_compute_outcome")
    fine = fields.Text(string="In Order", compute="_compute_outcome", help="Rules that looked and let pass.")
    approvers = fields.Char(string="Could Release", compute="_compute_outcome")

    @api.depends("partner_id")
    def _compute_payment_term_id(self):
        for wizard in self:
            # sudo: the debtor may not be readable
            customer = wizard.partner_id.sudo().commercial_partner_id.with_company(wizard.company_id)
            wizard.payment_term_id = customer.property_payment_term_id.sudo(False)

    @api.depends("partner_id", "company_id", "amount", "currency_id", "payment_term_id")
    @api.depends_context("uid", "lang")
    def _compute_outcome(self):
        for wizard in self:
            verdict = wizard._judge() if wizard.partner_id and wizard.company_id else None
            wizard.update(wizard._prepare_outcome(verdict) if verdict else wizard._prepare_nothing())

    @api.model
    def _get_action(self, partner, company=None):
        partner = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        company = (company or self.env.company)._credit_root()
        self._check_may_ask(partner, company)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What If"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": partner.id,
                "default_company_id": company.id,
                "default_currency_id": company.currency_id.id,
            },
        }

    @api.model
    def _check_may_ask(self, partner, company):
        """Who sells asks about own customers, credit control and auditors about all of their companies.

        :raise AccessError: otherwise
        """
        if company not in self.env.companies.sudo().root_id:  # sudo: the main company may not be readable
            raise AccessError(self.env._("Choose a company that you work in."))
        user = self.env.user
        if any(user.has_group(f"ar_credit_control.group_{role}") for role in ("collector", "credit_auditor")):
            return
        own = self.env["ar.credit.profile"]._own_customers_sql()
        debtor = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        if not self.env.execute_query(SQL("SELECT 1 WHERE %s IN (%s)", debtor.id, own)):
            raise AccessError(self.env._("%s is not one of your customers.", debtor.display_name))

    def _judge(self):
        """Return the verdict on what is asked; without locks."""
        self.ensure_one()
        root = self.company_id._credit_root()
        debtor = self.partner_id._origin.sudo().commercial_partner_id  # sudo: figures of the whole customer
        self._check_may_ask(debtor, root)
        currency = self.currency_id.sudo()  # sudo: rates of the main company, for who works in a branch
        demand = Demand(
            key=None,
            partner=debtor,
            company=root,
            amount=currency._convert(self.amount, root.currency_id, root, root._credit_today()),
            terms_days=max(self.payment_term_id.sudo().line_ids.mapped("nb_days"), default=0),  # sudo: a term
            currency=self.currency_id,
            exempt=bool(debtor.ref_company_ids),
        )
        return self.env["ar.credit.check"]._judge_demands([demand])[None]

    def _prepare_nothing(self):
        return {
            "outcome": False,
            "limit_set": False,
            "limit": 0.0,
            "used": 0.0,
            "asked": 0.0,
            "left": 0.0,
            "pay": 0.0,
            "pay_items": False,
            "findings": False,
            "fine": False,
            "approvers": False,
        }

    def _prepare_outcome(self, verdict):
        check = self.env["ar.credit.check"]
        figures = verdict.figures
        reasons = verdict.reasons
        names = []
        if verdict.outcome == "hold":
            authority = self.env["ar.credit.authority"]
            approvers = authority._get_approvers("release", verdict.amount, verdict.root)
            names = (approvers - self.env.user).sudo().mapped("name")  # sudo: names of colleagues
        return {
            "outcome": verdict.outcome,
            "limit_set": figures["limit_set"],
            "limit": figures["limit"] + figures["security"],
            "used": verdict.used,
            "asked": verdict.amount,
            "left": verdict.left,
            "pay": verdict.pay,
            "pay_items": check._format_payments(verdict.payments, verdict.currency, shown=10),
            "findings": "\n".join(check._describe(result, verdict.currency) for result in reasons),
            "fine": "\n".join(
                check._describe(result, verdict.currency)
                for result in verdict.results
                if result["outcome"] == "pass"
            ),
            "approvers": format_list(self.env, names[:3], "or") + (" …" if len(names) > 3 else ""),
        }
