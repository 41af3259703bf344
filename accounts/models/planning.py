"""A change that is planned: it lies in the very row that it changes, and counts from its moment on."""

import copy
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils import timezone

PLAN_FIELDS = ["planned", "planned_from", "planned_at", "planned_by", "planned_reason", "planned_told"]


class PlannedAhead(models.Model):
    """A row with at most one planned change, `planned`: new values by the name of their field.

    From `planned_from` on, whoever reads the row reads the new values: nothing has to run at that moment (rule 1). What
    was planned without a moment is stopped: it never counts, and waits to be taken away.
    """

    planned = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True, editable=False)
    planned_from = models.DateTimeField(null=True, blank=True, editable=False)
    planned_at = models.DateTimeField(null=True, blank=True, editable=False)
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    planned_reason = models.CharField(max_length=500, blank=True, default="", db_default="", editable=False)
    planned_told = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)

    since: ClassVar[Mapping[str, Sequence[str]]] = {}  # a field of an instant, and the fields whose change it dates

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_from=None) | (Q(planned_by__isnull=False) & ~Q(planned={})),
                name="%(app_label)s_%(class)s_plan_is_whole",
            )
        ]

    @classmethod
    def from_db(cls, *read: Any, **more: Any) -> Self:
        """Read the row as it counts at this moment."""
        row = super().from_db(*read, **more)
        if {"planned", "planned_from"} <= row.__dict__.keys() and row.plan_has_begun:
            row.take_over(row.planned, at=row.planned_from)
        return row

    @property
    def plan_has_begun(self) -> bool:
        """Whether what was planned counts by now."""
        return self.planned_from is not None and self.planned_from <= timezone.now()

    @property
    def has_plan_ahead(self) -> bool:
        """Whether something is planned that will count."""
        return self.planned_from is not None and not self.plan_has_begun

    @property
    def plan_is_stopped(self) -> bool:
        """Whether something was planned that will never count."""
        return bool(self.planned) and self.planned_from is None

    def take_over(self, values: Mapping[str, Any], *, at: dt.datetime | None) -> None:
        """Take new values, which count since `at`; in memory only."""
        for name, value in values.items():
            setattr(self, name, value)
        for name, dated in self.since.items():
            if any(field in values for field in dated):
                setattr(self, name, at)

    def under(self, values: Mapping[str, Any], *, at: dt.datetime | None = None) -> Self:
        """Return a copy of the row that has these values, as it would be if they counted; in memory only."""
        then = copy.copy(self)
        then.take_over(values, at=at)
        return then

    def dated_by(self, names: Any) -> list[str]:
        """Return the fields of instants that a change of these fields dates."""
        return [name for name, dated in self.since.items() if set(dated) & set(names)]

    def drop_plan(self) -> None:
        """Have nothing planned any more; in memory only."""
        self.planned, self.planned_from, self.planned_at = {}, None, None
        self.planned_by, self.planned_reason, self.planned_told = None, "", 0
