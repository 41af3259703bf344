"""Reading what people hold: one person in one account, one in many accounts, many in one account.

What is read is remembered on the person, who lives as long as the request. At most two queries, whatever the number.
"""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from accounts.access import Standing
from accounts.models import BusinessAccount, Person, SecurityPolicy
from accounts.normalising import in_domains
from accounts.permissions import ASSET_CODES
from audit.planned import Planned

from .models import OUTSIDE, Membership
from .permissions import ADMINISTERS, BUILT_IN, OWNER

# All that decides: of the newest membership, which is the current one where there is one, else the last that ended.
# The policy's columns stand in the order of Demands. The address is asked for only where something may hang on it.
_HELD = """
SELECT DISTINCT ON (m.account_id) m.account_id,
       m.id, m.state, m.confirmed_at, m.suspended_at, m.ends_at, m.ended_at,
       r.account_id, r.code, r.name, r.held, a.closed_at, m.raised_until, t.account_id, t.code, t.name, t.held,
       CASE WHEN p.domains <> '{{}}' OR p.planned_from IS NOT NULL
            THEN (SELECT u.email FROM accounts_person u WHERE u.id = m.person_id) END,
       p.planned, p.planned_from, p.second_factor, p.second_factor_kinds, p.second_factor_since, p.confirmation,
       p.domains, p.domains_since, p.sensitive_ranges, m.kind, m.organisation
FROM teams_membership m
JOIN teams_role r ON r.id = m.role_id
LEFT JOIN teams_role t ON t.id = m.raised_to_id
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


class Held(NamedTuple):
    """A role that somebody holds: its name, what it gives, and until when; None is lastingly."""

    name: str
    permissions: frozenset[str]
    until: dt.datetime | None = None


class Demands(NamedTuple):
    """What an account's policy demands at one moment before somebody has power there."""

    second_factor: str
    second_factor_kinds: str
    second_factor_since: dt.datetime | None
    confirmation: str
    domains: Sequence[str]
    domains_since: dt.datetime | None
    sensitive_ranges: Sequence[str]

    @classmethod
    def of(cls, policy: SecurityPolicy) -> "Demands":
        """Return what a policy demands as it was read."""
        return cls(*(getattr(policy, name) for name in cls._fields))


@dataclass
class Access:
    """All that one person holds in one account, as the database says at one moment."""

    membership_id: int
    state: str
    confirmed_at: dt.datetime | None
    suspended_at: dt.datetime | None
    ends_at: dt.datetime | None
    ended_at: dt.datetime | None
    lasting: Held
    raised: Held | None
    closed_at: dt.datetime | None
    is_owner: bool
    address: str
    demands: Demands
    sent_by: str  # the organisation outside that the person works for; empty for none

    @property
    def role(self) -> Held:
        """The role that counts now: the one for a time until that very moment, then the lasting one."""
        return self.role_at(self.ended_at or timezone.now())

    def role_at(self, moment: dt.datetime) -> Held:
        """Return the role that counts at a moment, as things stand now."""
        raised = self.raised
        return raised if raised and raised.until and raised.until > moment else self.lasting

    @property
    def role_permissions(self) -> frozenset[str]:
        """What the role that counts now gives."""
        return self.role.permissions

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
    def has_factor_that_counts(self) -> bool:
        """Whether the person has a second factor of the kinds that count in this account."""
        if self.demands.second_factor_kinds != SecurityPolicy.Kinds.PASSKEY:
            return self.has_second_factor
        return any(detail.asset_id == 0 and detail.code == "webauthn" for detail in self.details)

    @property
    def asks_second_factor(self) -> bool:
        """Whether the account's policy asks this person for a second factor."""
        if self.demands.second_factor == SecurityPolicy.SecondFactor.EVERYONE:
            return True
        administers = bool(self.role_permissions & ADMINISTERS)
        return administers and self.demands.second_factor == SecurityPolicy.SecondFactor.ADMINISTRATORS

    @property
    def is_of_other_domain(self) -> bool:
        """Whether the address belongs to none of the domains that the policy names. The owner's may (rule 3)."""
        domains = self.demands.domains
        return bool(domains) and not self.is_owner and not in_domains(self.address, domains)

    @property
    def has_power(self) -> bool:
        """Whether the person stands so that role and grants count."""
        return self.standing[0] is Standing.ACTIVE

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
        if self.is_of_other_domain:
            return Standing.WRONG_DOMAIN, self.demands.domains_since
        if self.confirmed_at is None and self.demands.confirmation == SecurityPolicy.Confirmation.BEFORE:
            return Standing.UNCONFIRMED, None
        if self.asks_second_factor and not self.has_factor_that_counts:
            return Standing.NO_SECOND_FACTOR, self.demands.second_factor_since
        return Standing.ACTIVE, None


