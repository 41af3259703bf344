"""The questions over the whole house: one person's accounts, and what waits in an account."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from accounts.access import Standing
from accounts.models import BusinessAccount, Person
from accounts.querysets import LockableQuerySet
from audit.models import Chain, Event
from audit.querysets import EventQuerySet
from invitations.models import Invitation
from logins.models import SharedLogin
from reviews.models import Item
from teams.events import ENGAGEMENT_ENDED, LEFT, OFFBOARDED, RAN_OUT, SUSPENDED
from teams.holdings import accesses_of
from teams.models import AccessRequest, EndedEngagement, FactorReset, Membership, OwnershipClaim, OwnershipOffer, Role
from teams.querysets import role_now, role_position
from watching.models import Alert

# What says that an access rests or is over.
TELL_THE_END = [SUSPENDED.name, OFFBOARDED.name, ENGAGEMENT_ENDED.name, LEFT.name, RAN_OUT.name]


class LogExportQuerySet(LockableQuerySet):
    """Exports that are made in the background."""

    def due(self) -> Self:
        """Those that wait for a worker, or whose worker's lease ran out."""
        return self.filter(state=self.model.State.WAITING, due_at__lte=timezone.now())

    def of(self, account: BusinessAccount, person: Person) -> Self:
        """Those that one person asked for in one account."""
        return self.filter(account=account, person=person)

    def outlived(self) -> Self:
        """Those whose files were kept long enough."""
        states = self.model.State
        return self.filter(state__in=[states.READY, states.FAILED], expires_at__lte=timezone.now())

    def matching(self, text: str) -> Self:
        """Those whose file's name holds this text."""
        return self.filter(name__icontains=text) if text else self

    def in_state(self, state: str) -> Self:
        """Those of one chip of the list; without one, all."""
        return self.filter(state=state) if state else self

    def state_counts(self) -> dict[str, int]:
        """Return how many there are for each chip, in one query."""
        states = {state: Count("pk", filter=Q(state=state)) for state in self.model.State.values}
        return self.order_by().aggregate(all=Count("pk"), **states)


class SavedViewQuerySet(models.QuerySet):
    """Views of a log that a reader saved."""

    def of(self, account: BusinessAccount, person: Person) -> Self:
        """Those that one person saved in one account, by name."""
        return self.filter(account=account, person=person).order_by(Lower("name"), "pk")


def current_seats(person: Person, text: str = "") -> QuerySet[Membership]:
    """Return a person's memberships that have not ended, in accounts that are open, by the account's name."""
    return _seats(Membership.objects.held_by(person), text)


def former_seats(person: Person, text: str = "") -> QuerySet[Membership]:
    """Return the newest membership in each account that a person is no longer in, or that is closed."""
    newest = Membership.objects.filter(person=person).order_by("account_id", "-pk").distinct("account_id")
    rows = Membership.objects.filter(pk__in=newest.values("pk"))
    return _seats(rows.filter(Q(state=Membership.State.ENDED) | Q(account__closed_at__isnull=False)), text)


def _seats(rows: QuerySet[Membership], text: str) -> QuerySet[Membership]:
    if text:
        rows = rows.filter(account__name__icontains=text)
    return rows.with_roles("account", "account__owner").order_by("account__name", "pk")


def undelivered() -> QuerySet[Invitation]:
    """Return the open invitations whose present mail failed for good, the newest first."""
    return Invitation.objects.undelivered().order_by("-created_at", "-pk")


def navigation_counts(account: BusinessAccount, *, manages: bool, reads_log: bool) -> dict[str, Any]:
    """Return the numbers beside the lines of the navigation, in one query; none for who may see none of them.

    For who manages the team `members`, `open` (invitations) and `failed` (undelivered ones), `requests`, `logins`
    (shared, retired ones too) and `exposed`; for who reads the log `alerts` that are open and `grave_alerts` of them.
    """
    counts: dict[str, QuerySet] = {}
    if manages:
        counts |= {
            "members": Membership.objects.current(),
            "open": Invitation.objects.open(),
            "failed": undelivered(),
            "requests": AccessRequest.objects.open(),
            "logins": SharedLogin.objects.all(),
            "exposed": SharedLogin.objects.exposed(),
        }
    if reads_log:
        counts |= {"alerts": Alert.objects.open(), "grave_alerts": Alert.objects.open().grave()}
    if not counts:
        return {}
    numbers = {name: number_of(rows) for name, rows in counts.items()}
    return dict(BusinessAccount.objects.filter(pk=account.pk).values(**numbers).get())


def number_of(rows: QuerySet) -> Coalesce:
    """Return how many of `rows` belong to the account of the outer query, as a part of that query."""
    rows = rows.filter(account_id=OuterRef("pk"))
    counted = rows.order_by().values("account_id").annotate(many=Count("pk")).values("many")
    return Coalesce(Subquery(counted), 0)


def offers_to(person: Person) -> QuerySet[OwnershipOffer]:
    """Return the open offers of ownership to a person."""
    rows = OwnershipOffer.objects.open().filter(person=person, account__closed_at=None)
    return rows.select_related("account", "offered_by").order_by("-offered_at", "pk")


def claims_on(person: Person) -> QuerySet[OwnershipClaim]:
    """Return the open claims of the ownership of accounts that a person owns: each waits for a refusal."""
    rows = OwnershipClaim.objects.open().filter(account__owner=person, account__closed_at=None)
    return rows.select_related("account", "person").order_by("ripe_at", "pk")


