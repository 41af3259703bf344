"""What several acts share: seating a person in an account, and ending what a membership gave. Writes no event."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Asset, BusinessAccount, Person, SecurityPolicy
from accounts.policies import require_person_room

from .. import offboarding, policies
from ..models import (
    ROLE_FIELDS,
    TERMS_FIELDS,
    AccessRequest,
    AssetGrant,
    Membership,
    OwnershipClaim,
    OwnershipOffer,
    PendingAct,
    Role,
    Succession,
    Terms,
)
from ..permissions import ADMINISTRATOR, MEMBER, OWNER
from ..querysets import AccessRequestQuerySet, MembershipQuerySet, PendingActQuerySet


def lock_member(membership: Membership) -> tuple[BusinessAccount, Membership]:
    """Lock the account first, always, then the current membership: one order, no deadlock. Returns both.

    Raises ChangedMeanwhile where either is not there any more.
    """
    account = BusinessAccount.objects.open().select_related("policy").lock(membership.account_id)
    locked = Membership.objects.current().with_roles("person", "sponsor").lock(membership.pk)
    locked.account = account
    return account, locked


def grants_in_use(membership: Membership) -> list[tuple[Asset, frozenset[str]]]:
    """Return what is granted to a member on assets that are in use, permission by permission."""
    return AssetGrant.objects.in_use_of_each([membership]).get(membership.pk, [])


def seat(*, account: BusinessAccount, person: Person, role: Role, terms: Terms) -> Membership:
    """Make a person a member on these terms, to be confirmed where the account's policy asks for it (rule 11).

    Raises PolicyViolation (the plan is full).
    """
    require_person_room(account)
    member = seated(account=account, person=person, role=role, terms=terms)
    member.save()
    return member


def seated(
    *,
    account: BusinessAccount,
    person: Person,
    role: Role,
    terms: Terms,
    raised: tuple[Role | None, dt.datetime | None] = (None, None),
) -> Membership:
    """Return the membership that `seat` makes; saving is the caller's."""
    now = timezone.now()
    asks = account.policy.confirmation != SecurityPolicy.Confirmation.NEVER
    member = Membership(account=account, person=person, joined_at=now, confirmed_at=None if asks else now)
    member.take_role(role)
    member.raise_to(*raised)
    member.take(terms)
    return member


def end(members: Collection[Membership], *, of: Person) -> dict[int, dict[str, Any]]:
    """End memberships of one person with their asset grants and open offers of ownership, in one statement for each.

    Returns what ended, by account, for the events. The members come with role and sponsor.
    """
    now, gone = timezone.now(), grants_of_each(members)
    AssetGrant.objects.filter(membership__in=members).delete()
    offers = OwnershipOffer.objects.open().filter(person=of, account__in=[member.account_id for member in members])
    offered_in = list(offers.values_list("account_id", flat=True))
    offers.update(state=OwnershipOffer.State.WITHDRAWN, answered_at=now)
    before = {
        member.account_id: {
            **member.role_as_event(),
            "state": str(member.state),
            "grants": gone.get(member.pk, {}),
            "offers": offered_in.count(member.account_id),
            "terms": member.terms.as_event(),
        }
        for member in members
    }
    state = Membership.State.ENDED
    Membership.objects.filter(pk__in=[member.pk for member in members]).update(state=state, ended_at=now)
    for member in members:
        member.state, member.ended_at = state, now
    return before


def release(answered_for: MembershipQuerySet) -> None:
    """Leave members without anyone who answers for them."""
    answered_for.update(sponsor=None)


def withdraw(requests: AccessRequestQuerySet) -> None:
    """Withdraw open requests as a part of another act."""
    requests.update(state=AccessRequest.State.WITHDRAWN, decided_at=timezone.now())


def cancel(waiting: PendingActQuerySet) -> None:
    """Cancel acts that wait for a second person as a part of another act."""
    waiting.update(state=PendingAct.State.CANCELLED, answered_at=timezone.now())


def ended_while_away(membership: Membership) -> dict[str, Any]:
    """End what can't stay while the person is away, and return it as the event keeps it: nothing where nothing did."""
    others = offboarding.end_while_away(membership.person, membership.account_id)
    return {"others": others} if others else {}


def hand_over(
    account: BusinessAccount, *, to: Person, room_needed: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make an active member the owner and the former owner an administrator; return before and after, for the event.

    What else was open about the ownership ends with it: offers, claims, a named successor. Where there is no seat for
    another administrator, the former owner becomes a plain member; with `room_needed` it raises PolicyViolation then.
    """
    seat = Membership.objects.active().filter(account=account, person=to).with_roles().get()
    policies.require_no_agency(seat)
    former = Membership.objects.current().filter(account=account).with_roles("person").get(person=account.owner)
    role, freed = Role.objects.built_in(ADMINISTRATOR), 1 if seat.role.administers else 0
    if room_needed:
        policies.require_room(account, role, freed=freed)
    elif not policies.has_room(account, role, freed=freed):
        role = Role.objects.built_in(MEMBER)
    before = {"owner": str(former), "owner_id": former.person_id, **seat.role_as_event()}
    seat.take_role(Role.objects.built_in(OWNER))
    seat.raise_to(None, None)  # an owner holds everything, for good (rule 3)
    former.take_role(role)
    seat.confirmed_at = seat.confirmed_at or timezone.now()
    seat.take(Terms())  # an owner has no end, and nobody who answers for them (rule 3)
    seat.save(update_fields=[*ROLE_FIELDS, "confirmed_at", *TERMS_FIELDS])
    former.save(update_fields=ROLE_FIELDS)
    account.owner = to
    account.save(update_fields=["owner"])
    seat.asset_grants.all().delete()  # an owner holds everything by the role
    end_what_is_open_about_the_ownership(account, claims=OwnershipClaim.State.OVERTAKEN)
    stop_plans(policies.plans_ahead().filter(account=account))  # it was allowed under another owner
    return before, {"owner": str(to), "owner_id": to.pk, "former": str(role)}


def end_what_is_open_about_the_ownership(account: BusinessAccount, *, claims: str) -> None:
    """End open offers and claims, and forget the named successor."""
    now = timezone.now()
    offers = OwnershipOffer.objects.open().filter(account=account)
    offers.update(state=OwnershipOffer.State.WITHDRAWN, answered_at=now)
    OwnershipClaim.objects.open().filter(account=account).update(state=claims, answered_at=now)
    Succession.objects.filter(account=account).delete()


def stop_plans(plans: QuerySet[SecurityPolicy]) -> None:
    """Let planned changes of policies never count; `lapse_plan` writes down that they ended."""
    plans.update(planned_from=None)


def lapse_claims(person: Person, account_ids: Collection[int]) -> int:
    """End the open claims of a person whose access ends; return how many."""
    rows = OwnershipClaim.objects.open().filter(person=person, account__in=account_ids)
    return rows.update(state=OwnershipClaim.State.LAPSED, answered_at=timezone.now())


def grants_of_each(members: Collection[Membership]) -> dict[int, dict[str, list[str]]]:
    """Return what is granted to each of these members that has grants, by membership, as an event keeps it."""
    grants: dict[int, dict[str, list[str]]] = {}
    rows = AssetGrant.objects.filter(membership__in=members).order_by("content_object_id", "permission__codename")
    for pk, asset_id, code in rows.values_list("membership_id", "content_object_id", "permission__codename"):
        grants.setdefault(pk, {}).setdefault(str(asset_id), []).append(code)
    return grants
