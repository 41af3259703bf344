"""Which logins are exposed, since when and because of whom; and who may be gone without anybody having noted it."""

import datetime as dt
from dataclasses import dataclass

from django.utils import formats, timezone
from django.utils.translation import ngettext

from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from teams.holdings import accesses_of
from teams.models import Membership

from .models import ChangeTask, Knower, SharedLogin


@dataclass(frozen=True, slots=True)
class Exposure:
    """One login whose password has to be changed: since when, and the people who are gone and know it."""

    login: SharedLogin
    since: dt.datetime
    people: list[Knower]

    @property
    def words(self) -> str:
        """Since when, in the reader's zone, and because of whom, as a sentence."""
        sentence = ngettext(
            "Since %(since)s: %(people)s is gone and knows its password.",
            "Since %(since)s: %(people)s are gone and know its password.",
            len(self.people),
        )
        since = formats.date_format(timezone.localtime(self.since), "j M Y, H:i")
        return sentence % {"since": since, "people": ", ".join(map(str, self.people))}


def exposures_of(account: BusinessAccount, *, most: int | None = None) -> list[Exposure]:
    """Return what is exposed in an account, the longest first, in two queries."""
    tasks = ChangeTask.objects.open().filter(login__account=account).select_related("login")
    rows = list(tasks.order_by("opened_at", "pk")[:most])
    gone: dict[int, list[Knower]] = {}
    for knower in Knower.objects.gone().filter(login__in=[task.login_id for task in rows]).order_by("gone_at", "pk"):
        gone.setdefault(knower.login_id, []).append(knower)
    return [Exposure(task.login, task.opened_at, gone.get(task.login_id, [])) for task in rows]


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody who knows a login here, and whose membership of another account has ended."""

    knower: Knower
    left: BusinessAccount


def leavers_of(account: BusinessAccount, *, seen_by: Person, most: int) -> list[Leaver]:
    """Return who is trusted with a login of an account and has left another one whose team `seen_by` manages.

    Only whoever keeps this register knows whether that makes them gone here too. What lies in accounts that `seen_by`
    does not administer is not told (rule 4).
    """
    knowers: dict[str, list[Knower]] = {}
    trusted = Knower.objects.trusted().filter(login__account=account).exclude(address="").select_related("login")
    for knower in trusted.order_by("name", "login__label", "pk"):
        knowers.setdefault(knower.address, []).append(knower)
    mine = Membership.objects.held_by(seen_by).exclude(account=account).values("account")
    rows = Membership.objects.filter(person__email__in=list(knowers), account__in=mine)
    newest = {(row.account_id, row.person_id): row for row in rows.select_related("account", "person").order_by("pk")}
    accesses_of(seen_by, {account_id for account_id, _person in newest})  # at once; each question below is answered
    gone = [row for row in newest.values() if not row.is_current and seen_by.has_perm(MANAGE_TEAM, row.account)]
    found = [Leaver(knower, row.account) for row in gone for knower in knowers[row.person.email]]
    return sorted(found, key=lambda leaver: (leaver.knower.name, leaver.knower.pk))[:most]
