from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

KINDS = [
    ("demand", "Demand for Payment"),
    ("acknowledgement", "Written Acknowledgement"),
    ("agreement", "Plan, Deferral or Promise in Writing"),
    ("part_payment", "Part Payment"),
    ("security", "Collateral Given"),
    ("suit", "Suit, Arbitration or Order for Payment"),
]


class ArLimitationEvent(models.Model):
    """What happened to a claim that matters for limitation, with its proof.

    Without proof it restarts nothing. Events are evidence: recorded through a form, withdrawn with a
    reason when they were wrong, never changed. Dunning mails and receipts count by themselves, see
    ``ar.limitation.source``.
    """

    _name = "ar.limitation.event"
    _description = "Event for Limitation"
    _inherit = [
        "ar.customer.evidence.mixin",
        "ar.collector.notes.mixin",
        "mail.thread",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _order = "date DESC, id DESC"
    _made_by_methods = True

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_name = fields.Char(string="Customer When Recorded", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    date = fields.Date(
        required=True, readonly=True, help="The day on which it took effect: a letter arrived, money came in."
    )
    proof_kind = fields.Selection(
        [
            ("post", "Registered letter or courier"),
            ("signed", "Signed paper"),
            ("email", "E-mail"),
            ("bank", "Bank statement"),
            ("court", "Court document"),
            ("other", "Other"),
        ],
        string="Kind of Proof",
        readonly=True,
    )
    proof_reference = fields.Char(
        string="Number of the Proof", readonly=True, help="Waybill (EMS), file number of the court, …"
    )
    document_ids = fields.Many2many("ir.attachment", string="Proof", copy=False)
    is_proven = fields.Boolean(
        string="Proven", compute="_compute_is_proven", store=True, help="A document is attached."
    )
    note = fields.Text(readonly=True)
    letter_id = fields.Many2one(
        "ar.dunning.letter",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The letter that was posted with this proof.",
    )
    line_ids = fields.One2many("ar.limitation.event.line", "event_id", string="Items", readonly=True)
    state = fields.Selection(
        [("valid", "Valid"), ("withdrawn", "Withdrawn")],
        string="Status",
        required=True,
        readonly=True,
        default="valid",
        tracking=True,
        index=True,
    )

    @api.depends("kind", "date", "partner_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for event in self:
            event.display_name = f"{kinds.get(event.kind, '')}, {event.date}"

    @api.depends("document_ids")
    def _compute_is_proven(self):
        for event in self:
            event.is_proven = bool(event.sudo().document_ids)  # sudo: who may not read the file

    def _get_writable_fields(self):
        return {"document_ids"}

    def _filter_proven(self):
        return self

    @api.model
    def _record(self, items, kind, date, documents=None, **values):
        """Record an event for open items of one customer. Internal: no access check.

        :param items: ``ar.aging.report`` rows
        :param kind: a key of ``KINDS``
        :param documents: ``ir.attachment`` records that prove it; without any it restarts nothing
        :raise UserError: no items, several customers, a day that is yet to come
        """
        if len(items.partner_id) != 1 or len(items.root_company_id) != 1:
            raise UserError(self.env._("Choose items of one customer and one company."))
        root = items.root_company_id
        if fields.Date.to_date(date) > root.sudo()._credit_today():  # sudo: a setting of the main company
            raise UserError(self.env._("This day is yet to come."))
        lines = self.env["ar.limitation.event.line"]
        event = self.sudo().create(  # sudo: recorded here only, the caller checked who asks
            {
                "partner_id": items.partner_id.id,
                "partner_name": items.partner_id.sudo().display_name,  # sudo: it may not be readable
                "company_id": root.id,
                "kind": kind,
                "date": date,
                "line_ids": [
                    Command.create({**lines._prepare_item_values(item), "amount_open": item.amount_currency})
                    for item in items
                ],
                **values,
            }
        )
        if documents:
            event.document_ids = [Command.set(documents._give_to(event).ids)]
        return event.sudo(False)

    @api.model
    def _record_posted(self, letters):
        """Record the demands of posted letters: the letter as it was printed, and what proves that it went.

        What was recorded of a letter before is withdrawn. Internal: no access check.

        :param letters: ``ar.dunning.letter`` records as superuser
        """
        recorder = self.sudo()  # sudo: recorded here only, the caller checked who asks
        recorder.search([("letter_id", "in", letters.ids), ("state", "=", "valid")]).state = "withdrawn"
        demands = letters.filtered(lambda letter: letter._get_demanded_lines())
        events = recorder.create([self._prepare_posted(letter) for letter in demands])
        for letter, event in zip(demands, events, strict=True):
            documents = letter.document_id | letter.posting_proof_ids
            event.document_ids = [Command.set(documents._give_to(event).ids)]

    @api.model
    def _prepare_posted(self, letter):
        customer = letter.partner_id.commercial_partner_id
        return {
            "partner_id": customer.id,
            "partner_name": letter.partner_name,
            "company_id": letter.company_id.id,
            "kind": "demand",
            "date": letter.posted_on,
            "letter_id": letter.id,
            "proof_kind": "post",
            "proof_reference": " ".join(filter(None, (letter.carrier, letter.waybill))),
            "line_ids": [
                Command.create(
                    {
                        "move_line_id": line.move_line_id.id,
                        "move_id": line.move_id.id,
                        "partner_id": customer.id,
                        "company_id": line.company_id.id,
                        "currency_id": line.currency_id.id,
                        "name": line.name,
                        "ref": line.ref,
                        "invoice_date": line.invoice_date,
                        "date_maturity": line.date_maturity,
                        "amount_open": line.amount_open,
                    }
                )
                for line in letter._get_demanded_lines()
            ],
        }

    def action_withdraw(self, reason=None):
        """Say that it was recorded by mistake: it restarts nothing any more.

        :raise AccessError: for who is no credit controller
        """
        self.check_access("read")
        if not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            raise AccessError(self.env._("Credit controllers withdraw what was recorded by mistake."))
        self._write_evidence({"state": "withdrawn"})
        if reason:
            for event in self:
                event._message_log(body=self.env._("Withdrawn: %s", reason))
