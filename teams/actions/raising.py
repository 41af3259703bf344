"""A role for a time, on top of the lasting one: given, given for longer or shorter, ended (rules 1, 2, 3, 5).

It counts until the very moment of its end, at the check itself; then the lasting role does. Its end takes power away
and never gives any, so it holds all that the lasting role holds.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.recording import action, record

from .. import authority, policies
from ..events import ROLE_END_CHANGED, ROLE_LOWERED, ROLE_RAISED
from ..models import ROLE_FIELDS, Membership, Role, in_words, is_later
from ..seconding import require_for_new_administrator
from . import seating


@action(ROLE_RAISED)
def raise_role(
    *, membership: Membership, role: Role, until: dt.datetime, by: Person, reason: str = "", approval: Any = None
) -> Membership:
    """Give a member a role until a moment, in place of one that is held for a time already; return the membership.

    Raises MissingPermission, PolicyViolation (no room for another administrator, see `policies.require_for_a_time`),
    NeedsSecondPerson, ChangedMeanwhile (ended, or the role retired since).
    """
    account, membership = seating.lock_member(membership)
    given = {"membership": membership, "role": role, "until": until, "reason": reason}
    changed = give_for_a_time(
        account, membership, role, until, by=by, does="raise_role", given=given, approval=approval
    )
    if changed is not None:
        before, after = changed
        record(ROLE_RAISED, by=by, on=account, target=membership, before=before, after=after, reason=reason)
    return membership


@action(ROLE_END_CHANGED)
def set_role_end(
    *, membership: Membership, until: dt.datetime, by: Person, reason: str = "", approval: Any = None
) -> Membership:
    """Set until when a member holds the role for a time, and return the membership. A later end is a grant (rule 2).

    Raises as `raise_role` does, and ChangedMeanwhile where the role ran out, or was ended, meanwhile.
    """
    account, membership = seating.lock_member(membership)
    given = {"membership": membership, "until": until, "reason": reason}
    changed = give_for_a_time(
        account, membership, _raised(membership), until, by=by, does="set_role_end", given=given, approval=approval
    )
    if changed is not None:
        before, after = changed
        record(ROLE_END_CHANGED, by=by, on=account, target=membership, before=before, after=after, reason=reason)
    return membership


@action(ROLE_LOWERED)
def end_role(*, membership: Membership, by: Person, reason: str = "") -> Membership:
    """End the role that a member holds for a time, now, so that the lasting one counts; return the membership.

    Raises MissingPermission, PolicyViolation, ChangedMeanwhile (it ran out, or was ended, meanwhile).
    """
    account, membership = seating.lock_member(membership)
    before = lower(account, membership, by=by)
    after = membership.role_as_event()
    record(ROLE_LOWERED, by=by, on=account, target=membership, before=before, after=after, reason=reason)
    return membership


def lower(account: BusinessAccount, membership: Membership, *, by: Person) -> dict[str, Any]:
    """Check and end the role that a locked member holds for a time; return what was held. Raises as `end_role` does."""
    _raised(membership)
    authority.require(by, MANAGE_TEAM, on=account, over=membership)
    before = membership.role_as_event()
    membership.raise_to(None, None)
    membership.save(update_fields=ROLE_FIELDS)
    return before


def give_for_a_time(
    account: BusinessAccount,
    membership: Membership,
    role: Role,
    until: dt.datetime,
    *,
    by: Person,
    does: str,
    given: Mapping[str, Any],
    approval: Any = None,
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Check and give a locked member a role until then, which also confirms the member, for the act `does`.

    That act is asked with `given`, so that it can wait for a second person. Returns before and after for the event of
    the act, or None where it is held so already. Raises as `raise_role` does.
    """
    role = Role.objects.of(account).now(role.pk)  # it may have been edited or retired meanwhile
    present, end = membership.role, membership.raised_until if membership.is_raised else None
    if role == present and until == end:
        return None
    longer = end is None or is_later(until, than=end)  # beyond the present end only the lasting role is held
    held = membership.lasting_role if longer else present
    had = held if membership.confirmed_at else None
    authority.require(
        by, MANAGE_TEAM, on=account, over=membership, adding=role.permissions - (had.permissions if had else set())
    )
    policies.require_for_a_time(account, membership, role, until)
    if not present.administers:
        policies.require_room(account, role)
    names = {"person": membership, "before": present, "after": role, "end": in_words(until)}
    says = [_("%(person)s: %(before)s → %(after)s until %(end)s") % names]
    require_for_new_administrator(account, role, had=had, by=by, does=does, given=given, says=says, approval=approval)
    before = membership.role_as_event()
    membership.raise_to(role, until)
    membership.confirmed_at = membership.confirmed_at or timezone.now()
    membership.save(update_fields=[*ROLE_FIELDS, "confirmed_at"])
    return before, membership.role_as_event()


def _raised(membership: Membership) -> Role:
    if membership.raised_to is None or not membership.is_raised:
        words = _("%(person)s is %(role)s again: the role for a time has ended.")
        raise ChangedMeanwhile(words % {"person": membership, "role": membership.role})
    return membership.raised_to
