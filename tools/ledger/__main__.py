"""Command line of the ledger loader: python -m tools.ledger CSV --database NAME"""

import argparse
import sys
import time

from tools.console import Progress, error, note, seconds, step
from tools.ledger import reading


def main(arguments=None):
    """Load the file and say what was done; return 0, or 1 when nothing could be loaded at all."""
    options = _parse_arguments(arguments)
    # Odoo after the arguments: `--help` and a missing file need no Odoo
    try:
        reading.read(options.csv)
        return _load(options)
    except reading.UnreadableLedgerError as problem:
        error(str(problem))
        return 1


def _parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="python -m tools.ledger", description=__doc__)
    parser.add_argument("csv", help="one row an invoice; columns as described in tools/ledger/reading.py")
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", help="configuration file of Odoo (not needed through make)")
    parser.add_argument("--company", help="name of the company; by default the database's first one")
    parser.add_argument(
        "--country",
        action="append",
        default=[],
        metavar="CODE=ISO",
        help="what a country code of the file's own means, for example 897=US; can be repeated",
    )
    options = parser.parse_args(arguments)
    if any("=" not in pair for pair in options.country):
        parser.error("--country is written CODE=ISO")
    return options


def _load(options):
    from tools.ledger.loading import CannotLoadError, LedgerLoader
    from tools.ledger.odoo_environment import environment

    started = time.monotonic()
    step(f"load {options.csv} into database {options.database}")
    with environment(options.database, options.config) as env:
        try:
            company = _company(env, options.company)
            ledger = reading.read(options.csv, decimals=company.currency_id.decimal_places)
            loader = LedgerLoader(env, company, dict(pair.split("=", 1) for pair in options.country))
            with Progress() as progress:
                outcome = loader.load(
                    ledger.invoices,
                    env.cr.commit,
                    lambda done, total: progress.show(_bar(done, total, started)),
                )
        except CannotLoadError as problem:
            error(str(problem))
            return 1
        _report(ledger, outcome, company, time.monotonic() - started)
    return 0


def _company(env, name):
    from tools.ledger.loading import CannotLoadError

    companies = env["res.company"].search([("name", "=", name)] if name else [], order="id", limit=1)
    if not companies:
        raise CannotLoadError(f"there is no company called {name}")
    return companies


def _bar(done, total, started):
    width = 30
    filled = width * done // total
    left = (time.monotonic() - started) * (total - done) / done
    return f"[{'#' * filled}{'.' * (width - filled)}] {done:,} of {total:,} invoices, {seconds(left)} left"


def _report(ledger, outcome, company, duration):
    for refusal in ledger.refusals:
        note(f"refused {refusal}")
    for difference in outcome.differences:
        note(f"left as it is {difference}")
    if ledger.unknown_columns:
        note(f"columns without a meaning here, passed over: {', '.join(ledger.unknown_columns)}")
    if outcome.strange_countries:
        codes = ", ".join(sorted(outcome.strange_countries))
        note(f"not ISO codes of countries, kept as tags of the customers (see --country): {codes}")
    print(
        f"{outcome.invoices:,} invoices over {outcome.amount:,.2f} {company.currency_id.name} "
        f"and {outcome.receipts:,} receipts loaded, {outcome.customers:,} customers created; "
        f"{outcome.present:,} invoices were there already, {len(ledger.refusals):,} rows refused; "
        f"{seconds(duration)}.",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
