"""What people used of what they may do in an account: when last, what not for long, and the role that would be enough.

The number of queries is the same for any number of people, and their cost does not grow with the number of events.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import BusinessAccount
from accounts.permissions import PERMISSIONS, words_for
from audit.models import Event

from .models import Membership, PendingAct, Role
from .permissions import NEEDED_FOR
from .uses import CHANGING, GIVING, RESTORED, TRACED, UNUSED_AFTER, permissions_used_by

Source = Callable[[BusinessAccount, Collection[int]], Iterable[tuple[int, str, dt.datetime]]]


@dataclass(frozen=True, slots=True)
class Using:
    """What one member used of the role that counts: since when they hold it, and when each permission was used last."""

    member: Membership
    since: dt.datetime
    last: Mapping[str, dt.datetime]
    now: dt.datetime

    @property
    def limit(self) -> dt.datetime:
        """Since when a power must have been used, not to count as unused."""
        return self.now - UNUSED_AFTER

    @property
    def is_new(self) -> bool:
        """Whether the role is held for too short a time to say that anything of it is not used."""
        return self.since > self.limit

    @property
    def used(self) -> list[str]:
        """What was used of late, of the permissions whose use leaves a trace, in the order of the table."""
        held = self.member.role.permissions & TRACED
        return [code for code in PERMISSIONS if code in held and self._is_used(code)]

    @property
    def unused(self) -> list[str]:
        """What was not used for long, of the permissions whose use leaves a trace, in the order of the table."""
        held = frozenset() if self.is_new else self.member.role.permissions & TRACED
        return [code for code in PERMISSIONS if code in held and not self._is_used(code)]

    def _is_used(self, code: str) -> bool:
        return code in self.last and self.last[code] >= self.limit

    def fingerprint(self, smaller: Role) -> str:
        """Return a short name of what the proposal of a role rests on: a yes counts only for that."""
        shown = [(role.pk, sorted(role.permissions)) for role in (self.member.role, smaller)]
        return hashlib.sha256(repr((shown, self.unused)).encode()).hexdigest()[:24]


def using_of(account: BusinessAccount, members: Sequence[Membership]) -> dict[int, Using]:
    """Return by membership what these members of an account, who come with their roles, used of what they hold."""
    now, since = timezone.now(), held_since(account, members)
    last = last_uses(account, [member.person_id for member in members])
    return {member.pk: Using(member, since[member.pk], last[member.person_id], now) for member in members}


def last_uses(account: BusinessAccount, people: Collection[int]) -> dict[int, dict[str, dt.datetime]]:
    """Return by person when they used each permission last in an account, as far as any source tells it.

    What was refused is no use.
    """
    found: dict[int, dict[str, dt.datetime]] = {person: {} for person in people}
    for source in SOURCES:
        for person, code, at in source(account, found):
            found[person][code] = max(at, found[person].get(code, at))
    return found


def _by_acts(account: BusinessAccount, people: Collection[int]) -> Iterable[tuple[int, str, dt.datetime]]:
    """Tell what people used by what they did, as the log says."""
    for person, acts in Event.objects.newest_acts(account, people).items():
        for name, at in acts.items():
            for code in permissions_used_by(name):
                yield person, code, at


def _by_approvals(account: BusinessAccount, people: Collection[int]) -> Iterable[tuple[int, str, dt.datetime]]:
    """Tell what people used by approving what others asked for: it takes the same permission."""
    rows = PendingAct.objects.filter(account=account, approved_by__in=people, approved_at__isnull=False).order_by()
    for person, act, at in rows.values_list("approved_by", "act").annotate(last=Max("approved_at")):
        yield person, NEEDED_FOR[act], at


SOURCES: tuple[Source, ...] = (_by_acts, _by_approvals)  # whatever else shows that a permission was used is told here


def held_since(account: BusinessAccount, members: Sequence[Membership]) -> dict[int, dt.datetime]:
    """Return by membership since when the person can use what the role that counts gives; of long ago, the joining.

    That is the last time within UNUSED_AFTER that the role was given or the member restored; of a role that the account
    made also that it was edited to hold something else, or took the place of a retired one.
    """
    log = Event.objects.in_chain_of(account).filter(result=Event.Result.DONE)
    lately = log.between(timezone.now() - UNUSED_AFTER, None).order_by()
    given = lately.named(*GIVING, RESTORED).filter(about_id__in=[member.person_id for member in members])
    last = dict(given.values_list("about_id").annotate(last=Max("at")))
    found = {member.pk: max(member.joined_at, last.get(member.person_id, member.joined_at)) for member in members}
    for event in lately.named(*CHANGING):
        for row in event.parts["after"]["members"]:
            if row["membership"] in found:
                found[row["membership"]] = max(found[row["membership"]], event.at)
    return found


def smaller_roles(held: frozenset[str], roles: Iterable[Role]) -> list[Role]:
    """Return those of the roles that hold a part of `held` and nothing beside it, the largest first."""
    fitting = [role for role in roles if not role.is_owner and role.permissions < held]
    return sorted(fitting, key=lambda role: (-len(role.permissions), role.position, role.pk))


def smallest_role(held: frozenset[str], unused: Collection[str], roles: Iterable[Role]) -> Role | None:
    """Return the smallest of the roles that holds all of `held` that is not known to be unused, or None."""
    needed = held - set(unused)
    covering = [role for role in smaller_roles(held, roles) if needed <= role.permissions]
    return covering[-1] if covering and unused else None


def can_be_proposed(member: Membership) -> bool:
    """Say whether a smaller role can be proposed at all: for who has power, lastingly, and is not the owner.

    A role for a time ends by itself; one that waits for its confirmation is decided there.
    """
    has_power = member.state == Membership.State.ACTIVE and not member.is_expired and member.confirmed_at is not None
    return has_power and not member.is_raised and not member.role.is_owner


def reason_for(using: Using, role: Role) -> str:
    """Return in words why a smaller role is enough, for the log."""
    words = {
        "day": f"{using.limit:%Y-%m-%d}",
        "acts": ", ".join(words_for(code) for code in using.unused),
        "role": role,
    }
    return _("Not used since %(day)s: %(acts)s. %(role)s covers the rest.") % words
