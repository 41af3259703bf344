"""Claims of the ownership, and the successor whom an owner names for that day."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessAccount
from accounts.sealing import seal, unseal

from ..querysets import OwnershipClaimQuerySet

SHORTEST_WAIT = dt.timedelta(days=3)  # no policy and no successor goes below
TAKE_WITHIN = dt.timedelta(days=14)  # after the wait; then a claim has lapsed
LAST_REMINDERS = [dt.timedelta(days=3), dt.timedelta(days=1), dt.timedelta()]  # so long before the wait ends


class OwnershipClaim(models.Model):
    """A claim of the ownership, for an owner who is gone. The database itself keeps its waiting time.

    `recorded_at` is the database's own clock at the moment the row was written, which no writer can choose.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        OVERTAKEN = "overtaken", _("overtaken")
        CARRIED_OUT = "carried_out", _("carried out")
        LAPSED = "lapsed", _("lapsed")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="ownership_claims")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="ownership_claims")
    as_successor = models.BooleanField(default=False)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    claimed_at = models.DateTimeField()
    ripe_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    reminders = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = OwnershipClaimQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(state="open"), name="one_open_claim_each"),
            models.CheckConstraint(condition=Q(ripe_at__gte=F("claimed_at") + SHORTEST_WAIT), name="claim_waits"),
            models.CheckConstraint(condition=Q(state="open") ^ Q(answered_at__isnull=False), name="claim_is_answered"),
        ]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def is_open(self) -> bool:
        """Whether nothing has ended it yet."""
        return self.state == self.State.OPEN

    @property
    def is_waiting(self) -> bool:
        """Whether the waiting time runs."""
        return self.is_open and self.ripe_at > timezone.now()

    @property
    def lapses_at(self) -> dt.datetime:
        """Until when it can be carried out."""
        return self.ripe_at + TAKE_WITHIN

    @property
    def reminders_at(self) -> list[dt.datetime]:
        """When the owner is reminded, in order: at half time, three days and a day before the end, and at the end."""
        half = self.claimed_at + (self.ripe_at - self.claimed_at) / 2
        moments = {half, *(self.ripe_at - before for before in LAST_REMINDERS)}
        return sorted(moment for moment in moments if moment > self.claimed_at)

    def reminders_due(self, *, at: dt.datetime) -> int:
        """Return how many of the reminders' moments have passed."""
        return sum(moment <= at for moment in self.reminders_at)


class Succession(models.Model):
    """That an owner has named a successor. Who it is stands here sealed: a reader of the database learns nothing."""

    account = models.OneToOneField(BusinessAccount, models.CASCADE, primary_key=True, related_name="succession")
    sealed = models.TextField()
    named_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Successor of {self.account}"

    @staticmethod
    def seal(account: BusinessAccount, person: Any) -> str:
        """Return the sealed name; it opens in this account only, under this owner."""
        return seal(f"{account.pk}/{account.owner_id}/{person.pk}", purpose="successor")

    def opened(self, account: BusinessAccount) -> int | None:
        """Return the id of whom the account's present owner named; None where the seal can't be opened any more."""
        try:
            account_id, owner_id, person_id = map(int, unseal(self.sealed, purpose="successor").split("/"))
        except LookupError:
            return None
        return person_id if (account_id, owner_id) == (account.pk, account.owner_id) else None
