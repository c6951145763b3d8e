from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_list
from odoo.tools.misc import formatLang

# Fields of the profile on which its own figures depend.
FIGURE_SOURCES = (
    "partner_id",
    "company_id",
    "limit",
    "limit_set",
    "limit_currency_id",
    "temporary_limit",
    "temporary_from",
    "temporary_to",
    "parent_id",
    "hold_override",
    "active",
)


class ArCreditProfile(models.Model):
    """Credit terms of one commercial partner with one root company; owner of the credit limit.

    Core's ``res.partner.credit_limit`` mirrors the limit: it is written from here, and a write from outside
    is handed on to the profile (see ``res.partner``). Profiles are evidence: they are closed (archived),
    never deleted.
    """

    _name = "ar.credit.profile"
    _description = "Credit Profile"
    _inherit = [
        "ar.collector.notes.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _rec_name = "partner_id"
    _order = "partner_id, id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="restrict",
        help="The company that owes. Choosing a contact chooses its company.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        help="Branches share the profile of their main company.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    rating_id = fields.Many2one(
        "ar.credit.rating",
        tracking=True,
        ondelete="restrict",
        default=lambda self: self.env["ar.credit.rating"]._get_unrated(),
    )
    limit_set = fields.Boolean(
        string="Limit Decided",
        tracking=True,
        help="Not set: nobody decided a limit yet. Set with a limit of zero: no credit.",
    )
    limit = fields.Monetary(
        string="Credit Limit",
        tracking=True,
        currency_field="limit_currency_id",
        help="For the company and all its branches together. Zero: no credit. The limit of a customer that "
        "heads a group covers the whole group.",
    )
    limit_currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_limit_currency_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
        help="Currency in which the limit was decided; it is compared at today's rate.",
    )
    limit_valid_until = fields.Date(tracking=True, help="Last day of the limit. Empty: until it is changed.")
    temporary_limit = fields.Monetary(
        string="Temporary Increase",
        tracking=True,
        currency_field="limit_currency_id",
        help="Added to the limit between the two dates; it ends by itself.",
    )
    temporary_from = fields.Date(tracking=True)
    temporary_to = fields.Date(tracking=True, help="Last day of the temporary increase.")
    payment_days_set = fields.Boolean(string="Days Decided", tracking=True)
    payment_days = fields.Integer(
        string="Days of Credit", tracking=True, help="Longest payment term. Not decided: that of the rating."
    )
    parent_id = fields.Many2one(
        "ar.credit.profile",
        string="Group Limit Of",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('company_id', '=', company_id), ('id', '!=', id)]",
        help="The customer that heads the group. Orders must fit its limit too, which covers the whole "
        "group.",
    )
    child_ids = fields.One2many("ar.credit.profile", "parent_id", string="Members of the Group")
    member_count = fields.Integer(string="Customers in the Group", compute="_compute_member_count")
    score = fields.Float(readonly=True, help="Last credit score, 0 to 100.")
    score_date = fields.Date(readonly=True)
    next_review_date = fields.Date(string="Next Review", tracking=True)
    collector_id = fields.Many2one("res.users", tracking=True, domain=[("share", "=", False)])
    salesperson_id = fields.Many2one(
        "res.users",
        tracking=True,
        domain=[("share", "=", False)],
        help="Only when it differs from the salesperson of the contact.",
    )
    hold_override = fields.Selection(
        [("block", "Always hold"), ("pass", "Never hold")],
        string="Hold",
        tracking=True,
        help="Empty: the credit rules decide. Always hold: every order waits for a person. "
        "Never hold: orders pass whatever the figures say.",
    )
    note = fields.Text(
        tracking=True, help="Internal: what everyone who decides on this customer should know."
    )
    active = fields.Boolean(default=True, readonly=True)

    # Figures of the customer, as ar.credit.exposure defines them
    exposure = fields.Monetary(
        compute="_compute_figures", help="See the parts on the customer's Credit page."
    )
    limit_today = fields.Monetary(
        compute="_compute_figures",
        help="Permanent limit and the temporary increase of today, in company currency at today's rate.",
    )
    limit_foreign = fields.Boolean(compute="_compute_limit_foreign")
    available = fields.Monetary(
        compute="_compute_figures",
        help="Limit + securities − exposure, and no more than the groups above have left.",
    )
    group_limit = fields.Monetary(
        compute="_compute_group_figures",
        help="Limit of the group, with the securities of its members. "
        "Of several groups above, the one that has the least left.",
    )
    group_exposure = fields.Monetary(
        compute="_compute_group_figures",
        help="What the group uses of its limit: the exposures of its members. A credit balance of one makes "
        "no room for another.",
    )
    group_available = fields.Monetary(compute="_compute_group_figures", help="What the group has left.")
    overdue = fields.Monetary(compute="_compute_figures")
    overdue_days = fields.Integer(string="Days Overdue", compute="_compute_figures")
    status = fields.Selection(
        selection=lambda self: (
            self.env["ar.credit.exposure"]._fields["status"]._description_selection(self.env)
        ),
        compute="_compute_figures",
    )

    _partner_company_uniq = models.Constraint(
        "UNIQUE (partner_id, company_id)", "A customer has one credit profile in each company."
    )
    _limit_not_negative = models.Constraint(
        'CHECK ("limit" >= 0)', "A credit limit cannot be negative. A limit of zero means no credit."
    )

    _temporary_dates = models.Constraint(
        "CHECK (temporary_limit IS NULL OR temporary_limit = 0 OR temporary_limit > 0 "
        "AND temporary_to IS NOT NULL AND (temporary_from IS NULL OR temporary_from <= temporary_to))",
        "A temporary increase needs an amount above zero and a last day, not before its first one.",
    )

    # ------------------------------------------------------------------
    # Computes and searches
    # ------------------------------------------------------------------

    @api.depends("company_id")
    def _compute_limit_currency_id(self):
        for profile in self:
            profile.limit_currency_id = profile.limit_currency_id or profile.company_id.currency_id

    @api.depends("limit_currency_id", "company_id.currency_id")
    def _compute_limit_foreign(self):
        for profile in self:
            profile.limit_foreign = profile.limit_currency_id != profile.company_id.currency_id

    @api.depends("child_ids", "parent_id")
    def _compute_member_count(self):
        counts = self._origin._get_member_counts()
        for profile in self:
            profile.member_count = counts.get(profile._origin.id, 0)

    def _get_member_counts(self):
        """Return how many customers, heads included, the groups have that these profiles head."""
        if not self:
            return {}
        self.flush_model(["active", "parent_id"])
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    WITH RECURSIVE below AS (
                        SELECT id AS head_id, id FROM ar_credit_profile WHERE id IN %s
                        UNION
                        SELECT below.head_id, child.id
                          FROM below
                          JOIN ar_credit_profile child ON child.parent_id = below.id AND child.active
                    )
                    SELECT head_id, COUNT(*) FROM below GROUP BY head_id HAVING COUNT(*) > 1
                    """,
                    tuple(self.ids),
                )
            )
        )

    @api.depends(*FIGURE_SOURCES)
    def _compute_figures(self):
        names = ("exposure", "available", "overdue", "overdue_days", "status")
        exposure = self.env["ar.credit.exposure"]
        for company, profiles in self.grouped("company_id").items():
            figures = exposure._get_figures(profiles.partner_id, company) if company else {}
            for profile in profiles:
                of_partner = figures.get(profile.partner_id.commercial_partner_id._origin.id, {})
                for name in names:
                    profile[name] = of_partner.get(name) or False
                profile.limit_today = of_partner.get("limit", 0.0)

    @api.depends(*FIGURE_SOURCES)
    def _compute_group_figures(self):
        """The group that this customer heads; of a member, the one above that leaves the least room."""
        exposure = self.env["ar.credit.exposure"]
        for company, profiles in self.grouped("company_id").items():
            figures = exposure._get_figures(profiles.partner_id, company) if company else {}
            for profile in profiles:
                groups = figures.get(profile.partner_id._origin.id, {}).get("groups", ())
                own = [group for group in groups if group["profile_id"] == profile._origin.id]
                group = min(own or groups, key=lambda group: group["available"], default=None)
                profile.group_limit = group["limit"] + group["security"] if group else 0.0
                profile.group_exposure = group["exposure"] if group else 0.0
                profile.group_available = group["available"] if group else 0.0

    @api.constrains("parent_id", "company_id", "active")
    def _check_parent_id(self):
        """A group has no rings and stays within one company and among customers whose profile is open."""
        for profile in self.filtered("parent_id"):
            head = profile.parent_id
            if head.company_id != profile.company_id:
                raise ValidationError(
                    self.env._(
                        "%(customer)s and %(head)s are customers of different companies: a group limit "
                        "belongs to one company.",
                        customer=profile.partner_id.display_name,
                        head=head.partner_id.display_name,
                    )
                )
            if not head.active or not profile.active:
                raise ValidationError(
                    self.env._(
                        "The credit profile of %s is closed: it cannot be part of a group.",
                        (profile if head.active else head).partner_id.display_name,
                    )
                )
            if profile._has_cycle():
                raise ValidationError(
                    self.env._(
                        "%(head)s is below %(customer)s already: a customer cannot be in a group that it "
                        "heads.",
                        customer=profile.partner_id.display_name,
                        head=head.partner_id.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """A profile belongs to the commercial entity and root company of whoever is given.

        A profile that was closed is opened again, without its former limit.
        :raise UserError: when the customer has a profile in the company already
        """
        keys = []
        for vals in vals_list:
            self._prepare_limit_vals(vals)
            partner = self.env["res.partner"].browse(vals.get("partner_id"))
            company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
            vals["partner_id"] = partner.sudo().commercial_partner_id.id  # sudo: it may not be readable
            vals["company_id"] = company._credit_root().id
            keys.append((vals["partner_id"], vals["company_id"]))
        existing = self._find(keys)
        if opened := existing.filtered("active"):
            raise UserError(
                self.env._(
                    "%(customer)s already has a credit profile in %(company)s. Open that one instead.",
                    customer=opened[0].partner_id.display_name,
                    company=opened[0].company_id.display_name,
                )
            )
        by_key = {(profile.partner_id.id, profile.company_id.id): profile for profile in existing}
        created = iter(
            super().create([vals for vals, key in zip(vals_list, keys, strict=True) if key not in by_key])
        )
        profiles = self.browse()
        for vals, key in zip(vals_list, keys, strict=True):
            if key in by_key:
                profile = by_key[key]
                profile._reopen()
                profile.write({name: vals[name] for name in vals if name not in ("partner_id", "company_id")})
            else:
                profile = next(created)
            profiles += profile
        profiles._mirror_limits()
        return profiles

    def write(self, vals):
        if {"partner_id", "company_id"} & vals.keys():
            for profile in self:
                if (
                    vals.get("partner_id", profile.partner_id.id) != profile.partner_id.id
                    or vals.get("company_id", profile.company_id.id) != profile.company_id.id
                ):
                    raise UserError(self.env._("A credit profile stays with its customer and its company."))
        if "active" in vals and any(profile.active != bool(vals["active"]) for profile in self):
            raise UserError(
                self.env._(
                    "A credit profile is closed when its customer becomes part of another company, not by "
                    "hand. "
                    "To stop credit, set the limit to zero."
                )
            )
        vals = self._prepare_limit_vals(dict(vals))
        if "parent_id" in vals:
            self._lock_groups(self.browse(vals["parent_id"] or ()))
        result = super().write(vals)
        if {"limit", "limit_set", "limit_currency_id"} & vals.keys():
            self._mirror_limits()
        if self._figure_fields() & vals.keys():
            self.partner_id._invalidate_credit_figures()
        return result

    def copy_data(self, default=None):
        raise UserError(
            self.env._("A customer has one credit profile in each company: it cannot be duplicated.")
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._(
                "Credit profiles are evidence and cannot be deleted. To stop credit, set the limit to zero."
            )
        )

    @api.model
    def _prepare_limit_vals(self, vals):
        """Keep the two halves of a limit together: an amount is a decision, no amount is none."""
        if "limit" in vals and "limit_set" not in vals:
            vals["limit_set"] = vals["limit"] is not False and vals["limit"] is not None
        if "limit_set" in vals and not vals["limit_set"]:
            vals["limit"] = 0.0
        return vals

    def _lock_groups(self, head):
        """Let nobody else change the same groups: two changes, each right alone, could close a ring."""
        profiles = (self | head).sudo()  # sudo: the key of the lock only
        self.env["ar.credit.lock"]._take(
            ((profile.partner_id.id, profile.company_id.id) for profile in profiles), limited=False
        )

    @api.model
    def _figure_fields(self):
        """Fields of the profile that the figures of the customer depend on."""
        return {
            "limit",
            "limit_set",
            "limit_currency_id",
            "limit_valid_until",
            "temporary_limit",
            "temporary_from",
            "temporary_to",
            "payment_days",
            "payment_days_set",
            "next_review_date",
            "parent_id",
            "rating_id",
            "collector_id",
            "salesperson_id",
            "hold_override",
            "active",
        }

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _get_or_create(self, partners, company):
        """Return the profiles of customers with the root company of ``company``, creating what is missing.

        Internal: no access check. What is missing is created by one ``INSERT … ON CONFLICT``; a transaction
        that loses a race fails to serialize and is retried by Odoo. A closed profile is opened again without
        its limit.

        :param partners: ``res.partner`` records; contacts stand for their commercial entity
        :param company: ``res.company``; a branch stands for its root company
        """
        root = company._credit_root()
        commercial = partners.sudo().commercial_partner_id  # sudo: the debtor may not be readable by the user
        if not commercial:
            return self.browse()
        keys = [(partner_id, root.id) for partner_id in commercial.ids]
        profiles = self._find(keys)
        missing = commercial - profiles.filtered("active").partner_id
        if missing:
            missing.flush_recordset(["commercial_partner_id"])
            profiles.flush_recordset(["active"])
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO ar_credit_profile AS profile
                           (partner_id, company_id, rating_id, active, limit_set, "limit", limit_currency_id,
                            create_uid, create_date, write_uid, write_date)
                    SELECT partner.id, %(company_id)s, %(rating_id)s, TRUE, FALSE, 0, %(currency_id)s,
                           %(uid)s, NOW() AT TIME ZONE 'UTC', %(uid)s, NOW() AT TIME ZONE 'UTC'
                      FROM res_partner partner
                     WHERE partner.id IN %(partner_ids)s
                  ORDER BY partner.id
               ON CONFLICT (partner_id, company_id)
                 DO UPDATE SET active = TRUE,
                               limit_set = FALSE,
                               "limit" = 0,
                               limit_currency_id = EXCLUDED.limit_currency_id,
                               limit_valid_until = NULL,
                               temporary_limit = NULL,
                               temporary_from = NULL,
                               temporary_to = NULL,
                               payment_days_set = NULL,
                               payment_days = NULL,
                               rating_id = EXCLUDED.rating_id,
                               hold_override = NULL,
                               write_uid = EXCLUDED.write_uid,
                               write_date = EXCLUDED.write_date
                     WHERE profile.active IS NOT TRUE
                 RETURNING profile.id
                    """,
                    company_id=root.id,
                    currency_id=root.currency_id.id,
                    rating_id=self.env["ar.credit.rating"].sudo()._get_unrated().id or None,  # sudo: default
                    uid=self.env.uid,
                    partner_ids=tuple(missing.ids),
                )
            )
            profiles.invalidate_recordset()
            profiles = self._find(keys)
            missing._invalidate_credit_figures()
        return profiles

    @api.model
    def _find(self, keys):
        """Return the profiles, closed ones too, of pairs of commercial partner id and root company id."""
        partner_ids = {partner_id for partner_id, _company_id in keys}
        company_ids = {company_id for _partner_id, company_id in keys}
        found = (
            self.sudo()
            .with_context(active_test=False)
            .search(  # sudo: existence, not content
                [("partner_id", "in", list(partner_ids)), ("company_id", "in", list(company_ids))]
            )
        )
        wanted = set(keys)
        found = found.filtered(lambda profile: (profile.partner_id.id, profile.company_id.id) in wanted)
        return found.with_env(self.env)

    def _write_unguarded(self, vals):
        """Write what :meth:`write` refuses to everybody else."""
        return super().write(vals)

    def _set_active(self, active):
        """Close or open profiles."""
        self._write_unguarded({"active": active})
        self.partner_id._invalidate_credit_figures()

    def _reopen(self):
        """Open closed profiles again. A limit that was decided for other circumstances does not come back."""
        self._set_active(True)
        for profile in self:
            profile.write(
                {
                    **profile._prepare_no_limit_vals(),
                    "payment_days_set": False,
                    "payment_days": 0,
                    "hold_override": False,
                }
            )

    def _prepare_no_limit_vals(self):
        """Return values of a profile for which no limit is decided."""
        return {
            "limit_set": False,
            "limit_currency_id": self.company_id.currency_id.id,
            "limit_valid_until": False,
            "temporary_limit": 0.0,
            "temporary_from": False,
            "temporary_to": False,
        }

    def _close(self, successor):
        """Close profiles of partners that became part of another company, keeping their limits as history.

        :param successor: the commercial entity that they belong to now
        """
        for profile in self:
            profile._message_log(
                body=self.env._(
                    "Closed: %(customer)s is now part of %(successor)s. Its last limit was %(limit)s.",
                    customer=profile.partner_id.display_name,
                    successor=successor.display_name,
                    limit=profile._format_limit(),
                )
            )
            profile._leave_groups(successor)
        self._set_active(False)

    def _leave_groups(self, successor):
        """Take a profile that closes out of its group, and hand the group that it heads to its successor's.

        The limit of the group ends with the one who headed it; a person is asked to decide on another one.
        A closed profile that was in a group keeps that in its messages.
        """
        self.ensure_one()
        heir = self._find([(successor.id, self.company_id.id)]).filtered("active")
        members = self.child_ids
        above = self.parent_id
        if above:
            self._message_log(body=self.env._("It was in the group of %s.", above.partner_id.display_name))
            self.write({"parent_id": False})
        if not members:
            return
        if heir in members | members._get_below():
            # The heir was below: it takes the place of the one who goes.
            heir._message_log(
                body=self.env._(
                    "It was in the group of %s, which it heads now.", self.partner_id.display_name
                )
            )
            heir.write({"parent_id": above.id})
            members -= heir
        members.write({"parent_id": heir.id})
        body = self.env._(
            "The group of %(former)s is headed by %(heir)s now. The limit of the group was %(limit)s.",
            former=self.partner_id.display_name,
            heir=successor.display_name,
            limit=self._format_limit(),
        )
        (members | heir)._message_log_batch(bodies=dict.fromkeys((members | heir).ids, body))
        if heir:
            heir.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Decide on the limit of the group"),
                note=body,
                user_id=(heir.collector_id or self.env.user).id,
            )
        (members | heir | self).partner_id._invalidate_credit_figures()

    def _get_below(self):
        """Return the profiles below these ones in their groups."""
        return self.search([("id", "child_of", self.ids)]) - self if self else self

    def _format_limit(self):
        """Return the limit in words for messages."""
        self.ensure_one()
        if not self.limit_set:
            return self.env._("not decided")
        return formatLang(self.env, self.limit, currency_obj=self.limit_currency_id)

    def _mirror_limits(self):
        """Write the limits to core's ``credit_limit`` of the customers and their contacts, in one statement.

        It is the permanent limit in company currency, at the rate of the day on which it is written.
        Core keeps a value per company and branch and cannot tell a limit of zero from none; without a decided
        limit the value is removed, so that core's company default shows again.
        """
        opened = self.filtered("active")
        if not opened:
            return
        self.flush_model(["active", "company_id", "limit", "limit_currency_id", "limit_set", "partner_id"])
        partners = self.env["res.partner"]
        partners.flush_model(["commercial_partner_id", "credit_limit"])
        self.env["res.company"].flush_model(["currency_id", "parent_path"])
        self.env["res.currency.rate"].flush_model(["company_id", "currency_id", "name", "rate"])
        exposure = self.env["ar.credit.exposure"]
        self.env.cr.execute(
            SQL(
                """
                UPDATE res_partner partner
                   SET credit_limit = NULLIF(
                           jsonb_strip_nulls(COALESCE(partner.credit_limit, '{}'::jsonb) || mirror.limits),
                           '{}'::jsonb
                       )
                  FROM (
                        SELECT profile.partner_id,
                               jsonb_object_agg(
                                   company.id::text,
                                   %(permanent)s
                               ) AS limits
                          FROM ar_credit_profile profile
                          JOIN res_company root ON root.id = profile.company_id
                          JOIN res_currency currency ON currency.id = root.currency_id
                    CROSS JOIN LATERAL (%(limit_rate)s) limit_rate
                          JOIN res_company company
                            ON split_part(company.parent_path, '/', 1)::int = profile.company_id
                         WHERE profile.id IN %(profile_ids)s
                      GROUP BY profile.partner_id
                       ) mirror
                 WHERE partner.commercial_partner_id = mirror.partner_id OR partner.id = mirror.partner_id
                """,
                permanent=exposure._permanent_sql(),
                limit_rate=exposure._limit_rate_sql(),
                profile_ids=tuple(opened.ids),
            )
        )
        partners.invalidate_model(["credit_limit", "use_partner_credit_limit"])

    @api.model
    def _take_over_core_limits(self):
        """Create profiles from the limits that customers have in core when the addon is installed.

        A limit of zero and the company's default decide nothing in core, so they decide nothing here. Limits
        of main companies count, and their branches follow.
        """
        partners = self.env["res.partner"].sudo()  # sudo: every company's default
        partners.flush_model(["commercial_partner_id", "credit_limit"])
        roots = self.env["res.company"].sudo().search([("parent_id", "=", False)])  # sudo: every company
        field = partners._fields["credit_limit"]
        defaults = [
            SQL(
                "(%s, %s::numeric, %s)",
                root.id,
                field.get_company_dependent_fallback(partners.with_company(root)) or 0,
                root.currency_id.id,
            )
            for root in roots
        ]
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO ar_credit_profile
                       (partner_id, company_id, rating_id, active, limit_set, "limit", limit_currency_id,
                        create_uid, create_date, write_uid, write_date)
                SELECT partner.id, root.id, %(rating_id)s, TRUE, TRUE, given.amount::numeric,
                       root.currency_id, %(uid)s, NOW() AT TIME ZONE 'UTC', %(uid)s, NOW() AT TIME ZONE 'UTC'
                  FROM res_partner partner
            CROSS JOIN jsonb_each_text(partner.credit_limit) AS given(company_id, amount)
                  JOIN (VALUES %(defaults)s) AS root(id, default_limit, currency_id)
                    ON root.id = given.company_id::int
                 WHERE partner.credit_limit IS NOT NULL
                   AND partner.commercial_partner_id = partner.id
                   AND given.amount::numeric > 0
                   AND given.amount::numeric != root.default_limit
              ORDER BY partner.id, root.id
           ON CONFLICT (partner_id, company_id) DO NOTHING
             RETURNING id
                """,
                rating_id=self.env["ar.credit.rating"]._get_unrated().id or None,
                uid=self.env.uid,
                defaults=SQL(", ").join(defaults),
            )
        )
        profiles = self.browse(profile_id for (profile_id,) in rows)
        profiles._mirror_limits()
        body = self.env._("The limit was taken over from the contact when credit control was installed.")
        profiles._message_log_batch(bodies=dict.fromkeys(profiles.ids, body))
        return profiles

    # ------------------------------------------------------------------
    # Merge of partners
    # ------------------------------------------------------------------

    @api.model
    def _merge_partners(self, sources, destination, wizard):
        """Merge the profiles of partners that are about to be merged, company by company.

        One profile stays, with the stricter of everything: the lowest decided limit (compared at today's
        rate), the worse rating, the shorter terms, a manual stop. Temporary increases were granted to one of
        them and end. Members of their groups follow. Messages, activities, files and every record that points
        to the others move to it, and a person is asked to review the result.

        :param sources: partners that will be deleted
        :param destination: partner that stays
        :param wizard: the merge wizard, whose methods move references
        """
        profiles = self.sudo().with_context(active_test=False)  # sudo: a merge leaves no profile behind
        destination = destination.sudo()  # sudo: as above
        debtor = destination.commercial_partner_id
        if debtor != destination and any(sources.sudo().mapped("is_company")):  # sudo: as above
            # Core makes the contact a company: what it shows of its parent's limit is not its own.
            debtor = destination
            self.env["res.partner"]._credit_clear_mirror(debtor.ids)
        moving = profiles.search([("partner_id", "in", sources.ids)])
        kept_by_company = profiles.search(
            [("partner_id", "=", debtor.id), ("company_id", "in", moving.company_id.ids)]
        ).grouped("company_id")
        for company, merged in moving.grouped("company_id").items():
            kept = kept_by_company.get(company) or merged[0]
            kept._absorb(merged - kept, debtor, wizard)
        # Core copies values of the sources to the partner that stays: let them be those of the debtor.
        self.env["res.partner"].flush_model(["credit_limit"])
        self.env.cr.execute(
            SQL(
                """UPDATE res_partner source
                      SET credit_limit = debtor.credit_limit
                     FROM res_partner debtor
                    WHERE debtor.id = %s AND source.id IN %s""",
                debtor.id,
                (*sources.ids, destination.id),
            )
        )
        self.env["res.partner"].invalidate_model(["credit_limit", "use_partner_credit_limit"])

    def _absorb(self, others, debtor, wizard):
        """Take over history, references and the stricter terms of other profiles of the same company."""
        self.ensure_one()
        # Terms of a closed profile no longer hold, unless nothing else is known.
        before = {profile: profile._format_limit() for profile in self | others}
        valid = (self | others).filtered("active") or self
        vals = {
            **self._prepare_merged_vals(valid),
            "parent_id": self._get_merged_parent(valid, self | others).id,
        }
        self._lock_groups(others | (self | others).child_ids)
        names = others.mapped("partner_id.display_name")
        if self.partner_id != debtor:
            names = self.mapped("partner_id.display_name") + names
            self._write_unguarded({"partner_id": debtor.id})
        if self.parent_id in others:
            self._write_unguarded({"parent_id": False})
        if others:
            wizard._update_foreign_keys_generic("ar.credit.profile", others, self)
            wizard._update_reference_fields_generic("ar.credit.profile", others, self)
            # Emptied of their history; deleting is refused to everybody else.
            self.env.cr.execute(SQL("DELETE FROM ar_credit_profile WHERE id IN %s", tuple(others.ids)))
            self.env.invalidate_all()
        self._set_active(True)
        self.write(vals)
        self._mirror_limits()
        self._message_log(
            body=self.env._(
                "Merged with %(customers)s. Limits were %(limits)s; the stricter one is kept: %(limit)s.",
                customers=format_list(self.env, names),
                limits=format_list(self.env, before.values()),
                limit=self._format_limit(),
            )
        )
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Review the credit after the merge"),
            note=self.env._(
                "Customers were merged. The stricter limit and rating were kept: please review them."
            ),
            user_id=(self.collector_id or self.env.user).id,
        )

    @api.model
    def _prepare_merged_vals(self, profiles):
        """Return the stricter terms of several profiles."""
        decided = profiles.filtered("limit_set")
        strictest = self._get_strictest(decided)
        limiting = strictest or profiles[0]
        temporary = profiles if len(profiles) == 1 else self.browse()
        with_days = profiles.filtered("payment_days_set")
        overrides = set(profiles.mapped("hold_override"))
        override = "block" if "block" in overrides else "pass" if overrides == {"pass"} else False
        notes = [profile.note for profile in profiles if profile.note]
        vals = {
            "limit_set": bool(decided),
            "limit": strictest.limit,
            "limit_currency_id": limiting.limit_currency_id.id,
            "limit_valid_until": min(filter(None, decided.mapped("limit_valid_until")), default=False),
            "temporary_limit": temporary.temporary_limit,
            "temporary_from": temporary.temporary_from,
            "temporary_to": temporary.temporary_to,
            "payment_days_set": bool(with_days),
            "payment_days": min(with_days.mapped("payment_days"), default=0),
            "next_review_date": min(filter(None, profiles.mapped("next_review_date")), default=False),
            "rating_id": profiles.rating_id.sorted("sequence")[-1:].id,
            "hold_override": override,
            "collector_id": profiles.collector_id[:1].id,
            "salesperson_id": profiles.salesperson_id[:1].id,
        }
        if len(notes) > 1:
            vals["note"] = "\n".join(notes)
        return vals

    def _get_strictest(self, decided):
        """Return the profile with the lowest limit of several of one company, compared at today's rate."""
        return min(decided, key=lambda profile: profile._in_root_currency(profile.limit), default=decided)

    def _in_root_currency(self, amount):
        """Convert an amount of the limit's currency to the root company's, at today's rate."""
        self.ensure_one()
        root = self.company_id
        return self.limit_currency_id._convert(amount, root.currency_id, root, root._credit_today())

    def _from_root_currency(self, amount):
        """Convert an amount of the root company's currency to the limit's, at today's rate."""
        self.ensure_one()
        root = self.company_id
        return root.currency_id._convert(amount, self.limit_currency_id, root, root._credit_today())

    def _get_core_change_message(self, amount):
        """Return what is said of a limit that came through core's field.

        :param amount: as it was written there, in company currency
        """
        self.ensure_one()
        if self.limit_set and self.limit_foreign:
            return self.env._(
                "The limit was changed through the contact's own credit limit: %(amount)s are %(limit)s at "
                "today's rate.",
                amount=formatLang(self.env, amount, currency_obj=self.currency_id),
                limit=self._format_limit(),
            )
        if self.env.su:
            return self.env._("The limit was changed through the contact's own credit limit, by the system.")
        return self.env._("The limit was changed through the contact's own credit limit.")

    @api.model
    def _get_merged_parent(self, valid, merged):
        """Return the group of the profile that stays: of those above, the one with the lowest limit.

        A group that one of the merged profiles headed is left: the one that stays heads it.
        """
        heads = valid.parent_id - merged - merged._get_below()
        return self._get_strictest(heads.filtered("limit_set")) or heads[:1]
