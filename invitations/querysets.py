"""The reading questions about invitations."""

import datetime as dt
from typing import Any, Self

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import OutgoingMail, Person
from accounts.querysets import LockableQuerySet

INVITATION_MAIL = "invitation"  # the kind of the mail that carries the link


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

    def with_expiry_to_note(self) -> Self:
        """Those in open accounts that ran out and of which the log doesn't say so yet."""
        return self.expired().filter(expiry_noted=False, account__closed_at=None)

    def answered(self, state: str) -> Self:
        """Those that ended in one state: accepted, declined or revoked."""
        return self.filter(state=state)

    def undelivered(self) -> Self:
        """The open ones whose present mail failed for good, each with the server's words as `problem`."""
        return self.open().filter(Exists(_parked_mail())).with_problem()

    def with_problem(self) -> Self:
        """Each with the mail server's words as `problem` where the mail of the present sending failed for good."""
        return self.annotate(problem=Subquery(_parked_mail().values("problem")[:1]))

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, the open ones."""
        match state:
            case "failed":
                return self.undelivered()
            case "expired":
                return self.expired()
            case "accepted" | "declined" | "revoked":
                return self.answered(state)
        return self.open()

    def state_counts(self) -> dict[str, int]:
        """Return how many there are for each chip of the list, in two queries."""
        unanswered, now = Q(state="open"), timezone.now()
        counts = self.order_by().aggregate(
            open=Count("pk", filter=unanswered & Q(expires_at__gt=now)),
            expired=Count("pk", filter=unanswered & Q(expires_at__lte=now)),
            **{state: Count("pk", filter=Q(state=state)) for state in ("accepted", "declined", "revoked")},
        )
        return {**counts, "failed": self.undelivered().order_by().count()}

    def waiting_for(self, person: Any) -> Self:
        """The open ones for the address of a person, in accounts that can still take them."""
        rows = self.open().filter(address=person.email, account__closed_at=None)
        return rows.select_related("account", "role", "invited_by").order_by("-created_at", "pk")

    def matching(self, text: str) -> Self:
        """Those whose address holds this text."""
        return self.filter(Q(address__icontains=text)) if text else self

    def for_list(self) -> Self:
        """Every row with all that the list shows; the newest first, in a total order."""
        return self.with_problem().select_related("role", "invited_by").order_by("-created_at", "-pk")


def unproven(address: str) -> QuerySet[Person]:
    """Whoever signed up with an address and never proved to receive its mail: one person at most, who holds nothing.

    That may be anybody. It is no sign-in, and it keeps nobody from making one who proves the address (rule 7).
    """
    people = Person.objects.filter(email=address, is_active=True, is_staff=False, is_superuser=False)
    return people.filter(memberships=None, owned_accounts=None).exclude(emailaddress__verified=True)


def _parked_mail() -> QuerySet[OutgoingMail]:
    """The mail of an invitation's present sending, where it failed for good."""
    return OutgoingMail.objects.parked().filter(
        kind=INVITATION_MAIL, about_kind="invitation", about_id=OuterRef("pk"), sending=OuterRef("sending")
    )


class ImportQuerySet(LockableQuerySet):
    """Lists of people to invite."""

    def draft(self) -> Self:
        """Those that nobody has started."""
        return self.filter(state=self.model.State.DRAFT)

    def running(self) -> Self:
        """Those that are being worked through."""
        return self.filter(state=self.model.State.RUNNING)

    def due(self) -> Self:
        """The running ones that no worker holds and that wait for nothing, in accounts that are open."""
        return self.running().filter(due_at__lte=timezone.now(), account__closed_at=None)

    def newest_first(self) -> Self:
        """With all that a list of them shows, in a total order."""
        return self.select_related("by").order_by("-created_at", "-pk")


class ImportRowQuerySet(LockableQuerySet):
    """Rows of such lists."""

    def waiting(self) -> Self:
        """Those of running lists whose person is still to be invited, in the order of the file."""
        running = self.model.source.field.related_model.State.RUNNING
        return self.filter(fate=self.model.Fate.WAITING, source__state=running).order_by("number")

    def tally(self) -> dict[str, int]:
        """Return how many there are of each fate, in one query."""
        return dict(self.order_by().values_list("fate").annotate(many=Count("pk")))

    def failed(self) -> Self:
        """Those that were not invited, and won't be."""
        return self.exclude(fate__in=[self.model.Fate.WAITING, self.model.Fate.INVITED])

    def matching(self, text: str) -> Self:
        """Those whose address, as it was typed, holds this text."""
        return self.filter(shown__icontains=text) if text else self

    def listed(self, fate: str, text: str) -> Self:
        """Those of one fate (all of them where none is named) that fit the search, in the order of the file."""
        rows = self.matching(text).select_related("role").order_by("number")
        return rows.filter(fate=fate) if fate else rows
