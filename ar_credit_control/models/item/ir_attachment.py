from odoo import api, models
from odoo.exceptions import UserError

# What a file is and to what it belongs.
CONTENT = {"datas", "raw", "db_datas", "store_fname", "res_model", "res_id", "res_field", "type", "url"}


class IrAttachment(models.Model):
    """Files of evidence keep their content and their place; rooms that keep evidence name their models."""

    _inherit = "ir.attachment"

    @api.model
    def _get_evidence_models(self):
        return [
            "ar.collection.activity",
            "ar.dispute",
            "ar.limitation.event",
            "ar.payment.plan",
            "ar.placement",
        ]

    def _give_to(self, record):
        """Tie files that a user gave with a form to a record; those of other records are copied. Return them.

        Internal: the caller checked that the user may read them.
        """
        files = self.sudo()  # sudo: who records something need not write it afterwards
        own = files.filtered(
            lambda file: (
                file.create_uid == self.env.user
                and (not file.res_id or file.res_model in self.env and self.env[file.res_model]._transient)
            )
        )
        given = own | files.browse(file.copy().id for file in files - own)
        given.write({"res_model": record._name, "res_id": record.id})
        return given

    def write(self, vals):
        if not self.env.su and CONTENT & vals.keys():
            models_kept = self._get_evidence_models()
            kept = self.filtered(lambda file: file.res_model in models_kept and file.res_id)
            if kept:
                raise UserError(self.env._("%s is evidence: add another file instead.", kept[0].name))
        return super().write(vals)
