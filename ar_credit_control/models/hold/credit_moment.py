"""What the running thread is in the middle of.

Kept in context variables of this process: nothing that comes with a request, an Odoo context least of all,
can set them.
"""

from contextlib import contextmanager
from contextvars import ContextVar

_passing = ContextVar("ar_credit_passing", default=frozenset())
_watching = ContextVar("ar_credit_watching", default=frozenset())
_asked_by = ContextVar("ar_credit_asked_by", default=None)


@contextmanager
def _set(variable, value):
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def _key(record):
    return record.env.cr.dbname, record._name, record.id


def _keys(records):
    return frozenset(_key(record) for record in records)


def passing(records):
    """Within, these orders may be confirmed, these invoices posted: the gate let them pass."""
    return _set(_passing, _passing.get() | _keys(records))


def is_passing(record):
    return _key(record) in _passing.get()


def is_watched(record):
    return _key(record) in _watching.get()


def asked_by(source):
    """Within, a confirmation is asked for in this way (a value of ``ar.credit.hold.source``)."""
    return _set(_asked_by, source)


def get_source():
    return _asked_by.get()


@contextmanager
def compare(orders):
    """Within, confirmed orders may change; afterwards those that were raised are put on hold."""
    if not orders:
        yield
        return
    before = orders._credit_state_before()
    with _set(_watching, _watching.get() | _keys(orders)):
        yield
    orders._credit_hold_raised(before)
