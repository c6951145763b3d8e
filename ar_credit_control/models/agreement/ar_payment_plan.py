import io
from datetime import timedelta
from functools import partial

from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL, format_amount, format_date
from odoo.tools.image import image_data_uri
from odoo.tools.misc import get_lang

from ..document import joint_pdf, page_rows

# Millimetres of the page before the instalments, see ``page_rows``.
PAGE_HEAD = 78
# What keeps an item from being planned; a promise gives way.
PLANNED = ("deferred", "plan")
UNITS = {"day": "days", "week": "weeks", "month": "months"}


class ArPaymentPlan(models.Model):
    """A later payment that we agree to: instalments (``plan``) or one later day (``deferral``).

    A collector drafts it, another person with authority for so many days and so much money approves it
    (``ar.credit.authority`` of kind ``deferral``): never who asked, nor anybody who wrote the terms. While
    it is active its items are not dunned. What is matched with the items pays the instalments in their order;
    one that is not paid by its date and the days of grace ends the plan (``defaulted``), and dunning goes on.
    Like the state of a promise that follows from the ledger alone, see :meth:`_judged_sql`.

    The due dates of the items never change: ageing, provision and the insurer's deadlines go on counting from
    them. Amounts are in ``currency_id``, the currency of the items.
    """

    _name = "ar.payment.plan"
    _description = "Payment Plan"
    _inherit = [
        "ar.approval.mixin",
        "ar.customer.evidence.mixin",
        "ar.collector.notes.mixin",
        "ar.customer.reply.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _order = "id desc"
    _rec_names_search = ["name", "partner_id"]
    _made_by_methods = True
    _terms = frozenset(
        {
            "contact_id",
            "count",
            "date_start",
            "first_amount",
            "interval_number",
            "interval_unit",
            "line_ids",
            "reason",
            "with_interest",
        }
    )
    _approval_activity = "ar_credit_control.mail_activity_plan_approve"

    name = fields.Char(string="Number", required=True, readonly=True, index=True)
    kind = fields.Selection(
        [("plan", "Payment Plan"), ("deferral", "Deferral")],
        required=True,
        readonly=True,
        default="plan",
        help="Payment plan: several instalments. Deferral: one later day.",
    )
    profile_id = fields.Many2one(
        "ar.credit.profile", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_name = fields.Char(string="Customer Name", readonly=True, help="As it was when it was agreed.")
    contact_id = fields.Many2one(
        "res.partner",
        string="Agreed With",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('commercial_partner_id', '=', partner_id)]",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(readonly=True, help="Open amount of the items when it was drafted.")
    amount_paid = fields.Monetary(string="Paid", readonly=True)
    amount_left = fields.Monetary(string="Left", compute="_compute_amount_left")
    reason = fields.Text(string="Why", help="Why the customer cannot pay now, and why we agree.")
    item_ids = fields.One2many("ar.payment.plan.item", "plan_id", string="Items", readonly=True)
    line_ids = fields.One2many("ar.payment.plan.line", "plan_id", string="Instalments")

    # how instalments are proposed
    count = fields.Integer(string="Number of Instalments", default=3)
    date_start = fields.Date(string="First Payment")
    interval_number = fields.Integer(string="Every", default=1)
    interval_unit = fields.Selection(
        [("day", "Days"), ("week", "Weeks"), ("month", "Months")], default="month", required=True
    )
    first_amount = fields.Monetary(string="Down Payment", help="First instalment; zero: all are alike.")

    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "To Approve"),
            ("active", "Active"),
            ("kept", "Kept"),
            ("defaulted", "Defaulted"),
            ("written_off", "Written Off"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        index=True,
        tracking=True,
        group_expand="_expand_states",
        help="Defaulted: an instalment was missed; reminders go on. Written off: nothing more was expected "
        "of what was left.",
    )
    days = fields.Integer(
        string="Days Put Off",
        compute="_compute_days",
        help="From today, or the due date where that is later, to the last instalment; for items that were "
        "put off before, from that first agreement. The authority of who approves must cover it.",
    )
    decided_days = fields.Integer(readonly=True)
    grace_days = fields.Integer(string="Grace (days)", readonly=True)
    tolerance_amount = fields.Monetary(
        string="Tolerance", readonly=True, help="So much may be missing, as with promises."
    )
    prepared_by_ids = fields.Many2many(relation="ar_payment_plan_prepared_rel")
    decided_by_id = fields.Many2one(string="Approved By")
    decided_on = fields.Date(string="Approved On")
    ended_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    ended_on = fields.Date(readonly=True, help="Day on which it was kept, missed or ended.")
    end_reason = fields.Char(string="Why Ended", readonly=True)
    missed_on = fields.Date(readonly=True, help="Last day on which the missed instalment could be paid.")
    next_date = fields.Date(string="Next Payment", readonly=True)
    next_amount = fields.Monetary(readonly=True, help="What is missing of the next instalment.")
    paused_until = fields.Date(
        string="No Reminders Until", readonly=True, help="The next instalment with its days of grace."
    )

    _active_idx = models.Index("(company_id, paused_until) WHERE state = 'active'")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("name", "partner_name")
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = " · ".join(filter(None, (plan.name, plan.partner_name)))

    @api.depends("amount", "amount_paid")
    def _compute_amount_left(self):
        for plan in self:
            plan.amount_left = max(plan.amount - plan.amount_paid, 0.0)

    @api.depends("state", "decided_days", "line_ids.date", "item_ids.date_maturity")
    def _compute_days(self):
        for plan in self:
            plan.days = plan.decided_days if plan.decided_on else plan._get_days()

    @api.depends("line_ids.date", "amount")
    @api.depends_context("uid")
    def _compute_may_decide(self):
        return super()._compute_may_decide()

    @api.model
    def _expand_states(self, states, domain):
        always = ("draft", "submitted", "active", "kept", "defaulted")
        return [*always, *(state for state in states if state in ("written_off", "cancelled"))]

    def _mail_get_partner_fields(self, introspect_fields=False):
        return ["contact_id", "partner_id"]

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def write(self, vals):
        if "contact_id" in vals and not self.env.su:
            contact = self.env["res.partner"].browse(vals["contact_id"])
            if contact and contact.commercial_partner_id != self.partner_id.commercial_partner_id:
                raise UserError(self.env._("Choose a contact of the customer."))
        result = super().write(vals)
        if vals.keys() & {"line_ids", "with_interest"}:
            self._update_interest()
        return result

    # ------------------------------------------------------------------
    # Drafting
    # ------------------------------------------------------------------

    @api.model
    def _draft(self, partner, root, items=None, kind="plan", dates=None, **values):
        """Draft a plan or a deferral and return it. Internal: who may is checked by the callers.

        :param items: ``ar.aging.report`` records of one currency; empty: everything due
        :param dates: days of the instalments, all alike; a deferral has one. Empty: by ``count``,
            ``date_start``, ``interval_number``, ``interval_unit`` and ``first_amount`` of the values
        """
        root = root._credit_root()
        promises = self.env["ar.payment.promise"]
        if not items:
            items = self.env["ar.item.settlement"]._get_due_claims(partner, root, reasons=PLANNED)
            items = items.filtered(lambda item: item.currency_id == items[:1].currency_id)
        items = items.sudo()  # sudo: the items of the customer, whoever talks to them
        promises._check_items(items, partner, root, min(dates or [root._credit_today()]))
        self._check_free(items)
        currency = items.currency_id
        debtor = items.partner_id
        company = root.sudo()  # settings of the root company, also for a branch
        total = currency.round(sum(items.mapped("amount_currency")))
        plan = self.sudo().create(  # sudo: plans are made by this method alone
            {
                "name": self.env["ir.sequence"].sudo().next_by_code("ar.payment.plan") or "/",  # a counter
                "kind": kind,
                "profile_id": self.env["ar.credit.profile"]._get_or_create(debtor, root).id,
                "partner_id": debtor.id,
                "partner_name": debtor.display_name,
                "contact_id": partner.id if partner != debtor else False,
                "company_id": root.id,
                "currency_id": currency.id,
                "amount": total,
                "grace_days": company.credit_plan_grace_days,
                "tolerance_amount": promises._prepare_tolerance(root, root._credit_today(), total, currency)[
                    "tolerance_amount"
                ],
                "prepared_by_ids": [Command.set(self.env.user.ids)],
                "item_ids": [
                    Command.create(
                        {
                            **self.env["ar.payment.plan.item"]._prepare_item_values(item),
                            "amount_open": item.amount_currency,
                        }
                    )
                    for item in items
                ],
                **values,
            }
        )
        plan._spread(dates)
        return plan.sudo(self.env.su)

    @api.model
    def _check_free(self, items, besides=None):
        """Refuse items that another plan or deferral in force is about."""
        keys = {(item.move_id.id, item.partner_id.id, item.date_maturity) for item in items}
        others = self.env["ar.payment.plan.item"].sudo()  # sudo: whoever agreed on it
        others = others.search(
            [("move_id", "in", items.move_id.ids), ("plan_id.state", "in", ("submitted", "active"))]
        )
        for other in others:
            if (
                other.plan_id != besides
                and (other.move_id.id, other.partner_id.id, other.date_maturity) in keys
            ):
                raise UserError(
                    self.env._(
                        "%(item)s is part of %(plan)s already. End that one first.",
                        item=other.name,
                        plan=other.plan_id.name,
                    )
                )

    def _create_from_contact(self, activity, items=None, kind="plan", dates=None, **values):
        """Draft what a customer asked for in a contact (``ar.collection.activity``), see :meth:`_draft`.

        Internal: the contact was logged by who may.
        """
        contact = activity.contact_id or activity.partner_id
        if contact.sudo().commercial_partner_id != activity.partner_id.sudo().commercial_partner_id:  # sudo:
            contact = activity.partner_id  # any contact may speak for the customer, only its own is kept
        return self._draft(contact, activity.company_id, items, kind, dates, **values)

    def _spread(self, dates=None):
        """Write the instalments anew; their amounts sum to the amount exactly."""
        for plan in self:
            days = dates or plan._get_dates()
            amounts = plan._get_parts(len(days))
            plan.line_ids.unlink()
            plan.line_ids = [
                Command.create({"date": day, "amount": amount})
                for day, amount in zip(days, amounts, strict=True)
            ]

    def _get_dates(self):
        self.ensure_one()
        if not self.date_start or self.count < 1 or self.interval_number < 1:
            raise UserError(self.env._("How many instalments, from which day on, and how far apart?"))
        unit = UNITS[self.interval_unit]
        step = self.interval_number
        return [self.date_start + relativedelta(**{unit: index * step}) for index in range(self.count)]

    def _get_parts(self, count):
        """Return the amounts of instalments: alike but for the rounding, the sum is the amount."""
        currency, first = self.currency_id, self.first_amount
        if not first or count == 1:
            first, rest, others = 0.0, self.amount, count
        else:
            rest, others = self.amount - first, count - 1
        shares = [currency.round(rest * index / others) for index in range(others + 1)]
        parts = [currency.round(shares[index + 1] - shares[index]) for index in range(others)]
        parts = [first, *parts] if first else parts
        if any(currency.compare_amounts(part, 0) <= 0 for part in parts):
            raise UserError(
                self.env._(
                    "%(amount)s cannot be paid in %(count)s instalments: each is more than zero.",
                    amount=format_amount(self.env, self.amount, currency),
                    count=count,
                )
            )
        return parts

    def action_spread(self):
        """Propose the instalments anew."""
        self.check_access("write")
        self._check_state("draft")
        self._spread()
        return True

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------

    def action_submit(self):
        """Ask for approval; from now on the items are taken: of two plans the first one submitted stays.

        :raise UserError: naming the plan in force that has an item already, and terms that do not add up
        """
        self.check_access("write")
        # Of two who submit at once the second waits, runs again and sees the plan of the first.
        self.env["ar.credit.lock"].sudo()._take(  # sudo: nobody has a right on locks
            [(plan.partner_id.id, plan.company_id.id) for plan in self], limited=False
        )
        return super().action_submit()

    def action_send_back(self, reason=None):
        """Return a submitted plan to who drafted it.

        :raise AccessError: for who is no credit controller
        """
        if not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            raise AccessError(self.env._("Credit controllers decide on plans."))
        self._check_reason(reason)
        return super().action_send_back(reason)

    def _submit(self):
        self._check_free(self.item_ids, self)
        return super()._submit()

    def action_cancel(self, reason):
        """Give up a draft or a request, or end an active plan: reminders go on."""
        self.check_access("write")
        self._check_state("draft", "submitted", "active")
        for plan in self:
            plan._write_evidence(
                {
                    "state": "cancelled",
                    "ended_by_id": self.env.uid,
                    "ended_on": plan.company_id._credit_today(),
                    "end_reason": reason,
                    "next_date": False,
                    "next_amount": 0.0,
                    "paused_until": False,
                }
            )
        self._close_request()
        self._log_reason(self.env._("Ended"), reason)
        return True

    def _approve(self):
        """Agree to the plan: reminders of its items pause from now on."""
        self.ensure_one()
        self._check_free(self.item_ids, self)
        self._write_decision(
            "active",
            decided_days=self._get_days(),
            paused_until=self.line_ids[0].date + timedelta(days=self.grace_days),
        )
        promises = self.env["ar.payment.promise"]._get_open_about(self.item_ids)
        promises._withdraw(self.env._("Replaced by %s.", self.name))
        self._message_log(body=self.env._("Approved. Reminders of its items pause."))
        cases = self.env["ar.collection.case"].sudo()  # sudo: nobody writes cases
        cases = cases.search([("profile_id", "=", self.profile_id.id), ("state", "!=", "closed")])
        cases._log("plan", self.env._("%(plan)s was approved.", plan=self._get_html_link(title=self.name)))
        self.env["ar.credit.recheck"]._add(self.partner_id, self.company_id)
        self.sudo()._judge()  # sudo: what was paid since it was drafted

    def _check_complete(self):
        """Refuse terms that do not add up.

        :raise UserError: saying what is wrong
        """
        for plan in self:
            total = sum(plan.line_ids.mapped("amount"))
            days = plan.line_ids.mapped("date")
            if not days or plan.currency_id.compare_amounts(total, plan.amount):
                raise UserError(
                    self.env._(
                        "The instalments come to %(total)s, the items to %(amount)s.",
                        total=format_amount(self.env, total, plan.currency_id),
                        amount=format_amount(self.env, plan.amount, plan.currency_id),
                    )
                )
            if min(days) < plan.company_id._credit_today():
                raise UserError(self.env._("The first payment is for a day to come."))
            if plan.kind == "deferral" and len(days) > 1:
                raise UserError(self.env._("A deferral is for one day: draft a plan for several."))
            if not (plan.reason or "").strip():
                raise UserError(self.env._("Say why: the reason is kept with the decision."))

    def _describe_lacking(self):
        return self.env._(
            "%(plan)s puts %(amount)s off by %(days)s days: that is above your authority. Ask %(people)s.",
            plan=self.name,
            amount=format_amount(self.env, self.amount, self.currency_id),
            days=self._get_days(),
            people=self._format_approvers(),
        )

    def _covers(self, user):
        self.ensure_one()
        return self.env["ar.credit.authority"]._covers_deferral(
            user, self._get_amount_to_cover(), self._get_days(), self.company_id
        )

    def _list_deciders(self):
        self.ensure_one()
        return self.env["ar.credit.authority"]._get_deferral_approvers(
            self._get_amount_to_cover(), self._get_days(), self.company_id
        )

    def _get_amount_to_cover(self):
        """Return the amount in the currency of the root company at today's rate."""
        company = self.company_id.sudo()  # settings of the root company, also for a branch
        currency = self.currency_id.sudo()  # sudo: rates of the main company, for who works in a branch
        return currency._convert(self.amount, company.currency_id, company, company._credit_today())

    def _get_days(self):
        """Return by how many days the plan puts off payment, see the field ``days``."""
        self.ensure_one()
        last = max((line.date for line in self.line_ids if line.date), default=None)
        if not last or not self.item_ids.ids:
            return 0
        today = self.company_id._credit_today()
        self.env.flush_all()
        [(base,)] = self.env.execute_query(
            SQL(
                """
                SELECT MIN(GREATEST(item.date_maturity, LEAST(earlier.first_day, %(today)s)))
                  FROM ar_payment_plan_item item
                  JOIN res_partner customer ON customer.id = item.partner_id
             LEFT JOIN LATERAL (
                        SELECT MIN(other.decided_on) AS first_day
                          FROM ar_payment_plan_item known
                          JOIN ar_payment_plan other ON other.id = known.plan_id
                          JOIN res_partner debtor ON debtor.id = known.partner_id
                         WHERE known.move_id = item.move_id
                           AND debtor.commercial_partner_id = customer.commercial_partner_id
                           AND known.date_maturity = item.date_maturity
                           AND other.decided_on IS NOT NULL
                           AND other.id != item.plan_id
                       ) earlier ON TRUE
                 WHERE item.plan_id = %(plan)s
                """,
                today=today,
                plan=self.id,
            )
        )
        return max((last - base).days, 0)

    def action_ask_reason(self):
        """Open the dialogue that asks why; ``agreement_decision`` in the context says for what."""
        return {
            "name": {
                "send_back": self.env._("Send Back"),
                "cancel": self.env._("End It"),
            }.get(self.env.context.get("agreement_decision"), ""),
            "type": "ir.actions.act_window",
            "res_model": "ar.agreement.reason",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_plan_ids": self.ids,
                "default_decision": self.env.context.get("agreement_decision") or "cancel",
            },
        }

    def action_open_items(self):
        """Show what is open of the entries of the plan."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Items of %s", self.name),
            "res_model": "ar.aging.report",
            "view_mode": "list",
            "domain": [
                ("move_id", "in", self.item_ids.move_id.ids),
                ("partner_id", "=", self.partner_id.id),
                ("amount_currency", ">", 0),
            ],
        }

    # ------------------------------------------------------------------
    # The schedule for the customer
    # ------------------------------------------------------------------

    def action_print(self):
        return self.env.ref("ar_credit_control.action_report_payment_plan").report_action(self)

    def action_mail(self):
        """Open a mail to the customer with the schedule as PDF."""
        self.ensure_one()
        self.check_access("write")
        self._check_state("active", "kept", "defaulted")
        kind = "defaulted" if self.state == "defaulted" else "schedule"
        template = self.env.ref(f"ar_credit_control.mail_template_plan_{kind}")
        return self._get_mail_action(template_id=template.id)

    def _render_html(self):
        """Return the schedule as a complete HTML page in the customer's language."""
        self.ensure_one()
        recipient = self.contact_id or self.partner_id
        lang = get_lang(self.env, recipient.lang or self.partner_id.lang).code
        # The document shows the company as its customers see it.
        plan = self.sudo().with_context(lang=lang, bin_size=False)
        page = plan.env["ir.qweb"]._render(
            "ar_credit_control.payment_plan_page", plan._prepare_page_values(lang)
        )
        return Markup("<!DOCTYPE html>\n") + page

    def _prepare_page_values(self, lang):
        company = self.company_id
        banks = company.partner_id.bank_ids
        bank = banks.filtered(lambda bank: bank.currency_id == self.currency_id) or banks
        recipient = self.contact_id or self.partner_id
        place = recipient if recipient.street or recipient.city else self.partner_id
        lines, used = page_rows.split_rows(list(self.line_ids), PAGE_HEAD)
        lets_interest_off = not self.with_interest and self._bears_interest()
        # a heading, and the words about interest
        used += (5 if lets_interest_off else 2) * page_rows.LINE
        items, _used = page_rows.split_rows(list(self.item_ids), used, lambda item: len(item.ref or "") // 28)
        address = [line.strip(" ,") for line in place._display_address(without_company=True).splitlines()]
        return {
            "plan": self,
            "line_pages": lines,
            "item_pages": items,
            "lang": lang,
            "company": company,
            "logo": company.logo and image_data_uri(company.logo),
            "color": company.primary_color or "#34495e",
            "address": [self.partner_name, *[line for line in address if line and line != self.partner_name]],
            "bank": bank[:1],
            "user": self.profile_id.collector_id.filtered("active") or self.submitted_by_id,
            "has_interest": any(self.line_ids.mapped("interest")),
            "lets_interest_off": lets_interest_off,
            "format_amount": partial(format_amount, self.env, currency=self.currency_id),
            "format_date": partial(format_date, self.env, date_format="long"),
        }

    def _render_pdf_streams(self):
        """Return one PDF a plan: {id: stream}."""
        report = self.env["ir.actions.report"].sudo()  # sudo: the plan was readable; paper formats are set-up
        return {
            plan.id: {
                "stream": io.BytesIO(
                    joint_pdf.write_documents(
                        [
                            (
                                plan.name,
                                joint_pdf.read_pages(
                                    report._run_wkhtmltopdf(
                                        [plan._render_html()],
                                        report_ref="ar_credit_control.action_report_payment_plan",
                                    )
                                ),
                            )
                        ]
                    )
                ),
                "attachment": None,
            }
            for plan in self
        }

    # ------------------------------------------------------------------
    # Judging
    # ------------------------------------------------------------------

    @api.model
    def _judged_sql(self, condition: SQL) -> SQL:
        """Return the common table expressions of what became of plans, to be put between WITH and the rest.

        An instalment is missed when, at the end of its date and the days of grace, less than it and those
        before it was matched with the items. An item whose entry was cancelled is settled; where all are, the
        plan is cancelled, until one is posted again; what a person ended stays so. What was written off is
        neither paid nor missed: nothing more is expected of the last instalments.
        ``judged_line``: ``id``, ``paid``; ``judged``: ``id``, ``former``, ``state``, ``paid``, ``missed_on``,
        ``next_date``, ``next_amount``, ``paused_until``.

        :param condition: on the alias ``plan``
        """
        settlement = self.env["ar.item.settlement"]
        return SQL(
            """
            plan_day AS (
                SELECT line.id, line.plan_id, line.date, line.amount,
                       line.date + plan.grace_days AS deadline,
                       SUM(line.amount) OVER (PARTITION BY line.plan_id ORDER BY line.date, line.id)
                           AS cumulated,
                       SUM(line.amount) OVER (PARTITION BY line.plan_id) AS total
                  FROM ar_payment_plan plan
                  JOIN ar_payment_plan_line line ON line.plan_id = plan.id
                 WHERE (plan.state IN ('active', 'kept', 'defaulted', 'written_off')
                        OR plan.state = 'cancelled' AND plan.ended_by_id IS NULL)
                   AND %(condition)s
            ),
            judged_line AS (
                SELECT plan_day.id, plan_day.plan_id, plan_day.date, plan_day.deadline, plan_day.amount,
                       settled.live,
                       settled.paid_then,
                       settled.paid_now,
                       settled.lost_now,
                       LEAST(plan_day.cumulated, plan_day.total - settled.lost_then) AS expected_then,
                       LEAST(plan_day.cumulated, plan_day.total - settled.lost_now) AS expected_now,
                       CASE WHEN settled.live = 0 THEN 0
                            ELSE LEAST(GREATEST(settled.paid_now - plan_day.cumulated + plan_day.amount, 0),
                                       plan_day.amount) END AS paid
                  FROM plan_day
                 CROSS JOIN LATERAL (
                        SELECT SUM(settled.live) AS live,
                               SUM(CASE WHEN settled.live = 0 THEN item.amount_open
                                        ELSE LEAST(GREATEST(item.amount_open - settled.unpaid_then, 0),
                                                   item.amount_open) END) AS paid_then,
                               SUM(CASE WHEN settled.live = 0 THEN item.amount_open
                                        ELSE LEAST(GREATEST(item.amount_open - settled.unpaid_now, 0),
                                                   item.amount_open) END) AS paid_now,
                               COALESCE(SUM(settled.lost_then) FILTER (WHERE settled.live > 0), 0)
                                   AS lost_then,
                               COALESCE(SUM(settled.lost_now) FILTER (WHERE settled.live > 0), 0)
                                   AS lost_now
                          FROM ar_payment_plan_item item
                         CROSS JOIN LATERAL (%(settled)s) settled
                         WHERE item.plan_id = plan_day.plan_id
                       ) settled
            ),
            judged AS (
                SELECT plan.id,
                       plan.state AS former,
                       CASE WHEN total.live = 0 THEN 'cancelled'
                            WHEN total.missed_on IS NOT NULL THEN 'defaulted'
                            WHEN total.next_date IS NULL AND total.lost_now > 0 THEN 'written_off'
                            WHEN total.next_date IS NULL THEN 'kept'
                            ELSE 'active' END AS state,
                       total.paid,
                       total.missed_on,
                       CASE WHEN total.missed_on IS NULL THEN total.next_date END AS next_date,
                       CASE WHEN total.missed_on IS NULL THEN COALESCE(total.next_amount, 0) ELSE 0 END
                           AS next_amount,
                       CASE WHEN total.missed_on IS NULL THEN total.next_date + plan.grace_days END
                           AS paused_until,
                       CASE WHEN total.missed_on IS NOT NULL THEN total.missed_on + 1
                            WHEN total.next_date IS NULL THEN COALESCE(plan.ended_on, day.today) END
                           AS ended_on
                  FROM (
                        SELECT line.plan_id,
                               SUM(line.paid) AS paid,
                               MAX(line.lost_now) AS lost_now,
                               MAX(line.live) AS live,
                               MIN(line.deadline) FILTER (
                                   WHERE day.today > line.deadline
                                     AND line.paid_then < line.expected_then - plan.tolerance_amount
                               ) AS missed_on,
                               MIN(line.date) FILTER (
                                   WHERE line.paid_now < line.expected_now - plan.tolerance_amount
                               ) AS next_date,
                               (ARRAY_AGG(line.amount - line.paid ORDER BY line.date, line.id) FILTER (
                                   WHERE line.paid_now < line.expected_now - plan.tolerance_amount
                               ))[1] AS next_amount
                          FROM judged_line line
                          JOIN ar_payment_plan plan ON plan.id = line.plan_id
                          JOIN (%(days)s) day ON day.company_id = plan.company_id
                      GROUP BY line.plan_id
                       ) total
                  JOIN ar_payment_plan plan ON plan.id = total.plan_id
                  JOIN (%(days)s) day ON day.company_id = plan.company_id
            )
            """,
            settled=settlement._settlement_sql(SQL("item"), SQL("plan_day.deadline")),
            days=settlement._today_sql(),
            condition=condition,
        )

    def _judge(self):
        """Bring plans up to what the ledger says, in one statement for any number.

        :return: {plan: (former state, state)} of those whose state changed
        """
        if not self:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH %(judged)s,
                changed_line AS (
                    UPDATE ar_payment_plan_line line
                       SET amount_paid = judged_line.paid
                      FROM judged_line
                     WHERE judged_line.id = line.id
                       AND line.amount_paid IS DISTINCT FROM judged_line.paid
                )
                UPDATE ar_payment_plan plan
                   SET state = judged.state,
                       amount_paid = judged.paid,
                       missed_on = judged.missed_on,
                       next_date = judged.next_date,
                       next_amount = judged.next_amount,
                       paused_until = judged.paused_until,
                       ended_on = judged.ended_on
                  FROM judged
                 WHERE judged.id = plan.id
                   AND (plan.state, plan.amount_paid, plan.missed_on, plan.next_date, plan.next_amount,
                        plan.paused_until, plan.ended_on)
                       IS DISTINCT FROM (judged.state, judged.paid, judged.missed_on, judged.next_date,
                                         judged.next_amount, judged.paused_until, judged.ended_on)
             RETURNING plan.id, judged.former, judged.state
                """,
                judged=self._judged_sql(SQL("plan.id = ANY(%s)", self.ids)),
            )
        )
        self.invalidate_recordset(
            ["state", "amount_paid", "missed_on", "next_date", "next_amount", "paused_until", "ended_on"],
            flush=False,
        )
        self.line_ids.invalidate_recordset(["amount_paid", "state"], flush=False)
        changes = {self.browse(row[0]): row[1:] for row in rows if row[1] != row[2]}
        if changes:
            self.browse()._follow_up(changes)
        return changes

    def _follow_up(self, changes):
        """Tell people of plans whose state changed: {plan: (former state, state)}."""
        plans = self.browse(plan.id for plan in changes).sudo()  # sudo: whoever books the payment
        texts = {
            "active": self.env._("Payments are in time again: reminders pause."),
            "kept": self.env._("All instalments are paid."),
            "cancelled": self.env._("Its invoices were cancelled: the plan has ended."),
            "written_off": self.env._("What was left is written off: the plan has ended."),
            "defaulted": self.env._("An instalment was missed: the plan has ended, reminders go on."),
        }
        plans._message_log_batch({plan.id: texts[plan.state] for plan in plans})
        settlement = self.env["ar.item.settlement"]
        missed = plans.filtered(lambda plan: plan.state == "defaulted")
        people = {plan: plan._get_responsible() for plan in missed}
        settlement._schedule_activities(
            missed, "mail_activity_plan_missed", lambda plan: plan._describe_missed(), people
        )
        settlement._tell_cases(missed, "plan", {plan: plan._describe_missed() for plan in missed})
        settlement._close_activities(plans - missed, "mail_activity_plan_missed")
        for root, changed in plans.grouped("company_id").items():
            self.env["ar.credit.recheck"]._add(changed.partner_id, root)

    def _describe_missed(self):
        return self.env._(
            "Instalment missed: %(plan)s, %(left)s left",
            plan=self.name,
            left=format_amount(self.env, self.amount_left, self.currency_id),
        )

    def _get_responsible(self):
        """Who is told: the collector of the customer, else who asked for the plan."""
        self.ensure_one()
        for user in (self.profile_id.collector_id, self.submitted_by_id):
            if self.env["ar.dispute"]._may_own(user, self.company_id) and not user._is_superuser():
                return user
        return self.env["res.users"]

    @api.model
    def _get_outdated(self):
        """Return the plans about which the calendar or the ledger says something new, in one statement."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """WITH %s
                SELECT judged.id FROM judged JOIN ar_payment_plan plan ON plan.id = judged.id
                 WHERE (plan.state, plan.paused_until, plan.amount_paid)
                       IS DISTINCT FROM (judged.state, judged.paused_until, judged.paid)
              ORDER BY judged.id""",
                self._judged_sql(SQL("TRUE")),
            )
        )
        return self.browse(row[0] for row in rows)

    @api.model
    def _cron_judge(self):
        """Judge the plans about which there is something new, in batches of a commit each."""
        self.env["ar.item.settlement"]._judge_in_batches(self._get_outdated())
