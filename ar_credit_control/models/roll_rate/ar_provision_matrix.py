from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

DIGITS = 4


class ArProvisionMatrix(models.Model):
    """Loss rates know the history that they were derived from, and are what it says."""

    _inherit = "ar.provision.matrix"

    derivation_id = fields.Many2one(
        "ar.provision.derivation",
        string="History",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    derivation_warning = fields.Text(related="derivation_id.warning", string="What the History Lacks")

    def _check_complete(self):
        result = super()._check_complete()
        for matrix in self.filtered("derivation_id"):
            if not matrix._has_derived_rates():
                raise UserError(
                    self.env._(
                        "The rates of “%s” are not those of its history. Make them again from it; what is "
                        "expected to be different goes into the forward-looking factor.",
                        matrix.name,
                    )
                )
        return result

    def _has_derived_rates(self):
        """Whether the rates are those that the history gives now."""
        self.ensure_one()
        given = {(rate.bucket_id, rate.segment_id): rate.rate for rate in self.rate_ids}
        derived = {
            (result.bucket_id, result.segment_id): result.loss_rate
            for result in self.derivation_id.result_ids
        }
        return given.keys() == derived.keys() and not any(
            float_compare(given[key], derived[key], precision_digits=DIGITS) for key in derived
        )
