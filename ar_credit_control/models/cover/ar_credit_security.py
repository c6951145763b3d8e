from functools import partial

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_list
from odoo.tools.misc import formatLang

# What a security says: fixed once it was submitted.
TERMS = {
    "amount",
    "claim_by",
    "company_id",
    "currency_id",
    "date_from",
    "date_to",
    "discretionary_limit",
    "former_id",
    "guarantor_id",
    "insured_share",
    "insurer_id",
    "is_discretionary",
    "kind",
    "move_id",
    "own_risk",
    "partner_id",
    "policy",
    "reference",
    "reporting_days",
    "share",
}
# What only the methods of this model write.
DECISION = {
    "claim_warned_for",
    "ended_on",
    "expiry_warned_for",
    "partner_name",
    "prepared_by_ids",
    "reporting_warned_for",
    "state",
    "validated_amount",
    "validated_by_id",
    "validated_on",
}
# Months after the end of a guarantee in which its guarantor can be held to it where nothing is agreed,
# and the period is never interrupted: article 692 of the Civil Code of China.
CHINA_CLAIM_MONTHS = 6


class ArCreditSecurity(models.Model):
    """What stands behind a customer's debt: a guarantee, a deposit, a letter of credit, credit insurance.

    While it is in force a security adds to the limit (``available = limit + security - exposure``) and is
    never taken off the exposure too. What it adds is defined once, in :meth:`_counted_sql` and
    :meth:`_in_force_sql`; it ends by itself with its last day.

    A credit controller drafts; another person, whose authority for limits covers the amount counted,
    validates (four eyes: nobody who wrote its terms). From then on only the end can be recorded: called
    from the guarantor, or discharged. Securities are evidence and never deleted. Amounts are in the
    security's own currency unless a field says otherwise.
    """

    _name = "ar.credit.security"
    _description = "Security for Credit"
    _inherit = [
        "ar.customer.evidence.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _order = "date_to, id"
    _rec_names_search = ["reference", "policy", "partner_id"]
    _own_fields = DECISION

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        help="The company that owes. Choosing a contact chooses its company.",
    )
    partner_name = fields.Char(
        string="Customer When Validated", readonly=True, copy=False, help="Stays when contacts are merged."
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        help="The main company; a security counts for its branches too.",
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    kind = fields.Selection(
        [
            ("guarantee", "Guarantee"),
            ("deposit", "Deposit"),
            ("letter_of_credit", "Letter of Credit"),
            ("insurance", "Credit Insurance"),
        ],
        required=True,
        default="guarantee",
        tracking=True,
        help="Guarantee (保证): another party answers for the debt. Deposit (保证金): money of "
        "the customer that is kept. Letter of credit (信用证): a bank pays against documents. Credit "
        "insurance (信用保险): an insurer bears a share of the loss.",
    )
    reference = fields.Char(
        string="Document Number",
        tracking=True,
        help="Number of the deed, of the letter of credit or receipt.",
    )
    amount = fields.Monetary(
        required=True,
        tracking=True,
        help="Amount of the document; for insurance, the limit for this customer.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
    )
    share = fields.Float(
        string="Share Counted (%)",
        digits=(5, 2),
        default=100.0,
        required=True,
        tracking=True,
        help="Share of the amount that adds to the limit. Less than 100 where it would be slow or "
        "uncertain to get the money.",
    )
    date_from = fields.Date(
        string="Valid From", required=True, default=fields.Date.context_today, tracking=True
    )
    date_to = fields.Date(
        string="Valid Until",
        tracking=True,
        help="Last day on which it adds to the limit; it ends by itself. Empty: until it is discharged.",
    )
    guarantor_id = fields.Many2one("res.partner", index="btree_not_null", ondelete="restrict", tracking=True)
    claim_by = fields.Date(
        compute="_compute_claim_by",
        store=True,
        readonly=False,
        tracking=True,
        help="Last day to claim from the guarantor; nothing interrupts this period. Proposed: the last day "
        "of the guarantee, in China six months after it (保证期间, where nothing else is agreed).",
    )
    insurer_id = fields.Many2one("res.partner", index="btree_not_null", ondelete="restrict", tracking=True)
    policy = fields.Char(string="Policy Number", tracking=True)
    insured_share = fields.Float(
        string="Insured Share (%)",
        digits=(5, 2),
        default=90.0,
        tracking=True,
        help="Share of a loss that the insurer pays (赔偿比例).",
    )
    own_risk = fields.Monetary(
        tracking=True, help="Amount of a loss that stays with us before the insurer pays anything (免赔额)."
    )
    is_discretionary = fields.Boolean(
        string="Within Discretionary Limit",
        tracking=True,
        help="The insurer decided nothing on this customer: the policy lets us cover it ourselves "
        "(自主限额).",
    )
    discretionary_limit = fields.Monetary(
        tracking=True, help="Largest amount for one customer that the policy lets us decide ourselves."
    )
    reporting_days = fields.Integer(
        string="Report Overdue Within (days)",
        tracking=True,
        help="Days after the ORIGINAL due date in which the insurer must know of an overdue item (报损期限). "
        "Deferrals do not move it. Zero: the policy names none.",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Booked In",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        copy=False,
        domain="[('state', '=', 'posted'), ('company_id', 'child_of', company_id)]",
        help="Entry of the deposit, on an account of deposits received (存入保证金). A deposit booked on the "
        "customer's receivable account takes off what is owed already and must not count here again.",
    )
    counts_twice = fields.Boolean(
        compute="_compute_counts_twice",
        help="The entry takes the deposit off the customer's receivable account.",
    )
    document_ids = fields.Many2many(
        "ir.attachment", string="Documents", copy=False, help="Scan of the deed, the letter or the policy."
    )
    note = fields.Text(help="Conditions that who relies on it should know.")
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        tracking=True,
        help="Is told before it expires, has to be claimed or items have to be reported.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "To Validate"),
            ("valid", "Valid"),
            ("lapsed", "Lapsed"),
            ("called", "Called"),
            ("released", "Discharged"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
        copy=False,
        tracking=True,
        help="Valid: adds to the limit between its dates. Lapsed: its last day is over. Called: claimed from "
        "who gave it. Discharged: given back or no longer needed.",
    )
    ended_on = fields.Date(
        readonly=True,
        copy=False,
        tracking=True,
        help="Day on which it was called or discharged: from then on it covers nothing.",
    )
    in_force = fields.Boolean(
        compute="_compute_in_force",
        search="_search_in_force",
        help="Validated and between its dates: it adds to the limit today.",
    )
    counted_amount = fields.Monetary(
        string="Adds to the Limit",
        compute="_compute_counted_amount",
        currency_field="company_currency_id",
        help="What it adds to the limit while it is in force, in company currency at today's rate: the share "
        "counted of the amount; for insurance, of the insured share less the own risk.",
    )
    prepared_by_ids = fields.Many2many(
        "res.users",
        "ar_credit_security_prepared_rel",
        readonly=True,
        copy=False,
        help="Everyone who wrote its terms. None of them validates it.",
    )
    validated_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    validated_on = fields.Datetime(readonly=True, copy=False)
    validated_amount = fields.Monetary(
        string="Counted When Validated",
        readonly=True,
        copy=False,
        currency_field="company_currency_id",
        help="What it added to the limit at the rate of that day.",
    )
    former_id = fields.Many2one(
        "ar.credit.security",
        string="Renews",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    renewal_ids = fields.One2many("ar.credit.security", "former_id", string="Renewed By")
    # The date that a warning was given for: each is given once, and again only when the date moves.
    expiry_warned_for = fields.Date(readonly=True, copy=False)
    claim_warned_for = fields.Date(readonly=True, copy=False)
    reporting_warned_for = fields.Date(readonly=True, copy=False)

    _amount_positive = models.Constraint(
        "CHECK (amount > 0)", "The amount of a security must be more than zero."
    )
    _shares_within = models.Constraint(
        "CHECK (share > 0 AND share <= 100 AND insured_share > 0 AND insured_share <= 100)",
        "The share counted and the insured share lie above 0 and up to 100 %.",
    )
    _own_risk_not_negative = models.Constraint(
        "CHECK (own_risk >= 0 AND reporting_days >= 0 AND discretionary_limit >= 0)",
        "Own risk, discretionary limit and days to report are zero or more.",
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_to IS NULL OR date_from <= date_to)", "A security cannot end before it begins."
    )
    _claim_after_start = models.Constraint(
        "CHECK (claim_by IS NULL OR date_from <= claim_by)",
        "A guarantor cannot be claimed before the guarantee begins.",
    )
    _within_discretionary = models.Constraint(
        "CHECK (is_discretionary IS NOT TRUE OR amount <= COALESCE(discretionary_limit, 0))",
        "The amount exceeds what the policy lets you decide yourself: ask the insurer for a limit.",
    )

    # ------------------------------------------------------------------
    # Query
    # ------------------------------------------------------------------

    @api.model
    def _counted_sql(self) -> SQL:
        """Return what the alias ``security`` adds to the limit while in force, in its own currency."""
        return SQL(
            """
            CASE WHEN security.kind = 'insurance'
                 THEN GREATEST(
                          security.amount * security.insured_share / 100 - COALESCE(security.own_risk, 0), 0
                      )
                 ELSE security.amount
            END * security.share / 100
            """
        )

    @api.model
    def _in_force_sql(self) -> SQL:
        """Return the condition that the alias ``security`` adds to the limit today, in the user's time zone.

        Who judges for a company sets its time zone, see ``res.company._credit_timezone``.
        """
        today = fields.Date.context_today(self)
        return SQL(
            """security.state = 'valid'
               AND security.date_from <= %(today)s
               AND (security.date_to IS NULL OR security.date_to >= %(today)s)""",
            today=today,
        )

    @api.model
    def _in_force_on_sql(self, date) -> SQL:
        """Return the condition that the alias ``security`` was in force at the end of a past day, whatever
        became of it later: lapsed, called or discharged."""
        return SQL(
            """(security.state IN ('valid', 'lapsed') OR security.ended_on > %(date)s)
               AND security.date_from <= %(date)s
               AND (security.date_to IS NULL OR security.date_to >= %(date)s)""",
            date=date,
        )

    # ------------------------------------------------------------------
    # Computes and searches
    # ------------------------------------------------------------------

    @api.depends("kind", "reference", "policy", "partner_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for security in self:
            number = security.policy if security.kind == "insurance" else security.reference
            what = " ".join(filter(None, (kinds.get(security.kind), number)))
            security.display_name = ", ".join(filter(None, (what, security.partner_id.display_name)))

    @api.depends("company_id")
    def _compute_currency_id(self):
        for security in self:
            security.currency_id = security.currency_id or security.company_id.currency_id

    @api.depends("kind", "date_to", "partner_id", "company_id")
    def _compute_claim_by(self):
        for security in self:
            if security.kind != "guarantee" or not security.date_to:
                security.claim_by = False
                continue
            country = security.partner_id.country_id or security.company_id.country_id
            months = CHINA_CLAIM_MONTHS if country.code == "CN" else 0
            security.claim_by = security.date_to + relativedelta(months=months)

    @api.depends("kind", "move_id", "partner_id")
    def _compute_counts_twice(self):
        for security in self:
            lines = security.move_id.sudo().line_ids.filtered(  # sudo: a salesperson sees the warning too
                lambda line, security=security: (
                    line.account_id.account_type == "asset_receivable"
                    and line.partner_id.commercial_partner_id == security.partner_id.commercial_partner_id
                )
            )
            security.counts_twice = security.kind == "deposit" and sum(lines.mapped("balance")) < 0

    @api.depends("state", "date_from", "date_to")
    def _compute_in_force(self):
        today = fields.Date.context_today(self)
        for security in self:
            security.in_force = (
                security.state == "valid"
                and security.date_from <= today
                and (not security.date_to or security.date_to >= today)
            )

    def _search_in_force(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = fields.Date.context_today(self)
        in_force = (
            Domain("state", "=", "valid")
            & Domain("date_from", "<=", today)
            & (Domain("date_to", "=", False) | Domain("date_to", ">=", today))
        )
        return in_force if True in value else ~in_force

    @api.depends("amount", "currency_id", "share", "kind", "insured_share", "own_risk", "company_id")
    def _compute_counted_amount(self):
        amounts = self._origin._get_counted_amounts()
        for security in self:
            security.counted_amount = amounts.get(security._origin.id, 0.0)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if (DECISION & vals.keys()) - {"state"} or vals.get("state", "draft") != "draft":
                self._check_decision_by_system()
        securities = super().create(vals_list)
        securities._add_preparer()
        securities._claim_documents()
        securities._invalidate_figures()
        return securities

    def write(self, vals):
        if DECISION & vals.keys():
            self._check_decision_by_system()
        changed = TERMS & vals.keys()
        if changed and any(security.state != "draft" for security in self):
            raise UserError(
                self.env._(
                    "The terms of a security are fixed once it was submitted. Send it back to draft, or "
                    "renew it."
                )
            )
        result = super().write(vals)
        if changed:
            self._add_preparer()
        if "document_ids" in vals:
            self._claim_documents()
        self._invalidate_figures()
        return result

    @api.model
    def _get_keep_text(self):
        return self.env._("Securities are kept as evidence: cancel a draft, discharge a valid one.")

    def _check_decision_by_system(self):
        if not self.env.su:
            raise AccessError(
                self.env._("A security is validated, called and discharged by its own actions.")
            )

    def _write_decision(self, vals):
        """Write what :meth:`write` refuses to everybody else."""
        result = super().write(vals)
        self._invalidate_figures()
        return result

    def _write_end(self, state):
        """End what was in force; of what was called before, the first day stays."""
        for security in self:
            ended_on = security.ended_on or security.company_id._credit_today()
            security._write_decision({"state": state, "ended_on": ended_on})

    def _add_preparer(self):
        return super().write({"prepared_by_ids": [fields.Command.link(self.env.uid)]})

    def _invalidate_figures(self):
        self.env["res.partner"]._invalidate_credit_figures()

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_submit(self):
        """Ask a person with authority to validate."""
        self.check_access("write")
        self._check_state("draft")
        self._check_complete()
        self._add_preparer()
        self._write_decision({"state": "submitted"})
        for security in self:
            approvers = security._get_approvers() - security.prepared_by_ids
            if approvers:
                security.activity_schedule(
                    "ar_credit_control.mail_activity_security_validate", user_id=approvers[0].id
                )

    def action_validate(self):
        """Let the security count.

        :raise AccessError: for who prepared it, and for who may not decide on a limit of the amount counted
        """
        self.check_access("write")
        self._check_state("draft", "submitted")
        self._check_complete()
        authority = self.env["ar.credit.authority"]
        for security in self:
            if self.env.user in security.prepared_by_ids:
                raise AccessError(
                    self.env._("Another person validates %s: you prepared it.", security.display_name)
                )
            if not authority._covers(self.env.user, "limit", security.counted_amount, security.company_id):
                raise AccessError(
                    self.env._(
                        "%(security)s counts with %(amount)s, which is above your authority. Ask %(people)s.",
                        security=security.display_name,
                        amount=security._format_counted(),
                        people=format_list(self.env, security._get_approvers().mapped("name"), "or")
                        or self.env._("a credit manager"),
                    )
                )
        for security in self:
            security._write_decision(
                {
                    "state": "valid",
                    "partner_name": security.partner_id.display_name,
                    "validated_by_id": self.env.uid,
                    "validated_on": fields.Datetime.now(),
                    "validated_amount": security.counted_amount,
                }
            )
        self._close_activities("mail_activity_security_validate")

    def action_send_back(self, reason):
        """Return a submitted security to who prepared it."""
        self.check_access("write")
        self._check_state("submitted")
        self._write_decision({"state": "draft"})
        self._close_activities("mail_activity_security_validate")
        self._log_reason(self.env._("Sent back"), reason)

    def action_cancel(self):
        """Withdraw what was never validated."""
        self.check_access("write")
        self._check_state("draft", "submitted")
        self._write_decision({"state": "cancelled"})
        self._close_activities()

    def action_call(self, reason):
        """Record that the security was claimed; it adds to the limit no longer."""
        self.check_access("write")
        self._check_state("valid", "lapsed")
        self._write_end("called")
        self._close_activities()
        self._log_reason(self.env._("Called"), reason)

    def action_release(self, reason):
        """Record that the security was given back or ended early."""
        self.check_access("write")
        self._check_state("valid", "lapsed", "called")
        self._write_end("released")
        self._close_activities()
        self._log_reason(self.env._("Discharged"), reason)

    def action_renew(self):
        """Draft the security that follows this one."""
        self.ensure_one()
        self._check_state("valid", "lapsed")
        renewal = self.copy(self._prepare_renewal_vals())
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": renewal.id,
            "views": [(False, "form")],
        }

    def action_ask_reason(self):
        """Open the dialogue that asks why; ``default_decision`` in the context says for which action."""
        return {
            "name": {
                "send_back": self.env._("Send Back"),
                "call": self.env._("Call the Security"),
                "release": self.env._("Discharge the Security"),
            }.get(self.env.context.get("default_decision"), ""),
            "type": "ir.actions.act_window",
            "res_model": "ar.credit.security.decision",
            "views": [(False, "form")],
            "target": "new",
            "context": {**self.env.context, "default_security_ids": self.ids},
        }

    def action_open_to_report(self):
        """Open the overdue items that this insurer has to be told of."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_insurance_overdue"),
            "domain": [("security_id", "=", self.id)],
        }

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    def _get_counted_amounts(self):
        """Return ``{id: what it adds while in force}`` in root currency at today's rate, in one statement."""
        if not self.ids:
            return {}
        self.flush_model(
            ["amount", "company_id", "currency_id", "insured_share", "kind", "own_risk", "share"]
        )
        rows = SQL(
            """
            SELECT security.id AS partner_id, security.company_id, security.currency_id, %s AS amount
              FROM ar_credit_security security
             WHERE security.id IN %s
            """,
            self._counted_sql(),
            tuple(self.ids),
        )
        converted = self.env["ar.credit.exposure"]._converted_sql(rows, "counted")
        return {
            security_id: float(amount)
            for security_id, _company_id, amount in self.env.execute_query(converted)
        }

    def _get_approvers(self):
        self.ensure_one()
        return self.env["ar.credit.authority"]._get_approvers("limit", self.counted_amount, self.company_id)

    def _get_responsible(self):
        """Who is told of this security: the responsible person, else somebody who decides on limits."""
        self.ensure_one()
        user = self.user_id
        if self.env["ar.dispute"]._may_own(user, self.company_id):
            return user
        return self._get_approvers()[:1]

    def _check_complete(self):
        """Refuse what lacks a term that its kind depends on.

        :raise UserError: saying what is missing
        """
        for security in self:
            problem = security._get_problem()
            if problem:
                raise UserError(
                    self.env._("%(security)s: %(problem)s", security=security.display_name, problem=problem)
                )

    def _get_problem(self):
        """Return what keeps this security from counting, in words; empty when nothing does."""
        self.ensure_one()
        if self.kind == "guarantee" and not self.guarantor_id:
            return self.env._("Say who guarantees.")
        if self.kind == "guarantee" and self.guarantor_id.commercial_partner_id == self.partner_id:
            return self.env._("A customer cannot guarantee its own debt.")
        if self.kind == "letter_of_credit" and not self.date_to:
            return self.env._("A letter of credit has a last day: enter it.")
        if self.kind == "insurance" and not (self.insurer_id and self.policy):
            return self.env._("Enter the insurer and the number of the policy.")
        if self.move_id and self.move_id.company_id._credit_root() != self.company_id:
            return self.env._("The entry %s belongs to another company.", self.move_id.display_name)
        if self.counts_twice:
            return self.env._(
                "The entry %s books the deposit on the customer's receivable account: it takes off what is "
                "owed "
                "already and would count twice. Book it on an account of deposits received.",
                self.move_id.display_name,
            )
        return ""

    def _prepare_renewal_vals(self):
        vals = {"former_id": self.id}
        if self.date_to:
            vals["date_from"] = self.date_to + relativedelta(days=1)
            vals["date_to"] = self.date_to + (self.date_to - self.date_from) + relativedelta(days=1)
            vals["claim_by"] = self.claim_by and self.claim_by + (vals["date_to"] - self.date_to)
        return vals

    def _format_counted(self):
        self.ensure_one()
        return formatLang(self.env, self.counted_amount, currency_obj=self.company_currency_id)

    def _close_activities(self, *types):
        names = types or (
            "mail_activity_security_validate",
            "mail_activity_cover_ends",
            "mail_activity_insurance_report",
        )
        wanted = self.env["mail.activity.type"]
        for name in names:
            wanted += self.env.ref(f"ar_credit_control.{name}")
        self.sudo().activity_ids.filtered(  # sudo: of others, for whom nothing is left to do
            lambda activity: activity.activity_type_id in wanted
        ).action_done()

    # ------------------------------------------------------------------
    # Figures for the rule "cover lapsed"
    # ------------------------------------------------------------------

    @api.model
    def _get_cover_figures(self, partners, company, days=90):
        """Return whether customers have the cover that they need, in one statement. Internal: no access
        check.

        :param partners: ``res.partner`` records; contacts stand for their commercial entity
        :param company: ``res.company``; a branch stands for its root company
        :param int days: how long a lapsed security is looked back at
        :return: ``{commercial partner id: dict}`` for every partner, amounts in the root company's currency:
            ``required_share`` (percent of the exposure, from the profile), ``required`` (that much of it),
            ``covered`` (securities in force), ``uncovered`` (required − covered, not below zero),
            ``lapsed_amount`` (what lapsed in the last days less what was given in its place) and
            ``lapsed_on`` (last day of what lapsed last, or None)
        """
        root = company._credit_root()
        partner_ids = partners.sudo().commercial_partner_id.ids  # sudo: the debtor may not be readable
        if not partner_ids:
            return {}
        self = self.with_context(tz=root._credit_timezone())
        exposure = self.env["ar.credit.exposure"]
        query = SQL(
            """
            SELECT exposure.partner_id,
                   COALESCE(profile.cover_required_share, 0)::float8,
                   ROUND(cover.required, currency.decimal_places)::float8,
                   exposure.security::float8,
                   GREATEST(ROUND(cover.required, currency.decimal_places) - exposure.security, 0)::float8,
                   GREATEST(COALESCE(lapsed.lapsed, 0) - COALESCE(replacing.replaced, 0), 0)::float8,
                   CASE WHEN lapsed.lapsed > COALESCE(replacing.replaced, 0) THEN last.lapsed_on END
              FROM %(table)s exposure
              JOIN res_currency currency ON currency.id = exposure.currency_id
         LEFT JOIN ar_credit_profile profile ON profile.id = exposure.profile_id
        CROSS JOIN LATERAL (
                    SELECT GREATEST(exposure.exposure, 0) * COALESCE(profile.cover_required_share, 0) / 100
                   ) cover(required)
         LEFT JOIN (%(lapsed)s) lapsed
                ON lapsed.partner_id = exposure.partner_id AND lapsed.company_id = exposure.company_id
         LEFT JOIN (%(replacing)s) replacing
                ON replacing.partner_id = exposure.partner_id AND replacing.company_id = exposure.company_id
         LEFT JOIN (%(last)s) last
                ON last.partner_id = exposure.partner_id AND last.company_id = exposure.company_id
             WHERE exposure.partner_id IN %(partner_ids)s
               AND exposure.company_id = %(company_id)s
            """,
            table=exposure._table_sql,
            lapsed=exposure._converted_sql(self._lapsed_rows_sql(root, days), "lapsed"),
            replacing=exposure._converted_sql(self._replacing_rows_sql(root, days), "replaced"),
            last=SQL(
                """SELECT partner_id, company_id, MAX(date_to) AS lapsed_on
                     FROM (%s) lapsed GROUP BY partner_id, company_id""",
                self._lapsed_rows_sql(root, days),
            ),
            partner_ids=tuple(partner_ids),
            company_id=root.id,
        )
        names = ("required_share", "required", "covered", "uncovered", "lapsed_amount", "lapsed_on")
        found = {partner_id: values for partner_id, *values in self.env.execute_query(query)}
        return {
            partner_id: dict(zip(names, found.get(partner_id, (0.0, 0.0, 0.0, 0.0, 0.0, None)), strict=True))
            for partner_id in partner_ids
        }

    @api.model
    def _lapsed_rows_sql(self, root, days) -> SQL:
        """Securities of a root company that ended by their date in the last days, and were not released."""
        return SQL(
            """
            SELECT security.id,
                   partner.commercial_partner_id AS partner_id,
                   security.company_id,
                   security.currency_id,
                   security.date_to,
                   %(counted)s AS amount
              FROM ar_credit_security security
              JOIN res_partner partner ON partner.id = security.partner_id
             WHERE security.company_id = %(company_id)s
               AND security.state IN ('valid', 'lapsed')
               AND security.date_to BETWEEN %(today)s::date - %(days)s AND %(today)s::date - 1
            """,
            counted=self._counted_sql(),
            company_id=root.id,
            today=fields.Date.context_today(self),
            days=days,
        )

    @api.model
    def _replacing_rows_sql(self, root, days) -> SQL:
        """Securities in force that renew a lapsed one, or began after the first of them had ended."""
        return SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id,
                   security.company_id,
                   security.currency_id,
                   %(counted)s AS amount
              FROM ar_credit_security security
              JOIN res_partner partner ON partner.id = security.partner_id
              JOIN (
                    SELECT partner_id, MIN(date_to) AS date_to, ARRAY_AGG(id) AS ids
                      FROM (%(lapsed)s) lapsed
                  GROUP BY partner_id
                   ) ended ON ended.partner_id = partner.commercial_partner_id
             WHERE security.company_id = %(company_id)s
               AND %(in_force)s
               AND (security.former_id = ANY(ended.ids) OR security.date_from > ended.date_to)
            """,
            counted=self._counted_sql(),
            company_id=root.id,
            lapsed=self._lapsed_rows_sql(root, days),
            in_force=self._in_force_sql(),
        )

    # ------------------------------------------------------------------
    # Warnings ahead
    # ------------------------------------------------------------------

    @api.model
    def _cron_warn_ahead(self):
        """Let securities lapse whose last day is over, and tell people of dates that come near, once each."""
        steps = (
            (self._select_lapsed, self.__class__._lapse),
            (self._select_ending, self.__class__._warn_expiry),
            (self._select_claimable, self.__class__._warn_claim),
            (self._select_to_report, self.__class__._warn_reporting),
            (
                self.env["ar.bill.receivable"]._select_maturing,
                self.env.registry["ar.bill.receivable"]._warn_maturity,
            ),
        )
        for select, handle in steps:
            if not self.env["ar.schedule"]._handle_each(select(), partial(self._tell_responsible, handle)):
                return

    @api.model
    def _tell_responsible(self, handle, record):
        """Do something about a record in the language of who is told of it."""
        handle(record.with_context(lang=record._get_responsible().lang))

    @api.model
    def _by_company(self, domain_of):
        """Return securities for which a domain holds on the day and by the settings of their company."""
        roots = self.env["res.company"].search([("parent_id", "=", False)])
        domains = [
            Domain("company_id", "=", root.id) & domain_of(root, root._credit_today()) for root in roots
        ]
        return self.search(Domain.OR(domains), order="id")

    @api.model
    def _select_lapsed(self):
        return self._by_company(
            lambda root, today: Domain("state", "=", "valid") & Domain("date_to", "<", today)
        )

    @api.model
    def _select_ending(self):
        ending = self._by_company(
            lambda root, today: (
                Domain("state", "=", "valid")
                & Domain("date_to", ">=", today)
                & Domain("date_to", "<=", today + relativedelta(days=root.credit_cover_warn_days))
                & ~Domain("renewal_ids.state", "in", ("submitted", "valid"))
            )
        )
        return ending.filtered(lambda security: security.expiry_warned_for != security.date_to)

    @api.model
    def _select_claimable(self):
        claimable = self._by_company(
            lambda root, today: (
                Domain("kind", "=", "guarantee")
                & Domain("state", "in", ("valid", "lapsed"))
                & Domain("claim_by", ">=", today)
                & Domain("claim_by", "<=", today + relativedelta(days=root.credit_cover_warn_days))
            )
        )
        return claimable.filtered(lambda security: security.claim_warned_for != security.claim_by)

    @api.model
    def _select_to_report(self):
        """Insurance covers with items whose deadline comes near and was not warned of yet."""
        deadlines = self.env["ar.insurance.overdue"]._get_deadlines()
        return self.search([("id", "in", list(deadlines))], order="id").filtered(
            lambda security: (
                not security.reporting_warned_for or security.reporting_warned_for < deadlines[security.id][1]
            )
        )

    def _lapse(self):
        self._write_decision({"state": "lapsed"})

    def _warn_expiry(self):
        self._write_decision({"expiry_warned_for": self.date_to})
        self._schedule_warning(
            "mail_activity_cover_ends",
            self.date_to,
            self.env._("Renew it, or adapt the limit: %s ends with this day.", self._format_counted()),
        )

    def _warn_claim(self):
        self._write_decision({"claim_warned_for": self.claim_by})
        self._schedule_warning(
            "mail_activity_cover_ends",
            self.claim_by,
            self.env._("Last day to claim from the guarantor. Nothing interrupts this period."),
        )

    def _warn_reporting(self):
        first, last = self.env["ar.insurance.overdue"]._get_deadlines(self)[self.id]
        self._write_decision({"reporting_warned_for": last})
        self._schedule_warning(
            "mail_activity_insurance_report",
            first,
            self.env._("Report the overdue items to the insurer in time: else the cover is lost."),
        )

    def _schedule_warning(self, activity_type, deadline, summary):
        if user := self._get_responsible():
            self.activity_schedule(
                f"ar_credit_control.{activity_type}", deadline, summary=summary, user_id=user.id
            )
