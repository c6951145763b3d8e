from odoo import models


class ArCollectorNotesMixin(models.AbstractModel):
    """Chatter and activities for those who work on records that they may not write.

    Whoever reads the record sees its activities; collectors write notes, other readers do not. Notes are kept
    as long as their record. Stands before ``mail.thread`` in ``_inherit``.
    """

    _name = "ar.collector.notes.mixin"
    _description = "Notes by Collectors"
    _mail_post_access = "read"

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        if message_operation == "create" and not self.env.user.has_group("ar_credit_control.group_collector"):
            return dict.fromkeys(self, "write")
        if message_operation == "unlink":
            return dict.fromkeys(self, "unlink")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)
