"""Profiles to which a review is being applied right now: such a write is recorded by the review itself.

Kept in a context variable of this process: nothing that comes with a request can set it.
"""

from contextlib import contextmanager
from contextvars import ContextVar

_applying = ContextVar("ar_credit_review_applying", default=frozenset())


@contextmanager
def applying(profiles):
    """Within, writes of decisions on these profiles are those of a review that is recorded already."""
    keys = frozenset((profiles.env.cr.dbname, profile_id) for profile_id in profiles.ids)
    token = _applying.set(_applying.get() | keys)
    try:
        yield
    finally:
        _applying.reset(token)


def is_applied(profile):
    return (profile.env.cr.dbname, profile.id) in _applying.get()
