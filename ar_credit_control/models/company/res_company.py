from odoo import fields, models


class ResCompany(models.Model):
    """Credit control settings, read from the root company for its branches."""

    _inherit = "res.company"

    credit_control_active = fields.Boolean(
        string="Hold Orders",
        help="Off after installation: nothing is held, the preview shows what would be. "
        "On: orders that break a credit rule are held when they are confirmed.",
    )
    credit_limit_tolerance_percent = fields.Float(
        string="Limit Tolerance (%)",
        help="An order passes while exposure including the order stays within the limit plus this "
        "percentage.",
    )
    credit_no_limit_policy = fields.Selection(
        [("pass", "Pass"), ("warn", "Warn"), ("hold", "Hold")],
        string="Customers Without a Limit",
        default="warn",
        required=True,
        help="What happens to orders of customers for whom no credit limit was decided. "
        "A limit of zero is a decision: no credit.",
    )
    credit_overdue_tolerance_days = fields.Integer(
        string="Overdue Tolerance (days)",
        default=30,
        help="An order is held when an item of the customer is overdue by more than this number of days.",
    )
    credit_overdue_tolerance_percent = fields.Float(
        string="Overdue Tolerance (% of balance)",
        default=1.0,
        help="Items overdue beyond the days only count when together they exceed this share of the balance.",
    )
    credit_overdue_min_amount = fields.Monetary(
        string="Smallest Overdue Amount",
        help="Items below this open amount are ignored by the overdue rule.",
    )
    credit_warning_percent = fields.Float(
        string="Warn When Limit Used (%)",
        default=90.0,
        help="From this share of the limit a customer shows as a warning.",
    )
    credit_hold_responsible_id = fields.Many2one(
        "res.users",
        string="Decides on Held Orders",
        help="Who is asked first. Empty: a credit controller of the company.",
    )
    credit_release_days = fields.Integer(
        string="Release Holds for (days)",
        default=14,
        help="A released order that is not confirmed within these days is checked again.",
    )
    credit_hold_auto_release = fields.Boolean(
        string="Release When the Cause is Gone",
        help="Held orders are checked again every day and confirmed once they pass. "
        "Orders put on hold by hand always wait for a person.",
    )
    credit_coordination_days = fields.Integer(
        string="Coordination Phase (days)",
        default=60,
        help="Days past due during which a receivable is in coordination; beyond, it is in clearing.",
    )

    dunning_manual_entries = fields.Selection(
        [("leave_out", "Leave out"), ("include", "Include")],
        string="Migrated or Manual Entries in Dunning",
        default="leave_out",
        required=True,
        help="Opening balances and other entries of general journals, which Odoo excludes from follow-up. "
        "Dunning policies may differ.",
    )

    def _credit_root(self):
        """Return the root company that owns the credit settings and profiles of this company or branch."""
        self.ensure_one()
        return self.root_id

    def _credit_timezone(self):
        """Return the time zone in which orders are judged: that of the company's address, else the user's.

        That of the context comes with the request and decides nothing.
        """
        self.ensure_one()
        root = self.sudo()._credit_root()  # settings of the root company, also for a branch
        return root.partner_id.tz or self.env.user.tz or "UTC"

    def _credit_today(self):
        """Return the day on which orders of the company are judged, see :meth:`_credit_timezone`."""
        return fields.Date.context_today(self.with_context(tz=self._credit_timezone()))
