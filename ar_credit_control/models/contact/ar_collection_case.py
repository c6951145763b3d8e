from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list

# People shown on a case.
PEOPLE = 5


class ArCollectionCase(models.Model):
    """Contacts with the customer, on the case: logged in a dialog or with one click."""

    _inherit = "ar.collection.case"

    contact_log_ids = fields.One2many(
        "ar.collection.activity",
        compute="_compute_contact_log_ids",
        string="Contacts",
        help="Contacts with the customer, also from before the case was opened.",
    )

    @api.depends("partner_id", "company_id")
    def _compute_contact_log_ids(self):
        activities = self.env["ar.collection.activity"].search(
            [
                ("partner_id.commercial_partner_id", "in", self._get_customer_ids()),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        by_key = activities.grouped(self._get_customer_key)
        for case in self:
            case.contact_log_ids = by_key.get(self._get_customer_key(case), False)

    def action_log_contact(self):
        """Open the dialog that logs a contact.

        :raise AccessError: for who may not log contacts with this customer
        """
        self.ensure_one()
        self.check_access("read")
        return self.env["ar.collection.contact"]._open_form(
            self.partner_id, self.company_id, kind=self.env.context.get("contact_kind") or "call"
        )

    def action_no_answer(self):
        """Log with one click that nobody answered; the case rests until the next working day."""
        return self._log_attempt(self.env.ref("ar_credit_control.collection_outcome_no_answer"))

    def action_left_message(self):
        """Log with one click that a message was left; the case rests for two working days."""
        return self._log_attempt(self.env.ref("ar_credit_control.collection_outcome_left_message"))

    def _log_attempt(self, outcome):
        """Log calls in which nobody was reached, one for each of these cases.

        :raise AccessError: for who may not log contacts with these customers
        :raise UserError: for a closed case
        """
        self.check_access("read")
        activities = self.env["ar.collection.activity"]
        for case in self:
            if case.state == "closed":
                raise UserError(self.env._("The case is closed. Open it again to work on it."))
            activities._check_logs(case.partner_id, case.company_id)
            person = activities._get_first_contact(case.partner_id)
            activity = activities._log_contact(
                case.partner_id, case.company_id, "call", outcome, contact_id=person.id
            )
            activity._rest_case()
        names = format_list(self.env, self.partner_id.mapped("display_name"))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": f"{outcome.name}: {names}",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _prepare_people(self):
        people = super()._prepare_people()
        known = {person["id"] for person in people}
        contacts = self.partner_id.child_ids
        for contact in contacts.filtered(lambda contact: contact.collection_role and contact.id not in known):
            if contact.phone or contact.email:
                people.append(
                    {
                        "id": contact.id,
                        "name": contact.name,
                        "role": contact.function or "",
                        "phone": contact.phone or "",
                        "email": contact.email or "",
                    }
                )
        roles = dict(contacts._fields["collection_role"]._description_selection(self.env))
        order = list(roles)
        role_of = {contact.id: contact.collection_role for contact in contacts}
        for person in people:
            if role := role_of.get(person["id"]):
                person["role"] = " · ".join(filter(None, (roles[role], person["role"])))
        people.sort(key=lambda person: order.index(role_of.get(person["id"]) or order[-1]))
        return people[:PEOPLE]
