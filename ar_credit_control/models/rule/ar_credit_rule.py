from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_amount, format_list, formatLang

from .credit_policy import Policy, Rule

CHECKPOINTS = ("order", "delivery", "invoice")
PARAMETERS = (
    "tolerance_percent",
    "tolerance_amount",
    "share_percent",
    "min_amount",
    "amount",
    "days",
    "count",
    "period_days",
    "warn_days",
)


class ArCreditRule(models.Model):
    """One check of the credit policy of a company: what it looks at, for whom, when, and what follows.

    All active rules are evaluated, also several of a kind, and all findings are kept. A rule of a new kind is
    a value of ``kind`` and the methods ``_check_…``, ``_describe_…`` of ``ar.credit.check`` and ``_say_…`` of
    this model. Amounts are in the currency of the root company.
    """

    _name = "ar.credit.rule"
    _description = "Credit Rule"
    _inherit = ["mail.thread"]
    _order = "company_id, sequence, id"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
        help="The main company; its branches follow.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    name = fields.Char(help="Own words for the rule. Empty: what it looks at.")
    kind = fields.Selection(
        [
            ("limit", "Over the limit"),
            ("near_limit", "Near the limit"),
            ("overdue", "Overdue for too long"),
            ("overdue_amount", "Too much overdue"),
            ("rating", "Rating not allowed"),
            ("limit_expired", "Limit expired"),
            ("review_overdue", "Review overdue"),
            ("no_limit", "No limit decided"),
            ("broken_promises", "Broken promises"),
            ("dunning_stage", "Reminders without effect"),
            ("order_amount", "Large order"),
            ("terms", "Terms too long"),
            ("cover_lapsed", "Cover lapsed"),
        ],
        string="Looks At",
        required=True,
        default="limit",
        tracking=True,
    )
    active = fields.Boolean(
        string="On", default=True, tracking=True, help="Off: the rule is kept and looks at nothing."
    )
    sequence = fields.Integer(default=10)
    outcome = fields.Selection(
        [("warn", "Warns"), ("hold", "Holds")],
        string="What Follows",
        required=True,
        default="hold",
        tracking=True,
        help="Warns: it is told, nothing stops. Holds: waits for who may release.",
    )
    on_order = fields.Boolean(string="Orders", default=True, tracking=True)
    on_delivery = fields.Boolean(string="Deliveries", tracking=True)
    on_invoice = fields.Boolean(
        string="Invoices", tracking=True, help="Invoices that no order stands behind, when they are posted."
    )
    rating_ids = fields.Many2many("ar.credit.rating", string="Ratings", tracking=True)
    category_ids = fields.Many2many(
        "res.partner.category",
        string="Tags",
        tracking=True,
        help="Customers with one of these tags. Empty: all.",
    )
    country_ids = fields.Many2many(
        "res.country", string="Countries", tracking=True, help="Customers in these countries. Empty: all."
    )
    tolerance_percent = fields.Float(
        string="Tolerance (%)",
        tracking=True,
        help="The limit, with securities, may be exceeded by this share.",
    )
    tolerance_amount = fields.Monetary(
        string="Tolerance at Most", tracking=True, help="Caps the share. Zero: no cap."
    )
    share_percent = fields.Float(string="Share (%)", tracking=True)
    min_amount = fields.Monetary(
        string="Smallest Item", tracking=True, help="Items with less open than this do not count."
    )
    amount = fields.Monetary(tracking=True)
    days = fields.Integer(tracking=True)
    count = fields.Integer(tracking=True)
    period_days = fields.Integer(string="Within (days)", tracking=True)
    warn_days = fields.Integer(
        string="Warns First (days)",
        tracking=True,
        help="For so many days it is only a warning, then it holds.",
    )
    preset = fields.Selection(
        [("lenient", "Lenient"), ("standard", "Standard"), ("strict", "Strict")],
        readonly=True,
        help="The set of rules it came with.",
    )
    replaced_on = fields.Date(readonly=True, help="Another set of rules took its place on that day.")
    sentence = fields.Text(string="In Words", compute="_compute_sentence")

    _figures_not_negative = models.Constraint(
        """CHECK (tolerance_percent >= 0 AND tolerance_amount >= 0 AND share_percent >= 0 AND min_amount >= 0
            AND amount >= 0 AND days >= 0 AND count >= 0 AND period_days >= 0 AND warn_days >= 0)""",
        "Days, shares and amounts of a rule cannot be negative.",
    )
    _share_is_a_share = models.Constraint("CHECK (share_percent <= 100)", "A share is 100 % at most.")

    # computes

    @api.depends("name", "kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for rule in self:
            rule.display_name = rule.name or labels.get(rule.kind)

    @api.depends(
        "kind",
        "outcome",
        "on_order",
        "on_delivery",
        "on_invoice",
        "rating_ids",
        "category_ids",
        "country_ids",
        "currency_id",
        *PARAMETERS,
    )
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            rule.sentence = rule._say() if rule.kind else False

    @api.constrains("kind", "rating_ids")
    def _check_ratings(self):
        if any(rule.kind == "rating" and not rule.rating_ids for rule in self):
            raise ValidationError(self.env._("Name the ratings that are not allowed."))

    @api.constrains("company_id")
    def _check_root_company(self):
        if any(rule.company_id.parent_id for rule in self):
            raise ValidationError(self.env._("Rules belong to the main company; its branches follow."))

    # CRUD: whoever changes a rule changes what everybody else is judged by

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        self._forget_figures()
        return rules

    def write(self, vals):
        if vals.get("active"):
            vals = {**vals, "replaced_on": False}
        result = super().write(vals)
        if "company_id" in vals:
            self.check_access("write")  # what is moved into another company needs the right there
        self.env.registry.clear_cache()
        self._forget_figures()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Holds were decided by these rules: switch them off instead."))

    def copy_data(self, default=None):
        return [dict(vals, preset=False, replaced_on=False) for vals in super().copy_data(default)]

    def _forget_figures(self):
        """Figures of customers that were read in this transaction may have followed other rules."""
        self.env["res.partner"]._invalidate_credit_figures()
        self.env["ar.credit.profile"].invalidate_model(["status"], flush=False)
        self.env["ar.credit.exposure"].invalidate_model(flush=False)

    # business

    @api.model
    def _get_policy(self, root):
        """Return the active rules of a root company as a :class:`Policy`; reads nothing when warm."""
        return self._get_policies().get(root.id) or self._get_empty_policy()

    @api.model
    @tools.ormcache()
    def _get_policies(self):
        """Return the :class:`Policy` of each root company by its id."""
        rules = self.sudo().with_context(active_test=True).search([])  # sudo: who sells reads no rules
        policies = {}
        for company, own in rules.grouped("company_id").items():
            plain = tuple(rule._as_data() for rule in own)
            empty = self._get_empty_policy()
            policies[company.id] = Policy(plain, empty.unrated_id, empty.rating_days)
        return policies

    @api.model
    @tools.ormcache()
    def _get_empty_policy(self):
        """Return what holds for a company without rules."""
        ratings = self.env["ar.credit.rating"].sudo()  # sudo: who sells reads no ratings
        days = {
            rating.id: rating.payment_days for rating in ratings.with_context(active_test=False).search([])
        }
        return Policy((), ratings._get_unrated().id or None, days)

    def _as_data(self):
        self.ensure_one()
        return Rule(
            id=self.id,
            name=self.name or "",
            kind=self.kind,
            outcome=self.outcome,
            checkpoints=frozenset(point for point in CHECKPOINTS if self[f"on_{point}"]),
            rating_ids=frozenset(self.rating_ids.ids),
            category_ids=frozenset(self.category_ids.ids),
            country_ids=frozenset(self.country_ids.ids),
            **{name: self[name] for name in PARAMETERS},
        )

    # try it

    def action_try(self):
        """Show what this rule, alone, would stop or warn of today; nothing is written and it need not be on.

        :raise AccessError: for who may not read rules
        """
        self.ensure_one()
        self.check_access("read")
        orders = self._get_orders_stopped()
        root = self.company_id._credit_root()
        text = self.env._(
            "Today: open orders %(orders)s, customers %(customers)s",
            orders=len(orders),
            customers=self.env["ar.credit.exposure"]._count_customers(self._as_data(), root),
        )
        if not orders:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {"type": "info", "title": self.display_name, "message": text},
            }
        views = ("sale_order_view_list_preview", "list"), ("sale_order_view_form_credit", "form")
        return {
            "type": "ir.actions.act_window",
            "name": text,
            "res_model": "sale.order",
            "views": [(self.env.ref(f"ar_credit_control.{name}").id, kind) for name, kind in views],
            "domain": [("id", "in", orders.ids)],
            "context": {"create": False},
        }

    def _get_orders_stopped(self):
        """Return open orders and quotations, of those the user may read, that this rule does not let pass."""
        orders = self.env["sale.order"]
        orders = orders.search(
            Domain("company_id", "child_of", self.company_id.ids) & orders._get_credit_preview_domain()
        )
        verdicts = self.env["ar.credit.check"]._judge(orders, rules=[self._as_data()])
        return orders.filtered(
            lambda order: any(
                result["rule_id"] == self.id and result["outcome"] != "pass"
                for result in verdicts[order.id].results
            )
        )

    # in words

    def _say(self):
        """Return in one sentence what the rule does, in the language of the reader."""
        self.ensure_one()
        nouns = {
            "order": self.env._("an order"),
            "delivery": self.env._("a delivery"),
            "invoice": self.env._("an invoice"),
        }
        subjects = self.env._(" or ").join(nouns[point] for point in CHECKPOINTS if self[f"on_{point}"])
        if not subjects:
            return self.env._("Looks at nothing: choose orders, deliveries or invoices.")
        values = {
            "subjects": subjects,
            "condition": getattr(self, f"_say_{self.kind}")(),
            "scope": self._say_scope(),
        }
        if self.outcome == "hold":
            return self.env._("Hold %(subjects)s when %(condition)s%(scope)s.", **values)
        return self.env._("Warn of %(subjects)s when %(condition)s%(scope)s.", **values)

    def _say_scope(self):
        parts = [] if self.kind == "rating" else [self.rating_ids]
        parts += [self.category_ids, self.country_ids]
        texts = [format_list(self.env, records.mapped("display_name"), "or") for records in parts if records]
        return self.env._(" (only %s)", "; ".join(texts)) if texts else ""

    def _money(self, amount):
        return format_amount(self.env, amount, self.currency_id) if self.currency_id else str(amount)

    def _percent(self, share):
        digits = 0 if share == int(share) else 2
        return self.env._("%s %%", formatLang(self.env, share, digits=digits))

    def _say_limit(self):
        if not self.tolerance_percent:
            return self.env._("the customer's exposure with it exceeds limit and securities")
        if not self.tolerance_amount:
            return self.env._(
                "the customer's exposure with it exceeds limit and securities by more than %(share)s",
                share=self._percent(self.tolerance_percent),
            )
        return self.env._(
            "the customer's exposure with it exceeds limit and securities by more than %(share)s, at most "
            "%(amount)s",
            share=self._percent(self.tolerance_percent),
            amount=self._money(self.tolerance_amount),
        )

    def _say_near_limit(self):
        return self.env._(
            "the customer's exposure with it reaches %(share)s of limit and securities",
            share=self._percent(self.share_percent),
        )

    def _say_smallest(self):
        if not self.min_amount:
            return ""
        return self.env._(", leaving out items below %s", self._money(self.min_amount))

    def _say_days(self):
        return self.env._(" by more than %s days", self.days) if self.days else ""

    def _say_overdue(self):
        if not self.share_percent:
            return self.env._(
                "an item is overdue%(days)s%(smallest)s",
                days=self._say_days(),
                smallest=self._say_smallest(),
            )
        return self.env._(
            "items overdue%(days)s are more than %(share)s of the balance%(smallest)s",
            days=self._say_days(),
            share=self._percent(self.share_percent),
            smallest=self._say_smallest(),
        )

    def _say_overdue_amount(self):
        limits = [self._money(self.amount)] if self.amount or not self.share_percent else []
        if self.share_percent:
            limits.append(self.env._("%s of the balance", self._percent(self.share_percent)))
        return self.env._(
            "more than %(limits)s is overdue%(days)s%(smallest)s",
            limits=self.env._(" or ").join(limits),
            days=self._say_days(),
            smallest=self._say_smallest(),
        )

    def _say_rating(self):
        return self.env._(
            "the customer is rated %s", format_list(self.env, self.rating_ids.mapped("display_name"), "or")
        )

    def _say_warn_days(self):
        if self.outcome != "hold" or not self.warn_days:
            return ""
        return self.env._("; a warning only for the first %s days", self.warn_days)

    def _say_limit_expired(self):
        return self.env._("the limit is past its last day%s", self._say_warn_days())

    def _say_review_overdue(self):
        if not self.days:
            return self.env._("the review of the customer is overdue")
        return self.env._("the review of the customer is overdue by more than %s days", self.days)

    def _say_no_limit(self):
        return self.env._("nobody decided a limit for the customer")

    def _say_broken_promises(self):
        return self.env._(
            "the customer broke %(count)s promises to pay within %(days)s days",
            count=max(self.count, 1),
            days=self.period_days,
        )

    def _say_dunning_stage(self):
        if not self.count:
            return self.env._("a reminder that stops supply was sent for an open item")
        return self.env._("an open item was reminded of at level %s or above", self.count)

    def _say_order_amount(self):
        return self.env._("it amounts to more than %s", self._money(self.amount))

    def _say_terms(self):
        if not self.days:
            return self.env._("its payment term is longer than decided or allowed by the rating")
        return self.env._(
            "its payment term is more than %s days longer than decided or allowed by the rating", self.days
        )

    def _say_cover_lapsed(self):
        return self.env._(
            "a security lapsed in the last %s days and was not replaced, or what it covers is outgrown",
            self.days,
        )
