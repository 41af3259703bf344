"""Reminding owners of passwords that are still to be changed."""

from typing import Any

from django.utils import timezone

from accounts.errors import ChangedMeanwhile
from accounts.models import BusinessAccount
from audit.recording import SYSTEM, action, record

from .. import policies
from ..events import OWNER_REMINDED
from ..models import ChangeTask
from .exposing import ask_owners


@action(OWNER_REMINDED)
def remind(*, account: BusinessAccount, by: Any) -> list[ChangeTask]:
    """Remind the owner of an account, in one mail, of the tasks that are due, and return these.

    Run twice, or by two workers at once, it reminds once: under the account's lock the second finds nothing due. Raises
    ChangedMeanwhile (the account is closed).
    """
    account = BusinessAccount.objects.open().select_related("owner").lock(account.pk)
    now = timezone.now()
    due = list(
        ChangeTask.objects.to_remind_of(now).filter(login__account=account).select_related("login").order_by("pk")
    )
    if not due:
        return []
    for task in due:
        task.reminders += 1
        task.remind_at = policies.next_reminder(task.opened_at, now)
        task.save(update_fields=["reminders", "remind_at"])
    ask_owners([account], sending=policies.REMINDER_SENDING)
    after = {"logins": [task.login.label for task in due], "tasks": [task.pk for task in due]}
    record(OWNER_REMINDED, by=by, on=account, after=after)
    return due


def remind_all() -> int:
    """Remind every owner who is due for it, and return how many were; an account closed meanwhile is passed over."""
    accounts = BusinessAccount.objects.filter(
        pk__in=ChangeTask.objects.to_remind_of().values("login__account")
    ).order_by("pk")
    reminded = 0
    for account in accounts:
        try:
            reminded += bool(remind(account=account, by=SYSTEM))
        except ChangedMeanwhile:
            continue
    return reminded
