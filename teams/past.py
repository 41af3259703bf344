"""Who could do what at a moment of the past, and by whose decision: told from the log alone.

Each event holds how the seats, roles and assets that it touched stood after it (`teams.imprints`). The newest entry of
each, up to the moment, is how they stood then. Whether a policy let it count at that moment (a second factor, a domain)
is not told: that hung on things outside of the account.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import BusinessAccount
from accounts.permissions import ASSET_CODES
from audit.events import REMOVED
from audit.models import Event

from .models import Role
from .permissions import BUILT_IN

ON_ACCOUNT = 0  # stands for the account, where an asset could stand


@dataclass(frozen=True, slots=True)
class RoleThen:
    """A role as it was: its name, and what it held."""

    name: str
    holds: frozenset[str]


@dataclass(slots=True)
class SeatThen:
    """One person's seat as it was. `grants` are those not yet over, each with its end; `since` names events.

    A power is a code with an asset, or with ON_ACCOUNT; `grants` and `since` are by power: which event gave it.
    """

    seat: int
    person_id: int
    state: str
    confirmed: bool
    ends: dt.datetime | None
    role: RoleThen
    until: dt.datetime | None  # of a role for a time
    grants: Mapping[tuple[str, int], dt.datetime | None]
    since: Mapping[tuple[str, int], int] = field(default_factory=dict)
    lost: Mapping[tuple[str, int], int] = field(default_factory=dict)  # which event took it last
    decided: int = 0  # the event that gave it its role and state

    @property
    def counts(self) -> bool:
        """Whether it gave anything: it was neither suspended nor ended, and had not run out."""
        return self.state == "active"


@dataclass(frozen=True, slots=True)
class Past:
    """An account at a moment. `decided` are the events that are named in it, by number."""

    at: dt.datetime
    closed: bool
    seats: Mapping[int, SeatThen]
    assets: frozenset[int]  # in use then

    def powers_of(self, seat: SeatThen) -> set[tuple[str, int]]:
        """Return what a seat gave: each code with its asset, or with ON_ACCOUNT."""
        if self.closed or not seat.counts:
            return set()
        return _by_role(seat.role.holds, self.assets) | {power for power in seat.grants if power[1] in self.assets}

    def who_could(self, code: str, asset_id: int = ON_ACCOUNT) -> list[SeatThen]:
        """Return the seats that gave this, in the order in which they were taken."""
        return [seat for seat in self.seats.values() if (code, asset_id) in self.powers_of(seat)]

    def present(self) -> list[SeatThen]:
        """Return the seats that had not ended."""
        return [seat for seat in self.seats.values() if seat.state != "ended"]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one seat between two moments: how it was, how it is, and the powers gained and lost."""

    before: SeatThen | None
    after: SeatThen | None
    gained: frozenset[tuple[str, int]]
    lost: frozenset[tuple[str, int]]

    @property
    def person_id(self) -> int:
        """Whose seat it is."""
        seat = self.after or self.before
        return seat.person_id if seat else 0


def account_at(account: BusinessAccount, at: dt.datetime) -> Past:
    """Return the account as it was at a moment, from its log."""
    tale, log = _Tale(), Event.objects.in_chain_of(account)
    if removal := log.named(REMOVED.name).order_by("-number").first():  # what it stood like where the log begins
        tale.hear(removal.parts["stood"], removal.parts["after"]["up_to"])
    for event in log.filter(at__lte=at).imprinted().iterator():
        tale.hear(event.parts["access"], event.number)
    return tale.end(at)


def between(earlier: Past, later: Past) -> list[Change]:
    """Return what changed for whom, the seats in the order in which they were taken."""
    changes = []
    for pk in sorted({*earlier.seats, *later.seats}):
        before, after = earlier.seats.get(pk), later.seats.get(pk)
        had = earlier.powers_of(before) if before else set()
        has = later.powers_of(after) if after else set()
        if had != has:
            changes.append(Change(before, after, frozenset(has - had), frozenset(had - has)))
    return changes


