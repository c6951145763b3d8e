from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import SQL, format_date, format_list
from odoo.tools.misc import formatLang

from ..company.ar_evidence_mixin import THREAD
from .ar_provision_comparison import PARTS


class ArProvisionRun(models.Model):
    """The expected loss of a company's receivables at a date, and what of it is not booked yet.

    Computed as a draft, frozen when it is submitted: opened years later it shows the same figures, whatever
    happened since. Approved by another person, then posted, each as long as its lines are the open items of
    the ledger at the date: the entry takes the allowance accounts from what they hold at the date to what the
    run says, so running twice changes nothing.
    """

    _name = "ar.provision.run"
    _description = "Provision Run"
    _inherit = ["ar.approval.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"

    _terms = frozenset({"date", "company_id", "policy_id", "note"})
    _own_fields = frozenset(
        {
            "accounts",
            "amount",
            "booked",
            "booked_opening",
            "booked_other",
            "change",
            "computed_on",
            "covered",
            "decided_by_id",
            "gross",
            "item_count",
            "kind",
            "matrix_id",
            "move_ids",
            "name",
            "offset",
            "policy_basis",
            "policy_name",
            "policy_standard",
            "posted_by_id",
            "posted_on",
            "prepared_by_ids",
            "previous_id",
            "state",
            "submitted_by_id",
            "terms",
            *(f"compared_{name}" for name in ("previous_amount", *PARTS)),
        }
    )
    _authority_kind = "provision"
    _approval_activity = "ar_credit_control.mail_activity_provision_approve"

    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    kind = fields.Selection(
        [("regular", "Provision run"), ("opening", "Opening Run")],
        required=True,
        readonly=True,
        copy=False,
        default="regular",
        help="An opening takes over the allowance that the ledger has already, and books nothing.",
    )
    date = fields.Date(
        string="Reporting Date",
        required=True,
        default=lambda self: self.env.company._credit_root()._credit_today(),
        tracking=True,
        index=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    policy_id = fields.Many2one(
        "ar.provision.policy",
        string="Provision Policy",
        required=True,
        index=True,
        ondelete="restrict",
        compute="_compute_policy_id",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        domain="[('company_id', '=', company_id)]",
        tracking=True,
    )
    policy_name = fields.Char(string="Policy Then", readonly=True, copy=False, translate=True)
    policy_standard = fields.Selection(
        selection=lambda self: self._list_policy_choices("standard"),
        string="Accounting Standard",
        readonly=True,
        copy=False,
    )
    policy_basis = fields.Selection(
        selection=lambda self: self._list_policy_choices("basis"),
        string="Age Counts From",
        readonly=True,
        copy=False,
    )
    terms = fields.Json(string="Terms of the Policy", readonly=True, copy=False)
    accounts = fields.Json(string="Accounts Then", readonly=True, copy=False)
    terms_table = fields.Html(string="Terms", compute="_compute_terms_table")
    warning = fields.Text(compute="_compute_warning")
    ledger_note = fields.Char(string="Ledger Since", compute="_compute_ledger_note")
    as_of_note = fields.Char(string="As Known Then", compute="_compute_as_of_note")
    matrix_id = fields.Many2one(
        "ar.provision.matrix", string="Loss Rates", readonly=True, copy=False, ondelete="restrict"
    )
    previous_id = fields.Many2one(
        "ar.provision.run",
        string="Run Before",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The posted run before, with which this one is compared.",
    )
    no_post_reason = fields.Char(related="policy_id.no_post_reason")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("posted", "Posted"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    note = fields.Text(help="What the reader of the run should know.")
    computed_on = fields.Datetime(readonly=True, copy=False)
    posted_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    posted_on = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many("ar.provision.line", "run_id", readonly=True)
    cell_ids = fields.One2many("ar.provision.cell", "run_id", readonly=True)
    change_ids = fields.One2many(
        "ar.provision.run.change", "run_id", string="Changes by Account", readonly=True
    )
    movement_ids = fields.One2many("ar.provision.movement", "run_id", readonly=True)
    move_ids = fields.Many2many("account.move", string="Entries", readonly=True, copy=False)
    item_count = fields.Integer(string="Items", readonly=True, copy=False)
    gross = fields.Monetary(
        readonly=True, copy=False, help="What customers owe at the date: the ageing, and the ledger."
    )
    offset = fields.Monetary(string="Own Credits", readonly=True, copy=False)
    covered = fields.Monetary(readonly=True, copy=False)
    amount = fields.Monetary(string="Expected Loss", readonly=True, copy=False, tracking=True)
    booked = fields.Monetary(
        string="Booked So Far",
        readonly=True,
        copy=False,
        help="What the allowance accounts held at the date when the run was computed.",
    )
    booked_other = fields.Monetary(
        string="Booked by Others",
        readonly=True,
        copy=False,
        help="Part of what is booked that no run and no write-off explains. The run takes it over; record an "
        "opening first where it is the allowance from before.",
    )
    booked_opening = fields.Monetary(
        string="Taken Over So Far",
        readonly=True,
        copy=False,
        help="What openings explain of the allowance at the date.",
    )
    booked_by_others = fields.Monetary(
        string="Booked by Others Since",
        compute="_compute_booked_by_others",
        help="What others booked since the run before, which took over what they had booked until then.",
    )
    change = fields.Monetary(
        readonly=True,
        copy=False,
        tracking=True,
        help="What is posted: the expected loss less what is booked.",
    )
    entry_count = fields.Integer(string="Journal Entries", compute="_compute_entry_count")
    compared_previous_amount = fields.Monetary(string="Loss Before", readonly=True, copy=False)
    compared_new = fields.Monetary(string="New Items", readonly=True, copy=False)
    compared_gone = fields.Monetary(
        string="Paid or Settled", readonly=True, copy=False, help="Items that are not open any more."
    )
    compared_gross_change = fields.Monetary(
        string="Open Amounts",
        readonly=True,
        copy=False,
        help="Part payments, and credits that are set off, at the rates of then.",
    )
    compared_cover_change = fields.Monetary(string="Change in Cover", readonly=True, copy=False)
    compared_moved = fields.Monetary(
        string="Moved Bucket", readonly=True, copy=False, help="What age made of it, at the rates of then."
    )
    compared_rate_change = fields.Monetary(
        string="Other Rates",
        readonly=True,
        copy=False,
        help="Loss rates, ratings, assessments, default, dispute.",
    )
    compared_exchange = fields.Monetary(
        string="Exchange",
        readonly=True,
        copy=False,
        help="Rates of exchange, where the policy values items at the closing rate.",
    )

    _one_posted = models.UniqueIndex(
        "(company_id, date, kind) WHERE state = 'posted'", "A company has one posted run at a date."
    )

    @api.depends("name")
    def _compute_display_name(self):
        for run in self:
            run.display_name = self.env._("New") if run.name == "/" else run.name

    @api.depends("company_id")
    def _compute_policy_id(self):
        for run in self:
            policies = self.env["ar.provision.policy"].search(
                [("company_id", "=", run.company_id.id)], limit=1
            )
            if run.policy_id.company_id != run.company_id:
                run.policy_id = policies

    @api.depends("move_ids")
    def _compute_entry_count(self):
        for run in self:
            run.entry_count = len(run.move_ids)

    @api.depends("computed_on", "booked_opening", "booked_other", "previous_id.booked_other")
    def _compute_booked_by_others(self):
        for run in self:
            run.booked_by_others = run.computed_on and run._get_booked_by_others()

    def _get_booked_by_others(self):
        """Return what others booked since the run before, and no opening explains.

        An opening after that run explains what it took over first: that was not booked back.
        """
        self.ensure_one()
        before = self.previous_id.booked_other
        explained = self.booked_opening - self.previous_id.booked_opening
        if before * explained > 0:
            before = max(before - explained, 0) if before > 0 else min(before - explained, 0)
        return self.currency_id.round(self.booked_other - before)

    @api.depends("terms")
    @api.depends_context("lang")
    def _compute_terms_table(self):
        for run in self:
            rows = run._describe_terms()
            run.terms_table = (
                self.env["ir.qweb"]._render("ar_credit_control.provision_run_terms", {"rows": rows})
                if rows
                else False
            )

    def _describe_terms(self):
        """Return (label, words) of the terms of the policy that the lines were computed by."""
        self.ensure_one()
        if not self.terms:
            return []
        described = self.env["ar.provision.policy"]._describe_terms(self.terms)
        if factors := self._describe_rating_factors():
            described.append((self.env._("Factors of Ratings"), factors))
        return described

    def _describe_rating_factors(self):
        """Return by what the ratings of the run multiplied its rates, in words; empty where none did."""
        if not self.terms.get("use_rating_factor"):
            return ""
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT rating_id, rating_factor::float8
                     FROM ar_provision_line
                    WHERE run_id = %s AND treatment = 'matrix' AND rating_id IS NOT NULL""",
                self.id,
            )
        )
        factors = dict(rows)
        ratings = self.env["ar.credit.rating"].sudo().browse(factors).sorted()  # sudo: their names
        return format_list(
            self.env,
            [f"{rating.name} × {formatLang(self.env, factors[rating.id], digits=2)}" for rating in ratings],
        )

    @api.depends(
        "date", "kind", "matrix_id", "state", "terms", "policy_id.lacks_rebuttal", "policy_id.net_of_tax"
    )
    @api.depends_context("lang")
    def _compute_warning(self):
        for run in self:
            run.warning = "\n".join(run._list_warnings())

    def _list_warnings(self):
        """Return what whoever decides on the run should look at, in words."""
        self.ensure_one()
        warnings = []
        if self.kind != "regular" or self.state == "cancelled":
            return warnings
        if self.matrix_id and self.matrix_id.date_from + relativedelta(years=1) < self.date:
            warnings.append(
                self.env._(
                    "The loss rates are from %s: older than a year at this date. Check whether they still "
                    "hold.",
                    format_date(self.env, self.matrix_id.date_from),
                )
            )
        if self.state not in ("draft", "submitted"):
            return warnings
        tax_comes_back = self.company_id.sudo().writeoff_tax == "reverse"  # sudo: a setting
        if tax_comes_back and not self.policy_id.net_of_tax:
            warnings.append(
                self.env._(
                    "Tax of written-off invoices is taken back, and the loss includes it: the policy may "
                    "leave it out, “Net of Recoverable Tax”."
                )
            )
        if self.policy_id.lacks_rebuttal:
            warnings.append(
                self.env._(
                    "IFRS 9 presumes a default after 90 days past due: switch that on in the policy, or "
                    "write there why default is later."
                )
            )
        return warnings

    @api.depends("computed_on", "date", "kind")
    @api.depends_context("lang")
    def _compute_as_of_note(self):
        for run in self:
            run.as_of_note = run._get_as_of_note()

    def _get_as_of_note(self):
        """Return what a run of a past date does not know as it was then; empty where it knows everything."""
        self.ensure_one()
        if self.kind != "regular" or not self.computed_on or not self.date:
            return ""
        computed_on = fields.Datetime.context_timestamp(
            self.with_context(tz=self.company_id._credit_timezone()), self.computed_on
        ).date()
        if computed_on <= self.date:
            return ""
        return self.env._(
            "Cover, disputes and ratings are those of %(date)s, as far as on record. Tags, countries and "
            "factors of ratings are those of %(day)s.",
            date=format_date(self.env, self.date),
            day=format_date(self.env, computed_on),
        )

    @api.depends("date", "kind", "state")
    @api.depends_context("lang")
    def _compute_ledger_note(self):
        # for the form: a statement over the open items at the date of each run
        for run in self:
            run.ledger_note = run.kind == "regular" and run.state == "posted" and run._get_ledger_note()

    def _get_ledger_note(self):
        """Return how the open items at the date differ from the lines by now; empty where they do not."""
        self.ensure_one()
        [(count, difference)] = self._read_ledger(
            SQL("SELECT COUNT(*), COALESCE(SUM(gross), 0)::float8 FROM (%s) item", self._ledger_changes_sql())
        )
        if not count:
            return ""
        return self.env._(
            "The ledger at this date has changed since: %(gross)s now, difference %(difference)s. Items that "
            "differ: %(count)s.",
            gross=self.currency_id.format(self.gross + difference),
            difference=self.currency_id.format(difference),
            count=count,
        )

    @api.constrains("company_id", "policy_id")
    def _check_policy(self):
        self._check_policy_in_use()
        for run in self:
            if run.company_id.parent_id or run.policy_id.company_id != run.company_id:
                raise ValidationError(
                    self.env._(
                        "“%(policy)s” is not the policy of %(company)s. Branches are valued with their main "
                        "company.",
                        policy=run.policy_id.name,
                        company=run.company_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self._check_created(vals_list)
        for vals in vals_list:
            if vals.get("name", "/") == "/":
                vals["name"] = self.env["ir.sequence"].next_by_code("ar.provision.run") or "/"
        return super().create(vals_list)

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"company_id", "date", "policy_id"}:
            # What was computed is that of another date or policy.
            self.filtered("computed_on")._write_evidence({"computed_on": False})
        return result

    def _check_created(self, vals_list):
        """Refuse a run that comes with figures or a state of its own."""
        for vals in vals_list:
            given = {name for name in vals.keys() - self._terms - THREAD if vals[name]}
            if given and {name: vals[name] for name in given} != {"state": "draft"}:
                raise AccessError(
                    self.env._(
                        "A run is created with its date, company, policy and note: it computes the rest."
                    )
                )

    # ------------------------------------------------------------------
    # The course
    # ------------------------------------------------------------------

    def action_compute(self):
        """Value every open item at the date; a draft only, in the place of what it had.

        :raise UserError: without approved rates for each bucket of the policy
        """
        self.check_access("write")
        self._check_state("draft")
        for run in self:
            run._compute_lines()
        return True

    def _compute_lines(self):
        self.ensure_one()
        if self.kind == "regular":
            matrix = self.policy_id._get_matrix(self.date)
            self._check_rates(matrix)
            self._take_preparers()
            self._write_evidence({"matrix_id": matrix.id, "previous_id": self._get_previous_posted().id})
            # sudo: lines are written by the run alone, over every customer of the company
            self.env["ar.provision.line"].sudo()._write_lines(self)
            self.env["ar.provision.cell"].sudo()._write_cells(self)
            self._write_compared()
        self._write_changes()
        self._write_evidence(
            {
                "accounts": self.policy_id._prepare_accounts(),
                "computed_on": fields.Datetime.now(),
                "terms": self.kind == "regular" and self.policy_id._get_terms(),
            }
        )

    def _take_preparers(self):
        """Count who changed what the run is made of since the last approved one as who prepared it."""
        last = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", "regular"),
                ("state", "in", ("approved", "posted")),
            ],
            order="computed_on desc",
            limit=1,
        )
        people = self.env["ar.provision.term.change"]._get_people(self.policy_id, last.computed_on)
        if new := people - self.prepared_by_ids:
            self._write_evidence({"prepared_by_ids": [Command.link(user.id) for user in new]})

    def _write_compared(self):
        """Keep what changed since the run before, part by part; zeros for the first run."""
        self.ensure_one()
        sums = self.env["ar.provision.comparison"]._sum_parts(self) if self.previous_id else {}
        row = sums.get(self.id, {})
        self._write_evidence({f"compared_{name}": row.get(name, 0.0) for name in ("previous_amount", *PARTS)})

    def _get_previous_posted(self, but=None):
        """Return the last posted run of the company before this one's date, but for one that is leaving."""
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", "regular"),
                ("state", "=", "posted"),
                ("date", "<", self.date),
                ("id", "not in", but.ids if but else []),
            ],
            order="date desc, id desc",
            limit=1,
        )

    def _write_changes(self):
        """Compare the lines with what the ledger holds now: what is to be booked, and the totals."""
        self.ensure_one()
        self.env["ar.provision.run.change"].sudo()._write_changes(self)  # sudo: rows that only the run writes
        self._write_evidence(self._get_totals())

    def _check_rates(self, matrix):
        rated = matrix.rate_ids.filtered(lambda rate: not rate.segment_id).bucket_id
        if missing := self.policy_id.bucket_ids - rated:
            raise UserError(
                self.env._(
                    "“%(matrix)s” has no rate for %(buckets)s. Have rates for every bucket approved.",
                    matrix=matrix.name,
                    buckets=format_list(self.env, missing.mapped("name")),
                )
            )

    def _get_totals(self):
        """Return the totals of the lines and of what is posted, as values of the run."""
        [(count, gross, offset, covered, amount)] = self.env.execute_query(
            SQL(
                """SELECT COUNT(*), COALESCE(SUM(gross), 0), COALESCE(SUM("offset"), 0),
                          COALESCE(SUM(covered), 0), COALESCE(SUM(amount), 0)
                     FROM ar_provision_line WHERE run_id = %s""",
                self.id,
            )
        )
        [(booked, other, change, opening)] = self.env.execute_query(
            SQL(
                """SELECT COALESCE(SUM(booked), 0), COALESCE(SUM(other), 0), COALESCE(SUM(change), 0),
                          (SELECT COALESCE(SUM(amount), 0)
                             FROM ar_provision_movement
                            WHERE kind = 'opening' AND root_company_id = %(root)s AND date <= %(date)s)
                     FROM ar_provision_run_change WHERE run_id = %(run)s""",
                run=self.id,
                root=self.company_id.id,
                date=self.date,
            )
        )
        return {
            "item_count": count,
            "gross": gross,
            "offset": offset,
            "covered": covered,
            "amount": amount,
            "booked": booked,
            "booked_other": other,
            "booked_opening": opening,
            "change": change,
        }

    def _check_complete(self):
        for run in self:
            if not run.computed_on:
                raise UserError(self.env._("Compute “%s” first.", run.name))
            run._check_date()
            run._check_policy_in_use()
            run._check_accounts()
            if run.kind == "opening" and run.currency_id.is_zero(run.booked_other):
                raise UserError(
                    self.env._(
                        "The allowance accounts hold nothing at %s that would have to be taken over.",
                        format_date(self.env, run.date),
                    )
                )
            if run.kind == "regular":
                run._check_ledger()

    def _check_date(self):
        """Refuse a run of the future: nobody knows its open items, and it would stand as the last one.

        :raise UserError: for a date after today in the company's time zone
        """
        for run in self:
            if run.date > run.company_id._credit_today():
                raise UserError(
                    self.env._(
                        "%s is in the future: a run is booked when its date has come.",
                        format_date(self.env, run.date),
                    )
                )

    def _check_policy_in_use(self):
        """Refuse a policy that the company does not use.

        :raise ValidationError: naming the policy
        """
        for run in self:
            if run.kind == "regular" and not run.policy_id.active:
                raise ValidationError(
                    self.env._(
                        "“%(policy)s” is not in use. A draft takes the policy that is; if the run is "
                        "approved, cancel it and make a new one.",
                        policy=run.policy_id.name,
                    )
                )

    def _check_accounts(self):
        """Refuse accounts that are not those the run was computed with, which were approved.

        :raise UserError: when the policy names other ones now
        """
        for run in self:
            if run.accounts and run.accounts != run.policy_id._prepare_accounts():
                raise UserError(
                    self.env._(
                        "The accounts of “%(policy)s” changed since “%(run)s” was computed. Send it back and "
                        "compute it again; if it is approved, cancel it and make a new one.",
                        policy=run.policy_id.name,
                        run=run.name,
                    )
                )

    def _check_ledger(self):
        """Refuse lines that are not the open items any more: something was booked or matched since.

        :raise UserError: when an open item is not a line, or another amount of it is open
        """
        self.ensure_one()
        if self._read_ledger(SQL("%s LIMIT 1", self._ledger_changes_sql())):
            raise UserError(
                self.env._(
                    "The ledger at %(date)s changed since “%(run)s” was computed. Send it back and compute "
                    "it again; if it is approved, cancel it and make a new one.",
                    date=format_date(self.env, self.date),
                    run=self.name,
                )
            )

    def _read_ledger(self, query):
        self.env.flush_all()
        self.env["ar.aging.report"]._switch_off_jit()
        return self.env.execute_query(query)

    def _ledger_changes_sql(self) -> SQL:
        """Return the open items at the date that are others now than when the run was computed.

        An item is an instalment: entry, customer and due date, in a company or branch; journal items are
        made anew when an entry is posted again. Rows: ``gross``, what is open now more than in the lines.
        """
        return SQL(
            """
            SELECT SUM(amount) AS gross
              FROM (
                    SELECT company_id, move_id, partner_id, date_maturity, -1 AS items,
                           -gross AS amount, -gross_currency AS amount_currency
                      FROM ar_provision_line
                     WHERE run_id = %(run)s
                 UNION ALL
                    SELECT company_id, move_id, partner_id, date_maturity, 1, amount, amount_currency
                      FROM (%(open_items)s) item
                     WHERE root_company_id = %(root)s
                   ) item
          GROUP BY company_id, move_id, partner_id, date_maturity
            HAVING (SUM(items), SUM(amount), SUM(amount_currency)) != (0, 0, 0)
            """,
            run=self.id,
            open_items=self.env["ar.aging.report"]._open_items_sql(self.date),
            root=self.company_id.id,
        )

    def _submit(self):
        self._keep_policy()
        return super()._submit()

    def _keep_policy(self):
        """Keep what the policy is called and follows, in every language, as buckets and segments are."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE ar_provision_run run
                      SET policy_name = policy.name,
                          policy_standard = policy.standard,
                          policy_basis = policy.basis
                     FROM ar_provision_policy policy
                    WHERE policy.id = run.policy_id AND run.id = ANY (%s)""",
                self.ids,
            )
        )
        self.invalidate_recordset(["policy_basis", "policy_name", "policy_standard"])

    def _get_policy_words(self):
        """Return name, standard and basis of the policy in words: as kept, of a draft as they are now."""
        policy = self.policy_id.sudo()  # sudo: its name, whoever may read the run
        is_kept = self.state != "draft" and self.policy_name
        names = {
            "standard": self.policy_standard if is_kept else policy.standard,
            "basis": self.policy_basis if is_kept else policy.basis,
        }
        return {
            "policy_name": self.policy_name if is_kept else policy.name,
            **{name: dict(self._list_policy_choices(name))[value] for name, value in names.items()},
        }

    @api.model
    def _list_policy_choices(self, name):
        return self.env["ar.provision.policy"]._fields[name]._description_selection(self.env)

    def _approve(self):
        self._write_decision("approved")

    def _get_amount_to_cover(self):
        """Return what is charged in all or released in all, whichever is more: accounts do not offset."""
        name = "other" if self.kind == "opening" else "change"
        changes = self.sudo().change_ids  # sudo: of branches that the user does not see, too
        return self._get_larger_side(changes, name)

    def _get_larger_side(self, rows, name):
        """Return what rows raise in all or lower in all, whichever is more; net by branch and account."""
        amounts = [
            sum(of_account.mapped(name))
            for of_account in rows.grouped(lambda row: (row.company_id, row.account_id)).values()
        ]
        raised = sum(amount for amount in amounts if amount > 0)
        return self.currency_id.round(max(raised, raised - sum(amounts)))

    def _prepare_request(self):
        return {
            "note": self.env._(
                "%(run)s at %(date)s: expected loss %(amount)s, to be booked %(change)s.",
                run=self.name,
                date=format_date(self.env, self.date),
                amount=self.currency_id.format(self.amount),
                change=self.currency_id.format(self.change),
            )
        }

    def action_post(self):
        """Book the change: one entry for each company or branch, dated on the run's date.

        :raise UserError: where the chart has no allowance, in a closed period, when the open items at the
            date changed since the run was computed, or when more would be booked than who approved may decide
        """
        self._check_posts()
        self._check_state("approved")
        for run in self:
            run._post()
        return True

    def _check_posts(self):
        self.check_access("read")
        if not (
            self.env.su
            or self.env.user.has_group("ar_credit_control.group_credit_controller")
            or self.env.user.has_group("account.group_account_user")
        ):
            raise AccessError(self.env._("Provisions are posted by a credit controller or an accountant."))

    # ------------------------------------------------------------------
    # The last one
    # ------------------------------------------------------------------

    @api.model
    def _last_posted_sql(self) -> SQL:
        """Return ``id`` and ``company_id`` of the last posted run of each company."""
        return SQL(
            """SELECT DISTINCT ON (company_id) id, company_id
                 FROM ar_provision_run
                WHERE state = 'posted' AND kind = 'regular'
             ORDER BY company_id, date DESC, id DESC"""
        )

    @api.model
    def _sum_by_customer(self, company, partners):
        """Return the expected loss of customers by the last posted run: {partner id: company currency}."""
        if not partners.ids:
            return {}
        self.env.flush_all()
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT line.partner_id, SUM(line.amount)::float8
                         FROM ar_provision_line line
                         JOIN (%s) run ON run.id = line.run_id
                        WHERE run.company_id = %s AND line.partner_id = ANY (%s)
                     GROUP BY line.partner_id""",
                    self._last_posted_sql(),
                    company.id or 0,
                    partners.ids,
                )
            )
        )

    @api.model
    def _show_customer(self, company, partner):
        """Return the action that shows the items of a customer in the last posted run."""
        run = self.search(
            [("company_id", "=", company.id), ("kind", "=", "regular"), ("state", "=", "posted")], limit=1
        )
        action = run._show("action_provision_line", {})
        action["domain"] = [("run_id", "=", run.id), ("partner_id", "=", partner.id)]
        return action

    # ------------------------------------------------------------------
    # Screens
    # ------------------------------------------------------------------

    def action_ask_send_back(self):
        """Ask why the run is sent back."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_provision_send_back")
        action["context"] = {"default_run_id": self.id}
        return action

    def action_view_lines(self):
        """Show the items of the run, those with a loss first."""
        return self._show("action_provision_line", {})

    def action_view_comparison(self):
        """Show by item what changed since the run before."""
        self.ensure_one()
        return self._show(
            "action_provision_comparison",
            {"search_default_changed": 1, "ar_provision_run_ids": self.ids},
        )

    def action_view_entries(self):
        """Show the entries of the run: its own, carries and reversals."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account.action_move_journal_line")
        action["domain"] = [("id", "in", self.move_ids.ids)]
        action["context"] = {}
        if len(self.move_ids) == 1:
            return self._open_entry(self.move_ids)
        return action

    def action_make_opening(self):
        """Ask from which date what others booked is taken over."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_provision_opening")
        action["context"] = {"default_company_id": self.company_id.id, "default_date": self.date}
        return action

    def _show(self, name, context):
        action = self.env["ir.actions.act_window"]._for_xml_id(f"ar_credit_control.{name}")
        action["domain"] = [("run_id", "in", self.ids)]
        action["context"] = context
        return action

    def _open_entry(self, move, name=None):
        """Open an entry of which a run speaks.

        :raise UserError: when it was deleted since, or the user may not see it
        """
        if not move.exists():
            raise UserError(self.env._("%s is not in the ledger any more.", name or self.name))
        if not move.has_access("read"):
            raise UserError(
                self.env._(
                    "%s is an accounting entry that you may not open. Ask accounting.", move.sudo().name
                )
            )  # sudo: its number, for the message
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": move.id,
            "views": [(False, "form")],
        }
