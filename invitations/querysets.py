"""The reading questions about invitations."""

import datetime as dt
from typing import Any, Self

from django.db.models import Q
from django.utils import timezone

from accounts.querysets import LockableQuerySet


class InvitationQuerySet(LockableQuerySet):
    """Invitations. Whether one has expired is a question of the time, not of its state."""

    def unanswered(self) -> Self:
        """Those that nobody has answered or revoked, expired ones among them: one per account and address."""
        return self.filter(state=self.model.State.OPEN)

    def open(self, *, at: dt.datetime | None = None) -> Self:
        """Those that can be accepted at `at` (now)."""
        return self.unanswered().filter(expires_at__gt=at or timezone.now())

    def expired(self, *, at: dt.datetime | None = None) -> Self:
        """Those that ran out unanswered."""
        return self.unanswered().filter(expires_at__lte=at or timezone.now())

    def waiting_for(self, person: Any) -> Self:
        """The open ones for the address of a person, in accounts that can still take them."""
        rows = self.open().filter(address=person.email, account__closed_at=None)
        return rows.select_related("account", "role", "invited_by").order_by("-created_at", "pk")

    def matching(self, text: str) -> Self:
        """Those whose address holds this text."""
        return self.filter(Q(address__icontains=text)) if text else self

    def for_list(self) -> Self:
        """Every row with all that the list shows; the newest first, in a total order."""
        return self.select_related("role", "invited_by").order_by("-created_at", "-pk")
