"""Provision policies to begin with, by standard, and where the charts of Odoo keep their accounts.

The rates are judgement (common practice in China), to be replaced by the company's own history. Accounts are
named by the external ids of the charts, never by their codes.
"""

from typing import NamedTuple

# First day of age and loss rate in percent: not due, 1-30, 31-60, 61-90, 91-180, 181-365, over 365.
DAYS = ((0, 0.5), (1, 2), (31, 5), (61, 10), (91, 25), (181, 50), (366, 100))
# Years completed since the invoice and loss rate in percent.
YEARS = ((0, 5), (1, 10), (2, 30), (3, 50), (4, 80), (5, 100))

# The journal for entries of every chart: "Miscellaneous Operations".
JOURNAL = "general"
# {chart: {field of the policy: external id in the chart}}
ACCOUNTS = {
    "cn_large_bis": {
        "allowance_account_id": "l10n_cn_large_bis_account_1231",
        "expense_account_id": "l10n_cn_large_bis_account_6721",
    },
    # Accounting standards for small enterprises: no allowance, losses when they are final.
    "cn": {
        "loss_account_id": "l10n_cn_account_571101",
        "recovery_account_id": "l10n_cn_account_5301",
    },
    # Rates by age are specific allowances by classes ("pauschalierte Einzelwertberichtigung").
    "de_skr03": {
        "allowance_account_id": "account_0998",
        "expense_account_id": "account_2451",
        "release_account_id": "account_2731",
        "loss_account_id": "account_2400",
        "recovery_account_id": "account_2732",
    },
    "de_skr04": {
        "allowance_account_id": "chart_skr04_1246",
        "expense_account_id": "chart_skr04_6923",
        "release_account_id": "chart_skr04_4923",
        "loss_account_id": "chart_skr04_6930",
        "recovery_account_id": "chart_skr04_4925",
    },
}


class Preset(NamedTuple):
    """A policy as a standard asks for it: ``rates`` are pairs of first age and loss rate (percent).

    ``terms`` are values of the policy beside its rates.
    """

    basis: str
    age_unit: str
    rates: tuple
    writeoff_against: str
    terms: dict = {}


# IFRS 9 B5.5.37: in default from 91 days past due, at least at the rate of the bucket of that age.
# What is covered: the rate of what is not due, times the factor of who stands behind it.
IFRS9_TERMS = {"default_days": 90, "default_rate": 25, "cover_rate": 0.5}

PRESETS = {
    "ifrs9": Preset("due", "day", DAYS, "provided", IFRS9_TERMS),
    "cas22": Preset("invoice", "year", YEARS, "allowance"),
    "cn_small": Preset("invoice", "year", YEARS, "direct"),
    "us_cecl": Preset("due", "day", DAYS, "allowance"),
}


def get_policy_name(env, preset):
    """Return the name of the policy of a preset, in the language of the environment."""
    return {
        "ifrs9": env._("IFRS 9, by days past due"),
        "cas22": env._("CAS 22, by age in years"),
        "cn_small": env._("Small enterprises, by age in years"),
        "us_cecl": env._("US ageing schedule"),
    }[preset]


def get_reason(env, preset):
    """Return why these rates, and that they are a beginning only."""
    if PRESETS[preset].age_unit == "year":
        return env._(
            "Common practice in China by age; judgement, to be replaced by the company's own history."
        )
    return env._("Usual rates by days past due; judgement, to be replaced by the company's own history.")


def get_bucket_names(env, preset):
    """Return {first age: name} of the buckets of a preset, in the language of the environment."""
    unit = PRESETS[preset].age_unit
    firsts = [age for age, _rate in PRESETS[preset].rates]
    name = _name_years if unit == "year" else _name_days
    return {
        first: name(env, first, following)
        for first, following in zip(firsts, [*firsts[1:], None], strict=True)
    }


def _name_days(env, first, following):
    if not first:
        return env._("Not due")
    if following is None:
        return env._("Over %s days", first - 1)
    return env._("%(first)s-%(last)s days", first=first, last=following - 1)


def _name_years(env, first, following):
    if not first:
        return env._("Up to 1 year")
    if following is None:
        return env._("Over %s years", first)
    return env._("%(first)s-%(last)s years", first=first, last=following)
