from odoo import api, models
from odoo.tools import format_date

# Judgement: within so many working days an insolvency is told on, however far the last day is.
INSOLVENCY_DAYS = 5


class ArCreditSecurity(models.Model):
    """What a customer's insolvency asks of who looks after its securities."""

    _inherit = "ar.credit.security"

    @api.model
    def _warn_insolvency(self, partner, root, words):
        """Ask to claim from insurers, guarantors and banks of an insolvent customer, each by its last day.

        One task for each security, in place of the one that warns of its date. Internal: the caller checked
        who says so.

        :param words: what the customer said, as HTML
        :return: the securities
        """
        securities = self.sudo().search(  # sudo: whoever hears of it, tasks of who is in charge
            [
                ("partner_id", "=", partner.sudo().commercial_partner_id.id),  # sudo: as above
                ("company_id", "=", root.id),
                ("state", "in", ("valid", "lapsed")),
                ("kind", "!=", "deposit"),
            ]
        )
        last_days = securities._get_last_days()
        today = root._credit_today()
        # What lapsed counts while something can still be claimed from it; a report may come late.
        securities = securities.filtered(
            lambda security: (
                security.state == "valid"
                or (security.kind == "insurance" and last_days[security.id])
                or (last_days[security.id] and last_days[security.id] >= today)
            )
        )
        for security in securities:
            security._plan_insolvency(last_days[security.id], words)
        return securities.sudo(self.env.su)

    def _get_last_days(self):
        """Return ``{id: last day to claim or report}``, None where no day is set."""
        to_report = dict(
            self.env["ar.insurance.overdue"]._read_group(
                [("security_id", "in", self.ids), ("notice_id", "=", False)],
                ["security_id"],
                ["report_by:min"],
            )
        )
        days = {}
        for security in self:
            of_kind = {
                "insurance": to_report.get(security),
                "guarantee": security.claim_by,
                "letter_of_credit": security.date_to,
            }
            days[security.id] = of_kind.get(security.kind) or None
        return days

    def _plan_insolvency(self, last_day, words):
        self.ensure_one()
        root = self.company_id
        user = self._get_responsible() or self.env["ar.dispute"]._get_manager(root)
        if not user:
            return
        kind = "mail_activity_insurance_report" if self.kind == "insurance" else "mail_activity_cover_ends"
        soon = self.env["ar.dispute"]._plan_days(root, root._credit_today(), INSOLVENCY_DAYS)
        speak = self.with_context(lang=user.lang)
        summary = (
            speak.env._("Customer insolvent: tell the insurer")
            if self.kind == "insurance"
            else speak.env._("Customer insolvent: claim what was given as security")
        )
        if last_day:
            summary = speak.env._(
                "%(task)s, by %(day)s at the latest", task=summary, day=format_date(speak.env, last_day)
            )
        self.activity_unlink([f"ar_credit_control.{kind}"])
        self.activity_schedule(
            f"ar_credit_control.{kind}",
            min(last_day or soon, soon),
            summary=summary,
            note=words,
            user_id=user.id,
        )
