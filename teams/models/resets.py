"""Ending the second factor of somebody who is locked out: asked for by an administrator, after a wait."""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Iterator

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessAccount

from ..querysets import FactorResetQuerySet

SHORTEST_RESET_WAIT = dt.timedelta(hours=24)  # no setting goes below
SIGN_IN_WITHIN = dt.timedelta(days=14)  # after the wait; then a reset has lapsed


class FactorReset(models.Model):
    """That a person's second factor is to end. The database itself keeps its waiting time.

    `recorded_at` is the database's own clock at the moment the row was written, which no writer can choose.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        REFUSED = "refused", _("refused by the person")
        USED = "used", _("ended, since the second factor was used")
        WITHDRAWN = "withdrawn", _("withdrawn")
        CARRIED_OUT = "carried_out", _("carried out")
        LAPSED = "lapsed", _("lapsed")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="factor_resets")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="factor_resets")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    asked_at = models.DateTimeField()
    ripe_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = FactorResetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "person"], condition=Q(state="open"), name="one_open_reset_each"
            ),
            models.CheckConstraint(condition=Q(ripe_at__gte=F("asked_at") + SHORTEST_RESET_WAIT), name="reset_waits"),
            models.CheckConstraint(condition=~Q(asked_by=F("person")), name="nobody_resets_oneself"),
            models.CheckConstraint(condition=Q(state="open") ^ Q(answered_at__isnull=False), name="reset_is_answered"),
        ]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended it yet."""
        return self.state == self.State.OPEN

    @property
    def is_waiting(self) -> bool:
        """Whether the waiting time runs."""
        return self.is_open and self.ripe_at > timezone.now()

    @property
    def lapses_at(self) -> dt.datetime:
        """Until when the person can sign in with it."""
        return self.ripe_at + SIGN_IN_WITHIN

    @property
    def refusal_token(self) -> str:
        """What proves, in a mailed link, that the person refuses: 256 bits, made when needed and held nowhere."""
        return next(self._tokens())

    def is_refused_with(self, token: str) -> bool:
        """Say whether a link carries the right token, made under the present secret or an earlier one."""
        return any(hmac.compare_digest(token.encode(), known.encode()) for known in self._tokens())

    def _tokens(self) -> Iterator[str]:
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            key = hashlib.sha256(b"accessportal factor reset\0" + secret.encode()).digest()
            digest = hmac.new(key, f"{self.pk}/{self.person_id}".encode(), hashlib.sha256).digest()
            yield base64.urlsafe_b64encode(digest).decode().rstrip("=")
