"""The reading questions about alerts, and about how far the log was read."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.querysets import LockableQuerySet
from audit.models import Chain

WATCHED = [Chain.Kind.ACCOUNT, Chain.Kind.PERSON]


class AlertQuerySet(LockableQuerySet):
    """Alerts of accounts."""

    def open(self) -> Self:
        """Those that nobody has acknowledged."""
        return self.filter(state=self.model.State.OPEN)

    def acknowledged(self) -> Self:
        """Those that somebody has looked at."""
        return self.filter(state=self.model.State.ACKNOWLEDGED)

    def grave(self) -> Self:
        """Those of the highest severity."""
        return self.filter(severity="high")

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, the open ones."""
        return {"acknowledged": self.acknowledged(), "all": self}.get(state) or self.open()

    def state_counts(self) -> dict[str, int]:
        """Return how many are open, acknowledged, and there at all, in one query."""
        return self.order_by().aggregate(
            open=Count("pk", filter=Q(state=self.model.State.OPEN)),
            acknowledged=Count("pk", filter=Q(state=self.model.State.ACKNOWLEDGED)),
            all=Count("pk"),
        )

    def of_severity(self, severity: str) -> Self:
        """Those of one severity; all of them where none is named."""
        return self.filter(severity=severity) if severity else self

    def of_rule(self, rule: str) -> Self:
        """Those that one rule raised; all of them where none is named."""
        return self.filter(rule=rule) if rule else self

    def matching(self, text: str, rules: Collection[str] = ()) -> Self:
        """Those about a person with this text in name or address, with it in their note, or of one of these rules."""
        about = Q(concerns__name__icontains=text) | Q(concerns__email__icontains=text)
        return self.filter(about | Q(note__icontains=text) | Q(rule__in=rules)) if text else self

    def standing_for(self, rule: str, subject: str, window: str, at: dt.datetime) -> Self:
        """Those that already tell of what a rule found: the same window, or raised so lately that they stand for it."""
        told = Q(window=window) | Q(happened_at__lte=at, quiet_until__gt=at)
        return self.filter(told, rule=rule, subject=subject)

    def for_list(self) -> Self:
        """With all that the list shows, the gravest and newest first, in a total order."""
        weight = Case(When(severity="high", then=Value(0)), When(severity="medium", then=Value(1)), default=Value(2))
        return self.select_related("concerns").order_by(weight, "-opened_at", "-pk")


class CursorQuerySet(models.QuerySet):
    """How far each chain was read."""

    def take(self, chain_id: int) -> Any:
        """Return the row of a chain, locked until the transaction ends; None while another worker has it."""
        return self.select_for_update(skip_locked=True).filter(chain_id=chain_id).first()

    def unread_chains(self) -> list[int]:
        """Return the ids of the chains that hold what was not read yet, the longest unread first.

        It compares two numbers for each chain, and touches no event.
        """
        chains = Chain.objects.filter(kind__in=WATCHED).annotate(read=Coalesce("watch_cursor__number", 0))
        unread = chains.filter(length__gt=F("read")).order_by("watch_cursor__read_at", "pk")
        return list(unread.values_list("pk", flat=True))


class TuningQuerySet(LockableQuerySet):
    """What accounts set about rules."""

    def of_accounts(self, account_ids: Iterable[int]) -> dict[tuple[int, str], Any]:
        """Return the rows of these accounts, by account and rule."""
        return {(row.account_id, row.rule): row for row in self.filter(account__in=list(account_ids))}

    def muting(self, at: dt.datetime | None = None) -> Self:
        """Those that mute their rule."""
        return self.filter(muted_until__gt=at or timezone.now())
