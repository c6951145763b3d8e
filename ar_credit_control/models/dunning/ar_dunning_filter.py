from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ArDunningFilter(models.AbstractModel):
    """Which customers and letters of a policy a proposal is limited to; empty fields limit nothing."""

    _name = "ar.dunning.filter"
    _description = "Filters of a Dunning Proposal"

    policy_id = fields.Many2one("ar.dunning.policy", required=True)
    date = fields.Date(required=True)
    filter_partner_ids = fields.Many2many(
        "res.partner", string="Only Customers", help="Contacts stand for their company."
    )
    filter_category_ids = fields.Many2many(
        "res.partner.category", string="Only Tags", help="Customers with at least one of these tags."
    )
    filter_collector_id = fields.Many2one(
        "res.users", string="Only Collector", domain="[('share', '=', False)]"
    )
    filter_user_id = fields.Many2one("res.users", string="Only Salesperson", domain="[('share', '=', False)]")
    filter_stage_ids = fields.Many2many(
        "ar.dunning.stage", string="Only Stages", domain="[('policy_id', '=', policy_id)]"
    )
    filter_min_amount = fields.Monetary(
        string="Only From Amount",
        currency_field="policy_currency_id",
        help="What a letter asks for; other currencies convert it at the rate of the day.",
    )
    policy_currency_id = fields.Many2one(related="policy_id.currency_id", string="Policy Currency")
    has_filter = fields.Boolean(compute="_compute_has_filter")

    def _compute_has_filter(self):
        names = [name for name in self.env["ar.dunning.filter"]._fields if name.startswith("filter_")]
        for record in self:
            record.has_filter = any(record[name] for name in names)

    def _prepare_filter_values(self):
        """Return the filters as values of another model that inherits them."""
        self.ensure_one()
        return {
            name: field.convert_to_write(self[name], self)
            for name, field in self.env["ar.dunning.filter"]._fields.items()
            if name.startswith("filter_")
        }

    def _get_filter_partner_ids(self):
        """Return the commercial partners that the proposal is limited to; None: all of the policy."""
        self.ensure_one()
        domain = Domain.TRUE
        if self.filter_partner_ids:
            domain &= Domain("id", "in", self.filter_partner_ids.commercial_partner_id.ids)
        if self.filter_category_ids:
            domain &= Domain("category_id", "in", self.filter_category_ids.ids)
        if self.filter_user_id:
            domain &= Domain("user_id", "=", self.filter_user_id.id)
        if self.filter_collector_id:
            profiles = self.env["ar.credit.profile"].search(
                [
                    ("company_id", "=", self.policy_id.company_id.id),
                    ("collector_id", "=", self.filter_collector_id.id),
                ]
            )
            domain &= Domain("id", "in", profiles.partner_id.ids)
        if domain.is_true():
            return None
        return self.env["res.partner"].with_context(active_test=False).search(domain).ids

    def _filter_letters_sql(self):
        """Return the condition on rows of ``dunning_letter`` of the filters on letters; None: all fit."""
        self.ensure_one()
        conditions = []
        if self.filter_stage_ids:
            conditions.append(SQL("dunning_letter.stage_id = ANY(%s)", self.filter_stage_ids.ids))
        if self.filter_min_amount:
            conditions.append(
                SQL(
                    """dunning_letter.amount_due - dunning_letter.amount_credit >= (
                           SELECT least.amount FROM (VALUES %s) least (currency_id, amount)
                            WHERE least.currency_id = dunning_letter.currency_id)""",
                    SQL(", ").join(
                        SQL("(%s, %s)", currency_id, amount)
                        for currency_id, amount in self._get_min_amounts().items()
                    ),
                )
            )
        return SQL(" AND ").join(conditions) if conditions else None

    def _get_preview_domain(self):
        """Return the domain of the preview's rows that fit the filters."""
        self.ensure_one()
        domain = Domain.TRUE
        partner_ids = self._get_filter_partner_ids()
        if partner_ids is not None:
            domain &= Domain("partner_id", "in", partner_ids)
        if self.filter_stage_ids:
            domain &= Domain("stage_id", "in", [*self.filter_stage_ids.ids, False])
        if self.filter_min_amount:
            domain &= Domain.OR(
                Domain("currency_id", "=", currency_id) & Domain("amount", ">=", amount)
                for currency_id, amount in self._get_min_amounts().items()
            )
        return list(domain)

    def _get_min_amounts(self):
        """Return the smallest amount in every active currency, at the rate of the day."""
        rates = self.env["res.currency"].search([])._get_rates(self.policy_id.company_id, self.date)
        rates |= self.policy_currency_id._get_rates(self.policy_id.company_id, self.date)
        factor = self.filter_min_amount / rates[self.policy_currency_id.id]
        return {currency_id: rate * factor for currency_id, rate in rates.items()}
