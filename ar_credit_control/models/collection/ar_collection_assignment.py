from odoo import api, fields, models


class ArCollectionAssignment(models.Model):
    """Who gets a case: the first line that fits the customer, and of its people the least loaded.

    Key accounts go to senior people by a line of their own with a smallest amount, before the others.
    """

    _name = "ar.collection.assignment"
    _description = "Assignment of Cases"
    _order = "company_id, sequence, id"

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company.root_id,
        domain=[("parent_id", "=", False)],
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_ids = fields.Many2many(
        "res.users",
        string="Collectors",
        required=True,
        domain="[('share', '=', False)]",
        help="Of these, the one with the fewest open cases gets the next.",
    )
    min_amount = fields.Monetary(string="Owed From", help="Total owed, in company currency. Zero: any.")
    max_amount = fields.Monetary(string="Owed Below", help="Zero: no upper bound.")
    rating_ids = fields.Many2many("ar.credit.rating", string="Ratings", help="Empty: every rating.")
    country_ids = fields.Many2many("res.country", string="Countries", help="Empty: every country.")
    category_ids = fields.Many2many(
        "res.partner.category", string="Tags", help="One of these tags is enough. Empty: every customer."
    )
    max_load = fields.Integer(
        string="Most Cases Each",
        help="Who has so many open cases gets no more by this line; the next one that fits is asked. "
        "Zero: no bound.",
    )

    _amounts_ordered = models.Constraint(
        "CHECK (COALESCE(max_amount, 0) = 0 OR COALESCE(min_amount, 0) < max_amount)",
        "The upper bound of the amount is not above the lower one.",
    )

    def _fits(self, fact):
        """Return whether the line fits a customer.

        :param dict fact: ``owed`` (company currency), ``rating_id``, ``country_id``, ``category_ids``,
            ``company_id``
        """
        self.ensure_one()
        return (
            fact["company_id"] == self.company_id.id
            and fact["owed"] >= self.min_amount
            and (not self.max_amount or fact["owed"] < self.max_amount)
            and (not self.rating_ids or fact["rating_id"] in self.rating_ids.ids)
            and (not self.country_ids or fact["country_id"] in self.country_ids.ids)
            and (not self.category_ids or bool(set(fact["category_ids"]) & set(self.category_ids.ids)))
        )

    @api.model
    def _get_candidates(self, fact, load):
        """Return ids of the people who may get a case, the least loaded first; those of the first line that
        fits and has room.

        :param dict load: number of open cases by user id
        """
        for line in self:
            if not line._fits(fact):
                continue
            people = [
                user.id
                for user in line.user_ids
                if user.active
                and user.has_group("ar_credit_control.group_collector")
                and (not line.max_load or load.get(user.id, 0) < line.max_load)
            ]
            if people:
                return sorted(people, key=lambda user_id: (load.get(user_id, 0), user_id))
        return []

    @api.model
    def _get_lines(self, companies):
        """Return the lines of root companies, in order, with what they compare read at once."""
        # sudo: the schedule and collectors apply rules that only managers edit.
        lines = self.sudo().search([("company_id", "in", companies.ids)])
        lines.fetch(["user_ids", "rating_ids", "country_ids", "category_ids"])
        return lines
