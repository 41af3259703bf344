"""The record: chains of events. Append-only, held by triggers of the database (rules 15, 16)."""

from functools import cached_property
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from . import events
from .canonical import GENESIS, parts_of
from .querysets import EventQuerySet


class Chain(models.Model):
    """The head of one chain: of an account, of a person, or of the portal itself (acts by nobody we know)."""

    class Kind(models.TextChoices):
        ACCOUNT = "account", _("account")
        PERSON = "person", _("person")
        PORTAL = "portal", _("portal")

    kind = models.CharField(max_length=10, choices=Kind)
    subject_id = models.BigIntegerField()
    length = models.BigIntegerField(default=0)
    previous = models.BinaryField(default=GENESIS, max_length=32)
    head = models.BinaryField(default=GENESIS, max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="one_chain_each")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


class Event(models.Model):
    """One act, written once. The canonical text is the truth; the columns beside it serve the search."""

    class Result(models.TextChoices):
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")

    chain = models.ForeignKey(Chain, on_delete=models.DO_NOTHING, related_name="events", db_index=False)
    number = models.BigIntegerField()
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    canonical = models.TextField()
    at = models.DateTimeField()
    name = models.CharField(max_length=60)
    result = models.CharField(max_length=10, choices=Result)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    target_kind = models.CharField(max_length=30)
    target_id = models.BigIntegerField(null=True)
    about_id = models.BigIntegerField(null=True)  # the person whom the act concerns, where it is not the target itself

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "number"], name="one_event_each_number")]
        indexes = [  # a log page reads one chain by time; each of its filters walks an index of its own in that order
            models.Index(fields=["chain", "at", "number"], name="event_chain_at"),
            models.Index(fields=["chain", "name", "at", "number"], name="event_chain_name"),
            models.Index(fields=["chain", "actor_id", "at", "number"], name="event_chain_actor"),
            models.Index(
                fields=["chain", "about_id", "at", "number"],
                condition=models.Q(about_id__isnull=False),
                name="event_chain_about",
            ),
            models.Index(fields=["chain", "target_kind", "at", "number"], name="event_chain_kind"),
            models.Index(
                fields=["chain", "at", "number"], condition=models.Q(result="refused"), name="event_chain_refused"
            ),
            models.Index(fields=["actor_id", "id"], name="event_actor"),
            models.Index(fields=["about_id", "id"], name="event_about"),
            models.Index(fields=["target_kind", "target_id", "id"], name="event_target"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.name}"

    @cached_property
    def parts(self) -> dict[str, Any]:
        """The canonical form, read: actor, target, before, after, reason and origin."""
        return parts_of(self.canonical)

    @property
    def refused(self) -> bool:
        """Whether the act was refused."""
        return self.result == self.Result.REFUSED

    @property
    def actor(self) -> str:
        """Who acted, in the words of that moment."""
        return self.parts["actor"]["label"]

    @property
    def target(self) -> str:
        """What the act was about, in the words of that moment."""
        return self.parts["target"]["label"]

    @property
    def sentence(self) -> str:
        """The event as a person reads it."""
        return events.sentence_for(self.name, refused=self.refused, parts=self.parts)
