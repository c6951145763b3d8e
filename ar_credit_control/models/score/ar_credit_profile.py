from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_list

SCORE_FIELDS = {"score", "score_date", "score_detail", "score_formula"}
# What agencies and statements say of a customer is not for everybody who sells to it.
KNOWLEDGE_GROUPS = "ar_credit_control.group_credit_controller,ar_credit_control.group_credit_auditor"


class ArCreditProfile(models.Model):
    _inherit = "ar.credit.profile"

    score_detail = fields.Json(readonly=True, copy=False, groups=KNOWLEDGE_GROUPS)
    score_formula = fields.Text(string="Proposed Limit", readonly=True, copy=False, groups=KNOWLEDGE_GROUPS)
    score_html = fields.Html(
        string="Why This Score", compute="_compute_score_html", sanitize=False, groups=KNOWLEDGE_GROUPS
    )
    statement_count = fields.Integer(compute="_compute_knowledge_counts", groups=KNOWLEDGE_GROUPS)
    agency_report_count = fields.Integer(compute="_compute_knowledge_counts", groups=KNOWLEDGE_GROUPS)
    answer_count = fields.Integer(compute="_compute_knowledge_counts", groups=KNOWLEDGE_GROUPS)

    @api.depends("score_detail", "score_date")
    def _compute_score_html(self):
        for profile in self:
            profile.score_html = self.env["ar.credit.scorecard"]._render_lines(
                profile.score_detail, bool(profile.score_date)
            )

    def _compute_knowledge_counts(self):
        for model, name in (
            ("ar.credit.financial", "statement_count"),
            ("ar.credit.agency.report", "agency_report_count"),
            ("ar.credit.answer", "answer_count"),
        ):
            counts = {
                (partner.id, company.id): count
                for partner, company, count in self.env[model]._read_group(
                    [("partner_id", "in", self.partner_id.ids)], ["partner_id", "company_id"], ["__count"]
                )
            }
            for profile in self:
                profile[name] = counts.get((profile.partner_id.id, profile.company_id.id), 0)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_not_scored_by_hand(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_not_scored_by_hand(vals)
        return super().write(vals)

    def _check_not_scored_by_hand(self, vals):
        if not self.env.su and SCORE_FIELDS & vals.keys():
            raise AccessError(self.env._("A score is computed: nobody types it."))

    def action_score_now(self):
        """Score the customers today and show what came out. Decides nothing."""
        self.env["ar.credit.score.run"]._check_decider()
        self.check_access("read")
        unknown = self.browse()
        for company, profiles in self.grouped("company_id").items():
            scores = self.env["ar.credit.scorecard"]._score(profiles.partner_id, company)
            for profile in profiles:
                score = scores[profile.partner_id.commercial_partner_id.id]
                profile.sudo()._write_score(score)  # sudo: a score is no decision, controllers may refresh it
                if score.score is None:
                    unknown |= profile
        if unknown:
            return self._notify_unknown(unknown)
        return True

    def _write_score(self, score):
        """Keep a score on the profile, as of today. Too little known: no score, only the reasons."""
        self.ensure_one()
        known = score.score is not None
        self.write(
            {
                "score": score.score or 0.0,
                "score_date": self.company_id._credit_today() if known else False,
                "score_detail": score.lines,
                "score_formula": score.formula,
            }
        )

    def _notify_unknown(self, unknown):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "title": self.env._("Too little is known for a score"),
                "message": self.env._(
                    "%s: enter a statement, an agency report or answers first.",
                    format_list(self.env, unknown[:5].mapped("partner_id.display_name")),
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_open_statements(self):
        """Open the financial statements of the customer."""
        return self._open_knowledge("ar_credit_control.action_credit_financial")

    def action_open_agency_reports(self):
        """Open the agency reports of the customer."""
        return self._open_knowledge("ar_credit_control.action_credit_agency_report")

    def action_open_answers(self):
        """Open the answers about the customer."""
        return self._open_knowledge("ar_credit_control.action_credit_answer")

    def _open_knowledge(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {
            **action,
            "domain": [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)],
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_company_id": self.company_id.id,
                "default_currency_id": self.company_id.currency_id.id,
            },
        }
