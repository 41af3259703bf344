"""Bringing an asset back. An act of this floor, since it gives people back what they were granted on it."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actions.assets import require_free_name
from accounts.events import ASSET_RESTORED
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import MANAGE_ASSETS
from accounts.policies import require_asset_room
from audit.recording import action, record

from .. import authority
from ..models import AssetGrant


@action(ASSET_RESTORED)
def restore_asset(*, asset: Asset, by: Person) -> Asset:
    """Bring an archived asset back, with the grants on it, all of which the actor must hold by role (rule 2).

    By role, not by a grant: nobody gives themselves back what they were granted. Raises MissingPermission,
    PolicyViolation (its name is taken now, the plan is full), ChangedMeanwhile (it is in use already).
    """
    account = BusinessAccount.objects.open().lock(asset.account_id)
    asset = Asset.objects.archived().lock(asset.pk)
    grants = revived_by(asset)
    codes = set(grants.values_list("permission__codename", flat=True))
    authority.require(by, MANAGE_ASSETS, on=account, adding=codes)
    require_free_name(account, asset.name, besides=asset)
    require_asset_room(account)
    asset.archived_at = None
    asset.save(update_fields=["archived_at"])
    after = {"members": grants.values("membership").distinct().count(), "grants": sorted(codes)} if codes else {}
    record(ASSET_RESTORED, by=by, on=account, target=asset, after=after)
    return asset


def revived_by(asset: Asset) -> QuerySet[AssetGrant]:
    """Return the grants on an archived asset that count again once it is back."""
    lasting = Q(ends_at=None) | Q(ends_at__gt=timezone.now())
    return AssetGrant.objects.filter(lasting, content_object=asset).exclude(membership__state="ended")
