"""The reading questions about shared logins."""

import datetime as dt
from typing import Any, Self

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.utils import timezone

from accounts.querysets import LockableQuerySet


class SharedLoginQuerySet(LockableQuerySet):
    """Shared logins of accounts."""

    def in_use(self) -> Self:
        """Those that are not retired."""
        return self.filter(retired_at=None)

    def exposed(self) -> Self:
        """Those whose password somebody knows who should not any more."""
        return self.in_use().filter(Exists(_open_task(self.model)))

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, those in use."""
        if state == "retired":
            return self.exclude(retired_at=None)
        return self.exposed() if state == "exposed" else self.in_use()

    def state_counts(self) -> dict[str, int]:
        """Return how many are in use, exposed and retired, in one query."""
        return self.order_by().aggregate(
            in_use=Count("pk", filter=Q(retired_at=None)),
            exposed=Count("pk", filter=Q(Exists(_open_task(self.model)), retired_at=None)),
            retired=Count("pk", filter=Q(retired_at__isnull=False)),
        )

    def matching(self, text: str) -> Self:
        """Those whose name, place or user name holds this text."""
        found = Q(label__icontains=text) | Q(platform__icontains=text) | Q(username__icontains=text)
        return self.filter(found) if text else self

    def named(self, label: str) -> Self:
        """Those of one name without its case, compared as the constraint on the table compares it."""
        return self.filter(Exact(Lower("label"), Lower(models.Value(label))))

    def with_standing(self) -> Self:
        """Each with `exposed_since` (None while quiet), and how many know it (`known_by`); the exposed ones first."""
        knowers: Any = self.model._meta.get_field("knowers").related_model
        known = knowers.objects.knowing().filter(login=OuterRef("pk"))
        count = known.order_by().values("login").annotate(many=Count("pk")).values("many")
        rows = self.annotate(
            exposed_since=Subquery(_open_task(self.model).values("opened_at")[:1]),
            known_by=Subquery(count, output_field=models.IntegerField()),
        )
        return rows.select_related("changed_by").order_by(F("exposed_since").asc(nulls_last=True), "label", "pk")


class KnowerQuerySet(LockableQuerySet):
    """People who know a shared login, or knew it."""

    def knowing(self) -> Self:
        """Those who know the password that works now, the gone ones among them."""
        return self.filter(cleared_at=None)

    def trusted(self) -> Self:
        """Those who know it and may."""
        return self.knowing().filter(gone_at=None)

    def gone(self) -> Self:
        """Those who know it and should not any more: they expose the login."""
        return self.knowing().exclude(gone_at=None)

    def cleared(self) -> Self:
        """Those who knew an earlier password only."""
        return self.exclude(cleared_at=None)

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, those who know it."""
        return {"gone": self.gone, "before": self.cleared}.get(state, self.knowing)()

    def state_counts(self) -> dict[str, int]:
        """Return how many know it, how many of these are gone, and how many knew it before, in one query."""
        knows = Q(cleared_at=None)
        return self.order_by().aggregate(
            knowing=Count("pk", filter=knows),
            gone=Count("pk", filter=knows & Q(gone_at__isnull=False)),
            before=Count("pk", filter=~knows),
        )

    def matching(self, text: str) -> Self:
        """Those whose name, address or purpose holds this text."""
        found = Q(name__icontains=text) | Q(address__icontains=text) | Q(purpose__icontains=text)
        return self.filter(found) if text else self

    def same_person(self, name: str, address: str) -> Self:
        """Those who are meant by a name and an address, compared as the constraints on the table compare them."""
        if address:
            return self.filter(address=address)
        return self.filter(Exact(Lower("name"), Lower(models.Value(name))), address="")

    def for_list(self) -> Self:
        """In a total order: who is gone first, then by name."""
        return self.order_by(F("gone_at").desc(nulls_last=True), "name", "pk")


class ChangeTaskQuerySet(LockableQuerySet):
    """Tasks to change a password."""

    def open(self) -> Self:
        """Those that nobody has closed, in accounts that are open."""
        return self.filter(closed_at=None, login__account__closed_at=None)

    def to_remind_of(self, at: dt.datetime | None = None) -> Self:
        """The open ones whose next reminder is due."""
        return self.open().filter(remind_at__lte=at or timezone.now())


def _open_task(model: Any) -> Any:
    """Return the open task of a login of the outer query; `model` is that of the logins."""
    return model._meta.get_field("tasks").related_model.objects.filter(login=OuterRef("pk"), closed_at=None)
