"""Whom a role reaches: the members who hold it, and the offers of it that nobody has answered yet.

Offers belong to a floor above, which registers in its `ready()` how they are found and how they move to another role.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .models import Membership, Role


@dataclass(frozen=True, slots=True)
class Offered:
    """One unanswered offer of a role: its id, and to which address."""

    pk: int
    address: str


@dataclass(frozen=True, slots=True)
class Offers:
    """A kind of offers that name a role: how the unanswered ones are found, and how they move to another role."""

    find: Callable[[Role], Iterable[Offered]]
    move: Callable[[Role, Role], Any]


_kinds: list[Offers] = []


def register_offers(offers: Offers) -> None:
    """Add a kind of offers that name a role."""
    _kinds.append(offers)


@dataclass(frozen=True, slots=True)
class Reach:
    """The current members who hold a role, for a time or lastingly, and the unanswered offers of it."""

    members: list[Membership] = field(default_factory=list)
    offers: list[Offered] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.members or self.offers)

    def as_event(self) -> dict[str, Any]:
        """Return what an event keeps of it: each person and each address by name."""
        return {
            "members": [
                {"membership": row.pk, "person": str(row.person), "person_id": row.person_id} for row in self.members
            ],
            "invitations": [{"id": offer.pk, "address": offer.address} for offer in self.offers],
        }


def reach_of(role: Role) -> Reach:
    """Return whom a role that an account made reaches now, in one query for the members and one for each kind."""
    members = Membership.objects.reached_by(role).with_roles("person")
    offers = [offer for kind in _kinds for offer in kind.find(role)]
    return Reach(list(members.order_by("person__name", "pk")), offers)


def _seen(member: Membership) -> tuple[Any, ...]:
    return member.pk, member.role.pk, member.lasting_role_id, member.is_raised and member.raised_until


def move_offers(role: Role, to: Role) -> None:
    """Move the unanswered offers of a role to another. The account is locked by the caller."""
    for kind in _kinds:
        kind.move(role, to)


def fingerprint(role: Role, reach: Reach, more: Sequence[str] = ()) -> str:
    """Return a short name of what a page shows of a role and its reach, and of `more`: a yes counts only for that."""
    held = sorted(role.permissions)
    text = repr((role.pk, str(role), role.about, held, [_seen(row) for row in reach.members], reach.offers, list(more)))
    return hashlib.sha256(text.encode()).hexdigest()[:24]
