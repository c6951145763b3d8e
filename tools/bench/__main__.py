"""Benchmarks on a generated ledger: python -m tools.bench [--size N]; `make bench` sees to the set-up."""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager

from tools import odoo_env, processes, project
from tools.bench import generator, report
from tools.console import Progress, note, seconds, step

SIZE = 100_000
SMALL = 1_000
# Open invoices of one customer for whom an order is confirmed.
FEW, MANY = 1, 2_000
# Batches of orders that Odoo with and without the addon confirm in turns, after one to warm up.
TURNS = 10
# Letters that are printed and given to the mail queue.
LETTERS = 400
PROFILES = """
    INSERT INTO ar_credit_profile (
           partner_id, company_id, rating_id, limit_set, "limit", limit_currency_id, active,
           create_date, write_date)
    SELECT partner.id,
           company.id,
           (SELECT min(id) FROM ar_credit_rating),
           partner.id % 10 < 7,
           1000 * (partner.id % 50),
           company.currency_id,
           TRUE,
           now() AT TIME ZONE 'UTC',
           now() AT TIME ZONE 'UTC'
      FROM res_partner partner
CROSS JOIN (SELECT id, currency_id FROM res_company ORDER BY id LIMIT 1) company
     WHERE partner.name LIKE 'Customer %' AND partner.parent_id IS NULL AND partner.id % 10 < 8
        ON CONFLICT DO NOTHING
"""


def main(arguments=None):
    options = _parse_arguments(arguments)
    started = time.monotonic()
    base = odoo_env.databases().ensure_base()
    with (
        _database(base, "large") as large,
        _database(base, "small") as small,
        _database(base, "empty") as empty,
    ):
        figures = {"size": options.size, "small": min(SMALL, options.size)}
        figures["generation"] = _generate(large, options.size)
        _generate(small, figures["small"])
        with _database(large, "large_core") as large_core, _database(small, "small_core") as small_core:
            _measure_install(figures, large, small, empty)
            _measure_confirming(figures, (large_core, large), (small_core, small))
        _measure(figures, large, small)
    rows = report.rows(figures)
    print()
    print(report.as_text(rows), flush=True)
    if options.output:
        report.write(options.output, rows, figures)
        note(f"written to {options.output}")
    failed = [row for row in rows if row.passed is False]
    took = seconds(time.monotonic() - started)
    print(f"{len(failed)} of {len(rows)} figures beyond their limit; measured in {took}.", flush=True)
    return 1 if failed else 0


def _parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE, help="open invoices in the generated ledger")
    parser.add_argument(
        "--output",
        default=project.ROOT / "docs" / "benchmarks.md",
        type=lambda text: text and project.ROOT / text,
        help="file for the table, none when empty (default: docs/benchmarks.md)",
    )
    options = parser.parse_args(arguments)
    if options.size < 100:
        parser.error("--size is at least 100")
    return options


@contextmanager
def _database(base, suffix):
    databases = odoo_env.databases()
    name = databases.name(f"bench_{suffix}")
    databases.copy(base, name)
    with closing(databases.connect(name)) as connection, connection, connection.cursor() as cursor:
        # a live company: what is installed later brings no demo data
        cursor.execute("UPDATE ir_module_module SET demo = FALSE")
    try:
        yield name
    finally:
        databases.drop(name)


def _generate(database, size):
    step(f"Generating a ledger of {size:,} open invoices and {2 * size:,} paid ones")
    steps, started = itertools.count(1), time.monotonic()
    with closing(odoo_env.databases().connect(database)) as connection, Progress() as progress:

        def say(name):
            at = time.monotonic() - started
            progress.show(f"step {next(steps)} of {generator.COUNT}: {name}, {at:.0f} s")

        taken = generator.generate(connection, size, say)
    note(f"done in {seconds(taken)}")
    return taken


