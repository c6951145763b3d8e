import math
from bisect import bisect_right

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, LazyTranslate

from .ar_credit_financial import AMOUNTS
from .score_result import Score
from .score_words import ScoreWords

_lt = LazyTranslate(__name__)

BASES = [
    ("peak_month", "Best month of sales"),
    ("average_month", "Average month of sales"),
    ("peak_balance", "Highest balance carried"),
]
DEFAULT_NAME = _lt("Standard scorecard")
# measure, weight, bands (value from, points) or answers (text, points), question
DEFAULT_CRITERIA = [
    ("weighted_delay", 20, [(0, 100), (3, 85), (10, 70), (20, 50), (30, 35), (60, 15), (90, 0)]),
    ("late_share", 5, [(0, 100), (10, 85), (25, 65), (50, 40), (75, 20)]),
    ("trend", 5, [(-10, 100), (-5, 80), (2, 60), (5, 40), (15, 10)]),
    ("longest_delay", 5, [(0, 100), (8, 85), (31, 50), (61, 25), (91, 0)]),
    ("broken_promises", 5, [(0, 100), (1, 50), (2, 20), (3, 0)]),
    # Small remainders are forgiven; whatever is more weighs as much as two other figures of behaviour.
    ("written_off_share", 10, [(0, 100), (1, 30), (5, 10), (20, 0)]),
    ("current_ratio", 5, [(0, 0), (0.8, 25), (1, 50), (1.3, 75), (1.8, 100)]),
    ("debt_share", 5, [(0, 100), (25, 80), (40, 55), (60, 25), (80, 0)]),
    ("interest_cover", 5, [(0, 0), (1, 25), (2, 50), (4, 75), (8, 100)]),
    ("equity_share", 5, [(0, 0), (10, 30), (20, 55), (35, 80), (50, 100)]),
    ("agency_points", 15, []),
    ("months_known", 5, [(0, 20), (6, 40), (12, 60), (36, 85), (60, 100)]),
    (
        "answer",
        5,
        [(_lt("Excellent"), 100), (_lt("Good"), 75), (_lt("Mixed"), 40), (_lt("Bad"), 0)],
        _lt("What do other suppliers say?"),
    ),
    (
        "answer",
        5,
        [(_lt("Growing"), 100), (_lt("Stable"), 75), (_lt("Under pressure"), 35), (_lt("Threatened"), 0)],
        _lt("How does its business develop?"),
    ),
]


