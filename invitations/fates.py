"""What becomes of each row of a list, foreseen: what the act of inviting would say, for thousands at once."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount
from accounts.normalising import normal_address, plain_name
from teams.authority import lacking
from teams.models import Membership, Role
from teams.policies import no_seat_left, require_domain, seats_left

from .models import Import, ImportRow, Invitation

LONGEST_MESSAGE = 1_000
Fate = ImportRow.Fate


def foresee(listing: Import, account: BusinessAccount, *, by: Any) -> list[ImportRow]:
    """Return the rows of a list as they would be settled if `by` started it now. A fixed number of queries.

    The rows are changed in memory only. What is found here is told before anything happens; each invitation asks all
    of it again, under its lock.
    """
    rows = list(listing.rows.order_by("number"))
    for row in rows:
        _read(row, listing)
    addresses = {row.address for row in rows if row.address}
    known = _Known(account, by, addresses)
    seen: dict[str, int] = {}
    for row in rows:
        if row.fate == Fate.WAITING:
            row.role = known.role(_cell(row, listing, "role"), listing)
            row.fate, row.problem = known.fate(row, seen, _cell(row, listing, "role"))
        if row.fate == Fate.WAITING:
            seen[row.address] = row.number
    return rows


def fingerprint(rows: Iterable[ImportRow]) -> str:
    """Return a short name of exactly who would be invited as what."""
    ready = [(row.number, row.address, row.role_id, row.message) for row in rows if row.fate == Fate.WAITING]
    return hashlib.sha256(repr(ready).encode()).hexdigest()[:24]


def tally(rows: Iterable[ImportRow]) -> dict[str, int]:
    """Return how many rows there are of each fate."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.fate] = counts.get(row.fate, 0) + 1
    return counts


def matching(rows: Sequence[ImportRow], fate: str, text: str) -> list[ImportRow]:
    """Return the rows of one fate (all where none is named) that fit a search."""
    wanted = text.casefold()
    return [row for row in rows if (not fate or row.fate == fate) and wanted in row.shown.casefold()]


def _cell(row: ImportRow, listing: Import, name: str) -> str:
    place = listing.columns.get(name)
    return row.typed[place].strip() if place is not None and place < len(row.typed) else ""


def _read(row: ImportRow, listing: Import) -> None:
    """Read address and message from the columns that were chosen for them."""
    typed = _cell(row, listing, "address")
    row.shown, row.fate, row.problem = plain_name(typed)[:254], Fate.WAITING, ""
    row.message = _cell(row, listing, "message") or listing.message
    try:
        row.address = normal_address(typed)
    except ValidationError as problem:
        row.address, row.fate, row.problem = "", Fate.BAD_ADDRESS, problem.messages[0]


class _Known:
    """What is asked of the database once for all rows."""

    def __init__(self, account: BusinessAccount, by: Any, addresses: set[str]) -> None:
        self.account, self.by = account, by
        members = Membership.objects.current().filter(account=account, person__email__in=addresses)
        self.members = set(members.values_list("person__email", flat=True))
        opened = Invitation.objects.open().filter(account=account, address__in=addresses)
        self.invited = set(opened.values_list("address", flat=True))
        self.room = seats_left(account)
        self.roles: dict[str, Role] = {}
        for role in Role.objects.of(account):  # one that the account made goes before a built-in one of its name
            self.roles[role.code.casefold()] = self.roles[str(role).casefold()] = role
        self.hindered: dict[int, tuple[str, str]] = {}

    def role(self, typed: str, listing: Import) -> Role | None:
        """Return the role that a row names, or the one for rows that name none."""
        if typed:
            return self.roles.get(typed.casefold())
        return next((role for role in self.roles.values() if role.pk == listing.role_id), None)

    def fate(self, row: ImportRow, seen: dict[str, int], typed: str) -> tuple[str, str]:
        """Return what becomes of a row that has an address, in the order in which inviting checks."""
        words = {"address": row.address}
        if row.role is None:
            unknown = _("There is no role “%(role)s” in this account.") % {"role": plain_name(typed)[:60]}
            return Fate.BAD_ROLE, unknown if typed else _("The row names no role, and none was chosen for such rows.")
        if row.role.pk not in self.hindered:
            self.hindered[row.role.pk] = self._hindrance(row.role)
        fate, problem = self.hindered[row.role.pk]
        if fate == Fate.NOT_GIVEN:
            return fate, problem
        if row.address == self.by.email or row.address in self.members:
            return Fate.MEMBER, _("%(address)s is a member already.") % words
        try:
            require_domain(self.account, row.address)
        except PolicyViolation as refusal:
            return Fate.REFUSED, refusal.words
        if row.address in self.invited:
            return Fate.OPEN, _("%(address)s has an open invitation already.") % words
        if row.address in seen:
            return Fate.REPEATED, _("Row %(number)d has the same address.") % {"number": seen[row.address]}
        if len(row.message) > LONGEST_MESSAGE:
            return Fate.REFUSED, _("The message is longer than %(most)d letters.") % {"most": LONGEST_MESSAGE}
        return fate, problem

    def _hindrance(self, role: Role) -> tuple[str, str]:
        if role.is_owner:
            return Fate.NOT_GIVEN, _("Ownership can’t be offered by an invitation. It moves by a transfer.")
        if refusal := lacking(self.by, self.account, role.permissions):
            return Fate.NOT_GIVEN, refusal.words
        if role.administers and self.room <= 0:
            return Fate.NO_ROOM, no_seat_left(self.account).words
        return Fate.WAITING, ""
