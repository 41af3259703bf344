"""The question about access, asked from the lower floors; the backend that answers lives above (design.md 5)."""

import datetime as dt
import enum
import functools
from collections.abc import Callable
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
    WRONG_DOMAIN = "wrong domain"
    NO_SECOND_FACTOR = "no second factor"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, and why: the standing, since when, and the reason, put into words only where somebody reads it.

    `elsewhere`: it is held, but not from the network address at which the person is now.
    """

    allowed: bool
    standing: Standing
    words: Callable[[], str]
    since: dt.datetime | None = None
    elsewhere: bool = False

    @property
    def reason(self) -> str:
        """The reason in words."""
        return self.words()


@functools.cache
def _answering_backend() -> Any:
    """The one authentication backend that answers for accounts and assets."""
    return next(backend for backend in get_backends() if hasattr(backend, "explain"))


def explain(person: Any, code: str, obj: Any) -> Answer:
    """Answer whether `person` may do `code` on `obj`, and why, from the backend that knows (rule 1)."""
    return _answering_backend().explain(person, code, obj)


def who_can_give(code: str, account: BusinessAccount) -> list[Person]:
    """Return the people who can give `code` in `account`: whom to ask after a refusal (rule 4)."""
    return _answering_backend().who_can_give(code, account)


def way_to_ask(code: str, account: BusinessAccount) -> str:
    """Return the path of the page where `code` can be asked for (rule 4)."""
    return _answering_backend().way_to_ask(code, account)


def who_can_confirm(person: Person, account: BusinessAccount) -> list[Person]:
    """Return the people who can confirm the role of `person`, for whom it waits (rule 11)."""
    return _answering_backend().who_can_confirm(person, account)
