"""What one person changed lately in an account, thing by thing: how each was before, and how they left it.

Read from the log. Every kind of thing that can be put back registers a `Part` in its app's `ready()`: how its events
are read, how the thing is now, and how it is put back. What no part reads stays as it is, and is named.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from audit.events import act_named
from audit.models import Event

HOURS = [1, 6, 24, 72]
MOST_EVENTS = 200  # of one person within a span, so that a look at them stays quick


@dataclass(frozen=True, slots=True)
class Told:
    """What one event says of one thing: whose it is, before and after. `key` names it among those of its part."""

    key: tuple[int, ...]
    title: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of thing that can be put back.

    `read` has, by the name of an act, what its event tells. `now` returns how the thing is, None where it is gone, in
    the form that events tell it. `put_back` makes it what it was, or raises Refused; it writes no event. `words` say a
    value to people. `concerns` returns the person whose access it is, None for nobody's.
    """

    code: str
    label: Any
    read: Mapping[str, Callable[[Event], Iterable[Told]]]
    now: Callable[[BusinessAccount, tuple[int, ...]], Any]
    put_back: Callable[[BusinessAccount, "Change", Person], None]
    words: Callable[[BusinessAccount, Any], str]
    concerns: Callable[[tuple[int, ...]], Person | None] = field(default=lambda key: None)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that somebody changed: how it was before their first event about it, and how their last one left it."""

    part: Part
    key: tuple[int, ...]
    title: str
    before: Any
    after: Any


_parts: list[Part] = []


def register_part(part: Part) -> None:
    """Add a kind of thing that can be put back."""
    _parts.append(part)


@dataclass(frozen=True, slots=True)
class Lately:
    """What a person changed within a span: what can be put back, the newest first, and the other events that changed
    anybody's access.
    """

    changes: list[Change]
    others: list[Event]


def lately(account: BusinessAccount, person: Person, hours: int) -> Lately:
    """Return what a person changed in an account within the last `hours`.

    Raises PolicyViolation for more than MOST_EVENTS events: a part of them would tell wrongly how things were left.
    """
    since = timezone.now() - dt.timedelta(hours=hours)
    rows = Event.objects.in_chain_of(account).done_by(person.pk).between(since, None).filter(result=Event.Result.DONE)
    events = list(rows.order_by("number")[: MOST_EVENTS + 1])
    if len(events) > MOST_EVENTS:
        words = _("%(person)s did more than %(most)d things in this time. Choose a shorter one.")
        raise PolicyViolation(words % {"person": person, "most": MOST_EVENTS})
    found: dict[tuple[str, tuple[int, ...]], Change] = {}
    others = []
    for event in events:
        readers = [(part, part.read[event.name]) for part in _parts if event.name in part.read]
        told = [(part, one) for part, reader in readers for one in reader(event)]
        for part, one in told:
            place = (part.code, one.key)
            before = found[place].before if place in found else one.before
            found.pop(place, None)  # the newest stands last
            found[place] = Change(part, one.key, one.title, before, one.after)
        act = act_named(event.name)
        if not told and (act is None or act.changes_access):
            others.append(event)
    changes = [change for change in found.values() if change.before != change.after]
    return Lately(changes[::-1], others[::-1])


def actors_in(account: BusinessAccount) -> Any:
    """Return the people who did anything in an account within the longest span, by name."""
    since = timezone.now() - dt.timedelta(hours=max(HOURS))
    rows = Event.objects.in_chain_of(account).between(since, None).filter(actor_kind="person")
    ids = rows.order_by().values_list("actor_id", flat=True).distinct()
    return Person.objects.filter(pk__in=list(ids)).order_by("name", "email", "pk")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one change: put back, or why not."""

    change: Change
    problem: str = ""


def fingerprint(outcomes: Sequence[Outcome]) -> str:
    """Return a short name of what a page shows would be put back: a yes counts only for that."""
    text = repr([(row.change.part.code, row.change.key, row.change.before, row.problem) for row in outcomes])
    return hashlib.sha256(text.encode()).hexdigest()[:24]
