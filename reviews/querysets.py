"""The reading questions about access reviews."""

import datetime as dt
from typing import Any, Self

from django.db.models import Count, Q
from django.utils import timezone

from accounts.querysets import LockableQuerySet


class CampaignQuerySet(LockableQuerySet):
    """Campaigns of accounts."""

    def running(self) -> Self:
        """Those that are not closed, in accounts that are open."""
        return self.filter(state=self.model.State.RUNNING, account__closed_at=None)

    def overdue(self, at: dt.datetime | None = None) -> Self:
        """The running ones whose deadline has passed."""
        return self.running().filter(deadline__lte=at or timezone.now())

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, all."""
        return self.filter(state=state) if state else self

    def state_counts(self) -> dict[str, int]:
        """Return how many there are for each chip of the list, in one query."""
        return self.order_by().aggregate(
            all=Count("pk"),
            running=Count("pk", filter=Q(state=self.model.State.RUNNING)),
            closed=Count("pk", filter=Q(state=self.model.State.CLOSED)),
        )

    def matching(self, text: str) -> Self:
        """Those whose name holds this text."""
        return self.filter(name__icontains=text) if text else self

    def with_progress(self) -> Self:
        """Each with how many `items` it has, how many `asked` for a decision, and how many of these are `undecided`."""
        return self.annotate(
            items_in_all=Count("items"),
            asked=Count("items", filter=Q(items__must_decide=True)),
            undecided=Count("items", filter=_undecided("items__")),
        )

    def for_list(self) -> Self:
        """The newest first, in a total order."""
        return self.with_progress().select_related("started_by").order_by("-started_at", "-pk")


class ItemQuerySet(LockableQuerySet):
    """Accesses under review."""

    def running(self) -> Self:
        """Those of campaigns that run, in accounts that are open."""
        return self.filter(campaign__state="running", campaign__account__closed_at=None)

    def undecided(self) -> Self:
        """Those that somebody must decide, and nobody has; an access that has ended meanwhile asks for nothing."""
        return self.filter(_undecided())

    def decided(self) -> Self:
        """Those that somebody, or silence, has decided."""
        return self.exclude(decision="")

    def waiting_for(self, person: Any) -> Self:
        """Those that a person is to decide now."""
        return self.running().undecided().filter(reviewer=person)

    def to_carry_out(self) -> Self:
        """Those that are to be reduced or ended, and are not yet; what ended meanwhile is found on the way."""
        return self.filter(decision__in=["reduce", "end"]).exclude(outcome="done")

    def left_open(self) -> Self:
        """Those whose decision could not be carried out, or waits for a second person."""
        return self.filter(outcome__in=["hindered", "waits"])

    def in_state(self, state: str) -> Self:
        """Those of one chip of a campaign's page; without one, all."""
        match state:
            case "undecided":
                return self.undecided()
            case "keep" | "reduce" | "end" | "suspend":
                return self.filter(decision=state)
            case "open":
                return self.left_open()
            case "carried":
                return self.filter(must_decide=False, decision="")
        return self

    def state_counts(self) -> dict[str, int]:
        """Return how many there are for each chip of a campaign's page, in one query."""
        chips = {decision: Q(decision=decision) for decision in ("keep", "reduce", "end", "suspend")}
        chips |= {
            "undecided": _undecided(),
            "open": Q(outcome__in=["hindered", "waits"]),
            "carried": Q(must_decide=False, decision=""),
        }
        return self.order_by().aggregate(
            all=Count("pk"), **{name: Count("pk", filter=wanted) for name, wanted in chips.items()}
        )

    def matching(self, text: str) -> Self:
        """Those of people whose name or address holds this text."""
        found = Q(membership__person__name__icontains=text) | Q(membership__person__email__icontains=text)
        return self.filter(found) if text else self

    def with_all(self) -> Self:
        """With all that a page shows of each, in one query."""
        return self.select_related(
            "campaign__account",
            "membership__person",
            "membership__lasting_role",
            "membership__raised_to",
            "reviewer",
            "decided_by",
            "suggested_role",
            "reduce_to",
        )

    def for_list(self) -> Self:
        """In the order in which they are gone through: by name, and total."""
        return self.with_all().order_by("membership__person__name", "pk")

    def reviewers(self) -> list[tuple[str, int]]:
        """Return by name who reviews them, and how many each."""
        rows = self.order_by().values_list("reviewer", "reviewer__name", "reviewer__email")
        many = rows.annotate(many=Count("pk")).order_by("reviewer__name", "reviewer")
        return [(name or address, number) for _pk, name, address, number in many]

    def last_of_each(self, memberships: Any) -> Self:
        """The newest of each membership, among the campaigns that are closed."""
        rows = self.filter(membership__in=memberships, campaign__state="closed")
        return rows.order_by("membership_id", "-pk").distinct("membership_id")


class ScheduleQuerySet(LockableQuerySet):
    """Schedules of accounts."""

    def due(self, at: dt.datetime | None = None) -> Self:
        """Those by which a campaign should start now."""
        return self.filter(next_at__lte=at or timezone.now(), account__closed_at=None)


def _undecided(path: str = "") -> Q:
    ended = Q(**{f"{path}membership__state": "ended"})
    return Q(**{f"{path}must_decide": True, f"{path}decision": ""}) & ~ended
