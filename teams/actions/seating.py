"""What several acts share: seating a person in an account, and ending what a membership gave. Writes no event."""

from typing import Any

from django.utils import timezone

from accounts.models import BusinessAccount, Person, SecurityPolicy

from ..models import Membership, OwnershipOffer, Role


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


def grants_of(membership: Membership) -> dict[str, list[str]]:
    """Return what is granted to a member, by asset id, as an event keeps it."""
    grants: dict[str, list[str]] = {}
    rows = membership.asset_grants.order_by("content_object_id", "permission__codename")
    for asset_id, code in rows.values_list("content_object_id", "permission__codename"):
        grants.setdefault(str(asset_id), []).append(code)
    return grants
