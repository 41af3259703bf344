"""Alerts, what accounts set about the rules, and how far the log was read."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import BusinessAccount
from audit.models import Chain

from .happenings import Rule, Severity, Tuned
from .querysets import AlertQuerySet, CursorQuerySet, TuningQuerySet
from .rules import RULES


class Alert(models.Model):
    """What a rule found in an account. One each for rule, subject and window.

    `concerns` is the person it is about, and on purpose not called so that the log takes the event for one that the
    person may read of: whoever holds a stolen sign-in is not told that it was noticed.
    """

    audit_kind = "alert"

    class State(models.TextChoices):
        OPEN = "open", gettext_lazy("open")
        ACKNOWLEDGED = "acknowledged", gettext_lazy("acknowledged")

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="+")
    rule = models.CharField(max_length=40)
    severity = models.CharField(max_length=10, choices=Severity)
    state = models.CharField(max_length=15, choices=State, default=State.OPEN)
    concerns = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    subject = models.CharField(max_length=60)
    window = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    events = models.JSONField(default=list)  # of each its chain and its number there
    happened_at = models.DateTimeField()
    quiet_until = models.DateTimeField()  # so long it stands for whatever else of the kind happens
    opened_at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "rule", "subject", "window"], name="one_alert_a_window"),
            models.CheckConstraint(
                condition=Q(state="open") ^ Q(answered_at__isnull=False), name="answer_has_its_time"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-opened_at"], name="alert_newest"),
            models.Index(fields=["account", "severity"], condition=Q(state="open"), name="alert_open"),
            models.Index(fields=["concerns"], condition=Q(concerns__isnull=False), name="alert_concerns"),
        ]

    def __str__(self) -> str:
        return self.words[:200]

    def get_absolute_url(self) -> str:
        """Return the path of its page."""
        return reverse("alert", args=[self.account.slug, self.pk])

    @property
    def told_by(self) -> Rule | None:
        """The rule in full; None for one that is not in the table any more."""
        return RULES.get(self.rule)

    @property
    def tone(self) -> str:
        """The tone in which a page shows how much it matters."""
        return Severity(self.severity).tone

    @property
    def words(self) -> str:
        """What was found, in one line."""
        facts = {**self.facts, "person": str(self.concerns) if self.concerns else _("Somebody")}
        return self.told_by.title_of(facts) if self.told_by else self.rule

    @property
    def reasons(self) -> list[str]:
        """Why the rule fired, a sentence for each fact."""
        return self.told_by.reasons_of(self.facts) if self.told_by else []

    @property
    def is_open(self) -> bool:
        """Whether nobody has acknowledged it."""
        return self.state == self.State.OPEN


class Tuning(models.Model):
    """What an account set about one rule: its numbers, and until when it is muted."""

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="+")
    rule = models.CharField(max_length=40)
    values = models.JSONField(default=dict)
    muted_until = models.DateTimeField(null=True, blank=True)

    objects = TuningQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "rule"], name="one_tuning_a_rule")]

    def __str__(self) -> str:
        return self.rule

    def is_muted(self, at: dt.datetime | None = None) -> bool:
        """Whether the rule says nothing at a moment (now)."""
        return self.muted_until is not None and self.muted_until > (at or timezone.now())


def tuned_of(rule: Rule, tuning: Tuning | None) -> Tuned:
    """Return the numbers of a rule that count, by what an account set, or nothing."""
    return rule.tuned(tuning.values if tuning else {})


class Cursor(models.Model):
    """How far one chain was read: every event up to this number was judged, and none beyond it."""

    chain: Any = models.OneToOneField(Chain, on_delete=models.DO_NOTHING, related_name="watch_cursor", primary_key=True)
    number = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(default=timezone.now)

    objects = CursorQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.chain_id}: {self.number}"


class Round(models.Model):
    """When each rule of every day last looked over an account, by its code."""

    account = models.OneToOneField(BusinessAccount, on_delete=models.CASCADE, related_name="+", primary_key=True)
    done_at = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.account_id}"

    def is_due(self, rule: Rule, now: dt.datetime) -> bool:
        """Say whether it is time for a rule."""
        last = self.done_at.get(rule.code)
        return last is None or now - dt.datetime.fromisoformat(last) >= rule.every
