from odoo import fields, models


class SmsComposer(models.TransientModel):
    """An SMS from a case goes to the person to speak to, and is a contact with the customer."""

    _inherit = "sms.composer"

    collection_contact_id = fields.Many2one("res.partner", string="Person to Speak To")

    def _get_records(self):
        records = super()._get_records()
        if self.res_model == "ar.collection.case" and self.collection_contact_id:
            return records.with_context(collection_contact_id=self.collection_contact_id.id)
        return records

    def _action_send_sms_comment_single(self, records=None):
        person = self.collection_contact_id
        if self.res_model != "ar.collection.case" or not person:
            return super()._action_send_sms_comment_single(records)
        case = self._get_records()
        case._check_sms()
        case._check_sms_person(person)
        # One number: Odoo's own way sends to the contact's, too, where another one was typed.
        number = self.recipient_single_number_itf or self.recipient_single_number
        message = case._message_sms(
            self._prepare_body_values(case)[case.id],
            partner_ids=person.ids,
            sms_pid_to_number={person.id: person._phone_format(number=number) or number},
        )
        case._log_sms(person, self.body)
        return message
