"""The outbox: what is to be sent, as rows of the transaction that decided it (rule 10)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..querysets import OutgoingMailQuerySet
from .accounts import BusinessAccount


class OutgoingMail(models.Model):
    """One mail. It holds no text and no link: both are made when it is sent, from the thing it is about (rule 8).

    A mail of the sign-in library can't be written twice: it waits as `sealed`, which is emptied once it is settled.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("handed over")
        PARKED = "parked", _("failed for good")
        DROPPED = "dropped", _("no longer needed")

    kind = models.CharField(max_length=40)
    account = models.ForeignKey(BusinessAccount, null=True, on_delete=models.CASCADE, related_name="mails")
    about_kind = models.CharField(max_length=30)
    about_id = models.BigIntegerField()
    sending = models.PositiveIntegerField(default=1)
    address = models.EmailField()
    message_id = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    sealed = models.TextField(blank=True, default="", db_default="")  # workers of an earlier release don't name it
    wanted_until = models.DateTimeField(null=True)  # later, what a sealed mail says is not true any more

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state__in=["queued", "sending"]), name="mail_due"),
            models.Index(fields=["about_kind", "about_id"], name="mail_about"),
            models.Index(fields=["address", "created_at"], name="mail_address"),
            models.Index(fields=["account", "created_at"], name="mail_account"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sealed="") | models.Q(state__in=["queued", "sending"]), name="settled_mail_is_empty"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}"
