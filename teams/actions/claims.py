"""When the owner is gone: a claim of the ownership, its refusal, and its end after the waiting time (rules 3, 12)."""

import datetime as dt
import logging
from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.errors import ChangedMeanwhile, MissingPermission, PolicyViolation
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM, OWN_ACCOUNT, VIEW_ACCOUNT
from audit.canonical import instant
from audit.recording import SYSTEM, Refused, action, record

from .. import authority, claiming, policies
from ..events import (
    CLAIM_CARRIED_OUT,
    CLAIM_LAPSED,
    CLAIM_MADE,
    CLAIM_REFUSED,
    CLAIM_REMINDED,
    CLAIM_WITHDRAWN,
    SUCCESSOR_DROPPED,
    SUCCESSOR_NAMED,
)
from ..models import Membership, OwnershipClaim, Succession
from . import seating

logger = logging.getLogger(__name__)
State = OwnershipClaim.State


@action(CLAIM_MADE)
def claim_ownership(
    *, account: BusinessAccount, reason: str, shown_at: dt.datetime | None, by: Person
) -> OwnershipClaim:
    """Claim the ownership of an account whose owner is gone, and return the claim. Nothing changes before it is ripe.

    For who manages the team, and for the successor whom the owner named: that claim waits the least, and overtakes an
    administrator's. `shown_at` is when `by` last showed a second factor. The wait is fixed here, once and for all. Told
    by mail to the owner at every address, to all who manage the team, and to the successor.

    Raises MissingPermission, PolicyViolation (the owner, too new, refused lately, one is open, no fresh second factor).
    """
    account = BusinessAccount.objects.open().select_related("policy", "owner").lock(account.pk)
    as_successor = claiming.named_successor(account) == by.pk
    authority.require(by, VIEW_ACCOUNT if as_successor else MANAGE_TEAM, on=account)
    actor = Person.objects.get(pk=by.pk)  # a fresh one, which remembers nothing
    if refusal := claiming.hindrance(account, actor, as_successor=as_successor):
        raise refusal
    claiming.require_shown(shown_at)
    now = timezone.now()
    overtaken = list(OwnershipClaim.objects.open().filter(account=account))
    for other in overtaken:
        _answer(other, State.OVERTAKEN, by=by)
    claim = OwnershipClaim.objects.create(
        account=account,
        person=by,
        as_successor=as_successor,
        reason=reason,
        claimed_at=now,
        ripe_at=now + claiming.wait_of(account, as_successor=as_successor),
    )
    _tell(policies.CLAIM_MAIL, claim, _owners_addresses(account))
    _tell(policies.CLAIM_TOLD, claim, _others_addresses(account, claim))
    after = {
        "ripe_at": instant(claim.ripe_at),
        "until": f"{claim.ripe_at:%Y-%m-%d %H:%M} UTC",
        "as_successor": as_successor,
        "overtook": [other.pk for other in overtaken],
    }
    record(CLAIM_MADE, by=by, on=account, target=claim, after=after, reason=reason)
    return claim


@action(CLAIM_REFUSED)
def refuse_claim(*, claim: OwnershipClaim, by: Person) -> OwnershipClaim:
    """Say no to a claim: the owner is there. Being the owner is enough; no policy may keep an owner from it.

    Raises MissingPermission, ChangedMeanwhile (ended since).
    """
    account = BusinessAccount.objects.open().select_related("owner").lock(claim.account_id)
    if by.pk != account.owner_id or not account.owner.is_active:
        raise MissingPermission(OWN_ACCOUNT, account)
    claim = _open(claim)
    return _end(CLAIM_REFUSED, claim, account, State.REFUSED, by=by)


@action(CLAIM_WITHDRAWN)
def withdraw_claim(*, claim: OwnershipClaim, by: Person) -> OwnershipClaim:
    """Take one's own claim back. Raises MissingPermission, PolicyViolation, ChangedMeanwhile (ended since)."""
    account = BusinessAccount.objects.open().select_related("owner").lock(claim.account_id)
    authority.require(by, VIEW_ACCOUNT, on=account)
    claim = _own(claim, by=by)
    return _end(CLAIM_WITHDRAWN, claim, account, State.WITHDRAWN, by=by)