def _measure_install(figures, large, small, empty):
    step("Measuring the installation")
    figures["install_empty"] = _install(empty)
    figures["install"] = _install(large)
    _install(small)
    for database in (large, small):
        with (
            closing(odoo_env.databases().connect(database)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(PROFILES)
            cursor.execute("ANALYZE ar_credit_profile")


def _install(database):
    command = odoo_env.command(database, http_port=0, log_level="error") + [
        "--no-http",
        "--stop-after-init",
        "-i",
        project.ADDON,
    ]
    started = time.monotonic()
    processes.quiet(command, f"installing {project.ADDON}", cwd=project.ROOT)
    return time.monotonic() - started


def _measure_confirming(figures, large, small):
    """Measure both databases of each pair, without and with the addon, in turns."""
    step("Measuring how orders are confirmed, without and with the addon")
    figures["many"] = min(MANY, figures["size"] // 20)
    for suffix, pair, options in (
        ("", large, {}),
        ("_small", small, {}),
        ("_few", large, {"items": FEW}),
        ("_many", large, {"items": figures["many"]}),
    ):
        core, ours = _by_turns("confirm", pair, **options)
        figures[f"confirm_core{suffix}"], figures[f"confirm{suffix}"] = core, ours


def _by_turns(measure, databases, **options):
    """Take batches of a measurement in each database by turns: the median second, the last statements."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    _worker(measure, database, options),
                    cwd=project.ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for database in databases
        ]
        results = [[] for _database in databases]
        for _turn in range(TURNS + 1):
            for worker, batches in zip(workers, results, strict=True):
                print(file=worker.stdin, flush=True)
                batches.append(json.loads(worker.stdout.readline()))
    return [
        {
            "statements": batches[-1]["statements"],
            "seconds": statistics.median(taken for batch in batches[1:] for taken in batch["seconds"]),
        }
        for batches in results
    ]


def _measure(figures, large, small):
    for name, measure, database, options in (
        ("ageing_today", "ageing", large, {"days_back": 0}),
        ("ageing_past", "ageing", large, {"days_back": 180}),
        ("exposure", "exposure", large, {}),
        ("score", "score", large, {}),
        ("dunning", "dunning", large, {}),
        ("dunning_part", "dunning", large, {"share": 4}),
        ("dunning_small", "dunning", small, {}),
        ("roll_rates", "roll_rates", large, {}),
        ("provision", "provision", large, {"repeat": 3}),
        ("provision_past", "provision", large, {"days_back": 180, "repeat": 3}),
        ("provision_small", "provision", small, {}),
        ("workbook", "workbook", large, {"turns": 3}),
        ("workbook_part", "workbook", large, {"share": 4}),
    ):
        step(f"Measuring {name.replace('_', ' ')}")
        figures[name] = _work(measure, database, **options)
    # Last, for what the workers do is committed.
    for workers in (1, 2):
        step(f"Measuring letters of {workers} workers")
        figures[f"letters_{workers}"] = _letters(large, workers)


def _letters(database, workers):
    """Letters a second of that many workers at once, each a process of its own."""
    before = _work("letters_prepare", database, count=LETTERS)
    running = [
        subprocess.Popen(
            _worker("letters", database, {}),
            cwd=project.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _number in range(workers)
    ]
    for _round in ("ready", "done"):
        for worker in running:
            worker.stdin.write("\n")
            worker.stdin.flush()
        results = [json.loads(worker.stdout.readline()) for worker in running]
    for worker in running:
        worker.communicate()
    after = _work("letters_given", database)
    return {
        "letters": after["letters"] - before["letters"],
        "seconds": max(result["seconds"] for result in results),
        "megabytes": max(result["megabytes"] for result in results),
    }


def _work(measure, database, **options):
    """Run one measurement in a process of its own and return its figures."""
    command = _worker(measure, database, options)
    result = subprocess.run(command, cwd=project.ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def _worker(measure, database, options):
    return processes.as_module("tools.bench.worker", measure, database, json.dumps(options))


if __name__ == "__main__":
    sys.exit(main())
