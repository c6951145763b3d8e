from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date, format_list, formatLang

PAY_WITHIN_DAYS = 7
# Limits and exposure are for who sells and for credit control, not for the warehouse.
SEES_CREDIT = "sales_team.group_sale_salesman,ar_credit_control.group_credit_user"


class SaleOrder(models.Model):
    """What confirming would do, told while quoting. Nothing is locked, written or stored for it."""

    _inherit = "sale.order"

    credit_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Credit Currency", groups=SEES_CREDIT
    )
    credit_controlled = fields.Boolean(
        related="company_id.root_id.credit_control_active",
        string="Credit Control is On",
        groups=SEES_CREDIT,
    )
    credit_forecast = fields.Selection(
        [("pass", "Passes"), ("warn", "Passes, watch"), ("hold", "Would be held")],
        string="Credit Outlook",
        compute="_compute_credit_forecast",
        search="_search_credit_forecast",
        compute_sudo=True,
        groups=SEES_CREDIT,
        help="What credit control would say if the order were confirmed now.",
    )
    credit_forecast_limit_set = fields.Boolean(
        string="Limit Decided", compute="_compute_credit_forecast", compute_sudo=True, groups=SEES_CREDIT
    )
    credit_forecast_limit = fields.Monetary(
        string="Credit Limit",
        compute="_compute_credit_forecast",
        compute_sudo=True,
        currency_field="credit_currency_id",
        groups=SEES_CREDIT,
        help="Limit and security of the customer; zero while none was decided.",
    )
    credit_forecast_used = fields.Monetary(
        string="Credit Used",
        compute="_compute_credit_forecast",
        compute_sudo=True,
        currency_field="credit_currency_id",
        groups=SEES_CREDIT,
        help="Credit exposure of the customer without this order.",
    )
    credit_forecast_amount = fields.Monetary(
        string="This Order",
        compute="_compute_credit_forecast",
        compute_sudo=True,
        currency_field="credit_currency_id",
        groups=SEES_CREDIT,
        help="Total of the order in company currency at today's rate.",
    )
    credit_forecast_left = fields.Monetary(
        string="Credit Left",
        compute="_compute_credit_forecast",
        compute_sudo=True,
        currency_field="credit_currency_id",
        groups=SEES_CREDIT,
        help="What remains of the limit after this order; negative when it is exceeded.",
    )
    credit_forecast_pay = fields.Monetary(
        string="Pay to Pass",
        compute="_compute_credit_forecast",
        compute_sudo=True,
        currency_field="credit_currency_id",
        groups=SEES_CREDIT,
        help="Once the customer pays this amount the order passes.",
    )
    credit_forecast_reason = fields.Text(
        string="Credit Findings",
        compute="_compute_credit_forecast",
        compute_sudo=True,
        groups=SEES_CREDIT,
    )
    credit_pay_note = fields.Char(
        string="For the Customer",
        compute="_compute_credit_pay_note",
        compute_sudo=True,
        groups=SEES_CREDIT,
        help="A sentence to copy into a message, in the customer's language.",
    )
    credit_banner = fields.Html(
        compute="_compute_credit_banner", compute_sudo=False, sanitize=False, groups=SEES_CREDIT
    )

    @api.depends(
        "amount_total",
        "company_id",
        "currency_id",
        "partner_id",
        "partner_invoice_id",
        "payment_term_id",
        "state",
        "credit_hold_ids.state",
    )
    @api.depends_context("lang")
    def _compute_credit_forecast(self):
        verdicts = self._credit_get_forecasts()
        check = self.env["ar.credit.check"]
        for order in self:
            verdict = verdicts.get(order.id)
            if not verdict:
                order.credit_forecast = order.credit_forecast_reason = order.credit_forecast_limit_set = False
                order.credit_forecast_limit = order.credit_forecast_used = order.credit_forecast_amount = 0.0
                order.credit_forecast_left = order.credit_forecast_pay = 0.0
                continue
            limit_set = verdict.figures["limit_set"]
            order.credit_forecast = verdict.outcome
            order.credit_forecast_limit_set = limit_set
            order.credit_forecast_limit = (
                verdict.figures["limit"] + verdict.figures["security"] if limit_set else 0.0
            )
            order.credit_forecast_used = verdict.used
            order.credit_forecast_amount = verdict.amount
            order.credit_forecast_left = verdict.left if limit_set else 0.0
            order.credit_forecast_pay = verdict.pay
            order.credit_forecast_reason = "\n".join(
                check._describe(result, verdict.currency) for result in verdict.reasons
            )

    def _search_credit_forecast(self, operator, value):
        """Judge every open order in one go: this is what the preview before switching on looks at."""
        if operator != "in":
            return NotImplemented
        orders = self.search(self._get_credit_preview_domain())
        verdicts = orders._credit_get_forecasts()
        return Domain(
            "id", "in", [order_id for order_id, verdict in verdicts.items() if verdict.outcome in value]
        )

    @api.depends("credit_forecast", "credit_hold_id.state", "credit_forecast_reason")
    @api.depends_context("lang", "uid")
    def _compute_credit_banner(self):
        """Prepared words and figures for whoever opens the order, whatever the user's rights."""
        quotes = self.filtered(
            lambda order: order.state in ("draft", "sent") or order.credit_hold_state == "held"
        )
        kinds = {order.id: order._credit_get_banner_kind() for order in quotes}
        shown = quotes.filtered(lambda order: kinds[order.id])
        verdicts = shown._credit_get_forecasts()
        for order in self:
            verdict = verdicts.get(order.id)
            order.credit_banner = verdict and self.env["ir.qweb"]._render(
                "ar_credit_control.credit_banner",
                order._prepare_credit_banner(kinds[order.id], verdict),
            )

    @api.depends("credit_forecast", "credit_forecast_pay", "partner_id")
    def _compute_credit_pay_note(self):
        """What the customer pays, and by when, so that the order goes ahead."""
        payable = self.filtered(
            lambda order: (
                order.credit_forecast_pay and order.credit_controlled and order.state in ("draft", "sent")
            )
        )
        verdicts = payable._credit_get_forecasts()
        (self - payable).credit_pay_note = False
        for order in payable:
            verdict = verdicts[order.id]
            told = order.with_context(lang=order.partner_id.lang or order.env.lang)
            day = order.company_id._credit_today() + timedelta(days=PAY_WITHIN_DAYS)
            day -= timedelta(days=max(day.weekday() - 4, 0))  # nobody pays at the weekend
            items = told.env["ar.credit.check"]._format_payments(verdict.payments, verdict.currency)
            values = {
                "order": order.name,
                "amount": formatLang(told.env, verdict.pay, currency_obj=verdict.currency),
                "day": format_date(told.env, day, date_format="full"),
            }
            order.credit_pay_note = (
                told.env._(
                    "We go ahead with %(order)s as soon as %(amount)s is paid, by %(day)s please: %(items)s.",
                    items=items,
                    **values,
                )
                if items
                else told.env._(
                    "We go ahead with %(order)s as soon as %(amount)s is paid, by %(day)s please.", **values
                )
            )

    @api.model
    def _get_credit_preview_domain(self):
        """Orders that are still to be supplied or confirmed."""
        return Domain("state", "in", ("draft", "sent")) | (
            Domain("state", "=", "sale") & Domain("invoice_status", "!=", "invoiced")
        )

    def _credit_get_forecasts(self):
        """Judge orders for which a forecast makes sense, each alone and without locks."""
        orders = self.filtered(
            lambda order: order.state != "cancel" and order.partner_id and order.company_id
        )
        return self.env["ar.credit.check"]._judge(orders)

    def _credit_get_banner_kind(self):
        """Which banner to show: a decision, a forecast, a preview to credit control, or none."""
        self.ensure_one()
        if self.credit_hold_state in ("held", "refused", "released"):
            return self.credit_hold_state
        if self._credit_controlled():
            worth = self.credit_forecast != "pass" or self.credit_forecast_limit
            return self.credit_forecast if worth and self.credit_forecast_amount > 0 else False
        would = self.credit_forecast == "hold" and self.env.user.has_group(
            "ar_credit_control.group_credit_user"
        )
        return "preview" if would else False

    def _credit_get_deciders(self, kind, verdict, hold):
        """Return who decides, or would: the one who was asked, else the first who may."""
        if kind == "held":
            return hold.responsible_id.name
        if kind != "hold":
            return False
        authority = self.env["ar.credit.authority"].sudo()  # names of colleagues, told to who sells
        company = self.company_id.sudo()  # the table of the root, also for a user of a branch
        approvers = authority._get_approvers("release", verdict.amount, company) - self.env.user
        return format_list(self.env, approvers[:2].mapped("name"), "or")

    def _prepare_credit_banner(self, kind, verdict):
        self.ensure_one()
        check, hold = self.env["ar.credit.check"], self._origin.sudo().credit_hold_id  # told to who sells

        def money(amount):
            return formatLang(self.env, amount, currency_obj=verdict.currency)

        return {
            "kind": kind,
            "limit": money(verdict.figures["limit"] + verdict.figures["security"])
            if verdict.figures["limit_set"]
            else False,
            "used": money(verdict.used),
            "amount": money(verdict.amount),
            "left": money(verdict.left),
            "exceeded": verdict.left < 0,
            "reasons": [check._describe(result, verdict.currency) for result in verdict.reasons],
            "pay": money(verdict.pay) if verdict.pay else False,
            "items": check._format_payments(verdict.payments, verdict.currency),
            "held_note": hold.held_note if hold.forced else False,
            "responsible": self._credit_get_deciders(kind, verdict, hold),
            "condition": hold.condition,
            "decided_by": hold.decided_by_id.name,
            "decision_note": hold.decision_note,
            "cap": money(hold.cap_amount),
            "valid_until": hold.valid_until,
        }
