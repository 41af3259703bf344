"""A sign-in that is unlike this person's own: hour, network, browser, and what came right before it."""

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.events import SIGN_IN_FAILED, SIGNED_IN
from accounts.places import network_of

from ..happenings import DAY, HOUR, Finding, Happened, History, Rule, Severity, Tunable, Tuned, named, places_of

LEARNED_FROM = 180 * DAY
MOST_LEARNED = 300  # sign-ins
AROUND = 2  # hours before and after that count as the same time of day
NEVER, SELDOM = 0.02, 0.05  # of the earlier sign-ins: at most so many make an hour unusual, or at least odd
IDLE = 45 * DAY
ELSEWHERE = 2 * HOUR  # so shortly after a sign-in from a known network
VERSIONS = re.compile(r"(?<=[/:])[\d.]+|(?<= OS )[\d_]+|(?<=Android )[\d.]+")
POINTS = {
    "network": 2, "wider": 1, "elsewhere": 1, "failed": 1,
    "hour": 2, "odd": 1, "weekday": 1, "idle": 1,
    "browser": 2,
}  # fmt: skip


def judge(happened: Happened, history: History, tuned: Tuned) -> Finding | None:
    """Add up what is unusual in a sign-in; a person with hardly a history is not judged, nor one without an address."""
    person_id = happened.actor_id
    if person_id is None or not happened.address:
        return None
    since = happened.at - LEARNED_FROM
    known = history.before(happened, [SIGNED_IN.name], since=since, most=MOST_LEARNED)
    known = [event for event in known if event.address]
    if len(known) < tuned["history"]:
        return None
    facts = {**_place(happened, known, history), **_time(happened, known, history.zone(person_id))}
    if _browser(happened.agent) not in {_browser(event.agent) for event in known}:
        facts["browser"] = True
    points = sum(POINTS[fact] for fact in facts)
    if points < tuned["points"] or not {"network", "wider", "hour"} & set(facts):
        return None
    facts |= {"points": points, "limit": tuned["points"], "known": len(known)}
    window = f"{happened.chain}:{happened.number}"
    return Finding(f"person/{person_id}", window, happened.at, person_id, facts, places_of([happened]))


def _place(happened: Happened, known: Sequence[Happened], history: History) -> dict[str, Any]:
    """Return what is unusual about the network; nothing about one that this person used before."""
    network, last = _near(happened.address), known[-1]
    if any(_near(event.address) == network for event in known):
        return {}
    wide = _wide(happened.address)
    wider = any(_wide(event.address) == wide for event in known)
    facts: dict[str, Any] = {"wider" if wider else "network": network}
    if happened.at - last.at <= ELSEWHERE:
        facts["elsewhere"] = _near(last.address)
    if failed := _failures(happened, history, network):
        facts["failed"] = failed
    return facts


def _time(happened: Happened, known: Sequence[Happened], zone: dt.tzinfo) -> dict[str, Any]:
    """Return what is unusual about the moment, on the clock of where this person lives."""
    facts: dict[str, Any] = {}
    here, there = happened.at.astimezone(zone), [event.at.astimezone(zone) for event in known]
    around = sum(_apart(_hour(here), _hour(at)) <= AROUND for at in there)
    if around <= SELDOM * len(there):
        facts["hour" if around <= NEVER * len(there) else "odd"] = f"{here:%H:%M}"
    elif here.weekday() not in {at.weekday() for at in there}:
        facts["weekday"] = True
    away = happened.at - known[-1].at
    if away >= IDLE:
        facts["idle"] = away.days
    return facts


@lru_cache(maxsize=10_000)  # a person's own come again and again
def _near(address: str) -> str:
    return network_of(address, four=24, six=48)


@lru_cache(maxsize=10_000)
def _wide(address: str) -> str:
    return network_of(address, four=16, six=32)


def _failures(happened: Happened, history: History, network: str) -> int:
    """Return how many tries from the same unknown network failed in the day before."""
    tries = history.before(happened, [SIGN_IN_FAILED.name], since=happened.at - DAY)
    return sum(bool(event.address) and _near(event.address) == network for event in tries)


def _hour(at: dt.datetime) -> float:
    return at.hour + at.minute / 60


def _apart(one: float, other: float) -> float:
    between = abs(one - other)
    return min(between, 24 - between)


def _browser(agent: str) -> str:
    """Return a browser without what an update changes: it is still the same one then."""
    return VERSIONS.sub("", agent)


UNUSUAL_SIGN_IN = Rule(
    code="unusual_sign_in",
    name=_("An unusual sign-in"),
    explains=_(
        "Compares each sign-in with this person’s own of the last 180 days: the network, the time of day, the day of "
        "the week, the browser, a long absence, failed tries from the same place right before, and a sign-in from a "
        "known place just before. Each of these counts one or two points. A journey with the usual laptop stays below "
        "the limit; somebody else’s machine at an odd hour does not."
    ),
    severity=Severity.HIGH,
    title=_("An unusual sign-in as {person}"),
    reasons=(
        ("network", _("The network {network} was never used by this person, nor one near it.")),
        ("wider", _("The network {wider} was never used by this person, though one near it was.")),
        ("hour", _("It was {hour} where this person lives, a time at which they hardly ever sign in.")),
        ("odd", _("It was {odd} where this person lives, a time at which they seldom sign in.")),
        ("weekday", _("They never sign in on that day of the week.")),
        ("browser", _("The browser is of a kind that this person never used.")),
        ("idle", _("They had not signed in for {idle} days.")),
        ("failed", _("Right before, tries to sign in from the same place failed: {failed}.")),
        ("elsewhere", _("Less than two hours before, they had signed in from {elsewhere}.")),
        ("points", _("Together that makes {points} points, of {limit} needed, held against {known} earlier sign-ins.")),
    ),
    advice=(
        _("Ask the person, by another way than mail, whether it was them."),
        _("If not: end their sessions at once, and suspend them until they have a new password and second factor."),
    ),
    tunables=(
        Tunable(
            "points",
            _("Points needed"),
            _("Less means more alerts. With 3, a known laptop on a journey is already one."),
            usual=5,
            least=3,
            most=9,
        ),
        Tunable(
            "history",
            _("Earlier sign-ins needed"),
            _("A person with fewer is not judged: nothing is known yet of what is usual for them."),
            usual=10,
            least=5,
            most=100,
        ),
    ),
    chain="person",
    hears=named(SIGNED_IN.name),
    judge=judge,
    quiet=12 * HOUR,
)
