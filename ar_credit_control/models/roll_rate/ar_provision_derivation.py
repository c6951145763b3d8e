from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tools import date_utils

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
    _inherit = ["mail.thread"]
    _order = "date_to desc, id desc"

    name = fields.Char(compute="_compute_name")
    policy_id = fields.Many2one("ar.provision.policy", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="policy_id.currency_id")
    date_to = fields.Date(
        string="Last Month",
        required=True,
        default=lambda self: (
            date_utils.start_of(fields.Date.context_today(self), "month") - relativedelta(days=1)
        ),
        tracking=True,
        help="End of the newest month that counts: the last one that is closed.",
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
        string="Full Half at",
        tracking=True,
        help="A segment that had this much at risk in a bucket counts half with its own rate, half with that "
        "of all segments; with more it counts more. Zero: each segment stands alone.",
    )
    last_loss = fields.Float(
        string="Lost of the Last Bucket (%)", required=True, default=100.0, digits=(12, 4), tracking=True
    )
    last_loss_reason = fields.Char(help="Why less than all of what reaches the last bucket is lost.")
    computed_on = fields.Datetime(readonly=True, copy=False)
    warning = fields.Text(readonly=True, copy=False)
    row_ids = fields.One2many("ar.provision.derivation.row", "derivation_id", readonly=True)
    result_ids = fields.One2many("ar.provision.derivation.result", "derivation_id", readonly=True)
    matrix_ids = fields.One2many("ar.provision.matrix", "derivation_id", readonly=True)

    _in_range = models.Constraint(
        f"CHECK (months BETWEEN {MONTHS_LEAST} AND {MONTHS_MOST} AND last_loss > 0 AND last_loss <= 100"
        " AND smoothing >= 0)",
        "Between 12 and 60 months; the loss of the last bucket is above 0 and at most 100 %.",
    )

    @api.depends("policy_id.name", "date_to", "months")
    def _compute_name(self):
        for derivation in self:
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

    @api.constrains("date_to")
    def _check_month_end(self):
        for derivation in self:
            if derivation.date_to != date_utils.end_of(derivation.date_to, "month"):
                raise ValidationError(
                    self.env._("History is counted by whole months: give the last day of a month.")
                )
            if derivation.date_to >= fields.Date.context_today(derivation):
                raise ValidationError(self.env._("A month counts when it is over."))

    def write(self, vals):
        used = self.matrix_ids.filtered(lambda matrix: matrix.state != "draft")
        if used and not self.env.su and vals.keys() - {"message_follower_ids", "message_ids"}:
            raise UserError(
                self.env._("“%s” rests on this history: make another derivation instead.", used[0].name)
            )
        return super().write(vals)

    def action_compute(self):
        """Count the months anew and derive the rates.

        :raise UserError: with a loss of the last bucket below 100 % and no reason, or once rates rest on it
        """
        self.check_access("write")
        for derivation in self:
            if derivation.last_loss < 100 and not (derivation.last_loss_reason or "").strip():
                raise UserError(self.env._("Say why less than all of the last bucket is lost."))
            derivation.write({"computed_on": fields.Datetime.now()})
            # sudo: rows and results are written by their derivation alone
            own = derivation.sudo()
            own.env["ar.provision.derivation.row"]._write_rows(own)
            own.result_ids.unlink()
            results = own._derive()
            own.env["ar.provision.derivation.result"].create(results)
            own.warning = "\n".join(own._list_warnings(results)) or False
        return True

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
            loss = self.last_loss / 100
            for bucket in reversed(buckets):
                own = self._average(months.get((bucket, segment), []))
                last = bucket == buckets[-1:]
                weight = self._get_credibility(own["at_risk"]) if not last else 0.0
                rate = 1.0 if last else weight * own["rate"] + (1 - weight) * pooled[bucket]["rate"]
                loss = loss if last else loss * rate
                results.append(
                    {
                        "derivation_id": self.id,
                        "bucket_id": bucket.id,
                        "segment_id": segment.id,
                        "months": own["months"],
                        "at_risk": own["at_risk"],
                        "own_rate": 100 * own["rate"],
                        "credibility": 100 * weight,
                        "roll_rate": 100 * rate,
                        "loss_rate": 100 * min(loss, 1.0),
                    }
                )
        return results

    def _get_months(self):
        """Return {(bucket, segment): [(month, at risk, lost)]} of the rows; amounts in company currency."""
        months = {}
        for row in self.row_ids:
            key = (row.bucket_id, row.segment_id)
            months.setdefault(key, []).append(
                (row.month, row.entered - row.credited, row.rolled + row.written_off)
            )
        return months

    def _average(self, rows):
        """Return the roll rate of months (as a share), what was at risk in them, and their number."""
        if self.average == "last12":
            newest = date_utils.start_of(self.date_to, "month") - relativedelta(months=NEWEST - 1)
            rows = [row for row in rows if row[0] >= newest]
        rows = [row for row in rows if row[1] > 0]
        at_risk = sum(amount for _month, amount, _lost in rows)
        if self.average == "simple":
            by_month = {}
            for month, amount, lost in rows:
                total = by_month.setdefault(month, [0.0, 0.0])
                total[0] += amount
                total[1] += lost
            shares = [lost / amount for amount, lost in by_month.values()]
            rate = sum(shares) / len(shares) if shares else 0.0
        else:
            rate = sum(lost for _month, _amount, lost in rows) / at_risk if at_risk else 0.0
        return {"rate": rate, "at_risk": at_risk, "months": len({month for month, _amount, _lost in rows})}

    def _get_credibility(self, at_risk):
        """Return the weight of a segment's own history: n / (n + k), one without smoothing or segments."""
        if not self.smoothing or not self.policy_id.segment_ids:
            return 1.0 if at_risk else 0.0
        return at_risk / (at_risk + self.smoothing)

    def _list_warnings(self, results):
        """Return in words where the history does not carry the rates."""
        warnings = []
        segments = self.env["ar.provision.segment"]
        asked = NEWEST if self.average == "last12" else self.months
        last = self.policy_id.bucket_ids.sorted("age_from")[-1:]
        for result in results:
            bucket = self.env["ar.provision.bucket"].browse(result["bucket_id"])
            if bucket == last:
                continue
            segment = segments.browse(result["segment_id"])
            where = " · ".join(filter(None, (segment.name, bucket.name)))
            if result["months"] < asked:
                warnings.append(
                    self.env._(
                        "%(where)s: only %(months)s of %(asked)s months have items.",
                        where=where,
                        months=result["months"],
                        asked=asked,
                    )
                )
            if result["roll_rate"] > 100:
                warnings.append(self.env._("%s: more left than entered; look at its items.", where))
        return warnings

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
            "res_model": "ar.provision.matrix",
            "res_id": matrix.id,
            "views": [(False, "form")],
        }

    def _prepare_matrix(self):
        averages = dict(self._fields["average"]._description_selection(self.env))
        return {
            "policy_id": self.policy_id.id,
            "date_from": self.date_to + relativedelta(days=1),
            "reason": self.env._(
                "Roll rates of %(months)s months to %(date)s, %(average)s; last bucket: %(loss)s %% lost.",
                months=self.months,
                date=fields.Date.to_string(self.date_to),
                average=averages[self.average],
                loss=f"{self.last_loss:g}",
            ),
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
