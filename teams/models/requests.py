"""A member's wish for more."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Asset, BusinessAccount

from ..querysets import AccessRequestQuerySet
from .members import Membership
from .roles import Role

LAPSES_AFTER = dt.timedelta(days=14)


def _lapses_at() -> dt.datetime:
    return timezone.now() + LAPSES_AFTER


class AccessRequest(models.Model):
    """A wish of a member for another role, or for permissions on one asset, for a reason and perhaps for a time.

    Whether it has lapsed is a question of the time, not of its state.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="access_requests")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="access_requests")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, null=True, on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, null=True, on_delete=models.CASCADE, related_name="+")
    codes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    ends_at = models.DateTimeField(null=True)  # until when it is wanted
    reason = models.TextField(max_length=500)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    asked_at = models.DateTimeField(default=timezone.now)
    lapses_at = models.DateTimeField(default=_lapses_at)
    lapse_noted = models.BooleanField(default=False)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(max_length=500, blank=True)
    given = models.JSONField(default=dict, blank=True)  # what was given in the end, as the event has it

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__isnull=False, asset=None, codes=[])
                | Q(role=None, asset__isnull=False, codes__len__gt=0),
                name="request_for_a_role_or_on_an_asset",
            ),
            models.UniqueConstraint(
                fields=["membership", "asset"],
                condition=Q(state="open"),
                nulls_distinct=False,
                name="one_open_wish_each",
            ),
        ]
        indexes = [models.Index(fields=["account", "-asked_at", "-id"], name="request_newest")]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def is_lapsed(self) -> bool:
        """Whether nobody decided in time."""
        return self.state == self.State.OPEN and self.lapses_at <= timezone.now()

    @property
    def is_open(self) -> bool:
        """Whether it can be decided now."""
        return self.state == self.State.OPEN and not self.is_lapsed

    def as_event(self) -> dict[str, Any]:
        """Return what an event keeps of the wish."""
        wish: dict[str, Any] = {"request": self.pk}
        ends = {"ends_at": self.ends_at.isoformat()} if self.ends_at else {}
        if self.role:
            return {**wish, "role": self.role.as_event(), **ends}
        assert self.asset is not None  # noqa: S101  # the table holds one of the two
        return {**wish, "asset": {"id": self.asset.pk, "name": self.asset.name}, "grants": sorted(self.codes), **ends}