@action(CLAIM_CARRIED_OUT)
def carry_out_claim(*, claim: OwnershipClaim, shown_at: dt.datetime | None, by: Person) -> BusinessAccount:
    """Take over the ownership at the end of the wait, which the database's clock decides. Returns the account.

    Checked again at this moment: the claim is open and one's own, one still manages the team or is still the named
    successor, and the second factor was shown just now. The former owner becomes an administrator, or a plain member
    where there is no seat (rule 5).

    Raises MissingPermission, PolicyViolation (too early, too late), ChangedMeanwhile (ended since).
    """
    account = BusinessAccount.objects.open().select_related("policy", "owner").lock(claim.account_id)
    authority.require(by, VIEW_ACCOUNT if claim.as_successor else MANAGE_TEAM, on=account)
    claim = _own(claim, by=by)
    if claim.as_successor and claiming.named_successor(account) != by.pk:
        raise PolicyViolation(_("The owner doesn’t name you as successor any more."))
    if refusal := claiming.without_factor(account, Person.objects.get(pk=by.pk)):
        raise refusal
    claiming.require_shown(shown_at)
    if not OwnershipClaim.objects.ripe().filter(pk=claim.pk).exists():
        raise PolicyViolation(_("The waiting time is not over yet. Nobody can shorten it."))
    if claim.lapses_at <= timezone.now():
        raise PolicyViolation(_("The claim has lapsed: it was not carried out in time."))
    told = [*_owners_addresses(account), *_others_addresses(account, claim)]
    _answer(claim, State.CARRIED_OUT, by=by)
    before, after = seating.hand_over(account, to=by, room_needed=False)
    _tell(policies.CLAIM_ENDED, claim, told)
    record(CLAIM_CARRIED_OUT, by=by, on=account, target=claim, before=before, after=after)
    return account


@action(CLAIM_REMINDED)
def remind_of_claim(*, claim: OwnershipClaim, by: Any) -> OwnershipClaim:
    """Remind the owner of a claim, and at the end of the wait the claimant too. Nobody's act but the system's.

    Each moment counts once, however often it is asked. Raises ChangedMeanwhile (ended since, or reminded already).
    """
    account = BusinessAccount.objects.open().select_related("owner").lock(claim.account_id)
    claim = _open(claim)
    due = claim.reminders_due(at=timezone.now())
    if due <= claim.reminders:
        raise ChangedMeanwhile(_("The owner has been reminded already."))
    claim.reminders = due
    claim.save(update_fields=["reminders"])
    addresses = _owners_addresses(account)
    _tell(policies.CLAIM_REMINDER, claim, addresses)
    if due == len(claim.reminders_at):
        _tell(policies.CLAIM_TOLD, claim, [claim.person.email])
    record(CLAIM_REMINDED, by=by, on=account, target=claim, after={"reminder": due, "addresses": len(addresses)})
    return claim


@action(CLAIM_LAPSED)
def lapse_claim(*, claim: OwnershipClaim, by: Any) -> OwnershipClaim:
    """End a claim that nobody carried out in time. Raises ChangedMeanwhile (ended since, or it has time left)."""
    account = BusinessAccount.objects.open().select_related("owner").lock(claim.account_id)
    claim = _open(claim)
    if claim.lapses_at > timezone.now():
        raise ChangedMeanwhile(_("The claim can still be carried out."))
    return _end(CLAIM_LAPSED, claim, account, State.LAPSED, by=by)


