"""A stretch of the log as its page lays it out: by days, with mails that went out in a row folded into a line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from django.utils import timezone
from django.utils.formats import date_format

from accounts.events import MAIL_SENT
from audit.models import Event

FEWEST = 3  # mails in a row: the first stands in full, the others are folded


@dataclass(slots=True)
class Block:
    """Events that stand in full, and behind them the mails that stand folded."""

    shown: list[Event] = field(default_factory=list)
    folded: list[Event] = field(default_factory=list)

    @property
    def last(self) -> Event:
        """The oldest of the folded ones."""
        return self.folded[-1]


@dataclass(frozen=True, slots=True)
class Day:
    """The events of one day in the reader's zone, in blocks; its name for a heading."""

    name: str
    blocks: list[Block]


def days_of(events: Sequence[Event], *, folds: bool) -> list[Day]:
    """Return events, in their order, by the days of the reader's zone; with `folds`, mails in a row in a line.

    One act can send mails to many people: they would push the acts themselves off the page.
    """
    by_day = groupby(events, key=lambda event: timezone.localtime(event.at).date())
    return [Day(date_format(day, "j F Y"), list(_blocks(of_day, folds=folds))) for day, of_day in by_day]


def _blocks(events: Iterable[Event], *, folds: bool) -> Iterator[Block]:
    block = Block()
    for is_mail, alike in groupby(events, key=lambda event: event.name == MAIL_SENT.name):
        run = list(alike)
        if not (folds and is_mail and len(run) >= FEWEST):
            block.shown += run
            continue
        yield Block([*block.shown, run[0]], run[1:])
        block = Block()
    if block.shown:
        yield block
