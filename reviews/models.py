"""Access reviews: the campaign, each access in it, and when the next one starts by itself."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Asset, BusinessAccount
from audit.canonical import digest_of
from teams.models import Membership, Role
from teams.models.offboarding import text_of_statement

from .querysets import CampaignQuerySet, ItemQuerySet, ScheduleQuerySet


class Scope(models.TextChoices):
    """Whose access a campaign looks at."""

    ALL = "all", _("everybody")
    ROLE = "role", _("who holds one role")
    OUTSIDE = "outside", _("contractors and agencies")
    UNUSED = "unused", _("access that is not used")
    WIDE = "wide", _("wide powers")
    ASSET = "asset", _("who may work on one asset")


class Rule(models.TextChoices):
    """Who reviews."""

    SPONSOR = "sponsor", _("who answers for the person, else an administrator")
    ADMINISTRATORS = "administrators", _("the administrators, each a part")
    OWNER = "owner", _("the owner")


class Silence(models.TextChoices):
    """What becomes of an access on which nobody decides in time."""

    SUSPEND = "suspend", _("suspend it, until somebody restores it")
    KEEP = "keep", _("keep it")
    END = "end", _("suspend it, and put it up to be ended")


class Decision(models.TextChoices):
    """What was decided on an access."""

    KEEP = "keep", _("keep")
    REDUCE = "reduce", _("reduce")
    END = "end", _("end")
    SUSPEND = "suspend", _("suspend")  # by silence only


class Why(models.TextChoices):
    """Why an access has to be decided, where it is not just carried over."""

    NEW = "new", _("new or changed since the last review")
    WIDE = "wide", _("wide powers")
    NO_FACTOR = "no_factor", _("no second factor")
    NO_SPONSOR = "no_sponsor", _("from outside, and nobody answers for them")
    NO_END = "no_end", _("from outside, and without an end")
    UNUSED = "unused", _("not used")
    ENDING = "ending", _("ends soon")
    SAMPLE = "sample", _("drawn as a sample")


class Every(models.TextChoices):
    """How often a campaign starts by itself."""

    QUARTER = "quarter", _("every three months")
    HALF_YEAR = "half_year", _("every six months")
    YEAR = "year", _("every year")


class Schedule(models.Model):
    """When the next campaign of an account starts by itself, and how; none starts without a `next_at`."""

    account = models.OneToOneField(BusinessAccount, on_delete=models.CASCADE, related_name="review_schedule")
    every = models.CharField(max_length=10, choices=Every, default=Every.QUARTER)
    rule = models.CharField(max_length=20, choices=Rule, default=Rule.SPONSOR)
    silence = models.CharField(max_length=10, choices=Silence, default=Silence.SUSPEND)
    days = models.PositiveSmallIntegerField(default=14)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    next_at = models.DateTimeField(null=True, blank=True)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="review_schedule_due"),
        ]

    def __str__(self) -> str:
        return str(self.account)

    def as_event(self) -> dict[str, Any]:
        """Return what an event keeps of it."""
        return {"every": self.every, "rule": self.rule, "silence": self.silence, "days": self.days}


class Campaign(models.Model):
    """One access review: whose access, who decides, until when, and what becomes of silence.

    Once closed, `report` is the whole of it; its SHA-256 stands in the event of the closing, so that a changed one
    shows.
    """

    audit_kind = "review"

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        CLOSED = "closed", _("closed")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="reviews")
    name = models.CharField(_("name"), max_length=100)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.ALL)
    role = models.ForeignKey(Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=20, choices=Rule, default=Rule.SPONSOR)
    silence = models.CharField(max_length=10, choices=Silence, default=Silence.SUSPEND)
    silence_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")  # who chose it
    scheduled = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    deadline = models.DateTimeField()
    reminded = models.PositiveSmallIntegerField(default=0)  # how many of the reminders went out
    settled_at = models.DateTimeField(null=True, blank=True)  # when silence was settled
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    report = models.JSONField(default=dict)
    event_number = models.BigIntegerField(null=True)
    items_in_all: int  # these three of rows that were asked `with_progress`
    asked: int
    undecided: int

    objects = CampaignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state="closed") ^ Q(closed_at=None), name="closed_review_has_its_time"),
        ]
        indexes = [
            models.Index(fields=["account", "-started_at", "-id"], name="review_list"),
            models.Index(fields=["deadline"], condition=Q(state="running"), name="review_running"),
        ]

    def __str__(self) -> str:
        return self.name

    proven_by_digest = "report"

    @property
    def is_running(self) -> bool:
        """Whether decisions are still taken."""
        return self.state == self.State.RUNNING

    @property
    def is_overdue(self) -> bool:
        """Whether its deadline has passed."""
        return self.deadline <= timezone.now()

    @property
    def digest(self) -> str:
        """The SHA-256 of the report, in hexadecimal, as the event of the closing holds it."""
        return digest_of(text_of_statement(self.report)).hex()

    @property
    def scope_words(self) -> str:
        """In words, whose access it looks at."""
        named = self.role or self.asset
        return f"{self.get_scope_display()}: {named}" if named else self.get_scope_display()


class Item(models.Model):
    """One access in a campaign: what it was at the start, who decides on it, what was decided, and what became of it.

    `snapshot` is what the reviewer sees: `reviews.snapshots` says what stands in it. It never changes.
    """

    audit_kind = "review_item"

    class Outcome(models.TextChoices):
        NONE = "", _("nothing yet")
        DONE = "done", _("carried out")
        HINDERED = "hindered", _("could not be carried out")
        WAITS = "waits", _("waits for somebody")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="items")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="review_items")
    snapshot = models.JSONField(default=dict)
    must_decide = models.BooleanField()
    why = ArrayField(models.CharField(max_length=20, choices=Why), default=list, blank=True)
    suggestion = models.CharField(max_length=10, choices=Decision)
    suggested_role = models.ForeignKey(Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    suggestion_reason = models.CharField(max_length=500)
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="review_items")
    passed_by = ArrayField(models.BigIntegerField(), default=list, blank=True)  # ids of who said "not mine"
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    reduce_to = models.ForeignKey(Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    seconds = models.PositiveIntegerField(null=True, blank=True)  # the reviewer had the page open
    in_bulk = models.BooleanField(default=False)  # kept with all the rest
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    outcome_at = models.DateTimeField(null=True, blank=True)
    hindrance = models.CharField(max_length=500, blank=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "membership"], name="one_item_each_access"),
            models.CheckConstraint(condition=Q(decision="reduce") ^ Q(reduce_to=None), name="reduced_to_what"),
            models.CheckConstraint(condition=Q(decision="") ^ Q(decided_at__isnull=False), name="decided_has_its_time"),
        ]
        indexes = [
            models.Index(fields=["reviewer"], condition=Q(must_decide=True, decision=""), name="review_item_waiting"),
            models.Index(fields=["membership", "-id"], name="review_item_latest"),
        ]

    def __str__(self) -> str:
        return str(self.membership.person)

    @property
    def account(self) -> BusinessAccount:
        """The account in which the access is."""
        return self.campaign.account

    @property
    def person_id(self) -> int:
        """Whose access it is: the person whom the events concern."""
        return self.membership.person_id

    @property
    def by_silence(self) -> bool:
        """Whether nobody decided in time."""
        return bool(self.decision) and self.decided_by_id is None

    @property
    def is_settled(self) -> bool:
        """Whether what was decided is carried out, so that it can't be changed any more."""
        return self.outcome == self.Outcome.DONE

    @property
    def why_words(self) -> list[str]:
        """In words, why the access has to be decided."""
        return [str(Why(code).label) for code in self.why]

    @property
    def words(self) -> str:
        """In words, what was decided; empty where nothing was."""
        if self.decision == Decision.REDUCE:
            return str(_("reduce to %(role)s") % {"role": self.reduce_to})
        return str(self.get_decision_display()) if self.decision else ""

    @property
    def changed_since(self) -> bool:
        """Whether the role is not the one of the start any more."""
        then = self.snapshot.get("role", {})
        now = self.membership.role
        return then.get("code") != now.code or set(then.get("permissions", [])) != now.permissions

    def decide(
        self, decision: str, *, by: Any, at: dt.datetime, reduce_to: Role | None = None, reason: str = ""
    ) -> None:
        """Take a decision over an earlier one; `by` None is silence. Saving DECISION_FIELDS is the caller's."""
        self.decision, self.reduce_to, self.reason = decision, reduce_to, reason
        self.decided_by, self.decided_at = by, at
        self.outcome, self.outcome_at, self.hindrance = "", None, ""


DECISION_FIELDS = [
    "decision",
    "reduce_to",
    "reason",
    "decided_by",
    "decided_at",
    "seconds",
    "in_bulk",
    "outcome",
    "outcome_at",
    "hindrance",
]
