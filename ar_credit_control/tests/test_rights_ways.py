from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common_cover import CoverCase
from .common_hold import HoldCase
from .common_review import ReviewCase

NOBODY = "base.group_user"


class Ways:
    """Ways in which somebody may try to make a record do something or have a value.

    Each is tried by each person; afterwards what decides must be as it was.
    """

    def assertRefusedInAnyWay(self, record, people, calls=(), values=()):
        """
        :param record: the record that nobody of them may decide on
        :param dict people: name of the role to user
        :param calls: (method, arguments) of decisions
        :param values: dicts of field values that a decision would write
        """
        before = self.read_decided(record, values)
        for role, user in people.items():
            for method, arguments in calls:
                for way in (self.by_button, self.by_rpc, self.by_server_action):
                    with self.subTest(role=role, method=method, way=way.__name__):
                        self.assertRefused(lambda: way(record.with_user(user), method, arguments))  # noqa: B023
                        self.assertEqual(self.read_decided(record, values), before)
            for vals in values:
                with self.subTest(role=role, vals=vals):
                    mine = record.with_user(user)
                    self.assertRefused(lambda: self.by_rpc(mine, "write", [vals]))  # noqa: B023
                    self.assertRefused(lambda: self.by_written_action(mine, vals))  # noqa: B023
                    self.assertNotLoaded(mine, vals)
                    self.assertEqual(self.read_decided(record, values), before)

    def read_decided(self, record, values):
        """What must stay, read from the database with all rights."""
        self.env.flush_all()
        record.invalidate_recordset()
        names = {"write_date", *(name for vals in values for name in vals)}
        names |= {"state"} & set(record._fields)
        return record.sudo().read(sorted(names))

    @mute_logger("odoo.addons.base.models.ir_actions", "odoo.addons.base.models.ir_model", "odoo.models")
    def assertRefused(self, attempt):
        with self.assertRaises(UserError):  # AccessError is one
            attempt()
            self.env.flush_all()

    def by_button(self, record, method, arguments):
        getattr(record, method)(*arguments)

    def by_rpc(self, record, method, arguments):
        of_model = getattr(getattr(type(record), method), "_api_model", False)
        call_kw(record.browse(), method, arguments if of_model else [record.ids, *arguments], {})

    def by_server_action(self, record, method, arguments):
        """Of the administrator, open to everybody; it runs with the rights of who starts it."""
        action = self.make_action(record, state="code", code=f"records.{method}(*{arguments!r})")
        self.run_action(action, record)

    def by_written_action(self, record, vals):
        action = self.make_action(record, state="code", code=f"records.write({vals!r})")
        self.run_action(action, record)

    def make_action(self, record, **values):
        return (
            self.env["ir.actions.server"]
            .sudo()
            .create({"name": "Way", "model_id": self.env["ir.model"]._get_id(record._name), **values})
        )

    def run_action(self, action, record):
        action.with_user(record.env.uid).with_context(
            active_model=record._name, active_id=record.id, active_ids=record.ids
        ).run()

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_model", "odoo.orm.models")
    def assertNotLoaded(self, record, vals):
        """An import says what it refuses instead of raising."""
        try:
            with self.env.cr.savepoint():
                result = self.load(record, vals)
        except UserError:
            return
        self.assertFalse(result["ids"], result)
        self.assertTrue(result["messages"])

    def load(self, record, vals):
        columns = [f"{name}/.id" if record._fields[name].relational else name for name in vals]
        return record.browse().load([".id", *columns], [[str(record.id), *map(str, vals.values())]])


