"""The reading questions about events."""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.contrib.postgres.search import SearchQuery
from django.db import connections, models
from django.db.models import Q

BY_TIME = ("at", "number")  # a log page's order within a chain: total, since numbers are
BY_ID = ("id",)  # the order over several chains
IMPRINTED = '"access":[{'  # stands in the text of an event that holds how access stood after it, and in no other
OWN_PEOPLE, PORTAL = "own", "portal"  # no organisation's: those are spelt behind a colon
SEVERAL = 0  # stands for the asset of an event that is about more than one
MOST_BRANCHES = 8  # people; of more, the newest events are found soon by walking the chain itself
# From one act of a person to the next by the index `event_chain_acts`: as many steps as there are different acts,
# however often each was done.
_NEWEST_ACTS = """
SELECT actor_id, name, at FROM (
  WITH RECURSIVE chain AS (
    SELECT id FROM audit_chain WHERE kind = %(kind)s AND subject_id = %(subject)s
  ), newest(actor_id, name, at) AS (
    SELECT person, found.name, found.at FROM unnest(%(people)s::bigint[]) AS person CROSS JOIN LATERAL (
      SELECT name, at FROM audit_event
      WHERE chain_id = (SELECT id FROM chain) AND actor_id = person AND actor_kind = 'person' AND result = 'done'
      ORDER BY name DESC, at DESC LIMIT 1
    ) AS found
    UNION ALL
    SELECT newest.actor_id, found.name, found.at FROM newest CROSS JOIN LATERAL (
      SELECT name, at FROM audit_event
      WHERE chain_id = (SELECT id FROM chain) AND actor_id = newest.actor_id AND actor_kind = 'person'
        AND result = 'done' AND name < newest.name
      ORDER BY name DESC, at DESC LIMIT 1
    ) AS found
  )
  SELECT * FROM newest
) AS newest
"""


def kind_of(thing: Any) -> str:
    """Return the word by which the log names the kind of `thing`: its `audit_kind`, or its model's name."""
    return getattr(thing, "audit_kind", None) or thing._meta.model_name


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What of a log is wanted. `people` are those who acted or whom it concerned; None stands for anybody.

    `senders` are organisations on whose behalf somebody acted, in all their spellings; OWN_PEOPLE and PORTAL stand for
    who acts for nobody outside. `addresses` are spellings of one network address. `words` are the
    beginnings of words.
    """

    people: tuple[int, ...] | None = None
    senders: tuple[str, ...] = ()
    asset_id: int | None = None
    addresses: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
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

    def newest_acts(self, subject: Any, people: Collection[int]) -> dict[int, dict[str, dt.datetime]]:
        """Return by person which acts they did in the chain of `subject`, and when last, in one query.

        Refused ones are left out. Its cost does not grow with the number of events.
        """
        found: dict[int, dict[str, dt.datetime]] = {person: {} for person in people}
        values = {"kind": kind_of(subject), "subject": subject.pk, "people": list(found)}
        with connections[self.db].cursor() as cursor:
            cursor.execute(_NEWEST_ACTS, values)
            for person, name, at in cursor.fetchall():
                found[person][name] = at
        return found

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

    def imprinted(self) -> Self:
        """Those that hold how seats, roles or assets stood after them, in the order they happened."""
        return self.filter(canonical__contains=IMPRINTED).order_by("number")

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
        if wanted.senders:
            rows = rows.sent_by(wanted.senders)
        if wanted.addresses:
            rows = rows.filter(_one_of("address", wanted.addresses))
        if wanted.words:
            rows = rows.saying(wanted.words)
        if wanted.asset_id:
            alone = rows.filter(asset_id=wanted.asset_id)
            among = rows.filter(asset_id=SEVERAL, assets__contains=[wanted.asset_id])
            return [*alone._of_people(wanted.people), *among._of_people(wanted.people)]
        return rows._of_people(wanted.people)

    def _of_people(self, people: tuple[int, ...] | None) -> list[Self]:
        if people is None:
            return [self]
        if len(people) > MOST_BRANCHES:
            return [self.filter(Q(actor_kind="person", actor_id__in=people) | Q(about_id__in=people))]
        branches = [branch for person in people for branch in (self.done_by(person), self.done_to(person))]
        return branches or [self.none()]

    def sent_by(self, senders: Sequence[str]) -> Self:
        """Those whose actor acted on behalf of one of these: spellings of an organisation, OWN_PEOPLE or PORTAL."""
        if PORTAL in senders:
            return self.filter(actor_kind="system", actor_id=None)
        if OWN_PEOPLE in senders:
            return self.filter(sent_by=None, actor_kind="person")
        return self.filter(_one_of("sent_by", senders))

    def saying(self, words: Sequence[str]) -> Self:
        """Those in whose words each of these begins one: names, addresses, reasons, what was before and after."""
        wanted = " & ".join(f"'{word}':*" for word in words)
        return self.filter(search=SearchQuery(wanted, config="pg_catalog.simple", search_type="raw"))

    def place_of(self, number: int | None) -> tuple[Any, ...] | None:
        """Return the place in `BY_TIME` of the event with this number; None where there is none."""
        return self.filter(number=number).values_list(*BY_TIME).first() if number else None

    def newest_first(self) -> Self:
        """In the order of a log page: the last one first, total and therefore stable."""
        return self.order_by("-id")


def words_in(text: str) -> tuple[str, ...]:
    """Return the words of what somebody types, as `EventQuerySet.saying` takes them; without what is no word."""
    return tuple(re.findall(r"[^\W_]+", text))


def _one_of(column: str, values: Sequence[str]) -> Q:
    """Return the condition that a column holds one of these; of one alone an index gives the order of a page."""
    return Q(**{column: values[0]}) if len(values) == 1 else Q(**{f"{column}__in": list(values)})


class ChainQuerySet(models.QuerySet):
    """The heads of chains."""

    def has_removed(self, subject: Any, number: int | None) -> bool:
        """Whether the event with this number was removed from the beginning of a chain, as the account chose."""
        return (
            number is not None
            and self.filter(kind=kind_of(subject), subject_id=subject.pk, removed__gte=number).exists()
        )


class VerificationQuerySet(models.QuerySet):
    """Checks of the whole record."""

    def newest(self) -> Any:
        """Return the last one; None where there was none."""
        return self.order_by("-at", "-pk").first()

    def highest_checkpoint(self) -> int:
        """Return the highest number of a checkpoint that any of them knew; 0 for none."""
        return self.aggregate(highest=models.Max("checkpoint"))["highest"] or 0


def more_than(branches: Sequence[EventQuerySet], most: int) -> bool:
    """Say whether one of the branches holds more events than so many; it counts no further."""
    return any(branch.order_by()[: most + 1].count() > most for branch in branches)


def moments(branches: Sequence[EventQuerySet], most: int) -> list[dt.datetime] | None:
    """Return when the events of all branches together happened, each once; None where they are more than `most`."""
    places = [branch.order_by("-at").values_list("id", "at")[: most + 1] for branch in branches]
    found = places[0].union(*places[1:]).order_by("-at")[: most + 1] if len(places) > 1 else places[0]
    times = [at for _pk, at in found]
    return times if len(times) <= most else None


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


def every(
    branches: Sequence[EventQuerySet],
    *,
    by: tuple[str, ...],
    batch: int = 1_000,
    after: tuple[Any, ...] | None = None,
) -> Iterator[Any]:
    """Yield all events of the branches, each once, the oldest first, in bounded memory of ours and of the database.

    `after` is a place in the order behind which it begins.

    Each batch begins where the last one ended, so no transaction or cursor stays open while somebody downloads.
    """
    place = after
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
