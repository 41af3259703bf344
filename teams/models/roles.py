"""Roles: named sets of permissions."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import BusinessAccount
from accounts.permissions import ASSET_CODES, OWN_ACCOUNT, VIEW_ACCOUNT

from ..permissions import ADMINISTERS, BUILT_IN, OWNER
from ..querysets import RoleQuerySet


class Role(models.Model):
    """A named set of permissions. What a built-in role holds stands in the table in code, not in its row.

    A role that an account made can be retired: nobody holds it any more, and it stays as history of who did.
    """

    account = models.ForeignKey(BusinessAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="roles")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    about = models.CharField(max_length=200, blank=True)  # whom a role is for that the account made
    position = models.PositiveSmallIntegerField(default=100)
    held = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = RoleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "code"], nulls_distinct=False, name="one_role_each_code"),
            models.CheckConstraint(condition=Q(account__isnull=False) | Q(held=[]), name="built_in_roles_hold_by_code"),
            models.UniqueConstraint(
                "account",
                Lower("name"),
                condition=Q(account__isnull=False, retired_at=None),
                name="one_role_each_name",
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=False) | Q(retired_at=None), name="built_in_roles_are_never_retired"
            ),
            models.CheckConstraint(
                condition=Q(account=None) | (Q(held__contains=[VIEW_ACCOUNT]) & ~Q(held__contains=[OWN_ACCOUNT])),
                name="made_roles_view_and_never_own",
            ),
        ]

    def __str__(self) -> str:
        return str(BUILT_IN[self.code].name) if self.is_built_in else self.name

    @property
    def is_built_in(self) -> bool:
        """Whether every account has this role."""
        return self.account_id is None

    @property
    def is_owner(self) -> bool:
        """Whether this is the owner's role, which only a transfer gives."""
        return self.is_built_in and self.code == OWNER

    @property
    def permissions(self) -> frozenset[str]:
        """The codes of the permissions that the role holds."""
        return BUILT_IN[self.code].holds if self.is_built_in else frozenset(self.held)

    @property
    def administers(self) -> bool:
        """Whether the role manages the team: only the owner acts on who holds it (rule 2)."""
        return bool(self.permissions & ADMINISTERS)

    @property
    def works_on_assets(self) -> bool:
        """Whether the role gives anything on the assets of the account."""
        return bool(self.permissions & ASSET_CODES)

    @property
    def purpose(self) -> str:
        """In a sentence, whom the role is for."""
        return str(BUILT_IN[self.code].purpose) if self.is_built_in else self.about

    @property
    def is_retired(self) -> bool:
        """Whether the role is history: nobody can be given it."""
        return self.retired_at is not None

    def as_event(self) -> dict[str, Any]:
        """Return what an event keeps of the role, so that the past can be rebuilt from the log."""
        return {"code": self.code, "name": str(self), "permissions": sorted(self.permissions)}
