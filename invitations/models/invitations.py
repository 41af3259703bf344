"""Invitations, and what they offer on single assets."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Asset, BusinessAccount
from accounts.permissions import ASSET_PERMISSIONS
from teams.models import Membership, OnTerms, Role

from ..querysets import InvitationQuerySet
from ..tokens import token_for


class Invitation(OnTerms):
    """An offer of a membership to one e-mail address. Role, grants and terms stand here, never in the link (rule 8).

    `ends_at` is when the offered access ends; `expires_at`, until when the offer can be accepted.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        REVOKED = "revoked", _("revoked")

    class Channel(models.TextChoices):
        MAIL = "mail", _("by mail")
        HAND = "hand", _("link handed over")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="invitations")
    address = models.EmailField()
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="+")
    message = models.TextField(blank=True, max_length=1_000)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sent_invitations")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    sending = models.PositiveIntegerField(default=1)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.MAIL)
    token_hash = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001  # made of the id
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(default=timezone.now)  # when the present sending began
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    expiry_noted = models.BooleanField(default=False)
    membership = models.OneToOneField(
        Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="invitation"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "address"], condition=Q(state="open"), name="one_open_invitation_each"
            )
        ]
        indexes = [
            models.Index(fields=["address"], condition=Q(state="open"), name="invitation_address"),
            models.Index(fields=["account", "-created_at", "-id"], name="invitation_newest"),
            models.Index(
                fields=["expires_at"], condition=Q(state="open", expiry_noted=False), name="invitation_expiring"
            ),
        ]

    def __str__(self) -> str:
        return self.address

    def offered_grants(self) -> dict[Asset, frozenset[str]]:
        """Return what is offered on single assets that are in use: codes of permissions by asset."""
        grants: dict[Asset, set[str]] = {}
        for grant in self.grants.filter(asset__archived_at=None).select_related("asset").order_by("asset_id"):
            grants.setdefault(grant.asset, set()).add(grant.code)
        return {asset: frozenset(codes) for asset, codes in grants.items()}

    def present_token(self) -> str:
        """Return the token of the present link, made anew. Raises LookupError when its key is gone (rule 8)."""
        return token_for(self.pk, self.sending, token_hash=self.token_hash or "")

    @property
    def is_expired(self) -> bool:
        """Whether it ran out unanswered."""
        return self.state == self.State.OPEN and self.expires_at <= timezone.now()

    @property
    def is_open(self) -> bool:
        """Whether it can be accepted now."""
        return self.state == self.State.OPEN and not self.is_expired


class InvitationGrant(models.Model):
    """One permission on one asset that an invitation offers on top of the role."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="grants")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=40, choices=[(entry.code, entry.words) for entry in ASSET_PERMISSIONS])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invitation", "asset", "code"], name="one_offer_each")]

    def __str__(self) -> str:
        return f"{self.code} on {self.asset}"
