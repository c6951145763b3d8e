from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import date_utils, format_list
from odoo.tools.misc import format_date, formatLang

from ..company.ar_evidence_mixin import THREAD

MONTHS_LEAST, MONTHS_MOST = 12, 60
# Months of the average that looks at the newest only.
NEWEST = 12


class ArProvisionDerivation(models.Model):
    """Loss rates from the company's own closed months, by the roll-rate method.

    See ``ar.provision.history`` for what rolls. The loss rate of a bucket is the product of the roll rates
    from it to the last bucket, times what is lost of the last one. Kept as it was computed, with its months,
    so that an auditor can follow each rate.
    """

    _name = "ar.provision.derivation"
    _description = "Loss Rates From History"
    _inherit = ["ar.evidence.mixin", "mail.thread"]
    _order = "date_to desc, id desc"

    _rec_names_search = ["policy_id.name"]

    _terms = frozenset(
        {
            "policy_id",
            "date_to",
            "months",
            "average",
            "smoothing",
            "last_loss_method",
            "last_loss",
            "last_loss_reason",
        }
    )
    _own_fields = frozenset({"computed_by_id", "computed_on", "warning"})

    name = fields.Char(compute="_compute_name")
    policy_id = fields.Many2one(
        "ar.provision.policy",
        string="Provision Policy",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env["ar.provision.policy"].search(
            [("company_id", "=", self.env.company._credit_root().id)], limit=1
        ),
        help="Whose buckets and segments the history is counted by.",
    )
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="policy_id.currency_id")
    date_to = fields.Date(
        string="Last Month",
        required=True,
        default=lambda self: (
            date_utils.start_of(fields.Date.context_today(self), "month") - relativedelta(days=1)
        ),
        tracking=True,
        help="End of the newest month that counts: the last one that is closed. Months after the lock date "
        "of the company are open: a warning says so.",
    )
    months = fields.Integer(string="Number of Months", required=True, default=36, tracking=True)
    date_from = fields.Date(compute="_compute_date_from")
    average = fields.Selection(
        [
            ("weighted", "Weighted by amount"),
            ("simple", "Simple average of the months"),
            ("last12", "Last 12 months, weighted"),
        ],
        required=True,
        default="weighted",
        tracking=True,
    )
    smoothing = fields.Monetary(
        string="Half Weight At",
        tracking=True,
        help="A segment that had this much at risk in a bucket counts half with its own rate, half with that "
        "of all segments; with more it counts more. Zero: each segment stands alone.",
    )
    last_loss_method = fields.Selection(
        [("typed", "As stated"), ("measured", "As measured: what was not paid until the last month")],
        string="Loss in the Last Bucket",
        required=True,
        default="typed",
        tracking=True,
    )
    last_loss = fields.Float(string="Loss Stated (%)", default=100.0, digits=(12, 4), tracking=True)
    last_loss_reason = fields.Char(
        string="Reason for Less", help="Why less than all of what reaches the last bucket is lost."
    )
    computed_on = fields.Datetime(readonly=True, copy=False)
    computed_by_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")
    warning = fields.Text(readonly=True, copy=False)
    row_ids = fields.One2many("ar.provision.derivation.row", "derivation_id", readonly=True)
    result_ids = fields.One2many("ar.provision.derivation.result", "derivation_id", readonly=True)
    matrix_ids = fields.One2many("ar.provision.matrix", "derivation_id", readonly=True)
    matrix_count = fields.Integer(compute="_compute_matrix_count")
    is_used = fields.Boolean(
        compute="_compute_matrix_count", help="Loss rates that were submitted rest on it: it stays as it is."
    )

    _in_range = models.Constraint(
        f"CHECK (months BETWEEN {MONTHS_LEAST} AND {MONTHS_MOST} AND last_loss >= 0 AND last_loss <= 100"
        " AND smoothing >= 0)",
        "Between 12 and 60 months; the loss of the last bucket is between 0 and 100 %.",
    )

    @api.depends("policy_id.name", "date_to", "months")
    def _compute_name(self):
        for derivation in self:
            if not derivation.policy_id:
                derivation.name = self.env._("New")
                continue
            derivation.name = self.env._(
                "%(policy)s: %(months)s months to %(date)s",
                policy=derivation.policy_id.name or "",
                months=derivation.months,
                date=fields.Date.to_string(derivation.date_to) or "",
            )

    @api.depends("date_to", "months")
    def _compute_date_from(self):
        for derivation in self:
            end = derivation.date_to
            derivation.date_from = end and date_utils.start_of(end, "month") - relativedelta(
                months=max(derivation.months, 1) - 1
            )

    @api.depends("matrix_ids.state")
    def _compute_matrix_count(self):
        for derivation in self:
            derivation.matrix_count = len(derivation.matrix_ids)
            derivation.is_used = bool(derivation._get_resting())

    @api.constrains("date_to")
    def _check_month_end(self):
        for derivation in self:
            if derivation.date_to != date_utils.end_of(derivation.date_to, "month"):
                raise ValidationError(
                    self.env._("History is counted by whole months: give the last day of a month.")
                )
            if derivation.date_to >= derivation.company_id._credit_today():
                raise ValidationError(self.env._("A month counts when it is over."))

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(vals.keys() - self._terms - THREAD for vals in vals_list):
            raise AccessError(
                self.env._("A history is made with its period and method: it computes the rest.")
            )
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and vals.keys() - THREAD:
            self._check_unused()
        return super().write(vals)

    def _get_writable_fields(self):
        return self._terms

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if self.matrix_ids:
            raise UserError(self.env._("Loss rates were made of this history: it stays on file."))

    def _get_resting(self):
        """Return the loss rates that were submitted and rest on this history."""
        return self.matrix_ids.filtered(lambda matrix: matrix.state in ("submitted", "approved"))

    def _check_unused(self):
        if resting := self._get_resting()[:1]:
            raise UserError(
                self.env._("“%s” rests on this history: make another derivation instead.", resting.name)
            )

    def action_compute(self):
        """Count the months anew and derive the rates.

        :raise UserError: with a loss of the last bucket below 100 % and no reason, or once rates rest on it
        """
        self.check_access("write")
        for derivation in self:
            derivation._check_unused()
            derivation._check_last_loss()
            # sudo: rows and results are written by their derivation alone
            own = derivation.sudo()
            own.env["ar.provision.derivation.row"]._write_rows(own)
            own.result_ids.unlink()
            results = own.env["ar.provision.derivation.result"].create(own._derive())
            derivation._write_evidence(
                {
                    "computed_on": fields.Datetime.now(),
                    "computed_by_id": self.env.uid,
                    "warning": "\n".join(own._list_warnings(results)) or False,
                }
            )
        return True

    def _check_last_loss(self):
        if (
            self.last_loss_method == "typed"
            and self.last_loss < 100
            and not (self.last_loss_reason or "").strip()
        ):
            raise UserError(self.env._("Say why less than all of the last bucket is lost."))

    # ------------------------------------------------------------------
    # The rates
    # ------------------------------------------------------------------

    def _derive(self):
        """Return the values of the results: for everyone else, and for each segment."""
        months = self._get_months()
        buckets = self.policy_id.bucket_ids.sorted("age_from")
        pooled = {
            bucket: self._average(
                [row for (key, _segment), rows in months.items() if key == bucket for row in rows]
            )
            for bucket in buckets
        }
        results = []
        for segment in (self.env["ar.provision.segment"], *self.policy_id.segment_ids):
            loss, own_results = 1.0, []
            for bucket in reversed(buckets):
                own = self._average(months.get((bucket, segment), []))
                weight = self._get_credibility(own["at_risk"])
                rate = self._get_rate(bucket == buckets[-1:], own, pooled[bucket], weight)
                loss *= rate
                own_results.append(
                    {
                        "derivation_id": self.id,
                        "bucket_id": bucket.id,
                        "segment_id": segment.id,
                        "months": own["months"],
                        "at_risk": own["at_risk"],
                        "own_rate": 100 * own["rate"],
                        "credibility": 100 * weight,
                        "roll_rate": 100 * rate,
                        "loss_rate": 100 * loss,
                        "is_guess": not pooled[bucket]["at_risk"],
                    }
                )
            results += reversed(own_results)
        return results

    def _get_rate(self, is_last, own, pooled, weight):
        """Return the roll rate of a bucket as a share; all rolls where nobody ever was in it."""
        if is_last and self.last_loss_method == "typed":
            return self.last_loss / 100
        if not pooled["at_risk"]:
            return 1.0
        return weight * own["rate"] + (1 - weight) * pooled["rate"]

    def _get_months(self):
        """Return {(bucket, segment): [(month, at risk, lost)]} of the rows; amounts in company currency."""
        months = {}
        for row in self.row_ids:
            key = (row.bucket_id, row.segment_id)
            months.setdefault(key, []).append((row.month, row.at_risk, row.lost))
        return months

    def _average(self, rows):
        """Return the roll rate of months (as a share), what was at risk in them, and their number."""
        if self.average == "last12":
            newest = date_utils.start_of(self.date_to, "month") - relativedelta(months=NEWEST - 1)
            rows = [row for row in rows if row[0] >= newest]
        by_month = {}
        for month, at_risk, lost in rows:
            if at_risk > 0:
                total = by_month.setdefault(month, [0.0, 0.0])
                total[0] += at_risk
                total[1] += lost
        at_risk = sum(amount for amount, _lost in by_month.values())
        if not at_risk:
            rate = 0.0
        elif self.average == "simple":
            rate = sum(lost / amount for amount, lost in by_month.values()) / len(by_month)
        else:
            rate = sum(lost for _amount, lost in by_month.values()) / at_risk
        return {"rate": rate, "at_risk": at_risk, "months": len(by_month)}

    def _get_credibility(self, at_risk):
        """Return the weight of a segment's own history: n / (n + k), one without smoothing or segments."""
        if not self.smoothing or not self.policy_id.segment_ids:
            return 1.0 if at_risk else 0.0
        return at_risk / (at_risk + self.smoothing)

    def _list_warnings(self, results):
        """Return in words where the history does not carry the rates: a line for each segment and lack."""
        asked = NEWEST if self.average == "last12" else self.months
        last = self.policy_id.bucket_ids.sorted("age_from")[-1:]
        if self.last_loss_method == "typed":
            results = results.filtered(lambda result: result.bucket_id != last)
        warnings = self._list_open_months()
        for segment, own in results.grouped("segment_id").items():
            guessed = own.filtered("is_guess")
            borrowed = (own - guessed).filtered(lambda result: not result.months)
            short = (own - guessed - borrowed).filtered(lambda result: result.months < asked)
            lacks = []
            if short:
                lacks.append(
                    self.env._(
                        "Months with items, of %(asked)s: %(buckets)s.",
                        asked=asked,
                        buckets=format_list(
                            self.env, [f"{result.bucket_id.name} ({result.months})" for result in short]
                        ),
                    )
                )
            if borrowed:
                names = format_list(self.env, borrowed.bucket_id.mapped("name"))
                lacks.append(self.env._("No items, the rate of all segments is taken: %s.", names))
            if guessed:
                names = format_list(self.env, guessed.bucket_id.mapped("name"))
                lacks.append(self.env._("Nobody ever got there, taken as if all were lost: %s.", names))
            warnings += [f"{segment.name}: {lack}" if segment else lack for lack in lacks]
        return warnings

    def _list_open_months(self):
        """Return in words that months are counted which the lock dates of the company leave open."""
        company = self.company_id
        lock = max(filter(None, (company.fiscalyear_lock_date, company.hard_lock_date)), default=None)
        if not lock or lock >= self.date_to:
            return []
        return [
            self.env._(
                "Months after %s are not locked: what is booked in them changes.",
                format_date(self.env, lock),
            )
        ]

    # ------------------------------------------------------------------
    # The matrix
    # ------------------------------------------------------------------

    def action_make_matrix(self):
        """Make loss rates of the results, as a draft that another person approves; show them.

        :raise UserError: before the history was counted
        """
        self.check_access("write")
        self.ensure_one()
        if not self.result_ids:
            raise UserError(self.env._("Compute the history first."))
        matrix = self.env["ar.provision.matrix"].create(self._prepare_matrix())
        matrix._write_evidence({"source": "derived", "derivation_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Loss Rates"),
            "res_model": "ar.provision.matrix",
            "res_id": matrix.id,
            "views": [(False, "form")],
        }

    def action_open_matrices(self):
        """Show the loss rates that were made of this history."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Loss Rates"),
            "res_model": "ar.provision.matrix",
            "domain": [("derivation_id", "=", self.id)],
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
        }

    def action_open_months(self):
        """Show the month-by-month table as a pivot, a graph or a list."""
        self.ensure_one()
        return {
            **self.env["ir.actions.actions"]._for_xml_id("ar_credit_control.action_provision_derivation_row"),
            "domain": [("derivation_id", "=", self.id)],
        }

    def _prepare_matrix(self):
        return {
            "policy_id": self.policy_id.id,
            "date_from": self.date_to + relativedelta(days=1),
            "reason": self._describe_method(),
            "rate_ids": [
                Command.create(
                    {
                        "bucket_id": result.bucket_id.id,
                        "segment_id": result.segment_id.id,
                        "rate": result.loss_rate,
                    }
                )
                for result in self.result_ids
            ],
        }

    def _describe_method(self):
        """Return in words how the rates came about, as the reason of loss rates.

        What the history lacks is not repeated: it stands on the history, which stays as it is once rates
        that rest on it were submitted.
        """
        parts = [
            self.env._(
                "Roll rates of the company's own invoices, %(months)s months to %(date)s: %(average)s.",
                months=self.months,
                date=format_date(self.env, self.date_to),
                average=dict(self._fields["average"]._description_selection(self.env))[self.average],
            )
        ]
        if self.last_loss_method == "measured":
            parts.append(self.env._("Loss in the last bucket: as measured."))
        else:
            parts.append(self.env._("Loss in the last bucket: %s %%.", f"{self.last_loss:g}"))
            if self.last_loss < 100:
                parts.append(self.last_loss_reason)
        if self.smoothing and self.policy_id.segment_ids:
            amount = formatLang(self.env, self.smoothing, currency_obj=self.currency_id)
            parts.append(self.env._("Thin segments: half their own rate at %s.", amount))
        return "\n".join(parts)