def administers_any(person_id: int) -> bool:
    """Say whether a person manages the team of any account: their sessions are shorter (SE3)."""
    return Membership.objects.active().filter(person=person_id, account__closed_at=None).administering().exists()


def access_of(person: Any, account_id: int) -> Access | None:
    """Return what a person holds in an account, remembered on the person; None for a stranger."""
    remembered = _memory_of(person)
    if account_id not in remembered:
        with connection.cursor() as cursor:
            _ASK_HELD.execute(cursor, (person.pk, account_id))
            row = cursor.fetchone()
        remembered[account_id] = _access(row) if row else None
    return remembered[account_id]


def senders_of(actor: Any, account_ids: Collection[int]) -> dict[int, str]:
    """Return the organisation outside for which an actor acts, by account; left out where it is the account itself.

    It is asked in the middle of acts, so what it reads is not remembered: the act may change it.
    """
    if not isinstance(actor, Person):
        return {}
    known = {pk: access for pk in account_ids if (access := _memory_of(actor).get(pk))}
    found = {pk: access.sent_by for pk, access in known.items()}
    if missing := set(account_ids) - set(known):
        rows = Membership.objects.filter(account__in=missing, person=actor.pk).order_by("account", "-pk")
        for pk, kind, organisation in rows.distinct("account").values_list("account", "kind", "organisation"):
            found[pk] = organisation if kind in OUTSIDE else ""
    return {pk: organisation for pk, organisation in found.items() if organisation}


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
    _account, pk, state, confirmed, suspended, ends, ended, made_by, code, name, held, closed, until, *rest = row
    raised_by, raised_code, raised_name, raised_held, address, *policy, kind, organisation = rest
    lasting = _held(made_by, code, name, held)
    raised = _held(raised_by, raised_code, raised_name, raised_held, until=until) if until else None
    owns = made_by is None and code == OWNER
    demands = _demands(*policy)
    sent_by = organisation if kind in OUTSIDE else ""
    return Access(
        pk, state, confirmed, suspended, ends, ended, lasting, raised, closed, owns, address or "", demands, sent_by
    )


def _held(made_by: int | None, code: str, name: str, held: Iterable[str], *, until: dt.datetime | None = None) -> Held:
    if made_by is not None:
        return Held(name, frozenset(held), until)
    built_in = BUILT_IN[code]
    return Held(str(built_in.name), built_in.holds, until)


def _demands(planned: str, planned_from: dt.datetime | None, *asked: Any) -> Demands:
    """Return what is demanded now: from its moment on, what was planned, though no job has run since (rule 1)."""
    if planned_from is None or planned_from > timezone.now():
        return Demands(*asked)
    policy = SecurityPolicy(**dict(zip(Demands._fields, asked, strict=True)))
    return Demands.of(policy.under(json.loads(planned), at=planned_from))


def _access_by(membership: Membership, account: BusinessAccount) -> Access:
    lasting, raised, until = membership.lasting_role, membership.raised_to, membership.raised_until
    return Access(
        membership_id=membership.pk,
        state=membership.state,
        confirmed_at=membership.confirmed_at,
        suspended_at=membership.suspended_at,
        ends_at=membership.ends_at,
        ended_at=membership.ended_at,
        lasting=Held(str(lasting), lasting.permissions),
        raised=Held(str(raised), raised.permissions, until) if raised else None,
        closed_at=account.closed_at,
        is_owner=membership.role.is_owner,
        address=membership.person.email,
        demands=Demands.of(account.policy),
        sent_by=membership.organisation if membership.is_from_outside else "",
    )
