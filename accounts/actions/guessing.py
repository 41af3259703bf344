"""Counting failed sign-ins, so that nobody can guess for long (GU1, GU2)."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.canonical import Snapshot
from audit.models import Event
from audit.recording import PORTAL, SYSTEM, action, record

from .. import policies
from ..events import PASSWORD_STOPPED, SIGN_IN_THROTTLED
from ..letters import absolute, compose
from ..models import Person, Tally
from ..normalising import masked
from ..places import network_of
from .mails import post_sealed

STOPPED_MAIL = "sign_in.password_stopped"


@dataclass(frozen=True, slots=True)
class Try:
    """One try to sign in, counted as a failure already; `settle_try` says how it went.

    With `closed_until` it is not to be looked at. With `stopped` even the right password is of no use.
    """

    address: str
    person: Person | None
    keys: Sequence[str]  # of the sign-in, and of the network
    failed: int = 0
    stopped: bool = False
    closed_until: dt.datetime | None = None

    @property
    def place(self) -> dict[str, Any]:
        """In whose chain it stands, and about whom; of an address that nobody has only the outline is kept."""
        target = self.person or Snapshot("address", None, masked(self.address))
        return {"on": self.person or PORTAL, "target": target}


@transaction.atomic  # noqa: TID251  # counting is no act of anybody: what comes of it is recorded
def take_try(*, address: str, network: str) -> Try:
    """Count a try as failed before its password is looked at, and return it.

    So tries at once get no more than tries one after the other: the rows are locked, always in one order, and each
    sees the count and the pause that the one before left. For an address that nobody has the same is done (GU4).
    """
    person = Person.objects.find(address)
    keys = [_key_of(address, person), f"network:{_digest(network_of(network))}"]
    rows_wanted = sorted([(keys[0], person), (keys[1], None)], key=lambda row: row[0])
    Tally.objects.bulk_create(  # one that is there is locked by it, so that no cleaning up can take it away
        [Tally(key=key, person=owner) for key, owner in rows_wanted],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["person"],
    )
    rows = {row.key: row for row in Tally.objects.lock_keys(keys)}
    mine, theirs = (rows[key] for key in keys)
    now = timezone.now()
    closed = max(
        (row.closed_until for row in (mine, theirs) if row.closed_until and row.closed_until > now), default=None
    )
    if closed:
        refused = Try(address, person, keys, closed_until=closed)
        _tell_once([row for row in (mine, theirs) if row.closed_until and row.closed_until > now], refused)
        return refused
    if now - mine.last_at >= policies.TALLIES_KEPT:
        mine.failed = 0
    _count(mine, now, closed_until=now + policies.pause_after(mine.failed + 1))
    if now - theirs.began_at >= policies.NETWORK_WINDOW:
        theirs.failed, theirs.began_at = 0, now
    is_last = theirs.failed + 1 >= policies.NETWORK_FAILURES
    _count(theirs, now, closed_until=theirs.began_at + policies.NETWORK_WINDOW if is_last else None)
    return Try(address, person, keys, failed=mine.failed, stopped=mine.stopped_at is not None)


def _count(row: Tally, now: dt.datetime, *, closed_until: dt.datetime | None) -> None:
    row.failed, row.last_at, row.closed_until, row.is_told = row.failed + 1, now, closed_until, False
    row.save(update_fields=["failed", "began_at", "last_at", "closed_until", "is_told"])


def _tell_once(closed: Sequence[Tally], tried: Try) -> None:
    """Write down that a sign-in is throttled, once in each pause: who hammers on must not fill the log."""
    untold = [row.pk for row in closed if not row.is_told]
    if untold:
        Tally.objects.filter(pk__in=untold).update(is_told=True)
        record(SIGN_IN_THROTTLED, by=None, **tried.place, result=Event.Result.REFUSED)


@transaction.atomic  # noqa: TID251  # the sign-in itself is recorded where it is complete
def settle_success(tried: Try) -> None:
    """Take back the count of a try that was right: the run of failures is over, and the network's was not one."""
    Tally.objects.lock_keys(tried.keys)  # in the order of every other try: two at once must not wait for each other
    Tally.objects.filter(key=tried.keys[0]).update(failed=0, closed_until=None)
    Tally.objects.filter(key=tried.keys[1]).update(failed=Greatest(F("failed") - 1, 0), closed_until=None)


def settle_failure(tried: Try) -> None:
    """Leave the count as it is; at the hundredth failure in a row the password stops working."""
    if tried.failed >= policies.MOST_FAILURES and not tried.stopped:
        stop_password(tried=tried, by=SYSTEM)


@action(PASSWORD_STOPPED)
def stop_password(*, tried: Try, by: Any) -> None:
    """Let a password work no more until it is set anew, and tell the person by mail. Sessions and passkeys go on.

    Where nobody has the address, the same is written, and a mail to nobody, so that it takes as long (GU4).
    """
    [row] = Tally.objects.lock_keys([tried.keys[0]])
    if row.stopped_at is not None:
        return
    row.stopped_at = timezone.now()
    row.save(update_fields=["stopped_at"])
    person = tried.person
    letter = compose(
        "password_stopped",
        subject=_("Your password does not work any more"),
        context={"failed": row.failed, "link": absolute(reverse("account_reset_password"))},
    )
    post_sealed(
        kind=STOPPED_MAIL,
        about=person or PORTAL,
        address=person.email if person else masked(tried.address),
        letter=letter,
        works_for=None if person else dt.timedelta(days=-1),  # out of date from the beginning
    )
    record(PASSWORD_STOPPED, by=by, **tried.place, after={"failed": row.failed})


def forget_failures(person: Person) -> None:
    """Begin to count anew: the password was set anew. Shared by acts, so it writes no event."""
    Tally.objects.filter(person=person).update(failed=0, closed_until=None, is_told=False, stopped_at=None)


def clear_old_tallies() -> None:
    """Take away the rows of networks and of addresses that nobody has, when they count no more."""
    now, rows = timezone.now(), Tally.objects.filter(person=None)
    rows.filter(key__startswith="network:", last_at__lt=now - policies.NETWORKS_KEPT).delete()
    rows.filter(last_at__lt=now - policies.TALLIES_KEPT).delete()


def _key_of(address: str, person: Person | None) -> str:
    return f"person:{person.pk}" if person else f"nobody:{_digest(address)}"


def _digest(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
