from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from odoo.tools.misc import get_lang


class ArStatement(models.Model):
    """A statement of account as it was given to a customer, with its figures of that day: evidence.

    It belongs to the main company, covers all its branches and every currency, and never changes: a wrong or
    an old one is followed by another. Its cut-off date is a date of the ledger, as that of the ageing.
    """

    _name = "ar.statement"
    _description = "Statement of Account"
    _inherit = [
        "ar.collector.notes.mixin",
        "ar.customer.reply.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
        "ar.document.print.mixin",
        "ar.document.queue.mixin",
    ]
    _order = "date desc, id desc"
    _queue_state = "waiting"
    _queue_cron = "ar_credit_control.ir_cron_statement_queue"

    name = fields.Char(string="Number", readonly=True, index="trigram")
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, readonly=True, ondelete="restrict"
    )
    partner_name = fields.Char(string="Customer Name", readonly=True)
    recipient_id = fields.Many2one(
        "res.partner",
        readonly=True,
        ondelete="restrict",
        help="The contact for payables, else the invoice address, else the customer itself. Statements go to "
        "no other contact, nor through sales.",
    )
    email = fields.Char(related="recipient_id.email", string="E-mail")
    user_id = fields.Many2one(
        "res.users",
        string="Our Contact",
        readonly=True,
        help="Named in the statement; gets the answers: the collector of the customer, else who made it.",
    )
    contact_name = fields.Char(compute="_compute_contact")
    contact_phone = fields.Char(compute="_compute_contact")
    lang = fields.Char(string="Language", compute="_compute_lang")
    kind = fields.Selection(
        [("open", "Open items"), ("movements", "All movements")],
        required=True,
        readonly=True,
        default="open",
        help="Open items: what is not paid at the cut-off date. All movements: opening balance, everything "
        "booked in the period, closing balance.",
    )
    date_from = fields.Date(string="From", readonly=True)
    date = fields.Date(
        string="Cut-off Date", required=True, readonly=True, index=True, help="Figures are those of its end."
    )
    pay_by = fields.Date(
        readonly=True, help="The statement asks for payment of what is overdue by this day (对账暨催款函)."
    )
    is_demand = fields.Boolean(
        string="Asks for Payment", compute="_compute_is_demand", search="_search_is_demand"
    )
    asks_confirmation = fields.Boolean(
        string="With Confirmation",
        readonly=True,
        help="The customer is asked to confirm the balance or to list what differs, stamped and signed.",
    )
    batch = fields.Char(readonly=True, index=True, help="Statements that were made together.")
    balance_ids = fields.One2many("ar.statement.balance", "statement_id", string="Balances", readonly=True)
    line_ids = fields.One2many("ar.statement.line", "statement_id", string="Items", readonly=True)
    item_count = fields.Integer(string="Number of Items", readonly=True)
    total = fields.Monetary(
        string="Balance",
        currency_field="company_currency_id",
        readonly=True,
        help="What the customer owes in all, in company currency as booked.",
    )
    total_overdue = fields.Monetary(string="Overdue", currency_field="company_currency_id", readonly=True)
    total_paused = fields.Monetary(
        string="Not Asked For",
        currency_field="company_currency_id",
        readonly=True,
        help="Of what is overdue: in dispute, promised, on a plan or else not dunned when it was made.",
    )
    state = fields.Selection(
        [
            ("draft", "Not sent"),
            ("waiting", "To be sent"),
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("failed", "Failed"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="draft",
        index=True,
    )
    sent_by = fields.Selection(
        [("email", "E-mail"), ("paper", "On paper")],
        readonly=True,
        help="How a statement of its own went; one that goes with a letter goes as the letter does.",
    )
    letter_id = fields.Many2one(
        "ar.dunning.letter",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The letter that the statement went with.",
    )
    preview = fields.Html(compute="_compute_preview", string="As Printed", sanitize=False)

    _waiting_idx = models.Index("(id) WHERE state = 'waiting'")

    @api.depends("name", "partner_name")
    def _compute_display_name(self):
        for statement in self:
            statement.display_name = f"{statement.name} {statement.partner_name}"

    @api.depends("recipient_id.lang", "partner_id.lang")
    def _compute_lang(self):
        for statement in self:
            code = (
                statement.recipient_id.lang
                or statement.partner_id.lang
                or statement.company_id.partner_id.lang
            )
            statement.lang = get_lang(self.env, code).code

    @api.depends("user_id", "company_id")
    def _compute_contact(self):
        for statement in self:
            # Name and number of a colleague in another company are no secret in what carries them.
            user = statement.user_id.sudo()
            statement.contact_name = user.name or statement.company_id.name
            statement.contact_phone = user.partner_id.phone or statement.company_id.phone

    @api.depends("pay_by")
    def _compute_is_demand(self):
        for statement in self:
            statement.is_demand = bool(statement.pay_by)

    @api.model
    def _search_is_demand(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = fields.Domain("pay_by", "!=", False)
        return domain if True in value else ~domain

    @api.depends("line_ids", "balance_ids")
    def _compute_preview(self):
        pages = self._render_pages()
        for statement in self:
            statement.preview = pages.get(statement)

    def _mail_get_partner_fields(self, introspect_fields=False):
        return ["recipient_id"]

    # Rights

    @api.model
    def _check_collector(self):
        if not self.env.su and not self.env.user.has_group("ar_credit_control.group_collector"):
            raise AccessError(self.env._("Only collectors make statements of account."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Statements of account are evidence and cannot be deleted."))

    # Business

    @api.model
    def _make(self, company, partners=None, *, date=None, date_from=None, pay_by=None, **options):
        """Write the statements of customers with the figures of a date, in one statement of SQL.

        :param company: the main company, or a branch of it
        :param partners: those customers, whether they owe anything or not; None: all that have an open item
            or a movement
        :param date: cut-off date; today by default
        :param date_from: first day of the movements to list; None: open items only
        :param pay_by: the day by which overdue amounts are asked for, from customers whose overdue items
            exceed what is not allocated or on its way, in dispute or agreed to be paid later; None: asks for
            no payment
        :param options: ``asks_confirmation``; ``only_overdue``: customers with overdue items only;
            ``domain``: of ``res.partner``, among all; ``recipients``: {commercial partner id: partner id};
            ``letters``: {commercial partner id: letter id}
        :return: the new statements
        :raise AccessError: for a user who is no collector, or not of the company
        """
        self._check_collector()
        root = company.root_id
        if root not in self.env.companies and not self.env.su:
            raise AccessError(
                self.env._("Choose %s among your companies first.", root.sudo().name)
            )  # its name
        date = date or self._get_today(root)
        ids = self._insert(
            root, partners, date, date_from, pay_by, {**options, "date": date, "pay_by": pay_by}
        )
        return self.browse(ids)

    @api.model
    def _get_today(self, company):
        timezone = company.partner_id.tz or self.env.user.tz
        return fields.Date.context_today(self.with_context(tz=timezone))

    @api.model
    def _insert(self, root, partners, date, date_from, pay_by, options):
        if partners is None and options.get("domain"):
            partners = self.env["res.partner"].search(options["domain"]).commercial_partner_id
            options = options | {"only_open": True}
        self.env.flush_all()
        figures = self.env["ar.statement.figures"]
        rows = self.env.execute_query(
            SQL(
                """
                WITH %(figures)s,
                new_statement AS (
                    INSERT INTO ar_statement (
                        id, name, company_id, partner_id, partner_name, recipient_id, user_id, kind,
                        date_from, date, pay_by, asks_confirmation, batch, item_count, total,
                        total_overdue, total_paused, state, letter_id, create_uid, create_date, write_uid,
                        write_date)
                    SELECT chosen.id,
                           'ST/' || to_char(%(date)s::date, 'YYYY') || '/' || lpad(chosen.id::text, 5, '0'),
                           %(root)s, chosen.partner_id, chosen.partner_name, chosen.recipient_id,
                           COALESCE(chosen.collector_id, %(user)s), %(kind)s, %(date_from)s, %(date)s,
                           -- Receipts that nobody allocated may be the payment of what is overdue.
                           CASE WHEN chosen.total_overdue - chosen.total_paused
                                     > chosen.total_credit + chosen.total_coming
                                THEN %(pay_by)s::date END,
                           %(asks_confirmation)s,
                           'ST/' || to_char(%(date)s::date, 'YYYYMMDD') || '/'
                                 || lpad((MIN(chosen.id) OVER ())::text, 5, '0'),
                           chosen.item_count, chosen.total, chosen.total_overdue, chosen.total_paused,
                           'draft',
                           letter.letter_id, %(uid)s, %(now)s, %(uid)s, %(now)s
                      FROM (SELECT nextval('ar_statement_id_seq') AS id, customer.*
                              FROM (SELECT * FROM statement_customer
                                     ORDER BY partner_name, partner_id) customer
                           ) chosen
                 LEFT JOIN UNNEST(%(letter_partners)s::int[], %(letter_ids)s::int[])
                                AS letter(partner_id, letter_id) ON letter.partner_id = chosen.partner_id
                 RETURNING id, partner_id
                ),
                new_balance AS (
                    INSERT INTO ar_statement_balance (
                        statement_id, partner_id, company_id, currency_id, opening, charged, settled, closing,
                        other_currency, amount_due, amount_overdue, amount_credit, amount_payable,
                        ageing)
                    SELECT new_statement.id, balance.partner_id, %(root)s, balance.currency_id,
                           balance.opening, balance.charged, balance.settled, balance.closing,
                           balance.closing - balance.opening - balance.charged - balance.settled,
                           balance.amount_due, balance.amount_overdue, balance.amount_credit,
                           balance.amount_payable, ageing.ageing
                      FROM statement_balance balance
                      JOIN new_statement ON new_statement.partner_id = balance.partner_id
                 LEFT JOIN statement_ageing ageing
                        ON ageing.partner_id = balance.partner_id
                       AND ageing.currency_id = balance.currency_id
                ),
                new_line AS (
                    INSERT INTO ar_statement_line (
                        statement_id, partner_id, company_id, currency_id, move_line_id, move_id, move_type,
                        name, ref, contract_number, fapiao_number, date, delivery_date, date_maturity,
                        days_overdue, amount, amount_open)
                    SELECT new_statement.id, item.partner_id, item.company_id, item.currency_id, item.id,
                           item.move_id, move.move_type, COALESCE(move.name, '/'), move.ref,
                           move.credit_contract_number, %(fapiao)s,
                           COALESCE(CASE WHEN move.id = item.move_id THEN move.invoice_date END, item.date),
                           move.delivery_date, item.date_maturity,
                           %(date)s::date - item.date_maturity, item.amount_currency, item.amount_open
                      FROM statement_item item
                      JOIN new_statement ON new_statement.partner_id = item.partner_id
                      JOIN account_move move ON move.id = %(document)s
                )
                SELECT id FROM new_statement ORDER BY id
                """,
                figures=figures._with_sql(root, date, date_from, partners, options),
                date=date,
                date_from=date_from,
                kind="movements" if date_from else "open",
                pay_by=pay_by,
                asks_confirmation=bool(options.get("asks_confirmation")),
                root=root.id,
                user=options.get("user_id") or self.env.uid,
                uid=self.env.uid,
                now=self.env.cr.now(),
                fapiao=figures._fapiao_sql(),
                document=figures._document_sql(),
                letter_partners=list(options.get("letters", {})),
                letter_ids=list(options.get("letters", {}).values()),
            )
        )
        self.env["ar.dunning.letter"].invalidate_model(["statement_ids"])
        return [statement_id for (statement_id,) in rows]

    def action_open_items(self):
        """Show everything the customer owes, as of today."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Open Items of %s", self.partner_name),
            "res_model": "ar.aging.report",
            "view_mode": "list",
            "domain": [("partner_id", "=", self.partner_id.commercial_partner_id.id)],
        }

    # With letters

    @api.model
    def _render_for_letter(self, letter):
        """Return the attachment of the statement that goes with one letter."""
        return self._render_for_letters(letter)[letter]

    @api.model
    def _render_for_letters(self, letters):
        """Write the statements that go with letters, print them, and return ``{letter: ir.attachment}``.

        The statement is of the letter's date, covers every currency, and asks to be confirmed; letters to the
        same customer in several currencies carry the same one.
        """
        documents = {}
        # Letters are written by methods that check rights, some by the schedule for every company.
        statements = self.sudo()
        for (company, date), group in letters.grouped(lambda each: (each.company_id, each.date)).items():
            # A statement is to who the customer belongs to now: companies get parents.
            first = {letter.partner_id.commercial_partner_id.id: letter for letter in reversed(group)}
            made = statements._make(
                company,
                group.partner_id,
                date=date,
                pay_by=max(group.mapped("deadline")),
                asks_confirmation=True,
                recipients={partner: letter.recipient_id.id for partner, letter in first.items()},
                letters={partner: letter.id for partner, letter in first.items()},
                user_id=group[:1].run_id._get_contact().id,
            )
            made._keep_documents()
            made.state = "queued"
            by_partner = {statement.partner_id: statement.document_id for statement in made}
            documents |= {
                letter: by_partner[customer]
                for letter in group
                if (customer := letter.partner_id.commercial_partner_id) in by_partner
            }
        return documents
