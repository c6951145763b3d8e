"""What is measured. Each function runs on an environment of its own, changes nothing and returns numbers.

Times are medians of repetitions after one warm-up, in seconds; addon and hand-written SQL take turns, so that
other load on the machine meets both.
"""

import gc
import itertools
import resource
import statistics
import tempfile
import time
from datetime import timedelta

import xlsxwriter

from odoo import Command, fields
from odoo.tools import SQL

from tools.bench import handwritten

REPEAT = 5


def peak_megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _main_company(env):
    return env.ref("base.main_company")


def _by_turns(functions, repeat):
    """Median seconds of each function, and the last result of each."""
    durations = [[] for _function in functions]
    results = [function() for function in functions]
    gc.collect()
    for _turn in range(repeat):
        for function, taken in zip(functions, durations, strict=True):
            started = time.perf_counter()
            function()
            taken.append(time.perf_counter() - started)
    return [statistics.median(taken) for taken in durations], results


def ageing(env, days_back=0, repeat=REPEAT):
    """Ageing by customer and bucket through the ORM, over hand-written SQL."""
    company = _main_company(env)
    as_of = fields.Date.context_today(env["ar.aging.report"]) - timedelta(days=days_back)
    report = env["ar.aging.report"].with_context(ar_as_of=as_of.isoformat())
    parameters = {"company": company.id, "as_of": as_of}

    def by_addon():
        return report._read_group(
            [("company_id", "=", company.id)], ["partner_id", "bucket_id"], ["amount:sum"]
        )

    def by_hand():
        env.cr.execute(handwritten.AGEING, parameters)
        return env.cr.fetchall()

    (addon, hand), (groups, rows) = _by_turns([by_addon, by_hand], repeat)
    ours = {
        (partner.id or None, max(bucket.day_from, 0)): round(amount * 100)
        for partner, bucket, amount in groups
    }
    theirs = {(partner, first_day): round(amount * 100) for partner, first_day, amount in rows}
    return {
        "addon": addon,
        "hand": hand,
        "groups": len(groups),
        "equal": _without_zeros(ours) == _without_zeros(theirs),
        "total": sum(theirs.values()) / 100,
    }


def _without_zeros(figures):
    return {key: value for key, value in figures.items() if value}


def exposure(env, repeat=REPEAT):
    """Exposure of every customer, over hand-written SQL."""
    company = _main_company(env)
    model = env["ar.credit.exposure"]
    names = ["receivable", "overdue", "unapplied", "draft_invoice", "order", "exposure"]
    names.append("overdue_count_amount")
    partners = model.search([("company_id", "=", company.id)]).partner_id

    def by_addon():
        return model._get_figures(partners, company)

    def by_hand():
        # The company's day, which is not that of the server around midnight.
        env.cr.execute(handwritten.EXPOSURE, {"company": company.id, "today": company._credit_today()})
        return env.cr.fetchall()

    (addon, hand), (figures, rows) = _by_turns([by_addon, by_hand], repeat)
    before = env.cr.sql_log_count
    by_addon()
    statements = env.cr.sql_log_count - before
    ours = {
        partner_id: (*(round(row[name] * 100) for name in names), row["overdue_days"], row["status"])
        for partner_id, row in figures.items()
    }
    theirs = {
        partner_id: (*(round(value * 100) for value in values[: len(names)]), values[-2], values[-1])
        for partner_id, *values in rows
    }
    return {
        "addon": addon,
        "hand": hand,
        "customers": len(figures),
        "statements": statements,
        "equal": ours == theirs,
        "different": [
            [key, ours.get(key), theirs.get(key)]
            for key in sorted(ours.keys() | theirs.keys())
            if ours.get(key) != theirs.get(key)
        ][:3],
    }


