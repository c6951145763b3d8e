from odoo import api, fields, models

# Judgement of the authors: days for which a write-off is remembered, by set of rules.
PRESET_DAYS = {"lenient": 365, "standard": 730, "strict": 1095}


class ArCreditRule(models.Model):
    """A customer whose debts were written off is not sold to on credit without a person's consent."""

    _inherit = "ar.credit.rule"

    kind = fields.Selection(
        selection_add=[("written_off", "Written off before")], ondelete={"written_off": "cascade"}
    )

    @api.model
    def _prepare_preset(self, preset, root):
        return [
            *super()._prepare_preset(preset, root),
            ("written_off", {"period_days": PRESET_DAYS[preset]}),
        ]

    def _say_written_off(self):
        if not self.amount:
            return self.env._(
                "debts of the customer were written off within %s days and not recovered", self.period_days
            )
        return self.env._(
            "more than %(amount)s of the customer was written off within %(days)s days and not recovered",
            amount=self._money(self.amount),
            days=self.period_days,
        )
