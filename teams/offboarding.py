"""The register of all that names a person, so that ending access can be complete, and proven (rule 13, design.md 5).

Every app with a table that names a person registers here, in its `ready()`. The two halves know nothing of each other:
a `Trace` finds and ends things, a `Reference` looks afterwards, field by field, whether anything is left.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.db.models import Count, Q
from django.utils.functional import Promise

from accounts.models import Person


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that ends: whose it is, the account it lies in, and its words for the preview and the receipt."""

    person_id: int
    account_id: int
    words: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A kind of thing, beside memberships, that ends with a person's access: how it is found, and how it is ended.

    `find` asks as many queries for many people and accounts as for one. `whenever_away`: it also ends when the person
    is suspended, or runs out. `on_return`: also when the person is brought back, and so has no use for it any more. It
    records no event: the act does.
    """

    label: str | Promise
    find: Callable[[Collection[Person], Collection[int]], Iterable[Found]]
    end: Callable[[Person, Collection[int]], Any]
    whenever_away: bool = False
    on_return: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """One field that names people, as "app.Model.field", and what of its rows is live: gives power, or waits for one.

    Without `live` it is history only. `account` is the path from a row to the id of its account; without one the row is
    the person's own. `by_address`: the field holds an e-mail address.
    """

    field: str
    label: str | Promise = ""
    live: Callable[[], Q] | None = None
    account: str = ""
    by_address: bool = False

    def rows(self, person: Person) -> Any:
        """Return the live rows that name a person."""
        label, _dot, name = self.field.rpartition(".")
        wanted = {f"{name}__in": set(addresses_of([person]))} if self.by_address else {name: person}
        rows = apps.get_model(label)._base_manager.filter(**wanted)
        return rows.filter(self.live()) if self.live else rows.none()


@dataclass(frozen=True, slots=True)
class Checked:
    """What one reference looked for, and how many it found; `account_id` is None for what is the person's own."""

    reference: Reference
    account_id: int | None
    found: int

    def as_receipt(self) -> dict[str, Any]:
        """Return what a receipt keeps of it."""
        return {"what": str(self.reference.label), "field": self.reference.field, "found": self.found}


Named = dict[str, list[str]]  # things in words, by the label of their kind
_traces: list[Trace] = []
_references: dict[str, Reference] = {}


def register_trace(trace: Trace) -> None:
    """Add a kind of thing that ends with a person's access."""
    _traces.append(trace)


def register_reference(reference: Reference) -> None:
    """Say what a field means that names people. A test walks all models and fails for one that nobody registered."""
    _references[reference.field] = reference


def registered_fields() -> set[str]:
    """Return the fields of all references."""
    return set(_references)


def what_ends(person: Person, account_ids: Collection[int]) -> dict[int, Named]:
    """Return what would end beside the memberships: by account, then by the label of its kind, in words."""
    return _found(_traces, [person], account_ids)[person.pk]


def what_ends_of_each(people: Collection[Person], account_ids: Collection[int]) -> dict[int, dict[int, Named]]:
    """Return what `what_ends` says of each of these people, by their ids, in as many queries as for one."""
    return _found(_traces, people, account_ids)


def what_ends_while_away(person: Person, account_id: int) -> Named:
    """Return what would end in one account if the person were suspended there, or ran out: by label, in words."""
    traces = [trace for trace in _traces if trace.whenever_away]
    return _found(traces, [person], [account_id])[person.pk][account_id]


def end(person: Person, account_ids: Collection[int]) -> None:
    """End all of it. The accounts are locked by the caller."""
    for trace in _traces:
        trace.end(person, account_ids)


def end_while_away(person: Person, account_id: int) -> dict[str, int]:
    """End what can't stay when a person is suspended in an account, or runs out; return how many of each kind it were.

    The account is locked by the caller, whose event keeps the numbers.
    """
    ended = what_ends_while_away(person, account_id)
    for trace in _traces:
        if trace.whenever_away:
            trace.end(person, [account_id])
    return {label: len(things) for label, things in ended.items()}


def end_on_return(person: Person, account_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """End what is of no use to who is brought back; return how many of each kind it were in each account, by label.

    The accounts are locked by the caller, whose events keep the numbers.
    """
    traces = [trace for trace in _traces if trace.on_return]
    ended = _found(traces, [person], account_ids)[person.pk]
    for trace in traces:
        trace.end(person, account_ids)
    return {account_id: {label: len(things) for label, things in here.items()} for account_id, here in ended.items()}


def residue(person: Person, account_ids: Collection[int]) -> list[Checked]:
    """Look for what is still live, by queries that share nothing with those that ended it; every reference answers."""
    checked = []
    for reference in sorted(_references.values(), key=lambda reference: str(reference.label)):
        if reference.live is None:
            continue
        rows = reference.rows(person)
        if not reference.account:
            checked.append(Checked(reference, None, rows.count()))
            continue
        here = rows.filter(**{f"{reference.account}__in": account_ids})
        counts = dict(here.order_by().values_list(reference.account).annotate(many=Count("pk")))
        checked += [Checked(reference, account_id, counts.get(account_id, 0)) for account_id in account_ids]
    return checked


def addresses_of(people: Collection[Person]) -> dict[str, set[int]]:
    """Return the addresses of these people, each with the ids of whose it is."""
    found: dict[str, set[int]] = {}
    rows = EmailAddress.objects.filter(user__in=people).values_list("email", "user_id")
    for address, person_id in [*((person.email, person.pk) for person in people), *rows]:
        found.setdefault(address, set()).add(person_id)
    return found


def _found(
    traces: Iterable[Trace], people: Collection[Person], account_ids: Collection[int]
) -> dict[int, dict[int, Named]]:
    """Return what some traces find, by person, then by account."""
    ends: dict[int, dict[int, Named]] = {person.pk: {account_id: {} for account_id in account_ids} for person in people}
    for trace in traces:
        for found in trace.find(people, account_ids):
            ends[found.person_id][found.account_id].setdefault(str(trace.label), []).append(found.words)
    return ends
