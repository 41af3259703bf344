"""The reading questions about events."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.db.models import Q

BY_TIME = ("at", "number")  # a log page's order within a chain: total, since numbers are
BY_ID = ("id",)  # the order over several chains
MOST_BRANCHES = 8  # people; of more, the newest events are found soon by walking the chain itself


def kind_of(thing: Any) -> str:
    """Return the word by which the log names the kind of `thing`: its `audit_kind`, or its model's name."""
    return getattr(thing, "audit_kind", None) or thing._meta.model_name


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of a log is wanted. `people` are those who acted or whom it concerned; None stands for anybody."""

    people: tuple[int, ...] | None = None
    names: tuple[str, ...] = ()
    target_kind: str = ""
    target_id: int | None = None
    result: str = ""
    start: dt.datetime | None = None
    end: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a log: its events, the newest first, and whether newer and older ones lie beside it."""

    events: list[Any]
    newer: bool
    older: bool


class EventQuerySet(models.QuerySet):
    """Events are only ever read here; they are written by `audit.recording`."""

    def of(self, subject: Any) -> Self:
        """Those in the chain of one account or one person."""
        return self.filter(chain__kind=kind_of(subject), chain__subject_id=subject.pk)

    def in_chain_of(self, subject: Any) -> Self:
        """Like `of`, with the chain looked up first: only so can an index of the chain give the order of a page."""
        chains: Any = self.model._meta.get_field("chain").related_model
        chain = chains.objects.filter(kind=kind_of(subject), subject_id=subject.pk).values_list("pk", flat=True).first()
        return self.filter(chain_id=chain) if chain else self.none()

    def about(self, target: Any) -> Self:
        """Those whose target is this very thing, in the order they happened."""
        return self.filter(target_kind=kind_of(target), target_id=target.pk).order_by("id")

    def concerning(self, person_id: int) -> Self:
        """Those that a person did, or that were done to that person."""
        return self.filter(Q(actor_kind="person", actor_id=person_id) | Q(about_id=person_id))

    def done_by(self, person_id: int) -> Self:
        """Those that a person did, or was refused."""
        return self.filter(actor_kind="person", actor_id=person_id)

    def done_to(self, person_id: int) -> Self:
        """Those that concern a person."""
        return self.filter(about_id=person_id)

    def named(self, *names: str) -> Self:
        """Those with one of these names; a name that ends in a dot stands for its whole group."""
        wanted = Q()
        for name in names:
            wanted |= Q(name__startswith=name) if name.endswith(".") else Q(name=name)
        return self.filter(wanted)

    def between(self, start: dt.datetime | None, end: dt.datetime | None) -> Self:
        """Those from `start` up to but not including `end`; None leaves a side open."""
        rows = self.filter(at__gte=start) if start else self
        return rows.filter(at__lt=end) if end else rows

    def narrowed(self, wanted: Narrowing) -> list[Self]:
        """Those that are wanted, as branches to be merged by `stretch` or `every`: each can walk one index in order.

        "Acted or is concerned" in a single condition could not, and would read a long chain to its end.
        """
        rows = self.between(wanted.start, wanted.end)
        if wanted.names:
            rows = rows.filter(name__in=wanted.names)
        if wanted.target_kind:
            rows = rows.filter(target_kind=wanted.target_kind)
        if wanted.target_id:
            rows = rows.filter(target_id=wanted.target_id)
        if wanted.result:
            rows = rows.filter(result=wanted.result)
        if wanted.people is None:
            return [rows]
        if len(wanted.people) > MOST_BRANCHES:
            return [rows.filter(Q(actor_kind="person", actor_id__in=wanted.people) | Q(about_id__in=wanted.people))]
        branches = [branch for person in wanted.people for branch in (rows.done_by(person), rows.done_to(person))]
        return branches or [rows.none()]

    def place_of(self, number: int | None) -> tuple[Any, ...] | None:
        """Return the place in `BY_TIME` of the event with this number; None where there is none."""
        return self.filter(number=number).values_list(*BY_TIME).first() if number else None

    def newest_first(self) -> Self:
        """In the order of a log page: the last one first, total and therefore stable."""
        return self.order_by("-id")


def stretch(
    branches: Sequence[EventQuerySet],
    size: int,
    *,
    by: tuple[str, ...],
    older_than: tuple[Any, ...] | None = None,
    newer_than: tuple[Any, ...] | None = None,
) -> Stretch:
    """Return up to `size` events of all branches together, each once, by keyset: never a count, never an offset.

    `by` names the order; `older_than` and `newer_than` are a place in it. Past either end it is the page at that end.
    """
    falling = tuple(f"-{name}" for name in by)
    if newer_than:
        rows = _merged(_beyond(branches, by, newer_than, "gt"), by, size + 1)
        if len(rows) > size:
            return Stretch(rows[size - 1 :: -1], newer=True, older=True)
        older_than = None
    rows = _merged(_beyond(branches, by, older_than, "lt"), falling, size + 1)
    if older_than and not rows:
        rows = _merged(branches, by, size + 1)
        return Stretch(rows[:size][::-1], newer=len(rows) > size, older=False)
    return Stretch(rows[:size], newer=older_than is not None, older=len(rows) > size)


def every(branches: Sequence[EventQuerySet], *, by: tuple[str, ...], batch: int = 1_000) -> Iterator[Any]:
    """Yield all events of the branches, each once, the oldest first, in bounded memory of ours and of the database.

    Each batch begins where the last one ended, so no transaction or cursor stays open while somebody downloads.
    """
    place = None
    while True:
        rows = _merged(_beyond(branches, by, place, "gt"), by, batch)
        yield from rows
        if len(rows) < batch:
            return
        place = tuple(getattr(rows[-1], name) for name in by)


def _beyond(
    branches: Sequence[EventQuerySet], by: tuple[str, ...], place: tuple[Any, ...] | None, side: str
) -> Sequence[EventQuerySet]:
    """Return what lies on one side (`lt` or `gt`) of a place in an order of one or two columns."""
    if place is None:
        return branches
    beyond = Q(**{f"{by[0]}__{side}": place[0]})
    if len(by) > 1:  # said twice, since an index can be entered by the first half only
        beyond = Q(**{f"{by[0]}__{side}e": place[0]}) & (beyond | Q(**{f"{by[1]}__{side}": place[1]}))
    return [branch.filter(beyond) for branch in branches]


def _merged(branches: Sequence[EventQuerySet], order: tuple[str, ...], size: int) -> list[Any]:
    if len(branches) == 1:
        return list(branches[0].order_by(*order)[:size])
    places = [branch.order_by(*order).values_list("id", "at", "number")[:size] for branch in branches]
    found = places[0].union(*places[1:]).order_by(*order)[:size]
    return list(branches[0].model.objects.filter(pk__in=[pk for pk, _at, _number in found]).order_by(*order))
