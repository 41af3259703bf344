"""Memberships, and what is granted to members on single assets."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.managers import UserObjectPermissionManager
from guardian.models import UserObjectPermissionBase

from accounts.models import Asset, BusinessAccount

from ..querysets import AssetGrantQuerySet, MembershipQuerySet
from .roles import Role
from .terms import OnTerms, Told


class Membership(OnTerms):
    """A person in an account, with the role held there and the terms. Ended memberships stay as history."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        ENDED = "ended", _("ended")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="memberships")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    joined_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    told = models.PositiveSmallIntegerField(choices=Told, default=Told.NOTHING)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "person"], condition=~Q(state="ended"), name="one_current_membership_each"
            ),
            models.CheckConstraint(condition=Q(state="ended") ^ Q(ended_at=None), name="ended_has_its_time"),
            models.CheckConstraint(
                condition=~Q(state="suspended") | Q(suspended_at__isnull=False), name="suspended_has_its_time"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "person", "-id"], name="membership_latest"),
            models.Index(fields=["person"], condition=~Q(state="ended"), name="membership_current"),
            models.Index(
                fields=["ends_at"],
                condition=~Q(state="ended") & Q(ends_at__isnull=False, told__lt=Told.OVER),
                name="membership_ending",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def is_current(self) -> bool:
        """Whether the membership has not ended."""
        return self.state != self.State.ENDED

    @property
    def is_expired(self) -> bool:
        """Whether its time limit has passed."""
        return self.ends_at is not None and self.ends_at <= timezone.now()

    @property
    def waits_for_confirmation(self) -> bool:
        """Whether an administrator is asked to confirm the role (rule 11)."""
        return self.is_current and self.confirmed_at is None


class AssetGrant(UserObjectPermissionBase):
    """One permission of one person on one asset, on top of the role. It counts only beside an active membership.

    guardian's direct-foreign-key model: it goes with its asset, and with the membership that it belongs to.
    """

    content_object = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="grants")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="asset_grants")
    given_at = models.DateTimeField(default=timezone.now)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ends_at = models.DateTimeField(null=True, blank=True)
    told = models.PositiveSmallIntegerField(choices=Told, default=Told.NOTHING)

    # guardian asks its own manager, and declares it as a class variable
    objects = UserObjectPermissionManager.from_queryset(AssetGrantQuerySet)()  # type: ignore[misc]

    class Meta(UserObjectPermissionBase.Meta):
        indexes = [
            models.Index(fields=["user", "content_object"], name="grant_user_asset"),
            models.Index(fields=["ends_at"], condition=Q(ends_at__isnull=False), name="grant_ending"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.content_object}"
