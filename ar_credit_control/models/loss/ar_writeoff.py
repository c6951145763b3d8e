from odoo import models


class ArWriteoff(models.Model):
    """The open case of the customer is told of a write-off, and closed when nothing is owed any more."""

    _inherit = "ar.writeoff"

    def _post(self):
        result = super()._post()
        cases = self._get_cases()
        cases._log(
            "writeoff",
            self.env._(
                "Written off: %(amount)s (%(number)s, %(reason)s)",
                amount=self.currency_id.format(self.amount),
                number=self.name,
                reason=self.reason_id.name,
            ),
        )
        cases._refresh()
        cases._close_written_off()
        return result

    def _reverse(self):
        result = super()._reverse()
        text = self.env._("Write-off %s was cancelled: its items are open again", self.name)
        cases = self._get_cases()
        cases._log("writeoff", text)
        cases._refresh()
        if not cases and self.company_id.sudo().collection_active:  # sudo: a setting
            profiles = self.env["ar.credit.profile"].sudo()  # sudo: who books it may not read profiles
            profile = profiles._get_or_create(self.partner_id, self.company_id)
            self.env["ar.collection.case"]._get_or_open(profile, text)
        return result

    def _get_cases(self):
        """Return the open case of the customer. Internal: whoever books the write-off."""
        return (
            self.env["ar.collection.case"]
            .sudo()  # sudo: nobody has the right to write cases
            .search(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("state", "!=", "closed"),
                ]
            )
        )
