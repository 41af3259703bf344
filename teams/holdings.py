"""Reading what people hold: one person in one account, one in many accounts, many in one account.

What is read is remembered on the person, who lives as long as the request. At most two queries, whatever the number.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from accounts.access import Standing
from accounts.models import BusinessAccount, SecurityPolicy
from accounts.permissions import ASSET_CODES
from audit.planned import Planned

from .models import Membership
from .permissions import ADMINISTERS, BUILT_IN

# All that decides: of the newest membership, which is the current one where there is one, else the last that ended.
_HELD = """
SELECT DISTINCT ON (m.account_id) m.account_id,
       m.id, m.state, m.confirmed_at, m.suspended_at, m.ends_at, m.ended_at,
       r.account_id, r.code, r.name, r.held, a.closed_at, p.second_factor, p.confirmation
FROM teams_membership m
JOIN teams_role r ON r.id = m.role_id
JOIN accounts_businessaccount a ON a.id = m.account_id
JOIN accounts_securitypolicy p ON p.account_id = m.account_id
WHERE m.person_id = %s AND m.account_id {accounts}
ORDER BY m.account_id, m.id DESC
"""
_HELD_IN_ONE, _HELD_IN_MANY = _HELD.format(accounts="= %s"), _HELD.format(accounts="= ANY(%s)")
# Asset 0 stands for the second factor of the membership's person, so that both are asked at once.
_DETAILS = """
SELECT g.membership_id, g.content_object_id, q.codename, g.ends_at
FROM teams_assetgrant g JOIN auth_permission q ON q.id = g.permission_id
WHERE g.membership_id {memberships}
UNION ALL
SELECT m.id, 0, f.type, NULL
FROM teams_membership m JOIN mfa_authenticator f ON f.user_id = m.person_id AND f.type IN ('totp', 'webauthn')
WHERE m.id {memberships}
"""
_DETAILS_OF_ONE, _DETAILS_OF_MANY = _DETAILS.format(memberships="= %s"), _DETAILS.format(memberships="= ANY(%s)")
_ASK_HELD = Planned("held_in_one", "bigint, bigint", _HELD_IN_ONE)
_ASK_DETAILS = Planned("details_of_one", "bigint, bigint", _DETAILS_OF_ONE)


class Detail(NamedTuple):
    """One grant: its asset, permission and end. Asset 0: a second factor and its kind."""

    asset_id: int
    code: str
    ends_at: dt.datetime | None


@dataclass
class Access:
    """All that one person holds in one account, as the database says at one moment."""

    membership_id: int
    state: str
    confirmed_at: dt.datetime | None
    suspended_at: dt.datetime | None
    ends_at: dt.datetime | None
    ended_at: dt.datetime | None
    role_name: str
    role_permissions: frozenset[str]
    closed_at: dt.datetime | None
    second_factor_policy: str
    confirmation_policy: str

    @cached_property
    def details(self) -> list[Detail]:
        """The grants and second factors, asked for when first needed."""
        with connection.cursor() as cursor:
            _ASK_DETAILS.execute(cursor, (self.membership_id, self.membership_id))
            return [Detail(*detail) for _membership, *detail in cursor.fetchall()]

    @property
    def has_second_factor(self) -> bool:
        """Whether the person has a time code or a passkey."""
        return any(detail.asset_id == 0 for detail in self.details)

    @property
    def asks_second_factor(self) -> bool:
        """Whether the account's policy asks this person for a second factor."""
        if self.second_factor_policy == SecurityPolicy.SecondFactor.EVERYONE:
            return True
        administers = bool(self.role_permissions & ADMINISTERS)
        return administers and self.second_factor_policy == SecurityPolicy.SecondFactor.ADMINISTRATORS

    def granted(self, asset_id: int) -> frozenset[str]:
        """Return what is granted on one asset and has not run out."""
        now = timezone.now()
        mine = (detail for detail in self.details if detail.asset_id == asset_id)
        return frozenset(detail.code for detail in mine if detail.ends_at is None or detail.ends_at > now)

    def on_asset(self, asset_id: int) -> frozenset[str]:
        """Return all that role and grants give on one asset, leaving the standing aside."""
        return (self.role_permissions & ASSET_CODES) | self.granted(asset_id)

    @cached_property
    def standing(self) -> tuple[Standing, dt.datetime | None]:
        """How the person stands in the account, and since when."""
        if self.state == Membership.State.ENDED:
            return Standing.ENDED, self.ended_at
        if self.closed_at:
            return Standing.CLOSED, self.closed_at
        if self.state == Membership.State.SUSPENDED:
            return Standing.SUSPENDED, self.suspended_at
        if self.ends_at and self.ends_at <= timezone.now():
            return Standing.EXPIRED, self.ends_at
        if self.confirmed_at is None and self.confirmation_policy == SecurityPolicy.Confirmation.BEFORE:
            return Standing.UNCONFIRMED, None
        if self.asks_second_factor and not self.has_second_factor:
            return Standing.NO_SECOND_FACTOR, None
        return Standing.ACTIVE, None


