import logging
from functools import partial

from odoo import api, models
from odoo.exceptions import LockError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import html2plaintext

_logger = logging.getLogger(__name__)

# Another transaction was there first: nothing is wrong, the same work passes a moment later.
CONFLICTS = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, LockError)


class ArSchedule(models.AbstractModel):
    """How schedules go on where one customer, document or company stops them.

    Each part of the work is a transaction of its own, its commit included, since hooks write before it. What
    fails is rolled back as a whole and never to a savepoint: after a conflict a transaction at REPEATABLE
    READ keeps its old view of the data, and everything that follows would meet the same conflict again.
    """

    _name = "ar.schedule"
    _description = "Work of Schedules"

    @api.model
    def _handle_each(self, parts, handle, report=None):
        """Handle the parts of a schedule's work, each in a commit of its own, while there is time.

        :param parts: records, or whatever ``handle`` takes
        :param handle: called with a part
        :param report: called with a part and its error, unless that is a conflict; by default the part's
            history says it
        :return: whether there was time for all of them
        """
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(parts))
        for part in parts:
            self._handle_one(part, handle, report)
            if not cron._commit_progress(processed=1):
                return False
        return True

    @api.model
    def _handle_batches(self, records, handle, size, report=None):
        """Handle records in batches of a commit each; those of a batch that fails one by one.

        :return: whether there was time for all of them
        """
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(records))
        for start in range(0, len(records), size):
            batch = records[start : start + size].with_prefetch()
            if self._attempt(partial(handle, batch)):
                for record in batch:
                    self._handle_one(record, handle, report)
            if not cron._commit_progress(processed=len(batch)):
                return False
        return True

    @api.model
    def _handle_one(self, part, handle, report=None, tries=1):
        """Handle one part in a commit of its own.

        :param tries: how often to begin anew after a conflict before the next run takes the part up
        :return: False when it is left to the next run; True when it is done, or its failure reported
        """
        if isinstance(part, models.BaseModel):
            # What a commit invalidates is read again: for this one, not for all that are still to come.
            part = part.with_prefetch()
        for _try in range(tries):
            error = self._attempt(partial(handle, part))
            if error is None:
                return True
            if not isinstance(error, CONFLICTS):
                self._report_failure(part, error, report)
                return True
        _logger.info("%s is being worked on by someone; the next run takes it up", part)
        return False

    @api.model
    def _attempt(self, work):
        """Do some work and commit it. Return None, or the error: then nothing of it was done."""
        try:
            work()
            self.env["ir.cron"]._commit_progress()
        except Exception as error:  # the caller says which error it was; nothing is swallowed
            self.env.cr.rollback()
            return error
        return None

    @api.model
    def _report_failure(self, part, error, report=None):
        """Log which part failed and why, and leave it where a person finds it."""
        is_expected = isinstance(error, UserError)
        _logger.log(
            logging.INFO if is_expected else logging.ERROR,
            "%s could not be dealt with: %s",
            self._get_name(part),
            error,
            exc_info=None if is_expected else error,
        )
        note_error = self._attempt(partial(report or self._note_failure, part, error))
        if note_error:
            _logger.error("The failure of %s could not be noted", part, exc_info=note_error)

    @api.model
    def _get_name(self, part):
        """Return a part as the log names it: its records with the names that people know."""
        if isinstance(part, tuple):
            return ", ".join(map(self._get_name, part))
        if not isinstance(part, models.BaseModel):
            return str(part)
        return f"{part} {', '.join(part.sudo().exists().mapped('display_name'))}"  # sudo: the server's log

    @api.model
    def _note_failure(self, part, error):
        """Note in the history of a record why the schedule could not deal with it, once for each reason."""
        if not isinstance(part, self.env.registry["mail.thread"]) or not part.exists():
            return
        body = self.env._("The schedule could not deal with this: %s", " ".join(str(error).split()))
        for record in part.sudo():  # sudo: the schedule's note, whoever it acts for
            if html2plaintext(record.message_ids[:1].body or "").split() != body.split():
                record._message_log(body=body)
