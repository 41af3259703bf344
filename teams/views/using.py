"""What a member used of what they may do, and the smaller role that would be enough, as the member's page shows it."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst

from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_ROLES, PERMISSIONS, words_for
from audit.models import Chain

from ..models import Membership, Role
from ..uses import TRACED
from ..using import Using, can_be_proposed, reason_for, smallest_role, using_of


@dataclass(frozen=True, slots=True)
class Proposal:
    """A smaller role for a member: what it takes away, why, and the fingerprint of the use on which it rests."""

    role: Role
    takes: frozenset[str]
    used: list[str]
    reason: str
    seen: str


def use_of_powers(reader: Person, member: Membership, *, hindered: bool) -> dict[str, Any]:
    """Return what the panel on a member's page shows; to a `hindered` reader nothing is proposed."""
    account, held = member.account, member.role.permissions
    using = using_of(account, [member])[member.pk]
    proposes = bool(using.unused) and not hindered and can_be_proposed(member)
    proposal = _proposal(account, using) if proposes else None
    nothing_fits = proposes and proposal is None
    return {
        "using": using,
        "rows": [_row(code, using) for code in PERMISSIONS if code in held and (code in TRACED or code in using.last)],
        "untraced": _words(held - TRACED - set(using.last)),
        "unused": _words(using.unused),
        "log_is_cut": Chain.objects.has_removed(account, 1),
        "proposal": proposal,
        "nothing_fits": nothing_fits,
        "make_url": _where_to_make_one(reader, account, member.role) if nothing_fits else "",
    }


def _proposal(account: BusinessAccount, using: Using) -> Proposal | None:
    """Return the smallest role that is enough, or None.

    It adds nothing to what the member holds: so whoever may act on the member may give it (rule 2).
    """
    held = using.member.role.permissions
    role = smallest_role(held, using.unused, Role.objects.of(account))
    if role is None:
        return None
    return Proposal(role, held - role.permissions, _words(using.used), reason_for(using, role), using.fingerprint(role))


def _row(code: str, using: Using) -> dict[str, Any]:
    return {
        "label": capfirst(words_for(code)),
        "last": using.last.get(code),
        "is_traced": code in TRACED,
        "is_unused": code in using.unused,
    }


def _words(codes: Any) -> list[str]:
    return [words_for(code) for code in PERMISSIONS if code in codes]


def _where_to_make_one(reader: Person, account: BusinessAccount, like: Role) -> str:
    """Return where the reader can make a role that is a part of another; empty for who may not."""
    if not reader.has_perm(MANAGE_ROLES, account):
        return ""
    return f"{reverse('make_role', args=[account.slug])}?from={like.code}"
