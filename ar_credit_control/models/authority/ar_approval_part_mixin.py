from odoo import api, models
from odoo.exceptions import UserError


class ArApprovalPartMixin(models.AbstractModel):
    """Terms of what another person approves (``ar.approval.mixin``) that are rows of their own.

    They are written while it is a draft; who writes them does not approve it.
    """

    _name = "ar.approval.part.mixin"
    _description = "Terms of What Is Approved"

    # Field of the record that is approved.
    _approved_field = None

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._check_draft()
        return parts

    def write(self, vals):
        self._check_draft()
        result = super().write(vals)
        self._check_draft()
        return result

    def unlink(self):
        self._check_draft()
        return super().unlink()

    def _check_draft(self):
        """Terms are fixed once another person decides on them; who writes them is known.

        :raise UserError: in the words of :meth:`_get_fixed_text`
        """
        records = self[self._approved_field]
        if any(record.state != "draft" for record in records):
            raise UserError(self._get_fixed_text())
        if not self.env.su:
            records._add_preparer()

    @api.model
    def _get_fixed_text(self):
        """Return that the terms are fixed, and what to do instead."""
        raise NotImplementedError
