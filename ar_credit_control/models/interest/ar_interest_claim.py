from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

# What still has to be decided: neither posted nor given up.
WAITING_STATES = ("open", "claimed")


class ArInterestClaim(models.Model):
    """Late interest of an instalment for certain days, and the fixed sum, as evidence.

    ``open`` once counted, ``claimed`` when a letter asked for it, ``posted`` as a debit note, ``paid`` when
    that is settled, by money or a correction, ``waived`` when given up by someone with authority (a part
    leaves it as it is), ``cancelled`` when dropped before anyone asked for it. A claim outlives the payment
    of the principal. Its days are never claimed again, unless dropped; a payment that is undone gives another
    claim with the difference.

    States change only through the methods, which check rights; nobody has the right to write.
    """

    _name = "ar.interest.claim"
    _description = "Late Interest Claim"
    _inherit = [
        "ar.collector.notes.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.item.mixin",
        "ar.customer.link.mixin",
    ]
    _order = "date desc, id desc"

    occurrence = fields.Integer(
        required=True,
        readonly=True,
        help="Running number of the claims of an instalment. The database holds each number once: "
        "that is why no day is claimed twice.",
    )
    partner_name = fields.Char(string="Customer Name", readonly=True)
    scheme_id = fields.Many2one("ar.interest.scheme", required=True, readonly=True, ondelete="restrict")
    date = fields.Date(string="Counted Until", required=True, readonly=True, index=True)
    date_from = fields.Date(string="Interest From", readonly=True)
    date_to = fields.Date(string="Interest To", readonly=True, help="Last day with interest; it counts.")
    days = fields.Integer(readonly=True, aggregator=False)
    segment_ids = fields.One2many("ar.interest.claim.segment", "claim_id", string="Segments", readonly=True)
    principal = fields.Monetary(
        string="Still Open Then", readonly=True, help="Principal that was open on the last day counted."
    )
    amount_interest = fields.Monetary(string="Interest", readonly=True)
    amount_fee = fields.Monetary(string="Fixed Sum", readonly=True)
    amount_total = fields.Monetary(string="Total", readonly=True)
    state = fields.Selection(
        [
            ("open", "Unclaimed"),
            ("claimed", "Claimed by Letter"),
            ("posted", "Posted"),
            ("paid", "Paid"),
            ("waived", "Waived"),
            ("written_off", "Written Off"),
            ("cancelled", "Dropped"),
        ],
        string="Status",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    letter_id = fields.Many2one(
        "ar.dunning.letter",
        string="Claimed By",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The letter that asked for it first.",
    )
    debit_move_id = fields.Many2one(
        "account.move", string="Debit Note", readonly=True, index="btree_not_null", ondelete="set null"
    )
    user_id = fields.Many2one("res.users", string="Counted By", readonly=True)
    explanation = fields.Text(compute="_compute_explanation")

    _occurrence_uniq = models.Constraint(
        "UNIQUE (move_id, partner_id, date_maturity, occurrence)",
        "Somebody else claims interest of this instalment at the same moment.",
    )

    @api.depends("name", "partner_name", "date_to")
    def _compute_display_name(self):
        for claim in self:
            claim.display_name = self.env._(
                "Interest on %(number)s, %(customer)s", number=claim.name or "/", customer=claim.partner_name
            )

    @api.depends("segment_ids", "amount_fee")
    @api.depends_context("lang")
    def _compute_explanation(self):
        for claim in self:
            lines = [
                claim.scheme_id._describe_segment(segment, claim.currency_id) for segment in claim.segment_ids
            ]
            if claim.amount_fee:
                lines.append(self.env._("Fixed sum: %s", claim.currency_id.format(claim.amount_fee)))
            claim.explanation = "\n".join(lines)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Claims are evidence and cannot be deleted; drop or waive them instead."))

    # Actions

    def action_drop(self):
        """Drop claims that nobody asked for yet: their days may be claimed again.

        :raise AccessError: for a user who is no collector.
        :raise UserError: for a claim that a letter asked for; that needs a waiver.
        """
        self._check_group("ar_credit_control.group_collector", self.env._("Only collectors drop claims."))
        if self.filtered(lambda claim: claim.state != "open" or claim.debit_move_id):
            raise UserError(
                self.env._("Only open claims can be dropped. Ask for a waiver of what the customer was told.")
            )
        claims = self.sudo()  # nobody has the right to write claims; the rights were checked above
        claims.write({"state": "cancelled"})
        claims.activity_ids.unlink()
        return True

    def action_open_debit_note(self):
        """Open the debit note that the claim was posted with."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.debit_move_id.id,
            "views": [(False, "form")],
        }

    def action_open_entry(self):
        """Open the invoice that was paid late."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    # Rights

    def _check_group(self, group, message):
        self.check_access("read")
        if not self.env.user.has_group(group):
            raise AccessError(message)

    # Business

    @api.model
    def _claim(self, root, date, partner_ids=None, line_ids=None, settled_only=False):
        """Write open claims for what no claim holds yet; return them.

        Disputed parts, and items that are deferred or on a plan, wait for its end.

        :param root: ``res.company`` without parent
        :param date: last day that counts
        :param settled_only: only of instalments whose principal is paid
        """
        self.env["ar.interest.figures"]._flush()
        condition = SQL("open_principal = 0") if settled_only else SQL("TRUE")
        common = self.env["ar.interest.figures"]._ledger_with_sql(
            date, line_ids, partner_ids, root.ids, self._withheld_sql(root, date)
        )
        return self._insert(common, SQL("%s AND %s", condition, self._claimable_sql()), date, "open")

    @api.model
    def _withheld_sql(self, root, date):
        """Principal of ``interest_source`` that bears no claim on a day: disputed parts, agreed items."""
        return SQL(
            """
            SELECT item.id AS item_id,
                   SUM(CASE WHEN pause.reason = 'disputed'
                            THEN COALESCE(pause.amount_currency, item.principal)
                            ELSE item.principal END) AS amount
              FROM interest_source item
              JOIN (%s) pause
                ON pause.move_id = item.move_id
               AND pause.partner_id = item.partner_id
               AND pause.date_maturity = item.date_maturity
             WHERE pause.reason IN ('disputed', 'deferred', 'plan')
          GROUP BY item.id
            """,
            self.env["ar.item.pause"]._pause_sql(root, date),
        )

    @api.model
    def _claimable_sql(self):
        """Condition on alias ``due``: not blocked, and something is left besides what is withheld."""
        return SQL(
            """
            (due.withheld = 0 OR due.withheld < due.open_principal)
            AND NOT EXISTS (SELECT FROM account_move move
                             WHERE move.id = due.move_id AND move.payment_state = 'blocked')
            """
        )

    @api.model
    def _insert(self, common, condition, date, state):
        """Write claims and their segments from the figures in one statement; return the claims.

        :param common: expressions of ``ar.interest.figures``
        :param condition: on alias ``due``
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH %(common)s,
                chosen AS MATERIALIZED (
                    SELECT nextval('ar_interest_claim_id_seq') AS claim_id, due.*
                      FROM (SELECT due.id, due.move_id, due.partner_id, due.company_id, due.currency_id,
                                   due.date_maturity, due.invoice_date, due.scheme_id, due.open_principal,
                                   due.is_small, due.fee, due.date_from, due.date_to,
                                   CASE WHEN due.is_small THEN 0 ELSE due.interest END AS interest
                              FROM interest_due due
                             WHERE (due.interest != 0 AND NOT due.is_small OR due.fee != 0)
                               AND %(condition)s
                          ORDER BY due.partner_id, due.date_maturity, due.id) due
                ),
                new_claim AS (
                    INSERT INTO ar_interest_claim (
                        id, move_line_id, move_id, partner_id, partner_name, company_id, currency_id, name,
                        ref,
                        invoice_date, date_maturity, scheme_id, occurrence, date, date_from, date_to, days,
                        principal, amount_interest, amount_fee, amount_total, amount_left, state, user_id,
                        create_uid, create_date, write_uid, write_date)
                    SELECT chosen.claim_id, chosen.id, chosen.move_id, chosen.partner_id, partner.name,
                           chosen.company_id, chosen.currency_id, move.name, move.ref, chosen.invoice_date,
                           chosen.date_maturity, chosen.scheme_id,
                           (SELECT COALESCE(MAX(earlier.occurrence), 0) + 1
                              FROM ar_interest_claim earlier
                             WHERE earlier.move_id = chosen.move_id
                               AND earlier.partner_id = chosen.partner_id
                               AND earlier.date_maturity = chosen.date_maturity),
                           %(date)s,
                           CASE WHEN chosen.interest != 0 THEN chosen.date_from END,
                           CASE WHEN chosen.interest != 0 THEN chosen.date_to END,
                           CASE WHEN chosen.interest != 0
                                THEN (SELECT SUM(segment.days) FROM interest_segment segment
                                       WHERE segment.item_id = chosen.id AND segment.principal != 0)
                                ELSE 0 END,
                           chosen.open_principal, chosen.interest, chosen.fee,
                           chosen.interest + chosen.fee, chosen.interest + chosen.fee,
                           %(state)s, %(uid)s, %(uid)s, %(now)s, %(uid)s,
                           %(now)s FROM chosen
                      JOIN account_move move ON move.id = chosen.move_id
                      JOIN res_partner partner ON partner.id = chosen.partner_id
               ON CONFLICT DO NOTHING
                 RETURNING id
                ),
                new_segment AS (
                    INSERT INTO ar_interest_claim_segment (
                        claim_id, date_from, date_to, days, principal, rate, amount)
                    SELECT chosen.claim_id, segment.date_from, segment.date_to, segment.days,
                           segment.principal, segment.rate, segment.amount
                      FROM new_claim
                      JOIN chosen ON chosen.claim_id = new_claim.id AND chosen.interest != 0
                      JOIN interest_segment segment
                        ON segment.item_id = chosen.id AND segment.principal != 0
                )
                SELECT id FROM new_claim ORDER BY id
                """,
                common=common,
                condition=condition,
                date=date,
                state=state,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.env.invalidate_all()
        return self.browse(claim_id for (claim_id,) in rows)

    @api.model
    def _claim_by_letters(self, letters):
        """Write down what sent letters asked for: new claims, and those that waited already.

        :param letters: ``ar.dunning.letter`` that were sent
        """
        letters = letters.filtered(lambda letter: letter.amount_interest or letter.amount_fees)
        for (root, date), batch in letters.grouped(lambda letter: (letter.company_id, letter.date)).items():
            lines = batch.line_ids.filtered(lambda line: line.interest or line.fee)
            self.sudo()._claim(root, date, line_ids=lines.move_line_id.ids)  # nobody may write claims
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE ar_interest_claim claim
                       SET state = 'claimed', letter_id = COALESCE(claim.letter_id, line.letter_id)
                      FROM ar_dunning_letter_line line
                      JOIN ar_dunning_letter letter ON letter.id = line.letter_id
                      JOIN res_partner addressee ON addressee.id = letter.partner_id
                      JOIN res_partner customer
                        ON customer.commercial_partner_id = addressee.commercial_partner_id
                     WHERE line.id = ANY(%s)
                       AND line.move_id = claim.move_id
                       AND customer.id = claim.partner_id
                       AND line.date_maturity = claim.date_maturity
                       AND claim.state = 'open'
                    """,
                    lines.ids,
                )
            )
            self.invalidate_model(["state", "letter_id"])

    @api.model
    def _follow_items(self, partners, customer):
        self._merge_partners(partners, customer)
        return super()._follow_items(partners, customer)

    @api.model
    def _merge_partners(self, partners, destination):
        """Number the claims of partners that are merged on after those of the destination."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE ar_interest_claim claim
                   SET occurrence = numbered.occurrence
                  FROM (SELECT moved.id,
                               ROW_NUMBER() OVER (
                                   PARTITION BY moved.move_id, moved.date_maturity
                                   ORDER BY moved.date, moved.id)
                               + (SELECT COALESCE(MAX(other.occurrence), 0)
                                    FROM ar_interest_claim other
                                   WHERE other.move_id = moved.move_id
                                     AND other.date_maturity = moved.date_maturity
                                     AND other.partner_id = ANY(%s)) AS occurrence
                          FROM ar_interest_claim moved
                         WHERE moved.partner_id = ANY(%s)) numbered
                 WHERE numbered.id = claim.id
                """,
                [*partners.ids, destination.id],
                partners.ids,
            )
        )
        self.env.invalidate_all()
