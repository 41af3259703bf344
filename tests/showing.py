"""Showing who one is, as the sign-in library keeps it in the session: `force_login` alone shows no second factor."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from accounts.models import Person
from accounts.sessions import SIGNED_IN_AT

PERIOD = 30  # seconds that a code holds


def shows_factor(client: Client, person: Person, *, ago: float = 0.0, kind: str = "") -> None:
    """Let a person have shown, so many seconds ago, a factor: of this kind, or the strongest that the person has."""
    kinds = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    strongest = "webauthn" if "webauthn" in kinds else "totp" if kinds else "password"
    method = (
        {"method": "password"} if (kind or strongest) == "password" else {"method": "mfa", "type": kind or strongest}
    )
    session = client.session
    session["account_authentication_methods_user"] = str(person.pk)
    session["account_authentication_methods"] = [{**method, "at": time.time() - ago}]
    session[SIGNED_IN_AT] = time.time() - ago
    session.save()


def signed_in(person: Person, *, ago: float = 0.0, kind: str = "") -> Client:
    """Return the browser of somebody who signed in so many seconds ago, with the strongest factor or this one."""
    client = Client()
    client.force_login(person)
    shows_factor(client, person, ago=ago, kind=kind)
    return client


def code_of(secret: str, *, lasting: int = 2) -> str:
    """Return the code that an authenticator app shows, one that holds for so many seconds still."""
    left = PERIOD - time.time() % PERIOD
    if left < lasting:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