@tagged("post_install", "-at_install")
class TestHoldWays(Ways, HoldCase):
    def test_a_hold_is_decided_by_nobody_without_authority(self):
        order = self.make_order(11)
        order.action_confirm()
        self.assertHeld(order, "limit")
        hold = order.sudo().credit_hold_id.with_env(self.env)
        people = {
            "nobody": new_test_user(self.env, "hold_nobody", groups=NOBODY),
            "salesperson": self.salesperson,
            "collector": self.collector,
            "auditor": self.auditor,
        }
        self.assertRefusedInAnyWay(
            hold,
            people,
            calls=[("action_release", ["Fine"]), ("action_refuse", ["No"]), ("action_hand_on", [])],
            values=[{"state": "released"}, {"cap_amount": 9000.0}, {"decision_note": "Fine"}],
        )
        self.assertRefusedInAnyWay(
            hold,
            {"controller": self.controller, "manager": self.manager},
            values=[{"state": "released"}, {"cap_amount": 9000.0}, {"decision_note": "Fine"}],
        )
        self.assertHeld(order, "limit")


@tagged("post_install", "-at_install")
class TestReviewWays(Ways, ReviewCase):
    def test_a_review_is_decided_by_nobody_without_authority(self):
        review = self.make_review().with_env(self.env)
        decided = [{"state": "approved"}, {"decided_total": 1.0}, {"decided_by_id": self.manager.id}]
        people = {
            "nobody": self.make_user("review_nobody", NOBODY),
            "salesperson": self.salesperson,
            "collector": self.collector,
            "auditor": self.auditor,
            "requester": self.controller,
        }
        self.assertRefusedInAnyWay(
            review,
            people,
            calls=[("action_approve", ["Fine"]), ("action_refuse", ["No"])],
            values=decided,
        )
        self.assertRefusedInAnyWay(review, {"manager": self.manager}, values=decided)
        self.assertLimit(1000.0)

    def test_an_authority_is_set_by_managers_and_never_by_oneself(self):
        authority = self.give_authority(self.manager, 1000.0)
        people = {
            "nobody": self.make_user("authority_nobody", NOBODY),
            "salesperson": self.salesperson,
            "collector": self.collector,
            "auditor": self.auditor,
            "controller": self.controller,
            "oneself": self.manager,
        }
        self.assertRefusedInAnyWay(authority, people, values=[{"amount": 9000.0}, {"active": False}])
        del people["oneself"]
        self.assertRefusedInAnyWay(authority, people, calls=[("action_propose_from_roles", [])])


@tagged("post_install", "-at_install")
class TestSecurityWays(Ways, CoverCase):
    def test_a_security_is_validated_by_nobody_without_authority(self):
        security = self.draft_security()
        security.action_submit()
        security = security.with_env(self.env)
        decided = [{"state": "valid"}, {"validated_amount": 1.0}, {"validated_by_id": self.manager.id}]
        people = {
            "nobody": self.make_user("security_nobody", NOBODY),
            "salesperson": self.salesperson,
            "collector": self.collector,
            "auditor": self.auditor,
        }
        calls = [
            ("action_validate", []),
            ("action_send_back", ["Why"]),
            ("action_cancel", []),
            ("action_submit", []),
        ]
        self.assertRefusedInAnyWay(security, people, calls=calls, values=decided)
        self.assertRefusedInAnyWay(
            security, {"preparer": self.controller}, calls=[("action_validate", [])], values=decided
        )
        self.assertRefusedInAnyWay(security, {"manager": self.manager}, values=decided)
        self.by_server_action(security.with_user(self.manager), "action_validate", [])
        self.assertEqual(security.state, "valid")
        self.assertRefusedInAnyWay(
            security, people, calls=[("action_call", ["Why"]), ("action_release", ["Why"])]
        )

    def test_a_rule_is_changed_by_managers_only(self):
        rule = self.env["ar.credit.rule"].search([("kind", "=", "limit")], limit=1)
        people = {
            "nobody": self.make_user("rule_nobody", NOBODY),
            "salesperson": self.salesperson,
            "collector": self.collector,
            "auditor": self.auditor,
            "controller": self.controller,
        }
        self.assertRefusedInAnyWay(
            rule, people, values=[{"active": False}, {"outcome": "warn"}, {"on_order": False}]
        )
        self.assertTrue(self.load(rule.with_user(self.manager), {"outcome": "warn"})["ids"])
        self.assertEqual(rule.outcome, "warn")
