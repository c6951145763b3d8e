import math

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_list

# Who decides where a company has no row of that kind: a fresh installation works before anybody set amounts.
GROUP_OF_KIND = {
    "limit": "ar_credit_control.group_credit_manager",
    "release": "ar_credit_control.group_credit_controller",
    "deferral": "ar_credit_control.group_credit_controller",
}

# Judgement, to be edited: (group, tier, {kind: amount in CNY}); other currencies take an eighth.
PRESETS = (
    (
        "ar_credit_control.group_credit_controller",
        1,
        {"limit": 200_000, "release": 50_000, "deferral": 200_000, "waiver": 10_000},
    ),
    (
        "ar_credit_control.group_credit_manager",
        2,
        {"limit": 1_000_000, "release": 500_000, "deferral": 1_000_000, "waiver": 100_000},
    ),
)
PRESET_CURRENCY = "CNY"
PRESET_DIVISOR = 8


class ArCreditAuthority(models.Model):
    """Up to which amount a person may decide: a table of people, not of groups.

    A decision above the amount goes to the next tier. Where a company never had a row of a kind, the credit
    managers decide on limits and the credit controllers on releases; rows that ended or were archived give
    nobody more than the table does. Nobody sets an authority of their own, and who asked for something never
    decides on it, whatever the amount.
    """

    _name = "ar.credit.authority"
    _description = "Credit Authority"
    _inherit = ["mail.thread"]
    _order = "company_id, kind, tier, user_id, id"
    _rec_name = "user_id"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
        help="The main company; its branches follow.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        required=True,
        index=True,
        tracking=True,
        ondelete="restrict",
        domain=[("share", "=", False)],
    )
    kind = fields.Selection(
        [("limit", "Credit limits"), ("release", "Releases of held orders")],
        string="Decides On",
        required=True,
        default="limit",
        tracking=True,
    )
    tier = fields.Integer(
        default=1,
        aggregator=False,
        required=True,
        tracking=True,
        help="1 is asked first; what exceeds the amount goes to the next tier.",
    )
    unlimited = fields.Boolean(string="Any Amount", tracking=True)
    amount = fields.Monetary(
        string="Up To",
        aggregator=False,
        tracking=True,
        help="Largest amount: for limits the whole limit after the decision, for releases the total of the "
        "order, for deferrals and plans what is put off, for waivers what is given up.",
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
    date_from = fields.Date(string="From", tracking=True)
    date_to = fields.Date(string="Until", tracking=True, help="Last day, for a stand-in during an absence.")
    active = fields.Boolean(default=True, tracking=True)

    _amount_not_negative = models.Constraint(
        "CHECK (amount >= 0 AND tier > 0)",
        "An authority needs a tier from 1 on and an amount of zero or more.",
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_to IS NULL OR date_from IS NULL OR date_from <= date_to)",
        "An authority cannot end before it begins.",
    )

    @api.depends("company_id")
    def _compute_currency_id(self):
        for authority in self:
            authority.currency_id = authority.currency_id or authority.company_id.currency_id

    @api.model_create_multi
    def create(self, vals_list):
        authorities = super().create(vals_list)
        authorities._check_not_own()
        return authorities

    def write(self, vals):
        self._check_not_own()
        if any(
            vals.get("kind", row.kind) != row.kind
            or vals.get("company_id", row.company_id.id) != row.company_id.id
            for row in self
        ):
            raise UserError(
                self.env._("What an authority is for stays as it is: archive it and write another one.")
            )
        result = super().write(vals)
        self._check_not_own()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._("Authorities are kept as evidence: archive them, or give them a last day.")
        )

    def _check_not_own(self):
        if not self.env.su and self.env.user in self.user_id:
            raise AccessError(self.env._("Another credit manager sets your own authority."))

    def action_propose_from_roles(self):
        """Write a line with a usual amount for each controller and manager of the company who has none.

        The user's own line is left to another credit manager.

        :raise UserError: nobody else could set the user's own authority afterwards
        """
        self.check_access("create")
        root = self.env.company._credit_root()
        vals_list = self._prepare_proposed(root)
        self.create(vals_list)
        people = self.env["res.users"].browse({vals["user_id"] for vals in vals_list})
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if vals_list else "info",
                "message": self.env._(
                    "Lines for %(people)s. Check the amounts; another credit manager sets your own.",
                    people=format_list(self.env, people.mapped("name")),
                )
                if vals_list
                else self.env._("Every other controller and manager has a line already."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _prepare_proposed(self, root):
        """Return the values of the lines that are missing, by the highest role of each person."""
        roles = {}
        for group, tier, amounts in PRESETS:
            for user in self.env.ref(group).sudo().all_user_ids:  # sudo: members of a group
                if self._may_work(user, root) and not user._is_superuser():
                    roles[user] = (tier, amounts)
        manager = PRESETS[-1][1]
        if not any(tier == manager and user != self.env.user for user, (tier, _amounts) in roles.items()):
            raise UserError(
                self.env._(
                    "Once there is a line, only the people in the table decide, and nobody else could set "
                    "yours. Make another person a credit manager first."
                )
            )
        rows = self.sudo().with_context(active_test=False)  # sudo: rows of all
        present = {(row.user_id, row.kind) for row in rows.search([("company_id", "=", root.id)])}
        divisor = 1 if root.currency_id.name == PRESET_CURRENCY else PRESET_DIVISOR
        return [
            {
                "company_id": root.id,
                "user_id": user.id,
                "kind": kind,
                "tier": tier,
                "amount": amount / divisor,
                "currency_id": root.currency_id.id,
            }
            for user, (tier, amounts) in roles.items()
            for kind, amount in amounts.items()
            if user != self.env.user and (user, kind) not in present
        ]

    @api.model
    def _covers(self, user, kind, amount, company):
        """Whether a person may decide on an amount. Internal: asks for the rights of others.

        :param str kind: ``limit`` or ``release``
        :param float amount: in the root company's currency, infinite for no bound; rows in other currencies
            convert at today's rate
        """
        reach = self._get_reach(user, kind, company)
        return reach is not None and self._is_within(amount, reach, company)

    @api.model
    def _get_reach(self, user, kind, company):
        """Return up to which amount a person may decide, infinite for any amount, None for nobody.

        In the root company's currency. Where the company never had a row of the kind, the groups decide.
        """
        if self._only_audits(user):
            return None
        root = company._credit_root()
        rows = self._get_valid_rows(kind, root)
        if rows is None:
            return math.inf if user.has_group(GROUP_OF_KIND[kind]) else None
        own = rows.filtered(lambda row: row.user_id == user)
        return max((row._get_amount(root) for row in own), default=None)

    @api.model
    def _is_within(self, amount, reach, company):
        if math.isinf(reach) or math.isinf(amount):
            return amount <= reach
        return company._credit_root().currency_id.compare_amounts(amount, reach) <= 0

    @api.model
    def _get_ladder(self, kind, company):
        """Return who decides up to which amount: a list of (tier, person, amount), the lowest tier first.

        Only people who may work in the company count. Where there never was a row the people of the group,
        any amount.
        """
        root = company._credit_root()
        rows = self._get_valid_rows(kind, root)
        if rows is not None:
            ladder = [
                (row.tier, row.user_id, row._get_amount(root))
                for row in rows.sorted(lambda row: (row.tier, row.user_id.id))
            ]
        else:
            users = self.env.ref(GROUP_OF_KIND[kind]).sudo().all_user_ids  # sudo: members of a group
            manager = "ar_credit_control.group_credit_manager"
            users = users.sorted(
                lambda user: (
                    user._is_superuser(),
                    user.has_group(manager),
                    # Who sets the system up has every right without having the job.
                    user.has_group("base.group_system"),
                    user.id,
                )
            )
            ladder = [(0, user, math.inf) for user in users]
        return [step for step in ladder if self._may_work(step[1], company)]

    @api.model
    def _may_work(self, user, company):
        return (
            user.active
            and user._is_internal()
            and company in user.company_ids
            and not self._only_audits(user)
        )

    @api.model
    def _only_audits(self, user):
        """Whether a person reads everything and decides nothing, whatever the table says."""
        return user.has_group("ar_credit_control.group_credit_auditor") and not user.has_group(
            "ar_credit_control.group_collector"
        )

    @api.model
    def _get_approvers(self, kind, amount, company):
        """Return the people who may decide on an amount, the lowest tier first.

        Only people who may work in the company count. See :meth:`_covers` for the arguments.
        """
        reaching = [
            user.id
            for _tier, user, reach in self._get_ladder(kind, company)
            if self._is_within(amount, reach, company)
        ]
        return self.env["res.users"].browse(dict.fromkeys(reaching))

    @api.model
    def _get_tier(self, user, kind, company):
        """Return the highest tier of a person, 0 when they have no authority of that kind."""
        rows = self._get_valid_rows(kind, company._credit_root()) or self.browse()
        return max(rows.filtered(lambda row: row.user_id == user).mapped("tier"), default=0)

    @api.model
    def _get_valid_rows(self, kind, root):
        """Return the rows of today, None where there never was one: who archives rows wins no authority."""
        table = self.sudo().with_context(active_test=False)  # sudo: who asks may not read the table
        rows = table.search(Domain("company_id", "=", root.id) & Domain("kind", "=", kind))
        today = root._credit_today()
        return (
            rows.filtered(
                lambda row: (
                    row.active
                    and (not row.date_from or row.date_from <= today)
                    and (not row.date_to or row.date_to >= today)
                )
            )
            if rows
            else None
        )

    def _get_amount(self, root):
        """Return the amount in the currency of the root company at today's rate, infinite for any amount."""
        self.ensure_one()
        if self.unlimited:
            return math.inf
        currency = self.currency_id.sudo()  # sudo: rates of the main company, for who works in a branch
        return currency._convert(self.amount, root.currency_id, root, root._credit_today())
