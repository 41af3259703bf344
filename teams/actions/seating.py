"""What several acts share: seating a person in an account, and ending what a membership gave. Writes no event."""

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from accounts.models import BusinessAccount, Person, SecurityPolicy

from .. import policies
from ..models import Membership, OwnershipClaim, OwnershipOffer, Role, Succession
from ..permissions import ADMINISTRATOR, MEMBER, OWNER


def seat(*, account: BusinessAccount, person: Person, role: Role) -> Membership:
    """Make a person a member, to be confirmed where the account's policy asks for it (rule 11)."""
    now = timezone.now()
    asks = account.policy.confirmation != SecurityPolicy.Confirmation.NEVER
    return Membership.objects.create(
        account=account, person=person, role=role, joined_at=now, confirmed_at=None if asks else now
    )


def end(membership: Membership) -> dict[str, Any]:
    """End a membership, its asset grants and an open offer of ownership; return what ended, for the event."""
    gone = grants_of(membership)
    membership.asset_grants.all().delete()
    offers = OwnershipOffer.objects.open().made_to(membership)
    withdrawn = offers.update(state=OwnershipOffer.State.WITHDRAWN, answered_at=timezone.now())
    before = {"role": membership.role.as_event(), "state": str(membership.state), "grants": gone, "offers": withdrawn}
    membership.state, membership.ended_at = Membership.State.ENDED, timezone.now()
    membership.save(update_fields=["state", "ended_at"])
    return before


def hand_over(
    account: BusinessAccount, *, to: Person, room_needed: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make an active member the owner and the former owner an administrator; return before and after, for the event.

    What else was open about the ownership ends with it: offers, claims, a named successor. Where there is no seat for
    another administrator, the former owner becomes a plain member; with `room_needed` it raises PolicyViolation then.
    """
    seat = Membership.objects.active().filter(account=account, person=to).select_related("role").get()
    former = Membership.objects.current().filter(account=account).select_related("person").get(person=account.owner)
    role, freed = Role.objects.built_in(ADMINISTRATOR), 1 if seat.role.administers else 0
    if room_needed:
        policies.require_room(account, role, freed=freed)
    elif not policies.has_room(account, role, freed=freed):
        role = Role.objects.built_in(MEMBER)
    before = {"owner": str(former), "owner_id": former.person_id, "role": seat.role.as_event()}
    seat.role, former.role = Role.objects.built_in(OWNER), role
    seat.confirmed_at = seat.confirmed_at or timezone.now()
    seat.ends_at = None  # an owner has no end (rule 3)
    seat.save(update_fields=["role", "confirmed_at", "ends_at"])
    former.save(update_fields=["role"])
    account.owner = to
    account.save(update_fields=["owner"])
    seat.asset_grants.all().delete()  # an owner holds everything by the role
    end_what_is_open_about_the_ownership(account, claims=OwnershipClaim.State.OVERTAKEN)
    return before, {"owner": str(to), "owner_id": to.pk, "former": str(role)}


def end_what_is_open_about_the_ownership(account: BusinessAccount, *, claims: str) -> None:
    """End open offers and claims, and forget the named successor."""
    now = timezone.now()
    offers = OwnershipOffer.objects.open().filter(account=account)
    offers.update(state=OwnershipOffer.State.WITHDRAWN, answered_at=now)
    OwnershipClaim.objects.open().filter(account=account).update(state=claims, answered_at=now)
    Succession.objects.filter(account=account).delete()


def lapse_claims(person: Person, account_ids: Collection[int]) -> int:
    """End the open claims of a person whose access ends; return how many."""
    rows = OwnershipClaim.objects.open().filter(person=person, account__in=account_ids)
    return rows.update(state=OwnershipClaim.State.LAPSED, answered_at=timezone.now())


def grants_of(membership: Membership) -> dict[str, list[str]]:
    """Return what is granted to a member, by asset id, as an event keeps it."""
    grants: dict[str, list[str]] = {}
    rows = membership.asset_grants.order_by("content_object_id", "permission__codename")
    for asset_id, code in rows.values_list("content_object_id", "permission__codename"):
        grants.setdefault(str(asset_id), []).append(code)
    return grants
