"""The answer to "may this person do that here?", and why (rule 1). The one place where it is decided.

At most two queries per person and account; what they found is kept on the person, who lives as long as the request.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import Answer, Standing
from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy
from accounts.permissions import ASSET_CODES, PERMISSIONS, words_for

from .models import Membership
from .permissions import ADMINISTERS, BUILT_IN

# The columns that decide, of the newest membership: the current one where there is one, else the last that ended.
_MEMBERSHIP = """
SELECT m.id, m.state, m.confirmed_at, m.suspended_at, m.ends_at, m.ended_at,
       r.account_id, r.code, r.name, r.held, a.closed_at, p.second_factor, p.confirmation
FROM teams_membership m
JOIN teams_role r ON r.id = m.role_id
JOIN accounts_businessaccount a ON a.id = m.account_id
JOIN accounts_securitypolicy p ON p.account_id = m.account_id
WHERE m.account_id = %s AND m.person_id = %s
ORDER BY m.id DESC LIMIT 1
"""
_MEMBERSHIPS = """
SELECT DISTINCT ON (m.account_id) m.account_id,
       m.id, m.state, m.confirmed_at, m.suspended_at, m.ends_at, m.ended_at,
       r.account_id, r.code, r.name, r.held, a.closed_at, p.second_factor, p.confirmation
