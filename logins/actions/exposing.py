"""What several acts share: noting that somebody who knows a password is gone. Writes no event."""

import datetime as dt
from collections.abc import Collection, Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post_many
from accounts.models import BusinessAccount, Person
from teams.offboarding import addresses_of

from .. import policies
from ..models import ChangeTask, Knower


def expose(knowers: Collection[Knower], *, reason: str, by_departure: bool = False) -> list[ChangeTask]:
    """Mark people as gone, and see that each of their logins has a task to change its password; return the new tasks.

    The accounts are locked by the caller. One mail goes to the owner of each account in which a task was opened.
    """
    now = timezone.now()
    for knower in knowers:
        knower.gone_at, knower.gone_reason, knower.by_departure = now, reason, by_departure
    rows = Knower.objects.filter(pk__in=[knower.pk for knower in knowers])
    rows.update(gone_at=now, gone_reason=reason, by_departure=by_departure)
    logins = {knower.login_id: knower.login for knower in knowers}
    open_already = set(ChangeTask.objects.open().filter(login__in=logins).values_list("login_id", flat=True))
    remind_at = policies.next_reminder(now, now)
    tasks = ChangeTask.objects.bulk_create(
        ChangeTask(login=login, opened_at=now, remind_at=remind_at)
        for pk, login in logins.items()
        if pk not in open_already
    )
    accounts = {task.login.account_id: task.login.account for task in tasks}
    ask_owners(accounts.values(), sending=policies.FIRST_SENDING)
    return tasks


def expose_for_departure(person: Person, account_ids: Collection[int]) -> None:
    """Expose whatever a person knows in these accounts, now that the membership there is gone or rests."""
    knowers = known_to(addresses_of([person]), account_ids)
    expose(knowers, reason=_("Has no access to this account any more."), by_departure=True)


def known_to(addresses: Collection[str], account_ids: Collection[int]) -> list[Knower]:
    """Return the entries under these addresses in the registers of these accounts that expose nothing yet."""
    rows = Knower.objects.trusted().filter(address__in=list(addresses), login__account__in=account_ids)
    return list(rows.select_related("login__account__owner").order_by("login__account_id", "login__label", "pk"))


def ask_owners(accounts: Iterable[BusinessAccount], *, sending: int) -> None:
    """Ask owners by mail to change what is exposed; a letter names all of it as it stands when it goes out."""
    mails = [(account, account.owner.email, account) for account in accounts]
    post_many(kind=policies.EXPOSED_MAIL, mails=mails, sending=sending)


def close_task(login_id: int, *, at: dt.datetime) -> bool:
    """Close the open task of a login, if there is one, and say whether there was."""
    return bool(ChangeTask.objects.filter(login=login_id, closed_at=None).update(closed_at=at))
