"""Offboardings and their receipts (rule 13)."""

import datetime as dt
import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import BusinessAccount
from audit.canonical import digest_of

from ..querysets import ReceiptQuerySet
from .members import Membership

UNDO_WITHIN = dt.timedelta(days=30)


def text_of_statement(statement: Mapping[str, Any]) -> str:
    """Return a receipt's statement as the one text whose SHA-256 counts: JSON, keys sorted, no white space."""
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class Offboarding(models.Model):
    """One act that ended a person's access, in one account or in several; its receipts say what (rule 13)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="offboardings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.person)


class Proof(models.Model):
    """What an act ended, and what was looked for afterwards.

    The `statement` is the whole of it; its SHA-256 stands in the event of the act, so that a changed one shows.
    """

    proven_by_digest = "statement"
    statement = models.JSONField(default=dict)
    event_number = models.BigIntegerField(null=True)
    brought_back_at = models.DateTimeField(null=True)
    brought_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    @property
    @abstractmethod
    def ended_at(self) -> dt.datetime:
        """When it ended."""

    @property
    def digest(self) -> str:
        """The SHA-256 of the statement, in hexadecimal, as the event of the act holds it."""
        return digest_of(text_of_statement(self.statement)).hex()

    @property
    def undo_until(self) -> dt.datetime:
        """Until when the access can be brought back in one act."""
        return self.ended_at + UNDO_WITHIN

    @property
    def can_be_undone(self) -> bool:
        """Whether the access can still be brought back in one act."""
        return self.brought_back_at is None and self.undo_until > timezone.now()


class Receipt(Proof):
    """What an offboarding ended in one account, and what was looked for afterwards."""

    offboarding = models.ForeignKey(Offboarding, on_delete=models.CASCADE, related_name="receipts")
    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="receipts")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="receipts")

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["offboarding", "account"], name="one_receipt_each_account")]
        indexes = [models.Index(fields=["membership"], name="receipt_membership")]

    def __str__(self) -> str:
        return self.statement["person"]["name"]

    @property
    def ended_at(self) -> dt.datetime:
        """When it ended."""
        return self.offboarding.at

    @property
    def is_complete(self) -> bool:
        """Whether nothing was found that still gives access."""
        return not any(row["found"] for row in self.statement["checked"])
