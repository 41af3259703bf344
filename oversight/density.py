"""The strip above a log: how much happened when, as bars of equal spans, each a way to that place of the log."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from django.utils import timezone

from audit.probing import counts_between
from audit.querysets import EventQuerySet, Narrowing, Stretch, moments

MOST_BARS, WIDTH = 60, 10
MOST_MATCHES = 1_000  # are counted one by one; of more, the strip shows the whole log
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """One span of a strip: from when to when, how many events lie in it, and how high it stands (0 to 100)."""

    start: dt.datetime
    end: dt.datetime
    many: int
    height: int
    x: int
    shown: bool  # whether the page shows some of it

    @property
    def top(self) -> int:
        """Where it begins, from above."""
        return 100 - self.height

    @property
    def until(self) -> str:
        """The moment before which the log is to be shown, for an address."""
        return self.end.isoformat()


@dataclass(frozen=True, slots=True)
class Strip:
    """The bars, the oldest first; `of_matches` says whether they count what matches, or all that the log holds."""

    bars: list[Bar]
    of_matches: bool
    by: str  # hour, day, week or month

    @property
    def width(self) -> int:
        """How wide it is, in the units of the bars."""
        return len(self.bars) * WIDTH

    @property
    def start(self) -> dt.datetime:
        """Where it begins."""
        return self.bars[0].start

    @property
    def end(self) -> dt.datetime:
        """The last moment that it spans."""
        return min(self.bars[-1].end - dt.timedelta(seconds=1), timezone.now())


def strip_of(
    log: EventQuerySet,
    subject: Any,
    *,
    branches: Sequence[EventQuerySet] | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    shown: Sequence[Any] = (),
) -> Strip | None:
    """Return the strip over a subject's log from `start` to `end` (all of it); None where there is nothing to span.

    `branches` is what a filter matches, None where only the time is narrowed; `shown` are the events on the page.
    """
    first = log.order_by("at", "number").values_list("at", flat=True).first()
    if first is None:
        return None
    begin, until = max(start or first, first), min(end or timezone.now(), timezone.now())
    if begin >= until:
        return None
    by, bounds = bounds_over(begin, until)
    found = moments(branches, MOST_MATCHES) if branches is not None else None
    if found is None:
        counts = counts_between(subject, bounds)
    else:
        counts = [0] * (len(bounds) - 1)
        for at in found:
            place = bisect_right(bounds, at) - 1
            if 0 <= place < len(counts):
                counts[place] += 1
    highest = max(counts) or 1
    bars = [
        Bar(
            begins,
            ends,
            many,
            height=max(round(100 * many / highest), 4) if many else 0,
            x=number * WIDTH,
            shown=bool(shown) and begins <= shown[0].at and shown[-1].at < ends,
        )
        for number, ((begins, ends), many) in enumerate(zip(pairwise(bounds), counts, strict=True))
    ]
    return Strip(bars, of_matches=found is not None, by=by)


def may_be_counted(wanted: Narrowing, part: Stretch, newest: int) -> bool:
    """Say whether what a filter matches can be counted in little time, by the part of it that the page shows.

    What one index finds is counted anyway. Of the rest, only what is as rare on the page as MOST_MATCHES in the whole
    log of `newest` events: to count more would take longer than the page.
    """
    if not part.older:
        return True
    parts = [name for name, value in asdict(wanted).items() if value and name not in {"start", "end"}]
    if parts != ["words"] and len(parts) == 1:
        return True
    walked = part.events[0].number - part.events[-1].number + 1
    return newest * len(part.events) <= walked * MOST_MATCHES


def bounds_over(begin: dt.datetime, until: dt.datetime) -> tuple[str, list[dt.datetime]]:
    """Return in which spans of the reader's zone a time is divided, and their bounds: at most MOST_BARS spans."""
    span = until - begin
    local = timezone.localtime(begin).replace(minute=0, second=0, microsecond=0)
    if span <= 2 * _DAY:
        hours = int((until - local) / _HOUR) + 1
        return "hour", [local + number * _HOUR for number in range(hours + 1)]
    day = local.date()
    if span <= (MOST_BARS - 2) * _DAY:
        return "day", _midnights(day, until, 1)
    if span <= (MOST_BARS - 2) * 7 * _DAY:
        return "week", _midnights(day - dt.timedelta(days=day.weekday()), until, 7)
    step = -(-(span.days // 28) // (MOST_BARS - 2))  # months in a bar
    months = day.year * 12 + day.month - 1
    bounds = [_midnight(dt.date(months // 12, months % 12 + 1, 1))]
    while bounds[-1] <= until:
        months += step
        bounds.append(_midnight(dt.date(months // 12, months % 12 + 1, 1)))
    return "month", bounds


def _midnights(day: dt.date, until: dt.datetime, step: int) -> list[dt.datetime]:
    bounds = [_midnight(day)]
    while bounds[-1] <= until:
        day += dt.timedelta(days=step)
        bounds.append(_midnight(day))
    return bounds


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
