"""What happens to a member: confirmed, given another role, suspended, restored; or leaving."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.recording import action, record

from .. import authority, offboarding, policies
from ..events import LEFT, RESTORED, ROLE_CHANGED, ROLE_CONFIRMED, SUSPENDED
from ..models import Membership, Role
from . import seating


@action(ROLE_CONFIRMED)
def confirm_role(*, membership: Membership, by: Person) -> Membership:
    """Confirm that a new member's role is granted as intended, and return the membership (rules 2, 11).

    Raises MissingPermission, PolicyViolation, ChangedMeanwhile (ended since, or confirmed already).
    """
    account, membership = seating.lock_member(membership)
    if membership.confirmed_at:
        raise ChangedMeanwhile(_("The role is confirmed already."))
    authority.require(by, MANAGE_TEAM, on=account, over=membership, adding=membership.role.permissions)
    membership.confirmed_at = timezone.now()
    membership.save(update_fields=["confirmed_at"])
    record(ROLE_CONFIRMED, by=by, on=account, target=membership, after={"role": membership.role.as_event()})
    return membership


@action(ROLE_CHANGED)
def change_role(*, membership: Membership, role: Role, by: Person, reason: str = "") -> Membership:
    """Give a member another role and return the membership as it now stands (rules 2, 3, 5, 12).

    Choosing a role is also confirming it, and so needs all that it holds. Raises MissingPermission, PolicyViolation (no
    room for another administrator; the owner's role), ChangedMeanwhile (ended, or the role retired since).
    """
    account, membership = seating.lock_member(membership)
    changed = give_role(account, membership, role, by=by)
    if changed is not None:
        was, now = changed
        record(ROLE_CHANGED, by=by, on=account, target=membership, before=was, after=now, reason=reason)
    return membership


def give_role(
    account: BusinessAccount, membership: Membership, role: Role, *, by: Person
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Check and give a locked member another role, which also confirms it.

    Returns before and after for the event of the act, or None where the role is held already. Raises as `change_role`
    does.
    """
    role = Role.objects.of(account).now(role.pk)  # it may have been edited or retired meanwhile
    if role == membership.role:
        return None
    given = membership.role.permissions if membership.confirmed_at else frozenset()  # confirming is giving it all
    authority.require(by, MANAGE_TEAM, on=account, over=membership, adding=role.permissions - given)
    if role.is_owner:
        raise PolicyViolation(_("Ownership moves by a transfer only."))
    if not membership.role.administers:
        policies.require_room(account, role)
    before, membership.role = membership.role, role
    membership.confirmed_at = membership.confirmed_at or timezone.now()
    membership.save(update_fields=["role", "confirmed_at"])
    return {"role": before.as_event()}, {"role": role.as_event()}


@action(SUSPENDED)
def suspend(*, membership: Membership, by: Person, reason: str = "") -> Membership:
    """Stop all of a member's power for now; role and grants are kept (rules 2, 3, 14).

    Raises MissingPermission, PolicyViolation, ChangedMeanwhile (ended or suspended since).
    """
    account, membership = seating.lock_member(membership)
    if membership.state != Membership.State.ACTIVE:
        raise ChangedMeanwhile(_("%(person)s is suspended already.") % {"person": membership})
    authority.require(by, MANAGE_TEAM, on=account, over=membership)
    membership.state, membership.suspended_at = Membership.State.SUSPENDED, timezone.now()
    membership.save(update_fields=["state", "suspended_at"])
    before = seating.ended_while_away(membership)
    after = {"role": membership.role.as_event()}
    record(SUSPENDED, by=by, on=account, target=membership, reason=reason, before=before, after=after)
    return membership


@action(RESTORED)
def restore(*, membership: Membership, by: Person) -> Membership:
    """Give a suspended member the power back. It passes the same rules as giving it anew (rules 2, 5).

    Raises MissingPermission, PolicyViolation, ChangedMeanwhile (not suspended any more).
    """
    account, membership = seating.lock_member(membership)
    if membership.state != Membership.State.SUSPENDED:
        raise ChangedMeanwhile(_("%(person)s is not suspended any more.") % {"person": membership})
    adding, grants = membership.role.permissions, seating.grants_in_use(membership)
    authority.require(by, MANAGE_TEAM, on=account, over=membership, adding=adding, adding_on=grants)
    membership.state, membership.suspended_at = Membership.State.ACTIVE, None
    membership.save(update_fields=["state", "suspended_at"])
    record(RESTORED, by=by, on=account, target=membership, after={"role": membership.role.as_event()})
    return membership


@action(LEFT)
def leave(*, membership: Membership, by: Person) -> Membership:
    """End one's own membership, and with it what offboarding would end here. The owner can't leave (rule 3).

    Raises PolicyViolation, ChangedMeanwhile (ended since).
    """
    account, membership = seating.lock_member(membership)
    if membership.person_id != by.pk:
        raise PolicyViolation(_("Only the member can leave; others are offboarded."))
    if account.owner_id == by.pk:
        raise PolicyViolation(_("The owner can’t leave. Transfer the ownership first, or close the account."))
    others = offboarding.what_ends(by, [account.pk])[account.pk]
    ended = seating.end([membership], of=membership.person)[account.pk]
    before = {**ended, "others": {label: len(things) for label, things in others.items()}}
    offboarding.end(by, [account.pk])
    record(LEFT, by=by, on=account, target=membership, before=before)
    return membership
