"""Giving and taking single permissions on one asset. The one place that writes guardian's rows."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Permission
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import ASSET_CODES, MANAGE_TEAM
from audit.canonical import instant
from audit.recording import action, record

from .. import authority
from ..events import GRANTS_CHANGED
from ..models import AssetGrant, Membership, is_later
from . import seating

Grants = dict[str, dt.datetime | None]  # permissions with their ends
CODE_AND_END = ("permission__codename", "ends_at")
MISSING = object()  # no grant at all, which is not a grant without an end


@action(GRANTS_CHANGED)
def set_grants(
    *,
    membership: Membership,
    asset: Asset,
    codes: Iterable[str],
    by: Person,
    ends_at: dt.datetime | None = None,
    reason: str = "",
    add: bool = False,
    seen: Grants | None = None,
) -> Membership:
    """Make `codes`, until `ends_at`, exactly what a member is granted on one asset; return the membership (rule 2).

    With `add` they are added to what is granted. `seen` is what the actor saw granted: where it is not so any more,
    nothing is done. A later end adds power as a new permission does; what has run out counts as not held. Raises
    MissingPermission for what the actor adds without holding it, PolicyViolation (unknown permission, an end in the
    past, other account's asset, the owner, oneself), ChangedMeanwhile (ended, archived, or granted otherwise since).
    """
    account, membership = seating.lock_member(membership)
    asset = Asset.objects.in_use().filter(account=account).lock(asset.pk)
    codes = frozenset(codes)
    if not codes <= ASSET_CODES:
        raise PolicyViolation(_("This is no permission on an asset."))
    held = dict(AssetGrant.objects.of(membership).filter(content_object=asset).values_list(*CODE_AND_END))
    if seen is not None and held != seen:
        raise ChangedMeanwhile(_("What is granted here has changed since you looked. Please look again."))
    changed = give(account, membership, asset, wanted_of(held, codes, ends_at, add=add), by=by)
    if changed is not None:
        before, after = changed
        record(GRANTS_CHANGED, by=by, on=account, target=membership, before=before, after=after, reason=reason)
    return membership


def wanted_of(held: Grants, codes: Iterable[str], ends_at: dt.datetime | None, *, add: bool) -> Grants:
    """Return what would be granted: `codes` until `ends_at`, or, with `add`, what is held with these besides.

    What is added keeps the later of two ends; what has run out is gone either way.
    """
    wanted: Grants = dict.fromkeys(codes, ends_at)
    if not add:
        return wanted
    now = timezone.now()
    lasting = {code: end for code, end in held.items() if end is None or end > now}
    longer = {code: end for code, end in wanted.items() if code not in lasting or _is_more(end, lasting[code], now=now)}
    return {**lasting, **longer}


def added_by(held: Grants, wanted: Grants) -> frozenset[str]:
    """Return the codes of which `wanted` gives more than is held: new ones, and those that last longer."""
    now = timezone.now()
    return frozenset(code for code, end in wanted.items() if code not in held or _is_more(end, held[code], now=now))


def give(
    account: BusinessAccount, membership: Membership, asset: Asset, wanted: Grants, *, by: Person
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Check and make `wanted`, codes with their ends, exactly what a locked member is granted on a locked asset.

    Returns before and after for the event of the act, or None where nothing changes. Raises as `set_grants` does.
    """
    rows = AssetGrant.objects.filter(membership=membership, content_object=asset)
    held: Grants = dict(rows.values_list(*CODE_AND_END))
    if wanted == held:
        return None
    now = timezone.now()
    added = added_by(held, wanted)
    authority.require(by, MANAGE_TEAM, on=account, over=membership, adding_on=[(asset, added)])
    changed = {code for code in {*held, *wanted} if held.get(code, MISSING) != wanted.get(code, MISSING)}
    codes_by_end: dict[dt.datetime | None, list[str]] = {}
    for code in changed & set(wanted):
        codes_by_end.setdefault(wanted[code], []).append(code)
    if any(end is not None and end <= now for end in codes_by_end):
        raise PolicyViolation(_("The end lies in the past."))
    rows.filter(permission__codename__in=changed).delete()
    for end, codes in codes_by_end.items():
        write_grants(membership, asset, codes, ends_at=end, by=by)
    return _as_event(asset, held), _as_event(asset, wanted)


def _is_more(end: dt.datetime | None, present: dt.datetime | None, *, now: dt.datetime) -> bool:
    """Say whether an end gives more than the present one, which may have passed; None is never."""
    return is_later(end, than=present) or (present is not None and present <= now)


def _as_event(asset: Asset, grants: Grants) -> dict[str, Any]:
    ends = {code: instant(end) for code, end in sorted(grants.items()) if end}
    return {"asset": {"id": asset.pk, "name": asset.name}, "grants": sorted(grants), **({"ends": ends} if ends else {})}


def write_grants(
    membership: Membership,
    asset: Asset,
    codes: Iterable[str],
    *,
    ends_at: dt.datetime | None = None,
    by: Person | None = None,
) -> None:
    """Write grants that were checked before; shared by acts, so it writes no event."""
    write_all_grants([(membership, asset, codes, ends_at)], by=by)


def write_all_grants(
    given: Iterable[tuple[Membership, Asset, Iterable[str], dt.datetime | None]], *, by: Person | None = None
) -> None:
    """Write grants as `write_grants` does, of several members on several assets, in two statements for all."""
    rows = [(member, asset, code, ends_at) for member, asset, codes, ends_at in given for code in set(codes)]
    found = Permission.objects.filter(
        content_type__app_label="accounts",
        content_type__model="asset",
        codename__in={code for _member, _asset, code, _ends_at in rows},
    )
    permissions = {permission.codename: permission for permission in found}
    AssetGrant.objects.bulk_create(
        AssetGrant(
            user_id=member.person_id,
            membership=member,
            content_object=asset,
            permission=permissions[code],
            ends_at=ends_at,
            given_by=by,
        )
        for member, asset, code, ends_at in rows
    )
