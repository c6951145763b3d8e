from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL


class ArDunningExclusion(models.Model):
    """An item, or all items of a customer, that letters leave out: why, until when, and who said so.

    Evidence: what was excluded is never deleted or rewritten, only ended.
    """

    _name = "ar.dunning.exclusion"
    _description = "Exclusion From Dunning"
    _inherit = ["ar.item.mixin"]
    _order = "ended_date desc, date desc, id desc"
    _rec_name = "partner_id"

    kind = fields.Selection(
        [("item", "Item"), ("customer", "Customer")],
        required=True,
        readonly=True,
        help="Item: one instalment of an entry. Customer: everything the customer owes, now and later.",
    )
    # Empty where the customer as a whole is excluded.
    currency_id = fields.Many2one(required=False)
    amount_currency = fields.Monetary(
        string="Open Amount", readonly=True, help="What was open when the item was excluded."
    )
    reason = fields.Char(required=True, help="Why no letter speaks of it.")
    date = fields.Date(required=True, readonly=True, default=fields.Date.context_today, string="Since")
    date_to = fields.Date(
        string="Until", help="Last day without letters. Empty: until a person ends the exclusion."
    )
    user_id = fields.Many2one(
        "res.users", string="Decided By", required=True, readonly=True, default=lambda self: self.env.user
    )
    ended_date = fields.Date(readonly=True)
    ended_by_id = fields.Many2one("res.users", readonly=True)
    state = fields.Selection(
        [("active", "In force"), ("expired", "Over"), ("ended", "Ended")],
        string="Status",
        compute="_compute_state",
        search="_search_state",
    )

    _item_uniq = models.UniqueIndex(
        "(move_id, partner_id, date_maturity) WHERE kind = 'item' AND ended_date IS NULL",
        "This item is excluded already.",
    )
    _customer_uniq = models.UniqueIndex(
        "(partner_id, company_id) WHERE kind = 'customer' AND ended_date IS NULL",
        "This customer is excluded already.",
    )
    _until_not_before = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date)", "An exclusion ends after it began."
    )

    @api.depends("date_to", "ended_date")
    def _compute_state(self):
        for exclusion in self:
            if exclusion.ended_date:
                exclusion.state = "ended"
            else:
                # sudo: the day is that of the root company
                over = exclusion.date_to and exclusion.date_to < exclusion.sudo().company_id._credit_today()
                exclusion.state = "expired" if over else "active"

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        running, over = Domain("ended_date", "=", False), self._get_over_domain()
        domains = {
            "active": running & (Domain("date_to", "=", False) | ~over),
            "expired": running & Domain("date_to", "!=", False) & over,
            "ended": ~running,
        }
        return Domain.OR([domains[state] for state in value if state in domains])

    @api.model
    def _get_over_domain(self):
        """Return the domain of what is over by its date, on the day of each company."""
        by_day = {}
        for company in self.env["res.company"].sudo().search([]):  # sudo: their days are no secret
            by_day.setdefault(company._credit_today(), []).append(company.id)
        return Domain.OR(
            Domain("date_to", "<", day) & Domain("company_id", "in", ids) for day, ids in by_day.items()
        )

    @api.constrains("reason")
    def _check_reason(self):
        if any(not (exclusion.reason or "").strip() for exclusion in self):
            raise ValidationError(self.env._("Say why it is excluded: others decide by it later."))

    @api.depends("kind", "name", "partner_id.display_name")
    def _compute_display_name(self):
        for exclusion in self:
            parts = [exclusion.partner_id.display_name, exclusion.kind == "item" and exclusion.name]
            exclusion.display_name = " ".join(part for part in parts if part)

    # Actions

    @api.model
    def _exclude_items(self, items, reason, date_to=False):
        """Exclude open items, rows of ``ar.aging.report``, from letters; return the exclusions.

        What is excluded already keeps its exclusion.

        :param date_to: last day; empty: until a person ends it
        :raise AccessError: for a user who is no collector
        """
        self._check_collector()
        items.check_access("read")
        items = items.filtered(lambda item: item.amount > 0 and item.partner_id)
        domain = [("kind", "=", "item"), ("move_id", "in", items.move_id.ids)]
        current = self.search([*domain, ("state", "=", "active")])
        known = {(row.move_id, row.partner_id, row.date_maturity) for row in current}
        self._end_expired(domain)
        vals_list = []
        for item in items:
            key = (item.move_id, item.partner_id, item.date_maturity)
            if key not in known:
                known.add(key)
                vals_list.append(
                    {
                        **self._prepare_item_values(item),
                        "kind": "item",
                        "amount_currency": item.amount_currency,
                        "date": item.root_company_id._credit_today(),
                        "reason": reason,
                        "date_to": date_to,
                    }
                )
        # Nobody has the right to create exclusions with another name under them; the rights were checked.
        return self.sudo().create(vals_list).with_env(self.env)

    @api.model
    def _exclude_customers(self, partners, company, reason, date_to=False):
        """Exclude customers of a company, with all they owe, from letters; return the exclusions.

        :raise AccessError: for a user who is no collector
        """
        self._check_collector()
        partners.check_access("read")
        partners = partners.commercial_partner_id
        root = company.root_id
        if not self.env.su and root not in self.env.companies.root_id:
            raise AccessError(self.env._("%s is none of your companies.", root.sudo().name))  # sudo: its name
        domain = [("kind", "=", "customer"), ("company_id", "=", root.id), ("partner_id", "in", partners.ids)]
        known = self.search([*domain, ("state", "=", "active")]).partner_id
        self._end_expired(domain)
        # Nobody has the right to create exclusions with another name under them; the rights were checked.
        return (
            self.sudo()
            .create(
                [
                    {
                        "kind": "customer",
                        "partner_id": partner.id,
                        "company_id": root.id,
                        "date": root._credit_today(),
                        "reason": reason,
                        "date_to": date_to,
                    }
                    for partner in partners - known
                ]
            )
            .with_env(self.env)
        )

    def _end_expired(self, domain):
        """Close what is over by its date, to make room for a new exclusion of the same."""
        # Collectors may not write; that the day is over is no decision of theirs.
        expired = self.sudo().search([*domain, ("state", "=", "expired")])
        for exclusion in expired:
            exclusion.ended_date = exclusion.date_to
        expired.flush_recordset()

    def action_end(self):
        """Let letters speak of it again from today on.

        :raise AccessError: for a user who is no collector
        """
        self._check_collector()
        self.check_access("read")
        if self.filtered("ended_date"):
            raise UserError(self.env._("This exclusion was ended already."))
        # sudo: exclusions are evidence that nobody may write; the rights were checked above.
        for company, exclusions in self.sudo().grouped("company_id").items():
            exclusions.write({"ended_date": company._credit_today(), "ended_by_id": self.env.uid})
        return True

    def action_open_entry(self):
        """Open the entry of an excluded item, or the customer."""
        self.ensure_one()
        record = self.move_id if self.kind == "item" and self.move_id else self.partner_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    def _check_collector(self):
        if not (self.env.su or self.env.user.has_group("ar_credit_control.group_collector")):
            raise AccessError(self.env._("Only collectors exclude items and customers from letters."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Exclusions are evidence and cannot be deleted; end them instead."))

    @api.model
    def _follow_items(self, partners, customer):
        self._merge_partners(partners, customer, kinds=("item",))
        return super()._follow_items(partners, customer)

    @api.model
    def _merge_partners(self, partners, destination, kinds=("customer", "item")):
        """End what merged partners would be excluded by twice; the exclusion that lasts longest stays."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE ar_dunning_exclusion exclusion
                   SET ended_date = GREATEST(%(today)s, exclusion.date), ended_by_id = %(uid)s
                  FROM (SELECT id,
                               ROW_NUMBER() OVER (
                                   PARTITION BY kind,
                                       CASE WHEN kind = 'customer' THEN company_id
                                            ELSE COALESCE(move_id, -id) END,
                                       CASE WHEN kind = 'item' THEN date_maturity END
                                   ORDER BY date_to DESC NULLS FIRST, id) AS place
                          FROM ar_dunning_exclusion
                         WHERE ended_date IS NULL AND kind = ANY(%(kinds)s)
                           AND partner_id = ANY(%(partners)s)) ranked
                 WHERE ranked.id = exclusion.id AND ranked.place > 1
                """,
                today=fields.Date.context_today(self),
                uid=self.env.uid,
                kinds=list(kinds),
                partners=[*partners.ids, destination.id],
            )
        )
        self.env.invalidate_all()

    # Selection

    @api.model
    def _in_force_sql(self, date):
        """Condition on alias ``exclusion``: letters of a day leave it out."""
        return SQL(
            "exclusion.ended_date IS NULL AND COALESCE(exclusion.date_to >= %s::date, TRUE)",
            date,
        )

    @api.model
    def _customer_sql(self, partner, root, date):
        """Statement with a row where the customer is excluded; ``root`` is the company, or SQL of its id."""
        return SQL(
            """SELECT FROM ar_dunning_exclusion exclusion
                WHERE exclusion.kind = 'customer' AND exclusion.partner_id = %s
                  AND exclusion.company_id = %s AND %s""",
            partner,
            root if isinstance(root, SQL) else root.id,
            self._in_force_sql(date),
        )

    @api.model
    def _pause_part_sql(self, root, date):
        """The excluded items of a root company, as rows of ``ar.item.pause``."""
        return SQL(
            """SELECT exclusion.move_id, exclusion.partner_id, exclusion.date_maturity,
                      NULL::numeric, 'excluded_item'::varchar, exclusion.date_to
                 FROM ar_dunning_exclusion exclusion
                 JOIN res_company company ON company.id = exclusion.company_id
                WHERE exclusion.kind = 'item'
                  AND split_part(company.parent_path, '/', 1)::int = ANY(%s)
                  AND %s""",
            root.ids,
            self._in_force_sql(date),
        )
