"""From where a person signs in, so that a sign-in from elsewhere can be told of; and the links of what was told."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from ..querysets import AlarmQuerySet


class Familiar(models.Model):
    """Something that a person has signed in from. Forgotten, it is as new as any other, yet not the first."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(default=timezone.now)
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class KnownDevice(Familiar):
    """A browser that keeps our cookie. The row holds a digest of cookie and person: two people's can't be matched."""

    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "digest"], name="one_row_a_device")]

    def __str__(self) -> str:
        return f"a device of {self.person_id}"


class KnownNetwork(Familiar):
    """A range of network addresses: /24, or /48 in version 6."""

    network = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "network"], name="one_row_a_network")]

    def __str__(self) -> str:
        return self.network


class SignInAlarm(models.Model):
    """A sign-in that a person was told of, and the link by which they say that it wasn't them (its SHA-256 alone)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    device = models.CharField(max_length=200)
    network = models.CharField(max_length=64)
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    objects = AlarmQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.device}, {self.network}"
