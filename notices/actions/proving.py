"""The checkpoint of the week, for owners who chose it: one mail for each account."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.actions import post
from accounts.models import BusinessAccount, OutgoingMail, Person
from audit.keeping import is_kept
from audit.querysets import kind_of

from ..access import wants_checkpoints
from ..kinds import CHECKPOINT_MAIL

WEEK = dt.timedelta(days=7)


def mail_checkpoints() -> int:
    """Post the checkpoints that are due, and return how many; run by two at once, each goes once.

    Where no checkpoints are kept nothing goes: a mail without its proof would only calm.
    """
    if not is_kept():
        return 0
    due = BusinessAccount.objects.open().filter(owner__in=wants_checkpoints()).select_related("owner").order_by("pk")
    return sum(_send(account) for account in due if _is_due(account, account.owner))


def _is_due(account: BusinessAccount, owner: Person) -> bool:
    mails = OutgoingMail.objects.filter(kind=CHECKPOINT_MAIL, about_kind=kind_of(account), about_id=account.pk)
    return not mails.filter(address=owner.email, created_at__gt=timezone.now() - WEEK).exists()


@transaction.atomic  # noqa: TID251  # posting what somebody chose is no act of anybody: it is recorded when it is settled
def _send(account: BusinessAccount) -> bool:
    owner = Person.objects.select_for_update(no_key=True).get(pk=account.owner_id)
    if not _is_due(account, owner):
        return False  # another worker was quicker
    post(kind=CHECKPOINT_MAIL, about=account, address=owner.email, account=account)
    return True
