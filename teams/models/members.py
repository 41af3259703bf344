"""Memberships, and what is granted to members on single assets."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.managers import UserObjectPermissionManager
from guardian.models import UserObjectPermissionBase

from accounts.models import Asset, BusinessAccount
from audit.canonical import instant

from ..querysets import AssetGrantQuerySet, MembershipQuerySet
from .roles import Role
from .terms import OnTerms, Told


class Membership(OnTerms):
    """A person in an account, with the role held there and the terms. Ended memberships stay as history.

    `role` is the one that counts: the lasting one, or another for a time, which holds all of the lasting one and more.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        SUSPENDED = "suspended", _("suspended")
        ENDED = "ended", _("ended")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    lasting_role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="lasting_in", db_column="role_id")
    raised_to = models.ForeignKey(Role, null=True, blank=True, on_delete=models.PROTECT, related_name="raised_in")
    raised_until = models.DateTimeField(null=True, blank=True)
    raise_told = models.PositiveSmallIntegerField(choices=Told, default=Told.NOTHING, db_default=Told.NOTHING)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    joined_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    told = models.PositiveSmallIntegerField(choices=Told, default=Told.NOTHING)
    administers_since = models.DateTimeField(null=True, blank=True)  # when the role began to manage the team

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
            models.CheckConstraint(
                condition=~Q(raised_to=None) ^ Q(raised_until=None), name="raised_role_has_its_time"
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
            models.Index(
                fields=["raised_until"],
                condition=~Q(state="ended") & Q(raised_until__isnull=False, raise_told__lt=Told.OVER),
                name="membership_raise_ending",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def is_raised(self) -> bool:
        """Whether a role for a time counts now; of an ended membership, whether one did to its end."""
        return self.raised_until is not None and self.raised_until > (self.ended_at or timezone.now())

    @property
    def role(self) -> Role:
        """The role that counts now; of an ended membership, the one that counted last."""
        return self.raised_to if self.is_raised and self.raised_to is not None else self.lasting_role

    @property
    def next_end(self) -> dt.datetime | None:
        """The nearest end that lies ahead: of the membership, or of a role for a time."""
        ends = [self.ends_at, self.raised_until if self.is_raised else None]
        return min((end for end in ends if end is not None and end > timezone.now()), default=None)

    def role_as_event(self) -> dict[str, Any]:
        """Return what an event keeps of the role that counts: for a time, also until when, and which one comes then."""
        held: dict[str, Any] = {"role": self.role.as_event()}
        if self.is_raised and self.raised_until is not None:
            until = self.raised_until
            words = f"{until.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"  # what the log's sentence says
            held |= {"until": instant(until), "ends": words, "then": self.lasting_role.as_event()}
        return held

    def hold(self, lasting: Role, raised_to: Role | None = None, until: dt.datetime | None = None) -> None:
        """Hold a role, and perhaps a larger one until a moment; remember since when the person manages the team.

        Saving ROLE_FIELDS is the caller's.
        """
        managed = self.lasting_role_id is not None and self.role.administers
        if until != self.raised_until:
            self.raise_told = Told.NOTHING
        self.lasting_role, self.raised_to, self.raised_until = lasting, raised_to, until
        if not self.role.administers:
            self.administers_since = None
        elif not managed:
            self.administers_since = timezone.now()

    def take_role(self, role: Role, *, keep_raise: bool = False) -> None:
        """Take a lasting role, as `hold` does. What is held for a time ends by it, unless kept where it holds more."""
        if self.is_raised and not (keep_raise and self.role.permissions > role.permissions):
            self.hold(role)
        else:
            self.hold(role, self.raised_to, self.raised_until)  # what ran out stays, until that is written down

    def raise_to(self, role: Role | None, until: dt.datetime | None) -> None:
        """Take over a role for a time, or none, as `hold` does."""
        self.hold(self.lasting_role, role, until)

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


ROLE_FIELDS = ["lasting_role", "raised_to", "raised_until", "raise_told", "administers_since"]


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
