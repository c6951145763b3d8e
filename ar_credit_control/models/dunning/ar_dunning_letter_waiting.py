from odoo import api, fields, models
from odoo.fields import Command

from .ar_dunning_letter_dispatch import BY_HAND, TASKS

# Letters that are brought up to date in one commit.
BATCH = 50
# Where a person speaks with the customer when the letter is delivered, and not before.
SPOKEN = ("call", "visit", "message")


class ArDunningLetter(models.Model):
    """Letters that wait for a person: what is paid before they are delivered is not asked for any more."""

    _inherit = "ar.dunning.letter"

    printed_on = fields.Datetime(
        readonly=True, help="When it was printed to be posted: from then on it stays as it is."
    )

    def action_print(self):
        """Print letters; those to be posted are brought up to date before they are printed first."""
        self.check_access("read")
        posted = self.filtered(lambda letter: letter.channel == "post" and letter.can_mark_contacted)
        waiting = posted.sudo()  # sudo: nobody has the right to write letters; who delivers them was checked
        left = waiting._bring_up_to_date()
        left.printed_on = fields.Datetime.now()
        letters = self - waiting.filtered(lambda letter: letter.state == "cancelled")
        if self and not letters:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "warning",
                    "message": self.env._("Nothing is left to claim in these letters: they were dropped."),
                    "next": {"type": "ir.actions.client", "tag": "soft_reload"},
                },
            }
        return super(ArDunningLetter, letters).action_print()

    @api.model
    def _cron_bring_up_to_date(self):
        """Drop what was settled since it was queued, and bring the others up to date."""
        letters = self.sudo()  # the schedule serves every company
        waiting = letters.search([("state", "=", "queued"), ("channel", "in", SPOKEN)])
        if not waiting:
            return
        self.env["ar.schedule"]._handle_batches(waiting, waiting.__class__._bring_up_to_date, BATCH)

    def _judge(self):
        """Bring letters up to date whose items were matched, see ``ar.item.settlement``."""
        self.filtered(lambda letter: letter.channel in SPOKEN)._bring_up_to_date()
        self._end_tasks()

    def _end_tasks(self):
        """Take the call or visit away that a letter has besides, where all that it asked for is paid."""
        kinds = self._get_spoken_types()
        for letter in self.filtered(lambda letter: letter.state == "sent"):
            tasks = letter.activity_ids.filtered(lambda task: task.activity_type_id in kinds)
            if tasks and not letter._get_amount_to_pay():
                tasks.unlink()

    @api.model
    def _get_spoken_types(self):
        return self.env["mail.activity.type"].browse(self.env.ref(TASKS[channel]).id for channel in SPOKEN)

    def _bring_up_to_date(self):
        """Bring letters that a person is to deliver up to what is open now; return those that still are to.

        Those with nothing left to claim are dropped with their tasks. Printed ones stay as they are.
        """
        letters = self.try_lock_for_update(allow_referencing=True)
        letters.invalidate_recordset()
        letters = letters.filtered(
            lambda letter: letter.state == "queued" and letter.channel in BY_HAND and not letter.printed_on
        )
        for batch in letters._split_by_claim():
            for policy, same in batch.grouped("policy_id").items():
                same._follow_claims(policy)
        return letters.filtered(lambda letter: letter.state == "queued")

    def _split_by_claim(self):
        """Return batches in which no customer has two letters in a currency, as merged customers may."""
        groups = self.grouped(
            lambda letter: (letter.company_id, letter.partner_id.commercial_partner_id, letter.currency_id)
        ).values()
        return [
            self.browse().union(*(group[place : place + 1] for group in groups))
            for place in range(max(map(len, groups), default=0))
        ]

    def _follow_claims(self, policy):
        changed = self.browse()
        for letter, (row, items, reason) in self._get_open_claims(policy, policy._get_today()).items():
            if reason:
                letter._cancel_unsent(reason)
                letter.activity_ids.filtered(
                    lambda task: task.activity_type_id in self._get_task_types()
                ).unlink()
                continue
            asked = letter.amount_due - letter.amount_credit
            if letter.currency_id.compare_amounts(asked, row["amount_due"] - row["amount_credit"]):
                letter._update_lines(items)
                letter.write(letter._prepare_waiting_values(row))
                changed += letter
        changed._claim_interest()
        posted = changed.filtered(lambda letter: letter.channel == "post")
        posted.enclosure_ids = [Command.clear()]
        posted._enclose()
        posted._keep_documents()
        for letter in changed.filtered(lambda letter: letter.channel == "message"):
            task = self.env.ref(TASKS["message"])
            letter.activity_ids.filtered(lambda activity, task=task: activity.activity_type_id == task).write(
                {"note": letter._prepare_task_note("message")}
            )

    def _prepare_waiting_values(self, row):
        """Return the figures of a letter; its day, its stage and how it is delivered stay."""
        values = self._prepare_recheck_values(row, self.date)
        return {
            name: value
            for name, value in values.items()
            if name not in ("stage_id", "user_id", "recipient_id", "channel")
        }
