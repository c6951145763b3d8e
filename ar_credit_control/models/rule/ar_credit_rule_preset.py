from odoo import api, fields, models
from odoo.exceptions import AccessError

# Judgement of the authors, from common practice; every figure can be edited. Days, shares in percent, amounts
# in euro and yuan. A company in another currency gets the euro amount at its rate, rounded.
TOLERANCE = {"lenient": (12000, 100000), "standard": (6000, 50000), "strict": (1500, 12000)}
SMALL_ITEM = {"lenient": (250, 2000), "standard": (100, 1000), "strict": (0, 0)}
LARGE_ORDER = {"lenient": (250000, 2000000), "standard": (100000, 800000), "strict": (25000, 200000)}
MUCH_OVERDUE = {"lenient": (50000, 400000), "standard": (25000, 200000), "strict": (5000, 40000)}
SWITCHED_ON = ("limit", "overdue", "limit_expired", "broken_promises")


def pick(preset, lenient, standard, strict):
    return {"lenient": lenient, "standard": standard, "strict": strict}[preset]


class ArCreditRule(models.Model):
    """Three sets of rules to start from: the same four are on in each, the others are ready to be."""

    _inherit = "ar.credit.rule"

    @api.model
    def action_apply_preset(self, preset):
        """Replace the rules of the current company by a set; what was there is archived, not lost.

        :param str preset: ``lenient``, ``standard`` or ``strict``
        :raise AccessError: for anybody but credit managers
        """
        if not self.env.user.has_group("ar_credit_control.group_credit_manager"):
            raise AccessError(self.env._("Only credit managers change the credit rules."))
        root = self.env.company._credit_root()
        former = self.with_context(active_test=False).search(
            [("company_id", "=", root.id), ("replaced_on", "=", False)]
        )
        former.write({"active": False, "replaced_on": fields.Date.context_today(self)})
        self._create_preset(preset, root)
        return True

    @api.model
    def _start_companies(self):
        """Give all companies without rules the standard set, when the addon is installed."""
        self.env["res.company"].search([])._credit_start_rules()

    @api.model
    def _create_preset(self, preset, roots):
        """Create the rules of a set for root companies."""
        vals_list = []
        for root in roots:
            for position, (kind, vals) in enumerate(self._prepare_preset(preset, root)):
                vals_list.append(
                    {
                        "company_id": root.id,
                        "kind": kind,
                        "sequence": 10 * (position + 1),
                        "active": kind in SWITCHED_ON,
                        "preset": preset,
                        **vals,
                    }
                )
        return self.with_context(tracking_disable=True).create(vals_list)

    @api.model
    def _prepare_preset(self, preset, root):
        """Return the rules of a set for a company: pairs of kind and values, the important ones first."""

        def money(amounts):
            return self._convert_preset_amount(*amounts[preset], root)

        everywhere = {"on_order": True, "on_delivery": True, "on_invoice": True}
        rules = [
            (
                "limit",
                {
                    "tolerance_percent": pick(preset, 10.0, 5.0, 0.0),
                    "tolerance_amount": 0.0 if preset == "strict" else money(TOLERANCE),
                },
            ),
            (
                "overdue",
                {
                    "days": pick(preset, 60, 30, 15),
                    "share_percent": pick(preset, 5.0, 1.0, 0.0),
                    "on_delivery": True,
                },
            ),
            ("limit_expired", {"warn_days": pick(preset, 60, 30, 0)}),
            ("broken_promises", {"count": pick(preset, 3, 2, 1), "period_days": 90}),
            ("near_limit", {"outcome": "warn", "share_percent": pick(preset, 95.0, 90.0, 80.0)}),
            ("no_limit", {"outcome": pick(preset, "warn", "warn", "hold")}),
            (
                "overdue_amount",
                {
                    "amount": money(MUCH_OVERDUE),
                    "min_amount": money(SMALL_ITEM),
                    "on_delivery": True,
                },
            ),
            (
                "review_overdue",
                {"outcome": pick(preset, "warn", "warn", "hold"), "days": pick(preset, 90, 30, 30)},
            ),
            ("dunning_stage", {"count": pick(preset, 4, 3, 2), "on_delivery": True}),
            ("order_amount", {"amount": money(LARGE_ORDER)}),
            ("terms", {"outcome": pick(preset, "warn", "hold", "hold"), "days": pick(preset, 15, 0, 0)}),
            ("cover_lapsed", {"outcome": pick(preset, "warn", "warn", "hold"), "days": 90}),
        ]
        worst = self._get_worst_rating()
        if worst:
            rules.append(("rating", {"rating_ids": worst.ids, **everywhere}))
        return rules

    @api.model
    def _get_worst_rating(self):
        """Return the grade without credit: the last that is a grade."""
        return (
            self.env["ar.credit.rating"]
            .sudo()
            .search(  # who creates companies reads no ratings
                [("is_unrated", "=", False)], order="sequence desc, id desc", limit=1
            )
        )

    @api.model
    def _convert_preset_amount(self, euro, yuan, root):
        """Return an amount of a set in the currency of a company, rounded to two leading digits.

        Without a rate the number stands as it is in euro: it can be edited like every other.
        """
        if root.currency_id.name in ("EUR", "CNY"):
            return float(euro if root.currency_id.name == "EUR" else yuan)
        source = (
            self.env["res.currency"].with_context(active_test=False).search([("name", "=", "EUR")], limit=1)
        )
        if not source or not euro:
            return float(euro)
        amount = source._convert(euro, root.currency_id, root, fields.Date.context_today(self), round=False)
        size = 10.0 ** (len(str(int(amount))) - 2)
        return max(round(amount / size), 1) * size
