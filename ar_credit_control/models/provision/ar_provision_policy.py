from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date, format_list
from odoo.tools.misc import formatLang

# What decides on the loss beside the rates: whoever changes it approves no run that it is new to.
TERMS = (
    "use_rating_factor",
    "offset_credits",
    "closing_rate",
    "leave_out_group",
    "net_of_tax",
    "disputed_rate",
    "legal_rate",
    "default_days",
    "default_rate",
    "default_rebuttal",
    "cover_rate",
)
# IFRS 9 B5.5.37: default is presumed not later than so many days past due.
PRESUMED_DEFAULT_DAYS = 90


class ArProvisionPolicy(models.Model):
    """How a company values its receivables: ages, segments, loss rates, cover and accounts.

    A policy computes nothing by itself: a run reads it at its date and keeps what it read. Rates are percent
    (0.3 is 0.3 %).
    """

    _name = "ar.provision.policy"
    _description = "Provision Policy"
    _inherit = ["mail.thread"]
    _order = "company_id, active desc, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
        help="The main company; its branches are valued with it.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    active = fields.Boolean(
        default=True,
        tracking=True,
        help="A company has one policy in use. Archive it to use another one from the next run on.",
    )
    standard = fields.Selection(
        [
            ("ifrs9", "IFRS 9, simplified approach"),
            ("cas22", "China CAS 22, simplified approach"),
            ("cn_small", "China, small enterprises"),
            ("us_cecl", "US ASC 326, ageing schedule"),
            ("other", "Other"),
        ],
        string="Accounting Standard",
        required=True,
        default="other",
        tracking=True,
    )
    basis = fields.Selection(
        [("due", "Due date"), ("invoice", "Invoice date"), ("delivery", "Delivery date")],
        string="Age Counts From",
        required=True,
        default="due",
        tracking=True,
    )
    age_unit = fields.Selection(
        [("day", "Days"), ("year", "Years")],
        string="Ages In",
        required=True,
        default="day",
        tracking=True,
        help="Years end on the anniversary: an item is over one year old from the day after it.",
    )
    bucket_ids = fields.One2many("ar.provision.bucket", "policy_id", copy=True)
    segment_ids = fields.One2many("ar.provision.segment", "policy_id", copy=True)
    matrix_ids = fields.One2many("ar.provision.matrix", "policy_id")
    account_map_ids = fields.One2many("ar.provision.account", "policy_id", copy=True)

    use_rating_factor = fields.Boolean(
        string="Rates by Rating",
        tracking=True,
        help="Multiply the loss rates by the provision factor of the customer's rating.",
    )
    offset_credits = fields.Boolean(
        string="Set Off Own Credits",
        default=True,
        tracking=True,
        help="Unapplied receipts and credit notes of a customer reduce that customer's oldest items. They "
        "never reduce what other customers owe.",
    )
    closing_rate = fields.Boolean(
        string="Foreign Items at Closing Rate",
        tracking=True,
        help="The loss on items in another currency is converted at the rate of the run's date; otherwise at "
        "the rate at which the ledger carries the item.",
    )
    leave_out_group = fields.Boolean(
        string="Leave Out the Group",
        default=True,
        tracking=True,
        help="Items of customers that are companies of this database are listed without a loss.",
    )
    net_of_tax = fields.Boolean(
        string="Net of Recoverable Tax",
        tracking=True,
        help="The loss is that without the tax of the invoice, where the tax authority gives it back for bad "
        "debts. What the customer owes stays as in the ledger.",
    )
    disputed_rate = fields.Float(
        string="Least Rate if Disputed (%)",
        tracking=True,
        help="Zero: disputed items have no rate of their own.",
    )
    legal_rate = fields.Float(
        string="Least Rate With Agency or Lawyer (%)", tracking=True, help="Zero: no rate of their own."
    )
    default_days = fields.Integer(
        string="Default After (days past due)",
        tracking=True,
        help="IFRS 9 presumes a default after 90 days past due. Zero: no such rule.",
    )
    default_rate = fields.Float(string="Least Rate in Default (%)", tracking=True)
    default_rebuttal = fields.Text(
        string="Why Default Is Later",
        tracking=True,
        help="IFRS 9 B5.5.37: reasonable and supportable information why default is not presumed after 90 "
        "days past due. Printed with each run.",
    )
    lacks_rebuttal = fields.Boolean(compute="_compute_lacks_rebuttal")
    cover_rate = fields.Float(
        string="Rate of the Covered Part (%)",
        tracking=True,
        help="Loss on what a guarantee, a deposit or an insurance covers: the risk of who stands behind it, "
        "multiplied by the provision factor of that one's rating, if any.",
    )

    journal_id = fields.Many2one("account.journal", domain="[('type', '=', 'general')]", check_company=True)
    allowance_account_id = fields.Many2one(
        "account.account", check_company=True, help="Balance sheet: what is deducted from the receivables."
    )
    expense_account_id = fields.Many2one(
        "account.account", string="Charge Account", check_company=True, help="Loss when the allowance grows."
    )
    release_account_id = fields.Many2one(
        "account.account", check_company=True, help="Income when it falls. Empty: the charge account."
    )
    exchange_account_id = fields.Many2one(
        "account.account",
        check_company=True,
        help="What rates of exchange changed, with foreign items at closing rate. Empty: charge and release.",
    )
    loss_account_id = fields.Many2one(
        "account.account",
        string="Write-off Account",
        check_company=True,
        help="Loss on what is written off and was not provided for. Empty: the charge account.",
    )
    recovery_account_id = fields.Many2one(
        "account.account",
        check_company=True,
        help="Income from what was written off directly and is paid later. Empty: the write-off account.",
    )
    writeoff_against = fields.Selection(
        [
            ("provided", "The allowance as far as provided, the rest as loss"),
            ("allowance", "The allowance"),
            ("direct", "Loss only"),
        ],
        string="Write Off Against",
        required=True,
        default="provided",
        tracking=True,
    )
    can_post = fields.Boolean(compute="_compute_can_post")
    no_post_reason = fields.Char(compute="_compute_can_post", string="Why It Cannot Be Posted")

    matrix_id = fields.Many2one(
        "ar.provision.matrix",
        string="Loss Rates in Use",
        compute="_compute_matrix_id",
        help="The approved rates that are valid today.",
    )
    next_step = fields.Char(compute="_compute_matrix_id", string="What to Do Next")

    _one_active = models.UniqueIndex(
        "(company_id) WHERE active", "A company has one provision policy in use."
    )
    _rates_in_range = models.Constraint(
        "CHECK (disputed_rate BETWEEN 0 AND 100 AND legal_rate BETWEEN 0 AND 100"
        " AND default_rate BETWEEN 0 AND 100 AND cover_rate BETWEEN 0 AND 100 AND default_days >= 0)",
        "Rates are between 0 and 100 %, days zero or more.",
    )

    @api.depends("standard", "journal_id", "allowance_account_id", "expense_account_id")
    def _compute_can_post(self):
        for policy in self:
            reason = policy._get_no_post_reason()
            policy.can_post = not reason
            policy.no_post_reason = reason

    def _get_no_post_reason(self):
        """Return why an allowance cannot be posted, in words; empty when it can."""
        self.ensure_one()
        if self.standard == "cn_small":
            return self.env._(
                "Small enterprises in China book no allowance: a loss is booked when it is written off. The "
                "run is for management."
            )
        names = [
            self._fields[name]._description_string(self.env)
            for name in ("journal_id", "allowance_account_id", "expense_account_id")
            if not self[name]
        ]
        if names:
            return self.env._("Set on the provision policy first: %s.", format_list(self.env, names))
        return ""

    @api.depends("matrix_ids.state", "matrix_ids.date_from", "bucket_ids", "active")
    def _compute_matrix_id(self):
        for policy in self:
            today = policy.company_id._credit_today()
            approved = policy.matrix_ids.filtered(
                lambda matrix, today=today: matrix.state == "approved" and matrix.date_from <= today
            )
            policy.matrix_id = approved.sorted(lambda matrix: (matrix.date_from, matrix._origin.id))[-1:]
            policy.next_step = policy._get_next_step()

    def _get_next_step(self):
        """Return what is still to be done before a run can use this policy; empty when it can."""
        self.ensure_one()
        if not self.bucket_ids:
            return self.env._("Add the ages first, or take those of the company's ageing.")
        if not self.matrix_id:
            states = set(self.matrix_ids.mapped("state"))
            if "submitted" in states:
                return self.env._("Loss rates wait for the approval of another person.")
            if "draft" in states:
                return self.env._("Check the draft of the loss rates and submit it: another person approves.")
            if "approved" in states:
                return self.env._("The approved loss rates are not valid yet.")
            return self.env._("Add loss rates: typed with a reason, or derived from your own history.")
        if not self.active:
            return self.env._("Ready. Put it in use when the next run shall follow it.")
        return ""

    @api.depends("standard", "default_days", "default_rebuttal")
    def _compute_lacks_rebuttal(self):
        for policy in self:
            presumed = 0 < policy.default_days <= PRESUMED_DEFAULT_DAYS
            rebutted = (policy.default_rebuttal or "").strip()
            policy.lacks_rebuttal = policy.standard == "ifrs9" and not presumed and not rebutted

    @api.constrains("company_id")
    def _check_root_company(self):
        for policy in self:
            if policy.company_id.parent_id:
                raise ValidationError(
                    self.env._(
                        "%(branch)s is a branch: it follows the policy of %(company)s.",
                        branch=policy.company_id.name,
                        company=policy.company_id.root_id.name,
                    )
                )

    @api.constrains("bucket_ids")
    def _check_buckets(self):
        if any(
            bucket.age_from < 0
            for policy in self
            if policy.age_unit == "year"
            for bucket in policy.bucket_ids
        ):
            raise ValidationError(self.env._("An age in years is zero or more."))

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        chosen = self.new({})._get_terms()
        policies.filtered(lambda policy: policy._get_terms() != chosen)._log_term_change()
        return policies

    def write(self, vals):
        before = {policy: policy._get_terms() for policy in self} if set(TERMS) & vals.keys() else {}
        self._check_rated_terms(vals)
        result = super().write(vals)
        self.filtered(
            lambda policy: before.get(policy, policy._get_terms()) != policy._get_terms()
        )._log_term_change()
        return result

    def _check_rated_terms(self, vals):
        """Refuse to give approved rates another meaning.

        :raise UserError: naming the policy and what would change
        """
        for policy in self._get_rated():
            changed = [
                name
                for name in ("company_id", "basis", "age_unit")
                if name in vals and vals[name] != (policy[name].id if name == "company_id" else policy[name])
            ]
            if changed:
                raise UserError(
                    self.env._(
                        "“%(policy)s” has approved loss rates: copy it to change %(fields)s.",
                        policy=policy.name,
                        fields=format_list(
                            self.env, [self._fields[name]._description_string(self.env) for name in changed]
                        ),
                    )
                )

    def _log_term_change(self):
        self.env["ar.provision.term.change"]._log(self)

    def _get_terms(self):
        """Return what decides on the loss beside the rates, as values that can be kept: {field: value}."""
        self.ensure_one()
        return {name: self[name] or False for name in TERMS}

    @api.model
    def _describe_terms(self, terms):
        """Return (label, words) of terms as :meth:`_get_terms` gives them."""
        described = []
        for name in TERMS:
            value = terms.get(name)
            field = self._fields[name]
            if field.type == "boolean":
                words = self.env._("Yes") if value else self.env._("No")
            elif field.type == "float":
                words = formatLang(self.env, value or 0.0, digits=2)
            else:
                words = str(value or "")
            if field.type == "boolean" or value:
                described.append((field._description_string(self.env), words))
        return described

    def copy_data(self, default=None):
        default = dict(default or {})
        return [
            {
                **values,
                "name": default.get("name") or self.env._("%s (copy)", policy.name),
                "active": default.get("active", False),
            }
            for policy, values in zip(self, super().copy_data(default), strict=True)
        ]

    def _get_rated(self):
        """Return the policies with approved loss rates: what these rates mean does not change any more."""
        matrices = self.env["ar.provision.matrix"].sudo()  # sudo: of any company
        rated = matrices.search_fetch(
            [("policy_id", "in", self.ids), ("state", "=", "approved")], ["policy_id"]
        )
        return self.filtered(lambda policy: policy.id in rated.policy_id.ids)

    # ------------------------------------------------------------------
    # What a run reads
    # ------------------------------------------------------------------

    @api.model
    def _get_policy(self, company):
        """Return the policy in use of a company or branch.

        :raise UserError: when there is none
        """
        root = company._credit_root()
        policy = self.search(Domain("company_id", "=", root.id), limit=1)
        if not policy:
            raise UserError(
                self.env._(
                    "%s has no provision policy. Choose one under Configuration > Provision Policies.",
                    root.name,
                )
            )
        return policy

    def _get_matrix(self, date):
        """Return the approved matrix that is valid on a date.

        :raise UserError: when none is
        """
        self.ensure_one()
        matrix = self.env["ar.provision.matrix"].search(
            [("policy_id", "=", self.id), ("state", "=", "approved"), ("date_from", "<=", date)],
            order="date_from desc, id desc",
            limit=1,
        )
        if not matrix:
            raise UserError(
                self.env._(
                    "“%(policy)s” has no approved loss rates for %(date)s. Have a matrix approved that is "
                    "valid from that date or before.",
                    policy=self.name,
                    date=format_date(self.env, date),
                )
            )
        return matrix

    def _get_first_days(self, date):
        """Return on which day of age each bucket begins when judged at ``date``: {bucket: days}, ascending.

        Days of age are ``date − basis date``. Years have the length that they have at that date, so that an
        anniversary still belongs to the younger bucket. The first bucket also takes everything younger.
        """
        self.ensure_one()
        return {
            bucket: self._get_first_day(bucket.age_from, date)
            for bucket in self.bucket_ids.sorted("age_from")
        }

    def _get_first_day(self, age_from, date):
        if self.age_unit == "day" or not age_from:
            return age_from
        # The latest day whose anniversary is past; relativedelta ends months as the calendar does.
        latest = date - relativedelta(years=age_from, days=1)
        while latest + relativedelta(days=1, years=age_from) < date:
            latest += relativedelta(days=1)
        while latest + relativedelta(years=age_from) >= date:
            latest -= relativedelta(days=1)
        return (date - latest).days

    def _prepare_accounts(self):
        """Return where a run books, as values that it keeps."""
        self.ensure_one()
        rows = sorted(
            [receivable.id or 0, *(account.id or 0 for account in accounts)]
            for receivable, accounts in self._get_accounts().items()
        )
        return {
            "accounts": rows,
            "exchange": self.exchange_account_id.id,
            "journal": self.journal_id.id,
        }

    def _get_accounts(self):
        """Return {receivable account: (allowance account, charge account, release account)}, with the
        policy's own under the key ``account.account()`` for every other receivable account."""
        self.ensure_one()
        none = self.env["account.account"]
        charge = self.expense_account_id
        release = self.release_account_id
        accounts = {none: (self.allowance_account_id, charge, release or charge)}
        for row in self.account_map_ids:
            own = row.expense_account_id or charge
            accounts[row.account_id] = (
                row.allowance_account_id or self.allowance_account_id,
                own,
                release if not row.expense_account_id and release else own,
            )
        return accounts

    def _get_allowance_accounts(self):
        """Return every account on which this company has or had an allowance for receivables."""
        self.ensure_one()
        # sudo: a movement may stand on an account that the user has no right to read
        earlier = (
            self.env["ar.provision.movement"]
            .sudo()
            .search_fetch([("root_company_id", "=", self.company_id.id)], ["account_id"])
        )
        return self.allowance_account_id | self.account_map_ids.allowance_account_id | earlier.account_id

    # ------------------------------------------------------------------
    # Buckets from the ageing
    # ------------------------------------------------------------------

    def action_take_ageing_buckets(self):
        """Begin with the buckets of the company's ageing; rates are given to them in a new matrix.

        :raise UserError: for a policy that counts years, or has rates already
        """
        self.check_access("write")
        for policy in self:
            if policy.age_unit != "day":
                raise UserError(self.env._("The ageing counts days: this policy counts years."))
            if policy.matrix_ids:
                raise UserError(
                    self.env._(
                        "“%s” has loss rates by its buckets. Copy the policy to change them.", policy.name
                    )
                )
            policy.bucket_ids.unlink()
            buckets = self.env["ar.aging.bucket"].search([("company_id", "=", policy.company_id.id)])
            # The first has no beginning of its own: zero reads better than the bound of the ageing.
            later = buckets[1:].mapped("day_from")
            ages = [min(0, later[0] - 1) if later else 0, *later]
            self.env["ar.provision.bucket"].create(
                [
                    {"policy_id": policy.id, "name": bucket.name, "age_from": age}
                    for bucket, age in zip(buckets, ages, strict=True)
                ]
            )
        return True
