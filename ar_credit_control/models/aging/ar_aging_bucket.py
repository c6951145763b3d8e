from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

# Bounds of the first and the last bucket: no item is this many days early or late.
DAYS_MIN = -99999
DAYS_MAX = 99999


class ArAgingBucket(models.Model):
    """One ageing bucket of a root company; its branches use the same buckets.

    Only the first day is stored: a bucket ends where the next one begins, the first has no lower and the
    last no upper bound. So buckets never overlap, never leave a gap and always have an overflow, and the
    items of a deleted bucket fall into its neighbour.
    """

    _name = "ar.aging.bucket"
    _description = "Ageing Bucket"
    _order = "company_id, day_from, id"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company.root_id,
        domain=[("parent_id", "=", False)],
    )
    name = fields.Char(
        compute="_compute_name",
        inverse="_inverse_name",
        search="_search_name",
        help="Made from the days while you give no name of your own.",
    )
    custom_name = fields.Char(translate=True)
    day_from = fields.Integer(
        string="From Day",
        required=True,
        help="First day of the bucket, counted from the due date (or the invoice or delivery date). "
        "0 is the due date itself. The first bucket also takes everything before it.",
    )
    day_to = fields.Integer(
        string="To Day",
        compute="_compute_day_to",
        help="Last day of the bucket: the day before the next bucket begins.",
    )
    sequence = fields.Integer(compute="_compute_day_to", help="Position among the buckets of the company.")

    _company_day_uniq = models.Constraint(
        "UNIQUE (company_id, day_from)", "Two buckets of a company cannot begin on the same day."
    )
    _day_from_range = models.Constraint(
        f"CHECK (day_from BETWEEN {DAYS_MIN} AND {DAYS_MAX})",
        "A bucket begins between -99999 and 99999 days.",
    )

    @api.depends("day_from", "company_id")
    def _compute_day_to(self):
        siblings = self._siblings_by_company()
        for bucket in self:
            rank = 1
            day_to = DAYS_MAX
            for day_from in siblings.get(bucket.company_id.id, []):
                if day_from < bucket.day_from:
                    rank += 1
                elif day_from > bucket.day_from:
                    day_to = day_from - 1
                    break
            bucket.sequence = rank
            bucket.day_to = day_to

    @api.depends("custom_name", "day_from", "day_to")
    @api.depends_context("lang")
    def _compute_name(self):
        for bucket in self:
            bucket.name = bucket.custom_name or bucket._get_default_name()

    @api.depends("name")
    @api.depends_context("allowed_company_ids", "lang")
    def _compute_display_name(self):
        """Say whose bucket it is while several main companies are selected."""
        several = len(self.env.companies.root_id) > 1
        for bucket in self:
            # sudo: the main company of a branch need not be selected.
            company = bucket.company_id.sudo().name
            bucket.display_name = f"{bucket.name} ({company})" if several else bucket.name

    def _inverse_name(self):
        for bucket in self:
            bucket.custom_name = bucket.name if bucket.name != bucket._get_default_name() else False

    def _search_name(self, operator, value):
        buckets = self.search_fetch([], ["name"])
        return [("id", "in", buckets.filtered_domain([("name", operator, value)]).ids)]

    @api.constrains("company_id")
    def _check_root_company(self):
        for bucket in self:
            if bucket.company_id.parent_id:
                raise ValidationError(
                    self.env._(
                        "%(branch)s is a branch: it uses the buckets of %(company)s.",
                        branch=bucket.company_id.name,
                        company=bucket.company_id.root_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        buckets = super().create(vals_list)
        self._forget_neighbours()
        return buckets

    def write(self, vals):
        res = super().write(vals)
        self._forget_neighbours()
        return res

    def unlink(self):
        res = super().unlink()
        self._forget_neighbours()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_last(self):
        companies = self.company_id
        left = dict(
            self._read_group(
                [("company_id", "in", companies.ids), ("id", "not in", self.ids)], ["company_id"], ["__count"]
            )
        )
        for company in companies:
            if company not in left:
                raise ValidationError(
                    self.env._("%s needs at least one bucket, which takes all items.", company.name)
                )

    def _get_default_name(self):
        """Return the name made from the days, in the language of the user."""
        self.ensure_one()
        if self.sequence == 1 and self.day_to >= DAYS_MAX:
            return self.env._("All")
        if self.day_to >= DAYS_MAX:
            return self.env._("Over %s", self.day_from - 1)
        if self.sequence == 1 and self.day_to <= 0:
            return self.env._("Not due") if self.day_to == 0 else self.env._("Up to %s", self.day_to)
        return f"{self.day_from}-{self.day_to}"

    def _siblings_by_company(self):
        """Return the first days of all buckets of the companies of these buckets, ascending."""
        self.flush_model(["company_id", "day_from"])
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT company_id, array_agg(day_from ORDER BY day_from)
                         FROM ar_aging_bucket
                        WHERE company_id IN %s
                     GROUP BY company_id""",
                    tuple(self.company_id.ids) or (0,),
                )
            )
        )

    def _forget_neighbours(self):
        """A bucket's end depends on the others, which no @api.depends can say."""
        self.env["ar.aging.bucket"].invalidate_model(["day_to", "sequence", "name"], flush=True)

    @api.model
    def _prepare_default_days(self):
        """Return the first days of the default buckets: not due, 1-30, 31-60 … 181-365, over 365."""
        return [DAYS_MIN, 1, 31, 61, 91, 181, 366]

    @api.model
    def _create_missing(self):
        """Give the default buckets to every root company that has none."""
        roots = self.env["res.company"].search([("parent_id", "=", False)])
        served = {company.id for (company,) in self._read_group([], ["company_id"])}
        return self.create(
            [
                {"company_id": company.id, "day_from": day}
                for company in roots
                if company.id not in served
                for day in self._prepare_default_days()
            ]
        )

    @api.model
    def _bucket_sql(self) -> SQL:
        """Return the buckets of each root company in order of days: company_id, ids, first_days.

        The bucket of an age is ``ids[GREATEST(width_bucket(age, first_days), 1)]``: the last one that begins
        by then, else the first, which also takes everything before it.
        """
        return SQL(
            """SELECT company_id,
                      ARRAY_AGG(id ORDER BY day_from) AS ids,
                      ARRAY_AGG(day_from ORDER BY day_from) AS first_days
                 FROM ar_aging_bucket
             GROUP BY company_id"""
        )
