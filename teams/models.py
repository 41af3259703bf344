"""Roles, memberships, asset grants, ownership offers, and the receipts of offboarding."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.managers import UserObjectPermissionManager
from guardian.models import UserObjectPermissionBase

from accounts.models import Asset, BusinessAccount
from accounts.permissions import ASSET_CODES
from audit.canonical import digest_of

from .permissions import ADMINISTERS, BUILT_IN, OWNER
from .querysets import AssetGrantQuerySet, MembershipQuerySet, OwnershipOfferQuerySet, ReceiptQuerySet, RoleQuerySet

UNDO_WITHIN = dt.timedelta(days=30)


def text_of_statement(statement: Mapping[str, Any]) -> str:
    """Return a receipt's statement as the one text whose SHA-256 counts: JSON, keys sorted, no white space."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class Role(models.Model):
    """A named set of permissions. What a built-in role holds stands in the table in code, not in its row."""

    account = models.ForeignKey(BusinessAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="roles")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=100)
    held = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    objects = RoleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "code"], nulls_distinct=False, name="one_role_each_code"),
            models.CheckConstraint(condition=Q(account__isnull=False) | Q(held=[]), name="built_in_roles_hold_by_code"),
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
        return str(BUILT_IN[self.code].purpose) if self.is_built_in else ""

    def as_event(self) -> dict[str, Any]:
        """Return what an event keeps of the role, so that the past can be rebuilt from the log."""
        return {"code": self.code, "name": str(self), "permissions": sorted(self.permissions)}


class Membership(models.Model):
    """A person in an account, with the role held there. Ended memberships stay as history."""

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
    ends_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

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
    ends_at = models.DateTimeField(null=True, blank=True)

    # guardian asks its own manager, and declares it as a class variable
    objects = UserObjectPermissionManager.from_queryset(AssetGrantQuerySet)()  # type: ignore[misc]

    class Meta(UserObjectPermissionBase.Meta):
        indexes = [models.Index(fields=["user", "content_object"], name="grant_user_asset")]

    def __str__(self) -> str:
        return f"{self.user} · {self.content_object}"


class OwnershipOffer(models.Model):
    """An offer of the ownership to a member, who has to accept it."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="ownership_offers")
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ownership_offers")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    offered_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = OwnershipOfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(state="open"), name="one_open_offer_each")
        ]

    def __str__(self) -> str:
        return str(self.person)


class Offboarding(models.Model):
    """One act that ended a person's access, in one account or in several; its receipts say what (rule 13)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="offboardings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.person)


class Receipt(models.Model):
    """What an offboarding ended in one account, and what was looked for afterwards.

    The `statement` is the whole of it; its SHA-256 stands in the event of the act, so that a changed one shows.
    """

    offboarding = models.ForeignKey(Offboarding, on_delete=models.CASCADE, related_name="receipts")
    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="receipts")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="receipts")
    statement = models.JSONField(default=dict)
    event_number = models.BigIntegerField(null=True)
    brought_back_at = models.DateTimeField(null=True)
    brought_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["offboarding", "account"], name="one_receipt_each_account")]
        indexes = [models.Index(fields=["membership"], name="receipt_membership")]

    def __str__(self) -> str:
        return self.statement["person"]["name"]

    @property
    def digest(self) -> str:
        """The SHA-256 of the statement, in hexadecimal, as the event of the act holds it."""
        return digest_of(text_of_statement(self.statement)).hex()

    @property
    def is_complete(self) -> bool:
        """Whether nothing was found that still gives access."""
        return not any(row["found"] for row in self.statement["checked"])

    @property
    def undo_until(self) -> dt.datetime:
        """Until when the access can be brought back in one act."""
        return self.offboarding.at + UNDO_WITHIN

    @property
    def can_be_undone(self) -> bool:
        """Whether the access can still be brought back in one act."""
        return self.brought_back_at is None and self.undo_until > timezone.now()
