from odoo import api, models


class ArCollectionSource(models.AbstractModel):
    """Mails in which customers answer a statement of account."""

    _inherit = "ar.collection.source"

    @api.model
    def _get_answered_models(self):
        return [*super()._get_answered_models(), "ar.statement"]
