import math

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import format_date, format_list

from ..models.contact.ar_collection_activity import KINDS, LETTER_CHANNELS
from ..models.contact.ar_collection_outcome import OFFERS
from ..models.contact.res_partner import COLLECTION_ROLES

# What the dialog records about items of the customer.
ABOUT_ITEMS = ("promise", "says_paid", "time")
# Items listed for a dispute; whoever has more of them disputes the rest from the case.
MAX_DISPUTED = 100
# What reasons entail, by their follow-up.
STOPS = ("stop", "insolvent")
HAND_OVERS = ("legal", "insolvent")
# A dialog that was left open measures no call.
MINUTES = 60


class ArCollectionContact(models.TransientModel):
    """Logs a contact and what came of it in one go: promise, dispute, plan, pause, next step.

    Each part is left out when its fields are left empty. Salespeople log contacts and disputes of their own
    customers; what they hear beyond that becomes a next step of the collector.
    """

    _name = "ar.collection.contact"
    _description = "Log a Contact"

    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    corrects_id = fields.Many2one("ar.collection.activity", string="Takes the Place Of", readonly=True)
    opened_on = fields.Datetime(default=lambda self: fields.Datetime.now())
    kind = fields.Selection(KINDS, string="How", required=True, default="call")
    incoming = fields.Boolean(string="They contacted us")
    contact_id = fields.Many2one(
        "res.partner",
        string="Spoke With",
        compute="_compute_contact_id",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        domain="[('commercial_partner_id', '=', partner_id)]",
    )
    contact_role = fields.Selection(
        COLLECTION_ROLES,
        string="Role",
        compute="_compute_contact_role",
        store=True,
        readonly=False,
        precompute=True,
    )
    contact_phone = fields.Char(string="Telephone", compute="_compute_contact_phone")
    date = fields.Datetime(required=True, default=lambda self: fields.Datetime.now())
    minutes = fields.Integer(help="Zero: the time since this dialog was opened.")
    outcome_id = fields.Many2one("ar.collection.outcome")
    reached = fields.Boolean(related="outcome_id.reached")
    reason_id = fields.Many2one(
        "ar.collection.reason",
        string="Why Not Paid",
        compute="_compute_reason_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    reason_needed = fields.Boolean(related="outcome_id.asks_reason")
    implied_reason_id = fields.Many2one(related="outcome_id.reason_id", string="Implied Reason")
    follow_up = fields.Selection(related="reason_id.follow_up")
    what_to_ask = fields.Text(related="reason_id.note")
    note = fields.Text(string="What Was Said")
    document_ids = fields.Many2many("ir.attachment", string="Files")

    # What is recorded with the contact
    offers = fields.Selection(OFFERS, compute="_compute_offers")
    is_collector = fields.Boolean(compute="_compute_is_collector")
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_items", compute_sudo=False, store=True, readonly=False
    )
    currency_ids = fields.Many2many("res.currency", string="Currencies", compute="_compute_currency_ids")
    item_ids = fields.Many2many(
        "ar.aging.report",
        string="For These Items",
        compute="_compute_items",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="Everything due; take off what was not meant.",
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=False,
        help="What is not in dispute of the items. Less when the customer said less: it counts for the "
        "oldest first.",
    )
    disputed_text = fields.Char(compute="_compute_disputed_text")
    promise_date = fields.Date(string="Payment by", help="Day on which the money will be there.")
    former_text = fields.Char(compute="_compute_former_text")
    send_mail = fields.Boolean(string="Confirm by e-mail")
    has_email = fields.Boolean(compute="_compute_contact_phone")
    category_id = fields.Many2one(
        "ar.dispute.category",
        string="Dispute Category",
        compute="_compute_category_id",
        store=True,
        readonly=False,
    )
    category_note = fields.Text(related="category_id.note")
    dispute_line_ids = fields.One2many(
        "ar.collection.contact.line",
        "dialog_id",
        string="Disputed Items",
        compute="_compute_dispute_line_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    dispute_all = fields.Boolean(string="All of everything")
    time_kind = fields.Selection(
        [("deferral", "One later day"), ("plan", "Instalments")], string="They Ask For", default="deferral"
    )
    time_date = fields.Date(string="First Payment", help="Leave empty to draft it later.")
    time_count = fields.Integer(string="Instalments", default=3)
    has_slip = fields.Boolean(string="Slip received", help="Attach it below.")
    said_before = fields.Char(compute="_compute_said_before")
    approver = fields.Char(help="Who approves the payment at the customer.")
    person_name = fields.Char(string="New Contact Person")
    person_phone = fields.Char(string="Their Telephone")
    person_email = fields.Char(string="Their E-mail")
    send_invoices = fields.Boolean(
        string="Send the invoices again now",
        compute="_compute_send_invoices",
        store=True,
        readonly=False,
        help="Opens the mail with the invoices as PDF.",
    )
    ask_stop = fields.Boolean(
        string="Ask to stop supply",
        compute="_compute_consequences",
        store=True,
        readonly=False,
        help="Who decides on the customer's limit decides on it: until then orders go on.",
    )
    stop_text = fields.Char(compute="_compute_stop_text", compute_sudo=True)
    tell_insurers = fields.Boolean(
        string="Tell insurers and guarantors",
        compute="_compute_consequences",
        store=True,
        readonly=False,
        help="Who looks after each security is asked to report or to claim by its last day.",
    )
    hand_over = fields.Boolean(
        string="Draft the hand-over to a lawyer",
        compute="_compute_consequences",
        store=True,
        readonly=False,
        help="Opens the draft; a credit controller approves it.",
    )

    # What comes next, proposed by what the user may do: never computed as the superuser
    next_step = fields.Char(
        compute="_compute_next_step", compute_sudo=False, store=True, readonly=False, precompute=True
    )
    next_date = fields.Date(
        string="Next Step On",
        compute="_compute_next_step",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
    )
    next_user_id = fields.Many2one(
        "res.users",
        string="By Whom",
        compute="_compute_next_step",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
        domain="[('share', '=', False), ('company_ids', 'child_of', company_id)]",
    )
    step_ids = fields.Many2many(
        "mail.activity",
        string="Done With This",
        compute="_compute_step_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
        help="Steps that were planned until today.",
    )
    known_step_ids = fields.Many2many("mail.activity", compute="_compute_known_step_ids")

    # Beside it
    letter_text = fields.Char(compute="_compute_playbook", help="Where dunning stands.")
    playbook = fields.Html(compute="_compute_playbook", sanitize=False)
    copy_text = fields.Text(string="Text to Copy", compute="_compute_copy_text")

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------

    @api.model
    def _get_action(self, partner, company):
        """Return the action that opens the dialog for a customer; a contact stands for its company."""
        debtor = partner.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Log a Contact: %s", debtor.display_name),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": debtor.id,
                "default_company_id": company._credit_root().id,
                "dialog_size": "extra-large",
            },
        }

    @api.model
    def _open_form(self, partner, company, kind="call"):
        """Return the action that opens the dialog, for who may log contacts with the customer."""
        self.env["ar.collection.activity"]._check_logs(partner, company._credit_root())
        action = self._get_action(partner, company)
        action["context"]["default_kind"] = kind
        if partner.is_company is False and partner.parent_id:
            action["context"]["default_contact_id"] = partner.id
        return action

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("partner_id")
    def _compute_contact_id(self):
        for dialog in self:
            dialog.contact_id = self.env["ar.collection.activity"]._get_first_contact(dialog.partner_id)

    @api.depends("contact_id")
    def _compute_contact_role(self):
        for dialog in self:
            dialog.contact_role = dialog.contact_id.collection_role

    @api.depends("contact_id", "partner_id")
    def _compute_contact_phone(self):
        for dialog in self:
            dialog.contact_phone = dialog.contact_id.phone or dialog.partner_id.phone
            dialog.has_email = bool(dialog.contact_id.email or dialog.partner_id.email)

    @api.depends_context("uid")
    def _compute_is_collector(self):
        self.is_collector = self.env["ar.collection.activity"]._is_collector()

    @api.depends("outcome_id")
    def _compute_reason_id(self):
        for dialog in self:
            # What was chosen stays while the outcome leaves it open.
            if dialog.outcome_id.reason_id:
                dialog.reason_id = dialog.outcome_id.reason_id
            elif not dialog.outcome_id.reached or dialog.reason_id == self._get_implied(dialog.reason_id):
                dialog.reason_id = False

    @api.model
    def _get_implied(self, reason):
        """Return the reason if it is one that only an outcome fills in."""
        outcomes = self.env["ar.collection.outcome"].search_count([("reason_id", "=", reason.id)], limit=1)
        return reason if reason and outcomes else None

    @api.depends("outcome_id", "reason_id")
    def _compute_offers(self):
        for dialog in self:
            of_reason = dialog.reason_id.follow_up
            of_reason = of_reason if of_reason in dict(OFFERS) else False
            dialog.offers = dialog.outcome_id.offers or (dialog.outcome_id.reached and of_reason)

    @api.depends("partner_id", "company_id", "offers")
    def _compute_items(self):
        wizards = self.env["ar.payment.promise.wizard"]
        for dialog in self:
            if dialog.offers not in ABOUT_ITEMS:
                dialog.item_ids = False
                dialog.currency_id = dialog.company_id.currency_id
                continue
            items = wizards._get_default_items(dialog.partner_id, dialog.company_id)
            currency = wizards._get_main_currency(items) or dialog.company_id.currency_id
            dialog.currency_id = currency
            dialog.item_ids = items.filtered(lambda item, currency=currency: item.currency_id == currency)

    @api.depends("partner_id", "company_id", "offers")
    def _compute_dispute_line_ids(self):
        """List what is open and not in dispute; of one item all is disputed, of several the customer says."""
        for dialog in self:
            if dialog.offers != "dispute":
                dialog.dispute_line_ids = [Command.clear()]
                continue
            items = self.env["ar.aging.report"].search(
                [
                    ("partner_id", "=", dialog.partner_id.id),
                    ("root_company_id", "=", dialog.company_id.id),
                    ("amount_currency", ">", 0),
                    ("account_id.non_trade", "=", False),
                ],
                order="date_maturity, id",
                limit=MAX_DISPUTED,
            )
            disputed = self.env["ar.dispute"]._get_disputed(items)
            left = {item: item.amount_currency - disputed.get(item.id, 0.0) for item in items}
            lines = [
                dialog._prepare_dispute_line(item, amount)
                for item, amount in left.items()
                if item.currency_id.compare_amounts(amount, 0.0) > 0
            ]
            if len(lines) == 1:
                lines[0].update(whole=True, amount=lines[0]["amount_left"])
            dialog.dispute_line_ids = [Command.clear(), *map(Command.create, lines)]

    @api.model
    def _prepare_dispute_line(self, item, amount_left):
        return {
            "item": item.id,
            "name": item.move_name,
            "date_maturity": item.date_maturity,
            "currency_id": item.currency_id.id,
            "amount_left": amount_left,
        }

    @api.onchange("dispute_all")
    def _onchange_dispute_all(self):
        for line in self.dispute_line_ids:
            line.whole = self.dispute_all
            line.amount = line.amount_left if self.dispute_all else 0.0

    @api.depends("partner_id", "offers")
    def _compute_currency_ids(self):
        for dialog in self:
            claims = self.env["ar.aging.report"]
            if dialog.offers in ABOUT_ITEMS:
                claims = self.env["ar.item.settlement"]._get_claims(dialog.partner_id, dialog.company_id)
            dialog.currency_ids = claims.currency_id | dialog.currency_id

    @api.onchange("currency_id")
    def _onchange_currency_id(self):
        if self.item_ids and self.currency_id and self.item_ids.currency_id != self.currency_id:
            wizards = self.env["ar.payment.promise.wizard"]
            items = wizards._get_default_items(self.partner_id, self.company_id)
            self.item_ids = items.filtered(lambda item: item.currency_id == self.currency_id)

    @api.depends("item_ids")
    def _compute_amount(self):
        for dialog in self:
            items = dialog.item_ids._origin
            total = sum(items.mapped("amount_currency"))
            disputed = self.env["ar.item.settlement"]._get_disputed(items)
            dialog.amount = max(total - sum(disputed.values()), 0.0) or total

    @api.depends("item_ids", "offers")
    def _compute_disputed_text(self):
        wizards = self.env["ar.payment.promise.wizard"]
        for dialog in self:
            items = dialog.item_ids._origin if dialog.offers == "promise" else dialog.item_ids.browse()
            dialog.disputed_text = wizards._describe_disputed(items, dialog.currency_id)

    @api.depends("item_ids", "offers")
    def _compute_former_text(self):
        for dialog in self:
            former = self.env["ar.payment.promise"]
            if dialog.offers == "promise" and dialog.item_ids:
                former = former._get_open_about(dialog.item_ids._origin.sudo())  # sudo: that there is one
            days = format_list(self.env, [format_date(self.env, promise.date) for promise in former])
            dialog.former_text = days and self.env._("Takes the place of the promise for %s.", days)

    @api.depends("item_ids", "offers")
    def _compute_said_before(self):
        for dialog in self:
            again = set()
            if dialog.offers == "says_paid" and dialog.item_ids:
                probe = self.env["ar.collection.activity"].new(
                    {"day": dialog.company_id._credit_today(), "corrects_id": dialog.corrects_id.id}
                )
                again = probe._get_said_before(dialog.item_ids._origin.sudo())  # sudo: whether it was said
            names = [
                item.move_name
                for item in dialog.item_ids._origin
                if (item.move_id.id, item.date_maturity) in again
            ]
            dialog.said_before = bool(names) and self.env._(
                "Said lately of %s already: letters do not wait a second time. Ask for the slip.",
                format_list(self.env, names[:5]),
            )

    @api.depends("reason_id", "offers")
    def _compute_category_id(self):
        first = self.env["ar.dispute.category"]
        for dialog in self:
            category = dialog.reason_id.dispute_category_id
            if not category and dialog.offers == "dispute" and not dialog.category_id:
                category = first = first or first.search([], limit=1)
            dialog.category_id = category or dialog.category_id

    @api.depends("reason_id")
    def _compute_send_invoices(self):
        for dialog in self:
            dialog.send_invoices = dialog.reason_id.follow_up == "resend"

    @api.depends("reason_id")
    def _compute_consequences(self):
        for dialog in self:
            follow_up = dialog.reason_id.follow_up
            dialog.ask_stop = follow_up in STOPS
            dialog.tell_insurers = follow_up == "insolvent"
            dialog.hand_over = follow_up in HAND_OVERS

    @api.depends("partner_id", "company_id")
    def _compute_stop_text(self):
        """Say that supply is stopped already, or that somebody asked before."""
        for dialog in self:
            debtor = dialog.partner_id.commercial_partner_id
            profile = self.env["ar.credit.profile"].search(
                [("partner_id", "=", debtor.id), ("company_id", "=", dialog.company_id.id)], limit=1
            )
            asked = profile and self.env["ar.credit.review"]._get_stop_asked(profile)[profile.id]
            if profile.hold_override == "block":
                dialog.stop_text = self.env._("Supply is stopped already.")
            elif asked:
                dialog.stop_text = self.env._("%s asked to stop supply already.", asked.requester_id.name)
            else:
                dialog.stop_text = False

    @api.depends("outcome_id", "reason_id", "kind", "ask_stop")
    def _compute_next_step(self):
        activities = self.env["ar.collection.activity"]
        for dialog in self:
            source, role = dialog.reason_id, dialog.reason_id.next_role
            if not source.next_step or dialog.offers in ("promise", "dispute"):
                source, role = dialog.outcome_id, "collector"
            # Who decides is asked by the request itself.
            asked = dialog.is_collector and dialog.ask_stop and dialog.reason_id.follow_up == "stop"
            if dialog.kind == "note" or asked or not source.next_step:
                dialog.next_step = dialog.next_date = dialog.next_user_id = False
                if dialog.offers == "promise" and not dialog.is_collector:
                    dialog.next_step = self.env._("Record the promise of the customer")
                    source, role = dialog.outcome_id, "collector"
                else:
                    continue
            else:
                dialog.next_step = source.next_step
            dialog.next_date = activities._plan_day(dialog.company_id, source.next_days)
            dialog.next_user_id = activities._find_person(role, dialog.partner_id, dialog.company_id)

    @api.depends("partner_id", "company_id")
    def _compute_known_step_ids(self):
        for dialog in self:
            debtor, root = dialog.partner_id, dialog.company_id
            case = self.env["ar.collection.activity"]._find_case(debtor, root)
            domain = [("res_model", "=", "ar.collection.case"), ("res_id", "=", case.id)]
            if not dialog.is_collector:
                domain = [*domain, ("user_id", "=", self.env.uid)]
            dialog.known_step_ids = self.env["mail.activity"].search(domain) if case else False

    @api.depends("outcome_id", "known_step_ids")
    def _compute_step_ids(self):
        today = fields.Date.context_today(self)
        for dialog in self:
            due = dialog.known_step_ids.filtered(lambda step: step.date_deadline <= today)
            dialog.step_ids = due if dialog.reached else False

    @api.depends("partner_id", "company_id")
    def _compute_playbook(self):
        for dialog in self:
            letter = dialog._get_last_letter()
            stage = letter.stage_id
            dialog.playbook = stage.playbook
            dialog.letter_text = f"{stage.name}, {format_date(self.env, letter.date)}" if letter else False

    def _get_last_letter(self):
        return (
            self.env["ar.dunning.letter"]
            .sudo()  # sudo: the stage of the customer, whose playbook every one may read who speaks with it
            .search(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("state", "in", ("queued", "sent")),
                ],
                order="date desc, id desc",
                limit=1,
            )
        )

    @api.depends("kind", "contact_id")
    def _compute_copy_text(self):
        for dialog in self:
            dialog.copy_text = dialog.kind == "message" and dialog._get_message_text()

    def _get_message_text(self):
        """Return the text for a messenger: of the letter that waits for it, else what is overdue."""
        letter = self._get_last_letter()
        if letter.state == "queued" and letter.channel == LETTER_CHANNELS["message"]:
            return letter.message_text
        case = self.env["ar.collection.activity"]._find_case(self.partner_id, self.company_id)
        case = case.sudo(self.env.su)
        return case.get_copy_text() if case and case.has_access("read") else False

    # ------------------------------------------------------------------
    # Logging
    # ------------------------------------------------------------------

    def action_log(self):
        """Log the contact and what came of it; return what to do next: the mail, the hand-over, or close.

        :raise AccessError: for who may not log contacts with this customer
        :raise UserError: for what is missing
        """
        self.ensure_one()
        activity = self._log()
        return self._get_next_action(activity) or {
            "type": "ir.actions.act_window_close",
            "infos": {"activity_id": activity.id},
        }

    def _log(self):
        activities = self.env["ar.collection.activity"]
        activities._check_logs(self.partner_id, self.company_id)
        self._check_given()
        if self.corrects_id:
            self.corrects_id._check_correct()
            if (
                self.corrects_id.partner_id != self.partner_id
                or self.corrects_id.company_id != self.company_id
            ):
                raise AccessError(self.env._("A correction is about the same customer and company."))
        person = self._get_person()
        activity = activities._log_contact(
            self.partner_id, self.company_id, self.kind, self.outcome_id, **self._prepare_contact(person)
        )
        if self.corrects_id:
            activity._take_place_of(self.corrects_id)
        self._keep_documents(activity)
        self._record_offer(activity)
        self._record_consequences(activity)
        activity._finish_steps(self.step_ids)
        activity._plan_next_step()
        activity._rest_case()
        return activity

    def _check_given(self):
        """Refuse items, people and records that are not of this customer or that the user may not read."""
        items = self.item_ids
        items.check_access("read")
        if items and (items.partner_id != self.partner_id or items.root_company_id != self.company_id):
            raise UserError(self.env._("The items belong to another customer or company."))
        self.contact_id.check_access("read")
        debtor = self.partner_id.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        if self.contact_id and self.contact_id.sudo().commercial_partner_id != debtor:  # sudo: as above
            raise UserError(self.env._("%s is no contact of this customer.", self.contact_id.display_name))
        self.document_ids.check_access("read")

    def _get_person(self):
        """Return who was spoken with; a new contact person is noted, the role too."""
        activities = self.env["ar.collection.activity"]
        person = self.contact_id
        if self.person_name:
            new = activities._note_person(
                self.partner_id, self.person_name, self.person_phone, self.person_email, "first"
            )
            # Who told us is still the one we spoke with; with a wrong number nobody was.
            person = person if self.reached else new
        elif person != self.partner_id:
            activities._note_role(person, self.contact_role)
        return person

    def _prepare_contact(self, person):
        return {
            "incoming": self.incoming,
            "date": self.date,
            "contact_id": person.id,
            "contact_role": person == self.contact_id and self.contact_role,
            "reason_id": (self.reason_id or self._get_reason_of_dispute()).id,
            "approver": self.approver if self.follow_up == "approval" else False,
            "note": self.note,
            "minutes": self.minutes or self._measure(),
            "next_step": self.next_step,
            "next_date": self.next_step and self.next_date,
            "next_user_id": self.next_step and self.next_user_id.id,
        }

    def _get_reason_of_dispute(self):
        """Return the reason that goes with the category of a dispute, if there is one."""
        reasons = self.env["ar.collection.reason"]
        if self.offers != "dispute" or not self.category_id:
            return reasons
        return reasons.search([("dispute_category_id", "=", self.category_id.id)], limit=1)

    def _measure(self):
        """Return the minutes since the dialog was opened, for calls; what was long ago cannot be measured."""
        if self.kind != "call" or self.corrects_id or not self.opened_on:
            return 0
        minutes = math.ceil((fields.Datetime.now() - self.opened_on).total_seconds() / 60)
        return min(max(minutes, 1), MINUTES)

    def _keep_documents(self, activity):
        """Tie the files to the contact; those that belong to another record stay there and are copied."""
        if self.document_ids:
            # sudo: nobody writes contacts; part of logging it
            activity.sudo().attachment_ids = self.document_ids._give_to(activity)

    # ------------------------------------------------------------------
    # What came of it
    # ------------------------------------------------------------------

    def _record_offer(self, activity):
        """Record what the customer said besides, by what the dialog offered."""
        recorders = {
            "promise": self._record_promise,
            "says_paid": self._record_says_paid,
            "dispute": self._record_dispute,
            "time": self._record_time,
        }
        if self.offers in recorders and self.kind != "note":
            recorders[self.offers](activity)

    def _record_promise(self, activity):
        if not self.is_collector:
            return
        if not self.promise_date:
            raise UserError(self.env._("By which day did the customer promise to pay?"))
        promise = self.env["ar.payment.promise"]._create_from_contact(
            activity, self.amount, self.promise_date, self.item_ids
        )
        if self.note:
            promise.sudo().note = self.note  # sudo: nobody writes promises; part of recording it
        activity.sudo().promise_id = promise  # sudo: nobody writes contacts; part of logging it
        if self.send_mail and self.has_email:
            promise._send_mail()

    def _record_says_paid(self, activity):
        if not self.item_ids:
            raise UserError(self.env._("Which items does the customer say are paid?"))
        activity._record_says_paid(self.item_ids, self.has_slip or bool(self.document_ids))

    def _record_dispute(self, activity):
        disputes = self.env["ar.dispute"]._create_from_contact(
            activity, self.category_id, self._get_disputed(), self.note or self.env._("Told us in a contact.")
        )
        activity.sudo().dispute_ids = disputes  # sudo: nobody writes contacts; part of logging it

    def _get_disputed(self):
        """Return the disputed amount of each item, read anew as the user: some may be paid meanwhile."""
        amounts = {line.item: line.amount for line in self.dispute_line_ids if line.amount}
        if not amounts:
            raise UserError(self.env._("Which items does the customer object to, and how much of each?"))
        items = self.env["ar.aging.report"].search([("id", "in", list(amounts))])
        if len(items) < len(amounts):
            raise UserError(self.env._("Some of these items are paid meanwhile. Open the form again."))
        if items.partner_id != self.partner_id or items.root_company_id != self.company_id:
            raise UserError(self.env._("The items belong to another customer or company."))
        return {item: amounts[item.id] for item in items}

    def _record_time(self, activity):
        if not self.is_collector or not self.time_date:
            return
        deferral = self.time_kind == "deferral"
        plan = self.env["ar.payment.plan"]._create_from_contact(
            activity,
            self.item_ids,
            self.time_kind,
            [self.time_date] if deferral else None,
            reason=activity.summary,
            count=1 if deferral else self.time_count,
            date_start=self.time_date,
            interval_number=1,
            interval_unit="month",
        )
        activity.sudo().plan_id = plan  # sudo: nobody writes contacts; part of logging it

    def _record_consequences(self, activity):
        """Do what the reason entails and was not taken off: collectors ask and draft, others decide."""
        if not self.is_collector or self.kind == "note":
            return
        if self.ask_stop and self.follow_up in STOPS:
            activity._ask_to_stop()
        if self.tell_insurers and self.follow_up == "insolvent":
            activity._tell_insurers()
        if self.hand_over and self.follow_up in HAND_OVERS:
            activity._draft_hand_over(everything=self.follow_up == "insolvent")

    # ------------------------------------------------------------------
    # Where to go on
    # ------------------------------------------------------------------

    def _get_next_action(self, activity):
        """Return the action that follows at once, or None."""
        case = activity.case_id
        if self.follow_up == "resend" and self.send_invoices and case and self.is_collector:
            return self._get_mail_action(activity)
        for record in (activity.plan_id, activity.placement_id):
            if record and not self.corrects_id:
                return {
                    "type": "ir.actions.act_window",
                    "res_model": record._name,
                    "res_id": record.id,
                    "views": [(False, "form")],
                }
        return None

    def _get_mail_action(self, activity):
        """Return the composer of a mail from the case with the invoices as PDF; answers land on the case."""
        case, person = activity.case_id, activity.contact_id or activity.partner_id
        invoices = self._get_overdue_invoices()
        documents = self.env["ir.attachment"]
        if invoices:
            # sudo: collectors read invoices, and the mail encloses their PDF.
            printed = self.env["ar.dunning.letter"].sudo()._get_invoice_documents(invoices)
            documents = self.env["ir.attachment"].browse(
                document.id for invoice in invoices if (document := printed.get(invoice))
            )
        recipient = person if person.email else activity.partner_id
        speak = self.with_context(lang=recipient.lang or self.env.lang)
        company = self.company_id.sudo()  # sudo: its name
        action = case._get_mail_action(
            partner_ids=recipient.ids,
            subject=speak.env._("Your invoices from %s", company.name),
            body=speak._prepare_mail_body(recipient, invoices),
            attachment_ids=[Command.set(documents.ids)],
            subtype_xmlid="mail.mt_comment",
        )
        return action | {"name": self.env._("Send the Invoices Again")}

    def _get_overdue_invoices(self):
        items = self.env["ar.payment.promise.wizard"]._get_default_items(self.partner_id, self.company_id)
        return items.move_id.filtered(lambda move: move.is_sale_document())[:10]

    def _prepare_mail_body(self, recipient, invoices):
        return self.env["ir.qweb"]._render(
            "ar_credit_control.collection_invoices_again_mail",
            {
                "recipient": recipient,
                "invoices": invoices,
                "invoice_names": format_list(self.env, invoices.mapped("name")),
                "user": self.env.user,
                "company": self.company_id,
            },
            minimal_qcontext=True,
        )
