"""The log and the tables, as the values that rules read. Every question walks an index of the log."""

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils import timezone

from accounts.models import BusinessAccount, Person
from audit import keeping
from audit.models import Chain, Event
from teams.models import Membership
from teams.offboarding import residue
from teams.using import last_uses

from .happenings import DAY, Happened, Leaver, Seat

BARE = (
    "number", "at", "name", "result", "actor_kind", "actor_id", "target_kind", "target_id", "about_id",
)  # fmt: skip
LEFT_LATELY = 30 * DAY


def happened(event: Event, chain: str) -> Happened:
    """Return an event as rules see it."""
    parts = event.parts
    origin = parts.get("origin") or {}
    return Happened(
        **_bare(event, chain),
        address=origin.get("address") or "",
        agent=origin.get("agent") or "",
        before=parts.get("before") or {},
        after=parts.get("after") or {},
    )


def _bare(event: Any, chain: str) -> dict[str, Any]:
    return {
        "chain": chain,
        "number": event.number,
        "at": event.at,
        "name": event.name,
        "refused": event.result == Event.Result.REFUSED,
        "actor_id": event.actor_id if event.actor_kind == "person" else None,
        "target_kind": event.target_kind,
        "target_id": event.target_id,
        "about_id": event.about_id,
    }


@dataclass
class _Read:
    """What one question has read so far: since when, up to which number, and the events, the oldest first."""

    since: dt.datetime
    upto: int
    events: list[Happened]


class ChainHistory:
    """What came before the events of one chain, read from the log.

    It is asked about event after event, each time a little later: what a question has read is kept, and only what came
    since is read on. So the cost of a batch is that of one history, and of the batch.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.place = f"{chain.kind}/{chain.subject_id}"
        self._read: dict[tuple[Any, ...], _Read] = {}

    def before(
        self,
        event: Happened,
        names: Sequence[str],
        *,
        since: dt.datetime,
        by: int | None = None,
        most: int = 1_000,
        bare: bool = False,
    ) -> Sequence[Happened]:
        """Answer as `happenings.History` says."""
        asked = (*names, by, most, bare)
        read = self._read.get(asked)
        rows = Event.objects.filter(chain_id=self.chain.pk, number__lt=event.number, name__in=names)
        rows = rows.done_by(by) if by is not None else rows
        if read is None or since < read.since or event.number <= read.upto:
            newest = rows.filter(at__gte=since, at__lte=event.at).order_by("-at", "-number")
            read = self._read[asked] = _Read(since, 0, self._values(newest, most, bare)[::-1])
        elif event.number > read.upto + 1:
            read.events += self._values(rows.filter(number__gt=read.upto).order_by("number"), most, bare)
        read.upto = event.number - 1
        return [one for one in read.events if one.at >= since][-most:]

    def _values(self, rows: Any, most: int, bare: bool) -> list[Happened]:
        if bare:
            return [Happened(**_bare(row, self.place)) for row in rows.only(*BARE)[:most]]
        return [happened(row, self.place) for row in rows[:most]]

    def zone(self, person_id: int) -> zoneinfo.ZoneInfo:
        """Return the time zone of a person."""
        person = Person.objects.filter(pk=person_id).first()
        return person.zone if person else zoneinfo.ZoneInfo("UTC")


class AccountStanding:
    """How an account stands now, each part read when it is asked for."""

    def __init__(self, account: BusinessAccount) -> None:
        self.account, self.now = account, timezone.now()

    @cached_property
    def seats(self) -> list[Seat]:
        """The members who have power now, with what they used, in as many queries for any number of them."""
        rows = Membership.objects.active().filter(account=self.account).with_roles("person").order_by("pk")
        used = last_uses(self.account, [row.person_id for row in rows])
        return [
            Seat(
                person_id=row.person_id,
                membership_id=row.pk,
                since=max(row.joined_at, row.administers_since or row.joined_at),
                seen_at=row.person.last_login,
                holds=row.role.permissions,
                used=used[row.person_id],
                is_owner=row.person_id == self.account.owner_id,
            )
            for row in rows
        ]

    @cached_property
    def leavers(self) -> list[Leaver]:
        """Those whose membership ended lately and who did not come back, with what independent queries find."""
        ended = Membership.objects.filter(account=self.account, ended_at__gt=self.now - LEFT_LATELY)
        here = Membership.objects.current().filter(account=self.account).values("person")
        rows = ended.exclude(person__in=here).select_related("person").order_by("-ended_at", "-pk")
        newest = {row.person_id: row for row in reversed(rows)}
        return [
            Leaver(row.person_id, row.pk, row.ended_at or self.now, self._left(row.person)) for row in newest.values()
        ]

    def _left(self, person: Person) -> dict[str, int]:
        """Return what is left in the account; what is a person's own says nothing about this account."""
        checked: Iterable[Any] = residue(person, [self.account.pk])
        return {str(row.reference.label): row.found for row in checked if row.account_id and row.found}

    @cached_property
    def record(self) -> tuple[str, str]:
        """How the record stands, and since which check; none where it was never checked."""
        state, last = keeping.state_of(f"{Chain.Kind.ACCOUNT}/{self.account.pk}")
        return str(state), f"{last.at:%Y-%m-%d %H:%M}" if last else ""


def events_of(alert: Any) -> list[dict[str, Any]]:
    """Return the events that caused an alert, in the order they happened, in two queries.

    Those of the account lead to their page in its log. Those of the person's own chain, which nobody else opens, are
    told by their sentence and place.
    """
    wanted: dict[str, list[int]] = {}
    for place, number in alert.events:
        wanted.setdefault(place, []).append(number)
    rows = []
    for place, numbers in wanted.items():
        kind, _slash, subject_id = place.partition("/")
        chain = Chain.objects.filter(kind=kind, subject_id=subject_id).first()
        for event in Event.objects.filter(chain=chain, number__in=numbers) if chain else ():
            origin = event.parts.get("origin") or {}
            is_here = kind == Chain.Kind.ACCOUNT and int(subject_id) == alert.account_id
            rows.append({"event": event, "is_here": is_here, "address": origin.get("address") or ""})
    return sorted(rows, key=lambda row: (row["event"].at, row["event"].pk))
