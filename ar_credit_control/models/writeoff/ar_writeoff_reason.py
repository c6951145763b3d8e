from odoo import fields, models


class ArWriteoffReason(models.Model):
    """Why a receivable is given up, and which evidence to keep for it."""

    _name = "ar.writeoff.reason"
    _description = "Reason of a Write-off"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    needs_evidence = fields.Boolean(
        string="Evidence Needed", help="It cannot be asked for without an attached file."
    )
    evidence = fields.Text(
        string="Evidence to Keep", translate=True, help="What an auditor or a tax inspector will ask for."
    )

    _name_uniq = models.Constraint("UNIQUE (name)", "There is a reason with this name already.")
