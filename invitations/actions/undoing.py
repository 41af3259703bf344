"""Undoing invitations: what is open is revoked, who joined by one is suspended. Writes no event: the act does."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import authority
from accounts.models import BusinessAccount, Person
from accounts.permissions import MANAGE_TEAM
from audit.models import Event
from teams.actions.members import rest
from teams.actions.seating import lock_member
from teams.models import Membership
from teams.undoing import Change, Part, Told

from ..models import Invitation
from .ending import revoke_all

OFFERED, NOT_OFFERED = "offered", "not offered"


def _told_of_offer(event: Event) -> Iterator[Told]:
    if event.target_id is not None:
        yield Told((event.target_id,), event.target, NOT_OFFERED, OFFERED)


def _seat(account: BusinessAccount, pk: int) -> Membership | None:
    rows = Membership.objects.current().filter(account=account, invitation=pk).exclude(state="suspended")
    return rows.with_roles("person").first()


def _offer_now(account: BusinessAccount, key: tuple[int, ...]) -> Any:
    still_open = Invitation.objects.unanswered().filter(account=account, pk=key[0]).exists()
    return OFFERED if still_open or _seat(account, key[0]) else NOT_OFFERED


def _offer_back(account: BusinessAccount, change: Change, by: Person) -> None:
    authority.require(by, MANAGE_TEAM, on=account)
    if seat := _seat(account, change.key[0]):
        rest(*lock_member(seat), by=by)
    else:
        revoke_all(Invitation.objects.unanswered().filter(account=account, pk=change.key[0]))


def _words(_account: BusinessAccount, state: str) -> str:
    return _("in force") if state == OFFERED else _("revoked; who joined by it is suspended")


def _who_joined(key: tuple[int, ...]) -> Person | None:
    return Person.objects.filter(memberships__invitation=key[0]).first()


INVITATIONS = Part(
    "invitation",
    gettext_lazy("Invitation"),
    {"invitation.created": _told_of_offer},
    _offer_now,
    _offer_back,
    _words,
    _who_joined,
)
