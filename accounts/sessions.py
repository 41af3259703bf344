"""The session engine (`SESSION_ENGINE`): Django's own in the database, which also writes down whose a session is.

Whether a session still lives is decided here, by the server's clock, whatever the cookie's age (SE3).
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.utils import timezone

from .models import Person, Session
from .models.accounts import LEAST_IDLE_MINUTES, LEAST_TOTAL_HOURS

KEY = re.compile(r"[a-z0-9]{32}")  # as Django makes them
SIGNED_IN_AT = "signed_in_at"  # seconds; it stands in the session, so that a new key doesn't make it younger
SEEN_EVERY = dt.timedelta(minutes=1)  # how exactly it is known when a session was used last

LEAST_IDLE, LEAST_TOTAL = dt.timedelta(minutes=LEAST_IDLE_MINUTES), dt.timedelta(hours=LEAST_TOTAL_HOURS)


class SessionLimits(NamedTuple):
    """How long a session may be unused, and how long it may last; None where nothing is said."""

    idle: dt.timedelta | None
    total: dt.timedelta | None


Administers = Callable[[int], bool]
LimitsOf = Callable[[int], SessionLimits]
_administers: list[Administers] = []
_limits: list[LimitsOf] = []


def register_administers(answer: Administers) -> None:
    """Let the floor that knows of roles say whether a person administers any account: those are signed in for less."""
    _administers.append(answer)


def register_limits(answer: LimitsOf) -> None:
    """Let the floor that knows of memberships say what a person's accounts allow: the strictest limit counts."""
    _limits.append(answer)


def longest_of(person_id: int) -> dt.timedelta:
    """Return how long after the sign-in a session of this person ends, however busy it is."""
    limits = [settings.SESSION_LONGEST, *(total for _idle, total in _limits_of(person_id) if total)]
    if any(answer(person_id) for answer in _administers):
        limits.append(settings.SESSION_LONGEST_OF_ADMINISTRATORS)
    return min(limits)


def longest_idle_of(person_id: int) -> dt.timedelta:
    """Return after how long without use a session of this person ends."""
    return min([settings.SESSION_IDLE, *(idle for idle, _total in _limits_of(person_id) if idle)])


def _limits_of(person_id: int) -> list[SessionLimits]:
    return [answer(person_id) for answer in _limits]


def has_run_out(session: Session, *, at: dt.datetime | None = None) -> bool:
    """Say whether a session is over: unused for too long, or too long after the sign-in. Nobody's has no such limit.

    What a person's accounts say, and whether the person administers one, is asked only where it decides.
    """
    if session.person_id is None:
        return False
    now = at or timezone.now()
    unused, age = now - session.seen_at, now - session.started_at
    if unused >= settings.SESSION_IDLE or age >= settings.SESSION_LONGEST:
        return True
    if unused >= LEAST_IDLE and unused >= longest_idle_of(session.person_id):
        return True
    shortest = min(LEAST_TOTAL, settings.SESSION_LONGEST_OF_ADMINISTRATORS)
    return age >= shortest and age >= longest_of(session.person_id)


def open_sessions_of(person_id: int) -> QuerySet[Session]:
    """Return the sessions in which a person is signed in now, the one used last first."""
    now = timezone.now()
    unused_since = now - longest_idle_of(person_id)
    rows = Session.objects.filter(person_id=person_id, expire_date__gt=now, seen_at__gt=unused_since)
    return rows.filter(started_at__gt=now - longest_of(person_id)).order_by("-seen_at", "session_key")


def last_active_at(person: Person) -> dt.datetime | None:
    """Return when a person last signed in, or was last seen in a session that is still open; None for never."""
    seen = open_sessions_of(person.pk).values_list("seen_at", flat=True).first()
    return max(filter(None, (person.last_login, seen)), default=None)


class SessionStore(DatabaseStore):
    """Sessions as rows of `accounts.Session`, with their person."""

    row: Session | None = None  # as it was read

    def _validate_session_key(self, key: Any) -> bool:
        """Say whether it can be a key at all: whatever else a cookie holds never reaches the database."""
        return isinstance(key, str) and KEY.fullmatch(key) is not None

    def _get_session_from_db(self) -> Session | None:
        """Return the row, or None where there is none any more, or it has run out."""
        row: Session | None = super()._get_session_from_db()  # type: ignore[misc]  # the stubs leave it out
        if row is not None and has_run_out(row):
            self._session_key = None
            return None
        self.row = row
        return row

    @property
    def is_seen_due(self) -> bool:
        """Whether it is time to note again that the session is in use: at its first request, and each minute."""
        if self.row is None or self.row.seen_at - self.row.started_at < dt.timedelta(milliseconds=1):
            return True
        return timezone.now() - self.row.seen_at >= SEEN_EVERY

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the model of the rows."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row to be saved, with the person who is signed in, if any, and since when."""
        now = timezone.now()
        if SESSION_KEY in data:
            data.setdefault(SIGNED_IN_AT, now.timestamp())
        row = cast("Session", super().create_model_instance(data))
        row.person_id = data.get(SESSION_KEY)
        row.started_at = dt.datetime.fromtimestamp(data.get(SIGNED_IN_AT, now.timestamp()), dt.UTC)
        row.seen_at = now
        return row
