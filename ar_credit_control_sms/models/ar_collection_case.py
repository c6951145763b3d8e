from odoo import models
from odoo.exceptions import UserError


class ArCollectionCase(models.Model):
    _inherit = "ar.collection.case"

    def action_send_sms(self):
        """Open Odoo's SMS dialog for the person to speak to, with what can be asked for as its text.

        :raise AccessError: for who may not log contacts with this customer
        :raise UserError: for a closed case, and where nobody has a number for SMS
        """
        self.ensure_one()
        self._check_sms()
        person = self._get_sms_person()
        if not person:
            raise UserError(
                self.env._("Nobody at %s has a number for SMS, or wants any.", self.partner_id.display_name)
            )
        return {
            "name": self.env._("SMS to %s", person.name or person.display_name),
            "type": "ir.actions.act_window",
            "res_model": "sms.composer",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_composition_mode": "comment",
                "default_res_model": self._name,
                "default_res_id": self.id,
                "default_collection_contact_id": person.id,
                # With any other space than the plain one a gateway takes 70 characters for an SMS, not 160.
                "default_body": self.get_copy_text().replace("\xa0", " "),
            },
        }

    def _check_sms(self):
        self.check_access("read")
        self.env["ar.collection.activity"]._check_logs(self.partner_id, self.company_id)
        if self.state == "closed":
            raise UserError(self.env._("The case is closed. Open it again to work on it."))

    def _check_sms_person(self, person):
        if person.commercial_partner_id != self.partner_id.commercial_partner_id:
            raise UserError(self.env._("%s is no contact of this customer.", person.display_name))

    def _get_sms_person(self):
        """Return who gets an SMS: whom to speak to, else somebody else there with a number, if anybody."""
        first = self.env["ar.collection.activity"]._get_first_contact(self.partner_id)
        others = self.partner_id.child_ids.filtered(lambda child: child.type in ("contact", "invoice"))
        people = first | others | self.partner_id
        reached = self.env["ar.dunning.letter"]._filter_reached_by_sms(people)
        return people.filtered(lambda person: person in reached)[:1]

    def _mail_get_partners(self, introspect_fields=False):
        """The person who was chosen in the SMS dialog gets the SMS, not the customer as such."""
        partners = super()._mail_get_partners(introspect_fields=introspect_fields)
        chosen = self.env["res.partner"].browse(self.env.context.get("collection_contact_id"))
        for case in self if chosen else ():
            if chosen.commercial_partner_id == case.partner_id.commercial_partner_id:
                partners[case.id] = chosen
        return partners

    def _log_sms(self, person, text):
        """Log an SMS as a message that was left: nobody was spoken with, and the case rests."""
        self.ensure_one()
        activity = self.env["ar.collection.activity"]._log_contact(
            self.partner_id,
            self.company_id,
            "message",
            self.env.ref("ar_credit_control.collection_outcome_left_message"),
            contact_id=person.id,
            note=text,
        )
        activity._rest_case()
        return activity
