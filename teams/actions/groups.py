"""Groups of assets and of people: made, changed, deleted. They give nothing: granting to one is an act of its own."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import Asset, BusinessAccount, Person
from accounts.permissions import MANAGE_ASSETS, MANAGE_TEAM
from audit.recording import action, record

from .. import authority
from ..events import (
    ASSET_GROUP_CHANGED,
    ASSET_GROUP_DELETED,
    ASSET_GROUP_MADE,
    PEOPLE_GROUP_CHANGED,
    PEOPLE_GROUP_DELETED,
    PEOPLE_GROUP_MADE,
)
from ..models import AssetGroup, Membership, PeopleGroup
from ..querysets import GroupQuerySet

MOST_GROUPS = 100  # of a kind in one account: every filter lists them
MOST_IN_GROUP = 500


@action(ASSET_GROUP_MADE)
def make_asset_group(*, account: BusinessAccount, name: str, assets: Collection[Asset], by: Person) -> AssetGroup:
    """Make a group of assets in use and return it.

    Raises MissingPermission, PolicyViolation (the name is taken, too many groups), ChangedMeanwhile (one is archived).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_ASSETS, on=account)
    _require_room(AssetGroup.objects.of(account), name)
    found = _still(Asset.objects.of(account).in_use(), assets)
    group = AssetGroup.objects.create(account=account, name=name)
    group.assets.set(found)
    record(ASSET_GROUP_MADE, by=by, on=account, target=group, after=_assets_of(group))
    return group


@action(ASSET_GROUP_CHANGED)
def change_asset_group(*, group: AssetGroup, name: str, assets: Collection[Asset], by: Person) -> AssetGroup:
    """Give a group another name or other assets in use, and return it. Archived ones stay in it.

    Raises MissingPermission, PolicyViolation (the name is taken), ChangedMeanwhile (deleted, or one is archived since).
    """
    account = BusinessAccount.objects.open().lock(group.account_id)
    group = AssetGroup.objects.of(account).lock(group.pk)
    authority.require(by, MANAGE_ASSETS, on=account)
    _require_free_name(AssetGroup.objects.of(account).exclude(pk=group.pk), name)
    found = _still(Asset.objects.of(account).in_use(), assets)
    before, group.name = _assets_of(group), name
    group.assets.set([*found, *group.assets.archived()])
    if before != _assets_of(group):
        group.save(update_fields=["name"])
        record(ASSET_GROUP_CHANGED, by=by, on=account, target=group, before=before, after=_assets_of(group))
    return group


@action(ASSET_GROUP_DELETED)
def delete_asset_group(*, group: AssetGroup, by: Person) -> None:
    """Delete a group of assets; what was granted by it stays. Raises MissingPermission, ChangedMeanwhile (deleted)."""
    account = BusinessAccount.objects.open().lock(group.account_id)
    group = AssetGroup.objects.of(account).lock(group.pk)
    authority.require(by, MANAGE_ASSETS, on=account)
    record(ASSET_GROUP_DELETED, by=by, on=account, target=group, before=_assets_of(group))
    group.delete()


@action(PEOPLE_GROUP_MADE)
def make_people_group(
    *, account: BusinessAccount, name: str, memberships: Collection[Membership], by: Person
) -> PeopleGroup:
    """Make a group of current members and return it.

    Raises MissingPermission, PolicyViolation (the name is taken, too many groups), ChangedMeanwhile (one has ended).
    """
    account = BusinessAccount.objects.open().lock(account.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    _require_room(PeopleGroup.objects.of(account), name)
    found = _still(Membership.objects.current().filter(account=account), memberships)
    group = PeopleGroup.objects.create(account=account, name=name)
    group.memberships.set(found)
    record(PEOPLE_GROUP_MADE, by=by, on=account, target=group, after=_people_of(group))
    return group


@action(PEOPLE_GROUP_CHANGED)
def change_people_group(
    *, group: PeopleGroup, name: str, memberships: Collection[Membership], by: Person
) -> PeopleGroup:
    """Give a group another name or other members, and return it.

    Raises MissingPermission, PolicyViolation (the name is taken), ChangedMeanwhile (deleted, or one has ended since).
    """
    account = BusinessAccount.objects.open().lock(group.account_id)
    group = PeopleGroup.objects.of(account).lock(group.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    _require_free_name(PeopleGroup.objects.of(account).exclude(pk=group.pk), name)
    found = _still(Membership.objects.current().filter(account=account), memberships)
    before, group.name = _people_of(group), name
    group.memberships.set([*found, *group.memberships.filter(state=Membership.State.ENDED)])
    if before != _people_of(group):
        group.save(update_fields=["name"])
        record(PEOPLE_GROUP_CHANGED, by=by, on=account, target=group, before=before, after=_people_of(group))
    return group


@action(PEOPLE_GROUP_DELETED)
def delete_people_group(*, group: PeopleGroup, by: Person) -> None:
    """Delete a group of people; what was granted by it stays. Raises MissingPermission, ChangedMeanwhile (deleted)."""
    account = BusinessAccount.objects.open().lock(group.account_id)
    group = PeopleGroup.objects.of(account).lock(group.pk)
    authority.require(by, MANAGE_TEAM, on=account)
    record(PEOPLE_GROUP_DELETED, by=by, on=account, target=group, before=_people_of(group))
    group.delete()


def _require_room(groups: GroupQuerySet, name: str) -> None:
    if groups.count() >= MOST_GROUPS:
        words = _("An account has at most %(most)d groups of a kind. Delete one that nobody needs.")
        raise PolicyViolation(words % {"most": MOST_GROUPS})
    _require_free_name(groups, name)


def _require_free_name(groups: GroupQuerySet, name: str) -> None:
    if groups.named(name).exists():
        raise PolicyViolation(_("There is a group of this name already. Choose another name."))


def _still(rows: Any, chosen: Collection[Any]) -> list[Any]:
    """Return the chosen ones as they are now.

    Raises PolicyViolation where they are too many, ChangedMeanwhile where one is not among `rows` any more.
    """
    ids = {thing.pk for thing in chosen}
    if len(ids) > MOST_IN_GROUP:
        raise PolicyViolation(_("A group holds at most %(most)d. Make two of it.") % {"most": MOST_IN_GROUP})
    found = list(rows.filter(pk__in=ids))
    if len(found) != len(ids):
        raise ChangedMeanwhile(_("Some of what you chose is not there any more. Please look again."))
    return found


def _assets_of(group: AssetGroup) -> dict[str, Any]:
    return {"name": group.name, "assets": [asset.name for asset in group.present]}


def _people_of(group: PeopleGroup) -> dict[str, Any]:
    return {"name": group.name, "people": [str(member.person) for member in group.present]}
