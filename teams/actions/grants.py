"""Giving and taking single permissions on one asset. The one place that writes guardian's rows."""

import datetime as dt
from collections.abc import Iterable

from django.contrib.auth.models import Permission
from django.utils.translation import gettext as _

from accounts.errors import PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import ASSET_CODES, MANAGE_TEAM
from audit.recording import action, record

from .. import authority
from ..events import GRANTS_CHANGED
from ..models import AssetGrant, Membership


@action(GRANTS_CHANGED)
def set_grants(
    *, membership: Membership, asset: Asset, codes: Iterable[str], by: Person, reason: str = ""
) -> Membership:
    """Make `codes` exactly what a member is granted on one asset, and return the membership (rule 2).

    Raises MissingPermission for what the actor adds without holding it, PolicyViolation (unknown permission, other
    account's asset, the owner, oneself), ChangedMeanwhile (ended or archived since).
    """
    account = BusinessAccount.objects.open().lock(membership.account_id)
    membership = Membership.objects.current().select_related("role", "person").lock(membership.pk)
    asset = Asset.objects.in_use().filter(account=account).lock(asset.pk)
    wanted = frozenset(codes)
    if not wanted <= ASSET_CODES:
        raise PolicyViolation(_("This is no permission on an asset."))
    rows = AssetGrant.objects.filter(membership=membership, content_object=asset)
    held = frozenset(rows.values_list("permission__codename", flat=True))
    if wanted == held:
        return membership
    authority.require(by, MANAGE_TEAM, on=account, over=membership, adding_on=[(asset, wanted - held)])
    rows.filter(permission__codename__in=held - wanted).delete()
    write_grants(membership, asset, wanted - held)
    named = {"id": asset.pk, "name": asset.name}
    before, after = {"asset": named, "grants": sorted(held)}, {"asset": named, "grants": sorted(wanted)}
    record(GRANTS_CHANGED, by=by, on=account, target=membership, before=before, after=after, reason=reason)
    return membership


def write_grants(
    membership: Membership, asset: Asset, codes: Iterable[str], *, ends_at: dt.datetime | None = None
) -> None:
    """Write grants that were checked before; shared by acts, so it writes no event."""
    permissions = Permission.objects.filter(
        content_type__app_label="accounts", content_type__model="asset", codename__in=list(codes)
    )
    AssetGrant.objects.bulk_create(
        AssetGrant(
            user_id=membership.person_id,
            membership=membership,
            content_object=asset,
            permission=permission,
            ends_at=ends_at,
        )
        for permission in permissions
    )