def confirm(env, items=None, repeat=5):
    """Statements and seconds to confirm an order that passes: one batch of orders at a time.

    Odoo without the addon confirms in a process and database of its own, so both are asked for batches in
    turns, see `tools.bench.__main__`: neighbours, caches and the state of the machine are the same for both.
    The first batch, in which each fills its caches and PostgreSQL plans, is not counted for either.

    :param items: of a new customer with that many open invoices; by default of the customer with the most
    """
    company = _main_company(env)
    partner = _customer_with(env, company, items) if items else _busiest_customer(env, company)
    product = env["product.product"].create(
        {"name": "Measured", "type": "service", "taxes_id": [Command.clear()]}
    )
    if "credit_control_active" in company._fields:
        company.credit_control_active = True
        profile = env["ar.credit.profile"]._get_or_create(partner, company)
        profile.write({"limit_set": True, "limit": 1e9})
    while True:
        statements, durations = [], []
        for _turn in range(repeat):
            order = env["sale.order"].create(
                {
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "order_line": [Command.create({"product_id": product.id, "price_unit": 10.0})],
                }
            )
            env.flush_all()
            env.invalidate_all()
            before, started = env.cr.sql_log_count, time.perf_counter()
            order.action_confirm()
            env.flush_all()
            durations.append(time.perf_counter() - started)
            statements.append(env.cr.sql_log_count - before)
            if order.state != "sale":
                raise AssertionError("the order was not confirmed")
        yield {"statements": statements[-1], "seconds": durations}


def _busiest_customer(env, company):
    """The customer with the most open items, none of them overdue for long."""
    env.cr.execute(
        """
        SELECT partner.commercial_partner_id
          FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
          JOIN res_partner partner ON partner.id = line.partner_id
         WHERE account.account_type = 'asset_receivable'
           AND line.company_id = %s
           AND line.parent_state = 'posted'
           AND line.reconciled IS NOT TRUE
      GROUP BY 1
        HAVING min(line.date_maturity) > CURRENT_DATE - 20
      ORDER BY count(*) DESC, 1
         LIMIT 1
        """,
        [company.id],
    )
    return env["res.partner"].browse(env.cr.fetchone())


def _customer_with(env, company, items):
    """A new customer who takes over open invoices of others that are not overdue for long."""
    partner = env["res.partner"].create({"name": f"Customer with {items}", "is_company": True})
    env.flush_all()
    env.cr.execute(
        """
        WITH chosen AS (
            SELECT line.move_id
              FROM account_move_line line
              JOIN account_account account ON account.id = line.account_id
             WHERE account.account_type = 'asset_receivable'
               AND line.company_id = %(company)s
               AND line.parent_state = 'posted'
               AND line.reconciled IS NOT TRUE
               AND line.amount_residual > 0
          GROUP BY line.move_id
            HAVING min(line.date_maturity) > CURRENT_DATE - 20 AND count(*) = 1
          ORDER BY line.move_id
             LIMIT %(items)s
        ),
        moved AS (
            UPDATE account_move
               SET partner_id = %(partner)s, commercial_partner_id = %(partner)s
              FROM chosen
             WHERE account_move.id = chosen.move_id
         RETURNING account_move.id
        )
        UPDATE account_move_line
           SET partner_id = %(partner)s
          FROM moved
         WHERE account_move_line.move_id = moved.id
     RETURNING account_move_line.move_id
        """,
        {"company": company.id, "items": items, "partner": partner.id},
    )
    found = len({move_id for (move_id,) in env.cr.fetchall()})
    if found != items:
        raise AssertionError(f"only {found} open invoices are not overdue for long, {items} are needed")
    env.invalidate_all()
    return partner


