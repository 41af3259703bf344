"""The terms on which somebody is a member: what kind of person, from where, who answers for them, until when."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from audit.canonical import instant


class Kind(models.TextChoices):
    """What kind of person a member is to the account."""

    EMPLOYEE = "employee", _("employee")
    CONTRACTOR = "contractor", _("contractor")
    AGENCY = "agency", _("agency")


OUTSIDE = frozenset({Kind.CONTRACTOR, Kind.AGENCY})  # whoever works for somebody else


class Told(models.IntegerChoices):
    """How far people have been told of an end."""

    NOTHING = 0
    WEEK_BEFORE = 1
    DAY_BEFORE = 2
    OVER = 3

    @classmethod
    def due(cls, ends_at: dt.datetime | None) -> "Told":
        """Return how far people should have been told of an end by now; without one there is nothing to tell."""
        if ends_at is None:
            return cls.NOTHING
        left = ends_at - timezone.now()
        return max((told for told, before in NOTICES.items() if left <= before), default=cls.NOTHING)


NOTICES = {Told.WEEK_BEFORE: dt.timedelta(days=7), Told.DAY_BEFORE: dt.timedelta(days=1), Told.OVER: dt.timedelta(0)}


def in_words(moment: dt.datetime) -> str:
    """Return a moment as a person reads it, in the reader's zone."""
    return formats.date_format(timezone.localtime(moment), "j M Y, H:i")


def is_later(end: dt.datetime | None, *, than: dt.datetime | None) -> bool:
    """Say whether an end lies after another; None is never."""
    return than is not None and (end is None or end > than)


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms as they are agreed on, before anybody holds them. `ends_at` None: without an end."""

    kind: str = Kind.EMPLOYEE
    organisation: str = ""
    sponsor: Person | None = None
    ends_at: dt.datetime | None = None

    @property
    def is_from_outside(self) -> bool:
        """Whether the person works for somebody else."""
        return self.kind in OUTSIDE

    def as_event(self) -> dict[str, Any]:
        """Return what an event keeps of the terms."""
        return {
            "kind": str(self.kind),
            "organisation": self.organisation,
            "sponsor": str(self.sponsor) if self.sponsor else "",
            "sponsor_id": self.sponsor.pk if self.sponsor else None,
            "ends_at": instant(self.ends_at) if self.ends_at else None,
        }


class OnTerms(models.Model):
    """What a membership and the offer of one have in common."""

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.EMPLOYEE)
    organisation = models.CharField(max_length=100, blank=True)
    sponsor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def terms(self) -> Terms:
        """The terms, as a value."""
        return Terms(self.kind, self.organisation, self.sponsor, self.ends_at)

    def take(self, terms: Terms) -> None:
        """Take over terms; saving is the caller's."""
        self.kind, self.organisation = terms.kind, terms.organisation
        self.sponsor, self.ends_at = terms.sponsor, terms.ends_at

    @property
    def is_from_outside(self) -> bool:
        """Whether the person works for somebody else."""
        return self.kind in OUTSIDE


TERMS_FIELDS = ["kind", "organisation", "sponsor", "ends_at"]
