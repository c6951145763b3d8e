from odoo import api, fields, models
from odoo.exceptions import UserError


def is_renamed(record, names):
    """Whether names by language differ from what a record is called in these languages."""
    stored = record._fields["name"]._get_stored_translations(record) or {}
    return any(lang in stored and name != stored[lang] for lang, name in names.items())


class ArProvisionBucket(models.Model):
    """One age class of a provision policy; it ends where the next one begins.

    The first also takes everything younger, the last everything older. What a matrix has rates for stays as
    it is, so that an old run can be read for ever.
    """

    _name = "ar.provision.bucket"
    _description = "Provision Bucket"
    _order = "policy_id, age_from, id"

    policy_id = fields.Many2one(
        "ar.provision.policy", string="Provision Policy", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    name = fields.Char(required=True, translate=True)
    age_from = fields.Integer(
        string="From Age",
        required=True,
        help="First day of age, or so many years completed: 1 is “over one year”.",
    )
    age_unit = fields.Selection(related="policy_id.age_unit")

    _age_uniq = models.Constraint(
        "UNIQUE (policy_id, age_from)", "Two buckets of a policy cannot begin at the same age."
    )

    @api.model_create_multi
    def create(self, vals_list):
        buckets = super().create(vals_list)
        buckets._check_rated_policy()
        return buckets

    def write(self, vals):
        if vals.keys() & {"age_from", "policy_id"}:
            self._check_unused()
        if "name" in vals:
            self._check_name({self.env.lang or "en_US": vals["name"]})
        return super().write(vals)

    def _update_field_translations(self, field_name, translations, digest=None, source_lang=""):
        if field_name == "name":
            self._check_name(translations)
        return super()._update_field_translations(field_name, translations, digest, source_lang)

    def _check_name(self, names):
        """Refuse to call by another name what runs were printed with; a first translation is none.

        :param names: {language: name}
        """
        self.check_access("write")
        self.filtered(lambda bucket: is_renamed(bucket, names))._check_unused()

    @api.ondelete(at_uninstall=False)
    def _unlink_unused(self):
        self._check_unused()

    def _check_rated_policy(self):
        """Refuse a bucket that would cut another one short whose rates are approved."""
        if rated := self.policy_id._get_rated():
            raise UserError(
                self.env._(
                    "“%s” has approved loss rates for its buckets: copy the policy and change the copy.",
                    rated[:1].name,
                )
            )

    def _check_unused(self):
        """Refuse to change what approved rates are given for."""
        used = (
            self.env["ar.provision.rate"]
            .sudo()
            .search(  # sudo: of any company
                [("bucket_id", "in", self.ids), ("matrix_id.state", "!=", "draft")], limit=1
            )
        )
        if used:
            raise UserError(
                self.env._(
                    "“%s” has approved loss rates: copy the policy and change the copy.", used.bucket_id.name
                )
            )