@action(SUCCESSOR_NAMED)
def name_successor(*, account: BusinessAccount, membership: Membership, by: Person) -> Succession:
    """Name beforehand who may claim the ownership after the least wait; another name replaces the one before.

    The name is sealed: neither the log nor a reader of the database learns it. Raises MissingPermission,
    PolicyViolation (the owner), ChangedMeanwhile (no active member any more).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, OWN_ACCOUNT, on=account)
    membership = Membership.objects.active().filter(account=account).select_related("person").lock(membership.pk)
    if membership.person_id == account.owner_id:
        raise PolicyViolation(_("You own this account already."))
    policies.require_no_agency(membership)
    sealed = Succession.seal(account, membership.person)
    row, _made = Succession.objects.update_or_create(
        account=account, defaults={"sealed": sealed, "named_at": timezone.now()}
    )
    record(SUCCESSOR_NAMED, by=by, on=account)
    return row


@action(SUCCESSOR_DROPPED)
def drop_successor(*, account: BusinessAccount, by: Person) -> None:
    """Have no named successor any more. Raises MissingPermission, ChangedMeanwhile (there is none)."""
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, OWN_ACCOUNT, on=account)
    dropped, _rows = Succession.objects.filter(account=account).delete()
    if not dropped:
        raise ChangedMeanwhile(_("No successor is named."))
    record(SUCCESSOR_DROPPED, by=by, on=account)


def mind_claims() -> int:
    """Remind of every open claim whose moment has come, end those that lapsed, and return how many it was."""
    minded, now = 0, timezone.now()
    for claim in OwnershipClaim.objects.open().filter(account__closed_at=None).order_by("pk"):
        try:
            if claim.lapses_at <= now:
                lapse_claim(claim=claim, by=SYSTEM)
            elif claim.reminders_due(at=now) > claim.reminders:
                remind_of_claim(claim=claim, by=SYSTEM)
            else:
                continue
        except Refused as refusal:  # somebody ended it at this very moment, or another worker was faster
            logger.info("claim %s: %s", claim.pk, refusal.words)
        else:
            minded += 1
    return minded


def _open(claim: OwnershipClaim) -> OwnershipClaim:
    return OwnershipClaim.objects.open().select_related("person").lock(claim.pk)


def _own(claim: OwnershipClaim, *, by: Person) -> OwnershipClaim:
    claim = _open(claim)
    if claim.person_id != by.pk:
        raise PolicyViolation(_("This is the claim of another person."))
    return claim


def _answer(claim: OwnershipClaim, state: str, *, by: Any) -> None:
    claim.state, claim.answered_at = state, timezone.now()
    claim.answered_by = None if by is SYSTEM else by
    claim.save(update_fields=["state", "answered_at", "answered_by"])


def _end(act: Any, claim: OwnershipClaim, account: BusinessAccount, state: str, *, by: Any) -> OwnershipClaim:
    """End a claim, tell everybody who was told of it, and write the event."""
    _answer(claim, state, by=by)
    _tell(policies.CLAIM_ENDED, claim, [*_owners_addresses(account), *_others_addresses(account, claim)])
    record(act, by=by, on=account, target=claim)
    return claim


def _tell(kind: str, claim: OwnershipClaim, addresses: Iterable[str]) -> None:
    for address in dict.fromkeys(addresses):
        post(kind=kind, about=claim, address=address, account=claim.account)


def _owners_addresses(account: BusinessAccount) -> list[str]:
    """Every address at which the owner is known to read."""
    verified = EmailAddress.objects.filter(user=account.owner_id, verified=True).order_by("pk")
    return [account.owner.email, *verified.values_list("email", flat=True)]


def _others_addresses(account: BusinessAccount, claim: OwnershipClaim) -> list[str]:
    """Those of the claimant, of all others who manage the team, and of the named successor, whom a claim calls."""
    rows = Membership.objects.current().filter(account=account).exclude(person=account.owner_id)
    called = {claim.person_id, claiming.named_successor(account)}
    managing = rows.administering().values("pk")
    told = rows.filter(Q(pk__in=managing) | Q(person__in=called - {None}))
    return list(told.order_by("pk").values_list("person__email", flat=True))
