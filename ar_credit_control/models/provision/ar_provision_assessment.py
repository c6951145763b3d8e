from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class ArProvisionAssessment(models.Model):
    """What is still expected from one customer, judged on its own instead of by the matrix.

    Either a loss rate, or the cash expected with its probability, discounted where the company wants it
    (IFRS 9 B5.5.28 ff.). Approved by another person; it counts in runs from its first to its last day.
    """

    _name = "ar.provision.assessment"
    _description = "Individual Assessment"
    _inherit = ["ar.approval.mixin", "ar.customer.evidence.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, id desc"

    _terms = frozenset(
        {
            "partner_id",
            "date_from",
            "date_to",
            "method",
            "rate",
            "flow_ids",
            "discount_rate",
            "reason",
            "company_id",
        }
    )
    _later_fields = frozenset({"date_to"})
    _own_fields = frozenset({"state", "prepared_by_ids", "submitted_by_id", "decided_by_id"})
    _authority_kind = "provision"
    _approval_activity = "ar_credit_control.mail_activity_provision_approve"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(string="From", required=True, default=fields.Date.context_today, tracking=True)
    date_to = fields.Date(string="Until", tracking=True, help="Last run date for which it counts.")
    method = fields.Selection(
        [("rate", "Loss rate"), ("cash_flow", "Expected cash")],
        required=True,
        default="cash_flow",
        tracking=True,
    )
    rate = fields.Float(string="Loss Rate (%)", digits=(12, 4), tracking=True)
    flow_ids = fields.One2many("ar.provision.assessment.flow", "assessment_id", copy=True)
    discount_rate = fields.Float(
        string="Discount Rate (% a year)",
        digits=(12, 4),
        tracking=True,
        help="Effective rate of a year. Zero: not discounted, as usual for claims without interest that are "
        "short.",
    )
    expected_amount = fields.Monetary(
        compute="_compute_expected_amount",
        help="Σ amount × probability, discounted to the first day of the assessment.",
    )
    open_amount = fields.Monetary(
        string="Open Today",
        compute="_compute_open_amount",
        help="What the customer owes today by the ledger, less what is not applied yet.",
    )
    loss_amount = fields.Monetary(
        string="Expected Loss",
        compute="_compute_open_amount",
        help="What would be provided for on what is open today. A run takes what is open at its date.",
    )
    security_amount = fields.Monetary(
        string="Security in Force",
        compute="_compute_security_amount",
        help="What guarantees, deposits and insurance of the customer cover today. A run takes none of it "
        "off the loss of a customer who is assessed: include it in the cash expected, or in the rate.",
    )
    reason = fields.Text(help="Which facts: insolvency, agreement, opinion of counsel. Needed to submit.")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )

    _in_range = models.Constraint(
        "CHECK (rate BETWEEN 0 AND 100 AND discount_rate >= 0 AND discount_rate <= 100"
        " AND (date_to IS NULL OR date_to >= date_from))",
        "Rates are between 0 and 100 %, and an assessment does not end before it begins.",
    )
    _one_at_a_time = models.UniqueIndex(
        "(company_id, partner_id, date_from) WHERE state = 'approved'",
        "A customer has one approved assessment from a day on.",
    )

    @api.depends("flow_ids.amount", "flow_ids.probability", "flow_ids.date", "discount_rate", "date_from")
    def _compute_expected_amount(self):
        for assessment in self:
            assessment.expected_amount = sum(
                flow._get_present_value(assessment.date_from) for flow in assessment.flow_ids
            )

    @api.depends("partner_id", "company_id", "method", "rate", "expected_amount")
    def _compute_open_amount(self):
        open_amounts = self._get_open_amounts()
        for assessment in self:
            owed = open_amounts.get((assessment.company_id.id, assessment.partner_id._origin.id), 0.0)
            assessment.open_amount = owed
            if assessment.method == "rate":
                assessment.loss_amount = max(owed, 0) * assessment.rate / 100
            else:
                assessment.loss_amount = max(owed - assessment.expected_amount, 0)

    def _get_open_amounts(self):
        """Return {(root company id, customer id): what is open today, in company currency}."""
        customers = self.partner_id._origin.commercial_partner_id
        if not customers:
            return {}
        report = self.env["ar.aging.report"].sudo()  # sudo: one sum for who may read the assessment
        groups = report._read_group(
            [("partner_id", "in", customers.ids), ("root_company_id", "in", self.company_id.ids)],
            ["root_company_id", "partner_id"],
            ["amount:sum"],
        )
        return {(company.id, customer.id): amount for company, customer, amount in groups}

    @api.depends("partner_id", "company_id")
    def _compute_security_amount(self):
        amounts = {company: self._get_security_amounts(company) for company in self.company_id}
        for assessment in self:
            customer = assessment.partner_id._origin.commercial_partner_id
            assessment.security_amount = amounts.get(assessment.company_id, {}).get(customer.id, 0.0)

    def _get_security_amounts(self, company):
        """Return {customer id: what securities in force today cover, in company currency}, as runs do."""
        # sudo: one sum for who may read the assessment
        policy = self.env["ar.provision.policy"].sudo().search([("company_id", "=", company.id)], limit=1)
        customers = self.partner_id._origin.commercial_partner_id
        if not policy or not customers:
            return {}
        self.env["ar.credit.security"].flush_model()
        covered = self.env["ar.provision.valuation"].sudo()._cover_sql(policy, company._credit_today())
        rows = self.env.execute_query(
            SQL(
                "SELECT partner_id, amount FROM (%s) cover WHERE partner_id = ANY (%s)",
                covered,
                customers.ids,
            )
        )
        return {partner_id: company.currency_id.round(float(amount)) for partner_id, amount in rows}

    @api.depends("partner_id", "date_from")
    def _compute_display_name(self):
        for assessment in self:
            if not assessment.partner_id:
                assessment.display_name = self.env._("New")
                continue
            assessment.display_name = self.env._(
                "%(customer)s from %(date)s",
                customer=assessment.partner_id.display_name or "",
                date=fields.Date.to_string(assessment.date_from) or "",
            )

    @api.model_create_multi
    def create(self, vals_list):
        assessments = super().create(vals_list)
        if not self.env.su:
            assessments._add_preparer()
        return assessments

    def write(self, vals):
        if "date_to" in vals and not self.env.su:
            self._check_ends()
        return super().write(vals)

    def _check_ends(self):
        """How long an approved assessment counts is decided as the assessment was, not by who prepared it.

        :raise AccessError: for who prepared it, or has no authority
        """
        for assessment in self:
            if assessment.state == "approved" and (obstacle := assessment._get_obstacle(self.env.user)):
                raise AccessError(obstacle)

    def _get_amount_to_cover(self):
        return 0.0

    def _check_complete(self):
        for assessment in self:
            if not (assessment.reason or "").strip():
                raise UserError(self.env._("Say on which facts “%s” rests.", assessment.display_name))
            if assessment.method == "cash_flow" and any(
                flow.date < assessment.date_from for flow in assessment.flow_ids
            ):
                raise UserError(
                    self.env._("“%s” expects cash before its first day.", assessment.display_name)
                )

    def _approve(self):
        self._write_decision("approved")

    @api.model
    def action_assess(self, partner_id, company_id=None):
        """Open what is assessed of a customer, or a new assessment where there is none."""
        self.check_access("create")
        customer = self.env["res.partner"].browse(partner_id).commercial_partner_id
        company = self.env["res.company"].browse(company_id or self.env.company.id)._credit_root()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ar_credit_control.action_provision_assessment"
        )
        domain = [
            ("partner_id", "=", customer.id),
            ("company_id", "=", company.id),
            ("state", "!=", "cancelled"),
        ]
        action["context"] = {"default_partner_id": customer.id, "default_company_id": company.id}
        if self.search_count(domain, limit=1):
            action["domain"] = domain
        else:
            action["views"] = [(False, "form")]
        return action

    def action_ask_send_back(self):
        """Ask why the assessment goes back to who drafted it."""
        return self.env["ar.provision.return"]._ask(self)

    def action_cancel(self):
        """Give up an assessment that is not approved; an approved one gets a last day."""
        self.check_access("write")
        self._check_state("draft", "submitted")
        self._write_evidence({"state": "cancelled"})
        self._close_request()
        return True

    @api.model
    def _expected_sql(self, root, date) -> SQL:
        """Return the assessments that count at a date: the newest of each customer.

        Rows: ``assessment_id``, ``partner_id`` (commercial entity), ``loss_rate`` (percent, NULL with
        expected cash), ``expected`` (company currency, NULL with a rate; discounted to ``date``; cash that
        was expected before ``date`` counts no more: it came, and is no longer open, or it did not).
        """
        return SQL(
            """
            SELECT DISTINCT ON (debtor.commercial_partner_id)
                   assessment.id AS assessment_id,
                   debtor.commercial_partner_id AS partner_id,
                   CASE WHEN assessment.method = 'rate' THEN assessment.rate END AS loss_rate,
                   CASE WHEN assessment.method = 'cash_flow' THEN COALESCE(flow.expected, 0) END AS expected
              FROM ar_provision_assessment assessment
              JOIN res_partner debtor ON debtor.id = assessment.partner_id
         LEFT JOIN LATERAL (
                    SELECT SUM(flow.amount * flow.probability / 100
                               / POWER(1 + COALESCE(assessment.discount_rate, 0) / 100,
                                       (flow.date - %(date)s::date) / 365.0)) AS expected
                      FROM ar_provision_assessment_flow flow
                     WHERE flow.assessment_id = assessment.id AND flow.date >= %(date)s
                   ) flow ON TRUE
             WHERE assessment.company_id = %(root)s
               AND assessment.state = 'approved'
               AND assessment.date_from <= %(date)s
               AND (assessment.date_to IS NULL OR assessment.date_to >= %(date)s)
          ORDER BY debtor.commercial_partner_id, assessment.date_from DESC, assessment.id DESC
            """,
            root=root.id,
            date=date,
        )
