"""People across the accounts that somebody administers: the one way to see over the walls between accounts."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM

from .authority import obstacle
from .holdings import accesses_of
from .models import Membership
from .querysets import SOON, next_end


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A person's other memberships: those that somebody may end, and those that stay, each with the reason."""

    endable: list[Membership]
    staying: list[tuple[Membership, str]]


def names_of_accounts(person: Person) -> list[str]:
    """Return the names of the accounts that a person is in; none for who is only about to sign up."""
    if person.pk is None:
        return []
    return list(Membership.objects.held_by(person).order_by("pk").values_list("account__name", flat=True))


def seats_of(person: Person, *, seen_by: Person) -> list[Membership]:
    """Return the newest membership of `person` in each open account whose team `seen_by` manages, by account name.

    Ended ones are among them. What lies in any other account is not told, not even that it is there (rule 4).
    """
    return _seats_of_each([person], seen_by=seen_by)[person.pk]


def elsewhere(member: Membership, *, seen_by: Person) -> Elsewhere:
    """Return what the person of `member` holds beside it in the accounts that `seen_by` administers."""
    return elsewhere_of_each([member], seen_by=seen_by)[member.pk]


def elsewhere_of_each(members: Collection[Membership], *, seen_by: Person) -> dict[int, Elsewhere]:
    """Return what `elsewhere` says of each of these members, by membership; in three queries for all of them."""
    seats = _seats_of_each([member.person for member in members], seen_by=seen_by)
    found = {member.pk: Elsewhere([], []) for member in members}
    for member in members:
        for row in seats[member.person_id]:
            if not row.is_current or row.account_id == member.account_id:
                continue
            if refusal := obstacle(seen_by, row.account, row):
                found[member.pk].staying.append((row, refusal.words))
            else:
                found[member.pk].endable.append(row)
    return found


def _seats_of_each(people: Collection[Person], *, seen_by: Person) -> dict[int, list[Membership]]:
    rows = Membership.objects.filter(person__in=people, account__closed_at=None)
    newest = {(row.person_id, row.account_id): row for row in rows.with_roles("account", "person").order_by("pk")}
    accesses_of(seen_by, {row.account_id for row in newest.values()})  # all at once; each question is answered from it
    seats: dict[int, list[Membership]] = {person.pk: [] for person in people}
    for row in sorted(newest.values(), key=lambda row: (row.account.name.casefold(), row.account_id)):
        if seen_by.has_perm(MANAGE_TEAM, row.account):
            seats[row.person_id].append(row)
    return seats


def administered_by(person: Person) -> list[BusinessAccount]:
    """Return the open accounts whose team `person` manages, by name; in three queries, however many there are."""
    rows = Membership.objects.held_by(person).select_related("account__policy").order_by("account__name", "account_id")
    accounts = {row.account_id: row.account for row in rows}
    accesses_of(person, accounts)  # all at once; each question below is answered from it
    return [account for account in accounts.values() if person.has_perm(MANAGE_TEAM, account)]


class PeopleOf:
    """The people with a current membership in any of some accounts, each once; of no other account (rule 4)."""

    def __init__(self, accounts: Collection[BusinessAccount]) -> None:
        ids = [account.pk for account in accounts] or [0]  # an empty list would make no question to count by
        self.seats = Membership.objects.current().filter(account__in=ids)

    def narrowed(self, wanted: Mapping[str, Any]) -> QuerySet[Person]:
        """Return those that fit a search (name, address, organisation) and a kind.

        Each has `accounts_here` (how many), `nearest_end` (of those ahead) and `has_second_factor`.
        """
        here = self.seats.filter(person=OuterRef("pk"))
        ahead = Q(first_end__gt=timezone.now())
        numbers = here.annotate(first_end=next_end()).order_by().values("person")
        numbers = numbers.annotate(many=Count("pk"), first=Min("first_end", filter=ahead))
        people = Person.objects.filter(Exists(here)).annotate(
            accounts_here=Subquery(numbers.values("many")),
            nearest_end=Subquery(numbers.values("first")),
            has_second_factor=Exists(Authenticator.objects.filter(user=OuterRef("pk"), type__in=["totp", "webauthn"])),
        )
        if text := wanted["q"]:
            of_organisation = Exists(here.filter(organisation__icontains=text))
            people = people.filter(Q(name__icontains=text) | Q(email__icontains=text) | of_organisation)
        return people.filter(Exists(here.filter(kind=wanted["kind"]))) if wanted["kind"] else people

    def in_state(self, people: QuerySet[Person], state: str) -> QuerySet[Person]:
        """Return those of one chip of the list; without one, all."""
        return people.filter(_STATES[state]()) if state else people

    def state_counts(self, people: QuerySet[Person]) -> dict[str, int]:
        """Return how many there are for each chip, in one query; all under the empty name."""
        counts = {state: Count("pk", filter=of_state()) for state, of_state in _STATES.items()}
        found = people.order_by().aggregate(all=Count("pk"), **counts)
        return {"": found.pop("all"), **found}

    def in_order(self, people: QuerySet[Person], sort: str) -> QuerySet[Person]:
        """Return them in the order of a column: name, accounts, ends, seen; with a minus the other way round."""
        columns = {"accounts": "accounts_here", "ends": "nearest_end", "seen": "last_login"}
        column = F(columns.get(sort.removeprefix("-"), "name"))
        first = column.desc(nulls_last=True) if sort.startswith("-") else column.asc(nulls_last=True)
        return people.order_by(first, "name", "email", "pk")

    def seats_by_person(
        self, people: Iterable[Person], accounts: Collection[BusinessAccount] | None = None
    ) -> dict[int, list[Membership]]:
        """Return the seats of some people in these accounts, or in some of them, by person; in one query."""
        rows = self.seats.filter(person__in=[person.pk for person in people])
        if accounts is not None:
            rows = rows.filter(account__in=[account.pk for account in accounts])
        found: dict[int, list[Membership]] = {}
        for row in rows.with_roles("account__policy", "person").order_by("account__name", "account_id"):
            found.setdefault(row.person_id, []).append(row)
        return found


_STATES: dict[str, Callable[[], Q]] = {
    "several": lambda: Q(accounts_here__gt=1),
    "no_second_factor": lambda: Q(has_second_factor=False),
    "ends_soon": lambda: Q(nearest_end__lte=timezone.now() + SOON),
}