def reviews_of(person: Person, account: BusinessAccount | None = None) -> list[dict[str, Any]]:
    """Return what a person has to review, in one account or in all: for each its slug and name, how many, until when.

    Where the person has no power now, nothing of the inside is told (rule 4).
    """
    rows = Item.objects.waiting_for(person)
    if account is not None:
        rows = rows.filter(campaign__account=account)
    counted = (
        rows.order_by()
        .values("campaign__account", "campaign__account__slug", "campaign__account__name")
        .annotate(many=Count("pk"), deadline=Min("campaign__deadline"))
        .order_by("deadline", "campaign__account")
    )
    found = list(counted)
    standings = accesses_of(person, [row["campaign__account"] for row in found]) if found else {}
    return [
        {
            "slug": row["campaign__account__slug"],
            "account": row["campaign__account__name"],
            "many": row["many"],
            "deadline": row["deadline"],
        }
        for row in found
        if (access := standings.get(row["campaign__account"])) and access.standing[0] is Standing.ACTIVE
    ]


def roles_with_holders(account: BusinessAccount) -> list[dict[str, Any]]:
    """Return the roles that somebody holds in an account: how many have access by it now, and how many not."""
    members = Membership.objects.current().filter(account=account).order_by()
    able = Count("pk", filter=Q(pk__in=members.with_power(account.policy).values("pk")))
    by_role = members.annotate(held=role_now()).values("held").annotate(able=able, all=Count("pk"))
    counts = {row["held"]: row for row in by_role}
    return [
        {"role": role, "able": counts[role.pk]["able"], "not_able": counts[role.pk]["all"] - counts[role.pk]["able"]}
        for role in Role.objects.of(account)
        if role.pk in counts
    ]


def people_to_ask(account_ids: Iterable[int], *, but: Person) -> dict[int, list[Person]]:
    """Return who manages the team of each account, the owner last; without the person who asks."""
    rows = Membership.objects.active().administering().filter(account__in=list(account_ids)).exclude(person=but)
    found: dict[int, list[Person]] = {}
    for row in rows.with_roles("person").order_by("account_id", role_position().desc(), "person__name", "pk"):
        found.setdefault(row.account_id, []).append(row.person)
    return found


def waiting_in(account_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return, for accounts where something waits for an administrator, how much of it, by its name.

    `roles` to confirm, `undelivered` invitations, `requests`, ends that come near (`ending`), `exposed` logins, whose
    password is to be changed, and open `alerts`.
    """
    ids = list(account_ids)
    waiting: dict[int, dict[str, int]] = {}
    questions: dict[str, QuerySet[Any]] = {
        "roles": Membership.objects.to_confirm().filter(account__in=ids),
        "undelivered": undelivered().filter(account__in=ids),
        "requests": AccessRequest.objects.open().filter(account__in=ids),
        "ending": Membership.objects.ending().filter(account__in=ids),
        "exposed": SharedLogin.objects.exposed().filter(account__in=ids),
        "alerts": Alert.objects.open().filter(account__in=ids),
    }
    for name, rows in questions.items():
        for account_id, many in _counted(rows).items():
            waiting.setdefault(account_id, {})[name] = many
    return waiting


def resets_of(person: Person) -> QuerySet[FactorReset]:
    """Return the open resets of a person's second factor: each waits for a refusal."""
    return FactorReset.objects.open().filter(person=person, account__closed_at=None).with_all().order_by("pk")


def open_claims_in(account_ids: Iterable[int]) -> dict[int, int]:
    """Return, for accounts whose ownership is claimed, how many claims are open."""
    return _counted(OwnershipClaim.objects.open().filter(account__in=list(account_ids)))


def risks_in(account_ids: Iterable[int]) -> dict[str, dict[int, int]]:
    """Return, for accounts whose team somebody manages, numbers that tell of a risk, each by account.

    `administrators` who are active, the owner among them, and current members `without_factor`.
    """
    ids = list(account_ids)
    members = Membership.objects.filter(account__in=ids)
    return {
        "administrators": _counted(members.active().administering()),
        "without_factor": _counted(members.current().without_second_factor()),
    }


def last_acts(account_ids: Iterable[int], *, by: Person | None = None) -> dict[int, dt.datetime]:
    """Return when the newest act was done in each account, by anybody or by one person."""
    acts = Event.objects.filter(chain=OuterRef("pk"))
    if by is not None:
        acts = acts.filter(actor_kind="person", actor_id=by.pk)
    newest = acts.order_by("-at", "-number").values("at")[:1]
    chains = Chain.objects.filter(kind=Chain.Kind.ACCOUNT, subject_id__in=list(account_ids))
    found = chains.annotate(newest=Subquery(newest)).values_list("subject_id", "newest")
    return {pk: newest_at for pk, newest_at in found if newest_at}


def _counted(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values_list("account_id").annotate(many=Count("pk")))


def told_to(person: Person) -> EventQuerySet:
    """Return the events that concern a person, as far as the person may know them.

    Where access is suspended, ended or run out, nothing of what came after it is told but that very act (rule 4).
    """
    rows = _done_to(person)
    mine = Membership.objects.filter(person=person).values_list("account_id", flat=True)
    for account_id, access in accesses_of(person, set(mine)).items():
        standing, since = access.standing
        if standing in {Standing.SUSPENDED, Standing.ENDED, Standing.EXPIRED}:
            chain = Q(chain__kind=Chain.Kind.ACCOUNT, chain__subject_id=account_id)
            rows = rows.exclude(chain & Q(at__gt=since) & ~Q(name__in=TELL_THE_END))
    return rows


def _done_to(person: Person) -> EventQuerySet:
    """Return the events that concern a person alone, and those that ended a whole engagement the person was in."""
    together = list(EndedEngagement.objects.filter(members__person=person).values_list("pk", flat=True))
    if not together:
        return Event.objects.done_to(person.pk)
    named = Q(target_kind=EndedEngagement.audit_kind, target_id__in=together, result=Event.Result.DONE)
    return Event.objects.filter(Q(about_id=person.pk) | named)
