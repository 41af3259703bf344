"""Engagements of agencies and other organisations that have ended, each with its receipt (rule 13)."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import BusinessAccount

from ..querysets import EndedEngagementQuerySet
from .members import Membership
from .offboarding import Proof


class EndedEngagement(Proof):
    """One act that ended the access of all people of one organisation in one account; it is its own receipt.

    The `statement` lists each person with what ended and what was looked for afterwards.
    """

    audit_kind = "engagement"

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="ended_engagements")
    organisation = models.CharField(max_length=100)
    key = models.CharField(max_length=60)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    members = models.ManyToManyField(Membership, related_name="ended_engagements")

    objects = EndedEngagementQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["account", "key", "-id"], name="ended_engagement_latest")]

    def __str__(self) -> str:
        return self.organisation

    @property
    def ended_at(self) -> dt.datetime:
        """When it ended."""
        return self.at

    @property
    def left(self) -> int:
        """How much was found afterwards that still gives access: of each person, and of the organisation."""
        checked = [*self.statement["checked"], *(row for one in self.statement["people"] for row in one["checked"])]
        return sum(row["found"] for row in checked)

    def ended_of(self, membership_id: int) -> dict[str, Any]:
        """Return what the receipt says of one of its memberships. Raises StopIteration where it is not among them."""
        return next(one for one in self.statement["people"] if one["membership"] == membership_id)
