"""Transferring the ownership: offered by the owner, then accepted by the new one (design.md 2, rule 3)."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import second_person
from accounts.actions import post
from accounts.errors import PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import OWN_ACCOUNT, VIEW_ACCOUNT
from accounts.sensitive import SensitiveAct
from audit.recording import action, record

from .. import authority, policies
from ..events import OWNERSHIP_ACCEPTED, OWNERSHIP_DECLINED, OWNERSHIP_OFFERED, OWNERSHIP_WITHDRAWN
from ..models import Membership, OwnershipOffer
from . import seating

OFFER_MAIL = "ownership_offer"


@action(OWNERSHIP_OFFERED)
def offer_ownership(
    *, account: BusinessAccount, membership: Membership, by: Person, approval: Any = None
) -> OwnershipOffer:
    """Offer the ownership to an active member, by mail too, and return the offer. Nothing changes until accepted.

    Raises MissingPermission, PolicyViolation (an offer is open, or it is the owner), NeedsSecondPerson,
    ChangedMeanwhile.
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, OWN_ACCOUNT, on=account)
    membership = Membership.objects.active().filter(account=account).select_related("person").lock(membership.pk)
    if membership.person_id == account.owner_id:
        raise PolicyViolation(_("You own this account already."))
    policies.require_no_agency(membership)
    if OwnershipOffer.objects.open().filter(account=account).exists():
        raise PolicyViolation(_("The ownership is offered to someone already. Withdraw that offer first."))
    second_person.require(
        SensitiveAct.OWNERSHIP,
        account,
        by=by,
        does="offer_ownership",
        given={"account": account, "membership": membership},
        says=[_("Offered to %(person)s, %(address)s") % {"person": membership, "address": membership.person.email}],
        approval=approval,
    )
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
    _answer(offer, OwnershipOffer.State.ACCEPTED)
    before, after = seating.hand_over(account, to=by)
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
