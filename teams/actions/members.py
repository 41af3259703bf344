"""What happens to a member: confirmed, given another role, suspended, restored; or leaving."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions.sessions import drop_sessions
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.recording import action, record

from .. import authority, offboarding, policies
from ..events import LEFT, MEMBER_SESSIONS_ENDED, RESTORED, ROLE_CHANGED, ROLE_CONFIRMED, SUSPENDED
from ..models import ROLE_FIELDS, Membership, Role
from ..seconding import require_for_new_administrator
from ..using import using_of
from . import seating


@action(ROLE_CONFIRMED)
def confirm_role(*, membership: Membership, by: Person, approval: Any = None) -> Membership:
    """Confirm that a new member's role is granted as intended, and return the membership (rules 2, 11).

    Raises MissingPermission, PolicyViolation, NeedsSecondPerson, ChangedMeanwhile (ended, or confirmed already).
    """
    account, membership = seating.lock_member(membership)
    if membership.confirmed_at:
        raise ChangedMeanwhile(_("The role is confirmed already."))
    authority.require(by, MANAGE_TEAM, on=account, over=membership, adding=membership.role.permissions)
    require_for_new_administrator(
        account,
        membership.role,
        by=by,
        does="confirm_role",
        given={"membership": membership},
        says=[_("%(person)s is confirmed as %(role)s") % {"person": membership, "role": membership.role}],
        approval=approval,
    )
    membership.confirmed_at = timezone.now()
    membership.save(update_fields=["confirmed_at"])
    record(ROLE_CONFIRMED, by=by, on=account, target=membership, after=membership.role_as_event())
    return membership


@action(ROLE_CHANGED)
def change_role(
    *,
    membership: Membership,
    role: Role,
    by: Person,
    reason: str = "",
    seen: str | None = None,
    approval: Any = None,
) -> Membership:
    """Give a member another role lastingly and return the membership as it now stands (rules 2, 3, 5, 12).

    A role held for a time ends by it. Choosing a role is also confirming it, and so needs all that it holds. `seen` is
    the fingerprint of the use on which a proposal rests (`teams.using`): it counts only as long as that is so. Raises
    MissingPermission, PolicyViolation (no room for another administrator; the owner's role), NeedsSecondPerson,
    ChangedMeanwhile (ended, the role retired since, or not what was `seen`).
    """
    account, membership = seating.lock_member(membership)
    if seen is not None and role != membership.role:
        _require_seen(account, membership, role, seen)
    given = {"membership": membership, "role": role, "reason": reason}
    changed = give_role(account, membership, role, by=by, does="change_role", given=given, approval=approval)
    if changed is not None:
        was, now = changed
        record(ROLE_CHANGED, by=by, on=account, target=membership, before=was, after=now, reason=reason)
    return membership


def _require_seen(account: BusinessAccount, membership: Membership, role: Role, seen: str) -> None:
    """Demand that both roles, and the use of the present one, are what a proposal rests on. Raises ChangedMeanwhile."""
    role = Role.objects.of(account).now(role.pk)
    if using_of(account, [membership])[membership.pk].fingerprint(role) != seen:
        words = _("What was proposed for %(person)s no longer fits: a role, or its use, has changed. Look once more.")
        raise ChangedMeanwhile(words % {"person": membership})


def give_role(
    account: BusinessAccount,
    membership: Membership,
    role: Role,
    *,
    by: Person,
    does: str,
    given: Mapping[str, Any],
    approval: Any = None,
    keep_raise: bool = False,
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Check and give a locked member another role lastingly, which also confirms it, for the act `does`.

    That act is asked with `given`, so that it can wait for a second person. A role held for a time ends by it; with
    `keep_raise` not where that one holds more. Returns before and after for the event of the act, or None where the
    role is held already. Raises as `change_role` does.
    """
    role = Role.objects.of(account).now(role.pk)  # it may have been edited or retired meanwhile
    lasting, counting = membership.lasting_role, membership.role
    if role == lasting == counting:
        return None
    had = lasting if membership.confirmed_at else None  # confirming is giving it all
    authority.require(
        by, MANAGE_TEAM, on=account, over=membership, adding=role.permissions - (had.permissions if had else set())
    )
    if role.is_owner:
        raise PolicyViolation(_("Ownership moves by a transfer only."))
    if not counting.administers:
        policies.require_room(account, role)
    says = [_("%(person)s: %(before)s → %(after)s") % {"person": membership, "before": counting, "after": role}]
    require_for_new_administrator(account, role, had=had, by=by, does=does, given=given, says=says, approval=approval)
    before = membership.role_as_event()
    membership.take_role(role, keep_raise=keep_raise)
    membership.confirmed_at = membership.confirmed_at or timezone.now()
    membership.save(update_fields=[*ROLE_FIELDS, "confirmed_at"])
    return before, membership.role_as_event()


@action(SUSPENDED)
def suspend(*, membership: Membership, by: Person, reason: str = "") -> Membership:
    """Stop all of a member's power for now; role and grants are kept (rules 2, 3, 14). Every session ends, too (SE5).

    Raises MissingPermission, PolicyViolation, ChangedMeanwhile (ended or suspended since).
    """
    account, membership = seating.lock_member(membership)
    before = rest(account, membership, by=by)
    after = {"role": membership.role.as_event()}
    record(SUSPENDED, by=by, on=account, target=membership, reason=reason, before=before, after=after)
    return membership


def rest(account: BusinessAccount, membership: Membership, *, by: Person) -> dict[str, Any]:
    """Check and suspend a locked member; return what ended with it, for the event. Raises as `suspend` does."""
    if membership.state != Membership.State.ACTIVE:
        raise ChangedMeanwhile(_("%(person)s is suspended already.") % {"person": membership})
    authority.require(by, MANAGE_TEAM, on=account, over=membership)
    membership.state, membership.suspended_at = Membership.State.SUSPENDED, timezone.now()
    membership.save(update_fields=["state", "suspended_at"])
    drop_sessions(membership.person)
    return seating.ended_while_away(membership)


@action(RESTORED)
def restore(*, membership: Membership, by: Person, approval: Any = None) -> Membership:
    """Give a suspended member the power back. It passes the same rules as giving it anew (rules 2, 5).

    Raises MissingPermission, PolicyViolation, NeedsSecondPerson, ChangedMeanwhile (not suspended any more).
    """
    account, membership = seating.lock_member(membership)
    wake(account, membership, by=by, does="restore", given={"membership": membership}, approval=approval)
    record(RESTORED, by=by, on=account, target=membership, after={"role": membership.role.as_event()})
    return membership


def wake(
    account: BusinessAccount,
    membership: Membership,
    *,
    by: Person,
    does: str,
    given: Mapping[str, Any],
    approval: Any = None,
) -> None:
    """Check and restore a locked member, for the act `does`, which is asked with `given`. Raises as `restore` does."""
    if membership.state != Membership.State.SUSPENDED:
        raise ChangedMeanwhile(_("%(person)s is not suspended any more.") % {"person": membership})
    adding, grants = membership.role.permissions, seating.grants_in_use(membership)
    authority.require(by, MANAGE_TEAM, on=account, over=membership, adding=adding, adding_on=grants)
    says = [_("%(person)s gets the role %(role)s back") % {"person": membership, "role": membership.role}]
    require_for_new_administrator(account, membership.role, by=by, does=does, given=given, says=says, approval=approval)
    membership.state, membership.suspended_at = Membership.State.ACTIVE, None
    membership.save(update_fields=["state", "suspended_at"])


@action(MEMBER_SESSIONS_ENDED)
def end_sessions_of_member(*, membership: Membership, by: Person, reason: str = "") -> Membership:
    """Sign a member out everywhere, and return the membership (rule 2). The person is told.

    A session is a person's, not an account's: it ends for all of them. How many there were, and where, is the person's
    own business, so neither the event nor the answer says it. Raises MissingPermission, PolicyViolation,
    ChangedMeanwhile (the membership has ended since).
    """
    account, membership = seating.lock_member(membership)
    authority.require(by, MANAGE_TEAM, on=account, over=membership)
    drop_sessions(membership.person)
    record(MEMBER_SESSIONS_ENDED, by=by, on=account, target=membership, reason=reason)
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
