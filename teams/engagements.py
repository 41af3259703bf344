"""The people of one organisation in an account: an agency's engagement, and those of contractors' firms.

An organisation is a text on each membership and invitation. Two spellings that differ in case, width or punctuation
mean the same one. Offers belong to a floor above, which registers in its `ready()` how an organisation's are found.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import MissingPermission, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.normalising import name_key
from accounts.permissions import OWN_ACCOUNT

from .models import OUTSIDE, Membership
from .querysets import MembershipQuerySet


@dataclass(frozen=True, slots=True)
class Offer:
    """One open invitation of an organisation's person: its id and its words for the preview and the receipt."""

    pk: int
    organisation: str
    words: str


@dataclass(frozen=True, slots=True)
class Offers:
    """A kind of offers that name an organisation.

    `find` returns those in an account that are open to people from outside, `end` ends some of them by id and writes
    no event, `left` returns the organisations of what is still open, by a query that shares nothing with `find`.
    """

    label: Any
    find: Callable[[int], Iterable[Offer]]
    end: Callable[[Collection[int]], Any]
    left: Callable[[int], Iterable[str]]


_kinds: list[Offers] = []


def register_offers(offers: Offers) -> None:
    """Add a kind of offers that name an organisation."""
    _kinds.append(offers)


def key_of(organisation: str) -> str:
    """Return the key of an organisation in an address: the same for all spellings of one name."""
    compared = name_key(organisation) or organisation.strip().casefold()
    readable = "".join(sign for sign in compared if sign.isascii() and sign.isalnum())[:40]
    digest = hashlib.sha256(compared.encode()).hexdigest()[:10]
    return f"{readable}-{digest}" if readable else digest


@dataclass
class Engagement:
    """An organisation in an account, with its current members there, by name, and what is offered to others of it.

    The members are memberships with `has_second_factor` on each.
    """

    key: str
    members: list[Any] = field(default_factory=list)
    offers: list[tuple[Offers, Offer]] = field(default_factory=list)

    @property
    def organisation(self) -> str:
        """The name as most spell it; of two that are spelt equally often, the first in the alphabet."""
        spelt = Counter(row.organisation for row in self.members)
        return min(spelt, key=lambda name: (-spelt[name], name))

    @property
    def spellings(self) -> list[str]:
        """All spellings that are in use, where there are several."""
        found = sorted({row.organisation for row in self.members})
        return found if len(found) > 1 else []

    @property
    def kinds(self) -> list[str]:
        """What kinds of people these are, in words."""
        return sorted({row.get_kind_display() for row in self.members})

    @property
    def sponsors(self) -> list[Person]:
        """Who answers for them, each once."""
        found = {row.sponsor_id: row.sponsor for row in self.members if row.sponsor}
        return sorted(found.values(), key=lambda person: (str(person), person.pk))

    @property
    def without_sponsor(self) -> int:
        """For how many nobody answers."""
        return sum(row.sponsor_id is None for row in self.members)

    @property
    def ends(self) -> list[Any]:
        """The nearest and the latest end; the latest is None where somebody has none. Empty without any end."""
        found = sorted(row.ends_at for row in self.members if row.ends_at)
        if not found:
            return []
        return [found[0], found[-1] if len(found) == len(self.members) else None]

    @property
    def without_factor(self) -> int:
        """How many have no second factor."""
        return sum(not row.has_second_factor for row in self.members)

    def fingerprint(self) -> str:
        """Return a short name of who and what would end: a yes counts only for that."""
        people = sorted((row.pk, row.role.pk, row.state) for row in self.members)
        offers = sorted((str(kind.label), offer.pk) for kind, offer in self.offers)
        return hashlib.sha256(repr((self.key, people, offers)).encode()).hexdigest()[:24]


def from_outside(account: BusinessAccount) -> MembershipQuerySet:
    """Return the current members of an account who come from an organisation outside."""
    return Membership.objects.current().filter(account=account, kind__in=OUTSIDE).exclude(organisation="")


def engagements_in(account: BusinessAccount) -> list[Engagement]:
    """Return the organisations with current members in an account, by name; in one query for all of them."""
    found: dict[str, Engagement] = {}
    rows = from_outside(account).with_second_factor().with_roles("person", "sponsor")
    for row in rows.order_by("person__name", "person__email", "pk"):
        row.account = account
        key = key_of(row.organisation)
        found.setdefault(key, Engagement(key)).members.append(row)
    return sorted(found.values(), key=lambda one: (one.organisation.casefold(), one.key))


def engagement_of(account: BusinessAccount, key: str) -> Engagement:
    """Return one organisation's members and open offers; without any where no current member is of it."""
    found = next((one for one in engagements_in(account) if one.key == key), Engagement(key))
    if found.members:
        found.offers = [
            (kind, offer) for kind in _kinds for offer in kind.find(account.pk) if key_of(offer.organisation) == key
        ]
    return found


def end_offers(engagement: Engagement) -> None:
    """End what is offered to others of the organisation. The account is locked by the caller."""
    for kind in _kinds:
        kind.end([offer.pk for of, offer in engagement.offers if of is kind])


def residue(account: BusinessAccount, key: str) -> list[dict[str, Any]]:
    """Look for what is left of an organisation, by queries that share nothing with those that ended it."""
    members = Membership._base_manager.filter(account_id=account.pk).exclude(ended_at__isnull=False)
    names = members.filter(kind__in=OUTSIDE).values_list("organisation", flat=True)
    checked: list[tuple[str, str, Iterable[str]]] = [
        (_("Memberships of people of this organisation"), "teams.Membership.organisation", names)
    ]
    checked += [(str(kind.label), "", kind.left(account.pk)) for kind in _kinds]
    return [
        {"what": what, "field": where, "found": sum(key_of(name) == key for name in found if name)}
        for what, where, found in checked
    ]


def hindrance(by: Person, account: BusinessAccount, members: Sequence[Membership]) -> Any:
    """Return why `by` can't end an engagement, or None: it is all or nothing, so one person is enough (rules 2, 3)."""
    if any(row.person_id == by.pk for row in members):
        return PolicyViolation(
            _("You belong to this engagement yourself, and nobody ends their own access so. Ask the owner.")
        )
    if any(row.person_id == account.owner_id for row in members):
        return PolicyViolation(_("The owner can’t be changed or removed. Ownership moves by a transfer only."))
    managing = [str(row.person) for row in members if row.role.administers]
    if managing and by.pk != account.owner_id:
        words = ngettext(
            "%(people)s manages the team, so only the owner can end this engagement.",
            "%(people)s manage the team, so only the owner can end this engagement.",
            len(managing),
        )
        return MissingPermission(OWN_ACCOUNT, account, words % {"people": ", ".join(managing)})
    return None
