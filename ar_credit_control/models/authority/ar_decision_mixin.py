from odoo import api, fields, models
from odoo.exceptions import AccessError


class ArDecisionMixin(models.AbstractModel):
    """Evidence of a decision: who decided, when and why.

    A model says who may in :meth:`_get_obstacle` and writes its decisions with :meth:`_write_decision`.
    """

    _name = "ar.decision.mixin"
    _description = "Decision"
    _inherit = ["ar.evidence.mixin"]

    decided_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    decided_on = fields.Date(readonly=True, copy=False)
    decision_note = fields.Text(string="Reason for the Decision", readonly=True, copy=False)
    may_decide = fields.Boolean(compute="_compute_may_decide")

    @api.depends("decided_by_id")
    @api.depends_context("uid")
    def _compute_may_decide(self):
        for record in self:
            record.may_decide = not record._get_obstacle(self.env.user)

    def _get_obstacle(self, user):
        """Return why a person may not decide, in words; empty when they may."""
        self.ensure_one()
        if self.env["ar.credit.authority"]._only_audits(user):
            return self.env._("An auditor decides nothing.")
        return ""

    def _check_decides(self):
        """Refuse a decision by who may not take it.

        :raise AccessError: in the words of :meth:`_get_obstacle`
        """
        self.check_access("read")
        for record in self:
            if obstacle := record._get_obstacle(self.env.user):
                raise AccessError(obstacle)

    def _write_decision(self, state, note=None, **vals):
        """Write what was decided, by whom and on which day of the company; the callers check who may."""
        for record in self:
            record._write_evidence(
                {
                    "state": state,
                    "decided_by_id": self.env.uid,
                    "decided_on": record.company_id.sudo()._credit_today(),  # sudo: a branch user's company
                    "decision_note": (note or "").strip() or False,
                    **vals,
                }
            )
