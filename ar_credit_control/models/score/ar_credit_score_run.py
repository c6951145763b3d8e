import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_list

# Lines written by one statement: bounds the memory it takes, not the time.
LINES_PER_STATEMENT = 10_000

DECIDERS = ("ar_credit_control.group_credit_controller", "ar_credit_control.group_credit_manager")


class ArCreditScoreRun(models.Model):
    """Score of the whole portfolio of a root company on one day, compared with what is decided today.

    Scoring decides nothing: accepting lines writes credit reviews, which those with the authority approve.
    """

    _name = "ar.credit.score.run"
    _description = "Portfolio Score"
    _inherit = ["mail.thread"]
    _order = "date DESC, id DESC"

    name = fields.Char(compute="_compute_name")
    date = fields.Date(required=True, default=fields.Date.context_today, string="As Of")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    category_ids = fields.Many2many("res.partner.category", string="Only Tags", help="Empty: every customer.")
    scorecard_id = fields.Many2one("ar.credit.scorecard", readonly=True, ondelete="restrict")
    scored_on = fields.Datetime(readonly=True, copy=False)
    scored_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    state = fields.Selection(
        [("draft", "Draft"), ("done", "Scored")], default="draft", readonly=True, copy=False, tracking=True
    )
    line_ids = fields.One2many("ar.credit.score.run.line", "run_id", readonly=True)
    customer_count = fields.Integer(string="Customers", compute="_compute_counts")
    up_count = fields.Integer(string="Better", compute="_compute_counts")
    down_count = fields.Integer(string="Worse", compute="_compute_counts")
    same_count = fields.Integer(string="Unchanged", compute="_compute_counts")
    first_count = fields.Integer(string="First Grade", compute="_compute_counts")
    unknown_count = fields.Integer(string="Too Little Known", compute="_compute_counts")
    open_count = fields.Integer(string="Still to Decide", compute="_compute_counts")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("date", "category_ids")
    @api.depends_context("lang")
    def _compute_name(self):
        for run in self:
            tags = format_list(self.env, run.category_ids.mapped("name"))
            run.name = f"{self.env._('Portfolio')} {run.date or ''}" + (f" · {tags}" if tags else "")

    @api.depends("name")
    def _compute_display_name(self):
        for run in self:
            run.display_name = run.name

    @api.depends("line_ids.movement", "line_ids.state")
    def _compute_counts(self):
        counts = {}
        groups = self.env["ar.credit.score.run.line"]._read_group(
            [("run_id", "in", self.ids)], ["run_id", "movement", "state"], ["__count"]
        )
        for run, movement, state, count in groups:
            of_run = counts.setdefault(run.id, {})
            for key in (("movement", movement), ("state", state), "all"):
                of_run[key] = of_run.get(key, 0) + count
        for run in self:
            of_run = counts.get(run._origin.id, {})
            run.customer_count = of_run.get("all", 0)
            run.open_count = of_run.get(("state", "open"), 0)
            for movement in ("up", "down", "same", "first", "unknown"):
                run[f"{movement}_count"] = of_run.get(("movement", movement), 0)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("company_id"):
                company = self.env["res.company"].browse(vals["company_id"])
                vals["company_id"] = company.sudo()._credit_root().id  # sudo: the main company of a branch
        runs = super().create(vals_list)
        if not self.env.su and any(run.state != "draft" for run in runs):
            raise AccessError(self.env._("A run is done when it was scored."))
        return runs

    def write(self, vals):
        own = {"state", "scorecard_id", "scored_on", "scored_by_id", "date", "company_id", "category_ids"}
        closed = "state" in vals or any(run.state == "done" for run in self)
        if not self.env.su and closed and own & vals.keys():
            raise UserError(self.env._("A scored run stays as it was. Start a new one."))
        result = super().write(vals)
        if "company_id" in vals:
            self.check_access("write")  # what is moved into another company needs the right there
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_accepted(self):
        if self.env["ar.credit.score.run.line"].search_count(
            [("run_id", "in", self.ids), ("state", "in", ("queued", "accepted"))], limit=1
        ):
            raise UserError(self.env._("Reviews rest on this run: it is kept as evidence."))

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_score(self):
        """Score every customer of the run and open the result."""
        self.ensure_one()
        self._check_decider()
        self.check_access("write")
        self.lock_for_update()  # pressed twice, it scores once
        if self.state == "done":
            raise UserError(self.env._("A scored run stays as it was. Start a new one."))
        if self.date > self.company_id._credit_today():
            raise UserError(self.env._("The day of the score lies in the future."))
        self._score_portfolio()
        return self.action_open_lines()

    def action_open_lines(self):
        """Open the lines of the run, those that change something first."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Customers"),
            "res_model": "ar.credit.score.run.line",
            "views": [(False, "list"), (False, "pivot"), (False, "form")],
            "domain": [("run_id", "=", self.id)],
            "context": {
                "search_default_" + (self.env.context.get("score_filter") or "open"): 1,
                "score_run_id": self.id,
            },
            "help": self.env["ir.ui.view"]._render_template("ar_credit_control.score_lines_empty"),
        }

    def action_accept_all(self):
        """Accept every proposal of the run that is still to decide."""
        self.ensure_one()
        return self.line_ids.filtered(lambda line: line.state == "open").action_accept()

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _check_decider(self):
        """:raise AccessError: unless the user is a controller or manager, whatever the button says"""
        if not self.env.su and not self._is_decider():
            raise AccessError(self.env._("Only credit controllers and managers score customers."))

    @api.model
    def _is_decider(self):
        return any(self.env.user.has_group(group) for group in DECIDERS)

    def _score_portfolio(self):
        """Score all customers, write the lines and the score on the profiles, each as a set."""
        self.ensure_one()
        root = self.company_id
        partners = self.env["res.partner"].browse(self._get_customer_ids())
        scores = self.env["ar.credit.scorecard"]._score(partners, root, self.date)
        self._insert_lines(scores)
        self._write_profile_scores()
        self.sudo().write(  # sudo: a scored run is closed to everybody
            {
                "state": "done",
                "scorecard_id": self.env["ar.credit.scorecard"]._get_for(root).id,
                "scored_on": fields.Datetime.now(),
                "scored_by_id": self.env.uid,
            }
        )
        self.invalidate_recordset()

    def _get_customer_ids(self):
        """Return the commercial partners with a profile or an entry on a trade receivable account."""
        self.ensure_one()
        self.env["ar.credit.behaviour"]._flush_sources()
        self.env["ar.credit.profile"].flush_model(["active", "company_id", "partner_id"])
        self.env["res.partner"].flush_model(["active", "category_id"])
        tagged = SQL("TRUE")
        if self.category_ids:
            tagged = SQL(
                """EXISTS (SELECT FROM res_partner_res_partner_category_rel tag
                            WHERE tag.partner_id = customer.id AND tag.category_id IN %s)""",
                tuple(self.category_ids.ids),
            )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT customer.id
                  FROM res_partner customer
                 WHERE customer.active
                   AND %(tagged)s
                   AND customer.id IN (
                        SELECT profile.partner_id
                          FROM ar_credit_profile profile
                         WHERE profile.active AND profile.company_id = %(root_id)s
                         UNION
                        SELECT partner.commercial_partner_id
                          FROM (
                                SELECT DISTINCT line.partner_id
                                  FROM account_move_line line
                                  JOIN account_account account
                                    ON account.id = line.account_id
                                   AND account.account_type = 'asset_receivable'
                                   AND account.non_trade IS NOT TRUE
                                  JOIN res_company company ON company.id = line.company_id
                                 WHERE line.parent_state = 'posted'
                                   AND line.date <= %(date)s
                                   AND split_part(company.parent_path, '/', 1)::int = %(root_id)s
                               ) line
                          JOIN res_partner partner ON partner.id = line.partner_id
                       )
              ORDER BY customer.id
                """,
                tagged=tagged,
                root_id=self.company_id.id,
                date=self.date,
            )
        )
        return [partner_id for (partner_id,) in rows]

    def _insert_lines(self, scores):
        """Write the lines of the run, thousands by one statement."""
        self.ensure_one()
        self.flush_recordset()
        root = self.company_id
        rows = [self._prepare_line_row(partner_id, score) for partner_id, score in scores.items()]
        for start in range(0, len(rows), LINES_PER_STATEMENT):
            columns = zip(*rows[start : start + LINES_PER_STATEMENT], strict=True)
            self.env.execute_query(
                SQL(
                    """
                    INSERT INTO ar_credit_score_run_line
                           (run_id, company_id, partner_id, profile_id, score, score_known, former_rating_id,
                            rating_id, movement, former_limit_set, former_limit, exposure, overdue,
                            limit_known, proposed_limit, proposed_days, formula, detail, state,
                            create_uid, create_date, write_uid, write_date)
                    SELECT %(run_id)s, %(company_id)s, row.partner_id, row.profile_id, row.score,
                           row.score IS NOT NULL, row.former_rating_id, row.rating_id,
                           CASE WHEN row.score IS NULL THEN 'unknown'
                                WHEN former.id IS NULL OR former.is_unrated THEN 'first'
                                WHEN row.rating_id = former.id THEN 'same'
                                WHEN rating.score_from > former.score_from THEN 'up'
                                ELSE 'down'
                           END,
                           row.former_limit IS NOT NULL, COALESCE(row.former_limit, 0), row.exposure,
                           row.overdue, row.proposed_limit IS NOT NULL, COALESCE(row.proposed_limit, 0),
                           row.proposed_days, row.formula, row.detail::jsonb,
                           CASE WHEN row.score IS NULL THEN 'unknown' ELSE 'open' END,
                           %(uid)s, NOW() AT TIME ZONE 'UTC', %(uid)s, NOW() AT TIME ZONE 'UTC'
                      FROM unnest(%(columns)s)
                           AS row(partner_id, profile_id, score, former_rating_id, rating_id, former_limit,
                                  exposure, overdue, proposed_limit, proposed_days, formula, detail)
                 LEFT JOIN ar_credit_rating former ON former.id = row.former_rating_id
                 LEFT JOIN ar_credit_rating rating ON rating.id = row.rating_id
                 RETURNING id
                    """,
                    run_id=self.id,
                    company_id=root.id,
                    uid=self.env.uid,
                    columns=SQL(", ").join(
                        SQL("%s::" + kind, list(column))
                        for kind, column in zip(self._line_row_types(), columns, strict=True)
                    ),
                )
            )
        self.env["ar.credit.score.run.line"].invalidate_model()

    @api.model
    def _line_row_types(self):
        return (
            "int[]",
            "int[]",
            "numeric[]",
            "int[]",
            "int[]",
            "numeric[]",
            "numeric[]",
            "numeric[]",
            "numeric[]",
            "int[]",
            "text[]",
            "text[]",
        )

    @api.model
    def _prepare_line_row(self, partner_id, score):
        figures = score.figures
        return (
            partner_id,
            figures["profile_id"],
            score.score,
            figures["rating_id"],
            score.rating.id or None,
            figures["limit_now"],
            figures["exposure"],
            figures["overdue"],
            score.proposed_limit,
            score.proposed_days,
            score.formula,
            json.dumps(score.lines),
        )

    def _write_profile_scores(self):
        """Copy the scores of the run to the profiles, in one statement."""
        self.ensure_one()
        profiles = self.env["ar.credit.profile"]
        profiles.flush_model()
        self.env.execute_query(
            SQL(
                """
                UPDATE ar_credit_profile profile
                   SET score = line.score,
                       score_date = %(date)s,
                       score_detail = line.detail,
                       score_formula = line.formula
                  FROM ar_credit_score_run_line line
                 WHERE line.run_id = %(run_id)s
                   AND line.score_known
                   AND profile.id = line.profile_id
                   AND (profile.score_date IS NULL OR profile.score_date <= %(date)s)
             RETURNING profile.id
                """,
                run_id=self.id,
                date=self.date,
            )
        )
        profiles.invalidate_model(["score", "score_date", "score_detail", "score_formula"], flush=False)
