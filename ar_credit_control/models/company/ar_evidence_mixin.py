from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import format_list

# What the chatter writes on a record.
THREAD = frozenset(
    {
        "activity_ids",
        "message_follower_ids",
        "message_ids",
        "message_main_attachment_id",
        "message_partner_ids",
    }
)


class ArEvidenceMixin(models.AbstractModel):
    """Records that are evidence: never deleted, changed by their own methods.

    A model says what a person may write (:meth:`_get_writable_fields`); its methods check who asks and write
    the rest through :meth:`_write_evidence`. Names of states come from the field ``state``.
    """

    _name = "ar.evidence.mixin"
    _description = "Evidence"

    # Fields that only the methods of the model write: they have no default from outside.
    _own_fields = frozenset()
    # Whether only the methods of the model make records, each once.
    _made_by_methods = False

    @api.model
    def default_get(self, fields):
        context = {key: value for key, value in self.env.context.items() if key[8:] not in self._own_fields}
        return super(ArEvidenceMixin, self.with_env(self.env(context=context))).default_get(fields)

    @api.model_create_multi
    def create(self, vals_list):
        if self._made_by_methods and not self.env.su:
            raise AccessError(self.env._("This is recorded by its own actions, not typed in."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._check_writable(vals)
        if "document_ids" not in vals or "document_ids" not in self._fields:
            return super().write(vals)
        proof = {} if self.env.su else {record: record.document_ids for record in self._filter_proven()}
        result = super().write(vals)
        if any(documents - record.document_ids for record, documents in proof.items()):
            raise UserError(self.env._("Proof is added, never taken away."))
        self._claim_documents()
        return result

    def copy_data(self, default=None):
        if self._made_by_methods:
            raise UserError(self.env._("This is recorded once: it cannot be duplicated."))
        return super().copy_data(default)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self._get_keep_text())

    @api.model
    def _get_keep_text(self):
        """Return why it is not deleted, and what to do instead."""
        return self.env._("This is kept as evidence: cancel or withdraw it instead.")

    def _get_writable_fields(self):
        """Return the names of what a person may write on one record now; None: all that the rights allow."""
        return

    def _filter_proven(self):
        """Return the records whose files are proof: nobody takes them away any more."""
        return self.browse()

    def _check_writable(self, vals):
        for record in self:
            writable = record._get_writable_fields()
            if writable is None:
                continue
            if blocked := vals.keys() - THREAD - writable:
                labels = sorted(
                    self._fields[name]._description_string(self.env) if name in self._fields else name
                    for name in blocked
                )
                raise AccessError(
                    self.env._(
                        "%(record)s: %(fields)s cannot be changed now.",
                        record=record.sudo().display_name,  # sudo: its name, for the message
                        fields=format_list(self.env, labels),
                    )
                )

    def _write_evidence(self, vals):
        """Write what :meth:`write` refuses to everybody else; the callers check who may."""
        return self.sudo().write(vals)  # sudo: nobody has the right to write evidence

    def _claim_documents(self):
        """Tie uploaded files to their record, so that who reads it reads them.

        Of files of other records it keeps copies: there they may be deleted or replaced.

        :raise AccessError: for files that the user may not read
        """
        for record in self:
            documents = record.sudo().document_ids  # sudo: who may not read all attachments any more
            others = documents.filtered(
                lambda document, record=record: (
                    document.res_model != record._name or document.res_id != record.id
                )
            )
            if others:
                others.with_env(record.env).check_access("read")
                given = others._give_to(record)
                if given != others:
                    record._write_evidence({"document_ids": [Command.set((documents - others | given).ids)]})

    def _check_state(self, *states):
        """Refuse what is not possible in the state of a record.

        :raise UserError: naming the record and its state
        """
        names = dict(self._fields["state"]._description_selection(self.env))
        for record in self:
            if record.state not in states:
                raise UserError(
                    self.env._(
                        "%(record)s is “%(state)s”: this cannot be done any more, or not yet.",
                        record=record.display_name,
                        state=names[record.state],
                    )
                )

    def _check_reason(self, reason):
        """Return the reason of a decision; refuse an empty one."""
        if not (reason or "").strip():
            raise UserError(self.env._("Say why: the reason is kept."))
        return reason.strip()

    def _log_reason(self, what, reason):
        reason = self._check_reason(reason)
        for record in self:
            record._message_log(body=self.env._("%(what)s: %(reason)s", what=what, reason=reason))
