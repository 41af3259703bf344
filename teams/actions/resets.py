"""Ending the second factor of somebody who is locked out: asked for, refused, overtaken, carried out (rules 2, 12)."""

import datetime as dt
import logging
from collections.abc import Collection, Sequence
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import post
from accounts.actions.sessions import drop_sessions
from accounts.errors import ChangedMeanwhile, PolicyViolation
from accounts.models import BusinessAccount, Person, RecoveryCode
from accounts.permissions import MANAGE_TEAM
from audit.canonical import instant
from audit.recording import SYSTEM, Recorded, Refused, action, record

from .. import authority, claiming, policies, resetting
from ..events import (
    RESET_ASKED,
    RESET_CARRIED_OUT,
    RESET_ELSEWHERE,
    RESET_LAPSED,
    RESET_REFUSED,
    RESET_USED,
    RESET_WITHDRAWN,
)
from ..models import SHORTEST_RESET_WAIT, FactorReset, Membership
from . import seating

logger = logging.getLogger(__name__)
State = FactorReset.State


@action(RESET_ASKED)
def ask_for_reset(*, membership: Membership, reason: str, shown_at: dt.datetime | None, by: Person) -> FactorReset:
    """Ask that a member's second factor ends, since the person is locked out, and return the reset.

    For who manages the team and may act on the member, in an account whose policy asks this person for a second factor:
    nobody else has a reason to. `shown_at` is when `by` last showed a second factor. The wait is fixed here, once and
    for all. The person is told at every known address at once, with a link that refuses; every other account that asks
    for the person's second factor is told as well, without saying who asked.

    Raises MissingPermission, PolicyViolation (not asked for here, none set up, one is open, not shown just now),
    ChangedMeanwhile (the membership has ended since).
    """
    account, membership = seating.lock_member(membership)
    authority.require(by, MANAGE_TEAM, on=account, over=membership)
    if refusal := resetting.no_reset(membership):
        raise refusal
    claiming.require_shown(shown_at)
    person, now = membership.person, timezone.now()
    if FactorReset.objects.open().filter(account=account, person=person).exists():
        raise PolicyViolation(_("A reset of this second factor is open already."))
    wait = max(SHORTEST_RESET_WAIT, settings.FACTOR_RESET_WAIT)
    reset = FactorReset.objects.create(
        account=account, person=person, asked_by=by, reason=reason, asked_at=now, ripe_at=now + wait
    )
    for address in _addresses_of(person):
        post(kind=policies.RESET_MAIL, about=reset, address=address, account=account)
    after = {"ripe_at": instant(reset.ripe_at), "until": f"{reset.ripe_at:%Y-%m-%d %H:%M} UTC"}
    _record_everywhere(RESET_ASKED, reset, account, by=by, after=after, reason=reason)
    return reset


@action(RESET_REFUSED)
def refuse_reset(*, reset: FactorReset, by: Person) -> FactorReset:
    """Say no to a reset: it is one's own second factor. Raises PolicyViolation, ChangedMeanwhile (ended since)."""
    account, reset = _locked(reset)
    if by.pk != reset.person_id:
        raise PolicyViolation(_("This is about the second factor of another person."))
    return _end(RESET_REFUSED, reset, account, State.REFUSED, by=by)


@action(RESET_WITHDRAWN)
def withdraw_reset(*, reset: FactorReset, by: Person) -> FactorReset:
    """Take a reset back, for who manages the team. Raises MissingPermission, ChangedMeanwhile (ended since)."""
    account, reset = _locked(reset)
    authority.require(by, MANAGE_TEAM, on=account)
    return _end(RESET_WITHDRAWN, reset, account, State.WITHDRAWN, by=by)


