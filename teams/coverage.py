"""Who else could do it: what an account would depend on a single person for, once somebody's access has ended."""

from collections import defaultdict
from dataclasses import dataclass

from accounts.models import BusinessAccount, Person
from accounts.permissions import ACCOUNT_PERMISSIONS, ASSET_PERMISSIONS, VIEW_ACCOUNT, Permission

from .models import AssetGrant, Membership, Role


@dataclass(frozen=True, slots=True)
class SingleHanded:
    """Acts in one place that only one person is left for. `place` is an asset's name, empty for the whole account."""

    person: Person
    place: str
    acts: list[Permission]


def left_to_one(account: BusinessAccount, *, without: Membership) -> list[SingleHanded]:
    """Return what only one active member could do once `without` is gone, though two can now, role and grants counted.

    Four queries, whatever the number of members. What a policy asks beyond that (a second factor, a confirmation) is
    left aside: who lacks it can mend it.
    """
    active = Membership.objects.active().filter(account=account)
    roles = Role.objects.of(account).in_bulk()
    by_role: dict[str, set[int]] = defaultdict(set)
    for role_id, person_id in active.values_list("role_id", "person_id"):
        for code in roles[role_id].permissions:
            by_role[code].add(person_id)
    found = _narrowed(ACCOUNT_PERMISSIONS, by_role, without.person_id, place="")
    found += _narrowed(ASSET_PERMISSIONS, by_role, without.person_id, place="")
    grants = AssetGrant.objects.filter(membership__in=active, content_object__archived_at=None)
    by_asset: dict[str, dict[str, set[int]]] = {}
    for name, code, person_id in grants.values_list("content_object__name", "permission__codename", "user_id"):
        by_asset.setdefault(name, defaultdict(set))[code].add(person_id)
    told = {(person_id, code) for person_id, _place, codes in found for code in codes}
    for name, granted in sorted(by_asset.items()):
        able = {code: by_role[code] | people for code, people in granted.items()}
        for person_id, place, codes in _narrowed(ASSET_PERMISSIONS, able, without.person_id, place=name):
            if new := [code for code in codes if (person_id, code) not in told]:
                found.append((person_id, place, new))
    people = Person.objects.in_bulk({person_id for person_id, _place, _codes in found})
    words = {entry.code: entry for entry in [*ACCOUNT_PERMISSIONS, *ASSET_PERMISSIONS]}
    return [
        SingleHanded(people[person_id], place, [words[code] for code in codes]) for person_id, place, codes in found
    ]


def _narrowed(
    permissions: list[Permission], able: dict[str, set[int]], leaver: int, *, place: str
) -> list[tuple[int, str, list[str]]]:
    """Return, by the person who would be the only one left, the codes that two people or more can do now."""
    alone: dict[int, list[str]] = {}
    for entry in permissions:
        people = able.get(entry.code, set())
        left = people - {leaver}
        if entry.code != VIEW_ACCOUNT and leaver in people and len(left) == 1:
            alone.setdefault(next(iter(left)), []).append(entry.code)
    return [(person_id, place, codes) for person_id, codes in alone.items()]
