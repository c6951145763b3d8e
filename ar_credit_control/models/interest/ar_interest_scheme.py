from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import format_date, format_list

from .ar_interest_presets import PRESETS


class ArInterestScheme(models.Model):
    """How late interest is counted and what a claim costs the customer on top.

    Simple interest: a day's interest is never a part of the principal of another day, and a debit note of
    interest bears none itself. Interest counts from the day after the due date up to and including the day of
    the payment, by segments: a new one begins the day after each part payment or credit note (the date of the
    reconciliation, the later one of both entries) and with each change of the rate.
    """

    _name = "ar.interest.scheme"
    _description = "Late Interest Scheme"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company.root_id,
        domain=[("parent_id", "=", False)],
    )
    kind = fields.Selection(
        [
            ("eu_directive", "European Union"),
            ("germany", "Germany"),
            ("austria", "Austria"),
            ("uk", "United Kingdom"),
            ("china", "China"),
            ("contract", "Contract"),
        ],
        string="Basis",
        required=True,
        default="contract",
        tracking=True,
        help="The law or the contract that the claim stands on.",
    )
    preset = fields.Char(readonly=True, copy=False, help="The statutory scheme that this one was made from.")
    note = fields.Text(
        string="To Check", translate=True, help="Where the scheme comes from, and what to check before use."
    )
    reference_id = fields.Many2one(
        "ar.interest.reference",
        tracking=True,
        ondelete="restrict",
        help="Published rate that the points are added to. Empty: the scheme's own rates.",
    )
    factor = fields.Float(
        string="Times",
        digits=(6, 3),
        default=1.0,
        tracking=True,
        help="The reference rate is multiplied by this before the points are added: 1.5 for 50 % more.",
    )
    margin = fields.Float(
        string="Points Added",
        digits=(6, 3),
        tracking=True,
        help="Percentage points above the reference rate.",
    )
    rate_rule = fields.Selection(
        [
            ("follow", "Each counts from its day"),
            ("start", "Rate of the first day of delay"),
            ("invoice", "Rate of the invoice date"),
        ],
        string="Changes of the Rate",
        required=True,
        default="follow",
        tracking=True,
        help="Each counts from its day: a new segment begins. The others keep one rate to the end.",
    )
    rate_period = fields.Selection(
        [("year", "A year"), ("day", "A day")],
        string="Rates Are For",
        required=True,
        default="year",
        tracking=True,
        help="A rate of 0.05 % a day counts as 18.25 % a year of 365 days.",
    )
    rate_ids = fields.One2many("ar.interest.rate", "scheme_id", string="Agreed Rates", copy=True)
    floor_reference_id = fields.Many2one(
        "ar.interest.reference",
        string="Not Below",
        tracking=True,
        ondelete="restrict",
        help="The rate is at least this reference rate at the invoice date, as order 802 asks of "
        "agreed rates.",
    )
    day_count = fields.Selection(
        [
            ("act_365", "Actual days / 365"),
            ("act_360", "Actual days / 360"),
            ("act_act", "Actual days / days of the year"),
            ("30e_360", "Months of 30 days / 360"),
        ],
        required=True,
        default="act_365",
        tracking=True,
        help="Days / days of the year: 366 in leap years. Months of 30 days: the 31st counts as the 30th.",
    )
    rounding = fields.Selection(
        [
            ("segment", "Each segment"),
            ("total", "The claim"),
            ("day", "The interest of one day"),
        ],
        string="Rounded",
        required=True,
        default="segment",
        tracking=True,
        help="To the smallest unit of the currency of the claim. The interest of one day: rounded "
        "first, then times the days.",
    )
    grace_days = fields.Integer(
        string="Days Without Interest",
        tracking=True,
        help="After the due date. What is paid within them bears no interest.",
    )
    grace_shifts = fields.Boolean(
        string="Count After Them",
        tracking=True,
        help="Off: who pays later owes interest from the due date on. On: from the end of these days on.",
    )
    shifts_due_date = fields.Boolean(
        string="Due on a Day Without Work",
        tracking=True,
        help="An item that falls due on a weekend or holiday may be paid on the next working day; interest "
        "counts from the day after. The due date itself stays. China: Civil Code, article 203.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Calendar",
        tracking=True,
        ondelete="restrict",
        check_company=True,
        help="Its weekends and public holidays count. Empty: the working hours of the company.",
    )
    date_from = fields.Date(
        string="Items Due From",
        tracking=True,
        help="Items due before this day bear no interest: set it when you begin to claim.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.root_id.currency_id,
        help="Of the smallest claim and the fixed sums. Claims in other currencies convert them at "
        "the rate of the day.",
    )
    min_amount = fields.Monetary(
        string="Smallest Claim",
        tracking=True,
        help="Interest of an instalment below this is not claimed; it goes on counting. Corrections of "
        "posted interest that come to less wait for the next debit note.",
    )
    fee_ids = fields.One2many("ar.interest.fee", "scheme_id", string="Fixed Sums", copy=True)
    tax_ids = fields.Many2many(
        "account.tax",
        string="Taxes",
        domain="[('type_tax_use', '=', 'sale'), ('company_id', 'parent_of', company_id)]",
        help="On the debit note; letters name the interest without taxes that come on top of it. Statutory "
        "interest of the EU and UK carries none as a rule; in China it may count as part of the price "
        "(价外费用). Ask your tax adviser.",
    )
    fee_tax_ids = fields.Many2many(
        "account.tax",
        "ar_interest_scheme_fee_tax_rel",
        string="Taxes on Fixed Sums",
        domain="[('type_tax_use', '=', 'sale'), ('company_id', 'parent_of', company_id)]",
    )
    current_rate = fields.Float(
        string="Rate Today (%)",
        digits=(9, 4),
        compute="_compute_current_rate",
        help="Percent a year, points included.",
    )
    rate_warning = fields.Char(compute="_compute_rate_warning")

    _figures_in_range = models.Constraint(
        "CHECK (grace_days >= 0 AND min_amount >= 0 AND factor >= 0)",
        "Days, the smallest claim and the factor are zero or more.",
    )
    _daily_rates_count_days = models.Constraint(
        "CHECK (rate_period != 'day' OR (day_count = 'act_365' AND reference_id IS NULL))",
        "Rates for a day are the scheme's own and count actual days / 365.",
    )

    @api.depends("reference_id.rate_ids", "rate_ids", "factor", "margin", "rate_period")
    def _compute_current_rate(self):
        today = fields.Date.context_today(self)
        for scheme in self:
            rates = scheme.reference_id.rate_ids or scheme.rate_ids
            rate = rates.filtered(lambda line: line.date_from and line.date_from <= today)
            scheme.current_rate = scheme._get_yearly_rate(rate.sorted("date_from")[-1:].rate)

    @api.depends("reference_id.warning", "floor_reference_id.warning", "rate_ids.date_from")
    @api.depends_context("lang")
    def _compute_rate_warning(self):
        today = fields.Date.context_today(self)
        for scheme in self:
            if scheme.reference_id or scheme.floor_reference_id:
                warnings = (scheme.reference_id | scheme.floor_reference_id).mapped("warning")
                scheme.rate_warning = " ".join(filter(None, warnings)) or False
            elif not scheme.rate_ids.filtered(lambda line: line.date_from and line.date_from <= today):
                scheme.rate_warning = self.env._("No rate applies today: nothing is claimed.")
            else:
                scheme.rate_warning = False

    @api.constrains("company_id")
    def _check_root_company(self):
        for scheme in self:
            if scheme.company_id.parent_id:
                raise ValidationError(
                    self.env._("A scheme belongs to a main company; its branches follow it.")
                )

    @api.constrains("reference_id", "rate_ids")
    def _check_one_source(self):
        for scheme in self:
            if scheme.reference_id and scheme.rate_ids:
                raise ValidationError(
                    self.env._("“%s” has a reference rate and rates of its own: keep one.", scheme.name)
                )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for scheme, vals in zip(self, vals_list, strict=True):
            if "name" not in (default or {}):
                vals["name"] = self.env._("%s (copy)", scheme.name)
        return vals_list

    # Actions

    def action_open_outdated(self):
        """Open the reference rate of the scheme whose newest figure may be out of date."""
        self.ensure_one()
        outdated = (self.reference_id | self.floor_reference_id).filtered("is_outdated")
        return {
            "type": "ir.actions.act_window",
            "res_model": "ar.interest.reference",
            "res_id": outdated[:1].id,
            "views": [(False, "form")],
        }

    def action_add_presets(self):
        """Create the statutory schemes that the current company does not have yet.

        :raise AccessError: for a user who is no credit manager.
        """
        if not self.env.user.has_group("ar_credit_control.group_credit_manager"):
            raise AccessError(self.env._("Only a credit manager edits interest schemes."))
        created = self._create_presets(self.env.company.root_id)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if created else "info",
                "message": self.env._("Added: %s", format_list(self.env, created.mapped("name")))
                if created
                else self.env._("The company has all statutory schemes already."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_open_calculator(self):
        """Open the calculator with this scheme."""
        action = self.env["ir.actions.act_window"]._for_xml_id("ar_credit_control.action_interest_calculator")
        action["context"] = {"default_scheme_id": self.id}
        return action

    # Business

    @api.model
    def _create_presets(self, company, keys=None):
        """Create schemes of the presets that a company lacks, in every installed language; return them.

        :param company: ``res.company`` without parent
        :param keys: keys of the presets; None: all
        """
        existing = set(
            self.with_context(active_test=False).search([("company_id", "=", company.id)]).mapped("preset")
        )
        schemes = self.with_context(lang="en_US", tracking_disable=True)
        created = schemes.create(
            [schemes._prepare_preset(company, key) for key in keys or PRESETS if key not in existing]
        )
        for code, _name in self.env["res.lang"].get_installed():
            created._translate_preset(code)
        return created.with_env(self.env)

    @api.model
    def _prepare_preset(self, company, key):
        preset = dict(PRESETS[key](self.env))
        currency = self.env.ref(preset.pop("currency", None) or "base.EUR", raise_if_not_found=False)
        reference = preset.pop("reference", None)
        floor = preset.pop("floor", None)
        fees = preset.pop("fees", ())
        rates = preset.pop("rates", ())
        return {
            **preset,
            "preset": key,
            "company_id": company.id,
            "currency_id": (currency or company.currency_id).id,
            "reference_id": reference and self.env.ref(f"ar_credit_control.{reference}").id,
            "floor_reference_id": floor and self.env.ref(f"ar_credit_control.{floor}").id,
            "fee_ids": [Command.create({"amount_from": start, "amount": amount}) for start, amount in fees],
            "rate_ids": [
                Command.create({"date_from": day, "rate": rate, "source": source})
                for day, rate, source in rates
            ],
        }

    def _translate_preset(self, code):
        """Give schemes the texts of their preset in a language, where they still have its own."""
        if code == "en_US":
            return
        for scheme in self.with_context(lang="en_US", tracking_disable=True):
            make = PRESETS.get(scheme.preset)
            if not make:
                continue
            translated = scheme.with_context(lang=code)
            source, target = make(scheme.env), make(translated.env)
            for field in ("name", "note"):
                if scheme[field] == translated[field] == source.get(field):
                    translated[field] = target[field]

    def _get_yearly_rate(self, rate):
        """Return the percent a year that a rate of the scheme's series comes to."""
        if self.reference_id:
            rate = rate * self.factor + self.margin
        return max(rate * (365 if self.rate_period == "day" else 1), 0.0)

    @api.model
    def _compute_claims(self, items, date):
        """Return the late interest of instalments up to a date that no claim holds yet, by segments.

        One statement for any number of items. Interest runs to the day the principal is paid, so items that
        are settled by now have it too. What claims hold already is taken off: a payment that was undone, or
        dated back, gives a segment with the difference of the principal.

        :param items: journal items (``account.move.line``), or rows of ``ar.aging.report``
        :param date: last day that counts
        :return: dicts with ``id`` (journal item), ``move_id``, ``partner_id``, ``date_maturity``,
            ``currency_id``, ``scheme_id``, ``date_from``, ``date_to``, ``principal``, ``rate`` (percent a
            year), ``days``, ``amount``: in the currency of the item
        """
        return self.env["ar.interest.figures"]._get_segments(items.ids, date)

    def _describe_segment(self, segment, currency):
        """Return a segment in words: days, rate and amount."""
        self.ensure_one()
        figures = {
            "rate": f"{segment['rate']:.4f}".rstrip("0").rstrip("."),
            "principal": currency.format(segment["principal"]),
        }
        if segment["days"] == 1 and segment["date_from"] == segment["date_to"]:
            day = format_date(self.env, segment["date_from"])
            return self.env._("%(day)s: 1 day at %(rate)s %% on %(principal)s", day=day, **figures)
        return self.env._(
            "%(date_from)s to %(date_to)s: %(days)s days at %(rate)s %% on %(principal)s",
            date_from=format_date(self.env, segment["date_from"]),
            date_to=format_date(self.env, segment["date_to"]),
            days=segment["days"],
            **figures,
        )
