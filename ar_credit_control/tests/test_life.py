import os
from collections import defaultdict
from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import SQL

from .common_life import START, LifeCase

# Lives per test: AR_LIVES=300 makes a long run of busier ones, AR_LIFE_SEED=7 begins it with another life.
LIVES = int(os.environ.get("AR_LIVES") or 0)
FIRST = int(os.environ.get("AR_LIFE_SEED") or 4)
DAYS = 540
STEPS_A_MONTH, CHECKED_MONTHS = (12, 1) if LIVES else (4, 6)
PARTS = ("receivable", "draft_invoice", "order", "in_transit", "notes")
MOVEMENTS = ("charge", "release", "used", "recovered", "exchange", "other")
# Written anew by schedules, whether that changes anything or not.
STAMPS = {"id", "write_date", "write_uid", "create_date"}


@tagged("post_install", "-at_install")
class TestLife(LifeCase):
    """A company with a branch lives for a year and a half: all rooms agree with ledger and each other."""

    def test_life(self):
        for seed in range(FIRST, FIRST + (LIVES or 1)):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                try:
                    self.live(seed, DAYS, STEPS_A_MONTH, self.check, CHECKED_MONTHS)
                except Exception as error:
                    error.add_note("\n".join(self.story))
                    raise
                finally:
                    savepoint.rollback()
                    self.env.invalidate_all()

    def check(self):
        past = START + timedelta(days=self.random.randrange((self.today - START).days))
        self.assert_ties(past, self.today)
        self.check_exposure()
        self.check_cover()
        self.check_insured()
        self.check_runs()
        self.check_movements(past)
        self.check_letters()
        self.check_cases()
        self.check_claims()
        self.check_losses()
        self.check_collected()
        self.check_belonging()
        self.check_stored()
        self.check_second_night()

    def debtors(self):
        rows = self.report.search([("root_company_id", "=", self.company.id)])
        customers = self.env["res.partner"].browse(partner.id for partner in self.customers).exists()
        return (rows.partner_id | customers).commercial_partner_id

    # ------------------------------------------------------------------
    # Figures of today
    # ------------------------------------------------------------------

    def check_exposure(self):
        """Exposure is its parts, and what is booked of it is the ledger's."""
        debtors = self.debtors()
        self.env.flush_all()
        figures = self.exposure._get_figures(debtors, self.company)
        rows = self.report.search([("root_company_id", "=", self.company.id)])
        for debtor in debtors:
            said, own = figures[debtor.id], rows.filtered(lambda row, debtor=debtor: row.partner_id == debtor)
            self.assertAlmostEqual(said["exposure"], sum(said[part] for part in PARTS), 2, debtor.name)
            self.assertAlmostEqual(said["receivable"], self.receivable_of(debtor), 2, debtor.name)
            self.assertAlmostEqual(said["receivable"], sum(own.mapped("amount")), 2, debtor.name)
            late = own.filtered(lambda row: row.days_overdue > 0 and row.amount > 0)
            self.assertAlmostEqual(said["overdue"], sum(late.mapped("amount")), 2, debtor.name)
        for contact in debtors | debtors.child_ids:
            said = figures.get(contact.commercial_partner_id.id)
            if said:
                self.assertAlmostEqual(contact.credit_exposure, said["exposure"], 2, contact.name)

    def check_cover(self):
        """Bills, securities and payments in transit are what one gets by adding them one by one."""
        debtors = self.debtors()
        figures = self.exposure._get_figures(debtors, self.company)
        notes, security = self.add_bills(), self.add_securities()
        in_transit = self.add_in_transit()
        for debtor in debtors:
            said = figures[debtor.id]
            self.assertAlmostEqual(said["notes"], notes[debtor], 2, debtor.name)
            self.assertAlmostEqual(said["security"], security[debtor], 2, debtor.name)
            self.assertAlmostEqual(said["in_transit"], in_transit[debtor], 2, debtor.name)
            if said["limit_set"]:
                left = said["limit"] + security[debtor] - said["exposure"]
                self.assertAlmostEqual(said["available"], left, 2, debtor.name)

    def add_bills(self):
        total = defaultdict(float)
        for bill in self.bills.search([("date_maturity", ">=", self.today)]):
            payment, company = bill.payment_id, self.company
            passed_on = bill.state in ("endorsed", "discounted") and bill.with_recourse
            booked = not payment or payment.move_id.state == "posted"  # else the invoice is open
            if (bill.state == "held" or passed_on) and booked:
                share = (
                    company.credit_bill_bank_share
                    if bill.kind == "bank"
                    else company.credit_bill_commercial_share
                )
                total[bill.partner_id.commercial_partner_id] += bill.currency_id._convert(
                    bill.amount * share / 100, company.currency_id, company, self.today, round=False
                )
        return total

    def add_securities(self):
        total = defaultdict(float)
        for security in self.securities.search([("state", "=", "valid"), ("date_from", "<=", self.today)]):
            self.assertGreaterEqual(security.date_to, self.today, "it lapsed in the night")
            amount = security.amount
            if security.kind == "insurance":
                amount = max(amount * security.insured_share / 100 - security.own_risk, 0.0)
            total[security.partner_id.commercial_partner_id] += security.currency_id._convert(
                amount * security.share / 100, self.company.currency_id, self.company, self.today, round=False
            )
        return total

    def add_in_transit(self):
        """What of payments pays something, where no bank statement and no bill says more of it."""
        total = defaultdict(float)
        for payment in self.payments.exists():
            bills = payment.credit_bill_ids.filtered(lambda bill: bill.state != "cancelled")
            if payment.state in ("in_process", "paid") and not payment.is_matched and not bills:
                for line in self.receivable(payment.move_id):
                    partner = payment.partner_id.commercial_partner_id
                    total[partner] += line.amount_residual - line.balance
        return total

    def check_insured(self):
        """Each overdue item of the time of an insurance is in the list of the insurer, open as the ageing has
        it."""
        rows = {(row.security_id, row.move_line_id.id): row for row in self.insured.search([])}
        covers = self.securities.search(
            [("kind", "=", "insurance"), ("state", "in", ("valid", "lapsed")), ("reporting_days", ">", 0)]
        )
        items = self.report.search([("root_company_id", "=", self.company.id), ("days_overdue", ">", 0)])
        expected = {}
        for cover in covers:
            for item in items.filtered("partner_id"):
                if (
                    item.partner_id == cover.partner_id.commercial_partner_id
                    and item.amount > 0
                    and cover.date_from <= item.date <= cover.date_to
                ):
                    expected[cover, item.id] = item.amount
        found = {key: row.amount - row.amount_written_off for key, row in rows.items()}
        open_only = {key: amount for key, amount in found.items() if not rows[key].amount_written_off}
        self.assertLessEqual(open_only.keys(), expected.keys())
        for key, amount in expected.items():
            self.assertAlmostEqual(found[key], amount, 2, f"{key[0].display_name}, item {key[1]}")
        for (cover, _item), row in rows.items():
            due = row.date_maturity + timedelta(days=cover.reporting_days)
            self.assertEqual((row.report_by, row.days_left), (due, (due - self.today).days))

    def check_run(self, run):
        """A run is the ageing of its day."""
        ageing = sum(amount for amount, _currency in self.rows(run.date).values())
        self.assertAlmostEqual(ageing, self.ledger(run.date), 2)
        for figures in (run, run.line_ids, run.cell_ids):
            self.assertAlmostEqual(sum(figures.mapped("gross")), ageing, 2)
            self.assertAlmostEqual(sum(figures.mapped("amount")), run.amount, 2)
        self.assertAlmostEqual(sum(run.change_ids.mapped("change")), run.change, 2)

    def check_runs(self):
        """What was posted stays as it was, and the ledger holds it at its date."""
        for run, kept in self.frozen.items():
            self.assertEqual(self.read_run(run), kept, f"run at {run.date}")
            if run.state != "posted":
                continue
            later = self.env["ar.provision.movement"].search(
                [("date", "=", run.date), ("kind", "in", ("used", "recovered"))]
            )
            booked = self.allowance_at(run.date) - sum(later.mapped("amount"))
            self.assertAlmostEqual(booked, run.amount, 2, f"allowance at {run.date}")
            for company in self.company | self.branch:
                needed = sum(line.amount for line in run.line_ids if line.company_id == company)
                moved = sum(row.amount for row in later if row.company_id == company)
                booked = self.allowance_of(company, run.date) - moved
                self.assertAlmostEqual(booked, needed, 2, f"allowance of {company.name} at {run.date}")

            rows = self.env["ar.provision.comparison"].search([("run_id", "=", run.id)])
            parts = ("new", "gone", "gross_change", "cover_change", "moved", "rate_change", "exchange")
            for row in rows:
                self.assertAlmostEqual(row.amount - row.previous_amount, row.difference, 2)
                self.assertAlmostEqual(sum(row[part] for part in parts), row.difference, 2)
            if rows:
                self.assertAlmostEqual(sum(rows.mapped("amount")), run.amount, 2)
                self.assertAlmostEqual(sum(rows.mapped("previous_amount")), rows.previous_id.amount, 2)

    def allowance_of(self, company, date):
        """What a company or branch alone holds on the allowance account."""
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.allowance.id),
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
                ("date", "<=", date),
            ]
        )
        return -sum(lines.mapped("balance"))

    def check_movements(self, past):
        """The movement table closes, ties to the ledger, and leaves nothing unexplained."""
        for date_from, date_to in ((START, past), (past, self.today)):
            report = (
                self.env["ar.provision.movement.report"]
                .with_user(self.auditor)
                .create({"company_id": self.company.id, "date_from": date_from, "date_to": date_to})
            )
            self.assertAlmostEqual(report.difference, 0, 2)
            for line in report.line_ids:
                self.assertAlmostEqual(line.opening + sum(line[part] for part in MOVEMENTS), line.closing, 2)
                self.assertAlmostEqual(line.other, 0, 2, "every part is explained")
            before = self.allowance_at(date_from - timedelta(days=1))
            self.assertAlmostEqual(sum(report.line_ids.mapped("opening")), before, 2)
            self.assertAlmostEqual(sum(report.line_ids.mapped("closing")), self.allowance_at(date_to), 2)

    # ------------------------------------------------------------------
    # Letters, cases, interest
    # ------------------------------------------------------------------

    def check_proposal(self, run, preview, dates):
        """Nobody is asked for what is disputed, promised, on a plan, handed over or written off; the letters
        are those of the preview."""
        self.env.flush_all()
        found = sorted(
            (
                letter.partner_id.id,
                letter.currency_id.id,
                letter.stage_id.id,
                letter.currency_id.round(letter.amount_due - letter.amount_credit),
            )
            for letter in run.letter_ids
        )
        self.assertEqual(found, preview)
        for move in run.letter_ids.line_ids.filtered("is_due").move_id:
            self.assertTrue(dates[move] and dates[move] <= self.today, f"{move.name}: {dates[move]}")
        self.env.invalidate_all()
        paused = self.list_paused()
        rows = self.report.search([("root_company_id", "=", self.company.id)])
        owed = defaultdict(float)
        for row in rows:
            owed[row.move_id, row.date_maturity] += max(row.amount_currency, 0.0)
        asked = defaultdict(float)
        for line in run.letter_ids.line_ids:
            asked[line.move_id, line.date_maturity] += line.amount
        for (move, due), amount in asked.items():
            left = owed[move, due] - paused[move, due]
            self.assertLessEqual(amount, max(left, 0.0) + 0.005, f"{move.name} due {due} in a letter")

    def list_paused(self):
        """What of each instalment is not to be asked for, read record by record."""
        paused = defaultdict(float)
        disputes = self.env["ar.dispute"].search([("state", "in", ("new", "investigating"))])
        for line in disputes.line_ids:
            paused[line.move_id, line.date_maturity] += line.amount
        promises = self.env["ar.payment.promise"].search([("state", "=", "open")])
        for line in promises.filtered(lambda promise: promise.deadline >= self.today).line_ids:
            paused[line.move_id, line.date_maturity] += max(line.amount - line.amount_paid, 0.0)
        plans = self.env["ar.payment.plan"].search([("state", "=", "active")])
        for item in plans.filtered(lambda plan: plan.paused_until >= self.today).item_ids:
            paused[item.move_id, item.date_maturity] += float("inf")
        for line in self.env["ar.placement"].search([("state", "=", "placed")]).line_ids:
            paused[line.move_id, line.date_maturity] += float("inf")
        return paused

    def check_letters(self):
        """No item gets two letters of one stage, other than of one that repeats."""
        sent = defaultdict(list)
        letters = self.env["ar.dunning.letter"].search([("company_id", "=", self.company.id)])
        for line in letters.filtered(lambda letter: letter.state == "sent").line_ids:
            if line.is_due and not line.stage_id.repeat_days:
                sent[line.move_id, line.date_maturity, line.stage_id].append(line.letter_id.name)
        for (move, due, stage), names in sent.items():
            self.assertEqual(len(names), 1, f"{move.name} due {due}, {stage.name}: {names}")
        for letter in letters:
            self.assertAlmostEqual(letter.amount_due, sum(letter.line_ids.mapped("amount")), 2, letter.name)

    def check_cases(self):
        """After the night a case is open where a rule holds, and none where nothing is overdue for long."""
        rules = self.env["ar.collection.rule"].search([("company_id", "=", self.company.id)])
        cases = self.env["ar.collection.case"].search([("company_id", "=", self.company.id)])
        active = cases.filtered(lambda case: case.state != "closed")
        self.assertEqual(len(active.profile_id), len(active))
        rows = self.report.search(
            [("root_company_id", "=", self.company.id), ("partner_id", "!=", False)]
        ).filtered(lambda row: row.amount < 0 or row.days_overdue > 0)
        paused = self.env["ar.item.pause"]._get_paused(rows, self.company, self.today)
        plain = rules.filtered(lambda rule: not rule.min_level and not rule.min_broken)
        for debtor, own in rows.grouped("partner_id").items():
            due = sum(
                row.amount * (1 - min(paused.get(row.id, 0.0) / row.amount_currency, 1.0))
                if row.amount_currency
                else row.amount
                for row in own
            )
            days = max((row.days_overdue for row in own if row.amount > 0), default=0)
            if any(due >= rule.min_amount + 0.01 and days >= rule.min_days for rule in plain):
                self.assertIn(debtor, active.partner_id, f"{due} overdue for {days} days")
        until = self.today - timedelta(days=self.company.collection_quiet_days)
        figures = active._get_case_figures()
        for case in active:
            self.assertEqual(case.partner_id, case.profile_id.partner_id)
            self.assertEqual(case.partner_id, case.partner_id.commercial_partner_id)
            overdue = figures[case.id]["overdue"]
            self.assertEqual(bool(case.settled_date), overdue <= 0, case.partner_name)
            if case.state == "open" and not case.activity_ids:
                self.assertFalse(case.settled_date and case.settled_date <= until, case.partner_name)
            row = self.env["ar.collection.worklist"].search([("case_id", "=", case.id)])
            if row:
                self.assertAlmostEqual(row.owed, self.receivable_of(case.partner_id), 2, case.partner_name)
                self.assertAlmostEqual(row.overdue, overdue, 2, case.partner_name)
            running = self.env["ar.placement"].search(
                [("state", "=", "placed"), ("partner_id.commercial_partner_id", "=", case.partner_id.id)]
            )
            state = "legal" if "lawyer" in running.mapped("kind") else "agency" if running else "open"
            self.assertEqual(case.state, state, f"{case.partner_name}: {running.mapped('name')}")

    def check_claims(self):
        """Claims come to the interest that the ledger owes, where nothing was agreed otherwise."""
        with self.env.cr.savepoint() as savepoint:
            self.env.cr.flush()  # as at the end of a transaction, when claims are corrected
            new = self.env["ar.interest.claim"].sudo()._claim(self.company, self.today)
            self.assertFalse(new.filtered(lambda claim: claim.amount_total < 0), "nobody is asked too much")
            claims = self.env["ar.interest.claim"].search(
                [("company_id", "=", self.company.id), ("state", "!=", "cancelled")]
            )
            paused = {
                (row[0], row[2])
                for row in self.env.execute_query(
                    self.env["ar.item.pause"]._pause_sql(self.company, self.today)
                )
            }
            kept = self.env["ar.payment.plan"].search([("state", "=", "kept")])
            free = {(item.move_id.id, item.date_maturity) for item in kept.item_ids}
            found = claims.grouped(lambda claim: (claim.move_id, claim.date_maturity))
            for (move, due), held in found.items():
                given_up = held.waiver_ids or {"waived", "written_off"} & set(held.mapped("state"))
                if (move.id, due) not in paused | free and not given_up:
                    owed = self.get_interest(move, due)
                    said = sum(held.mapped("amount_interest"))
                    self.assertAlmostEqual(
                        said, owed, None, f"interest of {move.name} due {due}", 0.011 * len(held)
                    )
            savepoint.rollback()
        self.env.invalidate_all()

    def check_losses(self):
        """What is written off and not recovered is the difference of both, and the entries are known."""
        lines = self.env["ar.writeoff.line"].search([("company_id", "=", self.company.id)])
        for line in lines:
            live = line.recovery_ids.filtered(lambda recovery: not recovery.is_cancelled)
            left = line.amount - sum(live.mapped("amount"))
            if line.writeoff_id.state == "posted":
                self.assertAlmostEqual(line.amount_left, left, 2, line.display_name)
                self.assertGreaterEqual(left, 0, line.display_name)
        posted = lines.writeoff_id.filtered(lambda writeoff: writeoff.state == "posted")
        for move in posted.move_ids:
            self.assertAlmostEqual(sum(move.line_ids.mapped("balance")), 0, 2)
        self.assertEqual(self.env["ar.item.loss"]._find_entries(posted.move_ids), posted.move_ids)

    def check_collected(self):
        """Each matching of a claim with money is recorded as collected, once."""
        parts = self.env["account.partial.reconcile"].search(
            [
                ("company_id", "child_of", self.company.id),
                ("debit_move_id.account_type", "=", "asset_receivable"),
                ("debit_move_id.journal_id.type", "not in", ("bank", "cash", "credit")),
                "|",
                ("credit_move_id.move_id.origin_payment_id", "!=", False),
                ("credit_move_id.move_id.statement_line_id", "!=", False),
            ]
        )
        credits = self.env["ar.collection.credit"].search(
            [("company_id", "child_of", self.company.id), ("partial_id", "!=", False)]
        )
        self.assertEqual(credits.partial_id, parts)

    def check_statements(self, statements):
        """A statement closes with what the ledger holds in its currency, but for entries of write-offs that
        nobody matched; and each row is one of its parts."""
        self.env.flush_all()
        recoveries = self.recoveries.search([("is_cancelled", "=", False)])
        hidden = self.env["ar.writeoff"].search([]).move_ids - recoveries.move_id
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "child_of", self.company.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        # Matchings with a payment that is a draft again count nothing, although Odoo keeps them.
        open_amounts = self.slow_rows(self.today)
        for balance in statements.balance_ids:
            own = lines.filtered(
                lambda line, balance=balance: (
                    line.partner_id.commercial_partner_id == balance.partner_id.commercial_partner_id
                    and line.currency_id == balance.currency_id
                    and line.date <= balance.statement_id.date
                    and line.move_id not in hidden
                )
            )
            left = sum(open_amounts.get(line.id, (0.0, 0.0))[1] for line in own)
            self.assertAlmostEqual(balance.closing, left, 2, balance.partner_id.name)
            self.assertAlmostEqual(balance.closing, balance.amount_due - balance.amount_credit, 2)
            if balance.statement_id.kind == "movements":
                parts = balance.opening + balance.charged + balance.settled + balance.other_currency
                self.assertAlmostEqual(balance.closing, parts, 2)

    def get_interest(self, move, due):
        """Interest of an instalment until today by the formula, from its matchings one by one."""
        items = self.receivable(move).filtered(lambda item: item.date_maturity == due)
        settling = self.env["ar.dispute.line"].search([("move_id", "=", move.id)]).dispute_id.credit_move_ids
        total = 0.0
        for item in items:
            paid = [
                (
                    due if credit.reversed_entry_id == move or credit in settling else part.max_date,
                    part.debit_amount_currency,
                )
                for part in item.matched_credit_ids
                if (credit := part.credit_move_id.move_id).state == "posted"
            ]
            _segments, sums = self.env["ar.interest.figures"]._get_simulated(
                self.scheme, item.amount_currency, item.currency_id, due, self.today, paid, move.invoice_date
            )
            total += sums["interest"] if sums else 0.0
        return total

    # ------------------------------------------------------------------
    # Records among themselves
    # ------------------------------------------------------------------

    def check_belonging(self):
        """Open work belongs to who owes it: no row is left with a customer that is no debtor any more."""
        profiles = self.env["ar.credit.profile"].search([("company_id", "=", self.company.id)])
        for profile in profiles:
            self.assertEqual(profile.partner_id.commercial_partner_id, profile.partner_id)
        for model, states in (
            ("ar.payment.promise", ("open",)),
            ("ar.payment.plan", ("submitted", "active")),
        ):
            for record in self.env[model].search([("state", "in", states)]):
                debtors = record.partner_id.commercial_partner_id
                self.assertEqual(debtors, record.profile_id.partner_id, record.display_name)

    def check_stored(self):
        """Each stored figure of ours is what its computation says now."""
        self.env.flush_all()
        self.env.invalidate_all()
        for model in self.env.values():
            if not model._name.startswith("ar.") or model._abstract or model._transient or not model._auto:
                continue
            names = [
                name
                for name, field in model._fields.items()
                if field.store and field.compute and field.readonly and not field.related
            ]
            records = model.sudo().with_context(active_test=False).search([])
            if not names or not records:
                continue
            stored = {name: [record[name] for record in records] for name in names}
            for name in names:
                self.env.add_to_compute(model._fields[name], records)
            for name in names:
                for record, before in zip(records, stored[name], strict=True):
                    after = record[name]
                    if isinstance(after, float):
                        self.assertAlmostEqual(after, before, 2, f"{record}.{name}")
                    else:
                        self.assertEqual(after, before, f"{record}.{name}")

    def check_second_night(self):
        """What matchings and schedules brought up to date is so: a second night changes nothing."""
        before = self.read_tables()
        self.sleep()
        after = self.read_tables()
        for table in before:
            self.assertEqual(after[table], before[table], table)

    def read_tables(self):
        """All rows of our tables."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position)
                     FROM information_schema.columns
                    WHERE table_schema = 'public' AND table_name ~ '^ar_' AND table_name = ANY(%s)
                 GROUP BY table_name""",
                [model._table for model in self.env.values() if not model._abstract and not model._transient],
            )
        )
        found = {}
        for table, columns in rows:
            if table == "ar_credit_lock":
                continue  # how often it was taken
            names = [SQL.identifier(name) for name in columns if name not in STAMPS]
            found[table] = sorted(
                self.env.execute_query(
                    SQL("SELECT %s FROM %s", SQL(", ").join(names), SQL.identifier(table))
                ),
                key=str,
            )
        return found
