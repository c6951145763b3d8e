from odoo import api, models
from odoo.tools import format_date

# Reason of a write-off by what the customer said last, see ``ar.collection.reason.follow_up``.
REASONS = {
    "insolvent": "ar_credit_control.writeoff_reason_insolvency",
    "legal": "ar_credit_control.writeoff_reason_enforcement",
}


class ArCollectionCase(models.Model):
    """What is expected to be lost of a customer and what was written off; a write-off is asked for here."""

    _inherit = "ar.collection.case"

    def action_request_writeoff(self):
        """Open the dialog that asks for writing the open items of the customer off.

        The reason, and what was done, are proposed from the last contact.

        :raise UserError: nothing is open
        """
        self.ensure_one()
        self._check_works()
        requests = self.env["ar.writeoff.request"]
        action = requests._open_form(self.item_ids.filtered(lambda item: item.amount_currency > 0))
        requests.browse(action["res_id"]).write(self._prepare_writeoff_request())
        return action

    def _prepare_writeoff_request(self):
        """Return what is proposed for a write-off of this customer."""
        last = self.env["ar.collection.activity"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("reason_id", "!=", False),
            ],
            order="date desc, id desc",
            limit=1,
        )
        reason = REASONS.get(last.reason_id.follow_up)
        said = ": ".join(filter(None, (last.reason_id.name, last.note)))
        return {
            "reason_id": self.env.ref(reason).id if reason else False,
            "note": f"{format_date(self.env, last.date)} · {said}" if last else False,
        }

    # ------------------------------------------------------------------
    # What was lost
    # ------------------------------------------------------------------

    def _prepare_overview(self, figures, details):
        overview = super()._prepare_overview(figures, details)
        overview["facts"] += [
            fact for fact in (self._prepare_writeoff_fact(), self._prepare_provision_fact()) if fact
        ]
        return overview

    def _prepare_writeoff_fact(self):
        """Return what was written off of the customer, and what of it was recovered; None: nothing."""
        domain = [
            ("partner_id", "=", self.partner_id.id),
            ("company_id", "=", self.company_id.id),
            ("state", "=", "posted"),
        ]
        writeoffs = self.env["ar.writeoff"]
        if not writeoffs.has_access("read"):
            return None
        [(count, amount, recovered, last)] = writeoffs._read_group(
            domain, aggregates=["__count", "amount:sum", "amount_recovered:sum", "date:max"]
        )
        if not count:
            return None
        note = self.env._("on %s", self._format_day(last))
        if recovered:
            note = self.env._(
                "on %(day)s, %(amount)s recovered",
                day=self._format_day(last),
                amount=self._format_amount(recovered),
            )
        return {
            "name": "written_off",
            "label": self.env._("Written off"),
            "text": self._format_amount(amount),
            "note": note,
            "tone": "danger",
        }

    def _prepare_provision_fact(self):
        """Return the expected loss by the last posted provision run; None: nothing, or not for the user."""
        if not self.env["ar.provision.run"].has_access("read"):
            return None
        amounts = self.env["ar.provision.run"]._sum_by_customer(self.company_id, self.partner_id)
        amount = amounts.get(self.partner_id.id, 0.0)
        if self.currency_id.is_zero(amount):
            return None
        return {
            "name": "provision",
            "label": self.env._("Expected loss"),
            "text": self._format_amount(amount),
            "note": self.env._("by the last provision run"),
            "tone": "muted",
        }

    @api.model
    def _get_event_labels(self):
        return {**super()._get_event_labels(), "writeoff": ("fa-eraser", self.env._("Written off"))}

    def _close_done(self):
        self._close_written_off()
        return super()._close_done()

    def _close_written_off(self):
        """Close cases in which nothing is owed any more because the rest was written off: at once."""
        cases = self.sudo().filtered(lambda case: case.state == "open")  # sudo: nobody writes cases
        for company, batch in cases.grouped("company_id").items():
            writeoffs = self.env["ar.writeoff"].sudo()  # sudo: whoever books it
            found = writeoffs._read_group(
                [
                    ("partner_id", "in", batch.partner_id.ids),
                    ("company_id", "=", company.id),
                    ("state", "=", "posted"),
                ],
                ["partner_id"],
                ["amount:sum", "date:max"],
            )
            lost = {partner.id: (amount, last) for partner, amount, last in found}
            batch = batch.filtered(
                lambda case, lost=lost: (
                    case.partner_id.id in lost and lost[case.partner_id.id][1] >= case.opened_date
                )
            )
            figures = batch._get_case_figures()
            for case in batch:
                if case.currency_id.compare_amounts(figures[case.id]["owed"] or 0.0, 0.0) <= 0:
                    amount, last = lost[case.partner_id.id]
                    case._close(
                        self.env._(
                            "Nothing is owed any more: %(amount)s was written off, the last of it on %(day)s",
                            amount=case._format_amount(amount),
                            day=case._format_day(last),
                        )
                    )
