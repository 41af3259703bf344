"""Groups of assets and of people: names by which several are chosen at once. A group holds no power by itself."""

from typing import Any

from django.db import models
from django.db.models.functions import Lower

from accounts.models import Asset, BusinessAccount

from ..querysets import AssetGroupQuerySet, PeopleGroupQuerySet
from .members import Membership


class AssetGroup(models.Model):
    """Several assets of an account under one name. Archived ones stay in it, and count again once they are back."""

    audit_kind = "asset_group"

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="asset_groups")
    name = models.CharField(max_length=60)
    assets = models.ManyToManyField(Asset, related_name="asset_groups")

    objects = AssetGroupQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("account", Lower("name"), name="one_asset_group_each_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def present(self) -> Any:
        """Its assets in use, by kind and name."""
        return self.assets.of(self.account).in_use()


class PeopleGroup(models.Model):
    """Several members of an account under one name. Whose membership has ended is not in it any more."""

    audit_kind = "people_group"

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="people_groups")
    name = models.CharField(max_length=60)
    memberships = models.ManyToManyField(Membership, related_name="people_groups")

    objects = PeopleGroupQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("account", Lower("name"), name="one_people_group_each_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def present(self) -> Any:
        """Its members who have not ended, by name."""
        return self.memberships.current().with_roles("person").order_by("person__name", "pk")
