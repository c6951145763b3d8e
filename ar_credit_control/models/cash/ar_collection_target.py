from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class ArCollectionTarget(models.Model):
    """What a salesperson or collector should bring in during a period, in company currency."""

    _name = "ar.collection.target"
    _description = "Collection Target"
    _order = "date_from desc, role, user_id, id"
    _rec_name = "user_id"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
        help="The main company; what its branches collect counts.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Person",
        required=True,
        index=True,
        ondelete="restrict",
        domain=[("share", "=", False)],
    )
    role = fields.Selection(
        [("collector", "Collector"), ("salesperson", "Salesperson")],
        string="As",
        required=True,
        default="collector",
        help="What counts: cash of the customers whose collector the person was, or of the invoices whose "
        "salesperson.",
    )
    date_from = fields.Date(
        string="From", required=True, default=lambda self: fields.Date.start_of(self._today(), "month")
    )
    date_to = fields.Date(
        string="To", required=True, default=lambda self: fields.Date.end_of(self._today(), "month")
    )
    amount = fields.Monetary(string="Target", required=True)
    collected = fields.Monetary(compute="_compute_collected", help="Cash that the bank shows, in the period.")
    collected_on_time = fields.Monetary(string="On Time", compute="_compute_collected")
    collected_late = fields.Monetary(string="Paid Late", compute="_compute_collected")
    missing = fields.Monetary(
        string="To Go", compute="_compute_collected", help="What is missing to the target."
    )
    reached = fields.Float(string="Target Reached (%)", compute="_compute_collected", aggregator=None)
    active = fields.Boolean(default=True)

    _amount_positive = models.Constraint("CHECK (amount > 0)", "A target is more than zero.")
    _dates_in_order = models.Constraint(
        "CHECK (date_from <= date_to)", "A period cannot end before it begins."
    )

    @api.model
    def _today(self):
        return fields.Date.context_today(self)

    @api.depends("company_id", "user_id", "role", "date_from", "date_to", "amount")
    def _compute_collected(self):
        totals = self._get_collected()
        for target in self:
            total, on_time, late = totals.get(target._origin.id, (0.0, 0.0, 0.0))
            target.collected, target.collected_on_time, target.collected_late = total, on_time, late
            target.missing = max(target.amount - total, 0.0)
            target.reached = 100 * total / target.amount if target.amount else 0.0

    @api.constrains("company_id", "user_id", "role", "date_from", "date_to", "active")
    def _check_overlap(self):
        self.flush_model()
        overlapping = self.env.execute_query(
            SQL(
                """SELECT target.id
                     FROM ar_collection_target target
                     JOIN ar_collection_target other
                       ON other.id <> target.id AND other.company_id = target.company_id
                      AND other.user_id = target.user_id AND other.role = target.role AND other.active
                      AND other.date_from <= target.date_to AND other.date_to >= target.date_from
                    WHERE target.id = ANY(%s) AND target.active
                    LIMIT 1""",
                self.ids,
            )
        )
        if overlapping:
            raise ValidationError(
                self.env._(
                    "%s has a target for some of these days already.",
                    self.browse(overlapping[0]).user_id.sudo().name,  # sudo: the name of a colleague
                )
            )

    def _get_collected(self):
        """Return ``{target id: (collected, on time, late)}`` of any number of targets in one statement."""
        if not self.ids:
            return {}
        self.env.flush_all()
        self.env["ar.aging.report"]._switch_off_jit()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT target.id, SUM(result.amount), SUM(result.amount_on_time), SUM(result.amount_late)
                  FROM ar_collection_target target
                  JOIN (%s) result
                    ON result.date BETWEEN target.date_from AND target.date_to
                   AND CASE target.role WHEN 'collector' THEN result.collector_id
                                        ELSE result.salesperson_id END = target.user_id
                  JOIN res_company branch
                    ON branch.id = result.company_id
                   AND split_part(branch.parent_path, '/', 1)::int = target.company_id
                 WHERE target.id = ANY(%s)
              GROUP BY target.id
                """,
                self.env["ar.collection.result"]._result_sql(),
                self.ids,
            )
        )
        return {key: tuple(float(amount) for amount in amounts) for key, *amounts in rows}

    def action_open_results(self):
        """Show what counts towards the target."""
        self.ensure_one()
        field = "collector_id" if self.role == "collector" else "salesperson_id"
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_collection_result")
        return {
            **action,
            "domain": [
                (field, "=", self.user_id.id),
                ("date", ">=", self.date_from),
                ("date", "<=", self.date_to),
                ("company_id", "child_of", self.company_id.id),
            ],
            "context": {},
        }
