"""What the tests keep of Odoo's caches holds in the database that they go back to."""

from odoo.tests import TransactionCase, tagged

from tools import pytest_caches

KEY = "ar_credit_control.kept"


@tagged("post_install", "-at_install")
class KeptCachesTest(TransactionCase):
    def setUp(self):
        super().setUp()
        self.parameters = self.env["ir.config_parameter"]
        self.registry.clear_all_caches()
        self.kept = pytest_caches._kept()
        # What a failed test leaves open would be in the way of the others.
        self.addCleanup(self.kept._levels.__delitem__, slice(len(self.kept._levels), None))
        self.kept.enter()

    def _back(self, savepoint):
        savepoint.close(rollback=True)
        self.kept.leave()

    def _value(self):
        return self.parameters.get_param(KEY, "none")

    def test_what_was_read_before_a_change_is_kept_and_right(self):
        savepoint = self.env.cr.savepoint()
        self.assertEqual(self._value(), "none")
        self.parameters.set_param(KEY, "changed")
        self.assertEqual(self._value(), "changed")
        self._back(savepoint)
        with self.assertQueryCount(0):
            self.assertEqual(self._value(), "none")

    def test_what_was_read_after_a_change_is_dropped(self):
        savepoint = self.env.cr.savepoint()
        self.parameters.set_param(KEY, "changed")
        self.assertEqual(self._value(), "changed")
        self._back(savepoint)
        self.assertEqual(self._value(), "none")

    def test_emptying_all_caches_at_the_end_loses_nothing(self):
        savepoint = self.env.cr.savepoint()
        self.assertEqual(self._value(), "none")
        self.registry.clear_all_caches()
        self._back(savepoint)
        with self.assertQueryCount(0):
            self.assertEqual(self._value(), "none")

    def test_a_level_inside_another(self):
        outer = self.env.cr.savepoint()
        self.parameters.set_param(KEY, "outer")
        self.kept.enter()
        inner = self.env.cr.savepoint()
        self.assertEqual(self._value(), "outer")
        self.parameters.set_param(KEY, "inner")
        self.assertEqual(self._value(), "inner")
        self._back(inner)
        with self.assertQueryCount(0):
            self.assertEqual(self._value(), "outer")
        self._back(outer)
        self.assertEqual(self._value(), "none")

    def test_nothing_comes_back_once_models_are_set_up_anew(self):
        savepoint = self.env.cr.savepoint()
        self.assertEqual(self._value(), "none")
        self.kept.forget()
        self.parameters.set_param(KEY, "changed")
        self._back(savepoint)
        before = self.env.cr.sql_log_count
        self.assertEqual(self._value(), "none")
        self.assertEqual(self.env.cr.sql_log_count, before + 1)
