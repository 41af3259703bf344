"""Transferring the ownership: offered by the owner, then accepted by the new one (design.md 2, rule 3)."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import OWN_ACCOUNT, VIEW_ACCOUNT
from audit.recording import action, record

from .. import authority, policies
from ..events import OWNERSHIP_ACCEPTED, OWNERSHIP_DECLINED, OWNERSHIP_OFFERED, OWNERSHIP_WITHDRAWN
from ..models import TERMS_FIELDS, Kind, Membership, OwnershipOffer, Role, Terms
from ..permissions import ADMINISTRATOR, OWNER

OFFER_MAIL = "ownership_offer"


@action(OWNERSHIP_OFFERED)
def offer_ownership(*, account: BusinessAccount, membership: Membership, by: Person) -> OwnershipOffer:
    """Offer the ownership to an active member, by mail too, and return the offer. Nothing changes until accepted.

    Raises MissingPermission, PolicyViolation (an offer is open, or it is the owner), ChangedMeanwhile.
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, OWN_ACCOUNT, on=account)
    membership = Membership.objects.active().filter(account=account).select_related("person").lock(membership.pk)
    if membership.person_id == account.owner_id:
        raise PolicyViolation(_("You own this account already."))
    _require_no_agency(membership)
    if OwnershipOffer.objects.open().filter(account=account).exists():
        raise PolicyViolation(_("The ownership is offered to someone already. Withdraw that offer first."))
    offer = OwnershipOffer.objects.create(account=account, offered_by=by, person=membership.person)
    post(kind=OFFER_MAIL, about=offer, address=membership.person.email, account=account)
    record(OWNERSHIP_OFFERED, by=by, on=account, target=offer)
    return offer


@action(OWNERSHIP_ACCEPTED)
def accept_ownership(*, offer: OwnershipOffer, by: Person) -> BusinessAccount:
    """Take over the ownership; the former owner becomes an administrator. Returns the account.

    Checked again at this moment: the offer stands, who offered it is still the owner, the new owner is an active
    member, and there is a seat for the former owner as administrator (rule 5).

    Raises PolicyViolation, ChangedMeanwhile.
    """
    account, offer = _lock(offer, by=by)
    if offer.offered_by_id != account.owner_id:
        raise PolicyViolation(_("Whoever offered the ownership doesn’t hold it any more."))
    seat = Membership.objects.active().filter(account=account, person=by).select_related("role").get()
    _require_no_agency(seat)
    former = Membership.objects.current().filter(account=account).select_related("person").get(person=account.owner)
    administrator = Role.objects.built_in(ADMINISTRATOR)
    policies.require_room(account, administrator, freed=1 if seat.role.administers else 0)
    before = {"owner": str(former), "owner_id": former.person_id, "role": seat.role.as_event()}
    seat.role, former.role = Role.objects.built_in(OWNER), administrator
    seat.confirmed_at = seat.confirmed_at or timezone.now()
    seat.take(Terms())  # an owner has no end, and nobody who answers for them (rule 3)
    seat.save(update_fields=["role", "confirmed_at", *TERMS_FIELDS])
    former.save(update_fields=["role"])
    account.owner = by
    account.save(update_fields=["owner"])
    seat.asset_grants.all().delete()  # an owner holds everything by the role
    _answer(offer, OwnershipOffer.State.ACCEPTED)
    after = {"owner": str(by), "owner_id": by.pk, "former": str(administrator)}
    record(OWNERSHIP_ACCEPTED, by=by, on=account, target=offer, before=before, after=after)
    return account


@action(OWNERSHIP_DECLINED)
def decline_ownership(*, offer: OwnershipOffer, by: Person) -> OwnershipOffer:
    """Say no to the ownership. Raises PolicyViolation, ChangedMeanwhile (withdrawn since)."""
    account, offer = _lock(offer, by=by)
    _answer(offer, OwnershipOffer.State.DECLINED)
    record(OWNERSHIP_DECLINED, by=by, on=account, target=offer)
    return offer


@action(OWNERSHIP_WITHDRAWN)
def withdraw_offer(*, offer: OwnershipOffer, by: Person) -> OwnershipOffer:
    """Take an offer of ownership back. Raises MissingPermission, ChangedMeanwhile (answered since)."""
    account = BusinessAccount.objects.open().lock(offer.account_id)
    offer = OwnershipOffer.objects.open().select_related("person").lock(offer.pk)
    authority.require(by, OWN_ACCOUNT, on=account)
    _answer(offer, OwnershipOffer.State.WITHDRAWN)
    record(OWNERSHIP_WITHDRAWN, by=by, on=account, target=offer)
    return offer


def _lock(offer: OwnershipOffer, *, by: Person) -> tuple[BusinessAccount, OwnershipOffer]:
    """Lock account and offer, and demand that it was made to `by`, who has power in the account at this moment."""
    account = BusinessAccount.objects.open().lock(offer.account_id)
    offer = OwnershipOffer.objects.open().select_related("person").lock(offer.pk)
    authority.require(by, VIEW_ACCOUNT, on=account)
    if offer.person_id != by.pk:
        raise PolicyViolation(_("This offer is for another person."))
    return account, offer


def _answer(offer: OwnershipOffer, state: str) -> None:
    offer.state, offer.answered_at = state, timezone.now()
    offer.save(update_fields=["state", "answered_at"])


def _require_no_agency(seat: Membership) -> None:
    if seat.kind == Kind.AGENCY:
        raise PolicyViolation(_("An agency can’t own the account of its client."))