class ArCreditScorecard(models.Model):
    """How a root company scores its customers: weighted criteria, and what limit and days follow.

    score = Σ (weight × points) ÷ Σ weight over the criteria that are known; the grade is the best rating
    whose ``score_from`` it reaches. The limit is a formula of parameters, so that a company changes it
    without code:

        factor of the grade × base, at most equity_cap % of equity, at most growth_cap % above what the
        customer has had, rounded down
    """

    _name = "ar.credit.scorecard"
    _description = "Credit Scorecard"
    _inherit = ["mail.thread"]
    _order = "company_id, sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The first scorecard of the company is used.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.company._credit_root(),
        domain=[("parent_id", "=", False)],
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    active = fields.Boolean(default=True)
    criterion_ids = fields.One2many("ar.credit.criterion", "scorecard_id", string="Criteria", copy=True)
    months = fields.Integer(
        string="Window (months)",
        default=12,
        required=True,
        tracking=True,
        help="Payments and sales of so many months up to today are measured.",
    )
    min_amount = fields.Monetary(
        string="Smallest Amount",
        tracking=True,
        help="Smaller payments and items do not make the longest delay.",
    )
    statement_months = fields.Integer(
        string="Statements Count For (months)",
        default=24,
        required=True,
        tracking=True,
        help="Older financial statements say nothing any more.",
    )
    min_known_percent = fields.Float(
        string="Least Known (%)",
        default=30.0,
        tracking=True,
        help="With less than this share of the weights known there is no score: a person decides.",
    )
    limit_base = fields.Selection(
        BASES, string="Reckoned From", default="peak_month", required=True, tracking=True
    )
    equity_cap_percent = fields.Float(
        string="Cap: Share of Equity (%)",
        default=10.0,
        tracking=True,
        help="Where the customer's equity is known. Zero: no such cap.",
    )
    growth_cap_percent = fields.Float(
        string="Cap: Growth (%)",
        default=50.0,
        tracking=True,
        help="So much above the larger of today's limit and the highest balance that the customer carried in "
        "the window. Does not apply to customers who have had neither. Zero: no such cap.",
    )
    agency_limit = fields.Selection(
        [
            ("ignore", "Not used"),
            ("without_sales", "Only where there are no sales"),
            ("cap", "Also as a cap"),
        ],
        string="Limit Recommended by an Agency",
        default="without_sales",
        required=True,
        tracking=True,
    )
    limit_digits = fields.Integer(
        string="Leading Figures Kept",
        default=2,
        tracking=True,
        help="2: 183,450 becomes 180,000 and 9,870 becomes 9,800. Zero: not rounded.",
    )
    shorten_days_after = fields.Integer(
        string="Shorten the Term After (days late)",
        default=15,
        tracking=True,
        help="Who pays later than this on average is offered the days of the next lower grade. Zero: never.",
    )
    formula_text = fields.Text(compute="_compute_formula_text", string="In Words")

    _parameters_sensible = models.Constraint(
        "CHECK (months BETWEEN 1 AND 60 AND statement_months > 0 AND min_amount >= 0 "
        "AND min_known_percent BETWEEN 0 AND 100 AND equity_cap_percent >= 0 AND growth_cap_percent >= 0 "
        "AND limit_digits BETWEEN 0 AND 15 AND shorten_days_after >= 0)",
        "A window has 1 to 60 months, shares and days are not negative, and leading figures number 0 to 15.",
    )

    # ------------------------------------------------------------------
    # Computes and constraints
    # ------------------------------------------------------------------

    @api.depends(
        "agency_limit",
        "equity_cap_percent",
        "growth_cap_percent",
        "limit_base",
        "limit_digits",
        "months",
        "shorten_days_after",
    )
    @api.depends_context("lang")
    def _compute_formula_text(self):
        for scorecard in self:
            scorecard.formula_text = "\n".join(scorecard._prepare_formula_sentences())

    def _prepare_formula_sentences(self):
        """Return the rules for limit and days in words, one sentence each."""
        self.ensure_one()
        figures = {
            "peak_month": self.env._("best month of sales"),
            "average_month": self.env._("average month of sales"),
            "peak_balance": self.env._("highest balance carried"),
        }
        sentences = [
            self.env._(
                "Limit = factor of the grade × %(figure)s in the last %(months)s months, with taxes.",
                figure=figures.get(self.limit_base, ""),
                months=self.months,
            )
        ]
        if self.agency_limit != "ignore":
            sentences.append(self.env._("Where there are no sales yet: the limit that an agency recommends."))
        if self.agency_limit == "cap":
            sentences.append(self.env._("At most the limit that an agency recommends."))
        if self.equity_cap_percent:
            sentences.append(
                self.env._(
                    "At most %s %% of the customer's equity, when it is known.",
                    f"{self.equity_cap_percent:g}",
                )
            )
        if self.growth_cap_percent:
            sentences.append(
                self.env._(
                    "At most %s %% above the larger of today's limit and the highest balance carried.",
                    f"{self.growth_cap_percent:g}",
                )
            )
        if self.limit_digits:
            sentences.append(self.env._("Rounded down to %s leading figures.", self.limit_digits))
        sentences.append(self.env._("Days of credit = those of the grade."))
        if self.shorten_days_after:
            sentences.append(
                self.env._(
                    "Who pays more than %s days late on average gets the days of the next lower grade.",
                    self.shorten_days_after,
                )
            )
        return sentences

    @api.constrains("company_id")
    def _check_root_company(self):
        for scorecard in self:
            if scorecard.company_id.parent_id:
                raise ValidationError(
                    self.env._(
                        "%(branch)s is a branch: it uses the scorecard of %(company)s.",
                        branch=scorecard.company_id.name,
                        company=scorecard.company_id.root_id.name,
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        if "company_id" in vals:
            self.check_access("write")  # what is moved into another company needs the right there
        return result

    def copy_data(self, default=None):
        return [
            {**vals, "name": self.env._("%s (copy)", scorecard.name)}
            for scorecard, vals in zip(self, super().copy_data(default), strict=True)
        ]

    # ------------------------------------------------------------------
    # Business
    # ------------------------------------------------------------------

    @api.model
    def _get_for(self, company):
        """Return the scorecard that a company uses. Internal: scoring is not a matter of rights.

        :raise UserError: when the company has archived all of its scorecards
        """
        root = company._credit_root()
        scorecard = self.sudo().search([("company_id", "=", root.id)], limit=1)  # sudo: see above
        if not scorecard:
            raise UserError(
                self.env._("%s has no active scorecard: a credit manager sets one up.", root.name)
            )
        return scorecard

    @api.model
    def _score(self, partners, company, as_of=None):
        """Score customers with the scorecard of a company, in a bounded number of statements.

        Internal: no access check; nothing is written.

        :param partners: ``res.partner`` records; contacts stand for their commercial entity
        :param company: ``res.company``; a branch stands for its root company
        :param as_of: day of the score, default today. Limits and exposure are those of today.
        :return: ``{commercial partner id: Score}``
        """
        root = company._credit_root()
        scorecard = self._get_for(root)
        customers = partners.sudo().commercial_partner_id  # sudo: the debtor may not be readable
        if not customers:
            return {}
        as_of = as_of or root._credit_today()
        facts = scorecard._collect_facts(customers, root, as_of)
        return scorecard._judge(facts, root)

    def _collect_facts(self, customers, root, as_of):
        """Return {commercial partner id: dict}: every measure (None: unknown) and what limits are made of.

        Answers are under ``answers``: {criterion id: (points, name)}. Extend to add a source.
        """
        self.ensure_one()
        behaviour = self.env["ar.credit.behaviour"]._measure(
            customers, root, as_of, self.months, self.min_amount
        )
        exposures = self.env["ar.credit.exposure"]._get_figures(customers, root)
        facts = {}
        for partner_id, measured in behaviour.items():
            if not measured["invoices"]:
                # Who was never asked for money has not broken a word either.
                measured["broken_promises"] = None
            exposure = exposures[partner_id]
            facts[partner_id] = {
                **measured,
                "average_month": measured["sales_12m"] / self.months,
                "limit_now": exposure["limit"] if exposure["limit_set"] else None,
                "exposure": exposure["exposure"],
                "overdue": exposure["overdue"],
                "rating_id": exposure["rating_id"],
                "profile_id": exposure["profile_id"],
                "equity": None,
                "agency_limit": None,
                "answers": {},
            }
        self._add_financial_facts(facts, root, as_of)
        self._add_agency_facts(facts, root, as_of)
        self._add_answers(facts, root, as_of)
        return facts

    def _add_financial_facts(self, facts, root, as_of):
        financial = self.env["ar.credit.financial"]
        rows = financial._get_latest(
            list(facts),
            root,
            "fiscal_year_end",
            ["currency_id", *AMOUNTS],
            SQL(
                "known.fiscal_year_end <= %s AND known.fiscal_year_end > %s",
                as_of,
                as_of - relativedelta(months=self.statement_months),
            ),
        )
        rates = self._get_rates({row[1] for row in rows}, root, as_of)
        for partner_id, currency_id, *amounts in rows:
            figures = {name: float(amount or 0) for name, amount in zip(AMOUNTS, amounts, strict=True)}
            facts[partner_id].update(financial._get_ratios(figures))
            if figures["total_assets"]:
                facts[partner_id]["equity"] = figures["equity"] * rates[currency_id]

    def _add_agency_facts(self, facts, root, as_of):
        rows = self.env["ar.credit.agency.report"]._get_latest(
            list(facts),
            root,
            "date",
            ["currency_id", "points", "recommended_limit"],
            SQL("known.date <= %s AND known.date_expiry >= %s", as_of, as_of),
        )
        rates = self._get_rates({row[1] for row in rows}, root, as_of)
        for partner_id, currency_id, points, limit in rows:
            facts[partner_id]["agency_points"] = float(points or 0)
            if limit:
                facts[partner_id]["agency_limit"] = float(limit) * rates[currency_id]

    def _add_answers(self, facts, root, as_of):
        rows = self.env["ar.credit.answer"]._get_latest(
            list(facts),
            root,
            "date",
            ["choice_id"],
            SQL("known.date <= %s", as_of),
            per=("criterion_id",),
        )
        choices = self.env["ar.credit.criterion.choice"].sudo()  # sudo: part of the scorecard
        choices = choices.browse({row[-1] for row in rows})
        answers = {choice.id: (choice.points, choice.name) for choice in choices}
        for partner_id, criterion_id, choice_id in rows:
            facts[partner_id]["answers"][criterion_id] = answers[choice_id]

    def _get_rates(self, currency_ids, root, as_of):
        """Return {currency id: units of the root company's currency for one of it} on a day."""
        currencies = self.env["res.currency"].browse(currency_ids)
        return {
            currency.id: currency._get_conversion_rate(currency, root.currency_id, root, as_of)
            for currency in currencies
        }

    def _judge(self, facts, root):
        """Return {partner id: Score} from facts. No statement depends on how many customers there are."""
        criteria = [
            (
                criterion,
                criterion.id,
                criterion.name,
                criterion.weight,
                criterion.measure,
                *criterion._get_ladder(),
                criterion.unknown_points if criterion.unknown == "points" else None,
            )
            for criterion in self.criterion_ids
        ]
        # sudo: ratings are read by every employee, their active ones in their order
        ratings = self.env["ar.credit.rating"].sudo().search_fetch([])
        unrated = ratings.filtered("is_unrated")[:1]
        ladder = (ratings - unrated).sorted("score_from", reverse=True)
        words = self._get_words(root)
        scores = {}
        for partner_id, figures in facts.items():
            score, lines = self._add_up(criteria, figures, words)
            rating = unrated
            if score is not None:
                rating = next((grade for grade in ladder if grade.score_from <= score), ladder[-1:])
            limit, formula = self._propose_limit(rating, figures, words)
            days, why = self._propose_days(rating, ladder, figures, words)
            scores[partner_id] = Score(
                score=score,
                rating=rating,
                lines=lines,
                proposed_limit=limit,
                proposed_days=days,
                formula=f"{formula} {why}".strip(),
                figures=figures,
            )
        return scores

    @api.model
    def _get_words(self, root):
        return ScoreWords(self.env, root.currency_id)

    def _add_up(self, criteria, figures, words):
        """Return the score, None when too little is known, and its lines."""
        total = known = counted = weighted = 0.0
        lines = []
        for criterion, criterion_id, name, weight, measure, bounds, points, unknown_points in criteria:
            total += weight
            if measure == "answer":
                gained, text = figures["answers"].get(criterion_id, (None, None))
                value = gained
            else:
                value = figures.get(measure)
                gained = text = None
                if value is not None:
                    gained = points[bisect_right(bounds, value)] if points else min(max(value, 0), 100)
                    text = words.measured(criterion, value)
            if gained is not None:
                known += weight
            else:
                gained, text = unknown_points, words.unknown
            if gained is not None:
                counted += weight
                weighted += weight * gained
            lines.append(
                {
                    "criterion_id": criterion_id,
                    "name": name,
                    "measured": value,
                    "points": gained,
                    "weight": weight,
                    "text": text,
                }
            )
        if not known or known < total * self.min_known_percent / 100:
            return None, lines
        return round(weighted / counted, 2), lines

    def _propose_limit(self, rating, figures, words):
        """Return the proposed limit in the root company's currency, None where a person must say, and how it
        was reckoned, in words.
        """
        if rating.is_unrated or not rating:
            return None, words.too_little_known
        if not rating.limit_factor:
            return 0.0, words.no_credit(rating.name)
        base = figures[self.limit_base]
        if base > 0:
            limit = base * rating.limit_factor
            steps = [words.base(self.limit_base, base, rating, limit)]
        elif figures["agency_limit"] and self.agency_limit != "ignore":
            limit = figures["agency_limit"]
            steps = [words.agency_instead(limit)]
        else:
            return None, words.no_sales
        for cap, sentence in self._get_caps(figures, words):
            if limit > cap:
                limit = cap
                steps.append(sentence)
        rounded = self._round_limit(limit)
        if rounded != limit:
            steps.append(words.rounded(rounded))
        return rounded, words.sentence(steps)

    def _get_caps(self, figures, words):
        """Return pairs of a largest limit and the words that say so. Extend to add a cap."""
        caps = []
        if self.equity_cap_percent and figures["equity"] is not None:
            cap = max(figures["equity"], 0) * self.equity_cap_percent / 100
            caps.append((cap, words.equity_cap(self.equity_cap_percent, cap)))
        had = max(figures["limit_now"] or 0, figures["peak_balance"])
        if self.growth_cap_percent and had > 0:
            cap = had * (1 + self.growth_cap_percent / 100)
            caps.append((cap, words.growth_cap(self.growth_cap_percent, had, cap)))
        if self.agency_limit == "cap" and figures["agency_limit"]:
            caps.append((figures["agency_limit"], words.agency_cap(figures["agency_limit"])))
        return caps

    def _round_limit(self, limit):
        """Round down to the leading figures that the company keeps; never to nothing."""
        if not self.limit_digits or limit <= 0:
            return round(limit, 2)
        unit = 10.0 ** (math.floor(math.log10(limit)) + 1 - self.limit_digits)
        # A hair more, so that binary fractions do not lose a unit.
        return round(math.floor(limit / unit + 1e-9) * unit, 2)

    def _propose_days(self, rating, ladder, figures, words):
        """Return the days of credit of the grade, or of the next lower one for who pays late, and why."""
        delay = figures["weighted_delay"]
        if not self.shorten_days_after or delay is None or delay <= self.shorten_days_after:
            return rating.payment_days, ""
        # A lower grade without any days would take back the credit that the limit gives.
        lower = [
            grade.payment_days
            for grade in ladder
            if grade.score_from < rating.score_from and 0 < grade.payment_days < rating.payment_days
        ]
        if not lower:
            return rating.payment_days, ""
        return lower[0], words.shortened(lower[0], delay)

    @api.model
    def _render_lines(self, lines, known=True):
        """Return the lines of a score as a table (HTML), for screens of every kind.

        :param list lines: as in ``Score.lines``
        :param bool known: whether they made a score: else there is no total
        """
        if not lines:
            return False
        total = sum(line["weight"] for line in lines if line["points"] is not None)
        gained = sum(line["weight"] * line["points"] for line in lines if line["points"] is not None)
        score = f"{gained / total:.1f}" if known and total else ""
        rows = []
        for line in lines:
            known = line["points"] is not None
            rows.append(
                {
                    "name": line["name"],
                    "text": line["text"],
                    "known": known,
                    "points": f"{line['points']:.0f}" if known else "",
                    "share": f"{100 * line['weight'] / total:.0f} %" if known else "",
                    "gained": f"{line['weight'] * line['points'] / total:.1f}" if known else "",
                }
            )
        return self.env["ir.qweb"]._render("ar_credit_control.score_lines", {"rows": rows, "total": score})

    # ------------------------------------------------------------------
    # Defaults
    # ------------------------------------------------------------------

    @api.model
    def _create_missing(self):
        """Give the default scorecard to every root company that never had one."""
        scorecards = self.sudo().with_context(active_test=False)  # sudo: defaults of every company
        roots = self.env["res.company"].sudo().search([("parent_id", "=", False)])  # sudo: as above
        served = {company.id for (company,) in scorecards._read_group([], ["company_id"])}
        missing = roots.filtered(lambda company: company.id not in served)
        created = scorecards.create([self._prepare_default(company) for company in missing])
        created._translate_defaults()
        return created

    @api.model
    def _prepare_default(self, company):
        """Return the values of the default scorecard of a company."""
        return {
            "name": self.env._(DEFAULT_NAME),
            "company_id": company.id,
            "criterion_ids": [
                fields.Command.create(self._prepare_default_criterion(sequence, *default))
                for sequence, default in enumerate(DEFAULT_CRITERIA, 1)
            ],
        }

    @api.model
    def _prepare_default_criterion(self, sequence, measure, weight, rows, question=None):
        if question:
            points = [
                fields.Command.create({"name": self.env._(text), "points": points}) for text, points in rows
            ]
        else:
            points = [
                fields.Command.create({"value_from": value, "points": points}) for value, points in rows
            ]
        return {
            "sequence": 10 * sequence,
            "measure": measure,
            "weight": weight,
            "custom_name": self.env._(question) if question else False,
            "choice_ids" if question else "band_ids": points,
        }

    def _translate_defaults(self):
        """Put the words of default scorecards into every installed language."""
        for code, _name in self.env["res.lang"].get_installed():
            scorecards = self.with_context(lang=code)
            env = scorecards.env
            for scorecard in scorecards:
                scorecard.name = env._(DEFAULT_NAME)
                for criterion, default in zip(scorecard.criterion_ids, DEFAULT_CRITERIA, strict=True):
                    if len(default) > 3:
                        criterion.custom_name = env._(default[3])
                        texts = {points: text for text, points in default[2]}
                        for choice in criterion.choice_ids:
                            choice.name = env._(texts[choice.points])
