from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL


class ArDunningPolicy(models.Model):
    """Who is reminded of due invoices, when, and how firmly.

    A customer belongs to the policy of its credit profile, else to the first active policy of the company
    whose ratings, tags and countries fit. Nothing is sent before a person activates a policy, and nothing
    without review before a person makes it automatic.
    """

    _name = "ar.dunning.policy"
    _description = "Dunning Policy"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    def _default_company(self):
        return self.env.company.root_id

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(
        default=10, help="A customer without a policy of its own gets the first one that fits."
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self._default_company(),
        domain="[('parent_id', '=', False)]",
    )
    active = fields.Boolean(default=True, tracking=True)
    automatic = fields.Boolean(
        tracking=True,
        help="The schedule proposes every day and sends without review. Stages that a person must approve "
        "still wait for that person.",
    )
    stage_ids = fields.One2many("ar.dunning.stage", "policy_id", string="Stages", copy=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.root_id.currency_id,
    )
    min_amount = fields.Monetary(
        string="Smallest Letter",
        tracking=True,
        help="No letter below this amount. Letters in other currencies convert it at the rate of the day.",
    )
    grace_days = fields.Integer(
        string="Days of Grace",
        tracking=True,
        help="Added to the days of every stage after the due date: the time a bank transfer takes.",
    )
    contact_interval_days = fields.Integer(
        string="Days Between Contacts",
        default=7,
        tracking=True,
        help="A customer gets at most one letter in this number of days, and an invoice moves to its next "
        "stage at the earliest after them.",
    )
    contact_cap = fields.Integer(
        string="Most Contacts",
        tracking=True,
        help="At most this many letters and other contacts in the days beside it. Zero: no limit.",
    )
    contact_cap_days = fields.Integer(
        string="Days of the Limit",
        default=30,
        tracking=True,
        help="The number of days in which the contacts are counted.",
    )
    skip_when_late = fields.Boolean(
        string="Skip Stages When Very Late",
        tracking=True,
        help="An item goes straight to the stage that its age asks for. Without it, also the oldest item "
        "begins at the first stage and climbs one by one. Handing over is never reached by skipping.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Calendar",
        tracking=True,
        check_company=True,
        help="No letter is dated on a day without work in this calendar, and an item that falls due on such "
        "a day counts from the next working day. Empty: every day is a working day.",
    )
    leave_ids = fields.Many2many(
        "resource.calendar.leaves",
        string="Days Without Letters",
        compute="_compute_leave_ids",
        help="Holidays and other days without work that are yet to come.",
    )
    workday_ids = fields.Many2many(
        "resource.calendar.leaves",
        string="Weekends Worked",
        compute="_compute_leave_ids",
        help="Days to come of weekends that are worked in exchange for a holiday: letters go out on them. "
        "They are entries of the calendar for the whole company of the type “Other”, which is work time.",
    )
    preset = fields.Selection(
        [
            ("standard", "Standard"),
            ("europe", "Europe"),
            ("us", "United States"),
            ("china", "China"),
        ],
        readonly=True,
        copy=False,
        help="The practice that the policy was made from. It may have been changed since.",
    )
    use_cases = fields.Boolean(
        string="Open Cases",
        default=True,
        tracking=True,
        help="A collection case is opened for a customer whose items reach the stages of this policy.",
    )
    manual_entries = fields.Selection(
        [("company", "As in the settings"), ("leave_out", "Leave out"), ("include", "Include")],
        string="Migrated or Manual Entries",
        default="company",
        required=True,
        tracking=True,
        help="Opening balances and other entries of general journals, which Odoo excludes from follow-up.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Contact",
        tracking=True,
        domain="[('share', '=', False)]",
        help="Named in the letters of customers that have no collector; gets their answers.",
    )
    rating_ids = fields.Many2many("ar.credit.rating", string="Ratings")
    customer_kind = fields.Selection(
        [("all", "Companies and persons"), ("company", "Companies"), ("person", "Persons")],
        string="Customers",
        default="all",
        required=True,
        help="The law treats consumers otherwise than firms: other interest, other texts.",
    )
    category_ids = fields.Many2many("res.partner.category", string="Customer Tags")
    country_ids = fields.Many2many("res.country", string="Countries")

    _contact_interval_positive = models.Constraint(
        "CHECK (contact_interval_days >= 1 AND grace_days >= 0 AND min_amount >= 0)",
        "At least one day between contacts; days of grace and the smallest letter cannot be negative.",
    )

    _contact_cap_positive = models.Constraint(
        "CHECK (contact_cap >= 0 AND contact_cap_days >= 1)",
        "The most contacts cannot be negative; they are counted over at least one day.",
    )

    @api.depends("calendar_id")
    def _compute_leave_ids(self):
        leaves = self.env["resource.calendar.leaves"].search(
            [
                ("resource_id", "=", False),
                ("calendar_id", "in", self.calendar_id.ids),
                ("date_to", ">=", fields.Datetime.now()),
            ],
            order="date_from",
        )
        for policy in self:
            own = leaves.filtered(lambda leave, own=policy.calendar_id: own and leave.calendar_id == own)
            policy.workday_ids = own.filtered(lambda leave: leave.time_type == "other")
            policy.leave_ids = own - policy.workday_ids

    @api.constrains("company_id")
    def _check_root_company(self):
        for policy in self:
            if policy.company_id.parent_id:
                raise ValidationError(
                    self.env._("A dunning policy belongs to a main company; its branches follow it.")
                )

    @api.constrains("active", "automatic", "stage_ids")
    def _check_stages(self):
        for policy in self:
            if policy.active and policy.automatic and not policy.stage_ids:
                raise ValidationError(self.env._("Give “%s” a stage before it sends letters.", policy.name))

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        policies._ensure_supply_stop()
        return policies

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"active", "stage_ids", "company_id"}:
            self._ensure_supply_stop()
        return result

    def _ensure_supply_stop(self):
        self.env["ar.credit.rule"]._ensure_supply_stop(self.filtered("active").company_id)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for policy, vals in zip(self, vals_list, strict=True):
            if "name" not in (default or {}):
                vals["name"] = self.env._("%s (copy)", policy.name)
            vals["automatic"] = False
        return vals_list

    # Actions

    def action_preview(self):
        """Show which customer would get which letter today, without writing anything."""
        self.ensure_one()
        return self._preview_action(self._get_today())

    def action_add_days(self):
        """Ask for public holidays, or days of one's own, for the working calendar."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Working Days"),
            "res_model": "ar.dunning.calendar",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_policy_id": self.id,
                "default_mode": self.env.context.get("days_mode", "holidays"),
            },
        }

    def _preview_action(self, date):
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Who Would Get Which Letter: %s", self.name),
            "res_model": "ar.dunning.preview",
            "view_mode": "list,pivot",
            "context": {
                "dunning_policy_id": self.id,
                "dunning_date": fields.Date.to_string(date),
            },
            "help": Markup("<p class='o_view_nocontent_smiling_face'>%s</p><p>%s</p>")
            % (
                self.env._("Nobody would get a letter"),
                self.env._("No customer of this policy has an item that reached a stage on this day."),
            ),
        }

    @api.model
    def action_add_standard(self):
        """Copy the standard policy, switched off, to the current company."""
        if not self.env.user.has_group("ar_credit_control.group_credit_manager"):
            raise AccessError(self.env._("Only a credit manager edits dunning policies."))
        policy = self._create_from_preset(self.env.company, "standard")
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": policy.id,
            "view_mode": "form",
        }

    # Business

    def _get_today(self):
        """Return the company's own date: in the time zone of its address, else of the user."""
        self.ensure_one()
        timezone = self.company_id.partner_id.tz or self.env.user.tz
        return fields.Date.context_today(self.with_context(tz=timezone))

    # Working days

    @api.model
    def _quiet_days_sql(self, date, policies=None, before=None, after=800):
        """Return the days without work around ``date`` by the calendars of policies.

        Rows: ``policy_id``, ``day`` (without work) and ``working_day`` (the next one with work), as
        ``ar.working.calendar`` defines them.

        :param policies: empty: all with a calendar
        :param before: days to look back; by default as far as a due date matters to a stage
        :param after: days to look ahead
        """
        if before is None:
            before = 400
        chosen = SQL("policy.id = ANY(%s)", policies.ids) if policies else SQL("TRUE")
        return SQL(
            "SELECT owner_id AS policy_id, day, working_day FROM (%s) quiet",
            self.env["ar.working.calendar"]._quiet_days_sql(
                SQL(
                    """SELECT policy.id AS owner_id, policy.calendar_id
                         FROM ar_dunning_policy policy
                        WHERE policy.calendar_id IS NOT NULL AND %s""",
                    chosen,
                ),
                SQL("%s::date - %s", date, before),
                SQL("%s::date + %s", date, after),
            ),
        )

    def _get_working_day(self, date):
        """Return ``date``, or the next working day of the policy's calendar after it."""
        self.ensure_one()
        if not self.calendar_id:
            return date
        self._flush_calendars()
        rows = self.env.execute_query(
            SQL(
                "SELECT working_day FROM (%s) quiet WHERE day = %s",
                self._quiet_days_sql(date, self, before=0, after=60),
                date,
            )
        )
        return rows[0][0] if rows else date

    def _is_working_day(self, date):
        """Whether letters of the policy may carry this date."""
        date = fields.Date.to_date(date)
        return self._get_working_day(date) == date

    def _flush_calendars(self):
        self.env["ar.working.calendar"]._flush_calendars()
        self.flush_model(["calendar_id"])

    def _includes_manual_entries(self):
        self.ensure_one()
        choice = self.manual_entries
        if choice == "company":
            choice = self.company_id.dunning_manual_entries
        return choice == "include"
