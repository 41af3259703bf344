"""What an account asks of a second person, and the sensitive acts that wait for one (AZ11)."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessAccount
from accounts.sensitive import SensitiveAct

from ..querysets import PendingActQuerySet

EXPIRES_AFTER = dt.timedelta(days=7)
USABLE_FOR = dt.timedelta(hours=24)  # so long who asked for the log may take it


class Way(models.TextChoices):
    """What is asked beside who acts, the stricter the later."""

    OFF = "off", _("nobody else")
    NOTIFY = "notify", _("others are told")
    DELAY = "delay", _("it waits, and can be cancelled")
    APPROVE = "approve", _("somebody else approves")

    @property
    def rank(self) -> int:
        """How strict it is."""
        return list(Way).index(self)


class SecondPerson(models.Model):
    """What one account asks for one kind of act. Without a row it asks for nobody."""

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="second_persons")
    act = models.CharField(max_length=20, choices=SensitiveAct)
    way = models.CharField(max_length=10, choices=Way, default=Way.OFF)
    hours = models.PositiveSmallIntegerField(
        default=24, validators=[MinValueValidator(1), MaxValueValidator(24 * 14)]
    )  # how long a delayed act waits

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "act"], name="one_second_person_each_act")]

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.get_way_display()}"


class PendingAct(models.Model):
    """A sensitive act that waits for a second person, or for its time; or one of which others were told.

    The database keeps the wait, and that nobody approves their own act. `recorded_at` is its own clock.
    """

    audit_kind = "pending_act"

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        APPROVED = "approved", _("approved")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="pending_acts")
    act = models.CharField(max_length=20, choices=SensitiveAct)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    does = models.CharField(max_length=40)  # the action, by its name
    arguments = models.JSONField()
    says = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    adds = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    way = models.CharField(max_length=10, choices=Way)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField()
    ripe_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=500, blank=True)  # it failed

    objects = PendingActQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("person")), name="nobody_approves_their_own_act"
            ),
            models.CheckConstraint(condition=Q(way="delay") ^ Q(ripe_at=None), name="only_a_delayed_act_has_its_time"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("asked_at")), name="a_pending_act_expires_later"),
        ]
        indexes = [models.Index(fields=["account", "-asked_at", "-id"], name="pending_act_newest")]

    def __str__(self) -> str:
        return str(self.get_act_display())

    @property
    def is_waiting(self) -> bool:
        """Whether it can still be approved or cancelled."""
        return self.state == self.State.WAITING and not self.is_expired

    @property
    def is_expired(self) -> bool:
        """Whether its time is over without anything."""
        return self.state in {self.State.WAITING, self.State.APPROVED} and self.usable_until <= timezone.now()

    @property
    def reason(self) -> str:
        """Why it was asked for, where the act takes a reason."""
        return dict(self.arguments["items"]).get("reason") or ""

    @property
    def is_open(self) -> bool:
        """Whether it has not come to its end, and can still be cancelled."""
        return self.state in {self.State.WAITING, self.State.APPROVED} and not self.is_expired

    @property
    def is_export(self) -> bool:
        """Whether who asked takes a file, instead of an act that is carried out."""
        return self.act == SensitiveAct.EXPORT

    @property
    def usable_until(self) -> dt.datetime:
        """Until when it can be decided or, once it is approved or ripe, be used."""
        if self.is_export and self.approved_at:
            return self.approved_at + USABLE_FOR
        return self.expires_at

    @property
    def is_usable(self) -> bool:
        """Whether who asked can do it now. The database decides in the end."""
        ripe = self.ripe_at is not None and self.ripe_at <= timezone.now()
        ready = self.state == self.State.APPROVED or (self.state == self.State.WAITING and ripe)
        return ready and not self.is_expired

    def as_event(self) -> dict[str, Any]:
        """Return what an event keeps of it."""
        ends = {"ripe_at": self.ripe_at.isoformat()} if self.ripe_at else {}
        return {"act": self.act, "way": self.way, "does": self.does, "says": self.says, **ends}
