"""One person changes much more access in an hour than they ever do."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache

from django.utils.translation import gettext_lazy as _

from audit.events import act_named, all_acts

from ..happenings import DAY, HOUR, Finding, Happened, History, Rule, Severity, Tunable, Tuned, places_of

LEARNED_FROM = 90 * DAY
GROUPS = ("role", "grants", "member", "invitation", "engagement", "people_group", "asset_group", "ownership", "account")
MOST_READ = 5_000


def hears(name: str) -> bool:
    """Say whether an act gives or takes access."""
    act = act_named(name)
    return act is not None and act.changes_access and act.group in GROUPS


@cache
def _names() -> list[str]:
    return [act.name for act in all_acts() if hears(act.name)]


def judge(happened: Happened, history: History, tuned: Tuned) -> Finding | None:
    """Count what one person changed for others in the hour before, against the most that they did before that."""
    actor = happened.actor_id
    if actor is None or happened.refused or happened.about_id == actor:
        return None
    start = happened.at - HOUR
    lately = _theirs(history.before(happened, _names(), since=start, by=actor, most=MOST_READ, bare=True))
    burst = [*lately, happened]
    if len(burst) < tuned["changes"]:
        return None
    since = happened.at - LEARNED_FROM
    past = _theirs(history.before(happened, _names(), since=since, by=actor, most=MOST_READ, bare=True))
    usual = _usual([event for event in past if event.at < start])
    if len(burst) < usual * tuned["times"]:
        return None
    people = len({event.about_id for event in burst if event.about_id})
    facts = {"changes": len(burst), "people": people, "usual": usual, "limit": tuned["changes"]}
    facts["new" if not usual else "more"] = True
    window = f"{happened.chain}:{happened.number}"
    return Finding(f"person/{actor}", window, happened.at, actor, facts, places_of(burst))


def _theirs(events: Iterable[Happened]) -> list[Happened]:
    """Return what was done and was no act on oneself."""
    return [event for event in events if not event.refused and event.about_id != event.actor_id]


def _usual(events: list[Happened]) -> int:
    """Return the most changes within any hour, the one busiest day aside: a single big day hides nothing for months."""
    times = [event.at for event in events]
    days: dict[dt.date, int] = {}
    for number, at in enumerate(times):
        days[at.date()] = max(days.get(at.date(), 0), bisect_right(times, at + HOUR) - number)
    return sorted(days.values())[-2] if len(days) > 1 else 0


BURST_OF_CHANGES = Rule(
    code="burst_of_changes",
    name=_("A burst of changes of access"),
    explains=_(
        "Counts what one person gives and takes within an hour: roles, grants, invitations, suspensions, ends. It "
        "is an alert from a number on, and only if it is also well above what the same person did in any hour of the "
        "90 days before; the one busiest day aside, so that a single big day hides nothing for months."
    ),
    severity=Severity.HIGH,
    title=_("{person} changed the access of others {changes} times within an hour"),
    reasons=(
        ("changes", _("{changes} changes within an hour, of {people} people; {limit} make an alert.")),
        ("more", _("In the 90 days before, this person made {usual} at most, the one busiest day aside.")),
        ("new", _("In the 90 days before, this person hardly changed anybody’s access.")),
    ),
    advice=(
        _("Look at what was changed, and ask the person. If it is not meant: freeze the account, so that it stops."),
        _("What one person changed lately can be undone in one act, from their page."),
    ),
    tunables=(
        Tunable("changes", _("Changes within an hour"), _("From so many on."), usual=12, least=5, most=500),
        Tunable(
            "times",
            _("Times the usual"),
            _("How many times what is usual for the person it must be at least."),
            usual=2,
            least=1,
            most=10,
        ),
    ),
    hears=hears,
    judge=judge,
    quiet=6 * HOUR,
)
