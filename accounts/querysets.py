"""The reading questions about people, accounts, assets and mails."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Count, Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext as _


class LockableQuerySet(models.QuerySet):
    """Rows that an action locks before it decides."""

    def lock(self, pk: Any) -> Any:
        """Return the row as it is now, locked until the transaction ends, with what `select_related` asks for.

        That is read in a second step: a row that is joined while waiting for the lock is as it was before the wait.
        Raises ChangedMeanwhile when it is not among these rows any more.
        """
        [row] = self.lock_many([pk]).values()
        return row

    def lock_many(self, pks: Iterable[Any]) -> dict[Any, Any]:
        """Return these rows by their ids as they are now, locked in the order of their ids as `lock` locks one.

        Raises ChangedMeanwhile when any of them is not among these rows any more.
        """
        from .errors import ChangedMeanwhile  # errors speak of models, models are made of querysets

        wanted = set(pks)
        rows = self.filter(pk__in=wanted).order_by("pk")
        locked = list(rows.select_related(None).select_for_update(of=("self",), no_key=True))
        if locked and self.query.select_related:
            locked = list(rows)
        if len(locked) < len(wanted):
            raise ChangedMeanwhile(_("This has changed since you opened the page. Please look again."))
        return {row.pk: row for row in locked}


class BusinessAccountQuerySet(LockableQuerySet):
    """Business accounts."""

    def open(self) -> Self:
        """Those that are not closed."""
        return self.filter(closed_at=None)

    def frozen(self) -> Self:
        """Those in which nobody's access changes."""
        return self.exclude(frozen_at=None)


class AssetQuerySet(LockableQuerySet):
    """Assets of accounts."""

    def of(self, account: Any) -> Self:
        """Those of one account, by kind and name."""
        return self.filter(account=account).order_by("archived_at", "kind", "name", "pk")

    def in_use(self) -> Self:
        """Those that are not archived."""
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        """Those that are put away."""
        return self.exclude(archived_at=None)

    def named(self, name: str) -> Self:
        """Those of one name without its case, compared as the constraint on the table compares it."""
        return self.filter(Exact(Lower("name"), Lower(Value(name))))

    def of_kind(self, kind: str) -> Self:
        """Those of one kind; all of them where none is named."""
        return self.filter(kind=kind) if kind else self

    def counts(self) -> dict[str, int]:
        """Return how many are in use and how many are archived."""
        here = Q(archived_at=None)
        return self.order_by().aggregate(in_use=Count("pk", filter=here), archived=Count("pk", filter=~here))

    def matching(self, text: str) -> Self:
        """Those whose name or handle holds this text."""
        return self.filter(Q(name__icontains=text) | Q(handle__icontains=text)) if text else self


class OutgoingMailQuerySet(LockableQuerySet):
    """Mails that wait, go out, or are parked."""

    def due(self, at: dt.datetime | None = None) -> Self:
        """Those to be sent now: queued and due, or taken by a worker whose lease ran out."""
        now = at or timezone.now()
        return self.filter(state__in=[self.model.State.QUEUED, self.model.State.SENDING], due_at__lte=now)

    def unsettled(self) -> Self:
        """Those of which nobody has said yet how they went."""
        return self.filter(state__in=[self.model.State.QUEUED, self.model.State.SENDING])

    def about(self, kind: str, pk: int) -> Self:
        """Those about one thing, the newest first."""
        return self.filter(about_kind=kind, about_id=pk).order_by("-pk")

    def parked(self) -> Self:
        """Those that failed for good."""
        return self.filter(state=self.model.State.PARKED)


class TallyQuerySet(LockableQuerySet):
    """Failed tries, counted."""

    def lock_keys(self, keys: Iterable[str]) -> list[Any]:
        """Return the rows of these keys, locked in one order until the transaction ends."""
        return list(self.filter(key__in=list(keys)).order_by("key").select_for_update(no_key=True, of=("self",)))


class AlarmQuerySet(LockableQuerySet):
    """Sign-ins that people were told of."""

    def open(self) -> Self:
        """Those whose link still works: nobody has answered, and its time has not run out."""
        return self.filter(answered_at=None, expires_at__gt=timezone.now())
