"""Who can do what else nobody can: what an account depends on a single person for, now or once somebody is gone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import (
    ACCOUNT_PERMISSIONS,
    ASSET_CODES,
    ASSET_PERMISSIONS,
    OWN_ACCOUNT,
    PERMISSIONS,
    VIEW_ACCOUNT,
    Permission,
)

from .models import AssetGrant, Membership, Role
from .querysets import MembershipQuerySet, role_now

Lone = dict[tuple[int, str], list[Permission]]  # by person and place, what only that person can do there
ALWAYS_ALONE = {VIEW_ACCOUNT, OWN_ACCOUNT}  # no act that others depend on; and the owner is one person by design


@dataclass(frozen=True, slots=True)
class SingleHanded:
    """Acts in one place that only one person can do. `place` is an asset's name, empty for the whole account."""

    person: Person
    place: str
    acts: list[Permission]


@dataclass(frozen=True, slots=True)
class _Able:
    """Who can do which permissions in one place: codes to the ids of people."""

    place: str
    permissions: list[Permission]
    people: dict[str, set[int]]


def done_by_one(account: BusinessAccount) -> list[SingleHanded]:
    """Return what only one active member can do in an account now."""
    return _told([_lone(able, able.people) for able in _able(account)])


def done_by_one_in_each(account_ids: Collection[int]) -> dict[int, list[SingleHanded]]:
    """Return what `done_by_one` says of each of these accounts, in as many queries."""
    found = _able_in_each(account_ids)
    return _told_of_each({pk: [_lone(able, able.people) for able in ables] for pk, ables in found.items()})


def left_to_one(account: BusinessAccount, *, without: Membership) -> list[SingleHanded]:
    """Return what only one active member could do once `without` is gone, though that member can do it too now."""
    return left_after(account, losing=_everything([without.person_id]))


def left_to_one_in_each(leaving: Collection[Membership]) -> dict[int, list[SingleHanded]]:
    """Return what `left_to_one` says of each of these members, one of each account, by account; in as many queries."""
    found = _able_in_each([row.account_id for row in leaving])
    lone = {
        row.account_id: [
            _lone(able, _people_left(able, _everything([row.person_id]))) for able in found[row.account_id]
        ]
        for row in leaving
    }
    return _told_of_each(lone)


def left_after(account: BusinessAccount, *, losing: Mapping[str, Collection[int]]) -> list[SingleHanded]:
    """Return what only one active member could do once people lose permissions: `losing` has, by code, their ids."""
    return _told([_lone(able, _people_left(able, losing)) for able in _able(account)])


def left_to_nobody(account: BusinessAccount, *, losing: Collection[int]) -> list[Permission]:
    """Return what nobody could do in the account once these people lose all power, though somebody can now."""
    by_role = [able for able in _able(account) if not able.place]
    left = [(able, _people_left(able, _everything(losing))) for able in by_role]
    return [entry for able, people in left for entry in able.permissions if people.get(entry.code) == set()]


@dataclass(frozen=True, slots=True)
class Change:
    """What one person would get and lose on one asset."""

    asset: Asset
    person_id: int
    gets: frozenset[str] = frozenset()
    loses: frozenset[str] = frozenset()


def left_on_assets(account: BusinessAccount, changes: Collection[Change]) -> list[SingleHanded]:
    """Return what of the things that somebody loses on an asset only one active member could do there afterwards."""
    found = _by_grants(_active([account.pk]), {change.asset.pk for change in changes})
    by_role = _by_role([account.pk])[account.pk]
    places = []
    for asset in {change.asset.pk: change.asset for change in changes}.values():
        people = {code: by_role[code] | found[asset.pk][code] for code in ASSET_CODES}
        here = [change for change in changes if change.asset.pk == asset.pk]
        lost = {code for change in here for code in change.loses if change.person_id in people[code]}
        for change in here:
            for code in change.gets:
                people[code].add(change.person_id)
            for code in change.loses:
                people[code].discard(change.person_id)
        places.append(_Able(asset.name, ASSET_PERMISSIONS, {code: people[code] for code in lost}))
    return _told([_lone(able, able.people) for able in places])


def alone_on(account: BusinessAccount, asset: Asset) -> list[SingleHanded]:
    """Return what only one active member can do on an asset now."""
    by_role = _by_role([account.pk])[account.pk]
    granted = _by_grants(_active([account.pk]), {asset.pk})[asset.pk]
    people = {code: by_role[code] | granted[code] for code in ASSET_CODES}
    return _told([_lone(_Able("", ASSET_PERMISSIONS, people), people)])


