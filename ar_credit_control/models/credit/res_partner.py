from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, Query, format_list

INTERNAL = "base.group_user"

# Field of the partner -> figure of ar.credit.exposure
FIGURES = {
    "credit_profile_id": "profile_id",
    "credit_rating_id": "rating_id",
    "credit_limit_set": "limit_set",
    "credit_limit_amount": "limit",
    "credit_exposure": "exposure",
    "credit_available": "available",
    "credit_overdue_amount": "overdue",
    "credit_overdue_days": "overdue_days",
    "credit_status": "status",
    "collector_id": "collector_id",
}


class ResPartner(models.Model):
    """Credit figures of customers for the current company; a contact shows those of its company.

    They are read by internal queries, so that a salesperson without rights on accounting sees them too, and
    carry internal groups, so that a portal user does not.
    """

    _inherit = "res.partner"

    credit_profile_id = fields.Many2one(
        "ar.credit.profile",
        compute="_compute_credit_figures",
        search="_search_credit_profile_id",
        groups=INTERNAL,
    )
    credit_rating_id = fields.Many2one(
        "ar.credit.rating",
        compute="_compute_credit_figures",
        search="_search_credit_rating_id",
        groups=INTERNAL,
    )
    credit_limit_set = fields.Boolean(
        string="Credit Limit Decided",
        compute="_compute_credit_figures",
        search="_search_credit_limit_set",
        groups=INTERNAL,
        help="Decided with a limit of zero: no credit. Not decided: the company says what happens.",
    )
    credit_limit_amount = fields.Monetary(
        string="Decided Credit Limit",
        compute="_compute_credit_figures",
        search="_search_credit_limit_amount",
        groups=INTERNAL,
        help="Permanent limit and temporary increase of today, in company currency, for the company and its "
        "branches together.",
    )
    credit_exposure = fields.Monetary(
        compute="_compute_credit_figures",
        search="_search_credit_exposure",
        groups=INTERNAL,
        help="Receivable + draft invoices + open orders + payments in transit + bills, in company currency.",
    )
    credit_available = fields.Monetary(
        string="Available Credit",
        compute="_compute_credit_figures",
        search="_search_credit_available",
        groups=INTERNAL,
        help="Limit + securities − exposure, and no more than the group of the customer has left. Negative: "
        "over the limit. Says nothing while no limit is decided.",
    )
    credit_overdue_amount = fields.Monetary(
        string="Overdue",
        compute="_compute_credit_figures",
        search="_search_credit_overdue_amount",
        groups=INTERNAL,
        help="Open items past their due date, in company currency.",
    )
    credit_overdue_days = fields.Integer(
        string="Days Overdue",
        compute="_compute_credit_figures",
        search="_search_credit_overdue_days",
        groups=INTERNAL,
        help="Age of the oldest overdue item that counts.",
    )
    credit_status = fields.Selection(
        selection=lambda self: (
            self.env["ar.credit.exposure"]._fields["status"]._description_selection(self.env)
        ),
        compute="_compute_credit_figures",
        search="_search_credit_status",
        groups=INTERNAL,
        help="In order: the next order passes. Warning: the limit is nearly used, items are overdue or no "
        "limit is "
        "decided. Hold: over the limit or overdue beyond tolerance. Blocked: stopped by hand.",
    )
    collector_id = fields.Many2one(
        "res.users",
        compute="_compute_credit_figures",
        search="_search_collector_id",
        groups=INTERNAL,
    )
    credit_figures = fields.Json(
        compute="_compute_credit_figures",
        groups=INTERNAL,
        help="Parts of the exposure, for the bar on the form.",
    )

    credit_hidden_exposure = fields.Monetary(
        string="Of Which in Branches You Cannot See",
        compute="_compute_credit_hidden_exposure",
        groups=INTERNAL,
        help="The limit is that of the company with all its branches, and so is the exposure.",
    )

    # ------------------------------------------------------------------
    # Computes and searches
    # ------------------------------------------------------------------

    @api.depends("commercial_partner_id")
    @api.depends_context("company", "uid")
    def _compute_credit_hidden_exposure(self):
        hidden = self.env["ar.credit.exposure"]._get_hidden_exposure(self._origin, self.env.company)
        for partner in self:
            debtor = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
            partner.credit_hidden_exposure = hidden.get(debtor._origin.id, 0.0)

    @api.depends("commercial_partner_id")
    @api.depends_context("company")
    def _compute_credit_figures(self):
        figures = self.env["ar.credit.exposure"]._get_figures(self._origin, self.env.company)
        empty = self.env["ar.credit.exposure"]._prepare_empty_figures(self.env.company._credit_root())
        for partner in self:
            of_partner = figures.get(
                partner.sudo().commercial_partner_id._origin.id, empty
            )  # sudo: the debtor
            for name, figure in FIGURES.items():
                partner[name] = of_partner[figure]
            partner.credit_figures = self._prepare_credit_figures(of_partner)

    @api.model
    def _prepare_credit_figures(self, figures):
        """Return the figures that the bar on the form shows; amounts in company currency."""
        names = self.env["ar.credit.exposure"]._bar_figure_names()
        return {
            **{name: figures[name] for name in names},
            **self._prepare_credit_terms(figures),
            "oldest_date_maturity": fields.Date.to_string(figures["oldest_date_maturity"]) or None,
            "currency_id": self.env.company.currency_id.id,
            "documents": [
                kind
                for kind, model in self._credit_document_models().items()
                if self.env[model].has_access("read")
            ],
        }

    @api.model
    def _prepare_credit_terms(self, figures):
        """Return until when the limit holds, and what the groups above have left, for the bar on the form."""
        heads = self.sudo().browse(group["partner_id"] for group in figures["groups"])  # sudo: names
        profile = self.env["ar.credit.profile"].sudo()  # sudo: whoever sees the limit sees its last day
        profile = profile.browse(figures["profile_id"] if figures["limit_temporary"] else ())
        return {
            "limit_valid_until": fields.Date.to_string(figures["limit_valid_until"]) or None,
            "limit_temporary_until": fields.Date.to_string(profile.temporary_to) or None,
            "limit_expired": bool(figures["limit_valid_until"])
            and figures["limit_valid_until"] < self.env.company._credit_today(),
            "groups": [
                {**group, "name": head.display_name, "heads": group["profile_id"] == figures["profile_id"]}
                for group, head in zip(figures["groups"], heads, strict=True)
            ],
        }

    @api.model
    def _credit_document_models(self):
        """Return the model behind each figure that can be opened."""
        return {
            "receivable": "ar.aging.report",
            "overdue": "ar.aging.report",
            "unapplied": "ar.aging.report",
            "order": "sale.order",
            "draft_invoice": "account.move",
            "in_transit": "account.payment",
        }

    def _invalidate_credit_figures(self):
        """Forget the figures of these customers and of their contacts after a change of a profile."""
        self.env["res.partner"].invalidate_model([*FIGURES, "credit_figures"], flush=False)

    def _search_credit_profile_id(self, operator, value):
        return self._search_credit_figure("credit_profile_id", operator, value)

    def _search_credit_rating_id(self, operator, value):
        return self._search_credit_figure("credit_rating_id", operator, value)

    def _search_credit_limit_set(self, operator, value):
        return self._search_credit_figure("credit_limit_set", operator, value)

    def _search_credit_limit_amount(self, operator, value):
        return self._search_credit_figure("credit_limit_amount", operator, value)

    def _search_credit_exposure(self, operator, value):
        return self._search_credit_figure("credit_exposure", operator, value)

    def _search_credit_available(self, operator, value):
        return self._search_credit_figure("credit_available", operator, value)

    def _search_credit_overdue_amount(self, operator, value):
        return self._search_credit_figure("credit_overdue_amount", operator, value)

    def _search_credit_overdue_days(self, operator, value):
        return self._search_credit_figure("credit_overdue_days", operator, value)

    def _search_credit_status(self, operator, value):
        return self._search_credit_figure("credit_status", operator, value)

    def _search_collector_id(self, operator, value):
        return self._search_credit_figure("collector_id", operator, value)

    @api.model
    def _search_credit_figure(self, name, operator, value):
        """Return a domain for partners whose commercial entity's figure in the current company matches.

        Customers without profile, entries and orders are no rows of the exposure: when their empty figures
        match, the domain excludes those rows that do not.
        """
        root = self.env.company._credit_root()
        exposure = self.env["ar.credit.exposure"]
        if operator.startswith("not any"):
            return NotImplemented  # the opposite is asked for instead
        if operator in ("any", "any!"):
            # What is behind the relation is searched with the rights of the user: figures are read as sudo.
            behind = self.env[self._fields[name].comodel_name]
            behind = behind.sudo() if operator == "any!" else behind  # sudo: the operator asks for it
            operator, value = "in", value if isinstance(value, Query) else behind._search(value)
        matches = Domain(FIGURES[name], operator, value)
        empty = exposure._prepare_empty_figures(root)
        nothing = exposure.new({figure: empty[figure] for figure in FIGURES.values()})
        include_others = not isinstance(value, Query) and bool(nothing.filtered_domain(matches))
        exposure = exposure.with_context(tz=root._credit_timezone())  # its day, as for the figures
        rows = exposure.sudo()._search(  # sudo: the figures are internal, access is that of the partner
            Domain("company_id", "=", root.id) & (~matches if include_others else matches)
        )
        partners = rows.subselect(SQL.identifier(rows.table, "partner_id"))
        domain = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN %s", SQL.identifier(alias, "commercial_partner_id"), partners
            )
        )
        return ~domain if include_others else domain

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners._credit_derive_entity(*vals_list)
        with_limit = self.browse(
            partner.id
            for partner, vals in zip(partners, vals_list, strict=True)
            if vals.get("credit_limit") is not None and "credit_limit" in vals
        )
        with_limit._credit_take_over_limit()
        return partners

    def write(self, vals):
        entities = {}
        if {"parent_id", "is_company"} & vals.keys():
            entities = {
                partner: partner.sudo().commercial_partner_id for partner in self
            }  # sudo: may not be readable
        mirror = self._credit_get_mirror() if "credit_limit" in vals else {}
        result = super().write(vals)
        self._credit_derive_entity(vals)
        if "credit_limit" in vals:
            self._credit_take_over_limit(mirror)
        if entities:
            self._credit_follow_entity(entities, keep_limit="credit_limit" in vals)
        return result

    def _credit_derive_entity(self, *vals_list):
        """Derive again who owes where it was written by hand, as the ORM allows over RPC."""
        if any("commercial_partner_id" in vals for vals in vals_list):
            self.env.add_to_compute(self._fields["commercial_partner_id"], self)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_credit_profile(self):
        profiles = (
            self.env["ar.credit.profile"].sudo().with_context(active_test=False)
        )  # sudo: existence only
        if profile := profiles.search([("partner_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "%s has a credit profile, which is kept as evidence. Archive the contact instead.",
                    profile.partner_id.display_name,
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open_credit_profile(self):
        """Open the credit profile in the current company, creating it for who may decide on it."""
        self.ensure_one()
        profiles = self.env["ar.credit.profile"]
        if profiles.has_access("create"):
            profile = profiles._get_or_create(self, self.env.company)
        else:
            profile = self.credit_profile_id
            if not profile:
                raise UserError(
                    self.env._(
                        "Nobody has decided on the credit of %s yet. Ask a credit manager.", self.display_name
                    )
                )
            profile.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.credit.profile",
            "res_id": profile.id,
            "views": [(False, "form")],
            "context": {"create": False},
        }

    def action_credit_open_items(self):
        """Open the open items of the customer."""
        return self.action_credit_documents("receivable")

    def action_credit_documents(self, kind):
        """Open the documents behind a figure of the customer, with the rights of the user.

        :param kind: ``receivable``, ``overdue``, ``unapplied``, ``order``, ``draft_invoice`` or
        ``in_transit``
        """
        self.ensure_one()
        prepare = {
            "receivable": self._prepare_credit_item_action,
            "overdue": self._prepare_credit_item_action,
            "unapplied": self._prepare_credit_item_action,
            "order": self._prepare_credit_order_action,
            "draft_invoice": self._prepare_credit_draft_action,
            "in_transit": self._prepare_credit_payment_action,
        }.get(kind)
        if not prepare:
            raise UserError(self.env._("There are no documents for this figure."))
        return {
            "type": "ir.actions.act_window",
            "views": [(False, "list"), (False, "form")],
            **prepare(kind),
        }

    def _credit_company_ids(self):
        """Companies whose documents count in the figures of the current company: root and branches."""
        root = self.env.company._credit_root()
        return (
            self.env["res.company"].sudo().search([("id", "child_of", root.id)]).ids
        )  # sudo: branch ids only

    def _prepare_credit_item_action(self, kind):
        domain = [
            ("partner_id", "=", self.commercial_partner_id.id),
            ("root_company_id", "=", self.env.company._credit_root().id),
            ("account_id.non_trade", "=", False),
        ]
        if kind == "overdue":
            domain.append(("amount_overdue", ">", 0))
        elif kind == "unapplied":
            domain.append(("amount", "<", 0))
        return {
            "name": self.env._("Open Items of %s", self.commercial_partner_id.name),
            "res_model": "ar.aging.report",
            "views": [(False, "list")],
            "domain": domain,
        }

    def _prepare_credit_order_action(self, kind):
        return {
            "name": self.env._("Open Orders of %s", self.commercial_partner_id.name),
            "res_model": "sale.order",
            "views": self.env["sale.order"]._credit_get_views(),
            "domain": [
                ("id", "in", self.env["ar.credit.exposure"]._get_open_order_ids(self, self.env.company))
            ],
            "context": {"create": False},
        }

    def _prepare_credit_draft_action(self, kind):
        return {
            "name": self.env._("Draft Invoices of %s", self.commercial_partner_id.name),
            "res_model": "account.move",
            "domain": [
                ("partner_id", "child_of", self.commercial_partner_id.id),
                ("partner_id.commercial_partner_id", "=", self.commercial_partner_id.id),
                ("state", "=", "draft"),
                ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
                ("company_id", "in", self._credit_company_ids()),
            ],
            "context": {"create": False},
        }

    def _prepare_credit_payment_action(self, kind):
        return {
            "name": self.env._("Payments in Transit of %s", self.commercial_partner_id.name),
            "res_model": "account.payment",
            "domain": [
                ("partner_id.commercial_partner_id", "=", self.commercial_partner_id.id),
                ("is_matched", "=", False),
                ("state", "in", ("in_process", "paid")),
                ("payment_type", "=", "inbound"),
                ("company_id", "in", self._credit_company_ids()),
            ],
            "context": {"create": False},
        }

    # ------------------------------------------------------------------
    # Core's credit limit is a mirror
    # ------------------------------------------------------------------

    def _credit_get_mirror(self):
        """Return what core's field says of each customer, as of the day on which it was mirrored."""
        return {
            partner: partner.credit_limit
            for partner in self.sudo()  # sudo: core's field is readable by accountants only
            if partner == partner.commercial_partner_id
        }

    def _credit_take_over_limit(self, mirror=None):
        """Hand a write of core's ``credit_limit`` on to the owner of the limit, the credit profile.

        Core cannot tell a limit of zero from none, and its company default means that nothing was decided for
        the customer: both clear the limit, unless they are what the mirror says already. What a contact is
        given counts for its company. The amount is in company currency: a limit that was decided in another
        one is converted at today's rate and stays in its currency.

        :param mirror: what core's field said before, which is no change where it is written again
        :raise AccessError: when the limit changes beyond the authority of the user; the superuser's change is
            taken and recorded on the profile
        """
        default = self._fields["credit_limit"].get_company_dependent_fallback(self)
        root = self.env.company._credit_root()
        given = {}
        for partner in self.sudo():  # sudo: core's field is readable by accountants only
            debtor = partner.commercial_partner_id
            if partner == debtor or (
                # Core copies the company's value to its contacts as superuser.
                not self.env.su
                and root.currency_id.compare_amounts(partner.credit_limit, debtor.credit_limit)
            ):
                given[debtor] = partner.credit_limit
        if not given:
            return
        profiles = self.env["ar.credit.profile"]._find([(debtor.id, root.id) for debtor in given])
        mirrored = {
            profile.partner_id.sudo(): {  # sudo: the key is a superuser's record
                profile._in_root_currency(profile.limit),
                (mirror or {}).get(profile.partner_id.sudo(), 0.0),  # sudo: as above
            }
            for profile in profiles.sudo()  # sudo: comparison only
            if profile.active and profile.limit_set
        }
        changed = {
            debtor: limit
            for debtor, limit in given.items()
            if all(
                root.currency_id.compare_amounts(limit, known) for known in mirrored.get(debtor, {default})
            )
        }
        if changed:
            self._credit_change_limits(changed, root, default)

    @api.model
    def _credit_change_limits(self, limits, root, default):
        """Write limits that came through core's field to the profiles, where the user's authority reaches."""
        authority = self.env["ar.credit.authority"]
        if not self.env.su and authority._get_reach(self.env.user, "limit", root) is None:
            raise AccessError(
                self.env._(
                    "The credit limit of %s is decided on the credit profile. Ask a credit manager to change "
                    "it.",
                    format_list(self.env, [debtor.display_name for debtor in limits]),
                )
            )
        debtors = self.browse(debtor.id for debtor in limits)
        profiles = self.env["ar.credit.profile"]._get_or_create(debtors, root)
        for profile in profiles:
            limit = limits[profile.partner_id.sudo()]  # sudo: the key is a superuser's record
            decided = bool(root.currency_id.compare_amounts(limit, default)) and not root.currency_id.is_zero(
                limit
            )
            profile._change_directly(
                {"limit_set": decided, "limit": profile._from_root_currency(limit) if decided else 0.0}
            )
            profile._message_log(body=profile._get_core_change_message(limit))

    # ------------------------------------------------------------------
    # Changes of the commercial entity
    # ------------------------------------------------------------------

    def _credit_follow_entity(self, entities, keep_limit):
        """Close and open profiles after partners changed the company they belong to.

        :param entities: the commercial entity of each partner before the change
        :param keep_limit: the same change decided on a limit
        """
        independent = self.browse()
        joined = self.browse()
        for partner, before in entities.items():
            now = partner.sudo().commercial_partner_id  # sudo: may not be readable
            if now != before:
                independent += partner if now.id == partner.id else self.browse()
                joined += partner if before.id == partner.id else self.browse()
        if independent and not keep_limit:
            contacts = (
                self.sudo()
                .with_context(active_test=False)
                .search(  # sudo: the whole entity
                    [("commercial_partner_id", "in", independent.ids)]
                )
            )
            self._credit_clear_mirror(contacts.ids)
        if joined:
            joined._credit_close_profiles()

    @api.model
    def _credit_clear_mirror(self, partner_ids):
        """Take away, in every company, the limit that core keeps from a former parent."""
        self.flush_model(["credit_limit"])
        self.env.cr.execute(
            SQL("UPDATE res_partner SET credit_limit = NULL WHERE id IN %s", (*partner_ids, 0))
        )
        self.invalidate_model(["credit_limit", "use_partner_credit_limit"])

    def _credit_close_profiles(self):
        """Close the profiles of partners that are part of another company now, and open that company's."""
        profiles = (
            self.env["ar.credit.profile"]
            .sudo()
            .search(  # sudo: whoever edits contacts moves their profiles
                [("partner_id", "in", self.ids)]
            )
        )
        for profile in profiles:
            successor = profile.partner_id.commercial_partner_id
            opened = profiles._get_or_create(successor, profile.company_id)
            opened._message_log(
                body=self.env._(
                    "%(customer)s is now part of this customer. Its own limit was %(limit)s.",
                    customer=profile.partner_id.display_name,
                    limit=profile._format_limit(),
                )
            )
            profile._close(successor)
            opened._mirror_limits()
