"""The stage: keeps the story's times, moves the clock, and plays everything in one transaction."""

import datetime as dt
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import time_machine
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from accounts.actions import deliver, mails
from accounts.doorbell import quiet
from accounts.models import Asset, BusinessAccount, OutgoingMail, Person
from audit.origin import Origin, stands_for
from audit.recording import SYSTEM
from invitations.models import Invitation
from logins.models import SharedLogin
from notices.kinds import NOTICE_MAIL
from reviews.models import Campaign, Item
from streams.models import Stream
from teams.models import AccessRequest, Membership, OwnershipOffer, Role
from teams.policies import PLAN_REMINDER, PLANNED_MAIL

from .cast import BROWSERS, CAST, PASSWORD

Verb = Callable[..., Any]
Grants = Mapping[str, set[str]]  # permissions by the asset's name
BY_ANYBODY = {"open_link", "decline", "mistype_password"}  # what needs no sign-in
TELL_NOBODY = {"sign_in", "sign_out"}  # of which there are most
TAKEN_AT_ONCE = [NOTICE_MAIL, PLANNED_MAIL, PLAN_REMINDER]  # kinds of mails that one act sends to many
STRANGER = Origin(address="203.0.113.77", user_agent=BROWSERS[2])
SENT_FOR_REAL = dt.timedelta(hours=2)  # the mails of so long ago and later go out when the story ends


