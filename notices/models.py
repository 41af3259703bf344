"""Notices, what people chose about them, and their daily digests."""

from django.conf import settings
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import BusinessAccount, OutgoingMail

from .kinds import KINDS, Channel, Kind
from .querysets import ChoiceQuerySet, NoticeQuerySet

HOME = "dashboard"  # the one page of a notice from an account that lies outside of it


class Digest(models.Model):
    """One mail a day that holds what came in. The day is that of the person's own time zone."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    made_at = models.DateTimeField(default=timezone.now)
    mail = models.OneToOneField(OutgoingMail, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="one_digest_a_day")]

    def __str__(self) -> str:
        return f"{self.day}"


class Notice(models.Model):
    """One thing that one person is told of, in the words of that moment. Written by the transaction of the act.

    `needs` is the permission in the account without which it can't be read (any more); what concerns the person
    themselves needs none. `page` and `subject_id` name where it leads.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    account = models.ForeignKey(BusinessAccount, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    event = models.CharField(max_length=60)  # its name in the log
    number = models.BigIntegerField()  # of the event in the chain of the account, or of the person
    words = models.CharField(max_length=400)
    needs = models.CharField(max_length=40, blank=True)
    page = models.CharField(max_length=60)
    subject_id = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=10, choices=Channel)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    digest = models.ForeignKey(Digest, null=True, on_delete=models.SET_NULL, related_name="notices")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["person", "-id"], name="notice_newest"),
            models.Index(fields=["person", "account"], condition=models.Q(read_at=None), name="notice_unread"),
            models.Index(
                fields=["person", "created_at"],
                condition=models.Q(channel="digest", read_at=None, digest=None),
                name="notice_for_digest",
            ),
            models.Index(fields=["created_at"], condition=models.Q(read_at__isnull=False), name="notice_old"),
        ]

    def __str__(self) -> str:
        return self.words

    def get_absolute_url(self) -> str:
        """Return the path of the page that it is about; the inbox, where there is no such page any more."""
        arguments: list[object] = [] if self.account is None or self.page == HOME else [self.account.slug]
        if self.subject_id is not None:
            arguments.append(self.subject_id)
        try:
            return reverse(self.page, args=arguments)
        except NoReverseMatch:
            return reverse("inbox")

    @property
    def sort(self) -> Kind | None:
        """The kind in full; None for one that is not in the table any more."""
        return KINDS.get(self.kind)

    @property
    def is_security(self) -> bool:
        """Whether it is a security notice."""
        return self.sort is not None and self.sort.is_security


class Choice(models.Model):
    """How a person wants one kind of notice. Without a row it is as usual."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel)

    objects = ChoiceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_choice_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.channel}"
