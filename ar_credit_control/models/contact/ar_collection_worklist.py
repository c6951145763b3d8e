from odoo import api, models
from odoo.tools import SQL


class ArCollectionWorklist(models.Model):
    """Contacts logged from a row of the worklist."""

    _inherit = "ar.collection.worklist"
    _depends = {
        "ar.collection.activity": ["corrects_id", "date", "note", "outcome_id", "reached", "reason_id"],
        "res.partner": ["collection_role"],
    }

    def action_log_contact(self):
        """Open the dialog that logs a contact with the customer of this row."""
        self.ensure_one()
        return self.case_id.action_log_contact()

    def action_no_answer(self):
        """Log with one click that nobody answered."""
        return self.case_id.action_no_answer()

    def action_left_message(self):
        """Log with one click that a message was left."""
        return self.case_id.action_left_message()

    @api.model
    def _contact_sql(self):
        """Return telephone and mail of the person to call: by role, else who gets the invoices."""
        return SQL(
            """
            SELECT child.phone, child.email
              FROM res_partner child
             WHERE child.parent_id = partner.id AND child.active AND child.phone <> ''
          ORDER BY CASE child.collection_role WHEN 'first' THEN 0 WHEN 'payables' THEN 1 ELSE 2 END,
                   child.type = 'invoice' DESC,
                   child.id
             LIMIT 1
            """
        )
