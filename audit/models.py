"""The record: chains of events. Append-only, held by triggers of the database (rules 15, 16)."""

import json
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import events
from .canonical import GENESIS, HASHES, digest_of
from .personal import parts_of
from .querysets import IMPRINTED, ChainQuerySet, EventQuerySet, VerificationQuerySet


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
    removed = models.BigIntegerField(default=0, db_default=0)  # how many of its first events were removed, and
    anchor = models.BinaryField(null=True, max_length=32)  # the hash of the last of them

    objects = ChainQuerySet.as_manager()

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
    actor_words = models.TextField(null=True)  # noqa: DJ001  # emptied is not the same as empty: see audit.personal
    target_words = models.TextField(null=True)  # noqa: DJ001  # likewise
    at = models.DateTimeField()
    name = models.CharField(max_length=60)
    result = models.CharField(max_length=10, choices=Result)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    target_kind = models.CharField(max_length=30)
    target_id = models.BigIntegerField(null=True)
    about_id = models.BigIntegerField(null=True)  # the person whom the act concerns, where it is not the target itself
    # Made by the database of text and words, for the search alone: they go where the words go.
    sent_by = models.GeneratedField(
        expression=KeyTextTransform("behalf", KeyTransform("1", Cast("actor_words", models.JSONField()))),
        output_field=models.TextField(null=True),
        db_persist=True,
    )
    address = models.GeneratedField(
        expression=KeyTextTransform("address", KeyTransform("1", Cast("actor_words", models.JSONField()))),
        output_field=models.TextField(null=True),
        db_persist=True,
    )
    asset_id = models.GeneratedField(  # SEVERAL where it is about more than one of `assets`
        expression=models.Func("canonical", "target_kind", "target_id", function="audit_asset"),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
    )
    assets = models.GeneratedField(
        expression=models.Func("canonical", "target_kind", "target_id", function="audit_assets"),
        output_field=ArrayField(models.BigIntegerField()),
        db_persist=True,
    )
    search = models.GeneratedField(
        expression=models.Func("name", "canonical", "actor_words", "target_words", function="audit_search"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "number"], name="one_event_each_number")]
        indexes = [  # a log page reads one chain by time; each of its filters walks an index of its own in that order
            models.Index(fields=["chain", "at", "number"], name="event_chain_at"),
            models.Index(fields=["chain", "name", "at", "number"], name="event_chain_name"),
            models.Index(fields=["chain", "actor_id", "at", "number"], name="event_chain_actor"),
            models.Index(
                fields=["chain", "actor_id", "name", "at"],
                condition=models.Q(actor_kind="person", result="done"),
                name="event_chain_acts",
            ),
            models.Index(
                fields=["chain", "about_id", "at", "number"],
                condition=models.Q(about_id__isnull=False),
                name="event_chain_about",
            ),
            models.Index(fields=["chain", "target_kind", "at", "number"], name="event_chain_kind"),
            models.Index(
                fields=["chain", "at", "number"], condition=models.Q(result="refused"), name="event_chain_refused"
            ),
            models.Index(
                fields=["chain", "number"], condition=models.Q(canonical__contains=IMPRINTED), name="event_chain_access"
            ),
            models.Index(fields=["chain", "target_kind", "target_id", "at", "number"], name="event_chain_target"),
            models.Index(fields=["chain", "sent_by", "at", "number"], name="event_chain_sent_by"),
            models.Index(fields=["chain", "address", "at", "number"], name="event_chain_address"),
            models.Index(
                fields=["chain", "asset_id", "at", "number"],
                condition=models.Q(asset_id__isnull=False),
                name="event_chain_asset",
            ),
            GinIndex(fields=["search"], name="event_search"),
            models.Index(fields=["actor_id", "id"], name="event_actor"),
            models.Index(fields=["about_id", "id"], name="event_about"),
            models.Index(fields=["target_kind", "target_id", "id"], name="event_target"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.name}"

    @cached_property
    def parts(self) -> dict[str, Any]:
        """The canonical form, read with its words: actor, target, before, after, reason and origin."""
        return parts_of(self.canonical, self.actor_words, self.target_words)

    @property
    def words_hold(self) -> bool:
        """Whether the words that are still there are those that the text was written with."""
        hashes = json.loads(self.canonical)[HASHES]
        words = zip((self.actor_words, self.target_words), hashes, strict=True)
        return all(part is None or digest_of(part).hex() == written for part, written in words)

    @property
    def is_emptied(self) -> bool:
        """Whether words about people were erased from it."""
        return self.actor_words is None or self.target_words is None

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
    def behalf(self) -> str:
        """The organisation outside for which the actor acted, in the words of that moment; empty for none."""
        return self.parts["behalf"]

    @property
    def sentence(self) -> str:
        """The event as a person reads it."""
        return events.sentence_for(self.name, refused=self.refused, parts=self.parts)


class Verification(models.Model):
    """One check of the whole record: how much it read, against which checkpoint, and what it found. Written once.

    It is for people to read. Whoever owns the database can write it, too: proof is a witness on another machine.
    """

    class Outcome(models.TextChoices):
        HOLDS = "holds", _("it holds")
        UNPROVEN = "unproven", _("it holds in itself, but was held against no checkpoint outside")
        BROKEN = "broken", _("it does not hold")

    at = models.DateTimeField(default=timezone.now)
    events = models.BigIntegerField()
    chains = models.BigIntegerField()
    checkpoint = models.BigIntegerField(null=True)  # its number in the store
    checkpoint_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    problems = models.JSONField(default=list)  # chain, number and words of each first break

    objects = VerificationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["-at"], name="verification_newest")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {self.outcome}"

    def breaks(self, chain: str) -> bool:
        """Whether it found a break in this chain."""
        return any(problem["chain"] == chain for problem in self.problems)
