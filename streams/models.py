"""Streams of an account's log to the account's own log system, and what each of them delivered."""

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessAccount

from .calling import BadAddress, Place, syslog_place, web_place
from .querysets import DeliveryQuerySet, StreamQuerySet


class Stream(models.Model):
    """One way on which the events of an account's chain go to a log system, each in its turn.

    `cursor` is the number of the last event that was delivered, put aside or left out: the truth of what is still to be
    sent. A worker holds the row by its lease; its `turn` tells which worker that was.
    """

    audit_kind = "stream"

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", _("Webhook: signed JSON by HTTPS")
        SYSLOG = "syslog", _("Syslog: JSON over TLS")

    class Form(models.TextChoices):
        JSON = "json", _("JSON, as in an export")
        OCSF = "ocsf", _("OCSF, for a log system")

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="streams")
    label = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.WEBHOOK)
    form = models.CharField(_("form"), max_length=10, choices=Form, default=Form.JSON)
    address = models.CharField(_("address"), max_length=500)  # its path may hold a secret of the receiver's
    authority = models.TextField(_("certificate authority"), blank=True)
    secret = models.TextField(blank=True)  # sealed; a webhook without one waits
    former_secret = models.TextField(blank=True)  # sealed; signs, too, until its time is over
    former_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    cursor = models.BigIntegerField(default=0)
    turn = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    behind: int  # of rows that were asked `with_standing`
    parked: int

    objects = StreamQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(state="active"), name="stream_due")]

    def __str__(self) -> str:
        return self.label

    @property
    def place(self) -> Place:
        """Where to. Raises BadAddress for what can't be sent to any more, such as this machine outside of trying."""
        return web_place(self.address) if self.is_webhook else syslog_place(self.address)

    @property
    def shown_address(self) -> str:
        """The address without its path, which may hold a secret."""
        try:
            return self.place.shown
        except BadAddress:
            return ""

    @property
    def is_webhook(self) -> bool:
        """Whether it is sent by HTTPS."""
        return self.kind == self.Kind.WEBHOOK

    @property
    def is_active(self) -> bool:
        """Whether it goes on by itself."""
        return self.state == self.State.ACTIVE

    @property
    def waits_for_secret(self) -> bool:
        """Whether nothing is sent yet, since nothing could sign it."""
        return self.is_webhook and not self.secret

    @property
    def former_secret_counts(self) -> bool:
        """Whether the secret before this one signs, too."""
        return bool(self.former_secret) and self.former_until is not None and self.former_until > timezone.now()

    def as_event(self) -> dict[str, Any]:
        """Return what an event keeps of it: no secret, and of the address no path."""
        return {
            "name": self.label,
            "kind": self.kind,
            "form": self.form,
            "address": self.shown_address,
            "own_authority": bool(self.authority),
        }


class Delivery(models.Model):
    """One batch of events, or a test: what, how it went, and what is to become of it. Its key is the message's id."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being tried")
        TEST = "test", _("test, waiting")
        AGAIN = "again", _("to be sent again")
        DELIVERED = "delivered", _("delivered")
        PARKED = "parked", _("put aside")
        DROPPED = "dropped", _("dropped")
        FAILED = "failed", _("failed")

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="deliveries")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    is_test = models.BooleanField(default=False)
    first = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    tried_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["stream"], condition=Q(state="waiting"), name="one_batch_at_a_time")
        ]
        indexes = [
            models.Index(fields=["stream", "-id"], name="delivery_newest"),
            models.Index(fields=["stream"], condition=Q(state__in=["test", "again"]), name="delivery_by_hand"),
            models.Index(fields=["stream", "-id"], condition=Q(state="parked"), name="delivery_parked"),
            models.Index(
                fields=["made_at"], condition=Q(state__in=["delivered", "dropped", "failed"]), name="delivery_old"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"

    @property
    def account(self) -> BusinessAccount:
        """The account whose log it is."""
        return self.stream.account

    @property
    def message_id(self) -> str:
        """The id by which the receiver knows a repetition."""
        return f"msg_{self.key.hex}"

    @property
    def count(self) -> int:
        """How many events it holds."""
        return 0 if self.is_test else self.last - self.first + 1

    @property
    def is_parked(self) -> bool:
        """Whether somebody has to decide what becomes of it."""
        return self.state == self.State.PARKED
