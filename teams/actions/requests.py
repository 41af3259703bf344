"""Access requests: asked by a member, decided by whoever could give it directly (rules 2, 5, 12)."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import ASSET_CODES, MANAGE_TEAM, VIEW_ACCOUNT
from audit.recording import action, record

from .. import authority, policies
from ..events import REQUEST_APPROVED, REQUEST_LAPSED, REQUEST_MADE, REQUEST_REFUSED, REQUEST_WITHDRAWN
from ..models import AccessRequest, AssetGrant, Membership, Role, in_words, is_later
from . import seating
from .grants import CODE_AND_END, give, wanted_of
from .members import give_role
from .raising import give_for_a_time

MOST_OPEN = 10  # wishes of one member that wait at the same time


@action(REQUEST_MADE)
def ask_for_access(
    *,
    membership: Membership,
    by: Person,
    reason: str,
    role: Role | None = None,
    asset: Asset | None = None,
    codes: Iterable[str] = (),
    ends_at: dt.datetime | None = None,
) -> AccessRequest:
    """Ask for another role, or for `codes` on an asset, until `ends_at`; tell whoever can give it; return the request.

    Raises MissingPermission (no power in the account), PolicyViolation (nothing new in it, one of the kind is open,
    too many are, another's membership), ChangedMeanwhile (role or asset gone).
    """
    account, membership = seating.lock_member(membership)
    authority.require(by, VIEW_ACCOUNT, on=account)
    if membership.person_id != by.pk:
        raise PolicyViolation(_("You ask for yourself only."))
    request = AccessRequest(account=account, membership=membership, person=by, reason=reason)
    request.ends_at = ends_at
    if ends_at is not None and ends_at <= timezone.now():
        raise PolicyViolation(_("The end lies in the past."))
    if role is not None:
        request.role = _wished_role(account, membership, role, ends_at)
    else:
        request.asset, request.codes = _wished_grants(account, membership, asset, codes)
    waiting = AccessRequest.objects.unanswered().filter(membership=membership)
    waiting.lapsed().filter(asset=request.asset).update(state=AccessRequest.State.WITHDRAWN)
    if waiting.open().filter(asset=request.asset).exists():
        raise PolicyViolation(_("You have asked for this kind of access already. Wait for the answer, or withdraw it."))
    if waiting.open().count() >= MOST_OPEN:
        raise PolicyViolation(_("Many of your requests wait already. Withdraw one, or wait for the answers."))
    request.save()
    for address in sorted(_deciders(request)):
        post(kind=policies.REQUEST_MAIL, about=request, address=address, account=account)
    record(REQUEST_MADE, by=by, on=account, target=membership, after=request.as_event(), reason=reason)
    return request


@action(REQUEST_APPROVED)
def approve_request(
    *,
    request: AccessRequest,
    by: Person,
    role: Role | None = None,
    codes: Iterable[str] = (),
    ends_at: dt.datetime | None = None,
    answer: str = "",
    approval: Any = None,
) -> AccessRequest:
    """Give what was asked for, or less: a role that holds less, fewer `codes`, an earlier end. Returns the request.

    A later end than the one that was asked for counts as that one. It passes the very checks of giving it directly
    (rules 2, 3, 5). Raises MissingPermission, PolicyViolation (more than was asked for, oneself), NeedsSecondPerson,
    ChangedMeanwhile (decided or lapsed since).
    """
    account, membership, request = _lock(request)
    end = request.ends_at if is_later(ends_at, than=request.ends_at) else ends_at
    if request.role is not None:
        chosen = role or request.role
        _require_no_more_than(request.role, chosen)
        _require_no_loss(membership, chosen, end)
        asked = {"request": request, "role": role, "codes": sorted(codes), "ends_at": ends_at, "answer": answer}
        waits: dict[str, Any] = {"does": "approve_request", "given": asked, "approval": approval}
        if end is None:
            changed = give_role(account, membership, chosen, by=by, keep_raise=True, **waits)
        else:
            changed = give_for_a_time(account, membership, chosen, end, by=by, **waits)
    else:
        wanted = frozenset(codes)
        if not wanted or not wanted <= set(request.codes):
            raise PolicyViolation(_("Give what was asked for, or something of it."))
        asset = Asset.objects.in_use().filter(account=account).lock(request.asset_id)
        held = dict(AssetGrant.objects.of(membership).filter(content_object=asset).values_list(*CODE_AND_END))
        changed = give(account, membership, asset, wanted_of(held, wanted, end, add=True), by=by)
    if changed is None:
        raise ChangedMeanwhile(_("%(person)s holds this already.") % {"person": request.person})
    before, after = changed
    request.given = given_of(chosen, end) if request.role is not None else after
    _decide(request, AccessRequest.State.APPROVED, by=by, answer=answer)
    after = {**after, "request": request.pk, "asked": request.reason}
    record(REQUEST_APPROVED, by=by, on=account, target=membership, before=before, after=after, reason=answer)
    return request


@action(REQUEST_REFUSED)
def refuse_request(*, request: AccessRequest, by: Person, answer: str) -> AccessRequest:
    """Say no, and why. Needs *manage the team*; nobody decides their own. Returns the request.

    Raises MissingPermission, PolicyViolation, ChangedMeanwhile (decided or lapsed since).
    """
    account, membership, request = _lock(request)
    authority.require(by, MANAGE_TEAM, on=account)
    if request.person_id == by.pk:
        raise PolicyViolation(_("Nobody decides their own request. You can withdraw it."))
    _decide(request, AccessRequest.State.REFUSED, by=by, answer=answer)
    record(REQUEST_REFUSED, by=by, on=account, target=membership, after=request.as_event(), reason=answer)
    return request


@action(REQUEST_WITHDRAWN)
def withdraw_request(*, request: AccessRequest, by: Person) -> AccessRequest:
    """Take one's own request back and return it. Raises PolicyViolation, ChangedMeanwhile (decided or lapsed since)."""
    account, membership, request = _lock(request)
    if request.person_id != by.pk:
        raise PolicyViolation(_("Only who asked can withdraw a request."))
    request.state, request.decided_at = AccessRequest.State.WITHDRAWN, timezone.now()
    request.save(update_fields=["state", "decided_at"])
    record(REQUEST_WITHDRAWN, by=by, on=account, target=membership, after=request.as_event())
    return request


@action(REQUEST_LAPSED)
def note_lapse(*, request: AccessRequest, by: Any) -> AccessRequest:
    """Write down that nobody decided in time, and tell who asked. Raises ChangedMeanwhile: noted or decided already."""
    account = BusinessAccount.objects.open().lock(request.account_id)
    request = AccessRequest.objects.lapsed().filter(lapse_noted=False).with_all().lock(request.pk)
    request.lapse_noted = True
    request.save(update_fields=["lapse_noted"])
    post(kind=policies.DECIDED_MAIL, about=request, address=request.person.email, account=account)
    record(REQUEST_LAPSED, by=by, on=account, target=request.membership, after=request.as_event())
    return request


def _lock(request: AccessRequest) -> tuple[BusinessAccount, Membership, AccessRequest]:
    account, membership = seating.lock_member(request.membership)
    return account, membership, AccessRequest.objects.open().with_all().lock(request.pk)


def given_of(role: Role, end: dt.datetime | None) -> dict[str, Any]:
    """Return what a request keeps of a role that was given."""
    return {"role": role.as_event(), **({"ends_at": end.isoformat()} if end else {})}


def _wished_role(account: BusinessAccount, membership: Membership, role: Role, ends_at: dt.datetime | None) -> Role:
    found = Role.objects.of(account).filter(pk=role.pk).first()
    if found is None:
        raise ChangedMeanwhile(_("This role is not there any more. Choose another."))
    if found.is_owner or membership.role.is_owner:
        raise PolicyViolation(_("Ownership moves by a transfer only."))
    beyond = membership.is_raised and is_later(ends_at, than=membership.raised_until)
    held = membership.lasting_role if beyond else membership.role
    if not found.permissions - held.permissions:
        raise PolicyViolation(_("Your role holds all of this already."))
    if ends_at is not None:
        policies.require_for_a_time(account, membership, found, ends_at)
    _require_no_loss(membership, found, ends_at)
    return found


def _wished_grants(
    account: BusinessAccount, membership: Membership, asset: Asset | None, codes: Iterable[str]
) -> tuple[Asset, list[str]]:
    asset = Asset.objects.in_use().filter(account=account).lock(asset.pk if asset else None)
    wanted = frozenset(codes)
    if not wanted or not wanted <= ASSET_CODES:
        raise PolicyViolation(_("Choose what you want to do on the asset."))
    granted = AssetGrant.objects.of(membership).lasting().filter(content_object=asset)
    new = wanted - membership.role.permissions - set(granted.values_list("permission__codename", flat=True))
    if not new:
        raise PolicyViolation(_("You may do all of this already."))
    return asset, sorted(new)


def _require_no_more_than(asked: Role, given: Role) -> None:
    if not given.permissions <= asked.permissions:
        raise PolicyViolation(_("Give what was asked for, or a role that holds less."))


def _require_no_loss(membership: Membership, role: Role, ends_at: dt.datetime | None) -> None:
    """Demand that a role which is asked for takes nothing of one that is held for a time already."""
    until = membership.raised_until
    if not membership.is_raised or until is None:
        return
    raised = membership.role.permissions
    shorter = is_later(until, than=ends_at)
    if (role.permissions >= raised and not shorter) or (ends_at is None and role.permissions < raised):
        return
    words = _("%(person)s is %(role)s until %(end)s already, and would lose something by this.")
    names = {"person": membership, "role": membership.role, "end": in_words(until)}
    raise PolicyViolation(words % names)


def _decide(request: AccessRequest, state: str, *, by: Person, answer: str) -> None:
    request.state, request.decided_at, request.decided_by, request.answer = state, timezone.now(), by, answer
    request.save(update_fields=["state", "decided_at", "decided_by", "answer", "given"])
    post(kind=policies.DECIDED_MAIL, about=request, address=request.person.email, account=request.account)


def _deciders(request: AccessRequest) -> set[str]:
    """Return the addresses of whoever manages the team, but not of who asks."""
    managing = Membership.objects.active().filter(account=request.account).administering()
    return set(managing.exclude(person=request.person).values_list("person__email", flat=True))
