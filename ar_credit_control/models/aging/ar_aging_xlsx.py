from odoo import models


class ArAgingXlsx(models.AbstractModel):
    """Workbook of the open receivable items at a date."""

    _name = "ar.aging.xlsx"
    _description = "Receivables Ageing Workbook"
