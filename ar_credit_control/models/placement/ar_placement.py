from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL

SETTLED_ACTIVITY = "mail_activity_placement_settled"


class ArPlacement(models.Model):
    """Items handed over to a collection agency or a lawyer.

    A collector prepares, a credit controller other than who asked approves; from then on the items are not
    dunned and the case of the customer is with the agency or the lawyer, until the placement is closed or
    recalled. What is owed, its age, insurance and limitation stay as they are.

    Recovered is what the ledger says: receipts matched with the items from the day of the hand-over on.
    What the agent reports is typed in beside it, so that money kept back shows. Totals are in
    company currency.
    """

    _name = "ar.placement"
    _description = "Placement"
    _inherit = [
        "ar.approval.mixin",
        "ar.customer.evidence.mixin",
        "ar.collector.notes.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "ar.customer.link.mixin",
        "ar.own.customer.mixin",
    ]
    _order = "date_placed DESC, id DESC"
    _rec_names_search = ["name", "partner_id", "agent_id", "reference"]
    _made_by_methods = True
    _terms = frozenset(
        {
            "agent_id",
            "claim",
            "commission_base",
            "commission_fixed",
            "commission_percent",
            "facts",
            "kind",
        }
    )
    _later_fields = frozenset(
        {
            "agent_contact_id",
            "document_ids",
            "note",
            "receipt_ids",
            "reference",
            "stage_note",
            "user_id",
        }
    )
    _approval_activity = "ar_credit_control.mail_activity_placement"

    name = fields.Char(string="Number", required=True, readonly=True, copy=False)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_name = fields.Char(string="Customer When Handed Over", readonly=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The main company; items of its branches belong here too.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [("agency", "Collection Agency"), ("lawyer", "Lawyer")],
        string="Handed Over To",
        required=True,
        default="agency",
        tracking=True,
    )
    agent_id = fields.Many2one("res.partner", ondelete="restrict", tracking=True, index="btree_not_null")
    agent_contact_id = fields.Many2one(
        "res.partner",
        string="Person in Charge",
        ondelete="restrict",
        domain="[('id', 'child_of', agent_id)]",
    )
    reference = fields.Char(string="Agent's File Number", tracking=True)
    user_id = fields.Many2one(
        "res.users", string="Responsible", tracking=True, domain=[("share", "=", False)]
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "To Approve"),
            ("placed", "Handed Over"),
            ("closed", "Closed"),
            ("recalled", "Recalled"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        index=True,
        copy=False,
        tracking=True,
        help="Handed over: its items are not dunned. Recalled: taken back, dunning goes on.",
    )
    stage_note = fields.Char(
        string="Where It Stands",
        tracking=True,
        help="In the agent's words: wrote, sued, judgment, enforcement.",
    )
    facts = fields.Text(
        help="For a lawyer: what was agreed and delivered, what the customer said. Printed in the "
        "instruction."
    )
    claim = fields.Text(
        string="Claim in Court", help="For a lawyer: what is asked of the court beside the principal."
    )
    note = fields.Text(string="Internal Note")
    document_ids = fields.Many2many("ir.attachment", string="Documents", copy=False)
    line_ids = fields.One2many("ar.placement.line", "placement_id", string="Items", readonly=True)
    receipt_ids = fields.One2many("ar.placement.receipt", "placement_id", string="Reported by the Agent")
    commission_percent = fields.Float(string="Commission (%)", digits=(5, 2), tracking=True)
    commission_fixed = fields.Monetary(string="Fixed Fee", tracking=True)
    commission_base = fields.Selection(
        [("ledger", "Receipts in our books"), ("reported", "What the agent reports")],
        string="Commission On",
        required=True,
        default="ledger",
        tracking=True,
        help="Reported: where the agent keeps the commission back and pays the rest.",
    )
    prepared_by_ids = fields.Many2many(relation="ar_placement_prepared_rel")
    decided_by_id = fields.Many2one(string="Approved By")
    decided_on = fields.Date(string="Approved On")
    date_placed = fields.Date(string="Handed Over On", readonly=True, copy=False, tracking=True)
    date_end = fields.Date(string="Ended On", readonly=True, copy=False, tracking=True)
    settled_on = fields.Date(
        string="All Settled On",
        readonly=True,
        copy=False,
        help="When nothing of its items was open any more: close it and settle the commission.",
    )
    amount_placed = fields.Monetary(
        string="Handed Over",
        compute="_compute_amounts",
        store=True,
        help="In company currency, as of that day.",
    )
    amount_recovered = fields.Monetary(
        string="Recovered",
        compute="_compute_recovered",
        help="Receipts in our books that were matched with the items, from the day of the hand-over on.",
    )
    amount_open = fields.Monetary(
        string="Still Open", compute="_compute_recovered", help="What is open of the items now."
    )
    amount_reported = fields.Monetary(
        string="Reported", compute="_compute_reported", help="Receipts that the agent told us of."
    )
    commission = fields.Monetary(
        compute="_compute_commission", help="Percentage of its base and the fixed fee, without taxes."
    )
    amount_kept = fields.Monetary(
        string="Not Remitted",
        compute="_compute_commission",
        help="Reported by the agent and not in our books yet.",
    )
    limitation_date = fields.Date(
        string="Sue By",
        compute="_compute_limitation_date",
        help="First last day to sue of its items, see the limitation dates.",
    )

    _placed_idx = models.Index("(company_id) WHERE state = 'placed'")
    _commission_within = models.Constraint(
        "CHECK (COALESCE(commission_percent, 0) BETWEEN 0 AND 100 AND COALESCE(commission_fixed, 0) >= 0)",
        "A commission lies between 0 and 100 %, a fixed fee is zero or more.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for placement in self:
            placement.display_name = ", ".join(
                filter(None, (placement.name, placement.partner_id.display_name or placement.partner_name))
            )

    @api.depends("line_ids.amount_company")
    def _compute_amounts(self):
        for placement in self:
            placement.amount_placed = sum(placement.line_ids.mapped("amount_company"))

    @api.depends("line_ids")
    def _compute_recovered(self):
        figures = self._get_line_figures()
        for placement in self:
            of_lines = [figures.get(line.id, (0.0, 0.0, 0.0)) for line in placement.line_ids]
            placement.amount_recovered = placement.currency_id.round(sum(row[2] for row in of_lines))
            placement.amount_open = placement.currency_id.round(sum(row[1] for row in of_lines))

    @api.depends("receipt_ids.amount_company")
    def _compute_reported(self):
        for placement in self:
            placement.amount_reported = sum(placement.receipt_ids.mapped("amount_company"))

    @api.depends(
        "commission_percent", "commission_fixed", "commission_base", "amount_recovered", "amount_reported"
    )
    def _compute_commission(self):
        for placement in self:
            base = (
                placement.amount_reported
                if placement.commission_base == "reported"
                else placement.amount_recovered
            )
            placement.commission = placement.currency_id.round(
                base * (placement.commission_percent or 0.0) / 100
            ) + (placement.commission_fixed or 0.0)
            placement.amount_kept = max(placement.amount_reported - placement.amount_recovered, 0.0)

    def _compute_limitation_date(self):
        reports = self.env["ar.limitation.report"]
        dates = {}
        if reports.has_access("read") and self.line_ids.move_id:
            dates = dict(
                reports._read_group(
                    [("move_id", "in", self.line_ids.move_id.ids), ("status", "!=", "court")],
                    ["move_id"],
                    ["limitation_date:min"],
                )
            )
        for placement in self:
            known = [dates[move] for move in placement.line_ids.move_id if dates.get(move)]
            placement.limitation_date = min(known, default=False)

    def _get_line_figures(self):
        """Return ``{line id: (open in currency, open, recovered)}``, the last two in company currency.

        Recovered: matchings with receipts booked between the hand-over and its end; where the item was
        handed over anew on the day of that end, what is left of it then is the next agent's. One statement
        for any number of placements.
        """
        if not self.ids:
            return {}
        self.env["ar.dispute"]._flush_for_figures()
        self.flush_model()
        self.line_ids.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT line.id,
                       COALESCE(item.amount_currency, 0)::float8,
                       COALESCE(item.amount, 0)::float8,
                       -- Not what was paid on the day of the hand-over, but before it.
                       LEAST(COALESCE(recovered.amount, 0),
                             GREATEST(line.amount_company
                                      - COALESCE(next.amount_company, item.amount, 0), 0))::float8
                  FROM ar_placement_line line
                  JOIN ar_placement placement ON placement.id = line.placement_id
             LEFT JOIN (%(open)s) item ON item.id = line.id
             LEFT JOIN LATERAL (
                        SELECT SUM(part.amount) AS amount
                          FROM (%(claim)s) claim
                          JOIN account_partial_reconcile part ON part.debit_move_id = claim.id
                          JOIN account_move_line receipt
                            ON receipt.id = part.credit_move_id AND receipt.parent_state = 'posted'
                          JOIN account_journal journal
                            ON journal.id = receipt.journal_id AND journal.type IN ('bank', 'cash', 'credit')
                         WHERE receipt.date >= placement.date_placed
                           AND (placement.date_end IS NULL OR receipt.date <= placement.date_end)
                       ) recovered ON TRUE
             LEFT JOIN LATERAL (
                        SELECT later.amount_company
                          FROM ar_placement_line later
                          JOIN ar_placement taken ON taken.id = later.placement_id
                         WHERE later.move_id = line.move_id
                           AND later.partner_id = line.partner_id
                           AND later.date_maturity = line.date_maturity
                           AND later.move_line_id IS NOT DISTINCT FROM line.move_line_id
                           AND later.id > line.id
                           AND taken.date_placed = placement.date_end
                      ORDER BY later.id
                         LIMIT 1
                       ) next ON TRUE
                 WHERE line.placement_id IN %(placements)s
                """,
                open=self.env["ar.placement.line"]._open_sql(
                    tuple(self.sudo().partner_id.commercial_partner_id.ids),  # sudo: ids only
                    SQL("line.placement_id IN %s", tuple(self.ids)),
                ),
                claim=self._claim_sql(),
                placements=tuple(self.ids),
            )
        )
        return {line_id: tuple(figures) for line_id, *figures in rows}

    @api.model
    def _claim_sql(self):
        """Return the journal items with which receipts of alias ``line`` are matched."""
        return SQL(
            """
            SELECT item.id
              FROM account_move_line item
             WHERE item.move_id = line.move_id
               AND item.parent_state = 'posted'
               AND COALESCE(item.date_maturity, item.date) = line.date_maturity
               AND %s
            """,
            self.env["ar.item.mixin"]._own_item_sql(SQL("line"), SQL("item")),
        )

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------

    @api.model
    def _propose(self, items, kind="agency", agent=None, **values):
        """Draft a placement of open items of one customer. Internal: no access check.

        :param items: ``ar.aging.report`` rows; their currencies may differ
        :param kind: ``agency`` or ``lawyer``
        :return: the draft ``ar.placement``
        :raise UserError: no items, several customers, an item that is handed over already
        """
        if len(items.partner_id) != 1 or len(items.root_company_id) != 1:
            raise UserError(self.env._("Choose items of one customer and one company."))
        lines = self.env["ar.placement.line"]
        self._check_free(items)
        root = items.root_company_id
        placement = self.sudo().create(  # sudo: made here only, the caller checked who asks
            {
                "name": self.env["ir.sequence"]
                .sudo()
                .next_by_code("ar.placement"),  # sudo: numbers are for all
                "partner_id": items.partner_id.id,
                "partner_name": items.partner_id.sudo().display_name,  # sudo: it may not be readable
                "company_id": root.id,
                "kind": kind,
                "agent_id": agent.id if agent else False,
                "user_id": self.env.uid,
                "prepared_by_ids": [Command.link(self.env.uid)],
                "line_ids": [Command.create(lines._prepare_line_values(item)) for item in items],
                **values,
            }
        )
        self.env["ar.credit.profile"]._close_hand_over(placement.partner_id, root)
        return placement.sudo(False)

    @api.model
    def _check_free(self, items, besides=None):
        """Refuse items that another placement holds: drafted at the same moment, handed over since.

        :param items: rows of ``ar.aging.report``, or lines of placements
        """
        taken = self.env["ar.placement.line"]._find_active(items)
        taken = taken.filtered(lambda line: line.placement_id != besides)
        if taken:
            raise UserError(
                self.env._(
                    "%(item)s is handed over already: %(placement)s.",
                    item=taken[0].name,
                    placement=taken[0].placement_id.display_name,
                )
            )

    def _filter_proven(self):
        return self.filtered(lambda placement: placement.state != "draft")

    def _prepare_request(self):
        return {
            "summary": self.env._("Approve the hand-over of %s", self.currency_id.format(self.amount_placed))
        }

    def _approve(self):
        """Hand over: its items are not dunned any more, the case is with the agency or the lawyer."""
        self.ensure_one()
        self._check_free(self.line_ids, self)
        self.line_ids.sudo()._refresh_amounts()  # sudo: what is open on the day of the hand-over
        self._write_decision("placed", date_placed=self.company_id._credit_today())
        self._move_case()

    def action_cancel(self):
        """Give up what was never handed over."""
        self.check_access("write")
        self._check_state("draft", "submitted")
        self._write_evidence({"state": "cancelled"})
        self._close_request()

    def action_end(self):
        """Open the dialogue that asks why; ``default_decision`` in the context says close or recall."""
        self.ensure_one()
        return {
            "name": self.env._("Recall the Placement")
            if self.env.context.get("default_decision") == "recall"
            else self.env._("Close the Placement"),
            "type": "ir.actions.act_window",
            "res_model": "ar.placement.decision",
            "views": [(False, "form")],
            "target": "new",
            "context": {**self.env.context, "default_placement_id": self.id},
        }

    def _end(self, state, reason):
        """Close or recall; dunning of what is still open goes on, the case is ours again.

        :param state: ``closed`` or ``recalled``
        :raise AccessError: for who is no credit controller
        """
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("ar_credit_control.group_credit_controller"):
            raise AccessError(self.env._("Credit controllers close and recall placements."))
        self._check_state("placed")
        self._check_reason(reason)
        for placement in self:
            placement._write_evidence({"state": state, "date_end": placement.company_id._credit_today()})
            placement._message_log(body=self.env._("Ended: %s", reason))
            placement._move_case()
        self._close_request()
        self.env["ar.item.settlement"]._close_activities(self, SETTLED_ACTIVITY)

    # ------------------------------------------------------------------
    # Nothing left to collect
    # ------------------------------------------------------------------

    @api.model
    def _settled_sql(self, condition: SQL) -> SQL:
        """Return running placements and whether all of their items are settled: ``id``, ``settled``.

        Paid, credited and written off are alike: nothing is left that the agent could collect.

        :param condition: on the alias ``placement``
        """
        return SQL(
            """
            SELECT placement.id,
                   NOT EXISTS (SELECT
                                 FROM ar_placement_line line
                                CROSS JOIN LATERAL (%(settlement)s) settlement
                                WHERE line.placement_id = placement.id
                                  AND settlement.unpaid_now - settlement.lost_now > 0) AS settled
              FROM ar_placement placement
             WHERE placement.state = 'placed' AND %(condition)s
            """,
            settlement=self.env["ar.item.settlement"]._settlement_sql(
                SQL("line"), SQL("placement.date_placed")
            ),
            condition=condition,
        )

    @api.model
    def _find_changed(self, condition: SQL):
        """Return ``{placement: whether it is settled}`` where that is not what it says, in one statement."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT found.id, found.settled
                  FROM (%s) found
                  JOIN ar_placement known ON known.id = found.id
                 WHERE found.settled != (known.settled_on IS NOT NULL)
              ORDER BY found.id
                """,
                self._settled_sql(condition),
            )
        )
        return {self.browse(placement_id): settled for placement_id, settled in rows}

    def _judge(self):
        """Tell who looks after placements that all their items are settled, once; undo that if they are not.

        Closing is left to a person, who settles the commission.
        """
        changed = self._find_changed(SQL("placement.id = ANY(%s)", self.ids))
        # sudo: the company and the people asked are of the placement, whoever matches its items
        settled = self.browse(placement.id for placement, is_settled in changed.items() if is_settled).sudo()
        again = self.browse(placement.id for placement in changed) - settled
        for company, placements in settled.grouped("company_id").items():
            placements._write_evidence({"settled_on": company._credit_today()})
        again._write_evidence({"settled_on": False})
        settlement = self.env["ar.item.settlement"]
        settlement._close_activities(again, SETTLED_ACTIVITY)
        settlement._schedule_activities(
            settled,
            SETTLED_ACTIVITY,
            lambda placement: placement.env._("All items are settled: close it and settle the commission"),
            {placement: placement._get_responsible() for placement in settled},
        )

    @api.model
    def _cron_judge(self):
        """Find what no matching told: entries set back to draft, items of other customers."""
        changed = self._find_changed(SQL("TRUE"))
        self.env["ar.item.settlement"]._judge_in_batches(self.union(*changed))

    def _get_responsible(self):
        """Return who looks after the placement, else a credit controller of the company."""
        self.ensure_one()
        if self.env["ar.dispute"]._may_own(self.user_id, self.company_id):
            return self.user_id
        return self._list_deciders()[:1]

    def _move_case(self):
        """Let the case of the customer follow: to the lawyer, to the agency, or back to us."""
        self.ensure_one()
        debtor = self.sudo().partner_id.commercial_partner_id  # sudo: companies get parents, any of them
        # sudo: the case stands on it, whoever hands over may not read it
        profile = self.env["ar.credit.profile"]._get_or_create(debtor, self.company_id).sudo()
        cases = self.env["ar.collection.case"].sudo()  # sudo: cases are moved by their methods
        running = self.sudo().search(  # sudo: placements of the same customer
            [
                ("partner_id.commercial_partner_id", "=", debtor.id),
                ("company_id", "=", self.company_id.id),
                ("state", "=", "placed"),
            ]
        )
        state = running._get_case_state()
        if self.state == "placed":
            case = cases._get_or_open(
                profile, self.env._("Handed over: %s", self.name), opened_by="placement"
            )
        else:
            case = cases.search([("profile_id", "=", profile.id), ("state", "!=", "closed")], limit=1)
        if case:
            case._set_state(
                state,
                self.env._("%(placement)s: %(agent)s", placement=self.name, agent=self.agent_id.name or ""),
            )

    def _get_case_state(self):
        """Return where the case of a customer is whose running placements these are."""
        return "legal" if "lawyer" in self.mapped("kind") else "agency" if self else "open"

    def _describe_lacking(self):
        return self.env._("Credit controllers approve what is handed over.")

    def _covers(self, user):
        return self.env.su or user.has_group("ar_credit_control.group_credit_controller")

    def _list_deciders(self):
        """Return the credit controllers of the company, administrators last."""
        self.ensure_one()
        group = self.env.ref("ar_credit_control.group_credit_controller").sudo()  # sudo: members of a group
        disputes = self.env["ar.dispute"]
        people = group.all_user_ids.filtered(lambda user: disputes._may_own(user, self.company_id))
        return people.sorted(
            lambda user: (user._is_superuser(), user.has_group("base.group_system"), user.id)
        )

    def _check_complete(self):
        for placement in self:
            if not placement.agent_id:
                raise UserError(
                    self.env._("%s: say to whom the items are handed over.", placement.display_name)
                )

    def action_open_to_report(self):
        """Open the overdue items of this customer that a credit insurer has to be told of."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_insurance_overdue"),
            "domain": [("partner_id", "=", self.partner_id.id), ("company_id", "=", self.company_id.id)],
        }

    def action_open_limitation(self):
        """Open the limitation dates of its items."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_limitation_report"),
            "domain": [("move_id", "in", self.line_ids.move_id.ids)],
        }
