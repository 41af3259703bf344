"""Ending sessions: a person's own by choice, all of them where access ends, and those that ran out."""

from collections.abc import Collection

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext as _

from audit.recording import action, record

from ..errors import PolicyViolation
from ..events import SESSIONS_ENDED
from ..models import Person, Session
from ..sessions import SessionStore


@action(SESSIONS_ENDED)
def end_sessions(*, person: Person, keys: Collection[str], by: Person) -> int:
    """End some of a person's own sessions and return how many there were. Raises PolicyViolation for another's."""
    if person.pk != by.pk:
        raise PolicyViolation(_("Only your own sessions can be ended here."))
    ended = drop_sessions(person, keys=keys)
    if ended:
        record(SESSIONS_ENDED, by=by, on=person, after={"count": ended})
    return ended


def drop_sessions(person: Person, *, keys: Collection[str] | None = None, but: str | None = None) -> int:
    """End all sessions of a person, or those of `keys`, never the one of the key `but`; return how many.

    Shared by acts, so it writes no event.

    A request that is under way can't bring its session back: its row is only ever updated, never made anew.
    """
    rows = Session.objects.filter(person=person).exclude(session_key=but or "")
    seen = UserSession.objects.filter(user=person).exclude(session_key=but or "")
    if keys is not None:
        rows, seen = rows.filter(session_key__in=keys), seen.filter(session_key__in=keys)
    seen.delete()
    return rows.delete()[0]


def clear_expired_sessions() -> None:
    """Take away the rows of sessions that ran out. Nobody's act: they open nothing any more."""
    SessionStore.clear_expired()