@action(RESET_CARRIED_OUT)
def carry_out_reset(*, reset: FactorReset, by: Person) -> Person:
    """End the person's second factors and recovery codes, and every session, and return the person.

    The person's own act, right after the password and a code by mail; the database's clock decides whether the wait is
    over. Checked again: the person is still a member there, who asked may still do so, and the policy still asks.

    Raises PolicyViolation (another's, too early, too late, not asked for any more), ChangedMeanwhile (ended since).
    """
    account, reset = _locked(reset)
    if by.pk != reset.person_id:
        raise PolicyViolation(_("This is about the second factor of another person."))
    seat = Membership.objects.current().filter(account=account, person=by).with_roles("person").first()
    asker = Person.objects.filter(pk=reset.asked_by_id, is_active=True).first()
    if seat is None or asker is None or resetting.no_reset(seat) or not asker.has_perm(MANAGE_TEAM, account):
        raise PolicyViolation(_("What the reset was asked for does not hold any more. Ask your administrator again."))
    if authority.obstacle(asker, account, seat):
        raise PolicyViolation(_("Whoever asked for the reset may not act on you any more. Ask your administrator."))
    if not FactorReset.objects.ripe().filter(pk=reset.pk).exists():
        raise PolicyViolation(_("The waiting time is not over yet. Nobody can shorten it."))
    if reset.lapses_at <= timezone.now():
        raise PolicyViolation(_("The reset has lapsed: you did not sign in in time. Ask your administrator again."))
    Authenticator.objects.filter(user=by).delete()
    RecoveryCode.objects.filter(person=by).delete()
    drop_sessions(by)
    _answer(reset, State.CARRIED_OUT, by=by)
    overtaken = FactorReset.objects.open().filter(person=by)
    overtaken.update(state=State.LAPSED, answered_at=timezone.now())
    _record_everywhere(RESET_CARRIED_OUT, reset, account, by=by)
    return by


@action(RESET_LAPSED)
def lapse_reset(*, reset: FactorReset, by: Any) -> FactorReset:
    """End a reset that nobody signed in with in time. Raises ChangedMeanwhile (ended since, or it has time left)."""
    account, reset = _locked(reset)
    if reset.lapses_at > timezone.now():
        raise ChangedMeanwhile(_("The reset still has time."))
    return _end(RESET_LAPSED, reset, account, State.LAPSED, by=by)


def mind_resets() -> int:
    """End every reset that has lapsed, and return how many it was."""
    minded = 0
    for reset in FactorReset.objects.open().filter(account__closed_at=None).order_by("pk"):
        if reset.lapses_at > timezone.now():
            continue
        try:
            lapse_reset(reset=reset, by=SYSTEM)
        except Refused as refusal:  # another worker was faster, or the person was
            logger.info("reset %s: %s", reset.pk, refusal.words)
        else:
            minded += 1
    return minded


def end_by_use(shown: Sequence[Recorded]) -> None:
    """End the open resets of whoever has just shown a second factor: nobody is locked out. Part of that act."""
    people = [done.on.pk for done in shown]
    rows = FactorReset.objects.open().filter(person__in=people).select_related("account", "person").order_by("pk")
    for reset in rows.select_for_update(of=("self",), no_key=True):
        _end(RESET_USED, reset, reset.account, State.USED, by=reset.person)


def lapse_resets(person: Person, account_ids: Collection[int]) -> int:
    """End what a person whose access ends has asked for, and what was asked for them; return how many."""
    rows = FactorReset.objects.open().concerning(person).filter(account__in=account_ids)
    return rows.update(state=State.LAPSED, answered_at=timezone.now())


def _locked(reset: FactorReset) -> tuple[BusinessAccount, FactorReset]:
    account = BusinessAccount.objects.open().select_related("owner", "policy").lock(reset.account_id)
    return account, FactorReset.objects.open().select_related("person", "asked_by").lock(reset.pk)


def _answer(reset: FactorReset, state: str, *, by: Any) -> None:
    reset.state, reset.answered_at = state, timezone.now()
    reset.answered_by = None if by is SYSTEM else by
    reset.save(update_fields=["state", "answered_at", "answered_by"])


def _end(act: Any, reset: FactorReset, account: BusinessAccount, state: str, *, by: Any) -> FactorReset:
    _answer(reset, state, by=by)
    record(act, by=by, on=account, target=reset)
    return reset


def _record_everywhere(act: Any, reset: FactorReset, account: BusinessAccount, *, by: Any, **said: Any) -> None:
    """Write the event of the act, and one in each other account that it touches; in the order of ids, as all do."""
    seats = {seat.account_id: seat for seat in _other_seats(reset)}
    for pk in sorted({account.pk, *seats}):
        if pk == account.pk:
            record(act, by=by, on=account, target=reset, **said)
        else:
            record(RESET_ELSEWHERE, by=SYSTEM, on=seats[pk].account, target=seats[pk])


def _addresses_of(person: Person) -> list[str]:
    """Every address at which the person is known to read."""
    verified = EmailAddress.objects.filter(user=person, verified=True).order_by("pk").values_list("email", flat=True)
    return list(dict.fromkeys([person.email, *verified]))


def _other_seats(reset: FactorReset) -> list[Membership]:
    """Return the person's seats in other accounts that ask for the second factor too."""
    rows = Membership.objects.active().filter(person=reset.person_id, account__closed_at=None)
    rows = rows.exclude(account=reset.account_id).with_roles("account__policy", "person")
    return [row for row in rows if resetting.asks_second_factor(row)]
