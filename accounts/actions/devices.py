"""Telling a person of a sign-in from a new device or place, and ending it all where it wasn't them."""

import datetime as dt
import hashlib
import secrets
from typing import Any

from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.recording import action, record

from ..events import SIGN_IN_DISOWNED, SIGNED_IN_ELSEWHERE
from ..letters import absolute, compose
from ..models import KnownDevice, KnownNetwork, Person, SignInAlarm
from ..places import browser_words, network_of
from .mails import post_sealed
from .sessions import drop_sessions

ELSEWHERE_MAIL = "sign_in.elsewhere"
LINK_WORKS = dt.timedelta(days=7)
FOUR, SIX = 24, 48  # how long the prefix of a network is that counts as one place


def hash_of(token: str) -> str:
    """Return what the database holds of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()


@action(SIGNED_IN_ELSEWHERE)
def note_place(*, person: Person, device: str, address: str, user_agent: str, by: Any) -> SignInAlarm | None:
    """Remember from where a person signed in, and tell them by mail where device or network is new.

    The very first sign-in is no news. Returns what was told, or None. Two sign-ins at once are told one by one.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    network, now = network_of(address, four=FOUR, six=SIX), timezone.now()
    is_first = not KnownDevice.objects.filter(person=person).exists()
    digest = hashlib.sha256(f"{person.pk} {device}".encode()).hexdigest()
    is_known = all(
        [
            _meet(KnownDevice, now, person=person, digest=digest),
            _meet(KnownNetwork, now, person=person, network=network),
        ]
    )
    if is_first or is_known:
        return None
    token, name = secrets.token_urlsafe(32), browser_words(user_agent)[:200]
    alarm = SignInAlarm.objects.create(
        person=person, token_hash=hash_of(token), device=name, network=network, at=now, expires_at=now + LINK_WORKS
    )
    link = absolute(reverse("not_me", args=[token]))
    letter = compose(
        "new_sign_in", subject=_("New sign-in to your AccessPortal"), context={"alarm": alarm, "link": link}
    )
    post_sealed(kind=ELSEWHERE_MAIL, about=person, address=person.email, letter=letter, works_for=LINK_WORKS)
    record(SIGNED_IN_ELSEWHERE, by=by, on=person, after={"device": name, "network": network})
    return alarm


def _meet(model: Any, now: dt.datetime, **what: Any) -> bool:
    """Remember a device or a network, and say whether it was known before."""
    was_known = model.objects.filter(**what, forgotten_at=None).update(seen_at=now)
    if not was_known:
        model.objects.update_or_create(**what, defaults={"seen_at": now, "forgotten_at": None})
    return bool(was_known)


@action(SIGN_IN_DISOWNED)
def disown_sign_in(*, alarm: SignInAlarm, by: Any) -> Person:
    """End all that whoever signed in may have: a link says that it wasn't the person. Return the person.

    All sessions end, the password stops working, what was known of devices and networks is forgotten, and second
    factors and passkeys that were added since are gone. Raises ChangedMeanwhile for a link that works no more.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=alarm.person_id)
    alarm = SignInAlarm.objects.open().lock(alarm.pk)
    alarm.answered_at = timezone.now()
    alarm.save(update_fields=["answered_at"])
    factors = Authenticator.objects.filter(user=person, created_at__gte=alarm.at)
    after = {"device": alarm.device, "network": alarm.network, "factors": factors.count()}
    factors.delete()
    person.set_unusable_password()
    person.save(update_fields=["password"])
    forget_places(person)
    record(SIGN_IN_DISOWNED, by=by, on=person, after={**after, "sessions": drop_sessions(person)})
    return person


def forget_places(person: Person) -> None:
    """Let every device and network of a person be as new. Shared by acts, so it writes no event."""
    for model in (KnownDevice, KnownNetwork):
        model.objects.filter(person=person, forgotten_at=None).update(forgotten_at=timezone.now())
