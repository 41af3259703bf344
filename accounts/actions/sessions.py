"""Ending sessions: a person's own by choice, all of them where access ends, and those that ran out."""

from collections.abc import Collection
from typing import Any

from allauth.usersessions.models import UserSession
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.recording import action, record

from ..errors import PolicyViolation
from ..events import SESSIONS_ENDED
from ..models import Person, Session
from ..sessions import SessionStore
from .people import outdate_reset_links


@action(SESSIONS_ENDED)
def end_sessions(*, person: Person, keys: Collection[str], by: Person) -> int:
    """End some of a person's own sessions and return how many there were. Raises PolicyViolation for another's."""
    if person.pk != by.pk:
        raise PolicyViolation(_("Only your own sessions can be ended here."))
    ended = drop_sessions(person, keys=keys)
    if ended:
        record(SESSIONS_ENDED, by=by, on=person, after={"count": ended})
    return ended


def note_use(key: str) -> None:
    """Note that a session is in use. Nobody's act: it only moves the end that idleness would bring."""
    Session.objects.filter(session_key=key).update(seen_at=timezone.now())


def carry_session(*, old: str, new: str) -> None:
    """Let what is known of a session go on under its new key."""
    UserSession.objects.filter(session_key=old).update(session_key=new)


def other_sessions(person: Any, *, but: str | None) -> list[str]:
    """Return the keys of a person's sessions, without the one of the key `but`."""
    rows = Session.objects.filter(person_id=person.pk).exclude(session_key=but or "")
    return list(rows.values_list("session_key", flat=True))


def drop_sessions(person: Person, *, keys: Collection[str] | None = None, but: str | None = None) -> int:
    """End all sessions of a person, or those of `keys`, never the one of the key `but`; return how many.

    With all of them, links for a new password that were asked for before end, too (SE5). Shared by acts, so it writes
    no event.

    A request that is under way can't bring its session back: its row is only ever updated, never made anew.
    """
    rows = Session.objects.filter(person=person).exclude(session_key=but or "")
    seen = UserSession.objects.filter(user=person).exclude(session_key=but or "")
    if keys is None and not but:
        outdate_reset_links([person])
    if keys is not None:
        rows, seen = rows.filter(session_key__in=keys), seen.filter(session_key__in=keys)
    seen.delete()
    return rows.delete()[0]


def clear_expired_sessions() -> None:
    """Take away the rows of sessions that ran out. Nobody's act: they open nothing any more."""
    SessionStore.clear_expired()
