"""Adding, renaming, archiving and bringing back the assets of an account."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from audit.events import Act
from audit.recording import action, record

from .. import authority
from ..errors import PolicyViolation
from ..events import ASSET_ADDED, ASSET_ARCHIVED, ASSET_CHANGED, ASSET_RESTORED
from ..models import Asset, BusinessAccount, Person
from ..permissions import MANAGE_ASSETS


@action(ASSET_ADDED)
def add_asset(*, account: BusinessAccount, kind: str, name: str, handle: str, by: Person) -> Asset:
    """Add an asset and return it. Raises MissingPermission, PolicyViolation (the name is taken)."""
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_ASSETS, on=account)
    _require_free_name(account, name)
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
    _require_free_name(account, name, besides=asset)
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
    return _put(asset, archived_at=timezone.now(), act=ASSET_ARCHIVED, by=by)


@action(ASSET_RESTORED)
def restore_asset(*, asset: Asset, by: Person) -> Asset:
    """Bring an archived asset back, with the grants on it.

    Raises MissingPermission, PolicyViolation (its name is taken now), ChangedMeanwhile (it is in use already).
    """
    account = BusinessAccount.objects.open().lock(asset.account_id)
    asset = Asset.objects.exclude(archived_at=None).lock(asset.pk)
    authority.require(by, MANAGE_ASSETS, on=account)
    _require_free_name(account, asset.name, besides=asset)
    return _put(asset, archived_at=None, act=ASSET_RESTORED, by=by)


def _put(asset: Asset, *, archived_at: Any, act: Act, by: Person) -> Asset:
    asset.archived_at = archived_at
    asset.save(update_fields=["archived_at"])
    record(act, by=by, on=asset.account, target=asset)
    return asset


def _require_free_name(account: BusinessAccount, name: str, besides: Asset | None = None) -> None:
    same = account.assets.in_use().named(name)
    if besides is not None:
        same = same.exclude(pk=besides.pk)
    if same.exists():
        raise PolicyViolation(_("There is an asset named “%(name)s” already.") % {"name": name})


def _form(asset: Asset) -> dict[str, str]:
    return {"kind": str(asset.kind), "name": asset.name, "handle": asset.handle}
