"""On what terms a member is here: kind, organisation, sponsor, and above all until when (rules 1, 2, 3)."""

import datetime as dt
from dataclasses import replace

from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.events import Act
from audit.recording import action, record

from .. import authority, policies
from ..events import END_CHANGED, TERMS_CHANGED
from ..models import TERMS_FIELDS, Membership, Terms, Told, is_later
from . import seating


@action(TERMS_CHANGED)
def change_terms(*, membership: Membership, terms: Terms, by: Person, reason: str = "") -> Membership:
    """Change kind, organisation, sponsor and end of a membership, and return it (rules 2, 3).

    A later end adds power, so the actor must hold all that the member holds; an earlier one needs *manage the team*
    alone. Raises MissingPermission, PolicyViolation (what the policy doesn't allow), ChangedMeanwhile (ended since).
    """
    account, membership = seating.lock_member(membership)
    return _settle(account, membership, terms, act=TERMS_CHANGED, by=by, reason=reason)


@action(END_CHANGED)
def set_end(*, membership: Membership, ends_at: dt.datetime | None, by: Person, reason: str = "") -> Membership:
    """Set when a membership ends, earlier or later, or that it has no end; return it. Raises as `change_terms` does."""
    account, membership = seating.lock_member(membership)
    terms = replace(membership.terms, ends_at=ends_at)
    return _settle(account, membership, terms, act=END_CHANGED, by=by, reason=reason)


def settle(account: BusinessAccount, membership: Membership, terms: Terms, *, by: Person) -> Terms | None:
    """Check and change the terms of a locked member; return those of before, None where nothing changes.

    Raises as `change_terms` does.
    """
    before = membership.terms
    if terms == before:
        return None
    longer = is_later(terms.ends_at, than=before.ends_at)
    role, grants = (membership.role.permissions, seating.grants_in_use(membership)) if longer else (frozenset(), [])
    authority.require(by, MANAGE_TEAM, on=account, over=membership, adding=role, adding_on=grants)
    policies.require_terms(account, terms, of=membership.person)
    if terms.is_from_outside and membership.person_id == account.owner_id:
        raise PolicyViolation(_("The owner is not from outside."))
    membership.take(terms)
    if terms.ends_at != before.ends_at:
        membership.told = Told.NOTHING
    membership.save(update_fields=[*TERMS_FIELDS, "told"])
    return before


def _settle(
    account: BusinessAccount, membership: Membership, terms: Terms, *, act: Act, by: Person, reason: str
) -> Membership:
    if (before := settle(account, membership, terms, by=by)) is not None:
        was, now = before.as_event(), terms.as_event()
        record(act, by=by, on=account, target=membership, before=was, after=now, reason=reason)
    return membership