class Stage:
    """Collects what happens when, and plays it in the order of time. Nothing in it is left to chance."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.password = make_password(PASSWORD)  # once: forty times would take seconds
        self.accounts: dict[str, BusinessAccount] = {}
        self.people: dict[str, Person] = {}
        self._steps: list[tuple[dt.datetime, Verb, dict[str, Any]]] = []

    # --- Writing the story --------------------------------------------------------------------------------------------
    def moment(self, when: str) -> dt.datetime:
        """Return the instant of "90d 08:30" (UTC, so many days ago), or of "45m" (so many minutes ago)."""
        if when.endswith("m"):
            return self.now - dt.timedelta(minutes=int(when[:-1]))
        days, _space, clock = when.partition("d ")
        day = self.now.date() - dt.timedelta(days=int(days))
        return dt.datetime.combine(day, dt.time.fromisoformat(clock), dt.UTC)

    def at(self, when: str | dt.datetime, verb: Verb, **what: Any) -> None:
        """Let something happen at a time."""
        moment = self.moment(when) if isinstance(when, str) else when
        if moment > self.now:
            raise ValueError(f"{verb.__name__} at {moment} is not in the past")
        self._steps.append((moment, verb, what))

    # --- Playing it ---------------------------------------------------------------------------------------------------
    def play(self) -> None:
        """Play the whole story, or nothing of it: an interruption leaves an empty database. Then send the new mails.

        With autocommit off, the transaction of each action becomes a part of this one. Each act has its own time.
        """
        connection.set_autocommit(False)
        try:
            its_own_time = override_settings(CLOCK_TOLERANCE=None)
            with quiet(), _unwarned(), its_own_time, time_machine.travel(self.now, tick=False) as clock:
                for number, (moment, verb, what) in enumerate(sorted(self._steps, key=lambda step: step[0])):
                    clock.move_to(moment)
                    with stands_for(self._origin(verb, what, moment, number)):
                        verb(self, **what)
                    if moment < self.now - SENT_FOR_REAL and verb.__name__ not in TELL_NOBODY:
                        self._notices_went_out()
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.set_autocommit(True)
        for mail_id in list(OutgoingMail.objects.due().order_by("pk").values_list("pk", flat=True)):
            deliver(mail_id=mail_id)

    def _notices_went_out(self) -> None:
        """Let the mail server take the notices of an act: nobody gets mails today about what happened months ago."""
        for mail_id in list(OutgoingMail.objects.due().filter(kind__in=TAKEN_AT_ONCE).values_list("pk", flat=True)):
            if mail := mails.claim(mail_id):
                mails.settle_sent(mail=mail, by=SYSTEM)

    def _origin(self, verb: Verb, what: dict[str, Any], moment: dt.datetime, number: int) -> Origin:
        """Where an act comes from: each person has an address, a browser and a session a day; the system has none."""
        who = what.get("by") or what.get("who")
        if who not in CAST:
            return STRANGER if verb.__name__ in BY_ANYBODY else Origin()
        digits = CAST[who].number
        return Origin(
            address=f"198.51.100.{10 + digits}" if digits % 3 else f"2001:db8:{digits:x}::{digits + 4:x}",
            user_agent=BROWSERS[digits % len(BROWSERS)],
            session=_digest(f"{who} {moment:%Y-%m-%d}")[:16],
            request_id=_digest(f"request {number}")[:32],
        )

    # --- Finding things on it -----------------------------------------------------------------------------------------
    def member(self, account: str, who: str) -> Membership:
        """Return someone's current membership."""
        rows = Membership.objects.current().with_roles("person", "account")
        return rows.get(account=self.accounts[account], person=self.people[who])

    def asset(self, account: str, name: str) -> Asset:
        """Return an asset by its name."""
        return Asset.objects.select_related("account").get(account=self.accounts[account], name=name)

    def invitation(self, account: str, address: str) -> Invitation:
        """Return the newest invitation of an address."""
        rows = Invitation.objects.for_list().select_related("account", "role")
        found = rows.filter(account=self.accounts[account], address=address_of(address)).first()
        if found is None:
            raise LookupError(f"{account} never invited {address}")
        return found

    def request(self, account: str, who: str) -> AccessRequest:
        """Return someone's open request for access."""
        rows = AccessRequest.objects.open().filter(account=self.accounts[account], person=self.people[who])
        return rows.with_all().latest("pk")

    def stream(self, account: str, label: str) -> Stream:
        """Return a log stream by its name."""
        return Stream.objects.select_related("account").get(account=self.accounts[account], label=label)

    def shared_login(self, account: str, label: str) -> SharedLogin:
        """Return a shared login in use by its name."""
        return SharedLogin.objects.in_use().select_related("account").get(account=self.accounts[account], label=label)

    def review(self, account: str) -> Campaign:
        """Return the newest access review."""
        return Campaign.objects.select_related("account").filter(account=self.accounts[account]).latest("pk")

    def review_item(self, account: str, who: str) -> Item:
        """Return someone's access in the newest review."""
        rows = Item.objects.filter(campaign=self.review(account)).with_all()
        return rows.get(membership__person=self.people[who])

    def offer(self, account: str) -> OwnershipOffer:
        """Return the open offer of ownership."""
        return OwnershipOffer.objects.open().select_related("account", "person").get(account=self.accounts[account])

    def mail(self, account: str, address: str) -> OutgoingMail:
        """Return the newest mail of an act to an address."""
        rows = OutgoingMail.objects.filter(account=self.accounts[account], address=address_of(address))
        rows = rows.exclude(kind=NOTICE_MAIL)
        return rows.order_by("-pk")[0]

    def role(self, account: str, code: str) -> Role:
        """Return a role that can be given in an account, built in or of its own."""
        return Role.objects.of(self.accounts[account]).get(code=code)


def address_of(who: str) -> str:
    """Return the address of someone of the cast; anything else is an address already."""
    return CAST[who].address if who in CAST else who


def seconds(count: int) -> dt.timedelta:
    """A short while."""
    return dt.timedelta(seconds=count)


@contextmanager
def _unwarned() -> Iterator[None]:
    """Log no warnings within the block: what fails in the story is meant to."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _digest(text: str) -> str:
    return hashlib.sha256(f"accessportal demo: {text}".encode()).hexdigest()


def new_stage() -> Stage:
    """Return an empty stage whose present is now, on the full second."""
    return Stage(timezone.now().replace(microsecond=0))
