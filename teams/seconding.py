"""Whom a sensitive act waits for: what the account asks, who could approve, which permission that takes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from accounts import second_person
from accounts.models import BusinessAccount, Person
from accounts.sensitive import SensitiveAct
from audit.recording import Refused

from .access import explain
from .authority import lacking
from .models import Membership, PendingAct, Role, SecondPerson, Way
from .packing import packed
from .permissions import NEEDED_FOR
from .probation import kept_by_probation


def permission_for(act: str) -> str:
    """Return the permission that an act of this kind asks for: who approves it must hold it, too."""
    return NEEDED_FOR[SensitiveAct(act)]


def rule_for(account: BusinessAccount, act: SensitiveAct) -> SecondPerson:
    """Return what an account asks for a kind of act; an unsaved row, which asks for nobody, where it asks nothing."""
    return SecondPerson.objects.filter(account=account, act=act).first() or SecondPerson(account=account, act=act)


def accounts_that_ask(accounts: Iterable[BusinessAccount], act: SensitiveAct) -> set[int]:
    """Return the ids of those of these accounts that ask for anybody beside who does a kind of act."""
    rows = SecondPerson.objects.filter(account__in=list(accounts), act=act).exclude(way=Way.OFF)
    return set(rows.values_list("account", flat=True))


def may_approve(person: Person, pending: PendingAct) -> bool:
    """Say whether a person could approve an act: not their own, with its permission and all that it gives (rule 2)."""
    if person.pk == pending.person_id or not explain(person, permission_for(pending.act), pending.account).allowed:
        return False
    return lacking(person, pending.account, pending.adds) is None and kept_back(person, pending) is None


def kept_back(person: Person, pending: PendingAct) -> Refused | None:
    """Return why somebody new among those who manage the team approves no change of the policy; None for all else.

    That they make nobody an administrator is a part of what they may give (`authority.lacking`).
    """
    return kept_by_probation(person, pending.account) if pending.act == SensitiveAct.POLICY else None


def approvers_of(pending: PendingAct) -> list[Person]:
    """Return everybody in the account who could approve an act, by name."""
    rows = Membership.objects.active().filter(account=pending.account).exclude(person=pending.person_id)
    rows = rows.holding(permission_for(pending.act)).select_related("person").order_by("person__name", "pk")
    return [row.person for row in rows if may_approve(row.person, pending)]


def approval_of(account: BusinessAccount, person: Person, *, does: str, given: Mapping[str, Any]) -> PendingAct | None:
    """Return what waited for this very act of a person, and can be used now, or None."""
    rows = PendingAct.objects.open().filter(account=account, person=person, does=does, arguments=packed(given))
    return next((row for row in rows.order_by("-pk") if row.is_usable), None)


def held_for_good(member: Membership) -> Role | None:
    """Return the role that a member holds lastingly; None while it is not confirmed: giving one confirms it, too."""
    return member.lasting_role if member.confirmed_at else None


def makes_administrator(role: Role | None, had: Role | None) -> bool:
    """Say whether a role makes an administrator of who `had` another; None for a role that is not confirmed yet."""
    return role is not None and role.administers and not (had is not None and had.administers)


def require_for_new_administrator(
    account: BusinessAccount,
    role: Role,
    *,
    had: Role | None = None,
    by: Any,
    does: str,
    given: Mapping[str, Any],
    says: Sequence[str],
    adds: Iterable[str] | None = None,
    approval: PendingAct | None = None,
) -> None:
    """Demand the second person that the account asks for where `role` makes an administrator of who `had` another.

    The account is locked. `adds` are the permissions that the act gives, where that is more than the role's. Raises
    NeedsSecondPerson.
    """
    if makes_administrator(role, had):
        second_person.require(
            SensitiveAct.ADMINISTRATOR,
            account,
            by=by,
            does=does,
            given=given,
            says=says,
            adds=role.permissions if adds is None else adds,
            approval=approval,
        )
