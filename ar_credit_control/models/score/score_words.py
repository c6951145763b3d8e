from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

# What a limit is reckoned from, in the words of the formula.
BASE_FIGURES = {
    "peak_month": _lt("best month %s"),
    "average_month": _lt("average month %s"),
    "peak_balance": _lt("highest balance %s"),
}


class ScoreWords:
    """The sentences of a score in the language of the user, prepared once for any number of customers."""

    def __init__(self, env, currency):
        self.env = env
        self.unknown = env._("not known")
        self.too_little_known = env._("Too little is known for a proposal.")
        self.no_sales = env._("No sales yet to reckon a limit from: a person proposes one.")
        self._lang = env["res.lang"].browse(env["res.lang"]._get_data(code=env.lang or "en_US").id)
        self._currency = currency.name
        self._patterns = {}
        self._bases = {base: env._(pattern) for base, pattern in BASE_FIGURES.items()}
        self._steps = {
            "equity": env._("at most %(percent)s %% of equity: %(cap)s"),
            "growth": env._("at most %(percent)s %% above the %(had)s carried or allowed so far: %(cap)s"),
            "agency": env._("at most what an agency recommends: %(cap)s"),
            "agency_instead": env._("no sales yet, an agency recommends %(limit)s"),
            "rounded": env._("rounded down to %(limit)s"),
            "no_credit": env._("Grade %(grade)s: no credit."),
            "next": env._("%(first)s; %(second)s"),
            "end": env._("%s."),
            "shortened": env._("%(days)s days, one grade lower: pays %(delay)s days late."),
        }

    def amount(self, value):
        return f"{self._lang.format('%.0f', value, grouping=True)} {self._currency}"

    def measured(self, criterion, value):
        if criterion.id not in self._patterns:
            self._patterns[criterion.id] = criterion.with_env(self.env)._get_pattern()
        return self._patterns[criterion.id] % value

    def base(self, base, value, rating, limit):
        figure = self._bases[base] % self.amount(value)
        sentence = f"{figure} × {rating.limit_factor:g} ({rating.name}) = {self.amount(limit)}"
        return sentence[0].upper() + sentence[1:]

    def sentence(self, steps):
        """Return how a limit came about, step by step, as one sentence."""
        said, *others = steps
        for step in others:
            said = self._steps["next"] % {"first": said, "second": step}
        return self._steps["end"] % said

    def no_credit(self, grade):
        return self._steps["no_credit"] % {"grade": grade}

    def agency_instead(self, limit):
        sentence = self._steps["agency_instead"] % {"limit": self.amount(limit)}
        return sentence[0].upper() + sentence[1:]

    def equity_cap(self, percent, cap):
        return self._steps["equity"] % {"percent": f"{percent:g}", "cap": self.amount(cap)}

    def growth_cap(self, percent, had, cap):
        return self._steps["growth"] % {
            "percent": f"{percent:g}",
            "had": self.amount(had),
            "cap": self.amount(cap),
        }

    def agency_cap(self, cap):
        return self._steps["agency"] % {"cap": self.amount(cap)}

    def rounded(self, limit):
        return self._steps["rounded"] % {"limit": self.amount(limit)}

    def shortened(self, days, delay):
        return self._steps["shortened"] % {"days": days, "delay": f"{delay:.0f}"}
