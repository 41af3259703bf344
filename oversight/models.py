"""Exports of a log that are made in the background, and views of a log that a reader saved."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessAccount
from audit.querysets import Narrowing

from .querysets import LogExportQuerySet, SavedViewQuerySet


class LogExport(models.Model):
    """A file of an account's log that one person asked for, made part by part; `place` is up to where it is.

    A worker holds the row until `due_at`; its `turn` tells which worker that was.
    """

    audit_kind = "log_export"

    class State(models.TextChoices):
        WAITING = "waiting", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        GONE = "gone", _("deleted")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    narrowed = models.JSONField(default=dict)  # in words, as the page said it
    wanted = models.JSONField(default=dict)
    before = models.BigIntegerField()  # the number of the event that tells of it: the file holds what lies before
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    total = models.BigIntegerField(null=True)
    done = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    place = models.JSONField(default=list)
    parts = ArrayField(models.CharField(max_length=100), default=list)
    turn = models.BigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    problem = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects = LogExportQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "person", "-id"], name="export_newest"),
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="export_due"),
            models.Index(fields=["expires_at"], condition=Q(state__in=["ready", "failed"]), name="export_old"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_waiting(self) -> bool:
        """Whether it is still being made."""
        return self.state == self.State.WAITING

    @property
    def is_ready(self) -> bool:
        """Whether it can be downloaded."""
        return self.state == self.State.READY and self.expires_at is not None and self.expires_at > timezone.now()

    @property
    def narrowing(self) -> Narrowing:
        """What of the log is wanted."""
        kept: dict[str, Any] = dict(self.wanted)
        for name in ("start", "end"):
            kept[name] = dt.datetime.fromisoformat(kept[name]) if kept.get(name) else None
        people = kept.pop("people", None)
        kept |= {name: tuple(kept.get(name, ())) for name in ("names", "senders", "addresses", "words")}
        return Narrowing(**kept, people=None if people is None else tuple(people))

    @property
    def reached(self) -> tuple[Any, ...] | None:
        """The place in the log's order up to which it is made; None for none of it."""
        return (dt.datetime.fromisoformat(self.place[0]), self.place[1]) if self.place else None


class SavedView(models.Model):
    """What of an account's log one person wants to see again, under a name; `asks` holds the fields of the filter."""

    audit_kind = "saved_view"

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    asks = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=timezone.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("account", "person", Lower("name"), name="one_view_of_a_name_each")]

    def __str__(self) -> str:
        return self.name

    @property
    def query(self) -> str:
        """The query string of the page that shows it."""
        return urlencode(self.asks)
