"""What rules read and say: plain values, so that a rule is a pure function and can be tried without a database."""

import datetime as dt
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MOST_EVENTS = 50  # named by one alert; the log holds them all

Place = tuple[str, int]  # an event by its chain, such as "account/3", and its number there


@dataclass(frozen=True, slots=True)
class Happened:
    """One event as rules see it. `actor_id` is that of a person; of others it is None."""

    chain: str
    number: int
    at: dt.datetime
    name: str
    refused: bool = False
    actor_id: int | None = None
    target_kind: str = ""
    target_id: int | None = None
    about_id: int | None = None
    address: str = ""
    agent: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """By which chain and number it is found."""
        return (self.chain, self.number)


class History(Protocol):
    """What came before an event in its own chain, and the zone that a person lives in."""

    def before(
        self,
        happened: Happened,
        names: Sequence[str],
        *,
        since: dt.datetime,
        by: int | None = None,
        most: int = 1_000,
        bare: bool = False,
    ) -> Sequence[Happened]:
        """Return the earlier events of these names, the oldest first, of many the newest; `by` one person, if named.

        `bare` ones come without what stands in their text: address, before and after.
        """

    def zone(self, person_id: int) -> zoneinfo.ZoneInfo:
        """Return the time zone of a person."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A member as the rules of every day see them; `used` says when each permission was last used, as far as known."""

    person_id: int
    membership_id: int
    since: dt.datetime
    seen_at: dt.datetime | None
    holds: frozenset[str] = frozenset()
    used: Mapping[str, dt.datetime] = field(default_factory=dict)
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody whose membership ended, and what is left of their access all the same, by its label."""

    person_id: int
    membership_id: int
    ended_at: dt.datetime
    left: Mapping[str, int]


class Standing(Protocol):
    """How an account stands now, for the rules of every day; each part is read when a rule asks for it."""

    now: dt.datetime

    @property
    def seats(self) -> Iterable[Seat]:
        """The members who have power now."""

    @property
    def leavers(self) -> Iterable[Leaver]:
        """Those who left lately."""

    @property
    def record(self) -> tuple[str, str]:
        """How the record stands, as `audit.keeping` says it, and since which check."""


class Severity(TextChoices):
    """How much an alert matters, and so how it reaches people."""

    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")

    @property
    def tone(self) -> str:
        """The tone in which a page shows it."""
        return {Severity.HIGH: "bad", Severity.MEDIUM: "warn", Severity.LOW: "info"}[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: about whom or what, in which window (one alert each), why, and by which events."""

    subject: str
    window: str
    at: dt.datetime
    person_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Tunable:
    """A number of a rule that an account may set, between its bounds."""

    code: str
    label: str | Promise
    help: str | Promise
    usual: int
    least: int
    most: int


Tuned = Mapping[str, int]
Judge = Callable[[Happened, History, Tuned], Finding | None]
Look = Callable[[Standing, Tuned], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, with all that it says of itself.

    `judge` is asked of every event of a `chain` that it `hears`; a rule without one has a `look` at the account every
    `every`. `title` and the `reasons` (each shown where its fact is there) are filled from an alert's facts. `quiet`:
    for how long one alert stands for all of the same kind about the same subject.
    """

    code: str
    name: str | Promise
    explains: str | Promise
    severity: Severity
    title: str | Promise
    reasons: tuple[tuple[str, str | Promise], ...]
    advice: tuple[str | Promise, ...]
    tunables: tuple[Tunable, ...] = ()
    chain: str = "account"
    hears: Callable[[str], bool] = lambda _name: False
    judge: Judge | None = None
    look: Look | None = None
    every: dt.timedelta = DAY
    quiet: dt.timedelta = DAY

    def usual(self) -> dict[str, int]:
        """Return what the numbers are where an account set none."""
        return {tunable.code: tunable.usual for tunable in self.tunables}

    def tuned(self, values: Mapping[str, int]) -> Tuned:
        """Return the numbers that count: those set, within the bounds as they are today, and else the usual ones."""
        return {
            tunable.code: min(max(values.get(tunable.code, tunable.usual), tunable.least), tunable.most)
            for tunable in self.tunables
        }

    def title_of(self, facts: Mapping[str, Any]) -> str:
        """Return in one line what it found."""
        return str(self.title).format_map(_Words(facts))

    def reasons_of(self, facts: Mapping[str, Any]) -> list[str]:
        """Return why it fired, a sentence for each fact."""
        return [str(words).format_map(_Words(facts)) for fact, words in self.reasons if facts.get(fact)]


class _Words(dict[str, Any]):
    """Facts for a sentence: what is missing reads as a dash instead of failing the page."""

    def __missing__(self, key: str) -> str:
        return "–"


def named(*names: str) -> Callable[[str], bool]:
    """Return a question that says yes to these names; one that ends in a dot stands for its group."""
    return partial(_is_named, names)


def _is_named(names: Sequence[str], name: str) -> bool:
    return any(name.startswith(one) if one.endswith(".") else name == one for one in names)


def places_of(events: Iterable[Happened]) -> tuple[Place, ...]:
    """Return by which chain and number events are found, of many only the newest."""
    return tuple(event.place for event in events)[-MOST_EVENTS:]
