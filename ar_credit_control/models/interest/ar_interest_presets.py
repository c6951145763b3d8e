"""The statutory schemes, each as a function of the environment, so that their texts are translated."""

import datetime


def _eu_directive(env):
    return {
        "name": env._("EU: reference rate + 8 points"),
        "kind": "eu_directive",
        "reference": "interest_reference_ecb",
        "margin": 8.0,
        "fees": [(0.0, 40.0)],
        "note": env._(
            "Directive 2011/7/EU, articles 2, 3 and 6: at least 8 points above the ECB's rate of main "
            "refinancing operations on the first day of the half-year, and EUR 40 for each claim. Check the "
            "points and the count of days in the law of the country: several states have set more. "
            "Transactions between firms and with public bodies only."
        ),
    }


def _germany(env):
    return {
        "name": env._("Germany: base rate + 9 points"),
        "kind": "germany",
        "reference": "interest_reference_de",
        "margin": 9.0,
        "fees": [(0.0, 40.0)],
        "note": env._(
            "BGB sections 247 and 288: 9 points above the base rate between firms (5 towards consumers), "
            "EUR 40 for each claim, counted towards damages; no interest on interest (section 289)."
        ),
    }


def _austria(env):
    return {
        "name": env._("Austria: base rate + 9.2 points"),
        "kind": "austria",
        "reference": "interest_reference_at",
        "margin": 9.2,
        "fees": [(0.0, 40.0)],
        "note": env._(
            "UGB sections 456 and 458: 9.2 points above the base rate of the first day of the "
            "half-year where the debtor is to blame for the delay, else 4 %; EUR 40 for each claim."
        ),
    }


def _uk(env):
    return {
        "name": env._("United Kingdom: base rate + 8 points"),
        "kind": "uk",
        "reference": "interest_reference_boe",
        "margin": 8.0,
        "rate_rule": "start",
        "currency": "base.GBP",
        "fees": [(0.0, 40.0), (1000.0, 70.0), (10000.0, 100.0)],
        "note": env._(
            "Late Payment of Commercial Debts (Interest) Act 1998: 8 % above the Bank of England's rate on "
            "the 30 June or 31 December before the delay began; that rate stays for the whole claim. GBP "
            "40 below 1,000, 70 below 10,000, 100 from there. Rounding the interest of one day to pence "
            "first is a widespread way to show it: choose under “Rounded”."
        ),
    }


def _china(env):
    return {
        "name": env._("China: 0.05 % a day"),
        "kind": "china",
        "rate_period": "day",
        "shifts_due_date": True,
        "currency": "base.CNY",
        "rates": [(datetime.date(2020, 9, 1), 0.05, "国务院令第728号、第802号")],
        "note": env._(
            "State Council orders 728 (from 2020-09-01) and 802 (from 2025-06-01) on payments to small and "
            "medium firms: 0.05 % a day where nothing was agreed. Applies where the debtor is a public "
            "body or a large firm and we are small or medium, and said so when the contract was made. "
            "Check both. A due date on a holiday counts from the next working day (Civil Code, article 203): "
            "enter the holidays in the working calendar."
        ),
    }


def _china_lpr(env):
    return {
        "name": env._("China: LPR × 1.3"),
        "kind": "china",
        "reference": "interest_reference_lpr",
        "floor": "interest_reference_lpr",
        "factor": 1.3,
        "shifts_due_date": True,
        "currency": "base.CNY",
        "note": env._(
            "Sale without an agreed rate, outside order 802: courts take the one-year LPR and 30 to 50 % "
            "on top (interpretation of the Supreme People's Court on sales contracts, article 18). Check "
            "what the court at your place accepts, and change the factor."
        ),
    }


PRESETS = {
    "eu_directive": _eu_directive,
    "germany": _germany,
    "austria": _austria,
    "uk": _uk,
    "china": _china,
    "china_lpr": _china_lpr,
}
