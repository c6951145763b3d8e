from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

USER = "ar_credit_control.group_credit_user"


class ArCreditRequest(models.TransientModel):
    """A salesperson asks for more credit for a customer: how much, until when, why."""

    _name = "ar.credit.request"
    _description = "Request for Credit"

    partner_id = fields.Many2one("res.partner", string="Customer", required=True)
    order_id = fields.Many2one("sale.order", string="For Quotation")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company._credit_root()
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_terms")
    limit_set = fields.Boolean(compute="_compute_terms")
    limit = fields.Monetary(string="Limit Now", compute="_compute_terms")
    exposure = fields.Monetary(
        string="Used", compute="_compute_figures", currency_field="company_currency_id"
    )
    order_amount = fields.Monetary(
        string="This Order", compute="_compute_figures", currency_field="company_currency_id"
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    open_review_name = fields.Char(compute="_compute_terms")
    amount = fields.Monetary(
        string="Limit Needed",
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="The whole limit that the customer needs, not only what is added.",
    )
    date_to = fields.Date(
        string="Needed Until", help="Empty: for good. With a day: a temporary increase that ends by itself."
    )
    reason = fields.Text(required=True)
    attachment_ids = fields.Many2many("ir.attachment", string="Documents", bypass_search_access=True)

    @api.depends("partner_id", "company_id")
    def _compute_terms(self):
        for wizard in self:
            wizard._check_may_read()
            profile = wizard._get_profile()
            wizard.currency_id = profile.limit_currency_id or wizard.company_id.currency_id
            wizard.limit_set = profile.limit_set
            wizard.limit = profile.limit
            wizard.open_review_name = wizard._get_open_review(profile).name

    @api.depends("partner_id", "company_id", "order_id")
    def _compute_figures(self):
        exposure = self.env["ar.credit.exposure"]
        for wizard in self:
            wizard._check_may_read()
            partner = wizard.partner_id
            figures = exposure._get_figures(partner, wizard.company_id) if partner else {}
            wizard.exposure = next(iter(figures.values()), {}).get("exposure", 0.0)
            wizard.order_amount = wizard._get_order_amount()

    @api.depends("partner_id", "company_id", "order_id")
    def _compute_amount(self):
        for wizard in self:
            company = wizard.company_id.sudo()  # sudo: rates of the main company, for who works in a branch
            needed = company.currency_id._convert(
                wizard.exposure + wizard.order_amount,
                wizard.currency_id or company.currency_id,
                company,
                company._credit_today(),
            )
            wizard.amount = max(needed, wizard.limit)

    @api.model
    def _get_action(self, partner, order=None):
        """Return the action that asks for the credit of a customer, perhaps for an order."""
        partner = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        company = (order.company_id if order else self.env.company)._credit_root()
        self._check_may_ask(partner, company)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ask for Credit"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": partner.id,
                "default_order_id": order.id if order else False,
                "default_company_id": company.id,
            },
        }

    @api.model
    def _check_may_ask(self, partner, company):
        """A salesperson asks for own customers, credit control for all; nobody for another company.

        :raise AccessError: for the customers of others
        """
        user = self.env.user
        auditor = user.has_group("ar_credit_control.group_credit_auditor")
        if not user.has_group("ar_credit_control.group_collector" if auditor else USER):
            raise AccessError(self.env._("You may not ask for credit."))
        self._check_company(company)
        profile = self.env["ar.credit.profile"]._get_or_create(partner, company)
        if not profile.has_access("read"):
            raise AccessError(
                self.env._("%s is not one of your customers.", partner.sudo().display_name)  # sudo: a name
            )
        return profile

    def _check_may_read(self):
        """The terms and figures of a customer are told to who may ask, whatever the request names."""
        self._check_company(self.company_id)
        if self.partner_id:
            self.env["ar.credit.what.if"]._check_may_ask(self.partner_id._origin, self.company_id)

    @api.model
    def _check_company(self, company):
        if company not in self.env.companies.sudo().root_id:  # sudo: the main company may not be readable
            raise AccessError(self.env._("Choose a company that you work in."))

    def action_ask(self):
        """Open the review and submit it."""
        self.ensure_one()
        partner = self.partner_id.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        company = self.company_id._credit_root()
        profile = self._check_may_ask(partner, company)
        if open_review := self._get_open_review(profile):
            raise UserError(self.env._("%s is open already for this customer.", open_review.name))
        reviews = self.env["ar.credit.review"].sudo()  # sudo: asking is all that a salesperson may do
        review = reviews._open([self._prepare_review(profile.sudo())]).sudo(False)  # sudo: present limit
        review.action_submit()
        return self._get_result_action(review)

    def _prepare_review(self, profile):
        """Return the values of the review that is asked for."""
        self.ensure_one()
        temporary = bool(self.date_to)
        currency = profile.limit_currency_id
        vals = {
            "profile_id": profile.id,
            "kind": "temporary" if temporary else "increase" if profile.limit_set else "first",
            "requested_limit": self.amount - profile.limit if temporary else self.amount,
            "reason": self.reason,
            "order_id": self.order_id.id,
            "attachment_ids": [Command.set(self.attachment_ids.ids)],
        }
        if temporary:
            vals["date_to"] = self.date_to
        elif profile.limit_valid_until and profile.limit_valid_until < profile.company_id._credit_today():
            vals["limit_valid_until"] = False
        if (
            profile.limit_set
            and currency.compare_amounts(self.amount, profile.limit) <= 0
            and vals.get("limit_valid_until") is not False
        ):
            raise UserError(
                self.env._("The limit is %s already: ask for more.", currency.format(profile.limit))
            )
        return vals

    def _get_result_action(self, review):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": review.name,
                "message": self.env._(
                    "Asked: %s decides.", review.responsible_id.name or self.env._("a credit manager")
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _get_profile(self):
        """Return the profile of the customer: the terms that are asked about."""
        partner = self.partner_id.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        profiles = self.env["ar.credit.profile"].sudo()  # sudo: terms of a customer that the user may ask for
        return profiles.search([("partner_id", "=", partner.id), ("company_id", "=", self.company_id.id)])

    @api.model
    def _get_open_review(self, profile):
        """Return a request that somebody has made already."""
        return (
            self.env["ar.credit.review"]
            .sudo()  # sudo: existence only
            .search(
                [
                    ("profile_id", "in", profile.ids),
                    ("state", "=", "submitted"),
                    ("kind", "in", ("first", "increase", "temporary")),
                ],
                limit=1,
            )
        )

    def _get_order_amount(self):
        """Return the total of the quotation in company currency, when it counts in nothing yet."""
        self.ensure_one()
        order = self.order_id
        if order.state not in ("draft", "sent"):
            return 0.0
        company = self.company_id
        currency = order.currency_id.sudo()  # sudo: rates of the main company, for who works in a branch
        return currency._convert(order.amount_total, company.currency_id, company, company._credit_today())
