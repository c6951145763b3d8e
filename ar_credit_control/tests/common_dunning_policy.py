from datetime import timedelta

from odoo.tools import SQL

from .common_dunning import DunningCase


class DunningPolicyCase(DunningCase):
    """Adds what the tests of policies, pauses and exclusions share."""

    def outcome(self, partner=None, date=None, policy=None):
        """The letter or the reason of a customer in the preview: ``(stage or reason, amount)`` rows."""
        # Rows have no identity of their own: what was read before the change must not answer.
        self.env["ar.dunning.preview"].invalidate_model()
        rows = self.preview(date, policy).search([("partner_id", "=", (partner or self.customer).id)])
        return sorted((row.stage_id.name or row.reason, row.amount) for row in rows)

    def preview(self, date=None, policy=None):
        return self.env["ar.dunning.preview"].with_context(**self.preview_context(date, policy))

    def preview_items(self, date=None, policy=None):
        return self.env["ar.dunning.preview.item"].with_context(**self.preview_context(date, policy))

    def preview_context(self, date, policy):
        return {
            "dunning_policy_id": (policy or self.policy).id,
            "dunning_date": str(date or self.today),
        }

    def pause(self, *rows):
        """Let the rooms that pause items say these rows: (invoice, amount or None, reason, until or None)."""
        items = [(move.line_ids.filtered("date_maturity")[:1], *said) for move, *said in rows]
        model = type(self.env["ar.item.pause"])
        before = model._pause_parts

        def parts(model, root, date):
            # As a room would: its own company only, and a promise is over after its last day.
            rows = SQL(", ").join(
                SQL(
                    "(%s, %s, %s::date, %s::numeric, %s::varchar, %s::date)",
                    item.move_id.id,
                    item.partner_id.commercial_partner_id.id,
                    item.date_maturity,
                    amount,
                    reason,
                    until,
                )
                for item, amount, reason, until in items
                if item.company_id.root_id == root and (until is None or until >= date)
            )
            said = SQL("SELECT * FROM (VALUES %s) said", rows) if rows.code else None
            return [*before(model, root, date), *([said] if said else [])]

        self.patch(model, "_pause_parts", parts)

    def send_on(self, date, letters):
        """Send letters as if that had been on ``date``."""
        self.send(letters)
        letters.sudo().date = date

    def day(self, days):
        return self.today + timedelta(days=days)