class _Tale:
    """Hears the entries of one account's events in their order, and keeps the newest of each."""

    def __init__(self) -> None:
        self.built_in = _built_in()
        self.seats: dict[int, dict[str, Any]] = {}
        self.roles: dict[int, dict[str, Any]] = {}
        self.assets: dict[int, bool] = {}
        self.closed = False
        self.since: dict[int, dict[tuple[str, int], int]] = {}
        self.lost: dict[int, dict[tuple[str, int], int]] = {}
        self.decided: dict[int, tuple[tuple, int]] = {}

    def hear(self, entries: Iterable[Mapping[str, Any]], number: int) -> None:
        touched = set()
        for entry in entries:
            if "seat" in entry:
                self.seats[entry["seat"]] = dict(entry)
                touched.add(entry["seat"])
            elif "role" in entry:
                self.roles[entry["role"]] = dict(entry)
                touched |= {pk for pk, seat in self.seats.items() if entry["role"] in (seat["role"], seat["raised"])}
            elif "asset" in entry:
                self.assets[entry["asset"]] = not entry["archived"]
                touched |= set(self.seats)
            else:
                self.closed = entry["closed"]
        for pk in touched:
            self._note_since(pk, number)

    def _note_since(self, pk: int, number: int) -> None:
        """Remember which event gave each power: the first of an unbroken row of entries in which it stands."""
        seat, had = self.seats[pk], self.since.get(pk, {})
        has = set()
        if seat["state"] == "active":
            holds = self._role(seat["raised"] or seat["role"]).holds | self._role(seat["role"]).holds
            has = _by_role(holds, self._in_use()) | {(code, asset) for asset, code, _ends in seat["grants"]}
        self.since[pk] = {power: had.get(power, number) for power in has}
        self.lost.setdefault(pk, {}).update(dict.fromkeys(had.keys() - has, number))
        standing = (seat["role"], seat["raised"], seat["state"])
        if self.decided.get(pk, ((), 0))[0] != standing:
            self.decided[pk] = (standing, number)

    def end(self, at: dt.datetime) -> Past:
        """Return how all of it stood at this moment; what had an end by then is over."""
        seats = {pk: self._seat(self.seats[pk], at) for pk in sorted(self.seats)}
        return Past(at, self.closed, seats, self._in_use())

    def _seat(self, entry: Mapping[str, Any], at: dt.datetime) -> SeatThen:
        ends, until = _moment(entry["ends"]), _moment(entry["until"])
        raised = until is not None and until > at
        state = "run out" if entry["state"] != "ended" and ends is not None and ends <= at else entry["state"]
        grants = {
            (code, asset): end
            for asset, code, end in ((asset, code, _moment(typed)) for asset, code, typed in entry["grants"])
            if end is None or end > at
        }
        return SeatThen(
            entry["seat"],
            entry["person"],
            state,
            entry["confirmed"],
            ends,
            self._role(entry["raised"] if raised else entry["role"]),
            until if raised else None,
            grants,
            self.since.get(entry["seat"], {}),
            self.lost.get(entry["seat"], {}),
            self.decided[entry["seat"]][1],
        )

    def _role(self, pk: int) -> RoleThen:
        if entry := self.roles.get(pk):
            return RoleThen(entry["name"], frozenset(entry["held"]))
        return self.built_in.get(pk, RoleThen("?", frozenset()))

    def _in_use(self) -> frozenset[int]:
        return frozenset(pk for pk, in_use in self.assets.items() if in_use)


def _by_role(holds: frozenset[str], assets: frozenset[int]) -> set[tuple[str, int]]:
    on_assets = {(code, asset) for code in holds & ASSET_CODES for asset in assets}
    return on_assets | {(code, ON_ACCOUNT) for code in holds - ASSET_CODES}


def _built_in() -> dict[int, RoleThen]:
    """Return the roles that every account has, by their ids: they are the table's, and no event's."""
    rows = Role.objects.filter(account=None).values_list("pk", "code")
    return {pk: RoleThen(str(BUILT_IN[code].name), BUILT_IN[code].holds) for pk, code in rows}


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
