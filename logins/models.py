"""Shared logins, the people who know them, and what has to be done about them. No password stands anywhere here."""

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import BusinessAccount

from .querysets import ChangeTaskQuerySet, KnowerQuerySet, SharedLoginQuerySet


class SharedLogin(models.Model):
    """One login that several people share, since the platform offers nothing better. Its password is never held."""

    audit_kind = "shared_login"

    account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="shared_logins")
    label = models.CharField(_("name"), max_length=100)
    platform = models.CharField(_("where it is used"), max_length=100)
    username = models.CharField(_("user name"), max_length=100, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True, blank=True)  # when its password was last changed, as far as signed
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    exposed_since: dt.datetime | None  # of rows that were asked `with_standing`

    objects = SharedLoginQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("account", Lower("label"), condition=Q(retired_at=None), name="one_login_each_name")
        ]

    def __str__(self) -> str:
        return self.label


class Knower(models.Model):
    """One person who knows the password of a login; often nobody of the portal, so a name and, if known, an address.

    Who is gone knows it all the same, until it is changed.
    """

    login = models.ForeignKey(SharedLogin, on_delete=models.CASCADE, related_name="knowers")
    name = models.CharField(_("name"), max_length=100)
    address = models.EmailField(_("e-mail address"), blank=True)
    since_on = models.DateField(_("knows it since"))
    told_by = models.CharField(_("told by"), max_length=100, blank=True)
    purpose = models.CharField(_("what for"), max_length=200, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    gone_reason = models.CharField(max_length=500, blank=True)
    by_departure = models.BooleanField(default=False)  # gone with a membership, so the event is about that one
    cleared_at = models.DateTimeField(null=True, blank=True)  # the password was changed since, or opens nothing

    objects = KnowerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["login", "address"], condition=Q(cleared_at=None) & ~Q(address=""), name="one_knower_an_address"
            ),
            models.UniqueConstraint(
                "login", Lower("name"), condition=Q(cleared_at=None, address=""), name="one_knower_a_bare_name"
            ),
        ]
        indexes = [models.Index(fields=["address"], condition=Q(cleared_at=None), name="knower_address")]

    def __str__(self) -> str:
        return self.name

    @property
    def account(self) -> BusinessAccount:
        """The account whose login it is."""
        return self.login.account

    @property
    def still_knows(self) -> bool:
        """Whether the password that this person was told still works."""
        return self.cleared_at is None


class ChangeTask(models.Model):
    """The task to change a password: opened when somebody who knows it is gone, closed by a signature."""

    login = models.ForeignKey(SharedLogin, on_delete=models.CASCADE, related_name="tasks")
    opened_at = models.DateTimeField(default=timezone.now)
    remind_at = models.DateTimeField()
    reminders = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ChangeTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["login"], condition=Q(closed_at=None), name="one_open_task_a_login")
        ]
        indexes = [models.Index(fields=["remind_at"], condition=Q(closed_at=None), name="task_to_remind_of")]

    def __str__(self) -> str:
        return str(self.login)


class Signature(models.Model):
    """What somebody stated about a login, word for word; the event of the act holds the statement's SHA-256 too."""

    class Kind(models.TextChoices):
        CHANGED = "changed", _("password changed")
        RETIRED = "retired", _("login retired")

    login = models.ForeignKey(SharedLogin, on_delete=models.CASCADE, related_name="signatures")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()  # when that happened, as stated
    statement = models.TextField()
    digest = models.CharField(max_length=64)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(at__lte=F("signed_at")), name="nothing_is_signed_ahead"),
        ]

    def __str__(self) -> str:
        return self.statement
