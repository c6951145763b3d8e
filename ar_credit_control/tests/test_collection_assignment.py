from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from .common_collection import CollectionCase


@tagged("post_install", "-at_install")
class TestCollectionAssignment(CollectionCase):
    def line(self, *users, **values):
        return self.env["ar.collection.assignment"].create(
            {
                "name": "Line",
                "company_id": self.company.id,
                "user_ids": [Command.set([user.id for user in users])],
                **values,
            }
        )

    def unassigned(self, name, amount=1000.0, **values):
        partner = self.make_customer(name, **values)
        self.make_invoice(20, amount, partner=partner)
        return self.cases._get_or_open(self.profile(partner), "Asked by a test")

    # Assignment lines

    def test_without_lines_nobody_gets_a_case(self):
        self.assertFalse(self.unassigned("Nobody's").collector_id)

    def test_key_accounts_go_to_senior_people(self):
        self.line(self.controller, sequence=1, min_amount=50000.0)
        self.line(self.collector, sequence=2)
        key, small = self.unassigned("Key", 50000.0), self.unassigned("Small", 49999.0)
        self.assertEqual((key.collector_id, small.collector_id), (self.controller, self.collector))
        self.assertEqual(key.profile_id.collector_id, self.controller, "letters come from the same person")

    def test_every_condition_of_a_line(self):
        tag = self.env["res.partner.category"].create({"name": "Public"})
        country = self.env.ref("base.se")
        rating = self.env.ref("ar_credit_control.rating_e")
        self.line(self.controller, sequence=1, category_ids=[Command.set(tag.ids)])
        self.line(self.other_controller, sequence=2, country_ids=[Command.set(country.ids)])
        self.line(self.colleague, sequence=3, rating_ids=[Command.set(rating.ids)])
        self.line(self.collector, sequence=4, max_amount=5000.0)
        weak = self.make_customer("Weak")
        self.profile(weak).rating_id = rating
        self.make_invoice(20, 100.0, partner=weak)
        cases = [
            self.unassigned("Public", category_id=[Command.set(tag.ids)]),
            self.unassigned("Swede", country_id=country.id),
            self.cases._get_or_open(self.profile(weak), "Weak"),
            self.unassigned("Small"),
            self.unassigned("Large", 5000.0),
        ]
        self.assertEqual(
            [case.collector_id for case in cases],
            [self.controller, self.other_controller, self.colleague, self.collector, self.env["res.users"]],
        )

    def test_the_least_loaded_gets_the_next(self):
        self.line(self.collector, self.colleague)
        self.open(collector=self.collector)
        self.open(self.other, collector=self.collector)
        cases = [self.unassigned(f"Next {index}") for index in range(4)]
        counts = [
            sum(case.collector_id == user for case in cases) for user in (self.collector, self.colleague)
        ]
        self.assertEqual(counts, [1, 3])

    def test_who_is_full_gets_no_more(self):
        self.line(self.collector, sequence=1, max_load=1)
        self.line(self.colleague, sequence=2)
        cases = [self.unassigned(f"Next {index}") for index in range(2)]
        self.assertEqual([case.collector_id for case in cases], [self.collector, self.colleague])

    def test_who_is_gone_gets_no_case(self):
        self.line(self.collector, self.colleague)
        self.collector.active = False
        self.assertEqual(self.unassigned("Next").collector_id, self.colleague)

    def test_closed_cases_are_no_load(self):
        self.line(self.collector, self.colleague)
        for partner in (self.customer, self.other):
            self.open(partner, collector=self.collector)._close("Done")
        self.open(self.make_customer("Third"), collector=self.colleague)
        self.assertEqual(self.unassigned("Next").collector_id, self.collector)

    def test_the_largest_is_given_out_first(self):
        small, large = self.unassigned("Small", 100.0), self.unassigned("Large", 9000.0)
        self.line(self.collector, max_load=1)
        (small | large)._assign()
        self.assertEqual((large.collector_id, small.collector_id), (self.collector, self.env["res.users"]))

    def test_a_customer_keeps_its_collector(self):
        self.line(self.colleague)
        self.profile().collector_id = self.collector
        self.assertEqual(self.cases._get_or_open(self.profile(), "Known").collector_id, self.collector)

    def test_assigning_costs_the_same_for_any_number_of_cases(self):
        self.line(self.collector)

        def count(number):
            partners = self.env["res.partner"].create(
                [{"name": f"Plan {number} {index}", "is_company": True} for index in range(number)]
            )
            profiles = self.env["ar.credit.profile"]._get_or_create(partners, self.company)
            lines = self.env["ar.collection.assignment"].search([])
            lines.active = False
            cases = self.cases._get_or_open(profiles, "Plan").sudo()
            lines.active = True
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            cases._plan_assignment()
            return self.env.cr.sql_log_count - before

        count(2)
        self.assertEqual(count(2), count(20))

    # Hand-over

    def test_the_cases_of_who_left_go_to_the_next(self):
        self.line(self.collector, self.colleague)
        case = self.unassigned("Left behind")
        self.assertEqual(case.collector_id, self.collector)
        self.collector.active = False
        self.cases._run_company(self.company)
        self.assertEqual(case.collector_id, self.colleague)
        self.assertIn(self.collector.name, str(case.message_ids.mapped("body")))

    def test_customers_of_who_left_have_no_collector(self):
        profile = self.profile()
        profile.collector_id = self.collector
        self.make_invoice(20, 1000.0)
        self.collector.active = False
        statement = self.env["ar.statement"]._make(self.company, self.customer)
        self.assertEqual(statement.user_id, self.env.user, "the one who left is not named meanwhile")
        self.cases._run_company(self.company)
        self.assertFalse(profile.collector_id)

    def test_the_cases_of_who_lost_the_rights_are_free(self):
        case = self.open()
        self.make_invoice(20, 1000.0)
        self.collector.group_ids -= self.env.ref("ar_credit_control.group_collector")
        self.cases._run_company(self.company)
        self.assertFalse(case.collector_id)
        case.with_user(self.colleague).action_take()
        self.assertEqual(case.collector_id, self.colleague)

    def test_who_sells_to_the_customer_may_work_its_case(self):
        self.customer.user_id = self.seller
        self.make_invoice(20, 1000.0)
        case = self.open(collector=self.seller)
        self.cases._run_company(self.company)
        self.assertEqual(case.collector_id, self.seller)

    def test_who_is_no_collector_gets_no_case(self):
        self.line(self.seller, sequence=1)
        self.line(self.colleague, sequence=2)
        self.assertEqual(self.unassigned("New").collector_id, self.colleague)

    def test_taking_a_case_that_nobody_has(self):
        case = self.unassigned("Free").with_user(self.collector)
        case.action_take()
        self.assertEqual(case.collector_id, self.collector)
        with self.assertRaisesRegex(UserError, "hand-over"):
            case.with_user(self.colleague).action_take()

    def test_handing_over(self):
        mine, others = self.open(), self.open(self.other, collector=self.colleague)
        dialogs = self.env["ar.collection.handover"].with_user(self.collector)
        dialogs.create(
            {"case_ids": mine.ids, "user_id": self.controller.id, "note": "Call Mrs Korn"}
        ).action_apply()
        self.assertEqual(mine.collector_id, self.controller)
        self.assertIn("Call Mrs Korn", "".join(mine.message_ids.mapped("body")))
        with self.assertRaises(AccessError):
            others.with_user(self.collector)._hand_over(self.collector)
        others.with_user(self.controller)._hand_over(self.collector)
        self.assertEqual(others.collector_id, self.collector)

    def test_who_can_be_given_a_case(self):
        case = self.open()
        elsewhere = self.setup_other_company(name="Elsewhere")["company"]
        foreign = new_test_user(
            self.env,
            "case_elsewhere",
            groups="ar_credit_control.group_collector",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        for user in (foreign, self.seller, self.auditor):
            with self.assertRaises(UserError, msg=user.login):
                case.with_user(self.controller)._hand_over(user)

    # Spreading

    def spread(self, *users, **values):
        wizard = self.env["ar.collection.rebalance"].with_user(self.controller)
        wizard = wizard.with_context(allowed_company_ids=self.company.ids)
        return wizard.create({"user_ids": [Command.set([user.id for user in users])], **values})

    def test_spreading_shows_the_load_and_moves_few(self):
        cases = self.cases
        for index in range(6):
            case = self.unassigned(f"Spread {index}", 100.0 * (index + 1))
            case.profile_id.collector_id = self.collector
            cases |= case
        case = self.unassigned("Theirs")
        case.profile_id.collector_id = self.colleague
        self.unassigned("Nobody's", 50.0)
        wizard = self.spread(self.collector, self.colleague)
        loads = {line.user_id: line for line in wizard.line_ids}
        self.assertEqual(
            {user: (line.count_before, line.count_after) for user, line in loads.items()},
            {self.collector: (6, 4), self.colleague: (1, 4), self.env["res.users"]: (1, 0)},
        )
        self.assertEqual(loads[self.collector].overdue_before, 2100.0)
        self.assertEqual(loads[self.collector].overdue_after, 1800.0, "the two smallest move")
        self.assertEqual(wizard.move_count, 3)
        self.assertEqual(
            set(cases.mapped("collector_id")), {self.collector}, "nothing moves before it is applied"
        )
        wizard.action_apply()
        self.assertEqual(len(cases.filtered(lambda case: case.collector_id == self.colleague)), 2)
        with self.assertRaisesRegex(UserError, "evenly"):
            self.spread(self.collector, self.colleague).action_apply()

    def test_those_contacted_longest_ago_move(self):
        cases = [self.unassigned(f"Spread {index}", amount) for index, amount in enumerate((100.0, 900.0))]
        for case in cases:
            case.profile_id.collector_id = self.collector
        self.contact(cases[0], 2)
        self.contact(cases[1], 40)
        wizard = self.spread(self.collector, self.colleague)
        self.assertEqual(wizard.move_ids.case_id, cases[1], "although it is the larger one")

    def test_spread_over_who_collects_alone(self):
        case = self.unassigned("Spread")
        self.assertFalse(case.collector_id)
        with self.assertRaisesRegex(UserError, "no collector"):
            self.spread(self.seller).action_apply()

    def test_who_promised_stays_with_whom_it_was_promised(self):
        cases = [self.unassigned(f"Promise {index}") for index in range(2)]
        for case in cases:
            case.profile_id.collector_id = self.collector
        self.promised(cases[0], 5)
        wizard = self.spread(self.collector, self.colleague)
        self.assertEqual(wizard.move_ids.case_id, cases[1])

    def test_spreading_keeps_to_the_lines(self):
        self.line(self.controller, sequence=1, min_amount=5000.0)
        self.line(self.collector, self.colleague, sequence=2)
        key = self.unassigned("Key", 9000.0)
        key.profile_id.collector_id = self.collector
        small = [self.unassigned(f"Small {index}") for index in range(2)]
        for case in small:
            case.profile_id.collector_id = self.collector
        wizard = self.spread(self.collector, self.colleague, self.controller)
        moves = {move.case_id: move.to_user_id for move in wizard.move_ids}
        self.assertEqual(moves.get(key), self.controller)
        self.assertNotIn(self.controller, [moves.get(case) for case in small])
        with Form(wizard) as form:
            form.respect_rules = False
        self.assertEqual(len(wizard.move_ids), 2)

    def test_only_controllers_spread(self):
        with self.assertRaises(AccessError):
            self.env["ar.collection.rebalance"].with_user(self.collector).create({})

    def test_the_plan_is_made_again_when_it_is_applied(self):
        cases = [self.unassigned(f"Plan {index}") for index in range(2)]
        for case in cases:
            case.profile_id.collector_id = self.collector
        wizard = self.spread(self.collector, self.colleague)
        moved = wizard.move_ids.case_id
        moved._close("Paid meanwhile")
        with self.assertRaisesRegex(UserError, "evenly"):
            wizard.action_apply()
        self.assertEqual(moved.collector_id, self.collector)
        self.assertEqual(moved.closed_date, self.today + timedelta(days=0))
