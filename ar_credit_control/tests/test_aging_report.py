from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .common_aging import AgingCase


@tagged("post_install", "-at_install")
class TestAgingReport(AgingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.old = cls.invoice(1000, "2025-01-01", due="2025-01-31")
        cls.new = cls.invoice(500, "2025-03-01", due="2025-03-31", partner=cls.contact)
        cls.receipt = cls.payment(300, "2025-04-10")
        cls.match(cls.old, cls.receipt)
        cls.mine = [("root_company_id", "=", cls.company.id)]

    # -- one environment, several dates -------------------------------------------------------------------

    def test_cached_record_answers_for_its_date(self):
        item = self.receivable(self.old).id
        seen = []
        for day in ("2025-01-31", "2025-03-02", "2025-04-30", "2025-01-31"):
            row = self.as_of(day).browse(item)
            seen.append((row.amount, row.amount_currency, row.days_overdue, row.bucket_id.name, row.phase))
        self.assertEqual(
            seen,
            [
                (1000.0, 1000.0, 0, "Not due", "credit"),
                (1000.0, 1000.0, 30, "1-30", "coordination"),
                (700.0, 700.0, 89, "61-90", "clearing"),
                (1000.0, 1000.0, 0, "Not due", "credit"),
            ],
        )

    def test_every_way_of_reading_answers_for_its_date(self):
        item = self.receivable(self.old).id
        domain = [("id", "=", item)]
        for day, amount, overdue in (("2025-01-31", 1000.0, 0.0), ("2025-04-30", 700.0, 700.0)) * 2:
            report = self.as_of(day)
            self.assertEqual(report.search(domain).read(["amount"])[0]["amount"], amount)
            self.assertEqual(report.search_read(domain, ["amount"])[0]["amount"], amount)
            self.assertEqual(
                report._read_group(domain, [], ["amount:sum", "amount_overdue:sum"]), [(amount, overdue)]
            )
            group = report.formatted_read_group(domain, ["bucket_id"], ["amount:sum"])[0]
            self.assertEqual(group["amount:sum"], amount)
            read = report.web_search_read(domain, {"amount": {}, "bucket_id": {"fields": {"name": {}}}})[
                "records"
            ][0]
            self.assertEqual(read["amount"], amount)
            self.assertEqual(report.search_count([*domain, ("amount", "=", amount)]), 1)
        self.assertFalse(self.as_of("2024-12-31").search(domain))

    def test_unsaved_changes_count(self):
        """Values that wait to be written are part of the figures (_depends)."""
        line = self.receivable(self.new)
        self.assertEqual(self.as_of("2025-03-31").browse(line.id).due_in_days, 0)
        line.date_maturity = "2025-04-30"
        rows = self.as_of("2025-03-31").search([("id", "=", line.id), ("due_in_days", "=", 30)])
        self.assertTrue(rows)

    # -- date and basis -----------------------------------------------------------------------------------

    def test_wrong_date_or_basis_is_said_clearly(self):
        for wrong in ("2025-02-30", "yesterday", "2025-1-1", 5, "2025-01-01'; DROP TABLE x", ["2025-01-01"]):
            with self.assertRaisesRegex(UserError, "is not a date"):
                self.report.with_context(ar_as_of=wrong)._get_as_of()
        with self.assertRaisesRegex(UserError, "is not a date"):
            self.report.with_context(ar_as_of="nonsense").search([])
        with self.assertRaisesRegex(UserError, "is not a basis"):
            self.report.with_context(ar_aging_by="moon").search([])

    def test_default_is_today(self):
        self.assertEqual(
            self.report.search(self.mine).mapped("days_overdue"),
            self.as_of(self.report._get_as_of()).search(self.mine).mapped("days_overdue"),
        )

    def test_basis(self):
        self.new.delivery_date = "2025-02-15"
        item = self.receivable(self.new).id
        for by, days, bucket in (("due", -6, "Not due"), ("invoice", 24, "1-30"), ("delivery", 38, "31-60")):
            row = self.as_of("2025-03-25", ar_aging_by=by).browse(item)
            self.assertEqual((row.days_overdue, row.bucket_id.name), (days, bucket))
            self.assertEqual((row.due_in_days, row.phase), (6, "credit"), "the phase follows the due date")

    def test_phase_follows_the_company(self):
        item = self.receivable(self.old).id
        self.company.credit_coordination_days = 10
        phases = [self.as_of(day).browse(item).phase for day in ("2025-01-31", "2025-02-10", "2025-02-11")]
        self.assertEqual(phases, ["credit", "coordination", "clearing"])

    # -- buckets ------------------------------------------------------------------------------------------

    def test_default_buckets(self):
        buckets = self.env["ar.aging.bucket"].search([("company_id", "=", self.company.id)])
        self.assertEqual(
            buckets.mapped("name"), ["Not due", "1-30", "31-60", "61-90", "91-180", "181-365", "Over 365"]
        )
        self.assertEqual(buckets.mapped("sequence"), [1, 2, 3, 4, 5, 6, 7])
        for before, after in zip(buckets, buckets[1:], strict=False):
            self.assertEqual(before.day_to + 1, after.day_from)

    def test_bounds_of_buckets(self):
        item = self.receivable(self.old).id
        expected = {
            "2025-01-01": "Not due",
            "2025-01-31": "Not due",
            "2025-02-01": "1-30",
            "2025-03-02": "1-30",
            "2025-03-03": "31-60",
            "2025-07-30": "91-180",
            "2025-07-31": "181-365",
            "2026-01-31": "181-365",
            "2026-02-01": "Over 365",
            "2090-01-01": "Over 365",
        }
        self.assertEqual({day: self.as_of(day).browse(item).bucket_id.name for day in expected}, expected)

    def test_items_of_a_deleted_bucket_move_to_its_neighbour(self):
        self.assertEqual(self.by_bucket("2025-04-30"), {"1-30": 500.0, "61-90": 700.0})
        bucket = self.env["ar.aging.bucket"].search(
            [("company_id", "=", self.company.id), ("day_from", "=", 61)]
        )
        bucket.unlink()
        self.assertEqual(self.by_bucket("2025-04-30"), {"1-30": 500.0, "31-90": 700.0})
        overflow = self.env["ar.aging.bucket"].search([("company_id", "=", self.company.id)])[1:]
        overflow.unlink()
        self.assertEqual(self.by_bucket("2025-04-30"), {"All": 1200.0})

    def test_own_name_of_a_bucket(self):
        bucket = self.env["ar.aging.bucket"].search(
            [("company_id", "=", self.company.id), ("day_from", "=", 1)]
        )
        bucket.name = "First month"
        self.assertEqual(bucket.name, "First month")
        self.assertEqual(self.env["ar.aging.bucket"].search([("name", "=", "First month")]), bucket)
        bucket.name = False
        self.assertEqual(bucket.name, "1-30")

    def test_new_bucket_splits_its_neighbour(self):
        bucket = self.env["ar.aging.bucket"].create({"company_id": self.company.id, "day_from": 15})
        self.assertEqual((bucket.name, bucket.sequence), ("15-30", 3))
        self.assertEqual(self.by_bucket("2025-04-10"), {"1-14": 500.0, "61-90": 700.0})

    @mute_logger("odoo.sql_db")
    def test_buckets_that_cannot_be(self):
        Bucket = self.env["ar.aging.bucket"]
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            Bucket.create({"company_id": self.company.id, "day_from": 31})
        with self.assertRaisesRegex(ValidationError, "needs at least one bucket"):
            Bucket.search([("company_id", "=", self.company.id)]).unlink()
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        with self.assertRaisesRegex(ValidationError, "is a branch"):
            Bucket.sudo().create({"company_id": branch.id, "day_from": 5})

    def test_new_company_has_buckets(self):
        company = self.env["res.company"].sudo().create({"name": "New"})
        self.assertEqual(
            self.env["ar.aging.bucket"].sudo().search_count([("company_id", "=", company.id)]), 7
        )

    # -- odd partners, accounts, currencies ---------------------------------------------------------------

    def test_archived_partner_and_closed_currency(self):
        invoice = self.invoice(100, "2025-01-10", currency=self.foreign, partner=self.contact)
        self.customer.active = False
        self.foreign.active = False
        row = self.as_of("2025-02-28").browse(self.receivable(invoice).id)
        self.assertEqual((row.partner_id, row.currency_id), (self.customer, self.foreign))
        self.assertEqual((row.amount, row.amount_currency), (50.0, 100.0))
        groups = self.as_of("2025-02-28").formatted_read_group(self.mine, ["partner_id"], ["amount:sum"])
        self.assertEqual(groups[0]["partner_id"], (self.customer.id, "Brandt & Co"))
        self.assert_ties("2025-02-28")

    def test_company_without_receivable_account(self):
        company = self.env["res.company"].sudo().create({"name": "Empty"})
        self.env.user.company_ids += company
        report = self.report.with_context(allowed_company_ids=company.ids)
        self.assertFalse(report.search([]))
        [figures] = report.get_strip_figures()
        self.assertEqual((figures["ledger"], figures["ageing"], figures["difference"]), (0, 0, 0))

    def test_search_by_name_and_fields_of_others(self):
        rating = self.env["ar.credit.rating"].search([], limit=1) or self.env["ar.credit.rating"].create(
            {"name": "A"}
        )
        self.env["ar.credit.profile"].sudo().create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company.id,
                "rating_id": rating.id,
                "collector_id": self.env.user.id,
            }
        )
        report = self.as_of("2025-04-30")
        rows = report.search([*self.mine, ("partner_id", "ilike", "brandt & co")])
        self.assertEqual(len(rows), 2)
        self.assertEqual(rows.rating_id, rating)
        self.assertEqual(rows.collector_id, self.env.user)
        self.assertEqual(set(rows.mapped("move_type")), {"out_invoice"})
        self.assertEqual(rows.account_id, self.account)
        self.assertEqual(report.search([*self.mine, ("move_id.name", "=", self.old.name)]).move_id, self.old)

    def test_row_opens_its_entry(self):
        action = self.as_of("2025-04-30").browse(self.receivable(self.old).id).action_open_entry()
        self.assertEqual((action["res_model"], action["res_id"]), ("account.move", self.old.id))

    # -- strip --------------------------------------------------------------------------------------------

    def test_strip(self):
        self.entry(40, "2025-04-01", due="2025-05-01")
        self.receivable(self.entry(60, "2025-04-01", partner=self.customer)).date_maturity = False
        [figures] = self.as_of("2025-04-30").get_strip_figures()
        self.assertEqual(
            figures,
            {
                "company_id": self.company.id,
                "company": self.company.name,
                "currency_id": self.company.currency_id.id,
                "ledger": 1300.0,
                "ageing": 1300.0,
                "elsewhere": 0.0,
                "difference": 0.0,
                "without_partner": 1,
                "without_due_date": 1,
            },
        )

    def test_strip_shows_a_difference(self):
        """A residual amount that no longer follows from the matchings shows, it is not hidden."""
        line = self.receivable(self.new)
        self.env.cr.execute("UPDATE account_move_line SET amount_residual = 450 WHERE id = %s", [line.id])
        [figures] = self.as_of("2025-04-30").get_strip_figures()
        self.assertEqual(
            (figures["ledger"], figures["ageing"], figures["difference"]), (1200.0, 1150.0, 50.0)
        )

    def test_strip_of_a_branch_alone(self):
        """Money of the main company that pays a branch's item explains why the branch alone does not tie."""
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.company_ids += branch
        both = {"allowed_company_ids": [self.company.id, branch.id]}
        self.env = self.env(context={**self.env.context, **both})
        move = self.entry(500, "2025-01-10", partner=self.customer, company=branch)
        receipt = self.payment(200, "2025-02-10")
        self.match(move.with_env(self.env), receipt.with_env(self.env))
        report = self.as_of("2025-04-30").with_context(allowed_company_ids=branch.ids)
        [figures] = report.get_strip_figures()
        self.assertEqual(
            [figures[key] for key in ("ledger", "elsewhere", "ageing", "difference")],
            [500.0, 200.0, 300.0, 0.0],
        )

    # -- access -------------------------------------------------------------------------------------------

    def read_all_fields(self, report):
        """As the web client reads a list with every column."""
        specification = {
            name: {"fields": {"display_name": {}}} if field.type == "many2one" else {}
            for name, field in report._fields.items()
        }
        self.assertTrue(report.web_search_read([], specification)["records"])

    def test_roles_that_see_all_customers(self):
        for group in (
            "ar_credit_control.group_collector",
            "ar_credit_control.group_credit_controller",
            "ar_credit_control.group_credit_manager",
            "ar_credit_control.group_credit_auditor",
            "account.group_account_readonly",
            "account.group_account_invoice",
        ):
            user = self.make_user(
                group.replace(".", "_"), f"base.group_user,sales_team.group_sale_salesman,{group}"
            )
            report = self.as_of("2025-04-30").with_user(user)
            self.assertEqual(len(report.search([])), 2, group)
            [figures] = report.get_strip_figures()
            self.assertEqual((figures["ledger"], figures["difference"]), (1200.0, 0.0), group)
            self.read_all_fields(report)

    def test_salesperson_sees_own_customers_only(self):
        user = self.make_user(
            "aging_seller", "sales_team.group_sale_salesman,ar_credit_control.group_credit_user"
        )
        report = self.as_of("2025-04-30").with_user(user)
        (self.old + self.new).sudo().invoice_user_id = self.env.user
        self.assertFalse(report.search([]))
        self.assertEqual(report.get_strip_figures(), [])
        with self.assertRaises(AccessError):
            report.browse(self.receivable(self.old).id).amount  # noqa: B018
        self.new.sudo().invoice_user_id = user
        self.assertEqual(report.search([]).move_id.id, self.new.id)
        [figures] = report.get_strip_figures()
        self.assertEqual((figures["ledger"], figures["ageing"], figures["difference"]), (False, 500.0, False))
        self.customer.sudo().user_id = user
        rows = report.search([])
        self.assertEqual(len(rows), 2)
        self.read_all_fields(report)
        report.formatted_read_group([], ["partner_id", "bucket_id", "account_id"], ["amount:sum"])
        with self.assertRaisesRegex(UserError, "Ask accounting"):
            rows.filtered(lambda row: row.id == self.receivable(self.old).id).action_open_entry()

    def test_without_rights(self):
        for groups in ("base.group_user", "sales_team.group_sale_salesman", "base.group_portal"):
            user = self.make_user(f"aging_{groups}", groups)
            report = self.as_of("2025-04-30").with_user(user)
            for call in (
                lambda report=report: report.search([]),
                lambda report=report: report.formatted_read_group([], ["partner_id"], ["amount:sum"]),
                report.get_strip_figures,
            ):
                with self.assertRaises(AccessError):
                    call()

    def test_other_companies_stay_hidden(self):
        other = self.setup_other_company()["company"]
        user = self.make_user("aging_elsewhere", "ar_credit_control.group_credit_manager")
        user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        report = self.as_of("2025-04-30").with_user(user).with_context(allowed_company_ids=other.ids)
        self.assertFalse(report.search([]))
        self.assertEqual([figures["company_id"] for figures in report.get_strip_figures()], other.ids)
        with self.assertRaises(AccessError):
            report.browse(self.receivable(self.old).id).amount  # noqa: B018

    def test_nothing_can_be_written(self):
        row = self.as_of("2025-04-30").browse(self.receivable(self.old).id)
        for call in (lambda: row.write({"no_due_date": True}), row.unlink, lambda: row.create({})):
            with self.assertRaises(AccessError):
                call()

    # -- cost ---------------------------------------------------------------------------------------------

    def test_opening_takes_the_same_number_of_statements(self):
        def open_screen():
            self.env.invalidate_all()
            report = self.as_of("2025-04-30").with_env(self.env(user=self.env.user))
            report = report.with_context(ar_as_of="2025-04-30")
            report.get_strip_figures()
            report.formatted_read_group(self.mine, ["partner_id", "bucket_id"], ["amount:sum"])
            report.web_search_read(
                self.mine,
                {"partner_id": {"fields": {"display_name": {}}}, "amount": {}, "bucket_id": {}, "phase": {}},
                limit=80,
            )

        open_screen()
        before = self.cr.sql_log_count
        open_screen()
        few = self.cr.sql_log_count - before
        self.assertLess(few, 30)
        for number in range(40):
            partner = self.env["res.partner"].create({"name": f"Customer {number}", "is_company": True})
            self.entry(10 + number, "2025-02-01", partner=partner, due="2025-03-01")
        self.env.flush_all()
        open_screen()
        before = self.cr.sql_log_count
        open_screen()
        self.assertEqual(self.cr.sql_log_count - before, few)

    def test_filters_reach_the_tables(self):
        """A filter on id, customer or company is applied where items are read, not after."""
        report = self.as_of("2025-04-30")
        self.env.cr.execute("SET LOCAL enable_seqscan = off")

        def plan(condition):
            # Of what pauses items, which read customers on their own, nothing is asked here.
            query = SQL("EXPLAIN (COSTS OFF) SELECT amount FROM %s t WHERE %s", report._table_sql, condition)
            self.env.cr.execute(query)
            return "\n".join(line for (line,) in self.env.cr.fetchall()).split("->")

        for condition, filtered in (
            (SQL("id = %s", self.receivable(self.old).id), r"\(?id = \d+"),
            (SQL("company_id = %s", self.company.id), r"company_id = \d+"),
        ):
            nodes = [
                node
                for node in plan(condition)
                if "on account_move_line " in node and "account_id = ANY" in node
            ]
            self.assertEqual(len(nodes), 2, "open items and items with a later matching")
            for node in nodes:
                self.assertRegex(node, filtered)
        customers = [
            node
            for node in plan(SQL("partner_id = %s", self.customer.id))
            if "on res_partner" in node and "commercial_partner_id = " in node
        ]
        self.assertEqual(len(customers), 2)

    def test_past_dates_have_an_index(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        query = self.report._undone_matching_sql(self.as_of("2025-04-30")._get_as_of())
        self.env.cr.execute(SQL("EXPLAIN (COSTS OFF) %s", query))
        self.assertIn("account_partial_reconcile_ar_max_date_idx", str(self.env.cr.fetchall()))