def access_of(person: Any, account_id: int) -> Access | None:
    """Return what a person holds in an account, remembered on the person; None for a stranger."""
    remembered = _memory_of(person)
    if account_id not in remembered:
        with connection.cursor() as cursor:
            _ASK_HELD.execute(cursor, (person.pk, account_id))
            row = cursor.fetchone()
        remembered[account_id] = _access(row) if row else None
    return remembered[account_id]


def accesses_of(person: Any, account_ids: Iterable[int]) -> dict[int, Access]:
    """Return what a person holds in several accounts, by account, in two queries for all; remembered on the person."""
    wanted = list(account_ids)
    with connection.cursor() as cursor:
        cursor.execute(_HELD_IN_MANY, (person.pk, wanted))
        found = {row[0]: _access(row) for row in cursor.fetchall()}
    _fill_details(found.values())
    _memory_of(person).update({account_id: found.get(account_id) for account_id in wanted})
    return found


def read_many(memberships: Iterable[Membership], account: BusinessAccount) -> None:
    """Remember on each of the people what they hold in the account, in one query: asking about them costs no more.

    The memberships are current ones, with role and person; the account comes with its policy.
    """
    rows = list(memberships)
    for row in rows:
        row.account = account
    read_across(rows)


def read_across(memberships: Iterable[Membership]) -> None:
    """Remember on each of the people what they hold, as `read_many` does, in several accounts at once.

    The memberships come with role, person, and account with its policy.
    """
    rows = list(memberships)
    found = [_access_by(row, row.account) for row in rows]
    _fill_details(found)
    for row, access in zip(rows, found, strict=True):
        _memory_of(row.person)[row.account_id] = access


def _memory_of(person: Any) -> dict[int, Access | None]:
    if not hasattr(
        person, "_access"
    ):  # by attribute: `request.user` stands for the person, but has a __dict__ of its own
        person._access = {}
    return person._access


def _fill_details(accesses: Iterable[Access]) -> None:
    """Ask for the details of many at once, as if each had asked already."""
    found = {access.membership_id: access for access in accesses}
    for access in found.values():
        access.__dict__["details"] = []
    with connection.cursor() as cursor:
        cursor.execute(_DETAILS_OF_MANY, (list(found), list(found)))
        for membership_id, *detail in cursor.fetchall():
            found[membership_id].details.append(Detail(*detail))


def _access(row: Sequence[Any]) -> Access:
    _account, pk, state, confirmed, suspended, ends, ended, made_by, code, name, held, closed, factor, confirm = row
    built_in = BUILT_IN[code] if made_by is None else None
    holds = built_in.holds if built_in else frozenset(held)
    words = str(built_in.name) if built_in else name
    return Access(pk, state, confirmed, suspended, ends, ended, words, holds, closed, factor, confirm)


def _access_by(membership: Membership, account: BusinessAccount) -> Access:
    return Access(
        membership_id=membership.pk,
        state=membership.state,
        confirmed_at=membership.confirmed_at,
        suspended_at=membership.suspended_at,
        ends_at=membership.ends_at,
        ended_at=membership.ended_at,
        role_name=str(membership.role),
        role_permissions=membership.role.permissions,
        closed_at=account.closed_at,
        second_factor_policy=account.policy.second_factor,
        confirmation_policy=account.policy.confirmation,
    )
