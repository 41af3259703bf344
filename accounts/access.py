"""The question about access, asked from the lower floors; the backend that answers lives above (design.md 5)."""

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_backends

from .models import BusinessAccount, Person


class Standing(enum.StrEnum):
    """How a person stands in an account. Only an ACTIVE one has any power there."""

    ACTIVE = "active"
    STRANGER = "stranger"
    SUSPENDED = "suspended"
    ENDED = "ended"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"
    NO_SECOND_FACTOR = "no second factor"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, and why: the standing, since when, and the reason in words."""

    allowed: bool
    standing: Standing
    reason: str
    since: dt.datetime | None = None


NO_ANSWER = Answer(False, Standing.STRANGER, "nobody answers for this")


def explain(person: Any, code: str, obj: Any) -> Answer:
    """Answer whether `person` may do `code` on `obj`, and why, from the backend that knows (rule 1)."""
    for backend in get_backends():
        if hasattr(backend, "explain"):
            return backend.explain(person, code, obj)
    return NO_ANSWER


def who_can_give(code: str, account: BusinessAccount) -> list[Person]:
    """Return the people who can give `code` in `account`: whom to ask after a refusal (rule 4)."""
    for backend in get_backends():
        if hasattr(backend, "who_can_give"):
            return backend.who_can_give(code, account)
    return []


def who_can_confirm(person: Person, account: BusinessAccount) -> list[Person]:
    """Return the people who can confirm a member's role in `account` (rule 11)."""
    for backend in get_backends():
        if hasattr(backend, "who_can_confirm"):
            return backend.who_can_confirm(person, account)
    return []