FROM teams_membership m
JOIN teams_role r ON r.id = m.role_id
JOIN accounts_businessaccount a ON a.id = m.account_id
JOIN accounts_securitypolicy p ON p.account_id = m.account_id
WHERE m.person_id = %s AND m.account_id = ANY(%s)
ORDER BY m.account_id, m.id DESC
"""
# Asset 0 stands for the second factor, so that both are asked at once.
_GRANTS = """
SELECT g.content_object_id, q.codename, g.ends_at
FROM teams_assetgrant g JOIN auth_permission q ON q.id = g.permission_id
WHERE g.membership_id = %s
UNION ALL
SELECT 0, f.type, NULL FROM mfa_authenticator f WHERE f.user_id = %s AND f.type IN ('totp', 'webauthn')
"""


# The same for many at once: the memberships, the account, and the people of those memberships.
_GRANTS_OF_MANY = """
SELECT g.membership_id, g.content_object_id, q.codename, g.ends_at
FROM teams_assetgrant g JOIN auth_permission q ON q.id = g.permission_id
WHERE g.membership_id = ANY(%s)
UNION ALL
SELECT m.id, 0, f.type, NULL
FROM mfa_authenticator f JOIN teams_membership m ON m.person_id = f.user_id AND m.account_id = %s AND m.state != 'ended'
WHERE f.user_id = ANY(%s) AND f.type IN ('totp', 'webauthn')
"""
_ALL_GRANTS = """
SELECT g.membership_id, g.content_object_id, q.codename, g.ends_at
FROM teams_assetgrant g JOIN auth_permission q ON q.id = g.permission_id
WHERE g.membership_id = ANY(%s)
UNION ALL
SELECT 0, 0, f.type, NULL FROM mfa_authenticator f WHERE f.user_id = %s AND f.type IN ('totp', 'webauthn')
"""


@dataclass(frozen=True)
class Access:
    """All that one person holds in one account, as the database says at one moment."""

    person_id: int
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
    def _details(self) -> list[tuple[int, str, dt.datetime | None]]:
        with connection.cursor() as cursor:
            cursor.execute(_GRANTS, (self.membership_id, self.person_id))
            return cursor.fetchall()

    @property
    def has_second_factor(self) -> bool:
        """Whether the person has a time code or a passkey."""
        return any(asset == 0 for asset, _code, _end in self._details)

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
        return frozenset(code for asset, code, end in self._details if asset == asset_id and (end is None or end > now))

    def on_asset(self, asset_id: int) -> frozenset[str]:
        """Return all that role and grants give on one asset, leaving the standing aside."""
        return (self.role_permissions & ASSET_CODES) | self.granted(asset_id)

    @cached_property
    def standing(self) -> tuple[Standing, dt.datetime | None]:
        """How the person stands in the account, and since when."""
        if self.state == "ended":
            return Standing.ENDED, self.ended_at
        if self.closed_at:
            return Standing.CLOSED, self.closed_at
        if self.state == "suspended":
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
    remembered = person.__dict__.setdefault("_access", {})
    if account_id not in remembered:
        remembered[account_id] = _ask(person.pk, account_id)
    return remembered[account_id]


def read_many(memberships: Iterable[Membership], account: BusinessAccount) -> None:
    """Remember on each of the people what they hold in the account, in one query: asking about them costs no more.

    The memberships are current ones, with role and person; the account comes with its policy.
    """
    rows = list(memberships)
    details: dict[int, list[tuple[int, str, dt.datetime | None]]] = {row.pk: [] for row in rows}
    with connection.cursor() as cursor:
        cursor.execute(_GRANTS_OF_MANY, ([row.pk for row in rows], account.pk, [row.person_id for row in rows]))
        for membership_id, *detail in cursor.fetchall():
            details[membership_id].append(tuple(detail))
    for row in rows:
        access = _access_by(row, account)
        access.__dict__["_details"] = details[row.pk]
        row.person.__dict__.setdefault("_access", {})[account.pk] = access


def who_would_lose(
    memberships: Iterable[Membership], account: BusinessAccount, *, second_factor: str, confirmation: str
) -> list[Membership]:
    """Return the members who have power now and would have none under another policy, until they do what it asks."""
    rows = list(memberships)
    read_many(rows, account)
    losing = []
    for row in rows:
        now = access_of(row.person, account.pk)
        then = replace(now, second_factor_policy=second_factor, confirmation_policy=confirmation)
        then.__dict__["_details"] = now._details
        if now.standing[0] is Standing.ACTIVE and then.standing[0] is not Standing.ACTIVE:
            losing.append(row)
    return losing


def explain(person: Any, code: str, obj: Any) -> Answer:
    """Answer whether a person may do `code` on an account or an asset, and say why (rule 1).

    Raises ValueError for a name that is not in the table, or one that is asked on the wrong kind of thing: a bug must
    not read as a "no".
    """
    permission = PERMISSIONS.get(code)
    if permission is None or not isinstance(obj, BusinessAccount | Asset):
        raise ValueError(f"{code!r} cannot be asked on {obj!r}")
    asset = obj if isinstance(obj, Asset) else None
    if (asset is None) == (code in ASSET_CODES):
        raise ValueError(f"{code!r} is asked on an {permission.on}, not on {obj!r}")
    account_id = asset.account_id if asset else obj.pk
    if not isinstance(person, Person) or not person.is_active:
        return Answer(False, Standing.STRANGER, _("Nobody is signed in, or the sign-in is switched off."))
    access = access_of(person, account_id)
    if access is None:
        return Answer(False, Standing.STRANGER, _("Not a member of this account."))
    standing, since = access.standing
    if standing is not Standing.ACTIVE:
        return Answer(False, standing, _STANDING_WORDS[standing](), since)
    if asset and asset.archived_at:
        return Answer(False, standing, _("The asset is archived."), asset.archived_at)
    if code in access.role_permissions:
        return Answer(True, standing, _("By the role %(role)s.") % {"role": access.role_name})
    if asset and code in access.granted(asset.pk):
        return Answer(True, standing, _("By a grant on %(asset)s.") % {"asset": asset})
    held = {"role": access.role_name, "act": words_for(code)}
    return Answer(False, standing, _("The role %(role)s does not hold “%(act)s”, and no grant gives it.") % held)


_STANDING_WORDS = {
    Standing.ENDED: lambda: _("The membership has ended."),
    Standing.CLOSED: lambda: _("The account is closed."),
    Standing.SUSPENDED: lambda: _("The membership is suspended."),
    Standing.EXPIRED: lambda: _("The membership has run out."),
    Standing.UNCONFIRMED: lambda: _("The role still waits for an administrator to confirm it."),
    Standing.NO_SECOND_FACTOR: lambda: _("The account asks for a second factor, and none is set up."),
}


def _access_by(membership: Membership, account: BusinessAccount) -> Access:
    return Access(
        person_id=membership.person_id,
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


def accesses_of(person: Any, account_ids: Iterable[int]) -> dict[int, Access]:
    """Return what a person holds in several accounts, by account, in two queries for all; remembered on the person.

    For pages that show many accounts of one person: asked one by one, each would cost two queries.
    """
    wanted = list(account_ids)
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERSHIPS, (person.pk, wanted))
        found = {account_id: _access(person.pk, row) for account_id, *row in cursor.fetchall()}
        by_membership: dict[int, list] = {access.membership_id: [] for access in found.values()}
        cursor.execute(_ALL_GRANTS, (list(by_membership), person.pk))
        for membership_id, *detail in cursor.fetchall():
            for pk in [membership_id] if membership_id else by_membership:  # a second factor counts everywhere
                by_membership[pk].append(tuple(detail))
    for access in found.values():
        access.__dict__["_details"] = by_membership[access.membership_id]  # as if they had been asked for already
    person.__dict__.setdefault("_access", {}).update({pk: found.get(pk) for pk in wanted})
    return found


def _ask(person_id: int, account_id: int) -> Access | None:
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERSHIP, (account_id, person_id))
        row = cursor.fetchone()
    return _access(person_id, row) if row else None


def _access(person_id: int, row: Sequence[Any]) -> Access:
    pk, state, confirmed, suspended, ends, ended, made_by, code, name, held, closed, factor, confirmation = row
    built_in = BUILT_IN[code] if made_by is None else None
    return Access(
        person_id=person_id,
        membership_id=pk,
        state=state,
        confirmed_at=confirmed,
        suspended_at=suspended,
        ends_at=ends,
        ended_at=ended,
        role_name=str(built_in.name) if built_in else name,
        role_permissions=built_in.holds if built_in else frozenset(held),
        closed_at=closed,
        second_factor_policy=factor,
        confirmation_policy=confirmation,
    )
