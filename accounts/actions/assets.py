"""Adding, renaming and archiving the assets of an account. Bringing one back is an act of the team's floor."""

from django.utils import timezone
from django.utils.translation import gettext as _

from audit.recording import action, record

from .. import authority, policies
from ..errors import PolicyViolation
from ..events import ASSET_ADDED, ASSET_ARCHIVED, ASSET_CHANGED
from ..models import Asset, BusinessAccount, Person
from ..permissions import MANAGE_ASSETS


@action(ASSET_ADDED)
def add_asset(*, account: BusinessAccount, kind: str, name: str, handle: str, by: Person) -> Asset:
    """Add an asset and return it. Raises MissingPermission, PolicyViolation (the name is taken, the plan is full)."""
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_ASSETS, on=account)
    require_free_name(account, name)
    policies.require_asset_room(account)
    asset = Asset.objects.create(account=account, kind=kind, name=name, handle=handle)
    record(ASSET_ADDED, by=by, on=account, target=asset, after=_form(asset))
    return asset


@action(ASSET_CHANGED)
def change_asset(*, asset: Asset, kind: str, name: str, handle: str, by: Person) -> Asset:
    """Change kind, name and handle and return the asset.

    Raises MissingPermission, PolicyViolation (the name is taken), ChangedMeanwhile (archived since).
    """
    account = BusinessAccount.objects.open().lock(asset.account_id)
    asset = Asset.objects.in_use().lock(asset.pk)
    authority.require(by, MANAGE_ASSETS, on=account)
    require_free_name(account, name, besides=asset)
    before = _form(asset)
    asset.kind, asset.name, asset.handle = kind, name, handle
    if before == _form(asset):
        return asset
    asset.save(update_fields=["kind", "name", "handle"])
    record(ASSET_CHANGED, by=by, on=account, target=asset, before=before, after=_form(asset))
    return asset


@action(ASSET_ARCHIVED)
def archive_asset(*, asset: Asset, by: Person) -> Asset:
    """Put an asset away: nobody holds power on it until it is brought back. Grants on it are kept.

    Raises MissingPermission, ChangedMeanwhile (it is archived already).
    """
    account = BusinessAccount.objects.open().lock(asset.account_id)
    asset = Asset.objects.in_use().lock(asset.pk)
    authority.require(by, MANAGE_ASSETS, on=account)
    asset.archived_at = timezone.now()
    asset.save(update_fields=["archived_at"])
    record(ASSET_ARCHIVED, by=by, on=account, target=asset)
    return asset


def require_free_name(account: BusinessAccount, name: str, besides: Asset | None = None) -> None:
    """Demand a name that no other asset in use has. Shared by acts, so it writes no event. Raises PolicyViolation."""
    same = account.assets.in_use().named(name)
    if besides is not None:
        same = same.exclude(pk=besides.pk)
    if same.exists():
        raise PolicyViolation(_("There is an asset named “%(name)s” already.") % {"name": name})


def _form(asset: Asset) -> dict[str, str]:
    return {"kind": str(asset.kind), "name": asset.name, "handle": asset.handle}
