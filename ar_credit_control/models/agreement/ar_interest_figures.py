from odoo import api, models
from odoo.tools import SQL


class ArInterestFigures(models.AbstractModel):
    """Agreements without interest: once kept, their days bear none."""

    _inherit = "ar.interest.figures"

    @api.model
    def _free_sql(self):
        """Days from the agreement on a plan or deferral without interest to its end, once it was kept.

        One that was missed or ended early frees no day: interest runs as if it had never been.
        """
        return SQL(
            """
            SELECT item.id AS item_id, plan.decided_on AS date_from, plan.ended_on AS date_to
              FROM interest_source item
              JOIN ar_payment_plan_item agreed
                ON agreed.move_id = item.move_id AND agreed.date_maturity = item.date_maturity
              JOIN res_partner debtor
                ON debtor.id = agreed.partner_id AND debtor.commercial_partner_id = item.partner_id
              JOIN ar_payment_plan plan ON plan.id = agreed.plan_id
             WHERE plan.state = 'kept' AND plan.with_interest IS NOT TRUE
            """
        )
