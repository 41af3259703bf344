"""The reading questions about notices."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Self

from django.db import models
from django.db.models import Count, Q
from django.utils import timezone

from .kinds import CHECKPOINT, SECURITY, Channel

KEPT_FOR = dt.timedelta(days=180)  # once they are read


class NoticeQuerySet(models.QuerySet):
    """Notices of people."""

    def of(self, person: Any) -> Self:
        """Those of one person."""
        return self.filter(person_id=person.pk)

    def unread(self) -> Self:
        """Those that are not read."""
        return self.filter(read_at=None)

    def readable(self, holding: Mapping[str, Collection[int | None]]) -> Self:
        """Those that need no permission, or one that is held in their account; `holding` says where each is."""
        allowed = Q(needs="")
        for code, accounts in holding.items():
            allowed |= Q(needs=code, account__in=list(accounts))
        return self.filter(allowed)

    def asked(self) -> list[tuple[int | None, str]]:
        """Return for which accounts and permissions one has to ask before these can be read."""
        rows = self.exclude(needs="").order_by().values_list("account_id", "needs").distinct()
        return list(rows)

    def matching(self, text: str) -> Self:
        """Those whose words, or whose account's name, hold this text."""
        return self.filter(Q(words__icontains=text) | Q(account__name__icontains=text)) if text else self

    def in_state(self, state: str) -> Self:
        """Those of one chip of the inbox; without one, all."""
        match state:
            case "unread":
                return self.unread()
            case "security":
                return self.filter(kind__in=SECURITY)
        return self

    def state_counts(self) -> dict[str, int]:
        """Return how many there are for each chip of the inbox, in one query."""
        return self.order_by().aggregate(
            all=Count("pk"),
            unread=Count("pk", filter=Q(read_at=None)),
            security=Count("pk", filter=Q(kind__in=SECURITY)),
        )

    def for_inbox(self) -> Self:
        """Every row with all that the inbox shows, the newest first."""
        return self.select_related("account").order_by("-pk")

    def for_digest(self) -> Self:
        """Those that wait for the next digest of their person."""
        return self.filter(channel=Channel.DIGEST, read_at=None, digest=None)

    def outlived(self) -> Self:
        """Those that were read, and are older than anybody asks for."""
        return self.filter(read_at__isnull=False, created_at__lt=timezone.now() - KEPT_FOR)


class ChoiceQuerySet(models.QuerySet):
    """What people chose about notices."""

    def for_checkpoints(self) -> Self:
        """Those of people who want to be mailed the checkpoint of the week."""
        return self.filter(kind=CHECKPOINT.code, channel=Channel.WEEKLY, person__is_active=True)
