"""A pytest plugin: keeps what Odoo has cached from one test to the next, as long as it holds.

Odoo's test classes empty all caches of the registry after each test, so that each test reads access rules,
views and settings anew and compiles its templates anew. But a test is rolled back to where it began, and what
was cached in it before anything was invalidated holds there, too: after a rollback an Odoo server keeps it as
well (``Registry.reset_changes``). What was cached later describes what the test changed, and is dropped.
"""

import functools
import sys
from contextlib import contextmanager

import pytest


class KeptCaches:
    """Caches that go back to where they were, level by level: the class, in it the test.

    :param dict caches: Odoo's ``LRU`` of each name; replaced by ones that tell before they are emptied
    """

    def __init__(self, caches):
        self._caches = caches
        # For each level that is open what the caches emptied in it held at first.
        self._levels = []
        for name, cache in caches.items():
            caches[name] = _telling(name, cache, self)

    def enter(self):
        self._levels.append({})

    def leave(self):
        """The database is rolled back to where this level began; so are the caches that were emptied."""
        for name, held in self._levels.pop().items():
            self._caches[name].put_back(held)

    def before_clear(self, name, cache):
        if self._levels and name not in self._levels[-1]:
            self._levels[-1][name] = cache.snapshot

    def forget(self):
        """Models are set up anew: nothing that was cached with those before is to come back."""
        for level in self._levels:
            level.update((name, {}) for name in self._caches)


def _telling(name, cache, kept):
    class Telling(type(cache)):
        __slots__ = ()

        def clear(self):
            kept.before_clear(name, self)
            super().clear()

        def put_back(self, held):
            super().clear()
            for key, value in held.items():
                self[key] = value

    return Telling(cache.count, cache.items())


@pytest.fixture(scope="class", autouse=True)
def caches_of_class(request):
    """Around ``setUpClass`` and what undoes it."""
    with _level(request.cls):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Around ``setUp``, the test and what undoes them."""
    with _level(item.cls):
        return (yield)


@contextmanager
def _level(test_class):
    # Not imported: whoever has a test class of Odoo's has imported it, once pytest-odoo had configured Odoo.
    odoo_tests = sys.modules.get("odoo.tests.common")
    if not (test_class and odoo_tests and issubclass(test_class, odoo_tests.TransactionCase)):
        yield
        return
    kept = _kept()
    kept.enter()
    try:
        yield
    finally:
        kept.leave()


@functools.cache
def _kept():
    """The caches of the one registry that the tests of this process share."""
    from odoo.modules.registry import Registry
    from odoo.tests.common import get_db_name

    registry = Registry(get_db_name())
    kept = KeptCaches(registry._Registry__caches)
    set_up = registry._setup_models__

    def forget_and_set_up(*arguments, **options):
        kept.forget()
        return set_up(*arguments, **options)

    registry._setup_models__ = forget_and_set_up
    return kept
