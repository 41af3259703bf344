"""The reading questions about streams and what they delivered."""

import datetime as dt
from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts.querysets import LockableQuerySet
from audit.models import Chain

LARGEST_NUMBER = 2**63 - 1
NONE = ""  # of a stream whose secret is not made yet


class StreamQuerySet(LockableQuerySet):
    """Streams of accounts."""

    def due(self, at: dt.datetime | None = None) -> Self:
        """Those that have something to send now, and that no worker holds."""
        now = at or timezone.now()
        ready = ~Q(secret=NONE) | Q(kind=self.model.Kind.SYSLOG)
        free = Q(leased_until=None) | Q(leased_until__lte=now)
        behind = Exists(_chain().filter(length__gt=OuterRef("cursor")))
        goes_on = Q(state=self.model.State.ACTIVE, due_at__lte=now) & Q(behind)
        return self.filter(ready, free).filter(Exists(_by_hand(self.model)) | goes_on)

    def matching(self, text: str) -> Self:
        """Those whose name holds this text."""
        return self.filter(label__icontains=text) if text else self

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, all."""
        return self.filter(state=state) if state else self

    def state_counts(self) -> dict[str, int]:
        """Return how many there are for each chip, in one query."""
        states = {state: Count("pk", filter=Q(state=state)) for state in self.model.State.values}
        return self.order_by().aggregate(all=Count("pk"), **states)

    def with_standing(self) -> Self:
        """Each with how many events it is `behind`, and how many batches are `parked`; in a total order."""
        length = Coalesce(Subquery(_chain().values("length")[:1]), Value(0), output_field=models.BigIntegerField())
        parked = Count("deliveries", filter=Q(deliveries__state="parked"))
        rows = self.annotate(behind=Greatest(length - F("cursor"), Value(0)), parked=parked)
        return rows.order_by("label", "pk")


class DeliveryQuerySet(LockableQuerySet):
    """What was sent, is to be sent, or was put aside."""

    def by_hand(self) -> Self:
        """Those that somebody asked for and that wait: tests, and what was put aside and is to be sent again."""
        return self.filter(state__in=[self.model.State.TEST, self.model.State.AGAIN])

    def open_batch(self) -> Self:
        """The one that is being tried, in the order of the log."""
        return self.filter(state=self.model.State.WAITING)

    def unsettled(self) -> Self:
        """Those of which nobody has said yet how they went."""
        states = self.model.State
        return self.filter(state__in=[states.WAITING, states.TEST, states.AGAIN])

    def parked(self) -> Self:
        """Those that were put aside, and wait for somebody to decide."""
        return self.filter(state=self.model.State.PARKED)

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, all."""
        match state:
            case "waiting":
                return self.unsettled()
            case "test":
                return self.filter(is_test=True)
        return self.filter(state=state) if state else self

    def state_counts(self) -> dict[str, int]:
        """Return how many there are for each chip of the list, in one query."""
        states = self.model.State
        waiting = Q(state__in=[states.WAITING, states.TEST, states.AGAIN])
        return self.order_by().aggregate(
            all=Count("pk"),
            waiting=Count("pk", filter=waiting),
            parked=Count("pk", filter=Q(state=states.PARKED)),
            delivered=Count("pk", filter=Q(state=states.DELIVERED)),
            dropped=Count("pk", filter=Q(state=states.DROPPED)),
            test=Count("pk", filter=Q(is_test=True)),
        )

    def matching(self, text: str) -> Self:
        """Those that hold the event of this number, or whose problem holds this text."""
        if not text:
            return self
        found = Q(problem__icontains=text)
        if text.isascii() and text.isdigit() and int(text) <= LARGEST_NUMBER:
            found |= Q(first__lte=int(text), last__gte=int(text), is_test=False)
        return self.filter(found)

    def settled_before(self, moment: dt.datetime) -> Self:
        """Those that nobody has to decide on any more, and that were made before a moment."""
        states = self.model.State
        return self.filter(state__in=[states.DELIVERED, states.DROPPED, states.FAILED], made_at__lt=moment)


def _chain() -> Any:
    return Chain.objects.filter(kind=Chain.Kind.ACCOUNT, subject_id=OuterRef("account_id"))


def _by_hand(model: Any) -> Any:
    deliveries = model._meta.get_field("deliveries").related_model.objects
    return deliveries.by_hand().filter(stream=OuterRef("pk"))
