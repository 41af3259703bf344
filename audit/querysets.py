"""The reading questions about events."""

import datetime as dt
from typing import Any, Self

from django.db import models
from django.db.models import Q


def kind_of(thing: Any) -> str:
    """Return the word by which the log names the kind of `thing`: its `audit_kind`, or its model's name."""
    return getattr(thing, "audit_kind", None) or thing._meta.model_name


class EventQuerySet(models.QuerySet):
    """Events are only ever read here; they are written by `audit.recording`."""

    def of(self, subject: Any) -> Self:
        """Those in the chain of one account or one person."""
        return self.filter(chain__kind=kind_of(subject), chain__subject_id=subject.pk)

    def about(self, target: Any) -> Self:
        """Those whose target is this very thing, in the order they happened."""
        return self.filter(target_kind=kind_of(target), target_id=target.pk).order_by("id")

    def concerning(self, person_id: int) -> Self:
        """Those that a person did, or that were done to that person."""
        return self.filter(Q(actor_kind="person", actor_id=person_id) | Q(about_id=person_id))

    def named(self, *names: str) -> Self:
        """Those with one of these names; a name that ends in a dot stands for its whole group."""
        wanted = Q()
        for name in names:
            wanted |= Q(name__startswith=name) if name.endswith(".") else Q(name=name)
        return self.filter(wanted)

    def between(self, start: dt.datetime | None, end: dt.datetime | None) -> Self:
        """Those from `start` up to but not including `end`; None leaves a side open."""
        rows = self.filter(at__gte=start) if start else self
        return rows.filter(at__lt=end) if end else rows

    def newest_first(self) -> Self:
        """In the order of a log page: the last one first, total and therefore stable."""
        return self.order_by("-id")
