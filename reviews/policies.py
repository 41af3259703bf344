"""What a review asks for, suggests and remarks: numbers, and pure functions over what was seen."""

import datetime as dt
import math
import statistics
from collections.abc import Collection, Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.permissions import words_for
from teams.models import Role
from teams.using import smallest_role

from .models import Decision, Every

SAMPLE_SHARE = 0.1  # of what is carried over
ENDS_SOON = dt.timedelta(days=30)
QUIET_AFTER = dt.timedelta(days=90)
REMINDERS = (dt.timedelta(days=7), dt.timedelta(days=1))  # before the deadline
CLOSES_AFTER = dt.timedelta(days=7)  # so long after the deadline what was decided can be carried out before the report
MOST_RUNNING = 10  # campaigns of one account at once
SHORTEST, LONGEST = 1, 90  # days to decide
LONGEST_LOOK = 30 * 60  # seconds; whoever left the page open longer than that did not read it all the time
TOO_QUICK = 5  # seconds an item, in the middle
ENOUGH_TO_JUDGE = 5  # decisions of one reviewer
MONTHS = {Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}


def sample_size(carried: int) -> int:
    """Return how many of those that are carried over are drawn to be decided all the same: one at least."""
    return min(carried, max(1, math.ceil(carried * SAMPLE_SHARE)))


def next_start(every: str, after: dt.datetime) -> dt.datetime:
    """Return when a schedule starts its next campaign: so many months on, the same day, or the month's last."""
    month = after.month - 1 + MONTHS[Every(every)]
    year, month = after.year + month // 12, month % 12 + 1
    for day in range(after.day, 27, -1):
        try:
            return after.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    return after.replace(year=year, month=month, day=after.day)


def reminders_due(deadline: dt.datetime) -> int:
    """Return how many of the reminders should have gone out by now."""
    left = deadline - timezone.now()
    return sum(left <= before for before in REMINDERS)


def suggestion_for(
    held: frozenset[str], unused: Collection[str], roles: Iterable[Role], *, run_out: bool, quiet: bool
) -> tuple[Decision, Role | None, str]:
    """Return what to do with an access, the role to reduce it to, and the reason in words."""
    if run_out:
        return Decision.END, None, _("It has run out.")
    if quiet:
        return Decision.END, None, _("No sign-in for 90 days.")
    if not unused:
        return Decision.KEEP, None, _("Nothing of it is known to be unused.")
    words = {"acts": ", ".join(words_for(code) for code in sorted(unused))}
    role = smallest_role(held, unused, roles)
    if role is None:
        return Decision.KEEP, None, _("Not used for 90 days: %(acts)s. But no smaller role holds all the rest.") % words
    reason = _("Not used for 90 days: %(acts)s. %(role)s is the smallest role that holds the rest.")
    return Decision.REDUCE, role, reason % {**words, "role": role}


def median_seconds(seconds: Collection[int]) -> float | None:
    """Return how long a reviewer looked at an item, in the middle; None where nothing was measured."""
    return statistics.median(seconds) if seconds else None


def looks_rubber_stamped(decided: int, kept: int, in_bulk: int, middle: float | None) -> bool:
    """Say whether a reviewer's decisions look as if nobody had looked: all kept, in no time or in one go."""
    if decided < ENOUGH_TO_JUDGE or kept < decided:
        return False
    return in_bulk * 2 > decided or (middle is not None and middle < TOO_QUICK)


def share(part: int, whole: int) -> int:
    """Return a share in percent."""
    return round(100 * part / whole) if whole else 0


def capped(seconds: float) -> int:
    """Return how long somebody looked, as far as it can be told."""
    return max(0, min(int(seconds), LONGEST_LOOK))


def fingerprint(role: Role) -> str:
    """Return what a decision page was made of: the role that counted, and what it held."""
    return f"{role.pk}:{','.join(sorted(role.permissions))}"


def named(person: Any) -> dict[str, Any]:
    """Return a person as a snapshot and a report name them."""
    return {"id": person.pk, "name": str(person), "address": person.email}
