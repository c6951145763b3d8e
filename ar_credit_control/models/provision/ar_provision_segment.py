from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .ar_provision_bucket import is_renamed

# What decides which customers a segment has.
MEANING = frozenset({"active", "category_ids", "country_ids", "policy_id", "rating_ids", "sequence"})


class ArProvisionSegment(models.Model):
    """Customers of similar risk, with loss rates of their own. The first that fits counts."""

    _name = "ar.provision.segment"
    _description = "Provision Segment"
    _inherit = ["analytic.mixin"]
    _order = "policy_id, sequence, id"

    policy_id = fields.Many2one(
        "ar.provision.policy", string="Provision Policy", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, translate=True)
    rating_ids = fields.Many2many("ar.credit.rating", string="Ratings", help="Empty: any rating.")
    category_ids = fields.Many2many(
        "res.partner.category", string="Tags", help="Empty: with or without tags."
    )
    country_ids = fields.Many2many("res.country", string="Countries", help="Empty: any country.")
    active = fields.Boolean(default=True)

    @api.model_create_multi
    def create(self, vals_list):
        segments = super().create(vals_list)
        first = min(segments.mapped("sequence"), default=0)
        segments._get_rated().filtered(lambda rated: rated.sequence > first)._refuse_change()
        return segments

    def write(self, vals):
        if vals.keys() & MEANING:
            (self & self._get_rated())._refuse_change()
        if "name" in vals:
            self._check_name({self.env.lang or "en_US": vals["name"]})
        return super().write(vals)

    def _update_field_translations(self, field_name, translations, digest=None, source_lang=""):
        if field_name == "name":
            self._check_name(translations)
        return super()._update_field_translations(field_name, translations, digest, source_lang)

    def _check_name(self, names):
        """Refuse to call by another name what has approved rates or stands in a run; a first translation is
        none.

        :param names: {language: name}
        """
        self.check_access("write")
        renamed = self.filtered(lambda segment: is_renamed(segment, names))
        if renamed:
            cells = self.env["ar.provision.cell"].sudo()  # sudo: of any company
            used = cells.search([("segment_id", "in", renamed.ids), ("run_id.state", "!=", "draft")])
            (renamed & (renamed._get_rated() | used.segment_id.sudo(False)))._refuse_change()

    def _get_rated(self):
        """Return the segments of these policies that rates were submitted or approved for."""
        rates = self.env["ar.provision.rate"].sudo()  # sudo: of any company
        return rates.search(
            [
                ("segment_id.policy_id", "in", self.policy_id.ids),
                ("matrix_id.state", "in", ("submitted", "approved")),
            ]
        ).segment_id.sudo(False)

    def _refuse_change(self):
        """Refuse to give approved rates to other customers; a new segment may follow those that have rates.

        :raise UserError: naming the segment
        """
        if self:
            raise UserError(
                self.env._("“%s” has approved loss rates: copy the policy and change the copy.", self[0].name)
            )

    def _segment_sql(self, partner: SQL, profile: SQL) -> SQL:
        """Return the id of the segment of a customer, NULL for everyone else.

        :param partner: alias of the commercial entity (``res_partner``)
        :param profile: alias of its profile (``ar_credit_profile``), may be NULL
        """
        cases = [
            SQL("WHEN %s THEN %s", segment._condition_sql(partner, profile), segment.id)
            for segment in self.sorted(lambda segment: (segment.sequence, segment.id))
        ]
        if not cases:
            return SQL("NULL::int")
        return SQL("CASE %s END", SQL(" ").join(cases))

    def _condition_sql(self, partner: SQL, profile: SQL) -> SQL:
        self.ensure_one()
        conditions = [SQL("TRUE")]
        if self.rating_ids:
            conditions.append(SQL("%s.rating_id = ANY(%s)", profile, self.rating_ids.ids))
        if self.country_ids:
            conditions.append(SQL("%s.country_id = ANY(%s)", partner, self.country_ids.ids))
        if self.category_ids:
            conditions.append(
                SQL(
                    """EXISTS (SELECT FROM res_partner_res_partner_category_rel tag
                                WHERE tag.partner_id = %s.id AND tag.category_id = ANY(%s))""",
                    partner,
                    self.category_ids.ids,
                )
            )
        return SQL("(%s)", SQL(" AND ").join(conditions))
