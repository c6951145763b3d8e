from odoo import api, fields, models
from odoo.exceptions import UserError

# More lines than this are accepted in the background, in batches of their own commit each.
ACCEPT_AT_ONCE = 500
ACCEPT_BATCH = 200


class ArCreditScoreRunLine(models.Model):
    """Score of one customer in a run: what is decided today beside what follows from the scorecard.

    A copy of the figures on that day, written once. Amounts are in the currency of the root company.
    """

    _name = "ar.credit.score.run.line"
    _description = "Portfolio Score of a Customer"
    _rec_name = "partner_id"
    _order = "run_id DESC, score, id"

    run_id = fields.Many2one(
        "ar.credit.score.run",
        string="Portfolio Score",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    profile_id = fields.Many2one(
        "ar.credit.profile", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    score = fields.Float(readonly=True, digits=(16, 1), aggregator="avg", help="0 is worst, 100 is best.")
    score_known = fields.Boolean(readonly=True)
    former_rating_id = fields.Many2one(
        "ar.credit.rating", string="Grade Today", readonly=True, ondelete="restrict"
    )
    rating_id = fields.Many2one(
        "ar.credit.rating", string="Proposed Grade", readonly=True, ondelete="restrict"
    )
    movement = fields.Selection(
        [
            ("down", "Worse"),
            ("up", "Better"),
            ("first", "First grade"),
            ("same", "Unchanged"),
            ("unknown", "Too little known"),
        ],
        readonly=True,
    )
    former_limit_set = fields.Boolean(readonly=True)
    former_limit = fields.Monetary(string="Limit Today", readonly=True)
    exposure = fields.Monetary(readonly=True)
    overdue = fields.Monetary(readonly=True)
    limit_known = fields.Boolean(
        readonly=True, help="Off: there is nothing to reckon a limit from, a person proposes one."
    )
    proposed_limit = fields.Monetary(readonly=True)
    proposed_days = fields.Integer(readonly=True, aggregator=False)
    limit_change = fields.Monetary(string="Change", compute="_compute_limit_change")
    formula = fields.Text(string="Why This Limit", readonly=True)
    detail = fields.Json(readonly=True)
    detail_html = fields.Html(string="Why This Score", compute="_compute_detail_html", sanitize=False)
    state = fields.Selection(
        [
            ("open", "To decide"),
            ("queued", "Being accepted"),
            ("accepted", "Accepted"),
            ("left", "Left as it is"),
            ("unknown", "No proposal"),
        ],
        readonly=True,
    )

    accepted_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")

    @api.depends("former_limit", "proposed_limit", "limit_known", "former_limit_set")
    def _compute_limit_change(self):
        for line in self:
            both = line.limit_known and line.former_limit_set
            line.limit_change = line.proposed_limit - line.former_limit if both else 0.0

    @api.depends("detail", "score_known")
    def _compute_detail_html(self):
        for line in self:
            line.detail_html = self.env["ar.credit.scorecard"]._render_lines(line.detail, line.score_known)

    def action_accept(self):
        """Write reviews of the lines that are still to decide, by whoever has the authority.

        What exceeds the authority of the user is submitted to those who have it. Very many are accepted in
        the background, in the name of the user.
        """
        self.env["ar.credit.score.run"]._check_decider()
        self.check_access("read")
        self.sudo().lock_for_update()  # sudo: nobody may write lines; two people accept each line once
        lines = self.filtered(lambda line: line.state == "open")
        if not lines:
            raise UserError(self.env._("Nothing here is still to decide."))
        if len(lines) > ACCEPT_AT_ONCE:
            return lines._queue_acceptance()
        return lines._open_reviews(lines._accept())

    def _queue_acceptance(self):
        self.sudo().write(  # sudo: lines are closed to everybody
            {"state": "queued", "accepted_by_id": self.env.uid}
        )
        self.env.ref("ar_credit_control.cron_accept_scores").sudo()._trigger()  # sudo: a cron
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "%s proposals are being accepted in the background. This list shows how far it is.",
                    len(self),
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _cron_accept_queued(self):
        """Accept what is queued in the name of who accepted it, a commit per batch.

        Killed anywhere, the next run goes on with what is still queued. Whoever lost the right to decide
        meanwhile decides nothing: those lines are open again.
        """
        lines = self.search([("state", "=", "queued")], order="accepted_by_id, company_id, id")
        self.env["ar.schedule"]._handle_batches(
            lines, self.__class__._accept_queued, ACCEPT_BATCH, self.__class__._report_unaccepted
        )

    def _accept_queued(self):
        queued = self.filtered(lambda line: line.state == "queued")
        for (user, company), lines in queued.grouped(
            lambda line: (line.accepted_by_id, line.company_id)
        ).items():
            run = self.env["ar.credit.score.run"].with_user(user)
            if user.active and run._is_decider() and company in user.company_ids.root_id:
                lines.with_user(user).with_context(allowed_company_ids=company.ids)._accept()
            else:
                lines.state = "open"

    def _report_unaccepted(self, error):
        """Open a line again that could not be accepted, and note why with the customer."""
        self.state = "open"
        self.env["ar.schedule"]._note_failure(self.profile_id, error)

    def _accept(self):
        """Write the reviews of lines and return them. Internal: no check who asks."""
        lines = self
        for company, of_company in lines.grouped("company_id").items():
            profiles = self.env["ar.credit.profile"]._get_or_create(of_company.partner_id, company)
            by_partner = profiles.grouped("partner_id")
            for line in of_company.filtered(lambda line: not line.profile_id):
                line.sudo().profile_id = by_partner[line.partner_id]  # sudo: lines are closed to everybody
        reviews = self.env["ar.credit.review"]._create_from_scores(lines)
        lines.sudo().write(  # sudo: lines are closed to everybody
            {"state": "accepted", "accepted_by_id": self.env.uid}
        )
        return reviews

    def _open_reviews(self, reviews):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reviews From the Portfolio Score"),
            "res_model": "ar.credit.review",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", reviews.ids)],
        }

    def action_leave(self):
        """Leave grade and limit of the lines as they are."""
        self.env["ar.credit.score.run"]._check_decider()
        self.check_access("read")
        self.filtered(lambda line: line.state == "open").sudo().state = "left"  # sudo: closed to everybody

    def action_reopen(self):
        """Put lines that were left back among those to decide."""
        self.env["ar.credit.score.run"]._check_decider()
        self.check_access("read")
        self.filtered(lambda line: line.state == "left").sudo().state = "open"  # sudo: closed to everybody

    def action_open_customer(self):
        """Open the credit profile, or the contact of a customer without one."""
        self.ensure_one()
        record = self.profile_id or self.partner_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }
