"""Lists of people to invite, from a file, and their rows."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessAccount
from teams.models import Role

from ..querysets import ImportQuerySet, ImportRowQuerySet
from .invitations import Invitation


class Import(models.Model):
    """A list of people to invite: read from a file, looked at in a dry run, then worked through row by row."""

    class State(models.TextChoices):
        DRAFT = "draft", _("not started")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="imports")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=100)
    head = ArrayField(models.CharField(max_length=100))
    columns = models.JSONField(default=dict)  # what is read from which column, by its place; empty until it is chosen
    role = models.ForeignKey(Role, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    message = models.TextField(blank=True, max_length=1_000)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    total = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)  # by fate, of a list whose rows are deleted
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=timezone.now)  # until then a worker holds it, or it waits for the next hour
    paused_until = models.DateTimeField(null=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="import_newest"),
            models.Index(fields=["due_at"], condition=Q(state="running"), name="import_due"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_draft(self) -> bool:
        """Whether it can still be changed and started."""
        return self.state == self.State.DRAFT

    @property
    def is_running(self) -> bool:
        """Whether it is being worked through."""
        return self.state == self.State.RUNNING

    @property
    def is_paused(self) -> bool:
        """Whether it waits until the account may send invitations again."""
        return self.is_running and self.paused_until is not None and self.paused_until > timezone.now()

    def tally(self) -> dict[str, int]:
        """Return how many rows there are of each fate."""
        return self.rows.tally() or self.counts

    def as_event(self) -> dict[str, Any]:
        """Return what an event keeps of it: no address."""
        return {"file": self.file_name, "rows": self.total}


class ImportRow(models.Model):
    """One row of a list, and what becomes of it. Rows are deleted with the time; the list and its counts stay."""

    class Fate(models.TextChoices):
        WAITING = "waiting", _("To invite")
        INVITED = "invited", _("Invited")
        MEMBER = "member", _("Members already")
        OPEN = "open", _("Invited before")
        REPEATED = "repeated", _("Twice in the file")
        BAD_ADDRESS = "bad_address", _("No address")
        BAD_ROLE = "bad_role", _("Unknown role")
        NOT_GIVEN = "not_given", _("Not yours to give")
        NO_ROOM = "no_room", _("No room")
        REFUSED = "refused", _("Refused")

    source = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()  # of the row in the file, as a spreadsheet counts
    typed = ArrayField(models.TextField())
    shown = models.CharField(max_length=254, blank=True)  # the address as it was typed, on one line
    address = models.EmailField(blank=True)
    role = models.ForeignKey(Role, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    message = models.TextField(blank=True, max_length=1_000)
    fate = models.CharField(max_length=12, choices=Fate, default=Fate.WAITING)
    problem = models.CharField(max_length=500, blank=True)
    invitation = models.ForeignKey(Invitation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="one_row_each_number")]
        indexes = [
            models.Index(fields=["source", "fate", "number"], name="import_row_fate"),
            models.Index(fields=["address"], condition=Q(fate="waiting"), name="import_row_waiting"),
        ]

    def __str__(self) -> str:
        return self.shown or f"{self.number}"
