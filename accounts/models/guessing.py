"""How often a sign-in was tried in vain: rows, so that every process counts the same and none forgets (GU2)."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from ..querysets import TallyQuerySet


class Tally(models.Model):
    """The failed tries at one sign-in, or from one network address.

    The key of a sign-in that nobody has is a keyed digest of what was typed, so that no list of it can be read here.
    """

    key = models.CharField(max_length=80, unique=True)
    person = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="tally")
    failed = models.PositiveIntegerField(default=0, db_default=0)
    began_at = models.DateTimeField(default=timezone.now)  # of the present run of failures
    last_at = models.DateTimeField(default=timezone.now)
    closed_until = models.DateTimeField(null=True)  # until then no try is looked at
    is_told = models.BooleanField(default=False, db_default=False)  # that it is closed: one event each time
    stopped_at = models.DateTimeField(null=True)  # since then the password does not work, until it is set anew

    objects = TallyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["last_at"], name="tally_last")]

    def __str__(self) -> str:
        return f"{self.key}: {self.failed}"