def score(env):
    """Score every customer of the ledger, and a run over the portfolio: statements, seconds."""
    company = _main_company(env)
    partners = env["res.partner"].search([("name", "=like", "Customer %"), ("parent_id", "=", False)])
    env["ar.credit.scorecard"]._score(partners[:10], company)  # warm what does not depend on customers
    env.invalidate_all()
    before, started = env.cr.sql_log_count, time.perf_counter()
    scores = env["ar.credit.scorecard"]._score(partners, company)
    taken, statements = time.perf_counter() - started, env.cr.sql_log_count - before
    before, started = env.cr.sql_log_count, time.perf_counter()
    run = env["ar.credit.score.run"].create({"company_id": company.id})
    run.action_score()
    env.flush_all()
    return {
        "customers": len(scores),
        "scored": sum(score.score is not None for score in scores.values()),
        "seconds": taken,
        "statements": statements,
        "run_customers": env["ar.credit.score.run.line"].search_count([("run_id", "=", run.id)]),
        "run_seconds": time.perf_counter() - started,
        "run_statements": env.cr.sql_log_count - before,
    }


def dunning(env, share=1):
    """A proposal for every overdue item (or those of every `share`-th customer): statements, seconds, memory.

    :return: ``items`` are those in letters; ``overdue`` are those of all customers
    """
    company = _main_company(env)
    policy = env.ref("ar_credit_control.dunning_policy_standard")
    policy.write({"active": True, "manual_entries": "include"})
    today = policy._get_today()
    env.cr.execute(
        """
        SELECT count(*)
          FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
         WHERE account.account_type = 'asset_receivable'
           AND line.company_id = %s
           AND line.parent_state = 'posted'
           AND line.reconciled IS NOT TRUE
           AND line.amount_residual > 0
           AND line.date_maturity < %s
        """,
        [company.id, today],
    )
    (overdue,) = env.cr.fetchone()
    filters = {"filter_category_ids": [Command.set(_tag(env, share).ids)]} if share > 1 else None
    env.flush_all()
    memory, before, started = peak_megabytes(), env.cr.sql_log_count, time.perf_counter()
    run = env["ar.dunning.run"]._create_proposal(policy, today, filters)
    env.flush_all()
    taken, statements = time.perf_counter() - started, env.cr.sql_log_count - before
    grown = peak_megabytes() - memory
    return {
        "seconds": taken,
        "statements": statements,
        "megabytes": grown,
        "stages": len(policy.stage_ids),
        "overdue": overdue,
        "letters": run.letter_count,
        "items": sum(run.letter_ids.mapped("item_count")),
        "left_out": run.left_out_count,
    }


def roll_rates(env, months=36, repeat=3):
    """Loss rates from history over all items of the months: statements; seconds, over counting them alone."""
    company = _main_company(env)
    policies = env["ar.provision.policy"].search([("company_id", "=", company.id)])
    policies.active = False
    policy = env["ar.provision.policy"].create(
        {
            "name": "History",
            "company_id": company.id,
            "bucket_ids": [
                Command.create({"name": f"from {day}", "age_from": day})
                for day in (0, 1, 31, 61, 91, 181, 366)
            ],
        }
    )
    derivation = env["ar.provision.derivation"].create({"policy_id": policy.id, "months": months})
    days = (derivation.date_from, derivation.date_to)
    history = env["ar.provision.history"]
    env.cr.execute(SQL("SELECT COUNT(*) FROM (%s) item", history._items_sql(policy, *days)))
    (items,) = env.cr.fetchone()

    def by_counting():
        env.cr.execute(SQL("SELECT SUM(entered) FROM (%s) cohort", history._cohort_sql(policy, *days)))

    def by_addon():
        before = env.cr.sql_log_count
        derivation.action_compute()
        env.flush_all()
        return env.cr.sql_log_count - before

    (addon, counting), (statements, _none) = _by_turns([by_addon, by_counting], repeat)
    return {
        "seconds": addon,
        "counting": counting,
        "statements": statements,
        "months": months,
        "items": items,
    }


