"""What the portal does about ends: it tells people before, and writes down that something ran out.

None of it takes power away: the check itself refuses from the very moment on (rule 1).
"""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.errors import ChangedMeanwhile
from accounts.models import Asset, BusinessAccount, OutgoingMail
from audit.canonical import instant
from audit.querysets import kind_of
from audit.recording import action, record

from .. import policies
from ..events import END_ANNOUNCED, RAN_OUT, ROLE_END_ANNOUNCED, ROLE_RAN_OUT
from ..models import AssetGrant, Membership, Told
from . import seating

ONE_LIST_IN = dt.timedelta(hours=1)


@action(END_ANNOUNCED)
def announce_end(*, membership: Membership, by: Any, asset: Asset | None = None) -> Membership:
    """Tell a member, whoever manages the team, and the sponsor that the membership ends soon.

    With `asset`, that the grants on it do. Raises ChangedMeanwhile where nothing is left to tell: it was told already,
    or the end is another one now.
    """
    account, membership = seating.lock_member(membership)
    rows = _ending(membership, asset)
    due = [(row, Told.due(row.ends_at)) for row in rows]
    due = [(row, told) for row, told in due if Told.NOTHING < told < Told.OVER and told > row.told]
    if not due:
        raise ChangedMeanwhile(_("This end was dealt with already."))
    for row, told in due:
        row.told = told
        row.save(update_fields=["told"])
    _tell(account, membership)
    after = {**_as_event(rows, asset), "told": max(told for _row, told in due).name.lower()}
    record(END_ANNOUNCED, by=by, on=account, target=membership, after=after)
    return membership


@action(RAN_OUT)
def note_end(*, membership: Membership, by: Any, asset: Asset | None = None) -> Membership:
    """Write down that a membership ran out, and tell the member; with `asset`, take away the grants that did.

    Raises ChangedMeanwhile where it was noted already, or the end is another one now.
    """
    account, membership = seating.lock_member(membership)
    rows = [row for row in _ending(membership, asset) if Told.due(row.ends_at) == Told.OVER > row.told]
    if not rows:
        raise ChangedMeanwhile(_("This end was dealt with already."))
    before = _as_event(rows, asset)
    if asset is None:
        membership.told = Told.OVER
        membership.save(update_fields=["told"])
        before |= {**membership.role_as_event(), **seating.ended_while_away(membership)}
        post(kind=policies.RAN_OUT_MAIL, about=membership, address=membership.person.email, account=account)
    else:
        AssetGrant.objects.filter(pk__in=[row.pk for row in rows]).delete()
    record(RAN_OUT, by=by, on=account, target=membership, before=before)
    return membership


@action(ROLE_END_ANNOUNCED)
def announce_role_end(*, membership: Membership, by: Any) -> Membership:
    """Tell a member, whoever manages the team, and the sponsor that a role for a time ends soon.

    Raises ChangedMeanwhile where nothing is left to tell: it was told already, or the end is another one now.
    """
    account, membership = seating.lock_member(membership)
    told = Told.due(membership.raised_until)
    if not Told.NOTHING < told < Told.OVER or told <= membership.raise_told:
        raise ChangedMeanwhile(_("This end was dealt with already."))
    membership.raise_told = told
    membership.save(update_fields=["raise_told"])
    _tell(account, membership)
    after = {**membership.role_as_event(), "told": told.name.lower()}
    record(ROLE_END_ANNOUNCED, by=by, on=account, target=membership, after=after)
    return membership


@action(ROLE_RAN_OUT)
def note_role_end(*, membership: Membership, by: Any) -> Membership:
    """Write down that a role for a time ran out, and tell the member. What ran out stays in the row, without power.

    Raises ChangedMeanwhile where it was noted already, or the end is another one now.
    """
    account, membership = seating.lock_member(membership)
    role, until = membership.raised_to, membership.raised_until
    if role is None or until is None or not Told.due(until) == Told.OVER > membership.raise_told:
        raise ChangedMeanwhile(_("This end was dealt with already."))
    membership.raise_told = Told.OVER
    membership.save(update_fields=["raise_told"])
    post(kind=policies.ROLE_RAN_OUT_MAIL, about=membership, address=membership.person.email, account=account)
    before = {"role": role.as_event(), "until": instant(until), "then": membership.lasting_role.as_event()}
    after = membership.role_as_event()
    record(ROLE_RAN_OUT, by=by, on=account, target=membership, before=before, after=after)
    return membership


def _tell(account: BusinessAccount, membership: Membership) -> None:
    """Post to a member that something ends soon, and to who is responsible the list of what does."""
    post(kind=policies.ENDING_MAIL, about=membership, address=membership.person.email, account=account)
    for address in sorted(_responsible(account, membership)):
        _post_once(account, address)


def _ending(membership: Membership, asset: Asset | None) -> list[Any]:
    """Return what of a member has an end: the membership, or the grants on one asset."""
    if asset is None:
        return [membership] if membership.ends_at else []
    rows = AssetGrant.objects.of(membership).filter(content_object=asset).exclude(ends_at=None)
    return list(rows.order_by("permission__codename").select_for_update(of=("self",)))


def _as_event(rows: list[Any], asset: Asset | None) -> dict[str, Any]:
    if asset is None:
        return {"ends_at": instant(rows[0].ends_at)}
    grants = {row.permission.codename: instant(row.ends_at) for row in rows}
    return {"asset": {"id": asset.pk, "name": asset.name}, "grants": grants}


def _responsible(account: BusinessAccount, membership: Membership) -> set[str]:
    """Return the addresses of whoever manages the team, and of the sponsor, but not of the member."""
    active = Membership.objects.active().filter(account=account).exclude(person=membership.person)
    managing = set(active.administering().values_list("person__email", flat=True))
    return managing | set(active.filter(person=membership.sponsor_id).values_list("person__email", flat=True))


def _post_once(account: BusinessAccount, address: str) -> None:
    """Post the list of what ends soon, unless one has just been: it names all of it, whenever it is written."""
    recent = OutgoingMail.objects.about(kind_of(account), account.pk).filter(
        kind=policies.ENDINGS_MAIL, address=address, created_at__gt=timezone.now() - ONE_LIST_IN
    )
    if not recent.exists():
        post(kind=policies.ENDINGS_MAIL, about=account, address=address, account=account)
