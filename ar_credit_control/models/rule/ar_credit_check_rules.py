from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, format_date, format_list, formatLang

from . import payment_plan


class ArCreditCheck(models.AbstractModel):
    """What each kind of rule looks at, when it is content, and how it says what it found."""

    _inherit = "ar.credit.check"

    # ------------------------------------------------------------------
    # People decided
    # ------------------------------------------------------------------

    @api.model
    def _check_manual(self, verdict):
        """A hold that a person put on waits for a person, whatever the figures say."""
        if verdict.hold.forced and verdict.hold.state in ("held", "refused"):
            yield self._prepare_result("manual", "hold")

    @api.model
    def _check_blocked(self, verdict):
        """The customer's profile says that everything waits for a person."""
        if verdict.figures["hold_override"] == "block":
            yield self._prepare_result("blocked", "hold")

    # ------------------------------------------------------------------
    # Limit
    # ------------------------------------------------------------------

    @api.model
    def _check_limit(self, verdict, rule):
        """Exposure with this demand against limit, security and tolerance; the same for each group above."""
        figures = verdict.figures
        if figures["limit_set"]:
            base = figures["limit"] + figures["security"]
            yield self._compare_limit("limit", verdict, rule, verdict.used + verdict.amount, base)
        for group in figures.get("groups", ()):
            after = verdict.group_used[group["profile_id"]] + verdict.amount
            head = self.env["res.partner"].sudo().browse(group["partner_id"])  # sudo: its name, to who sells
            name = head.display_name
            base = group["limit"] + group["security"]
            yield self._compare_limit("group_limit", verdict, rule, after, base, group=name)

    @api.model
    def _compare_limit(self, code, verdict, rule, after, base, **values):
        currency = verdict.currency
        allowed = currency.round(rule.get_allowed(base))
        over = currency.compare_amounts(after, allowed) > 0
        pay = currency.round(after - allowed) if over else None
        outcome = rule.outcome if over else "pass"
        return self._prepare_result(code, outcome, rule, measured=after, threshold=allowed, pay=pay, **values)

    @api.model
    def _check_near_limit(self, verdict, rule):
        """Exposure with this demand against a share of limit and security."""
        if not verdict.figures["limit_set"]:
            return
        currency, after = verdict.currency, verdict.used + verdict.amount
        base = verdict.figures["limit"] + verdict.figures["security"]
        begin = currency.round(base * rule.share_percent / 100)
        near = currency.compare_amounts(after, begin) >= 0
        yield self._prepare_result(
            "near_limit",
            rule.outcome if near else "pass",
            rule,
            measured=after,
            threshold=base,
            pay=currency.round(after - begin + currency.rounding) if near else None,
        )

    @api.model
    def _check_no_limit(self, verdict, rule):
        """Nobody decided a limit, nor one of a group: what that means is for the company to say."""
        if not verdict.figures["limit_set"] and not verdict.figures["groups"]:
            yield self._prepare_result("no_limit", rule.outcome, rule)

    @api.model
    def _check_limit_expired(self, verdict, rule):
        """The last day of the limit is over; a warning first, for some days."""
        until = verdict.figures.get("limit_valid_until")
        if not verdict.figures["limit_set"] or not until:
            return
        past = (verdict.root._credit_today() - until).days
        outcome = "pass" if past <= 0 else "warn" if past <= rule.warn_days else rule.outcome
        yield self._prepare_result(
            "limit_expired", outcome, rule, days=max(past, 0), date=fields.Date.to_string(until)
        )

    @api.model
    def _check_review_overdue(self, verdict, rule):
        """The credit of the customer was to be looked at again by a day that is over."""
        due = verdict.figures.get("next_review_date")
        if not due:
            return
        past = (verdict.root._credit_today() - due).days
        yield self._prepare_result(
            "review_overdue",
            rule.outcome if past > rule.days else "pass",
            rule,
            days=max(past, 0),
            date=fields.Date.to_string(due),
        )

    @api.model
    def _check_rating(self, verdict, rule):
        """The rule is made for the ratings that are not allowed: whom it is made for it stops."""
        rating_id = verdict.figures["rating_id"] or verdict.policy.unrated_id
        rating = self.env["ar.credit.rating"].sudo().browse(rating_id)  # told to who sells
        yield self._prepare_result("rating", rule.outcome, rule, rating=rating.display_name)

    # ------------------------------------------------------------------
    # Ledger
    # ------------------------------------------------------------------

    @api.model
    def _check_overdue(self, verdict, rule):
        """Items overdue beyond the days, together above the share of the balance.

        The share is of what the customer owes in all; receipts that are not applied are part of that balance.
        """
        yield self._check_overdue_items("overdue", verdict, rule)

    @api.model
    def _check_overdue_amount(self, verdict, rule):
        """Items overdue beyond the days, together above the amount or above the share of the balance."""
        yield self._check_overdue_items("overdue_amount", verdict, rule)

    @api.model
    def _check_overdue_items(self, code, verdict, rule):
        figures, currency = verdict.figures, verdict.currency
        overdue, days = figures[rule.overdue_column] or 0.0, figures[f"{rule.overdue_column}_days"] or 0
        exceeded = self._is_overdue_exceeded(rule, overdue, figures["receivable"], currency)
        return self._prepare_result(
            code,
            rule.outcome if exceeded else "pass",
            rule,
            measured=overdue,
            threshold=currency.round(rule.get_overdue_allowed(figures["receivable"])),
            days=days,
            pay=overdue if exceeded else None,
            days_allowed=rule.days,
        )

    @api.model
    def _is_overdue_exceeded(self, rule, overdue, receivable, currency):
        """Whether what a rule counts is too much. Who owes nothing in all is never held for age."""
        if currency.compare_amounts(receivable, 0.0) <= 0:
            return False
        return currency.compare_amounts(overdue, rule.get_overdue_allowed(receivable)) > 0

    @api.model
    def _get_figures_dunning_stage(self, rules, partner_ids, root):
        """Highest level of a reminder that was sent for an open, overdue item; the levels by item.

        Also the items for which a reminder was sent that stops supply.
        """
        for model in ("ar.dunning.letter", "ar.dunning.letter.line"):
            self.env[model].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT item.partner_id, item.id, sent.stage_id
                  FROM (%(open_items)s) item
                  JOIN (%(sent)s) sent
                    ON sent.move_id = item.move_id
                   AND sent.partner_id = item.partner_id
                   AND sent.date_maturity = item.date_maturity
                   AND sent.stage_id IS NOT NULL
                 WHERE item.partner_id IN %(partner_ids)s
                   AND item.root_company_id = %(root_id)s
                   AND item.amount > 0
                   AND NOT item.non_trade
                   AND item.date_maturity < %(today)s
                """,
                open_items=self.env["ar.aging.report"]._open_items_sql(),
                sent=self.env["ar.dunning.letter.line"]._sent_sql(),
                partner_ids=(*partner_ids, 0),
                root_id=root.id,
                today=root._credit_today(),
            )
        )
        stages = (
            self.env["ar.dunning.stage"].sudo().browse({stage_id for *_ids, stage_id in rows})
        )  # who sells
        levels = {stage.id: stage.sequence for stage in stages}
        stopping = set(stages.filtered("stops_supply").ids)
        figures = defaultdict(
            lambda: {"dunning_level": 0, "dunning_levels": defaultdict(int), "supply_stopped_items": set()}
        )
        for partner_id, item_id, stage_id in rows:
            found = figures[partner_id]
            if stage_id in stopping:
                found["supply_stopped_items"].add(item_id)
            found["dunning_level"] = max(found["dunning_level"], levels[stage_id])
            found["dunning_levels"][item_id] = max(found["dunning_levels"][item_id], levels[stage_id])
        return figures

    @api.model
    def _check_dunning_stage(self, verdict, rule):
        """An open item was reminded of at the level of the rule, or above, and is still open.

        Level zero: by a reminder whose stage stops supply.
        """
        level = verdict.figures.get("dunning_level", 0)
        wanted = rule.count
        reached = level >= wanted if wanted else bool(verdict.figures.get("supply_stopped_items"))
        yield self._prepare_result(
            "dunning_stage",
            rule.outcome if reached else "pass",
            rule,
            measured=level,
            threshold=wanted,
            pay=verdict.figures["overdue"] if reached else None,
        )

    @api.model
    def _get_figures_broken_promises(self, rules, partner_ids, root):
        """Promises that were not kept: ``{partner id: {"broken_promises": {days back: number}}}``.

        None are known here; who keeps promises overrides this.
        """
        return {}

    @api.model
    def _check_broken_promises(self, verdict, rule):
        """So many promises to pay were broken within so many days."""
        broken = verdict.figures.get("broken_promises", {}).get(rule.period_days, 0)
        wanted = max(rule.count, 1)
        outcome = rule.outcome if broken >= wanted else "pass"
        yield self._prepare_result(
            "broken_promises", outcome, rule, measured=broken, threshold=wanted, days=rule.period_days
        )

    # ------------------------------------------------------------------
    # The demand itself
    # ------------------------------------------------------------------

    @api.model
    def _check_order_amount(self, verdict, rule):
        """The demand alone is larger than the rule lets pass, whatever the limit."""
        over = verdict.currency.compare_amounts(verdict.amount, rule.amount) > 0
        outcome = rule.outcome if over else "pass"
        yield self._prepare_result(
            "order_amount", outcome, rule, measured=verdict.amount, threshold=rule.amount
        )

    @api.model
    def _check_terms(self, verdict, rule):
        """Days of credit asked for against those decided for the customer, else those of its rating."""
        asked = verdict.demand.terms_days
        if asked is None:
            if not verdict.order:
                return
            asked = verdict.order._credit_get_terms_days()
        allowed = verdict.figures.get("payment_days")
        if allowed is None:
            rating_id = verdict.figures["rating_id"] or verdict.policy.unrated_id
            allowed = verdict.policy.rating_days.get(rating_id, 0)
        outcome = rule.outcome if asked > allowed + rule.days else "pass"
        yield self._prepare_result("terms", outcome, rule, days=asked, days_allowed=allowed)

    # ------------------------------------------------------------------
    # Securities
    # ------------------------------------------------------------------

    @api.model
    def _get_figures_cover_lapsed(self, rules, partner_ids, root):
        """What lapsed lately and what is not covered: ``{partner id: {"cover": {days back: figures}}}``."""
        partners = self.env["res.partner"].browse(partner_ids)
        figures = {partner_id: {"cover": {}} for partner_id in partner_ids}
        for days in {rule.days for rule in rules}:
            found = self.env["ar.credit.security"]._get_cover_figures(partners, root, days)
            for partner_id, cover in found.items():
                figures[partner_id]["cover"][days] = cover
        return figures

    @api.model
    def _check_cover_lapsed(self, verdict, rule):
        """A security lapsed lately and was not replaced, or the exposure outgrew the cover that it needs."""
        cover = verdict.figures["cover"][rule.days]
        lapsed, uncovered = cover["lapsed_amount"], cover["uncovered"]
        missing = max(lapsed, uncovered)
        over = verdict.currency.compare_amounts(missing, rule.amount) > 0
        yield self._prepare_result(
            "cover_lapsed",
            rule.outcome if over else "pass",
            rule,
            measured=missing,
            threshold=rule.amount,
            lapsed=lapsed,
            uncovered=uncovered,
        )

    # ------------------------------------------------------------------
    # Pay to pass
    # ------------------------------------------------------------------

    @api.model
    def _get_open_items(self, partner_ids, root):
        """Return the open positive trade items of customers, the oldest first: lists by partner id."""
        currency = root.currency_id
        today = root._credit_today()
        aging = self.env["ar.aging.report"]
        rows = self.env.execute_query(
            SQL(
                """
                SELECT item.partner_id,
                       item.id,
                       item.move_id,
                       move.name,
                       item.amount,
                       %(days_overdue)s,
                       item.currency_id != %(currency_id)s
                  FROM (%(open_items)s) item
                  JOIN account_move move ON move.id = item.move_id
                 WHERE item.partner_id IN %(partner_ids)s
                   AND item.root_company_id = %(root_id)s
                   AND item.amount > 0
                   AND NOT item.non_trade
              ORDER BY item.date_maturity, item.id
                """,
                open_items=aging._open_items_sql(),
                days_overdue=aging._days_overdue_sql(today, SQL("item.date_maturity")),
                currency_id=currency.id,
                partner_ids=(*partner_ids, 0),
                root_id=root.id,
            )
        )
        items = defaultdict(list)
        for partner_id, item_id, move_id, name, amount, days, foreign in rows:
            units = self._to_units(float(amount), currency)
            items[partner_id].append(payment_plan.OpenItem(item_id, move_id, name, units, days, foreign))
        return items

    @api.model
    def _to_units(self, amount, currency):
        return round(amount / currency.rounding)

    @api.model
    def _plan_payments(self, verdict, items):
        """Return what makes a verdict pass, see :attr:`Verdict.payments`; say it of each finding too."""
        currency = verdict.currency
        receivable = self._to_units(verdict.figures["receivable"], currency)
        caps = {
            rule.id: self._prepare_cap(verdict, rule)
            for rule in verdict.policy.at(verdict.checkpoint)
            if rule.outcome == "hold"
            and rule.kind in ("overdue", "overdue_amount", "dunning_stage")
            and self._applies(rule, verdict)
        }
        total = 0
        for result in verdict.results:
            if result["outcome"] != "hold":
                continue
            if cap := caps.get(result["rule_id"]):
                payments, _rest = payment_plan.plan(items, receivable, 0, [cap])
                result["pay"] = currency.round(sum(part for _item, part in payments) * currency.rounding)
            else:
                total = max(total, self._to_units(result["pay"], currency))
        payments, advance = payment_plan.plan(items, receivable, total, list(caps.values()))
        found = [
            {"move_id": item.move_id, "name": item.name, "amount": currency.round(part * currency.rounding)}
            for item, part in payments
        ]
        if advance:
            amount = currency.round(advance * currency.rounding)
            found.append({"move_id": False, "name": False, "amount": amount})
        return found

    @api.model
    def _prepare_cap(self, verdict, rule):
        """Return the rule as the payment plan asks: the same questions, of what would be open then."""
        currency = verdict.currency
        if rule.kind == "dunning_stage":
            levels = verdict.figures.get("dunning_levels", {})
            stopped = verdict.figures.get("supply_stopped_items", ())
            wanted = rule.count
            if not wanted:
                return payment_plan.Cap(
                    counts=lambda item, _open: item.id in stopped,
                    fails=lambda counted, _receivable: counted > 0,
                )
            return payment_plan.Cap(
                counts=lambda item, _open: levels.get(item.id, 0) >= wanted,
                fails=lambda counted, _receivable: counted > 0,
            )
        smallest = self._to_units(rule.min_amount, currency)

        def fails(counted, receivable):
            return self._is_overdue_exceeded(
                rule, counted * currency.rounding, receivable * currency.rounding, currency
            )

        return payment_plan.Cap(
            counts=lambda item, rest: item.days_overdue > max(rule.days, 0) and rest >= smallest,
            fails=fails,
        )

    @api.model
    def _format_payments(self, payments, currency, shown=3):
        """Return what to pay in words: the first entries with their amounts."""
        texts = [
            "%s (%s)"
            % (
                payment["name"] or self.env._("payment in advance"),
                formatLang(self.env, payment["amount"], currency_obj=currency),
            )
            for payment in payments[:shown]
        ]
        return format_list(self.env, texts) + (" …" if len(payments) > shown else "")

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------

    @api.model
    def _describe_manual(self, result, money):
        return self.env._("Put on hold by hand.")

    @api.model
    def _describe_blocked(self, result, money):
        return self.env._("Every order of this customer is checked by credit control.")

    @api.model
    def _describe_limit(self, result, money):
        if result["measured"] <= result["threshold"]:
            return self._describe_near_limit(result, money)
        return self.env._(
            "Exposure would be %(exposure)s, %(excess)s more than the %(allowed)s allowed.",
            exposure=money(result["measured"]),
            excess=money(result["measured"] - result["threshold"]),
            allowed=money(result["threshold"]),
        )

    @api.model
    def _describe_group_limit(self, result, money):
        values = {
            "group": result["values"].get("group"),
            "exposure": money(result["measured"]),
            "allowed": money(result["threshold"]),
        }
        if result["measured"] <= result["threshold"]:
            return self.env._(
                "Exposure of the group %(group)s would be %(exposure)s of %(allowed)s allowed.",
                **values,
            )
        return self.env._(
            "Exposure of the group %(group)s would be %(exposure)s, %(excess)s more than the "
            "%(allowed)s allowed.",
            excess=money(result["measured"] - result["threshold"]),
            **values,
        )

    @api.model
    def _describe_near_limit(self, result, money):
        return self.env._(
            "Exposure would be %(exposure)s of %(allowed)s allowed.",
            exposure=money(result["measured"]),
            allowed=money(result["threshold"]),
        )

    @api.model
    def _describe_no_limit(self, result, money):
        return self.env._("No credit limit was decided for this customer.")

    @api.model
    def _describe_limit_expired(self, result, money):
        date = format_date(self.env, result["values"].get("date"))
        if not result["days"]:
            return self.env._("The credit limit is valid until %s.", date)
        if result["days"] == 1:
            return self.env._("The credit limit expired on %s, one day ago.", date)
        return self.env._(
            "The credit limit expired on %(date)s, %(days)s days ago.", date=date, days=result["days"]
        )

    @api.model
    def _describe_review_overdue(self, result, money):
        date = format_date(self.env, result["values"].get("date"))
        if not result["days"]:
            return self.env._("The credit of this customer is due for review on %s.", date)
        if result["days"] == 1:
            return self.env._("The credit of this customer was due for review on %s, one day ago.", date)
        return self.env._(
            "The credit of this customer was due for review on %(date)s, %(days)s days ago.",
            date=date,
            days=result["days"],
        )

    @api.model
    def _describe_rating(self, result, money):
        return self.env._("Customers rated %s get no credit.", result["values"].get("rating"))

    @api.model
    def _describe_overdue(self, result, money):
        if result["outcome"] == "pass":
            return self.env._("Nothing is overdue beyond the tolerance.")
        if result["days"] == 1:
            return self.env._(
                "%s is overdue beyond the tolerance, the oldest item by one day.", money(result["measured"])
            )
        return self.env._(
            "%(amount)s is overdue beyond the tolerance, the oldest item by %(days)s days.",
            amount=money(result["measured"]),
            days=result["days"],
        )

    @api.model
    def _describe_overdue_amount(self, result, money):
        return self.env._(
            "%(amount)s is overdue by more than %(days)s days, of %(allowed)s allowed.",
            amount=money(result["measured"]),
            days=result["values"].get("days_allowed", 0),
            allowed=money(result["threshold"]),
        )

    @api.model
    def _describe_dunning_stage(self, result, money):
        if not result["measured"]:
            return self.env._("No open item was reminded of.")
        if not result["threshold"]:
            if result["outcome"] == "pass":
                return self.env._("No reminder stopped supply.")
            return self.env._("Supply was stopped by a reminder, and the items are still open.")
        return self.env._(
            "An open item was reminded of at level %(level)s without effect.", level=int(result["measured"])
        )

    @api.model
    def _describe_broken_promises(self, result, money):
        return self.env._(
            "Promises to pay broken within %(days)s days: %(count)s.",
            days=result["days"],
            count=int(result["measured"]),
        )

    @api.model
    def _describe_order_amount(self, result, money):
        return self.env._(
            "The order amounts to %(amount)s; up to %(allowed)s passes by itself.",
            amount=money(result["measured"]),
            allowed=money(result["threshold"]),
        )

    @api.model
    def _describe_terms(self, result, money):
        return self.env._(
            "The payment term is %(days)s days; %(allowed)s are allowed.",
            days=result["days"],
            allowed=result["values"].get("days_allowed", 0),
        )

    @api.model
    def _describe_cover_lapsed(self, result, money):
        values = result["values"]
        if values.get("lapsed", 0.0) >= values.get("uncovered", 0.0):
            return self.env._(
                "Securities of %s lapsed and were not replaced.", money(values.get("lapsed", 0.0))
            )
        return self.env._("%s is not covered by securities.", money(values["uncovered"]))
