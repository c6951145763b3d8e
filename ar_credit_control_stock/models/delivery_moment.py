"""What the running thread delivers.

Kept in a context variable of this process: nothing that comes with a request, an Odoo context least of all,
can set it.
"""

from contextlib import contextmanager
from contextvars import ContextVar

_passing = ContextVar("ar_credit_delivering", default=frozenset())


def _key(record):
    return record.env.cr.dbname, record._name, record.id


@contextmanager
def passing(*recordsets):
    """Within, these transfers (or moves without a transfer) may be done: the gate let them pass."""
    keys = frozenset(_key(record) for records in recordsets for record in records)
    token = _passing.set(_passing.get() | keys)
    try:
        yield
    finally:
        _passing.reset(token)


def is_passing(record):
    return _key(record) in _passing.get()