def _everything(people: Collection[int]) -> dict[str, Collection[int]]:
    """Return the loss of all power by some people, as `left_after` takes it."""
    return dict.fromkeys(PERMISSIONS, people)


def _people_left(able: _Able, losing: Mapping[str, Collection[int]]) -> dict[str, set[int]]:
    """Return who is left for what somebody loses."""
    gone = {code: people & set(losing.get(code, ())) for code, people in able.people.items()}
    return {code: people - gone[code] for code, people in able.people.items() if gone[code]}


def _able(account: BusinessAccount) -> list[_Able]:
    """Read who can do what in one account."""
    return _able_in_each([account.pk])[account.pk]


def _able_in_each(account_ids: Collection[int]) -> dict[int, list[_Able]]:
    """Read who can do what by role and by grants, in three queries whatever the number of accounts and members.

    What a policy asks beyond that (a second factor, a confirmation) is left aside: who lacks it can mend it.
    """
    by_role = _by_role(account_ids)
    grants = AssetGrant.objects.lasting().filter(membership__in=_active(account_ids), content_object__archived_at=None)
    by_asset: dict[int, dict[str, dict[str, set[int]]]] = {account_id: {} for account_id in account_ids}
    columns = ("membership__account_id", "content_object__name", "permission__codename", "user_id")
    for account_id, name, code, person_id in grants.values_list(*columns):
        people = by_asset[account_id].setdefault(name, {})
        people.setdefault(code, set(by_role[account_id][code])).add(person_id)
    return {
        account_id: [
            _Able("", ACCOUNT_PERMISSIONS, by_role[account_id]),
            _Able("", ASSET_PERMISSIONS, by_role[account_id]),
            *(_Able(name, ASSET_PERMISSIONS, people) for name, people in sorted(by_asset[account_id].items())),
        ]
        for account_id in account_ids
    }


def _active(account_ids: Collection[int]) -> MembershipQuerySet:
    return Membership.objects.active().filter(account__in=account_ids)


def _by_role(account_ids: Collection[int]) -> dict[int, dict[str, set[int]]]:
    """Return by account and code the ids of the active people whose role holds it."""
    seats = list(_active(account_ids).annotate(held=role_now()).values_list("account_id", "held", "person_id"))
    # After the seats: a role may be new.
    roles = Role.objects.in_bulk({role_id for _account, role_id, _person in seats})
    by_role: dict[int, dict[str, set[int]]] = {account_id: defaultdict(set) for account_id in account_ids}
    for account_id, role_id, person_id in seats:
        for code in roles[role_id].permissions:
            by_role[account_id][code].add(person_id)
    return by_role


def _by_grants(active: MembershipQuerySet, asset_ids: Collection[int]) -> dict[int, dict[str, set[int]]]:
    """Return by asset and code the ids of the people to whom it is granted."""
    found: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    rows = AssetGrant.objects.lasting().filter(membership__in=active, content_object__in=asset_ids)
    for asset_id, code, person_id in rows.values_list("content_object_id", "permission__codename", "user_id"):
        found[asset_id][code].add(person_id)
    return found


def _lone(able: _Able, people: dict[str, set[int]]) -> Lone:
    """Return, by person and place, the acts that exactly one of `people` can do."""
    found: Lone = {}
    for entry in able.permissions:
        left = people.get(entry.code, set())
        if entry.code not in ALWAYS_ALONE and len(left) == 1:
            found.setdefault((next(iter(left)), able.place), []).append(entry)
    return found


def _told(places: Iterable[Lone]) -> list[SingleHanded]:
    """Put the places of one account together, as `_told_of_each` does."""
    return _told_of_each({0: places})[0]


def _told_of_each(found: Mapping[int, Iterable[Lone]]) -> dict[int, list[SingleHanded]]:
    """Put the places of each account together; what holds for the whole account is not told again for one asset."""
    told: dict[int, Lone] = {account_id: {} for account_id in found}
    for account_id, places in found.items():
        rows = told[account_id]
        for (person_id, name), acts in [one for place in places for one in place.items()]:
            everywhere = rows.get((person_id, ""), []) if name else []
            if new := [act for act in acts if act not in everywhere]:
                rows.setdefault((person_id, name), []).extend(new)
    people = Person.objects.in_bulk({person_id for rows in told.values() for person_id, _place in rows})
    return {
        account_id: [SingleHanded(people[person_id], place, acts) for (person_id, place), acts in rows.items()]
        for account_id, rows in told.items()
    }