def _tag(env, share):
    """Return a tag on every `share`-th customer."""
    tag = env["res.partner.category"].create({"name": f"One in {share}"})
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO res_partner_res_partner_category_rel (partner_id, category_id)
        SELECT id, %s FROM res_partner WHERE parent_id IS NULL AND id %% %s = 0
        """,
        [tag.id, share],
    )
    env.invalidate_all()
    return tag


def provision(env, days_back=0, repeat=0):
    """A provision run over all open items: statements, memory; seconds over hand-written SQL, both with
    the lines written in the place of earlier ones."""
    company = _main_company(env)
    policy, matrix = _provision_policy(env, company)
    date = company._credit_today() - timedelta(days=days_back)
    values = {"date": date, "company_id": company.id, "policy_id": policy.id}
    run, by_hand_run = env["ar.provision.run"].create([values, values])
    parameters = {"company": company.id, "as_of": date, "matrix": matrix.id, "run": by_hand_run.id}
    env.flush_all()

    def by_addon():
        run.action_compute()
        env.flush_all()

    def by_hand():
        env.cr.execute("DELETE FROM ar_provision_line WHERE run_id = %s", [by_hand_run.id])
        env.cr.execute(handwritten.PROVISION, parameters)

    memory, before, started = peak_megabytes(), env.cr.sql_log_count, time.perf_counter()
    by_addon()
    result = {
        "seconds": time.perf_counter() - started,
        "statements": env.cr.sql_log_count - before,
        "megabytes": peak_megabytes() - memory,
        "items": run.item_count,
    }
    if repeat:
        (result["addon"], result["hand"]), _results = _by_turns([by_addon, by_hand], repeat)
        result["equal"] = _same_lines(env, run, by_hand_run)
        result["total"] = run.amount
    return result


def _provision_policy(env, company):
    """A policy in use with typed rates, approved."""
    env["ar.provision.policy"].search([("company_id", "=", company.id)]).active = False
    env.flush_all()
    rates = {0: 0.5, 1: 2, 31: 5, 61: 10, 91: 25, 181: 50, 366: 100}
    policy = env["ar.provision.policy"].create(
        {
            "name": "Measured",
            "company_id": company.id,
            "bucket_ids": [Command.create({"name": str(age), "age_from": age}) for age in rates],
        }
    )
    matrix = env["ar.provision.matrix"].create(
        {
            "policy_id": policy.id,
            "date_from": "2000-01-01",
            "reason": "Measured",
            "rate_ids": [
                Command.create({"bucket_id": bucket.id, "rate": rates[bucket.age_from]})
                for bucket in policy.bucket_ids
            ],
        }
    )
    matrix._write_evidence({"state": "approved"})
    return policy, matrix


def _same_lines(env, *runs):
    """Whether two runs have the same lines, figure by figure."""
    columns = """move_line_id, move_id, account_id, partner_id, partner_name, company_id, currency_id,
        name, ref, invoice_date, date_maturity, days_past_due, bucket_id, segment_id, rating_id, treatment,
        least,
        gross, gross_currency, "offset", covered, tax_share, base_rate, rating_factor, rate, cover_rate,
        valuation, amount, amount_currency"""
    lines = f"SELECT {columns} FROM ar_provision_line WHERE run_id = %s"
    first, second = (run.id for run in runs)
    env.cr.execute(
        f"""SELECT NOT EXISTS ({lines} EXCEPT ALL {lines}) AND NOT EXISTS ({lines} EXCEPT ALL {lines})""",
        [first, second, second, first],
    )
    return env.cr.fetchone()[0]


def letters_prepare(env, count=400):
    """Propose letters to all customers and approve some of them, committed: the work of the workers."""
    company = _main_company(env)
    policy = env.ref("ar_credit_control.dunning_policy_standard")
    policy.write({"active": True, "manual_entries": "include"})
    policy.user_id = env.ref("base.user_admin")
    drafts = [("company_id", "=", company.id), ("channel", "=", "email"), ("state", "=", "draft")]
    if not env["ar.dunning.letter"].search_count(drafts, limit=1):
        env["ar.dunning.run"]._create_proposal(policy, policy._get_today())
    letters = env["ar.dunning.letter"].search(drafts, limit=count)
    letters.write({"state": "approved", "approved_by_id": policy.user_id.id})
    env.cr.commit()
    return letters_given(env)


def letters_given(env):
    """Letters that have their mail: whether the workers did what is measured."""
    return {"letters": env["ar.dunning.letter"].search_count([("mail_id", "!=", False)])}


def letters(env):
    """Give approved letters to the mail queue as the schedule does: judged again, printed, written as mails.

    Takes what no other worker has; the caller asks when all workers are ready.
    """
    model = env["ar.dunning.letter"]
    # The first pages compile the template: that is the start of a process, not its speed.
    model.search([("state", "=", "approved")], limit=1)._render_pdfs()
    env.cr.rollback()
    yield {"ready": True}
    started = time.perf_counter()
    model._cron_queue_approved()
    yield {"seconds": time.perf_counter() - started, "megabytes": peak_megabytes()}


def workbook(env, share=1, turns=0):
    """The workbook of all open items (or of every `share`-th customer): memory, and seconds over a bare loop.

    Memory is that of the first workbook of the process.
    """
    company = _main_company(env)
    domain = [("company_id", "=", company.id)]
    if share > 1:
        env.cr.execute("SELECT id FROM res_partner WHERE parent_id IS NULL AND id %% %s = 0", [share])
        domain.append(("partner_id", "in", [partner_id for (partner_id,) in env.cr.fetchall()]))

    def by_addon():
        with tempfile.TemporaryFile() as file:
            return env["ar.aging.xlsx"]._write_workbook(file, domain)

    def by_bare_loop():
        with tempfile.TemporaryFile() as file:
            return _write_bare(env, file)

    memory = peak_megabytes()
    result = {"rows": by_addon(), "megabytes": peak_megabytes() - memory}
    if turns:
        durations, (_rows, result["bare_rows"]) = _by_turns([by_addon, by_bare_loop], turns)
        result["addon"], result["bare"] = durations
    return result


def _write_bare(env, file):
    """Items, a row of sums by customer, and a sheet with a row by customer: a loop and nothing else."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    items, customers = book.add_worksheet("Items"), book.add_worksheet("Customers")
    day, money = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "#,##0.00"})
    count = row = 0
    env.cr.execute(handwritten.ITEMS, {"company": _main_company(env).id})
    by_customer = itertools.groupby(env.cr.fetchall(), lambda item: item[0])
    for customer_row, (name, group) in enumerate(by_customer):
        buckets = [0.0] * 7
        for _name, entry, invoiced, due, days, currency, amount_currency, amount, bucket in group:
            items.write_string(row, 0, name or "")
            items.write_string(row, 1, entry)
            if invoiced:
                items.write_datetime(row, 3, invoiced, day)
            items.write_datetime(row, 4, due, day)
            items.write_number(row, 5, days)
            items.write_string(row, 6, "Phase")
            items.write_string(row, 7, currency)
            items.write_number(row, 8, amount_currency, money)
            items.write_number(row, 9, amount, money)
            items.write_number(row, 10 + bucket, amount, money)
            items.write_string(row, 20, "Account")
            buckets[bucket] += amount
            row += 1
            count += 1
        for sheet, at in ((items, row), (customers, customer_row)):
            sheet.write_string(at, 0, name or "")
            sheet.write_number(at, 1, sum(buckets), money)
            for position, amount in enumerate(buckets):
                sheet.write_number(at, 10 + position, amount, money)
        row += 1
    book.close()
    return count


MEASURES = {
    measure.__name__: measure
    for measure in (
        ageing,
        confirm,
        dunning,
        exposure,
        letters,
        letters_given,
        letters_prepare,
        provision,
        roll_rates,
        score,
        workbook,
    )
}
